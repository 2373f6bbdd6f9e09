#include "sim/world/signal.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/memory.h"
#include "router/base/text.h"

#define ROW(signal, name, unit, router, provider, counter, label)                                  \
    [SIGNAL_##signal] = {name, UNIT_##unit, router, provider, counter, label}

const struct signal_traits signal_traits[SIGNAL_KIND_COUNT] = {
    /* router, provider, counter */
    ROW(ERROR_RATE, "error_rate", SHARE, true, true, true, "error rate"),
    ROW(SUCCESS_RATE, "success_rate", SHARE, true, true, true, "success"),
    ROW(OK_RATE, "ok_rate", SHARE, true, false, true, "good orders"),
    ROW(AUTHENTIC_RATIO, "authentic_ratio", SHARE, true, false, true, "authentic"),
    ROW(P50_MS, "p50_ms", MS, true, true, false, "median latency"),
    ROW(P95_MS, "p95_ms", MS, true, true, false, "p95 latency"),
    ROW(P99_MS, "p99_ms", MS, true, true, false, "p99 latency"),
    ROW(SLOW_RATE, "slow_rate", SHARE, true, false, false, "slow orders"),
    ROW(REQUESTS_PER_HOUR, "requests_per_hour", COUNT, true, false, false, "orders per hour"),
    ROW(BURN_RATE, "burn_rate", SCORE, true, false, true, "burn rate"),
    ROW(BUDGET_BURNED, "budget_burned", SHARE, true, false, false, "error budget burned"),
    ROW(TIMEOUT_RATE, "timeout_rate", SHARE, false, true, true, "timeout rate"),
    ROW(SELECTION_PCT, "selection_pct", SHARE, false, true, true, "share won"),
};

/* ---- names ---- */

bool signal_is_of_latencies(enum signal_kind kind)
{
    return (kind >= SIGNAL_P50_MS && kind <= SIGNAL_P99_MS) || kind == SIGNAL_SLOW_RATE;
}

static bool scope_has(unsigned scope, enum signal_kind kind)
{
    return scope == SCOPE_ROUTER ? signal_traits[kind].of_router : signal_traits[kind].of_provider;
}

void signal_name(unsigned scope, enum signal_kind kind, char name[SIGNAL_NAME_MAX])
{
    assert(scope <= SCOPE_EACH_PROVIDER);
    assert(scope_has(scope, kind));
    const char *of = scope == SCOPE_ROUTER          ? "router"
                     : scope == SCOPE_EACH_PROVIDER ? "provider"
                                                    : provider_traits[scope].id;
    (void)snprintf(name, SIGNAL_NAME_MAX, "%s.%s", of, signal_traits[kind].name);
}

bool signal_find(const char *name, unsigned *scope, enum signal_kind *kind, char *hint,
                 size_t hint_size)
{
    enum { SCOPES = SCOPE_EACH_PROVIDER + 1, NAMES_MAX = SCOPES * SIGNAL_KIND_COUNT };
    char names[NAMES_MAX][SIGNAL_NAME_MAX];
    const char *candidates[NAMES_MAX + 1];
    unsigned count = 0;
    for (unsigned s = 0; s < SCOPES; s++) {
        for (unsigned k = 0; k < SIGNAL_KIND_COUNT; k++) {
            if (!scope_has(s, (enum signal_kind)k)) continue;
            signal_name(s, (enum signal_kind)k, names[count]);
            if (strcmp(names[count], name) == 0) {
                *scope = s;
                *kind = (enum signal_kind)k;
                return true;
            }
            candidates[count] = names[count];
            count++;
        }
    }
    candidates[count] = NULL;
    (void)text_suggest(name, candidates, hint, hint_size);
    return false;
}

/* ---- life ---- */

bool signals_init(struct signals *signals, const struct signals_setup *setup)
{
    assert(setup->longest_s >= 0);
    assert(setup->objective >= 0.0);
    assert(setup->objective < 1.0);
    *signals = (struct signals){.longest_s = setup->longest_s,
                                .ring_size = (uint64_t)setup->longest_s + 1,
                                .objective = setup->objective,
                                .budget_orders = setup->budget_orders};
    memcpy(signals->wants_latency, setup->wants_latency, sizeof signals->wants_latency);
    signals->ring = memory_resize(NULL, signals->ring_size, sizeof *signals->ring);
    if (signals->ring == NULL) return false;
    signals_clear(signals);
    return true;
}

void signals_release(struct signals *signals)
{
    for (unsigned s = 0; s < SCOPE_COUNT; s++) {
        free(signals->latencies[s].us);
        free(signals->latencies[s].second);
    }
    free(signals->scratch);
    free(signals->ring);
    *signals = (struct signals){0};
}

/* Totals of seconds that are not over yet are never read, so the ring needs no cleaning. */
void signals_clear(struct signals *signals)
{
    signals->now_s = 0;
    signals->now = (struct signal_totals){0};
    signals->failed = false;
    for (unsigned s = 0; s < SCOPE_COUNT; s++)
        signals->latencies[s].first = signals->latencies[s].count = 0;
}

/* ---- counting ---- */

/* The second that an instant belongs to: (s - 1, s]. */
static int64_t second_of(int64_t now_us)
{
    enum { US_PER_S = 1000000 };
    return now_us / US_PER_S + (now_us % US_PER_S > 0);
}

/* Ends every second before `second`. After a long silence only the ring is filled anew: what lies
 * further back cannot be asked for. */
static void end_seconds(struct signals *signals, int64_t second)
{
    const int64_t size = (int64_t)signals->ring_size;
    if (second - signals->now_s > size) signals->now_s = second - size;
    for (; signals->now_s < second; signals->now_s++)
        signals->ring[signals->now_s % size] = signals->now;
}

static bool grow(struct signal_latencies *latencies)
{
    enum { CAPACITY_FIRST = 1024 };
    if (latencies->capacity > UINT32_MAX / 2) return false;
    const uint32_t old = latencies->capacity, capacity = old == 0 ? CAPACITY_FIRST : old * 2;
    uint32_t *us = memory_resize(latencies->us, capacity, sizeof *us);
    if (us == NULL) return false;
    latencies->us = us;
    uint32_t *second = memory_resize(latencies->second, capacity, sizeof *second);
    if (second == NULL) return false;
    latencies->second = second;
    latencies->capacity = capacity;
    /* The ring is full: each sample lies in its old place or, by one bit more, `old` further on. */
    for (uint64_t i = latencies->first; i < latencies->first + latencies->count; i++) {
        const uint64_t from = i & (old - 1), to = i & (capacity - 1);
        us[to] = us[from];
        second[to] = second[from];
    }
    return true;
}

static void add_latency(struct signals *signals, unsigned scope, int64_t latency_us)
{
    struct signal_latencies *latencies = &signals->latencies[scope];
    if (!signals->wants_latency[scope]) return;
    assert(signals->now_s <= UINT32_MAX);
    const int64_t oldest_s = signals->now_s - signals->longest_s; /* it lies before any window */
    while (latencies->count > 0 &&
           latencies->second[latencies->first & (latencies->capacity - 1)] <= oldest_s) {
        latencies->first++;
        latencies->count--;
    }
    if (latencies->count == latencies->capacity && !grow(latencies)) {
        signals->failed = true;
        return;
    }
    const uint64_t at = (latencies->first + latencies->count++) & (latencies->capacity - 1);
    latencies->us[at] = latency_us < 0            ? 0
                        : latency_us > UINT32_MAX ? UINT32_MAX
                                                  : (uint32_t)latency_us;
    latencies->second[at] = (uint32_t)signals->now_s;
}

/* As sim/world/tally.c counts: a canned quote answers no call, and for a kept one nobody was asked.
 */
static void count_slot(struct signals *signals, const struct order_slot *slot, int64_t start_us)
{
    const struct quote *quote = &slot->result.quote;
    const bool came = slot->real_outcome == QUOTE_OK;
    if (came && (quote->canned || quote->cached)) return;
    struct signal_provider_totals *provider = &signals->now.providers[slot->provider];
    provider->settled++;
    provider->quotes += came;
    provider->timeouts += slot->real_outcome == QUOTE_TIMEOUT;
    if (came || slot->real_outcome == QUOTE_TIMEOUT) {
        add_latency(signals, slot->provider, slot->settled_us - start_us);
    }
}

void signals_order(struct signals *signals, const struct router_order *order, int64_t now_us)
{
    assert(order->decided);
    assert(second_of(now_us) >= signals->now_s);
    end_seconds(signals, second_of(now_us));
    struct signal_totals *now = &signals->now;
    now->orders++;
    add_latency(signals, SCOPE_ROUTER, order->decided_us - order->start_us);
    for (unsigned i = 0; i < order->candidate_count; i++)
        count_slot(signals, &order->slots[i], order->start_us);
    if (order->code != ORDER_ROUTED) {
        now->failed++;
        return;
    }
    const struct order_slot *winner = &order->slots[order->ranked[0]];
    now->routed++;
    now->authentic += !winner->result.quote.canned;
    now->providers[winner->provider].wins++;
}

void signals_judged(struct signals *signals, bool ok, bool bad, int64_t now_us)
{
    assert(second_of(now_us) >= signals->now_s);
    end_seconds(signals, second_of(now_us));
    signals->now.judged++;
    signals->now.ok += ok;
    signals->now.bad += bad;
}

struct signal_totals signals_totals(const struct signals *signals, int64_t at_s)
{
    if (at_s < 0) return (struct signal_totals){0};
    if (at_s >= signals->now_s) return signals->now;
    assert(at_s >= signals->now_s - (int64_t)signals->ring_size);
    return signals->ring[(uint64_t)at_s % signals->ring_size];
}

/* ---- percentiles ---- */

struct span { /* samples of a ring, by their number of all that were ever added */
    const struct signal_latencies *latencies;
    uint64_t from, until;
};

static uint32_t sample_us(const struct span *span, uint64_t i)
{
    return span->latencies->us[i & (span->latencies->capacity - 1)];
}

/* The number of the first sample of a later second. */
static uint64_t first_after(const struct signal_latencies *latencies, int64_t second)
{
    uint64_t low = latencies->first, high = latencies->first + latencies->count;
    while (low < high) {
        const uint64_t middle = low + (high - low) / 2;
        if (latencies->second[middle & (latencies->capacity - 1)] <= second) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Selects by digits of 11 bits from the highest, keeping of `values` those that share the digits
 * found so far: three passes whatever the values, and they are often all alike, at a timeout. */
static uint32_t value_at_rank(uint32_t *values, uint64_t count, uint64_t rank)
{
    enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS };
    assert(rank < count);
    for (int shift = 2 * DIGIT_BITS; shift >= 0; shift -= DIGIT_BITS) {
        uint64_t counts[DIGITS] = {0};
        for (uint64_t i = 0; i < count; i++)
            counts[values[i] >> shift & (DIGITS - 1)]++;
        uint32_t digit = 0;
        while (rank >= counts[digit])
            rank -= counts[digit++];
        uint64_t kept = 0;
        for (uint64_t i = 0; i < count; i++) {
            if ((values[i] >> shift & (DIGITS - 1)) == digit) values[kept++] = values[i];
        }
        count = kept;
    }
    return values[0];
}

/* What stands at the rank after that of `low_us`: itself again, or the next greater one. */
static uint32_t value_after(const struct span *span, uint32_t low_us, uint64_t rank)
{
    uint64_t up_to_low = 0;
    uint32_t next_us = UINT32_MAX;
    for (uint64_t i = span->from; i < span->until; i++) {
        const uint32_t us = sample_us(span, i);
        up_to_low += us <= low_us;
        if (us > low_us && us < next_us) next_us = us;
    }
    return rank + 1 < up_to_low ? low_us : next_us;
}

static bool make_room(struct signals *signals, uint64_t count)
{
    if (count <= signals->scratch_size) return true;
    uint64_t size = signals->scratch_size == 0 ? 1024 : signals->scratch_size;
    while (size < count)
        size *= 2;
    uint32_t *scratch =
        size > UINT32_MAX ? NULL : memory_resize(signals->scratch, size, sizeof *signals->scratch);
    if (scratch == NULL) {
        signals->failed = true;
        return false;
    }
    signals->scratch = scratch;
    signals->scratch_size = (uint32_t)size;
    return true;
}

static const struct signal_value unknown = {.value = NAN};

/* GSL's gsl_stats_quantile_from_sorted_data, without the sorting. */
static struct signal_value percentile(struct signals *signals, const struct span *span,
                                      double probability)
{
    const uint64_t n = span->until - span->from;
    struct signal_value value = unknown;
    value.n = n;
    if (n == 0 || !make_room(signals, n)) return value;
    for (uint64_t i = 0; i < n; i++)
        signals->scratch[i] = sample_us(span, span->from + i);
    const double index = probability * (double)(n - 1);
    const uint64_t rank = (uint64_t)index;
    const double delta = index - (double)rank;
    const uint32_t low_us = value_at_rank(signals->scratch, n, rank);
    const uint32_t high_us = rank + 1 < n ? value_after(span, low_us, rank) : low_us;
    value.value = ((1.0 - delta) * (double)low_us + delta * (double)high_us) / 1000.0;
    value.known = true;
    return value;
}

static struct signal_value slow_share(const struct span *span, int64_t slow_over_us)
{
    const uint64_t n = span->until - span->from;
    if (n == 0) return unknown;
    uint64_t slow = 0;
    for (uint64_t i = span->from; i < span->until; i++)
        slow += sample_us(span, i) > slow_over_us;
    return (struct signal_value){.value = (double)slow / (double)n, .n = n, .known = true};
}

static struct signal_value of_latencies(struct signals *signals, const struct signal_query *query,
                                        int64_t now_s)
{
    assert(signals->wants_latency[query->scope]);
    const int64_t from_s = now_s - query->window_s;
    assert((from_s > 0 ? from_s : 0) >= signals->now_s - signals->longest_s);
    const struct signal_latencies *latencies = &signals->latencies[query->scope];
    const struct span span = {.latencies = latencies,
                              .from = first_after(latencies, from_s),
                              .until = first_after(latencies, now_s)};
    if (signals->failed) return unknown; /* samples are missing */
    if (query->kind == SIGNAL_SLOW_RATE) return slow_share(&span, query->slow_over_us);
    const double probability = query->kind == SIGNAL_P50_MS   ? 0.50
                               : query->kind == SIGNAL_P95_MS ? 0.95
                                                              : 0.99;
    return percentile(signals, &span, probability);
}

/* ---- reading ---- */

static struct signal_value ratio(uint32_t part, uint32_t whole)
{
    if (whole == 0) return unknown;
    return (struct signal_value){.value = (double)part / (double)whole, .n = whole, .known = true};
}

/* Of what the objective allows of so many orders. An objective is a decimal fraction, and 1 - 0.999
 * is not 0.001: without rounding, a burn rate of exactly 36 would fall short of it. */
static struct signal_value burn_rate(const struct signals *signals, uint32_t bad, uint32_t judged)
{
    if (signals->objective <= 0.0 || judged == 0) return unknown;
    const double allowed_share = round((1.0 - signals->objective) * 1e12) / 1e12;
    return (struct signal_value){
        .value = (double)bad / (allowed_share * (double)judged), .n = judged, .known = true};
}

static struct signal_value of_router(const struct signals *signals,
                                     const struct signal_query *query,
                                     const struct signal_totals *end,
                                     const struct signal_totals *begin)
{
    const uint32_t orders = end->orders - begin->orders;
    const uint32_t routed = end->routed - begin->routed;
    const uint32_t judged = end->judged - begin->judged;
    switch (query->kind) {
    case SIGNAL_ERROR_RATE:
        return ratio(end->failed - begin->failed, orders);
    case SIGNAL_SUCCESS_RATE:
        return ratio(routed, orders);
    case SIGNAL_OK_RATE:
        return ratio(end->ok - begin->ok, judged);
    case SIGNAL_AUTHENTIC_RATIO:
        return ratio(end->authentic - begin->authentic, routed);
    case SIGNAL_REQUESTS_PER_HOUR:
        return (struct signal_value){
            .value = (double)orders * 3600.0 / (double)query->window_s, .n = orders, .known = true};
    case SIGNAL_BURN_RATE:
        return burn_rate(signals, end->bad - begin->bad, judged);
    case SIGNAL_BUDGET_BURNED:
        if (signals->budget_orders <= 0.0) return unknown;
        return (struct signal_value){
            .value = (double)end->bad / signals->budget_orders, .n = end->judged, .known = true};
    case SIGNAL_P50_MS:
    case SIGNAL_P95_MS:
    case SIGNAL_P99_MS:
    case SIGNAL_SLOW_RATE:
    case SIGNAL_TIMEOUT_RATE:
    case SIGNAL_SELECTION_PCT:
    case SIGNAL_KIND_COUNT:
        break;
    }
    assert(!"no signal that is counted of the router");
    return unknown;
}

static struct signal_value of_provider(const struct signal_query *query,
                                       const struct signal_totals *end,
                                       const struct signal_totals *begin)
{
    const struct signal_provider_totals *to = &end->providers[query->scope];
    const struct signal_provider_totals *from = &begin->providers[query->scope];
    const uint32_t settled = to->settled - from->settled, quotes = to->quotes - from->quotes;
    switch (query->kind) {
    case SIGNAL_ERROR_RATE:
        return ratio(settled - quotes, settled);
    case SIGNAL_SUCCESS_RATE:
        return ratio(quotes, settled);
    case SIGNAL_TIMEOUT_RATE:
        return ratio(to->timeouts - from->timeouts, settled);
    case SIGNAL_SELECTION_PCT:
        return ratio(to->wins - from->wins, end->routed - begin->routed);
    case SIGNAL_OK_RATE:
    case SIGNAL_AUTHENTIC_RATIO:
    case SIGNAL_P50_MS:
    case SIGNAL_P95_MS:
    case SIGNAL_P99_MS:
    case SIGNAL_SLOW_RATE:
    case SIGNAL_REQUESTS_PER_HOUR:
    case SIGNAL_BURN_RATE:
    case SIGNAL_BUDGET_BURNED:
    case SIGNAL_KIND_COUNT:
        break;
    }
    assert(!"no signal that is counted of a provider");
    return unknown;
}

struct signal_value signals_read(struct signals *signals, const struct signal_query *query,
                                 int64_t now_s)
{
    assert(query->scope <= SCOPE_ROUTER);
    end_seconds(signals, now_s);
    const bool windowed = query->kind != SIGNAL_BUDGET_BURNED;
    assert(!windowed || query->window_s > 0);
    /* A longer one may be asked for while all that ever was lies within the longest. */
    assert(!windowed || query->window_s <= signals->longest_s || now_s <= signals->longest_s);
    if (signal_is_of_latencies(query->kind)) return of_latencies(signals, query, now_s);
    const struct signal_totals end = signals_totals(signals, now_s);
    const struct signal_totals begin =
        windowed ? signals_totals(signals, now_s - query->window_s) : (struct signal_totals){0};
    if (query->scope != SCOPE_ROUTER) return of_provider(query, &end, &begin);
    return of_router(signals, query, &end, &begin);
}
