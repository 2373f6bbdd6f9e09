/* Hits, entries, evictions, calls and staleness of caches, against slow and obvious ones.
 *
 * Method: random traces with many recurrences, on which every figure is counted again by a cache
 * that is a list. Calls are held to those that a run really sends. Staleness is held to what the
 * scenario's own rates imply, in the binomial region of 99.9% (3.29 standard deviations).
 */
#include "mocks/shelf.h"
#include "router/base/memory.h"
#include "sim/analysis/cache_sweep.h"
#include "sim/world/run.h"
#include "tests/sim/world/wire_fixture.h"

#define REGION 3.29

/* Kroger, Walmart and MealMe, nothing that fails; `more` holds further keys. */
static struct scenario *scenario_of(const char *more)
{
    struct scenario *scenario = memory_zeroed(sizeof *scenario);
    assert_non_null(scenario);
    char json[2048];
    (void)snprintf(json, sizeof json,
                   "\"router\":{\"env\":{\"LOOPGPT_ENABLE_KROGER\":\"true\","
                   "\"LOOPGPT_ENABLE_WALMART\":\"true\"}}%s%s",
                   more[0] != '\0' ? "," : "", more);
    fixture_read(scenario, json);
    return scenario;
}

static void end(struct scenario *scenario)
{
    scenario_release(scenario);
    free(scenario);
}

/* ---- random traces ---- */

static const char *const codes[] = {"60601", "10001", "94105"};

static const char *name_of(unsigned item)
{
    static char names[64][16];
    (void)snprintf(names[item], sizeof names[item], "thing %u", item);
    return names[item];
}

/* Up to three lines out of `items` names, one of three places, one of four users. */
static void random_trace(struct cache_trace *trace, uint32_t count, unsigned items, uint64_t seed)
{
    static const char *const users[] = {"ann", "bob", "cy", "di"};
    *trace = (struct cache_trace){0};
    int64_t at_us = 0;
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t bits = test_bits(seed, i);
        struct order_item lines[3];
        const uint32_t lines_count = 1 + (uint32_t)(bits % 3);
        for (uint32_t l = 0; l < lines_count; l++) {
            const char *const name = name_of(((unsigned)(bits >> (8 + 8 * l)) + 7 * l) % items);
            lines[l] = (struct order_item){.name = name,
                                           .name_hash = random_hash_text(name),
                                           .product = ORDER_PRODUCT_UNKNOWN,
                                           .quantity = 1 + (uint32_t)(bits >> 40 & 1)};
        }
        const struct order_request request = {.items = lines,
                                              .item_count = lines_count,
                                              .postal_code = codes[(bits >> 42) % 3],
                                              .postal_hash = postal_hash(codes[(bits >> 42) % 3]),
                                              .user_id = users[bits >> 50 & 3]};
        struct err err;
        assert_true(cache_trace_add(trace, at_us, &request, &err));
        at_us += (int64_t)(bits >> 52 & 3) * US_PER_SECOND; /* some at the same instant */
    }
}

/* ---- the slow cache ---- */

enum { SLOW_MAX = 4096 };

struct slow { /* a list, what was used last in front */
    struct {
        uint64_t key;
        int64_t fetched_us;
    } entries[SLOW_MAX];
    unsigned count, limit;
};

static bool slow_ask(struct slow *slow, uint64_t key, int64_t at_us, int64_t ttl_us)
{
    unsigned place = 0;
    while (place < slow->count && slow->entries[place].key != key)
        place++;
    int64_t fetched_us = at_us;
    bool hit = false;
    if (place < slow->count) {
        hit = at_us - slow->entries[place].fetched_us < ttl_us;
        if (hit) fetched_us = slow->entries[place].fetched_us;
    } else {
        if (slow->count < slow->limit) slow->count++;
        place = slow->count - 1;
    }
    for (; place > 0; place--)
        slow->entries[place] = slow->entries[place - 1];
    slow->entries[0].key = key;
    slow->entries[0].fetched_us = fetched_us;
    return hit;
}

