/* providers/cassette_key.h - what makes two requests the same.
 *
 * The key of a request is a text: provider, method, path, query, content type and body in one
 * normal form. Percent-encoding is made uniform; pairs are sorted; JSON loses its spaces and has
 * its members sorted, numbers stay as they are written; a body that is neither counts byte for
 * byte. Names that say who asks or when are left out, customers' values are hidden. So the key of a
 * request and that of the same request as a cassette keeps it are equal.
 *
 * Pure. Failure: `key->failed` when memory is out.
 */
#ifndef PROVIDERS_CASSETTE_KEY_H
#define PROVIDERS_CASSETTE_KEY_H

#include "router/base/text.h"
#include "router/provider.h"

struct key_request {
    enum provider provider;
    const char *method;
    const char *target;
    size_t target_length;
    const char *content_type; /* NULL: there is no body */
    const char *body;
    size_t body_length;
};

/* Appends the key. */
void cassette_key(const struct key_request *request, struct text *key);

/* Whether a content type is that of a form. */
bool cassette_is_form(const char *content_type);

/* Appends JSON in its normal form; false, and `to` as it was, when it is not JSON or deeper than
 * CASSETTE_KEY_DEPTH_MAX. */
enum { CASSETTE_KEY_DEPTH_MAX = 64 };
bool cassette_key_json(const char *bytes, size_t length, struct text *to);

#endif
