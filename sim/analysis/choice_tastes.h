/* sim/analysis/choice_tastes.h - one customer before one quote: buy or leave, and what that is
 * worth.
 *
 *   U = constant + beta_price ln(price / reference) + beta_eta (eta - 60) + beta_avail 10 (fill -
 * 1) P = e^U / (1 + e^U)
 *
 * so the constant is about a cart complete, at its usual price, in an hour. The reference price of
 * an order is the median total of the quotes it received, whichever is selected: what weights
 * change never moves it. The same four features are fitted (choice_tastes_fit) and assumed
 * (choice_prior.h).
 *
 * Money: a cent more at the reference price costs |beta_price| / reference of utility. Consumer
 * surplus is ln(1 + e^U) over that, in cents (Small and Rosen, Econometrica 1981: no income
 * effects, which a cart is too small for); only differences of it mean something.
 *
 * Satisfaction is an index, not a survey: 100 P(selected) / P(the quote this customer would like
 * best), 100 where the router selected that one.
 *
 * All of it is a model's, never counted. A total below a cent counts as a cent; NaN in, NaN out.
 *
 * Ownership: values in, values out.
 * Failure:   as choice_fit(), for choice_tastes_fit() alone.
 */
#ifndef SIM_ANALYSIS_CHOICE_TASTES_H
#define SIM_ANALYSIS_CHOICE_TASTES_H

#include "sim/analysis/choice_fit.h"

enum choice_taste { TASTE_CONSTANT, TASTE_PRICE, TASTE_ETA, TASTE_AVAIL, CHOICE_TASTES };
extern const char *const choice_taste_names[CHOICE_TASTES]; /* "constant", "price", ... */

enum {
    CHOICE_ETA_REFERENCE_MINUTES = 60, /* what the router counts for an ETA that is absent */
    CHOICE_QUOTES_MAX = 16
};

struct choice_tastes {
    double beta[CHOICE_TASTES]; /* price: per unit of ln; ETA: per minute; avail: per tenth */
};

struct choice_quote {
    double price_cents;
    double reference_cents; /* of its order */
    double eta_minutes;
    double fill;             /* share of the cart that is found, 0 to 1 */
    double commission_cents; /* if it is bought */
};

/* Median of an order's totals; NaN without any. At most CHOICE_QUOTES_MAX. */
double choice_reference_cents(const double *totals_cents, uint32_t count);

void choice_quote_features(const struct choice_quote *quote, double features[CHOICE_TASTES]);
double choice_utility(const struct choice_tastes *tastes, const struct choice_quote *quote);
double choice_probability(double utility); /* of buying; exact to the last digits at both ends */

double choice_buys(const struct choice_tastes *tastes, const struct choice_quote *quote);
double choice_earns_cents(const struct choice_tastes *tastes, const struct choice_quote *quote);

/* 0 to 100; NaN without quotes. */
double choice_satisfaction(const struct choice_tastes *tastes, const struct choice_quote *quotes,
                           uint32_t count, uint32_t selected);

/* Cents; NaN unless beta_price is negative: then no money buys any utility. */
double choice_surplus_cents(const struct choice_tastes *tastes, const struct choice_quote *quote);

/* Surplus of `after` less that of `before`, two quotes of one order. The rule of half is the same
 * by the mean of both probabilities of buying: a check, for it is off by at most |dU|^3 / 124 over
 * what a cent is worth. */
double choice_surplus_change_cents(const struct choice_tastes *tastes,
                                   const struct choice_quote *before,
                                   const struct choice_quote *after);
double choice_surplus_half_cents(const struct choice_tastes *tastes,
                                 const struct choice_quote *before,
                                 const struct choice_quote *after);

/* By how many percent P falls when the price rises by one: beta_price (1 - P), negative. */
double choice_price_elasticity(const struct choice_tastes *tastes,
                               const struct choice_quote *quote);

/* ---- from what customers did ---- */

enum { CHOICE_UNKNOWN = 255 };

struct choice_shown {                  /* arrays with an entry an order */
    const struct choice_quote *quotes; /* the one that was shown */
    const uint8_t *bought;             /* 1, 0, or CHOICE_UNKNOWN: passed over */
    const uint32_t *clusters;          /* NULL: each its own */
    uint32_t count;
};

/* Parameters are the tastes, by choice_taste. */
bool choice_tastes_fit(const struct choice_shown *shown, struct choice_fit *fit, struct err *err);

/* Of a fit of choice_tastes_fit(); NaN unless it is CHOICE_FITTED. */
struct choice_tastes choice_tastes_of(const struct choice_fit *fit);

#endif
