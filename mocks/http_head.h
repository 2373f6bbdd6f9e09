/* mocks/http_head.h - heads of requests that a server must not take at their word.
 *
 * libmicrohttpd reads what it can: of two lengths it takes the first, a coding that it does not
 * know it reads until the connection ends, and a path it hands over as far as the first NUL. Two
 * programs that read such a head in two ways can be played off against each other (request
 * smuggling, RFC 9112 section 11.2), so a server of ours answers it with a status of 4xx or 501,
 * looks at nothing behind it, and closes the connection.
 *
 * What the library decides by itself stays as it is: lines may end in LF alone, and a NUL that
 * stands there as a byte, not encoded, ends the text that it is in. It refuses lengths that are no
 * numbers, chunks that are none, and heads that are longer than its memory.
 */
#ifndef MOCKS_HTTP_HEAD_H
#define MOCKS_HTTP_HEAD_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

/* For MHD_OPTION_URI_LOG_CALLBACK: sees a target before it is decoded. What it returns stands where
 * the handler keeps its request; http_head_is_mark() tells it from one. A request may end with the
 * mark in place, when nobody was asked about it. */
void *http_head_look_at_target(void *context, const char *target,
                               struct MHD_Connection *connection);
bool http_head_is_mark(const void *kept);

/* The status with which the head is refused, 0: none; `kept` is what look_at_target() left. To be
 * asked before the body is read. */
uint16_t http_head_refusal(struct MHD_Connection *connection, const char *version,
                           const void *kept);

#endif
