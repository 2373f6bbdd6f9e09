/* providers/redis_client.h - one connection to a Redis: values that are set, with a life, and got.
 *
 * Commands are sent at once and answered in order, many under way at a time, on one thread and
 * without ever waiting for the peer, but where a function says that it waits. Whatever is sent ends
 * exactly once, through redis_client_poll(), within its timeout. What the peer does, however slow,
 * broken or hostile, is data (enum cache_error of router/cache.h):
 *
 *   CACHE_REFUSED   there is no connection just now, or it ended before the answer
 *   CACHE_TIMEOUT   no answer within the command's timeout; an answer that comes later is dropped
 *   CACHE_FAILED    an error reply, a reply of another type, a value beyond the cap, something that
 *                   is no reply of Redis, or too much under way here (REDIS_COMMANDS_MAX)
 *
 *              connect_us                 backoff_first_us, doubled up to backoff_most_us
 *   make ---> CONNECTING ---> UP ---+         |
 *                 ^           |     | lost, stalled, no protocol, refused
 *                 |           v     v         |
 *                 |        answers  DOWN <----+
 *                 +-------------------+   (by its own timer: nobody has to ask for it)
 *
 * A connection counts as up when the peer has taken the password (AUTH), gone to the database
 * (SELECT) and answered PING. One on which an answer is owed for stall_us and nothing at all has
 * come meanwhile is given up; otherwise a hanging peer would keep it for ever. Commands are never
 * sent twice.
 *
 * Waiting: redis_client_descriptor() is one descriptor for the client's life, an epoll set with a
 * timer in it. It is readable whenever redis_client_poll() has something to do, so whoever waits
 * for other things can wait for it along with them.
 *
 * Trust: the peer's address has to be inside (http_address_is_inside()), because nothing is
 * encrypted. What an error reply says is shown by its first word only, and that only where it is
 * one that Redis has: a peer may repeat the password. The password is in no message.
 *
 * Ownership: keys and values are copied; what an answer points to lives until the callback returns.
 * Failure:   redis_client_create(): built without hiredis, an address that is none or outside, no
 *            memory, no descriptor. redis_client_connect(): nobody there, in words.
 */
#ifndef PROVIDERS_REDIS_CLIENT_H
#define PROVIDERS_REDIS_CLIENT_H

#include <stddef.h>

#include "providers/redis_address.h"
#include "router/cache.h"

enum {
    REDIS_COMMANDS_MAX = 4096,          /* under way at once */
    REDIS_OUTGOING_BYTES_MAX = 1 << 22, /* written by us and not taken by the peer yet */
    REDIS_REMOVED_MAX = 512,            /* keys of one redis_client_remove() */
    REDIS_REASON_MAX = 96,
};

struct redis_limits {   /* a field of 0 is its default */
    int64_t connect_us; /* from the first packet to the answer to PING; 1 s */
    int64_t stall_us;   /* 2 s */
    int64_t backoff_first_us, backoff_most_us; /* 50 ms, 2 s */
    size_t value_bytes_max;                    /* of one reply; 64 KiB */
};

struct redis_answer {
    void *owner; /* as given */
    bool was_set;
    enum cache_error error;
    bool found;        /* of a get: there is a value */
    const char *bytes; /* of it */
    size_t length;
};

struct redis_facts {               /* since the client was made */
    uint64_t connects;             /* times that it was up */
    uint64_t losses;               /* times that it was up and went down */
    uint64_t forgotten;            /* answers that came after their timeout */
    bool up;                       /* now */
    char loss[REDIS_REASON_MAX];   /* why it went down last; "": never */
    char reason[REDIS_REASON_MAX]; /* the same, or why it could not come up since */
};

struct redis_client;

/* Begins to connect, and does not wait for it; resolving a name does wait. */
struct redis_client *redis_client_create(const struct redis_address *address,
                                         const struct redis_limits *limits, struct err *err);
void redis_client_destroy(struct redis_client *client); /* NULL is fine; calls nobody back */

/* Waits until the connection is up; false, with the reason, when it was refused, or was not up
 * after connect_us. */
bool redis_client_connect(struct redis_client *client, struct err *err);

/* Sends, and never calls back from inside. Values live ttl_us, rounded up to a whole millisecond
 * of 1 at least. */
void redis_client_get(struct redis_client *client, const char *key, size_t length, void *owner,
                      int64_t timeout_us);
struct redis_value {
    const void *bytes;
    size_t length;
    int64_t ttl_us;
};
void redis_client_set(struct redis_client *client, const char *key, size_t length,
                      const struct redis_value *value, void *owner, int64_t timeout_us);

/* Reads, expires and reconnects, without waiting. `ended` may get and set; it may not poll, wait or
 * destroy. */
typedef void (*redis_client_ended)(void *context, const struct redis_answer *answer);
void redis_client_poll(struct redis_client *client, redis_client_ended ended, void *context);

int redis_client_descriptor(const struct redis_client *client);

/* Waits until redis_client_poll() has something to do, or `until_us` of redis_client_now_us(). */
void redis_client_wait(struct redis_client *client, int64_t until_us);

/* Nobody wants the answers to what is under way any more. */
void redis_client_forget(struct redis_client *client);

/* Removes keys, each NUL-terminated, and waits for it, for timeout_us at most; false when the peer
 * is not there, or did not say that it did. What was under way is forgotten. */
bool redis_client_remove(struct redis_client *client, const char *const *keys, unsigned count,
                         int64_t timeout_us);

uint32_t redis_client_in_flight(const struct redis_client *client); /* that will call back */
void redis_client_facts(const struct redis_client *client, struct redis_facts *facts);
int64_t redis_client_now_us(void); /* CLOCK_MONOTONIC */

#endif
