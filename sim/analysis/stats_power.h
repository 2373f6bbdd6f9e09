/* sim/analysis/stats_power.h - before an A/B: how many orders, which effect, how many days.
 *
 * Normal theory throughout: an arm of fewer than 30 units needs a few more than it says here. n is
 * units an arm and a real number, because that is what the formulas give; round up when a person
 * reads it. With `test` = (alpha, power, sides), z_a the normal quantile of alpha's tail and z_b
 * that of the power:
 *
 *   means    n = (z_a + z_b)^2 (sd_a^2 + sd_b^2) / difference^2
 *   pairs    n = (z_a + z_b)^2 sd^2 / difference^2, sd of the differences: the same orders twice
 *   shares   n = (z_a sqrt(2 m (1 - m)) + z_b sqrt(p_a (1 - p_a) + p_b (1 - p_b)))^2 / (p_b -
 * p_a)^2, m their mean (Fleiss, "Statistical methods for rates and proportions"; what R's
 *            power.prop.test computes)
 *
 * Power counts rejections on the right side only (R's strict = FALSE).
 *
 * Failure: none. An effect of 0 needs HUGE_VAL units and cannot be detected; where no effect is
 *          large enough (shares end at 0 and 1) the answer is NaN.
 */
#ifndef SIM_ANALYSIS_STATS_POWER_H
#define SIM_ANALYSIS_STATS_POWER_H

#include <stdbool.h>
#include <stdint.h>

struct power_test {
    double alpha;   /* 0.05 */
    double power;   /* 0.8; of the two power functions not used */
    bool one_sided; /* non-inferiority; else two-sided */
};

/* ---- means: two arms of different orders ---- */

struct power_spread {
    double sd_a, sd_b;
};

double power_of_means(double n, double difference, struct power_spread spread,
                      struct power_test test);
double power_n_means(double difference, struct power_spread spread, struct power_test test);
double power_mde_means(double n, struct power_spread spread, struct power_test test);

/* ---- pairs: n pairs, the spread of their differences ---- */

double power_of_pairs(double n, double difference, double sd, struct power_test test);
double power_n_pairs(double difference, double sd, struct power_test test);
double power_mde_pairs(double n, double sd, struct power_test test);

/* ---- shares: two arms of different orders ---- */

struct power_shares {
    double a, b; /* in [0, 1] */
};

double power_of_shares(double n, struct power_shares shares, struct power_test test);
double power_n_shares(struct power_shares shares, struct power_test test);

/* The smallest step up from `share` (down when `falls`) that n units an arm detect, as a positive
 * number; NaN when even the step to 1 (0) is too small. */
double power_mde_shares(double n, double share, bool falls, struct power_test test);

/* ---- dilution: only some orders can differ ---- */

/* Under two weight sets most orders are decided alike, and only the rest (the triggered ones, their
 * share known from a replay) can show an effect. An analysis of triggered orders needs n of those;
 * one of all orders sees the effect times the share, under the spread of all. */
struct power_trigger {
    double share;      /* of orders, in (0, 1] */
    double difference; /* in a triggered order */
    struct power_spread triggered, all;
};

struct power_dilution {
    double difference;  /* over all orders: what a dashboard would show */
    double n_triggered; /* orders an arm until enough triggered ones came: n / share */
    double n_all;       /* orders an arm for the analysis of all orders */
};

struct power_dilution power_dilute(struct power_trigger trigger, struct power_test test);

/* ---- traffic ---- */

struct power_traffic {
    double orders_per_day; /* > 0, all that come */
    double share;          /* of them in the experiment, in (0, 1] */
    uint32_t arms;         /* of equal size, the baseline's included */
};

double power_days(double n, struct power_traffic traffic);    /* n an arm */
double power_n_of(double days, struct power_traffic traffic); /* the other way round */

/* Pairs: each order serves both policies (a replay), so arms do not divide the traffic. */
double power_days_of_pairs(double pairs, double orders_per_day);

#endif
