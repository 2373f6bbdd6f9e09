/* Alerts: the states of Prometheus' rules/alerting.go, and who is told of what.
 *
 * Method: rows that a person can follow. Traffic is a letter a tick (10 s), states are a letter a
 * tick, notifications a text. When rules first fire under steady traffic: test_alert_timing.c.
 */
#include "tests/sim/world/alert_fixture.h"

enum { TICK_S = 10 };

/* ---- states ---- */

/* A tick's ten seconds: T ten orders and all failed, F ten and none did, t and f one order alone,
 * "-" none at all, = half of them failed. */
static void feed(struct watch *watch, char letter, int64_t until_s)
{
    switch (letter) {
    case 'T':
        watch_orders(watch, until_s - 3, 10, 0);
        return;
    case 'F':
        watch_orders(watch, until_s - 3, 0, 10);
        return;
    case '=':
        watch_orders(watch, until_s - 3, 5, 5);
        return;
    case 't':
        watch_orders(watch, until_s, 1, 0);
        return;
    case 'f':
        watch_orders(watch, until_s, 0, 1);
        return;
    default:
        assert_int_equal(letter, '-');
    }
}

/* The state after each tick: "." inactive, "p" pending, "F" firing. */
static void run_states(struct watch *watch, const char *traffic, char *states)
{
    for (int64_t tick = 1; traffic[tick - 1] != '\0'; tick++) {
        feed(watch, traffic[tick - 1], tick * TICK_S);
        watch_look(watch, tick * TICK_S);
        states[tick - 1] = ".pF"[watch->alerts.instances[0].state];
        states[tick] = '\0';
    }
}

