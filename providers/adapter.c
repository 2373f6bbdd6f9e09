#include "providers/adapter.h"

#include <assert.h>
#include <string.h>

#include "router/base/random.h"

enum { CHAIN_STEPS_MAX = 4, NO_ITEM = UINT16_MAX };

#define END OPERATION_COUNT

static const uint8_t quote_chains[PROVIDER_COUNT][CHAIN_STEPS_MAX] = {
    [PROVIDER_MEALME] = {OPERATION_CART, OPERATION_QUOTE, END, END},
    [PROVIDER_INSTACART] = {OPERATION_TOKEN, OPERATION_STORE, OPERATION_SLOTS, END},
    [PROVIDER_KROGER_API] = {OPERATION_TOKEN, OPERATION_STORE, OPERATION_SEARCH, END},
    [PROVIDER_WALMART_API] = {OPERATION_STORE, OPERATION_SEARCH, END, END},
};
static const uint8_t developer_chain[CHAIN_STEPS_MAX] = {OPERATION_STORE, OPERATION_SLOTS, END,
                                                         END};

static const uint8_t single_chain[CHAIN_STEPS_MAX] = {OPERATION_SINGLE, END, END, END};
static const uint8_t confirm_chains[2][CHAIN_STEPS_MAX] = {
    {OPERATION_CONFIRM, END, END, END}, {OPERATION_TOKEN, OPERATION_CONFIRM, END, END}};
static const uint8_t health_chains[2][CHAIN_STEPS_MAX] = {
    {OPERATION_HEALTH, END, END, END}, {OPERATION_TOKEN, OPERATION_HEALTH, END, END}};

static bool has_tokens(const struct adapters *adapters, const struct quote_run *run)
{
    return api_has_tokens((enum provider)run->provider, adapters->setup[run->provider].api);
}

static const uint8_t *chain_of(const struct adapters *adapters, const struct quote_run *run)
{
    const struct adapter_setup *setup = &adapters->setup[run->provider];
    const bool single = setup->chain == CHAIN_SINGLE;
    const bool token = !single && has_tokens(adapters, run);
    switch ((enum run_purpose)run->purpose) {
    case RUN_QUOTE:
        if (single) return single_chain;
        return setup->api == API_DEVELOPER ? developer_chain : quote_chains[run->provider];
    case RUN_CONFIRM:
        return confirm_chains[token];
    case RUN_HEALTH:
        return health_chains[token];
    }
    assert(!"a run purpose outside its enum");
    return single_chain;
}

void adapters_init(struct adapters *adapters, const struct router_config *config,
                   const struct policy *policy, const struct call_port *port,
                   const struct adapter_setup setup[PROVIDER_COUNT], uint64_t seed_r,
                   int64_t epoch_us)
{
    struct memo skus[PROVIDER_COUNT];
    memcpy(skus, adapters->skus, sizeof skus); /* the caller's, kept */
    *adapters = (struct adapters){
        .policy = *policy,
        .port = *port,
        .epoch_us = epoch_us,
        .token_key = random_key(seed_r, random_what(RANDOM_TOKEN, PROVIDER_COUNT, 0, 0, 0))};
    memcpy(adapters->skus, skus, sizeof skus);
    memcpy(adapters->setup, setup, sizeof adapters->setup);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        adapters->state[p].retry_tokens = policy->retry.budget_burst;
        adapters->state[p].hedge_tokens = policy->hedge.budget_burst;
        adapters->state[p].throttle_tokens = policy->retry.throttle_tokens;
    }
    adapters_forget(adapters, config);
}

void adapters_forget(struct adapters *adapters, const struct router_config *config)
{
    adapters->config = config;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        struct adapter_state *state = &adapters->state[p];
        state->token = 0;
        state->token_expires_us = 0;
        state->signed_us = -1;
        memset(state->stores, 0, sizeof state->stores);
        memo_forget(&adapters->skus[p]);
    }
}

/* When the signature in use was made, in whole milliseconds of Unix time, as it is stated; a new
 * one is made when it has become old. */
static int64_t signature_us(const struct adapters *adapters, struct adapter_state *state,
                            int64_t now_us)
{
    if (state->signed_us < 0 || now_us - state->signed_us >= ADAPTER_SIGNATURE_US) {
        state->signed_us = now_us;
    }
    return state->signed_us - (adapters->epoch_us + state->signed_us) % 1000;
}

