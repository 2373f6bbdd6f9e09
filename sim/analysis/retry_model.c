#include "sim/analysis/retry_model.h"

#include <assert.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_roots.h>
#include <math.h>

/* ---- fan-out ---- */

double retry_fan_out(double share, double n)
{
    return -expm1(n * log1p(-share)); /* 1 - (1 - p)^n, also for p of a millionth */
}

double retry_quantile_of_each(double probability, double n)
{
    return pow(probability, 1.0 / n);
}

double retry_quantile_of_all(double probability, double n)
{
    return pow(probability, n);
}

/* ---- finding where a function crosses 0 ------------------------------------------------------ */

enum { ROOT_STEPS_MAX = 200 };

/* Between `low` and `high`, where the signs differ; by Brent's method, to the last bits. */
static double find_root(double (*function)(double, void *), void *context, double low, double high)
{
    const double at_low = function(low, context), at_high = function(high, context);
    if (at_low == 0.0) return low;
    if (at_high == 0.0) return high;
    assert(at_low * at_high < 0.0);
    gsl_function wanted = {.function = function, .params = context};
    gsl_root_fsolver *solver = gsl_root_fsolver_alloc(gsl_root_fsolver_brent);
    if (solver == NULL) return NAN;
    gsl_root_fsolver_set(solver, &wanted, low, high);
    double root = NAN;
    for (unsigned i = 0; i < ROOT_STEPS_MAX; i++) {
        if (gsl_root_fsolver_iterate(solver) != GSL_SUCCESS) break;
        root = gsl_root_fsolver_root(solver);
        if (gsl_root_test_interval(gsl_root_fsolver_x_lower(solver),
                                   gsl_root_fsolver_x_upper(solver), 0.0, 1e-13) == GSL_SUCCESS) {
            break;
        }
    }
    gsl_root_fsolver_free(solver);
    return root;
}

/* ---- hedges ---- */

struct retry_lognormal retry_lognormal_of(double median_ms, double probability, double ms)
{
    assert(probability > 0.5 && probability < 1.0);
    return (struct retry_lognormal){
        .mu = log(median_ms), .sigma = log(ms / median_ms) / gsl_cdf_ugaussian_Pinv(probability)};
}

static double lognormal_reached(const void *context, double ms)
{
    const struct retry_lognormal *lognormal = context;
    return ms <= 0.0 ? 0.0 : gsl_cdf_lognormal_P(ms, lognormal->mu, lognormal->sigma);
}

struct retry_law retry_lognormal_law(const struct retry_lognormal *lognormal)
{
    return (struct retry_law){.reached = lognormal_reached, .context = lognormal};
}

double retry_lognormal_quantile(const struct retry_lognormal *lognormal, double probability)
{
    return gsl_cdf_lognormal_Pinv(probability, lognormal->mu, lognormal->sigma);
}

static double tail(const struct retry_law *law, double ms)
{
    return 1.0 - law->reached(law->context, ms);
}

double retry_hedge_load(const struct retry_law *law, double after_ms)
{
    return tail(law, after_ms);
}

double retry_hedge_tail(const struct retry_law *law, double after_ms, double ms)
{
    return ms <= after_ms ? tail(law, ms) : tail(law, ms) * tail(law, ms - after_ms);
}

struct tail_wanted {
    const struct retry_law *law;
    double after_ms, share;
};

static double above_wanted(double ms, void *context)
{
    const struct tail_wanted *wanted = context;
    return retry_hedge_tail(wanted->law, wanted->after_ms, ms) - wanted->share;
}

double retry_hedge_quantile(const struct retry_law *law, double after_ms, double probability)
{
    enum { DOUBLINGS_MAX = 200 };
    struct tail_wanted wanted = {.law = law, .after_ms = after_ms, .share = 1.0 - probability};
    double high = fmax(after_ms, 1.0);
    for (unsigned i = 0; above_wanted(high, &wanted) > 0.0; i++) {
        if (i == DOUBLINGS_MAX) return NAN; /* a share of calls is never answered */
        high *= 2.0;
    }
    return find_root(above_wanted, &wanted, 0.0, high);
}

