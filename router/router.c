#include "router/router.h"

#include <assert.h>
#include <stddef.h>

const char *const confirm_error_names[CONFIRM_ERROR_COUNT] = {
    [CONFIRM_OK] = "OK",
    [CONFIRM_TIMEOUT] = "TIMEOUT",
    [CONFIRM_NETWORK_ERROR] = "NETWORK_ERROR",
    [CONFIRM_UPSTREAM_5XX] = "UPSTREAM_5XX",
    [CONFIRM_PROVIDER_UNAVAILABLE] = "PROVIDER_UNAVAILABLE",
    [CONFIRM_PROVIDER_ERROR] = "PROVIDER_ERROR",
    [CONFIRM_INVALID_ADDRESS] = "INVALID_ADDRESS",
    [CONFIRM_PAYMENT_DECLINED] = "PAYMENT_DECLINED",
    [CONFIRM_INVALID_PAYMENT] = "INVALID_PAYMENT",
    [CONFIRM_UPSTREAM_4XX] = "UPSTREAM_4XX",
    [CONFIRM_VALIDATION_ERROR] = "VALIDATION_ERROR",
};

const char *order_code_name(enum order_code code, enum profile profile)
{
    switch (code) {
    case ORDER_ROUTED:
        return "ROUTED";
    case ORDER_INVALID_REQUEST:
        return "INVALID_REQUEST";
    case ORDER_NO_PROVIDERS:
        return "NO_PROVIDERS";
    case ORDER_NO_QUOTES:
        return profile == PROFILE_AS_CODED ? "NO_VALID_QUOTES" : "NO_PROVIDERS_AVAILABLE";
    case ORDER_CODE_COUNT:
        break;
    }
    assert(!"an order code outside its enum");
    return "";
}

int order_code_http_status(enum order_code code)
{
    switch (code) {
    case ORDER_ROUTED:
        return 200;
    case ORDER_INVALID_REQUEST:
        return 400;
    case ORDER_NO_PROVIDERS:
    case ORDER_NO_QUOTES:
        return 503;
    case ORDER_CODE_COUNT:
        break;
    }
    assert(!"an order code outside its enum");
    return 0;
}

static void scale_weights(struct router *router)
{
    for (unsigned p = 0; p < PREFERENCE_COUNT; p++) {
        router->weights[p] = score_weights_for(&router->config->weights, (enum preference)p);
    }
}

void router_init(struct router *router, const struct router_config *config,
                 const struct policy *policy, const struct router_port *port)
{
    *router = (struct router){.config = config, .deployments = 1, .policy = *policy, .port = *port};
    scale_weights(router);
}

void router_redeploy(struct router *router, const struct router_config *config)
{
    router->config = config;
    router->deployments++;
    router->breaker = (struct cache_breaker){.opened = router->breaker.opened};
    scale_weights(router);
}

static inline void emit(const struct router *router, enum event_kind kind,
                        const struct router_order *order, unsigned slot, int64_t now_us)
{
    if ((router->port.emit_mask >> kind & 1u) != 0) {
        router->port.emit(router->port.context, kind, order, slot, now_us);
    }
}

static int64_t missing_lines_cents(const struct router_order *order, const struct quote *quote)
{
    const struct quote *quotes[PROVIDER_COUNT];
    unsigned count = 0;
    for (unsigned i = 0; i < order->candidate_count; i++) {
        const struct quote_result *result = &order->slots[i].result;
        if (order->slots[i].settled && result->outcome == QUOTE_OK)
            quotes[count++] = &result->quote;
    }
    return quote_missing_cents(quote, quotes, count);
}

static bool worth_scoring(const struct router *router, const struct quote *quote)
{
    if (router->policy.missing_items != MISSING_ITEMS_EXCLUDED) return true;
    return quote->found + quote->substituted >= router->policy.fill_least * quote->requested;
}

