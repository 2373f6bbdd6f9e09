/* Many drills on a terminal: a table with a row each, and what they come to. */
#include <string.h>

#include "reports/columns.h"
#include "reports/drill_exports.h"
#include "reports/drill_text.h"
#include "reports/show.h"
#include "router/base/utf8.h"

enum { NAME = 25, VERDICT = 9, SPAN = 9, FIRST_SPAN = 10, BUDGET = 8, LOST = 8, WIDTH = 80 };

/* Cut between characters. */
static void copy_words(char *copy, size_t size, const char *words)
{
    const size_t length = strlen(words);
    const size_t kept = length < size ? length : utf8_whole(words, size - 1);
    memcpy(copy, words, kept);
    copy[kept] = '\0';
}

static struct drill_value typical(const struct drill *drill, enum drill_measure measure)
{
    return drill->repeats > 1 ? drill->measures[measure].p50 : drill->values[measure];
}

struct drill_row drill_row_of(const struct drill *drill)
{
    struct drill_row row = {.verdict = drill->verdict,
                            .repeats = drill->repeats,
                            .ttd = typical(drill, DRILL_TTD),
                            .ttm = typical(drill, DRILL_TTM),
                            .ttr = typical(drill, DRILL_TTR),
                            .budget = typical(drill, DRILL_BUDGET_BURNED),
                            .lost = typical(drill, DRILL_ORDERS_LOST)};
    copy_words(row.name, sizeof row.name, drill->name);
    copy_words(row.why, sizeof row.why, drill->why);
    for (uint32_t i = 0; i < drill->alert_count; i++)
        row.alerts_missed += drill_audit_of(&drill->alerts[i]) == AUDIT_MISSED;
    return row;
}

/* ---- what was never done ---- */

static void count_gap(const struct drill_value *value, uint32_t *never, uint32_t *of)
{
    *never += value->state == DRILL_NEVER;
    *of += value->state != DRILL_NOT_APPLICABLE;
}

struct drill_gaps drill_gaps_of(const struct drill_row *rows, uint32_t count)
{
    struct drill_gaps gaps = {0};
    for (uint32_t i = 0; i < count; i++) {
        count_gap(&rows[i].ttd, &gaps.undetected, &gaps.of_detected);
        count_gap(&rows[i].ttm, &gaps.unmitigated, &gaps.of_mitigated);
        count_gap(&rows[i].ttr, &gaps.unrecovered, &gaps.of_recovered);
        gaps.alerts_missed += rows[i].alerts_missed;
    }
    return gaps;
}

static void put_gap(struct text *text, const char *words, uint32_t never, uint32_t of)
{
    if (of > 0)
        text_format(text, "%s: %u of %u; ", words, never, of);
    else
        text_format(text, "%s: n/a; ", words);
}

void drill_write_gaps(struct text *text, const struct drill_row *rows, uint32_t count)
{
    const struct drill_gaps gaps = drill_gaps_of(rows, count);
    if (count == 0) return;
    put_gap(text, "Never detected", gaps.undetected, gaps.of_detected);
    put_gap(text, "never mitigated", gaps.unmitigated, gaps.of_mitigated);
    put_gap(text, "never recovered", gaps.unrecovered, gaps.of_recovered);
    text_format(text, "missed alerts: %u.", gaps.alerts_missed);
}

/* ---- the table ---- */

static struct columns columns_of(struct text *text, const struct drill_style *style)
{
    return (struct columns){text, style->unicode, style->color};
}

void drill_write_suite_head(struct text *text, const struct drill_style *style)
{
    const struct columns columns = columns_of(text, style);
    columns_put(&columns, "  DRILL", 2 + NAME, COLUMNS_LEFT);
    columns_put(&columns, "verdict", VERDICT, COLUMNS_LEFT);
    columns_put(&columns, "TTD", FIRST_SPAN, COLUMNS_RIGHT);
    columns_put(&columns, "TTM", SPAN, COLUMNS_RIGHT);
    columns_put(&columns, "TTR", SPAN, COLUMNS_RIGHT);
    columns_put(&columns, "budget", BUDGET, COLUMNS_RIGHT);
    columns_put(&columns, "lost", LOST, COLUMNS_RIGHT);
    columns_end(&columns);
}

static void put_value(const struct columns *columns, enum drill_measure measure,
                      const struct drill_value *value, size_t width)
{
    struct text cell = {0};
    drill_show_value(&cell, measure, value);
    columns_spaces(columns, 1);
    columns_cell(columns, &cell, width - 1, COLUMNS_NUMBER);
}