static void states_follow_prometheus(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        int64_t for_s, keep_s, window_s, short_s;
        enum alert_no_data no_data;
        uint32_t min_volume;
        const char *traffic, *states;
    } rows[] = {
        {"for 0 fires on the tick that found it true", 0, 0, 10, 0, NO_DATA_OK, 0, "FTFTTF",
         ".F.FF."},
        {"for of two ticks: the third true one", 20, 0, 10, 0, NO_DATA_OK, 0, "FTTTTF", ".ppFF."},
        {"for between two ticks is rounded up", 11, 0, 10, 0, NO_DATA_OK, 0, "FTTTTF", ".ppFF."},
        {"for of one tick", 10, 0, 10, 0, NO_DATA_OK, 0, "FTTF", ".pF."},
        {"one false sample resets", 20, 0, 10, 0, NO_DATA_OK, 0, "TTFTTT", "pp.ppF"},
        {"one missing sample resets", 20, 0, 10, 0, NO_DATA_OK, 0, "TT-TTT", "pp.ppF"},
        {"one thin sample resets", 20, 0, 10, 0, NO_DATA_OK, 5, "TTtTTT", "pp.ppF"},
        {"the same sample, where one order is enough", 20, 0, 10, 0, NO_DATA_OK, 1, "TTtTTT",
         "ppFFFF"},
        {"a volume of exactly the minimum", 0, 0, 10, 0, NO_DATA_OK, 10, "TF", "F."},
        {"a volume of one less", 0, 0, 10, 0, NO_DATA_OK, 11, "TF", ".."},
        {"one missing sample resolves", 0, 0, 10, 0, NO_DATA_OK, 0, "TT-T", "FF.F"},
        {"strictly more than the threshold", 0, 0, 10, 0, NO_DATA_OK, 0, "=T", ".F"},
        {"keep_firing_for: false for less than it", 0, 20, 10, 0, NO_DATA_OK, 0, "TFFTF", "FFFFF"},
        {"keep_firing_for: from the first false one", 0, 20, 10, 0, NO_DATA_OK, 0, "TFFFTF",
         "FFF.FF"},
        {"keep_firing_for: true again starts it anew", 0, 20, 10, 0, NO_DATA_OK, 0, "TFFTFFFF",
         "FFFFFF.."},
        {"keep_firing_for: missing samples are false ones", 0, 20, 10, 0, NO_DATA_OK, 0, "T---",
         "FFF."},
        {"keep_firing_for keeps nothing pending", 20, 50, 10, 0, NO_DATA_OK, 0, "TTFTTTFF",
         "pp.ppFFF"},
        {"after it was kept, for starts from nothing", 10, 10, 10, 0, NO_DATA_OK, 0, "TTFFTTF",
         "pFF.pFF"},
        {"no data reads as firing", 0, 0, 10, 0, NO_DATA_FIRING, 0, "F-F-", ".F.F"},
        {"no data reads as firing, after for", 10, 0, 10, 0, NO_DATA_FIRING, 0, "F--F", ".pF."},
        {"thin data reads as firing", 0, 0, 10, 0, NO_DATA_FIRING, 5, "Ff-F", ".FF."},
        {"no data keeps what was true", 20, 0, 10, 0, NO_DATA_KEEP, 0, "T--FT", "ppF.p"},
        {"no data keeps what was false", 0, 0, 10, 0, NO_DATA_KEEP, 0, "F--T-", "...FF"},
        {"at the start there is nothing to keep", 0, 0, 10, 0, NO_DATA_KEEP, 0, "--T", "..F"},
        {"thin data keeps, too", 0, 0, 10, 0, NO_DATA_KEEP, 5, "TffF", "FFF."},
        {"a long window remembers", 0, 0, 30, 0, NO_DATA_OK, 0, "FTTTFFF", "..FFF.."},
        {"and the short one forgets", 0, 0, 30, 10, NO_DATA_OK, 0, "FTTTFFF", "..FF..."},
        {"the short window alone is not enough", 0, 0, 30, 10, NO_DATA_OK, 0, "FFTF", "...."},
        {"nothing in the short window is no data", 0, 0, 30, 10, NO_DATA_OK, 0, "TT-T", "FF.F"},
        {"which may keep it firing", 0, 0, 30, 10, NO_DATA_KEEP, 0, "TT-F", "FFF."},
        {"but not against the long window", 0, 0, 30, 10, NO_DATA_FIRING, 0, "FF-F", "...."},
        {"the short window needs no volume", 0, 0, 30, 10, NO_DATA_OK, 5, "Tt", "FF"},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        static struct watch watch;
        watch.spec =
            (struct alert_spec){.interval_us = TICK_S * S, .phase_us = TICK_S * S, .rule_count = 1};
        struct alert_rule *rule = &watch.spec.rules[0];
        *rule = rule_of("Errors", SIGNAL_ERROR_RATE, 0.5, rows[i].window_s, rows[i].for_s);
        rule->when.short_window_us = rows[i].short_s * S;
        rule->keep_firing_us = rows[i].keep_s * S;
        rule->no_data = rows[i].no_data;
        rule->min_volume = rows[i].min_volume;
        char states[32];
        watch_start(&watch, 0, 0);
        run_states(&watch, rows[i].traffic, states);
        CHECK_ROW_TEXT(rows[i].label, states, rows[i].states);
        watch_end(&watch);
    }
}

static struct watch watch;

static void start_rules(const struct alert_rule *rules, uint32_t count)
{
    watch.spec =
        (struct alert_spec){.interval_us = TICK_S * S, .phase_us = TICK_S * S, .rule_count = count};
    if (count > 0) memcpy(watch.spec.rules, rules, count * sizeof *rules);
    watch_start(&watch, 0, 0);
}

static const char *log_of(const char *traffic)
{
    for (int64_t tick = 1; traffic[tick - 1] != '\0'; tick++) {
        feed(&watch, traffic[tick - 1], tick * TICK_S);
        watch_look(&watch, tick * TICK_S);
    }
    return watch.log.bytes == NULL ? "" : watch.log.bytes;
}