/* Scores what arrived, in candidate order, so that ties stay in it. */
static void score_order(struct router *router, struct router_order *order)
{
    struct score_input inputs[PROVIDER_COUNT];
    struct score_parts parts[PROVIDER_COUNT];
    uint8_t slots[PROVIDER_COUNT], ranked[PROVIDER_COUNT];
    unsigned count = 0;
    for (unsigned i = 0; i < order->candidate_count; i++) {
        const struct order_slot *slot = &order->slots[i];
        const struct quote *quote = &slot->result.quote;
        if (slot->result.outcome != QUOTE_OK || !worth_scoring(router, quote)) continue;
        const struct provider_history *known = &router->history.providers[slot->provider];
        int64_t total_cents = quote->total_cents;
        if (router->policy.missing_items == MISSING_ITEMS_MEDIAN) {
            total_cents += missing_lines_cents(order, quote);
        }
        inputs[count] = (struct score_input){.provider = (enum provider)slot->provider,
                                             .priority = slot->priority,
                                             .total_cents = total_cents,
                                             .eta_minutes = quote->eta_minutes,
                                             .found = quote->found,
                                             .substituted = quote->substituted,
                                             .has_success_rate = known->has_success_rate,
                                             .has_margin_rate = known->has_margin_rate,
                                             .success_rate = known->success_rate,
                                             .margin_rate = known->margin_rate};
        slots[count++] = (uint8_t)i;
    }
    order->quote_count = (uint8_t)count;
    if (count == 0) return;
    score_quotes(&router->weights[order->request->preference], (int32_t)order->request->item_count,
                 router->policy.zero_is_missing, inputs, count, parts);
    score_rank(parts, count, ranked);
    for (unsigned i = 0; i < count; i++) {
        order->ranked[i] = slots[ranked[i]];
        order->parts[slots[i]] = parts[i];
    }
}

static void decide(struct router *router, struct router_order *order, int64_t now_us)
{
    assert(!order->decided);
    assert(order->pending == 0);

    score_order(router, order);
    order->decided = true;
    order->decided_us = now_us;
    order->code = order->quote_count > 0 ? ORDER_ROUTED : ORDER_NO_QUOTES;
    if (order->wake_us != INT64_MAX) {
        order->wake_us = INT64_MAX;
        router->port.wake(router->port.context, order);
    }
    if (order->code == ORDER_ROUTED) {
        emit(router, EVENT_DECISION, order, order->ranked[0], now_us);
    } else {
        emit(router, EVENT_FAILURE, order, 0, now_us);
    }
    emit(router, EVENT_LATENCY, order, 0, now_us);
    router->port.decided(router->port.context, order, now_us);
}

static void refuse(struct router *router, struct router_order *order, enum order_code code,
                   int64_t now_us)
{
    order->decided = true;
    order->decided_us = now_us;
    order->code = (uint8_t)code;
    emit(router, EVENT_FAILURE, order, 0, now_us);
    router->port.decided(router->port.context, order, now_us);
}

/* Takes a result into its slot. A failed call may be replaced by the canned quote. */
static void settle(struct router *router, struct router_order *order, unsigned index,
                   const struct quote_result *result, int64_t now_us)
{
    struct order_slot *slot = &order->slots[index];
    assert(!slot->settled);
    assert(order->pending > 0);
    assert(result->outcome != QUOTE_PENDING);

    slot->settled = true;
    slot->settled_us = now_us;
    slot->made_us = now_us;
    slot->real_outcome = (uint8_t)result->outcome;
    slot->result = *result;
    order->pending--;
    if (result->outcome == QUOTE_OK) {
        assert(result->quote.total_cents >= 0);
        emit(router, EVENT_QUOTE_SUCCESS, order, index, now_us);
        return;
    }
    emit(router, EVENT_QUOTE_ERROR, order, index, now_us);
    if (!router->config->providers[slot->provider].mock_fallback) return;
    slot->fell_back = true;
    slot->result.outcome = QUOTE_OK;
    quote_canned(&slot->result.quote, (enum provider)slot->provider, order->request);
    emit(router, EVENT_FALLBACK, order, index, now_us);
}

/* Asks the port for the earliest deadline still awaited, if that is not what it was asked already.
 */
static void ask_wake(struct router *router, struct router_order *order)
{
    int64_t earliest_us = INT64_MAX;
    for (unsigned i = 0; i < order->candidate_count; i++) {
        const struct order_slot *slot = &order->slots[i];
        if (slot->settled) continue;
        if (slot->deadline_us < earliest_us) earliest_us = slot->deadline_us;
        if (slot->recalling && slot->recall_due_us < earliest_us) earliest_us = slot->recall_due_us;
    }
    if (order->wake_us == earliest_us) return;
    order->wake_us = earliest_us;
    router->port.wake(router->port.context, order);
}

