#include "sim/world/live_calls.h"

#include <inttypes.h>
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

/* " (DNS)", or " (DNS 100, TLS 20)". */
static void put_reasons(struct text *text, const struct live_calls *calls)
{
    static const char *const reasons[LOSS_COUNT] = {
        [LOSS_DNS] = "DNS",
        [LOSS_GUARD] = "an address that is not public",
        [LOSS_CONNECT] = "no connection",
        [LOSS_TLS] = "TLS",
        [LOSS_OTHER] = "given up",
    };
    const uint64_t lost = live_calls_lost(calls);
    const char *before = " (";
    for (unsigned l = 0; l < LOSS_COUNT; l++) {
        if (calls->lost[l] == 0) continue;
        text_format(text, "%s%s", before, reasons[l]);
        if (calls->lost[l] < lost) text_format(text, " %" PRIu64, calls->lost[l]);
        before = ", ";
    }
    text_char(text, ')');
}

void live_calls_say(struct text *text, const char *provider, const struct live_calls *calls)
{
    const uint64_t lost = live_calls_lost(calls);
    if (calls->tried == 0 || (lost == 0 && calls->answered > 0)) return;
    if (calls->sent == 0) {
        text_format(text, "No call to %s reached it: %" PRIu64 " of %" PRIu64, provider, lost,
                    calls->tried);
    } else if (calls->answered == 0) {
        text_format(text,
                    "No call to %s was answered: of %" PRIu64 " requests that were sent, none got "
                    "an HTTP answer",
                    provider, calls->sent);
        if (lost > 0)
            text_format(text, ", and %" PRIu64 " of %" PRIu64 " calls", lost, calls->tried);
    } else {
        text_format(text, "%" PRIu64 " of %" PRIu64 " calls to %s", lost, calls->tried, provider);
    }
    if (lost > 0) {
        text_put(text, " failed before a request left this machine");
        put_reasons(text, calls);
    }
    text_char(text, '.');
}
