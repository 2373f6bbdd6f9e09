/* Goal: a deployment's environment becomes the configuration that production would make of it, and
 * what production ignores silently is said aloud.
 *
 * Method: tables of one key each, read under both profiles; then the rules that need several keys
 * (credentials, candidates), and the limits of an env. */
#include "tests/support.h"

#include "router/config.h"

static const uint64_t nobody[PROVIDER_COUNT] = {0, 0, 0, 0};
static const uint64_t everybody[PROVIDER_COUNT] = {11, 12, 13, 14};

static void set(struct env *env, const char *key, const char *value)
{
    struct err err = {0};
    if (!env_set(env, key, value, (struct place){.file = "s.json", .line = 7, .column = 3}, &err)) {
        fail_msg("%s", err.message);
    }
}

static struct router_config read_env(const struct env *env, enum profile profile,
                                     struct err_list *warnings)
{
    struct router_config config;
    *warnings = (struct err_list){0};
    config_read(env, profile, false, everybody, &config, warnings);
    assert_int_equal(warnings->errors, 0);
    return config;
}

/* Under PROFILE_AS_DOCUMENTED, with every mock's credential, one key set. */
static struct router_config read_one(const char *key, const char *value, struct err_list *warnings)
{
    struct env env = {0};
    set(&env, key, value);
    return read_env(&env, PROFILE_AS_DOCUMENTED, warnings);
}

/* ---- defaults ---- */

static void check_candidates(const char *label, const struct router_config *config,
                             const uint8_t *expected, uint32_t count)
{
    CHECK_ROW(label, config->candidate_count == count);
    for (uint32_t i = 0; i < count; i++)
        CHECK_ROW(label, config->candidates[i] == expected[i]);
}

static void an_empty_env_gives_each_profiles_defaults(void **state)
{
    (void)state;
    const struct env env = {0};
    struct err_list warnings;
    const struct router_config documented = read_env(&env, PROFILE_AS_DOCUMENTED, &warnings);
    assert_int_equal(warnings.count, 0);
    const uint8_t all[] = {PROVIDER_KROGER_API, PROVIDER_WALMART_API, PROVIDER_MEALME,
                           PROVIDER_INSTACART};
    check_candidates("as documented", &documented, all, 4);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const struct provider_config *provider = &documented.providers[p];
        CHECK_ROW(provider_traits[p].id, provider->timeout_us == 10000000);
        CHECK_ROW(provider_traits[p].id, !provider->forced_mock && !provider->mock_fallback);
        CHECK_ROW(provider_traits[p].id, provider->credential.fingerprint == everybody[p]);
    }
    assert_int_equal(documented.providers[PROVIDER_MEALME].retries, 2);
    assert_int_equal(documented.providers[PROVIDER_WALMART_API].retries, 3);
    assert_memory_equal(&documented.weights, &score_weights_default, sizeof documented.weights);

    const struct router_config coded = read_env(&env, PROFILE_AS_CODED, &warnings);
    const uint8_t canned[] = {PROVIDER_MEALME, PROVIDER_INSTACART};
    check_candidates("as coded", &coded, canned, 2);
    assert_int_equal(coded.providers[PROVIDER_KROGER_API].timeout_us, 15000000);
    assert_int_equal(coded.providers[PROVIDER_MEALME].timeout_us, 10000000);
    assert_true(coded.providers[PROVIDER_MEALME].forced_mock);
    assert_true(coded.providers[PROVIDER_INSTACART].forced_mock);
    assert_false(coded.providers[PROVIDER_KROGER_API].forced_mock);
}

/* ---- one key at a time ---- */

