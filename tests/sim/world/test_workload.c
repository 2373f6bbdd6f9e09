/* The workload keeps the laws it was given, and an order is a function of its key.
 *
 * Method: counts and shares are held to the binomial or Poisson region of 99.9% around the nominal
 * value (3.29 standard deviations) at fixed seeds; size laws to GSL's; replays to small files
 * written here, and to published data where ROUTESIM_DATA says it is.
 */
#include "tests/support.h"

#include <gsl/gsl_cdf.h>

#include "router/base/memory.h"
#include "sim/world/workload.h"

#define REGION 3.29 /* standard deviations: 99.9% */

struct world_of_one { /* a scenario that stays in reach of its workload */
    struct scenario scenario;
    struct catalogue catalogue;
    struct workload workload;
    struct arena arena;
    struct err err;
};

static struct world_of_one *make_world(void)
{
    struct world_of_one *world = memory_zeroed(sizeof *world);
    assert_non_null(world);
    scenario_default(&world->scenario);
    return world;
}

static bool load(struct world_of_one *world)
{
    if (world->catalogue.count == 0) {
        assert_true(catalogue_load(&world->scenario.catalogue, "", 1, &world->arena,
                                   &world->catalogue, &world->err));
    }
    return workload_load(&world->scenario, &world->catalogue, &world->arena, &world->workload,
                         &world->err);
}

static void end_world(struct world_of_one *world)
{
    arena_release(&world->arena);
    scenario_release(&world->scenario);
    free(world);
}

/* --- arrivals --- */

struct arrivals {
    uint64_t count;
    double gap_cv;
    double dispersion; /* variance over mean of counts in windows of one second */
};

static struct arrivals watch(const struct workload *workload, uint64_t seed, int64_t until_us)
{
    struct workload_cursor cursor;
    workload_start(&cursor, seed);
    struct arrivals seen = {0};
    double gap_squares = 0, gaps = 0, counts = 0, count_squares = 0;
    int64_t last_us = 0, second = 0;
    uint64_t in_second = 0;
    for (;;) {
        const int64_t us = workload_next_us(workload, &cursor);
        assert_true(us >= last_us);
        for (; second < us / US_PER_SECOND && second < until_us / US_PER_SECOND; second++) {
            counts += (double)in_second;
            count_squares += (double)(in_second * in_second);
            in_second = 0;
        }
        if (us >= until_us) break;
        in_second++;
        seen.count++;
        const double gap = (double)(us - last_us);
        gaps += gap;
        gap_squares += gap * gap;
        last_us = us;
    }
    const double n = (double)seen.count;
    const double seconds = (double)second;
    seen.gap_cv = sqrt(gap_squares / n - gaps / n * (gaps / n)) / (gaps / n);
    const double mean = counts / seconds;
    seen.dispersion = (count_squares / seconds - mean * mean) / mean;
    return seen;
}

/* The count of a renewal process spreads by the CV of its gaps: sd = cv sqrt(n). */
static void arrivals_keep_rate_and_spread(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        enum arrival_kind kind;
        double shape, per_second;
        int64_t for_us;
        double cv, cv_error;
    } rows[] = {
        {"poisson 50/s", ARRIVAL_POISSON, 0, 50, 4000 * US_PER_SECOND, 1, 0.01},
        {"poisson 50,000/s", ARRIVAL_POISSON, 0, 50000, 10 * US_PER_SECOND, 1, 0.01},
        {"poisson 1,000,000/s", ARRIVAL_POISSON, 0, 1e6, US_PER_SECOND, 1, 0.15},
        {"poisson 2/h", ARRIVAL_POISSON, 0, 2.0 / 3600, 3650 * US_PER_DAY, 1, 0.02},
        {"bursts 50/s", ARRIVAL_GAMMA, 0.23, 50, 8000 * US_PER_SECOND, 2.08514, 0.04},
        {"steady 50/s", ARRIVAL_GAMMA, 9, 50, 4000 * US_PER_SECOND, 1.0 / 3, 0.005},
        {"gamma shape 1 is poisson", ARRIVAL_GAMMA, 1, 50, 4000 * US_PER_SECOND, 1, 0.01},
        {"clockwork 7/s", ARRIVAL_CONSTANT, 0, 7, 4000 * US_PER_SECOND, 0, 0.006},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world_of_one *world = make_world();
        world->scenario.workload.arrivals.kind = rows[i].kind;
        world->scenario.workload.arrivals.shape = rows[i].shape;
        world->scenario.workload.arrivals.per_second = rows[i].per_second;
        assert_true(load(world));
        const struct arrivals seen = watch(&world->workload, 42, rows[i].for_us);
        const double expected = rows[i].per_second * (double)rows[i].for_us / 1e6;
        const double error = REGION * rows[i].cv * sqrt(expected) + 0.5;
        CHECK_ROW(rows[i].label, fabs((double)seen.count - expected) <= error);
        CHECK_ROW(rows[i].label, fabs(seen.gap_cv - rows[i].cv) <= rows[i].cv_error);
        CHECK_ROW(rows[i].label, workload_rate(&world->workload) == rows[i].per_second);
        if (rows[i].cv == 1 && rows[i].per_second == 50) {
            CHECK_ROW(rows[i].label, fabs(seen.dispersion - 1) < REGION * sqrt(2.0 / 4000));
        }
        end_world(world);
    }
}

