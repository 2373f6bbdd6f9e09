/* Goal: draws under neighbouring keys behave like independent uniform ones, and rates hit as often
 * as they say.
 * Method: chi-square, bit balance, correlation and avalanche over 2^20 draws of one fixed key. The
 * key was fixed beforehand; each bound is the 99.9% region of a true uniform source, or, where one
 * assertion stands for many comparisons, 5 standard deviations. */
#include "tests/support.h"

enum { DRAWS = 1 << 20, BINS = 256, BITS = 64 };

/* The middle 99.9% of chi-square with 255 degrees of freedom. */
#define CHI_SQUARE_255_LOW  186.4
#define CHI_SQUARE_255_HIGH 336.0

static const uint64_t seed = UINT64_C(20251123);

/* The ways in which one draw's key differs from the next one's. */
enum neighbour { ORDER, ITEM, ATTEMPT, PROVIDER, REPLICATION, NEIGHBOURS };
static const char *const neighbour_names[NEIGHBOURS] = {"order", "item", "attempt", "provider",
                                                        "replication"};

static uint64_t draw(enum neighbour neighbour, uint32_t n)
{
    const uint64_t order = random_key(seed, 7);
    switch (neighbour) {
    case ORDER:
        return random_draw(random_key(seed, n), random_what(RANDOM_LATENCY, 1, 2, 3, 0));
    case ITEM: /* items have 16 bits: the rest counts orders */
        return random_draw(random_key(seed, n >> 16),
                           random_what(RANDOM_STOCK, 1, 2, n & 0xFFFF, 0));
    case ATTEMPT:
        return random_draw(random_key(seed, n >> 8), random_what(RANDOM_RETRY, 1, 2, 3, n & 0xFF));
    case PROVIDER:
        return random_draw(random_key(seed, n >> 2), random_what(RANDOM_LATENCY, n & 3, 0, 0, 0));
    case REPLICATION:
        return random_draw(random_key(random_replication(seed, n), 7),
                           random_what(RANDOM_LATENCY, 1, 2, 3, 0));
    case NEIGHBOURS:
        break;
    }
    return order;
}

static double chi_square(const uint32_t counts[BINS])
{
    const double expected = (double)DRAWS / BINS;
    double sum = 0;
    for (int bin = 0; bin < BINS; bin++) {
        const double off = (double)counts[bin] - expected;
        sum += off * off / expected;
    }
    return sum;
}

static void fills_every_bin_alike(void **state)
{
    (void)state;
    for (int neighbour = 0; neighbour < NEIGHBOURS; neighbour++) {
        uint32_t high[BINS] = {0};
        uint32_t low[BINS] = {0};
        for (uint32_t n = 0; n < DRAWS; n++) {
            const uint64_t bits = draw((enum neighbour)neighbour, n);
            high[bits >> 56]++;
            low[bits & 0xFF]++;
        }
        const char *name = neighbour_names[neighbour];
        CHECK_ROW(name, chi_square(high) > CHI_SQUARE_255_LOW);
        CHECK_ROW(name, chi_square(high) < CHI_SQUARE_255_HIGH);
        CHECK_ROW(name, chi_square(low) > CHI_SQUARE_255_LOW);
        CHECK_ROW(name, chi_square(low) < CHI_SQUARE_255_HIGH);
    }
}

static void sets_every_bit_half_of_the_time(void **state)
{
    (void)state;
    const double deviation = sqrt(DRAWS) / 2;
    for (int neighbour = 0; neighbour < NEIGHBOURS; neighbour++) {
        uint32_t ones[BITS] = {0};
        for (uint32_t n = 0; n < DRAWS; n++) {
            const uint64_t bits = draw((enum neighbour)neighbour, n);
            for (int bit = 0; bit < BITS; bit++)
                ones[bit] += (uint32_t)(bits >> bit & 1);
        }
        for (int bit = 0; bit < BITS; bit++) {
            CHECK_NEAR(ones[bit], DRAWS / 2, 5 * deviation);
        }
    }
}

/* Correlation of a draw with the next one, as numbers; and of each bit with the same bit. */
static void does_not_let_neighbours_know_each_other(void **state)
{
    (void)state;
    for (int neighbour = 0; neighbour < NEIGHBOURS; neighbour++) {
        double product = 0;
        uint32_t equal[BITS] = {0};
        uint64_t before = draw((enum neighbour)neighbour, 0);
        for (uint32_t n = 1; n <= DRAWS; n++) {
            const uint64_t bits = draw((enum neighbour)neighbour, n);
            product += (random_unit(before) - 0.5) * (random_unit(bits) - 0.5);
            for (int bit = 0; bit < BITS; bit++)
                equal[bit] += (uint32_t)(~(before ^ bits) >> bit & 1);
            before = bits;
        }
        const double correlation = product / DRAWS * 12; /* a uniform variance is 1/12 */
        CHECK_NEAR(correlation, 0, 3.29 / sqrt(DRAWS));
        for (int bit = 0; bit < BITS; bit++) {
            CHECK_NEAR(equal[bit], DRAWS / 2, 5 * sqrt(DRAWS) / 2);
        }
    }
}

/* Pairs of neighbours fill a 16 by 16 board alike: dependence that correlation cannot see. */
static void fills_every_pair_of_bins_alike(void **state)
{
    (void)state;
    for (int neighbour = 0; neighbour < NEIGHBOURS; neighbour++) {
        uint32_t pairs[BINS] = {0};
        for (uint32_t n = 0; n < DRAWS; n++) { /* pairs do not overlap */
            const uint64_t first = draw((enum neighbour)neighbour, 2 * n);
            const uint64_t second = draw((enum neighbour)neighbour, 2 * n + 1);
            pairs[(first >> 60) << 4 | second >> 60]++;
        }
        CHECK_ROW(neighbour_names[neighbour], chi_square(pairs) > CHI_SQUARE_255_LOW);
        CHECK_ROW(neighbour_names[neighbour], chi_square(pairs) < CHI_SQUARE_255_HIGH);
    }
}

