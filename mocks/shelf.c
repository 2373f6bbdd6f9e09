#include "mocks/shelf.h"

#include <assert.h>
#include <math.h>

#include "router/base/duration.h"
#include "router/base/random.h"

#define WEEK_US (7 * US_PER_DAY)
#define MONDAY_US                                                                                  \
    (3 * US_PER_DAY) /* 1970-01-01 was a Thursday: weeks counted from the Monday before */
enum { SHELF_CENTS_MAX = 100000000 };

/* ---- making ---------------------------------------------------------------------------------- */

static bool lognormal(double median, double sigma, struct arena *arena, struct law *law,
                      struct err *err)
{
    struct law_spec spec = law_spec_none();
    spec.kind = LAW_LOGNORMAL;
    spec.median_us = llround(median);
    spec.sigma = sigma;
    if (!(sigma > 0)) {
        spec.kind = LAW_CONSTANT;
        spec.value_us = spec.median_us;
    }
    return law_compile(&spec, NULL, arena, law, err);
}

static bool refuse(enum provider provider, struct err *err, const char *what)
{
    return err_fail(err, ERR_INPUT, (struct place){0}, "%s's prices: %s",
                    provider_traits[provider].id, what);
}

bool shelf_create(enum provider provider, const struct price_spec *spec,
                  const struct catalogue *catalogue, struct arena *arena, struct shelf *shelf,
                  struct err *err)
{
    if (!(spec->level > 0)) return refuse(provider, err, "the level has to be above 0");
    if (spec->stores < 1 || spec->stores > CATALOGUE_STORES_MAX) {
        return refuse(provider, err, "a provider has 1 to 16 stores");
    }
    static_assert(CATALOGUE_STORES_MAX == 16, "the message names it");
    *shelf = (struct shelf){.provider = provider,
                            .catalogue = catalogue,
                            .spec = *spec,
                            .spread_q32 = random_rate_q32(spec->spread_share),
                            .promotion_q32 = random_rate_q32(spec->promotion_share),
                            .stock_out_q32 = random_rate_q32(spec->stock_out),
                            .substitution_q32 = random_rate_q32(spec->substitution),
                            .no_store_q32 = random_rate_q32(spec->no_store_share),
                            .product_count = catalogue->count};
    shelf->entries =
        arena_push(arena, struct shelf_entry, (size_t)spec->stores * shelf->product_count);
    if (shelf->entries == NULL) {
        return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for prices");
    }
    return lognormal(1e6, spec->spread_sigma, arena, &shelf->spread, err) &&
           lognormal(fmax(catalogue->price_median_cents, 1), catalogue->price_sigma, arena,
                     &shelf->unknown_base, err);
}

void shelf_reset(struct shelf *shelf, uint64_t seed_r, int64_t epoch_us)
{
    const unsigned provider = shelf->provider;
    shelf->spread_key = random_key(seed_r, random_what(RANDOM_PRICE, provider, 0, 0, 0));
    shelf->promotion_key = random_key(seed_r, random_what(RANDOM_PROMOTION, provider, 0, 0, 0));
    shelf->stock_key = random_key(seed_r, random_what(RANDOM_STOCK, provider, 0, 0, 0));
    shelf->store_key =
        random_key(seed_r, random_what(RANDOM_STOCK, provider, OPERATION_STORE, 0, 0));
    shelf->epoch_us = epoch_us;
    shelf->window_us = 0; /* the next question opens a window, and its stamp is a new one */
}

/* ---- time ------------------------------------------------------------------------------------ */

static int64_t floor_division(int64_t value, int64_t by)
{
    return value / by - (value % by < 0);
}

static uint64_t week_of(const struct shelf *shelf, int64_t now_us)
{
    return (uint64_t)floor_division(shelf->epoch_us + now_us + MONDAY_US, WEEK_US);
}

static uint64_t period_of(const struct shelf *shelf, int64_t now_us)
{
    if (shelf->spec.stock_period_us <= 0) return 0;
    return (uint64_t)floor_division(shelf->epoch_us + now_us, shelf->spec.stock_period_us);
}

