#include "reports/tune_text.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "reports/show.h"
#include "reports/tune_report.h"

struct scale {
    double factor;
    int decimals;
    const char *before, *after;
};

static int decimals_for(double most)
{
    return most >= 100.0 ? 0 : most >= 10.0 ? 1 : 2;
}

static struct scale scale_of(enum tune_metric metric, double most)
{
    switch (tune_metric_traits[metric].unit) {
    case TUNE_CENTS:
        if (most >= 100.0) return (struct scale){1e-2, 2, "$", ""};
        return (struct scale){1.0, decimals_for(most), "", "\u00a2"};
    case TUNE_MINUTES:
        return (struct scale){1.0, decimals_for(most), "", " min"};
    case TUNE_SHARE:
        return (struct scale){100.0, most < 0.001 ? 2 : 1, "", "%"};
    case TUNE_POINTS: /* shares of the range that weights can move the goal over */
        return (struct scale){100.0, 2, "", "%"};
    }
    assert(!"a metric without a unit");
    return (struct scale){1.0, 2, "", ""};
}

static void put_digits(struct text *text, const struct scale *scale, double value, bool sign,
                       bool unit)
{
    struct text digits = {0};
    text_fixed(&digits, fabs(value) * scale->factor, scale->decimals);
    if (digits.failed) text->failed = true;
    const bool nothing = digits.bytes == NULL || strspn(digits.bytes, "0.") == digits.length;
    if (!nothing && value < 0.0) text_put(text, "\u2212");
    if (!nothing && value > 0.0 && sign) text_put(text, "+");
    text_put(text, scale->before);
    if (digits.bytes != NULL) text_put(text, digits.bytes);
    if (unit) text_put(text, scale->after);
    text_release(&digits);
}

void tune_show_value(struct text *text, enum tune_metric metric, double value)
{
    const struct scale scale = scale_of(metric, fabs(value));
    if (isnan(value)) {
        text_put(text, "n/a");
    } else {
        put_digits(text, &scale, value, false, true);
    }
}

static struct scale difference_scale(enum tune_metric metric, const struct stats_estimate *d)
{
    double most = fabs(d->value);
    if (!isnan(d->low)) most = fmax(most, fabs(d->low));
    if (!isnan(d->high)) most = fmax(most, fabs(d->high));
    struct scale scale = scale_of(metric, most);
    if (tune_metric_traits[metric].unit == TUNE_SHARE) {
        scale.decimals = most < 0.1 ? 2 : 1;
        scale.after = " pp";
    }
    return scale;
}

void tune_show_difference(struct text *text, enum tune_metric metric,
                          const struct tune_value *value)
{
    const struct scale scale = difference_scale(metric, &value->difference);
    if (isnan(value->difference.value)) {
        text_put(text, "n/a");
    } else {
        put_digits(text, &scale, value->difference.value, true, true);
    }
}

void tune_show_interval(struct text *text, enum tune_metric metric, const struct tune_value *value)
{
    const struct stats_estimate *d = &value->difference;
    const struct scale scale = difference_scale(metric, d);
    if (d->method == STATS_EXACT) {
        text_put(text, "exact");
    } else if (isnan(d->low) || isnan(d->high)) {
        text_put(text, "n/a");
    } else {
        put_digits(text, &scale, d->low, true, false);
        text_put(text, " to ");
        put_digits(text, &scale, d->high, true, true);
    }
}

void tune_show_weight(struct text *text, double weight)
{
    struct text digits = {0};
    text_fixed(&digits, weight, 4);
    while (digits.length > 4 && digits.bytes[digits.length - 1] == '0')
        digits.bytes[--digits.length] = '\0'; /* two decimals stay */
    if (digits.bytes != NULL) text_put(text, digits.bytes);
    text->failed |= digits.failed;
    text_release(&digits);
}

/* How much of the second objective weighs as much as one unit of the first: what the goal trades.
 */
static void put_exchange(struct text *text, const struct tuning *tuning)
{
    if (tuning->objective_count != 2) return;
    const struct search_objective *a = &tuning->objectives[0], *b = &tuning->objectives[1];
    const double *scales = tuning->search.scales;
    if (!(scales[0] > 0.0 && scales[1] > 0.0)) return;
    const bool money = replay_outcome_traits[a->outcome].scale == 1.0 &&
                       tune_metric_traits[a->outcome].unit == TUNE_CENTS;
    const double unit = money                                               ? 1.0
                        : tune_metric_traits[a->outcome].unit == TUNE_SHARE ? 0.01
                                                                            : 1.0;
    const double other = unit * a->weight / scales[0] * scales[1] / b->weight;
    text_put(text, "; ");
    tune_show_value(text, (enum tune_metric)a->outcome, unit);
    text_format(text, " of %s weighs as much as ", replay_outcome_traits[a->outcome].name);
    tune_show_value(text, (enum tune_metric)b->outcome, other);
    text_format(text, " of %s", replay_outcome_traits[b->outcome].name);
}

