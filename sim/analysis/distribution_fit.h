/* sim/analysis/distribution_fit.h - which law do a provider's latencies follow, and how far can it
 * be trusted?
 *
 * Six laws, fitted by maximum likelihood to the times of calls that did not fail: ANSWERED gives
 * its density, CENSORED the chance of lasting longer; FAILED and UNTIMED are no latencies.
 * Parameters are those of a scenario's laws (mocks/law.h), so that a fit can be pasted into one:
 *
 *   lognormal          median_us, sigma (of the logarithm)
 *   gamma              shape, scale_us
 *   weibull            shape, scale_us
 *   loglogistic        median_us, shape
 *   shifted_lognormal  floor_us, and of what comes on top of it: median_us, sigma
 *   body_tail          median_us, sigma of the body; tail_weight (0 to 1/2), tail_factor (of the
 *                      medians, 1 to e^7), tail_sigma (1 to 8 times the body's)
 *
 * Two likelihoods have no largest value and get bounds that give them one: a floor within 1% of the
 * fastest sample (Hill, JASA 1963), and a part of a mixture that shrinks onto a tie (Hathaway,
 * Annals of Statistics 1985, bounds the ratio of sigmas). A fit that ends at a bound says so
 * (`at_edge`), and the parameter at it has no standard error. A body_tail with hardly any weight or
 * factor in its tail is a lognormal; one with a weight near a half is no tail but two levels, and
 * change_points.h may tell when the one became the other.
 *
 * The search is Nelder and Mead's (GSL's nmsimplex2) from fixed starts, then Newton's method on a
 * numeric Hessian, whose inverse gives the standard errors (delta method). Up to FIT_ATOMS_MOST
 * different times are used as they are. Beyond, neighbours within 1/512 of the spread of the
 * logarithm's middle half become one, at their mean, for the search: the variance of the logarithm
 * falls by less than one part in a million. Distances and tails always use every time.
 *
 * A fit is a model. Beyond the last answer nothing speaks for it: fit_quantile() says so. A fit
 * that fails has a reason and NaN everywhere.
 *
 * How well it fits: the distances of Kolmogorov and Smirnov and of Anderson and Darling to the
 * empirical curve, Kaplan and Meier's where samples are censored (then up to the largest sample
 * only). p is by parametric bootstrap (Stute, Gonzalez Manteiga and Presedo Quindimil, Metrika
 * 1993): as many samples are drawn from the fit, keyed, rounded to the grain of the data, censored
 * as the data are (by the Kaplan-Meier curve of the censoring), fitted anew, and p is (1 + how many
 * lie at least as far)/(1 + resamples). So it accounts for the fitted parameters. Beyond
 * FIT_BOOTSTRAP_MOST samples there is no p: every simple law is refused there, and the distance
 * tells more.
 *
 * Tail check: how many samples lie above the fitted p99 and p99.9, against 1% and 0.1%, with the
 * exact binomial interval. The fit has seen these samples, so a good law looks a little better here
 * than on new ones.
 *
 * Ownership: fit_sample_release() frees (a zeroed sample is fine). Fits are plain values.
 * Failure:   false with an err when memory is out; all else is a state.
 */
#ifndef SIM_ANALYSIS_DISTRIBUTION_FIT_H
#define SIM_ANALYSIS_DISTRIBUTION_FIT_H

#include "sim/analysis/latencies.h"

enum fit_law {
    FIT_LOGNORMAL,
    FIT_GAMMA,
    FIT_WEIBULL,
    FIT_LOGLOGISTIC,
    FIT_SHIFTED_LOGNORMAL,
    FIT_BODY_TAIL,
    FIT_LAWS
};
enum {
    FIT_PARAMETERS_MAX = 5,
    FIT_ATOMS_MOST = 4096,
    FIT_BOOTSTRAP_MOST = 5000,
    FIT_RESAMPLES = 199
};
extern const char *const fit_law_names[FIT_LAWS];
extern const char *const fit_parameter_names[FIT_LAWS][FIT_PARAMETERS_MAX]; /* NULL: none */
/* Answers that a fit takes at least: 5 for two parameters, 10 for three, 25 for five. */
extern const uint32_t fit_answers_least[FIT_LAWS];

