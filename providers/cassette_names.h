/* providers/cassette_names.h - what the name of a value says about it, and what the value itself.
 *
 * Names are compared without case and separators: access_token, accessToken, Access-Token and
 * WM_SEC.ACCESS_TOKEN are read by their letters and digits. "token_type", "expires_in" and
 * Walmart's "customerRating" say nothing; nor does "key", which Instacart's errors call a field's
 * name by.
 *
 * Nothing is allocated, nothing fails.
 */
#ifndef PROVIDERS_CASSETTE_NAMES_H
#define PROVIDERS_CASSETTE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

enum name_class {
    NAME_PLAIN,
    NAME_SECRET,   /* hidden; no part of what a request is */
    NAME_TOKEN,    /* the same; in a response it gets a placeholder of its own */
    NAME_CUSTOMER, /* hidden */
    NAME_VARIES,   /* kept; no part of what a request is: a time, a number of this very call */
};

/* `response`: only names that cannot be a shop's or a product's speak of the customer. */
enum name_class name_classify(const char *name, size_t length, bool response);

/* Whether a header of this name holds a credential. */
bool name_is_credential_header(const char *name, size_t length);

/* Whether a text looks drawn rather than written: it holds a digit, or a capital behind a small
 * letter, or is long for a word. Words in an error's text do not. */
bool value_looks_random(const char *value, size_t length);

#endif
