/* tests/sim/analysis/waiting_fixture.h - decision sets in which waiting matters, for the tests of
 * sim/analysis/waiting.h.
 *
 * Random ones: late answers, watched or not, canned quotes that stand in (some with the provider's
 * own answer later), forced ones, quick failures, fewer candidates than four, and the three ways to
 * treat missing items, each a third of the orders. Real ones: a scenario run with short timeouts.
 */
#ifndef TESTS_SIM_ANALYSIS_WAITING_FIXTURE_H
#define TESTS_SIM_ANALYSIS_WAITING_FIXTURE_H

#include "sim/analysis/waiting.h"

/* Timeouts in force are 4 s. decisions_release() frees it. */
void waiting_fixture(struct decision_set *set, uint32_t count, uint64_t seed, bool coarse);

/* Twenty minutes with slow, hanging and failing providers, under timeouts of 1.5 s; with mock
 * fallback, canned quotes stand in. */
void waiting_fixture_run(struct decision_set *set, bool fallback);

/* A random view: each timeout as recorded, or 0.1 s to 12 s; now and then a provider left out. */
struct decision_view waiting_fixture_view(uint64_t seed, uint32_t index);

#endif