/* Whether a call of this run may be hedged: it, and a second one, are kept book of then. */
static bool may_race(const struct adapters *adapters, const struct quote_run *run,
                     enum operation operation)
{
    const struct hedge_policy *hedge = &adapters->policy.hedge;
    return hedge->enabled && run->races != NULL && run->purpose == RUN_QUOTE &&
           hedge_allows(hedge, operation);
}

/* Walmart's search covers the whole chain: it names no store, and its prices are of none. */
static uint32_t searched_store(const struct quote_run *run)
{
    return run->provider == PROVIDER_WALMART_API ? 0 : run->store;
}

static void send_call(struct adapters *adapters, struct quote_run *run, enum operation operation,
                      unsigned item, unsigned attempt, int64_t now_us)
{
    struct call call = {.provider = (enum provider)run->provider,
                        .operation = operation,
                        .order_key = run->order_key,
                        .order_index = run->order_index,
                        .item = item,
                        .attempt = attempt,
                        .sent_us = now_us,
                        .request = run->request,
                        .credential = &adapters->config->providers[run->provider].credential,
                        .token = run->token,
                        .store = run->store,
                        .subtotal_cents = run->subtotal_cents,
                        .cart = run->cart,
                        .lines = operation == OPERATION_QUOTE ? run->lines : NULL};
    if (operation == OPERATION_SEARCH) call.store = searched_store(run);
    if (run->provider == PROVIDER_WALMART_API) {
        if (adapters->setup[run->provider].api == API_STANDARD) {
            call.signed_us = signature_us(adapters, &adapters->state[run->provider], now_us);
        }
    }
    if (operation == OPERATION_TOKEN) {
        /* Tokens belong to no order: whoever happens to fetch one must not change its luck. */
        struct adapter_state *state = &adapters->state[run->provider];
        call.order_key =
            random_key(adapters->token_key, (uint64_t)run->provider << 48 | state->token_fetches++);
        call.order_index = UINT64_MAX;
    }
    run->outstanding++;
    if (may_race(adapters, run, operation) && !call_is_hedge(&call)) {
        hedge_open(run->races, &call);
    }
    run->calls++;
    adapters->port.send(adapters->port.context, run, &call);
}

/* A first try earns a share of a second one; see retry_policy.budget. */
static void earn(double *tokens, double budget, double burst)
{
    *tokens += budget;
    if (*tokens > burst) *tokens = burst;
}

static void send_first(struct adapters *adapters, struct quote_run *run, enum operation operation,
                       unsigned item, int64_t now_us)
{
    const struct retry_policy *retry = &adapters->policy.retry;
    const struct hedge_policy *hedge = &adapters->policy.hedge;
    struct adapter_state *state = &adapters->state[run->provider];
    if (retry->enabled && retry->budget > 0.0) {
        earn(&state->retry_tokens, retry->budget, retry->budget_burst);
    }
    if (hedge->enabled && hedge->budget > 0.0) {
        earn(&state->hedge_tokens, hedge->budget, hedge->budget_burst);
    }
    send_call(adapters, run, operation, item, 0, now_us);
}

static void release_if_idle(struct adapters *adapters, struct quote_run *run)
{
    if (run->finished && run->outstanding == 0) {
        adapters->port.released(adapters->port.context, run);
    }
}

static void unwatch(struct adapters *adapters, struct quote_run *run)
{
    if (run->races == NULL || run->races->watch == NULL) return;
    adapters->port.unwatch(adapters->port.context, run->races->watch);
    run->races->watch = NULL;
}

/* Ends the run. The run may be gone when this returns: nothing may follow it. */
static void finish(struct adapters *adapters, struct quote_run *run,
                   const struct quote_result *result, int64_t now_us)
{
    assert(!run->finished);
    run->finished = true;
    unwatch(adapters, run);
    struct quote_result told = *result;
    told.calls = run->calls;
    adapters->port.done(adapters->port.context, run, &told, now_us);
    release_if_idle(adapters, run);
}

