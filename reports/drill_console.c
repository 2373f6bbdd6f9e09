/* A drill on a terminal: the verdict and what was expected first, then how long it took, what it
 * cost, its course, and what is to be learnt. */
#include <assert.h>
#include <string.h>

#include "reports/drill_console.h"
#include "reports/drill_text.h"
#include "reports/show.h"

static void put_heading(const struct columns *columns, const char *words, size_t width)
{
    columns_spaces(columns, 2);
    columns_put(columns, words, width, COLUMNS_LEFT);
}

static void put_value(const struct columns *columns, enum drill_measure measure,
                      const struct drill_value *value, size_t width)
{
    struct text cell = {0};
    drill_show_value(&cell, measure, value);
    columns_cell(columns, &cell, width, COLUMNS_NUMBER);
}

/* ---- title, verdict ---- */

static void put_title(const struct columns *columns, const struct drill *drill,
                      const struct drill_style *style)
{
    const struct result *result = &drill->result;
    struct text line = {0};
    text_format(&line, "%s \u00b7 seed %s \u00b7 ", drill->name, result->seed_text);
    text_grouped(&line, (int64_t)result->orders);
    text_put(&line, result->orders == 1 ? " order \u00b7 " : " orders \u00b7 ");
    if (drill->repeats > 1) text_format(&line, "%u x ", drill->repeats);
    show_span(&line, result->duration_us);
    text_put(&line, strcmp(result->clock, "real") == 0 ? " in real time" : " simulated");
    if (style->wall_seconds >= 0) {
        text_put(&line, " in ");
        show_span(&line, (int64_t)(style->wall_seconds * 1e6));
    }
    columns_wrap(columns, "", &line, DRILL_COLUMNS);
    text_char(columns->text, '\n');
}

static void put_verdict(const struct columns *columns, const struct drill *drill)
{
    struct text why = {0}, headline = {0};
    columns_spaces(columns, 2);
    columns_tone(columns, drill_verdict_title(drill->verdict), 0,
                 drill_verdict_tone(drill->verdict));
    if (drill->verdict == VERDICT_PASS && drill->story_verdict != VERDICT_PASS)
        text_format(columns->text, " (the story: %s, as expected)",
                    drill_verdict_names[drill->story_verdict]);
    text_put(columns->text, "\n");
    drill_write_why(&why, drill);
    columns_wrap(columns, "  ", &why, DRILL_COLUMNS);
    drill_write_repeats(&headline, drill);
    drill_write_headline(&headline, drill);
    columns_wrap(columns, "  ", &headline, DRILL_COLUMNS);
    text_char(columns->text, '\n');
}

/* ---- what was expected ---- */

static enum verdict_tone expect_tone(const struct drill_expect *expect)
{
    if (!expect->known) return TONE_NEUTRAL;
    return expect->met ? TONE_GOOD : TONE_BAD;
}

static const char *glyph(const struct columns *columns, enum verdict_tone tone)
{
    static const char *const marks[2][3] = {
        {[TONE_GOOD] = "ok", [TONE_BAD] = "FAIL", [TONE_NEUTRAL] = "?"},
        {[TONE_GOOD] = "\u2713", [TONE_BAD] = "\u2717", [TONE_NEUTRAL] = "?"}};
    return marks[columns->unicode][tone];
}

static size_t glyph_width(const struct columns *columns)
{
    return columns->unicode ? 2 : 5;
}

/* "kroger-outage.json:44", without its folder. */
static void put_where(struct text *text, const struct drill_expect *expect)
{
    if (expect->place.line == 0) return;
    const char *file = expect->place.file != NULL ? expect->place.file : "line";
    const char *slash = strrchr(file, '/');
    text_format(text, "%s:%u", slash != NULL ? slash + 1 : file, expect->place.line);
}

static const char *measured_of(const struct drill_expect *expect)
{
    return expect->measured != NULL && expect->measured[0] != '\0' ? expect->measured : "n/a";
}

/* Names that nobody has given are made of the limit, which then need not be said again. */
static bool says_limit(const struct drill_expect *expect)
{
    return expect->limit[0] == '\0' || strstr(expect->name, expect->limit) != NULL;
}

