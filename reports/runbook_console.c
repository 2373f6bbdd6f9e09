/* A runbook on a terminal: counts, a line a step, and under it why it does not work; findings. */
#include <string.h>

#include "reports/columns.h"
#include "reports/runbook_report.h"
#include "reports/runbook_text.h"

enum { WIDTH = 80, LINE = 6, VERDICT = 14 };

struct printing {
    struct columns columns;
    const struct runbook *runbook;
    const struct runbook_style *style;
};

static size_t what_width(const struct runbook *runbook)
{
    return WIDTH - 2 - LINE - VERDICT * (size_t)runbook_profile_count(runbook);
}

static void put_title(const struct printing *printing)
{
    const struct runbook *const runbook = printing->runbook;
    struct text line = {0};
    text_format(&line, "%s \u00b7 scenario %s \u00b7 %u step%s", runbook->file, runbook->scenario,
                (unsigned)runbook->step_count, runbook->step_count == 1 ? "" : "s");
    if (runbook->function[0] != '\0') text_format(&line, " \u00b7 router %s", runbook->function);
    columns_wrap(&printing->columns, "", &line, WIDTH);
    text_char(printing->columns.text, '\n');
}

static void put_counts(const struct printing *printing)
{
    const struct columns *const columns = &printing->columns;
    columns_spaces(columns, 2);
    columns_put(columns, "", 16, COLUMNS_LEFT);
    for (unsigned v = 0; v < RUNBOOK_VERDICTS; v++)
        columns_put(columns, runbook_verdict_names[v], VERDICT, COLUMNS_RIGHT);
    columns_end(columns);
    for (unsigned p = 0; p < PROFILE_COUNT; p++) {
        if (!printing->runbook->profiles[p]) continue;
        columns_spaces(columns, 2);
        columns_put(columns, runbook_profile_ids[p], 16, COLUMNS_LEFT);
        for (unsigned v = 0; v < RUNBOOK_VERDICTS; v++) {
            struct text cell = {0};
            text_format(&cell, "%u", (unsigned)printing->runbook->verdicts[p][v]);
            columns_cell(columns, &cell, VERDICT, COLUMNS_RIGHT);
        }
        columns_end(columns);
    }
}

/* ---- steps ---- */

static void put_heading(const struct printing *printing, uint32_t section)
{
    const struct columns *const columns = &printing->columns;
    const char *const path = printing->runbook->document->headings[section].path;
    struct text line = {0};
    text_char(columns->text, '\n');
    text_put(&line, path[0] != '\0' ? path : "(before the first heading)");
    columns_wrap(columns, "  ", &line, WIDTH);
}

/* What is said under a step of one profile; nothing of one that works, unless all is told. */
static void write_words(struct text *text, const struct printing *printing,
                        const struct runbook_outcome *outcome)
{
    if (printing->style->verbose) runbook_write_said(text, outcome);
    runbook_write_why(text, outcome);
}

static bool says_same(const struct printing *printing, const struct runbook_step *step)
{
    struct text first = {0}, second = {0};
    if (runbook_profile_count(printing->runbook) < 2) return true;
    write_words(&first, printing, &step->outcomes[0]);
    write_words(&second, printing, &step->outcomes[1]);
    const bool same = first.length == second.length &&
                      (first.length == 0 || memcmp(first.bytes, second.bytes, first.length) == 0);
    text_release(&first);
    text_release(&second);
    return same;
}

static void put_words(const struct printing *printing, const struct runbook_step *step,
                      unsigned profile, bool alone)
{
    struct text words = {0}, line = {0};
    write_words(&words, printing, &step->outcomes[profile]);
    if (words.length > 0) {
        if (!alone) text_put(&line, profile == PROFILE_AS_CODED ? "as coded: " : "as documented: ");
        text_put(&line, words.bytes);
        columns_wrap(&printing->columns, "          ", &line, WIDTH);
    }
    printing->columns.text->failed |= words.failed;
    text_release(&words);
}

