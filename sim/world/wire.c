#include "sim/world/wire.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "router/base/leftover.h"
#include "router/base/random.h"
#include "sim/world/wire_state.h"

const char *const wire_kind_names[WIRE_KIND_COUNT + 1] = {"struct", "bytes", "http", NULL};
const char *const wire_clock_names[WIRE_CLOCK_COUNT + 1] = {"virtual", "real", NULL};

/* ---- what goes together ---------------------------------------------------------------------- */

bool wire_is_live(const struct scenario *scenario)
{
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if (scenario->providers[p].mode == MODE_LIVE) return true;
    }
    return false;
}

enum wire_reach wire_reach(const struct wire_spec *spec, const struct scenario *scenario,
                           enum provider provider)
{
    const struct provider_spec *given = &scenario->providers[provider];
    switch (given->mode) {
    case MODE_LIVE:
        return REACH_LIVE;
    case MODE_REPLAY:
        return REACH_REPLAY;
    case MODE_MOCK:
    case MODE_COUNT:
        break;
    }
    const bool elsewhere = spec->clock == WIRE_CLOCK_REAL && given->base_url[0] != '\0';
    return elsewhere ? REACH_ELSEWHERE : REACH_OWN;
}

bool wire_goes_elsewhere(const struct wire_spec *spec, const struct scenario *scenario)
{
    if (spec->clock != WIRE_CLOCK_REAL) return false;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if (wire_reach(spec, scenario, (enum provider)p) == REACH_ELSEWHERE) return true;
    }
    return wire_is_live(scenario);
}

bool wire_is_needed(const struct wire_spec *spec, const struct scenario *scenario)
{
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if (scenario->providers[p].mode == MODE_REPLAY) return true;
    }
    return spec->kind != WIRE_STRUCT || spec->clock != WIRE_CLOCK_VIRTUAL;
}

static bool refuse(struct err *err, const struct scenario *scenario, const char *hint,
                   const char *message)
{
    (void)err_fail(err, ERR_INPUT, (struct place){.file = scenario->file}, "%s", message);
    return hint == NULL ? false : err_hint(err, "%s", hint);
}

static bool check_live(const struct wire_spec *spec, const struct scenario *scenario, unsigned p,
                       struct err *err)
{
    const struct provider_spec *provider = &scenario->providers[p];
    const char *const id = provider_traits[p].id;
    if (spec->clock != WIRE_CLOCK_REAL) {
        (void)err_fail(err, ERR_INPUT, (struct place){.file = scenario->file},
                       "%s is to be live, and a run in virtual time cannot call it", id);
        return err_hint(err, "say --clock real, or \"mode\": \"mock\"");
    }
    if (provider->chain == CHAIN_SINGLE) {
        (void)err_fail(err, ERR_INPUT, (struct place){.file = scenario->file},
                       "%s is to be live, and no real provider answers a whole quote to one call",
                       id);
        return err_hint(err, "say \"chain\": \"api\"");
    }
    for (uint32_t f = 0; f < scenario->fault_count; f++) {
        const struct fault_spec *fault = &scenario->faults[f];
        if ((fault->provider_mask >> p & 1u) == 0 || disturbance_exists(fault)) continue;
        (void)err_fail(err, ERR_INPUT, fault->place,
                       "the fault \"%s\" cannot act on a live provider, and %s is one", fault->id,
                       id);
        return err_hint(err, "what comes between it and us: hang, refuse, reset, dns, tls, "
                             "latency, error, throttle, auth, malformed, truncated, "
                             "empty_results; new calls only");
    }
    return true;
}

bool wire_check(const struct wire_spec *spec, const struct scenario *scenario, struct err *err)
{
    if (spec->clock == WIRE_CLOCK_REAL && scenario->replications > 1) {
        return refuse(err, scenario, "say --replications 1",
                      "in real time there is one replication");
    }
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const bool live = scenario->providers[p].mode == MODE_LIVE;
        if (live && !check_live(spec, scenario, p, err)) return false;
    }
    if (spec->clock == WIRE_CLOCK_REAL && spec->kind != WIRE_HTTP) {
        return refuse(err, scenario, "say --wire http", "in real time calls travel over HTTP");
    }
    return true;
}

