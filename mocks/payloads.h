/* mocks/payloads.h - what a mock says where no vendor's document does: bodies kept as data.
 *
 * One file a provider, <folder>/{kroger,walmart,instacart,mealme}.json, holds named payloads:
 *
 *     "429": {"note": "not published", "body": {"errors": {"timestamp": "$timestamp_ms", ...}}}
 *
 * `body` is JSON, or a text: then it is sent as it stands, as HTML (a text of no bytes: no body and
 * no type). `content_type` may say otherwise; `note` is for readers. A name of three digits is what
 * is said at that status, "4xx" and "5xx" what is said at all others of the class; the other names
 * are known to the dialects, and a name that nobody knows is refused.
 *
 * Values of the moment stand in a payload as $words. A text that is nothing but the word of a
 * number becomes the number itself, without quotes; anywhere else a word is replaced within its
 * text, escaped as JSON demands, or as HTML does in a text body. "$$" is a dollar sign.
 *
 * A copy of the shipped files is compiled in. A file that is not there, and a payload that a file
 * does not name, are taken from the copy, so that a folder need hold only what it corrects.
 *
 * Ownership: payloads_create() allocates, payloads_destroy() frees; a payload borrows from it.
 * Failure:   payloads_create(): ERR_INPUT with its place for a file that is no JSON or names what
 *            is not known; as json_load() for one that cannot be read. Writing: `to->failed`.
 */
#ifndef MOCKS_PAYLOADS_H
#define MOCKS_PAYLOADS_H

#include "providers/http.h"
#include "router/base/err.h"
#include "router/provider.h"

enum payload_word {
    WORD_TIMESTAMP_MS,
    WORD_STATUS,
    WORD_PRICE,  /* dollars; up to here numbers, from here on texts */
    WORD_REASON, /* "Service Unavailable": the status in words */
    WORD_SIGNED_MS,
    WORD_START_AT,
    WORD_END_AT,
    WORD_WINDOW_TYPE,
    WORD_ITEM_ID,
    WORD_NAME,
    WORD_STOCK,
    WORD_STORE_ID,
    WORD_POSTAL_CODE,
    WORD_COUNT
};
extern const char *const payload_words[WORD_COUNT + 1]; /* "timestamp_ms", ...; NULL ends */

enum { PAYLOAD_FILE_MAX = 65536, PAYLOAD_WORDS_MAX = 16 /* in one payload */ };

struct payload_values { /* what the words stand for; NULL: "" or 0 */
    const char *texts[WORD_COUNT];
};

struct payload;
struct payloads;

/* `folder` NULL: the compiled-in copy alone. */
struct payloads *payloads_create(const char *folder, struct err *err);
void payloads_destroy(struct payloads *payloads); /* NULL is fine */

/* A payload by its name; one of those that a dialect asks for is always there. NULL: there is none
 * of that name. */
const struct payload *payloads_find(const struct payloads *payloads, enum provider provider,
                                    const char *name);

/* What is said at a status; of one outside 400 to 599, what is said at a 500. */
const struct payload *payloads_at_status(const struct payloads *payloads, enum provider provider,
                                         uint16_t status);

/* Appends the body, with its words replaced. */
void payload_write(const struct payload *payload, const struct payload_values *values,
                   struct text *to);
const char *payload_content_type(const struct payload *payload); /* NULL: none */

/* The compiled-in copy of a provider's file, and the file's name in its folder. */
const char *payloads_text(enum provider provider);
const char *payloads_file(enum provider provider);

#endif
