#include "sim/analysis/choice_prior.h"

#include <assert.h>
#include <math.h>

enum { GRID_STEPS = 64, BISECTIONS = 60 };

struct choice_prior choice_prior_default(void)
{
    return (struct choice_prior){.beta_price = {-6.0, -3.0, -1.0},
                                 .beta_eta = {-0.02, -0.01, -0.003},
                                 .beta_avail = {0.1, 0.3, 0.8},
                                 .constant = {-0.85, 0.4, 1.4}};
}

struct choice_range choice_prior_range(const struct choice_prior *prior, enum choice_taste taste)
{
    switch (taste) {
    case TASTE_CONSTANT:
        return prior->constant;
    case TASTE_PRICE:
        return prior->beta_price;
    case TASTE_ETA:
        return prior->beta_eta;
    case TASTE_AVAIL:
        return prior->beta_avail;
    case CHOICE_TASTES:
        break;
    }
    assert(false);
    return prior->constant;
}

static bool is_range(struct choice_range range)
{
    return isfinite(range.low) && isfinite(range.high) && range.low <= range.mid &&
           range.mid <= range.high;
}

bool choice_prior_check(const struct choice_prior *prior, struct err *err)
{
    for (enum choice_taste taste = TASTE_CONSTANT; taste < CHOICE_TASTES; taste++) {
        const struct choice_range range = choice_prior_range(prior, taste);
        if (is_range(range)) continue;
        return err_fail(err, ERR_INPUT, (struct place){0},
                        "the range of %s is no range: low %g, middle %g, high %g",
                        choice_taste_names[taste], range.low, range.mid, range.high);
    }
    const char *wrong = NULL;
    if (prior->beta_price.high >= 0.0)
        wrong = "of price reaches 0: a customer who does not mind money tells nothing";
    else if (prior->beta_eta.high > 0.0)
        wrong = "of eta is above 0: nobody likes to wait";
    else if (prior->beta_avail.low < 0.0)
        wrong = "of availability is below 0: nobody likes goods to be missing";
    if (wrong == NULL) return true;
    return err_fail(err, ERR_INPUT, (struct place){0}, "the range %s", wrong);
}

struct choice_tastes choice_prior_mid(const struct choice_prior *prior)
{
    struct choice_tastes tastes;
    for (enum choice_taste taste = TASTE_CONSTANT; taste < CHOICE_TASTES; taste++)
        tastes.beta[taste] = choice_prior_range(prior, taste).mid;
    return tastes;
}

/* ---- break-even ---- */

/* To the bit: a difference that is none must be 0 whatever the tastes. */
static bool same_quote(const struct choice_quote *a, const struct choice_quote *b)
{
    return a->price_cents == b->price_cents && a->eta_minutes == b->eta_minutes &&
           a->fill == b->fill && a->commission_cents == b->commission_cents;
}

static double order_difference(const struct choice_quote *a, const struct choice_quote *b,
                               const struct choice_tastes *tastes, enum choice_goal goal)
{
    switch (goal) {
    case CHOICE_COMMISSION:
        return choice_earns_cents(tastes, b) - choice_earns_cents(tastes, a);
    case CHOICE_SURPLUS:
        return choice_surplus_change_cents(tastes, a, b);
    }
    return (double)NAN;
}

double choice_policy_difference(const struct choice_policies *policies,
                                const struct choice_tastes *tastes, enum choice_goal goal)
{
    double sum = 0.0;
    for (uint32_t i = 0; i < policies->count; i++) {
        const struct choice_quote *a = &policies->a[i], *b = &policies->b[i];
        if (!same_quote(a, b)) sum += order_difference(a, b, tastes, goal);
    }
    return policies->count == 0 ? (double)NAN : sum / policies->count;
}

struct curve { /* the difference along one taste */
    const struct choice_policies *policies;
    struct choice_tastes tastes;
    enum choice_taste taste;
    enum choice_goal goal;
};

static double value_at(struct curve *curve, double beta)
{
    curve->tastes.beta[curve->taste] = beta;
    return choice_policy_difference(curve->policies, &curve->tastes, curve->goal);
}

static int sign_of(double value)
{
    return (value > 0.0) - (value < 0.0);
}

/* Between two betas of opposite signs; one of 0 in between is as good as a change. */
static double bisect(struct curve *curve, double from, double to)
{
    const int sign = sign_of(value_at(curve, from));
    for (unsigned i = 0; i < BISECTIONS; i++) {
        const double middle = 0.5 * (from + to);
        const int there = sign_of(value_at(curve, middle));
        if (there == 0) return middle;
        *(there == sign ? &from : &to) = middle;
    }
    return 0.5 * (from + to);
}

static void scan(struct curve *curve, struct choice_break_even *found)
{
    const struct choice_range range = found->range;
    double values[GRID_STEPS + 1], from = range.low;
    int sign = 0;
    bool rises = true, falls = true;
    for (unsigned i = 0; i <= GRID_STEPS; i++) {
        const double part = (double)i / GRID_STEPS;
        const double beta = (1.0 - part) * range.low + part * range.high;
        values[i] = value_at(curve, beta);
        rises = rises && (i == 0 || values[i] >= values[i - 1]);
        falls = falls && (i == 0 || values[i] <= values[i - 1]);
        const int here = sign_of(values[i]);
        if (here == 0) continue;
        if (sign * here < 0) {
            const double at = bisect(curve, from, beta);
            const bool nearer = fabs(at - range.mid) < fabs(found->flips_at - range.mid);
            if (found->flips++ == 0 || nearer) found->flips_at = at;
        }
        sign = here;
        from = beta;
    }
    found->monotone = rises || falls;
}

static double mean_elasticity(const struct choice_policies *policies,
                              const struct choice_tastes *tastes)
{
    double sum = 0.0;
    for (uint32_t i = 0; i < policies->count; i++)
        sum += choice_price_elasticity(tastes, &policies->a[i]);
    return sum / policies->count;
}

struct choice_break_even choice_break_even(const struct choice_policies *policies,
                                           const struct choice_prior *prior,
                                           enum choice_taste taste, enum choice_goal goal)
{
    struct curve curve = {policies, choice_prior_mid(prior), taste, goal};
    struct choice_break_even found = {.taste = taste,
                                      .goal = goal,
                                      .range = choice_prior_range(prior, taste),
                                      .flips_at = (double)NAN,
                                      .elasticity = (double)NAN,
                                      .n = policies->count};
    for (uint32_t i = 0; i < policies->count; i++)
        found.differing += !same_quote(&policies->a[i], &policies->b[i]);
    found.at_low = value_at(&curve, found.range.low);
    found.at_mid = value_at(&curve, found.range.mid);
    found.at_high = value_at(&curve, found.range.high);
    if (policies->count == 0) return found;
    scan(&curve, &found);
    if (found.flips == 0) return found;
    (void)value_at(&curve, found.flips_at);
    found.elasticity = mean_elasticity(policies, &curve.tastes);
    return found;
}
