#include "providers/hedge.h"

#include <assert.h>
#include <stddef.h>

bool hedge_allows(const struct hedge_policy *policy, enum operation operation)
{
    if (operation == OPERATION_TOKEN || operation == OPERATION_CONFIRM ||
        operation == OPERATION_HEALTH) {
        return false;
    }
    return policy->operation_mask == 0 || (policy->operation_mask >> operation & 1u) != 0;
}

void hedge_open(struct hedge_races *races, const struct call *call)
{
    assert(!call_is_hedge(call));
    for (unsigned i = 0; i < POLICY_PARALLEL_MAX; i++) {
        struct hedge_race *race = &races->of[i];
        if (race->state != RACE_NONE) continue;
        *race = (struct hedge_race){.sent_us = call->sent_us,
                                    .item = (uint16_t)call->item,
                                    .operation = (uint8_t)call->operation,
                                    .attempt = (uint8_t)call->attempt,
                                    .state = RACE_ALONE};
        return;
    }
    assert(!"more calls of a quote at a time than the policy allows");
}

void hedge_join(struct hedge_races *races, struct hedge_race *race)
{
    assert(race->state == RACE_ALONE);
    race->state = RACE_BOTH;
    races->aside++;
    races->sent++;
}

static struct hedge_race *find(struct hedge_races *races, const struct call *call)
{
    const unsigned attempt = call->attempt & ~(unsigned)HEDGE_ATTEMPT;
    for (unsigned i = 0; i < POLICY_PARALLEL_MAX; i++) {
        struct hedge_race *race = &races->of[i];
        if (race->state != RACE_NONE && race->operation == call->operation &&
            race->item == call->item && race->attempt == attempt) {
            return race;
        }
    }
    return NULL;
}

enum hedge_verdict hedge_end(struct hedge_races *races, const struct call *call, bool good)
{
    struct hedge_race *race = find(races, call);
    if (race == NULL) { /* the race was over: this is its loser */
        assert(races->aside > 0);
        races->aside--;
        return HEDGE_UNHEARD;
    }
    if (!good && race->state == RACE_BOTH) {
        race->state = RACE_LAST;
        races->aside--;
        return HEDGE_HELD;
    }
    race->state = RACE_NONE; /* of both, the other one stays aside until it ends */
    return good && call_is_hedge(call) ? HEDGE_WON : HEDGE_HEARD;
}

int64_t hedge_due_us(const struct hedge_races *races, const struct hedge_policy *policy)
{
    int64_t due_us = INT64_MAX;
    if (races->sent >= policy->per_quote) return due_us;
    for (unsigned i = 0; i < POLICY_PARALLEL_MAX; i++) {
        if (races->of[i].state != RACE_ALONE) continue;
        const int64_t wait_us = races->of[i].sent_us + policy->after_us;
        if (wait_us < due_us) due_us = wait_us;
    }
    return due_us;
}