/* Between the two no answer decides the order, whoever gives it from inside: a provider may (all it
 * needs is cached, or it lacks a credential), and so may a cache. They nest. */
static bool hold(struct router_order *order)
{
    const bool held = order->busy;
    order->busy = true;
    order->pending++;
    return held;
}

static void let_go(struct router *router, struct router_order *order, bool held, int64_t now_us)
{
    order->busy = held;
    order->pending--;
    if (held) return;
    if (order->pending == 0) {
        decide(router, order, now_us);
    } else {
        ask_wake(router, order);
    }
}

/* --- kept quotes ---------------------------------------------------------------------------------
 */

static void note_recall(struct router *router, struct order_slot *slot, enum recall recall)
{
    slot->recall = (uint8_t)recall;
    router->cache.recalls[recall]++;
}

static void ask_candidate(struct router *router, struct router_order *order, unsigned index,
                          int64_t now_us)
{
    const struct cache_policy *policy = &router->policy.cache;
    struct order_slot *slot = &order->slots[index];
    if (policy->quote_us > 0) {
        slot->key =
            cache_key_make(policy->quote_key, (enum provider)slot->provider, order->request);
        if (cache_breaker_allows(&router->breaker, now_us)) {
            slot->recalling = true;
            slot->recall_us = now_us;
            slot->recall_due_us = now_us + policy->timeout_us;
            router->port.recall(router->port.context, order, index, now_us);
            return;
        }
        note_recall(router, slot, RECALL_SKIPPED);
    }
    router->port.ask(router->port.context, order, index, now_us);
}

static void end_recall(struct order_slot *slot, int64_t now_us)
{
    assert(slot->recalling);
    slot->recalling = false;
    slot->recall_ended_us = now_us;
}

static void fail_recall(struct router *router, struct order_slot *slot, enum recall recall,
                        int64_t now_us)
{
    note_recall(router, slot, recall);
    cache_breaker_bad(&router->breaker, &router->policy.cache, now_us);
}

/* What an answer amounts to; `cached` is filled in when something readable was kept. */
static enum recall judge_answer(const struct order_slot *slot, const struct cache_answer *answer,
                                struct cache_quote *cached, int64_t now_us)
{
    if (answer->error != CACHE_OK) {
        return (enum recall)(RECALL_REFUSED + (int)answer->error - CACHE_REFUSED);
    }
    if (answer->length == 0) return RECALL_MISS;
    if (!cache_quote_read(cached, &slot->key, answer->bytes, answer->length)) return RECALL_DAMAGED;
    return now_us < cached->expires_us ? RECALL_HIT : RECALL_EXPIRED;
}

void router_on_recalled(struct router *router, struct router_order *order, unsigned index,
                        const struct cache_answer *answer, int64_t now_us)
{
    assert(index < order->candidate_count);
    struct order_slot *slot = &order->slots[index];
    if (!slot->recalling) return; /* given up */
    if (now_us >= slot->deadline_us || now_us >= slot->recall_due_us) {
        router_on_wake(router, order, now_us);
        return;
    }
    const bool held = hold(order);
    struct cache_quote cached;
    const enum recall recall = judge_answer(slot, answer, &cached, now_us);
    end_recall(slot, now_us);
    if (answer->error != CACHE_OK) {
        fail_recall(router, slot, recall, now_us);
    } else { /* it has answered, whatever it keeps */
        note_recall(router, slot, recall);
        cache_breaker_good(&router->breaker);
    }
    if (recall == RECALL_HIT) {
        const struct quote_result result = {.outcome = QUOTE_OK, .quote = cached.quote};
        settle(router, order, index, &result, now_us);
        slot->made_us = cached.made_us;
        slot->saved_calls = cached.calls;
    } else {
        router->port.ask(router->port.context, order, index, now_us);
    }
    let_go(router, order, held, now_us);
}

/* What has come in time is kept for the next who asks. Nobody waits for that, and a cache that is
 * let alone is not told. */