static void finish_with_quote(struct adapters *adapters, struct quote_run *run, int64_t now_us)
{
    struct quote_result result = {.outcome = QUOTE_OK};
    struct quote *quote = &result.quote;
    if (run->purpose == RUN_QUOTE) {
        const unsigned items = run->request->item_count;
        const unsigned got = (unsigned)run->found + run->substituted;
        if (!adapters->policy.swallowed_search_errors && items > 0 &&
            (got == 0 || got < adapters->policy.fill_least * items)) {
            result.outcome =
                run->search_errors > 0 ? (enum quote_outcome)run->error_outcome : QUOTE_UNAVAILABLE;
            result.http_status = run->error_status;
            finish(adapters, run, &result, now_us);
            return;
        }
        if (run->stated.total_cents > 0) {
            *quote = run->stated;
        } else {
            quote_price(quote, (enum provider)run->provider, run->subtotal_cents);
            quote->eta_minutes = run->eta_minutes > 0 ? run->eta_minutes
                                                      : provider_traits[run->provider].eta_minutes;
        }
        quote->requested = (uint16_t)items;
        quote->found = run->found;
        quote->substituted = run->substituted;
        quote->estimated = run->estimated;
        quote->store = run->store;
    }
    finish(adapters, run, &result, now_us);
}

/* --- caches --------------------------------------------------------------------------------- */

static bool token_cached(const struct adapters *adapters, const struct adapter_state *state,
                         int64_t now_us)
{
    return adapters->policy.cache.token && state->token != 0 &&
           now_us + adapters->policy.token_margin_us < state->token_expires_us;
}

static struct memo stores_of(struct adapter_state *state)
{
    static_assert(ADAPTER_STORES_MAX % MEMO_WAYS == 0, "no place is left over");
    return (struct memo){.entries = state->stores, .sets = ADAPTER_STORES_MAX / MEMO_WAYS};
}

static bool store_cached(struct adapters *adapters, struct quote_run *run, int64_t now_us,
                         bool *none)
{
    if (adapters->policy.cache.store_us == 0) return false;
    struct adapter_state *state = &adapters->state[run->provider];
    const struct memo stores = stores_of(state);
    const struct memo_answer *answer =
        memo_find(&stores, random_mix(run->request->postal_hash), now_us);
    if (answer == NULL) {
        state->store_counts.misses++;
        return false;
    }
    state->store_counts.hits++;
    run->store = answer->number;
    *none = !answer->found;
    return true;
}

static void store_remember(struct adapters *adapters, const struct quote_run *run, bool none,
                           int64_t now_us)
{
    const int64_t life_us = adapters->policy.cache.store_us;
    if (life_us == 0) return;
    struct adapter_state *state = &adapters->state[run->provider];
    const struct memo stores = stores_of(state);
    const struct memo_answer answer = {.number = run->store, .found = !none};
    state->store_counts.evictions +=
        memo_keep(&stores, random_mix(run->request->postal_hash), answer, now_us, now_us + life_us);
}

static bool keeps_skus(const struct adapters *adapters, const struct quote_run *run)
{
    return adapters->skus[run->provider].entries != NULL && adapters->policy.cache.sku_us > 0;
}

static uint64_t sku_key(const struct quote_run *run, unsigned item)
{
    return random_key(run->request->items[item].name_hash, searched_store(run));
}

static void sku_remember(struct adapters *adapters, const struct quote_run *run, unsigned item,
                         struct memo_answer answer, int64_t now_us)
{
    if (!keeps_skus(adapters, run)) return;
    adapters->state[run->provider].sku_counts.evictions +=
        memo_keep(&adapters->skus[run->provider], sku_key(run, item), answer, now_us,
                  now_us + adapters->policy.cache.sku_us);
}

/* --- the chain -------------------------------------------------------------------------------- */

static void take_product(struct quote_run *run, unsigned item, bool found, bool exact,
                         int32_t unit_cents)
{
    run->items_done++;
    if (!found) return;
    run->subtotal_cents += (int64_t)unit_cents * run->request->items[item].quantity;
    if (exact) {
        run->found++;
    } else {
        run->substituted++;
    }
}

/* Steps under way: a call, be it hedged, or a wait before a retry. */
static unsigned steps_out(const struct quote_run *run)
{
    return run->outstanding - (run->races != NULL ? run->races->aside : 0u);
}

/* Sees to it that the run is woken when its next second call is due. One watch serves all calls: it
 * is not moved when calls end, but finds out when it comes due. */