static void clockwork_never_drifts(void **state)
{
    (void)state;
    struct world_of_one *world = make_world();
    world->scenario.workload.arrivals.kind = ARRIVAL_CONSTANT;
    world->scenario.workload.arrivals.per_second = 3;
    assert_true(load(world));
    struct workload_cursor cursor;
    workload_start(&cursor, 1);
    assert_int_equal(workload_next_us(&world->workload, &cursor), 0);
    assert_int_equal(workload_next_us(&world->workload, &cursor), 333333);
    assert_int_equal(workload_next_us(&world->workload, &cursor), 666667);
    cursor.step = UINT64_C(3000000000); /* 31 years on */
    assert_int_equal(workload_next_us(&world->workload, &cursor), INT64_C(1000000000000000));
    end_world(world);
}

static void a_profile_keeps_the_shares_of_hours_and_weekdays(void **state)
{
    (void)state;
    struct world_of_one *world = make_world();
    struct arrival_spec *spec = &world->scenario.workload.arrivals;
    spec->kind = ARRIVAL_PROFILE;
    spec->per_second = 0.1;
    world->scenario.start_unix_us = civil_days(2025, 1, 1) * US_PER_DAY + 11 * US_PER_HOUR;
    world->scenario.timezone_us = -5 * US_PER_HOUR - 30 * US_PER_MINUTE;
    assert_true(load(world));
    double hours[24] = {0}, days[7] = {0}, n = 0;
    struct workload_cursor cursor;
    workload_start(&cursor, 7);
    for (;;) {
        const int64_t us = workload_next_us(&world->workload, &cursor);
        if (us >= 20 * 7 * US_PER_DAY) break;
        const int64_t local_us = world->scenario.start_unix_us + world->scenario.timezone_us + us;
        hours[local_us / US_PER_HOUR % 24]++;
        days[civil_weekday(local_us / US_PER_DAY)]++;
        n++;
    }
    const double expected = 0.1 * 20 * 7 * 86400;
    assert_true(fabs(n - expected) < REGION * sqrt(expected));
    double hour_sum = 0;
    for (unsigned i = 0; i < 24; i++)
        hour_sum += spec->hour_share[i];
    for (unsigned i = 0; i < 24; i++) {
        const double p = spec->hour_share[i] / hour_sum;
        CHECK_NEAR(hours[i] / n, p, REGION * sqrt(p * (1 - p) / n));
    }
    double day_sum = 0;
    for (unsigned i = 0; i < 7; i++)
        day_sum += spec->weekday_share[i];
    for (unsigned i = 0; i < 7; i++) {
        const double p = spec->weekday_share[i] / day_sum;
        CHECK_NEAR(days[i] / n, p, REGION * sqrt(p * (1 - p) / n));
    }
    end_world(world);
}

static void arrivals_are_a_function_of_the_seed(void **state)
{
    (void)state;
    static const enum arrival_kind kinds[] = {ARRIVAL_POISSON, ARRIVAL_GAMMA, ARRIVAL_PROFILE};
    for (unsigned i = 0; i < 3; i++) {
        struct world_of_one *world = make_world();
        world->scenario.workload.arrivals.kind = kinds[i];
        assert_true(load(world));
        struct workload_cursor a, b, other;
        workload_start(&a, 5);
        workload_start(&b, 5);
        workload_start(&other, 6);
        unsigned same = 0;
        for (unsigned k = 0; k < 1000; k++) {
            const int64_t us = workload_next_us(&world->workload, &a);
            assert_int_equal(us, workload_next_us(&world->workload, &b));
            same += us == workload_next_us(&world->workload, &other);
        }
        assert_true(same < 5);
        end_world(world);
    }
}

