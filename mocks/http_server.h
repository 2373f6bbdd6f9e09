/* mocks/http_server.h - the mock providers as HTTP servers: the same backends, on sockets.
 *
 * One server process holds up to four providers, each on a port of its own (libmicrohttpd, epoll,
 * one internal thread a provider). A request is understood by the provider's dialect, judged by its
 * backend at its instant, and answered in the vendor's own shape. What the backend decides is
 * enacted on the connection: an answer waits for its latency (the connection is suspended and
 * resumed from a timer heap; no thread ever sleeps for it; what is due in the same microsecond goes
 * in the order of judgement), a hanging call is never answered, a reset is a TCP RST, a truncated
 * body ends halfway through the length that was stated. No thread of the server gets signals.
 *
 * Two clocks:
 *
 *   MOCK_CLOCK_WALL  answers come when they are due: at the instant of judgement plus the latency,
 *                    at once where that is past. `now_us` is the scenario's clock, in step with
 *                    real time. A call is judged when it is there, but for those of our own client
 *                    (below).
 *   MOCK_CLOCK_TOLD  every answer comes at once and states its latency in CODEC_LATENCY_HEADER;
 *                    the caller's clock jumps. Only keyed calls are served (others: 400). A call
 *                    that would not be answered is told so: status 599, its fate
 *                    (call_fate_names) in the header X-Routesim-Fate and in the body.
 *
 * So calls may be judged a little out of order in time. Backends stand that: a limit that has seen
 * a later call spends as if the earlier one came then (a day that has turned does not turn back),
 * and a queue for capacity takes calls as they come. Two runs on the wall clock may differ by it.
 *
 * Answers to keyed calls state their latency on either clock. Who waits already keeps to real time
 * when the scenario's clock is set.
 *
 * Faults below HTTP, for our own client (`intercepted`): it has met them on its own side of the
 * wire (backend_intercepts()), and asks only for calls that get through. Because it shares our
 * clock, its calls are judged at the instant they name however late they come, so that both sides
 * judge alike. For everybody else such faults are enacted here as far as a server can: hang and
 * reset on the connection, and refuse, tls and dns, which come too late for a connection that is
 * open, as a reset; new connections are the front's business, see mocks/front.h.
 *
 * Calls that hang are closed at the end of call_life_us, as are answers that would take longer.
 * Their clients are watched: when one leaves, which is noticed at once, its connection is closed
 * and its descriptor free (a client that only says that it will send no more has left, too). A hung
 * connection costs a descriptor and about a hundred bytes.
 *
 * One request may ask for a fault by X-Mock-Fault (where `fault_header` allows). A word that is
 * none is answered 400 with the list. The first group is enacted without asking the backend:
 *
 *   hang                 no answer                         reset     RST
 *   close                FIN, no answer                    status=N  200 to 599, vendor's words
 *   empty                200 without a body                html      200, a page of HTML
 *   huge=10m             200, so many bytes (k, m, g) of   gzip_bomb 200, 106 KB that inflate to
 *                        JSON, mostly spaces                         17 MB
 *   redirect=URL         302
 *   delay=250ms          the answer, so much later         truncated the answer, cut
 *   malformed            200, the body is not JSON         slow=100  the answer, bytes a second
 *
 * HEAD is GET without the body; OPTIONS is 204 with the methods that there are. What the library
 * itself refuses (no HTTP, a head over 32 KB) is answered by it and stands in no journal; all else
 * does, also what a dialect answered, and a head that could be read in two ways: 400, or 501 for a
 * transfer coding other than chunked, and the connection ends (mocks/http_head.h). The journal has
 * what was judged: a strike that ends the call later does not change its entry.
 *
 * Locking: `lock` guards backends and dialects; whoever else touches the backends (a world in the
 * same process, the admin interface) takes it too. It is held for the judgement only, never for
 * I/O.
 *
 * Ownership: everything in the setup is borrowed and outlives the server.
 * Failure:   mock_server_create(): ERR_ENVIRONMENT with the port and why (in use, not permitted),
 *            or a TLS library that refuses the certificate. Serving cannot fail: a client that goes
 *            away is a client that goes away.
 */
#ifndef MOCKS_HTTP_SERVER_H
#define MOCKS_HTTP_SERVER_H

#include <pthread.h>

#include "mocks/certificates.h"
#include "mocks/dialect.h"
#include "mocks/journal.h"

enum mock_clock { MOCK_CLOCK_WALL, MOCK_CLOCK_TOLD };

enum {
    MOCK_CONNECTIONS_MAX = 16384,    /* a provider; hung ones count; more are closed at once */
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
    const struct payloads *payloads; /* the vendors' words; NULL: the compiled-in ones */
    const char *key_version;         /* Walmart's, as registered; NULL: "1" */
    pthread_mutex_t *lock;
    uint64_t seed_r;
    int64_t epoch_us;
    int64_t call_life_us;              /* a hung connection is closed after it; 0: never */
    const struct certificates *tls;    /* NULL: plain HTTP */
    enum certificate_kind certificate; /* which of them to show */
    struct journal *journal;           /* NULL: none is kept */
    bool intercepted; /* keyed calls are this process's, and have met faults below HTTP */
    bool fault_header;
};

struct mock_fault_word { /* that X-Mock-Fault understands */
    const char *shown;   /* as it may be written: "delay=250ms"; NULL: behind the last */
    const char *help;    /* what is then met */
};
extern const struct mock_fault_word mock_fault_words[];

struct mock_server;

struct mock_server *mock_server_create(const struct mock_server_setup *setup, struct err *err);

/* Stops listening, lets answers that are due within `grace_us` go out, then closes the rest. */
void mock_server_destroy(struct mock_server *server, int64_t grace_us); /* NULL is fine */

uint16_t mock_server_port(const struct mock_server *server, enum provider provider);
void mock_server_url(const struct mock_server *server, enum provider provider,
                     char url[MOCK_URL_MAX]);

/* A new replication, or an operator's reset: dialects begin anew; answers in work are finished as
 * they were judged. The caller holds the lock, and resets the backends under it. */
void mock_server_reset(struct mock_server *server, uint64_t seed_r, int64_t epoch_us);

/* The scenario's clock has jumped ahead by so much: clients' clocks have not. The caller holds the
 * lock. */
void mock_server_jump(struct mock_server *server, int64_t by_us);

/* Other backends from now on (a reload); answers in work are finished as they were judged. The
 * caller holds the lock. False: a dialect could not be made, and nothing has changed. */
bool mock_server_rebind(struct mock_server *server, struct backend *const backends[PROVIDER_COUNT],
                        const struct catalogue *catalogue, const enum api apis[PROVIDER_COUNT],
                        struct err *err);

/* Ends calls in work as a fault that hits calls in flight does: the server puts each to
 * backend_strike() at `now_us`, and so it does with a call that was sent before and comes in
 * afterwards. To be called when backend_next_strike_us() comes, without the lock. */
void mock_server_strike(struct mock_server *server, enum provider provider, int64_t now_us);

/* Since the start or the last reset, after which those in work count as the first requests:
 * requests = answered + unanswered + reset + those in work. */
struct mock_server_counters {
    uint64_t requests;
    uint64_t answered;
    uint64_t unanswered; /* hung, or the client left first */
    uint64_t reset;
    uint64_t waiting; /* now; those in work for their latency, or hanging */
    uint64_t waiting_max;
    /* How often a connection could not be accepted, or a hanging or reset one not be enacted,
     * because no descriptor was left: what clients then meet is none of the scenario's doing. */
    uint64_t starved;
};
struct mock_server_counters mock_server_counters(const struct mock_server *server);

#endif
