/* router/base/text.h - a growing buffer of text, and numbers written so that they read back
 * exactly.
 *
 * Every number that routesim writes goes through here: no locale, no lost last bit. Doubles take
 * the fewest digits that strtod() turns back into the same double (17 at most), in JSON's grammar;
 * NaN and infinities become null. Whole numbers, thousandths and all that lies between 1e-4 and
 * 2^52 are written without printf(), because the event log writes millions.
 *
 * Ownership: `struct text` owns its bytes; text_release() frees them. text_take() moves them out.
 * Failure:   growth that fails sets `failed` and drops what follows; look at it once, at the end.
 *            The process must not set LC_NUMERIC: digits are checked with strtod().
 */
#ifndef ROUTER_BASE_TEXT_H
#define ROUTER_BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
    char *bytes; /* NUL-terminated when not NULL */
    size_t length;
    size_t capacity;
    bool failed;
};

void text_reserve(struct text *text, size_t extra);
void text_append(struct text *text, const char *bytes, size_t length);
void text_put(struct text *text, const char *string);
void text_char(struct text *text, char c);
void text_format(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_format_list(struct text *text, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
void text_int(struct text *text, int64_t value);
void text_double(struct text *text, double value); /* shortest exact */
/* 0 to 9 decimals, the exact value rounded half away from zero; never "-0.00". */
void text_fixed(struct text *text, double value, int decimals);
void text_ms(struct text *text, int64_t us);         /* us as ms, three decimals */
void text_grouped(struct text *text, int64_t value); /* 28800 as 28,800 */
/* Bytes that are not UTF-8 become U+FFFD in both; so do controls that XML cannot hold, in HTML. */
void text_json_string(struct text *text, const char *string); /* quoted and escaped */
void text_html(struct text *text, const char *string);        /* & < > " ' escaped; XML too */
void text_csv(struct text *text, const char *string);         /* RFC 4180: quoted if needed */
void text_clear(struct text *text);   /* empties, keeps the memory and what `failed` says */
char *text_take(struct text *text);   /* for free(); NULL after a failure; `text` is empty then */
void text_release(struct text *text); /* NULL is fine */

enum { NUMBER_TEXT_MAX = 32 };
/* Writes the shortest exact form, NUL-terminated; returns its length without the NUL. "-0" keeps
 * its sign, so that every finite double reads back bit for bit. */
size_t number_write(char text[static NUMBER_TEXT_MAX], double value);
size_t number_write_int(char text[static NUMBER_TEXT_MAX], int64_t value);

/* Edit distance with transpositions (Damerau-Levenshtein, optimal string alignment), ASCII case
 * ignored; UINT_MAX for words of more than 96 bytes. */
unsigned text_distance(const char *a, const char *b);

/* Writes `did you mean "x"?` into `hint` for the candidates nearest to `word`: at most 3, nearest
 * first, each within max(1, length / 3) edits or containing the word whole (KROGER, KROGER_API).
 * False and an empty hint when none is near. Candidates end with NULL. */
bool text_suggest(const char *word, const char *const *candidates, char *hint, size_t hint_size);

#endif
