#include "mocks/backend.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "mocks/backend_state.h"

/* ---- making ---------------------------------------------------------------------------------- */

static struct law_spec around(double median, double sigma)
{
    struct law_spec spec = law_spec_none();
    spec.kind = sigma > 0 ? LAW_LOGNORMAL : LAW_CONSTANT;
    spec.median_us = spec.value_us = llround(fmax(median, 0));
    spec.sigma = sigma;
    return spec;
}

static bool compile_laws(struct backend *backend, const char *folder, struct arena *arena,
                         struct err *err)
{
    const struct backend_spec *const spec = &backend->spec;
    for (enum operation o = 0; o < OPERATION_COUNT; o++) {
        backend->known[o] = operation_exists(backend->provider, o);
        if (!backend->known[o]) continue;
        if (!law_compile(&spec->latency[o], folder, arena, &backend->latency[o], err)) return false;
    }
    const double eta_minutes = spec->eta.median_minutes > 0
                                   ? spec->eta.median_minutes
                                   : provider_traits[backend->provider].eta_minutes;
    const struct law_spec eta = around(1000 * eta_minutes, spec->eta.sigma);
    const struct law_spec single =
        around(spec->prices.single_total_median_cents, spec->prices.single_total_sigma);
    struct law_spec late = law_spec_none(); /* exponential */
    late.kind = spec->outcomes.late_mean_minutes > 0 ? LAW_WEIBULL : LAW_CONSTANT;
    late.scale_us = llround(1000 * spec->outcomes.late_mean_minutes);
    late.shape = 1;
    late.value_us = 0;
    return law_compile(&eta, folder, arena, &backend->eta, err) &&
           law_compile(&single, folder, arena, &backend->single_total, err) &&
           law_compile(&late, folder, arena, &backend->late, err);
}

static void take_faults(struct backend *backend, const struct fault_spec *faults, uint32_t count)
{
    assert(count <= BACKEND_FAULTS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        if ((faults[i].provider_mask >> backend->provider & 1u) == 0) continue;
        backend->faults[backend->fault_count++] = (struct own_fault){
            .spec = &faults[i],
            .key = random_key(random_hash_text(faults[i].id), RANDOM_FAULT),
        };
    }
}

static bool make_servers(struct backend *backend, struct arena *arena, struct err *err)
{
    if (backend->spec.capacity == 0) return true;
    if (backend->spec.capacity > BACKEND_CAPACITY_MAX) {
        return err_fail(err, ERR_INPUT, (struct place){0}, "%s's capacity is over %d servers",
                        provider_traits[backend->provider].id, BACKEND_CAPACITY_MAX);
    }
    backend->servers = arena_push(arena, int64_t, backend->spec.capacity);
    if (backend->servers != NULL) return true;
    return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for servers");
}