int64_t wire_order_gap_us(const struct wire_spec *spec)
{
    if (spec->max_orders_per_s <= 0.0) return spec->order_gap_us;
    return (int64_t)fmin(1e6 / spec->max_orders_per_s, 1e15);
}

/* ---- endpoints ------------------------------------------------------------------------------- */

static enum route route_of(const struct wire_spec *spec, const struct scenario *scenario,
                           enum provider provider)
{
    switch (wire_reach(spec, scenario, provider)) {
    case REACH_LIVE:
        return ROUTE_LIVE;
    case REACH_REPLAY:
        return ROUTE_CASSETTE;
    case REACH_ELSEWHERE:
        return ROUTE_FOREIGN;
    case REACH_OWN:
        break;
    }
    if (spec->kind == WIRE_STRUCT) return ROUTE_BACKEND;
    return spec->kind == WIRE_BYTES ? ROUTE_BYTES : ROUTE_OWN;
}

/* Who signs Walmart's calls for a credential. A mock's generation is named by its secret; elsewhere
 * the secret is the file of a key. */
static struct signer *signer_for(void *context, const struct credential *credential)
{
    struct wire *wire = context;
    struct err err;
    if (credential->secret == NULL) return NULL;
    const enum route route = wire->endpoints[PROVIDER_WALMART_API].route;
    if (route == ROUTE_LIVE ||
        (route == ROUTE_FOREIGN && strncmp(credential->secret, "generation-", 11) != 0)) {
        if (wire->signers[0] == NULL) {
            wire->signers[0] = signer_from_file(credential->secret, &err);
        }
        return wire->signers[0];
    }
    unsigned generation = 0;
    char secret[32];
    if (sscanf(credential->secret, "generation-%2u", &generation) != 1) return NULL;
    (void)snprintf(secret, sizeof secret, "generation-%u", generation);
    if (strcmp(secret, credential->secret) != 0 || generation == 0 || generation >= WIRE_SIGNERS) {
        return NULL;
    }
    if (wire->signers[generation] == NULL) {
        const char *const pem = signing_keys_private_pem(generation, &err);
        if (pem != NULL) wire->signers[generation] = signer_from_pem(pem, &err);
    }
    return wire->signers[generation];
}

static bool is_sandbox(const struct scenario *scenario, enum provider provider)
{
    const char *key = provider == PROVIDER_KROGER_API    ? "KROGER_ENV"
                      : provider == PROVIDER_WALMART_API ? "WALMART_ENV"
                                                         : NULL;
    const char *const value = key == NULL ? NULL : env_get(&scenario->env, key);
    return value != NULL && strcmp(value, "sandbox") == 0;
}

const char *wire_base_url(const struct scenario *scenario, enum provider provider)
{
    const struct provider_spec *spec = &scenario->providers[provider];
    if (spec->base_url[0] != '\0') return spec->base_url;
    const char *const base =
        provider == PROVIDER_MEALME ? env_get(&scenario->env, "MEALME_API_BASE") : NULL;
    if (base != NULL && base[0] != '\0') return base;
    return codec_base_url(provider, spec->backend.api, is_sandbox(scenario, provider));
}

bool wire_find_place(const struct scenario *scenario, enum provider provider,
                     struct http_place *place, struct err *err)
{
    const char *const url = wire_base_url(scenario, provider);
    if (url == NULL) {
        (void)err_fail(err, ERR_INPUT, (struct place){.file = scenario->file}, "%s has no sandbox",
                       provider_traits[provider].id);
        return err_hint(err, "production is called only when its _ENV key does not say sandbox");
    }
    if (strlen(url) >= sizeof place->base_url) {
        return err_fail(err, ERR_INPUT, (struct place){0},
                        "%s's base URL is too long: at most %d bytes", provider_traits[provider].id,
                        HTTP_PLACE_URL_MAX - 1);
    }
    (void)snprintf(place->base_url, sizeof place->base_url, "%s", url);
    place->declared_mock = scenario->providers[provider].mode == MODE_MOCK;
    return http_place_check(place, err);
}

