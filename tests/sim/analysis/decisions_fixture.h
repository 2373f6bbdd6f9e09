/* tests/sim/analysis/decisions_fixture.h - random decision sets for tests and benches.
 *
 * Quotes follow no law but are spread over what occurs: one to four of them, carts that are partly
 * found, absent ETAs, histories known or not, all four preferences. With `coarse` totals and ETAs
 * come from a handful of values, so that scores are often equal.
 */
#ifndef TESTS_SIM_ANALYSIS_DECISIONS_FIXTURE_H
#define TESTS_SIM_ANALYSIS_DECISIONS_FIXTURE_H

#include "sim/analysis/decisions.h"

/* One CONFIG record with the default weights, as documented. */
struct quote_record decisions_fixture_config(void);

/* Fills `set` with `count` orders a second apart; selections are the router's own under the default
 * weights. */
void decisions_fixture(struct decision_set *set, uint32_t count, uint64_t seed, bool coarse);

/* A random weights, of the kinds that tuning meets: on a grid of 0.04 or 0.01, or on none. */
struct score_weights decisions_fixture_weights(uint64_t seed, uint32_t index);

#endif