struct backend *backend_create(enum provider provider, const struct backend_spec *spec,
                               const struct catalogue *catalogue, const struct fault_spec *faults,
                               uint32_t fault_count, const char *folder, struct arena *arena,
                               struct err *err)
{
    struct backend *const backend = arena_push(arena, struct backend, 1);
    if (backend == NULL) {
        (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for a provider");
        return NULL;
    }
    backend->provider = provider;
    backend->spec = *spec;
    for (unsigned o = 0; o < OPERATION_COUNT; o++) {
        backend->error_q32[o] = random_rate_q32(spec->errors.rate[o]);
    }
    backend->error_speed_q16 = llround(fmin(fmax(spec->errors.speed, 0), 1000) * 65536);
    backend->any_term = provider == PROVIDER_KROGER_API && catalogue_fits_kroger(catalogue);
    backend->confirm_error_q32 = random_rate_q32(spec->outcomes.confirm_error);
    limits_init(&backend->limits, &spec->limits);
    take_faults(backend, faults, fault_count);
    if (!compile_laws(backend, folder, arena, err)) return NULL;
    if (!shelf_create(provider, &spec->prices, catalogue, arena, &backend->shelf, err)) return NULL;
    if (!credentials_create(provider, spec->api, &spec->credentials, arena, &backend->credentials,
                            err)) {
        return NULL;
    }
    if (!make_servers(backend, arena, err)) return NULL;
    backend_reset(backend, 0, 0);
    return backend;
}

/* ---- time ------------------------------------------------------------------------------------ */

static void add_thieves(struct backend *backend)
{
    const struct credentials *const credentials = &backend->credentials;
    for (uint32_t i = 0; i < backend->fault_count; i++) {
        const struct fault_spec *const fault = backend->faults[i].spec;
        if (fault->kind != FAULT_COMPROMISED) continue;
        const uint32_t stolen = credentials_generation(credentials, fault->at_us);
        const int64_t counts_until_us = credentials_end_us(credentials, stolen);
        int64_t until_us = fault_end_us(fault);
        if (counts_until_us < until_us) until_us = counts_until_us;
        limits_add_thief(&backend->limits, fault->at_us, until_us, fault->calls_per_minute);
    }
}

void backend_reset(struct backend *backend, uint64_t seed_r, int64_t epoch_us)
{
    backend->seed_r = seed_r;
    backend->epoch_us = epoch_us;
    backend->quiet_us = 0; /* the next call looks around */
    backend->counters = (struct backend_counters){0};
    backend->met = 0;
    /* One key for all operations: laws with the same spells have them together. */
    const uint64_t regimes =
        random_key(seed_r, random_what(RANDOM_REGIME, (unsigned)backend->provider, 0, 0, 0));
    for (unsigned o = 0; o < OPERATION_COUNT; o++) {
        if (backend->known[o]) law_seed(&backend->latency[o], regimes);
    }
    shelf_reset(&backend->shelf, seed_r, epoch_us);
    credentials_reset(&backend->credentials, seed_r);
    limits_reset(&backend->limits, epoch_us);
    add_thieves(backend);
    for (uint32_t i = 0; i < backend->spec.capacity; i++)
        backend->servers[i] = INT64_MIN;
}

/* Finds out what holds at an instant, and until when. */
void backend_look_around(struct backend *backend, int64_t now_us)
{
    if ((uint64_t)(now_us - backend->quiet_from_us) < backend->quiet_us) return;
    int64_t next_us = credentials_look(&backend->credentials, now_us);
    backend->active_count = 0;
    for (uint32_t i = 0; i < backend->fault_count; i++) {
        struct own_fault *const fault = &backend->faults[i];
        const int64_t change_us = fault_next_change_us(fault->spec, now_us);
        if (change_us < next_us) next_us = change_us;
        if (!fault_is_on(fault->spec, now_us) || fault->spec->kind == FAULT_COMPROMISED) continue;
        fault->ramps = now_us - fault->spec->at_us < fault->spec->ramp_us;
        fault->strength_q32 = random_rate_q32(fault->spec->fraction);
        backend->active[backend->active_count++] = (uint8_t)i;
    }
    backend->watchful =
        backend->active_count > 0 || limits_any(&backend->limits) || backend->servers != NULL;
    assert(next_us > now_us);
    backend->quiet_from_us = now_us;
    backend->quiet_us = (uint64_t)(next_us - now_us);
}

uint64_t backend_credential(const struct backend *backend, int64_t now_us)
{
    return credentials_accepted(&backend->credentials, now_us);
}

struct credential backend_credential_texts(const struct backend *backend, uint64_t fingerprint)
{
    return credentials_texts(&backend->credentials, fingerprint);
}

uint64_t backend_rotate(struct backend *backend, int64_t now_us, int64_t overlap_us)
{
    if (credentials_rotate(&backend->credentials, now_us, overlap_us)) {
        const uint32_t before = credentials_generation(&backend->credentials, now_us) - 1;
        limits_end_thieves(&backend->limits, now_us,
                           credentials_end_us(&backend->credentials, before));
        backend->quiet_us = 0;
    }
    return credentials_accepted(&backend->credentials, now_us);
}

enum api backend_api(const struct backend *backend)
{
    return backend->spec.api;
}

uint32_t backend_generation_at(const struct backend *backend, int64_t now_us)
{
    return credentials_generation(&backend->credentials, now_us);
}

void backend_set_faults(struct backend *backend, const struct fault_spec *faults,
                        uint32_t fault_count, int64_t now_us)
{
    limits_settle(&backend->limits, now_us);
    backend->limits.thief_count = 0;
    backend->fault_count = 0;
    backend->met = 0;
    take_faults(backend, faults, fault_count);
    add_thieves(backend);
    limits_skip_thieves(&backend->limits, now_us);
    backend->quiet_us = 0;
}

/* ---- good answers ---------------------------------------------------------------------------- */

static uint64_t draw(const struct backend *backend, const struct call *call,
                     enum random_purpose purpose)
{
    return random_draw(call->order_key,
                       random_what(purpose, (unsigned)backend->provider, (unsigned)call->operation,
                                   call->item & 0xFFFFu, call->attempt & 0xFFu));
}

int32_t backend_line_cents(struct backend *backend, const struct call *call,
                           const struct effects *effects, uint32_t store, uint32_t index)
{
    const struct order_item *const item = &call->request->items[index];
    if (effects == NULL) return shelf_answer(&backend->shelf, store, item, call->sent_us);
    if (effects->body.kind == FAULT_EMPTY_RESULTS) return 0;
    if (effects_item_missing(backend, effects, call, item)) return 0;
    const int32_t cents = effects->stale
                              ? shelf_compute(&backend->shelf, store, item,
                                              call->sent_us - effects->stale_us, call->sent_us)
                              : shelf_answer(&backend->shelf, store, item, call->sent_us);
    const double drifted = fabs((double)cents) * effects->price_factor;
    const int32_t whole = (int32_t)fmin(floor(drifted + 0.5), INT32_MAX);
    return cents < 0 ? -whole : whole;
}

static int32_t look_up(struct backend *backend, const struct call *call,
                       const struct effects *effects, uint32_t store, uint32_t index)
{
    const struct order_item *const item = &call->request->items[index];
    backend->counters.unknown_names += item->product >= backend->shelf.product_count;
    return backend_line_cents(backend, call, effects, store, index);
}

static void answer_search(struct backend *backend, const struct call *call,
                          const struct effects *effects, struct reply *reply)
{
    const int32_t cents = look_up(backend, call, effects, call->store, call->item);
    reply->as.product.found = cents != 0;
    reply->as.product.exact = cents > 0;
    reply->as.product.unit_cents = cents < 0 ? -cents : cents;
}

struct basket {
    int64_t subtotal_cents;
    uint16_t found, substituted;
    uint64_t lines[LINE_WORDS];
};

static struct basket fill_basket(struct backend *backend, const struct call *call,
                                 const struct effects *effects)
{
    const struct order_request *const request = call->request;
    struct basket basket = {0};
    uint32_t store;
    if (!shelf_store(&backend->shelf, request->postal_hash, &store)) return basket;
    for (uint32_t i = 0; i < request->item_count; i++) {
        if (!line_is_in(call->lines, i)) continue;
        const int32_t cents = look_up(backend, call, effects, store, i);
        if (cents > 0) basket.found++;
        if (cents < 0) basket.substituted++;
        if (cents != 0) basket.lines[i / 64] |= UINT64_C(1) << i % 64;
        basket.subtotal_cents += (int64_t)(cents < 0 ? -cents : cents) * request->items[i].quantity;
    }
    return basket;
}

/* The whole cart for one draw: for benchmarks, where prices are to be random and cheap. */
static struct basket draw_basket(struct backend *backend, const struct call *call,
                                 const struct effects *effects)
{
    const uint32_t lines = call->request->item_count;
    struct basket basket = {.found = (uint16_t)lines};
    basket.subtotal_cents = law_draw(&backend->single_total, draw(backend, call, RANDOM_PRICE), 0);
    if (effects == NULL) return basket;
    if (effects->body.kind == FAULT_EMPTY_RESULTS) return (struct basket){0};
    for (uint32_t i = 0; i < lines; i++) {
        if (effects_item_missing(backend, effects, call, &call->request->items[i])) basket.found--;
    }
    basket.subtotal_cents = llround((double)basket.subtotal_cents * effects->price_factor *
                                    basket.found / fmax(lines, 1));
    return basket;
}

static int64_t eta_thousandths(struct backend *backend, const struct call *call)
{
    return law_draw(&backend->eta, draw(backend, call, RANDOM_ETA), 0);
}

static int32_t whole_minutes(double thousandths)
{
    const double minutes = floor(thousandths / 1000 + 0.5);
    return minutes > 1 ? (int32_t)fmin(minutes, 1e6) : 1; /* 0 would mean that none is stated */
}

static void answer_quote(struct backend *backend, const struct call *call, struct basket basket,
                         double spread, struct reply *reply)
{
    const double thousandths = (double)eta_thousandths(backend, call);
    reply->as.quote.subtotal_cents = basket.subtotal_cents;
    reply->as.quote.fee_cents = provider_fee_cents(backend->provider, basket.subtotal_cents);
    reply->as.quote.tax_cents = provider_tax_cents(backend->provider, basket.subtotal_cents);
    reply->as.quote.eta_minutes_min = whole_minutes(thousandths * (1 - spread));
    reply->as.quote.eta_minutes_max = whole_minutes(thousandths * (1 + spread));
    reply->as.quote.found = basket.found;
    reply->as.quote.substituted = basket.substituted;
}

static void answer_single(struct backend *backend, const struct call *call,
                          const struct effects *effects, struct reply *reply)
{
    const bool drawn = backend->spec.prices.single_total_sigma > 0;
    const struct basket basket =
        drawn ? draw_basket(backend, call, effects) : fill_basket(backend, call, effects);
    answer_quote(backend, call, basket, 0, reply);
}

static void answer_cart(struct backend *backend, const struct call *call,
                        const struct effects *effects, struct reply *reply)
{
    const struct basket basket = fill_basket(backend, call, effects);
    reply->as.cart.found = basket.found;
    reply->as.cart.substituted = basket.substituted;
    reply->as.cart.subtotal_cents = basket.subtotal_cents;
    memcpy(reply->as.cart.lines, basket.lines, sizeof basket.lines);
}

/* Of Instacart's two APIs only one states slots; the other makes a link. */
static void answer_slots(struct backend *backend, const struct call *call,
                         const struct effects *effects, struct reply *reply)
{
    if (backend->spec.api == API_DEVELOPER) return;
    if (effects != NULL && effects->body.kind == FAULT_EMPTY_RESULTS) return;
    const int64_t start_us = call->sent_us + eta_thousandths(backend, call) * 60000;
    reply->as.slots.start_unix_ms = (backend->epoch_us + start_us) / 1000;
}

static void answer_token(struct backend *backend, const struct call *call,
                         const struct effects *effects, struct reply *reply)
{
    const int64_t skew_us = effects == NULL ? 0 : effects->skew_us;
    reply->as.token.value =
        credentials_issue(&backend->credentials, credentials_shown(&backend->credentials, call),
                          call->sent_us, call->sent_us - skew_us);
    const int64_t life_us = backend->spec.credentials.token_life_us;
    reply->as.token.life_us = life_us - life_us % 1000000; /* stated in whole seconds */
}

static void answer_store(struct backend *backend, const struct call *call,
                         const struct effects *effects, struct reply *reply)
{
    uint32_t store;
    const bool served = shelf_store(&backend->shelf, call->request->postal_hash, &store);
    const bool empty = effects != NULL && effects->body.kind == FAULT_EMPTY_RESULTS;
    reply->as.store.found = served && !empty;
    reply->as.store.store = reply->as.store.found ? store : 0;
}

/* Fills in the body of a good answer. */
static void answer(struct backend *backend, const struct call *call, const struct effects *effects,
                   struct reply *reply)
{
    reply->http_status = 200;
    switch (call->operation) {
    case OPERATION_SEARCH:
        answer_search(backend, call, effects, reply);
        return;
    case OPERATION_TOKEN:
        answer_token(backend, call, effects, reply);
        return;
    case OPERATION_STORE:
        answer_store(backend, call, effects, reply);
        return;
    case OPERATION_CART:
        answer_cart(backend, call, effects, reply);
        return;
    case OPERATION_SLOTS:
        answer_slots(backend, call, effects, reply);
        return;
    case OPERATION_QUOTE:
        answer_quote(backend, call, fill_basket(backend, call, effects), backend->spec.eta.spread,
                     reply);
        return;
    case OPERATION_SINGLE:
        answer_single(backend, call, effects, reply);
        return;
    case OPERATION_CONFIRM:
    case OPERATION_HEALTH:
        return; /* the status says it all */
    case OPERATION_COUNT:
        break;
    }
    assert(false);
}

/* ---- refusals -------------------------------------------------------------------------------- */

static void refuse(struct backend *backend, struct reply *reply, uint16_t status)
{
    reply->http_status = status;
    reply->body = BODY_EMPTY;
    reply->latency_us = reply->latency_us * backend->error_speed_q16 >> 16;
    backend->counters.unauthorized += status == 401 || status == 403;
}

/* The status of a failure of the provider's own; 0: it does not fail. */
static uint16_t own_failure(const struct backend *backend, const struct call *call)
{
    const uint64_t rate_q32 = backend->error_q32[call->operation];
    if (rate_q32 != 0 && random_chance(draw(backend, call, RANDOM_ERROR), rate_q32)) {
        return backend->spec.errors.status;
    }
    if (call->operation != OPERATION_CONFIRM || backend->confirm_error_q32 == 0) return 0;
    const uint64_t bits = draw(backend, call, RANDOM_CONFIRM);
    if (!random_chance(bits, backend->confirm_error_q32)) return 0;
    return (bits & 1) != 0 ? 503 : 402;
}

/* What a provider makes of the request itself. */
static uint16_t bad_request(const struct backend *backend, const struct call *call)
{
    if (backend->provider != PROVIDER_KROGER_API || call->operation != OPERATION_SEARCH) return 0;
    const struct order_item *const item = &call->request->items[call->item];
    if (backend->any_term && item->product < backend->shelf.product_count) return 0;
    return kroger_takes_term(item->name) ? 0 : 400;
}

/* ---- under faults, limits and capacity ------------------------------------------------------- */

static void end_below_http(const struct backend *backend, enum fault_kind kind, struct reply *reply)
{
    const int64_t no_answer_us = backend->spec.no_answer_us;
    switch (kind) {
    case FAULT_DNS:
        reply->fate = CALL_DNS;
        reply->latency_us = BACKEND_DNS_FAILURE_US;
        return;
    case FAULT_REFUSE:
        reply->fate = CALL_REFUSED;
        reply->latency_us = no_answer_us;
        return;
    case FAULT_TLS:
        reply->fate = CALL_TLS;
        reply->latency_us = 2 * no_answer_us;
        return;
    case FAULT_RESET:
        reply->fate = CALL_RESET;
        reply->latency_us = no_answer_us;
        return;
    case FAULT_HANG:
        reply->fate = CALL_UNANSWERED;
        reply->latency_us = INT64_MAX;
        return;
    case FAULT_LATENCY:
    case FAULT_ERROR:
    case FAULT_THROTTLE:
    case FAULT_AUTH:
    case FAULT_MALFORMED:
    case FAULT_TRUNCATED:
    case FAULT_SLOW_BODY:
    case FAULT_EMPTY_RESULTS:
    case FAULT_PARTIAL:
    case FAULT_PRICE_DRIFT:
    case FAULT_STALE_PRICES:
    case FAULT_CLOCK_SKEW:
    case FAULT_OUTAGE:
    case FAULT_COMPROMISED:
    case FAULT_KIND_COUNT:
        break;
    }
    assert(false); /* the others have a layer above */
}

/* How long a call waits for the first server that is free, which it then holds. The heap's root is
 * that server; sifting it down costs the logarithm of the capacity. */
static int64_t wait_for_server_us(struct backend *backend, int64_t now_us, int64_t service_us)
{
    int64_t *const heap = backend->servers;
    const uint32_t count = backend->spec.capacity;
    const int64_t begin_us = heap[0] > now_us ? heap[0] : now_us;
    const int64_t free_us = begin_us + service_us;
    uint32_t at = 0;
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= count) break;
        if (child + 1 < count && heap[child + 1] < heap[child]) child++;
        if (heap[child] >= free_us) break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = free_us;
    return begin_us - now_us;
}

