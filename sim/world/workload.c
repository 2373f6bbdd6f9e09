#include "sim/world/workload.h"

#include <assert.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "router/base/memory.h"
#include "router/base/random.h"
#include "sim/world/workload_replay.h"

#define NS_PER_US     1000
#define NS_PER_SECOND 1e9

static bool out_of_memory(struct err *err)
{
    return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for the workload");
}

/* --- loading: gaps and hours --- */

/* Mean of what a table answers: it interpolates, so each cell stands for its middle. */
static double mean_of(const uint32_t *cells, uint32_t first, uint32_t end)
{
    double sum = 0;
    for (uint32_t i = first; i < end; i++)
        sum += ((double)cells[i] + (double)cells[i + 1]) / 2;
    return sum / LAW_CELLS;
}

/* Gamma gaps of a shape, 1 being Poisson's. The law is compiled in units that put its last quantile
 * just below the greatest that its tables can hold, so that rounding does not show. */
static bool make_gaps(struct workload *workload, double shape, double per_second,
                      struct arena *arena, struct err *err)
{
    struct law_spec spec = law_spec_none();
    spec.kind = LAW_GAMMA;
    spec.place = workload->scenario->workload.arrivals.place;
    spec.shape = shape;
    spec.scale_us = INT64_C(1) << 32;
    const double greatest = law_quantile_us(&spec, 1 - 0x1p-25);
    spec.scale_us = (int64_t)ceil(0x1p32 * 0.99 * ((double)LAW_US_MAX / greatest));
    struct law law;
    if (!law_compile(&spec, "", arena, &law, err)) return false;
    const double mean =
        mean_of(law.cells, 1, LAW_CELLS - 1) +
        (mean_of(law.low_tail, 0, LAW_CELLS) + mean_of(law.high_tail, 0, LAW_CELLS)) / LAW_CELLS;
    assert(mean > 0);
    workload->gaps = (struct workload_gaps){.cells = law.cells,
                                            .low_tail = law.low_tail,
                                            .high_tail = law.high_tail,
                                            .ns_per_unit = NS_PER_SECOND / per_second / mean};
    return true;
}

static double sum_of(const double *values, unsigned count)
{
    double sum = 0;
    for (unsigned i = 0; i < count; i++)
        sum += values[i];
    return sum;
}

/* Fills the shares to accept and tells the peak, as a multiple of the mean rate of a week. */
static bool make_hours(struct workload *workload, double *peak, struct err *err)
{
    const struct arrival_spec *const spec = &workload->scenario->workload.arrivals;
    const double hours = sum_of(spec->hour_share, 24);
    const double days = sum_of(spec->weekday_share, 7);
    if (!(hours > 0 && days > 0)) {
        return err_fail(err, ERR_INPUT, spec->place, "all %s shares are 0, so nobody ever orders",
                        hours > 0 ? "weekday" : "hour");
    }
    double relative[WEEK_HOURS];
    *peak = 0;
    for (unsigned i = 0; i < WEEK_HOURS; i++) {
        relative[i] =
            spec->weekday_share[i / 24] / days * 7 * (spec->hour_share[i % 24] / hours * 24);
        if (relative[i] > *peak) *peak = relative[i];
    }
    for (unsigned i = 0; i < WEEK_HOURS; i++) {
        workload->accept_q32[i] = random_rate_q32(relative[i] / *peak);
    }
    return true;
}

static bool load_arrivals(struct workload *workload, struct arena *arena, struct err *err)
{
    const struct arrival_spec *const spec = &workload->scenario->workload.arrivals;
    double peak = 1;
    switch (spec->kind) {
    case ARRIVAL_POISSON:
        return make_gaps(workload, 1, spec->per_second, arena, err);
    case ARRIVAL_GAMMA:
        return make_gaps(workload, spec->shape, spec->per_second, arena, err);
    case ARRIVAL_CONSTANT:
        return true;
    case ARRIVAL_PROFILE:
        return make_hours(workload, &peak, err) &&
               make_gaps(workload, 1, spec->per_second * peak, arena, err);
    case ARRIVAL_REPLAY:
        return workload_read_stamps(workload, arena, err);
    case ARRIVAL_KIND_COUNT:
        break;
    }
    assert(!"an arrival kind outside its enum");
    return false;
}