/* What had no room beside the name: what was measured, what the limit was. */
static void put_more(const struct columns *columns, const struct drill_expect *expect,
                     bool measured, bool limit)
{
    struct text words = {0};
    if (measured) text_put(&words, measured_of(expect));
    if (measured && limit) text_put(&words, "; ");
    if (limit) text_put(&words, "expected: ");
    if (limit) drill_show_limit(&words, expect->limit);
    columns_wrap(columns, columns->unicode ? "      " : "         ", &words, DRILL_COLUMNS);
}

static void put_expect(const struct columns *columns, const struct drill_expect *expect)
{
    enum { WHERE_WIDTH = 26 };
    const enum verdict_tone tone = expect_tone(expect);
    struct text where = {0}, name = {0};
    if (tone != TONE_GOOD) put_where(&where, expect);
    drill_show_limit(&name, expect->name);
    size_t where_width = columns_width(columns, where.bytes != NULL ? where.bytes : "");
    if (where_width > WHERE_WIDTH) where_width = WHERE_WIDTH;
    const size_t left = 2 + glyph_width(columns);
    const size_t most = DRILL_COLUMNS - left - (where_width > 0 ? where_width + 2 : 0);
    const size_t name_width = columns_width(columns, name.bytes != NULL ? name.bytes : "");
    const size_t width = columns_width(columns, measured_of(expect));
    const bool fits = name_width + 2 + width <= most;
    columns_spaces(columns, 2);
    columns_tone(columns, glyph(columns, tone), glyph_width(columns), tone);
    columns_cell(columns, &name, fits ? most - width : most, COLUMNS_LEFT);
    if (fits) columns_words(columns, measured_of(expect));
    if (where_width > 0) columns_spaces(columns, 2);
    columns_cell(columns, &where, where_width, COLUMNS_LEFT);
    columns_end(columns);
    put_more(columns, expect, !fits, !says_limit(expect));
}

static void put_expects(const struct columns *columns, const struct drill *drill)
{
    text_put(columns->text, drill->expect_count > 0 ? "  EXPECTED\n" : "  Nothing was expected.\n");
    for (uint32_t i = 0; i < drill->expect_count; i++)
        put_expect(columns, &drill->expects[i]);
    text_char(columns->text, '\n');
}

/* ---- steady state ---- */

static void put_probe_value(const struct columns *columns, const struct drill_probe *probe,
                            int8_t met, const struct signal_value *value, bool due)
{
    struct text cell = {0};
    const enum verdict_tone tone = met == 1 ? TONE_GOOD : met == 0 ? TONE_BAD : TONE_NEUTRAL;
    const bool looked = met >= 0;
    if (looked && value->known)
        show_number(&cell, probe->unit, value->value);
    else if (looked)
        text_put(&cell, "no data");
    else
        text_put(&cell, due && probe->seen.thin > 0 ? "too few" : "\u2013");
    columns_cell(columns, &cell, 12, COLUMNS_RIGHT);
    columns_spaces(columns, 1);
    if (looked)
        columns_tone(columns, glyph(columns, tone), glyph_width(columns) - 1, tone);
    else
        columns_spaces(columns, glyph_width(columns) - 1);
}

static void put_hypothesis(const struct columns *columns, const struct drill *drill)
{
    if (drill->probe_count == 0) return;
    const size_t mark = glyph_width(columns) - 1;
    const size_t name_width = DRILL_COLUMNS - 2 - 12 - 2 * (13 + mark) - 14;
    put_heading(columns, "STEADY STATE", name_width);
    columns_put(columns, "limit", 12, COLUMNS_RIGHT);
    columns_put(columns, "before", 12, COLUMNS_RIGHT);
    columns_spaces(columns, 1 + mark);
    columns_put(columns, "at the end", 12, COLUMNS_RIGHT);
    columns_spaces(columns, 1 + mark);
    columns_put(columns, "met/looked", 13, COLUMNS_RIGHT);
    columns_end(columns);
    for (uint32_t i = 0; i < drill->probe_count; i++) {
        const struct drill_probe *probe = &drill->probes[i];
        struct text looks = {0}, limit = {0};
        columns_spaces(columns, 2);
        columns_put(columns, probe->name, name_width - 1, COLUMNS_LEFT);
        columns_spaces(columns, 1);
        drill_show_limit(&limit, probe->limit);
        columns_cell(columns, &limit, 12, COLUMNS_RIGHT);
        put_probe_value(columns, probe, probe->seen.at_start, &probe->seen.start,
                        probe->mode == PROBE_START || probe->mode == PROBE_EDGE);
        put_probe_value(columns, probe, probe->seen.at_end, &probe->seen.end,
                        probe->mode == PROBE_END || probe->mode == PROBE_EDGE);
        text_format(&looks, "%u/%u", probe->seen.met, probe->seen.evaluated);
        columns_cell(columns, &looks, 13, COLUMNS_NUMBER);
        columns_end(columns);
    }
    text_char(columns->text, '\n');
}

