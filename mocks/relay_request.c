#include <assert.h>

#include "mocks/relay_state.h"

void relay_request_begin(struct relay_connection *connection)
{
    relay_message_begin(&connection->request, false, false);
    const bool framing = connection->fault >= RELAY_GARBAGE;
    if (connection->tls && framing) relay_connection_end(connection, ENDING_RESET, 0);
}

/* The head of the first request is here, or its record. True when that is the end of it. */
static bool strike_at_request(struct relay_connection *connection)
{
    const int64_t at_us = connection->port->relay->now_us + connection->rule.delay_us;
    connection->request_seen = true;
    if (connection->fault != RELAY_RESET && connection->fault != RELAY_CLOSE) return false;
    relay_connection_end(connection, connection->fault == RELAY_RESET ? ENDING_RESET : ENDING_FIN,
                         at_us);
    return true;
}

/* The next request is here. True when it is dealt with: one that comes before the reply it follows
 * waits for its turn. */
static bool strike_at_next(struct relay_connection *connection)
{
    assert(connection->fault == RELAY_REUSE_RACE);
    if (!relay_reply_is_over(connection)) return false;
    relay_connection_end(connection, ENDING_RESET,
                         connection->port->relay->now_us + connection->rule.delay_us);
    return true;
}

static bool pass_message(struct relay_connection *connection, const uint8_t *bytes, size_t length)
{
    enum relay_piece piece;
    const size_t taken = relay_message_next(&connection->request, bytes, length, &piece);
    switch (piece) {
    case PIECE_NONE:
        if (length < RELAY_BUFFER_BYTES) return false;
        connection->request.state = MESSAGE_UNTIL_CLOSE; /* no head, or one without measure */
        (void)strike_at_request(connection);
        return true;
    case PIECE_HEAD:
        if (strike_at_request(connection)) return true;
        break;
    case PIECE_BODY:
    case PIECE_CODING:
        break;
    case PIECE_END:
        return strike_at_next(connection);
    }
    connection->cleared += taken;
    return true;
}

static bool pass_records(struct relay_connection *connection, const uint8_t *bytes, size_t length)
{
    bool request;
    const size_t taken = relay_records_pass(&connection->records, bytes, length, &request);
    connection->cleared += taken;
    if (!request) return taken > 0;
    if (!connection->request_seen) {
        if (strike_at_request(connection)) return true;
    } else if (connection->shape.begun) {
        return strike_at_next(connection);
    }
    relay_records_enter(&connection->records, bytes + taken);
    return true;
}

bool relay_request_step(struct relay_connection *connection)
{
    if (connection->mode != MODE_RELAYING) return false;
    const uint8_t *const bytes = connection->up.bytes + connection->up.start + connection->cleared;
    const size_t length = relay_buffer_length(&connection->up) - connection->cleared;
    const bool race = connection->fault == RELAY_REUSE_RACE;
    if (length == 0) return false;
    if (!connection->request_seen || race) {
        if (connection->tls ? pass_records(connection, bytes, length)
                            : pass_message(connection, bytes, length))
            return true;
        /* Half a head and no more to come is passed on, for the upstream to judge. */
        const bool waits_for_reply = race && connection->request.state == MESSAGE_OVER;
        if (!connection->client.eof || waits_for_reply) return false;
    }
    connection->cleared += length;
    return true;
}
