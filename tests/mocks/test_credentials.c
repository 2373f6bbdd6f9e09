/* Credentials and tokens. Goal: who is let in, when, and with which status. Method: a mock provider
 * is asked around every boundary: a token's life, a rotation, an expiry, and each auth fault. */
#include "mocks/credentials.h"

#include "tests/mocks/fixture.h"

static uint16_t status_of(struct fixture *fixture, enum operation operation, int64_t now_us)
{
    return fixture_ask(fixture, operation, 5, now_us).http_status;
}

static void a_token_lives_to_its_last_microsecond(void **state)
{
    (void)state;
    struct fixture fixture;
    const struct backend_spec spec = fixture_spec(PROVIDER_KROGER_API);
    fixture_open(&fixture, PROVIDER_KROGER_API, &spec, NULL, 0);
    assert_int_equal(status_of(&fixture, OPERATION_SEARCH, 0), 401); /* none yet */
    const struct reply reply = fixture_fetch_token(&fixture, 1000);
    assert_int_equal(reply.as.token.life_us, 1800 * US_PER_SECOND);
    assert_int_equal(status_of(&fixture, OPERATION_SEARCH, 1000), 200);
    assert_int_equal(status_of(&fixture, OPERATION_SEARCH, 999 + 1800 * US_PER_SECOND), 200);
    assert_int_equal(status_of(&fixture, OPERATION_SEARCH, 1000 + 1800 * US_PER_SECOND), 401);
    fixture.token ^= 2; /* a forged one */
    assert_int_equal(status_of(&fixture, OPERATION_SEARCH, 2000), 401);
    assert_int_equal(backend_counters(fixture.backend)->unauthorized, 3);
    fixture_close(&fixture);
}

static void a_token_of_another_replication_or_past_the_ring_is_none(void **state)
{
    (void)state;
    struct fixture fixture;
    const struct backend_spec spec = fixture_spec(PROVIDER_KROGER_API);
    fixture_open(&fixture, PROVIDER_KROGER_API, &spec, NULL, 0);
    (void)fixture_fetch_token(&fixture, 0);
    const uint64_t first = fixture.token;
    for (int i = 1; i < BACKEND_TOKENS_MAX; i++)
        (void)fixture_fetch_token(&fixture, i);
    const uint64_t last = fixture.token;
    fixture.token = first;
    assert_int_equal(status_of(&fixture, OPERATION_SEARCH, 5000), 200);
    (void)fixture_fetch_token(&fixture, 6000); /* takes the first one's place */
    fixture.token = first;
    assert_int_equal(status_of(&fixture, OPERATION_SEARCH, 7000), 401);
    fixture.token = last;
    assert_int_equal(status_of(&fixture, OPERATION_SEARCH, 7000), 200);
    backend_reset(fixture.backend, FIXTURE_SEED + 1, FIXTURE_EPOCH_US);
    assert_int_equal(status_of(&fixture, OPERATION_SEARCH, 8000), 401);
    fixture_close(&fixture);
}

static void a_wrong_credential_is_refused_in_each_providers_own_way(void **state)
{
    (void)state;
    static const struct {
        enum provider provider;
        enum operation operation;
        uint16_t wrong;
    } rows[] = {
        {PROVIDER_KROGER_API, OPERATION_TOKEN, 400},  {PROVIDER_KROGER_API, OPERATION_SEARCH, 401},
        {PROVIDER_KROGER_API, OPERATION_SINGLE, 401}, {PROVIDER_KROGER_API, OPERATION_HEALTH, 401},
        {PROVIDER_INSTACART, OPERATION_TOKEN, 401},   {PROVIDER_INSTACART, OPERATION_STORE, 401},
        {PROVIDER_WALMART_API, OPERATION_STORE, 401}, {PROVIDER_WALMART_API, OPERATION_SEARCH, 401},
        {PROVIDER_MEALME, OPERATION_CART, 401},       {PROVIDER_MEALME, OPERATION_CONFIRM, 401},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fixture fixture;
        const struct backend_spec spec = fixture_spec(rows[i].provider);
        const char *const label = operation_names[rows[i].operation];
        fixture_open(&fixture, rows[i].provider, &spec, NULL, 0);
        const uint64_t right = fixture.credential.fingerprint;
        fixture.credential.fingerprint = right + 1;
        CHECK_ROW(label, status_of(&fixture, rows[i].operation, 0) == rows[i].wrong);
        fixture.credential.fingerprint = 0;
        CHECK_ROW(label, status_of(&fixture, rows[i].operation, 0) == rows[i].wrong);
        fixture.credential.fingerprint = right;
        const bool needs_token =
            rows[i].operation == OPERATION_SEARCH || rows[i].operation == OPERATION_STORE;
        if (needs_token && operation_exists(rows[i].provider, OPERATION_TOKEN)) {
            (void)fixture_fetch_token(&fixture, 0);
        }
        CHECK_ROW(label, status_of(&fixture, rows[i].operation, 0) == 200);
        fixture_close(&fixture);
    }
}