static unsigned slow_alive(const struct slow *slow, int64_t at_us, int64_t ttl_us)
{
    unsigned alive = 0;
    for (unsigned i = 0; i < slow->count; i++)
        alive += at_us - slow->entries[i].fetched_us < ttl_us;
    return alive;
}

/* The stores of the world's own backend. */
static uint32_t store_at(const struct scenario *scenario, enum provider provider, uint32_t postal)
{
    struct arena arena = {0};
    struct catalogue catalogue;
    struct shelf shelf;
    struct err err;
    uint32_t store = 0;
    assert_true(catalogue_load(&scenario->catalogue, "", scenario->seed, &arena, &catalogue, &err));
    assert_true(shelf_create(provider, &scenario->providers[provider].backend.prices, &catalogue,
                             &arena, &shelf, &err));
    shelf_reset(&shelf, scenario->seed, scenario->start_unix_us);
    assert_true(shelf_store(&shelf, postal, &store));
    arena_release(&arena);
    return store;
}

struct slow_counts {
    uint64_t requests, hits;
    unsigned peak;
};

static struct slow_counts slow_count(const struct cache_trace *trace, enum cache_sweep_kind kind,
                                     const uint32_t stores[3], int64_t ttl_us, unsigned limit)
{
    struct slow *slow = memory_zeroed(sizeof *slow);
    struct slow_counts counts = {0};
    assert_non_null(slow);
    slow->limit = limit;
    for (uint32_t i = 0; i < trace->count; i++) {
        const struct cache_order *order = &trace->orders[i];
        const uint32_t asks = kind == CACHE_SWEEP_ITEM ? order->line_count : 1;
        for (uint32_t a = 0; a < asks; a++) {
            uint64_t key = 0;
            if (kind == CACHE_SWEEP_CART) key = order->cart;
            if (kind == CACHE_SWEEP_PLACE) key = order->cart_place;
            if (kind == CACHE_SWEEP_USER) key = order->cart_user;
            if (kind == CACHE_SWEEP_STORE) key = order->place;
            if (kind == CACHE_SWEEP_ITEM) {
                key =
                    (uint64_t)trace->lines[order->first_line + a].item << 32 | stores[order->place];
            }
            counts.requests++;
            counts.hits += slow_ask(slow, key, order->at_us, ttl_us);
            const unsigned alive = slow_alive(slow, order->at_us, ttl_us);
            if (alive > counts.peak) counts.peak = alive;
        }
    }
    free(slow);
    return counts;
}

static const int64_t ttls_us[] = {
    0, 1, 7 * US_PER_SECOND, US_PER_MINUTE, 10 * US_PER_MINUTE, US_PER_DAY};
enum { TTLS = sizeof ttls_us / sizeof ttls_us[0] };

static struct cache_sweep sweep_of(const struct scenario *scenario, const struct cache_trace *trace)
{
    struct cache_sweep sweep;
    struct err err;
    const struct cache_sweep_request request = {.scenario = scenario,
                                                .trace = trace,
                                                .seed = scenario->seed,
                                                .ttls_us = ttls_us,
                                                .ttl_count = TTLS};
    if (!cache_sweep_run(&sweep, &request, &err)) fail_msg("%s", err.message);
    return sweep;
}