static void watch_calls(struct adapters *adapters, struct quote_run *run)
{
    if (run->races == NULL || run->races->watch != NULL) return;
    const int64_t due_us = hedge_due_us(run->races, &adapters->policy.hedge);
    if (due_us >= run->deadline_us) return;
    run->races->watch = adapters->port.watch(adapters->port.context, run, due_us);
}

/* Takes the line from memory, if it is remembered. */
static bool recall_line(struct adapters *adapters, struct quote_run *run, unsigned item,
                        int64_t now_us)
{
    if (!keeps_skus(adapters, run)) return false;
    struct memo_counters *counts = &adapters->state[run->provider].sku_counts;
    const struct memo_answer *answer =
        memo_find(&adapters->skus[run->provider], sku_key(run, item), now_us);
    if (answer == NULL) {
        counts->misses++;
        return false;
    }
    counts->hits++;
    take_product(run, item, answer->found, answer->exact, (int32_t)answer->number);
    return true;
}

/* Keeps as many searches in flight as the policy allows; true when all lines are done. */
static bool search_on(struct adapters *adapters, struct quote_run *run, int64_t now_us)
{
    const unsigned items = run->request->item_count;
    while (run->item_next < items && steps_out(run) < adapters->policy.parallel_searches) {
        const unsigned item = run->item_next++;
        if (recall_line(adapters, run, item, now_us)) continue;
        send_first(adapters, run, OPERATION_SEARCH, item, now_us);
    }
    watch_calls(adapters, run);
    return run->items_done == items;
}

/* Instacart's cart, priced from the declared list; lines that are not on it are missing. */
static void price_from_list(struct adapters *adapters, struct quote_run *run, int64_t now_us)
{
    const struct adapter_setup *setup = &adapters->setup[run->provider];
    run->estimated = true;
    if (setup->list_price == NULL) return;
    for (unsigned i = 0; i < run->request->item_count; i++) {
        const int64_t cents =
            setup->list_price(setup->list_context, &run->request->items[i], now_us);
        take_product(run, i, cents >= 0, true, (int32_t)cents);
    }
}

/* A real provider is sent no new call once nobody waits any more; a mock's chain runs on to its
 * end. */
static bool past_live_deadline(const struct adapters *adapters, const struct quote_run *run,
                               int64_t now_us)
{
    return adapters->setup[run->provider].live && now_us >= run->deadline_us;
}

static void finish_late(struct adapters *adapters, struct quote_run *run, int64_t now_us)
{
    const struct quote_result late = {.outcome = QUOTE_TIMEOUT, .retryable = true};
    finish(adapters, run, &late, now_us);
}

/* Goes through the chain from run->stage until a call is in flight or the end is reached. */
static void go_on(struct adapters *adapters, struct quote_run *run, int64_t now_us)
{
    const uint8_t *chain = chain_of(adapters, run);
    for (;; run->stage++) {
        const enum operation operation = (enum operation)chain[run->stage];
        if (operation == END) {
            finish_with_quote(adapters, run, now_us);
            return;
        }
        if (past_live_deadline(adapters, run, now_us)) {
            finish_late(adapters, run, now_us);
            return;
        }
        if (operation == OPERATION_TOKEN) {
            const struct adapter_state *state = &adapters->state[run->provider];
            if (token_cached(adapters, state, now_us)) {
                run->token = state->token;
                continue;
            }
        }
        if (operation == OPERATION_STORE) {
            bool none = false;
            if (store_cached(adapters, run, now_us, &none)) {
                if (!none || run->provider == PROVIDER_WALMART_API) continue;
                const struct quote_result nowhere = {.outcome = QUOTE_NO_STORES};
                finish(adapters, run, &nowhere, now_us);
                return;
            }
        }
        if (operation == OPERATION_SEARCH) {
            if (search_on(adapters, run, now_us)) continue;
            return;
        }
        if (operation == OPERATION_SLOTS) price_from_list(adapters, run, now_us);
        send_first(adapters, run, operation, 0, now_us);
        watch_calls(adapters, run);
        return;
    }
}

