#include "reports/ab_text.h"

#include <assert.h>
#include <math.h>

#include "reports/show.h"
#include "reports/tune_text.h"

enum { HOURS_A_DAY = 24 };

#define US_PER_DAY 86400e6

const char *ab_verdict_title(enum experiment_verdict verdict)
{
    switch (verdict) {
    case EXPERIMENT_COLLECTING_DATA:
        return "not enough orders yet";
    case EXPERIMENT_NOT_SIGNIFICANT:
        return "no significant difference";
    case EXPERIMENT_VARIANT_WINS:
        return "the variant wins";
    case EXPERIMENT_VARIANT_LOSES:
        return "the variant loses";
    case EXPERIMENT_GUARDRAIL_BREACHED:
        return "a guardrail is breached";
    case EXPERIMENT_INVALID_SRM:
        return "the arms did not get their traffic: nothing of it is to be believed";
    case EXPERIMENT_VERDICTS:
        break;
    }
    assert(!"a verdict");
    return "";
}

const char *ab_estimator_title(enum ab_estimator estimator)
{
    switch (estimator) {
    case AB_RAW:
        return "raw";
    case AB_CUPED:
        return "CUPED";
    case AB_DISCORDANT:
        return "discordant";
    case AB_SHADOW:
        return "shadow";
    case AB_ESTIMATORS:
        break;
    }
    assert(!"an estimator");
    return "";
}

const char *ab_guard_word(const struct ab_guardrail *guardrail)
{
    switch (guardrail->state) {
    case AB_GUARD_KEPT:
        return "\u2713 kept";
    case AB_GUARD_BREACHED:
        return "\u2717 BREACHED";
    case AB_GUARD_OPEN:
        break;
    }
    return "? not shown";
}

/* ---- values ---- */

void ab_show_label(struct text *text, const struct ab_result *result, unsigned metric)
{
    const bool drawn = ab_is_of_purchases(result, metric) && result->observed < result->orders;
    const bool model = metric == OUTCOME_SURPLUS || (drawn && result->observed == 0);
    text_put(text, metric == OUTCOME_EARNS ||
                           (metric == AB_GOAL && result->goal == (enum tune_metric)OUTCOME_EARNS)
                       ? "Commission earned"
                       : tune_metric_traits[ab_shown_as(result, metric)].label);
    if (model || drawn) text_put(text, model ? " (model)" : " (mixed)");
}

/* A sum of several outcomes has no zero of its own: its differences alone mean something. */
void ab_show_mean(struct text *text, const struct ab_result *result, unsigned metric, double value)
{
    if (ab_shown_as(result, metric) == TUNE_GOAL) {
        text_put(text, "\u2013");
        return;
    }
    tune_show_value(text, ab_shown_as(result, metric), value);
}

static struct tune_value as_value(double value, double low, double high)
{
    return (struct tune_value){
        .difference = {.value = value, .low = low, .high = high, .method = STATS_BLOCKS}};
}

/* Enough for two digits of it, and no fewer than `least`. */
static int decimals_of(double value, int least)
{
    const int wanted = value > 0.0 ? 1 - (int)floor(log10(value)) : least;
    return wanted < least ? least : wanted > 9 ? 9 : wanted;
}

/* Of a sum of outcomes: in standard deviations. */
static void put_deviations(struct text *text, double value)
{
    if (isnan(value)) {
        text_put(text, "n/a");
        return;
    }
    if (value == 0.0) {
        text_char(text, '0');
        return;
    }
    text_put(text, value < 0.0 ? "\u2212" : "+");
    text_fixed(text, fabs(value), decimals_of(fabs(value), 3));
}

/* A change that the usual digits would round to nothing, in its unit: two digits of it. */
static bool put_tiny(struct text *text, enum tune_metric metric, double value, double low,
                     double high)
{
    const unsigned unit = tune_metric_traits[metric].unit;
    const bool share = unit == TUNE_SHARE;
    const double shown = fabs(share ? 100.0 * value : value), least = 0.005;
    const bool others =
        fabs(low) * (share ? 100.0 : 1.0) >= least || fabs(high) * (share ? 100.0 : 1.0) >= least;
    if (!(shown > 0.0 && shown < least) || others || unit == TUNE_POINTS) return false;
    if (shown < 1e-6) { /* rounding of sums, not a change */
        text_put(text, "0");
    } else {
        text_put(text, value < 0.0 ? "\u2212" : "+");
        text_fixed(text, shown, decimals_of(shown, 2));
    }
    text_put(text, unit == TUNE_CENTS ? "\u00a2" : share ? " pp" : " min");
    return true;
}