static void nobody_orders_after_the_end_of_all_clocks(void **state)
{
    (void)state;
    struct world_of_one *world = make_world();
    world->scenario.workload.arrivals.per_second = 1e-11;
    assert_true(load(world));
    struct workload_cursor cursor;
    workload_start(&cursor, 1);
    for (unsigned i = 0; i < 100; i++) {
        const int64_t us = workload_next_us(&world->workload, &cursor);
        assert_true(us > 0);
    }
    assert_int_equal(workload_next_us(&world->workload, &cursor), INT64_MAX);
    end_world(world);
}

/* --- generated carts --- */

enum { ORDERS = 100000 };

static void make_order(const struct workload *workload, uint64_t seed, uint64_t index,
                       struct order_request *request, struct order_item items[ORDER_ITEMS_MAX])
{
    workload_order(workload, random_key(seed, index), index, request, items);
}

static void carts_have_the_sizes_of_their_law(void **state)
{
    (void)state;
    struct world_of_one *world = make_world();
    assert_true(load(world));
    static double shares[ORDER_ITEMS_MAX + 1];
    double sum = 0, squares = 0;
    struct order_item items[ORDER_ITEMS_MAX];
    struct order_request request;
    for (uint64_t i = 0; i < ORDERS; i++) {
        make_order(&world->workload, 1, i, &request, items);
        shares[request.item_count] += 1.0 / ORDERS;
        sum += request.item_count;
        squares += (double)request.item_count * request.item_count;
        assert_null(order_request_fault(&request, true));
    }
    const double zero = gsl_cdf_negative_binomial_P(0, 0.158, 1.93);
    double share = 0;
    for (unsigned k = 1; k <= ORDER_ITEMS_MAX; k++) {
        share += shares[k];
        const double p = (gsl_cdf_negative_binomial_P(k, 0.158, 1.93) - zero) / (1 - zero);
        CHECK_NEAR(share, p, REGION * sqrt(p * (1 - p) / ORDERS) + 1e-9);
    }
    /* The law's own: mean r(1-p)/p / (1-p^r). Measured carts have 10.54 and 7.96. */
    const double mean = sum / ORDERS;
    const double sd = sqrt(squares / ORDERS - mean * mean);
    CHECK_NEAR(mean, 1.93 * 0.842 / 0.158 / (1 - zero), REGION * 7.99 / sqrt(ORDERS));
    CHECK_NEAR(mean, 10.54, 0.15);
    CHECK_NEAR(sd, 7.96, 0.15);
    assert_int_equal(shares[0], 0);
    end_world(world);
}

static void lines_quantities_preferences_and_places_are_as_asked(void **state)
{
    (void)state;
    struct world_of_one *world = make_world();
    struct workload_spec *spec = &world->scenario.workload;
    spec->carts.lines = 10;
    spec->carts.quantity_more = 0.3;
    spec->preferences[PREFERENCE_BALANCED] = 3;
    spec->preferences[PREFERENCE_PRICE] = 1;
    spec->preferences[PREFERENCE_SPEED] = 0;
    spec->preferences[PREFERENCE_MARGIN] = 0;
    assert_true(load(world));
    double quantity[4] = {0}, preferences[PREFERENCE_COUNT] = {0};
    double places[SCENARIO_POSTAL_MAX] = {0};
    struct order_item items[ORDER_ITEMS_MAX];
    struct order_request request;
    for (uint64_t i = 0; i < ORDERS / 10; i++) {
        make_order(&world->workload, 2, i, &request, items);
        assert_int_equal(request.item_count, 10);
        assert_ptr_equal(request.items, items);
        unsigned place = 0;
        while (strcmp(request.postal_code, spec->postal_codes[place]) != 0)
            assert_true(++place < spec->postal_count);
        assert_int_equal(request.postal_hash, postal_hash(request.postal_code));
        preferences[request.preference]++;
        places[place]++;
        for (unsigned k = 0; k < 10; k++) {
            const struct product *product = &world->catalogue.products[items[k].product];
            assert_ptr_equal(items[k].name, product->name);
            assert_true(items[k].name_hash == product->name_hash);
            for (unsigned m = 1; m < 4; m++)
                quantity[m] += items[k].quantity > m;
        }
    }
    for (unsigned m = 1; m < 4; m++) {
        const double p = pow(0.3, m);
        CHECK_NEAR(quantity[m] / ORDERS, p, REGION * sqrt(p * (1 - p) / ORDERS));
    }
    CHECK_NEAR(preferences[PREFERENCE_BALANCED] / (ORDERS / 10), 0.75, REGION * sqrt(0.1875e-4));
    CHECK_NEAR(preferences[PREFERENCE_SPEED] + preferences[PREFERENCE_MARGIN], 0, 0);
    for (uint32_t i = 0; i < spec->postal_count; i++) {
        const double p = 1.0 / spec->postal_count;
        CHECK_NEAR(places[i] / (ORDERS / 10), p, REGION * sqrt(p * (1 - p) / (ORDERS / 10)));
    }
    end_world(world);
}

