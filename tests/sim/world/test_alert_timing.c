/* When alerts first fire, last fire and how often: the engine against published figures and
 * against the closed form.
 *
 * Method: steady traffic of whole orders, failures in exact shares, fed second by second; six rules
 * on five outages, as promtool 2.42 timed them (its windows are closed on the left and its rate()
 * extrapolates; on these grids that moves no tick, and every cell is the same); the SRE Workbook's
 * chapter 5, "Alerting on SLOs", as far as whole seconds show it; then random rules, where the
 * engine and alert_first_firing_s() must name the same second.
 */
#include "tests/sim/world/alert_fixture.h"

static struct watch watch;

/* Failures that lie in the first `seconds` at `share` of `rate` orders a second. */
static int64_t failures(double share, int64_t rate, int64_t seconds)
{
    return (int64_t)floor(share * (double)(rate * seconds) + 1e-6);
}

struct outage {
    double share;
    int64_t for_s, every_s; /* `times` times, so far apart */
    unsigned times;
};

static uint32_t bad_in_second(const struct outage *outage, int64_t rate, int64_t after_s)
{
    if (after_s < 1) return 0;
    const int64_t round = outage->times == 1 ? 0 : (after_s - 1) / outage->every_s;
    const int64_t into_s = after_s - round * outage->every_s;
    if (round >= outage->times || into_s > outage->for_s) return 0;
    return (uint32_t)(failures(outage->share, rate, into_s) -
                      failures(outage->share, rate, into_s - 1));
}

static void run_outage(const struct outage *outage, int64_t rate, int64_t fault_s, int64_t until_s)
{
    for (int64_t second = 1; second <= until_s; second++) {
        const uint32_t bad = bad_in_second(outage, rate, second - fault_s);
        watch_orders(&watch, second, bad, (uint32_t)rate - bad);
        watch_look(&watch, second);
    }
}

static void add_rule(struct alert_rule rule)
{
    watch.spec.rules[watch.spec.rule_count++] = rule;
}

static struct alert_rule burn_rule(const char *name, double burn, int64_t window_s, int64_t short_s)
{
    struct alert_rule rule = rule_of(name, SIGNAL_BURN_RATE, burn, window_s, 0);
    rule.when.short_window_us = short_s * S;
    return rule;
}

/* A to F, ten orders a second, looked at every ten seconds, an objective of 99.9%. */
static void add_six_rules(void)
{
    watch.spec = (struct alert_spec){.interval_us = 10 * S};
    add_rule(rule_of("A", SIGNAL_ERROR_RATE, 0.5, 300, 0));
    add_rule(rule_of("B", SIGNAL_ERROR_RATE, 0.5, 300, 300));
    add_rule(rule_of("C", SIGNAL_ERROR_RATE, 0.5, 60, 300));
    add_rule(burn_rule("D", 36, 3600, 0));
    add_rule(burn_rule("E", 14.4, 3600, 300));
    struct alert_rule first = rule_of("F", SIGNAL_ERROR_RATE, 0.001, 600, 0);
    first.when.op = CHECK_GE;
    add_rule(first);
}

