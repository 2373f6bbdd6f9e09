/* sim/world/replay_calls.h - how a recording answered the calls to a provider that is played back.
 *
 * A recording answers the calls of the run that it is of. One with another seed, scenario, duration
 * or router asks for more: such calls get the last answer to the same request again, or that of
 * another request of their kind, or none. Those without an answer are told 404, and no figure that
 * hangs on them means anything.
 *
 * Ownership: plain data.
 */
#ifndef SIM_WORLD_REPLAY_CALLS_H
#define SIM_WORLD_REPLAY_CALLS_H

#include <stdint.h>

#include "router/base/text.h"

struct replay_calls {
    uint64_t exact;      /* the same request, answered as it was */
    uint64_t again;      /* all its answers were used: the last one again */
    uint64_t alike;      /* that of another request of the same kind */
    uint64_t unanswered; /* told 404 */
};

void replay_calls_add(struct replay_calls *into, const struct replay_calls *from);

/* "5 of 210 calls to Kroger had no recorded answer."; nothing where all had one. */
void replay_calls_say(struct text *text, const char *provider, const struct replay_calls *calls);

#endif
