/* Goal: always-valid intervals are GrowthBook's, and p and interval agree. Method: the numbers of
 * gbstats' unit tests (lifts, rounded there to 5 decimals), the closed forms written out once more,
 * and the two methods against each other where they are the same. How often they are wrong is
 * counted in tests/calibration. */
#include "tests/support.h"

#include "sim/analysis/stats_sequence.h"

static const struct sequence_rule usual = {.alpha = 0.05, .tuning = SEQUENCE_TUNING};

static struct stats_moments from_sums(double sum, double squares, uint64_t n)
{
    const double count = (double)n;
    return (struct stats_moments){
        .n = n, .mean = sum / count, .variance = (squares - sum * sum / count) / (count - 1.0)};
}

static struct stats_moments from_hits(uint64_t hits, uint64_t n)
{
    const double share = (double)hits / (double)n;
    return (struct stats_moments){.n = n, .mean = share, .variance = share * (1.0 - share)};
}

static void gives_growthbooks_sequences(void **state)
{
    (void)state;
    const struct {
        const char *label;
        struct stats_moments a, b;
        double tuning, value, low, high, error, p;
    } rows[] = {
        {"means, tuned to 1000", from_sums(1396.87, 52377.9767, 3000),
         from_sums(2422.7, 134698.29, 3461), 1000.0, 0.50336, -0.55844, 1.56516, 0.33341, 1.0},
        {"shares, tuned to 5000", from_hits(1396, 3000), from_hits(2422, 3461), 5000.0, 0.50386,
         0.40098, 0.60675, 0.03386, 0.0},
        {"other means, tuned to 1000", from_sums(1400.0, 52000.0, 3000),
         from_sums(2500.0, 135000.0, 3500), 1000.0, 0.53061, -0.53230, 1.59353, 0.33368, 1.0},
        {"other shares", from_hits(1450, 3050), from_hits(2600, 3500), 5000.0, 0.56256, 0.46064,
         0.66448, 0.03354, 0.0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct stats_test lift = stats_test_lift(rows[i].a, rows[i].b, 0.95);
        const struct sequence_look look = sequence_of(
            (struct sequence_estimate){lift.value, lift.error, rows[i].a.n + rows[i].b.n},
            (struct sequence_rule){.alpha = 0.05, .tuning = rows[i].tuning});
        CHECK_ROW(rows[i].label, fabs(lift.error - rows[i].error) < 6e-6);
        CHECK_ROW(rows[i].label, fabs(look.value - rows[i].value) < 6e-6);
        CHECK_ROW(rows[i].label, fabs(look.low - rows[i].low) < 6e-6);
        CHECK_ROW(rows[i].label, fabs(look.high - rows[i].high) < 6e-6);
        CHECK_ROW(rows[i].label, fabs(look.p - rows[i].p) < 6e-6);
    }
}

static void is_the_papers_formula(void **state)
{
    (void)state;
    const double n = 7310.0, error = 0.31, s = error * sqrt(n), rho = sequence_rho(usual);
    CHECK_NEAR(rho * rho, (-2.0 * log(0.05) + log(1.0 - 2.0 * log(0.05))) / 5000.0, 1e-15);
    const double m = n * rho * rho + 1.0;
    const double reach = s * sqrt(2.0 * m * log(sqrt(m) / 0.05) / (n * n * rho * rho));
    const struct sequence_look look =
        sequence_of((struct sequence_estimate){1.0, error, 7310}, usual);
    CHECK_NEAR(look.high - 1.0, reach, 1e-12);
    CHECK_NEAR(1.0 - look.low, reach, 1e-12);
}

static void reaches_alpha_where_its_interval_reaches_zero(void **state)
{
    (void)state;
    for (uint64_t n = SEQUENCE_UNITS_LEAST; n < 10000000; n *= 3) {
        const double error = 2.0 / sqrt((double)n);
        const struct sequence_look none =
            sequence_of((struct sequence_estimate){0.0, error, n}, usual);
        const struct sequence_look edge =
            sequence_of((struct sequence_estimate){none.high, error, n}, usual);
        CHECK_NEAR(none.p, 1.0, 0.0);
        CHECK_NEAR(edge.low, 0.0, 1e-12);
        CHECK_NEAR(edge.p, 0.05, 1e-10);
        const struct sequence_look msprt =
            sequence_msprt((struct sequence_estimate){0.0, error, n}, 0.1, 0.05);
        const struct sequence_look there =
            sequence_msprt((struct sequence_estimate){msprt.high, error, n}, 0.1, 0.05);
        CHECK_NEAR(there.p, 0.05, 1e-10);
    }
}

/* Johari et al., equation of section 5: V = 2 sd^2, n pairs of visitors. */
static void is_joharis_likelihood_ratio(void **state)
{
    (void)state;
    const double sd = 1.7, v = 2.0 * sd * sd, tau = 0.2, n = 900.0, difference = 0.31;
    const double mixed = v + n * tau * tau;
    const double ratio =
        sqrt(v / mixed) * exp(n * n * tau * tau * difference * difference / (2.0 * v * mixed));
    assert_true(ratio > 1.0);
    const struct sequence_look look =
        sequence_msprt((struct sequence_estimate){difference, sqrt(v / n), 1800}, tau, 0.05);
    CHECK_NEAR(look.p, 1.0 / ratio, 1e-14);
    /* The confidence sequence mixes over effects of r times the spread of a unit. */
    const struct sequence_estimate estimate = {difference, 0.1, 400};
    const struct sequence_look same =
        sequence_msprt(estimate, sequence_rho(usual) * 0.1 * sqrt(400.0), usual.alpha);
    const struct sequence_look sequence = sequence_of(estimate, usual);
    CHECK_NEAR(same.low, sequence.low, 1e-14);
    CHECK_NEAR(same.p, sequence.p, 1e-14);
}

static void is_narrowest_near_its_tuning(void **state)
{
    (void)state;
    const struct sequence_estimate estimate = {0.0, 1.0, 6461};
    const double near = sequence_of(estimate, (struct sequence_rule){0.05, 6461.0}).high;
    const double below = sequence_of(estimate, (struct sequence_rule){0.05, 10.0}).high;
    const double above = sequence_of(estimate, (struct sequence_rule){0.05, 10000.0}).high;
    assert_true(near < above);
    assert_true(above < below);
    CHECK_NEAR(near / 1.959964, 1.55, 0.01); /* as the header says */
    const double tenth = sequence_of(estimate, (struct sequence_rule){0.05, 64610.0}).high;
    CHECK_NEAR(tenth / 1.959964, 2.0, 0.05);
}

static void tells_nothing_before_there_is_a_variance(void **state)
{
    (void)state;
    const struct stats_moments one = {.n = 1, .mean = 3.0, .variance = NAN};
    const struct stats_moments constant = {.n = 50, .mean = 3.0, .variance = 0.0};
    const struct stats_moments few = {.n = SEQUENCE_UNITS_LEAST - 1, .mean = 3.0, .variance = 1e-9};
    const struct sequence_look looks[] = {
        sequence_of_means(one, constant, usual),
        sequence_of_means(constant, constant, usual),
        sequence_of_pairs(few, usual),
        sequence_of_shares((struct stats_share){0, 50}, (struct stats_share){50, 50}, usual),
        sequence_of_shares((struct stats_share){0, 0}, (struct stats_share){5, 50}, usual),
    };
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
        assert_int_equal(looks[i].method, SEQUENCE_NONE);
        assert_true(isnan(looks[i].low) && isnan(looks[i].high));
        CHECK_NEAR(looks[i].p, 1.0, 0.0);
    }
}