static void changes_are_told_in_order(void **state)
{
    (void)state;
    struct alert_rule rules[2] = {rule_of("Slow", SIGNAL_ERROR_RATE, 0.5, 10, 10),
                                  rule_of("Fast", SIGNAL_ERROR_RATE, 0.5, 10, 0)};
    start_rules(rules, 2);
    assert_string_equal(log_of("FTFTTF"), "20 Slow pending; 20 Fast fired; 20 Fast told; "
                                          "30 Slow reset; 30 Fast resolved; "
                                          "40 Slow pending; 40 Fast fired; 40 Fast told; "
                                          "50 Slow fired; 50 Slow told; "
                                          "60 Slow resolved; 60 Fast resolved; ");
    watch_end(&watch);
}

/* Kroger fails its calls in T; the others are asked nothing, so of them nothing is known. */
static void each_enabled_provider_has_an_instance(void **state)
{
    (void)state;
    struct alert_rule rules[3] = {rule_of("Down", SIGNAL_SUCCESS_RATE, 0.5, 10, 0),
                                  rule_of("Kroger", SIGNAL_ERROR_RATE, 0.5, 10, 0),
                                  rule_of("Router", SIGNAL_ERROR_RATE, 0.5, 10, 0)};
    rules[0].scope = SCOPE_EACH_PROVIDER;
    rules[0].when.op = CHECK_LT;
    rules[1].scope = PROVIDER_KROGER_API;
    start_rules(rules, 3);
    assert_int_equal(watch.alerts.instance_count, PROVIDER_COUNT + 2);
    assert_string_equal(log_of("FT"), "20 Down.KROGER fired; 20 Kroger.KROGER fired; 20 Router "
                                      "fired; 20 Down.KROGER told; 20 Kroger.KROGER told; "
                                      "20 Router told; ");
    assert_true(alerts_firing(&watch.alerts, "Down", PROVIDER_KROGER_API));
    assert_false(alerts_firing(&watch.alerts, "Down", PROVIDER_WALMART_API));
    assert_true(alerts_firing(&watch.alerts, "Down", SCOPE_EACH_PROVIDER));
    assert_true(alerts_firing(&watch.alerts, "Router", SCOPE_EACH_PROVIDER));
    assert_false(alerts_firing(&watch.alerts, "Dawn", SCOPE_EACH_PROVIDER));
    watch_end(&watch);

    rules[0].no_data = NO_DATA_FIRING; /* the others fire, and in order */
    start_rules(rules, 1);
    struct alerts_setup setup = {.spec = &watch.spec};
    setup.enabled[PROVIDER_KROGER_API] = setup.enabled[PROVIDER_WALMART_API] = true;
    alerts_init(&watch.alerts, &setup);
    assert_int_equal(watch.alerts.instance_count, 2);
    assert_string_equal(log_of("F"), "10 Down.WALMART fired; 10 Down.WALMART told; ");
    watch_end(&watch);

    setup.enabled[PROVIDER_KROGER_API] = false;
    start_rules(rules + 1, 1);
    setup.spec = &watch.spec;
    alerts_init(&watch.alerts, &setup);
    assert_int_equal(watch.alerts.instance_count, 0);
    assert_string_equal(log_of("TT"), "");
    watch_end(&watch);
}

static void any_of_is_true_when_any_is(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        double first, second; /* thresholds over 10 s and over 30 s */
        enum alert_no_data no_data;
        const char *traffic, *states;
    } rows[] = {
        {"neither", 1, 1, NO_DATA_OK, "TT", ".."},
        {"its own", 0.5, 1, NO_DATA_OK, "FTF", ".F."},
        {"the other's", 1, 0.4, NO_DATA_OK, "FTF", ".F."},
        {"one after the other", 0.9, 0.4, NO_DATA_OK, "FTFFT", ".F..F"},
        {"true where its own is not known", 1, 0.4, NO_DATA_OK, "T--", "FFF"},
        {"false is not known where the rest is false", 0.5, 0.5, NO_DATA_FIRING, "F-F", ".F."},
        {"false where all are known", 0.5, 0.5, NO_DATA_FIRING, "FF", ".."},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct alert_rule rule = rule_of("Any", SIGNAL_ERROR_RATE, rows[i].first, 10, 0);
        rule.any_of[0] = rule.when;
        rule.any_of[0].window_us = 30 * S;
        rule.any_of[0].threshold = rows[i].second;
        rule.any_count = 1;
        rule.no_data = rows[i].no_data;
        start_rules(&rule, 1);
        char states[32];
        run_states(&watch, rows[i].traffic, states);
        CHECK_ROW_TEXT(rows[i].label, states, rows[i].states);
        watch_end(&watch);
    }
}

