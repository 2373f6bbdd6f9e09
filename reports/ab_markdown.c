/* An A/B as Markdown, for pull requests. */
#include <math.h>
#include <string.h>

#include "reports/ab_report.h"
#include "reports/ab_text.h"
#include "reports/show.h"
#include "reports/tune_text.h"

typedef void (*ab_sentence)(struct text *text, const struct ab_result *result, uint32_t variant);

static void write_assignment(struct text *text, const struct ab_result *result, uint32_t variant)
{
    (void)variant;
    ab_write_assignment(text, result);
}

static void write_how(struct text *text, const struct ab_result *result, uint32_t variant)
{
    (void)variant;
    ab_write_how(text, result);
}

/* Nothing of it may become markup, a mention or a new line: names are the user's. Signs and
 * brackets that mean nothing within a line stay as they are. Taken over and released. */
static void put_plain(struct text *text, struct text *plain)
{
    for (size_t i = 0; i < plain->length; i++) {
        const char c = plain->bytes[i];
        if (c == '@') {
            text_put(text, "&#64;");
        } else if ((unsigned char)c < ' ') {
            text_char(text, ' ');
        } else {
            const bool begins = i == 0 && strchr("+->#=", c) != NULL;
            if (begins || strchr("\\`*_[]<&|~$#", c) != NULL) text_char(text, '\\');
            text_char(text, c);
        }
    }
    text->failed |= plain->failed;
    text_release(plain);
}

static void put_paragraph(struct text *text, const struct ab_result *result, ab_sentence write)
{
    struct text plain = {0};
    write(&plain, result, result->best);
    put_plain(text, &plain);
    text_put(text, "\n\n");
}

static void put_cell(struct text *text, struct text *plain)
{
    struct text cell = {0};
    text_put(&cell, " "); /* nothing begins a line here */
    text_put(&cell, plain->bytes != NULL ? plain->bytes : "");
    cell.failed |= plain->failed;
    text_release(plain);
    text_char(text, '|');
    put_plain(text, &cell);
    text_char(text, ' ');
}

static void put_estimate(struct text *text, const struct ab_result *result, unsigned metric)
{
    const struct ab_value *value = &result->variants[result->best].values[metric];
    const enum tune_metric shown = ab_shown_as(result, metric);
    const struct stats_test *test = &value->tests[value->judged_by];
    const double low = result->reached ? test->low : value->always.low;
    const double high = result->reached ? test->high : value->always.high;
    struct text cells[5] = {0};
    ab_show_label(&cells[0], result, metric);
    ab_show_mean(&cells[1], result, metric, value->adjusted_a);
    ab_show_change(&cells[2], shown, test->value, low, high);
    if (test->method == STATS_TEST_SAME) {
        text_put(&cells[3], "exact");
    } else {
        ab_show_range(&cells[3], shown, test->value, low, high);
    }
    ab_show_change(&cells[4], shown, value->truth.value, low, high);
    for (unsigned i = 0; i < 5; i++)
        put_cell(text, &cells[i]);
    text_put(text, "|\n");
}

static void put_cost(struct text *text, const struct ab_result *result, unsigned metric)
{
    const struct ab_cost *cost = &result->variants[result->best].values[metric].cost;
    struct text label = {0}, change = {0};
    ab_show_label(&label, result, metric);
    ab_show_change(&change, ab_shown_as(result, metric), cost->difference, NAN, NAN);
    put_cell(text, &label);
    put_cell(text, &change);
    for (unsigned e = 0; e < AB_ESTIMATORS; e++) {
        struct text days = {0};
        ab_show_days(&days, cost->days[e]);
        put_cell(text, &days);
    }
    text_put(text, "|\n");
}

static void put_weight_rows(struct text *text, const struct ab_result *result)
{
    text_put(text, "| Arm");
    for (unsigned k = 0; k < REPLAY_PARTS; k++)
        text_format(text, " | %s", replay_part_names[k]);
    text_format(text, " | %s |\n| ---", result->plan_only ? "share" : "orders");
    for (unsigned k = 0; k <= REPLAY_PARTS; k++)
        text_put(text, " | ---:");
    text_put(text, " |\n");
    for (uint32_t a = 0; a < result->arm_count; a++) {
        struct text name = {0}, last = {0};
        text_put(&name, result->arms[a].name);
        put_cell(text, &name);
        for (unsigned k = 0; k < REPLAY_PARTS; k++) {
            struct text cell = {0};
            tune_show_weight(&cell, score_weight_of(&result->arms[a].weights, (enum replay_part)k));
            put_cell(text, &cell);
        }
        if (result->plan_only) {
            show_share(&last, result->arms[a].share / (double)EXPERIMENT_BUCKETS);
        } else {
            text_grouped(&last, (int64_t)result->counts[a]);
        }
        put_cell(text, &last);
        text_put(text, "|\n");
    }
    text_char(text, '\n');
}

