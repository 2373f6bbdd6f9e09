#include "sim/command/cache_choice.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "providers/redis_protocol.h"
#include "sim/command/command.h"

static bool has_hiredis(struct err *err)
{
    if (redis_protocol_version() != NULL) return true;
    (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0},
                   "this routesim was built without hiredis, and --cache needs it");
    return err_hint(err, "install libhiredis-dev (Debian, Ubuntu) and run make again");
}

bool cache_choice_read(const struct invocation *invocation, const struct scenario *scenario,
                       struct cache_choice *choice, struct err *err)
{
    const struct option_value *const value = &invocation->values[OPTION_CACHE];
    *choice = (struct cache_choice){.given = false};
    if (!invocation_given(invocation, OPTION_CACHE)) return true;
    if (!redis_address_read(value->text, &choice->plan.address, err)) return false;
    if (scenario->policy.cache.quote_us == 0) {
        if (value->origin != ORIGIN_COMMAND_LINE) return true;
        (void)err_fail(err, ERR_USAGE, (struct place){0},
                       "--cache has nothing to keep: this scenario's router keeps no quotes");
        return err_hint(err, "say --set router.policy.cache.quote=5m, or leave --cache out");
    }
    if (!has_hiredis(err)) return false;
    (void)snprintf(choice->plan.name, sizeof choice->plan.name, "%s", scenario->name);
    choice->plan.seed = scenario->seed;
    choice->maker = redis_cache_maker(&choice->plan);
    choice->given = true;
    return true;
}

void cache_choice_describe(const struct cache_choice *choice, struct text *text)
{
    if (!choice->given) return;
    text_put(text, "; quotes are kept in ");
    redis_address_write(&choice->plan.address, text);
}

void cache_choice_say(const struct cache_choice *choice, const struct console *console)
{
    const struct redis_cache_facts *const facts = &choice->plan.facts;
    if (!choice->given || facts->losses == 0) return;
    struct text where = {0};
    redis_address_write(&choice->plan.address, &where);
    fprintf(console->err,
            "routesim: warning: the cache at %s was lost %" PRIu64
            " time%s (%s); orders went on without it\n",
            where.bytes != NULL ? where.bytes : "", (uint64_t)facts->losses,
            facts->losses == 1 ? "" : "s", facts->reason);
    text_release(&where);
}
