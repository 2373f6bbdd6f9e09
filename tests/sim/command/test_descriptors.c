/* Goal: a run that will not fit into this process's descriptors is told so before it starts, with
 * figures that Little's law gives, and one that fits is left in peace.
 *
 * Method: scenarios with constant latencies, whose connections can be counted by hand. */
#include "sim/command/descriptors.h"

#include <sys/resource.h>

#include "tests/sim/world/wire_fixture.h"

static const struct wire_spec real_time = {.kind = WIRE_HTTP, .clock = WIRE_CLOCK_REAL};

/* One provider that answers a quote by one call of 2 s. */
#define ONE_CALL                                                                                   \
    "\"router\":{\"env\":{\"LOOPGPT_ENABLE_KROGER\":\"false\",\"LOOPGPT_ENABLE_WALMART\":"         \
    "\"false\",\"LOOPGPT_ENABLE_INSTACART\":\"false\"}},\"providers\":{\"MEALME\":{\"chain\":"     \
    "\"single\",\"latency\":{\"single\":{\"law\":\"constant\",\"value\":\"2s\"}}}}"
#define RATE(text) "\"workload\":{\"arrivals\":{\"rate\":\"" text "\"},\"carts\":{\"lines\":3}},"

static struct descriptor_need need_of(const char *json, const struct wire_spec *wire)
{
    struct fixture fixture = {0};
    struct descriptor_need need;
    fixture_read(&fixture.scenario, json);
    fixture_make_plan(&fixture);
    descriptors_estimate(&fixture.plan, wire, &need);
    world_plan_release(&fixture.plan);
    scenario_release(&fixture.scenario);
    return need;
}

static void connections_follow_rate_and_life(void **state)
{
    (void)state;
    /* 100/s x 2 s are 200 calls, and four deviations 57 more; two ends each, and 64 besides. */
    const struct descriptor_need need = need_of(RATE("100/s") ONE_CALL, &real_time);
    assert_in_range(need.count, 64 + 2 * 256, 64 + 2 * 257);
    assert_int_equal(need.providers, 1);
    assert_int_equal(need.life_us, 2 * US_PER_SECOND);
    assert_true(need.both_ends);
    CHECK_NEAR(need.orders_per_s, 100, 1e-9);
}

static void a_mock_elsewhere_has_its_end_elsewhere(void **state)
{
    (void)state;
    const struct descriptor_need need = need_of(
        RATE("100/s") "\"router\":{\"env\":{\"LOOPGPT_ENABLE_KROGER\":\"false\",\"LOOPGPT_ENABLE_"
                      "WALMART\":\"false\",\"LOOPGPT_ENABLE_INSTACART\":\"false\"}},"
                      "\"providers\":{\"MEALME\":{\"base_url\":\"http://127.0.0.1:9\",\"chain\":"
                      "\"single\",\"latency\":{\"single\":{\"law\":\"constant\",\"value\":\"2s\"}}"
                      "}}",
        &real_time);
    assert_in_range(need.count, 64 + 256, 64 + 257);
    assert_false(need.both_ends);
}

static void hanging_calls_last_their_whole_life(void **state)
{
    (void)state;
    static const char hang[] =
        RATE("100/s") ONE_CALL ",\"faults\":[{\"id\":\"h\",\"provider\":\"MEALME\",\"kind\":"
                               "\"hang\",\"at\":\"1m\",\"for\":\"10m\",\"fraction\":0.5}]";
    const struct descriptor_need need = need_of(hang, &real_time);
    /* Half of 100/s x 60 s, and half of 100/s x 2 s: 3,100 calls, 223 more, two ends each. */
    assert_in_range(need.count, 64 + 2 * 3322, 64 + 2 * 3323);
    assert_int_equal(need.life_us, 60 * US_PER_SECOND);
}

