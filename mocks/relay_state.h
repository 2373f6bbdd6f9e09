/* mocks/relay_state.h - the inside of the relay, shared by mocks/relay*.c alone.
 *
 * Everything here belongs to the relay's thread but `control`, `queue*`, `starved` and what a
 * command carries. Callers hand in a command and wait for it, so no other lock is needed.
 *
 *                 up                          in             out
 *     client ---------> upstream ; upstream ------> [shape] ------> client
 *
 *   relay.c             what callers call: commands, and waiting for them
 *   relay_loop.c        the thread: buffers, timers, events, obeying
 *   relay_port.c        listening, refusing, dropping SYNs; accepting
 *   relay_begin.c       a connection's beginning, and its first byte
 *   relay_connection.c  its life: reads, writes, pace, half-closes, ends
 *   relay_request.c     what goes up: when has the request come, and what then
 *   relay_reply.c       what comes down, cut or re-framed
 *   relay_message.c     where messages and records end
 *
 * Sockets are watched edge-triggered, once; `readable` and `writable` are what the kernel said
 * last. A connection that an event or a timer touched is put on the ready list and pumped until
 * nothing moves. One that dies is freed after the round, when no event can still point to it.
 */
#ifndef MOCKS_RELAY_STATE_H
#define MOCKS_RELAY_STATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "mocks/relay.h"
#include "mocks/relay_message.h"

enum { RELAY_FILLERS_MAX = 4 };
#define RELAY_WATCH_EVENTS (EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET) /* of connections */

enum relay_watch_kind { WATCH_WAKE, WATCH_PORT, WATCH_CLIENT, WATCH_UPSTREAM };

struct relay_watch {
    enum relay_watch_kind kind;
    int fd;      /* -1: closed */
    void *owner; /* relay, port or connection */
};

struct relay_address {
    struct sockaddr_storage bytes;
    socklen_t length;
};

enum relay_door { DOOR_SHUT, DOOR_OPEN, DOOR_FULL }; /* refuse; accept; blackhole */

struct relay_port {
    struct relay_port *next;
    struct relay *relay;
    struct relay_watch watch;
    uint16_t number;
    uint64_t key;     /* of the draws of its connections */
    uint64_t ordinal; /* of the next connection */
    struct relay_rule rule;
    enum relay_door door;
    bool paused; /* no descriptors left: not accepting for a moment */
    int fillers[RELAY_FILLERS_MAX];
    uint32_t filler_count;
    struct relay_address address; /* its own */
    struct relay_address upstream[RELAY_ADDRESSES_MAX];
    uint32_t upstream_count;
    struct relay_connection *connections;
    struct relay_counters counters;
};

struct relay_side {
    struct relay_watch watch;
    bool readable, writable;
    bool connecting;
    bool eof;      /* it will say no more */
    bool broken;   /* ... because it was reset */
    bool deaf;     /* it takes no more: writing failed */
    bool fin_sent; /* we will say no more */
};

struct relay_buffer {
    uint8_t *bytes; /* RELAY_BUFFER_BYTES */
    size_t start, end;
};

enum relay_mode {
    MODE_SILENT,   /* not a byte yet, no upstream */
    MODE_RELAYING, /* both ways */
    MODE_DRAINING, /* the client is read and not heard; what is in `out` still goes, then `ending`
                    */
    MODE_DEAD,
};

enum relay_ending { ENDING_NONE, ENDING_FIN, ENDING_RESET };

struct relay_shape { /* how far the reply's fault has got */
    struct relay_message message;
    bool begun;          /* its first byte came */
    bool plain;          /* from here on bytes are moved as they are */
    bool flooding;       /* header_flood: the status line is out */
    uint64_t cut;        /* body bytes, or reply bytes, until the fault strikes */
    uint64_t flood_left; /* bytes of headers still to invent */
};

struct relay_connection {
    struct relay_connection *previous, *next; /* of its port, or of the dead */
    struct relay_connection *next_ready;
    bool ready;
    struct relay_port *port;
    struct relay_side client, upstream;
    uint32_t upstream_index; /* address tried */
    enum relay_mode mode;
    struct relay_rule rule;
    enum relay_fault fault; /* RELAY_PASS when the draw let it go */
    uint8_t *memory;        /* of the three buffers; NULL while silent */
    struct relay_buffer up, in, out;
    /* request */
    bool tls;
    bool request_seen;
    size_t cleared; /* bytes at the start of `up` that may go */
    struct relay_message request;
    struct relay_records records;
    /* reply */
    struct relay_shape shape;
    int64_t hold_until_us; /* `out` waits */
    int64_t pace_tick_us;  /* 0: not paced */
    uint64_t pace_bytes;   /* a tick */
    uint64_t pace_left;    /* of this tick */
    int64_t pace_next_us;
    bool pace_idle; /* nothing was waiting to be sent */
    /* end */
    enum relay_ending ending;
    int64_t ending_at_us;
    int64_t last_byte_us;
    /* timer */
    int64_t due_us;
    uint32_t heap_index; /* RELAY_NOT_IN_HEAP */
};

