/* The course of a drill under steady traffic and by its faults alone: second by second, how many
 * orders are decided and which share of them has failed. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/duration.h"
#include "sim/analysis/drill_plan_state.h"
#include "sim/world/story.h"

enum { ACTIVE_MAX = 8 }; /* faults at once; they are taken together in all ways */

/* What a fault does to the quotes of an order that it hits. */
enum effect { EFFECT_HARMLESS, EFFECT_FAILS, EFFECT_HANGS, EFFECT_UNKNOWN };

struct setting {
    const struct scenario *scenario;
    struct router_config config;
    int64_t slow_over_us;
    enum effect effects[FAULTS_MAX][PROVIDER_COUNT];
};

/* ---- what a fault does ---- */

/* Calls that each quote makes: what may be kept from an earlier one is none. Without tokens, which
 * are. */
static uint32_t sure_calls(const struct scenario *scenario, enum provider provider)
{
    const struct cache_policy *cache = &scenario->policy.cache;
    const uint32_t store = cache->store_us == 0 ? 1u << OPERATION_STORE : 0;
    const uint32_t search = cache->sku_us == 0 ? 1u << OPERATION_SEARCH : 0;
    if (scenario->providers[provider].chain == CHAIN_SINGLE) return 1u << OPERATION_SINGLE;
    switch (provider) {
    case PROVIDER_MEALME:
        return 1u << OPERATION_CART | 1u << OPERATION_QUOTE;
    case PROVIDER_INSTACART:
        return store | 1u << OPERATION_SLOTS;
    case PROVIDER_KROGER_API:
    case PROVIDER_WALMART_API:
        return store | search;
    case PROVIDER_COUNT:
        break;
    }
    return 0;
}

/* Of those, the ones whose failure the quote survives. */
static uint32_t borne_calls(enum provider provider)
{
    const uint32_t search = 1u << OPERATION_SEARCH;
    return provider == PROVIDER_WALMART_API ? search | 1u << OPERATION_STORE : search;
}

static enum effect effect_of_end(const struct scenario *scenario, enum provider provider,
                                 uint32_t operations, bool hangs)
{
    const uint32_t hit = operations == 0 ? UINT32_MAX : operations;
    const uint32_t sure = sure_calls(scenario, provider) & hit;
    if (hangs) return sure != 0 ? EFFECT_HANGS : EFFECT_UNKNOWN;
    if ((sure & ~borne_calls(provider)) != 0) return EFFECT_FAILS;
    if ((hit & 1u << OPERATION_TOKEN) != 0 && provider != PROVIDER_WALMART_API) {
        return EFFECT_UNKNOWN; /* when a token is fetched */
    }
    if (!scenario->policy.swallowed_search_errors) return EFFECT_UNKNOWN;
    const uint32_t quotes = 1u << OPERATION_STORE | 1u << OPERATION_SEARCH;
    const bool borne = (hit & quotes & ~borne_calls(provider)) == 0;
    return borne ? EFFECT_HARMLESS : EFFECT_UNKNOWN; /* a store that may be kept */
}

