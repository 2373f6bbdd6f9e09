/* router/base/utf8.h - reads UTF-8 strictly: what is not valid is never taken for a character.
 *
 * Overlong forms, surrogates and values above U+10FFFF are invalid. Bytes that are not UTF-8 count
 * as one character each, so that columns and carets still have a meaning in a broken file.
 *
 * Nothing is allocated and nothing fails.
 */
#ifndef ROUTER_BASE_UTF8_H
#define ROUTER_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The length (1 to 4) of the character at `bytes`, of which `left` may be read, and its code; 0 and
 * an untouched code when no valid character starts there. */
unsigned utf8_read(const char *bytes, size_t left, uint32_t *code);

/* Whether a character may be shown as it is: no control, which could drive a terminal, and no mark
 * that turns the direction of writing, which could show a line that is not the one in the file. */
bool utf8_is_visible(uint32_t code);

/* Characters in `length` bytes. */
size_t utf8_count(const char *bytes, size_t length);

/* The length without a character that was cut off at the end: at most three bytes shorter. */
size_t utf8_whole(const char *bytes, size_t length);

#endif
