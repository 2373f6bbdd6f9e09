/* mocks/dialect_instacart.h - what Instacart's two files share, and nobody else includes. */
#ifndef MOCKS_DIALECT_INSTACART_H
#define MOCKS_DIALECT_INSTACART_H

#include "mocks/dialect_state.h"

/* Everything that is wrong with one request, in the documented nested form: 400, code 9999. */
struct issues {
    struct hearing *hearing;
    uint32_t count;
};
enum { INSTACART_ISSUES_MAX = 20 };

/* `key` says which member it is: "line_items[0].name". */
void instacart_complain(struct issues *issues, const char *key, const char *message);
/* Whether there were none; otherwise the request is refused. */
bool instacart_passes(struct issues *issues);

void instacart_say_bad_request(struct dialect *dialect, const char *reason,
                               struct http_response *response);

/* Whether our own client probes, under a path that serves a call of an order as well. */
bool instacart_is_probe(const struct heard *heard);

extern const char instacart_blank[]; /* "can't be blank" */

#endif