static enum effect effect_of(const struct scenario *scenario, const struct fault_spec *fault,
                             enum provider provider)
{
    if ((fault->provider_mask >> provider & 1u) == 0) return EFFECT_HARMLESS;
    if (fault->per_call && fault->fraction < 1.0 && fault_layer(fault->kind) != LAYER_MODIFIER) {
        return EFFECT_UNKNOWN; /* it depends on how many calls a quote makes */
    }
    switch (fault->kind) {
    case FAULT_HANG:
        return effect_of_end(scenario, provider, fault->operation_mask, true);
    case FAULT_ERROR:
    case FAULT_REFUSE:
    case FAULT_RESET:
    case FAULT_DNS:
    case FAULT_TLS:
    case FAULT_THROTTLE:
    case FAULT_MALFORMED:
    case FAULT_TRUNCATED:
        return effect_of_end(scenario, provider, fault->operation_mask, false);
    case FAULT_AUTH:
        if (fault->auth != AUTH_REVOKED || provider == PROVIDER_WALMART_API) return EFFECT_UNKNOWN;
        return effect_of_end(scenario, provider, 0, false);
    case FAULT_PARTIAL:
    case FAULT_PRICE_DRIFT:
    case FAULT_STALE_PRICES:
    case FAULT_EMPTY_RESULTS:
        return scenario->policy.swallowed_search_errors && provider != PROVIDER_MEALME &&
                       provider != PROVIDER_INSTACART
                   ? EFFECT_HARMLESS
                   : EFFECT_UNKNOWN;
    case FAULT_LATENCY:
    case FAULT_SLOW_BODY:
    case FAULT_CLOCK_SKEW:
    case FAULT_OUTAGE:
    case FAULT_COMPROMISED:
    case FAULT_KIND_COUNT:
        break;
    }
    return EFFECT_UNKNOWN;
}

/* ---- what is not known ---- */

static bool some_step_moves(const struct step_spec *steps, uint32_t count, enum provider provider)
{
    for (uint32_t i = 0; i < count; i++) {
        if (steps[i].verb == STEP_ROTATE && steps[i].provider == (int)provider) return true;
        if (steps[i].mistake == MISTAKE_WRONG_PROVIDER) return true;
    }
    return false;
}

static bool operators_move(const struct scenario *scenario, enum provider provider)
{
    const struct drill_spec *drill = &scenario->drill;
    bool moves = some_step_moves(drill->rollbacks.steps, drill->rollbacks.step_count, provider);
    for (uint32_t o = 0; o < drill->operator_count; o++) {
        const struct operator_spec *spec = &drill->operators[o];
        bool scripted = false;
        for (uint32_t t = 0; t < spec->trigger_count; t++)
            scripted = scripted || spec->triggers[t].at_us >= 0;
        moves = moves || (scripted && some_step_moves(spec->steps, spec->step_count, provider));
    }
    return moves;
}

static const char *why_unknown(const struct setting *setting, enum provider provider)
{
    const struct scenario *scenario = setting->scenario;
    const struct provider_spec *spec = &scenario->providers[provider];
    const struct limit_spec *limits = &spec->backend.limits;
    if (spec->mode != MODE_MOCK) return "it is no mock: nobody knows how it answers";
    if (setting->config.providers[provider].mock_fallback) return "it falls back to canned quotes";
    if (spec->backend.capacity > 0) return "it has a capacity, and calls queue";
    if (limits->per_second > 0 || limits->per_day > 0 || limits->token_per_day > 0) {
        return "it has limits, and calls may meet them";
    }
    if (spec->backend.credentials.expires_at_us >= 0 ||
        spec->backend.credentials.rotated_at_us >= 0) {
        return "its credential changes by itself";
    }
    if (scenario->policy.cache.quote_us > 0) return "quotes are cached";
    if (operators_move(scenario, provider)) return "operators change its credential";
    for (uint32_t f = 0; f < scenario->fault_count; f++) {
        if (setting->effects[f][provider] == EFFECT_UNKNOWN) {
            return "which share of calls its fault makes fail depends on traffic";
        }
    }
    return NULL;
}

/* ---- how it is set up ---- */

static void read_setting(const struct scenario *scenario, int64_t slow_over_us,
                         struct setting *setting)
{
    static const uint64_t held[PROVIDER_COUNT] = {1, 1, 1, 1}; /* the right ones, as by default */
    struct err_list *ignored = calloc(1, sizeof *ignored);
    setting->scenario = scenario;
    setting->slow_over_us = slow_over_us;
    if (ignored != NULL) {
        config_read(&scenario->env, scenario->profile, scenario->policy.live_adapters, held,
                    &setting->config, ignored);
    }
    free(ignored);
    for (uint32_t f = 0; f < scenario->fault_count; f++) {
        for (unsigned p = 0; p < PROVIDER_COUNT; p++)
            setting->effects[f][p] = effect_of(scenario, &scenario->faults[f], (enum provider)p);
    }
}

