/* What goes together, who answers for a provider, and where it is. */
#include "tests/sim/world/wire_fixture.h"

/* ---- what goes together ---------------------------------------------------------------------- */

static void what_does_not_go_together_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        const char *json;
        enum wire_kind kind;
        enum wire_clock clock;
        const char *why; /* NULL: it goes together */
    } rows[] = {
        {"structs", "", WIRE_STRUCT, WIRE_CLOCK_VIRTUAL, NULL},
        {"http, virtual", "", WIRE_HTTP, WIRE_CLOCK_VIRTUAL, NULL},
        {"http, real", "", WIRE_HTTP, WIRE_CLOCK_REAL, NULL},
        {"structs in real time", "", WIRE_STRUCT, WIRE_CLOCK_REAL, "over HTTP"},
        {"bytes in real time", "", WIRE_BYTES, WIRE_CLOCK_REAL, "over HTTP"},
        {"two replications in real time", "\"replications\":2", WIRE_HTTP, WIRE_CLOCK_REAL,
         "one replication"},
        {"two in virtual time", "\"replications\":2", WIRE_HTTP, WIRE_CLOCK_VIRTUAL, NULL},
        {"live", "\"providers\":{\"MEALME\":{\"mode\":\"live\"}}", WIRE_HTTP, WIRE_CLOCK_REAL,
         NULL},
        {"live in virtual time", "\"providers\":{\"MEALME\":{\"mode\":\"live\"}}", WIRE_HTTP,
         WIRE_CLOCK_VIRTUAL, "virtual time"},
        {"live, a quote in one call",
         "\"providers\":{\"MEALME\":{\"mode\":\"live\",\"chain\":\"single\"}}", WIRE_HTTP,
         WIRE_CLOCK_REAL, "one call"},
        {"a fault that comes between",
         "\"providers\":{\"MEALME\":{\"mode\":\"live\"}},\"faults\":[{\"id\":\"f\",\"provider\":"
         "\"MEALME\",\"kind\":\"latency\",\"add\":\"1s\",\"at\":\"1s\",\"for\":\"1s\"}]",
         WIRE_HTTP, WIRE_CLOCK_REAL, NULL},
        {"a fault that would have to be the provider's",
         "\"providers\":{\"MEALME\":{\"mode\":\"live\"}},\"faults\":[{\"id\":\"f\",\"provider\":"
         "\"MEALME\",\"kind\":\"price_drift\",\"factor\":2,\"at\":\"1s\",\"for\":\"1s\"}]",
         WIRE_HTTP, WIRE_CLOCK_REAL, "\"f\" cannot act on a live provider"},
        {"the same, of another provider",
         "\"providers\":{\"MEALME\":{\"mode\":\"live\"}},\"faults\":[{\"id\":\"f\",\"provider\":"
         "\"KROGER_API\",\"kind\":\"price_drift\",\"factor\":2,\"at\":\"1s\",\"for\":\"1s\"}]",
         WIRE_HTTP, WIRE_CLOCK_REAL, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scenario *const scenario = memory_zeroed(sizeof *scenario);
        assert_non_null(scenario);
        fixture_read(scenario, rows[i].json);
        struct err err = {0};
        const struct wire_spec spec = {.kind = rows[i].kind, .clock = rows[i].clock};
        const bool fits = wire_check(&spec, scenario, &err);
        CHECK_ROW(rows[i].label, fits == (rows[i].why == NULL));
        if (!fits) CHECK_ROW(rows[i].label, strstr(err.message, rows[i].why) != NULL);
        scenario_release(scenario);
        free(scenario);
    }
}

static void each_provider_is_answered_for_by_whom_the_scenario_says(void **state)
{
    (void)state;
    struct scenario *const scenario = memory_zeroed(sizeof *scenario);
    assert_non_null(scenario);
    fixture_read(scenario, "\"providers\":{\"MEALME\":{\"mode\":\"live\"},"
                           "\"INSTACART\":{\"base_url\":\"http://127.0.0.1:1\"},"
                           "\"KROGER_API\":{\"mode\":\"replay\",\"cassette\":\"c.jsonl\"}}");
    const struct wire_spec jumps = {.kind = WIRE_HTTP};
    const struct wire_spec real = {.kind = WIRE_HTTP, .clock = WIRE_CLOCK_REAL};
    assert_int_equal(wire_reach(&real, scenario, PROVIDER_MEALME), REACH_LIVE);
    assert_int_equal(wire_reach(&real, scenario, PROVIDER_INSTACART), REACH_ELSEWHERE);
    assert_int_equal(wire_reach(&real, scenario, PROVIDER_KROGER_API), REACH_REPLAY);
    assert_int_equal(wire_reach(&real, scenario, PROVIDER_WALMART_API), REACH_OWN);
    /* A mock elsewhere goes by the clock on the wall: virtual time has its own instead. */
    assert_int_equal(wire_reach(&jumps, scenario, PROVIDER_INSTACART), REACH_OWN);
    assert_true(wire_goes_elsewhere(&real, scenario));
    assert_false(wire_goes_elsewhere(&jumps, scenario));
    assert_true(wire_is_live(scenario));
    const struct wire_spec structs = {0};
    assert_true(wire_is_needed(&structs, scenario)); /* for the cassette */
    scenario->providers[PROVIDER_KROGER_API].mode = MODE_MOCK;
    assert_false(wire_is_needed(&structs, scenario));
    scenario_release(scenario);
    free(scenario);
}