static void a_condition_is_true_in_its_hours_only(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        enum alert_hours hours;
        int64_t start_s, timezone_s; /* of the first tick: ten seconds before it */
        bool fires;
    } rows[] = {
        {"any hour", HOURS_ANY, 0, 0, true},
        {"peak at 10:00:00", HOURS_PEAK, 36000, 0, true},
        {"peak at 9:59:59", HOURS_PEAK, 35999, 0, false},
        {"peak at 20:59:59", HOURS_PEAK, 75599, 0, true},
        {"peak at 21:00:00", HOURS_PEAK, 75600, 0, false},
        {"off peak at 10:00:00", HOURS_OFF_PEAK, 36000, 0, false},
        {"off peak at 21:00:00", HOURS_OFF_PEAK, 75600, 0, true},
        {"15:00 in London is 10:00 in New York", HOURS_PEAK, 54000, -18000, true},
        {"14:59:59 is not", HOURS_PEAK, 53999, -18000, false},
        {"1:59:59 is 20:59:59 of the day before", HOURS_PEAK, 86400 + 7199, -18000, true},
        {"before 1970", HOURS_PEAK, -86400 + 36000, 0, true},
        {"long after", HOURS_PEAK, INT64_C(20000) * 86400 + 50000, 0, true},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct alert_rule rule = rule_of("Hours", SIGNAL_ERROR_RATE, 0.5, 10, 0);
        rule.when.hours = rows[i].hours;
        rule.no_data = NO_DATA_FIRING;
        start_rules(&rule, 1);
        struct alerts_setup setup = {.spec = &watch.spec,
                                     .start_unix_us = (rows[i].start_s - TICK_S) * S,
                                     .timezone_us = rows[i].timezone_s * S};
        alerts_init(&watch.alerts, &setup);
        watch_orders(&watch, TICK_S, 1, 0);
        watch_look(&watch, TICK_S);
        CHECK_ROW(rows[i].label, (watch.episodes[0] == 1) == rows[i].fires);
        CHECK_ROW(rows[i].label, watch.alerts.instances[0].value.value == 1.0);
        watch_end(&watch);
    }
}

/* The runbook's: fewer than 100 requests an hour in peak hours, or than 10 outside of them. */
static void hours_choose_among_thresholds(void **state)
{
    (void)state;
    struct alert_rule rule = rule_of("Quiet", SIGNAL_REQUESTS_PER_HOUR, 100, 600, 0);
    rule.when.op = CHECK_LT;
    rule.when.hours = HOURS_PEAK;
    rule.any_of[0] = rule.when;
    rule.any_of[0].threshold = 10;
    rule.any_of[0].hours = HOURS_OFF_PEAK;
    rule.any_count = 1;
    for (unsigned orders = 0; orders <= 20; orders++) {
        for (unsigned peak = 0; peak < 2; peak++) {
            start_rules(&rule, 1);
            const struct alerts_setup setup = {
                .spec = &watch.spec, .start_unix_us = (peak ? 12 : 3) * INT64_C(3600) * S};
            alerts_init(&watch.alerts, &setup);
            watch_orders(&watch, TICK_S, 0, orders);
            watch_look(&watch, TICK_S);
            assert_int_equal(watch.episodes[0], orders * 6 < (peak ? 100 : 10));
            watch_end(&watch);
        }
    }
}

/* ---- notifications ---- */