static void hits_entries_and_evictions_are_those_of_a_list(void **state)
{
    (void)state;
    struct scenario *scenario = scenario_of("");
    for (uint64_t seed = 0; seed < 3; seed++) {
        struct cache_trace trace;
        random_trace(&trace, 400, seed == 2 ? 40 : 6, seed);
        struct cache_sweep sweep = sweep_of(scenario, &trace);
        uint32_t stores[3];
        for (unsigned i = 0; i < trace.place_count; i++)
            stores[i] = store_at(scenario, PROVIDER_KROGER_API, trace.postal_hashes[i]);
        for (uint32_t r = 0; r < sweep.row_count; r++) {
            const struct cache_row *row = &sweep.rows[r];
            const char *label = cache_sweep_traits[row->kind].name;
            if (row->kind == CACHE_SWEEP_TOKEN) continue;
            const struct cache_provider_row *own = &row->providers[PROVIDER_KROGER_API];
            const struct slow_counts all =
                slow_count(&trace, row->kind, stores, row->ttl_us, SLOW_MAX);
            CHECK_ROW(label, own->requests == all.requests);
            CHECK_ROW(label, own->hits == all.hits);
            CHECK_ROW(label, own->entries_peak == all.peak);
            /* Only quotes by cart are the same for all: there the row is four times Kroger's. */
            if (row->kind > CACHE_SWEEP_USER) continue;
            CHECK_ROW(label, row->hits.hits == 4 * all.hits);
            for (unsigned l = 0; l < CACHE_SWEEP_LIMITS; l++) {
                const unsigned limit = cache_sweep_limits[l];
                if (limit > SLOW_MAX) break;
                const struct slow_counts few =
                    slow_count(&trace, row->kind, stores, row->ttl_us, limit);
                CHECK_ROW(label, row->limits[l].entries == limit);
                CHECK_ROW(label, row->limits[l].hits == 4 * few.hits);
            }
            if (row->entries_enough == 0) continue;
            const struct slow_counts enough =
                slow_count(&trace, row->kind, stores, row->ttl_us, row->entries_enough);
            CHECK_ROW(label, enough.hits == all.hits);
            /* The least that is enough, where nothing expires. */
            if (row->entries_enough == 1 || row->ttl_us < US_PER_DAY) continue;
            const struct slow_counts short_of =
                slow_count(&trace, row->kind, stores, row->ttl_us, row->entries_enough - 1);
            CHECK_ROW(label, short_of.hits != all.hits);
        }
        cache_sweep_release(&sweep);
        cache_trace_release(&trace);
    }
    end(scenario);
}

static void a_life_counts_from_the_fetch_and_ends_at_its_last_microsecond(void **state)
{
    (void)state;
    /* Fetched at 0 and asked for every 4 s: a life of 10 s is over at 12, whoever asked at 8. */
    struct scenario *scenario = scenario_of("");
    static const struct {
        const char *label;
        int64_t step_us;
        uint32_t orders;
        uint64_t hits;
    } rows[] = {
        {"does not slide", 4 * US_PER_SECOND, 7, 4},
        {"at the end it is over", 10 * US_PER_SECOND, 3, 0},
        {"a microsecond before it is not", 10 * US_PER_SECOND - 1, 2, 1},
        {"at one instant", 0, 5, 4},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cache_trace trace = {0};
        struct err err;
        const struct order_item item = {.name = "milk", .name_hash = 7, .quantity = 1};
        const struct order_request request = {
            .items = &item, .item_count = 1, .postal_code = "60601", .postal_hash = 1};
        for (uint32_t k = 0; k < rows[i].orders; k++)
            assert_true(cache_trace_add(&trace, k * rows[i].step_us, &request, &err));
        const int64_t ttl_us = 10 * US_PER_SECOND;
        const struct cache_sweep_request asked = {
            .scenario = scenario, .trace = &trace, .ttls_us = &ttl_us, .ttl_count = 1};
        struct cache_sweep sweep;
        assert_true(cache_sweep_run(&sweep, &asked, &err));
        const struct cache_row *row = cache_sweep_row(&sweep, CACHE_SWEEP_PLACE, ttl_us);
        CHECK_ROW(rows[i].label, row->providers[PROVIDER_KROGER_API].hits == rows[i].hits);
        CHECK_ROW(rows[i].label, row->entries_peak == 1);
        cache_sweep_release(&sweep);
        cache_trace_release(&trace);
    }
    end(scenario);
}

/* ---- calls ---- */

/* One order every 37 s, so that none is under way when the next comes; lives end between orders.
 * Four stores: Kroger's prices are remembered for each, Walmart's for all. */
static const char steady[] =
    "\"duration\":\"4h\",\"workload\":{\"arrivals\":{\"kind\":\"constant\",\"rate\":\"97/h\"},"
    "\"confirm\":{\"share\":0}},\"catalogue\":{\"size\":60}";

