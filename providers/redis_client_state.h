/* providers/redis_client_state.h - the inside of the client, for providers/redis_client*.c alone.
 *
 *   redis_client.c             making, commands, timeouts, answers, waiting
 *   redis_client_connection.c  the socket: addresses, greeting, bytes in and out, backing off
 */
#ifndef PROVIDERS_REDIS_CLIENT_STATE_H
#define PROVIDERS_REDIS_CLIENT_STATE_H

#include <sys/socket.h>

#include "providers/redis_client.h"
#include "providers/redis_protocol.h"

enum redis_state { REDIS_DOWN, REDIS_CONNECTING, REDIS_GREETING, REDIS_UP };

enum redis_command_kind {
    REDIS_AUTH,
    REDIS_SELECT,
    REDIS_PING,
    REDIS_GET,
    REDIS_SET,
    REDIS_REMOVE
};

struct redis_command { /* sent, and not answered */
    void *owner;
    int64_t sent_us;
    int64_t due_us;
    uint8_t kind; /* enum redis_command_kind */
    bool heard;   /* somebody still waits for it */
};

struct redis_refusal { /* ended before it was sent; told at the next poll */
    void *owner;
    bool was_set;
    enum cache_error error;
};

enum { REDIS_ADDRESSES_MAX = 4 };

struct redis_client {
    struct redis_address address;
    struct redis_limits limits;
    struct sockaddr_storage places[REDIS_ADDRESSES_MAX];
    socklen_t place_lengths[REDIS_ADDRESSES_MAX];
    unsigned place_count, place; /* the one that is tried */

    enum redis_state state;
    int socket; /* -1: none */
    int epoll, timer;
    bool wants_write; /* epoll was told so */
    int64_t connect_due_us;
    int64_t heard_us; /* when anything came last */
    int64_t retry_us; /* when DOWN */
    int64_t backoff_us;
    int64_t timer_us; /* what the timer is set to; INT64_MAX: nothing */
    struct redis_parser *parser;
    struct text outgoing;
    size_t outgoing_done; /* bytes of it that are written */

    /* A ring: answers come in the order of commands. */
    struct redis_command commands[REDIS_COMMANDS_MAX];
    uint32_t first, count;
    uint32_t heard_count; /* of them, those somebody waits for */
    int64_t first_due_us; /* no heard command is due before; INT64_MAX: there is none */
    struct redis_refusal *refusals;
    uint32_t refusal_count, refusals_room;

    uint64_t connects, losses, forgotten;
    char loss[REDIS_REASON_MAX], reason[REDIS_REASON_MAX];
    bool removed; /* the last REDIS_REMOVE was done */

    redis_client_ended ended; /* NULL outside a poll */
    void *ended_context;
};

/* redis_client.c */
struct redis_command *redis_command_at(struct redis_client *client, uint32_t index);
/* Queues a command's words; true when there was room. */
bool redis_command_add(struct redis_client *client, const struct redis_command *command,
                       const struct redis_word *words, unsigned count);
void redis_command_answered(struct redis_client *client, const struct redis_reply *reply);
/* All commands end; those waited for, as REFUSED. */
void redis_commands_lose(struct redis_client *client);

/* redis_client_connection.c */
bool redis_connection_find(struct redis_client *client, struct err *err);
void redis_connection_open(struct redis_client *client, int64_t now_us);
void redis_connection_close(struct redis_client *client);
/* Gives the connection up for `reason`: tries the next address, or backs off. */
void redis_connection_fail(struct redis_client *client, const char *reason);
void redis_connection_write(struct redis_client *client);
void redis_connection_drive(struct redis_client *client, int64_t now_us);
/* What AUTH, SELECT and PING were answered. */
void redis_connection_greeted(struct redis_client *client, enum redis_command_kind kind,
                              const struct redis_reply *reply);

#endif
