#include "mocks/relay_message.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

/* ---- lines ----------------------------------------------------------------------------------- */

static size_t line_length(const uint8_t *bytes, size_t length) /* with its '\n'; 0: not whole */
{
    const uint8_t *const end = length == 0 ? NULL : memchr(bytes, '\n', length);
    return end == NULL ? 0 : (size_t)(end - bytes) + 1;
}

static bool line_is_blank(const uint8_t *line, size_t length)
{
    return length == 1 || (length == 2 && line[0] == '\r');
}

/* Servers have been seen to end lines with a bare '\n', and clients to read them. */
size_t relay_head_length(const uint8_t *bytes, size_t length)
{
    size_t at = 0;
    for (;;) {
        const size_t line = line_length(bytes + at, length - at);
        if (line == 0) return 0;
        at += line;
        if (line_is_blank(bytes + at - line, line)) return at;
    }
}

static bool line_has_name(const uint8_t *line, size_t length, const char *name)
{
    const size_t size = strlen(name);
    return length > size && line[size] == ':' && strncasecmp((const char *)line, name, size) == 0;
}

static bool frames_the_body(const uint8_t *line, size_t length)
{
    static const char *const names[] = {"Content-Length", "Transfer-Encoding", "Trailer",
                                        "Connection", "Keep-Alive"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (line_has_name(line, length, names[i])) return true;
    }
    return false;
}

size_t relay_head_rewrite(uint8_t *to, const uint8_t *head, size_t length, const char *lines)
{
    size_t written = 0;
    for (size_t at = 0; at < length;) {
        const size_t line = line_length(head + at, length - at);
        assert(line > 0);
        if (line_is_blank(head + at, line)) break;
        if (!frames_the_body(head + at, line)) {
            memcpy(to + written, head + at, line);
            written += line;
        }
        at += line;
    }
    const size_t added = strlen(lines);
    memcpy(to + written, lines, added);
    memcpy(to + written + added, "\r\n", 2);
    return written + added + 2;
}

/* ---- numbers --------------------------------------------------------------------------------- */

static int digit_value(uint8_t c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return 16;
}

/* Digits, perhaps in blanks, up to the line's end or a ';'. */
static bool read_number(const uint8_t *bytes, size_t length, uint64_t base, uint64_t *value)
{
    size_t at = 0;
    while (at < length && (bytes[at] == ' ' || bytes[at] == '\t'))
        at++;
    const size_t from = at;
    uint64_t sum = 0;
    for (; at < length && (uint64_t)digit_value(bytes[at]) < base; at++) {
        if (sum > UINT64_MAX / 32) return false;
        sum = sum * base + (uint64_t)digit_value(bytes[at]);
    }
    if (at == from) return false;
    *value = sum;
    return at == length || (bytes[at] != '\0' && strchr(" \t\r\n;", bytes[at]) != NULL);
}

/* ---- heads ----------------------------------------------------------------------------------- */

static bool mentions(const uint8_t *bytes, size_t length, const char *word)
{
    const size_t size = strlen(word);
    for (size_t at = 0; at + size <= length; at++) {
        if (strncasecmp((const char *)bytes + at, word, size) == 0) return true;
    }
    return false;
}

static void read_start_line(struct relay_message *message, const uint8_t *line, size_t length)
{
    uint64_t status = 0;
    message->status = 0;
    message->asks_head = length > 5 && memcmp(line, "HEAD ", 5) == 0;
    if (message->reply && length > 12 && memcmp(line, "HTTP/", 5) == 0 &&
        read_number(line + 9, 3, 10, &status) && status < 1000)
        message->status = (uint16_t)status;
}

static void read_header(struct relay_message *message, const uint8_t *line, size_t length)
{
    static const char size_name[] = "Content-Length", coding_name[] = "Transfer-Encoding";
    uint64_t value;
    if (line_has_name(line, length, size_name) &&
        read_number(line + sizeof size_name, length - sizeof size_name, 10, &value)) {
        message->has_length = true;
        message->content_length = value;
    }
    if (line_has_name(line, length, coding_name) && mentions(line, length, "chunked"))
        message->chunked = true;
}

static bool has_no_body(const struct relay_message *message)
{
    if (!message->reply) return !message->chunked && !message->has_length;
    if (message->status == 101) return false; /* another protocol follows */
    return message->bodiless || message->status / 100 == 1 || message->status == 204 ||
           message->status == 304;
}

static enum relay_message_state state_after_head(const struct relay_message *message)
{
    if (message->bodiless) return MESSAGE_OVER;
    if (message->chunked) return MESSAGE_SIZE;
    if (!message->has_length) return MESSAGE_UNTIL_CLOSE;
    return message->content_length == 0 ? MESSAGE_OVER : MESSAGE_LENGTH;
}

static size_t take_head(struct relay_message *message, const uint8_t *bytes, size_t length)
{
    const size_t head = relay_head_length(bytes, length);
    size_t at = 0;
    while (at < head) {
        const size_t line = line_length(bytes + at, head - at);
        if (at == 0)
            read_start_line(message, bytes, line);
        else
            read_header(message, bytes + at, line);
        at += line;
    }
    if (head == 0) return 0;
    message->left = message->content_length;
    message->bodiless = has_no_body(message);
    message->state = state_after_head(message);
    return head;
}

