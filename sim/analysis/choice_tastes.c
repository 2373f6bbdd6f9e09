#include "sim/analysis/choice_tastes.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>

#include "router/base/memory.h"

const char *const choice_taste_names[CHOICE_TASTES] = {
    [TASTE_CONSTANT] = "constant",
    [TASTE_PRICE] = "price",
    [TASTE_ETA] = "eta",
    [TASTE_AVAIL] = "availability",
};

double choice_reference_cents(const double *totals_cents, uint32_t count)
{
    assert(count <= CHOICE_QUOTES_MAX);
    double sorted[CHOICE_QUOTES_MAX];
    if (count == 0) return (double)NAN;
    memcpy(sorted, totals_cents, count * sizeof *sorted);
    gsl_sort(sorted, 1, count);
    return gsl_stats_median_from_sorted_data(sorted, 1, count);
}

/* fmax() would turn a NaN into a cent. */
static double at_least_a_cent(double cents)
{
    return cents < 1.0 ? 1.0 : cents;
}

void choice_quote_features(const struct choice_quote *quote, double features[CHOICE_TASTES])
{
    features[TASTE_CONSTANT] = 1.0;
    features[TASTE_PRICE] =
        log(at_least_a_cent(quote->price_cents) / at_least_a_cent(quote->reference_cents));
    features[TASTE_ETA] = quote->eta_minutes - CHOICE_ETA_REFERENCE_MINUTES;
    features[TASTE_AVAIL] = 10.0 * (quote->fill - 1.0);
}

double choice_utility(const struct choice_tastes *tastes, const struct choice_quote *quote)
{
    double features[CHOICE_TASTES], sum = 0.0;
    choice_quote_features(quote, features);
    for (unsigned taste = 0; taste < CHOICE_TASTES; taste++)
        sum += tastes->beta[taste] * features[taste];
    return sum;
}

double choice_probability(double utility)
{
    if (utility >= 0.0) return 1.0 / (1.0 + exp(-utility));
    const double odds = exp(utility);
    return odds / (1.0 + odds);
}

double choice_buys(const struct choice_tastes *tastes, const struct choice_quote *quote)
{
    return choice_probability(choice_utility(tastes, quote));
}

double choice_earns_cents(const struct choice_tastes *tastes, const struct choice_quote *quote)
{
    return choice_buys(tastes, quote) * quote->commission_cents;
}

double choice_satisfaction(const struct choice_tastes *tastes, const struct choice_quote *quotes,
                           uint32_t count, uint32_t selected)
{
    if (count == 0) return (double)NAN;
    assert(selected < count);
    const double utility = choice_utility(tastes, &quotes[selected]);
    double most = utility;
    for (uint32_t q = 0; q < count; q++)
        most = fmax(most, choice_utility(tastes, &quotes[q]));
    /* P/P of two utilities that may both be far below 0: e^(u - m) (1 + e^m) / (1 + e^u). */
    const double gap = utility - most;
    if (most <= 0.0) return 100.0 * exp(gap) * (1.0 + exp(most)) / (1.0 + exp(utility));
    return 100.0 * choice_probability(utility) / choice_probability(most);
}

/* ---- money ---- */

static double utility_of_a_cent(const struct choice_tastes *tastes,
                                const struct choice_quote *quote)
{
    const double beta = tastes->beta[TASTE_PRICE];
    return beta < 0.0 ? -beta / at_least_a_cent(quote->reference_cents) : (double)NAN;
}

static double log_one_plus_exp(double u)
{
    return u > 0.0 ? u + log1p(exp(-u)) : log1p(exp(u));
}

double choice_surplus_cents(const struct choice_tastes *tastes, const struct choice_quote *quote)
{
    return log_one_plus_exp(choice_utility(tastes, quote)) / utility_of_a_cent(tastes, quote);
}

double choice_surplus_change_cents(const struct choice_tastes *tastes,
                                   const struct choice_quote *before,
                                   const struct choice_quote *after)
{
    assert(!(before->reference_cents < after->reference_cents));
    assert(!(before->reference_cents > after->reference_cents));
    const double change = log_one_plus_exp(choice_utility(tastes, after)) -
                          log_one_plus_exp(choice_utility(tastes, before));
    return change / utility_of_a_cent(tastes, before);
}

double choice_surplus_half_cents(const struct choice_tastes *tastes,
                                 const struct choice_quote *before,
                                 const struct choice_quote *after)
{
    const double from = choice_utility(tastes, before), to = choice_utility(tastes, after);
    const double mean = 0.5 * (choice_probability(from) + choice_probability(to));
    return mean * (to - from) / utility_of_a_cent(tastes, before);
}

double choice_price_elasticity(const struct choice_tastes *tastes, const struct choice_quote *quote)
{
    return tastes->beta[TASTE_PRICE] * choice_probability(-choice_utility(tastes, quote));
}

/* ---- from what customers did ---- */

static uint32_t fill_shown(const struct choice_shown *shown,
                           struct choice_observation *observations, double *features)
{
    uint32_t known = 0;
    for (uint32_t i = 0; i < shown->count; i++) {
        if (shown->bought[i] == CHOICE_UNKNOWN) continue;
        choice_quote_features(&shown->quotes[i], features + (size_t)known * CHOICE_TASTES);
        observations[known] = (struct choice_observation){
            .first = known,
            .rows = 1,
            .chosen = shown->bought[i] ? 0 : CHOICE_OUTSIDE,
            .cluster = shown->clusters == NULL ? i : shown->clusters[i]};
        known++;
    }
    return known;
}

bool choice_tastes_fit(const struct choice_shown *shown, struct choice_fit *fit, struct err *err)
{
    const size_t room = (size_t)shown->count + 1;
    struct choice_observation *observations = memory_resize(NULL, room, sizeof *observations);
    double *features = memory_resize(NULL, room, CHOICE_TASTES * sizeof *features);
    bool fitted = false;
    if (observations == NULL || features == NULL) {
        (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
        goto done;
    }
    const uint32_t known = fill_shown(shown, observations, features);
    fitted = choice_fit(&(struct choice_data){.observations = observations,
                                              .count = known,
                                              .features = features,
                                              .rows = known,
                                              .parameters = CHOICE_TASTES,
                                              .names = choice_taste_names,
                                              .outside = true},
                        fit, err);
done:
    free(observations);
    free(features);
    return fitted;
}

struct choice_tastes choice_tastes_of(const struct choice_fit *fit)
{
    assert(fit->parameters == CHOICE_TASTES);
    struct choice_tastes tastes;
    for (unsigned taste = 0; taste < CHOICE_TASTES; taste++)
        tastes.beta[taste] = fit->state == CHOICE_FITTED ? fit->beta[taste] : (double)NAN;
    return tastes;
}
