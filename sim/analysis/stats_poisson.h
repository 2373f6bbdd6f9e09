/* sim/analysis/stats_poisson.h - how sure a rate is that rests on a few events.
 *
 * Garwood's interval, from the two Poisson tails: with k events seen, the least mean at which k or
 * more have a chance of (1 - level) / 2, and the greatest at which k or fewer have. Exact: it
 * covers at least as often as it says. Of no events the low end is 0 and the high one 3.689 at 95%.
 *
 * Tails are GSL's (a Poisson tail is a gamma tail); the inverse is found by halving, until the
 * doubles meet.
 *
 * Failure: none. 0 < level < 1, events below 10^9.
 */
#ifndef SIM_ANALYSIS_STATS_POISSON_H
#define SIM_ANALYSIS_STATS_POISSON_H

#include <stdint.h>

void stats_poisson_interval(uint64_t events, double level, double *low, double *high);

#endif