/* ---- bodies ---------------------------------------------------------------------------------- */

static size_t take_left(struct relay_message *message, size_t length,
                        enum relay_message_state after)
{
    const size_t taken = message->left < length ? (size_t)message->left : length;
    message->left -= taken;
    if (message->left == 0) message->state = after;
    return taken;
}

static size_t take_size(struct relay_message *message, const uint8_t *bytes, size_t line)
{
    uint64_t size;
    if (!read_number(bytes, line, 16, &size)) {
        message->state = MESSAGE_UNTIL_CLOSE; /* broken before it came to us */
        return line;
    }
    message->left = size;
    message->state = size == 0 ? MESSAGE_TRAILER : MESSAGE_CHUNK;
    return line;
}

/* Lines of framing are short; one that is not is no framing. */
enum { CODING_LINE_MAX = 4096 };

static size_t take_coding(struct relay_message *message, const uint8_t *bytes, size_t length,
                          enum relay_piece *piece)
{
    const size_t line = line_length(bytes, length);
    if (line == 0) {
        if (length > CODING_LINE_MAX) message->state = MESSAGE_UNTIL_CLOSE;
        *piece = PIECE_NONE;
        return 0;
    }
    *piece = PIECE_CODING;
    if (message->state == MESSAGE_SIZE) return take_size(message, bytes, line);
    if (message->state == MESSAGE_CHUNK_END)
        message->state = MESSAGE_SIZE;
    else if (line_is_blank(bytes, line))
        message->state = MESSAGE_OVER;
    return line;
}

void relay_message_begin(struct relay_message *message, bool reply, bool bodiless)
{
    *message = (struct relay_message){.state = MESSAGE_HEAD, .reply = reply, .bodiless = bodiless};
}

size_t relay_message_next(struct relay_message *message, const uint8_t *bytes, size_t length,
                          enum relay_piece *piece)
{
    *piece = PIECE_NONE;
    if (message->state == MESSAGE_OVER) {
        *piece = PIECE_END;
        return 0;
    }
    if (length == 0) return 0;
    size_t taken = 0;
    switch (message->state) {
    case MESSAGE_HEAD:
        taken = take_head(message, bytes, length);
        *piece = taken == 0 ? PIECE_NONE : PIECE_HEAD;
        return taken;
    case MESSAGE_LENGTH:
        *piece = PIECE_BODY;
        return take_left(message, length, MESSAGE_OVER);
    case MESSAGE_CHUNK:
        *piece = PIECE_BODY;
        return take_left(message, length, MESSAGE_CHUNK_END);
    case MESSAGE_SIZE:
    case MESSAGE_CHUNK_END:
    case MESSAGE_TRAILER:
        return take_coding(message, bytes, length, piece);
    case MESSAGE_UNTIL_CLOSE:
        *piece = PIECE_BODY;
        return length;
    case MESSAGE_OVER:
        break;
    }
    return taken;
}

/* ---- TLS records ----------------------------------------------------------------------------- */

enum { RECORD_CHANGE_CIPHER = 20, RECORD_HANDSHAKE = 22, RECORD_DATA = 23 };
enum { RECORD_LOOK = RELAY_RECORD_HEADER + 2, CLIENT_HELLO = 1 };

/* After a HelloRetryRequest the second ClientHello follows a change of cipher too, in plain bytes:
 * its type, and a length below 64 KiB. */
static bool ends_handshake(const struct relay_records *records, const uint8_t *bytes)
{
    if (bytes[0] != RECORD_HANDSHAKE) return bytes[0] == RECORD_DATA;
    const bool hello =
        bytes[RELAY_RECORD_HEADER] == CLIENT_HELLO && bytes[RELAY_RECORD_HEADER + 1] == 0;
    return records->cipher_changed && !hello;
}

static void enter(struct relay_records *records, const uint8_t *bytes)
{
    records->left = RELAY_RECORD_HEADER + ((uint32_t)bytes[3] << 8 | bytes[4]);
    if (bytes[0] == RECORD_CHANGE_CIPHER) records->cipher_changed = true;
    if (ends_handshake(records, bytes)) records->handshake_over = true;
}

size_t relay_records_pass(struct relay_records *records, const uint8_t *bytes, size_t length,
                          bool *request)
{
    size_t at = 0;
    *request = false;
    for (;;) {
        const size_t taken = records->left < length - at ? records->left : length - at;
        records->left -= (uint32_t)taken;
        at += taken;
        const size_t rest = length - at;
        if (rest < RELAY_RECORD_HEADER) return at;
        if (bytes[at] == RECORD_HANDSHAKE && rest < RECORD_LOOK) return at;
        if (bytes[at] == RECORD_DATA && records->handshake_over) {
            *request = true;
            return at;
        }
        enter(records, bytes + at);
    }
}

void relay_records_enter(struct relay_records *records, const uint8_t *bytes)
{
    assert(records->left == 0);
    assert(bytes[0] == RECORD_DATA);
    enter(records, bytes);
}
