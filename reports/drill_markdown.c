/* report.md of a drill: for a pull request or a step's summary, below 64 KiB. */
#include <assert.h>
#include <string.h>

#include "reports/drill_exports.h"
#include "reports/drill_text.h"
#include "reports/exports.h"
#include "reports/show.h"

/* Shares of the 64 KiB, so that nothing long pushes out what stands behind it. A section stops
 * after the row that fills it, and a row of hostile words is five bytes a byte. */
enum {
    EXPECTS_BYTES = 8192,
    ALERTS_BYTES = 5120,
    STEPS_BYTES = 8192,
    FINDINGS_BYTES = 8192,
    ROW_BYTES = 5120,
    COMMAND_BYTES = 8192 + 64,
};
static_assert(EXPECTS_BYTES + ALERTS_BYTES + STEPS_BYTES + FINDINGS_BYTES + 5 * ROW_BYTES +
                      COMMAND_BYTES <
                  MARKDOWN_BYTES_MAX,
              "sections, verdict and command fit");

/* A cell of a table, taken over. */
static void put_cell(struct text *text, struct text *plain)
{
    text_char(text, ' ');
    markdown_plain(text, plain);
    text_put(text, " |");
}

static void put_words(struct text *text, const char *words)
{
    text_char(text, ' ');
    markdown_words(text, words);
    text_put(text, " |");
}

static void put_value(struct text *text, enum drill_measure measure,
                      const struct drill_value *value)
{
    struct text cell = {0};
    drill_show_value(&cell, measure, value);
    put_cell(text, &cell);
}

/* How many of `count` still fit is decided row by row; the rest is named. */
static bool is_full(const struct text *text, size_t from, size_t most)
{
    return text->length - from > most;
}

static void put_rest(struct text *text, uint32_t shown, uint32_t count, const char *what)
{
    if (shown < count)
        text_format(text, "\n%u more %s stand in report.html.\n", count - shown, what);
    text_char(text, '\n');
}

/* ---- what was expected ---- */

static void put_expects(struct text *text, const struct drill *drill)
{
    const size_t from = text->length;
    uint32_t shown = 0;
    if (drill->expect_count == 0) return;
    text_put(text, "| | Expected | Limit | Measured | Where |\n|:--|:--|:--|:--|:--|\n");
    for (int unmet = 1; unmet >= 0; unmet--) /* those come first: what they say may not be cut */
        for (uint32_t i = 0; i < drill->expect_count; i++) {
            const struct drill_expect *expect = &drill->expects[i];
            struct text name = {0}, limit = {0}, where = {0};
            if ((!expect->met || !expect->known) != (unmet == 1)) continue;
            if (is_full(text, from, EXPECTS_BYTES)) continue;
            shown++;
            text_put(text, !expect->known ? "| ? |"
                           : expect->met  ? "| \u2713 |"
                                          : "| **\u2717** |");
            drill_show_limit(&name, expect->name);
            put_cell(text, &name);
            drill_show_limit(&limit, expect->limit);
            put_cell(text, &limit);
            put_words(text, expect->measured[0] != '\0' ? expect->measured : "n/a");
            if (expect->place.file != NULL)
                text_format(&where, "%s:%u", expect->place.file, expect->place.line);
            put_cell(text, &where);
            text_char(text, '\n');
        }
    put_rest(text, shown, drill->expect_count, "expectations");
}

/* ---- times and costs ---- */

static const enum drill_measure rows[] = {
    DRILL_TTD,
    DRILL_TTA,
    DRILL_TIME_TO_ACT,
    DRILL_TTM,
    DRILL_TTR,
    DRILL_RTO_MET,
    DRILL_BUDGET_BURNED,
    DRILL_ORDERS_LOST,
    DRILL_FAILED_ORDERS,
    DRILL_COMMISSION_LOST,
    DRILL_AUTHENTIC_RATIO,
    DRILL_FAKE_PRICE_ORDERS,
    DRILL_DEBT_TIME,
    DRILL_FALSE_PAGES,
};
enum { ROWS = sizeof rows / sizeof *rows };

static void put_row_of_one(struct text *text, const struct drill *drill, enum drill_measure measure)
{
    if (drill->values[measure].state == DRILL_NOT_APPLICABLE) return;
    text_put(text, "|");
    put_words(text, drill_measure_traits[measure].label);
    put_value(text, measure, &drill->values[measure]);
    text_char(text, '\n');
}

static void put_row_of_repeats(struct text *text, const struct drill *drill,
                               enum drill_measure measure)
{
    const struct drill_distribution *spread = &drill->measures[measure];
    struct text interval = {0};
    if (spread->n == 0) return;
    text_put(text, "|");
    put_words(text, drill_measure_traits[measure].label);
    put_value(text, measure, &spread->p50);
    put_value(text, measure, &spread->p90);
    drill_show_interval(&interval, measure, spread);
    if (interval.length == 0) text_put(&interval, "n/a");
    put_cell(text, &interval);
    text_format(text, " %u | %u |\n", spread->n, spread->never);
}