static struct world_facts facts_of_a_run(const struct scenario *scenario)
{
    struct world_plan plan;
    struct err err;
    assert_true(world_plan_make(scenario, &plan, &err));
    struct world *world = world_create(&plan, 1000, &err);
    const struct world_outputs nowhere = {0};
    const struct world_control control = {0};
    assert_non_null(world);
    assert_true(world_run(world, 0, &nowhere, &control, &err));
    const struct world_facts facts = *world_facts(world);
    world_destroy(world);
    world_plan_release(&plan);
    return facts;
}

static void calls_are_those_that_a_run_sends(void **state)
{
    (void)state;
    struct scenario *scenario = scenario_of(steady);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        struct backend_spec *backend = &scenario->providers[p].backend;
        for (unsigned o = 0; o < OPERATION_COUNT; o++)
            backend->errors.rate[o] = 0;
    }
    const int64_t life_us = 20 * US_PER_MINUTE;
    const struct cache_sweep_request request = {
        .scenario = scenario, .seed = scenario->seed, .ttls_us = &life_us, .ttl_count = 1};
    static const enum cache_sweep_kind kinds[] = {CACHE_SWEEP_PLACE, CACHE_SWEEP_ITEM,
                                                  CACHE_SWEEP_STORE};
    const struct cache_policy plain = scenario->policy.cache;
    for (unsigned k = 0; k < 3; k++) {
        struct cache_sweep sweep;
        struct err err;
        scenario->policy.cache = plain;
        scenario->policy.cache.store_us = scenario->policy.cache.sku_us = 0;
        assert_true(cache_sweep_run(&sweep, &request, &err));
        const struct cache_row *row = cache_sweep_row(&sweep, kinds[k], life_us);
        const char *label = cache_sweep_traits[kinds[k]].name;
        uint64_t without = 0, with = 0;
        /* MealMe has no stores and no searches: its calls are in no such row. */
        const struct cache_row *whole = cache_sweep_row(&sweep, CACHE_SWEEP_PLACE, life_us);
        for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
            const struct cache_provider_row *own = &row->providers[p];
            const bool in_row = own->requests > 0;
            without += in_row ? own->calls_without : whole->providers[p].calls_without;
            with += in_row ? own->calls_with : whole->providers[p].calls_without;
        }
        CHECK_ROW(label, facts_of_a_run(scenario).calls_sent == without);
        if (kinds[k] == CACHE_SWEEP_PLACE) scenario->policy.cache.quote_us = life_us;
        if (kinds[k] == CACHE_SWEEP_ITEM) scenario->policy.cache.sku_us = life_us;
        if (kinds[k] == CACHE_SWEEP_STORE) scenario->policy.cache.store_us = life_us;
        const struct world_facts facts = facts_of_a_run(scenario);
        CHECK_ROW(label, facts.calls_sent == with);
        for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
            const struct cache_provider_row *own = &row->providers[p];
            const bool items = kinds[k] == CACHE_SWEEP_ITEM && own->requests > 0;
            const bool stores = kinds[k] == CACHE_SWEEP_STORE && own->requests > 0;
            CHECK_ROW(label, facts.skus[p].hits == (items ? own->hits : 0));
            CHECK_ROW(label, facts.skus[p].misses == (items ? own->requests - own->hits : 0));
            CHECK_ROW(label, facts.stores[p].hits == (stores ? own->hits : 0));
            CHECK_ROW(label, facts.skus[p].evictions + facts.stores[p].evictions == 0);
        }
        CHECK_ROW(label, with < without || kinds[k] == CACHE_SWEEP_PLACE);
        CHECK_ROW(label, row->calls_saved == (int64_t)without - (int64_t)with);
        cache_sweep_release(&sweep);
    }
    end(scenario);
}

