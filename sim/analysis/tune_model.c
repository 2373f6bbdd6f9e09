/* sim/analysis/tune_model.c - what customers might do, by a choice model: fitted to purchases where
 * there are any, else at the middle of an assumed range. Everything here is a model's. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/analysis/choice_metric.h"
#include "sim/analysis/choice_prior.h"
#include "sim/analysis/choice_ratings.h"
#include "sim/analysis/stats_power.h"
#include "sim/analysis/tune_state.h"

enum { TRIAL_DAYS = 14, MODEL_DRAWS = 2000 };

#define OUTCOME_MOST ((1 << 24) - 1) /* what the replay's kernels add up (replay.c) */

static bool is_fitted(const struct tune_request *request)
{
    return request->fit != NULL && request->fit->state == CHOICE_FITTED;
}

/* A fitted coefficient's interval, kept on the side of 0 that makes a customer. */
static struct choice_range range_of(const struct choice_fit *fit, enum choice_taste taste,
                                    double least, double most)
{
    const double half =
        choice_critical(fit, CHOICE_ROBUST, 0.95) * choice_error(fit, taste, CHOICE_ROBUST);
    const double mid = fmax(least, fmin(most, fit->beta[taste]));
    return (struct choice_range){
        .low = fmax(least, mid - half), .mid = mid, .high = fmin(most, mid + half)};
}

/* The range in which tastes lie: fitted, given, or assumed. */
static struct choice_prior prior_of(const struct tune_request *request)
{
    const double none = 1e-9; /* a price that is minded, if ever so little */
    if (!is_fitted(request))
        return request->prior != NULL ? *request->prior : choice_prior_default();
    return (struct choice_prior){
        .beta_price = range_of(request->fit, TASTE_PRICE, -HUGE_VAL, -none),
        .beta_eta = range_of(request->fit, TASTE_ETA, -HUGE_VAL, 0.0),
        .beta_avail = range_of(request->fit, TASTE_AVAIL, 0.0, HUGE_VAL),
        .constant = range_of(request->fit, TASTE_CONSTANT, -HUGE_VAL, HUGE_VAL)};
}

static struct choice_tastes tastes_of(const struct tune_request *request)
{
    const struct choice_prior prior = prior_of(request);
    return is_fitted(request) ? choice_tastes_of(request->fit) : choice_prior_mid(&prior);
}

/* ---- quotes as customers see them ---- */

static double reference_of(const struct replay_order *order, const struct replay_fates *fates)
{
    double totals[PROVIDER_COUNT];
    for (unsigned q = 0; q < order->count; q++)
        totals[q] = fates->of[q][OUTCOME_PRICE];
    return choice_reference_cents(totals, order->count);
}

static struct choice_quote quote_of(const struct replay_fates *fates, unsigned quote,
                                    double reference_cents)
{
    const int32_t *of = fates->of[quote];
    return (struct choice_quote){.price_cents = of[OUTCOME_PRICE],
                                 .reference_cents = reference_cents,
                                 .eta_minutes = of[OUTCOME_ETA],
                                 .fill = of[OUTCOME_AVAILABILITY] *
                                         replay_outcome_traits[OUTCOME_AVAILABILITY].scale,
                                 .commission_cents = of[OUTCOME_COMMISSION]};
}

/* A model's figure as a whole number; what is not known, or beyond what can be added up, is cut to
 * what can. */
static int32_t whole_of(double value, double scale)
{
    if (isnan(value)) return 0;
    return (int32_t)rint(fmax(-OUTCOME_MOST, fmin(OUTCOME_MOST, value / scale)));
}

