#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "mocks/relay_state.h"

#define LOOK_AGAIN_US INT64_C(1000)
enum { STEPS_A_PUMP = 32 };

/* ---- sockets --------------------------------------------------------------------------------- */

void relay_side_close(struct relay_side *side, bool reset)
{
    if (side->watch.fd < 0) return;
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    if (reset) (void)setsockopt(side->watch.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    (void)close(side->watch.fd);
    side->watch.fd = -1;
    side->readable = side->writable = side->connecting = false;
}

static void say_fin(struct relay_side *side)
{
    if (!side->fin_sent && !side->connecting) (void)shutdown(side->watch.fd, SHUT_WR);
    side->fin_sent = true;
}

/* A reset throws away what the kernel has not sent yet. Sent is enough: what has reached a client
 * before a reset can be read after it. Linux counts it by SIOCOUTQNSD, whose header is not ours to
 * include; TIOCOUTQ would count what is not acknowledged, and acknowledging may take 40 ms. */
static bool all_is_sent(int fd)
{
    enum { SIOCOUTQNSD_ON_LINUX = 0x894B };
    int waiting = 0;
    return ioctl(fd, SIOCOUTQNSD_ON_LINUX, &waiting) != 0 || waiting == 0;
}

/* ---- ending ---------------------------------------------------------------------------------- */

void relay_connection_kill(struct relay_connection *connection, bool reset)
{
    struct relay_port *const port = connection->port;
    struct relay *const relay = port->relay;
    assert(connection->mode != MODE_DEAD);
    connection->mode = MODE_DEAD;
    relay_side_close(&connection->client, reset);
    relay_side_close(&connection->upstream, reset);
    relay_timer_remove(relay, connection);
    if (connection->previous == NULL)
        port->connections = connection->next;
    else
        connection->previous->next = connection->next;
    if (connection->next != NULL) connection->next->previous = connection->previous;
    connection->next = relay->dead;
    relay->dead = connection;
    port->counters.open--;
    relay->counters.open--;
}

void relay_connection_end(struct relay_connection *connection, enum relay_ending ending,
                          int64_t at_us)
{
    relay_side_close(&connection->upstream, false);
    connection->up.start = connection->up.end = connection->cleared = 0;
    connection->in.start = connection->in.end = 0;
    connection->mode = MODE_DRAINING;
    connection->ending = ending;
    connection->ending_at_us = at_us;
}

/* ---- reading and writing --------------------------------------------------------------------- */

static void count_bytes(struct relay_connection *connection, size_t count)
{
    struct relay *const relay = connection->port->relay;
    connection->last_byte_us = relay->now_us;
    connection->port->counters.relayed_bytes += count;
    relay->counters.relayed_bytes += count;
}

/* Reads once; true when it learned something: bytes, the end, or a reset. */
static bool read_side(struct relay_connection *connection, struct relay_side *side, void *to,
                      size_t room, size_t *count)
{
    *count = 0;
    if (!side->readable || side->eof || room == 0) return false;
    const ssize_t got = recv(side->watch.fd, to, room, 0);
    if (got > 0) {
        *count = (size_t)got;
        count_bytes(connection, *count);
        return true;
    }
    if (got < 0 && errno == EINTR) return true;
    side->readable = false;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return false;
    side->eof = true;
    side->broken = got < 0;
    return true;
}

/* Writes once what is in a buffer, at most `limit` bytes. */
static bool write_side(struct relay_connection *connection, struct relay_side *side,
                       struct relay_buffer *from, size_t limit, size_t *count)
{
    *count = 0;
    if (!side->writable || limit == 0) return false;
    const ssize_t sent = send(side->watch.fd, from->bytes + from->start, limit, MSG_NOSIGNAL);
    if (sent > 0) {
        *count = (size_t)sent;
        relay_buffer_take(from, *count);
        connection->last_byte_us = connection->port->relay->now_us;
        return true;
    }
    if (sent < 0 && errno == EINTR) return true;
    side->writable = false;
    if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK) side->deaf = true;
    return side->deaf;
}

static bool read_client(struct relay_connection *connection)
{
    struct relay_buffer *const up = &connection->up;
    size_t count;
    if (connection->mode == MODE_DRAINING) {
        struct relay *const relay = connection->port->relay;
        return read_side(connection, &connection->client, relay->scratch, sizeof relay->scratch,
                         &count);
    }
    if (!connection->client.readable || connection->client.eof) return false;
    if (connection->memory == NULL && !relay_take_memory(connection)) {
        relay_connection_kill(connection, true);
        return true;
    }
    const size_t room = relay_buffer_room(up);
    if (!read_side(connection, &connection->client, up->bytes + up->end, room, &count))
        return false;
    up->end += count;
    if (count > 0 && connection->mode == MODE_SILENT) relay_break_silence(connection);
    return true;
}

