/* tests/sim/analysis/waiting_truth.h - what sim/analysis/waiting.h computes, slowly and plainly.
 *
 * Every order is decided from scratch under every view, by decisions.h alone; nothing is kept from
 * one to the next. Estimates have no intervals here but where stated.
 */
#ifndef TESTS_SIM_ANALYSIS_WAITING_TRUTH_H
#define TESTS_SIM_ANALYSIS_WAITING_TRUTH_H

#include "sim/analysis/waiting.h"

struct truth_set {
    const struct decision_set *set;
    uint8_t without; /* of the patience */
};

struct truth_choice { /* how one order is decided */
    int64_t wait_us;
    uint32_t quotes;
    uint32_t winner; /* slot; 255: nobody */
};

/* Of an order decided when all have settled. */
struct truth_choice truth_choose(const struct truth_set *truth, uint32_t order,
                                 const struct decision_view *view);
/* Decided at an instant: with what has come by then under the view. */
struct truth_choice truth_choose_at(const struct truth_set *truth, uint32_t order,
                                    const struct decision_view *view, int64_t at_us);
struct truth_choice truth_choose_early(const struct truth_set *truth, uint32_t order,
                                       const struct decision_view *view,
                                       const struct waiting_rule *rule);
/* Mask of slots that are still awaited. */
uint8_t truth_pending(const struct truth_set *truth, uint32_t order,
                      const struct decision_view *view, int64_t at_us);

struct truth_regret {
    bool changed;
    double points, cents; /* 0 without a winner */
};
struct truth_regret truth_regret_of(const struct truth_set *truth, uint32_t order, uint32_t winner);

/* `choices` by order. */
void truth_outcome(const struct truth_set *truth, const struct truth_choice *choices,
                   const struct waiting_prices *prices, struct waiting_outcome *outcome);
/* Of whole microseconds, in ms, by sorting. NaN with fewer than 10 beyond. */
double truth_quantile_ms(const int64_t *us, uint32_t count, double p);

/* Passes when all that both hold is the same, means up to rounding. */
void truth_check_outcome(const struct waiting_outcome *is, const struct waiting_outcome *should);
void truth_check_same(double is, double should); /* both NaN, or near */

#endif