void tune_fill_table(struct replay_table *table, const struct tune_request *request)
{
    const struct choice_tastes tastes = tastes_of(request);
    for (uint32_t i = 0; i < table->count; i++) {
        struct replay_fates *fates = &table->fates[i];
        const double reference_cents = reference_of(&table->orders[i], fates);
        for (unsigned q = 0; q < table->orders[i].count; q++) {
            const struct choice_quote quote = quote_of(fates, q, reference_cents);
            fates->of[q][OUTCOME_BUYS] =
                whole_of(choice_buys(&tastes, &quote), replay_outcome_traits[OUTCOME_BUYS].scale);
            fates->of[q][OUTCOME_EARNS] = whole_of(choice_earns_cents(&tastes, &quote),
                                                   replay_outcome_traits[OUTCOME_EARNS].scale);
            fates->of[q][OUTCOME_SURPLUS] = whole_of(choice_surplus_cents(&tastes, &quote),
                                                     replay_outcome_traits[OUTCOME_SURPLUS].scale);
        }
    }
}

void tune_fill_model(struct tuning *tuning, const struct tune_request *request)
{
    const struct choice_tastes tastes = tastes_of(request);
    tuning->model_fitted = is_fitted(request);
    for (unsigned t = 0; t < TUNE_TASTES; t++)
        tuning->tastes[t] = (struct tune_taste){
            .name = choice_taste_names[t],
            .value = tastes.beta[t],
            .error =
                tuning->model_fitted ? choice_error(request->fit, t, CHOICE_ROBUST) : (double)NAN};
    tuning->purchases_known = tuning->model_fitted ? request->fit->n : 0;
    tuning->purchases = request->ratings != NULL ? request->ratings->purchases : 0;
    tune_fill_table(&tuning->all, request);
    tune_fill_table(&tuning->train, request);
    tune_fill_table(&tuning->holdout, request);
}

/* ---- purchases ---- */

enum { FIT_BLOCKS = 50 };

/* The quote that was selected, as its customer saw it; false when there was none. */
static bool shown_in(const struct quote_record *record, struct choice_quote *quote)
{
    double totals[PROVIDER_COUNT];
    uint32_t count = 0;
    if (record->as.order.selected >= record->as.order.quote_count) return false;
    const struct quote_record_quote *selected = &record->as.order.quotes[record->as.order.selected];
    for (unsigned q = 0; q < record->as.order.quote_count; q++)
        if ((record->as.order.quotes[q].flags & QUOTE_FLAG_SCORED) != 0)
            totals[count++] = (double)record->as.order.quotes[q].total_cents;
    if (count == 0) return false;
    const double items = record->as.order.items;
    *quote = (struct choice_quote){
        .price_cents = (double)selected->total_cents,
        .reference_cents = choice_reference_cents(totals, count),
        .eta_minutes =
            selected->eta_minutes == 0 ? CHOICE_ETA_REFERENCE_MINUTES : selected->eta_minutes,
        .fill = items > 0.0 ? (selected->found + 0.8 * selected->substituted) / items : 1.0};
    return true;
}

bool tune_fit_purchases(const struct decision_set *set, const struct choice_ratings *ratings,
                        struct choice_fit *fit, struct err *err)
{
    struct choice_quote *quotes = calloc(set->count + 1u, sizeof *quotes);
    uint8_t *bought = malloc(set->count + 1u);
    uint32_t *clusters = malloc((set->count + 1u) * sizeof *clusters);
    uint32_t count = 0;
    const bool room = quotes != NULL && bought != NULL && clusters != NULL;
    for (uint32_t i = 0; room && i < set->count; i++) {
        const uint64_t index = set->orders[i].as.order.index;
        if (!shown_in(&set->orders[i], &quotes[count])) continue;
        bought[count] = index < ratings->orders ? ratings->bought[index] : CHOICE_UNKNOWN;
        clusters[count++] = (uint32_t)((uint64_t)i * FIT_BLOCKS / set->count);
    }
    const struct choice_shown shown = {
        .quotes = quotes, .bought = bought, .clusters = clusters, .count = count};
    const bool ok = room ? choice_tastes_fit(&shown, fit, err)
                         : err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    free(quotes);
    free(bought);
    free(clusters);
    return ok;
}

/* ---- where the suggestion would flip ---- */

