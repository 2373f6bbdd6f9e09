/* sim/analysis/ab_state.h - between the files of the A/B.
 *
 * What an order brings under a quote is e + bought * g: e is counted, g is what a purchase adds (1
 * for conversion, the commission for what is earned). With P the model's probability of buying, its
 * expectation is e + P g, and that of its square e^2 + P (2 e g + g^2).
 */
#ifndef SIM_ANALYSIS_AB_STATE_H
#define SIM_ANALYSIS_AB_STATE_H

#include "sim/analysis/ab.h"

struct ab_work {
    const struct ab_request *request;
    struct ab_result *result;
    struct replay_table table;
    uint8_t *winners[AB_ARMS_MAX]; /* of table order */
    uint8_t *arm_of;               /* of table order; AB_OUTSIDE */
    uint8_t *bought;               /* of table order: bit q */
    double factors[OUTCOME_COUNT]; /* the goal's, per unit of an outcome */
};

struct ab_part {
    double e, g;
};

struct ab_part ab_part_of(const struct ab_work *work, uint32_t order, unsigned quote,
                          unsigned metric);
double ab_buys(const struct ab_work *work, uint32_t order, unsigned quote); /* P */
double ab_seen(const struct ab_work *work, uint32_t order, unsigned quote, unsigned metric);
double ab_expected(const struct ab_work *work, uint32_t order, unsigned quote, unsigned metric);

static inline bool ab_differs(const struct ab_work *work, uint32_t order, uint32_t variant)
{
    return work->winners[0][order] != work->winners[variant + 1][order];
}

static inline void ab_note(struct ab_result *result, const char *sentence)
{
    if (result->note_count < AB_NOTES_MAX) result->notes[result->note_count++] = sentence;
}

/* ---- ab_estimate.c ---- */

struct ab_sums { /* of one arm; y and x about the centre */
    uint64_t n;
    double y, yy, x, xx, xy;
};

struct ab_sample { /* of one variant and metric, grown order by order */
    uint32_t variant;
    unsigned metric;
    double centre;
    struct ab_sums all[2], discordant[2]; /* baseline's arm, variant's */
    struct ab_sums shadow;                /* of all orders: y the difference, x the baseline */
    uint64_t gained, lost;                /* of them: more, less */
    uint64_t orders, differing;           /* in any arm */
    bool shares;                          /* every y is 0 or 1 */
    bool counted;                         /* no purchase has a say in it */
};

void ab_sample_begin(const struct ab_work *work, struct ab_sample *sample, uint32_t variant,
                     unsigned metric);
void ab_sample_take(const struct ab_work *work, struct ab_sample *sample, uint32_t order);

/* Value and error; p and interval are there too, whatever the horizon. */
struct stats_test ab_estimate(const struct ab_sample *sample, enum ab_estimator estimator,
                              double level);
/* On the orders that differ alone. */
struct stats_test ab_estimate_triggered(const struct ab_sample *sample, double level);
/* theta, reduction, imbalance, means; `tests` and `judged_by` are there already. */
void ab_describe(const struct ab_sample *sample, struct ab_value *value);
enum ab_estimator ab_judge_of(const struct ab_result *result, unsigned metric);
/* Orders behind an estimate, as the sequence counts them. */
uint64_t ab_units(const struct ab_sample *sample, enum ab_estimator estimator);
struct sequence_look ab_look(const struct ab_work *work, const struct ab_sample *sample,
                             const struct stats_test *test, enum ab_estimator estimator);

/* ---- ab_plan.c ---- */

void ab_measure_costs(struct ab_work *work);
void ab_plan(struct ab_work *work);

/* ---- ab_judge.c ---- */

void ab_check_assignment(struct ab_work *work);
bool ab_judge(struct ab_work *work, struct err *err);

/* ---- ab_many.c: the goals of several variants at once ---- */

bool ab_adjust_goals(struct ab_work *work, struct err *err);

#endif
