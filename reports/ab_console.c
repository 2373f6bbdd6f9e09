/* An A/B on a terminal. */
#include <math.h>
#include <string.h>

#include "reports/ab_report.h"
#include "reports/ab_text.h"
#include "reports/show.h"
#include "reports/tune_text.h"
#include "router/base/utf8.h"

enum { LABEL = 25, CELL = 10, WIDTH = 78 };

static size_t width_of(const char *words)
{
    return words == NULL ? 0 : utf8_count(words, strlen(words));
}

static void spaces(struct text *text, size_t width, size_t taken)
{
    for (; taken < width; taken++)
        text_char(text, ' ');
}

/* Cells are taken over and released. */
static void put_left(struct text *text, struct text *cell, size_t width)
{
    const size_t taken = width_of(cell->bytes);
    if (cell->bytes != NULL) text_put(text, cell->bytes);
    spaces(text, width, taken);
    text->failed |= cell->failed;
    text_release(cell);
}

static void put_right(struct text *text, struct text *cell, size_t width)
{
    text_char(text, ' ');
    spaces(text, width - 1, width_of(cell->bytes));
    if (cell->bytes != NULL) text_put(text, cell->bytes);
    text->failed |= cell->failed;
    text_release(cell);
}

static void put_words(struct text *text, const char *words, size_t width)
{
    struct text cell = {0};
    text_put(&cell, words);
    put_right(text, &cell, width);
}

/* Sentences, broken between words, two columns in; taken over and released. */
static void put_wrapped(struct text *text, struct text *sentences)
{
    size_t column = 0;
    const char *at = sentences->bytes != NULL ? sentences->bytes : "";
    while (*at != '\0') {
        const size_t length = strcspn(at, " ");
        const size_t width = utf8_count(at, length);
        if (column > 0 && column + 1 + width > WIDTH) column = 0;
        if (column == 0) {
            text_put(text, at == sentences->bytes ? "  " : "\n  ");
            column = 2;
        } else {
            text_char(text, ' ');
            column++;
        }
        text_append(text, at, length);
        column += width;
        at += length + (at[length] == ' ');
    }
    text_char(text, '\n');
    text->failed |= sentences->failed;
    text_release(sentences);
}

static void paint(struct text *text, const struct ab_style *style, const char *code,
                  const char *words)
{
    if (style->color) text_put(text, code);
    text_put(text, words);
    if (style->color) text_put(text, "\033[0m");
}

static const char *color_of(enum experiment_verdict verdict)
{
    switch (verdict) {
    case EXPERIMENT_VARIANT_WINS:
        return "\033[32m";
    case EXPERIMENT_VARIANT_LOSES:
    case EXPERIMENT_GUARDRAIL_BREACHED:
    case EXPERIMENT_INVALID_SRM:
        return "\033[31m";
    case EXPERIMENT_COLLECTING_DATA:
    case EXPERIMENT_NOT_SIGNIFICANT:
    case EXPERIMENT_VERDICTS:
        break;
    }
    return "\033[33m";
}

/* ---- the top ---- */

static void put_basis(struct text *text, const struct ab_result *result)
{
    struct text line = {0};
    text_format(&line, "%s: ", result->name);
    text_grouped(&line, result->plan_only ? result->orders : result->used);
    if (!result->plan_only && result->used < result->orders) {
        text_put(&line, " of ");
        text_grouped(&line, result->orders);
    }
    text_put(&line, " orders, ");
    ab_show_orders(&line, result->orders_per_day);
    text_put(&line, " a day; goal: ");
    ab_write_goal(&line, result);
    if (!result->plan_only) {
        text_format(&line, "; %s by hash of the order, salt \"%s\"",
                    result->interleave ? "interleaved" : "split", result->salt);
    }
    put_wrapped(text, &line);
    text_char(text, '\n');
}

static void put_headline(struct text *text, const struct ab_result *result,
                         const struct ab_style *style)
{
    struct text finding = {0}, title = {0};
    text_put(text, "  ");
    ab_write_verdict(&title, result);
    if (title.bytes != NULL && title.bytes[0] >= 'A' && title.bytes[0] <= 'Z')
        title.bytes[0] = (char)(title.bytes[0] - 'A' + 'a');
    if (result->plan_only) {
        text_put(text, title.bytes != NULL ? title.bytes : "");
    } else {
        paint(text, style, color_of(result->verdict), title.bytes != NULL ? title.bytes : "");
        text_format(text, " (%s)", experiment_verdict_names[result->verdict]);
    }
    text->failed |= title.failed;
    text_release(&title);
    text_char(text, '\n');
    ab_write_finding(&finding, result, result->best);
    put_wrapped(text, &finding);
}

