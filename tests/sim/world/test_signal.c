/* Signals: each metric of each window as one finds it by going through all events again.
 *
 * Method: the ends of windows and what is not known, row by row; then random orders, with silences
 * longer than any window, and at every tick every signal against a recount of the events in (t - W,
 * t] by microseconds, percentiles against gsl_stats_quantile_from_sorted_data() bit for bit; then
 * memory that runs out.
 */
#include "tests/support.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>

#include "router/base/memory.h"
#include "sim/world/signal.h"

enum { S = 1000000 };

/* What is known of an order here: enough to make one, and to count it again. */
struct event {
    int64_t at_us;
    int64_t latency_us;
    bool judgement; /* not an order: what became of one */
    bool routed, ok, bad;
    unsigned winner;
    struct event_slot {
        bool asked, canned, cached;
        enum quote_outcome outcome;
        int64_t latency_us;
    } slots[PROVIDER_COUNT];
};

static void tell(struct signals *signals, const struct event *event)
{
    if (event->judgement) {
        signals_judged(signals, event->ok, event->bad, event->at_us);
        return;
    }
    struct router_order order = {.start_us = event->at_us - event->latency_us,
                                 .decided_us = event->at_us,
                                 .decided = true,
                                 .code = event->routed ? ORDER_ROUTED : ORDER_NO_QUOTES};
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const struct event_slot *from = &event->slots[p];
        if (!from->asked) continue;
        if (p == event->winner) order.ranked[0] = order.candidate_count;
        struct order_slot *slot = &order.slots[order.candidate_count++];
        slot->provider = (uint8_t)p;
        slot->settled = true;
        slot->real_outcome = (uint8_t)from->outcome;
        slot->settled_us = order.start_us + from->latency_us;
        slot->result.outcome = from->canned ? QUOTE_OK : from->outcome;
        slot->result.quote.canned = from->canned;
        slot->result.quote.cached = from->cached;
    }
    signals_order(signals, &order, event->at_us);
}

static struct signals made(int64_t longest_s, double objective, double budget_orders)
{
    struct signals signals;
    struct signals_setup setup = {
        .longest_s = longest_s, .objective = objective, .budget_orders = budget_orders};
    for (unsigned s = 0; s < SCOPE_COUNT; s++)
        setup.wants_latency[s] = true;
    assert_true(signals_init(&signals, &setup));
    return signals;
}

static struct signal_value read_one(struct signals *signals, enum signal_kind kind, unsigned scope,
                                    int64_t window_s, int64_t now_s)
{
    const struct signal_query query = {
        .kind = kind, .scope = scope, .window_s = window_s, .slow_over_us = 2 * S};
    return signals_read(signals, &query, now_s);
}

/* ---- by eye ---- */

static void a_window_is_open_on_the_left_and_closed_on_the_right(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        int64_t at_us, now_s, window_s;
        uint64_t n;
    } rows[] = {{"at t: in it", 20 * S, 20, 10, 1},
                {"at t - W: out of it", 10 * S, 20, 10, 0},
                {"a microsecond after t - W: in it", 10 * S + 1, 20, 10, 1},
                {"a microsecond after t: not yet", 20 * S + 1, 20, 10, 0},
                {"a microsecond after t, a second later", 20 * S + 1, 21, 10, 1},
                {"inside its last second", 10 * S + 1, 21, 10, 0},
                {"at the start, in a window that begins before it", 0, 5, 10, 1},
                {"at the start, in a window that begins there", 0, 10, 10, 0},
                {"a window of one second", 7 * S - 1, 7, 1, 1},
                {"the second after", 7 * S - 1, 8, 1, 0}};
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct signals signals = made(10, 0, 0);
        const struct event order = {.at_us = rows[i].at_us, .latency_us = 5};
        /* What completes after `now` is told after it was asked. */
        if (order.at_us <= rows[i].now_s * S) tell(&signals, &order);
        const struct signal_value value =
            read_one(&signals, SIGNAL_ERROR_RATE, SCOPE_ROUTER, rows[i].window_s, rows[i].now_s);
        CHECK_ROW(rows[i].label, value.n == rows[i].n);
        CHECK_ROW(rows[i].label, value.known == (rows[i].n > 0));
        const struct signal_value latency =
            read_one(&signals, SIGNAL_P50_MS, SCOPE_ROUTER, rows[i].window_s, rows[i].now_s);
        CHECK_ROW(rows[i].label, latency.n == rows[i].n);
        if (order.at_us > rows[i].now_s * S) {
            tell(&signals, &order); /* in the past of nobody */
            CHECK_ROW(rows[i].label,
                      read_one(&signals, SIGNAL_ERROR_RATE, SCOPE_ROUTER, 1, rows[i].now_s).n == 0);
        }
        signals_release(&signals);
    }
}