enum fit_reason {
    FIT_FINE,
    FIT_NO_ANSWERS,  /* no sample, or none that is not censored */
    FIT_TOO_FEW,     /* fewer answers than fit_answers_least */
    FIT_NO_SPREAD,   /* fewer than three different answers */
    FIT_ZERO_TIME,   /* an answer after 0 us: no logarithm */
    FIT_NOT_SETTLED, /* the search found no top */
    FIT_REASONS
};
extern const char *const fit_reason_texts[FIT_REASONS]; /* "too few answers", ... */

/* ---- samples ---- */

struct fit_atom {
    double us, log_us;
    double answered, censored; /* how many */
};

struct fit_sample {
    struct fit_atom *atoms; /* rising; the censored of an atom last longer than its answers */
    uint32_t count;
    struct fit_atom *groups; /* the same put together; `atoms` itself when there are few */
    uint32_t group_count;
    uint64_t answered, censored;
    double last_answer_us; /* 0: none */
    double largest_us;     /* of any */
    int64_t grain_us;      /* the largest power of ten that divides every time */
    uint32_t distinct;     /* different times among the answers, 3 counting as "or more" */
};

bool fit_sample_make(struct fit_sample *sample, const struct latency_series *series,
                     struct err *err);
void fit_sample_release(struct fit_sample *sample);

/* ---- fits ---- */

struct fit {
    enum fit_law law;
    enum fit_reason reason; /* FIT_FINE, or why there is none */
    bool at_edge;           /* a parameter ended at its bound */
    uint32_t parameters;
    double values[FIT_PARAMETERS_MAX]; /* by fit_parameter_names */
    double errors[FIT_PARAMETERS_MAX]; /* standard; NaN: at an edge, or the Hessian allows none */
    double log_likelihood;             /* of times in us; NaN as all below without a fit */
    double aic, aicc, bic; /* n is answered and censored; aicc NaN: n <= parameters + 1 */
    uint64_t n;
    double last_answer_us; /* of the sample it was fitted to */
};

bool fit_law(struct fit *fit, const struct fit_sample *sample, enum fit_law law, struct err *err);
bool fit_all(struct fit fits[static FIT_LAWS], const struct fit_sample *sample, struct err *err);

/* The law of the least AICc (Burnham and Anderson); FIT_LAWS when no fit has one. `weights`, if
 * wanted: Akaike's, their sum 1; 0 of a law without a fit, NaN without any. */
enum fit_law fit_best(const struct fit fits[static FIT_LAWS], double weights[FIT_LAWS]);

/* Chance of at most / more than so long; NaN without a fit. The second is exact far out. */
double fit_cdf(const struct fit *fit, double us);
double fit_survival(const struct fit *fit, double us);

enum fit_reach {
    FIT_WITHIN,       /* answers were seen that late */
    FIT_EXTRAPOLATED, /* later than the last answer: the law's word alone */
    FIT_NO_VALUE      /* no fit, or a probability of 0 or less, or of 1 or more */
};
struct fit_quantile {
    double us; /* NaN without a value */
    enum fit_reach reach;
};
struct fit_quantile fit_quantile(const struct fit *fit, double probability);

/* ---- how well ---- */

struct fit_tail {
    double probability; /* 0.99, 0.999 */
    struct fit_quantile at;
    uint64_t above;   /* surely */
    uint64_t unknown; /* censored at or before */
    uint64_t n;
    double share;     /* above over n; NaN where some are unknown */
    double low, high; /* 95%, Clopper and Pearson's, of none and of all of the unknown above */
};

struct fit_goodness {
    double ks;          /* largest distance of the curves; NaN without a fit */
    double ad;          /* A^2: n times the squared distance, over F(1-F); infinite when a sample
                           lies where the law has none */
    double ks_p, ad_p;  /* NaN: no resamples */
    uint32_t resamples; /* that could be fitted, and count */
    uint32_t unfit;     /* that could not */
    struct fit_tail tails[2];
};

/* `resamples` 0: no p. `seed` keys the draws. */
bool fit_judge(struct fit_goodness *goodness, const struct fit *fit,
               const struct fit_sample *sample, uint32_t resamples, uint64_t seed, struct err *err);

#endif