static void put_weights(struct text *text, const struct ab_result *result)
{
    static const char *const parts[REPLAY_PARTS] = {"priority", "price",  "speed",
                                                    "commiss.", "avail.", "reliab."};
    text_put(text, "\n  WEIGHTS       ");
    for (unsigned k = 0; k < REPLAY_PARTS; k++)
        put_words(text, parts[k], 9);
    put_words(text, result->plan_only ? "share" : "orders", 9);
    text_char(text, '\n');
    for (uint32_t a = 0; a < result->arm_count; a++) {
        struct text name = {0}, count = {0};
        text_format(&name, "%.13s", result->arms[a].name);
        text_put(text, "  ");
        put_left(text, &name, 14);
        for (unsigned k = 0; k < REPLAY_PARTS; k++) {
            struct text cell = {0};
            tune_show_weight(&cell, score_weight_of(&result->arms[a].weights, (enum replay_part)k));
            put_right(text, &cell, 9);
        }
        if (result->plan_only) {
            show_share(&count, result->arms[a].share / (double)EXPERIMENT_BUCKETS);
        } else {
            text_grouped(&count, (int64_t)result->counts[a]);
        }
        put_right(text, &count, 9);
        text_char(text, '\n');
    }
}

/* ---- several variants ---- */

static void put_variants(struct text *text, const struct ab_result *result,
                         const struct ab_style *style)
{
    if (result->arm_count == 2 || result->plan_only) return;
    text_put(text, "\n  VARIANTS");
    spaces(text, LABEL, 8);
    put_words(text, "goal", CELL);
    put_words(text, "p (max-T)", CELL);
    text_put(text, "  verdict\n");
    for (uint32_t v = 0; v + 1 < result->arm_count; v++) {
        const struct ab_value *goal = &result->variants[v].values[AB_GOAL];
        const enum experiment_verdict verdict = result->variants[v].judgement.verdict;
        struct text name = {0}, change = {0}, p = {0};
        text_format(&name, "%s%s", result->arms[v + 1].name, v == result->best ? ", the best" : "");
        ab_show_change(&change, result->goal, goal->tests[goal->judged_by].value, NAN, NAN);
        ab_show_p(&p, goal->p_adjusted);
        text_put(text, "  ");
        put_left(text, &name, LABEL);
        put_right(text, &change, CELL);
        put_right(text, &p, CELL);
        text_put(text, "  ");
        paint(text, style, color_of(verdict), experiment_verdict_names[verdict]);
        text_char(text, '\n');
    }
}

/* ---- metrics ---- */

static void put_metric(struct text *text, const struct ab_result *result, unsigned metric)
{
    const struct ab_value *value = &result->variants[result->best].values[metric];
    const enum tune_metric shown = ab_shown_as(result, metric);
    const struct stats_test *test = &value->tests[value->judged_by];
    const double low = result->reached ? test->low : value->always.low;
    const double high = result->reached ? test->high : value->always.high;
    struct text label = {0}, a = {0}, change = {0}, range = {0}, truth = {0};
    ab_show_label(&label, result, metric);
    ab_show_mean(&a, result, metric, value->adjusted_a);
    ab_show_change(&change, shown, test->value, low, high);
    if (test->method == STATS_TEST_SAME) {
        text_put(&range, "exact");
    } else {
        ab_show_range(&range, shown, test->value, low, high);
    }
    ab_show_change(&truth, shown, value->truth.value, low, high); /* on one scale */
    text_put(text, "  ");
    put_left(text, &label, LABEL);
    put_right(text, &a, CELL - 1);
    put_right(text, &change, CELL);
    put_right(text, &range, 21);
    put_right(text, &truth, CELL);
    text_char(text, '\n');
}

static void put_metrics(struct text *text, const struct ab_result *result)
{
    unsigned metrics[AB_METRICS];
    const uint32_t count = ab_order_metrics(result, metrics);
    text_format(text, "\n  %-*s", LABEL, result->interleave ? "INTERLEAVED" : "SPLIT, CUPED");
    put_words(text, "baseline", CELL - 1);
    put_words(text, "change", CELL);
    put_words(text, result->reached ? "interval" : "always-valid", 21);
    put_words(text, "replay", CELL);
    text_char(text, '\n');
    for (uint32_t i = 0; i < count; i++)
        put_metric(text, result, metrics[i]);
    struct text belief = {0};
    ab_write_belief(&belief, result);
    put_wrapped(text, &belief);
}

static void put_guardrail(struct text *text, const struct ab_guardrail *guardrail,
                          const struct ab_style *style)
{
    static const char *const codes[] = {"\033[32m", "\033[31m", "\033[33m"};
    struct text name = {0}, value = {0}, limit = {0}, bound = {0};
    text_put(&name, guardrail->text);
    ab_show_guarded(&value, guardrail, guardrail->value);
    ab_show_guarded(&limit, guardrail, guardrail->limit);
    ab_show_bound(&bound, guardrail);
    text_put(text, "  ");
    put_left(text, &name, LABEL);
    put_right(text, &value, CELL);
    put_right(text, &limit, CELL);
    put_right(text, &bound, 2 * CELL - 2);
    text_put(text, "  ");
    paint(text, style, codes[guardrail->state], ab_guard_word(guardrail));
    text_char(text, '\n');
}