static void a_hit_saves_its_provider_s_chain_and_what_that_costs(void **state)
{
    (void)state;
    /* Two orders alike, of two lines, with tokens and stores not remembered. */
    struct scenario *scenario = scenario_of("");
    scenario->policy.cache.token = false;
    scenario->policy.cache.store_us = 0;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        scenario->providers[p].backend.call_cost_cents = 0.5;
    const struct order_item items[2] = {
        {.name = "milk", .name_hash = random_hash_text("milk"), .quantity = 1},
        {.name = "eggs", .name_hash = random_hash_text("eggs"), .quantity = 3}};
    const struct order_request request = {
        .items = items, .item_count = 2, .postal_code = "60601", .postal_hash = 5};
    struct cache_trace trace = {0};
    struct err err;
    assert_true(cache_trace_add(&trace, 0, &request, &err));
    assert_true(cache_trace_add(&trace, US_PER_SECOND, &request, &err));
    struct cache_sweep sweep = sweep_of(scenario, &trace);
    static const struct {
        enum cache_sweep_kind kind;
        int saved[PROVIDER_COUNT]; /* MealMe, Instacart, Kroger, Walmart */
    } rows[] = {
        {CACHE_SWEEP_CART, {2, 3, 4, 3}},  {CACHE_SWEEP_PLACE, {2, 3, 4, 3}},
        {CACHE_SWEEP_USER, {2, 3, 4, 3}},  {CACHE_SWEEP_ITEM, {0, 0, 2, 2}},
        {CACHE_SWEEP_STORE, {0, 1, 1, 1}}, {CACHE_SWEEP_TOKEN, {0, 1, 1, 0}},
    };
    for (unsigned i = 0; i < CACHE_SWEEP_KINDS; i++) {
        const struct cache_row *row = cache_sweep_row(&sweep, rows[i].kind, US_PER_MINUTE);
        const char *label = cache_sweep_traits[rows[i].kind].name;
        int sum = 0;
        for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
            const struct cache_provider_row *own = &row->providers[p];
            CHECK_ROW(label, (int)(own->calls_without - own->calls_with) == rows[i].saved[p]);
            CHECK_ROW(label, own->cents_saved == 0.5 * rows[i].saved[p]);
            sum += rows[i].saved[p];
        }
        CHECK_ROW(label, row->calls_saved == sum);
        CHECK_ROW(label, row->cents_saved == 0.5 * sum);
    }
    cache_sweep_release(&sweep);
    cache_trace_release(&trace);
    end(scenario);
}

static void a_token_lives_no_longer_than_its_provider_says(void **state)
{
    (void)state;
    struct scenario *scenario = scenario_of("");
    struct cache_trace trace = {0};
    struct err err;
    const struct order_item item = {.name = "milk", .name_hash = 7, .quantity = 1};
    const struct order_request request = {
        .items = &item, .item_count = 1, .postal_code = "60601", .postal_hash = 1};
    /* Kroger's 1,800 s less the margin of 60: at 0, 1740 and 3480 a new one. */
    for (uint32_t k = 0; k < 60; k++)
        assert_true(cache_trace_add(&trace, k * 60 * US_PER_SECOND, &request, &err));
    struct cache_sweep sweep = sweep_of(scenario, &trace);
    const struct cache_row *row = cache_sweep_row(&sweep, CACHE_SWEEP_TOKEN, US_PER_DAY);
    assert_int_equal(row->providers[PROVIDER_KROGER_API].hits, 57);
    assert_int_equal(row->providers[PROVIDER_INSTACART].hits, 59);
    cache_sweep_release(&sweep);
    cache_trace_release(&trace);
    end(scenario);
}

/* ---- staleness ---- */

enum { MARKET = 900 };

/* Every product of the catalogue once at the start, and again `later`. */
static void order_everything(struct cache_trace *trace, const struct scenario *scenario,
                             int64_t later_us)
{
    struct arena arena = {0};
    struct catalogue catalogue;
    struct err err;
    *trace = (struct cache_trace){0};
    assert_true(catalogue_load(&scenario->catalogue, "", scenario->seed, &arena, &catalogue, &err));
    assert_int_equal(catalogue.count, MARKET);
    for (unsigned round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < catalogue.count; i++) {
            const struct order_item item = {.name = catalogue.products[i].name,
                                            .name_hash = catalogue.products[i].name_hash,
                                            .quantity = 1};
            const struct order_request request = {
                .items = &item, .item_count = 1, .postal_code = "60601", .postal_hash = 9};
            assert_true(cache_trace_add(trace, round * later_us, &request, &err));
        }
    }
    arena_release(&arena);
}