/* ---- where a provider is --------------------------------------------------------------------- */

static void a_provider_is_where_the_scenario_or_its_key_or_the_vendor_says(void **state)
{
    (void)state;
    char longest[HTTP_PLACE_URL_MAX + 8];
    memset(longest, 'a', sizeof longest);
    memcpy(longest, "https://", 8);
    longest[sizeof longest - 1] = '\0';
    const struct {
        const char *label;
        enum provider provider;
        enum provider_mode mode;
        const char *base_url, *key, *value;
        const char *url; /* NULL: none; of a refusal: what is said */
        bool found;
    } rows[] = {
        {"the vendor's", PROVIDER_KROGER_API, MODE_LIVE, "", NULL, NULL, "https://api.kroger.com",
         true},
        {"its sandbox", PROVIDER_KROGER_API, MODE_LIVE, "", "KROGER_ENV", "sandbox",
         "https://api-ce.kroger.com", true},
        {"production, said", PROVIDER_KROGER_API, MODE_LIVE, "", "KROGER_ENV", "production",
         "https://api.kroger.com", true},
        {"the scenario's, sandbox or not", PROVIDER_KROGER_API, MODE_LIVE, "https://k.example",
         "KROGER_ENV", "sandbox", "https://k.example", true},
        {"the key's", PROVIDER_MEALME, MODE_LIVE, "", "MEALME_API_BASE", "https://m.example",
         "https://m.example", true},
        {"the scenario's before the key's", PROVIDER_MEALME, MODE_LIVE, "https://s.example",
         "MEALME_API_BASE", "https://m.example", "https://s.example", true},
        {"MealMe's key is nobody else's", PROVIDER_KROGER_API, MODE_LIVE, "", "MEALME_API_BASE",
         "https://m.example", "https://api.kroger.com", true},
        {"no sandbox", PROVIDER_WALMART_API, MODE_LIVE, "", "WALMART_ENV", "sandbox",
         "has no sandbox", false},
        {"too long", PROVIDER_MEALME, MODE_LIVE, "", "MEALME_API_BASE", longest, "too long", false},
        {"http, live", PROVIDER_MEALME, MODE_LIVE, "", "MEALME_API_BASE", "http://m.example",
         "https only", false},
        {"http, a mock", PROVIDER_MEALME, MODE_MOCK, "", "MEALME_API_BASE", "http://127.0.0.1:9",
         "http://127.0.0.1:9", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scenario *const scenario = memory_zeroed(sizeof *scenario);
        assert_non_null(scenario);
        scenario_default(scenario);
        struct provider_spec *const spec = &scenario->providers[rows[i].provider];
        spec->mode = rows[i].mode;
        (void)snprintf(spec->base_url, sizeof spec->base_url, "%s", rows[i].base_url);
        struct err err = {0};
        if (rows[i].key != NULL) {
            assert_true(
                env_set(&scenario->env, rows[i].key, rows[i].value, (struct place){0}, &err));
        }
        struct http_place place = {0};
        const bool found = wire_find_place(scenario, rows[i].provider, &place, &err);
        CHECK_ROW(rows[i].label, found == rows[i].found);
        if (found) {
            CHECK_ROW_TEXT(rows[i].label, place.base_url, rows[i].url);
            CHECK_ROW(rows[i].label, place.declared_mock == (rows[i].mode == MODE_MOCK));
        } else {
            CHECK_ROW(rows[i].label, strstr(err.message, rows[i].url) != NULL);
        }
        scenario_release(scenario);
        free(scenario);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_does_not_go_together_is_refused),
        cmocka_unit_test(each_provider_is_answered_for_by_whom_the_scenario_says),
        cmocka_unit_test(a_provider_is_where_the_scenario_or_its_key_or_the_vendor_says),
    };
    return cmocka_run_group_tests_name("sim/world/wire", tests, NULL, NULL);
}
