#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mocks/relay_state.h"

enum {
    FLOOD_BYTES = 256 * 1024,
    FLOOD_BYTES_MIN = 32,
    FLOOD_LINE = 1024,
    EXCESS_BYTES = 5,
    ADDED_LINES_MAX = 128,
    CHUNK_OVERHEAD_MAX = 64, /* a size, two line ends, and the size that is none */
    CHUNK_BYTES_MAX = 4096,
};
static_assert(2 * (CHUNK_BYTES_MAX + CHUNK_OVERHEAD_MAX) <= RELAY_BUFFER_BYTES, "chunks fit");
static_assert(RELAY_HEAD_MAX + ADDED_LINES_MAX + 2 <= RELAY_BUFFER_BYTES, "a rewritten head fits");

static int64_t now_us(const struct relay_connection *connection)
{
    return connection->port->relay->now_us;
}

static const uint8_t *in_bytes(const struct relay_connection *connection)
{
    return connection->in.bytes + connection->in.start;
}

static size_t smaller(size_t a, uint64_t b)
{
    return a < b ? a : (size_t)b;
}

/* ---- bytes as they are ----------------------------------------------------------------------- */

static size_t move(struct relay_connection *connection, uint64_t limit)
{
    const size_t length = smaller(relay_buffer_length(&connection->in), limit);
    const size_t moved = smaller(length, relay_buffer_room(&connection->out));
    if (moved == 0) return 0;
    relay_buffer_put(&connection->out, in_bytes(connection), moved);
    relay_buffer_take(&connection->in, moved);
    return moved;
}

static bool move_until_cut(struct relay_connection *connection)
{
    const size_t moved = move(connection, connection->shape.cut);
    connection->shape.cut -= moved;
    return moved > 0;
}

/* ---- the reply begins ------------------------------------------------------------------------ */

static bool delays_the_reply(enum relay_fault fault)
{
    switch (fault) {
    case RELAY_PASS:
    case RELAY_STALL:
    case RELAY_DRIP:
    case RELAY_BANDWIDTH:
    case RELAY_GARBAGE:
    case RELAY_BAD_CHUNK:
    case RELAY_NO_LAST_CHUNK:
    case RELAY_SHORT_BODY:
    case RELAY_TWO_LENGTHS:
    case RELAY_HEADER_FLOOD:
        return true;
    case RELAY_REFUSE:
    case RELAY_BLACKHOLE:
    case RELAY_TLS_ALERT:
    case RELAY_TLS_PLAINTEXT:
    case RELAY_TLS_CLOSE:
    case RELAY_HANG:
    case RELAY_RESET:
    case RELAY_RESET_AFTER_HEADERS:
    case RELAY_RESET_IN_BODY:
    case RELAY_CLOSE:
    case RELAY_HALF_CLOSE:
    case RELAY_SLOW_CLOSE:
    case RELAY_REUSE_RACE:
    case RELAY_FAULT_COUNT:
        break;
    }
    return false;
}

/* In front of TLS headers and body cannot be told apart: at least one byte of reply gets through.
 */
static uint64_t first_cut(const struct relay_connection *connection)
{
    const uint64_t bytes = connection->rule.bytes;
    if (connection->fault == RELAY_STALL) return bytes;
    if (connection->fault == RELAY_RESET_AFTER_HEADERS || bytes == 0) return 1;
    return bytes;
}

static void begin(struct relay_connection *connection)
{
    struct relay_shape *const shape = &connection->shape;
    shape->begun = true;
    shape->cut = first_cut(connection);
    relay_message_begin(&shape->message, true, connection->request.asks_head);
    if (delays_the_reply(connection->fault) && connection->rule.delay_us > 0)
        connection->hold_until_us = now_us(connection) + connection->rule.delay_us;
}

/* ---- the fault strikes ----------------------------------------------------------------------- */