#define RELAY_NOT_IN_HEAP UINT32_MAX
#define RELAY_NEVER_US    INT64_MAX

enum relay_command_kind {
    COMMAND_ADD,
    COMMAND_SET,
    COMMAND_FILLED, /* the fillers of a full door */
    COMMAND_CLOSE,
    COMMAND_RESET,
    COMMAND_COUNT,
    COMMAND_STOP,
};

struct relay_command { /* on the caller's stack; `done` is told under the relay's lock */
    struct relay_command *next;
    enum relay_command_kind kind;
    uint16_t number;
    struct relay_port *port; /* ADD: handed over when `ok` */
    struct relay_rule rule;
    int fillers[RELAY_FILLERS_MAX];
    uint32_t filler_count;
    struct relay_counters counters;
    struct relay_address address;
    int listener; /* of the port, for a look at its queue */
    bool ok;
    int error; /* errno of what failed */
    bool done;
};

struct relay {
    pthread_t thread;
    pthread_mutex_t control; /* one change of ports at a time */
    pthread_mutex_t queue_lock;
    pthread_cond_t queue_done;
    struct relay_command *queue; /* oldest first */
    int epoll;
    struct relay_watch wake;
    bool stopping;
    uint64_t seed;
    int64_t now_us; /* read once a round */
    struct relay_port *ports;
    uint32_t port_count;
    uint64_t ports_opened;
    int64_t accept_again_us; /* RELAY_NEVER_US: no port is paused */
    struct relay_counters counters;
    atomic_uint_least64_t starved; /* anybody reads it */
    struct relay_connection *ready_first, *ready_last;
    struct relay_connection *dead;
    struct relay_connection **heap; /* RELAY_CONNECTIONS_MAX, earliest due first */
    uint32_t heap_count;
    uint8_t scratch[RELAY_BUFFER_BYTES]; /* for what is read and not heard */
};

/* relay_loop.c */
void *relay_run(void *relay); /* the thread */
bool relay_watch_add(struct relay *relay, struct relay_watch *watch, uint32_t events);
void relay_ready(struct relay *relay, struct relay_connection *connection);
void relay_timer_set(struct relay *relay, struct relay_connection *connection, int64_t due_us);
void relay_timer_remove(struct relay *relay, struct relay_connection *connection);
bool relay_descriptor_prepare(int fd); /* not blocking, closed on exec */

/* relay_port.c */
struct relay_port *relay_port_create(const char *bind_host, uint16_t bind_port,
                                     const char *upstream_host, uint16_t upstream_port,
                                     struct err *err);
void relay_port_destroy(struct relay_port *port); /* its connections are gone; NULL is fine */
bool relay_port_apply(struct relay_port *port, const struct relay_rule *rule);
void relay_port_accept(struct relay_port *port);
bool relay_out_of_resources(int error); /* errno: no descriptor, no memory for one */
void relay_port_resume(struct relay_port *port);
/* Makes connections of its own until the queue is full, and one more that must not get through.
 * Blocks: for the caller's thread. */
bool relay_port_fill(const struct relay_address *address, int listener,
                     int fillers[static RELAY_FILLERS_MAX], uint32_t *count);
bool relay_rule_valid(const struct relay_rule *rule, const char **objection);

/* relay_begin.c */
void relay_connection_begin(struct relay_port *port, int fd);
bool relay_take_memory(struct relay_connection *connection);
/* The client has said something: the bytes are in `up`. */
void relay_break_silence(struct relay_connection *connection);
/* Connects to the next address of the upstream that can be tried; false: there is none left. */
bool relay_connect_upstream(struct relay_connection *connection);

/* relay_connection.c */
void relay_side_close(struct relay_side *side, bool reset);
void relay_connection_event(struct relay_connection *connection, const struct relay_watch *watch,
                            uint32_t events);
void relay_connection_pump(struct relay_connection *connection);
void relay_connection_kill(struct relay_connection *connection, bool reset);
/* The fault strikes: the upstream is left, what is in `out` still goes, then the ending. */
void relay_connection_end(struct relay_connection *connection, enum relay_ending ending,
                          int64_t at_us);

/* relay_request.c, relay_reply.c: one step each; true when something moved */
void relay_request_begin(struct relay_connection *connection); /* the first bytes are in `up` */
bool relay_request_step(struct relay_connection *connection);
bool relay_reply_step(struct relay_connection *connection);
bool relay_reply_is_over(const struct relay_connection *connection);

/* Buffers: what is there, and room behind it (made by moving what is there to the front). */
static inline size_t relay_buffer_length(const struct relay_buffer *buffer)
{
    return buffer->end - buffer->start;
}
size_t relay_buffer_room(struct relay_buffer *buffer);
void relay_buffer_take(struct relay_buffer *buffer, size_t length);
void relay_buffer_put(struct relay_buffer *buffer, const void *bytes, size_t length);

#endif