/* One line a cart, so that nothing is drawn twice and the shares are Zipf's exactly. */
static void popularity_follows_its_slope(void **state)
{
    (void)state;
    struct world_of_one *world = make_world();
    world->scenario.workload.carts.lines = 1;
    world->scenario.catalogue.size = 1000;
    world->scenario.catalogue.zipf = 0.89;
    assert_true(load(world));
    static double counts[1000];
    struct order_item items[ORDER_ITEMS_MAX];
    struct order_request request;
    for (uint64_t i = 0; i < ORDERS; i++) {
        make_order(&world->workload, 3, i, &request, items);
        counts[items[0].product]++;
    }
    double whole = 0;
    for (unsigned k = 1; k <= 1000; k++)
        whole += pow(k, -0.89);
    double share = 0, expected = 0;
    for (unsigned k = 1; k <= 1000; k++) { /* P(rank <= k), every k */
        share += counts[k - 1] / ORDERS;
        expected += pow(k, -0.89) / whole;
        CHECK_NEAR(share, expected, REGION * sqrt(expected * (1 - expected) / ORDERS) + 1e-9);
    }
    end_world(world);
}

static void no_product_stands_twice_in_a_cart(void **state)
{
    (void)state;
    static const struct {
        uint32_t products, lines, expected;
        double zipf;
    } rows[] = {{4000, 0, 0, 0.73}, {300, 200, 200, 1.5}, {200, 200, 200, 3},
                {12, 30, 12, 0.73}, {1, 5, 1, 0.73},      {700, 200, 200, 0}};
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world_of_one *world = make_world();
        world->scenario.catalogue.size = rows[i].products;
        world->scenario.catalogue.zipf = rows[i].zipf;
        world->scenario.workload.carts.lines = rows[i].lines;
        assert_true(load(world));
        struct order_item items[ORDER_ITEMS_MAX];
        struct order_request request;
        static uint64_t last_cart[4000];
        memset(last_cart, 0, sizeof last_cart);
        for (uint64_t k = 1; k <= 300; k++) {
            make_order(&world->workload, 4, k, &request, items);
            if (rows[i].expected > 0) assert_int_equal(request.item_count, rows[i].expected);
            for (uint32_t m = 0; m < request.item_count; m++) {
                assert_true(items[m].product < rows[i].products);
                assert_true(last_cart[items[m].product] < k);
                last_cart[items[m].product] = k;
            }
        }
        end_world(world);
    }
}

static void an_order_can_be_made_again(void **state)
{
    (void)state;
    struct world_of_one *world = make_world();
    assert_true(load(world));
    struct order_item items[ORDER_ITEMS_MAX], again[ORDER_ITEMS_MAX];
    struct order_request request, second;
    for (uint64_t i = 0; i < 300; i++) {
        make_order(&world->workload, 5, i, &request, items);
        make_order(&world->workload, 5, i * 7 + 1, &second, again); /* others in between */
        make_order(&world->workload, 5, i, &second, again);
        assert_int_equal(request.item_count, second.item_count);
        assert_int_equal(request.preference, second.preference);
        assert_int_equal(request.postal_hash, second.postal_hash);
        for (uint32_t k = 0; k < request.item_count; k++) {
            assert_int_equal(items[k].product, again[k].product);
            assert_int_equal(items[k].quantity, again[k].quantity);
        }
    }
    end_world(world);
}