static void strike(struct relay_connection *connection)
{
    static const char no_size[] = "zz\r\nno chunk\r\n";
    const int64_t delayed_us = now_us(connection) + connection->rule.delay_us;
    switch (connection->fault) {
    case RELAY_RESET_AFTER_HEADERS:
    case RELAY_RESET_IN_BODY:
        relay_connection_end(connection, ENDING_RESET, delayed_us);
        return;
    case RELAY_HALF_CLOSE:
    case RELAY_SLOW_CLOSE:
        relay_connection_end(connection, ENDING_FIN, delayed_us);
        return;
    case RELAY_STALL:
        relay_connection_end(connection, ENDING_NONE, 0);
        return;
    case RELAY_BAD_CHUNK:
        if (!connection->shape.message.bodiless)
            relay_buffer_put(&connection->out, no_size, sizeof no_size - 1);
        relay_connection_end(connection, ENDING_FIN, 0);
        return;
    case RELAY_NO_LAST_CHUNK:
    case RELAY_SHORT_BODY:
    case RELAY_TWO_LENGTHS:
        relay_connection_end(connection, ENDING_FIN, 0);
        return;
    case RELAY_PASS:
    case RELAY_REFUSE:
    case RELAY_BLACKHOLE:
    case RELAY_TLS_ALERT:
    case RELAY_TLS_PLAINTEXT:
    case RELAY_TLS_CLOSE:
    case RELAY_HANG:
    case RELAY_RESET:
    case RELAY_CLOSE:
    case RELAY_DRIP:
    case RELAY_BANDWIDTH:
    case RELAY_REUSE_RACE:
    case RELAY_GARBAGE:
    case RELAY_HEADER_FLOOD:
    case RELAY_FAULT_COUNT:
        break;
    }
    assert(false);
}

/* No head where one has to be: what is not HTTP, and what ended too early, is moved as it is; a
 * head that is too long to be rewritten resets the connection. */
static bool do_without_head(struct relay_connection *connection)
{
    const bool full = relay_buffer_length(&connection->in) == RELAY_BUFFER_BYTES;
    if (full && connection->fault >= RELAY_SLOW_CLOSE && connection->fault != RELAY_REUSE_RACE)
        relay_connection_end(connection, ENDING_RESET, 0);
    else if (full || connection->upstream.eof)
        connection->shape.plain = true;
    else
        return false;
    return true;
}

/* ---- replies that are cut, and otherwise as they were ---------------------------------------- */

static bool in_body(const struct relay_message *message)
{
    return message->state == MESSAGE_LENGTH || message->state == MESSAGE_CHUNK ||
           message->state == MESSAGE_UNTIL_CLOSE;
}

static bool length_is_known(const struct relay_message *message)
{
    return message->has_length && !message->chunked;
}

static uint64_t cut_of_body(const struct relay_connection *connection)
{
    const struct relay_message *const message = &connection->shape.message;
    if (connection->fault == RELAY_RESET_AFTER_HEADERS) return 0;
    if (connection->fault == RELAY_REUSE_RACE) return UINT64_MAX;
    if (connection->rule.bytes > 0) return connection->rule.bytes;
    return length_is_known(message) ? message->content_length / 2 : 1;
}

static bool copy_head(struct relay_connection *connection)
{
    struct relay_shape *const shape = &connection->shape;
    struct relay_message ahead = shape->message;
    enum relay_piece piece;
    const size_t taken = relay_message_next(&ahead, in_bytes(connection),
                                            relay_buffer_length(&connection->in), &piece);
    if (piece != PIECE_HEAD) return do_without_head(connection);
    if (relay_buffer_room(&connection->out) < taken) return false;
    (void)move(connection, taken);
    shape->message = ahead;
    if (relay_message_is_interim(&ahead))
        relay_message_begin(&shape->message, true, connection->request.asks_head);
    else
        shape->cut = cut_of_body(connection);
    return true;
}

static bool copy_piece(struct relay_connection *connection)
{
    struct relay_shape *const shape = &connection->shape;
    const bool body = in_body(&shape->message);
    size_t length =
        smaller(relay_buffer_length(&connection->in), relay_buffer_room(&connection->out));
    if (body) length = smaller(length, shape->cut);
    enum relay_piece piece;
    const size_t taken = relay_message_next(&shape->message, in_bytes(connection), length, &piece);
    (void)move(connection, taken);
    if (body) shape->cut -= taken;
    return taken > 0;
}

static bool cut(struct relay_connection *connection)
{
    struct relay_shape *const shape = &connection->shape;
    const bool ended = connection->upstream.eof && relay_buffer_length(&connection->in) == 0;
    if (shape->message.state == MESSAGE_HEAD && !ended) return copy_head(connection);
    if (shape->cut > 0 && shape->message.state != MESSAGE_OVER && !ended)
        return copy_piece(connection);
    strike(connection);
    return true;
}

