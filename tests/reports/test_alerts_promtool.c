/* Goal: Prometheus makes of exported rules what our engine makes of them. Method: random rules that
 * use everything a rule has (windows, short windows, alternatives, hours, volumes, missing data,
 * keeping) over random traffic with outages and silences; the engine runs, its signals and states
 * are recorded and written as a test of promtool, which has to pass. Then states are falsified, and
 * it has to fail: an assertion that holds whatever happens would prove nothing. Without promtool
 * these are skipped.
 */
#include "tests/support.h"

#include "reports/alerts_promtool.h"
#include "router/base/duration.h"

enum { S = 1000000, TICKS = 150, INTERVAL_S = 10, RULES = 10, RUNS = 2 };

/* ---- traffic ---- */

struct weather { /* of some minutes */
    double per_second, fail[PROVIDER_COUNT];
};

static double share(uint64_t seed, uint64_t index)
{
    return random_unit(test_bits(seed, index));
}

static struct weather weather_at(uint64_t seed, int64_t second)
{
    const uint64_t spell = (uint64_t)second / 170;
    static const double rates[] = {0.0, 0.02, 0.3, 2.0, 2.0}, fails[] = {0.0, 0.0, 0.1, 0.6, 1.0};
    struct weather weather = {.per_second = rates[test_bits(seed, 100 + spell) % 5]};
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        weather.fail[p] = fails[test_bits(seed + p, 200 + spell) % 5];
    return weather;
}

static void one_order(struct signals *signals, const struct weather *weather, uint64_t seed,
                      int64_t now_us)
{
    static struct router_order order;
    order = (struct router_order){.start_us = now_us - (int64_t)(share(seed, 1) * 8 * S),
                                  .decided_us = now_us,
                                  .decided = true,
                                  .code = ORDER_NO_QUOTES};
    for (unsigned p = 0; p < 3; p++) { /* the fourth is not enabled */
        struct order_slot *slot = &order.slots[order.candidate_count++];
        const bool came = share(seed, 10 + p) >= weather->fail[p];
        slot->provider = (uint8_t)p;
        slot->settled = true;
        slot->settled_us = now_us;
        slot->real_outcome = (uint8_t)(came ? QUOTE_OK : p == 1 ? QUOTE_TIMEOUT : QUOTE_HTTP_ERROR);
        if (!came) continue;
        order.code = ORDER_ROUTED;
        if (share(seed, 20 + p) < 0.7) order.ranked[0] = (uint8_t)p;
    }
    if (order.slots[order.ranked[0]].real_outcome != QUOTE_OK && order.code == ORDER_ROUTED)
        order.slots[order.ranked[0]].result.quote.canned = true;
    signals_order(signals, &order, now_us);
    const bool ok = order.code == ORDER_ROUTED && share(seed, 30) < 0.98;
    signals_judged(signals, ok, !ok, now_us);
}

/* ---- rules ---- */

static const char *const names[] = {
    "Plain",
    "with \"quotes\" and \\",
    "{{ $labels.provider }} {{",
    "line\nfeed: [a, b] # c",
    "'single' %",
    "caf\xc3\xa9 \xe2\x80\xa8 \xc2\x85 \x01",
    "- dash",
    "=~.*|x",
};

static struct alert_condition random_condition(uint64_t seed, enum signal_kind kind)
{
    /* Short ones are a fifth: a window that lies between two scrapes sees no counter move. */
    static const int64_t windows_s[] = {50, 60, 300, 600};
    static const double shares[] = {0.0, 0.05, 0.25, 0.5, 0.9, 1.0};
    struct alert_condition condition = {
        .op = (enum check_operator)(test_bits(seed, 1) % CHECK_OP_COUNT),
        .threshold = shares[test_bits(seed, 2) % 6],
        .window_us = windows_s[test_bits(seed, 3) % 4] * S,
        .hours = (enum alert_hours)(
            test_bits(seed, 4) % 3 == 0 ? 1 + test_bits(seed, 5) % (HOURS_COUNT - 1) : HOURS_ANY),
    };
    if (signal_traits[kind].unit == UNIT_MS) condition.threshold *= 8000.0;
    if (kind == SIGNAL_REQUESTS_PER_HOUR) condition.threshold *= 7200.0;
    if (kind == SIGNAL_BURN_RATE) condition.threshold *= 14.4;
    if (test_bits(seed, 6) % 3 == 0) condition.short_window_us = condition.window_us / 5;
    if (condition.short_window_us < S) condition.short_window_us = 0;
    return condition;
}