void adapter_begin(struct adapters *adapters, struct quote_run *run, int64_t now_us)
{
    const struct credential *credential = &adapters->config->providers[run->provider].credential;
    run->subtotal_cents = 0;
    run->token = 0;
    if (run->purpose != RUN_CONFIRM) run->cart = 0;
    run->store = 0;
    run->stage = 0;
    run->outstanding = 0;
    run->finished = false;
    run->cancelled = false;
    run->estimated = false;
    run->token_renewed = false;
    run->resume = END;
    run->error_outcome = QUOTE_OK;
    run->error_status = 0;
    run->resume_item = NO_ITEM;
    run->calls = 0;
    run->item_next = 0;
    run->items_done = 0;
    run->found = 0;
    run->substituted = 0;
    run->search_errors = 0;
    run->eta_minutes = 0;
    run->stated.total_cents = 0;
    if (run->races != NULL) *run->races = (struct hedge_races){.sent = 0};
    if (credential->fingerprint == 0) {
        const struct quote_result missing = {.outcome = QUOTE_MISSING_CREDENTIALS};
        finish(adapters, run, &missing, now_us);
        return;
    }
    go_on(adapters, run, now_us);
}

/* --- replies ------------------------------------------------------------------------------------
 */

struct quote_result adapter_classify(enum operation operation, const struct reply *reply,
                                     bool auth_errors_final)
{
    struct quote_result result = {.outcome = QUOTE_OK, .http_status = reply->http_status};
    switch (reply->fate) {
    case CALL_UNANSWERED:
        result.outcome = QUOTE_TIMEOUT;
        result.retryable = true;
        return result;
    case CALL_REFUSED:
    case CALL_RESET:
    case CALL_DNS:
    case CALL_TLS:
        result.outcome = QUOTE_NETWORK_ERROR;
        result.retryable = true;
        return result;
    case CALL_ANSWERED:
    case CALL_FATE_COUNT:
        break;
    }
    const uint16_t status = reply->http_status;
    if (status >= 200 && status < 300) {
        if (reply->body != BODY_GOOD) result.outcome = QUOTE_INVALID_RESPONSE;
        return result;
    }
    if (operation == OPERATION_TOKEN && (auth_errors_final || (status < 500 && status != 429))) {
        result.outcome = QUOTE_AUTH_FAILED; /* in production also when it was a 503 or a 429 */
        return result;
    }
    if (status == 429) {
        result.outcome = QUOTE_RATE_LIMITED;
        return result;
    }
    if (status == 406) { /* MealMe: no delivery from this store now */
        result.outcome = QUOTE_UNAVAILABLE;
        return result;
    }
    result.outcome = QUOTE_HTTP_ERROR;
    result.retryable = status >= 500;
    return result;
}

enum confirm_error adapter_confirm_error(const struct quote_result *result)
{
    switch (result->outcome) {
    case QUOTE_OK:
        return CONFIRM_OK;
    case QUOTE_TIMEOUT:
        return CONFIRM_TIMEOUT;
    case QUOTE_NETWORK_ERROR:
        return CONFIRM_NETWORK_ERROR;
    case QUOTE_UNAVAILABLE:
    case QUOTE_RATE_LIMITED:
        return CONFIRM_PROVIDER_UNAVAILABLE;
    case QUOTE_INVALID_RESPONSE:
    case QUOTE_NO_STORES:
        return CONFIRM_PROVIDER_ERROR;
    case QUOTE_HTTP_ERROR:
        if (result->http_status >= 500) return CONFIRM_UPSTREAM_5XX;
        if (result->http_status == 402) return CONFIRM_PAYMENT_DECLINED;
        return CONFIRM_UPSTREAM_4XX;
    case QUOTE_AUTH_FAILED:
    case QUOTE_MISSING_CREDENTIALS:
        return CONFIRM_UPSTREAM_4XX;
    case QUOTE_PENDING:
    case QUOTE_OUTCOME_COUNT:
        break;
    }
    assert(!"a quote outcome outside its enum");
    return CONFIRM_PROVIDER_ERROR;
}

/* How long to wait before a retry: exponential, with a drawn share, or what the provider asked for.
 */
static int64_t backoff_us(const struct adapters *adapters, const struct call *call,
                          const struct reply *reply)
{
    const struct retry_policy *retry = &adapters->policy.retry;
    if (reply->retry_after_s > 0) return (int64_t)reply->retry_after_s * 1000000;
    int64_t wait_us = retry->backoff_us;
    for (uint32_t i = 0; i < call->attempt && wait_us < retry->backoff_us_max; i++)
        wait_us *= 2;
    if (wait_us > retry->backoff_us_max) wait_us = retry->backoff_us_max;
    const uint64_t bits =
        random_draw(call->order_key, random_what(RANDOM_RETRY, call->provider, call->operation,
                                                 call->item, call->attempt));
    return wait_us - (int64_t)((double)wait_us * retry->jitter * random_unit(bits));
}

