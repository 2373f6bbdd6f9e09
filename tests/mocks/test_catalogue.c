/* The catalogue, and the shelves of a provider's stores. Goal: prices and stock are processes in
 * time that nobody's asking moves, in the measured shares. Method: the same questions in other
 * orders, shares over every product, store and period (99.9% regions), and catalogue files that are
 * right and wrong. */
#include "mocks/shelf.h"

#include "mocks/backend.h"
#include "router/base/duration.h"
#include "tests/support.h"

static void load(const struct catalogue_spec *spec, struct arena *arena,
                 struct catalogue *catalogue)
{
    struct err err = {0};
    if (!catalogue_load(spec, "", 1, arena, catalogue, &err)) fail_msg("%s", err.message);
}

/* ---- the list -------------------------------------------------------------------------------- */

static void a_generated_catalogue_is_lognormal_and_finds_its_names(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct catalogue catalogue, again;
    struct catalogue_spec spec = catalogue_spec_default();
    spec.size = 20000;
    load(&spec, &arena, &catalogue);
    load(&spec, &arena, &again);
    double sum = 0, squares = 0;
    for (uint32_t i = 0; i < catalogue.count; i++) {
        const struct product *const product = &catalogue.products[i];
        assert_int_equal(catalogue_find(&catalogue, product->name_hash, product->name), i);
        assert_int_equal(product->base_cents, again.products[i].base_cents);
        const double apart = log(product->base_cents / spec.price_median_cents);
        sum += apart;
        squares += apart * apart;
    }
    const double sigma = spec.price_sigma;
    CHECK_NEAR(sum / spec.size, 0, 3.29 * sigma / sqrt(spec.size));
    CHECK_NEAR(sqrt(squares / spec.size), sigma, 3.29 * sigma / sqrt(2.0 * spec.size));
    assert_int_equal(catalogue_find(&catalogue, random_hash_text("caviar"), "caviar"),
                     ORDER_PRODUCT_UNKNOWN);
    /* The hash alone does not make a name known. */
    assert_int_equal(catalogue_find(&catalogue, catalogue.products[0].name_hash, "caviar"),
                     ORDER_PRODUCT_UNKNOWN);
    arena_release(&arena);
}

static void a_catalogue_comes_from_a_file_in_its_order(void **state)
{
    (void)state;
    char path[TEST_PATH_MAX];
    test_write_file(BYTES_OF("name,price\nmilk,1.99\n\"rolls, buns\",0.5\neggs,3\n"), path);
    struct arena arena = {0};
    struct catalogue catalogue;
    struct catalogue_spec spec = {.name_column = "name", .price_column = "price"};
    (void)snprintf(spec.file, sizeof spec.file, "%s", path);
    load(&spec, &arena, &catalogue);
    assert_int_equal(catalogue.count, 3);
    assert_string_equal(catalogue.products[1].name, "rolls, buns");
    assert_int_equal(catalogue.products[0].base_cents, 199);
    assert_int_equal(catalogue.products[1].base_cents, 50);
    CHECK_NEAR(catalogue.price_median_cents, cbrt(199.0 * 50 * 300), 1e-9);
    spec.size = 2;
    load(&spec, &arena, &catalogue);
    assert_int_equal(catalogue.count, 2);
    arena_release(&arena);
    (void)unlink(path);
}

static void a_wrong_file_is_refused_where_it_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *csv, *message;
        uint32_t line;
    } rows[] = {
        {"name,price\nmilk,1\nmilk,2\n", "\"milk\" is in the catalogue twice", 3},
        {"name,price\nmilk,free\n", "\"free\" is no price in dollars", 2},
        {"name,price\nmilk,0.001\n", "\"0.001\" is no price in dollars", 2},
        {"name,price\nmilk,-1\n", "\"-1\" is no price in dollars", 2},
        {"name,price\n,1\n", "the product has no name", 2},
        {"name,price\nmilk\n", "the row has only 1 fields", 2},
        {"name,price\n", "the catalogue has no products", 0},
        {"", "the catalogue is empty", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char path[TEST_PATH_MAX];
        test_write_file(BYTES_OF(rows[i].csv), path);
        struct arena arena = {0};
        struct catalogue catalogue;
        struct err err = {0};
        struct catalogue_spec spec = {.name_column = "name", .price_column = "price"};
        (void)snprintf(spec.file, sizeof spec.file, "%s", path);
        CHECK_ROW(rows[i].csv, !catalogue_load(&spec, "", 1, &arena, &catalogue, &err));
        CHECK_ROW_TEXT(rows[i].csv, err.message, rows[i].message);
        CHECK_ROW(rows[i].csv, err.code == ERR_INPUT && err.place.line == rows[i].line);
        arena_release(&arena);
        (void)unlink(path);
    }
}

/* ---- shelves --------------------------------------------------------------------------------- */

enum { PRODUCTS = 2000, STORES = 4 };
#define MONDAY_US (INT64_C(1717977600) * US_PER_SECOND) /* 2024-06-10 00:00 UTC */

struct shop {
    struct arena arena;
    struct catalogue catalogue;
    struct shelf shelf;
};