/* --- loading: carts --- */

/* Running sums of `weights` as 32-bit fractions of the whole; what rounding leaves over goes to the
 * last that has any weight. */
static void accumulate(const double *weights, unsigned count, uint64_t *cumulative_q32)
{
    const double whole = sum_of(weights, count);
    double sum = 0;
    unsigned last = 0;
    for (unsigned i = 0; i < count; i++) {
        sum += weights[i];
        cumulative_q32[i] = random_rate_q32(sum / whole);
        if (weights[i] > 0) last = i;
    }
    for (unsigned i = last; i < count; i++)
        cumulative_q32[i] = UINT64_C(1) << 32;
}

/* Probabilities of 1, 2, ... lines; GSL's n is our r. */
static bool make_sizes(struct workload *workload, struct err *err)
{
    const struct cart_spec *const spec = &workload->scenario->workload.carts;
    double weights[ORDER_ITEMS_MAX];
    for (unsigned i = 0; i < ORDER_ITEMS_MAX; i++) {
        weights[i] = spec->lines > 0
                         ? spec->lines == i + 1
                         : gsl_ran_negative_binomial_pdf(i + 1, spec->size_p, spec->size_r);
    }
    const double within = sum_of(weights, ORDER_ITEMS_MAX);
    const double beyond =
        spec->lines > 0 ? 0
                        : gsl_cdf_negative_binomial_Q(ORDER_ITEMS_MAX, spec->size_p, spec->size_r);
    if (!(within > 0 && beyond <= 1e-3 * within)) {
        (void)err_fail(err, ERR_INPUT, spec->place,
                       "size_r %g and size_p %g leave too few carts of 1 to %d lines", spec->size_r,
                       spec->size_p, ORDER_ITEMS_MAX);
        return err_hint(err, "before carts of 0 lines are left out, the mean is "
                             "size_r * (1 - size_p) / size_p");
    }
    accumulate(weights, ORDER_ITEMS_MAX, workload->size_q32);
    unsigned index = 0;
    for (unsigned guide = 0; guide < WORKLOAD_GUIDES; guide++) {
        while (workload->size_q32[index] <= (uint64_t)guide << 24)
            index++;
        workload->size_guides[guide] = (uint8_t)index;
    }
    return true;
}

/* Vose's way to build Walker's table: columns with too little are topped up by those with too much.
 */
static void fill_aliases(double *weights, uint32_t *stack, uint32_t count,
                         struct workload_alias *aliases)
{
    uint32_t small = 0;
    uint32_t large = count; /* the two stacks grow towards each other */
    for (uint32_t i = 0; i < count; i++) {
        aliases[i] = (struct workload_alias){.threshold = UINT32_MAX, .other = i};
        stack[weights[i] < 1 ? small++ : --large] = i;
    }
    while (small > 0 && large < count) {
        const uint32_t poor = stack[--small];
        const uint32_t rich = stack[large++];
        aliases[poor].other = rich;
        aliases[poor].threshold = (uint32_t)fmin(weights[poor] * 0x1p32, (double)UINT32_MAX);
        weights[rich] -= 1 - weights[poor];
        stack[weights[rich] < 1 ? small++ : --large] = rich;
    }
}