void tune_write_goal(struct text *text, const struct tuning *tuning)
{
    for (uint32_t o = 0; o < tuning->objective_count; o++) {
        if (o > 0) text_put(text, ", ");
        text_format(text, "%s ", replay_outcome_traits[tuning->objectives[o].outcome].name);
        text_fixed(text, 100.0 * tuning->objectives[o].weight, 0);
        text_char(text, '%');
    }
    put_exchange(text, tuning);
}

const char *tune_verdict_title(const struct tuning *tuning)
{
    if (tuning->chosen == UINT32_MAX && tuning->baseline_breaks != UINT32_MAX)
        return "the baseline breaks a guardrail, and no weights are sure to keep them";
    if (tuning->chosen == UINT32_MAX && tuning->search.feasible == 0)
        return "no weights are sure to keep the guardrails";
    if (tuning->chosen == UINT32_MAX) return "keep the baseline";
    switch (tuning->verdict) {
    case EXPERIMENT_VARIANT_WINS:
        return "the suggested weights win";
    case EXPERIMENT_VARIANT_LOSES:
        return "the suggested weights lose";
    case EXPERIMENT_GUARDRAIL_BREACHED:
        return "a guardrail is breached";
    case EXPERIMENT_COLLECTING_DATA:
        return "not enough data";
    case EXPERIMENT_INVALID_SRM:
        return "the arms do not match";
    case EXPERIMENT_NOT_SIGNIFICANT:
    case EXPERIMENT_VERDICTS:
        break;
    }
    return tuning->reason == EXPERIMENT_BY_GUARDRAIL
               ? "better, but a guardrail is not shown to be kept"
               : "no significant difference";
}

static bool in_goal(const struct tuning *tuning, enum tune_metric metric)
{
    for (uint32_t o = 0; o < tuning->objective_count; o++)
        if ((enum tune_metric)tuning->objectives[o].outcome == metric) return true;
    return false;
}

uint32_t tune_order_metrics(const struct tuning *tuning, bool models,
                            enum tune_metric metrics[TUNE_METRICS])
{
    static const enum tune_metric order[] = {(enum tune_metric)OUTCOME_COMMISSION,
                                             (enum tune_metric)OUTCOME_PRICE,
                                             (enum tune_metric)OUTCOME_SAVINGS,
                                             (enum tune_metric)OUTCOME_REGRET,
                                             (enum tune_metric)OUTCOME_ETA,
                                             (enum tune_metric)OUTCOME_AVAILABILITY,
                                             TUNE_TOP_SHARE,
                                             TUNE_HHI,
                                             (enum tune_metric)OUTCOME_CANNED,
                                             (enum tune_metric)OUTCOME_BUYS,
                                             (enum tune_metric)OUTCOME_EARNS,
                                             (enum tune_metric)OUTCOME_SURPLUS,
                                             TUNE_SATISFACTION};
    uint32_t count = 0;
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
            const bool model = tune_metric_traits[order[i]].evidence == EVIDENCE_MODEL;
            if (in_goal(tuning, order[i]) != (pass == 0) || (model && !models)) continue;
            metrics[count++] = order[i];
        }
    return count;
}

/* ---- the headline ---- */

static void put_change(struct text *text, const struct tune_arm *arm, enum tune_metric metric)
{
    const struct tune_value *value = &arm->values[TUNE_HOLDOUT][metric];
    char label[64];
    (void)snprintf(label, sizeof label, "%s", tune_metric_traits[metric].label);
    if (label[0] >= 'A' && label[0] <= 'Z' && !(label[1] >= 'A' && label[1] <= 'Z'))
        label[0] = (char)(label[0] - 'A' + 'a');
    text_format(text, "%s ", label);
    tune_show_difference(text, metric, value);
    text_put(text, " an order (");
    if (value->difference.method == STATS_EXACT) {
        text_put(text, "exact)");
    } else {
        text_put(text, "95% interval ");
        tune_show_interval(text, metric, value);
        text_char(text, ')');
    }
}

static void put_breach(struct text *text, const struct tuning *tuning)
{
    if (tuning->baseline_breaks == UINT32_MAX) return;
    const struct search_constraint *constraint = &tuning->constraints[tuning->baseline_breaks];
    const enum tune_metric metric = constraint->quantity == QUANTITY_TOP_SHARE
                                        ? TUNE_TOP_SHARE
                                        : (enum tune_metric)constraint->outcome;
    text_format(text, " The baseline itself breaks %s on the orders held out (", constraint->text);
    tune_show_value(text, metric, tuning->baseline_breach);
    text_put(text, ").");
}

