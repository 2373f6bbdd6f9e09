/* Everything that runs while mocks are served, begun and ended. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mocks/signing.h"
#include "sim/command/mock_state.h"

static bool make_certificates(struct mock *mock, struct err *err)
{
    const struct certificate_wish wish = {
        .hosts = {"127.0.0.1", "::1", "localhost", mock->wish.host}};
    if (!mock->wish.tls) return true;
    return certificates_make(&wish, &mock->certificates, err);
}

/* Whether clients have to come by a relay: a fault refuses connections, or one may be put in. */
static bool wants_front(const struct mock *mock)
{
    const struct mock_faults *const faults = mock->world.now->faults;
    bool wanted = mock->wish.relay;
    for (enum provider p = 0; p < PROVIDER_COUNT; p++) {
        const bool served = (mock->wish.providers >> p & 1u) != 0;
        wanted |= served && front_is_needed(faults->items, faults->count, p);
    }
    return wanted;
}

/* Behind a relay the server listens where nobody is told to come. */
static bool start_server(struct mock *mock, bool behind, struct err *err)
{
    mock->payloads = payloads_create(mock->wish.payloads, err);
    if (mock->payloads == NULL) return false;
    struct mock_server_setup setup = {.clock = MOCK_CLOCK_WALL,
                                      .listen = behind ? NULL : mock->wish.listen,
                                      .certificate = mock->wish.certificate,
                                      .tls = mock->wish.tls ? &mock->certificates : NULL,
                                      .journal = mock->journal,
                                      .payloads = mock->payloads,
                                      .fault_header = true};
    for (unsigned p = 0; p < PROVIDER_COUNT && mock->wish.port_base != 0 && !behind; p++)
        setup.ports[p] = (uint16_t)(mock->wish.port_base + p);
    mock_world_start(&mock->world);
    mock_world_describe(&mock->world, &setup);
    mock->server = mock_server_create(&setup, err);
    mock->world.server = mock->server;
    return mock->server != NULL;
}

static bool start_front(struct mock *mock, struct err *err)
{
    const struct mock_faults *const faults = mock->world.now->faults;
    struct front_setup setup = {.providers = mock->wish.providers,
                                .listen = mock->wish.listen,
                                .faults = faults->items,
                                .fault_count = faults->count};
    for (enum provider p = 0; p < PROVIDER_COUNT; p++) {
        if ((mock->wish.providers >> p & 1u) == 0) continue;
        setup.upstream[p] = mock_server_port(mock->server, p);
        if (mock->wish.port_base != 0) setup.ports[p] = (uint16_t)(mock->wish.port_base + p);
    }
    mock->fronted = mock->world.edition;
    mock->front = front_create(&setup, mock_world_now_us(&mock->world), err);
    mock->world.fronted = mock->front != NULL;
    return mock->front != NULL;
}

static void name_urls(struct mock *mock)
{
    const bool six = strchr(mock->wish.host, ':') != NULL;
    for (enum provider p = 0; p < PROVIDER_COUNT; p++) {
        if ((mock->wish.providers >> p & 1u) == 0) continue;
        const uint16_t port =
            mock->front != NULL ? front_port(mock->front, p) : mock_server_port(mock->server, p);
        (void)snprintf(mock->urls[p], MOCK_URL_MAX, "%s://%s%.45s%s:%u",
                       mock->wish.tls ? "https" : "http", six ? "[" : "", mock->wish.host,
                       six ? "]" : "", (unsigned)port);
    }
}

static bool start_serving(struct mock *mock, struct err *err)
{
    const bool behind = wants_front(mock);
    if (!start_server(mock, behind, err)) return false;
    if (behind && !start_front(mock, err)) return false;
    name_urls(mock);
    return true;
}