static void six_rules_on_five_outages_fire_when_promtool_says(void **state)
{
    (void)state;
    enum { NEVER = -1, FAULT_S = 3600 };
    static const struct {
        const char *label;
        struct outage outage;
        struct {
            int64_t first_s, last_s; /* after the fault's start */
            uint32_t episodes;
        } rules[6];
    } rows[] = {
        {"everything for 20 minutes",
         {1.0, 1200, 0, 1},
         {{160, 1340, 1},
          {460, 1340, 1},
          {340, 1220, 1},
          {130, 4670, 1},
          {60, 1490, 1},
          {10, 1790, 1}}},
        {"60% for 20 minutes",
         {0.6, 1200, 0, 1},
         {{260, 1240, 1},
          {560, 1240, 1},
          {360, 1200, 1},
          {220, 4580, 1},
          {90, 1490, 1},
          {10, 1790, 1}}},
        {"15% for 10 minutes",
         {0.15, 600, 0, 1},
         {{NEVER, NEVER, 0},
          {NEVER, NEVER, 0},
          {NEVER, NEVER, 0},
          {NEVER, NEVER, 0},
          {350, 870, 1},
          {10, 1190, 1}}},
        {"everything for 4 minutes",
         {1.0, 240, 0, 1},
         {{160, 380, 1},
          {NEVER, NEVER, 0},
          {NEVER, NEVER, 0},
          {130, 3710, 1},
          {60, 530, 1},
          {10, 830, 1}}},
        {"4 minutes down, 6 minutes up, six times",
         {1.0, 240, 600, 6},
         {{160, 3380, 6},
          {NEVER, NEVER, 0},
          {NEVER, NEVER, 0},
          {130, 6710, 1},
          {60, 3530, 6},
          {10, 3830, 1}}},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        add_six_rules();
        watch_start(&watch, 0.999, 0);
        run_outage(&rows[i].outage, 10, FAULT_S, FAULT_S + 7200);
        for (unsigned r = 0; r < 6; r++) {
            char label[160];
            const int64_t first_s =
                watch.episodes[r] == 0 ? NEVER : watch.first_firing_s[r] - FAULT_S;
            const int64_t last_s =
                watch.episodes[r] == 0 ? NEVER : watch.last_firing_s[r] - FAULT_S;
            (void)snprintf(label, sizeof label, "%s, rule %s: %lld to %lld, %u times",
                           rows[i].label, watch.spec.rules[r].name, (long long)first_s,
                           (long long)last_s, watch.episodes[r]);
            CHECK_ROW(label, first_s == rows[i].rules[r].first_s);
            CHECK_ROW(label, last_s == rows[i].rules[r].last_s);
            CHECK_ROW(label, watch.episodes[r] == rows[i].rules[r].episodes);
            /* The closed form knows of outages that outlast the window's need. */
            const bool burn = watch.spec.rules[r].signal == SIGNAL_BURN_RATE;
            const int64_t formula_s =
                alert_first_firing_s(&watch.spec.rules[r], &watch.spec,
                                     rows[i].outage.share / (burn ? 0.001 : 1), FAULT_S);
            if (first_s != NEVER) CHECK_ROW(label, formula_s == first_s + FAULT_S);
            if (first_s == NEVER) CHECK_ROW(label, formula_s > FAULT_S + rows[i].outage.for_s);
        }
        watch_end(&watch);
    }
}

/* ---- the SRE Workbook, chapter 5 ---- */

/* One rule, looked at every second; the fault is at `fault_s`. When it fires after that. */
static int64_t fires_after_s(struct alert_rule rule, const struct outage *outage, int64_t rate,
                             int64_t fault_s, int64_t until_s)
{
    watch.spec = (struct alert_spec){.interval_us = S};
    add_rule(rule);
    watch_start(&watch, 0.999, 0.001 * 2592000.0 * (double)rate); /* of 30 days */
    run_outage(outage, rate, fault_s, until_s);
    return watch.episodes[0] == 0 ? -1 : watch.first_firing_s[0] - fault_s;
}

static double budget_burned(int64_t now_s)
{
    const struct signal_query query = {.kind = SIGNAL_BUDGET_BURNED, .scope = SCOPE_ROUTER};
    return signals_read(&watch.signals, &query, now_s).value;
}

/* "1: Target Error Rate >= SLO Threshold": detection in 0.6 s; the first whole second is 1. */
static void iteration_1_fires_at_once(void **state)
{
    (void)state;
    struct alert_rule rule = rule_of("1", SIGNAL_ERROR_RATE, 0.001, 600, 0);
    rule.when.op = CHECK_GE;
    static const struct outage outage = {1.0, 60, 0, 1};
    assert_int_equal(fires_after_s(rule, &outage, 10, 600, 660), 1);
    watch_end(&watch);
}

