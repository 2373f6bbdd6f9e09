/* mocks/relay_message.h - where HTTP/1 messages and TLS records begin and end, in bytes that come
 * in whatever pieces the network makes of them. Private to the relay.
 *
 * A message is taken piece by piece: its head whole, then stretches of body, and between those what
 * only serves framing (sizes of chunks, their line ends, trailers). The struct is a plain value, so
 * a copy looks ahead without consequences.
 *
 * What is not HTTP is body without end: the relay carries it and breaks nothing but the rule's own
 * fault. Nothing here reads past `length`, and numbers that overflow are no numbers.
 */
#ifndef MOCKS_RELAY_MESSAGE_H
#define MOCKS_RELAY_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum relay_piece {
    PIECE_NONE,   /* more bytes are needed to tell */
    PIECE_HEAD,   /* the start line and headers, with the blank line */
    PIECE_BODY,   /* payload */
    PIECE_CODING, /* sizes of chunks, their line ends, trailers */
    PIECE_END,    /* the message is over; of zero bytes, and again until relay_message_begin() */
};

enum relay_message_state {
    MESSAGE_HEAD,
    MESSAGE_LENGTH, /* `left` bytes of body */
    MESSAGE_SIZE,   /* a chunk's size */
    MESSAGE_CHUNK,  /* `left` bytes of a chunk */
    MESSAGE_CHUNK_END,
    MESSAGE_TRAILER,
    MESSAGE_UNTIL_CLOSE,
    MESSAGE_OVER,
};

struct relay_message {
    enum relay_message_state state;
    bool reply;
    bool bodiless; /* before the head: the request was a HEAD; after it: there is no body at all */
    uint64_t left;
    /* of the head, once it was a piece */
    uint16_t status; /* of a reply */
    bool asks_head;  /* of a request: its method is HEAD */
    bool chunked;
    bool has_length;
    uint64_t content_length;
};

void relay_message_begin(struct relay_message *message, bool reply, bool bodiless);

/* The next piece and how many bytes it has; an interim reply (1xx) is a message of its own. */
size_t relay_message_next(struct relay_message *message, const uint8_t *bytes, size_t length,
                          enum relay_piece *piece);

/* Whether the head that was taken is one of a reply that only precedes the real one (1xx). */
static inline bool relay_message_is_interim(const struct relay_message *message)
{
    return message->reply && message->status / 100 == 1 && message->status != 101;
}

/* The bytes of a head up to and with its blank line; 0 when that is not there yet. */
size_t relay_head_length(const uint8_t *bytes, size_t length);

/* Writes `head` (of relay_head_length() bytes) without the headers that say how long the body is
 * and what becomes of the connection, then `lines` ("Name: value\r\n" each) and the blank line.
 * Needs room for both; returns the bytes written. */
size_t relay_head_rewrite(uint8_t *to, const uint8_t *head, size_t length, const char *lines);

struct relay_records { /* TLS records of one direction */
    uint32_t left;     /* bytes of the current record still to come */
    bool cipher_changed;
    bool handshake_over;
};

enum { RELAY_RECORD_HEADER = 5 };

/* Passes the client's records; returns how many bytes lie before the next record of application
 * data after the handshake (`request` is set when that one begins there). TLS 1.2 says with a
 * handshake record after the change of cipher that it is through; TLS 1.3 hides its Finished in the
 * first record of application data. */
size_t relay_records_pass(struct relay_records *records, const uint8_t *bytes, size_t length,
                          bool *request);

/* Passes into the record that relay_records_pass() stopped at. */
void relay_records_enter(struct relay_records *records, const uint8_t *bytes);

#endif
