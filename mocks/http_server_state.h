/* mocks/http_server_state.h - the inside of a mock server, for the files that make it up. Nobody
 * else's.
 *
 *   http_server.c         start, stop, rebind, strikes, counters
 *   http_server_listen.c  ports to listen at, and the library that serves them
 *   http_server_serve.c   a request from its first byte to its last, on the library's thread
 *   http_server_judge.c   what is to become of it: dialect, backend, clock, journal
 *   http_server_asked.c   X-Mock-Fault
 *   http_server_send.c    the response, whole, cut, slow or huge
 *   http_server_wait.c    who waits, until when; one thread for all
 *
 * Threads. The library runs one a port; that thread alone touches a port's `heard`, `view` and free
 * requests, and a request that does not wait. A thread of ours, the clock, ends waits. A request
 * that waits is suspended, and belongs to `lock`; whoever takes it out of the heap resumes it,
 * after which he may not touch it again.
 *
 * Locks. The setup's lock comes first (judging, strikes), then ours (waiting). A call is judged and
 * begins to wait under one holding of the setup's lock, so that no strike falls between.
 *
 * Hung connections. A connection that the library keeps costs about 10 KB, its suspended ones are
 * walked each time that any is resumed, and it does not see their clients leave. So a call that
 * will never be answered is taken away from the library: its socket is duplicated and a dead one
 * put in its place, which the library then closes (server_take_socket()). What is left is a
 * descriptor in our own epoll and a `struct wait`. Only where a strike may still come, which can
 * turn a hanging call into an answered one, it stays suspended. A reset goes the same way, because
 * the library says goodbye (FIN) before it closes, and a FIN is no reset.
 */
#ifndef MOCKS_HTTP_SERVER_STATE_H
#define MOCKS_HTTP_SERVER_STATE_H

#include <microhttpd.h>
#include <stdatomic.h>

#include "mocks/http_server.h"

#define SERVER_FATE_HEADER "X-Routesim-Fate"
#define SERVER_WATCH_US    INT64_C(500000) /* who waits longer is watched: his client may leave */

enum {
    SERVER_FATE_STATUS = 599,          /* "no answer", where fates are stated */
    SERVER_POOL_BYTES = 32768,         /* of the library, a connection: head and response head */
    SERVER_TEXT_KEPT_MAX = 16384,      /* of a request's texts between uses */
    SERVER_FREE_REQUESTS_MAX = 1024,   /* a port; more are given back */
    SERVER_DISCARD_BYTES_MAX = 1 << 22 /* of a body too large, before the connection is closed */
};

/* ---- X-Mock-Fault ---------------------------------------------------------------------------- */

enum asked_word {
    ASKED_NOTHING,
    ASKED_HANG,
    ASKED_RESET,
    ASKED_CLOSE,
    ASKED_STATUS,
    ASKED_DELAY,
    ASKED_TRUNCATED,
    ASKED_MALFORMED,
    ASKED_SLOW,
    ASKED_EMPTY,
    ASKED_HUGE,
    ASKED_REDIRECT,
    ASKED_HTML,
    ASKED_GZIP_BOMB,
    ASKED_COUNT
};

struct asked {
    enum asked_word word;
    int64_t number;  /* status, microseconds, bytes a second or bytes */
    const char *url; /* borrowed from the request's head */
};

/* False: the text is no fault, or its number is none. */
bool asked_read(const char *text, struct asked *asked);
const char *asked_name(enum asked_word word); /* for the journal: a constant */
void asked_list(struct text *text);           /* what may be asked for */
extern const char asked_html[];

/* Appends a gzip stream that is 106 KB long and inflates to ASKED_BOMB_BYTES zeros. */
enum { ASKED_BOMB_MATCHES = 65536, ASKED_BOMB_BYTES = 1 + 258 * ASKED_BOMB_MATCHES };
void asked_bomb(struct text *body);

/* ---- waiting --------------------------------------------------------------------------------- */

struct port;

struct wait {         /* an entry in the heap of instants */
    int64_t due_us;   /* CLOCK_MONOTONIC; INT64_MAX: never */
    uint64_t ordinal; /* among equals, first come first served */
    uint32_t place;   /* in the heap */
    int socket;
    bool watched;
    bool held; /* a socket of our own; otherwise the wait begins a struct request */
    struct port *port;
};

/* ---- a request ------------------------------------------------------------------------------- */

enum phase {
    PHASE_READING, /* head there, body coming */
    PHASE_WAITING, /* suspended */
    PHASE_DUE,     /* to be enacted */
    PHASE_SENDING,
    PHASE_SETTLED, /* counted, and no longer a connection of ours */
};

enum manner { MANNER_ANSWER, MANNER_HANG, MANNER_RESET, MANNER_CLOSE };

enum shape { SHAPE_WHOLE, SHAPE_CUT, SHAPE_SLOW, SHAPE_HUGE };

