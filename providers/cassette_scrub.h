/* providers/cassette_scrub.h - takes secrets and customers out of what a cassette keeps.
 *
 * A take is gone over twice. scrubber_learn() looks for values by their names and remembers them:
 * tokens that a response issues get numbers, other credentials are to be hidden wherever they turn
 * up again. scrubber_write() then copies a text, byte for byte but for what is to be replaced:
 *
 *   1. values by their names: members of JSON (also of damaged JSON), pairs of forms and queries;
 *   2. in any text, and in every reading of it with its escapes undone: what stands behind a
 *      secret's name and "=" or ":", or behind "Bearer" or "Basic", and looks random;
 *   3. everything learned, and every text that must not appear, in every such reading;
 *   4. in a response, strings and numbers that are a value which the request told of the customer.
 *
 * Of a request, writing twice changes nothing the second time, unless a text that must not appear
 * is part of what stands for it.
 *
 * Ownership: scrubber_release() frees, and wipes. Failure: `failed`, and `to->failed`.
 */
#ifndef PROVIDERS_CASSETTE_SCRUB_H
#define PROVIDERS_CASSETTE_SCRUB_H

#include "providers/cassette_needles.h"
#include "router/base/text.h"

#define CASSETTE_HIDDEN "[hidden]"
#define CASSETTE_TOKEN  "token-" /* and its number */

struct scrubber { /* begins as {0} */
    struct needles needles;
    struct needles customer; /* values of this take's customer */
    uint32_t token_count;
    bool failed;
};

struct scrub_part {
    const char *bytes; /* NULL for an empty one is fine */
    size_t length;
    bool pairs;    /* name=value&name=value */
    bool response; /* part of one; otherwise of a request */
    bool cut;      /* it was cut off in transit */
};

/* Forgets the last take's customer. */
void scrubber_next_take(struct scrubber *scrubber);

void scrubber_learn(struct scrubber *scrubber, const struct scrub_part *part);
void scrubber_learn_headers(struct scrubber *scrubber, const char *lines, size_t length);
void scrubber_learn_secret(struct scrubber *scrubber, const char *secret);

/* Appends the part without what must not be seen. `scrubber` NULL: by names and looks alone, as for
 * a request that is only compared. */
void scrubber_write(const struct scrubber *scrubber, const struct scrub_part *part,
                    struct text *to);

void scrubber_release(struct scrubber *scrubber);

#endif
