/* providers/codec_state.h - what the files of the codecs share, and nobody else includes.
 *
 *   codec.c             making and unmaking; hands a call to the provider's file; the key for mocks
 *   codec_keep.c        texts behind the numbers that were given out; secrets that were shown
 *   codec_write.c       pieces of requests: credentials, tokens, lists of items
 *   codec_read.c        pieces of replies: JSON, numbers, prices, ids
 *   codec_names.c       whether two names mean the same product
 *   codec_explain.c     what the body of an error says
 *   codec_<provider>.c  one provider's formats; codec_single.c our house form
 */
#ifndef PROVIDERS_CODEC_STATE_H
#define PROVIDERS_CODEC_STATE_H

#include <cjson/cJSON.h>

#include "providers/codec.h"

/* ---- one provider's formats ------------------------------------------------------------------ */

struct codec_formats {
    const char *base_url[2]; /* the API, and its sandbox; NULL: it has none */
    /* Writes a request from http_request_begin() on, all but the key. */
    bool (*encode)(struct codec *codec, const struct call *call, struct http_request *request,
                   struct err *err);
    /* Reads the body of a status of 200 to 299, NULL when it is empty, into reply->as. False: it is
     * not what the operation calls for. An error inside has been looked for already. */
    bool (*decode)(struct codec *codec, const struct call *call, const cJSON *body,
                   struct reply *reply);
};

extern const struct codec_formats codec_kroger, codec_mealme, codec_walmart, codec_instacart;
extern const struct codec_formats codec_walmart_access_token, codec_instacart_developer;
extern const struct codec_formats codec_single;

/* ---- what a codec remembers ------------------------------------------------------------------ */

enum {
    CODEC_SECRETS_MAX = 32, /* credentials shown last; a mock has 17 generations at most */
    CODEC_KEY_VERSION_MAX = 32,
};

/* The text of a token, store or order whose own was forgotten: no provider takes it for one. */
extern const char codec_forgotten[];

/* Where a postal code is wanted and no order is there to have one. */
extern const char codec_some_postal_code[];

struct codec_kept { /* the newest texts of a kind, numbered 0, 1, ... as they come */
    char **texts;
    uint32_t text_count; /* places; text n lies at n modulo this */
    uint64_t given;
};

#define CODEC_NO_PRODUCT     SIZE_MAX
#define CODEC_CART_CENTS_MAX INT64_C(1000000000000) /* beyond it a cart is malformed */

struct codec_cart { /* of MealMe: what a cart reply offered, line by line */
    uint32_t generation;
    bool in_use; /* otherwise it waits, with its memory, for its next use */
    uint32_t line_count;
    size_t id_at[ORDER_ITEMS_MAX]; /* of a line's product id in `ids`, or CODEC_NO_PRODUCT */
    uint64_t exact[LINE_WORDS];    /* bit i: line i is offered under the name asked for */
    struct text ids;               /* each ended by a NUL */
    struct text order_id;          /* of the quote reply; empty before there was one */
};

struct codec_secret {
    char *id;
    char *secret;
};

struct codec {
    enum provider provider;
    enum api api;
    bool declared_mock;
    int64_t epoch_us;
    char key_version[CODEC_KEY_VERSION_MAX];
    struct codec_customer customer;
    struct signer *(*signer)(void *context, const struct credential *credential);
    void *context;
    const struct codec_formats *formats;

    char *token_texts[CODEC_TOKENS_MAX];
    char *store_texts[CODEC_STORES_MAX];
    struct codec_kept tokens, stores;
    struct codec_cart *carts;
    uint32_t *carts_free; /* places of `carts` that wait */
    uint32_t cart_count, cart_capacity, carts_free_count;
    struct codec_secret secrets[CODEC_SECRETS_MAX]; /* as struct codec_kept keeps its texts */
    uint64_t secrets_given;
};

void codec_keep_init(struct codec *codec);
void codec_keep_release(struct codec *codec); /* wipes tokens and secrets */