/* gRPC's throttle; see retry_policy.throttle_tokens. Failures that could be tried again count. */
static void count_for_throttle(struct adapters *adapters, const struct quote_run *run,
                               const struct quote_result *result)
{
    const struct retry_policy *retry = &adapters->policy.retry;
    if (retry->throttle_tokens <= 0.0) return;
    double *tokens = &adapters->state[run->provider].throttle_tokens;
    if (result->outcome == QUOTE_OK) {
        earn(tokens, retry->throttle_ratio, retry->throttle_tokens);
    } else if (result->retryable || result->outcome == QUOTE_RATE_LIMITED) {
        *tokens = *tokens > 1.0 ? *tokens - 1.0 : 0.0;
    }
}

static bool is_throttled(const struct adapters *adapters, const struct quote_run *run)
{
    const double most = adapters->policy.retry.throttle_tokens;
    return most > 0.0 && adapters->state[run->provider].throttle_tokens <= most / 2.0;
}

/* Takes what one more call costs out of a budget, unless that is spent. */
static bool spend(double *tokens, double budget)
{
    if (budget <= 0.0) return true;
    if (*tokens < 1.0) return false;
    *tokens -= 1.0;
    return true;
}

static bool retry_later(struct adapters *adapters, struct quote_run *run, const struct call *call,
                        const struct reply *reply, const struct quote_result *result,
                        int64_t now_us)
{
    const struct retry_policy *retry = &adapters->policy.retry;
    if (!retry->enabled || run->cancelled) return false;
    if (!result->retryable && result->outcome != QUOTE_RATE_LIMITED) return false;
    struct adapter_state *state = &adapters->state[run->provider];
    const uint32_t most =
        retry->attempts > 0 ? retry->attempts : adapters->config->providers[run->provider].retries;
    if (call->attempt >= most) return false;
    const int64_t due_us = now_us + backoff_us(adapters, call, reply);
    if (due_us >= run->deadline_us) return false;
    if (is_throttled(adapters, run) || !spend(&state->retry_tokens, retry->budget)) {
        state->retries_denied++;
        return false;
    }
    state->retries++;
    struct call again = *call;
    again.attempt++;
    run->outstanding++;
    adapters->port.after(adapters->port.context, run, &again, due_us);
    return true;
}

void adapter_on_retry(struct adapters *adapters, struct quote_run *run, const struct call *call,
                      int64_t now_us)
{
    assert(run->outstanding > 0);
    run->outstanding--;
    if (run->cancelled || run->finished) {
        release_if_idle(adapters, run);
        return;
    }
    if (past_live_deadline(adapters, run, now_us)) { /* this machine woke late */
        finish_late(adapters, run, now_us);
        return;
    }
    send_call(adapters, run, call->operation, call->item, call->attempt, now_us);
    watch_calls(adapters, run);
}

/* A second call beside one that has not answered. Where it is refused, no other is tried for. */
static void send_hedge(struct adapters *adapters, struct quote_run *run, struct hedge_race *race,
                       int64_t now_us)
{
    struct adapter_state *state = &adapters->state[run->provider];
    if (is_throttled(adapters, run) ||
        !spend(&state->hedge_tokens, adapters->policy.hedge.budget)) {
        state->hedges_denied++;
        race->state = RACE_LAST;
        return;
    }
    state->hedges++;
    hedge_join(run->races, race);
    send_call(adapters, run, (enum operation)race->operation, race->item,
              race->attempt | (unsigned)HEDGE_ATTEMPT, now_us);
}

void adapter_on_watch(struct adapters *adapters, struct quote_run *run, int64_t now_us)
{
    struct hedge_races *races = run->races;
    assert(!run->finished);
    races->watch = NULL;
    const struct hedge_policy *hedge = &adapters->policy.hedge;
    for (unsigned i = 0; i < POLICY_PARALLEL_MAX; i++) {
        struct hedge_race *race = &races->of[i];
        if (races->sent >= hedge->per_quote || now_us >= run->deadline_us) return;
        if (race->state != RACE_ALONE || race->sent_us + hedge->after_us > now_us) continue;
        send_hedge(adapters, run, race, now_us);
    }
    watch_calls(adapters, run);
}