static void put_guardrail_rows(struct text *text, const struct ab_result *result)
{
    struct text bounds = {0};
    if (result->constraint_count == 0) return;
    text_put(text, "| Variant | Guardrail | State | Measured | Limit | One-sided bound | p of harm "
                   "|\n| --- | --- | --- | ---: | ---: | ---: | ---: |\n");
    for (uint32_t v = 0; v + 1 < result->arm_count; v++)
        for (uint32_t i = 0; i < result->constraint_count; i++) {
            const struct ab_guardrail *guardrail = &result->variants[v].guardrails[i];
            struct text cells[7] = {0};
            text_put(&cells[0], result->arms[v + 1].name);
            text_put(&cells[1], guardrail->text);
            text_put(&cells[2], ab_guard_word(guardrail));
            ab_show_guarded(&cells[3], guardrail, guardrail->value);
            ab_show_guarded(&cells[4], guardrail, guardrail->limit);
            ab_show_bound(&cells[5], guardrail);
            ab_show_p(&cells[6], guardrail->p_adjusted);
            for (unsigned c = 0; c < 7; c++)
                put_cell(text, &cells[c]);
            text_put(text, "|\n");
        }
    text_char(text, '\n');
    ab_write_bounds(&bounds, result);
    put_plain(text, &bounds);
    text_put(text, "\n\n");
}

void ab_write_markdown(struct text *text, const struct ab_report *report)
{
    const struct ab_result *result = report->result;
    unsigned metrics[AB_METRICS];
    const uint32_t count = ab_order_metrics(result, metrics);
    struct text name = {0};
    text_put(&name, result->name);
    text_put(text, result->plan_only ? "# Plan of an A/B: " : "# A/B: ");
    put_plain(text, &name);
    text_put(text, "\n\n");
    struct text verdict = {0};
    ab_write_verdict(&verdict, result);
    text_put(text, "**");
    put_plain(text, &verdict);
    text_put(text, "**");
    if (!result->plan_only) text_format(text, " (`%s`)", experiment_verdict_names[result->verdict]);
    text_put(text, "\n\n");
    put_paragraph(text, result, ab_write_finding);
    put_weight_rows(text, result);
    if (!result->plan_only) {
        text_format(text, "| Metric | Baseline%s | Change | %s | Replay |\n",
                    result->interleave ? "" : ", adjusted",
                    result->reached ? "Interval" : "Always-valid interval");
        text_put(text, "| --- | ---: | ---: | ---: | ---: |\n");
        for (uint32_t i = 0; i < count; i++)
            put_estimate(text, result, metrics[i]);
        text_char(text, '\n');
        struct text belief = {0};
        ab_write_belief(&belief, result);
        put_plain(text, &belief);
        text_put(text, "\n\n");
        put_guardrail_rows(text, result);
        put_paragraph(text, result, write_assignment);
        put_paragraph(text, result, ab_write_peeks);
    }
    put_paragraph(text, result, ab_write_trigger);
    text_put(text, "| Time to learn it | Change");
    for (unsigned e = 0; e < AB_ESTIMATORS; e++)
        text_format(text, " | %s", ab_estimator_title((enum ab_estimator)e));
    text_put(text, " |\n| --- | ---: | ---: | ---: | ---: | ---: |\n");
    for (uint32_t i = 0; i < count; i++)
        put_cost(text, result, metrics[i]);
    text_char(text, '\n');
    put_paragraph(text, result, ab_write_cost);
    if (result->plan_only) {
        text_put(text, "## How to run it\n\n");
        put_paragraph(text, result, write_how);
    }
    for (uint32_t i = 0; i < result->note_count; i++)
        text_format(text, "> %s\n\n", result->notes[i]);
}