static void out_of_nothing_only_a_count_is_known(void **state)
{
    (void)state;
    struct signals signals = made(300, 0.999, 0);
    for (unsigned k = 0; k < SIGNAL_KIND_COUNT; k++) {
        for (unsigned s = 0; s < SCOPE_COUNT; s++) {
            const struct signal_traits *traits = &signal_traits[k];
            if (!(s == SCOPE_ROUTER ? traits->of_router : traits->of_provider)) continue;
            const struct signal_value value =
                read_one(&signals, (enum signal_kind)k, s, 300, 1000 + (int64_t)k);
            CHECK_ROW(traits->name, value.n == 0);
            CHECK_ROW(traits->name, value.known == (k == SIGNAL_REQUESTS_PER_HOUR));
            CHECK_ROW(traits->name, value.known ? value.value == 0.0 : isnan(value.value));
        }
    }
    signals_release(&signals);
}

static void without_an_slo_nothing_burns(void **state)
{
    (void)state;
    struct signals signals = made(300, 0, 0);
    signals_judged(&signals, false, true, 5 * S);
    assert_false(read_one(&signals, SIGNAL_BURN_RATE, SCOPE_ROUTER, 300, 5).known);
    assert_false(read_one(&signals, SIGNAL_BUDGET_BURNED, SCOPE_ROUTER, 0, 5).known);
    CHECK_NEAR(read_one(&signals, SIGNAL_OK_RATE, SCOPE_ROUTER, 300, 5).value, 0.0, 0);
    signals_release(&signals);
}

/* 36 bad of 1,000 at 99.9% burn 36 times what is allowed, to the last bit, and an eighth of a
 * budget of 288; the budget has no window. */
static void a_burn_rate_is_what_one_writes_down(void **state)
{
    (void)state;
    struct signals signals = made(60, 0.999, 288);
    for (unsigned i = 0; i < 1000; i++)
        signals_judged(&signals, i >= 36, i < 36, 30 * S);
    CHECK_NEAR(read_one(&signals, SIGNAL_BURN_RATE, SCOPE_ROUTER, 60, 30).value, 36.0, 0);
    CHECK_NEAR(read_one(&signals, SIGNAL_BUDGET_BURNED, SCOPE_ROUTER, 0, 30).value, 0.125, 0);
    assert_false(read_one(&signals, SIGNAL_BURN_RATE, SCOPE_ROUTER, 60, 90).known);
    CHECK_NEAR(read_one(&signals, SIGNAL_BUDGET_BURNED, SCOPE_ROUTER, 0, 5000).value, 0.125, 0);
    assert_int_equal(read_one(&signals, SIGNAL_BUDGET_BURNED, SCOPE_ROUTER, 0, 5000).n, 1000);
    signals_release(&signals);
}

