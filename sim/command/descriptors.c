#include "sim/command/descriptors.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "router/base/random.h"

enum {
    CARTS_DRAWN = 64,
    OWN_USE = 64,       /* files, epolls, listeners, and some idle connections */
    LIMIT_LEAST = 1024, /* what is proposed at least */
};
static const double quantile = 0.95;
static const double unknown_latency_us = 2e6; /* of laws that are rows of a file */

uint64_t descriptors_raise(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return UINT64_MAX;
    if (limit.rlim_cur != limit.rlim_max) {
        struct rlimit raised = limit;
        raised.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
    }
    return limit.rlim_cur == RLIM_INFINITY ? UINT64_MAX : (uint64_t)limit.rlim_cur;
}

/* ---- how many orders, how many lines ------------------------------------------------------------
 */

static double peak_of(const double *shares, unsigned count)
{
    double sum = 0.0, most = 0.0;
    for (unsigned i = 0; i < count; i++) {
        sum += shares[i];
        most = fmax(most, shares[i]);
    }
    return sum > 0.0 ? most * count / sum : 1.0;
}

static double orders_per_s(const struct world_plan *plan, const struct wire_spec *wire)
{
    const struct arrival_spec *arrivals = &plan->scenario->workload.arrivals;
    double rate = workload_rate(&plan->workload);
    if (arrivals->kind == ARRIVAL_PROFILE)
        rate *= peak_of(arrivals->hour_share, 24) * peak_of(arrivals->weekday_share, 7);
    const bool held_back = wire_is_live(plan->scenario) && wire->max_orders_per_s > 0.0;
    return held_back ? fmin(rate, wire->max_orders_per_s) : rate;
}

/* Carts are what they are: a few of them say how long they are. */
static double mean_lines(const struct world_plan *plan)
{
    struct order_item *const items = calloc(ORDER_ITEMS_MAX, sizeof *items);
    if (items == NULL) return 1.0;
    double lines = 0.0;
    for (uint64_t i = 0; i < CARTS_DRAWN; i++) {
        struct order_request request;
        workload_order(&plan->workload, random_key(plan->scenario->seed, i), i, &request, items);
        lines += request.item_count;
    }
    free(items);
    return fmax(1.0, lines / CARTS_DRAWN);
}

/* ---- for how long an order holds how many connections -------------------------------------------
 */

struct reckoning {
    const struct scenario *scenario;
    enum provider provider;
    double lines;
    double longest_us; /* of a call */
};

static bool is_of_a_quote(const struct reckoning *reckoning, enum operation operation)
{
    if (!operation_exists(reckoning->provider, operation)) return false;
    const bool single = reckoning->scenario->providers[reckoning->provider].chain == CHAIN_SINGLE;
    if (operation == OPERATION_CONFIRM || operation == OPERATION_HEALTH) return false;
    return single == (operation == OPERATION_SINGLE);
}

/* What second calls add: each runs beside its first from `after` on, at most as long. */
static double hedged_us(const struct policy *policy, double call_us, double calls)
{
    if (!policy->hedge.enabled) return 0.0;
    return fmin(calls, policy->hedge.per_quote) *
           fmax(0.0, call_us - (double)policy->hedge.after_us);
}

/* The microseconds for which the calls of one quote hold a connection each, all together, when
 * every call takes `multiply` times as long, and `add_us` more. */
static double busy_us(struct reckoning *reckoning, double multiply, int64_t add_us)
{
    const struct backend_spec *spec = &reckoning->scenario->providers[reckoning->provider].backend;
    const double life_us = (double)reckoning->scenario->policy.call_life_us;
    double sum_us = 0.0;
    for (enum operation o = 0; o < OPERATION_COUNT; o++) {
        if (!is_of_a_quote(reckoning, o)) continue;
        double call_us = law_quantile_us(&spec->latency[o], quantile);
        if (!isfinite(call_us)) call_us = unknown_latency_us;
        call_us = fmin(life_us, call_us * multiply + (double)add_us);
        reckoning->longest_us = fmax(reckoning->longest_us, call_us);
        const double calls = o == OPERATION_SEARCH ? reckoning->lines : 1.0;
        sum_us += call_us * calls + hedged_us(&reckoning->scenario->policy, call_us, calls);
    }
    return sum_us;
}

/* The same when the provider hangs for as long as a fault lasts: searches hang one after the other,
 * or as many at a time as the policy lets, until the fault is over. */
static double hanging_us(struct reckoning *reckoning, const struct fault_spec *fault)
{
    const struct policy *policy = &reckoning->scenario->policy;
    const double life_us = (double)policy->call_life_us;
    const bool searches = is_of_a_quote(reckoning, OPERATION_SEARCH);
    const double width = searches ? fmin(policy->parallel_searches, reckoning->lines) : 1.0;
    const double depth = searches ? ceil(reckoning->lines / fmax(width, 1.0)) : 1.0;
    reckoning->longest_us = life_us;
    return fmax(width, 1.0) * fmin((double)fault->for_us + life_us, depth * life_us) +
           hedged_us(policy, life_us, fmax(width, 1.0) * depth);
}