void ab_show_change(struct text *text, enum tune_metric metric, double value, double low,
                    double high)
{
    if (metric == TUNE_GOAL) {
        put_deviations(text, value);
        if (!isnan(value)) text_put(text, " sd");
        return;
    }
    if (put_tiny(text, metric, value, low, high)) return;
    const struct tune_value shown = as_value(value, low, high);
    tune_show_difference(text, metric, &shown);
}

void ab_show_range(struct text *text, enum tune_metric metric, double value, double low,
                   double high)
{
    if (metric == TUNE_GOAL && !isnan(low) && !isnan(high)) {
        put_deviations(text, low);
        text_put(text, " to ");
        put_deviations(text, high);
        text_put(text, " sd");
        return;
    }
    const struct tune_value shown = as_value(value, low, high);
    tune_show_interval(text, metric, &shown);
}

void ab_show_p(struct text *text, double p)
{
    if (isnan(p)) {
        text_put(text, "n/a");
    } else if (p < 0.001) {
        text_put(text, "<0.001");
    } else {
        text_fixed(text, p, p < 0.1 ? 3 : 2);
    }
}

void ab_show_orders(struct text *text, double n)
{
    if (isnan(n)) {
        text_put(text, "n/a");
    } else if (n > 1e15) {
        text_put(text, "never");
    } else {
        text_grouped(text, (int64_t)ceil(n));
    }
}

void ab_show_days(struct text *text, double days)
{
    if (isnan(days)) {
        text_put(text, "n/a");
    } else if (days > 36500.0) {
        text_put(text, isinf(days) ? "never" : ">100 y");
    } else if (days >= 2.0) {
        text_grouped(text, (int64_t)ceil(days));
        text_put(text, " days");
    } else if (days * HOURS_A_DAY >= 1.0) {
        text_format(text, "%d h", (int)ceil(days * HOURS_A_DAY));
    } else {
        text_put(text, "< 1 h");
    }
}

uint32_t ab_order_metrics(const struct ab_result *result, unsigned metrics[AB_METRICS])
{
    static const unsigned order[] = {
        OUTCOME_EARNS,  OUTCOME_BUYS, OUTCOME_COMMISSION,   OUTCOME_PRICE,   OUTCOME_SAVINGS,
        OUTCOME_REGRET, OUTCOME_ETA,  OUTCOME_AVAILABILITY, OUTCOME_SURPLUS, OUTCOME_CANNED};
    uint32_t count = 0;
    metrics[count++] = AB_GOAL;
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        const struct ab_cost *cost = &result->variants[result->best].values[order[i]].cost;
        const bool empty = order[i] == OUTCOME_CANNED && cost->sd_a == 0.0 && cost->sd_b == 0.0;
        if (!empty && (enum tune_metric)order[i] != result->goal) metrics[count++] = order[i];
    }
    return count;
}

/* ---- sentences ---- */

static void put_small(struct text *text, enum tune_metric metric) /* a label within a sentence */
{
    const char *label = tune_metric_traits[metric].label;
    text_char(text, label[0] >= 'A' && label[0] <= 'Z' ? (char)(label[0] - 'A' + 'a') : label[0]);
    text_put(text, label + 1);
}

static void put_level(struct text *text, const struct ab_result *result)
{
    const double level = 100.0 * (1.0 - result->alpha);
    text_fixed(text, level, fabs(level - rint(level)) < 1e-6 ? 0 : 1);
    text_char(text, '%');
}

void ab_write_goal(struct text *text, const struct ab_result *result)
{
    for (uint32_t o = 0; o < result->objective_count; o++) {
        if (o > 0) text_put(text, " + ");
        const enum replay_outcome outcome = result->objectives[o].outcome;
        if (outcome == OUTCOME_EARNS) {
            text_put(text, "commission earned");
        } else {
            put_small(text, (enum tune_metric)outcome);
        }
        if (result->objective_count == 1) {
            if (ab_is_invented(result)) text_put(text, " (model)");
            return;
        }
        text_char(text, ' ');
        text_fixed(text, 100.0 * result->objectives[o].weight, 0);
        text_char(text, '%');
    }
    text_put(text, ", in the baseline's standard deviations");
}

