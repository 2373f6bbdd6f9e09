/* Goal: what a change of settings will do to the router is told before the redeploy, truly and
 * without a secret; a mitigation stays visible until it is undone.
 *
 * Method: tables of one change each, with the effect that they have to have and words that the
 * reason has to hold; that the effect is true is checked by redeploying after every row. Then the
 * life of a deployment: pending, live, reset, credentials that come and go. */
#include "tests/support.h"

#include "sim/world/deployment.h"

static const uint64_t everybody[PROVIDER_COUNT] = {11, 12, 13, 14};

static void set(struct env *env, const char *key, const char *value)
{
    struct err err = {0};
    if (!env_set(env, key, value, (struct place){0}, &err)) fail_msg("%s", err.message);
}

/* A deployment dangles when it is copied, so the caller says where. */
static void start(struct deployment *deployment, const struct env *env, enum profile profile)
{
    deployment_start(deployment, env, profile, false, everybody, NULL);
}

static const struct env nothing;

/* ---- effects ---- */

struct row {
    const char *before; /* NULL: the key is not set */
    const char *key;
    const char *value; /* NULL: unset */
    enum deployment_effect effect;
    const char *why, *hint; /* parts that they hold; "": both empty */
};

static bool says(const char *text, const char *part)
{
    return part[0] == '\0' ? text[0] == '\0' : strstr(text, part) != NULL;
}

static void check_row(enum profile profile, const struct row *row)
{
    static struct deployment deployment;
    struct env env = {0};
    if (row->before != NULL) set(&env, row->key, row->before);
    start(&deployment, &env, profile);
    const struct deployment_change change = deployment_set(&deployment, row->key, row->value);
    char label[640];
    (void)snprintf(label, sizeof label, "%.60s=%.60s: %s", row->key,
                   row->value == NULL ? "(unset)" : row->value, change.why);
    CHECK_ROW_TEXT(label, deployment_effect_names[change.effect],
                   deployment_effect_names[row->effect]);
    CHECK_ROW(label, says(change.why, row->why));
    CHECK_ROW(change.hint, says(change.hint, row->hint));
    CHECK_ROW(label, (change.why[0] == '\0') == (change.effect == EFFECT_WILL_CHANGE));
    CHECK_ROW(label, deployment_pending(&deployment) == (change.effect == EFFECT_WILL_CHANGE));
    CHECK_ROW(label,
              deployment_go_live(&deployment, NULL) == (change.effect == EFFECT_WILL_CHANGE));
}

