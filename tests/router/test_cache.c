/* Goal: equal requests have equal keys and others others; what was kept comes back as it was, and
 * nothing else is taken for a quote; the breaker opens, tries and closes as its header says.
 *
 * Method: keys of carts that differ in one thing each, and of 20,000 drawn carts against each
 * other; round trips, then every bit of the bytes flipped once and every length cut; the breaker by
 * a table of events. */
#include "tests/support.h"

#include <stdlib.h>

#include "router/base/random.h"
#include "router/cache.h"

static struct order_item item(const char *name, uint32_t quantity)
{
    return (struct order_item){
        .name = name, .name_hash = random_hash_text(name), .quantity = quantity};
}

static struct order_request request_of(const struct order_item *items, uint32_t count,
                                       const char *postal_code, const char *user)
{
    return (struct order_request){.items = items,
                                  .item_count = count,
                                  .postal_code = postal_code,
                                  .postal_hash = postal_hash(postal_code),
                                  .user_id = user};
}

static bool same(const struct cache_key *a, const struct cache_key *b)
{
    return a->provider == b->provider && a->high == b->high && a->low == b->low;
}

/* ---- keys ---- */

static void the_order_of_lines_does_not_matter(void **state)
{
    (void)state;
    const struct order_item one[] = {item("milk", 2), item("eggs", 1), item("bread", 3)};
    const struct order_item other[] = {item("bread", 3), item("milk", 2), item("eggs", 1)};
    const struct order_request a = request_of(one, 3, "45202", "u1");
    const struct order_request b = request_of(other, 3, "45202", "u2");
    const struct cache_key first = cache_key_make(QUOTE_KEY_CART, PROVIDER_MEALME, &a);
    const struct cache_key second = cache_key_make(QUOTE_KEY_CART, PROVIDER_MEALME, &b);
    assert_true(same(&first, &second)); /* nor whose cart it is */
    assert_int_not_equal(first.high, first.low);
}