static bool make_popularity(struct workload *workload, struct arena *arena, struct err *err)
{
    const uint32_t count = workload->catalogue->count;
    assert(count > 0);
    struct workload_alias *const aliases = arena_push(arena, struct workload_alias, count);
    double *const weights = memory_resize(NULL, count, sizeof *weights);
    uint32_t *const stack = memory_resize(NULL, count, sizeof *stack);
    const bool made = aliases != NULL && weights != NULL && stack != NULL;
    if (made) {
        double sum = 0;
        for (uint32_t i = 0; i < count; i++) {
            weights[i] = pow(i + 1.0, -workload->scenario->catalogue.zipf);
            sum += weights[i];
        }
        for (uint32_t i = 0; i < count; i++)
            weights[i] *= count / sum;
        fill_aliases(weights, stack, count, aliases);
        workload->popularity = aliases;
    }
    free(weights);
    free(stack);
    return made || out_of_memory(err);
}

static bool load_carts(struct workload *workload, struct arena *arena, struct err *err)
{
    switch (workload->scenario->workload.carts.kind) {
    case CART_GENERATED:
        return make_sizes(workload, err) && make_popularity(workload, arena, err);
    case CART_REPLAY:
        return workload_read_baskets(workload, arena, err);
    case CART_KIND_COUNT:
        break;
    }
    assert(!"a cart kind outside its enum");
    return false;
}

bool workload_load(const struct scenario *scenario, const struct catalogue *catalogue,
                   struct arena *arena, struct workload *workload, struct err *err)
{
    const struct workload_spec *const spec = &scenario->workload;
    assert(spec->postal_count > 0);
    *workload = (struct workload){.scenario = scenario, .catalogue = catalogue};
    for (uint32_t i = 0; i < spec->postal_count; i++) {
        workload->postal_hashes[i] = postal_hash(spec->postal_codes[i]);
    }
    if (!(sum_of(spec->preferences, PREFERENCE_COUNT) > 0)) {
        return err_fail(err, ERR_INPUT, (struct place){.file = scenario->file},
                        "all preferences have the weight 0");
    }
    accumulate(spec->preferences, PREFERENCE_COUNT, workload->preference_q32);
    return load_arrivals(workload, arena, err) && load_carts(workload, arena, err);
}

/* --- arrivals --- */

void workload_start(struct workload_cursor *cursor, uint64_t seed_r)
{
    *cursor = (struct workload_cursor){
        .key = random_key(seed_r, random_what(RANDOM_ARRIVAL, 0, 0, 0, 0))};
}

static double draw_gap_ns(const struct workload_gaps *gaps, uint64_t bits)
{
    const uint32_t *cell = gaps->cells + (bits >> 52);
    uint64_t fraction = bits << 12;
    if ((bits >> 52) - 1 >= LAW_CELLS - 2) { /* the first cell, or the last */
        cell = (bits >> 52 == 0 ? gaps->low_tail : gaps->high_tail) + (fraction >> 52);
        fraction <<= 12;
    }
    const double low = cell[0];
    return (low + (cell[1] - low) * random_unit(fraction)) * gaps->ns_per_unit;
}

/* Adds a gap; false when that is past all clocks. */
static bool add_gap(const struct workload *workload, struct workload_cursor *cursor)
{
    const double gap_ns = draw_gap_ns(&workload->gaps, random_draw(cursor->key, 2 * cursor->step));
    if (gap_ns >= (double)(INT64_MAX - cursor->last_ns)) return false;
    cursor->last_ns += (int64_t)(gap_ns + 0.5);
    return true;
}

/* The hour of the local week, Monday from midnight being the first. */
static unsigned hour_of_week(const struct scenario *scenario, int64_t us)
{
    const int64_t local_us = scenario->start_unix_us + scenario->timezone_us + us;
    const int64_t hours = local_us / US_PER_HOUR - (local_us % US_PER_HOUR < 0);
    const int64_t thursday = 3; /* 1970 began on one */
    const int64_t hour = (hours + thursday * 24) % WEEK_HOURS;
    return (unsigned)(hour < 0 ? hour + WEEK_HOURS : hour);
}

