/* mocks/relay.h - a TCP relay that stands between an HTTP client and a server and does harm.
 *
 * It enacts what happens below HTTP (refused, dropped, reset, cut, stalled, dripping connections,
 * broken TLS handshakes) and what happens to HTTP's framing (bad chunks, wrong lengths, floods of
 * headers). Because it sits on the wire it is the same in front of a mock and of a live provider:
 * the client is sent there by CURLOPT_CONNECT_TO, so that host name, SNI and certificate checks
 * stay as they are.
 *
 *     client  ----->  relay port, its rule  ----->  upstream host:port
 *
 * One thread a relay, epoll, nothing blocks. A connection keeps the rule that stood when it was
 * accepted. Whether it is hit is a keyed draw of (seed, the port's place in the order of opening,
 * the connection's ordinal on that port): the same seed hits the same connections, whatever the
 * timing. The upstream connection is made with the client's first byte, so a client that says
 * nothing costs one descriptor, and is closed after its rule's silent_us.
 *
 * What a connection carries is told by its first byte: 0x16 is TLS, all else plain HTTP/1. Of TLS
 * only the outside of records is seen. There "the request" begins with the client's first record of
 * application data after its Finished, "the reply" is what the server sends from then on (session
 * tickets may be in it), and bytes of body are bytes of reply, one at least. Of slow_close only the
 * late FIN is left. Framing faults need plain HTTP: relay_open() cannot know what will come, so
 * such a connection is reset with its first byte. HTTP/2 is TLS like any other; its first exchange
 * is whatever comes first, and reuse_race may strike at its settings.
 *
 * Faults strike the first exchange of a connection, reuse_race the second; drip and bandwidth hold
 * for all its life. hang, reset, close, tls_* never trouble the upstream with the request (in front
 * of TLS, reset and close let the handshake pass). A client that closes, or closes its half, ends a
 * hang and a stall.
 *
 *   fault                what the client meets                             bytes    delay_us
 *   pass                 nothing                                                    1st byte
 *   refuse               RST to its SYN: bound, nobody listens                      -
 *   blackhole            its SYNs are dropped: the accept queue is full             -
 *   tls_alert            fatal alert 40 to its first record, then FIN               answer
 *   tls_plaintext        an HTTP 400 in plain text, then FIN                        answer
 *   tls_close            FIN                                                        FIN
 *   hang                 all it sends is read, nothing is answered                  -
 *   reset                RST when the request's head was read                       RST
 *   reset_after_headers  RST after the reply's blank line                           RST
 *   reset_in_body        RST after so many bytes of body                   body     RST
 *   close                FIN when the request's head was read                       FIN
 *   half_close           FIN after so many bytes of body, reading goes on  body     FIN
 *   stall                the reply stops after so many bytes of it         reply    1st byte
 *   drip                 so many bytes of reply a tick_us                  a tick   1st byte
 *   bandwidth            bytes_per_s of reply                                       1st byte
 *   slow_close           whole reply that only FIN ends; FIN is late                FIN
 *   reuse_race           RST as the second request arrives                          RST
 *   garbage              bytes that are no status line before the reply             1st byte
 *   bad_chunk            chunked; after so many bytes a size that is none  body     1st byte
 *   no_last_chunk        chunked; FIN instead of the last chunk                     1st byte
 *   short_body           FIN after so many bytes, fewer than were stated   body     1st byte
 *   two_lengths          the true Content-Length, then so much more; FIN   excess   1st byte
 *   header_flood         so many bytes of headers before the true ones     headers  1st byte
 *
 * `bytes` of 0 stands for: half of the stated length (1 when none is stated), 0 bytes of a stall,
 * 1 of a drip, 5 of an excess, 256 KiB of headers. More than there is to send means all of it, but
 * one byte less for short_body. A reply that comes in chunks is re-framed from its first chunk
 * alone by the two faults that state a length. The two that write chunks make one of each of the
 * upstream's, or of 4 KiB; it goes when it is whole or the upstream has ended, so that the bytes are
 * the same in whatever pieces they came. Bytes of body are always the upstream's own.
 *
 * Limits: RELAY_BUFFER_BYTES each for what goes up, what comes down and what goes out; past that
 * the sender is not read (backpressure). Past RELAY_CONNECTIONS_MAX a client is reset. A head of
 * more than RELAY_HEAD_MAX bytes that a fault would have to rewrite resets the connection.
 *
 * blackhole fills the accept queue with connections of its own (a backlog of 0 holds one on Linux)
 * and makes sure, by the queue's length and by one more try to connect, that it is full. It needs
 * Linux and no privilege. A machine that lets the try through (a sandbox with a network stack of
 * its own) makes relay_open() fail and relay_set() say false; nothing is pretended.
 *
 * Ownership: the relay owns its thread, its sockets and copies of all it was given.
 * Failure:   relay_create() and relay_open() fill an err. An upstream that cannot be reached is no
 *            err: the client is reset, as it would be. Every function may be called from any
 *            thread but relay_destroy(), which has to be the last.
 */
