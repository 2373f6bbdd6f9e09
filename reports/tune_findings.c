/* What a tuning found, figure by figure, in sentences. */
#include <math.h>
#include <string.h>

#include "reports/show.h"
#include "reports/tune_figures.h"
#include "reports/tune_text.h"

void tune_show_goal(struct text *text, double goal)
{
    struct text digits = {0};
    if (!isfinite(goal)) {
        text_put(text, "n/a");
        return;
    }
    text_fixed(&digits, 100 * fabs(goal), 2);
    const bool nothing = digits.bytes == NULL || strspn(digits.bytes, "0.") == digits.length;
    if (!nothing) text_put(text, goal < 0 ? "\u2212" : "+");
    if (digits.bytes != NULL) text_put(text, digits.bytes);
    text_char(text, '%');
    text->failed |= digits.failed;
    text_release(&digits);
}

void tune_show_value_n(struct text *text, double n)
{
    text_put(text, ", n\u00a0=\u00a0");
    text_grouped(text, (int64_t)n);
}

bool tune_has_share(const struct tune_value *value)
{
    return isfinite(value->difference.value) && isfinite(value->baseline) && value->baseline != 0.0;
}

/* ---- the holdout ---- */

static void put_named(struct text *text, const struct tune_arm *arm, enum tune_metric metric)
{
    const struct tune_value *value = &arm->values[TUNE_HOLDOUT][metric];
    const char *label = tune_metric_traits[metric].label;
    const bool capital = label[0] >= 'A' && label[0] <= 'Z';
    text_char(text, capital ? (char)(label[0] - 'A' + 'a') : label[0]);
    text_format(text, "%s ", label + 1);
    tune_show_difference(text, metric, value);
    text_put(text, value->difference.method == STATS_EXACT ? " (" : " (95% interval ");
    tune_show_interval(text, metric, value);
    text_char(text, ')');
}

static void put_those(struct text *text, const struct tuning *tuning, enum tune_change change,
                      const char *word)
{
    enum tune_metric metrics[TUNE_METRICS];
    const uint32_t count = tune_order_metrics(tuning, false, metrics);
    const struct tune_arm *arm = &tuning->arms[tuning->chosen];
    uint32_t shown = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (arm->values[TUNE_HOLDOUT][metrics[i]].change != change) continue;
        text_put(text, shown == 0 ? word : ", ");
        put_named(text, arm, metrics[i]);
        shown++;
    }
    if (shown == 0) text_format(text, "%snone", word);
}

void tune_find_forest(struct text *text, const struct tuning *tuning)
{
    if (tuning->chosen == UINT32_MAX) return;
    text_put(text, "Over ");
    text_grouped(text, tuning->orders[TUNE_HOLDOUT]);
    text_put(text, " orders held out, better: ");
    put_those(text, tuning, CHANGE_BETTER, "");
    put_those(text, tuning, CHANGE_WORSE, "; worse: ");
    text_put(text, ".");
}

/* ---- the trade-off ---- */

static void put_several(struct text *text, double count, const char *one, const char *many)
{
    show_count(text, count);
    text_put(text, count == 1 ? one : many);
}

void tune_find_pareto(struct text *text, const struct tuning *tuning)
{
    const struct search *search = &tuning->search;
    text_put(text, "Of ");
    text_grouped(text, search->evaluated);
    text_put(text, " weights tried, ");
    put_several(text, search->feasible, " is", " are");
    text_put(text, " sure to keep the guardrails");
    if (tuning->objective_count > 1) {
        text_put(text, "; among their outcomes ");
        put_several(text, search->front_points, " is", " are");
        text_put(text, " on the Pareto front");
    } else if (search->best != UINT32_MAX) {
        text_put(text, "; the best has a goal of ");
        tune_show_goal(text, search->candidates[search->best].goal);
    }
    text_put(text, " (exact");
    tune_show_value_n(text, tuning->orders[TUNE_TRAIN]);
    text_put(text, ", training orders).");
}