static void flips_half_of_all_bits_when_one_bit_of_a_key_flips(void **state)
{
    (void)state;
    enum { TRIALS = 16384 };
    for (int flipped = 0; flipped < BITS; flipped++) {
        uint32_t child_flips[BITS] = {0};
        uint32_t what_flips[BITS] = {0};
        for (uint32_t n = 0; n < TRIALS; n++) {
            const uint64_t one = UINT64_C(1) << flipped;
            const uint64_t child = random_key(seed, n) ^ random_key(seed, n ^ one);
            const uint64_t key = random_key(seed, n);
            const uint64_t what = random_draw(key, n) ^ random_draw(key, n ^ one);
            for (int bit = 0; bit < BITS; bit++) {
                child_flips[bit] += (uint32_t)(child >> bit & 1);
                what_flips[bit] += (uint32_t)(what >> bit & 1);
            }
        }
        for (int bit = 0; bit < BITS; bit++) {
            CHECK_NEAR(child_flips[bit], TRIALS / 2, 5.5 * sqrt(TRIALS) / 2);
            CHECK_NEAR(what_flips[bit], TRIALS / 2, 5.5 * sqrt(TRIALS) / 2);
        }
    }
}

static void packs_what_a_draw_is_for_without_overlap(void **state)
{
    (void)state;
    const uint64_t fields[] = {
        random_what((enum random_purpose)0xFF, 0, 0, 0, 0) ^
            random_what((enum random_purpose)0, 0, 0, 0, 0),
        random_what((enum random_purpose)0, 254, 0, 0, 0),
        random_what((enum random_purpose)0, 0, 0xFF, 0, 0) ^
            random_what((enum random_purpose)0, 0, 0, 0, 0),
        random_what((enum random_purpose)0, 0, 0, 0xFFFF, 0) ^
            random_what((enum random_purpose)0, 0, 0, 0, 0),
        random_what((enum random_purpose)0, 0, 0, 0, 0xFF) ^
            random_what((enum random_purpose)0, 0, 0, 0, 0),
    };
    uint64_t seen = 0;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        assert_int_equal(seen & fields[i], 0);
        seen |= fields[i];
    }
}

static void keeps_the_seed_for_replication_0(void **state)
{
    (void)state;
    assert_true(random_replication(seed, 0) == seed);
    assert_true(random_replication(seed, 1) != seed);
    assert_true(random_replication(seed, 1) != random_replication(seed, 2));
}

/* A change of these would change every run ever made: they are part of the file formats. */
static void draws_what_it_always_drew(void **state)
{
    (void)state;
    assert_true(random_mix(0) == 0);
    assert_true(random_mix(1) == UINT64_C(0x5692161D100B05E5));
    assert_true(random_key(20251123, 7) == UINT64_C(0xA0261E671837F1E3));
    assert_true(random_hash_text("KROGER_API") == UINT64_C(0x3B91EF58657E392A));
}

static void hits_as_often_as_a_rate_says(void **state)
{
    (void)state;
    assert_true(random_rate_q32(0) == 0);
    assert_true(random_rate_q32(-1) == 0);
    assert_true(random_rate_q32(NAN) == 0);
    assert_true(random_rate_q32(0.5) == UINT64_C(1) << 31);
    assert_true(random_rate_q32(1) == UINT64_C(1) << 32);
    assert_true(random_rate_q32(7) == UINT64_C(1) << 32);
    assert_true(random_rate_q32(nextafter(1, 0)) == UINT64_C(1) << 32);
    assert_true(random_chance(UINT64_MAX, random_rate_q32(1)));
    assert_false(random_chance(0, random_rate_q32(0)));

    const double rates[] = {0.001, 0.05, 0.5, 0.95};
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        uint32_t hits = 0;
        for (uint32_t n = 0; n < DRAWS; n++) {
            hits += (uint32_t)random_chance(draw(ORDER, n), random_rate_q32(rates[i]));
        }
        const double deviation = sqrt(DRAWS * rates[i] * (1 - rates[i]));
        CHECK_NEAR(hits, DRAWS * rates[i], 3.29 * deviation);
    }
}

static void stays_within_its_limits(void **state)
{
    (void)state;
    assert_true(random_unit(0) >= 0);
    assert_true(random_unit(UINT64_MAX) < 1);
    assert_int_equal(random_below(UINT64_MAX, 1), 0);
    assert_int_equal(random_below(UINT64_MAX, UINT32_MAX), UINT32_MAX - 1);
    assert_int_equal(random_below(0, 10), 0);
    uint32_t seen = 0;
    for (uint32_t n = 0; n < 1000; n++)
        seen |= 1u << random_below(draw(ORDER, n), 10);
    assert_int_equal(seen, 0x3FF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_every_bin_alike),
        cmocka_unit_test(sets_every_bit_half_of_the_time),
        cmocka_unit_test(does_not_let_neighbours_know_each_other),
        cmocka_unit_test(fills_every_pair_of_bins_alike),
        cmocka_unit_test(flips_half_of_all_bits_when_one_bit_of_a_key_flips),
        cmocka_unit_test(packs_what_a_draw_is_for_without_overlap),
        cmocka_unit_test(keeps_the_seed_for_replication_0),
        cmocka_unit_test(draws_what_it_always_drew),
        cmocka_unit_test(hits_as_often_as_a_rate_says),
        cmocka_unit_test(stays_within_its_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