static void only_true_and_1_switch_on(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        bool on, warned;
    } rows[] = {{"true", true, false},  {"1", true, false},     {"false", false, false},
                {"0", false, false},    {"", false, false},     {"TRUE", false, true},
                {"True", false, true},  {"yes", false, true},   {"on", false, true},
                {" true", false, true}, {"true ", false, true}, {"01", false, true},
                {"1\n", false, true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err_list warnings;
        struct router_config config = read_one("LOOPGPT_ENABLE_MEALME", rows[i].value, &warnings);
        CHECK_ROW(rows[i].value, config.providers[PROVIDER_MEALME].enabled == rows[i].on);
        CHECK_ROW(rows[i].value, config.candidate_count == (rows[i].on ? 4u : 3u));
        CHECK_ROW(rows[i].value, (warnings.warnings == 1) == rows[i].warned);
        config = read_one("LOOPGPT_WALMART_MOCK", rows[i].value, &warnings);
        CHECK_ROW(rows[i].value, config.providers[PROVIDER_WALMART_API].forced_mock == rows[i].on);
        config = read_one("LOOPGPT_INSTACART_ALLOW_MOCK_FALLBACK", rows[i].value, &warnings);
        CHECK_ROW(rows[i].value, config.providers[PROVIDER_INSTACART].mock_fallback == rows[i].on);
    }
}

static void a_timeout_is_a_positive_whole_number_of_ms(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        int64_t timeout_us;
    } rows[] = {{"4900", 4900000},
                {"1", 1000},
                {"007", 7000},
                {"0", 10000000},
                {"-5", 10000000},
                {"4900.5", 10000000},
                {"4900ms", 10000000},
                {" 4900", 10000000},
                {"", 10000000},
                {"1e3", 10000000},
                {"nan", 10000000},
                {"2147483647", 2147483647000},
                {"2147483648", 10000000},
                {"99999999999999999999", 10000000}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err_list warnings;
        const struct router_config config =
            read_one("LOOPGPT_KROGER_TIMEOUT", rows[i].value, &warnings);
        const int64_t timeout_us = config.providers[PROVIDER_KROGER_API].timeout_us;
        CHECK_ROW(rows[i].value, timeout_us == rows[i].timeout_us);
        CHECK_ROW(rows[i].value, warnings.warnings == (timeout_us == 10000000 ? 1u : 0u));
        CHECK_ROW(rows[i].value, config.providers[PROVIDER_WALMART_API].timeout_us == 10000000);
    }
}

static void a_weight_is_a_number(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        double weight;
        unsigned warnings; /* one of them where the five no longer add up to 1 */
    } rows[] = {{"0.3", 0.3, 0},      {"0.30", 0.3, 0},  {"3e-1", 0.3, 0},  {"0.5", 0.5, 1},
                {"0", 0.0, 1},        {"-1", -1.0, 2},   {"nan", 0.3, 1},   {"NaN", 0.3, 1},
                {"Infinity", 0.3, 1}, {"1e999", 0.3, 1}, {"0x1p3", 0.3, 1}, {"", 0.3, 1},
                {"0,5", 0.3, 1},      {"0.5 ", 0.3, 1},  {".", 0.3, 1},     {"1e", 0.3, 1}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err_list warnings;
        const struct router_config config =
            read_one("LOOPGPT_SCORE_PRICE_WEIGHT", rows[i].value, &warnings);
        CHECK_ROW(rows[i].value, config.weights.price == rows[i].weight);
        CHECK_ROW(rows[i].value, warnings.warnings == rows[i].warnings);
        CHECK_ROW(rows[i].value, config.weights.speed == score_weights_default.speed);
    }
}

static void every_weight_has_its_own_key(void **state)
{
    (void)state;
    struct env env = {0};
    set(&env, "LOOPGPT_SCORE_PRIORITY_WEIGHT", "7");
    set(&env, "LOOPGPT_SCORE_PRICE_WEIGHT", "0.1");
    set(&env, "LOOPGPT_SCORE_SPEED_WEIGHT", "0.2");
    set(&env, "LOOPGPT_SCORE_COMMISSION_WEIGHT", "0.15");
    set(&env, "LOOPGPT_SCORE_AVAILABILITY_WEIGHT", "0.3");
    set(&env, "LOOPGPT_SCORE_RELIABILITY_WEIGHT", "0.25");
    struct err_list warnings;
    const struct router_config config = read_env(&env, PROFILE_AS_CODED, &warnings);
    assert_int_equal(warnings.warnings, 0);
    const struct score_weights expected = {7.0, 0.1, 0.2, 0.15, 0.3, 0.25};
    assert_memory_equal(&config.weights, &expected, sizeof expected);
}

