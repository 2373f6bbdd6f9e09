/* Scenarios are read as they are written, and every value can be written out and read back.
 *
 * Goal: what a file says, with `short` and overrides on top, is what the run is a function of.
 * Method: files in the test, values looked at one by one; then, for a scenario that uses most of
 * the language, each value that is described is given back as an override and must change nothing.
 */
#include "tests/support.h"

#include "router/base/duration.h"
#include "router/base/text.h"
#include "sim/world/scenario.h"
#include "sim/world/scenario_keys.h"

/* A scenario is too large for comfort on a stack that a sanitizer has widened. */
struct reading {
    struct scenario scenario;
    struct err_list list;
    bool accepted;
};

static struct reading *read_with(const char *file, const char *bytes,
                                 const struct scenario_options *options)
{
    struct reading *reading = calloc(1, sizeof *reading);
    assert_non_null(reading);
    reading->accepted =
        scenario_read(&reading->scenario, file, bytes, strlen(bytes), options, &reading->list);
    return reading;
}

static struct reading *read_good(const char *bytes)
{
    struct reading *reading = read_with("folder/test.json", bytes, NULL);
    if (!reading->accepted) err_list_print(stderr, &reading->list, bytes, false);
    assert_true(reading->accepted);
    return reading;
}

static void done(struct reading *reading)
{
    scenario_release(&reading->scenario);
    free(reading);
}

static bool complains_of(const struct reading *reading, const char *words)
{
    for (uint32_t i = 0; i < reading->list.count; i++) {
        if (strstr(reading->list.items[i].message, words) != NULL) return true;
    }
    return false;
}

/* ---- what an empty file means ---- */

static void takes_an_empty_object_for_an_hour_of_the_default_world(void **state)
{
    (void)state;
    struct reading *reading = read_good("{}");
    const struct scenario *scenario = &reading->scenario;
    assert_string_equal(scenario->name, "test");
    assert_string_equal(scenario->folder, "folder/");
    assert_int_equal(scenario->duration_us, US_PER_HOUR);
    assert_int_equal(scenario->workload.arrivals.kind, ARRIVAL_POISSON);
    CHECK_NEAR(scenario->workload.arrivals.per_second, 5.0, 0);
    assert_int_equal(scenario->replications, 1);
    assert_int_equal(scenario->fault_count, 0);
    assert_int_equal(scenario->check_count, 0);
    assert_false(scenario->slo.given);
    assert_true(scenario->policy.zero_is_missing);
    assert_int_equal(reading->list.count, 0);
    done(reading);
}

static void calls_a_scenario_after_its_file(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        const char *name;
        const char *folder;
    } rows[] = {
        {"a.json", "a", ""},
        {"x/y/kroger-timeout.json", "kroger-timeout", "x/y/"},
        {"/tmp/with space.json", "with-space", "/tmp/"},
        {"no-suffix", "no-suffix", ""},
        {"-", "scenario", ""},
        {"./v1.2.json", "v1.2", "./"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct reading *reading = read_with(rows[i].file, "{}", NULL);
        CHECK_ROW_TEXT(rows[i].file, reading->scenario.name, rows[i].name);
        CHECK_ROW_TEXT(rows[i].file, reading->scenario.folder, rows[i].folder);
        done(reading);
    }
}

/* ---- values ---- */