/* "2: Increased Alert Window", 36 hours: 2 minutes and 10 seconds, and 5% of the budget. */
static void iteration_2_fires_after_2_minutes_10(void **state)
{
    (void)state;
    static const struct outage outage = {1.0, 600, 0, 1};
    const int64_t day_and_half_s = 129600;
    const struct alert_rule rule = rule_of("2", SIGNAL_ERROR_RATE, 0.001, day_and_half_s, 0);
    assert_int_equal(fires_after_s(rule, &outage, 1, day_and_half_s, day_and_half_s + 130), 130);
    CHECK_NEAR(budget_burned(day_and_half_s + 130), 0.05, 0.0002);
    watch_end(&watch);
}

/* "3: Incrementing Alert Duration": an hour of waiting, in which a full outage uses up 140% of the
 * budget; and spikes of a minute every ten minutes use it up and never alert. */
static void iteration_3_waits_while_the_budget_burns(void **state)
{
    (void)state;
    static const struct outage all = {1.0, 4000, 0, 1}, spikes = {1.0, 60, 600, 24};
    const struct alert_rule rule = rule_of("3", SIGNAL_ERROR_RATE, 0.001, 60, 3600);
    assert_int_equal(fires_after_s(rule, &all, 10, 60, 60 + 3601), 3601);
    CHECK_NEAR(budget_burned(60 + 3601), 1.40, 0.012); /* 138.9%: published, rounded */
    watch_end(&watch);
    assert_int_equal(fires_after_s(rule, &spikes, 10, 60, 60 + 14400), -1);
    CHECK_NEAR(budget_burned(60 + 14400), 24 * 60 / 2592.0, 1e-9);
    watch_end(&watch);
}

/* "4: Alert on Burn Rate", 36 over an hour: it takes 58 minutes to reset; and a burn rate of 35
 * never alerts but exhausts the budget of 30 days in 20.5 hours. */
static void iteration_4_resets_after_58_minutes_and_misses_35(void **state)
{
    (void)state;
    static const struct outage all = {1.0, 600, 0, 1}, slow = {0.035, 80000, 0, 1};
    assert_int_equal(fires_after_s(burn_rule("4", 36, 3600, 0), &all, 10, 3600, 3600 + 4300), 130);
    assert_int_equal(watch.last_firing_s[0] - 3600 - 600, 3470); /* 57.8 minutes */
    watch_end(&watch);
    const int64_t exhausted_s = 74058; /* 20.57 hours */
    assert_int_equal(fires_after_s(burn_rule("4", 36, 3600, 0), &slow, 1, 3600, 3600 + exhausted_s),
                     -1);
    CHECK_NEAR(budget_burned(3600 + exhausted_s), 1.0, 1e-9);
    watch_end(&watch);
}

/* "6: Multiwindow, Multi-Burn-Rate": 15% for ten minutes fires after 5 minutes (345.6 s) and stops
 * 5 minutes after the outage, where one window goes on for an hour. */
static void iteration_6_fires_and_stops_after_five_minutes(void **state)
{
    (void)state;
    static const struct outage outage = {0.15, 600, 0, 1};
    assert_int_equal(fires_after_s(burn_rule("6", 14.4, 3600, 300), &outage, 20, 3600, 3600 + 5000),
                     346);
    assert_in_range(watch.last_firing_s[0] - 3600 - 600, 240, 300);
    assert_int_equal(watch.last_firing_s[0] - 3600 - 600, 271); /* 300 - 28.8, and before it */
    watch_end(&watch);
    assert_int_equal(fires_after_s(burn_rule("5", 14.4, 3600, 0), &outage, 20, 3600, 3600 + 5000),
                     346);
    assert_int_equal(watch.last_firing_s[0] - 3600 - 600, 3254);
    watch_end(&watch);
}

/* Table 5-8 for 99.9%: time to fire is (1 - SLO) / error rate * window * burn rate, and by then
 * burn rate * window / period of the budget is gone: 2%, 5%, 10%. */