static double hanging_share(const struct fault_spec *fault)
{
    if (fault->kind == FAULT_HANG) return fault->fraction;
    if (fault->kind != FAULT_OUTAGE) return 0.0;
    double all = 0.0, hanging = 0.0;
    for (uint32_t i = 0; i < fault->part_count; i++) {
        all += fault->parts[i].share;
        if (fault->parts[i].kind == FAULT_HANG) hanging += fault->parts[i].share;
    }
    return all > 0.0 ? fault->fraction * hanging / all : 0.0;
}

/* Of the worst stretch of the run. `hangs` is set where a fault makes calls hang. */
static double held_us(struct reckoning *reckoning, bool *hangs)
{
    const struct scenario *scenario = reckoning->scenario;
    const double usual_us = busy_us(reckoning, 1.0, 0);
    double worst_us = usual_us;
    *hangs = false;
    for (uint32_t f = 0; f < scenario->fault_count; f++) {
        const struct fault_spec *fault = &scenario->faults[f];
        if ((fault->provider_mask >> reckoning->provider & 1u) == 0) continue;
        double share = hanging_share(fault), faulted_us = 0.0;
        if (share > 0.0) {
            faulted_us = hanging_us(reckoning, fault);
            *hangs = true;
        } else if (fault->kind == FAULT_LATENCY) {
            share = fault->fraction;
            faulted_us = busy_us(reckoning, fault->multiply, fault->add_us);
        }
        worst_us = fmax(worst_us, usual_us * (1.0 - share) + faulted_us * share);
    }
    return worst_us;
}

/* ---- the whole ----------------------------------------------------------------------------------
 */

/* Who is called at all: with credentials, which the mocks hand out. */
static void read_config(const struct scenario *scenario, struct router_config *config)
{
    uint64_t credentials[PROVIDER_COUNT];
    struct err_list ignored = {0};
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        credentials[p] = 1;
    config_read(&scenario->env, scenario->profile, scenario->policy.live_adapters, credentials,
                config, &ignored);
}

void descriptors_estimate(const struct world_plan *plan, const struct wire_spec *wire,
                          struct descriptor_need *need)
{
    const struct scenario *scenario = plan->scenario;
    struct router_config config;
    read_config(scenario, &config);
    struct reckoning reckoning = {.scenario = scenario, .lines = mean_lines(plan)};
    *need = (struct descriptor_need){.orders_per_s = orders_per_s(plan, wire)};
    double sum = OWN_USE;
    for (enum provider p = 0; p < PROVIDER_COUNT; p++) {
        const enum wire_reach reach = wire_reach(wire, scenario, p);
        if (!config.providers[p].enabled || config.providers[p].forced_mock) continue;
        if (reach == REACH_REPLAY) continue;
        bool hangs;
        reckoning.provider = p;
        const double calls = need->orders_per_s * held_us(&reckoning, &hangs) / 1e6;
        /* A call that is to hang does so at a relay of ours, also on its way to a real provider. */
        const bool both = reach == REACH_OWN || (reach == REACH_LIVE && hangs);
        sum += (both ? 2.0 : 1.0) * (calls + 4.0 * sqrt(calls));
        need->both_ends = need->both_ends || both;
        need->providers++;
    }
    need->life_us = (int64_t)reckoning.longest_us;
    need->count = (uint64_t)fmin(sum, 1e15);
}

/* To two figures: it is an estimate. */
static uint64_t rounded(uint64_t count)
{
    uint64_t unit = 1;
    while (count / unit >= 100)
        unit *= 10;
    return (count + unit - 1) / unit * unit;
}

bool descriptors_lack(const struct descriptor_need *need, uint64_t limit, struct err *warning)
{
    if (need->count <= limit) return false;
    uint64_t wanted = LIMIT_LEAST;
    while (wanted < need->count)
        wanted *= 2;
    char life[DURATION_TEXT_MAX];
    duration_for_people(need->life_us, life);
    (void)err_fail(warning, ERR_ENVIRONMENT, (struct place){0},
                   "this run may need about %" PRIu64 " file descriptors (%.3g orders a second, %u "
                   "provider%s, calls of up to %s%s), and this process may have %" PRIu64,
                   rounded(need->count), need->orders_per_s, need->providers,
                   need->providers == 1 ? "" : "s", life,
                   need->both_ends ? ", both ends of a connection in here" : "", limit);
    (void)err_hint(warning,
                   "say `ulimit -n %" PRIu64 "` before it, or let fewer orders come by --rate; a "
                   "run that runs out ends there",
                   wanted);
    warning->warning = true;
    return true;
}