static void preferring_a_direct_provider_adds_20(void **state)
{
    (void)state;
    struct err_list warnings;
    const struct router_config walmart =
        read_one("LOOPGPT_PREFER_DIRECT_WALMART", "true", &warnings);
    assert_int_equal(walmart.providers[PROVIDER_WALMART_API].priority, 80);
    assert_int_equal(walmart.providers[PROVIDER_KROGER_API].priority, 60);
    const uint8_t first[] = {PROVIDER_WALMART_API, PROVIDER_KROGER_API, PROVIDER_MEALME,
                             PROVIDER_INSTACART};
    check_candidates("Walmart preferred", &walmart, first, 4);

    const struct router_config kroger = read_one("LOOPGPT_PREFER_DIRECT_KROGER", "1", &warnings);
    assert_int_equal(kroger.providers[PROVIDER_KROGER_API].priority, 80);
    assert_int_equal(warnings.warnings, 0);
}

static void candidates_may_be_none(void **state)
{
    (void)state;
    struct env env = {0};
    set(&env, "LOOPGPT_ENABLE_MEALME", "false");
    set(&env, "LOOPGPT_ENABLE_INSTACART", "0");
    struct err_list warnings;
    assert_int_equal(read_env(&env, PROFILE_AS_CODED, &warnings).candidate_count, 0);
    set(&env, "LOOPGPT_ENABLE_KROGER", "true");
    const struct router_config config = read_env(&env, PROFILE_AS_CODED, &warnings);
    check_candidates("Kroger alone", &config, (const uint8_t[]){PROVIDER_KROGER_API}, 1);
}

/* ---- what changes nothing ---- */

static void what_as_coded_never_reads_changes_nothing_and_says_so(void **state)
{
    (void)state;
    static const char *const keys[][2] = {{"LOOPGPT_KROGER_TIMEOUT", "1"},
                                          {"LOOPGPT_MEALME_TIMEOUT", "1"},
                                          {"LOOPGPT_MEALME_MOCK", "false"},
                                          {"LOOPGPT_INSTACART_MOCK", "true"}};
    const struct env empty = {0};
    struct err_list warnings;
    const struct router_config plain = read_env(&empty, PROFILE_AS_CODED, &warnings);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        struct env env = {0};
        set(&env, keys[i][0], keys[i][1]);
        const struct router_config config = read_env(&env, PROFILE_AS_CODED, &warnings);
        CHECK_ROW(keys[i][0], warnings.warnings == 1);
        CHECK_ROW(keys[i][0], warnings.items[0].place.line == 7);
        CHECK_ROW(keys[i][0], strstr(warnings.items[0].message, "reads it nowhere") != NULL);
        for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
            const struct provider_config *is = &config.providers[p], *was = &plain.providers[p];
            CHECK_ROW(keys[i][0], is->timeout_us == was->timeout_us);
            CHECK_ROW(keys[i][0], is->forced_mock == was->forced_mock);
        }
    }
    struct env env = {0};
    set(&env, "LOOPGPT_KROGER_MOCK", "true"); /* this one production does read */
    assert_true(
        read_env(&env, PROFILE_AS_CODED, &warnings).providers[PROVIDER_KROGER_API].forced_mock);
    assert_int_equal(warnings.warnings, 0);
}

static void live_adapters_let_as_coded_call_mealme_and_instacart(void **state)
{
    (void)state;
    struct env env = {0};
    struct err_list warnings = {0};
    struct router_config config;
    config_read(&env, PROFILE_AS_CODED, true, everybody, &config, &warnings);
    assert_false(config.providers[PROVIDER_MEALME].forced_mock);
    assert_false(config.providers[PROVIDER_INSTACART].forced_mock);
}

static void an_unknown_key_is_named_with_the_nearest_known(void **state)
{
    (void)state;
    struct err_list warnings;
    (void)read_one("LOOPGPT_SCORE_PRICE_WEIGTH", "0.5", &warnings);
    assert_int_equal(warnings.warnings, 1);
    assert_string_equal(warnings.items[0].message,
                        "LOOPGPT_SCORE_PRICE_WEIGTH is no key that the router reads");
    assert_non_null(strstr(warnings.items[0].hint, "\"LOOPGPT_SCORE_PRICE_WEIGHT\""));
    (void)read_one("HOME", "x", &warnings);
    assert_int_equal(warnings.warnings, 1);
}