static void put_truth(struct text *text, const struct ab_result *result,
                      const struct ab_value *goal)
{
    text_put(text, result->goal_of_purchases ? " By the choice model it is "
                                             : " The replay of both policies over the same orders "
                                               "says exactly ");
    ab_show_change(text, result->goal, goal->truth.value, NAN, NAN);
    text_char(text, '.');
}

/* What cannot be learned, in words; false when it can. */
static bool put_nothing(struct text *text, const struct ab_result *result, uint32_t variant)
{
    const struct ab_variant *of = &result->variants[variant];
    if (of->triggered == 0) {
        text_put(text, "The two policies decide every order alike: there is nothing to learn.");
        return true;
    }
    if (of->values[AB_GOAL].cost.difference != 0.0) return false;
    text_put(text, "The two policies do not differ in the goal on these orders: there is nothing "
                   "to learn about it.");
    return true;
}

static void find_plan(struct text *text, const struct ab_result *result, uint32_t variant)
{
    const struct ab_value *goal = &result->variants[variant].values[AB_GOAL];
    const struct ab_cost *cost = &goal->cost;
    if (put_nothing(text, result, variant)) return;
    text_put(text, result->goal_of_purchases ? "By the choice model the variant changes "
                                             : "The variant changes ");
    ab_write_goal(text, result);
    text_put(text, " by ");
    ab_show_change(text, result->goal, cost->difference, NAN, NAN);
    text_put(text, " an order; an A/B sees that with ");
    text_fixed(text, 100.0 * result->power, 0);
    text_put(text, "% power after ");
    ab_show_orders(text, result->plan_n);
    text_put(text,
             result->interleave && !result->goal_of_purchases ? " orders (" : " orders an arm (");
    ab_show_days(text, result->plan_days);
    text_format(text, ", %s).", ab_estimator_title(goal->judged_by));
}

bool ab_is_invented(const struct ab_result *result)
{
    return result->goal_of_purchases && result->observed == 0;
}

void ab_show_guarded(struct text *text, const struct ab_guardrail *guardrail, double value)
{
    if (guardrail->absolute) {
        tune_show_value(text, guardrail->metric, value);
    } else {
        ab_show_change(text, guardrail->metric, value, guardrail->value, guardrail->limit);
    }
}

void ab_show_bound(struct text *text, const struct ab_guardrail *guardrail)
{
    if (isnan(guardrail->bound)) {
        text_put(text, "n/a");
        return;
    }
    text_put(text, guardrail->at_most ? "at most " : "at least ");
    ab_show_guarded(text, guardrail, guardrail->bound);
}

void ab_write_bounds(struct text *text, const struct ab_result *result)
{
    if (!result->reached) {
        text_put(text, "Judged by the always-valid sequence before the planned look: there are no "
                       "bounds yet.");
        return;
    }
    text_put(text, "Bounds are one-sided, at ");
    put_level(text, result);
    text_put(text, ": kept when the bound is within the limit; broken when the other one-sided "
                   "bound is beyond it, with Holm's correction. Limits relative to the baseline "
                   "are of the difference.");
}

static void put_breach(struct text *text, const struct ab_guardrail *guardrail)
{
    const double over = guardrail->value - guardrail->limit;
    const double scale = guardrail->absolute ? (double)NAN : guardrail->value;
    struct text by = {0};
    text_format(text, "%s: ", guardrail->text);
    put_small(text, guardrail->metric);
    text_char(text, ' ');
    ab_show_guarded(text, guardrail, guardrail->value);
    text_put(text, guardrail->at_most ? " where at most " : " where at least ");
    ab_show_guarded(text, guardrail, guardrail->limit);
    text_put(text, " is allowed, beyond it by ");
    ab_show_change(&by, guardrail->metric, fabs(over), scale, guardrail->limit);
    if (by.bytes != NULL) text_put(text, by.bytes[0] == '+' ? by.bytes + 1 : by.bytes);
    text->failed |= by.failed;
    text_release(&by);
    text_put(text, " (p of harm ");
    ab_show_p(text, guardrail->p_adjusted);
    text_char(text, ')');
}