static int64_t next_thinned_us(const struct workload *workload, struct workload_cursor *cursor)
{
    while (add_gap(workload, cursor)) {
        const int64_t us = cursor->last_ns / NS_PER_US;
        const uint64_t bits = random_draw(cursor->key, 2 * cursor->step++ + 1);
        const unsigned hour = hour_of_week(workload->scenario, us);
        if (random_chance(bits, workload->accept_q32[hour])) return us;
    }
    return INT64_MAX;
}

static int64_t next_stamp_us(const struct workload *workload, struct workload_cursor *cursor)
{
    const uint64_t cycle = cursor->step / workload->stamp_count;
    const uint64_t row = cursor->step % workload->stamp_count;
    if (cycle > 0 && !workload->scenario->workload.arrivals.cycle) return INT64_MAX;
    cursor->step++;
    return workload->stamps_us[row] + (int64_t)cycle * workload->stamp_period_us;
}

int64_t workload_next_us(const struct workload *workload, struct workload_cursor *cursor)
{
    const struct arrival_spec *const spec = &workload->scenario->workload.arrivals;
    switch (spec->kind) {
    case ARRIVAL_POISSON:
    case ARRIVAL_GAMMA:
        if (!add_gap(workload, cursor)) return INT64_MAX;
        cursor->step++;
        return cursor->last_ns / NS_PER_US;
    case ARRIVAL_PROFILE:
        return next_thinned_us(workload, cursor);
    case ARRIVAL_CONSTANT: {
        const double us = (double)cursor->step++ * ((double)US_PER_SECOND / spec->per_second);
        return us < 0x1p62 ? (int64_t)(us + 0.5) : INT64_MAX;
    }
    case ARRIVAL_REPLAY:
        return next_stamp_us(workload, cursor);
    case ARRIVAL_KIND_COUNT:
        break;
    }
    assert(!"an arrival kind outside its enum");
    return INT64_MAX;
}

double workload_rate(const struct workload *workload)
{
    const struct scenario *const scenario = workload->scenario;
    if (scenario->workload.arrivals.kind != ARRIVAL_REPLAY) {
        return scenario->workload.arrivals.per_second;
    }
    const int64_t span_us =
        workload->stamp_period_us > 0 ? workload->stamp_period_us : scenario->duration_us;
    return (double)workload->stamp_count / ((double)span_us / (double)US_PER_SECOND);
}

/* --- carts --- */

static uint64_t draw(uint64_t order_key, enum random_purpose purpose, unsigned item,
                     unsigned attempt)
{
    return random_draw(order_key, random_what(purpose, 0, 0, item, attempt));
}

static uint32_t draw_size(const struct workload *workload, uint64_t order_key)
{
    const uint64_t point = draw(order_key, RANDOM_CART_SIZE, 0, 0) >> 32;
    uint32_t index = workload->size_guides[point >> 24];
    while (workload->size_q32[index] <= point)
        index++;
    const uint32_t size = index + 1;
    return size < workload->catalogue->count ? size : workload->catalogue->count;
}

/* One more with the same chance, again and again. */
static uint32_t draw_more(double chance, uint64_t order_key, unsigned item)
{
    const double point = random_unit(draw(order_key, RANDOM_QUANTITY, item, 0));
    uint32_t more = 0;
    for (double reach = chance; point < reach && more < WORKLOAD_QUANTITY_MAX; reach *= chance) {
        more++;
    }
    return more;
}

struct drawn {        /* the products of one cart */
    uint64_t seen[4]; /* a product's last 8 bits; most that are new show here already */
    const struct order_item *items;
};

static bool is_new(const struct drawn *drawn, uint32_t product, uint32_t count)
{
    if ((drawn->seen[product / 64 % 4] >> product % 64 & 1) == 0) return true;
    for (uint32_t i = 0; i < count; i++) {
        if (drawn->items[i].product == product) return false;
    }
    return true;
}

/* The cart's next product: drawn again while it is in the cart, under the number of the attempt; if
 * that leads nowhere, as in a tiny catalogue, the next that is free. */