struct request {
    struct wait wait; /* first */
    struct MHD_Connection *connection;
    struct request *next_free;
    struct request *flight_next, *flight_prev; /* calls that a strike may end; NULL: it is none */
    int64_t sent_us, life_end_us;              /* scenario's clock; monotonic */
    struct call call;                          /* what a strike looks at; its pointers are NULL */
    enum phase phase;
    enum manner manner;
    enum shape shape;
    struct asked asked;
    bool keyed;
    bool strikable; /* a fault may still end it in flight */
    bool allows;    /* an answer to OPTIONS */
    bool too_large;
    uint16_t misframed; /* the status that its head is refused with; 0: it is in order */
    size_t discarded;
    struct text body;
    struct http_response response;
    int64_t latency_us;
    enum call_fate fate;
    int64_t pace_from_us; /* slow: when it began */
};

struct port { /* one provider's */
    struct mock_server *server;
    enum provider provider;
    struct MHD_Daemon *daemon; /* NULL: not served */
    int listener;              /* ours until the library has it, and again while it stops */
    uint16_t number;
    struct dialect *dialect;
    struct heard heard;
    struct http_view view;
    struct journal_entry entry;
    char said[128]; /* the first thing the library complained of */
    struct request *free_requests;
    uint32_t free_count;
    uint32_t connections; /* the library's thread; and so: */
    bool starving;        /* it has no descriptor for the next one */
    atomic_uint held;     /* hung connections of our own */
    struct request flights;
    int64_t struck_us; /* the newest strike; INT64_MIN: none */
};

struct mock_server {
    struct mock_server_setup setup;
    struct port ports[PROVIDER_COUNT];
    int dead_socket; /* its other end is closed */

    pthread_mutex_t lock; /* all below but the counts */
    struct wait **heap;
    uint32_t heap_count, heap_capacity;
    uint64_t ordinals;

    int epoll, timer;
    int64_t armed_us; /* what the timer is set to; INT64_MAX: nothing */
    bool ending;      /* nobody may begin to wait any more */
    bool clock_over;
    pthread_t clock;
    bool clock_runs;

    atomic_bool stopping; /* answers close their connections */
    atomic_uint_least64_t requests, answered, unanswered, reset, starved;
    atomic_uint_least64_t waiting, waiting_max; /* written under `lock` */
    /* What they stood at when the world was reset last. */
    atomic_uint_least64_t answered_before, unanswered_before, reset_before;
};

static inline struct request *request_of(struct wait *wait)
{
    return (struct request *)wait;
}

int64_t server_monotonic_us(void);

/* http_server_wait.c. The caller of those with `locked` in their names holds `lock`. */
bool server_clock_start(struct mock_server *server, struct err *err);
void server_clock_stop(struct mock_server *server);
/* Suspends the request until `due_us`. False: the server ends, or memory has run out. */
bool server_wait(struct request *request, int64_t due_us);
/* Keeps a socket open, unanswered, until `due_us` or until its client leaves. It is closed and
 * counted in any case. */
void server_hold(struct port *port, int socket, int64_t due_us);
/* Ends a wait before its time: a request is resumed in phase DUE. */
void server_wake_locked(struct request *request);
/* Goes on waiting, until another instant. */
void server_defer_locked(struct request *request, int64_t due_us);
/* No strike ends the calls that are in work now. */
void server_forget_flights_locked(struct port *port);
/* Ends all waits of requests as closed connections, and closes all held sockets. Nobody can begin
 * to wait any more. */
void server_end_waits(struct mock_server *server);
/* Whether an answer waits that is due by then. */
bool server_has_due(struct mock_server *server, int64_t by_us);

/* http_server_listen.c */
bool server_listen(struct port *port, struct err *err);
bool server_start_library(struct port *port, struct err *err);
void server_url(const struct mock_server *server, uint16_t number, char url[MOCK_URL_MAX]);
/* The connection's socket, taken away from the library; -1: no descriptor left. The request is
 * suspended and resumed by this; its next turn has to give the connection up. */
int server_take_socket(struct request *request);

/* http_server_serve.c */
enum MHD_Result server_serve(void *port, struct MHD_Connection *connection, const char *url,
                             const char *method, const char *version, const char *upload,
                             size_t *upload_size, void **request);
void server_completed(void *port, struct MHD_Connection *connection, void **request,
                      enum MHD_RequestTerminationCode code);
void server_free_requests(struct port *port);

/* http_server_judge.c: decides manner, shape, response and instant, writes the journal. True: the
 * request waits (and may be over already); false: it is to be enacted now. */
bool server_judge(struct request *request, const char *url, const char *method);
/* What a strike makes of a call in work. Under both locks. */
void server_strike_locked(struct port *port, struct request *request, int64_t now_us);

/* http_server_send.c */
enum MHD_Result server_send(struct request *request);

#endif