static void a_notification_takes_its_routes_time(void **state)
{
    (void)state;
    struct alert_rule rules[4] = {rule_of("Page", SIGNAL_ERROR_RATE, 0.5, 10, 0),
                                  rule_of("Mail", SIGNAL_ERROR_RATE, 0.5, 10, 0),
                                  rule_of("Own", SIGNAL_ERROR_RATE, 0.5, 10, 0),
                                  rule_of("Now", SIGNAL_ERROR_RATE, 0.5, 10, 0)};
    rules[1].severity = SEVERITY_INFO;
    rules[2].severity = SEVERITY_TICKET;
    rules[2].notify_us = 5 * S;
    rules[3].notify_us = 0;
    for (unsigned r = 0; r < 4; r++)
        rules[r].keep_firing_us = r == 0 ? 100 * S : 0;
    start_rules(rules, 4);
    watch.spec.notify_us[SEVERITY_PAGE] = 30 * S;
    watch.spec.notify_us[SEVERITY_TICKET] = 60 * S;
    watch.spec.notify_us[SEVERITY_INFO] = 11 * S;
    /* Mail resolves on the tick before its notification is due, and nobody hears of it. */
    assert_string_equal(log_of("TFFFF"), "10 Page fired; 10 Mail fired; 10 Own fired; 10 Now fired;"
                                         " 10 Now told; 15 Own told; "
                                         "20 Mail resolved; 20 Own resolved; 20 Now resolved; "
                                         "40 Page told; ");
    watch_end(&watch);
}

/* Due in the very instant of the tick that would resolve it: told, then resolved. */
static void what_is_due_is_told_before_the_tick(void **state)
{
    (void)state;
    struct alert_rule rule = rule_of("Errors", SIGNAL_ERROR_RATE, 0.5, 10, 0);
    rule.notify_us = 10 * S;
    start_rules(&rule, 1);
    assert_string_equal(log_of("TF"), "10 Errors fired; 20 Errors told; 20 Errors resolved; ");
    assert_int_equal(alerts_next_us(&watch.alerts), 30 * S);
    watch_end(&watch);
}

static void what_is_suppressed_waits_for_the_end_of_that(void **state)
{
    (void)state;
    struct alert_rule rules[2] = {rule_of("Errors", SIGNAL_ERROR_RATE, 0.4, 10, 0),
                                  rule_of("Outage", SIGNAL_ERROR_RATE, 0.9, 10, 0)};
    (void)snprintf(rules[0].suppressed_by, sizeof rules[0].suppressed_by, "Outage");
    rules[0].severity = SEVERITY_TICKET;
    start_rules(rules, 2);
    /* On one tick both fire, the suppressed one first; later Outage ends before Errors does. */
    assert_string_equal(log_of("TT==F"),
                        "10 Errors fired; 10 Outage fired; 10 Outage told; "
                        "30 Outage resolved; 30 Errors told; 50 Errors resolved; ");
    watch_end(&watch);
    start_rules(rules, 2); /* both end at once: Errors never was told */
    assert_string_equal(log_of("TTF"), "10 Errors fired; 10 Outage fired; 10 Outage told; "
                                       "30 Errors resolved; 30 Outage resolved; ");
    watch_end(&watch);
    start_rules(rules, 2); /* told before Outage fires: nothing is taken back, nor told again */
    assert_string_equal(log_of("=T="), "10 Errors fired; 10 Errors told; 20 Outage fired; "
                                       "20 Outage told; 30 Outage resolved; ");
    watch_end(&watch);
    rules[0].notify_us = 15 * S; /* it is what is firing when the notification is due that counts */
    start_rules(rules, 2);
    assert_string_equal(log_of("=T=="), "10 Errors fired; 20 Outage fired; 20 Outage told; "
                                        "30 Outage resolved; 30 Errors told; ");
    watch_end(&watch);
    start_rules(rules, 2);
    assert_string_equal(log_of("T==="), "10 Errors fired; 10 Outage fired; 10 Outage told; "
                                        "20 Outage resolved; 25 Errors told; ");
    watch_end(&watch);
}