void drill_write_suite_row(struct text *text, const struct drill_row *row,
                           const struct drill_style *style)
{
    const struct columns columns = columns_of(text, style);
    columns_spaces(&columns, 2);
    columns_put(&columns, row->name, NAME - 1, COLUMNS_LEFT);
    columns_spaces(&columns, 1);
    columns_tone(&columns, drill_verdict_names[row->verdict], VERDICT,
                 drill_verdict_tone(row->verdict));
    put_value(&columns, DRILL_TTD, &row->ttd, FIRST_SPAN);
    put_value(&columns, DRILL_TTM, &row->ttm, SPAN);
    put_value(&columns, DRILL_TTR, &row->ttr, SPAN);
    put_value(&columns, DRILL_BUDGET_BURNED, &row->budget, BUDGET);
    put_value(&columns, DRILL_ORDERS_LOST, &row->lost, LOST);
    columns_end(&columns);
}

/* Why those that did not pass did not, each in a line or two. */
static void put_reasons(const struct columns *columns, const struct drill_row *rows, uint32_t count)
{
    bool any = false;
    for (uint32_t i = 0; i < count; i++) {
        struct text reason = {0};
        if (rows[i].verdict == VERDICT_PASS) continue;
        if (!any) text_char(columns->text, '\n');
        any = true;
        text_format(&reason, "%s: %s", rows[i].name, rows[i].why);
        drill_end_sentence(&reason);
        columns_wrap(columns, "  - ", &reason, WIDTH);
    }
}

static void put_note(const struct columns *columns, const struct drill_row *rows, uint32_t count)
{
    struct text note = {0};
    uint32_t most = 0;
    for (uint32_t i = 0; i < count; i++)
        if (rows[i].repeats > most) most = rows[i].repeats;
    text_put(&note, "Times to detect, mitigate, recover from the first bad order on; budget: of "
                    "the period's error budget; lost: orders that are good without the fault.");
    if (most > 1) text_format(&note, " Medians of up to %u repeats.", most);
    text_char(columns->text, '\n');
    columns_wrap(columns, "  ", &note, WIDTH);
}

static void put_gaps(const struct columns *columns, const struct drill_row *rows, uint32_t count)
{
    struct text gaps = {0};
    if (count == 0) return;
    drill_write_gaps(&gaps, rows, count);
    text_char(columns->text, '\n');
    columns_wrap(columns, "  ", &gaps, WIDTH);
}

static void put_others(const struct columns *columns, enum drill_verdict verdict, uint32_t count)
{
    struct text words = {0};
    text_format(&words, "%u %s", count,
                verdict == VERDICT_FAIL ? "failed" : drill_verdict_names[verdict]);
    text_put(columns->text, ", ");
    columns_tone(columns, words.bytes != NULL ? words.bytes : "", 0, drill_verdict_tone(verdict));
    columns->text->failed |= words.failed;
    text_release(&words);
}

void drill_write_suite_total(struct text *text, const struct drill_row *rows, uint32_t count,
                             const struct drill_style *style)
{
    const struct columns columns = columns_of(text, style);
    uint32_t by_verdict[VERDICT_COUNT] = {0};
    for (uint32_t i = 0; i < count; i++)
        by_verdict[rows[i].verdict]++;
    put_note(&columns, rows, count);
    put_reasons(&columns, rows, count);
    put_gaps(&columns, rows, count);
    struct text words = {0};
    text_format(&words, "%u of %u went as expected", by_verdict[VERDICT_PASS], count);
    text_put(text, "\n  ");
    columns_tone(&columns, words.bytes != NULL ? words.bytes : "", 0,
                 by_verdict[VERDICT_PASS] == 0 ? TONE_NEUTRAL : drill_verdict_tone(VERDICT_PASS));
    text->failed |= words.failed;
    text_release(&words);
    for (unsigned v = 0; v < VERDICT_COUNT; v++)
        if (v != VERDICT_PASS && by_verdict[v] > 0)
            put_others(&columns, (enum drill_verdict)v, by_verdict[v]);
    if (style->wall_seconds >= 0) {
        text_put(text, ", in ");
        show_span(text, (int64_t)(style->wall_seconds * 1e6));
    }
    text_char(text, '.');
    if (style->report_path != NULL) text_format(text, "  Report: %s", style->report_path);
    text_char(text, '\n');
}

void drill_write_suite(struct text *text, const struct drill_row *rows, uint32_t count,
                       const struct drill_style *style)
{
    drill_write_suite_head(text, style);
    for (uint32_t i = 0; i < count; i++)
        drill_write_suite_row(text, &rows[i], style);
    drill_write_suite_total(text, rows, count, style);
}