static bool write_upstream(struct relay_connection *connection)
{
    struct relay_side *const side = &connection->upstream;
    if (connection->mode != MODE_RELAYING || side->connecting || connection->cleared == 0)
        return false;
    size_t count = connection->cleared;
    if (side->deaf) /* its answer may still be on the way */
        relay_buffer_take(&connection->up, count);
    else if (!write_side(connection, side, &connection->up, connection->cleared, &count))
        return false;
    connection->cleared -= count;
    return true;
}

static bool read_upstream(struct relay_connection *connection)
{
    struct relay_buffer *const in = &connection->in;
    size_t count;
    if (connection->mode != MODE_RELAYING || connection->upstream.connecting) return false;
    const size_t room = relay_buffer_room(in);
    if (!read_side(connection, &connection->upstream, in->bytes + in->end, room, &count))
        return false;
    in->end += count;
    return true;
}

/* ---- pace ------------------------------------------------------------------------------------ */

static bool is_paced(const struct relay_connection *connection)
{
    return connection->pace_tick_us > 0 && connection->shape.begun;
}

/* Ticks that were missed are made up for while there is something to send, so that a busy machine
 * does not lower the rate; an idle connection saves nothing up. */
static void keep_pace(struct relay_connection *connection, int64_t now_us)
{
    if (connection->pace_idle && connection->pace_next_us < now_us)
        connection->pace_next_us = now_us;
    connection->pace_idle = false;
    if (connection->pace_left > 0 || connection->pace_next_us > now_us) return;
    connection->pace_next_us += connection->pace_tick_us;
    connection->pace_left = connection->pace_bytes;
}

static size_t may_send(struct relay_connection *connection) /* of `out`, now */
{
    const int64_t now_us = connection->port->relay->now_us;
    const size_t length = relay_buffer_length(&connection->out);
    if (length == 0 || connection->hold_until_us > now_us) return 0;
    if (!is_paced(connection)) return length;
    keep_pace(connection, now_us);
    return connection->pace_left < length ? (size_t)connection->pace_left : length;
}

static bool write_client(struct relay_connection *connection)
{
    if (connection->mode == MODE_SILENT || connection->client.deaf) return false;
    size_t count;
    const size_t limit = may_send(connection);
    if (!write_side(connection, &connection->client, &connection->out, limit, &count)) return false;
    if (!is_paced(connection)) return true;
    connection->pace_left -= count;
    connection->pace_idle =
        relay_buffer_length(&connection->out) == 0 && relay_buffer_length(&connection->in) == 0;
    return true;
}

/* ---- half-closes and endings ----------------------------------------------------------------- */

/* The upstream will say no more, and all it said is in `out`, or out. */
static bool pass_the_end_on(struct relay_connection *connection)
{
    const int64_t now_us = connection->port->relay->now_us;
    if (connection->upstream.broken) {
        relay_connection_end(connection, ENDING_RESET, 0);
    } else if (connection->fault == RELAY_SLOW_CLOSE) {
        relay_connection_end(connection, ENDING_FIN, now_us + connection->rule.delay_us);
    } else {
        if (relay_buffer_length(&connection->out) > 0) return false;
        say_fin(&connection->client);
    }
    return true;
}

static bool close_halves(struct relay_connection *connection)
{
    struct relay_side *const client = &connection->client, *const upstream = &connection->upstream;
    if (upstream->eof && relay_buffer_length(&connection->in) == 0 && !client->fin_sent)
        return pass_the_end_on(connection);
    if (client->eof && !upstream->connecting && !upstream->fin_sent &&
        relay_buffer_length(&connection->up) == 0) {
        say_fin(upstream);
        return true;
    }
    if (!client->fin_sent || !upstream->fin_sent) return false;
    relay_connection_kill(connection, false);
    return true;
}

/* Of a client that is read and not heard. */
static bool finish(struct relay_connection *connection)
{
    struct relay_side *const client = &connection->client;
    const int64_t now_us = connection->port->relay->now_us;
    const bool due =
        relay_buffer_length(&connection->out) == 0 && connection->ending_at_us <= now_us;
    if (connection->ending == ENDING_RESET && due && all_is_sent(client->watch.fd)) {
        relay_connection_kill(connection, true);
        return true;
    }
    if (connection->ending == ENDING_FIN && due && !client->fin_sent) {
        say_fin(client);
        return true;
    }
    /* A hung client that closes, or half-closes, sets us free; one that waits for its ending gets
     * it first. */
    if (client->eof && (connection->ending == ENDING_NONE || client->fin_sent)) {
        relay_connection_kill(connection, false);
        return true;
    }
    return false;
}

static bool judge_ends(struct relay_connection *connection)
{
    struct relay_side *const client = &connection->client;
    if (client->broken || client->deaf) { /* nobody is there any more */
        relay_connection_kill(connection, true);
        return true;
    }
    switch (connection->mode) {
    case MODE_SILENT:
        if (!client->eof) return false;
        relay_connection_kill(connection, false);
        return true;
    case MODE_RELAYING:
        if (connection->upstream.watch.fd >= 0) return close_halves(connection);
        if (!client->eof) return false; /* its request is still on the way */
        relay_connection_kill(connection, false);
        return true;
    case MODE_DRAINING:
        return finish(connection);
    case MODE_DEAD:
        break;
    }
    return false;
}

