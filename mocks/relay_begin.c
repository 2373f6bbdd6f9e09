#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "mocks/relay_state.h"
#include "router/base/duration.h"
#include "router/base/random.h"

#define DRIP_TICK_US INT64_C(100000)
enum {
    BANDWIDTH_PARTS = 100, /* a second's bytes go in so many ticks */
    TLS_HANDSHAKE_BYTE = 0x16,
};

static void no_delay(int fd) /* a byte that drips is a packet */
{
    const int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static bool is_hit(struct relay_port *port)
{
    const uint64_t bits =
        random_draw(random_key(port->key, port->ordinal), random_what(RANDOM_FAULT, 0, 0, 0, 0));
    return random_chance(bits, random_rate_q32(port->rule.fraction));
}

static uint64_t bytes_a_tick(const struct relay_rule *rule)
{
    if (rule->fault == RELAY_DRIP) return rule->bytes > 0 ? rule->bytes : 1;
    const uint64_t part = rule->bytes_per_s / BANDWIDTH_PARTS;
    return part > 0 ? part : 1;
}

static int64_t tick_us(const struct relay_rule *rule)
{
    if (rule->fault == RELAY_DRIP) return rule->tick_us > 0 ? rule->tick_us : DRIP_TICK_US;
    if (rule->bytes_per_s >= BANDWIDTH_PARTS) return US_PER_SECOND / BANDWIDTH_PARTS;
    return US_PER_SECOND / (int64_t)rule->bytes_per_s;
}

static void set_pace(struct relay_connection *connection)
{
    if (connection->fault != RELAY_DRIP && connection->fault != RELAY_BANDWIDTH) return;
    connection->pace_bytes = bytes_a_tick(&connection->rule);
    connection->pace_tick_us = tick_us(&connection->rule);
    connection->pace_idle = true;
}

static struct relay_connection *connection_create(struct relay_port *port, int fd)
{
    struct relay_connection *const made = calloc(1, sizeof *made);
    if (made == NULL) return NULL;
    made->port = port;
    made->client.watch = (struct relay_watch){.kind = WATCH_CLIENT, .fd = fd, .owner = made};
    made->upstream.watch = (struct relay_watch){.kind = WATCH_UPSTREAM, .fd = -1, .owner = made};
    made->rule = port->rule;
    made->fault = RELAY_PASS;
    made->heap_index = RELAY_NOT_IN_HEAP;
    made->last_byte_us = port->relay->now_us;
    if (is_hit(port))
        made->fault = port->rule.fault;
    else
        made->rule.delay_us = 0;
    set_pace(made);
    return made;
}

static void count_open(struct relay_counters *counters, bool faulted)
{
    counters->accepted++;
    counters->faulted += faulted;
    counters->open++;
    if (counters->open > counters->open_max) counters->open_max = counters->open;
}

static void turn_away(struct relay_port *port, int fd)
{
    struct relay_side side = {.watch.fd = fd};
    port->counters.turned_away++;
    port->relay->counters.turned_away++;
    relay_side_close(&side, true);
}

void relay_connection_begin(struct relay_port *port, int fd)
{
    struct relay *const relay = port->relay;
    struct relay_connection *made = NULL;
    if (relay->counters.open < RELAY_CONNECTIONS_MAX && relay_descriptor_prepare(fd))
        made = connection_create(port, fd);
    if (made == NULL || !relay_watch_add(relay, &made->client.watch, RELAY_WATCH_EVENTS)) {
        turn_away(port, fd);
        free(made);
        return;
    }
    no_delay(fd);
    port->ordinal++;
    count_open(&port->counters, made->fault != RELAY_PASS);
    count_open(&relay->counters, made->fault != RELAY_PASS);
    made->next = port->connections;
    if (made->next != NULL) made->next->previous = made;
    port->connections = made;
    relay_ready(relay, made);
}

/* ---- the first byte -------------------------------------------------------------------------- */

bool relay_take_memory(struct relay_connection *connection)
{
    connection->memory = malloc((size_t)3 * RELAY_BUFFER_BYTES);
    if (connection->memory == NULL) return false;
    connection->up.bytes = connection->memory;
    connection->in.bytes = connection->memory + RELAY_BUFFER_BYTES;
    connection->out.bytes = connection->memory + (size_t)2 * RELAY_BUFFER_BYTES;
    return true;
}

/* The next address of the upstream that can be tried at all; false when there is none left. */
bool relay_connect_upstream(struct relay_connection *connection)
{
    const struct relay_port *const port = connection->port;
    struct relay_side *const side = &connection->upstream;
    for (; connection->upstream_index < port->upstream_count; connection->upstream_index++) {
        const struct relay_address *const to = &port->upstream[connection->upstream_index];
        side->watch.fd = socket(to->bytes.ss_family, SOCK_STREAM, 0);
        if (side->watch.fd < 0) {
            if (relay_out_of_resources(errno)) (void)atomic_fetch_add(&port->relay->starved, 1);
            continue;
        }
        side->connecting = true;
        no_delay(side->watch.fd);
        if (relay_descriptor_prepare(side->watch.fd) &&
            (connect(side->watch.fd, (const struct sockaddr *)&to->bytes, to->length) == 0 ||
             errno == EINPROGRESS) &&
            relay_watch_add(port->relay, &side->watch, RELAY_WATCH_EVENTS))
            return true;
        relay_side_close(side, false);
    }
    return false;
}

static void speak_first(struct relay_connection *connection, const void *bytes, size_t length)
{
    const int64_t at_us = connection->port->relay->now_us + connection->rule.delay_us;
    relay_buffer_put(&connection->out, bytes, length);
    connection->hold_until_us = at_us;
    relay_connection_end(connection, ENDING_FIN, at_us);
}

static void begin_relaying(struct relay_connection *connection)
{
    connection->mode = MODE_RELAYING;
    connection->tls = connection->up.bytes[connection->up.start] == TLS_HANDSHAKE_BYTE;
    relay_request_begin(connection);
    /* A reset or close of plain HTTP comes before the upstream could hear of it. */
    const bool alone =
        !connection->tls && (connection->fault == RELAY_RESET || connection->fault == RELAY_CLOSE);
    if (connection->mode == MODE_RELAYING && !alone && !relay_connect_upstream(connection))
        relay_connection_kill(connection, true);
}

/* The client has said something: the bytes are in `up`. */
void relay_break_silence(struct relay_connection *connection)
{
    static const uint8_t alert[] = {0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28};
    static const char page[] = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n"
                               "Connection: close\r\n\r\n<h1>400 Bad Request</h1>\n"
                               "The plain HTTP request was sent to HTTPS port\n";
    switch (connection->fault) {
    case RELAY_TLS_ALERT:
        speak_first(connection, alert, sizeof alert);
        break;
    case RELAY_TLS_PLAINTEXT:
        speak_first(connection, page, sizeof page - 1);
        break;
    case RELAY_TLS_CLOSE:
        speak_first(connection, page, 0);
        break;
    case RELAY_HANG:
        relay_connection_end(connection, ENDING_NONE, 0);
        break;
    case RELAY_PASS:
    case RELAY_RESET:
    case RELAY_RESET_AFTER_HEADERS:
    case RELAY_RESET_IN_BODY:
    case RELAY_CLOSE:
    case RELAY_HALF_CLOSE:
    case RELAY_STALL:
    case RELAY_DRIP:
    case RELAY_BANDWIDTH:
    case RELAY_SLOW_CLOSE:
    case RELAY_REUSE_RACE:
    case RELAY_GARBAGE:
    case RELAY_BAD_CHUNK:
    case RELAY_NO_LAST_CHUNK:
    case RELAY_SHORT_BODY:
    case RELAY_TWO_LENGTHS:
    case RELAY_HEADER_FLOOD:
        begin_relaying(connection);
        break;
    case RELAY_REFUSE: /* a port with these rules accepts nothing */
    case RELAY_BLACKHOLE:
    case RELAY_FAULT_COUNT:
        assert(false);
    }
}