/* Only what a test sets is random. */
static struct price_spec plain(void)
{
    return (struct price_spec){.level = 1,
                               .stores = STORES,
                               .spread_sigma = 0.33,
                               .promotion_depth = 0.25,
                               .substitute_factor = 1.5,
                               .stock_period_us = 4 * US_PER_HOUR};
}

static void open_shop(struct shop *shop, const struct price_spec *prices)
{
    *shop = (struct shop){0};
    struct catalogue_spec spec = catalogue_spec_default();
    spec.size = PRODUCTS;
    spec.price_median_cents = 10000; /* dear, so that rounding to cents hides nothing */
    load(&spec, &shop->arena, &shop->catalogue);
    struct err err = {0};
    if (!shelf_create(PROVIDER_KROGER_API, prices, &shop->catalogue, &shop->arena, &shop->shelf,
                      &err)) {
        fail_msg("%s", err.message);
    }
    shelf_reset(&shop->shelf, 11, MONDAY_US);
}

static void close_shop(struct shop *shop)
{
    arena_release(&shop->arena);
}

static struct order_item item_of(const struct shop *shop, uint32_t product)
{
    const struct product *const found = &shop->catalogue.products[product];
    return (struct order_item){
        .name = found->name, .name_hash = found->name_hash, .product = product, .quantity = 1};
}

static int32_t ask(struct shop *shop, uint32_t store, uint32_t product, int64_t now_us)
{
    const struct order_item item = item_of(shop, product);
    return shelf_answer(&shop->shelf, store, &item, now_us);
}

static bool share_fits(uint64_t hits, uint64_t n, double share)
{
    const double apart = fabs((double)hits - (double)n * share);
    return apart <= 3.2905 * sqrt((double)n * share * (1 - share)) + 1;
}

static void nobody_moves_a_price_by_asking(void **state)
{
    (void)state;
    struct shop shop, other;
    const struct backend_spec spec = backend_spec_default(PROVIDER_KROGER_API);
    open_shop(&shop, &spec.prices);
    open_shop(&other, &spec.prices);
    enum { TIMES = 60 };
    for (uint32_t product = 0; product < 50; product++) {
        for (int64_t i = 0; i < TIMES; i++) { /* one goes on in time, the other jumps about */
            const int64_t at_us = i * 3 * US_PER_HOUR;
            const int32_t cents = ask(&shop, product % STORES, product, at_us);
            const struct order_item item = item_of(&shop, product);
            assert_int_equal(cents,
                             shelf_compute(&shop.shelf, product % STORES, &item, at_us, at_us));
            const int64_t elsewhere_us = (i * 37 % TIMES) * 3 * US_PER_HOUR;
            (void)ask(&other, product % STORES, product, elsewhere_us);
            assert_int_equal(cents, ask(&other, product % STORES, product, at_us));
        }
    }
    close_shop(&shop);
    close_shop(&other);
}

static void stores_of_a_chain_differ_as_measured(void **state)
{
    (void)state;
    struct shop shop;
    struct price_spec spec = plain();
    spec.level = 1.1;
    spec.spread_share = 0.17;
    open_shop(&shop, &spec);
    uint64_t differ = 0;
    double squares = 0;
    for (uint32_t store = 0; store < STORES; store++) {
        for (uint32_t product = 0; product < PRODUCTS; product++) {
            const double chain = 1.1 * shop.catalogue.products[product].base_cents;
            const int32_t cents = ask(&shop, store, product, 0);
            if (fabs(cents - chain) <= 0.5001) continue;
            differ++;
            squares += log(cents / chain) * log(cents / chain);
        }
    }
    assert_true(share_fits(differ, STORES * PRODUCTS, 0.17));
    CHECK_NEAR(sqrt(squares / (double)differ), 0.33, 3.3 * 0.33 / sqrt(2.0 * (double)differ));
    close_shop(&shop);
}

static void promotions_hold_for_a_week_in_every_store(void **state)
{
    (void)state;
    struct shop shop;
    struct price_spec spec = plain();
    spec.promotion_share = 0.5;
    open_shop(&shop, &spec);
    uint64_t offers = 0, kept = 0;
    double depth = 0;
    for (uint32_t product = 0; product < PRODUCTS; product++) {
        const double base = shop.catalogue.products[product].base_cents;
        const int32_t cents = ask(&shop, 0, product, 0);
        assert_int_equal(cents, ask(&shop, 3, product, 7 * US_PER_DAY - 1));
        const bool offered = cents < base;
        offers += offered;
        if (offered) {
            assert_true(1 - cents / base > 0.049 && 1 - cents / base < 0.451);
            depth += 1 - cents / base;
        }
        kept += ask(&shop, 0, product, 7 * US_PER_DAY) == cents;
    }
    assert_true(share_fits(offers, PRODUCTS, 0.5));
    CHECK_NEAR(depth / (double)offers, 0.25, 3.3 * 0.1155 / sqrt((double)offers));
    /* The next week's offers are drawn anew: the same price again where neither week has one. */
    assert_true(share_fits(kept, PRODUCTS, 0.25));
    close_shop(&shop);
}