/* ---- retries ---- */

double retry_layers(uint32_t attempts, uint32_t layers)
{
    return pow(attempts, layers);
}

/* Sum of x^k for k from 1 to `most`. */
static double geometric(double x, uint32_t most)
{
    double sum = 0.0, power = 1.0;
    for (uint32_t k = 0; k < most; k++) {
        power *= x;
        sum += power;
    }
    return sum;
}

struct budget_wanted {
    double budget;
    uint32_t retries;
};

static double above_budget(double x, void *context)
{
    const struct budget_wanted *wanted = context;
    return geometric(x, wanted->retries) - wanted->budget;
}

struct retry_outcome retry_outcome_of(const struct retry_plan *plan)
{
    assert(plan->attempts >= 1);
    assert(plan->failing >= 0.0 && plan->failing <= 1.0);
    const uint32_t retries = plan->attempts - 1;
    const double f = plan->failing, wanted = geometric(f, retries);
    double x = f; /* g f: the chance that a try fails and is followed by another */
    if (plan->budget > 0.0 && wanted > plan->budget) {
        struct budget_wanted binding = {.budget = plan->budget, .retries = retries};
        x = find_root(above_budget, &binding, 0.0, f);
    }
    const double granted = f > 0.0 ? x / f : 1.0;
    /* Failed at try k < a and refused another, or failed at the last. */
    const double refused = retries > 0 ? (f - x) * (1.0 + geometric(x, retries - 1)) : 0.0;
    return (struct retry_outcome){.load = 1.0 + geometric(x, retries),
                                  .wanted = 1.0 + wanted,
                                  .granted = granted,
                                  .failed = refused + f * pow(x, retries)};
}

/* ---- gRPC's throttle ---- */

void retry_throttle_count(struct retry_throttle *throttle, bool failed)
{
    if (failed) {
        throttle->tokens = fmax(0.0, throttle->tokens - 1.0);
    } else {
        throttle->tokens = fmin(throttle->most, throttle->tokens + throttle->ratio);
    }
}

bool retry_throttle_allows(const struct retry_throttle *throttle)
{
    return throttle->tokens > throttle->most / 2.0;
}

double retry_throttle_limit(double ratio)
{
    return ratio / (1.0 + ratio);
}

/* The stationary shares are found from the top down. Between the states up to j and those above j
 * as many go up as come down: pi_j (1 - f) = f (sum of pi_i for j < i <= j + k), so that each share
 * follows from those above it without a subtraction that could lose digits. The full bucket's is
 * set to 1 first. A state below `k` falls to 0, which the cut counts rightly: for any j it is
 * crossed from every i with j < i <= j + k, whether i - k lies above 0 or not. */
double retry_throttle_share(double most, double ratio, double failing)
{
    const double steps = 1.0 / ratio, size = most / ratio;
    if (!(ratio > 0.0) || fabs(steps - round(steps)) > 1e-9 || fabs(size - round(size)) > 1e-9) {
        return NAN;
    }
    if (size > RETRY_THROTTLE_STATES) return NAN;
    if (failing <= 0.0) return 1.0;
    if (failing >= 1.0) return 0.0;
    const unsigned top = (unsigned)round(size), fall = (unsigned)round(steps);
    double share[RETRY_THROTTLE_STATES + 1];
    double all = share[top] = 1.0, allowed = 1.0;
    for (unsigned j = top; j-- > 0;) {
        double above = 0.0;
        for (unsigned i = j + 1; i <= j + fall && i <= top; i++)
            above += share[i];
        share[j] = failing / (1.0 - failing) * above;
        all += share[j];
        if (2 * j > top) allowed += share[j];
        if (all > 1e250) { /* only shares count: bring all down again */
            for (unsigned i = j; i <= top; i++)
                share[i] *= 1e-250;
            all *= 1e-250;
            allowed *= 1e-250;
        }
    }
    return allowed / all;
}
