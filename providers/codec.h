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
 * where that loses nothing (Kroger: exactly 8 digits; elsewhere digits without leading zeros, below
 * 2^31), so that it is the same over every wire; other texts get numbers from 2^31 up, each text
 * always the same while it is remembered. Bounded: CODEC_TOKENS_MAX of the newest tokens,
 * CODEC_STORES_MAX of the newest such store texts; a number that was forgotten encodes as a text
 * that no provider accepts. Texts of more than CODEC_TEXT_MAX bytes are malformed, and so are
 * tokens of anything but visible ASCII, which could not stand in a header. Carts are kept until
 * codec_forget_cart(); a CART reply that is BODY_GOOD always has one, also when nothing was found.
 *
 * Reading a reply: fate and latency belong to the wire, the rest is decoded. A status of 200 to 299
 * with the body that the operation calls for is BODY_GOOD; not JSON, JSON of another shape, an
 * error inside a 200, a price that is no number, a NUL, nesting deeper than 64: BODY_MALFORMED;
 * `truncated`: BODY_TRUNCATED. Any other status: BODY_EMPTY, and codec_explain() says in the
 * provider's own words what it meant. `as` is all zero unless the body is good.
 *
 * Money is read as llround(dollars * 100), from numbers and from texts that are numbers. A product
 * whose price is missing, negative, above CODEC_CENTS_MAX or 0 (which is how "none" is said) counts
 * as not found. An amount of a quote may be 0, and is 0 where it is missing (the subtotal may not
 * be); a negative one, or one above CODEC_CENTS_MAX, makes the reply malformed. `exact` is: the
 * name answered equals the name asked for when both are normalised: ASCII and Latin-1 letters in
 * lower case, runs of anything but letters and digits as one space, none at either end. Letters
 * beyond Latin-1 are compared as they are.
 *
 * To a declared mock every request carries CODEC_KEY_HEADER, the key of all draws about the call
 * and its instant (rulings 2: over HTTP our client sends the key to declared mocks only). A call to
 * a mock may lack its credential or token: it goes out without one. To a real provider nothing goes
 * out that lacks what the API needs, and no CONFIRM at all: nothing is ever bought.
 *
 * Ownership: the codec owns what it remembers; one thread at a time. Requests and replies are the
 *            caller's.
 * Failure:   codec_encode(): false with err when a text cannot go on the wire (an id or token with
 *            a line break), a call to a real provider lacks something or is a CONFIRM, or memory
 *            is out. No message holds a byte of a credential. codec_decode() cannot fail: bad
 *            answers are data, and one that memory was too short for counts as malformed.
 */
#ifndef PROVIDERS_CODEC_H
#define PROVIDERS_CODEC_H

#include "providers/http.h"
#include "providers/message.h"
#include "router/base/err.h"

enum {
    CODEC_TOKENS_MAX = 256,
    CODEC_STORES_MAX = 1024,
    CODEC_TEXT_MAX = 4096,        /* bytes of a token, a store's text, an order's or product's id */
    CODEC_CENTS_MAX = 1000000000, /* of a price, and of each amount of a quote */
};

/* "<order key, 16 hex digits>-<order index, hex>-<item>-<attempt>-<sent_us>-<store or 0>", the last
 * four in decimal. */
#define CODEC_KEY_HEADER "X-Routesim-Call"
/* Of a mock that states its latency instead of waiting. */
#define CODEC_LATENCY_HEADER "X-Routesim-Latency-Us"

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
    const struct codec_customer *customer; /* copied; NULL: the default */
    /* Walmart's API_STANDARD: who signs for a credential; NULL, or a NULL answer: nobody. A mock is
     * then sent a signature that cannot be right, and a real provider nothing. */
    struct signer *(*signer)(void *context, const struct credential *credential);
    void *context;
};

struct codec;

/* NULL with ERR_INPUT for an API that the provider does not have, coordinates off the earth or a
 * phone that is not digits; ERR_ENVIRONMENT when memory is out. */
struct codec *codec_create(const struct codec_setup *setup, struct err *err);
void codec_destroy(struct codec *codec); /* NULL is fine; wipes tokens and secrets */

/* Writes the request of a call. `request` is reused storage; after a failure it is not to be sent.
 */
bool codec_encode(struct codec *codec, const struct call *call, struct http_request *request,
                  struct err *err);

/* Reads the response to a call: http_status, body, retry_after_s and `as`. What is good is also
 * remembered: a token, a store's text, a cart, and of a QUOTE the order id that CONFIRM names. The
 * call's request is looked at for SEARCH, CART, QUOTE and SINGLE. */
void codec_decode(struct codec *codec, const struct call *call,
                  const struct http_response *response, struct reply *reply);

/* A cart that a reply handed out is no longer needed; 0 and carts forgotten already are fine. */
void codec_forget_cart(struct codec *codec, uint64_t cart);

/* What the provider said of an error, for people: "invalid_token: The access token is invalid or
 * has expired", cut to fit between characters, controls left out. In place of a token that is
 * remembered, of the credentials shown lately and of anything long enough to be another stands
 * "***". "" when it said nothing that we can read, such as a page of HTML. */
enum { CODEC_EXPLAIN_MAX = 160 };
void codec_explain(const struct codec *codec, const struct http_response *response,
                   char text[CODEC_EXPLAIN_MAX]);

/* Where the API of a provider is, and its sandbox: what `base_url` is when nobody says. NULL: there
 * is no sandbox (Walmart, MealMe). */
const char *codec_base_url(enum provider provider, enum api api, bool sandbox);

/* Both normalised as above and equal. */
bool codec_names_equal(const char *a, const char *b);

#endif
