/* mocks/dialect.h - a provider's real HTTP API, from the provider's side: requests into calls,
 * replies into responses.
 *
 * The counterpart of providers/codec.h. It reads what any client of that API may send (ours,
 * production's, a third party's), routes by method and path (HEAD as GET: whoever sends leaves the
 * body out), finds out who is calling (Basic, Bearer, Id-Token, Walmart's signature or access
 * token), checks what the vendor documents as required and hands a neutral call to
 * backend_answer(). What the backend decided is then written in the vendor's own shape, errors in
 * the vendor's own words. The words of errors and other thin spots lie in data files, compiled-in
 * copies of which serve when none are given; see mocks/payloads.h.
 *
 * A request that no call can be made of is answered here, as the vendor does: an unknown path 404,
 * a known one with another method 405; then, as at a real gateway, credentials come first: a
 * stranger's bad request is refused for the stranger. Only then a parameter that the vendor
 * requires and that is missing, or a body that is no JSON, is a 400. What a vendor limits more
 * narrowly than our orders are (Kroger's five digits of a postal code) is asked of foreign clients
 * only.
 *
 * Who calls: our own client says its key (CODEC_KEY_HEADER, read strictly; a bad one is as none).
 * With it come the draws' key, the attempt, the instant and, where the API itself names none, the
 * store; and a call that no order owns (order index 2^64-1) under a path that serves both is a
 * probe. A foreign client is given a key by its credential and a running number of that credential,
 * so that its luck depends on nobody else's requests; item and attempt are 0, the instant is ours.
 * Credentials are compared by fingerprint; a text that is no credential of any generation gets a
 * fingerprint that matches none, and a call that shows none at all has none. Tokens go out as
 * "mock-" and the 16 hex digits of their number; any other text is a number that no token has.
 *
 * One name stands for one product and its price, whatever else an answer lists: the first product
 * of a search is the answer, more that were asked for are variants of it, made up from its name. A
 * good match answers under exactly the name asked for, in the catalogue or not; a substitute under
 * another ("Store Brand alternative to ..."). MealMe's product ids hold the name that was asked
 * for, Kroger's and Walmart's the product's place in the catalogue; ids of names that are in none
 * are good while the dialect remembers what it has shown (1,024 names).
 *
 * Instants in answers are those of the call (heard->call.sent_us), also when the caller of
 * dialect_hear() has changed it since.
 *
 * Threads:   one at a time, and none in the backend meanwhile: dialect_hear() and dialect_say() ask
 *            it who is known and what a line costs (backend_refusal(), backend_line()).
 *
 * Ownership: a dialect borrows its backend, catalogue and payloads. `heard` is the caller's
 * storage, one a request in work; all in it lives until the next dialect_hear() with it, and it may
 * not be moved. Nothing of a view is needed after dialect_hear(). No secret is kept: a credential
 * is its fingerprint.
 *
 * Failure:   dialect_create(): ERR_ENVIRONMENT without memory. Else none: hostile requests get
 *            answers like others.
 */
#ifndef MOCKS_DIALECT_H
#define MOCKS_DIALECT_H

#include "mocks/backend.h"
#include "mocks/payloads.h"
#include "providers/codec.h"

enum { HEARD_TEXT_MAX = 32768, HEARD_ORDER_ID_MAX = 64 };

struct heard { /* a request, understood */
    struct call call;
    struct order_request request;
    struct order_item items[ORDER_ITEMS_MAX];
    struct credential credential; /* a fingerprint, without texts */
    bool keyed;                   /* by our own client */
    bool told_time;               /* call.sent_us is the client's, not ours */
    bool token_missing;           /* no credential was shown at all, as opposed to a wrong one */
    bool key_unknown;             /* Walmart: signed under a key version that nobody registered */
    char text[HEARD_TEXT_MAX];    /* decoded names */
    size_t text_length;

    /* what answering needs besides the reply; the dialect's own */
    uint8_t route;
    uint8_t variants[ORDER_ITEMS_MAX]; /* of products that were asked for by their ids */
    bool by_id;
    bool priced;           /* or, at MealMe: a final quote is wanted */
    bool placing;          /* MealMe: the order is placed at once */
    bool full;             /* MealMe: carts that lack something are left out */
    uint32_t first, limit; /* results to skip, and wanted */
    uint32_t store_asked;
    const char *asked; /* in `text`: what an answer repeats */
    char order_id[HEARD_ORDER_ID_MAX];
};

struct dialect_setup {
    enum provider provider;
    enum api api;
    struct backend *backend;           /* borrowed; its own lock is the caller's business */
    const struct catalogue *catalogue; /* borrowed */
    const struct payloads *payloads;   /* borrowed; NULL: the compiled-in ones */
    const char *key_version;           /* borrowed; Walmart's: the registered one; NULL: "1" */
    int64_t epoch_us;                  /* Unix time of instant 0 */
    uint64_t seed_r;
};

struct dialect;

struct dialect *dialect_create(const struct dialect_setup *setup, struct err *err);
void dialect_destroy(struct dialect *dialect); /* NULL is fine */
void dialect_reset(struct dialect *dialect, uint64_t seed_r, int64_t epoch_us);

/* The mock's clock has jumped ahead of those of its clients. Times that they state (signatures) and
 * are told go by their clocks still; what the backend judges by goes on with its own. */
void dialect_jump(struct dialect *dialect, int64_t by_us);

/* Understands a request at `now_us` of the mock's clock. True: `heard->call` is to be put to the
 * backend, and its reply to dialect_say(). False: `response` is the answer. */
bool dialect_hear(struct dialect *dialect, const struct http_view *view, int64_t now_us,
                  struct heard *heard, struct http_response *response);

/* Writes the backend's reply (fate CALL_ANSWERED). A malformed body is cut in its middle and ended
 * by what is no JSON. A truncated one is written whole, with `response->truncated` set: whoever
 * sends it cuts it. */
void dialect_say(struct dialect *dialect, const struct heard *heard, const struct reply *reply,
                 struct http_response *response);

/* An answer of one status, in the provider's own words: for limits and faults of the server itself.
 */
void dialect_say_status(struct dialect *dialect, uint16_t status, struct http_response *response);

#endif