static bool cut_tls(struct relay_connection *connection)
{
    const bool ended = connection->upstream.eof && relay_buffer_length(&connection->in) == 0;
    if (connection->shape.cut > 0 && !ended) return move_until_cut(connection);
    strike(connection);
    return true;
}

/* Watches for the reply's end; what comes after it is moved as well. */
static bool watch(struct relay_connection *connection)
{
    if (connection->tls || connection->shape.message.state == MESSAGE_OVER)
        return move(connection, UINT64_MAX) > 0;
    return connection->shape.message.state == MESSAGE_HEAD ? copy_head(connection)
                                                           : copy_piece(connection);
}

bool relay_reply_is_over(const struct relay_connection *connection)
{
    const struct relay_shape *const shape = &connection->shape;
    if (connection->tls || shape->plain) return shape->begun;
    return shape->message.state == MESSAGE_OVER && relay_buffer_length(&connection->in) == 0 &&
           relay_buffer_length(&connection->out) == 0;
}

/* ---- replies that are framed anew ------------------------------------------------------------ */

/* What the body's length is, or is to pass for: of a reply in chunks that of the first. False when
 * that is not here yet. */
static bool find_length(const struct relay_connection *connection,
                        const struct relay_message *after_head, size_t head, uint64_t *length,
                        bool *known)
{
    struct relay_message ahead = *after_head;
    *known = length_is_known(after_head);
    *length = after_head->content_length;
    const bool states_it =
        connection->fault == RELAY_SHORT_BODY || connection->fault == RELAY_TWO_LENGTHS;
    if (!after_head->chunked || !states_it) return true;
    enum relay_piece piece;
    (void)relay_message_next(&ahead, in_bytes(connection) + head,
                             relay_buffer_length(&connection->in) - head, &piece);
    *known = ahead.state == MESSAGE_CHUNK || ahead.state == MESSAGE_TRAILER;
    *length = ahead.left;
    return piece != PIECE_NONE || connection->upstream.eof;
}

/* Sets how much of the body is to go, and writes the headers that take the old ones' place. */
static void plan(struct relay_connection *connection, uint64_t length, bool known,
                 char lines[static ADDED_LINES_MAX])
{
    struct relay_shape *const shape = &connection->shape;
    const uint64_t bytes = connection->rule.bytes;
    uint64_t stated;
    shape->cut = UINT64_MAX;
    if (connection->fault == RELAY_SLOW_CLOSE) {
        (void)snprintf(lines, ADDED_LINES_MAX, "Connection: close\r\n");
    } else if (connection->fault == RELAY_SHORT_BODY) {
        const uint64_t wanted = bytes > 0 ? bytes : known ? length / 2 : 1;
        stated = known && length > 0 ? length : wanted + 1;
        shape->cut = wanted < stated ? wanted : stated - 1;
        (void)snprintf(lines, ADDED_LINES_MAX, "Content-Length: %" PRIu64 "\r\n", stated);
    } else if (connection->fault == RELAY_TWO_LENGTHS) {
        shape->cut = stated = known ? length : 1;
        (void)snprintf(lines, ADDED_LINES_MAX,
                       "Content-Length: %" PRIu64 "\r\nContent-Length: %" PRIu64 "\r\n", stated,
                       stated + (bytes > 0 ? bytes : EXCESS_BYTES));
    } else {
        (void)snprintf(lines, ADDED_LINES_MAX, "Transfer-Encoding: chunked\r\n");
        if (connection->fault == RELAY_BAD_CHUNK)
            shape->cut = bytes > 0 ? bytes : known ? length / 2 : 1;
    }
}

static bool rewrite_head(struct relay_connection *connection)
{
    struct relay_shape *const shape = &connection->shape;
    struct relay_buffer *const in = &connection->in, *const out = &connection->out;
    struct relay_message ahead = shape->message;
    enum relay_piece piece;
    const size_t taken =
        relay_message_next(&ahead, in_bytes(connection), relay_buffer_length(in), &piece);
    if (piece != PIECE_HEAD) return do_without_head(connection);
    /* Nothing can be wrong with how a body is framed where there is none. */
    if (relay_message_is_interim(&ahead) || ahead.bodiless) return copy_head(connection);
    if (taken > RELAY_HEAD_MAX) {
        relay_connection_end(connection, ENDING_RESET, 0);
        return true;
    }
    uint64_t length;
    bool known;
    if (!find_length(connection, &ahead, taken, &length, &known))
        return do_without_head(connection);
    if (relay_buffer_room(out) < taken + ADDED_LINES_MAX + 2) return false;
    char lines[ADDED_LINES_MAX];
    plan(connection, length, known, lines);
    out->end += relay_head_rewrite(out->bytes + out->end, in_bytes(connection), taken, lines);
    relay_buffer_take(in, taken);
    shape->message = ahead;
    return true;
}

