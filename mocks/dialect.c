#include "mocks/dialect.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mocks/dialect_state.h"
#include "router/base/duration.h"
#include "router/base/random.h"

/* ---- making ---------------------------------------------------------------------------------- */

static const struct dialect_ways *ways_of(enum provider provider, enum api api)
{
    assert(api_exists(provider, api));
    switch (provider) {
    case PROVIDER_MEALME:
        return &dialect_mealme;
    case PROVIDER_INSTACART:
        return api == API_DEVELOPER ? &dialect_instacart_developer : &dialect_instacart;
    case PROVIDER_KROGER_API:
        return &dialect_kroger;
    case PROVIDER_WALMART_API:
        return api == API_ACCESS_TOKEN ? &dialect_walmart_access_token : &dialect_walmart;
    case PROVIDER_COUNT:
        break;
    }
    assert(false);
    return NULL;
}

static bool out_of_memory(struct err *err)
{
    return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for a mock's API");
}

/* The texts of a mock's credentials are fixed: mocks/backend.h. */
static void know_credentials(struct dialect *dialect)
{
    (void)snprintf(dialect->mock_id, sizeof dialect->mock_id, "mock-%s",
                   provider_traits[dialect->setup.provider].id);
    for (uint32_t generation = 1; generation <= DIALECT_GENERATIONS; generation++) {
        char secret[32];
        (void)snprintf(secret, sizeof secret, "generation-%u", generation);
        dialect->fingerprints[generation] = credential_fingerprint(dialect->mock_id, secret);
    }
    assert(backend_credential_texts(dialect->setup.backend, dialect->fingerprints[1]).id != NULL);
}

static bool make(struct dialect *dialect, struct err *err)
{
    const struct dialect_setup *const setup = &dialect->setup;
    dialect->payloads = setup->payloads;
    if (dialect->payloads == NULL) {
        dialect->own_payloads = payloads_create(NULL, err);
        if (dialect->own_payloads == NULL) return false;
        dialect->payloads = dialect->own_payloads;
    }
    if (api_is_signed(setup->provider, setup->api)) {
        dialect->signatures = calloc(DIALECT_SIGNATURES, sizeof *dialect->signatures);
        if (dialect->signatures == NULL) return out_of_memory(err);
    }
    dialect->names = calloc(GOODS_NAMES, sizeof *dialect->names);
    if (dialect->names == NULL) return out_of_memory(err);
    know_credentials(dialect);
    return true;
}

struct dialect *dialect_create(const struct dialect_setup *setup, struct err *err)
{
    struct dialect *const dialect = calloc(1, sizeof *dialect);
    if (dialect == NULL) {
        (void)out_of_memory(err);
        return NULL;
    }
    dialect->setup = *setup;
    dialect->ways = ways_of(setup->provider, setup->api);
    if (!make(dialect, err)) {
        dialect_destroy(dialect);
        return NULL;
    }
    dialect_reset(dialect, setup->seed_r, setup->epoch_us);
    return dialect;
}

void dialect_destroy(struct dialect *dialect)
{
    if (dialect == NULL) return;
    payloads_destroy(dialect->own_payloads);
    text_release(&dialect->scratch);
    free(dialect->signatures);
    free(dialect->names);
    free(dialect);
}

void dialect_reset(struct dialect *dialect, uint64_t seed_r, int64_t epoch_us)
{
    const unsigned provider = (unsigned)dialect->setup.provider;
    dialect->setup.seed_r = seed_r;
    dialect->setup.epoch_us = epoch_us;
    dialect->foreign_key = random_key(seed_r, random_what(RANDOM_FOREIGN, provider, 0, 0, 0));
    memset(dialect->ordinals, 0, sizeof dialect->ordinals);
    memset(dialect->names, 0, GOODS_NAMES * sizeof *dialect->names);
    dialect->now_us = 0;
}

void dialect_jump(struct dialect *dialect, int64_t by_us)
{
    dialect->setup.epoch_us -= by_us;
}

/* ---- answers that need no backend ------------------------------------------------------------ */

const char *dialect_reason(uint16_t status)
{
    static const struct {
        uint16_t status;
        const char *reason;
    } reasons[] = {
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {402, "Payment Required"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
    };
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        if (reasons[i].status == status) return reasons[i].reason;
    }
    return status < 400 || status > 499 ? "Server Error" : "Request Error";
}

int64_t dialect_unix_ms(const struct dialect *dialect, const struct heard *heard)
{
    const int64_t now_us = heard == NULL ? dialect->now_us : heard->call.sent_us;
    return (dialect->setup.epoch_us + now_us) / US_PER_MS;
}

const struct payload *dialect_payload(const struct dialect *dialect, const char *name)
{
    return payloads_find(dialect->payloads, dialect->setup.provider, name);
}