static struct alert_rule random_rule(uint64_t seed, unsigned index, bool counted)
{
    struct alert_rule rule = {.notify_us = -1, .slow_over_us = 2500000};
    do {
        rule.signal = (enum signal_kind)(test_bits(seed, 1) % SIGNAL_KIND_COUNT);
        rule.scope = (unsigned)(test_bits(seed, 2) % 3);
        rule.scope = rule.scope == 0   ? SCOPE_ROUTER
                     : rule.scope == 1 ? (unsigned)SCOPE_EACH_PROVIDER
                                       : (unsigned)PROVIDER_INSTACART;
        seed++;
    } while (!(rule.scope == SCOPE_ROUTER ? signal_traits[rule.signal].of_router
                                          : signal_traits[rule.signal].of_provider) ||
             (counted && !signal_traits[rule.signal].is_counter &&
              rule.signal != SIGNAL_REQUESTS_PER_HOUR));
    (void)snprintf(rule.name, sizeof rule.name, "%s %u", names[index % 8], index);
    signal_name(rule.scope, rule.signal, rule.metric);
    if (index % 2 == 0) (void)snprintf(rule.says, sizeof rule.says, "says %s", names[index % 8]);
    if (index % 3 == 0) (void)snprintf(rule.group, sizeof rule.group, "g %s", names[index % 8]);
    if (index % 5 == 0) (void)snprintf(rule.runbook, sizeof rule.runbook, "%s", names[index % 8]);
    rule.when = random_condition(seed + 1000, rule.signal);
    for (; rule.any_count < test_bits(seed, 3) % 3; rule.any_count++)
        rule.any_of[rule.any_count] = random_condition(seed + 2000 + rule.any_count, rule.signal);
    static const int64_t spans_s[] = {0, 0, 30, 300, 45};
    rule.for_us = spans_s[test_bits(seed, 4) % 5] * S;
    rule.keep_firing_us = spans_s[test_bits(seed, 5) % 5] * S;
    rule.min_volume = (uint32_t[]){0, 1, 5, 40}[test_bits(seed, 6) % 4];
    rule.no_data = (enum alert_no_data)(test_bits(seed, 7) % NO_DATA_COUNT);
    rule.severity = (enum alert_severity)(test_bits(seed, 8) % SEVERITY_COUNT);
    if (index > 0) (void)snprintf(rule.suppressed_by, sizeof rule.suppressed_by, "Plain 0");
    return rule;
}

/* ---- a run ---- */

struct play {
    struct alert_spec spec;
    struct alerts alerts;
    struct signals signals;
    struct alert_record record;
    struct prometheus_export export;
};

static void ignore(void *context, const struct alert_change *change)
{
    (void)context;
    (void)change;
}

static struct play *play_run(uint64_t seed, enum prometheus_form form)
{
    static struct play play;
    play = (struct play){.spec = {.reading = READING_B, .interval_us = INTERVAL_S * S}};
    play.spec.phase_us = (int64_t)(test_bits(seed, 900) % 10) * S;
    for (; play.spec.rule_count < RULES; play.spec.rule_count++) {
        const unsigned index = play.spec.rule_count;
        play.spec.rules[index] =
            random_rule(seed * 1000 + index * 17, index, form == PROMETHEUS_COUNTER);
    }
    struct alerts_setup setup = {.spec = &play.spec,
                                 .enabled = {true, true, true, false},
                                 /* Local clocks show ten, or nine in the evening, in the run. */
                                 .start_unix_us = INT64_C(1763856130) * S,
                                 .timezone_us =
                                     (seed % 2 == 0 ? INT64_C(35400) : INT64_C(-11400)) * S};
    alerts_init(&play.alerts, &setup);
    struct signals_setup wanted = {.objective = 0.9, .budget_orders = 500.0};
    alerts_want(&play.spec, &wanted);
    assert_true(signals_init(&play.signals, &wanted));
    struct alert_record_setup kept = {.rules = play.alerts.rules,
                                      .rule_count = play.alerts.rule_count,
                                      .interval_us = play.spec.interval_us,
                                      .start_unix_us = setup.start_unix_us,
                                      .timezone_us = setup.timezone_us,
                                      .objective = 0.9,
                                      .budget_orders = 500.0};
    memcpy(kept.enabled, setup.enabled, sizeof kept.enabled);
    assert_true(alert_record_init(&play.record, &kept));
    for (int64_t second = 0; second < TICKS * INTERVAL_S; second++) {
        while (alerts_next_us(&play.alerts) <= second * S) {
            const int64_t now_us = alerts_next_us(&play.alerts);
            const bool tick = now_us == play.alerts.next_tick_us;
            alerts_due(&play.alerts, &play.signals, now_us, ignore, NULL, NULL);
            if (tick) alert_record_tick(&play.record, &play.alerts, &play.signals, now_us);
        }
        const struct weather weather = weather_at(seed, second);
        const unsigned orders =
            (unsigned)(weather.per_second + share(seed, 5000u + (uint64_t)second));
        for (unsigned o = 0; o < orders; o++)
            one_order(&play.signals, &weather, seed + (uint64_t)second * 7 + o, second * S + 1 + o);
    }
    assert_false(play.record.failed);
    play.export = (struct prometheus_export){.rules = play.alerts.rules,
                                             .rule_count = play.alerts.rule_count,
                                             .form = form,
                                             .reading = READING_B,
                                             .title = "a\nb: \"c\"",
                                             .source = "rules.json",
                                             .interval_us = play.spec.interval_us,
                                             .timezone_us = setup.timezone_us,
                                             .notify_us = play.spec.notify_us,
                                             .objective = 0.9,
                                             .budget_orders = 500.0,
                                             .period_us = US_PER_DAY};
    return &play;
}

