/* providers/hedge.h - which calls of a quote may get a second one beside them, and which of two
 * counts.
 *
 * A race is one step of a quote's chain (an operation, a line, an attempt): its call, and perhaps a
 * second call of the same, sent when the first has not answered by policy.hedge.after_us. The rule:
 *
 *   the first good answer wins, whichever call brings it; what the other one brings is not heard
 *   an error is held back while the other call is still out; the later of two errors is the step's
 *   an answer due at the very instant of the second call comes first, and there is no second call
 *
 * The second call draws its own luck: its attempt is the first one's with HEDGE_ATTEMPT set, so
 * that no draw is shared with the call it stands beside, nor with a retry. What slowness two calls
 * share in truth they share here: a regime, a queue, a fault that hits the order.
 *
 * A loser is not torn down, as an abandoned quote's calls are not; it ends when it ends, and the
 * provider has done its work.
 *
 * Ownership: the caller keeps `struct hedge_races` beside the run. Pure; nothing is allocated.
 */
#ifndef PROVIDERS_HEDGE_H
#define PROVIDERS_HEDGE_H

#include "providers/message.h"
#include "router/policy.h"

enum { HEDGE_ATTEMPT = 0x40 }; /* the bit in call.attempt; retries stay far below it */

static inline bool call_is_hedge(const struct call *call)
{
    return (call->attempt & HEDGE_ATTEMPT) != 0;
}

enum race_state {
    RACE_NONE,
    RACE_ALONE, /* the first call is out, and may get a second */
    RACE_BOTH,
    RACE_LAST /* one is out, and gets no other */
};

struct hedge_race {
    int64_t sent_us; /* the first call */
    uint16_t item;
    uint8_t operation;
    uint8_t attempt; /* the first call's */
    uint8_t state;   /* enum race_state */
};

struct hedge_races {                           /* of one quote */
    struct hedge_race of[POLICY_PARALLEL_MAX]; /* in no order */
    void *watch;    /* the port's: it wakes the run for the next second call; NULL: it does not */
    uint16_t aside; /* calls out that no step waits for, or waits for besides another one */
    uint8_t sent;   /* second calls */
};

/* Whether the policy lets calls of an operation be hedged. */
bool hedge_allows(const struct hedge_policy *policy, enum operation operation);

/* A first call goes out: a race begins. */
void hedge_open(struct hedge_races *races, const struct call *call);

/* The second call of a race goes out. */
void hedge_join(struct hedge_races *races, struct hedge_race *race);

enum hedge_verdict {
    HEDGE_HEARD, /* the step's answer, or its failure */
    HEDGE_WON,   /* the same: its good answer, by the second call */
    HEDGE_HELD,  /* an error, and the other call is still out */
    HEDGE_UNHEARD
};

/* A call of the quote, first or second, has ended. */
enum hedge_verdict hedge_end(struct hedge_races *races, const struct call *call, bool good);

/* When the next second call is due; INT64_MAX: none is. */
int64_t hedge_due_us(const struct hedge_races *races, const struct hedge_policy *policy);

#endif