static void whatever_changes_the_answer_changes_the_key(void **state)
{
    (void)state;
    const struct order_item base[] = {item("milk", 2), item("eggs", 1)};
    const struct order_item more[] = {item("milk", 3), item("eggs", 1)};
    const struct order_item swapped[] = {item("milk", 1), item("eggs", 2)};
    const struct order_item another[] = {item("milk", 2), item("egg", 1)};
    const struct order_item twice[] = {item("milk", 2), item("eggs", 1), item("eggs", 1)};
    const struct {
        const char *label;
        enum quote_key kind;
        enum provider provider;
        struct order_request request;
    } rows[] = {
        {"the cart", QUOTE_KEY_CART, PROVIDER_MEALME, request_of(base, 2, "45202", "u1")},
        {"another provider", QUOTE_KEY_CART, PROVIDER_KROGER_API,
         request_of(base, 2, "45202", "u1")},
        {"another place", QUOTE_KEY_CART, PROVIDER_MEALME, request_of(base, 2, "45203", "u1")},
        {"one more", QUOTE_KEY_CART, PROVIDER_MEALME, request_of(more, 2, "45202", "u1")},
        {"quantities swapped", QUOTE_KEY_CART, PROVIDER_MEALME,
         request_of(swapped, 2, "45202", "u1")},
        {"another thing", QUOTE_KEY_CART, PROVIDER_MEALME, request_of(another, 2, "45202", "u1")},
        {"a line less", QUOTE_KEY_CART, PROVIDER_MEALME, request_of(base, 1, "45202", "u1")},
        {"a line twice", QUOTE_KEY_CART, PROVIDER_MEALME, request_of(twice, 3, "45202", "u1")},
        {"by user", QUOTE_KEY_USER, PROVIDER_MEALME, request_of(base, 2, "45202", "u1")},
        {"another user", QUOTE_KEY_USER, PROVIDER_MEALME, request_of(base, 2, "45202", "u2")},
        {"nobody", QUOTE_KEY_USER, PROVIDER_MEALME, request_of(base, 2, "45202", NULL)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct cache_key a = cache_key_make(rows[i].kind, rows[i].provider, &rows[i].request);
        for (size_t j = 0; j < i; j++) {
            const struct cache_key b =
                cache_key_make(rows[j].kind, rows[j].provider, &rows[j].request);
            CHECK_ROW(rows[i].label, !same(&a, &b));
            CHECK_ROW(rows[i].label, a.low != b.low && a.high != b.high);
        }
    }
}

static int by_low(const void *a, const void *b)
{
    const uint64_t x = ((const struct cache_key *)a)->low, y = ((const struct cache_key *)b)->low;
    return (x > y) - (x < y);
}

/* Carts of few things in small quantities, which differ by little. */
static void no_two_of_many_carts_share_either_half(void **state)
{
    (void)state;
    enum { CARTS = 20000 };
    static const char *const names[] = {"milk", "eggs", "bread", "rice", "salt", "tea"};
    struct cache_key *keys = calloc(CARTS, sizeof *keys);
    assert_non_null(keys);
    for (uint32_t i = 0; i < CARTS; i++) { /* quantities are the digits of i: all carts differ */
        struct order_item items[6];
        uint32_t rest = i, count = 0;
        for (unsigned n = 0; n < 6; n++, rest /= 6)
            if (rest % 6 > 0) items[count++] = item(names[n], rest % 6);
        const struct order_request request = request_of(items, count, "45202", "u1");
        keys[i] = cache_key_make(QUOTE_KEY_CART, PROVIDER_KROGER_API, &request);
    }
    qsort(keys, CARTS, sizeof *keys, by_low);
    for (uint32_t i = 1; i < CARTS; i++)
        assert_true(keys[i - 1].low != keys[i].low);
    free(keys);
}

static void a_key_reads_as_redis_has_it(void **state)
{
    (void)state;
    const struct cache_key key = {PROVIDER_KROGER_API, UINT64_C(0x0123456789abcdef), 42};
    char text[CACHE_KEY_TEXT_MAX];
    cache_key_text(&key, text);
    assert_string_equal(text, "quote:KROGER_API:0123456789abcdef000000000000002a");
}

/* ---- bytes ---- */

static const struct cache_key some_key = {PROVIDER_WALMART_API, 7, 9};
static const struct cache_quote some_quote = {.quote = {.subtotal_cents = 4711,
                                                        .fee_cents = 399,
                                                        .tax_cents = 330,
                                                        .total_cents = 5440,
                                                        .eta_minutes = 90,
                                                        .requested = 12,
                                                        .found = 9,
                                                        .substituted = 2,
                                                        .estimated = true,
                                                        .store = 77},
                                              .made_us = 123456789,
                                              .expires_us = 423456789,
                                              .calls = 14};

static void what_was_kept_comes_back(void **state)
{
    (void)state;
    unsigned char bytes[CACHE_QUOTE_BYTES];
    struct cache_quote back = {0};
    cache_quote_write(&some_quote, &some_key, bytes);
    assert_true(cache_quote_read(&back, &some_key, bytes, sizeof bytes));
    struct cache_quote wanted = some_quote;
    wanted.quote.cached = true; /* and says where it comes from */
    assert_int_equal(back.quote.subtotal_cents, wanted.quote.subtotal_cents);
    assert_int_equal(back.quote.fee_cents, wanted.quote.fee_cents);
    assert_int_equal(back.quote.tax_cents, wanted.quote.tax_cents);
    assert_int_equal(back.quote.total_cents, wanted.quote.total_cents);
    assert_int_equal(back.quote.eta_minutes, wanted.quote.eta_minutes);
    assert_int_equal(back.quote.requested, wanted.quote.requested);
    assert_int_equal(back.quote.found, wanted.quote.found);
    assert_int_equal(back.quote.substituted, wanted.quote.substituted);
    assert_true(back.quote.estimated);
    assert_true(back.quote.cached);
    assert_false(back.quote.canned);
    assert_int_equal(back.quote.store, wanted.quote.store);
    assert_int_equal(back.made_us, wanted.made_us);
    assert_int_equal(back.expires_us, wanted.expires_us);
    assert_int_equal(back.calls, wanted.calls);
}

static void bytes_with_any_bit_flipped_are_refused(void **state)
{
    (void)state;
    unsigned char bytes[CACHE_QUOTE_BYTES];
    struct cache_quote back;
    cache_quote_write(&some_quote, &some_key, bytes);
    for (unsigned bit = 0; bit < 8 * CACHE_QUOTE_BYTES; bit++) {
        bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
        assert_false(cache_quote_read(&back, &some_key, bytes, sizeof bytes));
        bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
    assert_true(cache_quote_read(&back, &some_key, bytes, sizeof bytes));
}

static void bytes_of_another_length_or_key_are_refused(void **state)
{
    (void)state;
    unsigned char bytes[CACHE_QUOTE_BYTES + 8] = {0};
    struct cache_quote back;
    cache_quote_write(&some_quote, &some_key, bytes);
    for (size_t length = 0; length <= sizeof bytes; length++) {
        if (length == CACHE_QUOTE_BYTES) continue;
        assert_false(cache_quote_read(&back, &some_key, bytes, length));
    }
    const struct cache_key others[] = {
        {PROVIDER_KROGER_API, 7, 9}, {PROVIDER_WALMART_API, 8, 9}, {PROVIDER_WALMART_API, 7, 8}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(cache_quote_read(&back, &others[i], bytes, CACHE_QUOTE_BYTES));
}

/* ---- the breaker ---- */

static void the_breaker_opens_tries_and_closes(void **state)
{
    (void)state;
    const struct cache_policy policy = {.breaker_failures = 3, .breaker_skip_us = 100};
    static const struct {
        int64_t now_us;
        char what; /* 'g'ood, 'b'ad, or 0: only asks */
        bool allows;
        const char *label;
    } rows[] = {
        {0, 'b', true, "a first failure"},
        {1, 'b', true, "a second"},
        {2, 'g', true, "an answer forgets them"},
        {3, 'b', true, "one"},
        {4, 'b', true, "two"},
        {5, 'b', true, "three open it"},
        {6, 0, false, "open"},
        {104, 0, false, "open to the last microsecond"},
        {105, 0, true, "one may try"},
        {105, 0, false, "one alone"},
        {150, 'b', false, "it fails"},
        {151, 0, false, "open again"},
        {249, 0, false, "for as long"},
        {250, 0, true, "another may try"},
        {251, 'g', false, "it has answered"},
        {252, 0, true, "closed"},
        {253, 'b', true, "and counts from one"},
        {254, 'b', true, "two"},
        {255, 0, true, "not open yet"},
    };
    struct cache_breaker breaker = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CHECK_ROW(rows[i].label, cache_breaker_allows(&breaker, rows[i].now_us) == rows[i].allows);
        if (rows[i].what == 'g') cache_breaker_good(&breaker);
        if (rows[i].what == 'b') cache_breaker_bad(&breaker, &policy, rows[i].now_us);
    }
    assert_int_equal(breaker.opened, 2);
}

/* Five were out when the third failed: the last two do not keep it open longer. */
static void stragglers_do_not_keep_it_open(void **state)
{
    (void)state;
    const struct cache_policy policy = {.breaker_failures = 3, .breaker_skip_us = 100};
    struct cache_breaker breaker = {0};
    for (int64_t now_us = 10; now_us < 60; now_us += 10)
        cache_breaker_bad(&breaker, &policy, now_us);
    assert_int_equal(breaker.open_until_us, 130);
    assert_int_equal(breaker.opened, 1);
    cache_breaker_bad(&breaker, &policy, 200); /* one more, later still; nobody has tried */
    assert_int_equal(breaker.opened, 1);
    assert_true(cache_breaker_allows(&breaker, 200));
}

static void without_a_limit_it_never_opens(void **state)
{
    (void)state;
    const struct cache_policy policy = {.breaker_failures = 0, .breaker_skip_us = 100};
    struct cache_breaker breaker = {0};
    for (int64_t now_us = 0; now_us < 1000; now_us++) {
        assert_true(cache_breaker_allows(&breaker, now_us));
        cache_breaker_bad(&breaker, &policy, now_us);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_order_of_lines_does_not_matter),
        cmocka_unit_test(whatever_changes_the_answer_changes_the_key),
        cmocka_unit_test(no_two_of_many_carts_share_either_half),
        cmocka_unit_test(a_key_reads_as_redis_has_it),
        cmocka_unit_test(what_was_kept_comes_back),
        cmocka_unit_test(bytes_with_any_bit_flipped_are_refused),
        cmocka_unit_test(bytes_of_another_length_or_key_are_refused),
        cmocka_unit_test(the_breaker_opens_tries_and_closes),
        cmocka_unit_test(stragglers_do_not_keep_it_open),
        cmocka_unit_test(without_a_limit_it_never_opens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