static bool makes_chunks(const struct relay_connection *connection)
{
    return connection->fault == RELAY_BAD_CHUNK || connection->fault == RELAY_NO_LAST_CHUNK;
}

/* How many bytes of body have to be here, and to have room, before any is moved. A chunk is written
 * whole: where it ends may not depend on the pieces in which the network brought it. */
static size_t least_of_body(const struct relay_connection *connection)
{
    const struct relay_shape *const shape = &connection->shape;
    if (!makes_chunks(connection)) return 1;
    const size_t wanted = smaller(CHUNK_BYTES_MAX, shape->cut);
    const bool endless = shape->message.state == MESSAGE_UNTIL_CLOSE;
    return endless ? wanted : smaller(wanted, shape->message.left);
}

static void put_body(struct relay_connection *connection, size_t length)
{
    const bool chunked = makes_chunks(connection);
    char size[24];
    const int size_length = snprintf(size, sizeof size, "%zx\r\n", length);
    if (chunked) relay_buffer_put(&connection->out, size, (size_t)size_length);
    relay_buffer_put(&connection->out, in_bytes(connection), length);
    if (chunked) relay_buffer_put(&connection->out, "\r\n", 2);
}

static bool reframe_piece(struct relay_connection *connection)
{
    struct relay_shape *const shape = &connection->shape;
    const size_t room = relay_buffer_room(&connection->out) - CHUNK_OVERHEAD_MAX;
    size_t length = relay_buffer_length(&connection->in);
    if (in_body(&shape->message)) {
        const size_t most = makes_chunks(connection) ? least_of_body(connection) : room;
        length = smaller(smaller(length, most), shape->cut);
    }
    enum relay_piece piece;
    const size_t taken = relay_message_next(&shape->message, in_bytes(connection), length, &piece);
    if (taken == 0) return false;
    if (piece == PIECE_BODY) {
        put_body(connection, taken);
        shape->cut -= taken;
    }
    relay_buffer_take(&connection->in, taken);
    return true;
}

/* False while the next stretch of body is not all here, or would not fit. */
static bool can_reframe(struct relay_connection *connection)
{
    const bool body = in_body(&connection->shape.message);
    const size_t least = body ? least_of_body(connection) : 1;
    if (relay_buffer_room(&connection->out) < least + CHUNK_OVERHEAD_MAX) return false;
    return relay_buffer_length(&connection->in) >= least || connection->upstream.eof;
}

static bool reframe(struct relay_connection *connection)
{
    struct relay_shape *const shape = &connection->shape;
    const bool over = shape->message.state == MESSAGE_OVER ||
                      (shape->message.state != MESSAGE_HEAD && !shape->cut);
    const size_t length = relay_buffer_length(&connection->in);
    if (shape->message.state == MESSAGE_HEAD && length > 0) return rewrite_head(connection);
    if (!over && !can_reframe(connection)) return false;
    if (relay_buffer_room(&connection->out) <= CHUNK_OVERHEAD_MAX) return false;
    if (!over && length > 0 && reframe_piece(connection)) return true;
    if (!over && !connection->upstream.eof) return false;
    if (shape->message.state == MESSAGE_HEAD) return false; /* nothing came: its end is passed on */
    strike(connection);
    return true;
}

/* ---- what stands before or among the headers ------------------------------------------------- */

static bool put_garbage(struct relay_connection *connection)
{
    static const char garbage[] = "\x7f\x01garbage, and no status line\r\n\r\n";
    if (relay_buffer_room(&connection->out) < sizeof garbage) return false;
    relay_buffer_put(&connection->out, garbage, sizeof garbage - 1);
    connection->shape.plain = true;
    return true;
}