static bool is_called(const struct setting *setting, unsigned provider)
{
    const struct provider_config *config = &setting->config.providers[provider];
    return config->enabled && !config->forced_mock;
}

static void describe(const struct setting *setting, struct drill_course *course)
{
    const char *unknown = NULL;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const struct provider_config *config = &setting->config.providers[p];
        course->called[p] = is_called(setting, p);
        if (config->enabled && (config->forced_mock || config->mock_fallback)) {
            course->safe = "a provider that answers a canned quote is always there";
        }
        if (!course->called[p]) continue;
        course->unknown[p] = why_unknown(setting, (enum provider)p);
        if (course->unknown[p] != NULL && unknown == NULL) unknown = course->unknown[p];
        const uint32_t fatal =
            sure_calls(setting->scenario, (enum provider)p) & ~borne_calls((enum provider)p);
        double well = 1.0;
        for (unsigned o = 0; o < OPERATION_COUNT; o++) {
            if ((fatal >> o & 1u) != 0)
                well *= 1.0 - setting->scenario->providers[p].backend.errors.rate[o];
        }
        course->own_errors[p] = 1.0 - well;
        const struct backend_spec *backend = &setting->scenario->providers[p].backend;
        const double confirm =
            backend->errors.rate[OPERATION_CONFIRM] + backend->outcomes.confirm_error;
        if (confirm > course->own_bad) course->own_bad = confirm;
    }
    course->unknown[SCOPE_ROUTER] = unknown;
}

/* ---- a second ---- */

struct draw { /* one way in which the faults of a second may hit an order */
    double share;
    bool fails[PROVIDER_COUNT], hangs[PROVIDER_COUNT];
};

static void add_at(const struct drill_course *course, double *counts, uint32_t second, double share)
{
    if (counts != NULL && second < course->seconds) counts[second] += share;
}

/* Books an order that starts in the second after `second` where it is decided. */
static void book(const struct setting *setting, struct drill_course *course, uint32_t second,
                 const struct draw *draw)
{
    const int64_t within_us = setting->scenario->slo.within_us;
    int64_t wait_us = 0;
    bool all_fail = true, real_fail = true;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const struct provider_config *config = &setting->config.providers[p];
        const bool lost = draw->fails[p] || draw->hangs[p];
        if (!config->enabled) continue;
        if (!lost || !course->called[p]) all_fail = false;
        if (!course->called[p]) continue;
        if (!lost) real_fail = false;
        if (draw->hangs[p] && config->timeout_us > wait_us) wait_us = config->timeout_us;
    }
    const uint32_t at = second + 1 + (uint32_t)((wait_us + US_PER_SECOND - 1) / US_PER_SECOND);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const bool lost = draw->fails[p] || draw->hangs[p];
        if (!course->called[p]) continue;
        add_at(course, course->counted[p], at, draw->share);
        if (lost) add_at(course, course->failing[p][COURSE_ERRORS], at, draw->share);
        if (draw->hangs[p]) add_at(course, course->failing[p][COURSE_TIMEOUTS], at, draw->share);
        course->touched[p][COURSE_ERRORS] |= lost;
        course->touched[p][COURSE_TIMEOUTS] |= draw->hangs[p];
    }
    const bool late = within_us >= 0 && wait_us > within_us;
    const bool bad =
        all_fail || late || (real_fail && setting->scenario->slo.indicator == SLO_ORDERS_OK);
    const bool slow = setting->slow_over_us > 0 && wait_us > setting->slow_over_us;
    const bool of_router[COURSE_KINDS] = {
        [COURSE_ERRORS] = all_fail, [COURSE_BAD] = bad, [COURSE_SLOW] = slow};
    add_at(course, course->counted[SCOPE_ROUTER], at, draw->share);
    for (unsigned k = 0; k < COURSE_KINDS; k++) {
        if (!of_router[k]) continue;
        add_at(course, course->failing[SCOPE_ROUTER][k], at, draw->share);
        course->touched[SCOPE_ROUTER][k] = true;
    }
}