/* Whether a signature is too old, or too new. The house form of a whole quote is not signed. */
static bool signature_is_stale(const struct backend *backend, const struct call *call,
                               int64_t clock_us)
{
    if (!api_is_signed(backend->provider, backend->spec.api)) return false;
    if (call->operation == OPERATION_SINGLE) return false;
    const int64_t age_us = clock_us - call->signed_us;
    return age_us > BACKEND_SIGNATURE_LIFE_US || age_us < -BACKEND_SIGNATURE_LIFE_US;
}

uint16_t backend_judge_caller(const struct backend *backend, const struct call *call,
                              const struct effects *effects)
{
    if (effects != NULL && effects->status.kind == FAULT_AUTH) return effects->status.status;
    const int64_t clock_us = call->sent_us - (effects == NULL ? 0 : effects->skew_us);
    const uint16_t refusal = credentials_refusal(&backend->credentials, call, clock_us);
    if (refusal != 0) return refusal;
    return signature_is_stale(backend, call, clock_us) ? 401 : 0;
}

/* The status with which a call is turned away before any server looks at it; 0: it is let in. */
static uint16_t turned_away(struct backend *backend, const struct call *call,
                            const struct effects *effects, struct reply *reply)
{
    const uint16_t refusal = backend_judge_caller(backend, call, effects);
    if (refusal != 0) return refusal;
    if (limits_any(&backend->limits) &&
        !limits_take(&backend->limits, call->operation == OPERATION_TOKEN, call->sent_us)) {
        backend->counters.limited++;
        reply->retry_after_s = backend->spec.limits.retry_after_s;
        return 429;
    }
    if (effects->status.kind == FAULT_KIND_COUNT) return 0;
    if (effects->status.kind == FAULT_THROTTLE) {
        reply->retry_after_s = effects->status.fault->retry_after_s;
    }
    return effects->status.status;
}