void ab_write_breaches(struct text *text, const struct ab_result *result, uint32_t variant)
{
    const struct ab_variant *of = &result->variants[variant];
    uint32_t breached = 0;
    if (of->judgement.verdict != EXPERIMENT_GUARDRAIL_BREACHED) return;
    for (uint32_t i = 0; i < result->constraint_count; i++) {
        if (of->guardrails[i].state != AB_GUARD_BREACHED && i != of->judgement.guardrail) continue;
        text_format(text, "%s", breached++ == 0 ? result->arms[variant + 1].name : ";");
        text_put(text, breached == 1 ? " breaks " : " ");
        put_breach(text, &of->guardrails[i]);
    }
    if (breached > 0) text_put(text, ". ");
}

/* The orders that the estimate stands on, which are not always those of the arms. */
static void put_units(struct text *text, const struct ab_result *result, uint32_t variant)
{
    const struct ab_value *goal = &result->variants[variant].values[AB_GOAL];
    const struct stats_test *test = &goal->tests[goal->judged_by];
    if (goal->judged_by == AB_SHADOW) {
        text_put(text, " over all ");
        text_grouped(text, (int64_t)result->used);
        text_put(text, " orders, each decided by both policies");
        return;
    }
    const bool discordant = goal->judged_by == AB_DISCORDANT && test->method != STATS_TEST_SAME;
    text_put(text, " with ");
    text_grouped(text, discordant ? (int64_t)test->n_b : (int64_t)result->counts[variant + 1]);
    text_put(text, " orders against ");
    text_grouped(text, discordant ? (int64_t)test->n_a : (int64_t)result->counts[0]);
    if (discordant) text_put(text, ", those alone that the two policies decide differently");
}

void ab_write_finding(struct text *text, const struct ab_result *result, uint32_t variant)
{
    const struct ab_value *goal = &result->variants[variant].values[AB_GOAL];
    const struct stats_test *test = &goal->tests[goal->judged_by];
    if (result->plan_only) {
        find_plan(text, result, variant);
        return;
    }
    const double low = result->reached ? test->low : goal->always.low;
    const double high = result->reached ? test->high : goal->always.high;
    ab_write_breaches(text, result, variant);
    ab_show_label(text, result, AB_GOAL);
    text_char(text, ' ');
    ab_show_change(text, result->goal, test->value, low, high);
    text_put(text, " an order (");
    if (result->reached && test->method == STATS_TEST_SAME) {
        text_put(text, "both policies decide every order alike");
    } else {
        put_level(text, result);
        text_put(text, result->reached ? " interval " : " always-valid interval ");
        ab_show_range(text, result->goal, test->value, low, high);
        if (!ab_is_invented(result)) {
            text_put(text, ", p ");
            ab_show_p(text, goal->p_adjusted);
        }
        text_format(text, ", %s", ab_estimator_title(goal->judged_by));
    }
    text_put(text, ") for ");
    text_put(text, result->arms[variant + 1].name);
    put_units(text, result, variant);
    text_char(text, '.');
    if (ab_is_invented(result))
        text_put(text, " Its purchases are drawn from an assumed model: that is no evidence of "
                       "what customers do.");
    put_truth(text, result, goal);
}

void ab_write_verdict(struct text *text, const struct ab_result *result)
{
    if (result->plan_only) {
        text_put(text, "A plan: no order was assigned");
        return;
    }
    const char *title = ab_verdict_title(result->verdict);
    const bool by_goal = result->verdict == EXPERIMENT_VARIANT_WINS ||
                         result->verdict == EXPERIMENT_VARIANT_LOSES ||
                         result->verdict == EXPERIMENT_NOT_SIGNIFICANT;
    text_char(text, (char)(title[0] - 'a' + 'A'));
    text_put(text, title + 1);
    if (by_goal && ab_is_invented(result)) text_put(text, ", by an assumed model alone");
}

void ab_write_belief(struct text *text, const struct ab_result *result)
{
    text_put(text,
             result->interleave
                 ? "Believe the change as judged: it compares both policies on the same orders, or "
                   "on those alone that they decide differently; raw means of the arms also differ "
                   "by which orders each got."
                 : "Believe the adjusted change (CUPED) and the baseline adjusted with it: raw "
                   "means of the arms also differ by which orders each happened to get.");
}