static void what_is_stale_follows_from_the_scenario_s_rates(void **state)
{
    (void)state;
    /* Instant 0 is a Monday at 15:00 UTC. */
    static const struct {
        const char *label;
        int64_t later_us;
        double promotion, stock_out, substitution;
        double expected; /* share of lines; a coincidence of cents is one in thousands */
    } rows[] = {
        {"the same week", 6 * US_PER_DAY, 0.3, 0, 0.5, 0},
        {"the next week", 7 * US_PER_DAY, 0.3, 0, 0.5, 1 - 0.7 * 0.7},
        {"five weeks on", 35 * US_PER_DAY, 0.1, 0, 0.5, 1 - 0.9 * 0.9},
        {"no promotions", 35 * US_PER_DAY, 0, 0, 0.5, 0},
        {"the same stock period", 50 * US_PER_MINUTE, 0.3, 0.2, 0.5, 0},
        {"the next", US_PER_HOUR, 0.3, 0.2, 0.5, 1 - (0.8 * 0.8 + 0.1 * 0.1 + 0.1 * 0.1)},
        {"the next, never a substitute", US_PER_HOUR, 0, 0.2, 0, 1 - (0.8 * 0.8 + 0.2 * 0.2)},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scenario *scenario =
            scenario_of("\"catalogue\":{\"size\":900,\"price_median_cents\":50000}");
        for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
            struct price_spec *prices = &scenario->providers[p].backend.prices;
            prices->promotion_share = rows[i].promotion;
            prices->stock_out = rows[i].stock_out;
            prices->substitution = rows[i].substitution;
            prices->stock_period_us = US_PER_HOUR;
        }
        struct cache_trace trace;
        order_everything(&trace, scenario, rows[i].later_us);
        const int64_t ttl_us = 40 * US_PER_DAY;
        const struct cache_sweep_request request = {.scenario = scenario,
                                                    .trace = &trace,
                                                    .seed = scenario->seed,
                                                    .ttls_us = &ttl_us,
                                                    .ttl_count = 1};
        struct cache_sweep sweep;
        struct err err;
        assert_true(cache_sweep_run(&sweep, &request, &err));
        /* Items at two providers; whole carts at MealMe too. Instacart's list does not move. */
        static const struct {
            enum cache_sweep_kind kind;
            unsigned providers;
        } kinds[] = {{CACHE_SWEEP_ITEM, 2}, {CACHE_SWEEP_PLACE, 3}, {CACHE_SWEEP_CART, 3}};
        for (unsigned k = 0; k < 3; k++) {
            const struct cache_row *row = cache_sweep_row(&sweep, kinds[k].kind, ttl_us);
            const double n = kinds[k].providers * (double)MARKET, p = rows[i].expected;
            const double reach = REGION * sqrt(p * (1 - p) / n) + (p > 0 ? 0.002 : 0);
            CHECK_ROW(rows[i].label, (double)row->lines.changed.of == n);
            CHECK_ROW(rows[i].label, fabs(row->lines.changed.share - p) <= reach);
            CHECK_ROW(rows[i].label, isnan(row->lines.cents_p95) ==
                                         (rows[i].expected == 0 || rows[i].substitution == 0));
            CHECK_ROW(rows[i].label, rows[i].stock_out > 0
                                         ? row->lines.stock_changed == row->lines.changed.hits
                                         : row->lines.stock_changed == 0);
            if (kinds[k].kind == CACHE_SWEEP_ITEM) {
                CHECK_ROW(rows[i].label, row->quotes.changed.of == 0);
                CHECK_ROW(rows[i].label, isnan(row->quotes.changed.share));
                continue;
            }
            /* Carts of one line: a quote is stale when its line is. */
            CHECK_ROW(rows[i].label, row->quotes.changed.hits == row->lines.changed.hits);
        }
        cache_sweep_release(&sweep);
        cache_trace_release(&trace);
        end(scenario);
    }
}