static void stock_runs_out_for_a_period_and_substitutes_are_marked(void **state)
{
    (void)state;
    struct shop shop;
    struct price_spec spec = plain();
    spec.stock_out = 0.04;
    spec.substitution = 0.3;
    open_shop(&shop, &spec);
    uint64_t out = 0, substituted = 0, again = 0, n = 0;
    bool was_out[PRODUCTS] = {false};
    for (int64_t period = 0; period < 20; period++) {
        for (uint32_t product = 0; product < PRODUCTS; product++) {
            const int32_t base = shop.catalogue.products[product].base_cents;
            const int64_t from_us = period * 4 * US_PER_HOUR;
            const int32_t answer = ask(&shop, 1, product, from_us);
            assert_int_equal(answer, ask(&shop, 1, product, from_us + 4 * US_PER_HOUR - 1));
            n++;
            out += answer != base;
            again += answer != base && was_out[product];
            was_out[product] = answer != base;
            substituted += answer < 0;
            if (answer < 0)
                assert_true(abs(-answer * 2 - base * 3) <= 1); /* 1.5 times, rounded */
            else
                assert_true(answer == base || answer == 0);
        }
    }
    assert_true(share_fits(out, n, 0.04));
    assert_true(share_fits(substituted, out, 0.3));
    assert_true(share_fits(again, n - PRODUCTS, 0.04 * 0.04)); /* each period is drawn anew */
    close_shop(&shop);
}

static void a_name_nobody_knows_has_a_price_of_its_own(void **state)
{
    (void)state;
    struct shop shop;
    const struct price_spec spec = plain();
    open_shop(&shop, &spec);
    double sum = 0;
    enum { NAMES = 2000 };
    for (uint32_t i = 0; i < NAMES; i++) {
        const struct order_item item = {.name = "?",
                                        .name_hash = test_bits(3, i),
                                        .product = ORDER_PRODUCT_UNKNOWN,
                                        .quantity = 1};
        const int32_t cents = shelf_answer(&shop.shelf, 2, &item, 0);
        assert_int_equal(cents, shelf_answer(&shop.shelf, 2, &item, US_PER_DAY));
        assert_true(cents > 0);
        sum += log(cents / shop.catalogue.price_median_cents);
    }
    CHECK_NEAR(sum / NAMES, 0, 3.3 * shop.catalogue.price_sigma / sqrt(NAMES));
    close_shop(&shop);
}

static void postal_codes_have_stores_or_none(void **state)
{
    (void)state;
    struct shop shop;
    struct price_spec spec = plain();
    spec.no_store_share = 0.1;
    open_shop(&shop, &spec);
    uint64_t none = 0, of_store[STORES] = {0};
    for (uint32_t postal = 0; postal < 20000; postal++) {
        uint32_t store, again;
        const bool served = shelf_store(&shop.shelf, postal, &store);
        assert_true(served == shelf_store(&shop.shelf, postal, &again) && store == again);
        assert_true(store < STORES);
        none += !served;
        of_store[store]++;
    }
    assert_true(share_fits(none, 20000, 0.1));
    for (uint32_t i = 0; i < STORES; i++)
        assert_true(share_fits(of_store[i], 20000, 0.25));
    /* A store that is none of theirs sells nothing. */
    assert_int_equal(ask(&shop, STORES, 0, 0), 0);
    close_shop(&shop);
}

static void another_seed_is_another_world(void **state)
{
    (void)state;
    struct shop shop;
    const struct backend_spec spec = backend_spec_default(PROVIDER_KROGER_API);
    open_shop(&shop, &spec.prices);
    int32_t first[PRODUCTS];
    for (uint32_t i = 0; i < PRODUCTS; i++)
        first[i] = ask(&shop, 0, i, 0);
    shelf_reset(&shop.shelf, 12, MONDAY_US);
    uint32_t same = 0;
    for (uint32_t i = 0; i < PRODUCTS; i++)
        same += ask(&shop, 0, i, 0) == first[i];
    assert_true(same < PRODUCTS / 2);
    shelf_reset(&shop.shelf, 11, MONDAY_US);
    for (uint32_t i = 0; i < PRODUCTS; i++)
        assert_int_equal(ask(&shop, 0, i, 0), first[i]);
    close_shop(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_generated_catalogue_is_lognormal_and_finds_its_names),
        cmocka_unit_test(a_catalogue_comes_from_a_file_in_its_order),
        cmocka_unit_test(a_wrong_file_is_refused_where_it_is_wrong),
        cmocka_unit_test(nobody_moves_a_price_by_asking),
        cmocka_unit_test(stores_of_a_chain_differ_as_measured),
        cmocka_unit_test(promotions_hold_for_a_week_in_every_store),
        cmocka_unit_test(stock_runs_out_for_a_period_and_substitutes_are_marked),
        cmocka_unit_test(a_name_nobody_knows_has_a_price_of_its_own),
        cmocka_unit_test(postal_codes_have_stores_or_none),
        cmocka_unit_test(another_seed_is_another_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