static bool open_cassette(const struct wire *wire, enum provider provider,
                          struct endpoint *endpoint, struct err *err)
{
    const struct provider_spec *spec = &wire->scenario->providers[provider];
    char path[2 * SCENARIO_PATH_MAX];
    (void)snprintf(path, sizeof path, "%s%s",
                   spec->cassette[0] == '/' ? "" : wire->scenario->folder, spec->cassette);
    struct err_list list = {0};
    const char *const name = err_keep_name(path);
    endpoint->cassette = cassette_open(name, &list);
    if (endpoint->cassette == NULL) {
        *err = list.items[0];
        return false;
    }
    endpoint->sells =
        cassette_holds(endpoint->cassette, provider, spec->backend.api, OPERATION_CONFIRM);
    if (cassette_take_count(endpoint->cassette, provider, spec->backend.api) > 0) return true;
    return err_fail(err, ERR_INPUT, (struct place){.file = name},
                    "the cassette holds nothing of %s in its API \"%s\"",
                    provider_traits[provider].id, api_names[spec->backend.api]);
}

static bool open_endpoint(struct wire *wire, const struct wire_setup *setup, enum provider provider,
                          struct err *err)
{
    struct endpoint *endpoint = &wire->endpoints[provider];
    const struct provider_spec *spec = &wire->scenario->providers[provider];
    endpoint->route = route_of(&wire->spec, wire->scenario, provider);
    endpoint->sells = endpoint->route != ROUTE_LIVE;
    if (endpoint->route == ROUTE_BACKEND) return true;
    const struct codec_setup codec = {.provider = provider,
                                      .api = spec->backend.api,
                                      .declared_mock = spec->mode != MODE_LIVE,
                                      .epoch_us = wire->epoch_us,
                                      .key_version =
                                          env_get(&wire->scenario->env, "WALMART_KEY_VERSION"),
                                      .customer = &wire->scenario->workload.customer,
                                      .signer = signer_for,
                                      .context = wire};
    endpoint->codec = codec_create(&codec, err);
    if (endpoint->codec == NULL) return false;
    switch (endpoint->route) {
    case ROUTE_BYTES: {
        const struct dialect_setup dialect = {.provider = provider,
                                              .api = spec->backend.api,
                                              .backend = wire->backends[provider],
                                              .catalogue = setup->catalogue,
                                              .key_version = codec.key_version,
                                              .epoch_us = wire->epoch_us};
        endpoint->dialect = dialect_create(&dialect, err);
        return endpoint->dialect != NULL;
    }
    case ROUTE_FOREIGN:
        endpoint->place.ca_file = wire->spec.ca_file;
        return wire_find_place(wire->scenario, provider, &endpoint->place, err);
    case ROUTE_LIVE:
        return wire_find_place(wire->scenario, provider, &endpoint->place, err);
    case ROUTE_CASSETTE:
        return open_cassette(wire, provider, endpoint, err);
    case ROUTE_OWN:
    case ROUTE_BACKEND:
        break;
    }
    return true;
}

/* ---- our own servers ------------------------------------------------------------------------- */

static int64_t server_now_us(void *context)
{
    return wire_now_us(context);
}

/* What its name will be shows when it is there: nobody may leave in between. */
static bool make_leftover_folder(char *path)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    const bool made = mkdtemp(path) != NULL;
    if (made) leftover_add(path);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return made;
}

static bool make_authority(struct wire *wire, struct err *err)
{
    const char *folder = getenv("TMPDIR");
    if (folder == NULL || strlen(folder) > sizeof wire->ca_folder - 24) folder = "/tmp";
    (void)snprintf(wire->ca_folder, sizeof wire->ca_folder, "%s/routesim-ca.XXXXXX", folder);
    if (!make_leftover_folder(wire->ca_folder)) {
        wire->ca_folder[0] = '\0';
        return err_fail(err, ERR_ENVIRONMENT, (struct place){0},
                        "no folder for the mocks' certificate authority can be made in %s", folder);
    }
    const struct certificate_wish wish = {.hosts = {"127.0.0.1", "localhost"}};
    (void)snprintf(wire->ca_file, sizeof wire->ca_file, "%s/ca.pem", wire->ca_folder);
    return certificates_make(&wish, &wire->certificates, err) &&
           certificates_write(&wire->certificates, wire->ca_folder, err);
}

