/* mocks/journal_scrub.h - takes secrets out of what is shown of a request or an answer.
 *
 * A value is replaced by "[hidden]" when its name is a secret's, and when it gives itself away. It
 * errs on the side of hiding: what cannot be read for sure is hidden whole.
 *
 * Names, whatever their case and their separators (access_token, accessToken, Access-Token, and
 * percent-encoded or \u-escaped forms of them): all that contain one of the words in
 * journal_scrub.c ("secret", "token", "password", "apikey", "authorization", "signature", ...); all
 * whose last word is "key", "auth" or the like; all that begin with "WM_SEC"; of headers, cookies
 * too. "monkey" and "author" are no secrets, and "Turkey" in a cart is none either.
 *
 * Values that give themselves away: those that begin with "Basic ", "Bearer ", "keys."
 * (Instacart's) or a PEM text's first line, and those in which a secret's name stands before "=" or
 * ":", through up to three rounds of percent-encoding: a URL or a JSON text that lies within a
 * value.
 *
 * What this cannot know: a secret under an innocent name that looks like any other word.
 *
 * Pure functions of their arguments. Ownership: `out` is the caller's. Failure: `out->failed`.
 */
#ifndef MOCKS_JOURNAL_SCRUB_H
#define MOCKS_JOURNAL_SCRUB_H

#include "router/base/text.h"

#define SCRUB_HIDDEN "[hidden]"

enum scrub_form {
    SCRUB_FORM,    /* a query or a form body: "name=value&name=value", percent-encoded or not */
    SCRUB_HEADERS, /* "Name: value" lines, LF or CR LF, written with LF; a folded one is hidden */
    SCRUB_JSON, /* written anew without spaces; what foreign_json_parse() refuses is "[hidden]" */
};

/* Appends `text` to `out` without its secrets. */
void journal_scrub(enum scrub_form form, const char *text, size_t length, struct text *out);

/* Whether the value of this name is to be hidden, of a header or of anything else. */
bool scrub_header_is_secret(const char *name, size_t length);
bool scrub_name_is_secret(const char *name, size_t length);

/* Whether a value gives itself away as a secret, or as holding one. */
bool scrub_value_tells(const char *value, size_t length);

#endif
