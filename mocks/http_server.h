/* mocks/http_server.h - the mock providers as HTTP servers: the same backends, on sockets.
 *
 * One server process holds up to four providers, each on a port of its own (libmicrohttpd, epoll,
 * one internal thread a provider). A request is understood by the provider's dialect, judged by its
 * backend at its instant, and answered in the vendor's own shape. What the backend decides is
 * enacted on the connection: an answer waits for its latency (the connection is suspended and
 * resumed from a timer heap; no thread ever sleeps for it), a hanging call is never answered, a
 * reset is a TCP RST, a truncated body ends early.
 *
 * Two clocks:
 *   MOCK_CLOCK_WALL   answers come when they are due. `now_us` is the scenario's clock, in step
 * with real time; a keyed call that was sent within MOCK_TOLD_US of it is judged at the instant it
 * names, so that a call meets the fault that was on when it was sent, whatever the wire did to it
 * on the way. MOCK_CLOCK_TOLD   every answer comes at once and states its latency in
 * CODEC_LATENCY_HEADER; the caller's clock jumps. Only keyed calls are served (others: 400).
 *
 * Faults below HTTP, for our own client (`intercepted`): it has met them on its own side of the
 * wire (backend_intercepts()), and asks only for calls that get through. For everybody else they
 * are enacted here as far as a server can: hang and reset on the connection; refuse, tls and dns by
 * the front relay, see mocks/front.h.
 *
 * One request may ask for a fault by X-Mock-Fault (where `fault_header` allows): "hang", "reset",
 * "close", "status=503", "delay=250ms", "truncated", "malformed", "slow=100" (bytes a second),
 * "empty", "huge=10m", "redirect=URL", "html", "gzip_bomb"; a word that is none is answered 400
 * with the list.
 *
 * Locking: `lock` guards backends and dialects; whoever else touches the backends (a world in the
 * same process, the admin interface) takes it too. It is held for the judgement only, never for
 * I/O.
 *
 * Ownership: everything in the setup is borrowed and outlives the server.
 * Failure:   mock_server_create(): ERR_ENVIRONMENT with the port and why (in use, not permitted),
 * or a TLS library that refuses the certificate. Serving cannot fail: a client that goes away is a
 * client that goes away.
 */
#ifndef MOCKS_HTTP_SERVER_H
#define MOCKS_HTTP_SERVER_H

#include <pthread.h>

#include "mocks/certificates.h"
#include "mocks/dialect.h"
#include "mocks/journal.h"

enum mock_clock { MOCK_CLOCK_WALL, MOCK_CLOCK_TOLD };

#define MOCK_TOLD_US INT64_C(2000000)

enum {
    MOCK_CONNECTIONS_MAX = 16384,    /* a provider; hung ones count */
    MOCK_REQUEST_BYTES_MAX = 262144, /* body; more is 413 */
    MOCK_URL_MAX = 64,
    MOCK_IDLE_SECONDS = 120, /* a connection that says nothing is closed after this */
};

struct mock_server_setup {
    enum mock_clock clock;
    int64_t (*now_us)(void *context); /* the scenario's clock */
    void *context;
    const char *listen;             /* "127.0.0.1", "::1", ...; NULL: 127.0.0.1 */
    uint32_t providers;             /* bit 1 << enum provider */
    uint16_t ports[PROVIDER_COUNT]; /* 0: any free one */
    enum api apis[PROVIDER_COUNT];
    struct backend *backends[PROVIDER_COUNT];
    const struct catalogue *catalogue;
    pthread_mutex_t *lock;
    uint64_t seed_r;
    int64_t epoch_us;
    int64_t call_life_us;              /* a hung connection is closed after it; 0: never */
    const struct certificates *tls;    /* NULL: plain HTTP */
    enum certificate_kind certificate; /* which of them to show */
    struct journal *journal;           /* NULL: none is kept */
    bool intercepted;                  /* keyed calls have met faults below HTTP already */
    bool fault_header;
};

struct mock_server;

struct mock_server *mock_server_create(const struct mock_server_setup *setup, struct err *err);

/* Stops listening, lets answers that are due within `grace_us` go out, then closes the rest. */
void mock_server_destroy(struct mock_server *server, int64_t grace_us); /* NULL is fine */

uint16_t mock_server_port(const struct mock_server *server, enum provider provider);
void mock_server_url(const struct mock_server *server, enum provider provider,
                     char url[MOCK_URL_MAX]);

/* A new replication, or an operator's reset: dialects begin anew. The caller resets the backends,
 * under the lock. */
void mock_server_reset(struct mock_server *server, uint64_t seed_r, int64_t epoch_us);

/* Other backends from now on (a reload); answers in work are finished as they were judged. The
 * caller holds the lock. */
void mock_server_rebind(struct mock_server *server, struct backend *const backends[PROVIDER_COUNT],
                        const struct catalogue *catalogue, const enum api apis[PROVIDER_COUNT]);

/* Ends calls in work as a fault that hits calls in flight does: the server puts each to
 * backend_strike() at `now_us`. To be called when backend_next_strike_us() comes, without the lock.
 */
void mock_server_strike(struct mock_server *server, enum provider provider, int64_t now_us);

struct mock_server_counters {
    uint64_t requests;
    uint64_t answered;
    uint64_t unanswered; /* hung, or the client left first */
    uint64_t reset;
    uint64_t waiting; /* now */
    uint64_t waiting_max;
};
struct mock_server_counters mock_server_counters(const struct mock_server *server);

#endif