/* ---- times ---- */

struct time_row {
    const char *label, *from;
    enum drill_measure measure, from_fault; /* DRILL_MEASURE_COUNT: none */
    enum drill_mark mark;
};

static const struct time_row time_rows[] = {
    {"detect", "1st bad order", DRILL_TTD, DRILL_TTD_FROM_FAULT, DRILL_MARK_DETECT},
    {"acknowledge", "1st page", DRILL_TTA, DRILL_MEASURE_COUNT, DRILL_MARK_ACK},
    {"act", "1st page", DRILL_TIME_TO_ACT, DRILL_MEASURE_COUNT, DRILL_MARK_ACT},
    {"mitigate", "1st bad order", DRILL_TTM, DRILL_TTM_FROM_FAULT, DRILL_MARK_MITIGATE},
    {"recover", "1st bad order", DRILL_TTR, DRILL_TTR_FROM_FAULT, DRILL_MARK_RECOVER},
};
enum {
    TIME_ROWS = sizeof time_rows / sizeof *time_rows,
    TIME_LABEL = 13,
    TIME_FROM = 17,
    TIME_FROM_SHORT = 14
};

static void put_times_of_one(const struct columns *columns, const struct drill *drill)
{
    put_heading(columns, "TIME TO", TIME_LABEL);
    columns_put(columns, "from", TIME_FROM, COLUMNS_LEFT);
    columns_put(columns, "took", 12, COLUMNS_RIGHT);
    columns_put(columns, "from fault", 14, COLUMNS_RIGHT);
    columns_put(columns, "at", 11, COLUMNS_RIGHT);
    columns_put(columns, "clock", 11, COLUMNS_RIGHT);
    columns_end(columns);
    for (size_t i = 0; i < TIME_ROWS; i++) {
        const struct time_row *row = &time_rows[i];
        const int64_t at_us = drill_mark_us(&drill->marks, row->mark);
        struct text since = {0}, at = {0}, clock = {0};
        put_heading(columns, row->label, TIME_LABEL);
        columns_put(columns, row->from, TIME_FROM, COLUMNS_LEFT);
        put_value(columns, row->measure, &drill->values[row->measure], 12);
        if (row->from_fault != DRILL_MEASURE_COUNT)
            drill_show_value(&since, row->from_fault, &drill->values[row->from_fault]);
        columns_cell(columns, &since, 14, COLUMNS_NUMBER);
        if (at_us != INT64_MAX) {
            drill_show_instant(&at, at_us);
            drill_show_clock(&clock, drill, at_us);
        }
        columns_cell(columns, &at, 11, COLUMNS_NUMBER);
        if (columns_width(columns, clock.bytes != NULL ? clock.bytes : "") > 10) text_clear(&clock);
        columns_cell(columns, &clock, 11, COLUMNS_RIGHT);
        columns_end(columns);
    }
}

enum { SPREAD_VALUE = 9, COST_SPREAD = 10, SPREAD_INTERVAL = 22, SPREAD_N = 5, SPREAD_NEVER = 6 };

static void put_spread_head(const struct columns *columns, size_t width, size_t interval_width)
{
    columns_put(columns, "median", width, COLUMNS_RIGHT);
    columns_put(columns, "P90", width + 1, COLUMNS_RIGHT);
    columns_put(columns, "95% of the median", interval_width, COLUMNS_RIGHT);
    columns_put(columns, "n", SPREAD_N, COLUMNS_RIGHT);
}

static void put_spread(const struct columns *columns, const struct drill *drill,
                       enum drill_measure measure, size_t width, size_t interval_width)
{
    const struct drill_distribution *spread = &drill->measures[measure];
    struct text interval = {0}, n = {0};
    put_value(columns, measure, &spread->p50, width);
    columns_spaces(columns, 1);
    put_value(columns, measure, &spread->p90, width);
    drill_show_interval(&interval, measure, spread);
    if (interval.length == 0) text_put(&interval, "n/a");
    columns_spaces(columns, 1);
    columns_cell(columns, &interval, interval_width - 1, COLUMNS_NUMBER);
    text_format(&n, "%u", spread->n);
    columns_cell(columns, &n, SPREAD_N, COLUMNS_NUMBER);
}