void ab_write_cost(struct text *text, const struct ab_result *result, uint32_t variant)
{
    const struct ab_cost *cost = &result->variants[variant].values[AB_GOAL].cost;
    if (put_nothing(text, result, variant)) return;
    text_put(text, "To see ");
    ab_show_change(text, result->goal, cost->difference, NAN, NAN);
    text_put(text, " with ");
    text_fixed(text, 100.0 * result->power, 0);
    text_put(text, "% power: ");
    for (unsigned e = 0; e < AB_ESTIMATORS; e++) {
        if (isnan(cost->n[e])) continue;
        if (e > 0) text_put(text, "; ");
        text_format(text, "%s ", ab_estimator_title((enum ab_estimator)e));
        ab_show_orders(text, cost->n[e]);
        text_put(text, e == AB_SHADOW ? " orders in all (" : e == 0 ? " orders an arm (" : " (");
        ab_show_days(text, cost->days[e]);
        text_char(text, ')');
    }
    text_char(text, '.');
}

void ab_write_how(struct text *text, const struct ab_result *result)
{
    text_format(text,
                "Look once a day, %u times, at the always-valid interval alone; read the "
                "fixed-horizon p once, at the end. Stop when the sample ratio's p is below %g: "
                "half the time that is when an arm's share is off by ",
                (unsigned)result->plan_peeks, STATS_SRM_ALPHA);
    text_fixed(text, 100.0 * result->srm_shift, 2);
    text_put(text, " pp at the planned number of orders.");
}

void ab_write_trigger(struct text *text, const struct ab_result *result, uint32_t variant)
{
    const struct ab_variant *of = &result->variants[variant];
    const struct ab_value *goal = &of->values[AB_GOAL];
    const struct stats_test *diluted = &goal->tests[AB_DISCORDANT];
    show_share(text, of->triggered_share);
    text_put(text, " of orders are decided differently by the two policies");
    if (result->plan_only || of->triggered == 0 || isnan(goal->triggered.value)) {
        text_char(text, '.');
        return;
    }
    text_put(text, "; among those ");
    ab_show_change(text, result->goal, goal->triggered.value, goal->triggered.low,
                   goal->triggered.high);
    text_put(text, ", over all ");
    ab_show_change(text, result->goal, diluted->value, diluted->low, diluted->high);
    if (result->reached) {
        text_put(text, " (");
        ab_show_range(text, result->goal, diluted->value, diluted->low, diluted->high);
        text_char(text, ')');
    }
    text_char(text, '.');
    if (isnan(goal->sign.p)) return;
    text_put(text, " Sign test over them: p ");
    ab_show_p(text, goal->sign.p);
    text_char(text, '.');
}

void ab_write_assignment(struct text *text, const struct ab_result *result)
{
    for (uint32_t a = 0; a < result->arm_count; a++) {
        text_format(text, "%s%s ", a == 0 ? "" : ", ", result->arms[a].name);
        text_grouped(text, (int64_t)result->counts[a]);
    }
    text_put(text, ". Sample ratio p ");
    ab_show_p(text, result->srm.p);
    text_put(text, "; within hours ");
    ab_show_p(text, result->srm_hours.p);
    text_put(text, ", within numbers of quotes ");
    ab_show_p(text, result->srm_quotes.p);
    text_format(text, " (Holm's); below %g the arms are not believed.", STATS_SRM_ALPHA);
}

void ab_write_peeks(struct text *text, const struct ab_result *result, uint32_t variant)
{
    const struct ab_variant *of = &result->variants[variant];
    if (result->peeks == 0) {
        text_put(text, "Nobody looked before the planned look.");
        return;
    }
    text_format(text, "Of %u looks ", (unsigned)result->peeks);
    if (of->decided_at == UINT32_MAX) {
        text_put(text, "none decided by itself (always-valid p at best ");
        ab_show_p(text, of->peeks[result->peeks - 1].p_least);
        text_put(text, ").");
        return;
    }
    const struct ab_peek *peek = &of->peeks[of->decided_at];
    text_format(text, "number %u is the first that decides by itself, after ",
                (unsigned)of->decided_at + 1);
    text_grouped(text, peek->orders);
    text_put(text, " orders (");
    ab_show_days(text, (double)peek->at_us / US_PER_DAY);
    text_put(text, "; always-valid p ");
    ab_show_p(text, peek->p_least);
    text_put(text, ").");
}