void tune_axes(const struct tuning *tuning, struct tune_axis *x, struct tune_axis *y)
{
    const bool two = tuning->objective_count > 1;
    const enum replay_outcome first = tuning->objectives[0].outcome;
    const enum replay_outcome across = two                      ? first
                                       : first != OUTCOME_PRICE ? OUTCOME_PRICE
                                                                : OUTCOME_COMMISSION;
    *x = (struct tune_axis){.metric = (enum tune_metric)across};
    *y = two ? (struct tune_axis){.metric = (enum tune_metric)tuning->objectives[1].outcome}
             : (struct tune_axis){.metric = TUNE_GOAL, .column = -1, .is_set = true};
    for (uint32_t c = 0; c < tuning->search.column_count; c++) {
        const enum tune_metric metric = (enum tune_metric)tuning->search.columns[c];
        if (metric == x->metric) *x = (struct tune_axis){metric, (int)c, true};
        if (metric == y->metric) *y = (struct tune_axis){metric, (int)c, true};
    }
}

double tune_axis_value(const struct tune_axis *axis, const struct search_candidate *candidate)
{
    return axis->column < 0 ? candidate->goal : candidate->means[axis->column];
}

/* ---- three weights ---- */

static void put_thirds(struct text *text, double price, double speed, double commission)
{
    const double sum = price + speed + commission;
    text_fixed(text, 100 * price / sum, 0);
    text_put(text, "% price, ");
    text_fixed(text, 100 * speed / sum, 0);
    text_put(text, "% speed, ");
    text_fixed(text, 100 * commission / sum, 0);
    text_put(text, "% commission");
}

/* Whether the suggestion lies off the map: its other three weights are not the baseline's. */
static bool moves_others(const struct tuning *tuning)
{
    const struct score_weights was = search_normalise(&tuning->arms[0].weights);
    const struct score_weights is = search_normalise(&tuning->arms[tuning->chosen].weights);
    return was.priority != is.priority || was.availability != is.availability ||
           was.reliability != is.reliability;
}

void tune_find_simplex(struct text *text, const struct tuning *tuning)
{
    const struct tune_simplex_point *best = &tuning->simplex[0];
    const struct score_weights *now = &tuning->arms[0].weights;
    for (uint32_t i = 1; i < TUNE_SIMPLEX_POINTS; i++)
        if (tuning->simplex[i].goal > best->goal) best = &tuning->simplex[i];
    text_put(text, "With the other weights as they are and without regard to guardrails, the goal "
                   "is highest (");
    tune_show_goal(text, best->goal);
    text_put(text, ", exact");
    tune_show_value_n(text, tuning->orders[TUNE_TRAIN]);
    text_put(text, ") at ");
    put_thirds(text, best->price, best->speed, best->commission);
    if (now->price + now->speed + now->commission > 0) {
        text_put(text, "; the baseline has ");
        put_thirds(text, now->price, now->speed, now->commission);
    }
    if (tuning->chosen != UINT32_MAX && moves_others(tuning))
        text_put(text, "; the suggestion has other values of the other three weights too");
    text_put(text, ".");
}

/* ---- curves ---- */

void tune_find_sweeps(struct text *text, const struct tuning *tuning)
{
    const struct geometry *geometry = &tuning->geometry;
    unsigned most = 0, nearest = REPLAY_PARTS;
    double least = HUGE_VAL;
    for (unsigned k = 0; k < REPLAY_PARTS; k++) {
        if (geometry->weights[k].movable > geometry->weights[most].movable) most = k;
        const double now = score_weight_of(&tuning->arms[0].weights, (enum replay_part)k);
        const double above = tuning->sweeps[k].nearest_above - now;
        if (above > TUNE_TIE && above < least) { /* ties stand at today's value itself */
            least = above;
            nearest = k;
        }
    }
    text_format(text, "The weight on %s reaches furthest: values from 0 to 1 decide ",
                replay_part_names[most]);
    show_share(text, geometry->weights[most].movable);
    text_put(text, " of orders otherwise (exact");
    tune_show_value_n(text, geometry->orders);
    text_put(text, ")");
    if (nearest < REPLAY_PARTS) {
        text_put(text, "; ties apart, the first order changes hands when ");
        text_format(text, "%s rises by ", replay_part_names[nearest]);
        text_fixed(text, least, 4);
    }
    text_put(text, ".");
}

/* ---- who gets the orders ---- */

static void put_share_change(struct text *text, unsigned provider, double change)
{
    text_format(text, "%s ", provider_traits[provider].short_name);
    text_put(text, change < 0 ? "\u2212" : "+");
    text_fixed(text, 100 * fabs(change), 1);
    text_put(text, " pp");
}