static void put_times_of_repeats(const struct columns *columns, const struct drill *drill)
{
    put_heading(columns, "TIME TO", TIME_LABEL - 1);
    columns_put(columns, "from", TIME_FROM_SHORT, COLUMNS_LEFT);
    put_spread_head(columns, SPREAD_VALUE, SPREAD_INTERVAL);
    columns_put(columns, "never", SPREAD_NEVER, COLUMNS_RIGHT);
    columns_end(columns);
    for (size_t i = 0; i < TIME_ROWS; i++) {
        const struct time_row *row = &time_rows[i];
        struct text never = {0};
        put_heading(columns, row->label, TIME_LABEL - 1);
        columns_put(columns, row->from, TIME_FROM_SHORT, COLUMNS_LEFT);
        put_spread(columns, drill, row->measure, SPREAD_VALUE, SPREAD_INTERVAL);
        text_format(&never, "%u", drill->measures[row->measure].never);
        columns_cell(columns, &never, SPREAD_NEVER, COLUMNS_NUMBER);
        columns_end(columns);
    }
}

static void put_times(const struct columns *columns, const struct drill *drill)
{
    uint32_t known = 0;
    for (size_t i = 0; i < TIME_ROWS; i++)
        known += drill->measures[time_rows[i].measure].n;
    if (known == 0) return; /* there was no incident to measure */
    if (drill->repeats > 1)
        put_times_of_repeats(columns, drill);
    else
        put_times_of_one(columns, drill);
    text_char(columns->text, '\n');
}

/* ---- what it cost ---- */

static const struct {
    enum drill_measure measure;
    const char *title;
} budget_parts[] = {
    {DRILL_BUDGET_BURNED, "burned"},
    {DRILL_BUDGET_BEFORE_DETECT, "before page"},
    {DRILL_BUDGET_BEFORE_MITIGATE, "to mitigated"},
    {DRILL_BUDGET_BEFORE_RECOVER, "to recovered"},
    {DRILL_BUDGET_AFTER, "after"},
};
enum { BUDGET_PARTS = sizeof budget_parts / sizeof *budget_parts, BUDGET_LABEL = 16 };

static size_t budget_width(size_t part)
{
    return part == 0 ? 10 : 13;
}

static void put_budget_row(const struct columns *columns, const struct drill *drill,
                           const char *label, bool p90)
{
    put_heading(columns, label, BUDGET_LABEL);
    for (size_t i = 0; i < BUDGET_PARTS; i++) {
        const enum drill_measure measure = budget_parts[i].measure;
        const struct drill_distribution *spread = &drill->measures[measure];
        put_value(columns, measure,
                  drill->repeats <= 1 ? &drill->values[measure]
                  : p90               ? &spread->p90
                                      : &spread->p50,
                  budget_width(i));
    }
    columns_end(columns);
}

static void put_budget(const struct columns *columns, const struct drill *drill)
{
    struct text label = {0};
    if (!drill->slo_given) return;
    put_heading(columns, "ERROR BUDGET", BUDGET_LABEL);
    for (size_t i = 0; i < BUDGET_PARTS; i++)
        columns_put(columns, budget_parts[i].title, budget_width(i), COLUMNS_RIGHT);
    columns_end(columns);
    if (drill->repeats > 1) {
        put_budget_row(columns, drill, "median", false);
        put_budget_row(columns, drill, "P90", true);
    } else {
        text_put(&label, "SLO ");
        text_double(&label, drill->slo_objective * 100);
        text_char(&label, '%');
        put_budget_row(columns, drill, label.bytes != NULL ? label.bytes : "", false);
    }
    text_release(&label);
    text_char(columns->text, '\n');
}

static const enum drill_measure cost_rows[] = {
    DRILL_ORDERS_LOST,     DRILL_ORDERS_GAINED,     DRILL_BAD_ORDERS,   DRILL_FAILED_ORDERS,
    DRILL_COMMISSION_LOST, DRILL_REVENUE_LOST,      DRILL_PRICE_DELTA,  DRILL_BLAST_RADIUS,
    DRILL_AUTHENTIC_RATIO, DRILL_FAKE_PRICE_ORDERS, DRILL_TIME_IN_MOCK, DRILL_TIME_DIFFERING,
    DRILL_DEBT_TIME,       DRILL_DEBT_ORDERS,       DRILL_PAGES,        DRILL_FALSE_PAGES,
};
enum {
    COST_ROWS = sizeof cost_rows / sizeof *cost_rows,
    COST_LABEL = 26,
    COST_VALUE = 12,
    COST_INTERVAL = 26
};

