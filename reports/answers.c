#include "reports/answers.h"

#include <inttypes.h>
#include <string.h>

#include "reports/json_put.h"
#include "router/base/utf8.h"
#include "sim/analysis/sql_number.h"

static bool is_known(const struct operator_answers *answers, unsigned query)
{
    return query != OPERATOR_SCORES || answers->scores_known;
}

static const char without_record[] =
    "The run kept no quotes.bin, so nothing is known of score_calculations.";

static const char *cell_of(const struct operator_answers *answers, unsigned query, uint32_t row,
                           uint32_t column)
{
    return operator_cell(answers, (enum operator_query)query, row, column);
}

static bool is_number(const char *type)
{
    return strcmp(type, "text") != 0 && strcmp(type, "timestamptz") != 0;
}

void answers_put_instant(struct text *text, const struct operator_answers *answers)
{
    text_put(text, "As of ");
    sql_put_instant(text, answers->now_us);
    text_put(text, ", from ");
    text_grouped(text, (int64_t)answers->lines);
    text_put(text, answers->lines == 1 ? " line." : " lines.");
}

static uint32_t rows_shown(const struct operator_answers *answers, unsigned query)
{
    const uint32_t rows = answers->answers[query].rows;
    return rows < ANSWERS_ROWS_MAX ? rows : ANSWERS_ROWS_MAX;
}

/* ---- console ---- */

static size_t width_of(const struct operator_answers *answers, unsigned query, uint32_t column)
{
    const char *name = operator_queries[query].columns[column].name;
    size_t widest = strlen(name);
    for (uint32_t row = 0; row < rows_shown(answers, query); row++) {
        const char *cell = cell_of(answers, query, row, column);
        const size_t width = cell == NULL ? 4 : utf8_count(cell, strlen(cell));
        if (width > widest) widest = width;
    }
    return widest;
}

static void put_padded(struct text *text, const char *words, size_t width, bool right)
{
    const size_t taken = utf8_count(words, strlen(words));
    for (size_t i = taken; right && i < width; i++)
        text_char(text, ' ');
    text_put(text, words);
    for (size_t i = taken; !right && i < width; i++)
        text_char(text, ' ');
}

static void end_line(struct text *text)
{
    while (text->length > 0 && text->bytes[text->length - 1] == ' ')
        text->bytes[--text->length] = '\0';
    text_char(text, '\n');
}

/* Row UINT32_MAX: the names of the columns. */
static void put_row(struct text *text, const struct operator_answers *answers, unsigned query,
                    uint32_t row)
{
    const struct operator_query_traits *traits = &operator_queries[query];
    for (uint32_t c = 0; c < traits->column_count; c++) {
        const char *cell =
            row == UINT32_MAX ? traits->columns[c].name : cell_of(answers, query, row, c);
        text_put(text, "  ");
        put_padded(text, cell != NULL ? cell : "NULL", width_of(answers, query, c),
                   is_number(traits->columns[c].type));
    }
    end_line(text);
}

static void put_remark(struct text *text, const char *remark)
{
    enum { WIDTH = 78 };
    size_t column = 0;
    while (*remark != '\0') {
        const size_t word = strcspn(remark, " ");
        if (column > 0 && column + 1 + word > WIDTH) {
            text_char(text, '\n');
            column = 0;
        }
        text_put(text, column == 0 ? "  " : " ");
        text_append(text, remark, word);
        column += word + (column == 0 ? 2 : 1);
        remark += word + strspn(remark + word, " ");
    }
    if (column > 0) text_char(text, '\n');
}

void answers_write_console(struct text *text, const struct operator_answers *answers, bool unicode)
{
    answers_put_instant(text, answers);
    text_char(text, '\n');
    for (unsigned q = 0; q < OPERATOR_QUERY_COUNT; q++) {
        const struct operator_query_traits *query = &operator_queries[q];
        text_format(text, "\n%s %s %s\n", query->name, unicode ? "\u00b7" : "-", query->title);
        if (!is_known(answers, q)) {
            put_remark(text, without_record);
            continue;
        }
        const uint32_t rows = answers->answers[q].rows;
        put_row(text, answers, q, UINT32_MAX);
        for (uint32_t row = 0; row < rows_shown(answers, q); row++)
            put_row(text, answers, q, row);
        text_format(text, "  (%" PRIu32 " row%s", rows, rows == 1 ? "" : "s");
        if (rows > ANSWERS_ROWS_MAX)
            text_format(text, ", the first %d are shown", ANSWERS_ROWS_MAX);
        text_put(text, ")\n");
        put_remark(text, query->remark);
    }
}

/* ---- CSV and JSON ---- */

void answers_write_csv(struct text *text, const struct operator_answers *answers)
{
    text_put(text, "query,row,column,value\r\n");
    for (unsigned q = 0; q < OPERATOR_QUERY_COUNT; q++) {
        const struct operator_query_traits *query = &operator_queries[q];
        if (!is_known(answers, q)) continue;
        for (uint32_t row = 0; row < answers->answers[q].rows; row++)
            for (uint32_t c = 0; c < query->column_count; c++) {
                const char *cell = cell_of(answers, q, row, c);
                text_format(text, "%s,%" PRIu32 ",%s,", query->name, row + 1,
                            query->columns[c].name);
                if (cell != NULL && cell[0] == '\0') text_put(text, "\"\"");
                if (cell != NULL) text_csv(text, cell);
                text_put(text, "\r\n");
            }
    }
}