/* Keys take some 100 ms each to make: not while calls wait for their signature. */
static bool make_keys(const struct wire *wire, struct err *err)
{
    const struct endpoint *endpoint = &wire->endpoints[PROVIDER_WALMART_API];
    const struct backend_spec *spec = &wire->scenario->providers[PROVIDER_WALMART_API].backend;
    if (wire->spec.clock != WIRE_CLOCK_REAL || endpoint->route != ROUTE_OWN) return true;
    if (spec->api != API_STANDARD) return true;
    const uint32_t count = spec->credentials.rotated_at_us < 0 ? 1 : 2;
    for (uint32_t generation = 1; generation <= count; generation++) {
        if (signing_keys_private_pem(generation, err) == NULL) return false;
    }
    return true;
}

/* A call's life is ended by the client: a server that closed the connection in the same instant
 * would look as if it had reset it. */
#define SERVER_GRACE_US US_PER_SECOND

static bool open_server(struct wire *wire, const struct wire_setup *setup, struct err *err)
{
    const bool real = wire->spec.clock == WIRE_CLOCK_REAL;
    struct mock_server_setup server = {
        .clock = real ? MOCK_CLOCK_WALL : MOCK_CLOCK_TOLD,
        .now_us = server_now_us,
        .context = wire,
        .catalogue = setup->catalogue,
        .lock = &wire->lock,
        .key_version = env_get(&wire->scenario->env, "WALMART_KEY_VERSION"),
        .epoch_us = wire->epoch_us,
        .call_life_us = wire->scenario->policy.call_life_us + SERVER_GRACE_US,
        .certificate = CERTIFICATE_GOOD,
        .intercepted = true};
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        server.apis[p] = wire->scenario->providers[p].backend.api;
        server.backends[p] = wire->backends[p];
        if (wire->endpoints[p].route == ROUTE_OWN) server.providers |= 1u << p;
    }
    if (server.providers == 0) return true;
    if (wire->spec.tls) {
        if (!make_authority(wire, err)) return false;
        server.tls = &wire->certificates;
    }
    wire->server = mock_server_create(&server, err);
    if (wire->server == NULL) return false;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        struct endpoint *endpoint = &wire->endpoints[p];
        if (endpoint->route != ROUTE_OWN) continue;
        mock_server_url(wire->server, (enum provider)p, endpoint->url);
        (void)snprintf(endpoint->place.base_url, sizeof endpoint->place.base_url, "%s",
                       endpoint->url);
        endpoint->place.declared_mock = true;
        endpoint->place.ca_file = wire->spec.tls ? wire->ca_file : NULL;
        if (!http_place_check(&endpoint->place, err)) return false;
    }
    return true;
}

/* The same place by https, where a handshake can go wrong. */
static void secure_places(struct wire *wire)
{
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        struct endpoint *endpoint = &wire->endpoints[p];
        endpoint->secure = endpoint->place;
        const char *const rest = strstr(endpoint->place.base_url, "://");
        if (rest == NULL) continue;
        const int written = snprintf(endpoint->secure.base_url, sizeof endpoint->secure.base_url,
                                     "https%.*s", HTTP_PLACE_URL_MAX - 8, rest);
        assert(written > 0);
    }
}

static void client_ended(void *context, void *owner, const struct http_outcome *outcome)
{
    struct wire *wire = context;
    if (owner == NULL) {
        wire_virtual_ended(wire, outcome);
    } else {
        wire_real_ended(wire, owner, outcome);
    }
}

static bool needs_client(const struct wire *wire)
{
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const enum route route = wire->endpoints[p].route;
        if (route == ROUTE_OWN || route == ROUTE_FOREIGN || route == ROUTE_LIVE) return true;
    }
    return wire->spec.clock == WIRE_CLOCK_REAL;
}

/* ---- making and unmaking --------------------------------------------------------------------- */

