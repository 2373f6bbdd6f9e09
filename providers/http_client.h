/* providers/http_client.h - HTTP calls to providers, real or mock: many at once on one thread.
 *
 * libcurl's multi interface over one epoll. A call is started, the client is driven by
 * http_client_wait(), and every call ends exactly once: by the callback `ended`, or without one by
 * http_client_cancel(). What a peer does, however hostile, is an outcome and never an err; an err
 * is a request that may not be sent or a machine that cannot send it.
 *
 * Time: http_client_now_us() is CLOCK_MONOTONIC. A call lives life_us from http_client_start() on;
 * then it ends as CALL_UNANSWERED in the phase it had reached, as soon after as the machine wakes
 * the thread and the thread waits.
 *
 * Trust. TLS is verified, chain and host name, against the place's CA file; nothing switches that
 * off. Schemes are https, and http for declared mocks. Redirects are not followed: a 3xx is an
 * answer. No proxy, no .netrc, no cookies. Only public addresses are connected to unless the place
 * is a declared mock, and then only those of this machine and of private networks
 * (http_address_is_public(), http_address_is_inside()), whatever a name resolves to; a call whose
 * connect_to is a loopback literal may also connect there, because a fault relay stands in front of
 * live providers too. Bodies are capped after decoding (gzip, deflate), response headers at
 * HTTP_CLIENT_HEADER_BYTES_MAX.
 *
 * How a call ended, by libcurl's code (7.88.1; tests meet all but 58):
 *
 *   code             what happened                                     fate
 *    0               a whole answer, whatever its status               ANSWERED
 *   18               the body is shorter than stated (also: the last   ANSWERED, truncated
 *                    of several Content-Lengths counts)
 *   23 (our cap)     the decoded body is longer than body_bytes_max    ANSWERED, truncated
 *                    (over_limit)
 *   61               the body's encoding is broken or unknown          ANSWERED, truncated
 *    6               no address for the name                           DNS
 *    7               connection refused, no route; the address guard   REFUSED
 *                    said no; no descriptor left on this machine
 *                    (local_error)
 *   42 (our guard)   a kept connection leads to an address that this   REFUSED
 *                    call may not use
 *   35, 58, 60, 77   handshake failed, certificate wrong, CA file      TLS
 *   and kin          unreadable
 *   28               its life was over, in any phase                   UNANSWERED
 *   52, 55, 56       closed or reset before the answer, or in it; a    RESET
 *                    bad chunk
 *   92               the server gave up a stream of HTTP/2 (a broken   RESET
 *                    HTTP/2 connection is 52)
 *    1, 8            no HTTP where the status line should be           RESET
 *   23 (our cap), 27 header flood                                      RESET
 *   42 (our guard)   a request that may not be sent twice met a dead   RESET
 *                    kept connection
 *   any other        (none is expected)                                RESET
 *
 * What is broken in its framing (1, 8, 27, a bad chunk) counts as RESET: no later byte of that
 * connection means anything, so the client ends it as a peer's reset would, and a fetch() that met
 * it would throw. A body that merely ends early still has a status that can be trusted, hence
 * ANSWERED. 56 does not say whether the peer reset or wrote a bad chunk; both are RESET, and
 * response->status keeps what was seen.
 *
 * Sent twice: when a kept connection turns out dead before the first byte of an answer, libcurl
 * sends the request again, on a new one or on another kept one. The client lets it once, for GET
 * (timing.sends says 2), and forbids it for other methods, which may have been acted on.
 *
 * Ownership: the client owns connections, handles and answers; what `ended` is given lives until it
 *            returns. Places, requests and connect_to are borrowed until their call has ended or
 *            was cancelled. One thread a client. SIGPIPE is ignored in the whole process from
 *            http_client_create() on, unless the process had set it.
 * Failure:   http_client_create(): no memory, no descriptor. http_client_start(): a request that
 *            has failed or could break out of its place, no memory. Driving cannot fail.
 */
#ifndef PROVIDERS_HTTP_CLIENT_H
#define PROVIDERS_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "providers/http.h"
#include "providers/message.h"
#include "router/base/err.h"

struct http_client;
struct sockaddr;

enum {
    HTTP_PLACE_URL_MAX = 256,
    HTTP_CLIENT_MESSAGE_MAX = 160,
    HTTP_CLIENT_CONNECTIONS_MAX = 1024,   /* default */
    HTTP_CLIENT_BODY_BYTES_MAX = 1 << 20, /* default: 500 times a usual answer */
    /* Of one answer; the servers in use cap theirs, and a request's, at 8 to 32 K. */
    HTTP_CLIENT_HEADER_BYTES_MAX = 1 << 16,
};

struct http_place {                    /* where a provider is, and how far it is trusted */
    char base_url[HTTP_PLACE_URL_MAX]; /* "https://api.kroger.com"; no slash at its end */
    const char *ca_file;               /* PEM bundle; NULL: the system's */
    bool declared_mock; /* somebody said that it is no real provider; http: is for these alone */
};

/* Scheme, host, port; no user, query or fragment; http only for declared mocks; a literal address
 * has to be inside when the place is one, else public; the CA file holds certificates. */
bool http_place_check(const struct http_place *place, struct err *err);

/* Whether an address is out in the internet (IANA's special-purpose registries): not loopback,
 * private, shared (CGNAT), link-local, multicast, unspecified, reserved or for documentation; no
 * IPv4 address dressed as IPv6 either, NAT64's apart. */
