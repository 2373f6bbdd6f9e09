/* mocks/dialect_walmart.h - what Walmart's files share, and nobody else includes. */
#ifndef MOCKS_DIALECT_WALMART_H
#define MOCKS_DIALECT_WALMART_H

#include "mocks/dialect_state.h"

/* Who calls, in mocks/dialect_walmart_caller.c: by a signature, by an access token. */
void walmart_take_signature(struct hearing *hearing);
void walmart_take_access_token(struct hearing *hearing);
/* Which of the two it was, its 401 says in words of its own. */
void walmart_say_signature_error(struct dialect *dialect, const struct heard *heard,
                                 uint16_t status, struct http_response *response);
void walmart_say_token_error(struct dialect *dialect, const struct heard *heard, uint16_t status,
                             struct http_response *response);
void walmart_say_bad_request(struct dialect *dialect, const char *reason,
                             struct http_response *response);

/* What both APIs understand alike, in mocks/dialect_walmart.c. */
bool walmart_hear_stores(struct hearing *hearing);
bool walmart_hear_search(struct hearing *hearing, uint32_t first_least);
bool walmart_hear_items(struct hearing *hearing); /* ids=, upc= */
bool walmart_hear_item(struct hearing *hearing);  /* by the path */
bool walmart_hear_order(struct hearing *hearing);
void walmart_say_order(const struct saying *saying);

/* The answers that list products asked for by their ids, or one of them, as an API writes one. */
void walmart_say_items(const struct saying *saying, dialect_put_one put);
void walmart_say_item(const struct saying *saying, dialect_put_one put);

uint64_t walmart_item_id(const struct goods *goods);

#endif