static void remember(struct router *router, const struct router_order *order, unsigned index,
                     int64_t now_us)
{
    const int64_t ttl_us = router->policy.cache.quote_us;
    const struct order_slot *slot = &order->slots[index];
    if (ttl_us == 0 || slot->real_outcome != QUOTE_OK || slot->result.quote.canned) return;
    if (router->breaker.open_until_us != 0) {
        router->cache.sets_skipped++;
        return;
    }
    const struct cache_quote cached = {.quote = slot->result.quote,
                                       .made_us = now_us,
                                       .expires_us = now_us + ttl_us,
                                       .calls = slot->result.calls};
    unsigned char bytes[CACHE_QUOTE_BYTES];
    cache_quote_write(&cached, &slot->key, bytes);
    router->cache.sets++;
    router->port.remember(router->port.context, order, index, bytes, ttl_us, now_us);
}

/* --- an order's course ---------------------------------------------------------------------------
 */

void router_begin(struct router *router, struct router_order *order, uint64_t index,
                  const struct order_request *request, int64_t now_us)
{
    const struct router_config *config = router->config;
    order->index = index;
    order->request = request;
    order->start_us = now_us;
    order->decided_us = now_us;
    order->wake_us = INT64_MAX;
    order->candidate_count = 0;
    order->pending = 0;
    order->quote_count = 0;
    order->decided = false;
    order->busy = false;
    order->code = ORDER_ROUTED;
    order->fault = NULL;
    order->late = NULL;
    order->confirm_state = CONFIRM_NONE;
    order->confirm_attempts = 0;
    order->confirm_errors[0] = CONFIRM_OK;
    order->confirm_errors[1] = CONFIRM_OK;

    order->fault = order_request_fault(request, config->profile == PROFILE_AS_CODED);
    if (order->fault != NULL) {
        refuse(router, order, ORDER_INVALID_REQUEST, now_us);
        return;
    }
    if (config->candidate_count == 0) {
        refuse(router, order, ORDER_NO_PROVIDERS, now_us);
        return;
    }

    order->candidate_count = (uint8_t)config->candidate_count;
    order->pending = order->candidate_count;
    for (unsigned i = 0; i < order->candidate_count; i++) {
        const enum provider provider = (enum provider)config->candidates[i];
        struct order_slot *slot = &order->slots[i];
        slot->provider = (uint8_t)provider;
        slot->settled = false;
        slot->fell_back = false;
        slot->recalling = false;
        slot->recall = RECALL_UNASKED;
        slot->saved_calls = 0;
        slot->real_outcome = QUOTE_PENDING;
        slot->priority = config->providers[provider].priority;
        slot->deadline_us = now_us + config->providers[provider].timeout_us;
        slot->result.outcome = QUOTE_PENDING;
        slot->result.quote.cached = false;
    }
    const bool held = hold(order); /* not decided before the last was asked */
    for (unsigned i = 0; i < order->candidate_count; i++) {
        emit(router, EVENT_QUOTE_START, order, i, now_us);
        if (!config->providers[order->slots[i].provider].forced_mock) {
            ask_candidate(router, order, i, now_us);
            continue;
        }
        struct quote_result canned = {.outcome = QUOTE_OK};
        quote_canned(&canned.quote, (enum provider)order->slots[i].provider, request);
        settle(router, order, i, &canned, now_us);
    }
    let_go(router, order, held, now_us);
}

/* Only what was given up for its timeout can come late; anything else was answered before. */
static void tell_late(const struct router *router, struct router_order *order, unsigned index,
                      const struct quote_result *result, int64_t now_us)
{
    const struct order_slot *slot = &order->slots[index];
    assert(slot->settled);
    if (!router->policy.log_late_quotes) return;
    if (slot->real_outcome != QUOTE_TIMEOUT || now_us < slot->deadline_us) return;
    order->late = result;
    emit(router, EVENT_QUOTE_LATE, order, index, now_us);
    order->late = NULL;
}

void router_on_quote(struct router *router, struct router_order *order, unsigned slot,
                     const struct quote_result *result, int64_t now_us)
{
    assert(slot < order->candidate_count);
    if (order->slots[slot].settled) { /* its deadline has passed: nobody listens any more */
        tell_late(router, order, slot, result, now_us);
        return;
    }
    if (now_us >= order->slots[slot].deadline_us) {
        /* Due at the deadline itself, and delivered before the clock's own wake: late all the same.
         */
        router_on_wake(router, order, now_us);
        tell_late(router, order, slot, result, now_us);
        return;
    }
    settle(router, order, slot, result, now_us);
    remember(router, order, slot, now_us);
    if (order->pending == 0) decide(router, order, now_us);
}