static void answer_body(struct backend *backend, const struct call *call,
                        const struct effects *effects, struct reply *reply)
{
    if (effects->body.kind == FAULT_MALFORMED || effects->body.kind == FAULT_TRUNCATED) {
        reply->http_status = 200;
        reply->body = effects->body.kind == FAULT_MALFORMED ? BODY_MALFORMED : BODY_TRUNCATED;
        return;
    }
    answer(backend, call, effects->touched ? effects : NULL, reply);
}

static void answer_watchfully(struct backend *backend, const struct call *call, struct reply *reply)
{
    struct effects effects;
    effects_judge(backend, call, &effects);
    backend->counters.faulted += effects.touched;
    backend->met |= effects.met;
    if (effects.below.kind != FAULT_KIND_COUNT) {
        end_below_http(backend, effects.below.kind, reply);
        return;
    }
    const uint16_t away = turned_away(backend, call, &effects, reply);
    uint16_t status = away != 0 ? away : bad_request(backend, call);
    if (status == 0) status = own_failure(backend, call);
    if (status != 0)
        refuse(backend, reply, status);
    else
        answer_body(backend, call, &effects, reply);

    const bool has_body = reply->body != BODY_EMPTY;
    reply->latency_us = effects_latency_us(backend, &effects, has_body, reply->latency_us);
    if (away == 0 && backend->servers != NULL) {
        reply->latency_us += wait_for_server_us(backend, call->sent_us, reply->latency_us);
    }
}