static void the_recommended_rules_fire_when_their_formula_says(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        double burn;
        int64_t window_s, short_s;
        double budget, span_s[3]; /* of errors of 100%, 10% and 1% */
    } rows[] = {{"page, an hour", 14.4, 3600, 300, 0.02, {51.84, 518.4, INFINITY}},
                {"page, six hours", 6, 21600, 1800, 0.05, {129.6, 1296, 12960}},
                {"ticket, three days", 1, 259200, 21600, 0.10, {259.2, 2592, 25920}}};
    static const double errors[] = {1.0, 0.1, 0.01};
    const struct alert_spec spec = {.interval_us = S};
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct alert_rule rule =
            burn_rule("rule", rows[i].burn, rows[i].window_s, rows[i].short_s);
        CHECK_NEAR(rows[i].burn * (double)rows[i].window_s / (30 * 86400.0), rows[i].budget, 1e-12);
        for (unsigned e = 0; e < 3; e++) {
            const int64_t first_s = alert_first_firing_s(&rule, &spec, errors[e] / 0.001, 1000);
            const int64_t should_s =
                isinf(rows[i].span_s[e]) ? INT64_MAX : 1000 + (int64_t)floor(rows[i].span_s[e]) + 1;
            CHECK_ROW(rows[i].label, first_s == should_s);
        }
    }
}

/* ---- little traffic ---- */

/* Ten orders an hour, all of them failing: five minutes hold none e^(-10/12) = 43.5% of the time,
 * so what waits starts again and again, and a volume of 20 never lets it begin. */
static void at_ten_orders_an_hour_a_window_of_five_minutes_is_often_empty(void **state)
{
    (void)state;
    enum { HOURS = 2000 };
    watch.spec = (struct alert_spec){.interval_us = 10 * S};
    add_rule(rule_of("B", SIGNAL_ERROR_RATE, 0.5, 300, 300));
    add_rule(rule_of("Volume", SIGNAL_ERROR_RATE, 0.5, 300, 0));
    watch.spec.rules[1].min_volume = 20;
    watch_start(&watch, 0, 0);
    uint32_t empty = 0, ticks = 0, resets = 0;
    uint64_t draw = 0;
    double due_s = 0;
    enum alert_state before = ALERT_INACTIVE;
    for (int64_t tick_s = 10; tick_s <= HOURS * 3600; tick_s += 10) {
        while (due_s <= (double)tick_s) {
            if (due_s > 0) watch_orders(&watch, (int64_t)ceil(due_s), 1, 0);
            due_s -= 360.0 * log(random_unit(test_bits(1, draw++)));
        }
        watch_look(&watch, tick_s);
        const enum alert_state now = (enum alert_state)watch.alerts.instances[0].state;
        empty += !watch.alerts.instances[0].value.known;
        resets += before == ALERT_PENDING && now == ALERT_INACTIVE;
        before = now;
        ticks++;
    }
    CHECK_NEAR((double)empty / ticks, 0.4346, 0.02); /* over three standard errors */
    assert_true(resets > HOURS / 2);
    assert_int_equal(watch.episodes[1], 0);
    watch_end(&watch);
}

/* ---- random rules ---- */