/* With no data read as firing, every provider but Kroger is Gone. */
static void one_provider_does_not_suppress_another(void **state)
{
    (void)state;
    struct alert_rule rules[2] = {rule_of("Kroger", SIGNAL_ERROR_RATE, 0.4, 10, 0),
                                  rule_of("Gone", SIGNAL_ERROR_RATE, 2, 10, 0)};
    rules[0].scope = PROVIDER_KROGER_API;
    rules[1].scope = SCOPE_EACH_PROVIDER;
    rules[1].no_data = NO_DATA_FIRING;
    rules[1].notify_us = 1000 * S;
    (void)snprintf(rules[0].suppressed_by, sizeof rules[0].suppressed_by, "Gone");
    start_rules(rules, 2);
    (void)log_of("T");
    assert_true(alerts_firing(&watch.alerts, "Gone", PROVIDER_WALMART_API));
    assert_non_null(strstr(watch.log.bytes, "10 Kroger.KROGER told; "));
    watch_end(&watch);
    rules[0].scope = SCOPE_ROUTER; /* which Gone has no instance of: any of them counts */
    start_rules(rules, 2);
    (void)log_of("T");
    assert_non_null(strstr(watch.log.bytes, "10 Kroger fired; "));
    assert_null(strstr(watch.log.bytes, "told"));
    watch_end(&watch);
}

static void a_group_is_told_once(void **state)
{
    (void)state;
    struct alert_rule rules[3] = {rule_of("First", SIGNAL_ERROR_RATE, 0.4, 10, 0),
                                  rule_of("Second", SIGNAL_ERROR_RATE, 0.9, 10, 0),
                                  rule_of("Alone", SIGNAL_ERROR_RATE, 0.9, 10, 0)};
    (void)snprintf(rules[0].group, sizeof rules[0].group, "errors");
    (void)snprintf(rules[1].group, sizeof rules[1].group, "errors");
    start_rules(rules, 3);
    assert_string_equal(log_of("T"), "10 First fired; 10 Second fired; 10 Alone fired; "
                                     "10 First told; 10 Alone told; ");
    watch_end(&watch);
    start_rules(rules, 3); /* again and again, while First has not resolved; then anew */
    assert_string_equal(log_of("=T=TFT"),
                        "10 First fired; 10 First told; "
                        "20 Second fired; 20 Alone fired; 20 Alone told; "
                        "30 Second resolved; 30 Alone resolved; "
                        "40 Second fired; 40 Alone fired; 40 Alone told; "
                        "50 First resolved; 50 Second resolved; 50 Alone resolved; "
                        "60 First fired; 60 Second fired; 60 Alone fired; "
                        "60 First told; 60 Alone told; ");
    watch_end(&watch);
    rules[1].keep_firing_us = 1000 * S; /* Second counts as told: it carries the group on */
    start_rules(rules, 2);
    assert_string_equal(log_of("TF="), "10 First fired; 10 Second fired; 10 First told; "
                                       "20 First resolved; 30 First fired; ");
    watch_end(&watch);
    rules[1].notify_us = 15 * S; /* what counts is when it fired: First was told then */
    start_rules(rules, 2);
    assert_string_equal(log_of("=TFF"), "10 First fired; 10 First told; 20 Second fired; "
                                        "30 First resolved; ");
    watch_end(&watch);
    rules[1].notify_us = -1;
    rules[0].notify_us = 25 * S; /* whoever is told first speaks for the group */
    start_rules(rules, 2);
    assert_string_equal(log_of("TTTT"), "10 First fired; 10 Second fired; 10 Second told; ");
    watch_end(&watch);
}

/* ---- the rest ---- */