/* auth_errors_final off: a 401 on a data call drops the token, fetches another and tries once more.
 */
static bool renew_token(struct adapters *adapters, struct quote_run *run, const struct call *call,
                        const struct reply *reply, int64_t now_us)
{
    if (adapters->policy.auth_errors_final || run->token_renewed || reply->fate != CALL_ANSWERED ||
        reply->http_status != 401) {
        return false;
    }
    if (call->operation == OPERATION_TOKEN || !has_tokens(adapters, run)) return false;
    if (past_live_deadline(adapters, run, now_us)) return false;
    struct adapter_state *state = &adapters->state[run->provider];
    if (state->token == call->token) state->token = 0;
    run->token_renewed = true;
    run->resume = (uint8_t)call->operation;
    run->resume_item = (uint16_t)call->item;
    run->resume_attempt = (uint8_t)(call->attempt + 1);
    send_first(adapters, run, OPERATION_TOKEN, 0, now_us);
    return true;
}

/* A call has failed for good. True when the chain may go on without it. */
static bool bear_failure(struct adapters *adapters, struct quote_run *run, const struct call *call,
                         const struct quote_result *result)
{
    (void)adapters;
    if (call->operation == OPERATION_SEARCH) {
        if (run->search_errors++ == 0) {
            run->error_outcome = (uint8_t)result->outcome;
            run->error_status = result->http_status;
        }
        take_product(run, call->item, false, false, 0);
        return true;
    }
    /* Walmart's store call is optional: without a store the search covers the whole chain. */
    return call->operation == OPERATION_STORE && run->provider == PROVIDER_WALMART_API;
}

/* To a delivery slot, half up; 0 when none is stated. One that has begun counts as a minute. */
static int32_t minutes_until(const struct adapters *adapters, int64_t unix_ms, int64_t now_us)
{
    enum { MINUTES_MAX = 1000000 };
    if (unix_ms == 0) return 0;
    const int64_t wait_ms = unix_ms - (adapters->epoch_us + now_us) / 1000;
    const int64_t minutes = (wait_ms + 30000) / 60000;
    return minutes < 1 ? 1 : minutes > MINUTES_MAX ? MINUTES_MAX : (int32_t)minutes;
}

/* Takes a good answer into the run; false when it says that there is nothing to be had here. */
static bool take_answer(struct adapters *adapters, struct quote_run *run, const struct call *call,
                        const struct reply *reply, int64_t now_us)
{
    struct adapter_state *state = &adapters->state[run->provider];
    switch (call->operation) {
    case OPERATION_SEARCH: {
        const bool found = reply->as.product.found;
        const bool exact = reply->as.product.exact || !adapters->policy.detect_substitutions;
        const struct memo_answer answer = {.number =
                                               found ? (uint32_t)reply->as.product.unit_cents : 0,
                                           .found = found,
                                           .exact = exact};
        sku_remember(adapters, run, call->item, answer, now_us);
        take_product(run, call->item, found, exact, reply->as.product.unit_cents);
        return true;
    }
    case OPERATION_TOKEN:
        state->token = reply->as.token.value;
        state->token_expires_us = now_us + reply->as.token.life_us;
        run->token = state->token;
        return true;
    case OPERATION_STORE:
        run->store = reply->as.store.store;
        store_remember(adapters, run, !reply->as.store.found, now_us);
        return reply->as.store.found || run->provider == PROVIDER_WALMART_API;
    case OPERATION_CART:
        run->found = reply->as.cart.found;
        run->substituted = reply->as.cart.substituted;
        run->subtotal_cents = reply->as.cart.subtotal_cents;
        run->cart = reply->as.cart.cart;
        memcpy(run->lines, reply->as.cart.lines, sizeof run->lines);
        return true;
    case OPERATION_SLOTS:
        run->eta_minutes = minutes_until(adapters, reply->as.slots.start_unix_ms, now_us);
        return true;
    case OPERATION_SINGLE:
        run->found = reply->as.quote.found;
        run->substituted = reply->as.quote.substituted;
        __attribute__((fallthrough));
    case OPERATION_QUOTE:
        run->stated.subtotal_cents = reply->as.quote.subtotal_cents;
        run->stated.fee_cents = reply->as.quote.fee_cents;
        run->stated.tax_cents = reply->as.quote.tax_cents;
        run->stated.total_cents =
            reply->as.quote.subtotal_cents + reply->as.quote.fee_cents + reply->as.quote.tax_cents;
        run->stated.eta_minutes =
            (reply->as.quote.eta_minutes_min + reply->as.quote.eta_minutes_max + 1) / 2;
        run->stated.canned = false;
        return true;
    case OPERATION_CONFIRM:
    case OPERATION_HEALTH:
        return true;
    case OPERATION_COUNT:
        break;
    }
    assert(!"an operation outside its enum");
    return false;
}