static uint32_t draw_product(const struct workload *workload, const struct drawn *drawn,
                             uint64_t order_key, uint32_t item)
{
    enum { ATTEMPTS = 16 };
    const uint32_t count = workload->catalogue->count;
    uint32_t product = 0;
    for (unsigned attempt = 0; attempt < ATTEMPTS; attempt++) {
        const uint64_t bits = draw(order_key, RANDOM_CART_ITEM, item, attempt);
        product = random_below(bits, count);
        const struct workload_alias alias = workload->popularity[product];
        if ((uint32_t)bits >= alias.threshold) product = alias.other;
        if (is_new(drawn, product, item)) return product;
    }
    while (!is_new(drawn, product, item))
        product = product + 1 < count ? product + 1 : 0;
    return product;
}

static uint32_t generate_cart(const struct workload *workload, uint64_t order_key,
                              struct order_item *items)
{
    const struct product *const products = workload->catalogue->products;
    const double more = workload->scenario->workload.carts.quantity_more;
    const uint32_t size = draw_size(workload, order_key);
    struct drawn drawn = {.items = items};
    for (uint32_t i = 0; i < size; i++) {
        const uint32_t product = draw_product(workload, &drawn, order_key, i);
        drawn.seen[product / 64 % 4] |= UINT64_C(1) << product % 64;
        items[i] = (struct order_item){.name = products[product].name,
                                       .name_hash = products[product].name_hash,
                                       .product = product,
                                       .quantity = 1 + draw_more(more, order_key, i)};
    }
    return size;
}

static uint32_t replay_cart(const struct workload *workload, uint64_t order_key, uint64_t index,
                            struct order_item *items)
{
    const struct cart_spec *const spec = &workload->scenario->workload.carts;
    const uint32_t basket = spec->resample ? random_below(draw(order_key, RANDOM_CART_SIZE, 0, 0),
                                                          workload->basket_count)
                                           : (uint32_t)(index % workload->basket_count);
    const uint32_t start = workload->basket_starts[basket];
    const uint32_t size = workload->basket_starts[basket + 1] - start;
    assert(size > 0);
    assert(size <= ORDER_ITEMS_MAX);
    for (uint32_t i = 0; i < size; i++) {
        items[i] = workload->basket_items[start + i];
        items[i].quantity += draw_more(spec->quantity_more, order_key, i);
    }
    return size;
}

static enum preference draw_preference(const struct workload *workload, uint64_t order_key)
{
    const uint64_t point = draw(order_key, RANDOM_PREFERENCE, 0, 0) >> 32;
    unsigned preference = 0;
    while (workload->preference_q32[preference] <= point)
        preference++;
    return (enum preference)preference;
}

void workload_order(const struct workload *workload, uint64_t order_key, uint64_t index,
                    struct order_request *request, struct order_item *items)
{
    const struct workload_spec *const spec = &workload->scenario->workload;
    const uint32_t postal = random_below(draw(order_key, RANDOM_POSTAL, 0, 0), spec->postal_count);
    *request = (struct order_request){
        .items = items,
        .item_count = spec->carts.kind == CART_GENERATED
                          ? generate_cart(workload, order_key, items)
                          : replay_cart(workload, order_key, index, items),
        .preference = draw_preference(workload, order_key),
        .postal_code = spec->postal_codes[postal],
        .postal_hash = workload->postal_hashes[postal],
        .user_id = "customer",
    };
    assert(request->item_count > 0);
}

void workload_user(const struct workload *workload, uint64_t order_key, uint64_t index,
                   char user[static WORKLOAD_USER_MAX])
{
    const uint32_t users = workload->scenario->workload.users;
    const uint64_t who =
        users > 0 ? random_below(draw(order_key, RANDOM_USER, 0, 0), users) : index;
    (void)snprintf(user, WORKLOAD_USER_MAX, "user-%" PRIu64, who);
}
