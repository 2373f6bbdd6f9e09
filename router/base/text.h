/* router/base/text.h - a growing buffer of text, and numbers written so that they read back exactly.
 *
 * Every number that routesim writes goes through here: no locale, no lost last bit. Doubles take the
 * fewest digits that strtod() turns back into the same double (17 at most), in JSON's grammar; NaN and
 * infinities become null. Integers take a fast path of their own, because the event log writes
 * millions.
 *
 * Ownership: `struct text` owns its bytes; text_release() frees them. text_take() moves them out.
 * Failure:   growth that fails sets `failed` and drops what follows; look at it once, at the end.
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
void text_format_list(struct text *text, const char *format, va_list arguments);
void text_int(struct text *text, int64_t value);
void text_double(struct text *text, double value);                     /* shortest exact */
void text_fixed(struct text *text, double value, int decimals);        /* 0..9, half away from zero */
void text_ms(struct text *text, int64_t us);                           /* us as ms, three decimals */
void text_json_string(struct text *text, const char *string);          /* quoted and escaped */
void text_html(struct text *text, const char *string);                 /* & < > " ' escaped */
void text_csv(struct text *text, const char *string);                  /* RFC 4180: quoted if needed */
void text_grouped(struct text *text, int64_t value);                   /* 28800 as 28,800 */
void text_clear(struct text *text);
char *text_take(struct text *text);
void text_release(struct text *text);

enum { NUMBER_TEXT_MAX = 32 };
/* Writes the shortest exact form without a NUL in the count; returns its length. */
size_t number_write(char text[static NUMBER_TEXT_MAX], double value);
size_t number_write_int(char text[static NUMBER_TEXT_MAX], int64_t value);

/* Edit distance with transpositions (Damerau-Levenshtein, optimal string alignment), case ignored. */
unsigned text_distance(const char *a, const char *b);

/* Writes `did you mean "x"?` into `hint` for the candidates nearest to `word` (at most 3, each within
 * max(1, length / 3)); false and an empty hint when none is near. Candidates end with NULL. */
bool text_suggest(const char *word, const char *const *candidates, char *hint, size_t hint_size);

#endif