static void every_known_key_is_accepted_once(void **state)
{
    (void)state;
    unsigned count = 0;
    for (const char *const *key = config_keys; *key != NULL; key++, count++) {
        struct err_list warnings;
        const bool is_place = strstr(*key, "_ENV") != NULL;
        const char *value = is_place ? "sandbox" : "1";
        (void)read_one(*key, value, &warnings);
        for (uint32_t i = 0; i < warnings.count; i++)
            CHECK_ROW(*key, strstr(warnings.items[i].message, "no key") == NULL);
        for (const char *const *other = config_keys; other < key; other++)
            CHECK_ROW(*key, strcmp(*other, *key) != 0);
    }
    assert_int_equal(count, 4 * 4 + 2 + 6 + 9 + 5);
    struct err_list warnings;
    (void)read_one("KROGER_ENV", "staging", &warnings);
    assert_int_equal(warnings.warnings, 1);
}

/* ---- credentials ---- */

static void a_direct_provider_without_credentials_is_forced_to_mock(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        const char *id, *secret; /* NULL: not set */
        uint64_t mock;           /* what the mock accepts */
        bool live, warned;
    } rows[] = {{"nothing at all", NULL, NULL, 0, false, false},
                {"the mock's own", NULL, NULL, 99, true, false},
                {"both", "id", "secret", 0, true, false},
                {"both, before the mock's own", "id", "secret", 99, true, false},
                {"no secret", "id", NULL, 99, false, true},
                {"no id", NULL, "secret", 99, false, true},
                {"an empty secret", "id", "", 99, false, true},
                {"said to have none", "", "", 99, false, false},
                {"said to have no id", "", NULL, 99, false, false}};
    static const struct {
        enum provider provider;
        const char *id, *secret;
    } keys[] = {{PROVIDER_KROGER_API, "KROGER_CLIENT_ID", "KROGER_CLIENT_SECRET"},
                {PROVIDER_WALMART_API, "WALMART_PARTNER_ID", "WALMART_API_KEY"}};
    for (size_t k = 0; k < 2; k++) {
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            struct env env = {0};
            if (rows[i].id != NULL) set(&env, keys[k].id, rows[i].id);
            if (rows[i].secret != NULL) set(&env, keys[k].secret, rows[i].secret);
            uint64_t mocks[PROVIDER_COUNT] = {0};
            mocks[keys[k].provider] = rows[i].mock;
            struct router_config config;
            struct err_list warnings = {0};
            config_read(&env, PROFILE_AS_DOCUMENTED, false, mocks, &config, &warnings);
            const struct provider_config *read = &config.providers[keys[k].provider];
            CHECK_ROW(rows[i].label, read->forced_mock == !rows[i].live);
            CHECK_ROW(rows[i].label, read->lacks_credential == !rows[i].live);
            CHECK_ROW(rows[i].label, (read->credential.fingerprint != 0) == rows[i].live);
            CHECK_ROW(rows[i].label, warnings.warnings == (rows[i].warned ? 1u : 0u));
            if (rows[i].live && rows[i].id != NULL) {
                CHECK_ROW(rows[i].label, strcmp(read->credential.id, "id") == 0);
                CHECK_ROW(rows[i].label,
                          read->credential.fingerprint == credential_fingerprint("id", "secret"));
            }
        }
    }
}

static void mealme_and_instacart_need_a_key_alone(void **state)
{
    (void)state;
    struct env env = {0};
    struct router_config config;
    struct err_list warnings = {0};
    config_read(&env, PROFILE_AS_DOCUMENTED, false, nobody, &config, &warnings);
    /* Called all the same, and answered MISSING_CREDENTIALS by their adapters. */
    assert_false(config.providers[PROVIDER_MEALME].forced_mock);
    assert_int_equal(config.providers[PROVIDER_MEALME].credential.fingerprint, 0);
    set(&env, "MEALME_API_KEY", "k");
    config_read(&env, PROFILE_AS_DOCUMENTED, false, nobody, &config, &warnings);
    assert_int_equal(config.providers[PROVIDER_MEALME].credential.fingerprint,
                     credential_fingerprint("", "k"));
    assert_string_equal(config.providers[PROVIDER_MEALME].credential.secret, "k");
    assert_string_equal(config.providers[PROVIDER_MEALME].credential.id, "");
}