static void a_change_says_what_it_will_do(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {NULL, "LOOPGPT_KROGER_MOCK", "true", EFFECT_WILL_CHANGE, "", ""},
        {"true", "LOOPGPT_KROGER_MOCK", NULL, EFFECT_WILL_CHANGE, "", ""},
        {NULL, "LOOPGPT_MEALME_MOCK", "1", EFFECT_WILL_CHANGE, "", ""},
        {NULL, "LOOPGPT_ENABLE_WALMART", "false", EFFECT_WILL_CHANGE, "", ""},
        {NULL, "LOOPGPT_KROGER_TIMEOUT", "4900", EFFECT_WILL_CHANGE, "", ""},
        {NULL, "LOOPGPT_PREFER_DIRECT_KROGER", "true", EFFECT_WILL_CHANGE, "", ""},
        {NULL, "LOOPGPT_WALMART_ALLOW_MOCK_FALLBACK", "true", EFFECT_WILL_CHANGE, "", ""},
        {NULL, "LOOPGPT_SCORE_PRICE_WEIGHT", "0.5", EFFECT_WILL_CHANGE, "", ""},
        /* a change, but an odd one */
        {"true", "LOOPGPT_KROGER_MOCK", "ture", EFFECT_WILL_CHANGE, "", "switches it off"},
        {NULL, "LOOPGPT_ENABLE_KROGER", "yes", EFFECT_WILL_CHANGE, "", "switches it off"},
        {NULL, "LOOPGPT_SCORE_SPEED_WEIGHT", "-1", EFFECT_WILL_CHANGE, "", "is negative"},
        /* unknown */
        {NULL, "LOOPGPT_KROGR_MOCK", "true", EFFECT_NONE_UNKNOWN_KEY, "no key that the router",
         "did you mean \"LOOPGPT_KROGER_MOCK\","},
        {"true", "LOOPGPT_KROGR_MOCK", NULL, EFFECT_NONE_UNKNOWN_KEY, "no key", "KROGER_MOCK"},
        {NULL, "PATH", "/bin", EFFECT_NONE_UNKNOWN_KEY, "PATH is no key", ""},
        {NULL, "two words", NULL, EFFECT_NONE_UNKNOWN_KEY, "no key that the router", ""},
        /* bad values */
        {NULL, "LOOPGPT_KROGER_MOCK", "ture", EFFECT_NONE_BAD_VALUE,
         "\"ture\" switches it off: only \"true\" and \"1\" switch on", "did you mean \"true\"?"},
        {"4900", "LOOPGPT_KROGER_TIMEOUT", "5s", EFFECT_WILL_CHANGE, "", "is ignored"},
        {NULL, "LOOPGPT_KROGER_TIMEOUT", "5s", EFFECT_NONE_BAD_VALUE, "whole number of ms", ""},
        {NULL, "LOOPGPT_SCORE_PRICE_WEIGHT", "much", EFFECT_NONE_BAD_VALUE, "is a number", ""},
        /* no change */
        {"true", "LOOPGPT_KROGER_MOCK", "true", EFFECT_NONE_SAME, "was \"true\" already", ""},
        {"true", "LOOPGPT_KROGER_MOCK", "1", EFFECT_NONE_SAME, "says the same as \"true\"", ""},
        {NULL, "LOOPGPT_ENABLE_KROGER", "true", EFFECT_NONE_SAME, "what holds without it", ""},
        {"false", "LOOPGPT_KROGER_MOCK", NULL, EFFECT_NONE_SAME, "what holds without it", ""},
        {NULL, "LOOPGPT_KROGER_MOCK", NULL, EFFECT_NONE_SAME, "was not set", ""},
        {NULL, "LOOPGPT_SCORE_PRICE_WEIGHT", "0.30", EFFECT_NONE_SAME, "what holds without", ""},
        {"-1", "LOOPGPT_SCORE_SPEED_WEIGHT", "-1", EFFECT_NONE_SAME, "was \"-1\" already", ""},
        {NULL, "INSTACART_CLIENT_ID", "half of a pair", EFFECT_NONE_SAME, "same credentials", ""},
        {NULL, "KROGER_ENV", "sandbox", EFFECT_NONE_UNREAD_KEY, "when a run begins", ""},
        /* refused */
        {NULL, "two words", "x", EFFECT_NONE_REFUSED, "is no key of an environment", ""},
        {NULL, "", "x", EFFECT_NONE_REFUSED, "is no key of an environment", ""},
        /* credentials */
        {NULL, "MEALME_API_KEY", "k-1", EFFECT_WILL_CHANGE, "", ""},
        {"k-1", "MEALME_API_KEY", "k-2", EFFECT_WILL_CHANGE, "", ""},
        {"k-1", "MEALME_API_KEY", "k-1", EFFECT_NONE_SAME, "very value", ""},
        {"k-1", "MEALME_API_KEY", NULL, EFFECT_WILL_CHANGE, "", ""},
        {NULL, "MEALME_API_KEY", NULL, EFFECT_WILL_CHANGE, "", ""}, /* the mock's own goes */
        {"", "MEALME_API_KEY", NULL, EFFECT_NONE_SAME, "was not set", ""},
        {NULL, "KROGER_CLIENT_ID", "half of a pair", EFFECT_WILL_CHANGE, "", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_row(PROFILE_AS_DOCUMENTED, &rows[i]);
}

static void under_as_coded_what_production_never_reads_names_the_quirk(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {NULL, "LOOPGPT_KROGER_TIMEOUT", "4900", EFFECT_NONE_UNREAD_KEY,
         "production's code reads LOOPGPT_KROGER_TIMEOUT nowhere: Kroger's timeout stays at "
         "15000 ms",
         "as_documented"},
        {NULL, "LOOPGPT_MEALME_TIMEOUT", "4900", EFFECT_NONE_UNREAD_KEY, "stays at 10000 ms", "as"},
        {"5s", "LOOPGPT_WALMART_TIMEOUT", NULL, EFFECT_NONE_UNREAD_KEY, "15000 ms", "as"},
        {NULL, "LOOPGPT_MEALME_MOCK", "true", EFFECT_NONE_UNREAD_KEY,
         "MealMe is always answered with a canned quote", "as_documented"},
        {NULL, "LOOPGPT_INSTACART_MOCK", "true", EFFECT_NONE_UNREAD_KEY, "nowhere", "as"},
        {NULL, "MEALME_API_KEY", "k", EFFECT_NONE_UNREAD_KEY, "never calls MealMe", "as"},
        {"k", "INSTACART_API_KEY", NULL, EFFECT_NONE_UNREAD_KEY, "never calls Instacart", "as"},
        {NULL, "LOOPGPT_KROGER_MOCK", "true", EFFECT_WILL_CHANGE, "", ""},
        {NULL, "LOOPGPT_ENABLE_KROGER", "true", EFFECT_WILL_CHANGE, "", ""},
        {NULL, "LOOPGPT_ENABLE_MEALME", "false", EFFECT_WILL_CHANGE, "", ""},
        {NULL, "LOOPGPT_KROGER_TIMEOUTS", "1", EFFECT_NONE_UNKNOWN_KEY, "no key", "did you mean"},
        {NULL, "KROGER_CLIENT_ID", "half", EFFECT_WILL_CHANGE, "", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_row(PROFILE_AS_CODED, &rows[i]);
}

static void
with_live_adapters_the_canned_providers_are_called_and_their_credentials_count(void **state)
{
    (void)state;
    static struct deployment deployment;
    deployment_start(&deployment, &nothing, PROFILE_AS_CODED, true, everybody, NULL);
    const struct deployment_change mock = deployment_set(&deployment, "LOOPGPT_MEALME_MOCK", "1");
    assert_int_equal(mock.effect, EFFECT_NONE_UNREAD_KEY);
    assert_non_null(strstr(mock.why, "policy.live_adapters"));
    assert_int_equal(deployment_set(&deployment, "MEALME_API_KEY", "k").effect, EFFECT_WILL_CHANGE);
}

static void what_is_too_long_or_too_much_is_refused_and_not_kept(void **state)
{
    (void)state;
    static struct deployment deployment;
    char value[ENV_VALUE_MAX + 1], key[ENV_KEY_MAX];
    memset(value, '7', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    start(&deployment, &nothing, PROFILE_AS_DOCUMENTED);
    struct deployment_change change = deployment_set(&deployment, "KROGER_CLIENT_SECRET", value);
    assert_int_equal(change.effect, EFFECT_NONE_REFUSED);
    assert_null(strstr(change.why, "77777"));
    assert_null(env_get(&deployment.secrets.env, "KROGER_CLIENT_SECRET"));

    for (unsigned i = 0; i < ENV_KEYS_MAX; i++) {
        (void)snprintf(key, sizeof key, "UNKNOWN_%u", i);
        change = deployment_set(&deployment, key, "x");
    }
    assert_int_equal(change.effect, EFFECT_NONE_REFUSED);
    assert_non_null(strstr(change.why, "one key too many"));
    /* "None" can always be said. */
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const struct credential_keys *const keys = config_pair_keys((enum provider)p, PAIR_OWN);
        CHECK_ROW(keys->secret,
                  deployment_set(&deployment, keys->secret, NULL).effect == EFFECT_WILL_CHANGE);
    }
}

/* ---- secrets ---- */

static bool holds(const struct deployment_change *change, const char *secret)
{
    return strstr(change->why, secret) != NULL || strstr(change->hint, secret) != NULL;
}

static void no_word_of_it_shows_a_secret(void **state)
{
    (void)state;
    static struct deployment deployment;
    static const char *const values[] = {"s3cr3t", "s3cr3t", "s3cr3t-2", NULL, NULL, "s3cr3t"};
    static const char *const unknown[] = {"KROGER_CLIENT_SECRETS_KEY", "STRIPE_TOKEN",
                                          "DB_PASSWORD", NULL};
    const char *keys[64];
    size_t count = 0;
    for (const char *const *key = config_keys; *key != NULL; key++) {
        if (config_key_is_secret(*key)) keys[count++] = *key;
    }
    for (const char *const *key = unknown; *key != NULL; key++)
        keys[count++] = *key;
    assert_true(count > 8);
    for (size_t k = 0; k < count; k++) {
        for (unsigned profile = 0; profile < PROFILE_COUNT; profile++) {
            start(&deployment, &nothing, (enum profile)profile);
            for (size_t v = 0; v < sizeof values / sizeof values[0]; v++) {
                const struct deployment_change change =
                    deployment_set(&deployment, keys[k], values[v]);
                CHECK_ROW(keys[k], !holds(&change, "s3cr3t"));
            }
        }
    }
}

/* ---- a deployment's life ---- */

static void check_text(const struct deployment *deployment, const char *expected)
{
    char text[256];
    deployment_describe(deployment, text, sizeof text);
    CHECK_ROW_TEXT("described", text, expected);
    CHECK_ROW(expected, deployment_differs(deployment) == (expected[0] != '\0'));
}

static void settings_are_pending_until_they_go_live(void **state)
{
    (void)state;
    static struct deployment deployment;
    start(&deployment, &nothing, PROFILE_AS_DOCUMENTED);
    (void)deployment_set(&deployment, "LOOPGPT_KROGER_MOCK", "true");
    assert_true(deployment_pending(&deployment));
    assert_false(deployment.config.providers[PROVIDER_KROGER_API].forced_mock);
    check_text(&deployment, "");

    assert_true(deployment_go_live(&deployment, NULL));
    assert_int_equal(deployment.count, 1);
    assert_true(deployment.config.providers[PROVIDER_KROGER_API].forced_mock);
    assert_false(deployment_pending(&deployment));
    check_text(&deployment, "KROGER_API mocked");

    assert_false(deployment_go_live(&deployment, NULL)); /* the same again */
    assert_int_equal(deployment.count, 2);
    (void)deployment_set(&deployment, "LOOPGPT_KROGER_MOCK", NULL);
    assert_true(deployment_differs(&deployment));
    assert_true(deployment_go_live(&deployment, NULL));
    check_text(&deployment, "");
}

static void what_differs_from_the_start_is_described(void **state)
{
    (void)state;
    static struct deployment deployment;
    struct env env = {0};
    set(&env, "LOOPGPT_INSTACART_MOCK", "true");
    set(&env, "LOOPGPT_ENABLE_MEALME", "false");
    start(&deployment, &env, PROFILE_AS_DOCUMENTED);
    check_text(&deployment, "");
    (void)deployment_set(&deployment, "LOOPGPT_INSTACART_MOCK", "false");
    (void)deployment_set(&deployment, "LOOPGPT_ENABLE_MEALME", "true");
    (void)deployment_set(&deployment, "LOOPGPT_ENABLE_WALMART", "false");
    (void)deployment_set(&deployment, "LOOPGPT_KROGER_TIMEOUT", "4900");
    (void)deployment_set(&deployment, "LOOPGPT_PREFER_DIRECT_KROGER", "true");
    (void)deployment_set(&deployment, "LOOPGPT_KROGER_ALLOW_MOCK_FALLBACK", "true");
    (void)deployment_set(&deployment, "LOOPGPT_SCORE_PRICE_WEIGHT", "0.35");
    (void)deployment_go_live(&deployment, NULL);
    check_text(&deployment, "MEALME enabled, INSTACART called, KROGER_API falls back to a mock, "
                            "KROGER_API priority 80, KROGER_API timeout 4900 ms, "
                            "WALMART_API disabled, price weight 0.35");
    char cut[12];
    deployment_describe(&deployment, cut, sizeof cut);
    assert_string_equal(cut, "MEALME enab");

    deployment_reset(&deployment, &env);
    assert_true(deployment_pending(&deployment));
    (void)deployment_go_live(&deployment, NULL);
    check_text(&deployment, "");
}

static void a_credential_that_is_lacking_mocks_a_direct_provider_and_that_differs(void **state)
{
    (void)state;
    static struct deployment deployment;
    start(&deployment, &nothing, PROFILE_AS_DOCUMENTED);
    (void)deployment_set(&deployment, "KROGER_CLIENT_SECRET", NULL);
    (void)deployment_set(&deployment, "MEALME_API_KEY", NULL);
    assert_true(deployment_go_live(&deployment, NULL));
    check_text(&deployment, "KROGER_API mocked for lack of credentials");

    (void)deployment_set(&deployment, "KROGER_CLIENT_ID", "id");
    (void)deployment_set(&deployment, "KROGER_CLIENT_SECRET", "secret");
    assert_true(deployment_go_live(&deployment, NULL));
    check_text(&deployment, ""); /* other credentials than at the start, but it is called */
    assert_string_equal(deployment.config.providers[PROVIDER_KROGER_API].credential.secret,
                        "secret");
}

static void a_credential_that_is_held_makes_its_keys_give_way(void **state)
{
    (void)state;
    static struct deployment deployment;
    struct env env = {0};
    set(&env, "WALMART_PARTNER_ID", "id");
    set(&env, "LOOPGPT_WALMART_TIMEOUT", "4000");
    set(&env, "WALMART_API_KEY", "secret");
    set(&env, "WALMART_CONSUMER_ID", "other");
    set(&env, "MEALME_API_KEY", "mine");
    start(&deployment, &env, PROFILE_AS_DOCUMENTED);
    deployment_hold(&deployment, PROVIDER_WALMART_API, 77);
    assert_true(deployment_pending(&deployment));
    assert_int_equal(deployment.secrets.env.count, 2);
    assert_string_equal(env_get(&deployment.secrets.env, "LOOPGPT_WALMART_TIMEOUT"), "4000");
    assert_string_equal(env_get(&deployment.secrets.env, "MEALME_API_KEY"), "mine");
    assert_true(deployment_go_live(&deployment, NULL));
    assert_int_equal(deployment.config.providers[PROVIDER_WALMART_API].credential.fingerprint, 77);
    check_text(&deployment, "");
    deployment_hold(&deployment, PROVIDER_WALMART_API, 77);
    assert_false(deployment_pending(&deployment));
}

static void a_reset_leaves_credentials_as_they_are(void **state)
{
    (void)state;
    static struct deployment deployment;
    struct env env = {0};
    set(&env, "KROGER_CLIENT_ID", "id");
    set(&env, "KROGER_CLIENT_SECRET", "old");
    set(&env, "LOOPGPT_KROGER_TIMEOUT", "4000");
    start(&deployment, &env, PROFILE_AS_DOCUMENTED);
    (void)deployment_set(&deployment, "KROGER_CLIENT_SECRET", "new");
    (void)deployment_set(&deployment, "WALMART_CONSUMER_ID", "other");
    (void)deployment_set(&deployment, "LOOPGPT_KROGER_TIMEOUT", "100");
    (void)deployment_set(&deployment, "LOOPGPT_KROGR_MOCK", "true");
    deployment_hold(&deployment, PROVIDER_MEALME, 99);
    (void)deployment_go_live(&deployment, NULL);
    deployment_reset(&deployment, &env);
    (void)deployment_go_live(&deployment, NULL);
    const struct env *const now = &deployment.live.env;
    assert_string_equal(env_get(now, "KROGER_CLIENT_SECRET"), "new");
    assert_string_equal(env_get(now, "WALMART_CONSUMER_ID"), "other");
    assert_string_equal(env_get(now, "LOOPGPT_KROGER_TIMEOUT"), "4000");
    assert_null(env_get(now, "LOOPGPT_KROGR_MOCK"));
    assert_int_equal(deployment.config.providers[PROVIDER_MEALME].credential.fingerprint, 99);
    check_text(&deployment, "");
}

static void a_reset_of_a_full_env_fits(void **state)
{
    (void)state;
    static struct deployment deployment;
    struct env env = {0};
    char key[ENV_KEY_MAX];
    struct err err;
    for (unsigned i = 0; i < ENV_KEYS_MAX; i++) {
        (void)snprintf(key, sizeof key, "UNKNOWN_%u", i);
        if (!env_set(&env, key, "x", (struct place){0}, &err)) break;
    }
    start(&deployment, &env, PROFILE_AS_DOCUMENTED);
    (void)deployment_set(&deployment, "UNKNOWN_0", NULL);
    (void)deployment_set(&deployment, "WALMART_CONSUMER_ID", "other");
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const struct credential_keys *const keys = config_pair_keys((enum provider)p, PAIR_OWN);
        (void)deployment_set(&deployment, keys->secret, "s");
        if (keys->id != NULL) (void)deployment_set(&deployment, keys->id, "i");
    }
    deployment_reset(&deployment, &env);
    assert_int_equal(deployment.secrets.env.count, ENV_KEYS_MAX);
    assert_string_equal(env_get(&deployment.secrets.env, "UNKNOWN_0"), "x");
    assert_string_equal(env_get(&deployment.secrets.env, "INSTACART_API_KEY"), "s");
}

static void warnings_of_what_goes_live_are_passed_on(void **state)
{
    (void)state;
    static struct deployment deployment;
    struct err_list warnings = {0};
    struct env env = {0};
    set(&env, "LOOPGPT_KROGR_MOCK", "true");
    deployment_start(&deployment, &env, PROFILE_AS_DOCUMENTED, false, everybody, &warnings);
    assert_int_equal(warnings.warnings, 1);
    (void)deployment_set(&deployment, "LOOPGPT_KROGER_MOCK", "ture");
    (void)deployment_go_live(&deployment, &warnings);
    assert_int_equal(warnings.warnings, 3);
    assert_int_equal(warnings.errors, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_says_what_it_will_do),
        cmocka_unit_test(under_as_coded_what_production_never_reads_names_the_quirk),
        cmocka_unit_test(
            with_live_adapters_the_canned_providers_are_called_and_their_credentials_count),
        cmocka_unit_test(what_is_too_long_or_too_much_is_refused_and_not_kept),
        cmocka_unit_test(no_word_of_it_shows_a_secret),
        cmocka_unit_test(settings_are_pending_until_they_go_live),
        cmocka_unit_test(what_differs_from_the_start_is_described),
        cmocka_unit_test(a_credential_that_is_lacking_mocks_a_direct_provider_and_that_differs),
        cmocka_unit_test(a_credential_that_is_held_makes_its_keys_give_way),
        cmocka_unit_test(a_reset_leaves_credentials_as_they_are),
        cmocka_unit_test(a_reset_of_a_full_env_fits),
        cmocka_unit_test(warnings_of_what_goes_live_are_passed_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
