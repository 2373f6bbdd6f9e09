/* The tables of what providers and their APIs are: keys, operations, tokens. */
#include "providers/message.h"

#include "tests/support.h"

static void each_api_has_a_pair_of_keys_of_its_own(void **state)
{
    (void)state;
    static const struct {
        enum provider provider;
        enum api api;
        const char *id, *secret;
    } rows[] = {
        {PROVIDER_MEALME, API_STANDARD, NULL, "MEALME_API_KEY"},
        {PROVIDER_INSTACART, API_STANDARD, "INSTACART_CLIENT_ID", "INSTACART_CLIENT_SECRET"},
        {PROVIDER_INSTACART, API_DEVELOPER, NULL, "INSTACART_API_KEY"},
        {PROVIDER_KROGER_API, API_STANDARD, "KROGER_CLIENT_ID", "KROGER_CLIENT_SECRET"},
        {PROVIDER_WALMART_API, API_STANDARD, "WALMART_CONSUMER_ID", "WALMART_PRIVATE_KEY_FILE"},
        {PROVIDER_WALMART_API, API_ACCESS_TOKEN, "WALMART_PARTNER_ID", "WALMART_API_KEY"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct credential_keys *const keys = api_keys(rows[i].provider, rows[i].api);
        CHECK_ROW(rows[i].secret, keys != NULL);
        CHECK_ROW_TEXT(rows[i].secret, keys->secret, rows[i].secret);
        CHECK_ROW(rows[i].secret, (keys->id == NULL) == (rows[i].id == NULL));
        if (keys->id != NULL) CHECK_ROW_TEXT(rows[i].secret, keys->id, rows[i].id);
    }
}

static void an_api_that_does_not_exist_has_no_keys(void **state)
{
    (void)state;
    for (enum provider p = 0; p < PROVIDER_COUNT; p++) {
        for (enum api api = 0; api < API_COUNT; api++)
            CHECK_ROW(api_names[api], (api_keys(p, api) != NULL) == api_exists(p, api));
    }
}

static void every_key_of_a_pair_is_one_that_the_environment_is_asked_for(void **state)
{
    (void)state;
    for (enum provider p = 0; p < PROVIDER_COUNT; p++) {
        for (enum api api = 0; api < API_COUNT; api++) {
            const struct credential_keys *const keys = api_keys(p, api);
            if (keys == NULL) continue;
            bool id = keys->id == NULL, secret = false;
            for (const char *const *key = config_credential_keys(p); *key != NULL; key++) {
                id = id || strcmp(*key, keys->id) == 0;
                secret = secret || strcmp(*key, keys->secret) == 0;
            }
            CHECK_ROW(keys->secret, id);
            CHECK_ROW(keys->secret, secret);
        }
    }
}

static void half_a_pair_is_none(void **state)
{
    (void)state;
    const struct place place = {0};
    const struct credential_keys *const keys = api_keys(PROVIDER_KROGER_API, API_STANDARD);
    struct env env = {0};
    struct err err;
    struct credential held = {.id = "as it was"};
    assert_true(env_set(&env, "KROGER_CLIENT_SECRET", "s", place, &err));
    assert_false(config_read_pair(&env, keys, &held));
    assert_true(env_set(&env, "KROGER_CLIENT_ID", "", place, &err));
    assert_false(config_read_pair(&env, keys, &held));
    assert_string_equal(held.id, "as it was");
    assert_true(env_set(&env, "KROGER_CLIENT_ID", "i", place, &err));
    assert_true(config_read_pair(&env, keys, &held));
    assert_string_equal(held.id, "i");
    assert_string_equal(held.secret, "s");
    assert_true(held.fingerprint == credential_fingerprint("i", "s"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_api_has_a_pair_of_keys_of_its_own),
        cmocka_unit_test(an_api_that_does_not_exist_has_no_keys),
        cmocka_unit_test(every_key_of_a_pair_is_one_that_the_environment_is_asked_for),
        cmocka_unit_test(half_a_pair_is_none),
    };
    return cmocka_run_group_tests_name("providers/message", tests, NULL, NULL);
}