/* After a call has ended well, or ended badly and been borne: the next step. */
static void step_after(struct adapters *adapters, struct quote_run *run, const struct call *call,
                       int64_t now_us)
{
    if (call->operation == OPERATION_TOKEN && run->resume != END) {
        const enum operation operation = (enum operation)run->resume;
        run->resume = END;
        if (past_live_deadline(adapters, run, now_us)) {
            finish_late(adapters, run, now_us);
            return;
        }
        send_call(adapters, run, operation, run->resume_item, run->resume_attempt, now_us);
        watch_calls(adapters, run);
        return;
    }
    if (call->operation == OPERATION_SEARCH) { /* nine calls in ten: the next line, and no more */
        if (run->item_next < run->request->item_count || steps_out(run) > 0) {
            if (!past_live_deadline(adapters, run, now_us) && !search_on(adapters, run, now_us))
                return;
        }
    } else {
        run->stage++;
    }
    go_on(adapters, run, now_us);
}

/* Nobody listens, but a cart that was made has to be given back: that of the run at `released`, any
 * other at once. */
static void keep_cart(struct adapters *adapters, struct quote_run *run, const struct call *call,
                      const struct reply *reply, bool good)
{
    if (!good || call->operation != OPERATION_CART || reply->as.cart.cart == 0) return;
    if (run->cart == 0) {
        run->cart = reply->as.cart.cart;
    } else {
        adapters->port.unwanted(adapters->port.context, run, reply->as.cart.cart);
    }
}

/* Whether an answer is the one that its step waits for; keeps the book of a call that may be, or
 * is, one of two. */
static bool is_heard(struct adapters *adapters, struct quote_run *run, const struct call *call,
                     bool good)
{
    if (!may_race(adapters, run, call->operation)) return true;
    switch (hedge_end(run->races, call, good)) {
    case HEDGE_WON:
        adapters->state[run->provider].hedges_won += !run->finished;
        return true;
    case HEDGE_HEARD:
        return true;
    case HEDGE_HELD:
    case HEDGE_UNHEARD:
        return false;
    }
    assert(!"a verdict outside its enum");
    return true;
}

void adapter_on_reply(struct adapters *adapters, struct quote_run *run, const struct call *ended,
                      const struct reply *reply, int64_t now_us)
{
    assert(run->outstanding > 0);
    run->outstanding--;
    const struct quote_result result =
        adapter_classify(ended->operation, reply, adapters->policy.auth_errors_final);
    const bool good = result.outcome == QUOTE_OK;
    count_for_throttle(adapters, run, &result);
    const bool heard = is_heard(adapters, run, ended, good);
    if (run->cancelled || run->finished || !heard) {
        keep_cart(adapters, run, ended, reply, good);
        release_if_idle(adapters, run);
        return;
    }
    struct call step = *ended; /* whichever of two calls it was */
    step.attempt &= ~(uint32_t)HEDGE_ATTEMPT;
    const struct call *call = &step;
    if (good) {
        if (take_answer(adapters, run, call, reply, now_us)) {
            step_after(adapters, run, call, now_us);
        } else {
            const struct quote_result nowhere = {.outcome = QUOTE_NO_STORES};
            finish(adapters, run, &nowhere, now_us);
        }
        return;
    }
    if (renew_token(adapters, run, call, reply, now_us)) return;
    if (retry_later(adapters, run, call, reply, &result, now_us)) return;
    if (bear_failure(adapters, run, call, &result)) {
        step_after(adapters, run, call, now_us);
        return;
    }
    finish(adapters, run, &result, now_us);
}

void adapter_cancel(struct adapters *adapters, struct quote_run *run)
{
    if (run->finished) return;
    run->cancelled = true;
    run->finished = true;
    unwatch(adapters, run);
    release_if_idle(adapters, run);
}