/* The number of a token, never 0; 0: no memory. */
uint64_t codec_keep_token(struct codec *codec, const char *text);
const char *codec_token_text(const struct codec *codec, uint64_t token);

/* A store's number. `digits`: how many the provider's numbers have; 0: as many as they need. */
bool codec_keep_store(struct codec *codec, const char *text, unsigned digits, uint32_t *store);
const char *codec_store_text(const struct codec *codec, uint32_t store, unsigned digits,
                             char room[NUMBER_TEXT_MAX]);

/* A new cart and its handle; 0 and NULL: no memory. Carts move when another is opened. */
uint64_t codec_open_cart(struct codec *codec, uint32_t line_count, struct codec_cart **cart);
struct codec_cart *codec_find_cart(const struct codec *codec, uint64_t handle); /* or NULL */

/* So that no explanation shows it. False: no memory. */
bool codec_keep_secret(struct codec *codec, const struct credential *credential);

void codec_wipe(struct text *text); /* and releases it */

/* ---- writing --------------------------------------------------------------------------------- */

/* Begins a request that asks for JSON; `json`: and has a JSON body, to be written to. */
void codec_begin(struct http_request *request, enum http_method method, const char *path,
                 bool json);

/* A credential that texts can be taken from; to a mock, NULL when the call has none, which goes
 * without. False: a real provider's call has none. */
bool codec_credential(const struct codec *codec, const struct call *call,
                      const struct credential **credential, struct err *err);

/* "Authorization: Basic ..." of the call's credential. */
bool codec_show_credential(const struct codec *codec, const struct call *call,
                           struct http_request *request, struct err *err);

/* "Authorization: Bearer ..." of the call's token, or, where a call may do without a token (SINGLE,
 * CONFIRM, HEALTH), its credential. A mock's call that has neither goes without. */
bool codec_show_token(const struct codec *codec, const struct call *call,
                      struct http_request *request, struct err *err);

/* `"key":` in front of a member, and the whole of one. */
void codec_put_text(struct text *to, const char *key, const char *value);
void codec_put_int(struct text *to, const char *key, int64_t value);

/* `"items":[{"name":"Whole Milk","quantity":2},...]` */
void codec_put_items(struct text *to, const struct order_request *request);

const char *codec_postal_code(const struct call *call);

/* ---- reading --------------------------------------------------------------------------------- */

/* A member that is there and not null, or NULL. */
const cJSON *codec_member(const cJSON *object, const char *name);

/* Whether an object says "error" or "errors", and means it. */
bool codec_says_error(const cJSON *body);

/* An object that says no error: where that is all an operation calls for. */
bool codec_is_object(const cJSON *body);

enum codec_number { NUMBER_ABSENT, NUMBER_GOOD, NUMBER_BAD };

/* A number, or a text that is one in decimal. Good numbers may be infinite, never NaN. */
enum codec_number codec_number(const cJSON *node, double *value);

enum codec_price { PRICE_GOOD, PRICE_NONE, PRICE_BAD };

/* The price of a product in units of `cents_per_unit` (100: dollars). PRICE_NONE: absent, below or
 * at 0 cents, or above CODEC_CENTS_MAX. PRICE_BAD: no number. */
enum codec_price codec_price(const cJSON *node, int cents_per_unit, int32_t *cents);

/* A stated amount of cents, and minutes; both 0 when absent. False: no number, negative, or too
 * much. */
bool codec_cents(const cJSON *node, int64_t *cents);
bool codec_minutes(const cJSON *node, int32_t *minutes);

/* An id as a text, whether it is stated as one or as a number; NULL: it is neither, or the text is
 * empty or longer than CODEC_TEXT_MAX. Lives as long as `node` and `room`. */
const char *codec_id(const cJSON *node, char room[NUMBER_TEXT_MAX]);

const char *codec_string(const cJSON *node); /* NULL when it is none */

/* The texts of a token reply. `life_s`: what is documented, where the reply does not state it. */
bool codec_take_token(struct codec *codec, const cJSON *body, int64_t life_s, struct reply *reply);

#endif