/* 10 orders in the first minute: 120 an hour by a window of five minutes, young as the run is. */
static void requests_per_hour_divide_by_the_whole_window(void **state)
{
    (void)state;
    struct signals signals = made(300, 0, 0);
    for (int64_t i = 1; i <= 10; i++)
        tell(&signals, &(struct event){.at_us = 6 * i * S, .routed = false});
    CHECK_NEAR(read_one(&signals, SIGNAL_REQUESTS_PER_HOUR, SCOPE_ROUTER, 60, 60).value, 600, 0);
    CHECK_NEAR(read_one(&signals, SIGNAL_REQUESTS_PER_HOUR, SCOPE_ROUTER, 300, 60).value, 120, 0);
    signals_release(&signals);
}

static void after_a_long_silence_only_what_came_then_is_in_the_window(void **state)
{
    (void)state;
    struct signals signals = made(300, 0, 0);
    for (unsigned i = 0; i < 5; i++)
        tell(&signals, &(struct event){.at_us = (1 + i) * S, .latency_us = 9});
    tell(&signals, &(struct event){.at_us = 90000 * (int64_t)S, .latency_us = 4});
    for (int64_t window_s = 1; window_s <= 300; window_s++) {
        assert_int_equal(read_one(&signals, SIGNAL_ERROR_RATE, SCOPE_ROUTER, window_s, 90000).n, 1);
        CHECK_NEAR(read_one(&signals, SIGNAL_P99_MS, SCOPE_ROUTER, window_s, 90000).value, 0.004,
                   0);
    }
    assert_int_equal(signals_totals(&signals, 89999).orders, 5);
    assert_int_equal(signals_totals(&signals, 90000).orders, 6);
    signals_release(&signals);
}

static void slow_is_slower_than_the_limit(void **state)
{
    (void)state;
    struct signals signals = made(300, 0, 0);
    static const int64_t latencies_us[] = {2 * S, 2 * S + 1, 2 * S - 1, 3 * S};
    for (unsigned i = 0; i < 4; i++)
        tell(&signals, &(struct event){.at_us = 9 * S, .latency_us = latencies_us[i]});
    CHECK_NEAR(read_one(&signals, SIGNAL_SLOW_RATE, SCOPE_ROUTER, 300, 9).value, 0.5, 0);
    signals_release(&signals);
}

static void names_lead_back_to_what_they_name(void **state)
{
    (void)state;
    char name[SIGNAL_NAME_MAX], hint[ERR_HINT_MAX];
    unsigned count = 0;
    for (unsigned s = 0; s <= SCOPE_EACH_PROVIDER; s++) {
        for (unsigned k = 0; k < SIGNAL_KIND_COUNT; k++) {
            const struct signal_traits *traits = &signal_traits[k];
            if (!(s == SCOPE_ROUTER ? traits->of_router : traits->of_provider)) continue;
            signal_name(s, (enum signal_kind)k, name);
            unsigned scope = 99;
            enum signal_kind kind = SIGNAL_KIND_COUNT;
            CHECK_ROW(name, signal_find(name, &scope, &kind, hint, sizeof hint));
            CHECK_ROW(name, scope == s && kind == (enum signal_kind)k);
            count++;
        }
    }
    assert_int_equal(count, 11 + 7 * (PROVIDER_COUNT + 1));
    static const struct {
        const char *name, *hint;
    } rows[] = {{"router.p95", "router.p95_ms"},
                {"KROGER_API.eror_rate", "KROGER_API.error_rate"},
                {"provider.sucess_rate", "provider.success_rate"},
                {"router.timeout_rate", ""},
                {"provider.burn_rate", ""}};
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        unsigned scope;
        enum signal_kind kind;
        CHECK_ROW(rows[i].name, !signal_find(rows[i].name, &scope, &kind, hint, sizeof hint));
        CHECK_ROW(rows[i].name, strstr(hint, rows[i].hint) != NULL);
    }
}

/* ---- against a recount ---- */

enum { EVENTS = 24000, LONGEST_S = 300 };
static struct event events[EVENTS];

