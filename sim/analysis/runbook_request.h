/* sim/analysis/runbook_request.h - what production would make of the body of a runbook's curl.
 *
 * Production reads the keys of its own form and passes over all others; a person's cart file is
 * read more strictly (sim/command/cart_read.h). The two forms are those of the two profiles:
 *
 *   as_documented  items[{name, quantity}], shippingAddress{postalCode}, preferences{optimize}; a
 *                  request without userId is an anonymous user's; {"action": "health_check"} is one
 *   as_coded       userId, items[{name, quantity}], location{zip}, preferences{optimizeFor}; it
 *                  knows no action
 *
 * What is missing is listed whole, and what the other form calls it where the body has that.
 * A preference that is none counts as balanced.
 *
 * Ownership: texts lie in the caller's arena; the request borrows the struct's items.
 * Failure:   none: a body that is refused is data.
 */
#ifndef SIM_ANALYSIS_RUNBOOK_REQUEST_H
#define SIM_ANALYSIS_RUNBOOK_REQUEST_H

#include "router/base/arena.h"
#include "router/order.h"
#include "router/provider.h"

enum runbook_body {
    BODY_ORDER,
    BODY_HEALTH_CHECK,
    BODY_REFUSED,   /* INVALID_REQUEST: `why` */
    BODY_UNKNOWABLE /* nobody can say what production makes of it: `why` */
};

enum { RUNBOOK_WHY_MAX = 400 };

struct runbook_request {
    enum runbook_body body;
    char why[RUNBOOK_WHY_MAX];                /* "userId is missing; location is missing (...)" */
    struct order_item items[ORDER_ITEMS_MAX]; /* product: unknown until a catalogue was asked */
    struct order_request order;
};

/* `body` NULL: there is none. `open`: it holds what the responder fills in; where it is no JSON,
 * that may be why. */
void runbook_request_read(struct runbook_request *request, const char *body, bool open,
                          enum profile profile, struct arena *arena);

/* The same order in the form of `profile`, whatever form it is in, with a user made up: what the
 * responder meant. False where no order can be made of it. */
bool runbook_request_translate(struct runbook_request *request, const char *body,
                               struct arena *arena);

#endif
