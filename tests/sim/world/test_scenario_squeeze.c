/* A run in less time keeps its faults, and what happens to credentials, at their places in it. */
#include "tests/support.h"

#include "router/base/memory.h"
#include "sim/world/scenario.h"

static struct scenario *make_scenario(int64_t duration_us)
{
    struct scenario *const scenario = memory_zeroed(sizeof *scenario);
    assert_non_null(scenario);
    scenario_default(scenario);
    scenario->duration_us = duration_us;
    return scenario;
}

static void end_scenario(struct scenario *scenario)
{
    scenario_release(scenario);
    free(scenario);
}

static void add_fault(struct scenario *scenario, int64_t at_us, int64_t for_us)
{
    scenario->faults[scenario->fault_count++] = (struct fault_spec){
        .id = "f", .provider_mask = 1, .at_us = at_us, .for_us = for_us, .fraction = 1};
}

static void faults_keep_their_places(void **state)
{
    (void)state;
    struct scenario *const scenario = make_scenario(6 * US_PER_MINUTE);
    add_fault(scenario, 2 * US_PER_MINUTE, 2 * US_PER_MINUTE);
    add_fault(scenario, 3 * US_PER_MINUTE, INT64_MAX); /* to the end, and beyond */
    scenario->faults[0].ramp_us = US_PER_MINUTE;
    scenario->faults[0].flap_on_us = 36 * US_PER_SECOND;
    scenario->faults[0].flap_off_us = 18 * US_PER_SECOND;
    scenario->faults[0].stale_us = 77;
    scenario->warmup_us = 18 * US_PER_SECOND;
    struct credential_spec *const credentials =
        &scenario->providers[PROVIDER_KROGER_API].backend.credentials;
    credentials->rotated_at_us = 90 * US_PER_SECOND;
    const int64_t life_us = credentials->token_life_us;
    scenario->cache.faults[scenario->cache.fault_count++] = (struct cache_fault_spec){
        .id = "c", .at_us = 3 * US_PER_MINUTE, .for_us = 90 * US_PER_SECOND, .add_us = 55};
    scenario_squeeze(scenario, 20 * US_PER_SECOND);
    const struct fault_spec *const fault = scenario->faults;
    assert_int_equal(scenario->duration_us, 20 * US_PER_SECOND);
    CHECK_NEAR((double)fault[0].at_us, 20e6 / 3, 1);
    CHECK_NEAR((double)fault[0].for_us, 20e6 / 3, 2);
    CHECK_NEAR((double)fault[0].ramp_us, 10e6 / 3, 1);
    CHECK_NEAR((double)fault[0].flap_on_us, 2e6, 1);
    CHECK_NEAR((double)fault[0].flap_off_us, 1e6, 1);
    assert_int_equal(fault[0].stale_us, 77);
    assert_int_equal(fault[1].at_us, 10 * US_PER_SECOND);
    assert_int_equal(fault_end_us(&fault[1]), scenario->duration_us);
    CHECK_NEAR((double)scenario->cache.faults[0].at_us, 10e6, 1);
    CHECK_NEAR((double)scenario->cache.faults[0].for_us, 5e6, 2);
    assert_int_equal(scenario->cache.faults[0].add_us, 55);
    CHECK_NEAR((double)scenario->warmup_us, 1e6, 1);
    CHECK_NEAR((double)credentials->rotated_at_us, 5e6, 1);
    assert_int_equal(credentials->expires_at_us, -1);
    assert_int_equal(credentials->token_life_us, life_us);
    end_scenario(scenario);
}

static void a_fault_stays_long_enough_to_be_met_and_within_the_run(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        int64_t at_s, for_s, to_s;
    } rows[] = {{"in the middle", 43200, 60, 20},
                {"at the very end", 86399, 1, 20},
                {"at the beginning", 0, 1, 20},
                {"in a run of no length to speak of", 100, 100, 1}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scenario *const scenario = make_scenario(86400 * US_PER_SECOND);
        add_fault(scenario, rows[i].at_s * US_PER_SECOND, rows[i].for_s * US_PER_SECOND);
        const int64_t to_us = rows[i].to_s * US_PER_SECOND;
        scenario->faults[0].ramp_us = rows[i].for_s * US_PER_SECOND;
        scenario_squeeze(scenario, to_us);
        const struct fault_spec *const fault = scenario->faults;
        CHECK_ROW(rows[i].label, fault->at_us >= 0);
        CHECK_ROW(rows[i].label, fault_end_us(fault) <= to_us);
        CHECK_ROW(rows[i].label, fault->for_us >= 2 * US_PER_SECOND || fault->for_us == to_us);
        CHECK_ROW(rows[i].label, fault->ramp_us > 0 && fault->ramp_us <= fault->for_us);
        end_scenario(scenario);
    }
}

static void a_run_that_is_short_enough_is_left_as_it_is(void **state)
{
    (void)state;
    struct scenario *const scenario = make_scenario(15 * US_PER_SECOND);
    add_fault(scenario, US_PER_SECOND, US_PER_SECOND / 2);
    scenario_squeeze(scenario, 20 * US_PER_SECOND);
    assert_int_equal(scenario->duration_us, 15 * US_PER_SECOND);
    assert_int_equal(scenario->faults[0].at_us, US_PER_SECOND);
    assert_int_equal(scenario->faults[0].for_us, US_PER_SECOND / 2);
    end_scenario(scenario);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults_keep_their_places),
        cmocka_unit_test(a_fault_stays_long_enough_to_be_met_and_within_the_run),
        cmocka_unit_test(a_run_that_is_short_enough_is_left_as_it_is),
    };
    return cmocka_run_group_tests_name("sim/world/scenario_squeeze", tests, NULL, NULL);
}