static struct event_slot random_slot(uint64_t seed, uint64_t bits)
{
    static const enum quote_outcome outcomes[] = {QUOTE_OK,      QUOTE_OK,          QUOTE_OK,
                                                  QUOTE_OK,      QUOTE_HTTP_ERROR,  QUOTE_TIMEOUT,
                                                  QUOTE_TIMEOUT, QUOTE_RATE_LIMITED};
    struct event_slot slot = {.asked = bits % 8 != 0, .outcome = outcomes[bits >> 3 & 7]};
    slot.canned = (bits >> 6 & 7) == 0;
    slot.cached = !slot.canned && slot.outcome == QUOTE_OK && (bits >> 9 & 7) == 0;
    slot.latency_us = slot.outcome == QUOTE_TIMEOUT
                          ? 15 * S
                          : (int64_t)(test_bits(seed, bits) % (uint64_t)(8 * S));
    return slot;
}

/* Some six orders a second, each with its judgement; on whole seconds now and then; and every few
 * thousand a silence, in the middle one that outlasts the longest window. */
static void make_events(uint64_t seed)
{
    int64_t at_us = 0;
    for (unsigned i = 0; i < EVENTS; i++) {
        const uint64_t bits = test_bits(seed, i);
        at_us += (int64_t)(bits % 84000);
        if (bits % 13 == 0) at_us = (at_us + S - 1) / S * S;
        if (i % 5000 == 4999) at_us += (i / 5000 == 2 ? 700 : 40) * (int64_t)S;
        struct event *event = &events[i];
        *event = (struct event){.at_us = at_us, .judgement = i % 2 == 1};
        if (event->judgement) {
            event->ok = (bits >> 20) % 5 != 0;
            event->bad = !event->ok && (bits >> 24) % 3 != 0;
            continue;
        }
        event->latency_us = (int64_t)(test_bits(seed + 1, i) % (uint64_t)(5 * S));
        bool any = false;
        for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
            event->slots[p] = random_slot(seed + 2 + p, test_bits(seed + 2 + p, i));
            const struct event_slot *slot = &event->slots[p];
            if (slot->asked && (slot->canned || slot->outcome == QUOTE_OK)) {
                event->winner = p;
                any = true;
            }
        }
        event->routed = any && (bits >> 30) % 7 != 0;
    }
}

struct recount {
    struct signal_totals totals;
    uint32_t slow;
    double us[EVENTS]; /* sorted */
    size_t count;
};

/* Of what the scope shows in (t - W, t] among the first `told` events. */
static void recount(struct recount *into, unsigned told, unsigned scope, int64_t window_s,
                    int64_t now_s)
{
    memset(&into->totals, 0, sizeof into->totals);
    into->slow = 0;
    into->count = 0;
    struct signal_totals *totals = &into->totals;
    for (unsigned i = told; i-- > 0;) {
        const struct event *event = &events[i];
        if (event->at_us > now_s * S) continue;
        if (event->at_us <= (now_s - window_s) * S) break;
        if (event->judgement) {
            totals->judged++;
            totals->ok += event->ok;
            totals->bad += event->bad;
            continue;
        }
        totals->orders++;
        totals->failed += !event->routed;
        totals->routed += event->routed;
        totals->authentic += event->routed && !event->slots[event->winner].canned;
        if (scope == SCOPE_ROUTER) into->us[into->count++] = (double)event->latency_us;
        into->slow += event->latency_us > 2 * S;
        for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
            const struct event_slot *slot = &event->slots[p];
            totals->providers[p].wins += event->routed && event->winner == p;
            if (!slot->asked || slot->cached) continue;
            if (slot->canned && slot->outcome == QUOTE_OK) continue;
            totals->providers[p].settled++;
            totals->providers[p].quotes += slot->outcome == QUOTE_OK;
            totals->providers[p].timeouts += slot->outcome == QUOTE_TIMEOUT;
            const bool timed = slot->outcome == QUOTE_OK || slot->outcome == QUOTE_TIMEOUT;
            if (timed && scope == p) into->us[into->count++] = (double)slot->latency_us;
        }
    }
    gsl_sort(into->us, 1, into->count);
}