static void severities_are_asked_from_the_worst_down(void **state)
{
    (void)state;
    struct alert_rule rule = rule_of("Errors", SIGNAL_ERROR_RATE, 0.5, 10, 0);
    rule.severity = SEVERITY_TICKET;
    start_rules(&rule, 1);
    assert_false(alerts_any_firing(&watch.alerts, SEVERITY_INFO));
    (void)log_of("T");
    assert_false(alerts_any_firing(&watch.alerts, SEVERITY_PAGE));
    assert_true(alerts_any_firing(&watch.alerts, SEVERITY_TICKET));
    assert_true(alerts_any_firing(&watch.alerts, SEVERITY_INFO));
    watch_end(&watch);
}

static void without_rules_nothing_is_ever_due(void **state)
{
    (void)state;
    start_rules(NULL, 0);
    assert_int_equal(alerts_next_us(&watch.alerts), INT64_MAX);
    watch_end(&watch);
}

static void a_new_replication_knows_nothing_of_the_last(void **state)
{
    (void)state;
    struct alert_rule rules[2] = {rule_of("Errors", SIGNAL_ERROR_RATE, 0.5, 10, 20),
                                  rule_of("Keeps", SIGNAL_ERROR_RATE, 0.5, 10, 0)};
    rules[1].no_data = NO_DATA_KEEP;
    rules[1].notify_us = 100 * S;
    start_rules(rules, 2);
    char *first = strdup(log_of("TTT"));
    assert_non_null(first);
    signals_clear(&watch.signals);
    alerts_clear(&watch.alerts, 0);
    text_clear(&watch.log);
    assert_int_equal(alerts_next_us(&watch.alerts), 10 * S);
    assert_string_equal(log_of("TTT"), first);
    free(first);
    signals_clear(&watch.signals);
    alerts_clear(&watch.alerts, 7 * S); /* ticks at 17 s, 27 s, ...; nothing is kept */
    text_clear(&watch.log);
    assert_int_equal(alerts_next_us(&watch.alerts), 17 * S);
    assert_string_equal(log_of("-"), "");
    watch_look(&watch, 17);
    assert_int_equal(alerts_next_us(&watch.alerts), 27 * S);
    watch_orders(&watch, 20, 3, 0);
    watch_look(&watch, 40);
    assert_string_equal(watch.log.bytes, "27 Errors pending; 27 Keeps fired; 37 Errors reset; ");
    watch_end(&watch);
}

static uint32_t sampled_count;
static void count_sample(void *context, int64_t now_us, const struct alert_instance *instance)
{
    assert_ptr_equal(context, &watch);
    assert_int_equal(now_us, 10 * S);
    assert_true(instance->value.known);
    CHECK_NEAR(instance->value.value, 0.25, 0);
    assert_int_equal(instance->value.n, 4);
    sampled_count++;
}

static void values_are_shown_at_every_tick(void **state)
{
    (void)state;
    struct alert_rule rule = rule_of("Errors", SIGNAL_ERROR_RATE, 0.5, 10, 0);
    start_rules(&rule, 1);
    watch_orders(&watch, 6, 1, 3);
    sampled_count = 0;
    alerts_due(&watch.alerts, &watch.signals, 9 * S, watch_changed, count_sample, &watch);
    assert_int_equal(sampled_count, 0);
    alerts_due(&watch.alerts, &watch.signals, 10 * S, watch_changed, count_sample, &watch);
    assert_int_equal(sampled_count, 1);
    watch_end(&watch);
}