static void stop_run(struct play *play)
{
    signals_release(&play->signals);
    alert_record_release(&play->record);
}

/* ---- promtool ---- */

static bool promtool_is_there(void)
{
    return system("command -v promtool >/dev/null 2>&1") == 0;
}

static void write_file(const char *folder, const char *name, struct text *text)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_false(text->failed);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text->bytes, 1, text->length, file), text->length);
    assert_int_equal(fclose(file), 0);
    text_release(text);
}

static int promtool(const char *folder, const char *words)
{
    char command[600];
    (void)snprintf(command, sizeof command, "cd '%s' && promtool %s >out 2>&1", folder, words);
    return system(command);
}

static void show_output(const char *folder)
{
    char command[300];
    (void)snprintf(command, sizeof command, "head -c 3000 '%s/out'", folder);
    (void)!system(command);
}

static struct promtool_counts write_all(const char *folder, const struct play *play)
{
    struct text rules = {0}, tests = {0}, manager = {0};
    struct promtool_counts counts;
    const struct promtool_test test = {.name = "run \"x\": y",
                                       .rules_file = "rules.yml",
                                       .export = &play->export,
                                       .record = &play->record};
    alerts_write_prometheus(&rules, &play->export);
    alerts_write_alertmanager(&manager, &play->export);
    alerts_write_promtool(&tests, &test, &counts);
    write_file(folder, "rules.yml", &rules);
    write_file(folder, "alertmanager.yml", &manager);
    write_file(folder, "tests.yml", &tests);
    return counts;
}

static void remove_folder(const char *folder)
{
    char command[128];
    (void)snprintf(command, sizeof command, "rm -r '%s'", folder);
    assert_int_equal(system(command), 0);
}

static void agree(enum prometheus_form form)
{
    if (!promtool_is_there()) skip();
    char folder[64] = "/tmp/routesim-promtool-XXXXXX";
    assert_non_null(mkdtemp(folder));
    for (uint64_t run = 0; run < RUNS; run++) {
        struct play *play = play_run(70 + run, form);
        const struct promtool_counts counts = write_all(folder, play);
        assert_true(counts.alerts > RULES * TICKS / 2);
        if (promtool(folder, "check rules rules.yml") != 0 ||
            promtool(folder, "test rules tests.yml") != 0) {
            show_output(folder);
            fail_msg("run %u, in %s", (unsigned)run, folder);
        }
        stop_run(play);
    }
    remove_folder(folder);
}

static void gauges_agree_to_the_tick(void **state)
{
    (void)state;
    agree(PROMETHEUS_GAUGE);
}

static void counters_agree_within_a_tick(void **state)
{
    (void)state;
    agree(PROMETHEUS_COUNTER);
}

/* One state that the engine did not come to: of the last instance that ever fired, at its last
 * firing tick but one. */
static void falsify(struct alert_record *record)
{
    for (uint32_t i = record->instance_count; i-- > 0;) {
        for (uint32_t t = record->ticks; t-- > 2;) {
            uint8_t *states = record->instances[i].states;
            if (states[t] != ALERT_FIRING || states[t - 1] != ALERT_FIRING) continue;
            states[t - 1] = ALERT_PENDING;
            return;
        }
    }
    fail_msg("nothing fires");
}

static void alertmanager_takes_its_configuration(void **state)
{
    (void)state;
    if (system("command -v amtool >/dev/null 2>&1") != 0) skip();
    char folder[64] = "/tmp/routesim-promtool-XXXXXX", command[200];
    assert_non_null(mkdtemp(folder));
    struct play *play = play_run(71, PROMETHEUS_GAUGE);
    play->alerts.rules[1].notify_us = 90 * INT64_C(1000000);
    (void)write_all(folder, play);
    (void)snprintf(command, sizeof command,
                   "cd '%s' && amtool check-config alertmanager.yml >out 2>&1", folder);
    if (system(command) != 0) {
        show_output(folder);
        fail_msg("in %s", folder);
    }
    stop_run(play);
    remove_folder(folder);
}

static void one_wrong_state_is_found(void **state)
{
    (void)state;
    if (!promtool_is_there()) skip();
    char folder[64] = "/tmp/routesim-promtool-XXXXXX", output[4096] = "";
    assert_non_null(mkdtemp(folder));
    struct play *play = play_run(70, PROMETHEUS_GAUGE);
    falsify(&play->record);
    (void)write_all(folder, play);
    assert_int_not_equal(promtool(folder, "test rules tests.yml"), 0);
    char path[128];
    (void)snprintf(path, sizeof path, "%s/out", folder);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    output[fread(output, 1, sizeof output - 1, file)] = '\0';
    assert_int_equal(fclose(file), 0);
    assert_non_null(strstr(output, "FAILED"));
    assert_non_null(strstr(output, "exp:[")); /* and not for a file that cannot be read */
    stop_run(play);
    remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gauges_agree_to_the_tick),
        cmocka_unit_test(counters_agree_within_a_tick),
        cmocka_unit_test(one_wrong_state_is_found),
        cmocka_unit_test(alertmanager_takes_its_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
