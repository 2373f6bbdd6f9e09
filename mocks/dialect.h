/* mocks/dialect.h - a provider's real HTTP API, from the provider's side: requests into calls,
 * replies into responses.
 *
 * The counterpart of providers/codec.h. It reads what any client of that API may send (ours,
 * production's, a third party's), routes by method and path, checks what the vendor documents as
 * required, finds out who is calling (Basic, Bearer, Id-Token, Walmart's signature or access token)
 * and hands a neutral call to backend_answer(). What the backend decided is then written in the
 * vendor's own shape, errors in the vendor's own words. The words of errors and other thin spots
 * lie in data files under scenarios/data/payloads/, compiled-in copies of which serve when no
 * folder is given; see mocks/payloads.h.
 *
 * A request that no call can be made of (unknown path, wrong method, a parameter that the vendor
 * requires is missing, a body that is no JSON) is answered here, as the vendor does: 404, 405, 400.
 * Credentials come first, as at a real gateway: a bad request by a stranger is a 401.
 *
 * Who calls: our own client says its key (CODEC_KEY_HEADER); a foreign one is given a key by its
 * credential and a running number (per credential), so that its luck depends on nobody else's
 * requests. Credentials are compared by fingerprint; a text that is no credential of any generation
 * gets a fingerprint that matches none.
 *
 * Ownership: a dialect borrows its backend and catalogue. `heard` is the caller's storage, one a
 *            request in work; everything in it lives until the next dialect_hear() with it.
 * Failure:   none. Hostile requests get answers like others.
 */
#ifndef MOCKS_DIALECT_H
#define MOCKS_DIALECT_H

#include "mocks/backend.h"
#include "providers/codec.h"

enum { HEARD_TEXT_MAX = 32768 };

struct heard { /* a request, understood */
    struct call call;
    struct order_request request;
    struct order_item items[ORDER_ITEMS_MAX];
    struct credential credential;
    uint64_t lines[LINE_WORDS];
    char postal_code[16];
    bool keyed;                /* by our own client */
    bool told_time;            /* call.sent_us is the client's, not ours */
    char text[HEARD_TEXT_MAX]; /* decoded names */
    size_t text_length;
    /* what answering needs besides the reply */
    uint32_t limit; /* results wanted */
    char order_id[64];
    bool token_missing; /* no credential was shown at all, as opposed to a wrong one */
};

struct dialect_setup {
    enum provider provider;
    enum api api;
    struct backend *backend;           /* borrowed; its own lock is the caller's business */
    const struct catalogue *catalogue; /* borrowed */
    int64_t epoch_us;                  /* Unix time of instant 0 */
    uint64_t seed_r;
};

struct dialect;

struct dialect *dialect_create(const struct dialect_setup *setup, struct err *err);
void dialect_destroy(struct dialect *dialect);
void dialect_reset(struct dialect *dialect, uint64_t seed_r, int64_t epoch_us);

/* Understands a request at `now_us` of the mock's clock. True: `heard->call` is to be put to the
 * backend, and its reply to dialect_say(). False: `response` is the answer. */
bool dialect_hear(struct dialect *dialect, const struct http_view *view, int64_t now_us,
                  struct heard *heard, struct http_response *response);

/* Writes the backend's reply (fate CALL_ANSWERED). A truncated body is written whole, with
 * `response->truncated` set: whoever sends it cuts it. */
void dialect_say(struct dialect *dialect, const struct heard *heard, const struct reply *reply,
                 struct http_response *response);

/* An answer of one status, in the provider's own words: for limits and faults of the server itself.
 */
void dialect_say_status(struct dialect *dialect, uint16_t status, struct http_response *response);

#endif