static void searches_hang_one_after_the_other_until_the_fault_ends(void **state)
{
    (void)state;
#define KROGER                                                                                     \
    "\"router\":{\"env\":{\"LOOPGPT_ENABLE_KROGER\":\"true\",\"LOOPGPT_ENABLE_WALMART\":\"false\"" \
    ",\"LOOPGPT_ENABLE_INSTACART\":\"false\",\"LOOPGPT_ENABLE_MEALME\":\"false\"}},"
#define HANG(span)                                                                                 \
    "\"faults\":[{\"id\":\"h\",\"provider\":\"KROGER_API\",\"kind\":\"hang\",\"at\":\"1m\","       \
    "\"for\":\"" span "\"}]"
    const uint64_t short_one = need_of(RATE("1/s") KROGER HANG("30s"), &real_time).count;
    const uint64_t long_one = need_of(RATE("1/s") KROGER HANG("10m"), &real_time).count;
    assert_in_range(short_one, 64 + 2 * 90, 64 + 2 * 130); /* 90 s each */
    assert_in_range(long_one, 64 + 2 * 180, 64 + 2 * 235); /* three lives */
    const uint64_t slow =
        need_of(RATE("1/s") KROGER "\"faults\":[{\"id\":\"h\",\"provider\":\"KROGER_API\","
                                   "\"kind\":\"latency\",\"add\":\"20s\",\"at\":\"1m\",\"for\":"
                                   "\"10m\"}]",
                &real_time)
            .count;
    assert_true(slow > 64 + 2 * 100); /* token, store and three searches of more than 20 s */
    assert_true(slow < long_one);
}

static void who_is_not_called_needs_nothing(void **state)
{
    (void)state;
    const struct descriptor_need need =
        need_of(RATE("100/s") "\"router\":{\"env\":{\"LOOPGPT_ENABLE_KROGER\":\"false\","
                              "\"LOOPGPT_ENABLE_WALMART\":\"false\",\"LOOPGPT_ENABLE_INSTACART\":"
                              "\"false\",\"LOOPGPT_ENABLE_MEALME\":\"false\"}}",
                &real_time);
    assert_int_equal(need.count, 64);
    assert_int_equal(need.providers, 0);
}

static void a_lack_is_told_with_its_figures(void **state)
{
    (void)state;
    struct err warning = {0};
    const struct descriptor_need need = {.count = 41234,
                                         .orders_per_s = 200,
                                         .providers = 4,
                                         .life_us = 60 * US_PER_SECOND,
                                         .both_ends = true};
    assert_false(descriptors_lack(&need, 41234, &warning));
    assert_false(descriptors_lack(&need, UINT64_MAX, &warning));
    assert_true(descriptors_lack(&need, 1024, &warning));
    assert_true(warning.warning);
    assert_string_equal(warning.message,
                        "this run may need about 42000 file descriptors (200 orders a second, 4 "
                        "providers, calls of up to 60 s, both ends of a connection in here), and "
                        "this process may have 1024");
    assert_non_null(strstr(warning.hint, "`ulimit -n 65536`"));
}

static void the_limit_is_lifted_as_far_as_it_goes(void **state)
{
    (void)state;
    struct rlimit before, low, after;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    low = before;
    low.rlim_cur = 128;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    const uint64_t limit = descriptors_raise();
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &after), 0);
    assert_true(after.rlim_cur == before.rlim_max);
    if (after.rlim_cur != RLIM_INFINITY) assert_int_equal(limit, after.rlim_cur);
    assert_int_equal(descriptors_raise(), limit);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connections_follow_rate_and_life),
        cmocka_unit_test(a_mock_elsewhere_has_its_end_elsewhere),
        cmocka_unit_test(hanging_calls_last_their_whole_life),
        cmocka_unit_test(searches_hang_one_after_the_other_until_the_fault_ends),
        cmocka_unit_test(who_is_not_called_needs_nothing),
        cmocka_unit_test(a_lack_is_told_with_its_figures),
        cmocka_unit_test(the_limit_is_lifted_as_far_as_it_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
