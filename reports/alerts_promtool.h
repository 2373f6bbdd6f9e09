/* reports/alerts_promtool.h - a recorded run as a unit test of promtool 2.42: does Prometheus come
 * to the same, tick by tick?
 *
 * `promtool test rules` is given what our engine saw and asked what it makes of it. Each tick has
 *
 *   one alert_rule_test a rule       which instances fire, labels and annotations included
 *   one promql_expr_test (gauges)    ALERTS whole: which instances are pending and which firing
 *
 * For gauges every tick has to agree. Counters agree within a tick: the tick before a change of a
 * rule, that of it and that behind it are left out for that rule, and rules on percentiles, slow
 * orders and budgets, which counters tell approximately, are left out whole. Ticks are an interval
 * apart from 0 on; only when a rule has hours do they begin at the run's time of day (UTC, cut to
 * an interval: exact where intervals divide a quarter of an hour).
 *
 * What is not known is NaN, which a gauge may be. Before the first tick samples are missing (_).
 *
 * Ownership: borrows. Failure: text->failed.
 */
#ifndef REPORTS_ALERTS_PROMTOOL_H
#define REPORTS_ALERTS_PROMTOOL_H

#include "reports/alerts_prometheus.h"

struct promtool_test {
    const char *name;                       /* of the run */
    const char *rules_file;                 /* relative to the test's own folder */
    const struct prometheus_export *export; /* what is in that file */
    const struct alert_record *record;      /* of those rules */
};

struct promtool_counts {
    uint64_t alerts;   /* (rule, tick) asserted by alert_rule_test */
    uint64_t states;   /* (instance, tick) asserted by promql_expr_test */
    uint64_t left_out; /* (rule, tick) within a tick of a change, of counters */
    uint32_t rules_left_out;
};

void alerts_write_promtool(struct text *yaml, const struct promtool_test *test,
                           struct promtool_counts *counts);

#endif
