/* tests/mocks/relay_rig.h - what the tests of the relay share: a server that answers known bytes,
 * relays before it, and a client that asks through them.
 *
 * rig_start() and rig_stop() are a group's setup and teardown; the server serves all its tests.
 *
 * Failure: fails the test that asked.
 */
#ifndef TESTS_MOCKS_RELAY_RIG_H
#define TESTS_MOCKS_RELAY_RIG_H

#include "mocks/relay.h"
#include "tests/mocks/relay_client.h"

#define RIG_HEAD "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"

/* What the server answers by path; all but `until_close`, `cut` and `not-http` keep the connection.
 * Besides: /big (RIG_BIG_BYTES of rig_pattern()), /echo (a head, then whatever is sent comes back)
 * and /reset (RST). */
#define RIG_LENGTH RIG_HEAD "Content-Length: 10\r\n\r\n0123456789"
#define RIG_CHUNKED                                                                                \
    RIG_HEAD "Transfer-Encoding: chunked\r\n\r\n4\r\n0123\r\n6;x=y\r\n456789\r\n0\r\n\r\n"
#define RIG_TRAILER     RIG_HEAD "Transfer-Encoding: chunked\r\n\r\n2\r\n01\r\n0\r\nX-Sum: 9\r\n\r\n"
#define RIG_UNTIL_CLOSE RIG_HEAD "\r\n0123456789"
#define RIG_EMPTY       RIG_HEAD "Content-Length: 0\r\n\r\n"
#define RIG_NONE        "HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n"
#define RIG_INTERIM     "HTTP/1.1 100 Continue\r\n\r\n" RIG_HEAD "Content-Length: 4\r\n\r\n0123"
#define RIG_ECHO        "HTTP/1.1 200 OK\r\n\r\n"

enum { RIG_BIG_BYTES = 5 << 20 };
extern char *rig_big; /* head and body */
extern size_t rig_big_length;
uint8_t rig_pattern(size_t at);

extern struct upstream *rig_server;
int rig_start(void **state);
int rig_stop(void **state);

struct relay *rig_relay(uint64_t seed);
/* A port before another one, or before the server with a fault on every connection. */
uint16_t rig_open_before(struct relay *relay, uint16_t upstream, struct relay_rule rule);
uint16_t rig_open(struct relay *relay, enum relay_fault fault);
void rig_set(struct relay *relay, uint16_t port, enum relay_fault fault);

/* Sends a request and reads the answer (client_read()), which lives until the next call. */
const struct client_answer *rig_ask(uint16_t port, const char *request, size_t enough);
void rig_assert_serves(uint16_t port); /* one whole exchange */

/* Until the port has accepted `count` connections since it was opened, and until none of them is
 * open. One that the kernel has made is the relay's only when it is accepted: before, none is open
 * either. */
void rig_wait_until_accepted(struct relay *relay, uint16_t port, uint64_t count);
void rig_wait_until_closed(struct relay *relay, uint16_t port, uint64_t count);

void rig_wait_until_server_closed(void); /* the server's side of every connection, too */

/* Descriptors of this process but the server's connections. */
int rig_descriptors(void);
void rig_wait_for_descriptors(int expected);

#endif