static void a_mock_by_its_own_key_lacks_nothing(void **state)
{
    (void)state;
    struct env env = {0};
    struct router_config config;
    struct err_list warnings = {0};
    set(&env, "LOOPGPT_KROGER_MOCK", "true");
    config_read(&env, PROFILE_AS_DOCUMENTED, false, nobody, &config, &warnings);
    assert_true(config.providers[PROVIDER_KROGER_API].forced_mock);
    assert_false(config.providers[PROVIDER_KROGER_API].lacks_credential);
    assert_true(config.providers[PROVIDER_WALMART_API].lacks_credential);
}

static void fingerprints_tell_credentials_apart(void **state)
{
    (void)state;
    const uint64_t one = credential_fingerprint("ab", "c");
    assert_true(one != 0);
    assert_true(one == credential_fingerprint("ab", "c"));
    assert_true(one != credential_fingerprint("a", "bc"));
    assert_true(one != credential_fingerprint("c", "ab"));
    assert_true(one != credential_fingerprint("ab", "C"));
    assert_true(credential_fingerprint("", "") != 0);
}

static void secrets_are_known_as_such(void **state)
{
    (void)state;
    static const char *const secret[] = {
        "KROGER_CLIENT_SECRET", "WALMART_API_KEY",    "MEALME_API_KEY",   "INSTACART_API_KEY",
        "SUPABASE_SERVICE_KEY", "DB_PASSWORD",        "KROGER_CLIENT_ID", "WALMART_PARTNER_ID",
        "WALMART_CONSUMER_ID",  "INSTACART_CLIENT_ID"};
    static const char *const open[] = {"KROGER_ENV", "LOOPGPT_KROGER_TIMEOUT",
                                       "LOOPGPT_ENABLE_MEALME", "WALMART_KEY_VERSION",
                                       "WALMART_PRIVATE_KEY_FILE"};
    for (size_t i = 0; i < sizeof secret / sizeof secret[0]; i++)
        CHECK_ROW(secret[i], config_key_is_secret(secret[i]));
    for (size_t i = 0; i < sizeof open / sizeof open[0]; i++)
        CHECK_ROW(open[i], !config_key_is_secret(open[i]));
}

static void the_other_api_s_pair_counts_where_production_s_is_missing(void **state)
{
    (void)state;
    const struct place place = {0};
    struct env env = {0};
    struct err err;
    struct err_list warnings = {0};
    struct router_config config;
    assert_true(env_set(&env, "WALMART_CONSUMER_ID", "c", place, &err));
    config_read(&env, PROFILE_AS_DOCUMENTED, false, nobody, &config, &warnings);
    assert_true(config.providers[PROVIDER_WALMART_API].lacks_credential); /* half a pair */
    assert_true(env_set(&env, "WALMART_PRIVATE_KEY_FILE", "key.pem", place, &err));
    config_read(&env, PROFILE_AS_DOCUMENTED, false, nobody, &config, &warnings);
    const struct credential *held = &config.providers[PROVIDER_WALMART_API].credential;
    assert_string_equal(held->id, "c");
    assert_string_equal(held->secret, "key.pem");
    assert_false(config.providers[PROVIDER_WALMART_API].forced_mock);
    assert_true(env_set(&env, "WALMART_PARTNER_ID", "p", place, &err));
    assert_true(env_set(&env, "WALMART_API_KEY", "k", place, &err));
    config_read(&env, PROFILE_AS_DOCUMENTED, false, nobody, &config, &warnings);
    assert_string_equal(held->secret, "k");
}

/* ---- the env itself ---- */