/* Shares in tenths and ten orders a second: every second has its whole number of failures. */
static void the_closed_form_names_the_second_in_which_the_engine_fires(void **state)
{
    (void)state;
    enum { CASES = 800, NONE = -1 };
    unsigned fired = 0;
    for (unsigned i = 0; i < CASES; i++) {
        uint64_t bits = test_bits(8, i);
        const int64_t window_s = 5 + (int64_t)(bits % 240);
        const double share = (double)(1 + (bits >> 10) % 10) / 10.0;
        /* As often as not in tenths, too, where much is exactly so. */
        const double threshold = bits % 2 == 0 ? (double)(1 + (bits >> 16) % 99) / 100.0
                                               : (double)(1 + (bits >> 16) % 9) / 10.0;
        const int64_t interval_s = 1 + (int64_t)((bits >> 24) % 30);
        const int64_t for_s = (bits >> 30) % 3 == 0 ? 0 : (int64_t)((bits >> 32) % 200);
        const bool burn = (bits >> 42) % 3 == 0, success = !burn && (bits >> 42) % 3 == 1;
        bits = test_bits(9, i);
        struct alert_rule rule = rule_of("Rule", SIGNAL_ERROR_RATE, threshold, window_s, for_s);
        if (burn) {
            rule.signal = SIGNAL_BURN_RATE;
            rule.when.threshold = threshold * 1000;
        }
        if (success) {
            rule.signal = bits % 2 == 0 ? SIGNAL_SUCCESS_RATE : SIGNAL_OK_RATE;
        }
        const bool strictly = (bits >> 1) % 3 != 0;
        rule.when.op =
            success ? (strictly ? CHECK_LT : CHECK_LE) : (strictly ? CHECK_GT : CHECK_GE);
        if ((bits >> 4) % 4 == 0) {
            rule.when.short_window_us = (1 + (int64_t)((bits >> 8) % 240)) * S;
        }
        if ((bits >> 24) % 4 == 0) {
            rule.any_of[0] = rule.when;
            rule.any_of[0].window_us = (1 + (int64_t)((bits >> 28) % 240)) * S;
            rule.any_count = 1;
        }
        const int64_t fault_s = 240 + (int64_t)((bits >> 40) % 60);
        watch.spec = (struct alert_spec){.interval_us = interval_s * S,
                                         .phase_us = (int64_t)(bits >> 50) % interval_s * S};
        add_rule(rule);
        watch_start(&watch, 0.999, 0);
        const struct outage outage = {share, 1000, 0, 1};
        const int64_t until_s = fault_s + 300 + for_s + 2 * interval_s;
        run_outage(&outage, 10, fault_s, until_s);
        const int64_t formula_s =
            alert_first_firing_s(&rule, &watch.spec, burn ? share / 0.001 : share, fault_s);
        char label[200];
        (void)snprintf(label, sizeof label,
                       "case %u: %s, %g of %g over %lld s for %lld s every %lld s: formula %lld, "
                       "engine %lld, fault %lld",
                       i, signal_traits[rule.signal].name, share, rule.when.threshold,
                       (long long)window_s, (long long)for_s, (long long)interval_s,
                       (long long)formula_s, (long long)watch.first_firing_s[0],
                       (long long)fault_s);
        CHECK_ROW(label, watch.first_firing_s[0] == (formula_s == INT64_MAX ? NONE : formula_s));
        fired += formula_s != INT64_MAX;
        watch_end(&watch);
    }
    assert_in_range(fired, CASES / 4, CASES * 3 / 4); /* both happen */
}

static void the_closed_form_says_nothing_of_what_does_not_step(void **state)
{
    (void)state;
    const struct alert_spec spec = {.interval_us = S};
    static const enum signal_kind others[] = {SIGNAL_P95_MS, SIGNAL_REQUESTS_PER_HOUR,
                                              SIGNAL_AUTHENTIC_RATIO, SIGNAL_BUDGET_BURNED,
                                              SIGNAL_SELECTION_PCT};
    for (unsigned i = 0; i < sizeof others / sizeof others[0]; i++) {
        const struct alert_rule rule = rule_of("Rule", others[i], 0.1, 60, 0);
        assert_int_equal(alert_first_firing_s(&rule, &spec, 1.0, 100), INT64_MAX);
    }
    struct alert_rule rule = rule_of("Rule", SIGNAL_ERROR_RATE, 0.1, 60, 0);
    assert_int_equal(alert_first_firing_s(&rule, &spec, 0.0, 100), INT64_MAX);
    rule.when.op = CHECK_LT; /* the other way */
    assert_int_equal(alert_first_firing_s(&rule, &spec, 1.0, 100), INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(six_rules_on_five_outages_fire_when_promtool_says),
        cmocka_unit_test(iteration_1_fires_at_once),
        cmocka_unit_test(iteration_2_fires_after_2_minutes_10),
        cmocka_unit_test(iteration_3_waits_while_the_budget_burns),
        cmocka_unit_test(iteration_4_resets_after_58_minutes_and_misses_35),
        cmocka_unit_test(iteration_6_fires_and_stops_after_five_minutes),
        cmocka_unit_test(the_recommended_rules_fire_when_their_formula_says),
        cmocka_unit_test(at_ten_orders_an_hour_a_window_of_five_minutes_is_often_empty),
        cmocka_unit_test(the_closed_form_names_the_second_in_which_the_engine_fires),
        cmocka_unit_test(the_closed_form_says_nothing_of_what_does_not_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