static struct signal_value share(double part, double whole)
{
    if (whole == 0) return (struct signal_value){.value = (double)NAN};
    return (struct signal_value){.value = part / whole, .n = (uint64_t)whole, .known = true};
}

static struct signal_value quantile(const struct recount *of, double p)
{
    if (of->count == 0) return (struct signal_value){.value = (double)NAN};
    return (struct signal_value){
        .value = gsl_stats_quantile_from_sorted_data(of->us, 1, of->count, p) / 1000.0,
        .n = of->count,
        .known = true};
}

static struct signal_value recounted(const struct recount *of, enum signal_kind kind,
                                     unsigned scope, int64_t window_s)
{
    const struct signal_totals *t = &of->totals;
    const struct signal_provider_totals *p = &t->providers[scope == SCOPE_ROUTER ? 0 : scope];
    const bool router = scope == SCOPE_ROUTER;
    switch (kind) {
    case SIGNAL_ERROR_RATE:
        return router ? share(t->failed, t->orders) : share(p->settled - p->quotes, p->settled);
    case SIGNAL_SUCCESS_RATE:
        return router ? share(t->routed, t->orders) : share(p->quotes, p->settled);
    case SIGNAL_OK_RATE:
        return share(t->ok, t->judged);
    case SIGNAL_AUTHENTIC_RATIO:
        return share(t->authentic, t->routed);
    case SIGNAL_P50_MS:
        return quantile(of, 0.50);
    case SIGNAL_P95_MS:
        return quantile(of, 0.95);
    case SIGNAL_P99_MS:
        return quantile(of, 0.99);
    case SIGNAL_SLOW_RATE:
        return share(of->slow, t->orders);
    case SIGNAL_REQUESTS_PER_HOUR:
        return (struct signal_value){
            .value = t->orders * 3600.0 / (double)window_s, .n = t->orders, .known = true};
    case SIGNAL_BURN_RATE: {
        struct signal_value value = share(t->bad, t->judged);
        value.value /= 0.01; /* of an objective of 99% */
        return value;
    }
    case SIGNAL_BUDGET_BURNED: {
        struct signal_value value = share(t->bad, 400);
        value.n = t->judged;
        return value;
    }
    case SIGNAL_TIMEOUT_RATE:
        return share(p->timeouts, p->settled);
    case SIGNAL_SELECTION_PCT:
        return share(p->wins, t->routed);
    case SIGNAL_KIND_COUNT:
        break;
    }
    fail_msg("no such signal");
    return (struct signal_value){0};
}

static void check_scope(struct signals *signals, unsigned told, unsigned scope, int64_t window_s,
                        int64_t now_s)
{
    static struct recount windowed, whole;
    recount(&windowed, told, scope, window_s, now_s);
    if (scope == SCOPE_ROUTER) recount(&whole, told, scope, now_s + 1, now_s);
    for (unsigned k = 0; k < SIGNAL_KIND_COUNT; k++) {
        const struct signal_traits *traits = &signal_traits[k];
        if (!(scope == SCOPE_ROUTER ? traits->of_router : traits->of_provider)) continue;
        const struct recount *of = k == SIGNAL_BUDGET_BURNED ? &whole : &windowed;
        const struct signal_value should = recounted(of, (enum signal_kind)k, scope, window_s);
        const struct signal_value is =
            read_one(signals, (enum signal_kind)k, scope, window_s, now_s);
        char label[96];
        (void)snprintf(label, sizeof label, "%s of %u in (%lld, %lld]: %.17g, not %.17g",
                       traits->name, scope, (long long)(now_s - window_s), (long long)now_s,
                       is.value, should.value);
        CHECK_ROW(label, is.n == should.n);
        CHECK_ROW(label, is.known == should.known);
        const double tolerance = k == SIGNAL_BURN_RATE ? 1e-12 * should.value : 0;
        CHECK_ROW(label, !is.known || fabs(is.value - should.value) <= tolerance);
    }
}