static bool open_wire(struct wire *wire, const struct wire_setup *setup, struct err *err)
{
    wire->epoch_us = wire->scenario->start_unix_us;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if (!open_endpoint(wire, setup, (enum provider)p, err)) return false;
    }
    if (needs_client(wire)) {
        const struct http_client_setup client = {.context = wire, .ended = client_ended};
        wire->client = http_client_create(&client, err);
        if (wire->client == NULL || !make_keys(wire, err)) return false;
        if (!open_server(wire, setup, err)) return false;
    }
    secure_places(wire);
    wire->heard = calloc(1, sizeof *wire->heard);
    wire->view.storage = malloc(HTTP_VIEW_BYTES_MAX);
    if (wire->heard != NULL && wire->view.storage != NULL) return true;
    return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
}

struct wire *wire_create(const struct wire_setup *setup, struct err *err)
{
    struct wire *wire = calloc(1, sizeof *wire);
    if (wire == NULL) {
        (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
        return NULL;
    }
    wire->spec = *setup->spec;
    wire->scenario = setup->scenario;
    wire->backends = setup->backends;
    wire->flights.next = wire->flights.prev = &wire->flights;
    wire->started_us = http_client_now_us();
    pthread_mutex_init(&wire->lock, NULL);
    if (open_wire(wire, setup, err)) return wire;
    wire_destroy(wire);
    return NULL;
}

void wire_destroy(struct wire *wire)
{
    if (wire == NULL) return;
    http_client_destroy(wire->client);
    mock_server_destroy(wire->server, 0);
    relay_destroy(wire->relay);
    wire_real_release(wire);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        codec_destroy(wire->endpoints[p].codec);
        dialect_destroy(wire->endpoints[p].dialect);
        cassette_close(wire->endpoints[p].cassette);
    }
    for (unsigned i = 0; i < WIRE_SIGNERS; i++)
        signer_destroy(wire->signers[i]);
    certificates_release(&wire->certificates);
    if (wire->ca_folder[0] != '\0') {
        (void)unlink(wire->ca_file);
        (void)rmdir(wire->ca_folder);
        leftover_forget(wire->ca_folder);
    }
    http_request_release(&wire->request);
    http_response_release(&wire->response);
    free(wire->heard);
    free(wire->view.storage);
    pthread_mutex_destroy(&wire->lock);
    free(wire);
}

void wire_begin(struct wire *wire, uint64_t seed_r)
{
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        struct endpoint *endpoint = &wire->endpoints[p];
        if (endpoint->dialect != NULL) dialect_reset(endpoint->dialect, seed_r, wire->epoch_us);
        if (endpoint->cassette != NULL) cassette_rewind(endpoint->cassette);
        endpoint->replay = (struct replay_calls){0};
    }
    wire_hold_backends(wire);
    if (wire->server != NULL) mock_server_reset(wire->server, seed_r, wire->epoch_us);
    wire_free_backends(wire);
    wire->started_us = http_client_now_us();
}

void wire_hold_backends(struct wire *wire)
{
    if (wire != NULL) (void)pthread_mutex_lock(&wire->lock);
}

void wire_free_backends(struct wire *wire)
{
    if (wire != NULL) (void)pthread_mutex_unlock(&wire->lock);
}

/* ---- faults below HTTP ----------------------------------------------------------------------- */

static enum relay_fault relay_fault_of(enum call_fate fate)
{
    switch (fate) {
    case CALL_UNANSWERED:
        return RELAY_HANG;
    case CALL_REFUSED:
        return RELAY_REFUSE;
    case CALL_RESET:
        return RELAY_RESET;
    case CALL_TLS:
        return RELAY_TLS_ALERT;
    case CALL_DNS:
    case CALL_ANSWERED:
    case CALL_FATE_COUNT:
        break;
    }
    return RELAY_PASS;
}

