/* sim/analysis/drill_compare.h - one disaster met in two ways: what other alerts, operators or
 * steps made of the measures of a drill.
 *
 * Both drills have the same orders, faults and luck (comparison_check()), so repeat r of one is
 * paired with repeat r of the other: it met the same carts, latencies and human delays, where both
 * have them. A measure's difference is B minus A in each pair. "Never" is longer than anything: a
 * difference to it is infinite, and two of them differ by nothing. A pair in which the measure does
 * not apply to either, or in which either was invalid (no steady state to begin with), is left out
 * and counted.
 *
 * A and B are medians over the pairs, and the median of the differences is theirs, not the
 * difference of the medians. With several pairs its exact interval and the sign test stand beside
 * it (sim/analysis/stats_sign.h); p-values are Holm's over the measures that
 * differ in any pair. Neither speaks of other
 * disasters: repeats vary orders, luck and people, and nothing else.
 *
 * Ownership: drill_measures_read() fills a caller's struct; drill_measures_release() frees.
 * Failure:   ERR_INPUT for a file that cannot be read or is no measures.csv; ERR_ENVIRONMENT.
 */
#ifndef SIM_ANALYSIS_DRILL_COMPARE_H
#define SIM_ANALYSIS_DRILL_COMPARE_H

#include "sim/analysis/drill.h"
#include "sim/analysis/stats_sign.h"

struct drill_measured { /* measures.csv of one drill */
    uint32_t repeats;
    struct drill_value (*values)[DRILL_MEASURE_COUNT]; /* by repeat */
    bool *invalid;                                     /* by repeat */
};

bool drill_measures_read(struct drill_measured *measured, const char *path, struct err *err);
void drill_measures_release(struct drill_measured *measured);

struct drill_comparison_row {
    uint32_t pairs;                /* to which the measure applies on both sides */
    uint32_t only_a, only_b;       /* repeats in which it applies to one alone */
    struct drill_value a, b;       /* medians over the pairs; of one, what it was */
    struct drill_value difference; /* NEVER: infinite, and `value` has its sign */
    struct stats_sign sign;
    double p_adjusted; /* NaN: fewer than two pairs, or none that differs */
};

struct drill_comparison {
    uint32_t repeats, left_out; /* invalid on either side */
    double level;
    struct drill_comparison_row rows[DRILL_MEASURE_COUNT];
};

/* As many repeats on both sides. */
bool drill_comparison_make(const struct drill_measured *a, const struct drill_measured *b,
                           double level, struct drill_comparison *comparison, struct err *err);

#endif
