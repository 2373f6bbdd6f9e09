#include "sim/world/replay_calls.h"

#include <inttypes.h>

void replay_calls_add(struct replay_calls *into, const struct replay_calls *from)
{
    into->exact += from->exact;
    into->again += from->again;
    into->alike += from->alike;
    into->unanswered += from->unanswered;
}

void replay_calls_say(struct text *text, const char *provider, const struct replay_calls *calls)
{
    const uint64_t all = calls->exact + calls->again + calls->alike + calls->unanswered;
    if (calls->unanswered == 0) return;
    text_format(text, "%" PRIu64 " of %" PRIu64 " call%s to %s had no recorded answer.",
                calls->unanswered, all, all == 1 ? "" : "s", provider);
}
