/* tests/providers/raw_server.h - a peer that says what a script tells it, byte for byte.
 *
 * For answers that no HTTP library would give. One thread serves all connections with poll(); each
 * connection walks through the script that stood when it was accepted:
 *
 *     static const struct raw_step short_body[] = {
 *         RAW_DO(RAW_READ),
 *         RAW_SAY("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhello"),
 *         RAW_DO(RAW_CLOSE),
 *     };
 *
 * Every script ends in RAW_CLOSE, RAW_RESET, RAW_HANG or RAW_AGAIN, or with a RAW_FLOOD.
 *
 * Ownership: scripts are borrowed and outlive the server. Counters may be read at any time.
 * Failure:   what the machine cannot do (no socket, no thread) stops the test program.
 */
#ifndef TESTS_PROVIDERS_RAW_SERVER_H
#define TESTS_PROVIDERS_RAW_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum raw_act {
    RAW_READ,       /* one whole request: its head, and the body that Content-Length states */
    RAW_WRITE,      /* the bytes */
    RAW_FLOOD,      /* the bytes, again and again, until the peer has had enough */
    RAW_DRIP,       /* the bytes one at a time, each after `ms` */
    RAW_PAUSE,      /* `ms` */
    RAW_HALF_CLOSE, /* nothing more will be written */
    RAW_HANG,       /* reads and says nothing until the peer closes */
    RAW_RESET,      /* closes with a reset */
    RAW_CLOSE,
    RAW_AGAIN, /* back to the first step */
};

struct raw_step {
    enum raw_act act;
    const char *bytes;
    size_t length; /* 0: strlen(bytes) */
    int ms;
};

#define RAW_DO(act_)                                                                               \
    {                                                                                              \
        .act = (act_)                                                                              \
    }
#define RAW_SAY(text_)                                                                             \
    {                                                                                              \
        .act = RAW_WRITE, .bytes = (text_)                                                         \
    }
#define RAW_FOREVER(text_)                                                                         \
    {                                                                                              \
        .act = RAW_FLOOD, .bytes = (text_)                                                         \
    }
#define RAW_SLOWLY(text_, ms_)                                                                     \
    {                                                                                              \
        .act = RAW_DRIP, .bytes = (text_), .ms = (ms_)                                             \
    }
#define RAW_WAIT(ms_)                                                                              \
    {                                                                                              \
        .act = RAW_PAUSE, .ms = (ms_)                                                              \
    }
#define RAW_BYTES(bytes_, size)                                                                    \
    {                                                                                              \
        .act = RAW_WRITE, .bytes = (bytes_), .length = (size)                                      \
    }

enum { RAW_CONNECTIONS_MAX = 4096, RAW_REQUEST_MAX = 8192 };

struct raw_server;

/* On a free port of 127.0.0.1, for anybody who connects. */
struct raw_server *raw_server_start(const struct raw_step *script);
void raw_server_stop(struct raw_server *server);
uint16_t raw_server_port(const struct raw_server *server);

/* What connections do that are accepted from now on. */
void raw_server_play(struct raw_server *server, const struct raw_step *script);

uint32_t raw_server_accepted(struct raw_server *server); /* connections, so far */
uint32_t raw_server_requests(struct raw_server *server); /* read whole, so far */
uint32_t raw_server_open(struct raw_server *server);     /* connections, now */

/* The request read last, cut to RAW_REQUEST_MAX - 1 bytes and NUL-terminated. */
void raw_server_last_request(struct raw_server *server, char text[RAW_REQUEST_MAX]);

/* A port on which every connection is refused, for as long as the descriptor stays open. */
uint16_t raw_port_refusing(int *descriptor);

/* A port that swallows SYNs: its queue is full and nobody accepts. Close all descriptors. */
enum { RAW_SILENT_DESCRIPTORS = 4 };
uint16_t raw_port_silent(int descriptors[RAW_SILENT_DESCRIPTORS]);

#endif