static void remembers_the_best_of_its_looks(void **state)
{
    (void)state;
    struct sequence_seen seen = sequence_unseen;
    const struct sequence_look looks[] = {
        {.low = NAN, .high = NAN, .p = 1.0, .method = SEQUENCE_NONE},
        {.low = -1.0, .high = 3.0, .p = 0.4, .method = SEQUENCE_CONFIDENCE},
        {.low = 0.5, .high = 4.0, .p = 0.02, .method = SEQUENCE_CONFIDENCE},
        {.low = -0.5, .high = 2.0, .p = 0.1, .method = SEQUENCE_CONFIDENCE}};
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++)
        sequence_follow(&seen, &looks[i]);
    CHECK_NEAR(seen.low, 0.5, 0.0);
    CHECK_NEAR(seen.high, 2.0, 0.0);
    CHECK_NEAR(seen.p, 0.02, 0.0);
    assert_int_equal(seen.looks, 4);
    assert_false(seen.empty);
    const struct sequence_look other = {
        .low = 2.5, .high = 9.0, .p = 0.9, .method = SEQUENCE_CONFIDENCE};
    sequence_follow(&seen, &other);
    assert_true(seen.empty);
}

static void watches_the_shares_of_the_arms(void **state)
{
    (void)state;
    const double shares[] = {0.5, 0.5};
    const struct {
        uint64_t counts[2];
        double low, high;
    } rows[] = {/* as gbstats' tests want it: balance is no evidence, 1 to 9 is */
                {{500, 500}, 1.0, 1.0},
                {{0, 0}, 1.0, 1.0},
                {{100, 900}, 0.0, 1e-6},
                {{500, 600}, 0.05, 1.0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const double p = sequence_srm(rows[i].counts, shares, 2);
        assert_true(p >= rows[i].low && p <= rows[i].high);
    }
    /* One unit at a time: the Bayes factor is a product of predictive over expected shares. */
    const double uneven[] = {3.0, 1.0, 1.0};
    uint64_t counts[3] = {0};
    double factor = 1.0;
    for (uint64_t i = 0; i < 4000; i++) {
        const uint32_t arm = test_bits(5, i) % 10 < 4 ? 0 : 1 + (uint32_t)(test_bits(6, i) & 1);
        const double share = uneven[arm] / 5.0;
        factor *= (SEQUENCE_SRM_CONCENTRATION * share + (double)counts[arm]) /
                  ((SEQUENCE_SRM_CONCENTRATION + (double)i) * share);
        counts[arm]++;
    }
    assert_true(factor > 1.0);
    CHECK_NEAR(sequence_srm(counts, uneven, 3) * factor, 1.0, 1e-8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_growthbooks_sequences),
        cmocka_unit_test(is_the_papers_formula),
        cmocka_unit_test(reaches_alpha_where_its_interval_reaches_zero),
        cmocka_unit_test(is_joharis_likelihood_ratio),
        cmocka_unit_test(is_narrowest_near_its_tuning),
        cmocka_unit_test(tells_nothing_before_there_is_a_variance),
        cmocka_unit_test(remembers_the_best_of_its_looks),
        cmocka_unit_test(watches_the_shares_of_the_arms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