static void collect(const struct tuning *tuning, const struct score_weights *weights,
                    struct choice_quote *quotes)
{
    for (uint32_t i = 0; i < tuning->all.count; i++) {
        const struct replay_order *order = &tuning->all.orders[i];
        quotes[i] = quote_of(&tuning->all.fates[i], replay_winner(order, weights),
                             reference_of(order, &tuning->all.fates[i]));
    }
}

static bool find_break_even(struct tuning *tuning, const struct tune_request *request,
                            struct err *err)
{
    static const enum choice_taste tastes[] = {TASTE_PRICE, TASTE_ETA, TASTE_AVAIL};
    const struct choice_prior prior = prior_of(request);
    struct choice_quote *a = malloc((tuning->all.count + 1u) * sizeof *a);
    struct choice_quote *b = malloc((tuning->all.count + 1u) * sizeof *b);
    const bool room = a != NULL && b != NULL;
    if (room) {
        collect(tuning, &tuning->arms[0].weights, a);
        collect(tuning, &tuning->arms[tuning->chosen].weights, b);
        const struct choice_policies policies = {.a = a, .b = b, .count = tuning->all.count};
        for (unsigned t = 0; t < sizeof tastes / sizeof *tastes; t++) {
            const struct choice_break_even found =
                choice_break_even(&policies, &prior, tastes[t], CHOICE_COMMISSION);
            tuning->break_even[tuning->break_even_count++] =
                (struct tune_break_even){.parameter = choice_taste_names[tastes[t]],
                                         .low = found.range.low,
                                         .mid = found.range.mid,
                                         .high = found.range.high,
                                         .flips_at = found.flips_at,
                                         .flips = found.flips,
                                         .elasticity = found.elasticity,
                                         .at_low = found.at_low,
                                         .at_mid = found.at_mid,
                                         .at_high = found.at_high};
        }
    } else {
        (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    }
    free(a);
    free(b);
    return room;
}

/* ---- how sure a fitted model is ---- */

struct policies { /* baseline and suggestion, as choice_metric.h wants them */
    double *features[2], *worth[2];
    uint32_t *clusters;
};

static void release_policies(struct policies *policies)
{
    for (unsigned i = 0; i < 2; i++) {
        free(policies->features[i]);
        free(policies->worth[i]);
    }
    free(policies->clusters);
}

static bool fill_policies(const struct tuning *tuning, struct policies *policies)
{
    const size_t orders = tuning->all.count;
    const struct score_weights *weights[2] = {&tuning->arms[0].weights,
                                              &tuning->arms[tuning->chosen].weights};
    policies->clusters = malloc((orders + 1) * sizeof *policies->clusters);
    bool room = policies->clusters != NULL;
    for (unsigned p = 0; p < 2; p++) {
        policies->features[p] = malloc((orders + 1) * CHOICE_TASTES * sizeof(double));
        policies->worth[p] = malloc((orders + 1) * sizeof(double));
        room = room && policies->features[p] != NULL && policies->worth[p] != NULL;
    }
    for (uint32_t i = 0; room && i < orders; i++) {
        const struct replay_order *order = &tuning->all.orders[i];
        const struct replay_fates *fates = &tuning->all.fates[i];
        policies->clusters[i] = order->cluster;
        for (unsigned p = 0; p < 2; p++) {
            const struct choice_quote quote =
                quote_of(fates, replay_winner(order, weights[p]), reference_of(order, fates));
            choice_quote_features(&quote, policies->features[p] + (size_t)i * CHOICE_TASTES);
            policies->worth[p][i] = quote.commission_cents;
        }
    }
    return room;
}

static bool measure(const struct tuning *tuning, const struct tune_request *request,
                    const struct policies *policies, bool earns, struct tune_uncertainty *into,
                    struct err *err)
{
    struct choice_policy both[2];
    struct choice_metric metrics[2];
    for (unsigned p = 0; p < 2; p++)
        both[p] = (struct choice_policy){.features = policies->features[p],
                                         .worth = earns ? policies->worth[p] : NULL};
    const struct choice_metric_request wanted = {.fit = request->fit,
                                                 .which = CHOICE_ROBUST,
                                                 .policies = both,
                                                 .policy_count = 2,
                                                 .orders = tuning->all.count,
                                                 .clusters = policies->clusters,
                                                 .cluster_count = tuning->all.cluster_count,
                                                 .draws = MODEL_DRAWS,
                                                 .level = tuning->level,
                                                 .seed = tuning->seed};
    if (!choice_metric_run(&wanted, metrics, err)) return false;
    const struct choice_spread *found = &metrics[1].difference;
    *into = (struct tune_uncertainty){.value = found->value,
                                      .model_low = found->model.low,
                                      .model_high = found->model.high,
                                      .orders_low = found->orders.low,
                                      .orders_high = found->orders.high,
                                      .low = found->both.low,
                                      .high = found->both.high};
    return true;
}

static bool measure_uncertainty(struct tuning *tuning, const struct tune_request *request,
                                struct err *err)
{
    struct policies policies = {0};
    if (!is_fitted(request)) return true;
    bool ok = fill_policies(tuning, &policies) ||
              err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    ok = ok && measure(tuning, request, &policies, false, &tuning->buys, err) &&
         measure(tuning, request, &policies, true, &tuning->earns, err);
    release_policies(&policies);
    return ok;
}

/* What customers said: logged, under the weights of the time. */
static void count_ratings(struct tuning *tuning, const struct tune_request *request)
{
    tuning->csat = tuning->csat_low = tuning->csat_high = tuning->silent = (double)NAN;
    if (request->ratings == NULL || request->ratings->rated == 0) return;
    const struct choice_csat csat = choice_csat(request->ratings, NULL, tuning->level);
    tuning->rated = csat.answered;
    tuning->satisfied = csat.satisfied;
    tuning->csat = csat.share;
    tuning->csat_low = csat.low;
    tuning->csat_high = csat.high;
    tuning->silent = csat.silent;
}

/* ---- what a live trial could see ---- */

static void plan_trial(struct tuning *tuning, const struct tune_value *buys)
{
    const struct power_test test = {.alpha = 1.0 - tuning->level, .power = 0.8};
    const struct power_traffic traffic = {
        .orders_per_day = tuning->orders_per_day, .share = 1.0, .arms = 2};
    tuning->mde_conversion = tuning->days_for_conversion = (double)NAN;
    if (!(tuning->orders_per_day > 0.0)) return;
    tuning->mde_conversion =
        power_mde_shares(power_n_of(TRIAL_DAYS, traffic), buys->baseline, false, test);
    if (buys->value == buys->baseline) return;
    tuning->days_for_conversion = power_days(
        power_n_shares((struct power_shares){buys->baseline, buys->value}, test), traffic);
}

bool tune_measure_model(struct tuning *tuning, const struct tune_request *request, struct err *err)
{
    static const struct tune_uncertainty unknown = {.value = (double)NAN,
                                                    .model_low = (double)NAN,
                                                    .model_high = (double)NAN,
                                                    .orders_low = (double)NAN,
                                                    .orders_high = (double)NAN,
                                                    .low = (double)NAN,
                                                    .high = (double)NAN};
    tuning->surplus_per_commission = (double)NAN;
    tuning->buys = tuning->earns = unknown;
    count_ratings(tuning, request);
    if (tuning->chosen == UINT32_MAX) {
        plan_trial(tuning, &tuning->arms[0].values[TUNE_ALL][OUTCOME_BUYS]);
        return true;
    }
    const struct tune_value *values = tuning->arms[tuning->chosen].values[TUNE_ALL];
    const double earned = values[OUTCOME_COMMISSION].difference.value;
    if (earned > 0.0)
        tuning->surplus_per_commission = -values[OUTCOME_SURPLUS].difference.value / earned;
    plan_trial(tuning, &values[OUTCOME_BUYS]);
    return measure_uncertainty(tuning, request, err) && find_break_even(tuning, request, err);
}