static void put_rows(const struct printing *printing, const struct sql_table *rows)
{
    if (!printing->style->verbose || rows->row_count == 0) return;
    for (uint32_t r = 0; r <= rows->row_count; r++) {
        struct text line = {0};
        for (uint32_t c = 0; c < rows->column_count; c++) {
            char shown[SQL_SHOWN_MAX];
            if (r > 0) sql_show(&rows->values[(r - 1) * rows->column_count + c], shown);
            text_format(&line, "%s%s", c == 0 ? "" : " | ", r > 0 ? shown : rows->columns[c]);
        }
        columns_wrap(&printing->columns, "            ", &line, WIDTH);
    }
}

static void put_step(const struct printing *printing, const struct runbook_step *step)
{
    const struct columns *const columns = &printing->columns;
    struct text line = {0}, what = {0};
    text_format(&line, "%u", (unsigned)step->place.line);
    columns_spaces(columns, 2);
    columns_cell(columns, &line, LINE - 1, COLUMNS_RIGHT);
    columns_spaces(columns, 1);
    if (step->verb == RUNBOOK_SET) text_put(&what, "set ");
    text_put(&what, step->what);
    columns_cell(columns, &what, what_width(printing->runbook) - 1, COLUMNS_LEFT);
    columns_spaces(columns, 1);
    for (unsigned p = 0; p < PROFILE_COUNT; p++)
        if (printing->runbook->profiles[p])
            columns_tone(columns, runbook_verdict_names[step->outcomes[p].verdict], VERDICT,
                         runbook_tone(step->outcomes[p].verdict));
    columns_end(columns);
    const bool same = says_same(printing, step);
    bool told = false;
    for (unsigned p = 0; p < PROFILE_COUNT; p++) {
        if (!printing->runbook->profiles[p]) continue;
        if (!same || !told) put_words(printing, step, p, same);
        told = true;
        put_rows(printing, &step->outcomes[p].rows);
    }
}

static void put_steps(const struct printing *printing)
{
    const struct runbook *const runbook = printing->runbook;
    const struct columns *const columns = &printing->columns;
    text_char(columns->text, '\n');
    columns_spaces(columns, 2);
    columns_put(columns, "LINE", LINE - 1, COLUMNS_RIGHT);
    columns_spaces(columns, 1);
    columns_put(columns, "STEP", what_width(runbook), COLUMNS_LEFT);
    for (unsigned p = 0; p < PROFILE_COUNT; p++)
        if (runbook->profiles[p])
            columns_put(columns, p == PROFILE_AS_CODED ? "AS CODED" : "AS DOCUMENTED", VERDICT,
                        COLUMNS_LEFT);
    columns_end(columns);
    for (uint32_t i = 0; i < runbook->step_count; i++) {
        if (i == 0 || runbook->steps[i].section != runbook->steps[i - 1].section)
            put_heading(printing, runbook->steps[i].section);
        put_step(printing, &runbook->steps[i]);
    }
}

/* ---- findings ---- */

static void put_finding(void *context, const struct runbook_finding *finding)
{
    const struct printing *const printing = context;
    struct text line = {0};
    text_format(&line, "%s (", runbook_finding_titles[finding->kind]);
    runbook_write_where(&line, printing->runbook, finding);
    text_format(&line, "). %s", finding->text);
    columns_wrap(&printing->columns, finding->remark ? "  - " : "  * ", &line, WIDTH);
}

static void put_findings(struct printing *printing)
{
    if (printing->runbook->finding_count == 0) return;
    text_put(printing->columns.text, "\n  FINDINGS\n");
    runbook_each_finding(printing->runbook, put_finding, printing);
}

void runbook_write_console(struct text *text, const struct runbook *runbook,
                           const struct runbook_style *style)
{
    struct printing printing = {
        .columns = {.text = text, .unicode = style->unicode, .color = style->color},
        .runbook = runbook,
        .style = style};
    struct text last = {0};
    put_title(&printing);
    put_counts(&printing);
    put_steps(&printing);
    put_findings(&printing);
    text_char(text, '\n');
    runbook_write_headline(&last, runbook);
    text_put(&last, ".");
    columns_wrap(&printing.columns, "  ", &last, WIDTH);
    if (style->report_path != NULL) text_format(text, "  Report: %s\n", style->report_path);
}
