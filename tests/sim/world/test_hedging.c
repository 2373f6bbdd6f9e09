/* Hedged calls in whole runs: the closed form where calls are independent, far less where they
 * share bad times, and the same decisions over every wire.
 *
 * Method: worlds in virtual time. MealMe alone with the chain `single`, so that a quote is one call
 * and its latency that call's; counts have to lie in the 99.9% region of the formula's share.
 */
#include <gsl/gsl_cdf.h>
#include <inttypes.h>
#include <math.h>

#include "providers/codec_state.h"
#include "sim/analysis/retry_model.h"
#include "sim/world/world_state.h"
#include "tests/sim/world/wire_fixture.h"

struct run {
    struct fixture fixture; /* scenario and plan alone */
    struct world *world;
};

static struct run *run_world(const char *json, enum wire_kind kind)
{
    struct run *const run = memory_zeroed(sizeof *run);
    assert_non_null(run);
    struct err err = {0};
    fixture_read(&run->fixture.scenario, json);
    fixture_make_plan(&run->fixture);
    run->fixture.plan.wire = (struct wire_spec){.kind = kind};
    run->world = world_create(&run->fixture.plan, SAMPLES_LIMIT_DEFAULT, &err);
    if (run->world == NULL) fail_msg("%s", err.message);
    const struct world_outputs outputs = {0};
    if (!world_run(run->world, 0, &outputs, NULL, &err)) fail_msg("%s", err.message);
    return run;
}

static void end_run(struct run *run)
{
    world_destroy(run->world);
    world_plan_release(&run->fixture.plan);
    scenario_release(&run->fixture.scenario);
    free(run);
}

/* MealMe by one call, `law` its latency, and nobody gives up; `hedge` the policy's. */
static struct run *run_single(const char *law, const char *hedge)
{
    struct text json = {0};
    text_format(&json,
                "\"duration\":\"4000s\",\"seed\":5,\"workload\":{\"arrivals\":{\"rate\":\"5/s\"},"
                "\"carts\":{\"lines\":1},\"confirm\":{\"share\":0}},\"router\":{\"env\":{"
                "\"LOOPGPT_MEALME_TIMEOUT\":\"300000\",\"LOOPGPT_ENABLE_INSTACART\":\"false\","
                "\"LOOPGPT_ENABLE_KROGER\":\"false\",\"LOOPGPT_ENABLE_WALMART\":\"false\"},"
                "\"policy\":{\"call_life\":\"10m\",\"hedge\":{\"budget\":0,%s}}},"
                "\"providers\":{\"MEALME\":{\"chain\":\"single\",\"errors\":{\"rate\":0},"
                "\"latency\":{\"single\":{%s}}}}",
                hedge, law);
    struct run *const run = run_world(json.bytes, WIRE_STRUCT);
    text_release(&json);
    return run;
}

static struct tally_provider *tally_of(struct run *run)
{
    uint32_t count;
    struct world_segment *segments = world_segments(run->world, &count);
    assert_int_equal(count, 1);
    return &segments[0].tally.providers[PROVIDER_MEALME];
}

static uint64_t longer_than(const struct samples *samples, int64_t us)
{
    assert_int_equal(samples->censored, 0);
    assert_int_equal(samples->kept, samples->count);
    uint64_t count = 0;
    for (uint32_t i = 0; i < samples->kept; i++)
        count += samples->values[i] / 2 > us;
    return count;
}

static bool is_plausible(const char *label, uint64_t count, double share, uint64_t n)
{
    const unsigned k = (unsigned)count;
    if (gsl_cdf_binomial_P(k, share, (unsigned)n) > 0.0005 &&
        (k == 0 || gsl_cdf_binomial_Q(k - 1, share, (unsigned)n) > 0.0005)) {
        return true;
    }
    print_error("%s: %" PRIu64 " of %" PRIu64 ", not %g of them\n", label, count, n, share);
    return false;
}

static const char iid[] = "\"law\":\"lognormal\",\"p50\":\"1500ms\",\"p95\":\"3500ms\"";

static void independent_calls_cost_and_gain_what_the_formula_says(void **state)
{
    (void)state;
    const struct retry_lognormal lognormal = retry_lognormal_of(1500, 0.95, 3500);
    const struct retry_law law = retry_lognormal_law(&lognormal);
    static const struct {
        const char *hedge;
        double after_ms;
    } rows[] = {{"\"enabled\":true,\"after\":\"3500ms\"", 3500},
                {"\"enabled\":true,\"after\":\"1500ms\"", 1500},
                {"\"enabled\":false,\"after\":\"1500ms\"", 1e9}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct run *const run = run_single(iid, rows[i].hedge);
        const struct tally_provider *const tally = tally_of(run);
        const uint64_t n = tally->quotes;
        assert_true(n > 19000);
        assert_int_equal(tally->calls, n + tally->hedges);
        const double load = retry_hedge_load(&law, rows[i].after_ms);
        CHECK_ROW(rows[i].hedge, is_plausible("hedges", tally->hedges, load, n) || load == 0.0);
        for (double ms = 1000; ms < 6500; ms += 500) {
            CHECK_ROW(rows[i].hedge,
                      is_plausible("slow", longer_than(&tally->latency, (int64_t)(1000 * ms)),
                                   retry_hedge_tail(&law, rows[i].after_ms, ms), n));
        }
        CHECK_ROW(rows[i].hedge, tally->hedges_won < tally->hedges || tally->hedges == 0);
        const struct world_facts *const facts = world_facts(run->world);
        CHECK_ROW(rows[i].hedge, facts->hedges[PROVIDER_MEALME] == tally->hedges);
        CHECK_ROW(rows[i].hedge, facts->hedges_won[PROVIDER_MEALME] == tally->hedges_won);
        end_run(run);
    }
}