static void put_measures(struct text *text, const struct drill *drill)
{
    struct text table = {0};
    for (size_t i = 0; i < ROWS; i++)
        if (drill->repeats > 1)
            put_row_of_repeats(&table, drill, rows[i]);
        else
            put_row_of_one(&table, drill, rows[i]);
    if (table.length > 0) {
        text_put(text, drill->repeats > 1
                           ? "| Measure | Median | P90 | 95% interval of the median | n | never |\n"
                             "|:--|--:|--:|--:|--:|--:|\n"
                           : "| Measure | Value |\n|:--|--:|\n");
        text_append(text, table.bytes, table.length);
        text_char(text, '\n');
    }
    text->failed |= table.failed;
    text_release(&table);
}

/* ---- alerts, steps, findings ---- */

static void put_instant(struct text *text, const struct drill *drill, int64_t at_us)
{
    struct text cell = {0};
    drill_show_since_fault(&cell, drill, at_us);
    put_cell(text, &cell);
}

static void put_alerts(struct text *text, const struct drill *drill)
{
    const size_t from = text->length;
    uint32_t shown = 0, quiet = 0;
    for (uint32_t i = 0; i < drill->alert_count; i++)
        quiet += drill_audit_of(&drill->alerts[i]) == AUDIT_QUIET;
    if (quiet == drill->alert_count) return;
    text_put(text, "| Alert | Should fire | Fired, from the fault | |\n|:--|:--|--:|:--|\n");
    for (uint32_t i = 0; i < drill->alert_count; i++) {
        const struct drill_alert *alert = &drill->alerts[i];
        const enum drill_audit audit = drill_audit_of(alert);
        struct text name = {0};
        if (audit == AUDIT_QUIET || is_full(text, from, ALERTS_BYTES)) continue;
        shown++;
        text_put(text, "|");
        drill_show_alert(&name, drill, alert->rule, alert->scope);
        put_cell(text, &name);
        text_format(text, " %s |", drill_should_word(alert));
        put_instant(text, drill, alert->fired_us);
        text_format(text, drill_audit_tone(audit) == TONE_BAD ? " **%s** |\n" : " %s |\n",
                    drill_audit_labels[audit]);
    }
    put_rest(text, shown, drill->alert_count - quiet, "alerts");
}

static void put_steps(struct text *text, const struct drill *drill)
{
    const size_t from = text->length;
    uint32_t shown = 0;
    if (drill->step_count == 0) return;
    text_put(text, "| Step | | Done, from the fault | Effect |\n|:--|:--|--:|:--|\n");
    for (uint32_t i = 0; i < drill->step_count; i++) {
        const struct drill_step *step = &drill->steps[i];
        struct text words = {0}, outcome = {0};
        if (is_full(text, from, STEPS_BYTES)) continue;
        shown++;
        text_put(text, "|");
        put_words(text, step->id);
        drill_show_step(&words, step);
        put_cell(text, &words);
        put_instant(text, drill, step->ended_us);
        drill_show_outcome(&outcome, step);
        put_cell(text, &outcome);
        text_char(text, '\n');
    }
    put_rest(text, shown, drill->step_count, "steps");
}

struct finding_list {
    struct text *text;
    size_t from;
    uint32_t shown, count;
};

static void put_finding(void *context, enum verdict_tone tone, const char *sentence)
{
    struct finding_list *list = context;
    struct text plain = {0};
    (void)tone;
    if (list->count++ == 0) text_put(list->text, "**Findings**\n\n");
    if (is_full(list->text, list->from, FINDINGS_BYTES)) return;
    list->shown++;
    text_put(list->text, "- ");
    text_put(&plain, sentence);
    markdown_plain(list->text, &plain);
    text_char(list->text, '\n');
}

static void put_findings(struct text *text, const struct drill *drill)
{
    struct finding_list list = {.text = text, .from = text->length};
    drill_each_finding(drill, put_finding, &list);
    if (list.count > 0) put_rest(text, list.shown, list.count, "findings");
}

/* ---- all of it ---- */

static void put_verdict(struct text *text, const struct drill *drill)
{
    struct text why = {0}, headline = {0};
    text_put(text, "## ");
    markdown_words(text, drill->title[0] != '\0' ? drill->title : drill->name);
    text_format(text, "\n\n**%s.** ", drill_verdict_title(drill->verdict));
    drill_write_why(&why, drill);
    if (why.length > 0) text_char(&why, ' ');
    markdown_plain(text, &why);
    drill_write_repeats(&headline, drill);
    drill_write_headline(&headline, drill);
    markdown_plain(text, &headline);
    text_put(text, "\n\n");
}

void drill_write_markdown(struct text *text, const struct drill *drill)
{
    put_verdict(text, drill);
    put_expects(text, drill);
    put_measures(text, drill);
    put_alerts(text, drill);
    put_steps(text, drill);
    put_findings(text, drill);
    const bool real = strcmp(drill->result.clock, "real") == 0;
    text_put(text, real ? "The command, which gives other figures each time, seed "
                        : "The same drill again, seed ");
    markdown_words(text, drill->result.seed_text);
    text_put(text, ":\n\n");
    markdown_command(text, drill->result.command);
}