/* ---- events, timers, the pump ---------------------------------------------------------------- */

static void finish_connecting(struct relay_connection *connection)
{
    struct relay_side *const side = &connection->upstream;
    int error = 0;
    socklen_t length = sizeof error;
    (void)getsockopt(side->watch.fd, SOL_SOCKET, SO_ERROR, &error, &length);
    if (error == 0) {
        side->connecting = false;
        return;
    }
    relay_side_close(side, false);
    connection->upstream_index++;
    if (!relay_connect_upstream(connection)) relay_connection_end(connection, ENDING_RESET, 0);
}

void relay_connection_event(struct relay_connection *connection, const struct relay_watch *watch,
                            uint32_t events)
{
    struct relay_side *const side =
        watch->kind == WATCH_CLIENT ? &connection->client : &connection->upstream;
    const bool failed = (events & (EPOLLERR | EPOLLHUP)) != 0;
    if (side->connecting) {
        if ((events & EPOLLOUT) == 0 && !failed) return;
        finish_connecting(connection);
        if (side->connecting || side->watch.fd < 0) return;
    }
    if ((events & (EPOLLIN | EPOLLRDHUP)) != 0 || failed) side->readable = true;
    if ((events & EPOLLOUT) != 0 || failed) side->writable = true;
}

/* A client that closed may only have closed its half, and what the rule holds back is owed to it;
 * but most have given up, and each would keep two descriptors until its reply is due. */
static int64_t patience_us(const struct relay_connection *connection)
{
    const int64_t silent_us =
        connection->rule.silent_us > 0 ? connection->rule.silent_us : RELAY_SILENT_US;
    const bool draining = connection->mode == MODE_DRAINING;
    const bool owed = draining || relay_buffer_length(&connection->out) > 0;
    if (connection->client.eof && owed)
        return silent_us < RELAY_HALF_OPEN_US ? silent_us : RELAY_HALF_OPEN_US;
    if (connection->mode == MODE_SILENT || (draining && connection->client.fin_sent))
        return silent_us;
    return RELAY_IDLE_US;
}

static int64_t idle_at_us(const struct relay_connection *connection)
{
    return connection->last_byte_us + patience_us(connection);
}

static int64_t earlier(int64_t a_us, int64_t b_us)
{
    return a_us < b_us ? a_us : b_us;
}

static int64_t next_due_us(const struct relay_connection *connection)
{
    const int64_t now_us = connection->port->relay->now_us;
    int64_t due_us = idle_at_us(connection);
    const bool waiting = relay_buffer_length(&connection->out) > 0;
    if (waiting && connection->hold_until_us > now_us)
        due_us = earlier(due_us, connection->hold_until_us);
    if (waiting && connection->pace_tick_us > 0 && connection->pace_next_us > now_us)
        due_us = earlier(due_us, connection->pace_next_us);
    if (connection->mode != MODE_DRAINING || connection->client.fin_sent) return due_us;
    if (connection->ending_at_us > now_us) due_us = earlier(due_us, connection->ending_at_us);
    if (connection->ending == ENDING_RESET && !waiting && connection->ending_at_us <= now_us)
        due_us = earlier(due_us, now_us + LOOK_AGAIN_US); /* the kernel still holds some of it */
    return due_us;
}

static bool step(struct relay_connection *connection)
{
    bool moved = read_client(connection);
    if (connection->mode == MODE_DEAD) return true;
    moved |= relay_request_step(connection);
    moved |= write_upstream(connection);
    moved |= read_upstream(connection);
    moved |= relay_reply_step(connection);
    moved |= write_client(connection);
    /* Ends are judged when nothing moves: a reply's fault may strike at the end as well. */
    return moved || judge_ends(connection);
}

/* A hung connection keeps a struct and a descriptor, no more. */
static void give_memory_back(struct relay_connection *connection)
{
    if (connection->mode != MODE_DRAINING || relay_buffer_length(&connection->out) > 0) return;
    free(connection->memory);
    connection->memory = connection->up.bytes = connection->in.bytes = connection->out.bytes = NULL;
}

void relay_connection_pump(struct relay_connection *connection)
{
    struct relay *const relay = connection->port->relay;
    for (int i = 0; i < STEPS_A_PUMP; i++) {
        const bool moved = step(connection);
        if (connection->mode == MODE_DEAD) return;
        if (moved) continue;
        give_memory_back(connection);
        if (idle_at_us(connection) <= relay->now_us)
            relay_connection_kill(connection, false);
        else
            relay_timer_set(relay, connection, next_due_us(connection));
        return;
    }
    relay_ready(relay, connection); /* the others first */
}