void dialect_put_payload(struct dialect *dialect, const struct heard *heard, uint16_t status,
                         const struct payload *payload, struct http_response *response)
{
    char timestamp[NUMBER_TEXT_MAX], digits[NUMBER_TEXT_MAX], signed_ms[NUMBER_TEXT_MAX];
    const int64_t signed_us = heard == NULL ? dialect->now_us : heard->call.signed_us;
    (void)number_write_int(timestamp, dialect_unix_ms(dialect, heard));
    (void)number_write_int(digits, status);
    (void)number_write_int(signed_ms, (dialect->setup.epoch_us + signed_us) / US_PER_MS);
    const struct payload_values values = {.texts = {[WORD_TIMESTAMP_MS] = timestamp,
                                                    [WORD_STATUS] = digits,
                                                    [WORD_SIGNED_MS] = signed_ms,
                                                    [WORD_REASON] = dialect_reason(status)}};
    response->status = status;
    response->content_type = payload_content_type(payload);
    payload_write(payload, &values, &response->body);
}

void dialect_put_status(struct dialect *dialect, const struct heard *heard, uint16_t status,
                        struct http_response *response)
{
    dialect_put_payload(dialect, heard, status,
                        payloads_at_status(dialect->payloads, dialect->setup.provider, status),
                        response);
}

bool dialect_refuse(struct hearing *hearing, const char *reason)
{
    http_response_clear(hearing->response);
    hearing->response->status = 400;
    hearing->response->content_type = "application/json";
    hearing->dialect->ways->say_bad_request(hearing->dialect, reason, hearing->response);
    return false;
}

bool dialect_refuse_status(struct hearing *hearing, uint16_t status)
{
    http_response_clear(hearing->response);
    hearing->dialect->ways->say_error(hearing->dialect, hearing->heard, status, hearing->response);
    return false;
}

void dialect_say_status(struct dialect *dialect, uint16_t status, struct http_response *response)
{
    http_response_clear(response);
    dialect->ways->say_error(dialect, NULL, status, response);
}

/* ---- whose call it is ------------------------------------------------------------------------ */

/* Instants of calls are within this of the clock's zero, so that sums with them stay in bounds. */
#define TOLD_US_MAX DURATION_US_MAX

static bool take_digits(const char **at, unsigned base, uint64_t most, char end, uint64_t *number)
{
    uint64_t value = 0;
    const char *c = *at;
    for (; *c != '\0' && *c != end; c++) {
        const unsigned digit = *c >= '0' && *c <= '9'   ? (unsigned)(*c - '0')
                               : *c >= 'a' && *c <= 'f' ? (unsigned)(*c - 'a') + 10
                                                        : 16;
        if (digit >= base || value > (most - digit) / base) return false;
        value = value * base + digit;
    }
    if (c == *at || *c != end) return false;
    *at = *c == '\0' ? c : c + 1;
    *number = value;
    return true;
}

/* "<order key, 16 hex digits>-<order index, hex>-<item>-<attempt>-<sent_us>-<store>" */
static bool take_key(const char *text, struct call *call)
{
    uint64_t key, index, item, attempt, sent_us, store;
    if (text == NULL || strcspn(text, "-") != 16) return false;
    if (!take_digits(&text, 16, UINT64_MAX, '-', &key)) return false;
    if (!take_digits(&text, 16, UINT64_MAX, '-', &index)) return false;
    if (!take_digits(&text, 10, ORDER_ITEMS_MAX - 1, '-', &item)) return false;
    if (!take_digits(&text, 10, UINT32_MAX, '-', &attempt)) return false;
    if (!take_digits(&text, 10, (uint64_t)TOLD_US_MAX, '-', &sent_us)) return false;
    if (!take_digits(&text, 10, UINT32_MAX, '\0', &store)) return false;
    call->order_key = key;
    call->order_index = index;
    call->item = (uint32_t)item;
    call->attempt = (uint32_t)attempt;
    call->sent_us = (int64_t)sent_us;
    call->store = (uint32_t)store;
    return true;
}

/* A foreign client's luck goes by its credential and how often that has called. */
static void give_key(struct dialect *dialect, struct call *call)
{
    const uint32_t generation = backend_generation(dialect->setup.backend, call);
    assert(generation <= DIALECT_GENERATIONS);
    const uint64_t who = random_key(dialect->foreign_key, dialect->fingerprints[generation]);
    call->order_key = random_key(who, dialect->ordinals[generation]++);
}

