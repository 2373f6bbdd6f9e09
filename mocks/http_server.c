#include "mocks/http_server.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "mocks/http_server_state.h"

#define GRACE_STEP_US INT64_C(1000)

/* ---- making ---------------------------------------------------------------------------------- */

static bool cannot(const char *what, int why, struct err *err)
{
    return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "%s for the mock servers: %s", what,
                    strerror(why));
}

/* A socket whose other end is closed: reading it finds the end, writing it fails. */
static bool make_dead_socket(struct mock_server *server, struct err *err)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) return cannot("no socket", errno, err);
    (void)close(pair[1]);
    server->dead_socket = pair[0];
    return true;
}

static struct dialect *make_dialect(const struct mock_server *server, enum provider provider,
                                    struct backend *backend, const struct catalogue *catalogue,
                                    enum api api, struct err *err)
{
    const struct dialect_setup setup = {.provider = provider,
                                        .api = api,
                                        .backend = backend,
                                        .catalogue = catalogue,
                                        .payloads = server->setup.payloads,
                                        .key_version = server->setup.key_version,
                                        .epoch_us = server->setup.epoch_us,
                                        .seed_r = server->setup.seed_r};
    return dialect_create(&setup, err);
}

static bool open_port(struct port *port, struct err *err)
{
    const struct mock_server_setup *const setup = &port->server->setup;
    const enum provider provider = port->provider;
    assert(setup->backends[provider] != NULL);
    port->dialect = make_dialect(port->server, provider, setup->backends[provider],
                                 setup->catalogue, setup->apis[provider], err);
    return port->dialect != NULL && server_listen(port, err) && server_start_library(port, err);
}

/* The library's threads are no place for the program's signals. */
static bool open_ports(struct mock_server *server, struct err *err)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    bool open = true;
    for (enum provider p = 0; p < PROVIDER_COUNT && open; p++) {
        if ((server->setup.providers >> p & 1u) != 0) open = open_port(&server->ports[p], err);
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return open;
}

static void init_ports(struct mock_server *server)
{
    for (enum provider p = 0; p < PROVIDER_COUNT; p++) {
        struct port *const port = &server->ports[p];
        port->server = server;
        port->provider = p;
        port->listener = -1;
        port->struck_us = INT64_MIN;
        port->flights.flight_next = port->flights.flight_prev = &port->flights;
    }
}

struct mock_server *mock_server_create(const struct mock_server_setup *setup, struct err *err)
{
    assert(setup->now_us != NULL);
    assert(setup->lock != NULL);
    struct mock_server *const server = calloc(1, sizeof *server);
    if (server == NULL) {
        (void)cannot("no memory", ENOMEM, err);
        return NULL;
    }
    server->setup = *setup;
    server->dead_socket = server->epoll = server->timer = -1;
    (void)pthread_mutex_init(&server->lock, NULL);
    init_ports(server);
    if (make_dead_socket(server, err) && server_clock_start(server, err) &&
        open_ports(server, err)) {
        return server;
    }
    mock_server_destroy(server, 0);
    return NULL;
}

/* ---- ending ---------------------------------------------------------------------------------- */

static void stop_listening(struct mock_server *server)
{
    for (enum provider p = 0; p < PROVIDER_COUNT; p++) {
        struct port *const port = &server->ports[p];
        if (port->daemon == NULL) continue;
        port->listener = MHD_quiesce_daemon(port->daemon);
        /* Connections that nobody has accepted yet are told now, not at the process's end. It is
         * closed when the library's thread is gone. */
        if (port->listener >= 0) (void)shutdown(port->listener, SHUT_RD);
    }
}

static bool has_work(struct mock_server *server, int64_t by_us)
{
    const uint64_t settled = atomic_load(&server->answered) + atomic_load(&server->unanswered) +
                             atomic_load(&server->reset);
    const uint64_t open = atomic_load(&server->requests) - settled;
    return open > atomic_load(&server->waiting) || server_has_due(server, by_us);
}

static void wait_for_answers(struct mock_server *server, int64_t grace_us)
{
    const int64_t until_us = server_monotonic_us() + grace_us;
    while (server_monotonic_us() < until_us && has_work(server, until_us)) {
        const struct timespec step = {.tv_nsec = GRACE_STEP_US * 1000};
        (void)nanosleep(&step, NULL);
    }
}

static void close_port(struct port *port)
{
    if (port->daemon != NULL) MHD_stop_daemon(port->daemon);
    if (port->listener >= 0) (void)close(port->listener);
    server_free_requests(port);
    dialect_destroy(port->dialect);
}

void mock_server_destroy(struct mock_server *server, int64_t grace_us)
{
    if (server == NULL) return;
    atomic_store(&server->stopping, true);
    stop_listening(server);
    if (grace_us > 0) wait_for_answers(server, grace_us);
    server_end_waits(server); /* the library may not be stopped while anything is suspended */
    for (enum provider p = 0; p < PROVIDER_COUNT; p++)
        close_port(&server->ports[p]);
    server_clock_stop(server);
    if (server->dead_socket >= 0) (void)close(server->dead_socket);
    (void)pthread_mutex_destroy(&server->lock);
    free(server);
}