int64_t mock_turn(struct mock *mock)
{
    struct mock_world *const world = &mock->world;
    if (mock->front == NULL) return INT64_MAX;
    int64_t next_us;
    mock_world_lock(world); /* the list is replaced under it */
    const int64_t now_us = mock_world_now_us(world);
    if (mock->fronted != world->edition) {
        const struct mock_faults *const faults = world->now->faults;
        mock->fronted = world->edition;
        next_us = front_set_faults(mock->front, faults->items, faults->count, now_us);
    } else {
        next_us = front_turn(mock->front, now_us);
    }
    mock_world_unlock(world);
    return next_us;
}

/* The admin interface stays on loopback, wherever the mocks are. */
static bool start_admin(struct mock *mock, struct err *err)
{
    if (!mock->wish.admin) return true;
    const struct admin_setup setup = {.listen = mock_wish_is_local(&mock->wish) ? mock->wish.listen
                                                                                : NULL,
                                      .port = mock->wish.admin_port,
                                      .server = mock->server,
                                      .journal = mock->journal,
                                      .lock = &mock->world.lock,
                                      .ask = mock_world_admin_port(&mock->world)};
    mock->admin = admin_create(&setup, err);
    if (mock->admin == NULL) return false;
    admin_url(mock->admin, mock->admin_url);
    return true;
}

static bool write_keys(struct mock *mock, struct err *err)
{
    if (mock->wish.keys == NULL) return true;
    struct mock_keys keys = {.directory = mock->folder,
                             .providers = mock->wish.providers,
                             .key_version = mock->world.key_version,
                             .admin_url = mock->admin != NULL ? mock->admin_url : NULL,
                             .certificates = mock->wish.tls ? &mock->certificates : NULL};
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        keys.backends[p] = mock->world.now->backends[p];
        keys.urls[p] = mock->urls[p];
    }
    return mock_keys_write(&keys, err);
}

static void *make_signing_key(void *unused)
{
    struct err err; /* whoever asks for the key gets it again */
    (void)signing_keys_private_pem(1, &err);
    return unused;
}

/* Walmart's key takes a tenth of a second or more to make. Serving need not wait for it: until it
 * is there nobody can have signed by it. --keys writes it to a file, and then it has to be there.
 */
static void begin_signing_key(struct mock *mock)
{
    const struct scenario *const scenario = mock->world.now->loaded.scenario;
    const bool signs =
        (mock->wish.providers >> PROVIDER_WALMART_API & 1u) != 0 &&
        api_is_signed(PROVIDER_WALMART_API, scenario->providers[PROVIDER_WALMART_API].backend.api);
    mock->makes_key = signs && pthread_create(&mock->key_maker, NULL, make_signing_key, NULL) == 0;
}

bool mock_start(struct mock *mock, struct err *err)
{
    mock->world.providers = mock->wish.providers;
    if (!mock_check_journal(mock, err)) return false;
    if (mock->wish.keys != NULL && !(mock_keys_folder(mock->wish.keys, mock->folder, err) &&
                                     mock_keys_claim(mock->folder, &mock->claim, err))) {
        return false;
    }
    begin_signing_key(mock);
    mock->journal = journal_create(JOURNAL_CAPACITY_DEFAULT, err);
    return mock->journal != NULL && make_certificates(mock, err) && start_serving(mock, err) &&
           start_admin(mock, err) && write_keys(mock, err);
}

void mock_stop(struct mock *mock, int64_t grace_us)
{
    admin_destroy(mock->admin); /* it asks the server */
    mock_server_destroy(mock->server, grace_us);
    front_destroy(mock->front); /* through which the last answers went */
    mock->world.server = NULL;
    mock->server = NULL;
    mock->front = NULL;
    mock->admin = NULL;
}

void mock_release(struct mock *mock)
{
    if (mock->makes_key) (void)pthread_join(mock->key_maker, NULL);
    journal_destroy(mock->journal);
    payloads_destroy(mock->payloads);
    certificates_release(&mock->certificates);
    mock_world_close(&mock->world);
    if (mock->claim >= 0) (void)close(mock->claim);
    free(mock);
}