/* A body of lower layer is what is met where two faults hit: one that ends a call fast comes before
 * a hang when it strikes below it. */
static void take_fault(const struct setting *setting, uint32_t fault, struct draw *draw,
                       enum fault_layer lowest[static PROVIDER_COUNT])
{
    const enum fault_layer layer = fault_layer(setting->scenario->faults[fault].kind);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const enum effect effect = setting->effects[fault][p];
        if (effect != EFFECT_FAILS && effect != EFFECT_HANGS) continue;
        if (layer >= lowest[p]) continue;
        lowest[p] = layer;
        draw->fails[p] = effect == EFFECT_FAILS;
        draw->hangs[p] = effect == EFFECT_HANGS;
    }
}

static bool book_second(const struct setting *setting, struct drill_course *course, uint32_t second)
{
    const struct scenario *scenario = setting->scenario;
    uint32_t active[ACTIVE_MAX], count = 0;
    double shares[ACTIVE_MAX];
    for (uint32_t f = 0; f < scenario->fault_count; f++) {
        const double share = fault_strength(&scenario->faults[f], (int64_t)second * US_PER_SECOND);
        if (share <= 0.0) continue;
        if (count == ACTIVE_MAX) return false;
        active[count] = f;
        shares[count++] = share;
    }
    for (uint32_t way = 0; way < 1u << count; way++) {
        enum fault_layer lowest[PROVIDER_COUNT];
        struct draw draw = {.share = 1.0};
        for (unsigned p = 0; p < PROVIDER_COUNT; p++)
            lowest[p] = LAYER_MODIFIER;
        for (uint32_t i = 0; i < count; i++) {
            const bool hit = (way >> i & 1u) != 0;
            draw.share *= hit ? shares[i] : 1.0 - shares[i];
            if (hit) take_fault(setting, active[i], &draw, lowest);
        }
        if (draw.share > 0.0) book(setting, course, second, &draw);
    }
    return true;
}

/* ---- all of it ---- */

static void lay_out(struct drill_course *course)
{
    double *next = course->memory;
    for (unsigned s = 0; s < SCOPE_COUNT; s++) {
        course->counted[s] = next;
        next += course->seconds;
        for (unsigned k = 0; k < COURSE_KINDS; k++) {
            course->failing[s][k] = next;
            next += course->seconds;
        }
    }
}

static void sum_up(struct drill_course *course)
{
    for (unsigned s = 0; s < SCOPE_COUNT * (1 + COURSE_KINDS); s++) {
        double *of = course->memory + (size_t)s * course->seconds;
        for (uint32_t i = 1; i < course->seconds; i++)
            of[i] += of[i - 1];
    }
}

bool drill_course_make(const struct scenario *scenario, int64_t slow_over_us,
                       struct drill_course *course)
{
    *course =
        (struct drill_course){.seconds = (uint32_t)(scenario->duration_us / US_PER_SECOND) + 1};
    struct setting *setting = calloc(1, sizeof *setting);
    course->memory =
        calloc((size_t)course->seconds * SCOPE_COUNT * (1 + COURSE_KINDS), sizeof *course->memory);
    if (setting == NULL || course->memory == NULL) {
        free(setting);
        drill_course_release(course);
        return false;
    }
    lay_out(course);
    read_setting(scenario, slow_over_us, setting);
    describe(setting, course);
    bool known = true;
    for (uint32_t s = 0; s < course->seconds && known; s++)
        known = book_second(setting, course, s);
    if (!known) {
        for (unsigned s = 0; s < SCOPE_COUNT; s++)
            course->unknown[s] = "too many faults are on at once";
    }
    sum_up(course);
    free(setting);
    return true;
}

void drill_course_release(struct drill_course *course)
{
    free(course->memory);
    *course = (struct drill_course){0};
}