static void check_all(struct signals *signals)
{
    unsigned told = 0, looks = 0;
    const int64_t last_s = events[EVENTS - 1].at_us / S + 2 * LONGEST_S;
    for (int64_t now_s = 0; now_s <= last_s; now_s += 7) {
        while (told < EVENTS && events[told].at_us <= now_s * S)
            tell(signals, &events[told++]);
        const int64_t window_s =
            looks % 3 == 0 ? LONGEST_S : 1 + (int64_t)(test_bits(3, looks) % LONGEST_S);
        for (unsigned scope = 0; scope < SCOPE_COUNT; scope++)
            check_scope(signals, told, scope, window_s, now_s);
        looks++;
    }
    assert_int_equal(told, EVENTS);
}

static void agrees_with_a_recount_at_every_tick(void **state)
{
    (void)state;
    struct signals signals = made(LONGEST_S, 0.99, 400);
    make_events(11);
    check_all(&signals);
    make_events(77);
    signals_clear(&signals); /* another replication, in what the first left behind */
    check_all(&signals);
    assert_false(signals.failed);
    /* Of some six a second what 300 seconds hold, and what left the window made room. */
    assert_int_equal(signals.latencies[SCOPE_ROUTER].capacity, 2048);
    signals_release(&signals);
}

static void totals_of_any_second_within_reach_are_exact(void **state)
{
    (void)state;
    static struct recount of;
    struct signals signals = made(LONGEST_S, 0, 0);
    make_events(5);
    unsigned told = 0;
    for (int64_t now_s = 0; now_s <= events[EVENTS - 1].at_us / S; now_s += 61) {
        while (told < EVENTS && events[told].at_us <= now_s * S)
            tell(&signals, &events[told++]);
        (void)read_one(&signals, SIGNAL_ERROR_RATE, SCOPE_ROUTER, 1, now_s);
        for (int64_t back_s = 0; back_s <= LONGEST_S; back_s += 37) {
            const struct signal_totals is = signals_totals(&signals, now_s - back_s);
            recount(&of, told, SCOPE_ROUTER, now_s + 1, now_s - back_s);
            assert_memory_equal(&is, &of.totals, sizeof is);
        }
    }
    signals_release(&signals);
}

/* One a second, then a hundred: the ring has turned round when it has to grow, and grow again. */
static void samples_stay_in_order_when_their_ring_grows(void **state)
{
    (void)state;
    struct signals signals = made(300, 0, 0);
    int64_t latency_us = 0;
    for (int64_t second = 1; second <= 1500; second++) {
        for (unsigned i = 0; i < (second <= 1400 ? 1 : 100); i++)
            tell(&signals, &(struct event){.at_us = second * S, .latency_us = latency_us++});
        const int64_t window_s = 1 + second % 300;
        const int64_t begin_s = second > window_s ? second - window_s : 0;
        const int64_t first_us = begin_s <= 1400 ? begin_s : 1400 + (begin_s - 1400) * 100;
        const struct signal_value median =
            read_one(&signals, SIGNAL_P50_MS, SCOPE_ROUTER, window_s, second);
        assert_int_equal(median.n, latency_us - first_us);
        CHECK_NEAR(median.value, (double)(first_us + latency_us - 1) / 2000.0, 1e-12);
    }
    assert_int_equal(signals.latencies[SCOPE_ROUTER].capacity, 16384);
    signals_release(&signals);
}

