/* sim/world/live_calls.h - what became of the HTTP calls to one real provider.
 *
 * A provider's quota is spent by requests that reach it, not by our attempts. A request counts as
 * sent once its connection stands, TLS included, and its first byte may have left: from there on
 * only the provider knows. A call that ended before that is lost: nobody out there heard of it.
 *
 *   tried  calls given to the network; none of those that a fault of ours met in its stead
 *          = calls that were sent + lost ones + those in flight
 *   sent   requests; more than the calls that were sent where libcurl had to send one twice
 *
 * Both are capped by --max-requests, each for itself: `sent` for the provider's sake, lost calls so
 * that a dead network is not asked for ever.
 *
 * Ownership: plain data.
 */
#ifndef SIM_WORLD_LIVE_CALLS_H
#define SIM_WORLD_LIVE_CALLS_H

#include <stdint.h>

#include "router/base/text.h"

enum live_loss {               /* where a call ended before anything was sent */
                 LOSS_DNS,     /* no address for the name */
                 LOSS_GUARD,   /* an address that our own guard does not let pass */
                 LOSS_CONNECT, /* refused, no route, or no connection within the call's life */
                 LOSS_TLS,     /* no handshake */
                 LOSS_OTHER,   /* this machine had no socket, no memory or no turn for it */
                 LOSS_COUNT
};
extern const char *const live_loss_names[LOSS_COUNT + 1]; /* "dns", ...; NULL ends */

struct live_calls {
    uint64_t tried;
    uint64_t sent;
    uint64_t answered; /* calls that got a status line, whatever it said */
    uint64_t lost[LOSS_COUNT];
};

uint64_t live_calls_lost(const struct live_calls *calls);
void live_calls_add(struct live_calls *into, const struct live_calls *from);

/* What has to be known before any figure about the provider is believed, in a sentence; nothing
 * where every call was sent and some were answered. "No call to Walmart reached it: 120 of 120
 * failed before a request left this machine (DNS)." */
void live_calls_say(struct text *text, const char *provider, const struct live_calls *calls);

#endif
