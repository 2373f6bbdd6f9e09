/* mocks/dialect_state.h - what the files of the dialects share, and nobody else includes.
 *
 *   dialect.c             routes, hears, says; keys; status words
 *   dialect_caller.c      who calls: Authorization, tokens, the mock's own credentials
 *   dialect_read.c        pieces of requests: parameters, JSON bodies, names, postal codes
 *   dialect_goods.c       products: names, numbers, variants, prices
 *   dialect_<provider>.c  one provider's routes, its callers, its shapes, its words
 *   dialect_single.c      the house form of a whole quote
 */
#ifndef MOCKS_DIALECT_STATE_H
#define MOCKS_DIALECT_STATE_H

#include <cjson/cJSON.h>

#include "mocks/dialect.h"

enum {
    DIALECT_GENERATIONS = BACKEND_ROTATIONS_MAX + 1,
    DIALECT_SIGNATURES = 16,      /* remembered as good or bad; a power of two */
    DIALECT_SIGNATURE_MAX = 1024, /* characters of what is signed and of the signature */
    DIALECT_SEGMENTS_MAX = 2,
    GOODS_NAMES = 1024,  /* remembered, so that whoever found one can ask for it by its id */
    GOODS_NAME_MAX = 92, /* longer ones are not */
};

/* ---- one provider's ways --------------------------------------------------------------------- */

struct segment { /* of a path */
    const char *bytes;
    size_t length;
};

struct hearing { /* a request while it is being understood */
    struct dialect *dialect;
    const struct http_view *view;
    struct heard *heard;
    struct http_response *response;
    struct segment segments[DIALECT_SEGMENTS_MAX]; /* what stands for the route's stars */
    cJSON *body;                                   /* of dialect_body() */
};

struct saying { /* a good answer while it is being written */
    struct dialect *dialect;
    const struct heard *heard;
    const struct reply *reply;
    struct http_response *response;
    struct text *to; /* the response's body */
};

struct route {
    const char *method;
    const char *path; /* "*" stands for one segment */
    enum operation operation;
    /* Fills in heard->call and what it points to. False: `response` is the answer. NULL: there is
     * nothing to fill in. */
    bool (*hear)(struct hearing *hearing);
    /* Writes the body; status 200 and JSON are set. */
    void (*say)(const struct saying *saying);
};

struct dialect_ways {
    const struct route *routes;
    uint32_t route_count;
    void (*take_caller)(struct hearing *hearing);
    /* A 400 of a reason, in the provider's words. */
    void (*say_bad_request)(struct dialect *dialect, const char *reason,
                            struct http_response *response);
    /* Any other status. `heard` is NULL when it is about no call. */
    void (*say_error)(struct dialect *dialect, const struct heard *heard, uint16_t status,
                      struct http_response *response);
};

extern const struct dialect_ways dialect_kroger, dialect_mealme, dialect_walmart,
    dialect_walmart_access_token, dialect_instacart, dialect_instacart_developer;
extern const struct route dialect_single;

struct seen_signature { /* a signature that was verified before */
    char text[DIALECT_SIGNATURE_MAX];
    uint32_t generation; /* 0: it fitted none of those up to `tried` */
    uint32_t tried;
};

struct shown_name {  /* of a product that is in no catalogue */
    uint32_t number; /* 0: none */
    char name[GOODS_NAME_MAX];
};

struct dialect {
    struct dialect_setup setup;
    const struct dialect_ways *ways;
    const struct payloads *payloads;
    struct payloads *own_payloads;                  /* NULL: they are borrowed */
    uint64_t fingerprints[DIALECT_GENERATIONS + 1]; /* of the mock's credentials, from 1 */
    char mock_id[64];
    uint64_t foreign_key;
    uint64_t ordinals[DIALECT_GENERATIONS + 1]; /* foreign requests so far; 0: of strangers */
    int64_t now_us;                             /* of the newest request */
    struct seen_signature *signatures;          /* Walmart's */
    struct shown_name *names;                   /* GOODS_NAMES, by number */
    struct text scratch;
};

/* ---- answering without a call (dialect.c) ---------------------------------------------------- */

/* Always false, so that a hearing can return it. */
bool dialect_refuse(struct hearing *hearing, const char *reason);
bool dialect_refuse_status(struct hearing *hearing, uint16_t status);

const char *dialect_reason(uint16_t status); /* "Service Unavailable" */
int64_t dialect_unix_ms(const struct dialect *dialect, const struct heard *heard);

/* A payload, or the one of a status, as the whole response. */
void dialect_put_payload(struct dialect *dialect, const struct heard *heard, uint16_t status,
                         const struct payload *payload, struct http_response *response);