static void reads_every_kind_of_value(void **state)
{
    (void)state;
    struct reading *reading = read_good(
        "{ // a comment\n"
        "  \"$schema\": \"x.json\", \"schema\": \"routesim.scenario/1\",\n"
        "  \"name\": \"n\", \"title\": \"T\", \"seed\": 42, \"start\": \"2025-06-01T00:00:00Z\",\n"
        "  \"timezone\": \"-7h\", \"duration\": \"1h30m\", \"warmup\": \"5m\", \"replications\": "
        "3,\n"
        "  \"workload\": {\"confirm\": {\"share\": \"75%\", \"after\": \"2s\"},\n"
        "               \"preferences\": {\"price\": 2, \"speed\": 1},\n"
        "               \"postal_codes\": [\"10001\"]},\n"
        "  \"providers\": {\"KROGER_API\": {\n"
        "     \"credentials\": {\"expires_at\": \"10m\", \"rotated_at\": \"never\"},\n"
        "     \"limits\": {\"per_second\": 4, \"retry_after\": \"1m\"},\n"
        "     \"outcomes\": {\"late_mean\": \"1h30m\"},\n"
        "     \"errors\": {\"rate\": {\"all\": \"1%\", \"token\": 0.5}, \"status\": 500}}}\n"
        "}");
    const struct scenario *scenario = &reading->scenario;
    const struct backend_spec *kroger = &scenario->providers[PROVIDER_KROGER_API].backend;
    assert_string_equal(scenario->name, "n");
    assert_int_equal(scenario->seed, 42);
    assert_string_equal(scenario->seed_text, "42");
    assert_int_equal(scenario->start_unix_us, civil_days(2025, 6, 1) * US_PER_DAY);
    assert_int_equal(scenario->timezone_us, -7 * US_PER_HOUR);
    assert_int_equal(scenario->duration_us, 90 * US_PER_MINUTE);
    assert_int_equal(scenario->replications, 3);
    CHECK_NEAR(scenario->workload.confirm, 0.75, 0);
    assert_int_equal(scenario->workload.confirm_after_us, 2 * US_PER_SECOND);
    CHECK_NEAR(scenario->workload.preferences[PREFERENCE_BALANCED], 0, 0);
    CHECK_NEAR(scenario->workload.preferences[PREFERENCE_PRICE], 2, 0);
    assert_int_equal(scenario->workload.postal_count, 1);
    assert_int_equal(kroger->credentials.expires_at_us, 10 * US_PER_MINUTE);
    assert_int_equal(kroger->credentials.rotated_at_us, -1);
    assert_int_equal(kroger->limits.retry_after_s, 60);
    CHECK_NEAR(kroger->limits.burst, 4, 0); /* a second's worth, where none is given */
    CHECK_NEAR(kroger->outcomes.late_mean_minutes, 90, 0);
    CHECK_NEAR(kroger->errors.rate[OPERATION_TOKEN], 0.5, 0);
    CHECK_NEAR(kroger->errors.rate[OPERATION_SEARCH], 0.01, 1e-15);
    assert_int_equal(kroger->errors.status, 500);
    done(reading);
}