static void a_key_set_again_keeps_its_rank(void **state)
{
    (void)state;
    struct env env = {0};
    set(&env, "A", "1");
    set(&env, "B", "2");
    set(&env, "A", "3");
    assert_int_equal(env.count, 2);
    assert_string_equal(env.pairs[0].key, "A");
    assert_string_equal(env_get(&env, "A"), "3");
    env_unset(&env, "A");
    assert_null(env_get(&env, "A"));
    assert_string_equal(env.pairs[0].key, "B");
    env_unset(&env, "A");
    assert_int_equal(env.count, 1);
}

static void unsetting_a_credential_says_none(void **state)
{
    (void)state;
    struct env env = {0};
    env_unset(&env, "KROGER_CLIENT_SECRET");
    assert_string_equal(env_get(&env, "KROGER_CLIENT_SECRET"), "");
    struct err_list warnings;
    const struct router_config config = read_env(&env, PROFILE_AS_DOCUMENTED, &warnings);
    assert_true(config.providers[PROVIDER_KROGER_API].lacks_credential);
    assert_false(config.providers[PROVIDER_WALMART_API].lacks_credential);
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    static char long_key[ENV_KEY_MAX + 1], long_value[ENV_VALUE_MAX + 1];
    memset(long_key, 'K', ENV_KEY_MAX);
    memset(long_value, 'v', ENV_VALUE_MAX);
    struct env env = {0};
    struct err err;
    const struct place place = {0};
    assert_false(env_set(&env, "", "1", place, &err));
    assert_false(env_set(&env, "A=B", "1", place, &err));
    assert_false(env_set(&env, long_key, "1", place, &err));
    assert_false(env_set(&env, "MEALME_API_KEY", long_value, place, &err));
    assert_null(strstr(err.message, "vvv")); /* a secret is not shown, however wrong */
    long_key[ENV_KEY_MAX - 1] = '\0';
    long_value[ENV_VALUE_MAX - 1] = '\0';
    assert_int_equal(env.count, 0);
    assert_true(env_set(&env, long_key, long_value, place, &err));
}

static void a_full_env_still_takes_every_credential_away(void **state)
{
    (void)state;
    struct env env = {0};
    struct err err = {0};
    char key[16];
    unsigned held = 0;
    do {
        (void)snprintf(key, sizeof key, "KEY_%u", held);
    } while (env_set(&env, key, "1", (struct place){0}, &err) && ++held < 1000);
    assert_int_equal(held, ENV_KEYS_MAX - 6);
    assert_non_null(strstr(err.message, "58"));
    assert_true(env_set(&env, "KEY_0", "2", (struct place){0}, &err));
    for (const char *const *known = config_keys; *known != NULL; known++)
        env_unset(&env, *known);
    assert_int_equal(env.count, ENV_KEYS_MAX);
    assert_string_equal(env_get(&env, "INSTACART_API_KEY"), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_env_gives_each_profiles_defaults),
        cmocka_unit_test(only_true_and_1_switch_on),
        cmocka_unit_test(a_timeout_is_a_positive_whole_number_of_ms),
        cmocka_unit_test(a_weight_is_a_number),
        cmocka_unit_test(every_weight_has_its_own_key),
        cmocka_unit_test(preferring_a_direct_provider_adds_20),
        cmocka_unit_test(candidates_may_be_none),
        cmocka_unit_test(what_as_coded_never_reads_changes_nothing_and_says_so),
        cmocka_unit_test(live_adapters_let_as_coded_call_mealme_and_instacart),
        cmocka_unit_test(an_unknown_key_is_named_with_the_nearest_known),
        cmocka_unit_test(every_known_key_is_accepted_once),
        cmocka_unit_test(a_direct_provider_without_credentials_is_forced_to_mock),
        cmocka_unit_test(mealme_and_instacart_need_a_key_alone),
        cmocka_unit_test(a_mock_by_its_own_key_lacks_nothing),
        cmocka_unit_test(fingerprints_tell_credentials_apart),
        cmocka_unit_test(secrets_are_known_as_such),
        cmocka_unit_test(the_other_api_s_pair_counts_where_production_s_is_missing),
        cmocka_unit_test(a_key_set_again_keeps_its_rank),
        cmocka_unit_test(unsetting_a_credential_says_none),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(a_full_env_still_takes_every_credential_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