void router_on_remembered(struct router *router, enum cache_error error)
{
    router->cache.set_errors += error != CACHE_OK;
}

/* The order's deadline came while the cache was still being asked: it cost the order this quote. */
static void lose_recall(struct router *router, struct order_slot *slot, int64_t now_us)
{
    end_recall(slot, now_us);
    fail_recall(router, slot, RECALL_LATE, now_us);
}

void router_on_wake(struct router *router, struct router_order *order, int64_t now_us)
{
    if (order->decided) return;
    const bool held = hold(order);
    for (unsigned i = 0; i < order->candidate_count; i++) {
        struct order_slot *slot = &order->slots[i];
        if (slot->settled) continue;
        if (slot->deadline_us <= now_us) {
            const struct quote_result timeout = {.outcome = QUOTE_TIMEOUT, .retryable = true};
            const bool asked = !slot->recalling;
            if (!asked) lose_recall(router, slot, now_us);
            settle(router, order, i, &timeout, now_us);
            if (asked) router->port.abandon(router->port.context, order, i, now_us);
        } else if (slot->recalling && slot->recall_due_us <= now_us) {
            end_recall(slot, now_us);
            fail_recall(router, slot, RECALL_TIMEOUT, now_us);
            router->port.ask(router->port.context, order, i, now_us);
        }
    }
    let_go(router, order, held, now_us);
}

bool router_confirm(struct router *router, struct router_order *order, int64_t now_us)
{
    if (router_selected(order) < 0 || order->confirm_state != CONFIRM_NONE) return false;
    if (now_us - order->decided_us >= router->policy.confirm_life_us) {
        order->confirm_state = CONFIRM_EXPIRED;
        return false;
    }
    order->confirm_state = CONFIRM_PENDING;
    order->confirm_slot = order->ranked[0];
    order->confirm_attempts = 1;
    order->confirm_started_us = now_us;
    router->port.confirm(router->port.context, order, order->confirm_slot, now_us);
    return true;
}

static void finish_confirm(struct router *router, struct router_order *order,
                           enum confirm_state state, int64_t now_us)
{
    order->confirm_state = (uint8_t)state;
    emit(router, state == CONFIRM_DONE ? EVENT_CONFIRM_SUCCESS : EVENT_CONFIRM_FAILURE, order,
         order->confirm_slot, now_us);
    router->port.confirmed(router->port.context, order, now_us);
}

void router_on_confirmed(struct router *router, struct router_order *order,
                         enum confirm_error error, int64_t now_us)
{
    if (order->confirm_state != CONFIRM_PENDING) return;
    assert(order->confirm_attempts == 1 || order->confirm_attempts == 2);

    order->confirm_errors[order->confirm_attempts - 1] = (uint8_t)error;
    const bool failing_over = order->confirm_attempts == 2;
    if (error == CONFIRM_OK) {
        if (failing_over) emit(router, EVENT_FAILOVER_SUCCESS, order, order->confirm_slot, now_us);
        finish_confirm(router, order, CONFIRM_DONE, now_us);
        return;
    }
    if (failing_over) {
        emit(router, EVENT_FAILOVER_FAILURE, order, order->confirm_slot, now_us);
        finish_confirm(router, order, CONFIRM_FAILED, now_us);
        return;
    }
    if (!confirm_error_retryable(error) || order->quote_count < 2) {
        finish_confirm(router, order, CONFIRM_FAILED, now_us);
        return;
    }
    order->confirm_attempts = 2;
    order->confirm_slot = order->ranked[1];
    emit(router, EVENT_FAILOVER_ATTEMPT, order, order->confirm_slot, now_us);
    router->port.confirm(router->port.context, order, order->confirm_slot, now_us);
}

bool router_cancel(struct router *router, struct router_order *order, int64_t now_us)
{
    (void)router;
    (void)now_us;
    if (router_selected(order) < 0 || order->confirm_state != CONFIRM_NONE) return false;
    order->confirm_state = CONFIRM_CANCELLED;
    return true;
}

bool router_health_by_configuration(const struct router *router, enum provider provider)
{
    const struct provider_config *config = &router->config->providers[provider];
    return config->enabled && !config->lacks_credential;
}