static void reads_seeds_to_the_last_bit(void **state)
{
    (void)state;
    static const struct {
        const char *written;
        uint64_t seed;
        bool good;
    } rows[] = {
        {"0", 0, true},
        {"9007199254740991", UINT64_C(9007199254740991), true}, /* 2^53 - 1 */
        {"9007199254740992", 0, false},
        {"\"9007199254740993\"", UINT64_C(9007199254740993), true},
        {"\"18446744073709551615\"", UINT64_MAX, true},
        {"\"18446744073709551616\"", 0, false},
        {"\"0xFFFFFFFFFFFFFFFF\"", UINT64_MAX, true},
        {"\"0x10000000000000000\"", 0, false},
        {"\"0x5EED\"", 0x5EED, true},
        {"\"\"", 0, false},
        {"\"12 \"", 0, false},
        {"-1", 0, false},
        {"1.5", 0, false},
        {"true", 0, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char bytes[128];
        (void)snprintf(bytes, sizeof bytes, "{\"seed\": %s}", rows[i].written);
        struct reading *reading = read_with("t.json", bytes, NULL);
        CHECK_ROW(rows[i].written, reading->accepted == rows[i].good);
        CHECK_ROW(rows[i].written, !rows[i].good || reading->scenario.seed == rows[i].seed);
        done(reading);
    }
}

static void applies_all_before_what_is_named(void **state)
{
    (void)state;
    struct reading *reading =
        read_good("{\"providers\": {\n"
                  "  \"MEALME\": {\"call_cost_cents\": 2, \"latency\": {\"cart\": {\"law\": "
                  "\"constant\", \"value\": \"9ms\"}}},\n"
                  "  \"all\": {\"call_cost_cents\": 1, \"latency\": {\"all\": {\"p50\": \"100ms\", "
                  "\"p95\": \"300ms\"},\n"
                  "          \"search\": {\"p50\": \"50ms\", \"p95\": \"60ms\"}}}}}");
    const struct provider_spec *providers = reading->scenario.providers;
    CHECK_NEAR(providers[PROVIDER_MEALME].backend.call_cost_cents, 2, 0);
    CHECK_NEAR(providers[PROVIDER_INSTACART].backend.call_cost_cents, 1, 0);
    const struct law_spec *cart = &providers[PROVIDER_MEALME].backend.latency[OPERATION_CART];
    assert_int_equal(cart->kind, LAW_CONSTANT);
    assert_int_equal(cart->value_us, 9 * US_PER_MS);
    const struct law_spec *quote = &providers[PROVIDER_MEALME].backend.latency[OPERATION_QUOTE];
    assert_int_equal(quote->p95_us, 300 * US_PER_MS);
    assert_int_equal(quote->median_us, -1); /* the default's, displaced by the quantiles */
    const struct law_spec *search =
        &providers[PROVIDER_WALMART_API].backend.latency[OPERATION_SEARCH];
    assert_int_equal(search->p50_us, 50 * US_PER_MS);
    done(reading);
}

static void keeps_what_a_law_does_not_name_unless_it_names_its_kind(void **state)
{
    (void)state;
    struct reading *reading =
        read_good("{\"providers\": {\"KROGER_API\": {\"latency\": {\n"
                  "  \"search\": {\"median\": \"2s\"},\n"
                  "  \"store\": {\"law\": \"lognormal\", \"median\": \"2s\", \"sigma\": 0.3}}}}}");
    const struct law_spec *laws = reading->scenario.providers[PROVIDER_KROGER_API].backend.latency;
    struct scenario *fresh = calloc(1, sizeof *fresh);
    scenario_default(fresh);
    const struct law_spec *usual = fresh->providers[PROVIDER_KROGER_API].backend.latency;
    assert_int_equal(laws[OPERATION_SEARCH].kind, usual[OPERATION_SEARCH].kind);
    assert_int_equal(laws[OPERATION_SEARCH].median_us, 2 * US_PER_SECOND);
    CHECK_NEAR(laws[OPERATION_SEARCH].sigma, usual[OPERATION_SEARCH].sigma, 0);
    assert_int_equal(laws[OPERATION_STORE].kind, LAW_LOGNORMAL);
    CHECK_NEAR(laws[OPERATION_STORE].tail_weight, -1, 0);
    free(fresh);
    done(reading);
}

static void lets_a_fault_last_to_the_end_of_the_run(void **state)
{
    (void)state;
    struct reading *reading = read_good("{\"duration\": \"30m\", \"faults\": [\n"
                                        "  {\"id\": \"a\", \"provider\": [\"KROGER_API\", "
                                        "\"WALMART_API\"], \"kind\": \"hang\", \"at\": \"10m\"},\n"
                                        "  {\"id\": \"b\", \"provider\": \"all\", \"kind\": "
                                        "\"outage\", \"for\": \"1m\", \"operations\": \"token\",\n"
                                        "   \"per\": \"call\", \"outage\": [{\"kind\": \"refuse\", "
                                        "\"share\": 3}, {\"kind\": \"error\"}]}]}");
    const struct fault_spec *faults = reading->scenario.faults;
    assert_int_equal(reading->scenario.fault_count, 2);
    assert_int_equal(faults[0].for_us, 20 * US_PER_MINUTE);
    assert_int_equal(faults[0].provider_mask,
                     1u << PROVIDER_KROGER_API | 1u << PROVIDER_WALMART_API);
    assert_int_equal(faults[0].operation_mask, 0);
    CHECK_NEAR(faults[0].fraction, 1, 0);
    assert_false(faults[0].per_call);
    assert_int_equal(faults[1].provider_mask, (1u << PROVIDER_COUNT) - 1);
    assert_int_equal(faults[1].operation_mask, 1u << OPERATION_TOKEN);
    assert_true(faults[1].per_call);
    assert_int_equal(faults[1].part_count, 2);
    assert_int_equal(faults[1].parts[1].status, 503);
    done(reading);
}

static void reads_limits_in_the_unit_of_their_metric(void **state)
{
    (void)state;
    struct reading *reading = read_good(
        "{\"checks\": [\n"
        "  {\"metric\": \"router.p95_ms\", \"op\": \"<=\", \"limit\": \"5s\"},\n"
        "  {\"metric\": \"router.p95_ms\", \"op\": \"<\", \"limit\": 250, \"during\": \"quiet\"},\n"
        "  {\"metric\": \"KROGER_API.success_rate\", \"op\": \">=\", \"limit\": \"95%\"},\n"
        "  {\"metric\": \"router.eta_minutes\", \"op\": \"<=\", \"limit\": \"1h\"},\n"
        "  {\"metric\": \"router.p99_ms\", \"op\": \"<=\", \"limit\": \"9.9s\"}]}");
    const struct check_spec *checks = reading->scenario.checks;
    CHECK_NEAR(checks[0].limit, 5000, 0);
    CHECK_NEAR(checks[1].limit, 250, 0);
    CHECK_NEAR(checks[2].limit, 0.95, 1e-15);
    CHECK_NEAR(checks[3].limit, 60, 0);
    CHECK_NEAR(checks[4].limit, 9900, 1e-9);
    assert_string_equal(checks[0].name, "router.p95_ms <= 5s");
    assert_string_equal(checks[1].name, "router.p95_ms < 250, while quiet");
    assert_int_equal(checks[2].place.line, 4);
    done(reading);
}

/* ---- env ---- */

static void takes_env_values_as_text(void **state)
{
    (void)state;
    struct reading *reading = read_good("{\"router\": {\"env\": {\n"
                                        "  \"LOOPGPT_KROGER_TIMEOUT\": 4900,\n"
                                        "  \"LOOPGPT_ENABLE_MEALME\": false,\n"
                                        "  \"LOOPGPT_ENABLE_WALMART\": \"1\"}}}");
    const struct env *env = &reading->scenario.env;
    assert_string_equal(env_get(env, "LOOPGPT_KROGER_TIMEOUT"), "4900");
    assert_string_equal(env_get(env, "LOOPGPT_ENABLE_MEALME"), "false");
    assert_string_equal(env_get(env, "LOOPGPT_ENABLE_WALMART"), "1");
    assert_int_equal(reading->list.count, 0);
    done(reading);
}

static void keeps_secrets_out_of_the_description(void **state)
{
    (void)state;
    struct reading *reading = read_good("{\"router\": {\"env\": {\n"
                                        "  \"KROGER_CLIENT_SECRET\": \"canary-7f3a\"}}}");
    struct text json = {0};
    scenario_describe(&reading->scenario, &json);
    assert_null(strstr(json.bytes, "canary-7f3a"));
    assert_non_null(strstr(json.bytes, "router.env.KROGER_CLIENT_SECRET"));
    text_release(&json);
    done(reading);
}

/* ---- short ---- */

static const char with_short[] =
    "{\"duration\": \"1h\", \"workload\": {\"arrivals\": {\"rate\": \"9/s\"}}, \"faults\": [\n"
    "  {\"id\": \"a\", \"provider\": \"MEALME\", \"kind\": \"error\", \"status\": 500, \"at\": "
    "\"40m\"},\n"
    "  {\"id\": \"b\", \"provider\": \"MEALME\", \"kind\": \"hang\", \"at\": \"10m\", \"for\": "
    "\"1m\"}],\n"
    " \"short\": {\"duration\": \"2m\", \"faults\": [{\"id\": \"a\", \"at\": \"1m\", \"for\": "
    "\"30s\"}]}}";

static void shortens_only_when_asked_to(void **state)
{
    (void)state;
    struct reading *whole = read_good(with_short);
    assert_int_equal(whole->scenario.duration_us, US_PER_HOUR);
    assert_int_equal(whole->scenario.fault_count, 2);
    done(whole);
}

static void lets_a_short_fault_start_from_its_namesake(void **state)
{
    (void)state;
    const struct scenario_options options = {.shortened = true};
    struct reading *brief = read_with("t.json", with_short, &options);
    const struct fault_spec *fault = &brief->scenario.faults[0];
    assert_true(brief->accepted);
    assert_int_equal(brief->scenario.duration_us, 2 * US_PER_MINUTE);
    CHECK_NEAR(brief->scenario.workload.arrivals.per_second, 9, 0);
    assert_int_equal(brief->scenario.fault_count, 1);
    assert_int_equal(fault->kind, FAULT_ERROR);
    assert_int_equal(fault->status, 500);
    assert_int_equal(fault->at_us, US_PER_MINUTE);
    assert_int_equal(fault->for_us, 30 * US_PER_SECOND);
    done(brief);
}

/* ---- overrides ---- */

static void applies_overrides_in_order_and_typed(void **state)
{
    (void)state;
    const struct scenario_override overrides[] = {
        {"duration", "10m", "--duration"},
        {"duration", "20m", "--set"},
        {"seed", "7", "--seed"},
        {"name", "12", "--set"},
        {"workload.confirm.share", "50%", "--set"},
        {"workload.preferences", "{\"speed\": 1}", "--set"},
        {"router.policy.retry.enabled", "true", "--set"},
        {"router.policy.missing_items", "median", "--set"},
        {"router.env.LOOPGPT_KROGER_TIMEOUT", "4900", "--set"},
        {"providers.KROGER_API.latency.search.p50", "1s", "--set"},
        {"providers.KROGER_API.latency.search.p95", "4s", "--set"},
        {"providers.KROGER_API.errors.rate", "0.25", "--set"},
        {"faults", "[{\"id\": \"k\", \"provider\": \"KROGER_API\", \"kind\": \"hang\"}]", "--set"},
        {"faults.k.at", "5m", "--set"},
        {"faults.0.provider", "all", "--set"},
        {"slo.objective", "99.5%", "--set"},
    };
    const struct scenario_options options = {
        .overrides = overrides, .override_count = sizeof overrides / sizeof overrides[0]};
    struct reading *reading = read_with("t.json", "{\"seed\": 1}", &options);
    const struct scenario *scenario = &reading->scenario;
    err_list_print(stderr, &reading->list, NULL, false);
    assert_true(reading->accepted);
    assert_int_equal(scenario->duration_us, 20 * US_PER_MINUTE);
    assert_int_equal(scenario->seed, 7);
    assert_string_equal(scenario->name, "12");
    CHECK_NEAR(scenario->workload.confirm, 0.5, 0);
    CHECK_NEAR(scenario->workload.preferences[PREFERENCE_BALANCED], 0, 0);
    assert_true(scenario->policy.retry.enabled);
    assert_int_equal(scenario->policy.missing_items, MISSING_ITEMS_MEDIAN);
    assert_string_equal(env_get(&scenario->env, "LOOPGPT_KROGER_TIMEOUT"), "4900");
    assert_int_equal(
        scenario->providers[PROVIDER_KROGER_API].backend.latency[OPERATION_SEARCH].p95_us,
        4 * US_PER_SECOND);
    CHECK_NEAR(scenario->providers[PROVIDER_KROGER_API].backend.errors.rate[OPERATION_STORE], 0.25,
               0);
    assert_int_equal(scenario->faults[0].at_us, 5 * US_PER_MINUTE);
    assert_int_equal(scenario->faults[0].provider_mask, (1u << PROVIDER_COUNT) - 1);
    assert_true(scenario->slo.given);
    done(reading);
}

static void refuses_overrides_with_a_suggestion(void **state)
{
    (void)state;
    static const struct {
        const char *path, *value, *message, *hint;
    } rows[] = {
        {"workload.arrivals.rat", "4/s", "\"workload.arrivals\" has no \"rat\"", "rate"},
        {"durration", "5m", "unknown key \"durration\"", "duration"},
        {"duration", "5", "\"duration\": \"5\" needs a unit", "5s"},
        {"replications", "many", "\"replications\" takes a whole number, not a text", ""},
        {"router.policy.missing_items", "medain", "cannot be \"medain\"", "median"},
        {"providers.KROGER.chain", "single", "\"providers\" has no \"KROGER\"", "KROGER_API"},
        {"providers.MEALME.latency.search.p50", "1s", "has no \"search\"", "cart"},
        {"faults.ghost.at", "1m", "\"faults\" has no \"ghost\"", ""},
        {"duration.long", "1m", "\"duration\" has no parts", ""},
        {"router.env", "x", "needs a key", ""},
        {"", "x", "a path is missing", ""},
        {"short.duration", "1m", "unknown key \"short\"", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct scenario_override override = {rows[i].path, rows[i].value, "--set"};
        const struct scenario_options options = {.overrides = &override, .override_count = 1};
        struct reading *reading = read_with("t.json", "{}", &options);
        CHECK_ROW(rows[i].path, !reading->accepted);
        CHECK_ROW(rows[i].path, reading->list.count == 1);
        const struct err *err = &reading->list.items[0];
        if (strstr(err->message, rows[i].message) == NULL) print_error("%s\n", err->message);
        CHECK_ROW(rows[i].path, strstr(err->message, rows[i].message) != NULL);
        CHECK_ROW(rows[i].path, strstr(err->hint, rows[i].hint) != NULL);
        CHECK_ROW_TEXT(rows[i].path, err->place.file, "--set");
        done(reading);
    }
}

/* ---- warnings ---- */

static void warns_and_goes_on(void **state)
{
    (void)state;
    struct reading *reading = read_good("{\"router\": {\"env\": {\"LOOPGPT_SCORE_PRICE_WEIGHT\": "
                                        "0.4, \"LOOPGPT_KROGER_TIMEOUT\": 9000,\n"
                                        "   \"LOOPGPT_KROGER_TIMEOT\": 1}},\n"
                                        " \"faults\": [{\"id\": \"a\", \"provider\": \"all\", "
                                        "\"kind\": \"hang\", \"fraction\": 0}]}");
    assert_int_equal(reading->list.errors, 0);
    assert_int_equal(reading->list.warnings, 4);
    assert_true(complains_of(reading, "1.1"));
    assert_true(complains_of(reading, "a timeout of 9s"));
    assert_true(complains_of(reading, "LOOPGPT_KROGER_TIMEOT"));
    assert_true(complains_of(reading, "its fraction is 0"));
    done(reading);
}

static void does_not_warn_of_production_s_own_defaults(void **state)
{
    (void)state;
    /* Default timeouts lie above the alert as well, but nobody wrote them. */
    struct reading *reading =
        read_good("{\"router\": {\"env\": {\"LOOPGPT_ENABLE_MEALME\": true}}}");
    assert_int_equal(reading->list.count, 0);
    done(reading);
}

/* ---- hash and description ---- */

static uint64_t hash_of(const char *bytes, bool router_apart)
{
    struct reading *reading = read_good(bytes);
    const uint64_t hash = scenario_hash(&reading->scenario, router_apart);
    done(reading);
    return hash;
}

static void gives_the_same_experiment_the_same_hash(void **state)
{
    (void)state;
    const uint64_t plain = hash_of("{}", false);
    static const char *const same[] = {
        "{\"seed\": 5}",
        "{\"title\": \"another\", \"description\": \"words\", \"name\": \"n\"}",
        "{\"replications\": 8}",
        "{\"duration\": \"60m\"}", /* the default, said otherwise */
        "{\"checks\": [{\"metric\": \"router.p95_ms\", \"op\": \"<=\", \"limit\": 1}]}",
        "{\"short\": {\"duration\": \"1m\"}}",
    };
    static const char *const other[] = {
        "{\"duration\": \"61m\"}",
        "{\"workload\": {\"arrivals\": {\"rate\": \"5.1/s\"}}}",
        "{\"router\": {\"policy\": {\"zero_is_missing\": false}}}",
        "{\"router\": {\"env\": {\"LOOPGPT_KROGER_TIMEOUT\": 4000}}}",
        "{\"providers\": {\"MEALME\": {\"prices\": {\"level\": 1.5}}}}",
        "{\"faults\": [{\"id\": \"a\", \"provider\": \"all\", \"kind\": \"hang\"}]}",
    };
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        CHECK_ROW(same[i], hash_of(same[i], false) == plain);
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++)
        CHECK_ROW(other[i], hash_of(other[i], false) != plain);
    assert_true(hash_of("{}", true) == hash_of(other[2], true));
    assert_true(hash_of("{}", true) == hash_of(other[3], true));
    assert_true(hash_of("{}", true) != hash_of(other[0], true));
}

static void does_not_care_in_which_order_env_keys_stand(void **state)
{
    (void)state;
    assert_true(hash_of("{\"router\": {\"env\": {\"LOOPGPT_KROGER_TIMEOUT\": 4000, "
                        "\"LOOPGPT_ENABLE_MEALME\": true}}}",
                        false) ==
                hash_of("{\"router\": {\"env\": {\"LOOPGPT_ENABLE_MEALME\": true, "
                        "\"LOOPGPT_KROGER_TIMEOUT\": 4000}}}",
                        false));
}

static void says_where_each_value_comes_from(void **state)
{
    (void)state;
    const struct scenario_override override = {"replications", "4", "--replications"};
    const struct scenario_options options = {.overrides = &override, .override_count = 1};
    struct reading *reading = read_with("t.json", "{\n\"duration\": \"5m\"}", &options);
    struct text json = {0};
    scenario_describe(&reading->scenario, &json);
    assert_non_null(
        strstr(json.bytes, "\"duration\": {\"value\": \"5m\", \"origin\": \"t.json:2\"}"));
    assert_non_null(
        strstr(json.bytes, "\"replications\": {\"value\": 4, \"origin\": \"--replications\"}"));
    assert_non_null(strstr(json.bytes, "\"warmup\": {\"value\": \"0s\", \"origin\": \"default\"}"));
    cJSON *parsed = cJSON_Parse(json.bytes);
    assert_non_null(parsed);
    cJSON_Delete(parsed);
    text_release(&json);
    done(reading);
}

/* ---- round trip ---- */

static const char rich[] =
    "{\"seed\": \"0x5EED\", \"timezone\": \"-5h30m\", \"duration\": \"2h\", \"warmup\": \"90s\",\n"
    " \"workload\": {\"arrivals\": {\"kind\": \"replay\", \"file\": \"a.csv\", \"column\": \"t\",\n"
    "     \"from\": \"2017-01-01 07:30:27\", \"at_end\": \"cycle\", \"speed\": 0.1, \"limit\": "
    "10},\n"
    "   \"carts\": {\"kind\": \"replay\", \"file\": \"b.csv\", \"resample\": true},\n"
    "   \"confirm\": {\"share\": 0.7, \"after\": \"1m\"}, \"cancel\": {\"share\": \"12.5%\"}},\n"
    " \"router\": {\"profile\": \"as_coded\", \"policy\": {\"missing_items\": \"excluded\",\n"
    "   \"cache\": {\"store\": \"1d\"}, \"retry\": {\"enabled\": true, \"jitter\": 0.3}}},\n"
    " \"providers\": {\"all\": {\"errors\": {\"rate\": 0.003}},\n"
    "   \"KROGER_API\": {\"mode\": \"live\", \"chain\": \"single\", \"capacity\": 12,\n"
    "     \"latency\": {\"search\": {\"law\": \"empirical\", \"file\": \"l.csv\", \"column\": "
    "\"ms\",\n"
    "       \"where\": {\"column\": \"site\", \"value\": \"a b\"}, \"replay\": {\"at_end\": "
    "\"cycle\"}},\n"
    "       \"token\": {\"law\": \"regimes\", \"p50\": \"90ms\", \"p95\": \"200ms\", "
    "\"bad_factor\": 3,\n"
    "         \"good_for\": \"1h\", \"bad_for\": \"5m\", \"floor\": \"7ms\"},\n"
    "       \"store\": {\"law\": \"weibull\", \"shape\": 1.7, \"scale\": \"300ms\"}},\n"
    "     \"limits\": {\"per_second\": 3.5, \"per_day\": 10000, \"retry_after\": \"2m\"},\n"
    "     \"history\": {\"orders\": 120, \"success_rate\": 97.5, \"margin_rate\": 3.1}}},\n"
    " \"faults\": [{\"id\": \"a\", \"provider\": [\"MEALME\", \"KROGER_API\"], \"kind\": "
    "\"latency\",\n"
    "     \"add\": \"1s500ms\", \"multiply\": 1.1, \"at\": \"10m\", \"for\": \"20m\", \"ramp\": "
    "\"2m\",\n"
    "     \"flap\": {\"on\": \"30s\", \"off\": \"10s\"}, \"operations\": [\"cart\", \"search\"],\n"
    "     \"fraction\": 0.1, \"per\": \"call\", \"hits_in_flight\": true},\n"
    "   {\"id\": \"b\", \"provider\": \"all\", \"kind\": \"clock_skew\", \"skew\": \"-3m\"},\n"
    "   {\"id\": \"c\", \"provider\": \"all\", \"kind\": \"outage\", \"outage\": [\n"
    "     {\"kind\": \"refuse\", \"share\": 0.61}, {\"kind\": \"error\", \"share\": 0.39, "
    "\"status\": 502}]}],\n"
    " \"slo\": {\"objective\": \"99.9%\", \"indicator\": \"orders_routed\"},\n"
    " \"checks\": [{\"metric\": \"router.p95_ms\", \"op\": \"<=\", \"limit\": \"5s\", \"during\": "
    "\"after:a\"}]}";

struct echo {
    const struct scenario *scenario;
    struct scenario *copy; /* values are read back into it */
    uint32_t count;
};

static void read_back(void *context, const struct scenario_leaf *leaf)
{
    struct echo *echo = context;
    struct err_list list = {0};
    struct text value = {0};
    if (leaf->key->type == KEY_ENV || leaf->key->type == KEY_LIST) return;
    scenario_value_write(leaf->key, leaf->address, &value);
    const bool nothing = strcmp(value.bytes, "\"\"") == 0; /* is left out of a file */
    cJSON *node = cJSON_Parse(value.bytes);
    CHECK_ROW(leaf->path, node != NULL);
    char *address = (char *)echo->copy + leaf->offset;
    if (!nothing) {
        memset(address, 0x5A, leaf->key->size);
        const struct place nowhere = {0};
        const bool good = scenario_value_read(leaf->key, leaf->path, node, nowhere, address, &list);
        if (!good) err_list_print(stderr, &list, NULL, false);
        CHECK_ROW(leaf->path, good);
        CHECK_ROW(leaf->path, memcmp(address, leaf->address, leaf->key->size) == 0);
        echo->count++;
    }
    cJSON_Delete(node);
    text_release(&value);
}

static void reads_every_value_back_as_it_wrote_it(void **state)
{
    (void)state;
    struct reading *reading = read_good(rich);
    struct echo echo = {.scenario = &reading->scenario, .copy = calloc(1, sizeof *echo.copy)};
    *echo.copy = reading->scenario;
    scenario_walk(&reading->scenario, read_back, &echo);
    assert_true(echo.count > 300);
    free(echo.copy);
    done(reading);
}

enum { LEAVES_MAX = 512 };
struct leaves {
    const struct scenario *scenario;
    struct scenario_override items[LEAVES_MAX];
    struct text values[LEAVES_MAX];
    char paths[LEAVES_MAX][KEY_PATH_MAX];
    uint32_t count;
};

static void gather_given(void *context, const struct scenario_leaf *leaf)
{
    struct leaves *leaves = context;
    if (scenario_find_given(leaves->scenario, leaf->key, leaf->address) == NULL) return;
    assert_true(leaves->count < LEAVES_MAX);
    const uint32_t i = leaves->count++;
    scenario_value_write(leaf->key, leaf->address, &leaves->values[i]);
    (void)snprintf(leaves->paths[i], sizeof leaves->paths[i], "%s", leaf->path);
    leaves->items[i] =
        (struct scenario_override){leaves->paths[i], leaves->values[i].bytes, "--set"};
}

static void changes_nothing_when_every_given_value_is_set_again(void **state)
{
    (void)state;
    struct reading *first = read_good(rich);
    struct leaves *leaves = calloc(1, sizeof *leaves);
    leaves->scenario = &first->scenario;
    scenario_walk(&first->scenario, gather_given, leaves);
    assert_true(leaves->count > 60);
    const struct scenario_options options = {.overrides = leaves->items,
                                             .override_count = leaves->count};
    struct reading *second = read_with("folder/test.json", rich, &options);
    if (!second->accepted) err_list_print(stderr, &second->list, NULL, false);
    assert_true(second->accepted);
    assert_true(scenario_hash(&first->scenario, false) == scenario_hash(&second->scenario, false));
    for (uint32_t i = 0; i < leaves->count; i++)
        text_release(&leaves->values[i]);
    free(leaves);
    done(second);
    done(first);
}

static void describes_the_same_scenario_the_same_way(void **state)
{
    (void)state;
    struct text a = {0};
    struct text b = {0};
    struct reading *first = read_good(rich);
    struct reading *second = read_good(rich);
    scenario_describe(&first->scenario, &a);
    scenario_describe(&second->scenario, &b);
    assert_string_equal(a.bytes, b.bytes);
    text_release(&a);
    text_release(&b);
    done(first);
    done(second);
}

/* ---- memory ---- */

static void ends_cleanly_whichever_allocation_fails(void **state)
{
    (void)state;
    const uint64_t whole = hash_of(rich, false);
    uint32_t refused = 0;
    for (uint32_t nth = 1; nth < 400; nth++) {
        struct reading *reading = calloc(1, sizeof *reading);
        arena_fail_after(nth);
        reading->accepted = scenario_read(&reading->scenario, "folder/test.json", rich,
                                          strlen(rich), NULL, &reading->list);
        arena_fail_after(0);
        if (reading->accepted) {
            assert_true(scenario_hash(&reading->scenario, false) == whole);
        } else {
            assert_true(reading->list.errors > 0);
            refused++;
        }
        done(reading);
    }
    assert_true(refused >= 5); /* the scanner, the tree, and the arena's chunks */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_an_empty_object_for_an_hour_of_the_default_world),
        cmocka_unit_test(calls_a_scenario_after_its_file),
        cmocka_unit_test(reads_every_kind_of_value),
        cmocka_unit_test(reads_seeds_to_the_last_bit),
        cmocka_unit_test(applies_all_before_what_is_named),
        cmocka_unit_test(keeps_what_a_law_does_not_name_unless_it_names_its_kind),
        cmocka_unit_test(lets_a_fault_last_to_the_end_of_the_run),
        cmocka_unit_test(reads_limits_in_the_unit_of_their_metric),
        cmocka_unit_test(takes_env_values_as_text),
        cmocka_unit_test(keeps_secrets_out_of_the_description),
        cmocka_unit_test(shortens_only_when_asked_to),
        cmocka_unit_test(lets_a_short_fault_start_from_its_namesake),
        cmocka_unit_test(applies_overrides_in_order_and_typed),
        cmocka_unit_test(refuses_overrides_with_a_suggestion),
        cmocka_unit_test(warns_and_goes_on),
        cmocka_unit_test(does_not_warn_of_production_s_own_defaults),
        cmocka_unit_test(gives_the_same_experiment_the_same_hash),
        cmocka_unit_test(does_not_care_in_which_order_env_keys_stand),
        cmocka_unit_test(says_where_each_value_comes_from),
        cmocka_unit_test(reads_every_value_back_as_it_wrote_it),
        cmocka_unit_test(changes_nothing_when_every_given_value_is_set_again),
        cmocka_unit_test(describes_the_same_scenario_the_same_way),
        cmocka_unit_test(ends_cleanly_whichever_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
