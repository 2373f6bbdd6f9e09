/* providers/cassette_base64.h - base64 (RFC 4648 section 4) of bodies and credentials.
 *
 * Failure: `to->failed` when memory is out; decoding says false for anything but the canonical
 * text: padded, no spaces, the unused bits zero. `to` then holds a part.
 */
#ifndef PROVIDERS_CASSETTE_BASE64_H
#define PROVIDERS_CASSETTE_BASE64_H

#include "router/base/text.h"

void cassette_base64_encode(struct text *to, const char *bytes, size_t length);
bool cassette_base64_decode(struct text *to, const char *text, size_t length);

/* A character's six bits in either alphabet ("+/" or "-_"); -1 for any other. */
int cassette_base64_bits(char c);

#endif