void dialect_put_status(struct dialect *dialect, const struct heard *heard, uint16_t status,
                        struct http_response *response);
const struct payload *dialect_payload(const struct dialect *dialect, const char *name);

/* ---- who calls (dialect_caller.c) ------------------------------------------------------------ */

/* Authorization: Bearer is a token, Basic a credential. */
void dialect_take_authorization(struct hearing *hearing);
/* The Bearer's text, or NULL. */
const char *dialect_bearer(const struct http_view *view);
/* The call shows this credential; NULL for either text: none. */
void dialect_take_credential(struct hearing *hearing, const char *id, const char *secret);
void dialect_take_fingerprint(struct hearing *hearing, uint64_t fingerprint);
/* The call shows a key: "id:secret" of the mock, or the secret alone. NULL: none. */
void dialect_take_key(struct hearing *hearing, const char *key);
void dialect_put_token(struct text *to, uint64_t token); /* in quotes */

/* Strict base64; URL-safe and unpadded when `url`. The length, or -1: it is none, or too long. */
int dialect_base64_decode(const char *text, size_t length, bool url, char *bytes, size_t size);
void dialect_base64_encode_url(struct text *to, const char *bytes, size_t length);

/* ---- pieces of requests (dialect_read.c) ----------------------------------------------------- */

/* The whole of a text as a number in [least, most]. */
bool dialect_number(const char *text, uint64_t least, uint64_t most, uint64_t *number);
/* A query parameter as a number; `number` keeps its value when there is none. */
bool dialect_query_number(const struct hearing *hearing, const char *name, uint32_t least,
                          uint32_t most, uint32_t *number);

/* A copy that lives as long as heard; NULL when the room is used up. */
const char *dialect_keep(struct heard *heard, const char *bytes, size_t length);

/* The body as a JSON object; NULL: it is none, and refused. Lives until the hearing ends. */
const cJSON *dialect_body(struct hearing *hearing);
const cJSON *dialect_member(const cJSON *object, const char *name);     /* NULL: absent or null */
const char *dialect_member_text(const cJSON *object, const char *name); /* NULL: none, or empty */
/* A quantity above 0; absent counts as 1. */
bool dialect_member_quantity(const cJSON *object, const char *name, uint32_t *quantity);

/* One more line of the cart; false: it has no room, and the request is refused. */
bool dialect_add_item(struct hearing *hearing, const char *name, uint32_t quantity);
/* The searched-for name, at the line that the key tells of. */
bool dialect_set_term(struct hearing *hearing, const char *term);
bool dialect_set_postal_code(struct hearing *hearing, const char *postal_code);

/* ---- products (dialect_goods.c) -------------------------------------------------------------- */

enum { GOODS_VARIANTS = 12, GOODS_NUMBERS = 1000000 };

struct goods { /* a product as an answer lists it */
    const struct order_item *item;
    uint32_t variant; /* 0: the item itself, or its substitute */
    bool exact;
    int32_t cents;
    uint64_t bits; /* for what is made up about it */
};

/* The product of a searched-for line, and its variants, from what the reply says of the first. */
struct goods dialect_goods(const struct order_item *item, uint32_t variant, bool exact,
                           int32_t cents);
/* Write one product after another, with commas, as an API writes one: of a search, from `first` on,
 * at most `limit`; or those asked for by their ids, each at its own price, without those out of
 * stock. How many those were. */
typedef void (*dialect_put_one)(const struct saying *saying, const struct goods *goods);
void dialect_put_found(const struct saying *saying, uint32_t first, uint32_t limit,
                       dialect_put_one put);
uint32_t dialect_put_listed(const struct saying *saying, uint32_t limit, dialect_put_one put);
/* Below GOODS_NUMBERS: the place in the catalogue, or a number made of the name. */
uint32_t dialect_goods_number(const struct goods *goods);
/* The item with that number: of the catalogue, or shown lately; false: neither. */
bool dialect_goods_item(struct hearing *hearing, uint32_t number, struct order_item *item);
/* That a product was listed, for whoever asks for its number. */
void dialect_remember_goods(struct dialect *dialect, const struct order_item *item);
/* The name under which it is listed; lives until the next question. */
const char *dialect_goods_name(struct dialect *dialect, const struct goods *goods);

void dialect_put_dollars(struct text *to, int64_t cents); /* 3.49 */

/* A literal, without the cost of measuring it. */
#define PUT(to, literal) text_append((to), "" literal, sizeof(literal) - 1)

#endif