void tune_write_finding(struct text *text, const struct tuning *tuning)
{
    if (tuning->chosen == UINT32_MAX) {
        text_put(text, tuning->search.feasible == 0
                           ? "No weights are sure to keep the guardrails: nothing is suggested."
                           : "No weights are clearly better than the baseline: keep it.");
        put_breach(text, tuning);
        return;
    }
    const struct tune_arm *arm = &tuning->arms[tuning->chosen];
    text_put(text, "On orders it was not tuned on, the suggestion changes ");
    if (tuning->objective_count > 1) {
        const struct tune_value *goal = &arm->values[TUNE_HOLDOUT][TUNE_GOAL];
        text_put(text, "the goal by ");
        tune_show_difference(text, TUNE_GOAL, goal);
        text_put(text, " of its range (");
        if (goal->difference.method != STATS_EXACT) text_put(text, "95% interval ");
        tune_show_interval(text, TUNE_GOAL, goal);
        text_put(text, "): ");
    }
    for (uint32_t o = 0; o < tuning->objective_count; o++) {
        if (o > 0) text_put(text, o + 1 == tuning->objective_count ? " and " : ", ");
        put_change(text, arm, (enum tune_metric)tuning->objectives[o].outcome);
    }
    text_put(text, "; ");
    show_share(text, (double)arm->changed[TUNE_HOLDOUT] / tuning->orders[TUNE_HOLDOUT]);
    text_put(text, " of them go to another provider.");
    put_breach(text, tuning);
}

void tune_write_secrets(struct text *text, const struct score_weights *weights)
{
    static const char *const keys[REPLAY_PARTS] = {"PRIORITY",   "PRICE",        "SPEED",
                                                   "COMMISSION", "AVAILABILITY", "RELIABILITY"};
    text_put(text, "supabase secrets set");
    for (unsigned k = 0; k < REPLAY_PARTS; k++) {
        text_format(text, " LOOPGPT_SCORE_%s_WEIGHT=", keys[k]);
        text_double(text, score_weight_of(weights, (enum replay_part)k));
    }
}

/* ---- what weights can change ---- */

void tune_show_movable(struct text *text, const struct geometry_weight *weight)
{
    const double percent = 100.0 * weight->movable;
    if (percent >= 1.0 || weight->movable_orders == 0) {
        show_share(text, weight->movable);
        return;
    }
    if (percent < 0.01) text_char(text, '<');
    text_fixed(text, fmax(percent, 0.01), 2);
    text_char(text, '%');
}

const char *tune_effect_words(const struct tuning *tuning, enum replay_part part)
{
    const bool none = tuning->geometry.weights[part].no_effect;
    if ((tuning->held >> part & 1u) != 0)
        return none ? "no effect in this data, not tuned" : "not tuned";
    return none ? "no effect in this data while priority weighs what it does" : "tuned";
}

/* ---- rates of commission ---- */

static void put_rates_class(struct text *text, const char *words, uint64_t count, uint64_t orders)
{
    if (count == 0) return;
    text_put(text, words);
    show_share(text, (double)count / (double)orders);
}

void tune_write_rates(struct text *text, const struct tuning *tuning)
{
    const struct geometry_rates *rates = &tuning->rates;
    const struct geometry_weight *weight = &tuning->geometry.weights[PART_COMMISSION];
    text_put(text, "The weight on commission can move ");
    text_grouped(text, (int64_t)weight->movable_orders);
    text_put(text, " of ");
    text_grouped(text, (int64_t)rates->orders);
    text_put(text, " decisions: ");
    if (isnan(rates->low)) {
        text_put(text, "no quote's rate is known.");
        return;
    }
    text_put(text, "known rates are ");
    text_fixed(text, rates->low, 2);
    if (rates->high > rates->low) {
        text_put(text, "% to ");
        text_fixed(text, rates->high, 2);
    }
    text_put(text, "%, and the router scores where a rate lies between the lowest and the highest "
                   "of an order, not how far these are apart");
    put_rates_class(text, "; all quotes score alike in ", rates->alike, rates->orders);
    put_rates_class(text, "; a rate that is not known counts 50 against the others in ",
                    rates->partly, rates->orders);
    put_rates_class(text,
                    "; rates less than 0.1 points apart are stretched over the whole scale in ",
                    rates->stretched, rates->orders);
    text_put(text, rates->alike + rates->partly + rates->stretched > 0 ? " of orders." : ".");
}