static void a_rotation_refuses_the_old_credential_and_leaves_its_tokens(void **state)
{
    (void)state;
    struct fixture fixture;
    struct backend_spec spec = fixture_spec(PROVIDER_KROGER_API);
    spec.credentials.rotated_at_us = US_PER_MINUTE;
    fixture_open(&fixture, PROVIDER_KROGER_API, &spec, NULL, 0);
    const uint64_t old = fixture.credential.fingerprint;
    assert_int_equal(old, credential_fingerprint("mock-KROGER_API", "generation-1"));
    (void)fixture_fetch_token(&fixture, 0);
    assert_int_equal(status_of(&fixture, OPERATION_TOKEN, US_PER_MINUTE - 1), 200);
    assert_int_equal(status_of(&fixture, OPERATION_TOKEN, US_PER_MINUTE), 400);
    assert_int_equal(status_of(&fixture, OPERATION_SEARCH, US_PER_MINUTE), 200);
    fixture.credential.fingerprint = backend_credential(fixture.backend, US_PER_MINUTE);
    assert_int_equal(fixture.credential.fingerprint,
                     credential_fingerprint("mock-KROGER_API", "generation-2"));
    assert_int_equal(status_of(&fixture, OPERATION_TOKEN, US_PER_MINUTE), 200);

    const uint64_t third =
        backend_rotate(fixture.backend, 2 * US_PER_MINUTE, 0); /* an operator's */
    assert_int_equal(status_of(&fixture, OPERATION_TOKEN, 2 * US_PER_MINUTE), 400);
    fixture.credential.fingerprint = third;
    assert_int_equal(status_of(&fixture, OPERATION_TOKEN, 2 * US_PER_MINUTE), 200);
    backend_reset(fixture.backend, FIXTURE_SEED, FIXTURE_EPOCH_US);
    assert_int_equal(backend_credential(fixture.backend, US_PER_HOUR),
                     credential_fingerprint("mock-KROGER_API", "generation-2"));
    fixture_close(&fixture);
}

static void an_expired_credential_is_refused_until_it_is_rotated(void **state)
{
    (void)state;
    struct fixture fixture;
    struct backend_spec spec = fixture_spec(PROVIDER_WALMART_API);
    spec.credentials.expires_at_us = US_PER_MINUTE;
    fixture_open(&fixture, PROVIDER_WALMART_API, &spec, NULL, 0);
    assert_int_equal(status_of(&fixture, OPERATION_STORE, US_PER_MINUTE - 1), 200);
    assert_int_equal(status_of(&fixture, OPERATION_STORE, US_PER_MINUTE), 401);
    assert_int_equal(backend_credential(fixture.backend, US_PER_MINUTE), 0);
    fixture.credential.fingerprint = backend_rotate(fixture.backend, 2 * US_PER_MINUTE, 0);
    assert_int_equal(status_of(&fixture, OPERATION_STORE, 2 * US_PER_MINUTE), 200);
    fixture_close(&fixture);
}