static void remembering_nothing_spoils_nothing(void **state)
{
    (void)state;
    struct scenario *scenario = scenario_of("");
    struct cache_trace trace;
    random_trace(&trace, 300, 6, 5);
    struct cache_sweep sweep = sweep_of(scenario, &trace);
    for (enum cache_sweep_kind kind = 0; kind < CACHE_SWEEP_KINDS; kind++) {
        const struct cache_row *row = cache_sweep_row(&sweep, kind, 0);
        const char *label = cache_sweep_traits[kind].name;
        CHECK_ROW(label, row->hits.hits == 0 && row->hits.of > 0);
        CHECK_ROW(label, row->hits.low == 0 && row->hits.high == 0);
        CHECK_ROW(label, row->calls_saved == 0 && row->entries_peak == 0);
        CHECK_ROW(label, row->lines.changed.of == 0 && isnan(row->lines.cents_mean));
        CHECK_ROW(label, !row->effect.known);
    }
    cache_sweep_release(&sweep);
    cache_trace_release(&trace);
    end(scenario);
}

/* Carts alone are the same in shops whose prices are not. */
static void a_key_without_its_place_shows_another_shop_s_prices(void **state)
{
    (void)state;
    struct scenario *scenario = scenario_of("");
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        struct price_spec *prices = &scenario->providers[p].backend.prices;
        prices->spread_share = 1;
        prices->stores = 16;
        prices->stock_out = prices->promotion_share = 0;
    }
    struct cache_trace trace;
    random_trace(&trace, 300, 6, 1);
    struct cache_sweep sweep = sweep_of(scenario, &trace);
    const struct cache_row *place = cache_sweep_row(&sweep, CACHE_SWEEP_PLACE, US_PER_DAY);
    const struct cache_row *cart = cache_sweep_row(&sweep, CACHE_SWEEP_CART, US_PER_DAY);
    assert_true(place->quotes.changed.of > 100);
    assert_int_equal(place->quotes.changed.hits, 0);
    /* Two in three come from elsewhere; Walmart's search is the chain's, of no store. */
    const double n = (double)cart->quotes.changed.of;
    CHECK_NEAR(cart->quotes.changed.share, 2.0 / 3 * 2.0 / 3, 0.1);
    assert_true(n > (double)place->quotes.changed.of);
    cache_sweep_release(&sweep);
    cache_trace_release(&trace);
    end(scenario);
}

/* ---- the whole ---- */

static bool has_note(const struct cache_sweep *sweep, const char *part)
{
    for (uint32_t i = 0; i < sweep->note_count; i++) {
        if (strstr(sweep->notes[i], part) != NULL) return true;
    }
    return false;
}