static void begin(struct dialect *dialect, const struct http_view *view, int64_t now_us,
                  struct heard *heard)
{
    dialect->now_us = now_us;
    heard->request = (struct order_request){.items = heard->items, .postal_code = ""};
    heard->credential = (struct credential){.id = "", .secret = ""};
    heard->call = (struct call){.provider = dialect->setup.provider,
                                .order_index = UINT64_MAX,
                                .sent_us = now_us,
                                .signed_us = now_us,
                                .request = &heard->request};
    heard->keyed = take_key(http_view_header(view, CODEC_KEY_HEADER), &heard->call);
    heard->told_time = heard->keyed;
    heard->token_missing = true;
    heard->key_unknown = false;
    heard->text_length = 0;
    heard->by_id = heard->placing = heard->full = false;
    heard->priced = true;
    heard->first = heard->limit = heard->store_asked = 0;
    heard->asked = "";
    heard->order_id[0] = '\0';
}

/* ---- routes ---------------------------------------------------------------------------------- */

static bool path_fits(const char *pattern, const char *path, struct segment *segments)
{
    uint32_t stars = 0;
    for (; *pattern != '\0'; pattern++) {
        if (*pattern != '*') {
            if (*path++ != *pattern) return false;
            continue;
        }
        const size_t length = strcspn(path, "/");
        if (length == 0) return false;
        assert(stars < DIALECT_SEGMENTS_MAX);
        segments[stars++] = (struct segment){.bytes = path, .length = length};
        path += length;
    }
    return *path == '\0';
}

static const struct route *route_at(const struct dialect *dialect, uint32_t index)
{
    const struct dialect_ways *const ways = dialect->ways;
    return index < ways->route_count ? &ways->routes[index] : &dialect_single;
}

/* The route of a request, or NULL and the status of having none. */
static const struct route *find_route(struct hearing *hearing, uint16_t *status)
{
    const struct http_view *const view = hearing->view;
    const char *const method = strcmp(view->method, "HEAD") == 0 ? "GET" : view->method;
    *status = 404;
    for (uint32_t i = 0; i <= hearing->dialect->ways->route_count; i++) {
        const struct route *const route = route_at(hearing->dialect, i);
        if (!path_fits(route->path, view->path, hearing->segments)) continue;
        *status = 405;
        if (strcmp(route->method, method) != 0) continue;
        hearing->heard->route = (uint8_t)i;
        return route;
    }
    return NULL;
}

/* ---- hearing --------------------------------------------------------------------------------- */

static bool understand(struct hearing *hearing, const struct route *route)
{
    struct heard *const heard = hearing->heard;
    heard->call.operation = route->operation;
    if (route == &dialect_single)
        dialect_take_authorization(hearing);
    else
        hearing->dialect->ways->take_caller(hearing);
    const bool understood = route->hear == NULL || route->hear(hearing);
    cJSON_Delete(hearing->body);
    if (!heard->keyed) give_key(hearing->dialect, &heard->call);
    if (understood) return true;
    const uint16_t refusal = backend_refusal(hearing->dialect->setup.backend, &heard->call);
    return refusal == 0 ? false : dialect_refuse_status(hearing, refusal);
}

bool dialect_hear(struct dialect *dialect, const struct http_view *view, int64_t now_us,
                  struct heard *heard, struct http_response *response)
{
    struct hearing hearing = {
        .dialect = dialect, .view = view, .heard = heard, .response = response};
    http_response_clear(response);
    begin(dialect, view, now_us, heard);
    uint16_t status;
    const struct route *const route = find_route(&hearing, &status);
    if (route == NULL) return dialect_refuse_status(&hearing, status);
    return understand(&hearing, route);
}

/* ---- saying ---------------------------------------------------------------------------------- */

/* No JSON any more, wherever the cut falls: what was open stays open. */
static void spoil(struct text *body)
{
    static const char garbage[] = "<!-- ";
    if (body->failed) return;
    if (body->length < 2) {
        text_clear(body);
        PUT(body, "{\"data\":");
    } else {
        body->length /= 2;
    }
    text_put(body, garbage);
}

void dialect_say(struct dialect *dialect, const struct heard *heard, const struct reply *reply,
                 struct http_response *response)
{
    assert(reply->fate == CALL_ANSWERED);
    http_response_clear(response);
    const uint16_t status = reply->http_status;
    if (status < 200 || status > 299) {
        dialect->ways->say_error(dialect, heard, status, response);
        response->retry_after_s = reply->retry_after_s;
        return;
    }
    response->status = 200;
    response->content_type = "application/json";
    const struct saying saying = {.dialect = dialect,
                                  .heard = heard,
                                  .reply = reply,
                                  .response = response,
                                  .to = &response->body};
    route_at(dialect, heard->route)->say(&saying);
    if (reply->body == BODY_GOOD) return;
    response->status = 200; /* one that has a body */
    if (response->body.length == 0) PUT(&response->body, "{\"data\":{}}");
    response->content_type = "application/json";
    if (reply->body == BODY_MALFORMED) spoil(&response->body);
    response->truncated = reply->body == BODY_TRUNCATED;
}