/* One call in a hundred beyond it, of the run's own. */
static int64_t p99_us(struct run *run)
{
    const struct samples_quantile found = samples_quantile(&tally_of(run)->latency, 0.99, 10);
    assert_int_equal(found.state, SAMPLES_KNOWN);
    return (int64_t)found.us;
}

static void bad_times_that_calls_share_leave_little_to_gain(void **state)
{
    (void)state;
    /* A sixth of the time all calls take four times as long. */
    static const char regimes[] =
        "\"law\":\"regimes\",\"median\":\"1s\",\"sigma\":0.3,\"bad_factor\":4,"
        "\"good_for\":\"100s\",\"bad_for\":\"20s\"";
    struct run *const plain = run_single(regimes, "\"enabled\":false");
    struct run *const hedged = run_single(regimes, "\"enabled\":true,\"after\":\"2s\"");
    const int64_t slow_us = p99_us(plain), after_us = 2000000;
    const struct samples *const before = &tally_of(plain)->latency;
    const double n = (double)before->count;
    const double formula = (double)longer_than(before, slow_us) / n *
                           ((double)longer_than(before, slow_us - after_us) / n);
    const double measured = (double)longer_than(&tally_of(hedged)->latency, slow_us) /
                            (double)tally_of(hedged)->latency.count;
    print_message("beyond p99: 1%% before, %.3f%% by the formula, %.3f%% measured\n", 100 * formula,
                  100 * measured);
    assert_true(formula < 0.0025);
    assert_true(measured > 2.5 * formula);
    /* And the price is the same: all of bad times and the tail of good ones. */
    const struct tally_provider *const tally = tally_of(hedged);
    const double load = (double)longer_than(before, after_us) / n;
    assert_true(fabs((double)tally->hedges / (double)tally->quotes - load) < 0.01);
    end_run(plain);
    end_run(hedged);
}

/* All four providers, retries and a throttle, a fault, confirmations; and what the hedge has. */
static uint64_t hash_of(const char *hedge, enum wire_kind kind, uint64_t *hedges)
{
    struct text json = {0};
    text_format(&json,
                "\"duration\":\"30s\",\"workload\":{\"arrivals\":{\"rate\":\"1/s\"},"
                "\"confirm\":{\"share\":0.7,\"after\":\"2s\"}},"
                "\"router\":{\"policy\":{\"parallel_searches\":3,"
                "\"retry\":{\"enabled\":true,\"throttle\":{\"tokens\":20}},\"hedge\":{%s}}},"
                "\"faults\":[{\"id\":\"some\",\"provider\":\"all\",\"kind\":\"error\","
                "\"status\":503,\"at\":\"10s\",\"for\":\"5s\",\"fraction\":0.3,\"per\":\"call\"}]",
                hedge);
    struct run *const run = run_world(json.bytes, kind);
    text_release(&json);
    const struct world_facts *const facts = world_facts(run->world);
    const uint64_t hash = facts->hash;
    *hedges = 0;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        *hedges += facts->hedges[p];
    if (kind != WIRE_STRUCT) { /* no cart that a second call made is kept */
        const struct codec *const codec = run->world->wire->endpoints[PROVIDER_MEALME].codec;
        assert_true(codec->cart_count > 0);
        assert_int_equal(codec->carts_free_count, codec->cart_count);
        assert_int_equal(facts->wire.unstated, 0);
    }
    end_run(run);
    return hash;
}

static void every_wire_decides_alike(void **state)
{
    (void)state;
    uint64_t hedges[3];
    static const char hedge[] = "\"enabled\":true,\"after\":\"300ms\",\"budget\":0";
    const uint64_t structs = hash_of(hedge, WIRE_STRUCT, &hedges[0]);
    assert_true(hedges[0] > 50);
    assert_true(hash_of(hedge, WIRE_BYTES, &hedges[1]) == structs);
    assert_true(hash_of(hedge, WIRE_HTTP, &hedges[2]) == structs);
    assert_true(hedges[1] == hedges[0] && hedges[2] == hedges[0]);
}

static void switched_off_it_changes_nothing(void **state)
{
    (void)state;
    uint64_t hedges;
    const uint64_t usual = hash_of("\"enabled\":false", WIRE_STRUCT, &hedges);
    assert_true(hash_of("\"enabled\":false,\"after\":\"300ms\",\"budget\":0", WIRE_STRUCT,
                        &hedges) == usual);
    assert_int_equal(hedges, 0);
    /* Switched on, what is never due changes nothing either: no draw has moved. */
    assert_true(hash_of("\"enabled\":true,\"after\":\"30m\"", WIRE_STRUCT, &hedges) == usual);
    assert_int_equal(hedges, 0);
    assert_true(hash_of("\"enabled\":true,\"after\":\"300ms\"", WIRE_STRUCT, &hedges) != usual);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(independent_calls_cost_and_gain_what_the_formula_says),
        cmocka_unit_test(bad_times_that_calls_share_leave_little_to_gain),
        cmocka_unit_test(every_wire_decides_alike),
        cmocka_unit_test(switched_off_it_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