bool http_address_is_public(const struct sockaddr *address);

/* Whether it is on this machine or in a private network: loopback, RFC 1918, shared (CGNAT),
 * benchmarks, unique-local; an IPv4 address dressed as IPv6 is what it is dressed as. Some
 * addresses are neither public nor inside. */
bool http_address_is_inside(const struct sockaddr *address);

/* Asks the resolver, and waits for it, whether any address of a declared mock's host is not inside;
 * false, err filled, when one is. A name without an address passes: its calls will tell. */
bool http_place_check_inside(const struct http_place *place, struct err *err);

/* How far a call got. QUEUE: it has no connection of its own, because nobody has driven it yet or
 * because it waits whether another's can be shared. WAIT: it was sent, and its status line and
 * headers are not all here. */
enum http_phase {
    HTTP_PHASE_QUEUE,
    HTTP_PHASE_DNS,
    HTTP_PHASE_CONNECT,
    HTTP_PHASE_TLS,
    HTTP_PHASE_SEND,
    HTTP_PHASE_WAIT,
    HTTP_PHASE_BODY,
    HTTP_PHASE_DONE,
    HTTP_PHASE_COUNT
};
extern const char *const http_phase_names[HTTP_PHASE_COUNT + 1]; /* "queue", ...; NULL ends */

/* The parts add up to total_us. Those not reached are 0; the one a call ended in lasted to its end.
 * When TLS fails TCP's part is in tls_us: libcurl cannot tell. */
struct http_timing {
    int64_t queue_us; /* what no other part explains, from http_client_start() on */
    int64_t dns_us;
    int64_t tcp_us;
    int64_t tls_us;
    int64_t wait_us; /* from the request to the first byte */
    int64_t body_us;
    int64_t total_us;
    uint32_t connects; /* connections opened for this call; 0: a kept or shared one */
    /* How often the request went into an open connection. 0: no byte of it left this machine; 2:
     * libcurl sent it again after a kept connection had died. */
    uint32_t sends;
};

struct http_outcome {
    enum call_fate fate;
    int curl_code; /* CURLcode */
    enum http_phase phase;
    const struct http_response *response; /* status 0: none was seen; a body only when ANSWERED */
    const char *rsim; /* X-Routesim-Latency-Us as a declared mock states it; "": absent */
    struct http_timing timing;
    int64_t ended_us;     /* http_client_now_us() */
    bool over_limit;      /* the body passed the cap and was cut there */
    bool address_refused; /* REFUSED: by our own address guard */
    /* Not ANSWERED, and for want of something of this machine's: EMFILE, ENFILE (no descriptor
     * left), ENOMEM or ENOBUFS. The fate says nothing about the peer then. 0: not so. */
    int local_error;
    /* Why it was not answered whole, for people; "" when it was. Names host and port, never a
     * path, a query or a header. */
    char message[HTTP_CLIENT_MESSAGE_MAX];
};

struct http_call {
    const struct http_place *place;     /* borrowed, checked by http_place_check() */
    const struct http_request *request; /* borrowed */
    int64_t life_us;
    /* NULL, or where the connection goes instead, "127.0.0.1:4711" or "nowhere.invalid:443": host
     * name, SNI and certificate checks stay the place's. Borrowed. */
    const char *connect_to;
    bool own_connection; /* a new connection, closed afterwards */
    void *owner;         /* the caller's own */
};

struct http_client_setup {
    size_t body_bytes_max;    /* 0: HTTP_CLIENT_BODY_BYTES_MAX */
    uint32_t connections_max; /* kept open between calls; 0: HTTP_CLIENT_CONNECTIONS_MAX. Calls in
                                 flight are not limited: that queue is the router's */
    void *context;
    /* May start and cancel calls; may not wait or destroy. */
    void (*ended)(void *context, void *owner, const struct http_outcome *outcome);
};

struct http_client *http_client_create(const struct http_client_setup *setup, struct err *err);

/* What http_client_create() does once a process, for others who use libcurl (providers/webhook.h):
 * libcurl is made ready, SIGPIPE ignored. Any thread, any number of times. */
void http_client_begin_process(void);

/* Ends what is in flight without calling back. NULL is fine. */
void http_client_destroy(struct http_client *client);

/* Returns a ticket, or 0 with err filled. Never calls back from inside, not even for a call that
 * fails at once. */
uint64_t http_client_start(struct http_client *client, const struct http_call *call,
                           struct err *err);

/* False when the call has ended already; otherwise it never calls back, and what it borrowed is
 * free. A connection in the middle of an HTTP/1 exchange is closed. */
bool http_client_cancel(struct http_client *client, uint64_t ticket);

/* timing.sends up to now, of a call that has not ended; 0 of one that has. */
uint32_t http_client_sends(const struct http_client *client, uint64_t ticket);

/* A descriptor, readable when somebody outside wants http_client_wait() to return. The caller reads
 * it and unwatches it before closing it. */
bool http_client_watch(struct http_client *client, int descriptor, struct err *err);
void http_client_unwatch(struct http_client *client, int descriptor);

/* Drives the calls, and calls back. Returns when at least one has ended, when a watched descriptor
 * is readable, or at until_us; one that has passed means: do what is ready and return. */
void http_client_wait(struct http_client *client, int64_t until_us);

int64_t http_client_now_us(void);
uint32_t http_client_in_flight(const struct http_client *client);

/* Whether this process has no descriptor left just now. */
bool http_client_is_starved(const struct http_client *client);

#endif