void shelf_open_window(struct shelf *shelf, int64_t now_us)
{
    shelf->week = week_of(shelf, now_us);
    shelf->period = period_of(shelf, now_us);
    int64_t from_us = (int64_t)shelf->week * WEEK_US - MONDAY_US - shelf->epoch_us;
    int64_t until_us = from_us + WEEK_US;
    if (shelf->spec.stock_period_us > 0) {
        const int64_t begin_us =
            (int64_t)shelf->period * shelf->spec.stock_period_us - shelf->epoch_us;
        if (begin_us > from_us) from_us = begin_us;
        if (begin_us + shelf->spec.stock_period_us < until_us) {
            until_us = begin_us + shelf->spec.stock_period_us;
        }
    }
    assert(now_us >= from_us);
    assert(now_us < until_us);
    shelf->window_from_us = from_us;
    shelf->window_us = (uint64_t)(until_us - from_us);
    shelf->stamp++;
}

/* ---- prices and stock ------------------------------------------------------------------------ */

bool shelf_store(const struct shelf *shelf, uint32_t postal_hash, uint32_t *store)
{
    const uint64_t bits = random_draw(shelf->store_key, postal_hash);
    *store = random_below(bits << 32, shelf->spec.stores);
    return !random_chance(bits, shelf->no_store_q32);
}

static uint64_t product_key(uint64_t process, uint32_t store, uint64_t name_hash)
{
    return random_draw(random_key(process, store), name_hash);
}

static int32_t price_cents(struct shelf *shelf, uint32_t store, const struct order_item *item,
                           uint64_t week)
{
    double cents;
    if (item->product < shelf->product_count) {
        cents = shelf->catalogue->products[item->product].base_cents;
    } else {
        cents =
            (double)law_draw(&shelf->unknown_base, random_draw(RANDOM_PRICE, item->name_hash), 0);
    }
    cents *= shelf->spec.level;

    const uint64_t own = product_key(shelf->spread_key, store, item->name_hash);
    if (random_chance(own, shelf->spread_q32)) {
        cents *= (double)law_draw(&shelf->spread, random_draw(own, RANDOM_PRICE), 0) * 1e-6;
    }
    /* A promotion is the chain's, so that the store is not in its key. */
    const uint64_t offer = random_draw(random_key(shelf->promotion_key, week), item->name_hash);
    if (random_chance(offer, shelf->promotion_q32)) {
        const double unit = random_unit(offer << 32);
        cents *= 1 - fmin(shelf->spec.promotion_depth * (0.2 + 1.6 * unit), 0.95);
    }
    return (int32_t)fmin(fmax(floor(cents + 0.5), 1), SHELF_CENTS_MAX);
}

static int32_t with_stock(const struct shelf *shelf, uint32_t store, const struct order_item *item,
                          uint64_t period, int32_t cents)
{
    if (shelf->stock_out_q32 == 0) return cents;
    const uint64_t bits = product_key(random_key(shelf->stock_key, period), store, item->name_hash);
    if (!random_chance(bits, shelf->stock_out_q32)) return cents;
    if (!random_chance(bits << 32, shelf->substitution_q32)) return 0;
    const double substitute = floor(cents * shelf->spec.substitute_factor + 0.5);
    return -(int32_t)fmin(fmax(substitute, 1), SHELF_CENTS_MAX);
}

int32_t shelf_compute(struct shelf *shelf, uint32_t store, const struct order_item *item,
                      int64_t price_at_us, int64_t now_us)
{
    if (store >= shelf->spec.stores) return 0; /* no such store, so nothing in it */
    const int32_t cents = price_cents(shelf, store, item, week_of(shelf, price_at_us));
    return with_stock(shelf, store, item, period_of(shelf, now_us), cents);
}

int32_t shelf_recall(struct shelf *shelf, uint32_t store, const struct order_item *item,
                     int64_t now_us)
{
    const int32_t answer = shelf_compute(shelf, store, item, now_us, now_us);
    if (item->product < shelf->product_count && store < shelf->spec.stores) {
        shelf->entries[store * shelf->product_count + item->product] =
            (struct shelf_entry){.stamp = shelf->stamp, .answer = answer};
    }
    return answer;
}