static void a_sweep_says_what_it_rests_on(void **state)
{
    (void)state;
    struct scenario *scenario =
        scenario_of("\"duration\":\"20m\",\"workload\":{\"arrivals\":{\"rate\":\"1/s\"}}");
    struct cache_sweep sweep;
    struct err err;
    struct cache_sweep_request request = {.scenario = scenario, .seed = scenario->seed};
    assert_true(cache_sweep_run(&sweep, &request, &err));
    assert_int_equal(sweep.row_count, CACHE_SWEEP_KINDS * CACHE_SWEEP_TTLS_DEFAULT);
    assert_true(cache_sweep_row(&sweep, CACHE_SWEEP_ITEM, US_PER_HOUR)->contract);
    assert_false(cache_sweep_row(&sweep, CACHE_SWEEP_ITEM, US_PER_MINUTE)->contract);
    assert_null(cache_sweep_row(&sweep, CACHE_SWEEP_ITEM, 17));
    assert_true(sweep.called[PROVIDER_INSTACART] && !sweep.priced[PROVIDER_INSTACART]);
    assert_true(has_note(&sweep, "declared list"));
    assert_true(has_note(&sweep, "Generated carts"));
    assert_false(has_note(&sweep, "sku_entries")); /* 4,000 at Kroger's, of 16,384 */
    assert_int_equal(sweep.hits_are, CACHE_EXACT);
    assert_int_equal(sweep.stale_are, CACHE_MODEL);
    /* Longer lives never lose a hit of an unbounded cache, and shares lie in their intervals. */
    for (uint32_t r = 0; r < sweep.row_count; r++) {
        const struct cache_row *row = &sweep.rows[r];
        assert_true(row->hits.low <= row->hits.share && row->hits.share <= row->hits.high);
        if (row->ttl_us > 0) assert_true(row->hits.hits >= row[-1].hits.hits);
        assert_int_equal(row->limits[CACHE_SWEEP_LIMITS - 1].hits, row->hits.hits);
    }
    cache_sweep_release(&sweep);
    scenario->policy.cache.sku_entries = 4096;
    assert_true(cache_sweep_run(&sweep, &request, &err));
    assert_true(has_note(&sweep, "sku_entries"));
    cache_sweep_release(&sweep);

    struct cache_trace trace;
    char path[TEST_PATH_MAX];
    test_write_file(BYTES_OF("milk\nmilk\n"), path);
    assert_true(cache_trace_read_csv(&trace, &(struct cache_trace_csv){.path = path}, &err));
    (void)unlink(path);
    request.trace = &trace;
    assert_true(cache_sweep_run(&sweep, &request, &err));
    assert_int_equal(sweep.row_count, 0);
    assert_int_equal(sweep.recurrences[RECUR_CART].before.hits, 1);
    assert_true(has_note(&sweep, "no times"));
    assert_false(has_note(&sweep, "Generated carts"));
    assert_true(has_note(&sweep, "one customer"));
    cache_sweep_release(&sweep);
    cache_trace_release(&trace);
    end(scenario);
}

static void impossible_lives_are_refused(void **state)
{
    (void)state;
    static const int64_t bad[][2] = {{5, 5}, {0, -1}, {1, DURATION_US_MAX + 1}};
    struct scenario *scenario = scenario_of("");
    for (unsigned i = 0; i < 3; i++) {
        struct cache_sweep sweep;
        struct err err = {0};
        const struct cache_sweep_request request = {
            .scenario = scenario, .ttls_us = bad[i], .ttl_count = 2};
        assert_false(cache_sweep_run(&sweep, &request, &err));
        assert_int_equal(err.code, ERR_INPUT);
        cache_sweep_release(&sweep);
    }
    end(scenario);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    struct scenario *scenario = scenario_of("\"catalogue\":{\"size\":20}");
    struct cache_trace trace;
    random_trace(&trace, 40, 6, 3);
    const int64_t ttl_us = US_PER_MINUTE;
    const struct cache_sweep_request request = {
        .scenario = scenario, .trace = &trace, .ttls_us = &ttl_us, .ttl_count = 1};
    bool done = false;
    for (uint32_t countdown = 1; !done; countdown++) {
        struct cache_sweep sweep;
        struct err err = {0};
        memory_fail_after(countdown);
        done = cache_sweep_run(&sweep, &request, &err);
        memory_fail_after(0);
        if (!done) assert_int_equal(err.code, ERR_ENVIRONMENT);
        cache_sweep_release(&sweep);
    }
    cache_trace_release(&trace);
    end(scenario);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hits_entries_and_evictions_are_those_of_a_list),
        cmocka_unit_test(a_life_counts_from_the_fetch_and_ends_at_its_last_microsecond),
        cmocka_unit_test(calls_are_those_that_a_run_sends),
        cmocka_unit_test(a_hit_saves_its_provider_s_chain_and_what_that_costs),
        cmocka_unit_test(a_token_lives_no_longer_than_its_provider_says),
        cmocka_unit_test(what_is_stale_follows_from_the_scenario_s_rates),
        cmocka_unit_test(remembering_nothing_spoils_nothing),
        cmocka_unit_test(a_key_without_its_place_shows_another_shop_s_prices),
        cmocka_unit_test(a_sweep_says_what_it_rests_on),
        cmocka_unit_test(impossible_lives_are_refused),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