static uint8_t flood_byte(uint64_t column, uint64_t width)
{
    static const char name[] = "X-Flood: ";
    if (column < sizeof name - 1) return (uint8_t)name[column];
    if (column + 2 == width) return '\r';
    return column + 1 == width ? '\n' : 'x';
}

static uint64_t flood_total(const struct relay_connection *connection)
{
    const uint64_t bytes = connection->rule.bytes > 0 ? connection->rule.bytes : FLOOD_BYTES;
    return bytes < FLOOD_BYTES_MIN ? FLOOD_BYTES_MIN : bytes;
}

/* One half in lines of 1 KiB, the other half in one line: some clients bound the one, some the
 * other. */
static bool flood(struct relay_connection *connection)
{
    struct relay_shape *const shape = &connection->shape;
    struct relay_buffer *const out = &connection->out;
    const uint64_t total = flood_total(connection);
    const uint64_t half = total / 2 / FLOOD_LINE * FLOOD_LINE;
    size_t room = smaller(relay_buffer_room(out), shape->flood_left);
    if (room == 0) return false;
    for (; room > 0; room--, shape->flood_left--) {
        const uint64_t at = total - shape->flood_left;
        out->bytes[out->end++] = at < half ? flood_byte(at % FLOOD_LINE, FLOOD_LINE)
                                           : flood_byte(at - half, total - half);
    }
    shape->plain = shape->flood_left == 0;
    return true;
}

static bool begin_flood(struct relay_connection *connection)
{
    struct relay_shape *const shape = &connection->shape;
    struct relay_message ahead = shape->message;
    const uint8_t *const bytes = in_bytes(connection);
    enum relay_piece piece;
    (void)relay_message_next(&ahead, bytes, relay_buffer_length(&connection->in), &piece);
    if (piece != PIECE_HEAD) return do_without_head(connection);
    if (relay_message_is_interim(&ahead)) return copy_head(connection);
    const uint8_t *const end = memchr(bytes, '\n', relay_buffer_length(&connection->in));
    assert(end != NULL);
    const size_t line = (size_t)(end - bytes) + 1;
    if (relay_buffer_room(&connection->out) < line) return false;
    (void)move(connection, line);
    shape->flood_left = flood_total(connection);
    shape->flooding = true;
    return true;
}

/* ---- one step -------------------------------------------------------------------------------- */

static bool shape_reply(struct relay_connection *connection)
{
    const bool something = relay_buffer_length(&connection->in) > 0;
    switch (connection->fault) {
    case RELAY_STALL:
    case RELAY_RESET_AFTER_HEADERS:
    case RELAY_RESET_IN_BODY:
    case RELAY_HALF_CLOSE:
        return connection->tls || connection->fault == RELAY_STALL ? cut_tls(connection)
                                                                   : cut(connection);
    case RELAY_REUSE_RACE:
        return something && watch(connection);
    case RELAY_SLOW_CLOSE:
        if (connection->tls) return move(connection, UINT64_MAX) > 0;
        return reframe(connection);
    case RELAY_BAD_CHUNK:
    case RELAY_NO_LAST_CHUNK:
    case RELAY_SHORT_BODY:
    case RELAY_TWO_LENGTHS:
        return reframe(connection);
    case RELAY_GARBAGE:
        return something && put_garbage(connection);
    case RELAY_HEADER_FLOOD:
        if (connection->shape.flooding) return flood(connection);
        return something && begin_flood(connection);
    case RELAY_PASS:
    case RELAY_DRIP:
    case RELAY_BANDWIDTH:
    case RELAY_RESET: /* these two end with the request; of TLS they pass the handshake */
    case RELAY_CLOSE:
        return move(connection, UINT64_MAX) > 0;
    case RELAY_REFUSE:
    case RELAY_BLACKHOLE:
    case RELAY_TLS_ALERT:
    case RELAY_TLS_PLAINTEXT:
    case RELAY_TLS_CLOSE:
    case RELAY_HANG:
    case RELAY_FAULT_COUNT:
        break;
    }
    assert(false);
    return false;
}

bool relay_reply_step(struct relay_connection *connection)
{
    if (connection->mode != MODE_RELAYING) return false;
    if (!connection->request_seen || connection->shape.plain)
        return move(connection, UINT64_MAX) > 0;
    if (!connection->shape.begun) {
        if (relay_buffer_length(&connection->in) == 0) return false;
        begin(connection);
    }
    return shape_reply(connection);
}