static void what_makes_no_workload_is_refused(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        struct world_of_one *world = make_world();
        struct workload_spec *spec = &world->scenario.workload;
        spec->carts.place.line = spec->arrivals.place.line = 17;
        if (i == 0) memset(spec->preferences, 0, sizeof spec->preferences);
        if (i == 1) spec->carts.size_p = 1;
        if (i == 2) spec->carts.size_r = 1000;
        if (i >= 3) spec->arrivals.kind = ARRIVAL_PROFILE;
        if (i == 3) memset(spec->arrivals.hour_share, 0, sizeof spec->arrivals.hour_share);
        if (i == 4) memset(spec->arrivals.weekday_share, 0, sizeof spec->arrivals.weekday_share);
        assert_false(load(world));
        assert_int_equal(world->err.code, ERR_INPUT);
        if (i > 0) assert_int_equal(world->err.place.line, 17);
        end_world(world);
    }
}

/* --- replays --- */

static void write_file(const char *text, char *path)
{
    char made[TEST_PATH_MAX];
    test_write_file(BYTES_OF(text), made);
    (void)snprintf(path, SCENARIO_PATH_MAX, "%s", made);
}

static struct world_of_one *make_replay(const char *text, const char *column)
{
    struct world_of_one *world = make_world();
    struct arrival_spec *spec = &world->scenario.workload.arrivals;
    spec->kind = ARRIVAL_REPLAY;
    write_file(text, spec->file);
    (void)snprintf(spec->column, sizeof spec->column, "%s", column);
    return world;
}

static void end_replay(struct world_of_one *world)
{
    (void)unlink(world->scenario.workload.arrivals.file);
    end_world(world);
}

static const char stamps[] = "store,at\r\n"
                             "1,2017-01-01 07:30:27\r\n"
                             "2,2017-01-01 07:30:20\r\n"
                             "2,2017-01-01 07:30:20\r\n"
                             "9,2017-01-01 07:30:30.6805900\r\n"
                             "3,2017-01-01T07:30:24Z\r\n";

static void a_replay_follows_its_stamps(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        const char *from;
        double speed;
        bool cycle;
        int64_t us[8];
    } rows[] = {
        {"from the first, sorted",
         "",
         1,
         false,
         {0, 0, 4000000, 7000000, 10680590, INT64_MAX, INT64_MAX}},
        {"twice as fast", "", 2, false, {0, 0, 2000000, 3500000, 5340295, INT64_MAX}},
        {"from before the first",
         "2017-01-01T07:30:00Z",
         1,
         false,
         {20000000, 20000000, 24000000, 27000000, 30680590, INT64_MAX}},
        {"from a row on", "2017-01-01T07:30:24Z", 1, false, {0, 3000000, 6680590, INT64_MAX}},
        /* A cycle takes the span and a mean gap: 10.680590 s * 5/4. */
        {"again and again",
         "",
         1,
         true,
         {0, 0, 4000000, 7000000, 10680590, 13350737, 13350737, 17350737}},
        {"again, from a row on",
         "2017-01-01T07:30:23Z",
         1,
         true,
         {1000000, 4000000, 7680590, 11020885, 14020885, 17701475, 21041770, 24041770}},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world_of_one *world = make_replay(stamps, "at");
        struct arrival_spec *spec = &world->scenario.workload.arrivals;
        (void)snprintf(spec->from, sizeof spec->from, "%s", rows[i].from);
        spec->speed = rows[i].speed;
        spec->cycle = rows[i].cycle;
        assert_true(load(world));
        struct workload_cursor cursor;
        workload_start(&cursor, 1);
        for (unsigned k = 0; k < 8; k++) {
            CHECK_ROW(rows[i].label, workload_next_us(&world->workload, &cursor) == rows[i].us[k]);
            if (rows[i].us[k] == INT64_MAX) break;
        }
        end_replay(world);
    }
    struct world_of_one *world = make_replay(stamps, "at");
    assert_true(load(world));
    CHECK_NEAR(workload_rate(&world->workload), 5 / 13.350737, 1e-12);
    end_replay(world);
}