/* Few samples, many alike, all alike, far apart: what a selection could get wrong. */
static void percentiles_are_gsls_whatever_the_values(void **state)
{
    (void)state;
    static double sorted[4000];
    static const uint64_t spreads[] = {1, 2, 7, 3000, UINT64_C(1) << 32};
    for (unsigned n = 1; n <= 4000; n = n < 40 ? n + 1 : n * 5 / 2) {
        for (unsigned s = 0; s < sizeof spreads / sizeof spreads[0]; s++) {
            struct signals signals = made(10, 0, 0);
            for (unsigned i = 0; i < n; i++) {
                const int64_t us = (int64_t)(test_bits(n * 8 + s, i) % spreads[s]);
                sorted[i] = (double)us;
                tell(&signals, &(struct event){.at_us = 5 * S, .latency_us = us});
            }
            gsl_sort(sorted, 1, n);
            static const double probabilities[] = {0.5, 0.95, 0.99};
            for (unsigned q = 0; q < 3; q++) {
                const double should =
                    gsl_stats_quantile_from_sorted_data(sorted, 1, n, probabilities[q]) / 1000.0;
                const enum signal_kind kind = (enum signal_kind)(SIGNAL_P50_MS + q);
                CHECK_NEAR(read_one(&signals, kind, SCOPE_ROUTER, 10, 5).value, should, 0);
            }
            signals_release(&signals);
        }
    }
}

/* ---- memory ---- */

static void without_memory_for_samples_percentiles_are_unknown_and_the_rest_goes_on(void **state)
{
    (void)state;
    struct signals signals;
    memory_fail_after(1);
    assert_false(signals_init(&signals, &(struct signals_setup){.longest_s = 5}));
    signals_release(&signals);
    unsigned failures = 0;
    for (uint32_t countdown = 1; countdown <= 12; countdown++) {
        signals = made(300, 0, 0);
        memory_fail_after(countdown);
        for (unsigned i = 0; i < 3000; i++)
            tell(&signals, &(struct event){.at_us = S, .latency_us = i});
        const struct signal_value p95 = read_one(&signals, SIGNAL_P95_MS, SCOPE_ROUTER, 10, 1);
        const struct signal_value slow = read_one(&signals, SIGNAL_SLOW_RATE, SCOPE_ROUTER, 10, 1);
        memory_fail_after(0);
        assert_int_equal(p95.known, !signals.failed);
        assert_int_equal(slow.known, !signals.failed);
        if (p95.known) CHECK_NEAR(p95.value, 0.95 * 2999 / 1000.0, 1e-12);
        CHECK_NEAR(read_one(&signals, SIGNAL_ERROR_RATE, SCOPE_ROUTER, 10, 1).value, 1.0, 0);
        assert_int_equal(read_one(&signals, SIGNAL_ERROR_RATE, SCOPE_ROUTER, 10, 1).n, 3000);
        failures += signals.failed;
        signals_clear(&signals);
        tell(&signals, &(struct event){.at_us = S, .latency_us = 7000});
        CHECK_NEAR(read_one(&signals, SIGNAL_P50_MS, SCOPE_ROUTER, 10, 1).value, 7.0, 0);
        signals_release(&signals);
    }
    assert_in_range(failures, 3, 11); /* some of each kind, and none where nothing failed */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_window_is_open_on_the_left_and_closed_on_the_right),
        cmocka_unit_test(out_of_nothing_only_a_count_is_known),
        cmocka_unit_test(without_an_slo_nothing_burns),
        cmocka_unit_test(a_burn_rate_is_what_one_writes_down),
        cmocka_unit_test(requests_per_hour_divide_by_the_whole_window),
        cmocka_unit_test(after_a_long_silence_only_what_came_then_is_in_the_window),
        cmocka_unit_test(slow_is_slower_than_the_limit),
        cmocka_unit_test(names_lead_back_to_what_they_name),
        cmocka_unit_test(agrees_with_a_recount_at_every_tick),
        cmocka_unit_test(totals_of_any_second_within_reach_are_exact),
        cmocka_unit_test(samples_stay_in_order_when_their_ring_grows),
        cmocka_unit_test(percentiles_are_gsls_whatever_the_values),
        cmocka_unit_test(without_memory_for_samples_percentiles_are_unknown_and_the_rest_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
