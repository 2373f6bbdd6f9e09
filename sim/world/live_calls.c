#include "sim/world/live_calls.h"

#include <stddef.h>

const char *const live_loss_names[LOSS_COUNT + 1] = {"dns", "guard", "connect",
                                                     "tls", "other", NULL};

uint64_t live_calls_lost(const struct live_calls *calls)
{
    uint64_t lost = 0;
    for (unsigned l = 0; l < LOSS_COUNT; l++)
        lost += calls->lost[l];
    return lost;
}

void live_calls_add(struct live_calls *into, const struct live_calls *from)
{
    into->tried += from->tried;
    into->sent += from->sent;
    into->answered += from->answered;
    for (unsigned l = 0; l < LOSS_COUNT; l++)
        into->lost[l] += from->lost[l];
}
