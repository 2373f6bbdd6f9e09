/* sim/analysis/compare.h - is run B better than run A? Order by order, with intervals and a
 * verdict.
 *
 * Both runs must have met the same orders and the same luck: one scenario (workload, providers,
 * faults, duration), one seed, one number of replications, one clock, both complete. A seed fixes
 * nobody's luck but our own mocks': where a real provider answered, or a mock server of another
 * process, pairs of orders met different worlds, and are refused. Runs that played back the same
 * recordings met the same answers and may be compared; so may runs in real time with our own mocks,
 * whose latencies this machine blurs (comparison_caveats() says either). Router settings may
 * differ: they are the treatment, and are listed; of two drills also alerts, operators, stop
 * conditions and rollbacks. A drill and a plain run have not met the same. Orders are paired by
 * index; every figure is over pairs, so A's and B's values here can differ from those of their
 * reports, which are over all of a run's orders and all its replications (quote records are
 * replication 0's).
 *
 *   of all orders           latency (mean, p50, p95, p99), error rate
 *   of orders routed twice  cart, commission, savings, fill, ETA, quotes, authentic, selection
 * share of quotes asked twice   each provider's success rate
 *
 * The difference on these very orders is exact. The interval says how far it may go for other
 * orders of the same kind: orders are cut into COMPARE_BLOCKS blocks of neighbours (orders 0 to
 * 1/50 of all, ...; with fewer orders than that each is its own block, which makes it the plain
 * paired t test), and blocks, not orders, are what varies (sim/analysis/stats.h). A share that
 * differs in fewer than COMPARE_DISCORDANT_BLOCKS blocks takes McNemar's exact test. Faults at
 * fixed times make blocks differ more than fresh orders would, so under faults intervals are too
 * wide rather than too narrow. p-values are Holm's over all metrics compared.
 *
 *   same          the interval lies within the noise zone
 *   better/worse  Holm's p <= alpha, and the difference is larger than the noise zone
 *   changed       likewise, where neither direction is better
 *   inconclusive  neither: more orders would tell
 *
 * The noise zone is a share (1%) of A's value; of a share, of its rarer side, so that 99.9% success
 * falling to 99.0% is no noise.
 *
 * Ownership: a comparison is plain data; names in it are borrowed from the request.
 * Failure:   comparison_check() lists every mismatch; comparison_make() as pairing_run().
 */
#ifndef SIM_ANALYSIS_COMPARE_H
#define SIM_ANALYSIS_COMPARE_H

#include "sim/analysis/stats.h"
#include "sim/world/result.h"

enum {
    COMPARE_BLOCKS = 50,
    COMPARE_DISCORDANT_BLOCKS = 20,
    COMPARE_ROWS_MAX = 24,
    COMPARE_SETTINGS_MAX = 64,
    COMPARE_SETTING_PATH = 96,
    COMPARE_SETTING_VALUE = 48,
    COMPARE_NOWHERE = PROVIDER_COUNT /* of decisions: not routed */
};
#define COMPARE_NOISE 0.01

enum comparison_verdict { /* in the order of a report */
                          VERDICT_WORSE,
                          VERDICT_BETTER,
                          VERDICT_CHANGED,
                          VERDICT_INCONCLUSIVE,
                          VERDICT_SAME,
                          COMPARE_VERDICTS
};
extern const char *const comparison_verdict_names[COMPARE_VERDICTS];

struct comparison_row {
    unsigned scope; /* a provider, or SCOPE_ROUTER */
    enum metric metric;
    double a, b;                      /* NaN: nothing to compute them from */
    struct stats_estimate difference; /* b minus a */
    double p_adjusted;
    double noise;       /* half the width of the noise zone, in the metric's unit */
    double error_bound; /* relative, of a and b: percentiles of very many orders; else 0 */
    uint64_t needs;     /* orders that this percentile needs; 0: it has them */
    enum comparison_verdict verdict;
};

struct comparison_setting { /* what differs between the configurations */
    char path[COMPARE_SETTING_PATH];
    char a[COMPARE_SETTING_VALUE], b[COMPARE_SETTING_VALUE];
};

struct comparison_side {
    const char *name;   /* the folder, as given */
    const char *quotes; /* its quotes.bin */
    const struct result *result;
    bool drilled; /* it is a drill's: alerts and operators are part of the treatment, too */
};

struct comparison_choice {
    unsigned scope;
    enum metric metric;
};

struct comparison_request {
    struct comparison_side a, b;
    int64_t warmup_us;
    double alpha;                            /* intervals have 1 - alpha, each on its own */
    double noise;                            /* COMPARE_NOISE */
    const struct comparison_choice *choices; /* only these; none: all */
    uint32_t choice_count;
};

struct drill_comparison; /* sim/analysis/drill_compare.h */

struct comparison {
    struct comparison_side a, b;
    double alpha, noise;
    struct comparison_row rows[COMPARE_ROWS_MAX];
    uint32_t row_count;
    uint32_t verdicts[COMPARE_VERDICTS];
    uint64_t orders;      /* paired and measured */
    uint64_t routed_both; /* and routed by both */
    /* Which provider each order went to: [in A][in B], COMPARE_NOWHERE for not routed. */
    uint64_t moves[PROVIDER_COUNT + 1][PROVIDER_COUNT + 1];
    uint64_t moved; /* orders off the diagonal */
    uint32_t resamples;
    bool same_experiment; /* one configuration: differences would be a bug */
    struct comparison_setting settings[COMPARE_SETTINGS_MAX];
    uint32_t setting_count;
    uint32_t settings_beyond;             /* that found no room */
    const struct drill_comparison *drill; /* of two drills their measures, borrowed; else NULL */
};

/* Adds an error for each reason why B cannot be compared with A. `differing_keys` names keys
 * outside the router that differ, start and duration apart, for the message; NULL: not known. */
bool comparison_check(const struct comparison_side *a, const struct comparison_side *b,
                      const char *differing_keys, struct err_list *list);

bool comparison_make(const struct comparison_request *request, struct comparison *comparison,
                     struct err *err);

/* Notes a differing setting. comparison_make() notes what the quote records know (weights,
 * timeouts, enabled providers), unless some are there already. */
void comparison_add_setting(struct comparison *comparison, const char *path, const char *a,
                            const char *b);

/* The settings in which two CONFIG records differ (anything else is no settings, and notes none).
 */
struct quote_record;
void comparison_note_records(struct comparison *comparison, const struct quote_record *a,
                             const struct quote_record *b);

/* Is it one that comparison_make() can compare? */
bool comparison_knows(unsigned scope, enum metric metric);

/* What is less than exact about pairing these two runs, in sentences; nothing, usually. */
struct text;
void comparison_caveats(struct text *text, const struct comparison *comparison);

/* "p95 latency", "Walmart share" into `label`: at most 20 characters. */
enum { COMPARE_LABEL_MAX = 32 };
void comparison_label(const struct comparison_row *row, char label[static COMPARE_LABEL_MAX]);

#endif
