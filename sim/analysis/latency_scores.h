/* sim/analysis/latency_scores.h - latencies as ranks, with what is not known of them.
 *
 * Latencies have tails that no mean survives, and some are only known to be more than so much. A
 * rank bears both. A sample's rank here is half of n + 1 + (how many are surely below it) - (how
 * many are surely above it), after Gehan, "A generalized Wilcoxon test for comparing arbitrarily
 * singly-censored samples", Biometrika 1965: of two samples nothing is sure when the one is
 * censored below the other's time. Without censoring it is the mid-rank, 1 to n; censored ones at
 * one timeout that no answer passed share the top.
 *
 * All functions take samples that are ANSWERED or CENSORED and nothing else
 * (latency_scores_timed()), in any order.
 *
 * Ownership: the caller owns all arrays.
 * Failure:   false with an err when memory is out.
 */
#ifndef SIM_ANALYSIS_LATENCY_SCORES_H
#define SIM_ANALYSIS_LATENCY_SCORES_H

#include "sim/analysis/latencies.h"

static inline bool latency_scores_takes(const struct latency_sample *sample)
{
    return sample->fate == LATENCY_ANSWERED || sample->fate == LATENCY_CENSORED;
}

/* Copies the timed samples of a series, in their order, to `timed` (room for series->count), and
 * where each stands in the series to `places` (NULL: not wanted). How many. */
uint32_t latency_scores_timed(const struct latency_series *series, struct latency_sample *timed,
                              uint32_t *places);

/* By time, a censored one after an answer of the same time: it lasted longer. */
bool latency_scores_sort(struct latency_sample *samples, uint32_t count, struct err *err);

bool latency_scores_ranks(const struct latency_sample *samples, uint32_t count, double *ranks,
                          struct err *err);

/* Normal scores of the ranks, at (rank - 3/8) / (n + 1/4) (Blom 1958), centred and scaled to a
 * variance of 1 (with n). All 0 when every rank is the same. */
bool latency_scores_normal(const struct latency_sample *samples, uint32_t count, double *scores,
                           struct err *err);

/* The type-7 quantile of sorted samples; NaN without samples, and where it is not known because a
 * censored sample lies at or below the upper of the two that it is made of. */
double latency_scores_quantile(const struct latency_sample *sorted, uint32_t count,
                               double probability);

/* ---- do two groups lie at the same level? ---- */

enum { LATENCY_EXACT_MOST = 40 }; /* samples in all whose every split is counted */

struct latency_scores_rank_sum {
    double p;            /* two-sided; NaN: a group is empty, or all ranks are the same */
    double later_slower; /* P(one of the second group is slower than one of the first) + half of
                            the ties; NaN: a group is empty */
    bool exact;          /* every split counted; else normal, with continuity correction */
    uint32_t n_a, n_b;
};

/* Wilcoxon, Mann and Whitney's test on the ranks above: samples [0, n_a) against the others. Given
 * the ranks, ties and all, every split of the samples is as likely as any other. */
bool latency_scores_rank_sum(const struct latency_sample *samples, uint32_t count, uint32_t n_a,
                             struct latency_scores_rank_sum *test, struct err *err);

#endif
