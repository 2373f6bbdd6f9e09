/* providers/redis_protocol.h - commands and replies of Redis (RESP2) as bytes: hiredis' writer and
 * parser, and the only file that knows hiredis.
 *
 * hiredis is optional when routesim is built. Only its formatter and its reader are used: its
 * connections have no deadline for a reply and no cap on one (0.14, Debian 12), and would bring an
 * event loop of their own.
 *
 * Trust: a peer is any program that listens. A reply's text is kept up to `length_max` bytes and
 * called too long beyond; a peer that sends more than that without ending a reply, a list, or
 * something that is no reply has broken the protocol, and no later byte of the connection means
 * anything.
 *
 * Ownership: a parser owns the bytes of the reply it handed out last. Failure: memory.
 */
#ifndef PROVIDERS_REDIS_PROTOCOL_H
#define PROVIDERS_REDIS_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>

#include "router/base/text.h"

/* "0.14.1"; NULL: routesim was built without hiredis, and nothing below can be used. */
const char *redis_protocol_version(void);

struct redis_word {
    const char *bytes;
    size_t length;
};

/* Appends a command of so many words. */
void redis_protocol_write(struct text *text, const struct redis_word *words, unsigned count);

enum redis_kind { REDIS_STATUS, REDIS_STRING, REDIS_NOTHING, REDIS_NUMBER, REDIS_ERROR };

struct redis_reply {
    enum redis_kind kind;
    const char *bytes; /* NUL-terminated; "" for NOTHING and NUMBER */
    size_t length;
    bool too_long; /* `bytes` are a part of it */
};

enum redis_progress { REDIS_REPLIED, REDIS_NEEDS_MORE, REDIS_BROKEN };

struct redis_parser;

struct redis_parser *redis_parser_create(size_t length_max); /* NULL: no memory */
void redis_parser_destroy(struct redis_parser *parser);      /* NULL is fine */

/* False: no memory. */
bool redis_parser_feed(struct redis_parser *parser, const char *bytes, size_t length);

/* Takes the next reply out of what was fed. */
enum redis_progress redis_parser_next(struct redis_parser *parser, struct redis_reply *reply);

#endif