static void auth_faults_refuse_what_they_name_while_they_last(void **state)
{
    (void)state;
    /* At 1 min the fault begins, at 2 min it ends. "old" tokens are of 0 s, "new" ones of 90 s. */
    static const struct {
        const char *label;
        enum provider provider;
        enum fault_auth auth;
        uint16_t token, old_search, new_search; /* while it lasts, at 100 s; 0: not asked */
    } rows[] = {
        {"Kroger, expired", PROVIDER_KROGER_API, AUTH_EXPIRED, 200, 401, 200},
        {"Kroger, revoked", PROVIDER_KROGER_API, AUTH_REVOKED, 400, 401, 0},
        {"Kroger, wrong scope", PROVIDER_KROGER_API, AUTH_WRONG_SCOPE, 200, 403, 403},
        {"Kroger, end point down", PROVIDER_KROGER_API, AUTH_TOKEN_ENDPOINT_DOWN, 503, 200, 0},
        {"Walmart, expired", PROVIDER_WALMART_API, AUTH_EXPIRED, 0, 401, 0},
        {"Walmart, revoked", PROVIDER_WALMART_API, AUTH_REVOKED, 0, 401, 0},
        {"Walmart, wrong scope", PROVIDER_WALMART_API, AUTH_WRONG_SCOPE, 0, 403, 0},
        {"Walmart, end point down", PROVIDER_WALMART_API, AUTH_TOKEN_ENDPOINT_DOWN, 0, 503, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fixture fixture;
        const struct backend_spec spec = fixture_spec(rows[i].provider);
        struct fault_spec fault = fixture_fault("auth", FAULT_AUTH, US_PER_MINUTE, US_PER_MINUTE);
        fault.auth = rows[i].auth;
        fixture_open(&fixture, rows[i].provider, &spec, &fault, 1);
        const bool tokens = operation_exists(rows[i].provider, OPERATION_TOKEN);
        if (tokens) (void)fixture_fetch_token(&fixture, 0);
        const uint64_t old = fixture.token;
        CHECK_ROW(rows[i].label, status_of(&fixture, OPERATION_SEARCH, US_PER_MINUTE - 1) == 200);
        if (tokens) {
            const struct reply reply = fixture_fetch_token(&fixture, 90 * US_PER_SECOND);
            CHECK_ROW(rows[i].label, reply.http_status == rows[i].token);
        }
        const int64_t during = 100 * US_PER_SECOND;
        if (rows[i].new_search != 0) {
            CHECK_ROW(rows[i].label,
                      status_of(&fixture, OPERATION_SEARCH, during) == rows[i].new_search);
        }
        fixture.token = old;
        CHECK_ROW(rows[i].label,
                  status_of(&fixture, OPERATION_SEARCH, during) == rows[i].old_search);
        CHECK_ROW(rows[i].label, status_of(&fixture, OPERATION_SEARCH, 2 * US_PER_MINUTE) == 200);
        fixture_close(&fixture);
    }
}

static void rotating_ends_a_revocation(void **state)
{
    (void)state;
    struct fixture fixture;
    const struct backend_spec spec = fixture_spec(PROVIDER_KROGER_API);
    struct fault_spec fault = fixture_fault("revoked", FAULT_AUTH, US_PER_MINUTE, US_PER_HOUR);
    fault.auth = AUTH_REVOKED;
    fixture_open(&fixture, PROVIDER_KROGER_API, &spec, &fault, 1);
    (void)fixture_fetch_token(&fixture, 0);
    assert_int_equal(status_of(&fixture, OPERATION_SEARCH, 2 * US_PER_MINUTE), 401);
    fixture.credential.fingerprint = backend_rotate(fixture.backend, 3 * US_PER_MINUTE, 0);
    assert_int_equal(fixture_fetch_token(&fixture, 3 * US_PER_MINUTE).http_status, 200);
    assert_int_equal(status_of(&fixture, OPERATION_SEARCH, 3 * US_PER_MINUTE), 200);
    fixture_close(&fixture);
}

static void a_skewed_clock_ends_tokens_early_and_spoils_signatures(void **state)
{
    (void)state;
    struct fixture fixture;
    const struct backend_spec kroger = fixture_spec(PROVIDER_KROGER_API);
    struct fault_spec fault = fixture_fault("skew", FAULT_CLOCK_SKEW, US_PER_MINUTE, US_PER_HOUR);
    fault.skew_us = -10 * US_PER_MINUTE; /* the router's clock is behind */
    fixture_open(&fixture, PROVIDER_KROGER_API, &kroger, &fault, 1);
    (void)fixture_fetch_token(&fixture, 0); /* for 30 min */
    assert_int_equal(status_of(&fixture, OPERATION_SEARCH, 20 * US_PER_MINUTE - 1), 200);
    assert_int_equal(status_of(&fixture, OPERATION_SEARCH, 20 * US_PER_MINUTE), 401);
    (void)fixture_fetch_token(&fixture, 20 * US_PER_MINUTE); /* both its ends on the skewed clock */
    assert_int_equal(status_of(&fixture, OPERATION_SEARCH, 50 * US_PER_MINUTE - 1), 200);
    fixture_close(&fixture);

    const struct backend_spec walmart = fixture_spec(PROVIDER_WALMART_API);
    fault.skew_us = BACKEND_SIGNATURE_LIFE_US;
    fixture_open(&fixture, PROVIDER_WALMART_API, &walmart, &fault, 1);
    assert_int_equal(status_of(&fixture, OPERATION_SEARCH, 2 * US_PER_MINUTE), 200);
    fixture_close(&fixture);
    fault.skew_us = -BACKEND_SIGNATURE_LIFE_US - 1;
    fixture_open(&fixture, PROVIDER_WALMART_API, &walmart, &fault, 1);
    assert_int_equal(status_of(&fixture, OPERATION_SEARCH, 2 * US_PER_MINUTE), 401);
    fixture_close(&fixture);
}

static void a_thief_works_until_the_credential_is_rotated(void **state)
{
    (void)state;
    struct fixture fixture;
    struct backend_spec spec = fixture_spec(PROVIDER_WALMART_API);
    spec.limits.per_day = 100;
    spec.limits.retry_after_s = 60;
    struct fault_spec fault = fixture_fault("thief", FAULT_COMPROMISED, 0, US_PER_DAY);
    fault.calls_per_minute = 60;
    fixture_open(&fixture, PROVIDER_WALMART_API, &spec, &fault, 1);
    assert_int_equal(status_of(&fixture, OPERATION_STORE, 97 * US_PER_SECOND), 200);
    const struct reply limited = fixture_ask(&fixture, OPERATION_STORE, 6, 99 * US_PER_SECOND);
    assert_int_equal(limited.http_status, 429);
    assert_int_equal(limited.retry_after_s, 60);
    assert_int_equal(backend_counters(fixture.backend)->limited, 1);

    backend_reset(fixture.backend, FIXTURE_SEED, FIXTURE_EPOCH_US);
    fixture.credential.fingerprint = backend_rotate(fixture.backend, 30 * US_PER_SECOND, 0);
    assert_int_equal(status_of(&fixture, OPERATION_STORE, US_PER_HOUR), 200);
    backend_settle(fixture.backend, US_PER_DAY);
    assert_int_equal(backend_counters(fixture.backend)->thief_calls, 30);
    fixture_close(&fixture);
}

static void faults_change_under_way_and_nothing_else_does(void **state)
{
    (void)state;
    struct fixture fixture;
    const struct backend_spec kroger = fixture_spec(PROVIDER_KROGER_API);
    fixture_open(&fixture, PROVIDER_KROGER_API, &kroger, NULL, 0);
    (void)fixture_fetch_token(&fixture, 0);
    assert_int_equal(status_of(&fixture, OPERATION_SEARCH, US_PER_SECOND), 200);
    struct fault_spec fault = fixture_fault("new", FAULT_ERROR, 0, US_PER_MINUTE);
    fault.status = 500;
    backend_set_faults(fixture.backend, &fault, 1, 2 * US_PER_SECOND);
    assert_int_equal(status_of(&fixture, OPERATION_SEARCH, 2 * US_PER_SECOND), 500);
    backend_set_faults(fixture.backend, NULL, 0, 3 * US_PER_SECOND);
    assert_int_equal(status_of(&fixture, OPERATION_SEARCH, 3 * US_PER_SECOND), 200);
    assert_int_equal(backend_generation_at(fixture.backend, 3 * US_PER_SECOND), 1);
    (void)backend_rotate(fixture.backend, 4 * US_PER_SECOND, 0);
    assert_int_equal(backend_generation_at(fixture.backend, 4 * US_PER_SECOND - 1), 1);
    assert_int_equal(backend_generation_at(fixture.backend, 4 * US_PER_SECOND), 2);
    fixture_close(&fixture);

    /* A thief that is put in late owes nothing for the time before, and one that is put in again
     * does not steal the same calls twice. */
    const struct backend_spec walmart = fixture_spec(PROVIDER_WALMART_API);
    fault = fixture_fault("thief", FAULT_COMPROMISED, 0, US_PER_DAY);
    fault.calls_per_minute = 60;
    fixture_open(&fixture, PROVIDER_WALMART_API, &walmart, NULL, 0);
    backend_set_faults(fixture.backend, &fault, 1, US_PER_HOUR);
    backend_set_faults(fixture.backend, &fault, 1, US_PER_HOUR + 5 * US_PER_SECOND);
    backend_settle(fixture.backend, US_PER_HOUR + 10 * US_PER_SECOND);
    assert_int_equal(backend_counters(fixture.backend)->thief_calls, 10);
    fixture_close(&fixture);
}

static void one_key_is_as_good_as_a_pair_where_production_has_one(void **state)
{
    (void)state;
    static const struct {
        enum provider provider;
        const char *label, *id, *secret;
        bool accepted;
    } rows[] = {{PROVIDER_MEALME, "a pair", "mock-MEALME", "generation-2", true},
                {PROVIDER_MEALME, "one text", "", "mock-MEALME:generation-2", true},
                {PROVIDER_MEALME, "the secret alone", "", "generation-2", true},
                {PROVIDER_MEALME, "the generation before", "", "mock-MEALME:generation-1", false},
                {PROVIDER_MEALME, "another's", "", "mock-INSTACART:generation-2", false},
                {PROVIDER_MEALME, "nothing", "", "", false},
                {PROVIDER_INSTACART, "one text", "", "mock-INSTACART:generation-2", true},
                {PROVIDER_WALMART_API, "a pair", "mock-WALMART_API", "generation-2", true},
                {PROVIDER_WALMART_API, "one text", "", "mock-WALMART_API:generation-2", false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture fixture;
        struct backend_spec spec = fixture_spec(rows[i].provider);
        spec.credentials.rotated_at_us = 0;
        fixture_open(&fixture, rows[i].provider, &spec, NULL, 0);
        fixture.credential.fingerprint = credential_fingerprint(rows[i].id, rows[i].secret);
        const enum operation operation =
            rows[i].provider == PROVIDER_INSTACART ? OPERATION_TOKEN : OPERATION_HEALTH;
        CHECK_ROW(rows[i].label,
                  (status_of(&fixture, operation, US_PER_SECOND) == 200) == rows[i].accepted);
        fixture_close(&fixture);
    }
}

/* ---- overlaps ---- */

/* The status that a generation's own credential meets. */
static uint16_t status_with(struct fixture *fixture, const char *secret, enum operation operation,
                            int64_t now_us)
{
    char id[64];
    (void)snprintf(id, sizeof id, "mock-%s", provider_traits[fixture->provider].id);
    fixture->credential.fingerprint = credential_fingerprint(id, secret);
    return status_of(fixture, operation, now_us);
}

static void a_rotation_without_overlap_stops_the_old_credential_at_once(void **state)
{
    (void)state;
    static const struct {
        enum provider provider;
        enum operation operation;
        uint16_t refused;
    } rows[] = {
        {PROVIDER_MEALME, OPERATION_CART, 401},       {PROVIDER_MEALME, OPERATION_SINGLE, 401},
        {PROVIDER_WALMART_API, OPERATION_STORE, 401}, {PROVIDER_WALMART_API, OPERATION_SEARCH, 401},
        {PROVIDER_KROGER_API, OPERATION_TOKEN, 400},  {PROVIDER_INSTACART, OPERATION_TOKEN, 401},
        {PROVIDER_KROGER_API, OPERATION_HEALTH, 401}, {PROVIDER_INSTACART, OPERATION_SINGLE, 401},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture fixture;
        const struct backend_spec spec = fixture_spec(rows[i].provider);
        const char *const label = provider_traits[rows[i].provider].id;
        const enum operation operation = rows[i].operation;
        fixture_open(&fixture, rows[i].provider, &spec, NULL, 0);
        CHECK_ROW(label, status_of(&fixture, operation, US_PER_MINUTE - 1) == 200);
        (void)backend_rotate(fixture.backend, US_PER_MINUTE, 0);
        CHECK_ROW(label, status_of(&fixture, operation, US_PER_MINUTE) == rows[i].refused);
        CHECK_ROW(label, status_with(&fixture, "generation-2", operation, US_PER_MINUTE) == 200);
        fixture_close(&fixture);
    }
}

static void a_token_of_the_old_credential_lives_until_it_expires(void **state)
{
    (void)state;
    static const enum provider providers[] = {PROVIDER_KROGER_API, PROVIDER_INSTACART};
    for (size_t i = 0; i < sizeof providers / sizeof providers[0]; i++) {
        struct fixture fixture;
        const struct backend_spec spec = fixture_spec(providers[i]);
        const int64_t end_us = spec.credentials.token_life_us;
        const char *const label = provider_traits[providers[i]].id;
        fixture_open(&fixture, providers[i], &spec, NULL, 0);
        (void)fixture_fetch_token(&fixture, 0);
        (void)backend_rotate(fixture.backend, US_PER_MINUTE, 0);
        CHECK_ROW(label, status_of(&fixture, OPERATION_STORE, US_PER_MINUTE) == 200);
        CHECK_ROW(label, status_of(&fixture, OPERATION_STORE, end_us - 1) == 200);
        CHECK_ROW(label, status_of(&fixture, OPERATION_STORE, end_us) == 401);
        CHECK_ROW(label, status_of(&fixture, OPERATION_TOKEN, end_us) != 200);
        fixture_close(&fixture);
    }
}

static void in_an_overlap_both_credentials_count(void **state)
{
    (void)state;
    static const struct {
        enum provider provider;
        enum operation operation; /* one that shows the credential itself */
    } rows[] = {{PROVIDER_MEALME, OPERATION_CART},
                {PROVIDER_WALMART_API, OPERATION_STORE},
                {PROVIDER_KROGER_API, OPERATION_TOKEN},
                {PROVIDER_INSTACART, OPERATION_TOKEN},
                {PROVIDER_KROGER_API, OPERATION_SINGLE}};
    const int64_t end_us = 3 * US_PER_MINUTE;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture fixture;
        const struct backend_spec spec = fixture_spec(rows[i].provider);
        const char *const label = provider_traits[rows[i].provider].id;
        const enum operation operation = rows[i].operation;
        fixture_open(&fixture, rows[i].provider, &spec, NULL, 0);
        CHECK_ROW(label, backend_rotate(fixture.backend, US_PER_MINUTE, 2 * US_PER_MINUTE) ==
                             backend_credential(fixture.backend, US_PER_MINUTE));
        CHECK_ROW(label, status_with(&fixture, "generation-2", operation, US_PER_MINUTE) == 200);
        CHECK_ROW(label, status_with(&fixture, "generation-1", operation, US_PER_MINUTE) == 200);
        CHECK_ROW(label, status_with(&fixture, "generation-1", operation, end_us - 1) == 200);
        CHECK_ROW(label, status_with(&fixture, "generation-1", operation, end_us) != 200);
        CHECK_ROW(label, status_with(&fixture, "generation-2", operation, end_us) == 200);
        CHECK_ROW(label, status_with(&fixture, "generation-3", operation, end_us) != 200);
        fixture_close(&fixture);
    }
}

static void overlaps_end_with_the_earliest_end_of_a_later_rotation(void **state)
{
    (void)state;
    struct fixture fixture;
    const struct backend_spec spec = fixture_spec(PROVIDER_MEALME);
    const enum operation cart = OPERATION_CART;
    fixture_open(&fixture, PROVIDER_MEALME, &spec, NULL, 0);
    (void)backend_rotate(fixture.backend, 10 * US_PER_SECOND, 60 * US_PER_SECOND);  /* to 70 s */
    (void)backend_rotate(fixture.backend, 20 * US_PER_SECOND, 100 * US_PER_SECOND); /* to 120 s */
    assert_int_equal(status_with(&fixture, "generation-1", cart, 70 * US_PER_SECOND - 1), 200);
    assert_int_equal(status_with(&fixture, "generation-1", cart, 70 * US_PER_SECOND), 401);
    assert_int_equal(status_with(&fixture, "generation-2", cart, 90 * US_PER_SECOND), 200);
    (void)backend_rotate(fixture.backend, 100 * US_PER_SECOND, 0); /* an emergency */
    assert_int_equal(status_with(&fixture, "generation-2", cart, 100 * US_PER_SECOND), 401);
    assert_int_equal(status_with(&fixture, "generation-3", cart, 100 * US_PER_SECOND), 401);
    assert_int_equal(status_with(&fixture, "generation-4", cart, 100 * US_PER_SECOND), 200);
    fixture_close(&fixture);
}

static void an_overlap_that_never_ends_is_one(void **state)
{
    (void)state;
    struct fixture fixture;
    const struct backend_spec spec = fixture_spec(PROVIDER_MEALME);
    fixture_open(&fixture, PROVIDER_MEALME, &spec, NULL, 0);
    (void)backend_rotate(fixture.backend, US_PER_MINUTE, INT64_MAX);
    assert_int_equal(status_with(&fixture, "generation-1", OPERATION_CART, 365 * US_PER_DAY), 200);
    fixture_close(&fixture);
}

static void an_overlap_saves_nothing_that_has_expired_or_was_revoked(void **state)
{
    (void)state;
    struct fixture fixture;
    struct backend_spec spec = fixture_spec(PROVIDER_WALMART_API);
    const enum operation store = OPERATION_STORE;
    spec.credentials.expires_at_us = 2 * US_PER_MINUTE;
    fixture_open(&fixture, PROVIDER_WALMART_API, &spec, NULL, 0);
    (void)backend_rotate(fixture.backend, US_PER_MINUTE, US_PER_HOUR);
    assert_int_equal(status_with(&fixture, "generation-1", store, 2 * US_PER_MINUTE - 1), 200);
    assert_int_equal(status_with(&fixture, "generation-1", store, 2 * US_PER_MINUTE), 401);
    fixture_close(&fixture);

    /* What is expired or revoked stays so while both count; the new one is spared. */
    for (int auth = AUTH_EXPIRED; auth <= AUTH_REVOKED; auth++) {
        spec = fixture_spec(PROVIDER_WALMART_API);
        struct fault_spec fault = fixture_fault("auth", FAULT_AUTH, US_PER_MINUTE, US_PER_HOUR);
        fault.auth = (enum fault_auth)auth;
        fixture_open(&fixture, PROVIDER_WALMART_API, &spec, &fault, 1);
        (void)backend_rotate(fixture.backend, 2 * US_PER_MINUTE, US_PER_HOUR);
        assert_int_equal(status_with(&fixture, "generation-1", store, 3 * US_PER_MINUTE), 401);
        assert_int_equal(status_with(&fixture, "generation-2", store, 3 * US_PER_MINUTE), 200);
        fixture_close(&fixture);
    }
}

static void a_token_of_an_overlap_is_of_the_credential_that_was_shown(void **state)
{
    (void)state;
    struct fixture fixture;
    const struct backend_spec spec = fixture_spec(PROVIDER_KROGER_API);
    fixture_open(&fixture, PROVIDER_KROGER_API, &spec, NULL, 0);
    (void)backend_rotate(fixture.backend, US_PER_MINUTE, US_PER_HOUR);
    (void)fixture_fetch_token(&fixture, 2 * US_PER_MINUTE); /* with the old one */
    struct call call = fixture_call(&fixture, OPERATION_SEARCH, 1, 2 * US_PER_MINUTE);
    assert_int_equal(backend_generation(fixture.backend, &call), 1);
    fixture.credential.fingerprint = backend_credential(fixture.backend, 2 * US_PER_MINUTE);
    (void)fixture_fetch_token(&fixture, 2 * US_PER_MINUTE);
    call = fixture_call(&fixture, OPERATION_SEARCH, 1, 2 * US_PER_MINUTE);
    assert_int_equal(backend_generation(fixture.backend, &call), 2);
    fixture_close(&fixture);
}

static void a_thief_works_through_the_overlap_and_no_longer(void **state)
{
    (void)state;
    struct fixture fixture;
    const struct backend_spec spec = fixture_spec(PROVIDER_WALMART_API);
    struct fault_spec fault = fixture_fault("thief", FAULT_COMPROMISED, 0, US_PER_DAY);
    fault.calls_per_minute = 60;
    fixture_open(&fixture, PROVIDER_WALMART_API, &spec, &fault, 1);
    (void)backend_rotate(fixture.backend, 30 * US_PER_SECOND, 20 * US_PER_SECOND);
    backend_settle(fixture.backend, US_PER_HOUR);
    assert_int_equal(backend_counters(fixture.backend)->thief_calls, 50);

    /* A second rotation cuts the overlap short; faults that are put in anew know of it. */
    backend_reset(fixture.backend, FIXTURE_SEED, FIXTURE_EPOCH_US);
    (void)backend_rotate(fixture.backend, 30 * US_PER_SECOND, 20 * US_PER_SECOND);
    backend_set_faults(fixture.backend, &fault, 1, 35 * US_PER_SECOND);
    (void)backend_rotate(fixture.backend, 40 * US_PER_SECOND, 0);
    backend_set_faults(fixture.backend, &fault, 1, 45 * US_PER_SECOND);
    backend_settle(fixture.backend, US_PER_HOUR);
    assert_int_equal(backend_counters(fixture.backend)->thief_calls, 40);

    /* Who steals during an overlap has the new one. */
    fault.at_us = 35 * US_PER_SECOND;
    fault.for_us = 60 * US_PER_SECOND;
    backend_reset(fixture.backend, FIXTURE_SEED, FIXTURE_EPOCH_US);
    (void)backend_rotate(fixture.backend, 30 * US_PER_SECOND, 20 * US_PER_SECOND);
    backend_settle(fixture.backend, US_PER_HOUR);
    assert_int_equal(backend_counters(fixture.backend)->thief_calls, 60);
    fixture_close(&fixture);
}

static void past_its_rotations_nothing_changes(void **state)
{
    (void)state;
    struct fixture fixture;
    const struct backend_spec spec = fixture_spec(PROVIDER_WALMART_API);
    struct fault_spec fault = fixture_fault("thief", FAULT_COMPROMISED, US_PER_HOUR, US_PER_MINUTE);
    fault.calls_per_minute = 60;
    fixture_open(&fixture, PROVIDER_WALMART_API, &spec, &fault, 1);
    for (int64_t i = 1; i <= BACKEND_ROTATIONS_MAX; i++)
        (void)backend_rotate(fixture.backend, i * US_PER_SECOND, 0);
    const uint64_t last = backend_credential(fixture.backend, US_PER_HOUR);
    assert_int_equal(backend_rotate(fixture.backend, US_PER_HOUR + 30 * US_PER_SECOND, 0), last);
    fixture.credential.fingerprint = last;
    assert_int_equal(status_of(&fixture, OPERATION_STORE, 2 * US_PER_HOUR), 200);
    backend_settle(fixture.backend, 2 * US_PER_HOUR);
    assert_int_equal(backend_counters(fixture.backend)->thief_calls, 60);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_lives_to_its_last_microsecond),
        cmocka_unit_test(a_token_of_another_replication_or_past_the_ring_is_none),
        cmocka_unit_test(a_wrong_credential_is_refused_in_each_providers_own_way),
        cmocka_unit_test(a_rotation_refuses_the_old_credential_and_leaves_its_tokens),
        cmocka_unit_test(an_expired_credential_is_refused_until_it_is_rotated),
        cmocka_unit_test(auth_faults_refuse_what_they_name_while_they_last),
        cmocka_unit_test(rotating_ends_a_revocation),
        cmocka_unit_test(a_skewed_clock_ends_tokens_early_and_spoils_signatures),
        cmocka_unit_test(a_thief_works_until_the_credential_is_rotated),
        cmocka_unit_test(faults_change_under_way_and_nothing_else_does),
        cmocka_unit_test(one_key_is_as_good_as_a_pair_where_production_has_one),
        cmocka_unit_test(a_rotation_without_overlap_stops_the_old_credential_at_once),
        cmocka_unit_test(a_token_of_the_old_credential_lives_until_it_expires),
        cmocka_unit_test(in_an_overlap_both_credentials_count),
        cmocka_unit_test(overlaps_end_with_the_earliest_end_of_a_later_rotation),
        cmocka_unit_test(an_overlap_that_never_ends_is_one),
        cmocka_unit_test(an_overlap_saves_nothing_that_has_expired_or_was_revoked),
        cmocka_unit_test(a_token_of_an_overlap_is_of_the_credential_that_was_shown),
        cmocka_unit_test(a_thief_works_through_the_overlap_and_no_longer),
        cmocka_unit_test(past_its_rotations_nothing_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