#ifndef MOCKS_RELAY_H
#define MOCKS_RELAY_H

#include <stdbool.h>
#include <stdint.h>

#include "router/base/err.h"

enum relay_fault {
    RELAY_PASS,
    /* connect: of the port as a whole, so their fraction has to be 1 */
    RELAY_REFUSE,
    RELAY_BLACKHOLE,
    /* tls */
    RELAY_TLS_ALERT,
    RELAY_TLS_PLAINTEXT,
    RELAY_TLS_CLOSE,
    /* transport */
    RELAY_HANG,
    RELAY_RESET,
    RELAY_RESET_AFTER_HEADERS,
    RELAY_RESET_IN_BODY,
    RELAY_CLOSE,
    RELAY_HALF_CLOSE,
    RELAY_STALL,
    RELAY_DRIP,
    RELAY_BANDWIDTH,
    RELAY_SLOW_CLOSE,
    RELAY_REUSE_RACE,
    /* framing: plain HTTP only */
    RELAY_GARBAGE,
    RELAY_BAD_CHUNK,
    RELAY_NO_LAST_CHUNK,
    RELAY_SHORT_BODY,
    RELAY_TWO_LENGTHS,
    RELAY_HEADER_FLOOD,
    RELAY_FAULT_COUNT
};
extern const char *const relay_fault_names[RELAY_FAULT_COUNT + 1]; /* "pass", ...; NULL ends */

enum {
    RELAY_PORTS_MAX = 64,         /* of one relay: providers, and some more to switch between */
    RELAY_CONNECTIONS_MAX = 8192, /* open at once: two descriptors and three buffers each at most */
    RELAY_BUFFER_BYTES = 16384,
    RELAY_HEAD_MAX = RELAY_BUFFER_BYTES - 256, /* room for what takes a header's place */
    RELAY_ADDRESSES_MAX = 8,                   /* of an upstream's name; tried in turn */
};
#define RELAY_SILENT_US INT64_C(30000000) /* without a word, before the first or after our FIN */
#define RELAY_HALF_OPEN_US                                                                         \
    INT64_C(2000000) /* after the client's FIN, while the rule holds a reply or an end back */
#define RELAY_IDLE_US INT64_C(600000000) /* without a byte either way, also of a hung client */

struct relay_rule {
    enum relay_fault fault;
    uint32_t bytes;       /* see the table */
    int64_t tick_us;      /* drip; 0: 100 ms */
    uint64_t bytes_per_s; /* bandwidth; at least 1 */
    int64_t delay_us;     /* before the fault is enacted; see the table */
    int64_t silent_us;    /* bounds the first two spans above; 0: as they are */
    double fraction;      /* of connections; 1: all, 0: none */
};

struct relay;

/* Starts the relay's thread; no signal is delivered to it. NULL after a failure. */
struct relay *relay_create(uint64_t seed, struct err *err);

/* Closes everything that is open and joins the thread. NULL is fine. */
void relay_destroy(struct relay *relay);

/* Opens a port at `bind_host`, a numeric address, in front of the upstream, whose name is looked up
 * here and now, once. `bind_port` 0 takes a free one. `port` is told when the rule is in force. */
bool relay_open(struct relay *relay, const char *bind_host, uint16_t bind_port,
                const char *upstream_host, uint16_t upstream_port, const struct relay_rule *rule,
                uint16_t *port, struct err *err);

/* Another rule, for connections made after it returns; those in the making get either. False: no
 * such port, a rule that cannot be, or a blackhole that this machine does not give. */
bool relay_set(struct relay *relay, uint16_t port, const struct relay_rule *rule);

/* Closes a port that is not needed any more, and resets its connections. */
void relay_close(struct relay *relay, uint16_t port);

/* RST to all that are open at a port (0: at every port), and to their upstreams: a fault that hits
 * calls in flight. */
void relay_reset_connections(struct relay *relay, uint16_t port);

struct relay_counters {
    uint64_t accepted;
    uint64_t faulted;       /* drawn to be hit, by a rule other than pass */
    uint64_t turned_away;   /* reset because RELAY_CONNECTIONS_MAX were open */
    uint64_t relayed_bytes; /* both ways, as read from either side */
    uint64_t open;          /* clients connected now */
    uint64_t open_max;
};

/* Of a port, or of the relay (port 0). Zeros for a port that is none. */
struct relay_counters relay_counters(struct relay *relay, uint16_t port);

/* How often a connection could not be accepted, or its upstream not be called, because no
 * descriptor was left. Cheap: nobody is asked. */
uint64_t relay_starved(const struct relay *relay);

#endif