static void a_bad_replay_names_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        const char *text;
        const char *column;
        uint32_t line;
        const char *from;
        bool cycle;
    } rows[] = {
        {"no stamp", "at\n2017-01-01 07:30:27\nyesterday\n", "at", 3, "", false},
        {"a short row", "a,at\n1,2017-01-01 07:30:27\n\n2\n", "at", 4, "", false},
        {"no such column", "a,at\n1,2017-01-01 07:30:27\n", "when", 1, "", false},
        {"no row", "a,at\n", "at", 17, "", false},
        {"nothing", "", "at", 17, "", false},
        {"all before `from`", stamps, "at", 17, "2018-01-01T00:00:00Z", false},
        {"a cycle of no length", "at\n2017-01-01 07:30:27\n2017-01-01 07:30:27\n", "at", 17, "",
         true},
        {"an open quote", "at\n2017-01-01 07:30:27\n\"2017", "at", 3, "", false},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world_of_one *world = make_replay(rows[i].text, rows[i].column);
        struct arrival_spec *spec = &world->scenario.workload.arrivals;
        spec->place.line = 17;
        spec->cycle = rows[i].cycle;
        (void)snprintf(spec->from, sizeof spec->from, "%s", rows[i].from);
        CHECK_ROW(rows[i].label, !load(world));
        CHECK_ROW(rows[i].label, world->err.code == ERR_INPUT);
        if (world->err.place.line != rows[i].line) print_error("%s\n", world->err.message);
        CHECK_ROW(rows[i].label, world->err.place.line == rows[i].line);
        end_replay(world);
    }
    struct world_of_one *world = make_replay(stamps, "at");
    (void)unlink(world->scenario.workload.arrivals.file);
    assert_false(load(world));
    assert_int_equal(world->err.code, ERR_INPUT);
    end_replay(world);
}

/* "whole milk" is in the catalogue here, the rest is not. */
static struct world_of_one *make_baskets(const char *text)
{
    struct world_of_one *world = make_world();
    struct scenario *scenario = &world->scenario;
    scenario->workload.carts.kind = CART_REPLAY;
    scenario->workload.carts.quantity_more = 0;
    write_file(text, scenario->workload.carts.file);
    write_file("name,price\nsalt,0.50\nwhole milk,1.99\n", scenario->catalogue.file);
    return world;
}

static void end_baskets(struct world_of_one *world)
{
    (void)unlink(world->scenario.workload.carts.file);
    (void)unlink(world->scenario.catalogue.file);
    end_world(world);
}

static void baskets_come_as_they_stand(void **state)
{
    (void)state;
    struct world_of_one *world = make_baskets("tea,whole milk\n\"beer, dark\"\ntea,,tea,tea\n");
    assert_true(load(world));
    assert_int_equal(world->workload.basket_count, 3);
    assert_int_equal(world->workload.basket_lines_unknown, 3);
    struct order_item items[ORDER_ITEMS_MAX];
    struct order_request request;
    for (uint64_t cycle = 0; cycle < 3; cycle++) {
        make_order(&world->workload, 1, cycle * 3, &request, items);
        assert_int_equal(request.item_count, 2);
        assert_string_equal(items[0].name, "tea");
        assert_int_equal(items[0].product, ORDER_PRODUCT_UNKNOWN);
        assert_true(items[0].name_hash == random_hash_text("tea"));
        assert_int_equal(items[1].product, 1);
        assert_ptr_equal(items[1].name, world->catalogue.products[1].name);
        make_order(&world->workload, 1, cycle * 3 + 1, &request, items);
        assert_string_equal(items[0].name, "beer, dark");
        assert_int_equal(items[0].quantity, 1);
        make_order(&world->workload, 1, cycle * 3 + 2, &request, items);
        assert_int_equal(request.item_count, 1);
        assert_int_equal(items[0].quantity, 3);
    }
    end_baskets(world);
}

static void resampled_baskets_all_get_their_share(void **state)
{
    (void)state;
    struct world_of_one *world = make_baskets("a\nb,c\nd,e,f\n");
    world->scenario.workload.carts.resample = true;
    assert_true(load(world));
    double counts[4] = {0};
    struct order_item items[ORDER_ITEMS_MAX];
    struct order_request request;
    for (uint64_t i = 0; i < 30000; i++) {
        make_order(&world->workload, 6, i, &request, items);
        counts[request.item_count]++;
    }
    for (unsigned k = 1; k <= 3; k++) {
        CHECK_NEAR(counts[k] / 30000, 1.0 / 3, REGION * sqrt(2.0 / 9 / 30000));
    }
    end_baskets(world);
}