/* Host and port of a place, for a relay in front of it. */
static void split_place(const struct http_place *place, char host[HTTP_PLACE_URL_MAX],
                        uint16_t *port)
{
    const char *from = strstr(place->base_url, "://");
    from = from == NULL ? place->base_url : from + 3;
    size_t length = strcspn(from, "/");
    const char *colon = memchr(from, ':', length);
    if (from[0] == '[') { /* an IPv6 literal */
        const char *const end = memchr(from, ']', length);
        colon = end != NULL && end[1] == ':' ? end + 1 : NULL;
    }
    *port = strncmp(place->base_url, "https", 5) == 0 ? 443 : 80;
    if (colon != NULL) {
        *port = (uint16_t)strtoul(colon + 1, NULL, 10);
        length = (size_t)(colon - from);
    }
    if (from[0] == '[' && length > 2) {
        from++;
        length -= 2;
    }
    memcpy(host, from, length);
    host[length] = '\0';
}

const char *wire_fate_address(struct wire *wire, enum provider provider, enum call_fate fate)
{
    struct endpoint *endpoint = &wire->endpoints[provider];
    char *const address = endpoint->fates[fate];
    if (address[0] != '\0') return address;
    char host[HTTP_PLACE_URL_MAX];
    uint16_t port;
    split_place(&endpoint->place, host, &port);
    if (fate == CALL_DNS) {
        (void)snprintf(address, FATE_ADDRESS_MAX, "nowhere.invalid:%u", (unsigned)port);
        return address;
    }
    struct err err;
    const struct relay_rule rule = {.fault = relay_fault_of(fate), .fraction = 1};
    if (wire->relay == NULL) wire->relay = relay_create(wire->scenario->seed, &err);
    uint16_t at;
    if (wire->relay == NULL ||
        !relay_open(wire->relay, "127.0.0.1", 0, host, port, &rule, &at, &err)) {
        if (http_client_is_starved(wire->client)) wire_note_lack(wire, EMFILE);
        return NULL;
    }
    (void)snprintf(address, FATE_ADDRESS_MAX, "127.0.0.1:%u", (unsigned)at);
    return address;
}

const struct http_place *wire_fate_place(const struct wire *wire, enum provider provider,
                                         enum call_fate fate)
{
    const struct endpoint *endpoint = &wire->endpoints[provider];
    return fate == CALL_TLS ? &endpoint->secure : &endpoint->place;
}

/* ---- cassettes ------------------------------------------------------------------------------- */

static int64_t owner_of(const struct call *call)
{
    return call->order_index == UINT64_MAX ? CASSETTE_NO_ORDER : (int64_t)call->order_index;
}

void wire_play(struct wire *wire, const struct call *call, struct http_request *request,
               struct reply *reply)
{
    struct endpoint *endpoint = &wire->endpoints[call->provider];
    struct err err;
    memset(reply, 0, sizeof *reply);
    /* Who was not confirmed with when it was recorded refuses a failover too, as real ones do. */
    const bool sold = call->operation != OPERATION_CONFIRM || endpoint->sells;
    if (!sold || !codec_encode(endpoint->codec, call, request, &err)) {
        reply->fate = CALL_REFUSED;
        return;
    }
    enum call_fate fate = CALL_ANSWERED;
    int64_t latency_us = 0;
    const struct cassette_call played = {.provider = call->provider,
                                         .operation = call->operation,
                                         .order = owner_of(call),
                                         .item = call->item,
                                         .attempt = call->attempt,
                                         .request = request};
    const enum cassette_match match =
        cassette_play(endpoint->cassette, &played, &wire->response, &fate, &latency_us);
    endpoint->replay.exact += match == CASSETTE_EXACT;
    endpoint->replay.again += match == CASSETTE_AGAIN;
    endpoint->replay.alike += match == CASSETTE_LIKE;
    endpoint->replay.unanswered += match == CASSETTE_NONE;
    if (match == CASSETTE_NONE) wire->response.status = 404;
    if (fate == CALL_ANSWERED) codec_decode(endpoint->codec, call, &wire->response, reply);
    reply->fate = fate;
    reply->latency_us = latency_us;
}