/* Two pairs a line; what has no meaning in this drill is left out. */
static void put_costs_of_one(const struct columns *columns, const struct drill *drill)
{
    unsigned put = 0;
    text_put(columns->text, "  COST AND EFFECT, against the same seed without the fault\n");
    for (size_t i = 0; i < COST_ROWS; i++) {
        const enum drill_measure measure = cost_rows[i];
        if (drill->values[measure].state == DRILL_NOT_APPLICABLE) continue;
        columns_spaces(columns, 2);
        columns_put(columns, drill_measure_traits[measure].label, COST_LABEL - 1, COLUMNS_LEFT);
        columns_spaces(columns, 1);
        put_value(columns, measure, &drill->values[measure], COST_VALUE);
        if (put++ % 2 == 1) columns_end(columns);
    }
    if (put % 2 == 1) columns_end(columns);
    if (put == 0) text_put(columns->text, "  n/a\n");
}

static void put_costs_of_repeats(const struct columns *columns, const struct drill *drill)
{
    put_heading(columns, "COST, against no fault", COST_LABEL - 1);
    put_spread_head(columns, COST_SPREAD, COST_INTERVAL);
    columns_end(columns);
    for (size_t i = 0; i < COST_ROWS; i++) {
        const enum drill_measure measure = cost_rows[i];
        if (drill->measures[measure].n == 0) continue;
        put_heading(columns, drill_measure_traits[measure].label, COST_LABEL - 1);
        put_spread(columns, drill, measure, COST_SPREAD, COST_INTERVAL);
        columns_end(columns);
    }
}

static void put_costs(const struct columns *columns, const struct drill *drill)
{
    if (drill->repeats > 1)
        put_costs_of_repeats(columns, drill);
    else
        put_costs_of_one(columns, drill);
    text_char(columns->text, '\n');
}

/* ---- findings ---- */

struct finding_list {
    const struct columns *columns;
    unsigned count;
};

static void put_finding(void *context, enum verdict_tone tone, const char *sentence)
{
    struct finding_list *list = context;
    struct text words = {0};
    (void)tone;
    if (list->count++ == 0) text_put(list->columns->text, "  FINDINGS\n");
    text_put(&words, sentence);
    columns_wrap(list->columns, "  - ", &words, DRILL_COLUMNS);
}

static void put_findings(const struct columns *columns, const struct drill *drill)
{
    struct finding_list list = {columns, 0};
    drill_each_finding(drill, put_finding, &list);
    if (list.count > 0) text_char(columns->text, '\n');
}

/* ---- all of it ---- */

void drill_write_console_verdict(struct text *text, const struct drill *drill,
                                 const struct drill_style *style)
{
    const struct columns columns = {text, style->unicode, style->color};
    columns_spaces(&columns, 2);
    columns_tone(&columns, drill_verdict_title(drill->verdict), 0,
                 drill_verdict_tone(drill->verdict));
    if (drill->expect_count > 0) {
        text_format(text, ". %u of %u expectations met", drill->expects_met, drill->expect_count);
        if (drill->expects_unknown > 0) text_format(text, ", %u undecided", drill->expects_unknown);
    }
    text_char(text, '.');
    if (!drill->result.complete) text_put(text, " Stopped early.");
    if (style->report_path != NULL) text_format(text, "  Report: %s", style->report_path);
    text_char(text, '\n');
}

void drill_write_console(struct text *text, const struct drill *drill,
                         const struct drill_style *style)
{
    const struct columns columns = {text, style->unicode, style->color};
    assert(style != NULL);
    put_title(&columns, drill, style);
    put_verdict(&columns, drill);
    put_expects(&columns, drill);
    put_hypothesis(&columns, drill);
    put_times(&columns, drill);
    put_budget(&columns, drill);
    drill_console_timeline(&columns, drill);
    drill_console_alerts(&columns, drill);
    drill_console_steps(&columns, drill);
    put_costs(&columns, drill);
    put_findings(&columns, drill);
    drill_write_console_verdict(text, drill, style);
}