static void put_guardrails(struct text *text, const struct ab_result *result,
                           const struct ab_style *style)
{
    struct text bounds = {0};
    if (result->constraint_count == 0) return;
    text_format(text, "\n  %-*s", LABEL, "GUARDRAILS");
    put_words(text, "measured", CELL);
    put_words(text, "limit", CELL);
    put_words(text, "bound", 2 * CELL - 2);
    text_put(text, "  state\n");
    for (uint32_t v = 0; v + 1 < result->arm_count; v++) {
        if (result->arm_count > 2) text_format(text, "  %s:\n", result->arms[v + 1].name);
        for (uint32_t i = 0; i < result->constraint_count; i++)
            put_guardrail(text, &result->variants[v].guardrails[i], style);
    }
    ab_write_bounds(&bounds, result);
    put_wrapped(text, &bounds);
}

/* ---- costs ---- */

static size_t width_for(unsigned estimator)
{
    return estimator == AB_DISCORDANT ? CELL + 1 : CELL;
}

static void put_costs(struct text *text, const struct ab_result *result)
{
    unsigned metrics[AB_METRICS];
    const uint32_t count = ab_order_metrics(result, metrics);
    text_format(text, "\n  %-*s", LABEL, "TIME TO LEARN IT");
    put_words(text, "change", CELL);
    for (unsigned e = 0; e < AB_ESTIMATORS; e++)
        put_words(text, ab_estimator_title((enum ab_estimator)e), width_for(e));
    text_char(text, '\n');
    for (uint32_t i = 0; i < count; i++) {
        const struct ab_cost *cost = &result->variants[result->best].values[metrics[i]].cost;
        struct text label = {0}, change = {0};
        ab_show_label(&label, result, metrics[i]);
        ab_show_change(&change, ab_shown_as(result, metrics[i]), cost->difference, NAN, NAN);
        text_put(text, "  ");
        put_left(text, &label, LABEL);
        put_right(text, &change, CELL);
        for (unsigned e = 0; e < AB_ESTIMATORS; e++) {
            struct text days = {0};
            ab_show_days(&days, cost->days[e]);
            put_right(text, &days, width_for(e));
        }
        text_char(text, '\n');
    }
    if (!result->plan_only) return;
    text_format(text, "\n  %-*s%*s", LABEL, "DETECTABLE IN 14 DAYS", CELL, "");
    for (unsigned e = 0; e < AB_ESTIMATORS; e++)
        put_words(text, ab_estimator_title((enum ab_estimator)e), width_for(e));
    text_char(text, '\n');
    for (uint32_t i = 0; i < count; i++) {
        const struct ab_cost *cost = &result->variants[result->best].values[metrics[i]].cost;
        struct text label = {0};
        ab_show_label(&label, result, metrics[i]);
        text_put(text, "  ");
        put_left(text, &label, LABEL + CELL);
        for (unsigned e = 0; e < AB_ESTIMATORS; e++) {
            struct text mde = {0};
            ab_show_change(&mde, ab_shown_as(result, metrics[i]), cost->mde[e], NAN, NAN);
            put_right(text, &mde, width_for(e));
        }
        text_char(text, '\n');
    }
}

static void put_sentence(struct text *text, const char *title, struct text *sentences)
{
    text_format(text, "\n  %s\n", title);
    put_wrapped(text, sentences);
}

void ab_write_console(struct text *text, const struct ab_result *result,
                      const struct ab_style *style)
{
    struct text trigger = {0}, assignment = {0}, peeks = {0}, cost = {0};
    put_basis(text, result);
    put_headline(text, result, style);
    put_weights(text, result);
    put_variants(text, result, style);
    if (!result->plan_only) {
        put_metrics(text, result);
        put_guardrails(text, result, style);
    }
    ab_write_trigger(&trigger, result, result->best);
    put_sentence(text, "TRIGGERED ORDERS", &trigger);
    if (!result->plan_only) {
        ab_write_assignment(&assignment, result);
        put_sentence(text, "ASSIGNMENT", &assignment);
        ab_write_peeks(&peeks, result, result->best);
        put_sentence(text, "LOOKING EARLY", &peeks);
    }
    put_costs(text, result);
    text_char(text, '\n');
    ab_write_cost(&cost, result, result->best);
    put_wrapped(text, &cost);
    if (result->plan_only) {
        struct text how = {0};
        ab_write_how(&how, result);
        put_sentence(text, "HOW TO RUN IT", &how);
    }
    for (uint32_t i = 0; i < result->note_count; i++) {
        struct text note = {0};
        text_put(&note, result->notes[i]);
        text_char(text, '\n');
        put_wrapped(text, &note);
    }
    if (style->report_path != NULL)
        text_format(text, "\n  Nothing was applied. Report: %s\n", style->report_path);
}