static void put_columns(struct text *text, const struct operator_query_traits *query)
{
    text_put(text, ",\n     \"columns\": [");
    for (uint32_t c = 0; c < query->column_count; c++) {
        json_put_string(text, c > 0 ? ", {" : "{", "name", query->columns[c].name);
        json_put_string(text, ", ", "type", query->columns[c].type);
        text_char(text, '}');
    }
    text_char(text, ']');
}

static void put_rows(struct text *text, const struct operator_answers *answers, unsigned query)
{
    if (!is_known(answers, query)) {
        text_put(text, ",\n     \"rows\": null");
        return;
    }
    text_put(text, ",\n     \"rows\": [");
    for (uint32_t row = 0; row < answers->answers[query].rows; row++) {
        text_put(text, row > 0 ? ",\n       [" : "\n       [");
        for (uint32_t c = 0; c < operator_queries[query].column_count; c++) {
            const char *cell = cell_of(answers, query, row, c);
            if (c > 0) text_put(text, ", ");
            if (cell == NULL)
                text_put(text, "null");
            else
                text_json_string(text, cell);
        }
        text_char(text, ']');
    }
    text_char(text, ']');
}

void answers_write_json(struct text *text, const struct operator_answers *answers,
                        const char *program)
{
    struct text now = {0};
    sql_put_instant(&now, answers->now_us);
    json_put_string(text, "{", "schema", "routesim.answers/1");
    json_put_string(text, ",\n ", "program", program);
    json_put_string(text, ",\n ", "now", now.bytes != NULL ? now.bytes : "");
    json_put_count(text, ",\n ", "lines", answers->lines);
    text_put(text, ",\n \"queries\": [");
    for (unsigned q = 0; q < OPERATOR_QUERY_COUNT; q++) {
        const struct operator_query_traits *query = &operator_queries[q];
        json_put_string(text, q > 0 ? ",\n    {" : "\n    {", "name", query->name);
        json_put_string(text, ",\n     ", "title", query->title);
        json_put_string(text, ",\n     ", "remark", query->remark);
        json_put_flag(text, ",\n     ", "of_runbook", query->of_runbook);
        if (query->corrects >= 0)
            json_put_string(text, ",\n     ", "corrects", operator_queries[query->corrects].name);
        json_put_string(text, ",\n     ", "table", query->table);
        json_put_string(text, ",\n     ", "sql", query->sql);
        put_columns(text, query);
        put_rows(text, answers, q);
        text_char(text, '}');
    }
    text_put(text, "\n ]}\n");
    text->failed |= now.failed;
    text_release(&now);
}

/* ---- HTML ---- */

static void put_cell(struct html *page, const char *cell, const char *type, bool first)
{
    struct text plain = {0};
    if (first) {
        html_row_begin(page, cell != NULL ? cell : "NULL");
        return;
    }
    text_put(&plain, cell != NULL ? cell : "NULL");
    if (is_number(type)) {
        html_cell_number(page, &plain);
        return;
    }
    html_cell(page, plain.bytes != NULL ? plain.bytes : "");
    text_release(&plain);
}

static void put_table(struct html *page, const struct operator_answers *answers, unsigned q)
{
    const struct operator_query_traits *query = &operator_queries[q];
    struct html_column columns[OPERATOR_COLUMNS_MAX];
    for (uint32_t c = 0; c < query->column_count; c++)
        columns[c] = (struct html_column){query->columns[c].name,
                                          c > 0 && is_number(query->columns[c].type)};
    html_table_begin(page, query->title, columns, query->column_count);
    for (uint32_t row = 0; row < rows_shown(answers, q); row++) {
        for (uint32_t c = 0; c < query->column_count; c++)
            put_cell(page, cell_of(answers, q, row, c), query->columns[c].type, c == 0);
        html_row_end(page);
    }
    html_table_end(page);
}

static void put_paragraph(struct html *page, const char *words)
{
    text_put(page->out, "<p class=\"muted\">");
    html_text(page, words);
    text_put(page->out, "</p>\n");
}

void answers_write_html(struct html *page, const struct operator_answers *answers)
{
    struct text now = {0};
    html_section(page, "answers", "The operators\u2019 queries, answered");
    text_put(page->out, "<p>");
    answers_put_instant(&now, answers);
    text_put(&now, " Each number stands as PostgreSQL 15 prints it. The log holds the orders of "
                   "the warm-up too, which the report's figures leave out.");
    html_put(page, &now);
    text_put(page->out, "</p>\n");
    for (unsigned q = 0; q < OPERATOR_QUERY_COUNT; q++) {
        const struct operator_query_traits *query = &operator_queries[q];
        if (is_known(answers, q)) put_table(page, answers, q);
        if (!is_known(answers, q)) put_paragraph(page, without_record);
        if (answers->answers[q].rows > ANSWERS_ROWS_MAX)
            put_paragraph(page, "There are more rows, which answers.csv has.");
        if (query->remark[0] != '\0') put_paragraph(page, query->remark);
        text_put(page->out, "<details><summary>The query</summary>\n<pre>");
        html_text(page, query->sql);
        text_put(page->out, "</pre></details>\n");
    }
}