void wire_record(struct wire *wire, const struct call *call, const struct http_request *request,
                 const struct http_response *response, enum call_fate fate, int64_t latency_us)
{
    if (wire->spec.recorder == NULL) return;
    const char *secrets[3] = {NULL};
    unsigned count = 0;
    if (call->credential != NULL) {
        const char *const texts[] = {call->credential->secret, call->credential->id};
        for (unsigned i = 0; i < 2; i++) {
            if (texts[i] != NULL && texts[i][0] != '\0') secrets[count++] = texts[i];
        }
    }
    const struct cassette_take take = {.provider = call->provider,
                                       .api = wire->scenario->providers[call->provider].backend.api,
                                       .operation = call->operation,
                                       .order = owner_of(call),
                                       .item = call->item,
                                       .attempt = call->attempt,
                                       .at_us = call->sent_us,
                                       .latency_us = latency_us,
                                       .fate = fate,
                                       .request = request,
                                       .response = response,
                                       .secrets = secrets};
    struct err err;
    if (recorder_add(wire->spec.recorder, &take, &err)) return;
    if (err.code == ERR_ENVIRONMENT) wire->failure = err; /* a take that is too long is counted */
}

bool wire_failed(const struct wire *wire, struct err *err)
{
    if (wire->failure.code == ERR_NONE) return false;
    *err = wire->failure;
    return true;
}

/* ---- small questions ------------------------------------------------------------------------- */

bool wire_carries(const struct wire *wire, enum provider provider)
{
    return wire->endpoints[provider].route != ROUTE_BACKEND;
}

bool wire_sells(const struct wire *wire, enum provider provider)
{
    return wire->endpoints[provider].sells;
}

void wire_forget_cart(struct wire *wire, enum provider provider, uint64_t cart)
{
    struct endpoint *endpoint = &wire->endpoints[provider];
    if (cart != 0 && endpoint->codec != NULL) codec_forget_cart(endpoint->codec, cart);
}

int64_t wire_now_us(const struct wire *wire)
{
    return http_client_now_us() - wire->started_us;
}

uint32_t wire_in_flight(const struct wire *wire)
{
    return wire->flight_count;
}

int64_t wire_last_end_us(const struct wire *wire)
{
    int64_t last_us = INT64_MIN;
    for (const struct flight *f = wire->flights.next; f != &wire->flights; f = f->next) {
        const int64_t end_us = f->call.sent_us + wire->scenario->policy.call_life_us;
        if (end_us > last_us) last_us = end_us;
    }
    return last_us;
}

uint64_t wire_requests_left(const struct wire *wire)
{
    const uint64_t most =
        (wire->live_sent > wire->live_lost ? wire->live_sent : wire->live_lost) + wire->pending;
    return wire->spec.max_requests > most ? wire->spec.max_requests - most : 0;
}

uint64_t wire_requests_free(const struct wire *wire)
{
    const uint64_t left = wire_requests_left(wire);
    return left > wire->may_repeat_count ? left - wire->may_repeat_count : 0;
}

void wire_reserve(struct wire *wire, uint64_t calls)
{
    wire->reserved = calls;
}

uint64_t wire_requests_sent(const struct wire *wire, enum provider provider)
{
    return wire->endpoints[provider].live.sent;
}

struct live_calls wire_live_calls(const struct wire *wire, enum provider provider)
{
    return wire->endpoints[provider].live;
}

void wire_note_lack(struct wire *wire, int error)
{
    if (wire->facts.starved++ == 0) wire->facts.starved_error = error;
}

uint64_t wire_starved(const struct wire *wire)
{
    uint64_t starved = wire->facts.starved;
    if (wire->server != NULL) starved += mock_server_counters(wire->server).starved;
    if (wire->relay != NULL) starved += relay_starved(wire->relay);
    return starved;
}

struct wire_facts wire_facts(const struct wire *wire)
{
    struct wire_facts facts = wire->facts;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        facts.unmatched += wire->endpoints[p].replay.unanswered;
        facts.alike += wire->endpoints[p].replay.alike;
    }
    facts.starved = wire_starved(wire);
    if (facts.starved > 0 && facts.starved_error == 0) facts.starved_error = EMFILE;
    return facts;
}

struct replay_calls wire_replay_calls(const struct wire *wire, enum provider provider)
{
    return wire->endpoints[provider].replay;
}

const char *wire_url(const struct wire *wire, enum provider provider)
{
    return wire->endpoints[provider].place.base_url;
}
