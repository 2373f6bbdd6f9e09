/* sim/analysis/stats_binomial.h - tails of the binomial distribution, for any count, and their
 * inverse.
 *
 * GSL's do not serve. gsl_cdf_binomial_P takes n below 2^32; the beta function behind it, which
 * takes any, gives NaN near the middle of the distribution from some 10^7 units on, where its
 * continued fraction takes more steps than it allows itself; and its inverse stops the program for
 * one in a thousand of ordinary counts (7 of 291) and for most large ones. So the tails are GSL's
 * where it has them and Edgeworth's expansion where it does not (n is in the millions then, and the
 * error below 10^-6), and the inverse is found by halving, until the doubles meet.
 *
 * Failure: none. 0 <= p <= 1, hits <= n, n > 0.
 */
#ifndef SIM_ANALYSIS_STATS_BINOMIAL_H
#define SIM_ANALYSIS_STATS_BINOMIAL_H

#include <stdint.h>

double stats_binomial_at_most(uint64_t hits, uint64_t n, double p);  /* P(B <= hits) */
double stats_binomial_at_least(uint64_t hits, uint64_t n, double p); /* P(B >= hits) */

/* The p at which that tail is `tail`, 0 < tail < 1: the ends of Clopper and Pearson's interval.
 * At least 0 hits and at most n are certain at any p: then 0 and 1. */
double stats_binomial_p_at_least(uint64_t hits, uint64_t n, double tail);
double stats_binomial_p_at_most(uint64_t hits, uint64_t n, double tail);

#endif
