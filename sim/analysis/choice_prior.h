/* sim/analysis/choice_prior.h - where nobody knows what customers do: a stated range of tastes, and
 * where in it the better policy would change.
 *
 * The defaults are ASSUMPTIONS, nobody's estimate. They are of this order because:
 *
 *   beta_price   -6 .. -3 .. -1 per unit of ln(price). Where 6 of 10 buy, that is a price
 *                elasticity of -2.4, -1.2, -0.4: a cart 10% dearer loses 7 in 100 customers at the
 *                middle. Food as a whole hardly reacts to price, a shop with another one a click
 *                away reacts more than proportionally; the range holds both.
 *   beta_eta     -0.02 .. -0.01 .. -0.003 per minute. At the middle an hour less on a 60 dollar
 *                cart is worth 60 * 0.01 / 3 * 60 = 12 dollars, with either end 24 and 3.60: from
 *                well below a low wage to what travel studies pay for an hour saved. One waits at
 *                home, so it should not be more.
 *   beta_avail   0.1 .. 0.3 .. 0.8 per tenth of the cart. At the middle a tenth missing is minded
 *                like a price 10% higher (3 ln 1.1 = 0.29): what it costs to buy that elsewhere. A
 *                second trip is worse; who can do without minds less.
 *   constant     -0.85 .. 0.4 .. 1.4: 30%, 60%, 80% buy a complete cart, at its usual price, in an
 *                hour. Most carts of web shops are left behind; those of grocers less often.
 *
 * Break-even: the difference of two policies (b less a) as a function of one taste, the others at
 * their middles. It is looked at on a grid of 65 points over the range, and every change of sign
 * between neighbours is narrowed down by bisection. The orders, and which quote each policy
 * selects, are taken as they are: this is no interval.
 *
 * Ownership: callers own arrays.
 * Failure:   ERR_INPUT for ranges that are none.
 */
#ifndef SIM_ANALYSIS_CHOICE_PRIOR_H
#define SIM_ANALYSIS_CHOICE_PRIOR_H

#include "sim/analysis/choice_tastes.h"

struct choice_range {
    double low, mid, high; /* as numbers: low <= mid <= high */
};

struct choice_prior {
    struct choice_range beta_price; /* per unit of ln(price / reference), below 0 */
    struct choice_range beta_eta;   /* per minute, at most 0 */
    struct choice_range beta_avail; /* per 0.1 of the cart, at least 0 */
    struct choice_range constant;
};

struct choice_prior choice_prior_default(void);

/* Finite, in order, and of the sign that makes a customer. */
bool choice_prior_check(const struct choice_prior *prior, struct err *err);

struct choice_range choice_prior_range(const struct choice_prior *prior, enum choice_taste taste);
struct choice_tastes choice_prior_mid(const struct choice_prior *prior);

/* ---- break-even ---- */

enum choice_goal { CHOICE_COMMISSION, CHOICE_SURPLUS };

struct choice_policies { /* the quotes that two policies select, an entry an order; where they
                            select the same one, every member is the same */
    const struct choice_quote *a, *b;
    uint32_t count;
};

/* Mean over orders of what b gives beyond a, cents an order; NaN without orders. */
double choice_policy_difference(const struct choice_policies *policies,
                                const struct choice_tastes *tastes, enum choice_goal goal);

struct choice_break_even { /* a model's, over n orders */
    enum choice_taste taste;
    enum choice_goal goal;
    struct choice_range range;
    double at_low, at_mid, at_high; /* difference, cents an order; NaN without orders */
    double flips_at;                /* where its sign changes, nearest to mid; NaN: nowhere */
    uint32_t flips;                 /* how often, as far as the grid shows; 0 is a result too */
    bool monotone;                  /* along the grid */
    double elasticity; /* mean price elasticity of buying what a selects, there; NaN: nowhere */
    uint32_t n;
    uint32_t differing; /* orders in which a and b select otherwise */
};

struct choice_break_even choice_break_even(const struct choice_policies *policies,
                                           const struct choice_prior *prior,
                                           enum choice_taste taste, enum choice_goal goal);

#endif