static void a_bad_basket_names_its_line(void **state)
{
    (void)state;
    char crowd[2000] = "a\n";
    for (unsigned i = 0; i <= ORDER_ITEMS_MAX; i++) {
        (void)snprintf(crowd + strlen(crowd), sizeof crowd - strlen(crowd), "i%u,", i);
    }
    const struct {
        const char *label;
        const char *text;
        uint32_t line;
    } rows[] = {{"nothing", "\n\n", 17},
                {"no item in it", "a\n,,\nb\n", 2},
                {"too many items", crowd, 2},
                {"text behind a quote", "a\nb\n\"c\"d\n", 3}};
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world_of_one *world = make_baskets(rows[i].text);
        world->scenario.workload.carts.place.line = 17;
        CHECK_ROW(rows[i].label, !load(world));
        CHECK_ROW(rows[i].label, world->err.code == ERR_INPUT);
        CHECK_ROW(rows[i].label, world->err.place.line == rows[i].line);
        end_baskets(world);
    }
}

static void published_stamps_and_baskets_can_be_replayed(void **state)
{
    (void)state;
    const char *folder = getenv("ROUTESIM_DATA");
    if (folder == NULL) {
        print_message("ROUTESIM_DATA is not set: skipped\n");
        skip();
    }
    struct world_of_one *world = make_world();
    struct workload_spec *spec = &world->scenario.workload;
    (void)snprintf(world->scenario.folder, sizeof world->scenario.folder, "%s/", folder);
    spec->arrivals.kind = ARRIVAL_REPLAY;
    (void)snprintf(spec->arrivals.file, sizeof spec->arrivals.file, "azure_llm_conv_2023.csv");
    (void)snprintf(spec->arrivals.column, sizeof spec->arrivals.column, "TIMESTAMP");
    spec->carts.kind = CART_REPLAY;
    (void)snprintf(spec->carts.file, sizeof spec->carts.file, "groceries.csv");
    assert_true(load(world));
    const double rate = workload_rate(&world->workload);
    assert_true(rate > 5 && rate < 6); /* 5.5/s as published */
    const struct arrivals seen = watch(&world->workload, 1, 600 * US_PER_SECOND);
    assert_true(seen.count > 1000);
    assert_int_equal(world->workload.basket_count, 4000); /* the first 4,000 */
    assert_int_equal(world->workload.basket_lines_unknown,
                     world->workload.basket_starts[world->workload.basket_count]);
    end_world(world);
}

/* --- when memory is out --- */

static void every_allocation_may_fail(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < 2; kind++) {
        bool loaded = false;
        for (uint32_t countdown = 1; !loaded; countdown++) {
            struct world_of_one *world = make_baskets("a,b\nwhole milk\n");
            struct arrival_spec *spec = &world->scenario.workload.arrivals;
            assert_true(catalogue_load(&world->scenario.catalogue, "", 1, &world->arena,
                                       &world->catalogue, &world->err));
            if (kind == 0) world->scenario.workload.carts.kind = CART_GENERATED;
            if (kind == 1) {
                spec->kind = ARRIVAL_REPLAY;
                write_file(stamps, spec->file);
                (void)snprintf(spec->column, sizeof spec->column, "at");
            }
            memory_fail_after(countdown);
            loaded = load(world);
            memory_fail_after(0);
            if (!loaded) assert_int_equal(world->err.code, ERR_ENVIRONMENT);
            if (kind == 1) (void)unlink(spec->file);
            end_baskets(world);
            assert_true(countdown < 100);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrivals_keep_rate_and_spread),
        cmocka_unit_test(clockwork_never_drifts),
        cmocka_unit_test(a_profile_keeps_the_shares_of_hours_and_weekdays),
        cmocka_unit_test(arrivals_are_a_function_of_the_seed),
        cmocka_unit_test(nobody_orders_after_the_end_of_all_clocks),
        cmocka_unit_test(carts_have_the_sizes_of_their_law),
        cmocka_unit_test(lines_quantities_preferences_and_places_are_as_asked),
        cmocka_unit_test(popularity_follows_its_slope),
        cmocka_unit_test(no_product_stands_twice_in_a_cart),
        cmocka_unit_test(an_order_can_be_made_again),
        cmocka_unit_test(what_makes_no_workload_is_refused),
        cmocka_unit_test(a_replay_follows_its_stamps),
        cmocka_unit_test(a_bad_replay_names_its_line),
        cmocka_unit_test(baskets_come_as_they_stand),
        cmocka_unit_test(resampled_baskets_all_get_their_share),
        cmocka_unit_test(a_bad_basket_names_its_line),
        cmocka_unit_test(published_stamps_and_baskets_can_be_replayed),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