static void the_runbooks_words_have_three_readings(void **state)
{
    (void)state;
    static const struct {
        const char *label, *says;
        int64_t window_s, for_s;
        enum alert_reading reading;
        int64_t read_window_s, read_for_s;
    } rows[] = {
        {"A looks at the duration", "error rate > 50% for 10 minutes", 300, 600, READING_A, 600, 0},
        {"B looks at five minutes", "error rate > 50% for 10 minutes", 300, 600, READING_B, 300,
         600},
        {"C looks at one minute", "error rate > 50% for 10 minutes", 300, 600, READING_C, 60, 600},
        {"no duration, one reading", "error rate > 50%", 300, 0, READING_A, 300, 0},
        {"a rule that is its own author", "", 300, 600, READING_A, 300, 600},
        {"likewise", "", 300, 600, READING_C, 300, 600},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct alert_rule rule =
            rule_of("Errors", SIGNAL_ERROR_RATE, 0.5, rows[i].window_s, rows[i].for_s);
        (void)snprintf(rule.says, sizeof rule.says, "%s", rows[i].says);
        rule.any_of[0] = rule.when;
        rule.any_count = 1;
        const struct alert_rule read = alert_rule_read_as(&rule, rows[i].reading);
        CHECK_ROW(rows[i].label, read.when.window_us == rows[i].read_window_s * S);
        CHECK_ROW(rows[i].label, read.any_of[0].window_us == rows[i].read_window_s * S);
        CHECK_ROW(rows[i].label, read.for_us == rows[i].read_for_s * S);
        /* The engine reads so, too, and its signals reach as far. */
        start_rules(&rule, 1);
        watch_end(&watch);
        watch.spec.reading = rows[i].reading;
        watch_start(&watch, 0, 0);
        CHECK_ROW(rows[i].label, watch.signals.longest_s == rows[i].read_window_s);
        CHECK_ROW(rows[i].label, watch.alerts.rules[0].for_us == rows[i].read_for_s * S);
        watch_end(&watch);
    }
}

static void rules_say_what_they_want_to_see(void **state)
{
    (void)state;
    struct alert_rule rules[4] = {
        rule_of("Long", SIGNAL_ERROR_RATE, 0.5, 300, 0), rule_of("P95", SIGNAL_P95_MS, 5000, 60, 0),
        rule_of("Each", SIGNAL_P50_MS, 5000, 60, 0), rule_of("Slow", SIGNAL_SLOW_RATE, 0.1, 60, 0)};
    rules[0].any_of[0] = rules[0].when;
    rules[0].any_of[0].window_us = 900 * S;
    rules[0].any_count = 1;
    rules[1].scope = PROVIDER_WALMART_API;
    rules[2].scope = SCOPE_EACH_PROVIDER;
    struct alert_spec spec = {.rule_count = 2};
    memcpy(spec.rules, rules, sizeof rules);
    struct signals_setup setup = {.longest_s = 100};
    alerts_want(&spec, &setup);
    assert_int_equal(setup.longest_s, 900);
    for (unsigned s = 0; s < SCOPE_COUNT; s++)
        assert_int_equal(setup.wants_latency[s], s == PROVIDER_WALMART_API);
    spec.rule_count = 3;
    alerts_want(&spec, &setup);
    for (unsigned s = 0; s < SCOPE_COUNT; s++)
        assert_int_equal(setup.wants_latency[s], s != SCOPE_ROUTER);
    spec.rule_count = 4;
    setup.longest_s = 7200; /* somebody else's */
    alerts_want(&spec, &setup);
    assert_true(setup.wants_latency[SCOPE_ROUTER]);
    assert_int_equal(setup.longest_s, 7200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_follow_prometheus),
        cmocka_unit_test(changes_are_told_in_order),
        cmocka_unit_test(each_enabled_provider_has_an_instance),
        cmocka_unit_test(any_of_is_true_when_any_is),
        cmocka_unit_test(a_condition_is_true_in_its_hours_only),
        cmocka_unit_test(hours_choose_among_thresholds),
        cmocka_unit_test(a_notification_takes_its_routes_time),
        cmocka_unit_test(what_is_due_is_told_before_the_tick),
        cmocka_unit_test(what_is_suppressed_waits_for_the_end_of_that),
        cmocka_unit_test(one_provider_does_not_suppress_another),
        cmocka_unit_test(a_group_is_told_once),
        cmocka_unit_test(severities_are_asked_from_the_worst_down),
        cmocka_unit_test(without_rules_nothing_is_ever_due),
        cmocka_unit_test(a_new_replication_knows_nothing_of_the_last),
        cmocka_unit_test(values_are_shown_at_every_tick),
        cmocka_unit_test(the_runbooks_words_have_three_readings),
        cmocka_unit_test(rules_say_what_they_want_to_see),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