void tune_find_shares(struct text *text, const struct tuning *tuning)
{
    if (tuning->chosen == UINT32_MAX) return;
    const double *was = tuning->arms[0].shares[TUNE_ALL];
    const double *is = tuning->arms[tuning->chosen].shares[TUNE_ALL];
    unsigned up = 0, down = 0;
    for (unsigned p = 1; p < PROVIDER_COUNT; p++) {
        if (is[p] - was[p] > is[up] - was[up]) up = p;
        if (is[p] - was[p] < is[down] - was[down]) down = p;
    }
    text_put(text, "The suggestion sends ");
    show_share(text, tuning->triggered);
    text_put(text, " of orders elsewhere");
    if (is[up] - was[up] > 0) {
        text_put(text, ": ");
        put_share_change(text, up, is[up] - was[up]);
        text_put(text, ", ");
        put_share_change(text, down, is[down] - was[down]);
    }
    text_put(text, " (exact");
    tune_show_value_n(text, tuning->orders[TUNE_ALL]);
    text_put(text, ").");
}

void tune_find_flips(struct text *text, const struct tuning *tuning)
{
    const struct geometry_moves *moves = &tuning->moves;
    unsigned most = 0;
    for (unsigned k = 1; k < REPLAY_PARTS; k++)
        if (moves->by_cause[k] > moves->by_cause[most]) most = k;
    if (moves->flips == 0) {
        text_put(text, "No order goes to another provider.");
        return;
    }
    text_format(text, "The weight on %s tips most of them: ", replay_part_names[most]);
    show_share(text, (double)moves->by_cause[most] / (double)moves->flips);
    text_put(text, " of ");
    text_grouped(text, (int64_t)moves->flips);
    text_put(text, " orders that change provider (exact).");
}

/* ---- sensitivity, holdout ---- */

void tune_find_sensitivity(struct text *text, const struct tuning *tuning)
{
    const uint32_t center = tuning->chosen != UINT32_MAX ? tuning->chosen : 0;
    const double here = tuning->arms[center].values[TUNE_ALL][TUNE_GOAL].value;
    double most = 0, changed = 0;
    unsigned which = 0;
    bool up = false;
    for (unsigned k = 0; k < REPLAY_PARTS; k++) {
        const struct tune_sensitivity *of = &tuning->sensitivity[k];
        changed = fmax(changed, fmax(of->changed_down, of->changed_up));
        for (int end = 0; end < 2; end++) {
            const double move = (end ? of->goal_up : of->goal_down) - here;
            if (!(fabs(move) > fabs(most))) continue;
            most = move;
            which = k;
            up = end == 1;
        }
    }
    text_put(text, "A fifth more or less of one weight changes at most ");
    show_share(text, changed);
    text_put(text, " of decisions");
    if (most != 0) {
        text_put(text, " and the goal by at most ");
        tune_show_goal(text, most);
        text_format(text, " (%s at %s)", replay_part_names[which], up ? "120%" : "80%");
    }
    text_put(text, "; exact");
    tune_show_value_n(text, tuning->orders[TUNE_ALL]);
    text_put(text, ".");
}

void tune_find_gain(struct text *text, const struct tuning *tuning)
{
    if (tuning->chosen == UINT32_MAX) return;
    const struct tune_arm *arm = &tuning->arms[tuning->chosen];
    const struct stats_estimate *holdout = &arm->values[TUNE_HOLDOUT][TUNE_GOAL].difference;
    text_put(text, "The goal changed by ");
    tune_show_goal(text, arm->values[TUNE_TRAIN][TUNE_GOAL].difference.value);
    text_put(text, " of its range on the orders it was chosen on and by ");
    tune_show_goal(text, holdout->value);
    if (isfinite(holdout->low) && holdout->method != STATS_EXACT) {
        text_put(text, " (95% interval ");
        tune_show_goal(text, holdout->low);
        text_put(text, " to ");
        tune_show_goal(text, holdout->high);
        text_put(text, ")");
    } else {
        text_put(text, " (exact)");
    }
    text_put(text, " on the others");
    if (isfinite(tuning->shrunk_goal)) {
        text_put(text, ": ");
        if (tuning->shrunk_goal < 0) {
            text_put(text, "nothing");
        } else {
            show_share(text, tuning->shrunk_goal);
        }
        text_put(text, " of the gain is left");
    }
    text_put(text, ".");
}
