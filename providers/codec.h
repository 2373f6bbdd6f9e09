/* providers/codec.h - a provider's real HTTP API, from the caller's side: calls into requests,
 * responses into replies.
 *
 * One codec stands for one provider and one of its APIs (enum api). It is pure: it opens no socket
 * and reads no clock. What it writes follows the vendors' documents; what it reads is wider: both
 * wrappings of an error, ids as numbers or texts, absent optionals, fields nobody documented.
 * Formats, with the confidence in each, stand in the file of each provider
 * (providers/codec_kroger.c, ...).
 *
 * What the neutral messages hold as numbers is text on the wire: tokens, stores, carts. The codec
 * remembers the texts behind the numbers it gave out. A store's number is the text's own number
 * where that loses nothing (Kroger: 8 digits; elsewhere digits without leading zeros), so that it
 * is the same over every wire; other texts get numbers from 2^31 up. Bounded: CODEC_TOKENS_MAX of
 * the newest tokens, CODEC_STORES_MAX store texts; a number that was forgotten encodes as a text
 * that no provider accepts. Carts are kept until codec_forget_cart().
 *
 * Reading a reply: fate and latency belong to the wire, the rest is decoded. A status of 200 to 299
 * with the body that the operation calls for is BODY_GOOD; not JSON, JSON of another shape, an
 * error inside a 200, a price that is no number: BODY_MALFORMED; `truncated`: BODY_TRUNCATED. Any
 * other status: BODY_EMPTY, and codec_explain() says in the provider's own words what it meant.
 *
 * Money is read as llround(dollars * 100) and refused when negative or above 10^9 cents: such a
 * product counts as not found. `exact` is: the name answered equals the name asked for when both
 * are normalised (lower case, runs of anything but letters and digits as one space).
 *
 * To a declared mock every request carries CODEC_KEY_HEADER, the key of all draws about the call
 * and its instant (rulings 2: over HTTP our client sends the key to declared mocks only).
 *
 * Ownership: the codec owns what it remembers; one thread at a time. Requests and replies are the
 *            caller's. Failure: codec_encode(): false with err when a text cannot go on the wire,
 * or a live call lacks what the API needs. codec_decode() cannot fail: bad answers are data.
 */
#ifndef PROVIDERS_CODEC_H
#define PROVIDERS_CODEC_H

#include "providers/http.h"
#include "providers/message.h"
#include "router/base/err.h"

enum { CODEC_TOKENS_MAX = 256, CODEC_STORES_MAX = 1024, CODEC_TEXT_MAX = 4096 };

/* "<order key, 16 hex digits>-<order index, hex>-<item>-<attempt>-<sent_us>-<store or 0>" */
#define CODEC_KEY_HEADER "X-Routesim-Call"
#define CODEC_LATENCY_HEADER                                                                       \
    "X-Routesim-Latency-Us" /* of a mock that states instead of waiting                            \
                             */

struct signer; /* providers/signing.h */

/* What a quote has to know of the customer beyond the postal code: MealMe searches by coordinates
 * and quotes for a person. The defaults stand for nobody. */
struct codec_customer {
    double latitude, longitude;
    char street_number[16], street[64], city[48], state[4];
    char name[48], email[64], phone[16]; /* phone: digits */
};
struct codec_customer codec_customer_default(void); /* Cincinnati; customer@example.invalid */

struct codec_setup {
    enum provider provider;
    enum api api;
    bool declared_mock;                    /* send the key */
    int64_t epoch_us;                      /* Unix time of instant 0 */
    const char *key_version;               /* Walmart; NULL: "1" */
    const struct codec_customer *customer; /* borrowed; NULL: the default */
    /* Walmart's API_STANDARD: who signs for a credential; NULL: nobody, and the signature is one
     * that cannot be right. */
    struct signer *(*signer)(void *context, const struct credential *credential);
    void *context;
};

struct codec;

struct codec *codec_create(const struct codec_setup *setup, struct err *err);
void codec_destroy(struct codec *codec); /* NULL is fine; wipes tokens */

/* Writes the request of a call. `request` is reused storage. */
bool codec_encode(struct codec *codec, const struct call *call, struct http_request *request,
                  struct err *err);

/* Reads the response to a call: http_status, body, retry_after_s and `as`. `received_us` is the
 * instant of the answer (for "as of now" times; call->sent_us plus the latency). */
void codec_decode(struct codec *codec, const struct call *call,
                  const struct http_response *response, struct reply *reply);

/* A cart that a reply handed out is no longer needed; 0 is fine. */
void codec_forget_cart(struct codec *codec, uint64_t cart);

/* What the provider said of an error, for people: "invalid_token: The access token is invalid or
 * has expired", cut to fit, control characters and anything that looks like a credential of this
 * codec left out. "" when it said nothing readable. */
enum { CODEC_EXPLAIN_MAX = 160 };
void codec_explain(const struct codec *codec, const struct http_response *response,
                   char text[CODEC_EXPLAIN_MAX]);

/* Where the API of a provider is, and its sandbox: what `base_url` is when nobody says. */
const char *codec_base_url(enum provider provider, enum api api, bool sandbox);

/* Both normalised as above and equal. */
bool codec_names_equal(const char *a, const char *b);

#endif