/* ---- answering ------------------------------------------------------------------------------- */

void backend_answer(struct backend *backend, const struct call *call, struct reply *reply)
{
    assert(call->provider == backend->provider);
    assert(backend->known[call->operation]);
    const int64_t now_us = call->sent_us;
    backend_look_around(backend, now_us);
    backend->counters.calls[call->operation]++;
    memset(reply, 0, sizeof *reply); /* padding too, so that equal replies are equal bytes */
    reply->latency_us =
        law_draw(&backend->latency[call->operation], draw(backend, call, RANDOM_LATENCY), now_us);
    if (backend->watchful) {
        answer_watchfully(backend, call, reply);
        return;
    }
    uint16_t status = backend_judge_caller(backend, call, NULL);
    if (status == 0) status = bad_request(backend, call);
    if (status == 0) status = own_failure(backend, call);
    if (status != 0)
        refuse(backend, reply, status);
    else
        answer(backend, call, NULL, reply);
}

bool backend_intercepts(struct backend *backend, const struct call *call, struct reply *reply)
{
    const int64_t now_us = call->sent_us;
    backend_look_around(backend, now_us);
    if (!backend->watchful) return false;
    struct effects effects;
    effects_judge(backend, call, &effects);
    if (effects.below.kind == FAULT_KIND_COUNT) return false;
    backend_answer(backend, call, reply);
    return true;
}

int64_t backend_list_price(const struct backend *backend, const struct order_item *item)
{
    if (item->product >= backend->shelf.product_count) return -1;
    const int32_t base_cents = backend->shelf.catalogue->products[item->product].base_cents;
    return llround(fmax(base_cents * backend->spec.prices.level, 1));
}

void backend_settle(struct backend *backend, int64_t now_us)
{
    limits_settle(&backend->limits, now_us);
    backend->counters.thief_calls = backend->limits.thief_calls;
}

const struct backend_counters *backend_counters(const struct backend *backend)
{
    return &backend->counters;
}

bool backend_fault_met(const struct backend *backend, const struct fault_spec *fault)
{
    for (uint32_t i = 0; i < backend->fault_count; i++) {
        if (backend->faults[i].spec != fault) continue;
        if (fault->kind == FAULT_COMPROMISED) return backend->counters.thief_calls > 0;
        return (backend->met >> i & 1u) != 0;
    }
    return false;
}

bool backend_law_exhausted(const struct backend *backend, enum operation *operation)
{
    for (enum operation o = 0; o < OPERATION_COUNT; o++) {
        if (!backend->known[o] || !backend->latency[o].exhausted) continue;
        *operation = o;
        return true;
    }
    return false;
}