/* ---- in between ------------------------------------------------------------------------------ */

uint16_t mock_server_port(const struct mock_server *server, enum provider provider)
{
    return server->ports[provider].number;
}

void mock_server_url(const struct mock_server *server, enum provider provider,
                     char url[MOCK_URL_MAX])
{
    server_url(server, server->ports[provider].number, url);
}

/* What is in work was judged in another world. */
static void forget_flights(struct mock_server *server)
{
    (void)pthread_mutex_lock(&server->lock);
    for (enum provider p = 0; p < PROVIDER_COUNT; p++) {
        server_forget_flights_locked(&server->ports[p]);
        server->ports[p].struck_us = INT64_MIN;
    }
    (void)pthread_mutex_unlock(&server->lock);
}

/* The counts themselves go on: who waits for work to end goes by them. */
static void begin_counting(struct mock_server *server)
{
    atomic_store(&server->answered_before, atomic_load(&server->answered));
    atomic_store(&server->unanswered_before, atomic_load(&server->unanswered));
    atomic_store(&server->reset_before, atomic_load(&server->reset));
    (void)pthread_mutex_lock(&server->lock);
    atomic_store(&server->waiting_max, atomic_load(&server->waiting));
    (void)pthread_mutex_unlock(&server->lock);
}

void mock_server_reset(struct mock_server *server, uint64_t seed_r, int64_t epoch_us)
{
    server->setup.seed_r = seed_r;
    server->setup.epoch_us = epoch_us;
    for (enum provider p = 0; p < PROVIDER_COUNT; p++) {
        if (server->ports[p].dialect != NULL)
            dialect_reset(server->ports[p].dialect, seed_r, epoch_us);
    }
    forget_flights(server);
    begin_counting(server);
}

void mock_server_jump(struct mock_server *server, int64_t by_us)
{
    server->setup.epoch_us -= by_us; /* of dialects to come */
    for (enum provider p = 0; p < PROVIDER_COUNT; p++) {
        if (server->ports[p].dialect != NULL) dialect_jump(server->ports[p].dialect, by_us);
    }
}

bool mock_server_rebind(struct mock_server *server, struct backend *const backends[PROVIDER_COUNT],
                        const struct catalogue *catalogue, const enum api apis[PROVIDER_COUNT],
                        struct err *err)
{
    struct dialect *fresh[PROVIDER_COUNT] = {NULL};
    bool made = true;
    for (enum provider p = 0; p < PROVIDER_COUNT && made; p++) {
        if (server->ports[p].dialect == NULL) continue;
        fresh[p] = make_dialect(server, p, backends[p], catalogue, apis[p], err);
        made = fresh[p] != NULL;
    }
    for (enum provider p = 0; p < PROVIDER_COUNT; p++) {
        if (server->ports[p].dialect == NULL) continue;
        dialect_destroy(made ? server->ports[p].dialect : fresh[p]);
        if (!made) continue;
        server->ports[p].dialect = fresh[p];
        server->setup.backends[p] = backends[p];
        server->setup.apis[p] = apis[p];
    }
    if (!made) return false;
    server->setup.catalogue = catalogue;
    forget_flights(server);
    return true;
}

void mock_server_strike(struct mock_server *server, enum provider provider, int64_t now_us)
{
    struct port *const port = &server->ports[provider];
    if (port->daemon == NULL) return;
    (void)pthread_mutex_lock(server->setup.lock);
    (void)pthread_mutex_lock(&server->lock);
    if (now_us > port->struck_us) port->struck_us = now_us;
    for (struct request *request = port->flights.flight_next; request != &port->flights;) {
        struct request *const next = request->flight_next; /* it leaves when it is struck */
        server_strike_locked(port, request, now_us);
        request = next;
    }
    (void)pthread_mutex_unlock(&server->lock);
    (void)pthread_mutex_unlock(server->setup.lock);
}

/* In this order: what has been settled was asked before, and a mark never lies ahead. */
struct mock_server_counters mock_server_counters(const struct mock_server *server)
{
    const uint64_t answered = atomic_load(&server->answered_before);
    const uint64_t unanswered = atomic_load(&server->unanswered_before);
    const uint64_t reset = atomic_load(&server->reset_before);
    struct mock_server_counters counters = {
        .answered = atomic_load(&server->answered) - answered,
        .unanswered = atomic_load(&server->unanswered) - unanswered,
        .reset = atomic_load(&server->reset) - reset,
        .waiting = atomic_load(&server->waiting),
        .waiting_max = atomic_load(&server->waiting_max),
        .starved = atomic_load(&server->starved),
    };
    counters.requests = atomic_load(&server->requests) - answered - unanswered - reset;
    return counters;
}
