/* Goal: the cuts are the best ones there are, shifts are found where they are, spikes and tails cut
 * nothing. Method: PELT against every segmentation; series with known shifts; the same series bent
 * by a rising function. How often stable series show a change is counted by calibrate_change.c. */
#include "tests/sim/analysis/latency_fixture.h"

#include "sim/analysis/change_points.h"
#include "sim/analysis/change_state.h"

enum { SEED = 5 };

/* ---- PELT ---- */

struct drawn {
    double sums[200], weights[200], xlogx[1000];
    struct change_costs costs;
};

static void draw_costs(struct drawn *drawn, uint32_t points, bool binomial, uint64_t seed)
{
    drawn->costs =
        (struct change_costs){drawn->sums, drawn->weights, binomial ? drawn->xlogx : NULL, points};
    for (uint32_t i = 1; i < 1000; i++)
        drawn->xlogx[i] = i * log(i);
    drawn->sums[0] = drawn->weights[0] = 0.0;
    for (uint32_t i = 0; i < points; i++) {
        const uint32_t weight = 1 + (uint32_t)(test_bits(seed, 3 * i) % 3);
        const double level = (double)(test_bits(seed, 3 * (i / 15) + 1) % 3);
        double sum = weight * (level + fixture_normal(seed, 3 * i + 2));
        if (binomial) sum = (double)(test_bits(seed, 3 * i + 2) % (weight + 1));
        if (binomial && level > 1.0) sum = weight;
        drawn->weights[i + 1] = drawn->weights[i] + weight;
        drawn->sums[i + 1] = drawn->sums[i] + sum;
    }
}

/* Of the best segmentation, every last segment tried. */
static double least_cost(const struct change_costs *costs, uint32_t least, double penalty)
{
    double best[200];
    best[0] = -penalty;
    for (uint32_t end = 1; end <= costs->points; end++) {
        best[end] = INFINITY;
        for (uint32_t at = 0; at + least <= end; at++)
            best[end] = fmin(best[end], best[at] + change_cost(costs, at, end) + penalty);
    }
    return best[costs->points];
}

static double cost_of_cuts(const struct change_costs *costs, const uint32_t *cuts, uint32_t count,
                           uint32_t least, double penalty)
{
    double sum = count * penalty;
    uint32_t begin = 0;
    for (uint32_t c = 0; c <= count; c++) {
        const uint32_t end = c == count ? costs->points : cuts[c];
        assert_true(end >= begin + least);
        sum += change_cost(costs, begin, end);
        begin = end;
    }
    return sum;
}

static void pruning_loses_no_better_segmentation(void **state)
{
    (void)state;
    static struct drawn drawn;
    struct err err;
    uint32_t most = 0;
    for (uint64_t seed = 0; seed < 300; seed++) {
        const uint32_t points = 20 + (uint32_t)(seed % 100), least = 1 + (uint32_t)(seed % 10);
        const double penalty = 0.5 + (double)(seed % 7);
        uint32_t cuts[200], count;
        draw_costs(&drawn, points, seed % 2 == 1, seed);
        assert_true(change_pelt(&drawn.costs, least, penalty, cuts, &count, &err));
        CHECK_NEAR(cost_of_cuts(&drawn.costs, cuts, count, least, penalty),
                   least_cost(&drawn.costs, least, penalty), 1e-8);
        most = count > most ? count : most;
    }
    assert_true(most >= 5);
}

static void a_gain_is_that_of_the_best_one_or_two_cuts(void **state)
{
    (void)state;
    static struct drawn drawn;
    double room[200];
    for (uint64_t seed = 0; seed < 40; seed++) {
        const uint32_t points = 30 + (uint32_t)(seed % 20), least = 3;
        draw_costs(&drawn, points, seed % 2 == 1, 1000 + seed);
        const struct change_costs *costs = &drawn.costs;
        double best = 0.0;
        for (uint32_t a = least; a + least <= points; a++) {
            const double one = change_cost(costs, 0, a);
            best = fmax(best, change_cost(costs, 0, points) - one - change_cost(costs, a, points));
            for (uint32_t b = a + least; b + least <= points; b++)
                best = fmax(best, 0.5 * (change_cost(costs, 0, points) - one -
                                         change_cost(costs, a, b) - change_cost(costs, b, points)));
        }
        CHECK_NEAR(change_gain(costs, least, room), best, 1e-8);
    }
}

/* ---- latency ---- */

static void multiply(struct latency_series *series, uint32_t from, uint32_t until, double factor)
{
    for (uint32_t i = from; i < until; i++)
        series->samples[i].us = lround(factor * (double)series->samples[i].us);
}

static void a_level_shift_is_found_and_placed(void **state)
{
    (void)state;
    struct err err;
    struct latency_series series = fixture_lognormal(160, 0.3, SEED);
    multiply(&series, 60, 110, 2.5);
    struct change_set set;
    assert_true(change_points_find(&set, &series, 1, &err));
    assert_true(set.known);
    assert_int_equal(set.count, 2);
    static const uint32_t places[] = {60, 110};
    for (uint32_t c = 0; c < 2; c++) {
        const struct change *change = &set.items[c];
        assert_true(change->low <= places[c] && places[c] <= change->high);
        assert_true(change->low <= change->index && change->index <= change->high);
        assert_true(change->high - change->low <= 16);
        assert_int_equal(change->at_us, series.samples[change->index].at_us);
        CHECK_NEAR(change->ratio, change->after / change->before, 0.0);
    }
    CHECK_NEAR(log(set.items[0].ratio), log(2.5), 0.25);
    CHECK_NEAR(log(set.items[1].ratio), -log(2.5), 0.25);
    CHECK_NEAR(set.items[0].after, set.items[1].before, 0.0);
    assert_true(set.items[0].step > 1.0 && set.items[1].step < -1.0);
    assert_true(set.autocorrelation > 3.0 * set.autocorrelation_bound);
    assert_true(fabs(set.autocorrelation_within) < set.autocorrelation_bound * 1.5);
    change_set_release(&set);
    fixture_release(&series);
}

/* Bai: 11.03 variances over the squared step; with a spread of 0.3 and a step of log 1.45 some 7
 * samples either way, of log 4 next to none. */
static void a_small_step_is_placed_less_surely(void **state)
{
    (void)state;
    static const double factors[] = {1.45, 4.0};
    uint32_t widths[2];
    struct err err;
    for (uint32_t i = 0; i < 2; i++) {
        struct latency_series series = fixture_lognormal(200, 0.3, SEED + 9);
        multiply(&series, 100, 200, factors[i]);
        struct change_set set;
        assert_true(change_points_find(&set, &series, 1, &err));
        assert_int_equal(set.count, 1);
        assert_true(set.items[0].low <= 100 && 100 <= set.items[0].high);
        widths[i] = set.items[0].high - set.items[0].low;
        change_set_release(&set);
        fixture_release(&series);
    }
    CHECK_NEAR(widths[0], 2 * 8, 6);
    assert_true(widths[1] >= 2 && widths[1] <= 8);
}

static void changes_do_not_depend_on_how_latency_is_measured(void **state)
{
    (void)state;
    struct err err;
    struct latency_series series = fixture_lognormal(200, 0.5, SEED + 1);
    multiply(&series, 120, 200, 1.9);
    struct change_set plain, bent;
    assert_true(change_points_find(&plain, &series, 1, &err));
    for (uint32_t i = 0; i < series.count; i++)
        series.samples[i].us = lround(1e-3 * pow((double)series.samples[i].us, 1.7)) + 17;
    assert_true(change_points_find(&bent, &series, 1, &err));
    assert_true(plain.count >= 1);
    assert_int_equal(plain.count, bent.count);
    for (uint32_t c = 0; c < plain.count; c++)
        assert_int_equal(plain.items[c].index, bent.items[c].index);
    change_set_release(&plain);
    change_set_release(&bent);
    fixture_release(&series);
}

static void spikes_and_tails_cut_nothing(void **state)
{
    (void)state;
    struct err err;
    struct latency_series series = fixture_lognormal(157, 0.3, SEED + 2);
    series.samples[20].us = INT64_C(90000000);
    for (uint32_t i = 80; i < 83; i++)
        series.samples[i].us = INT64_C(30000000);
    struct change_set set;
    assert_true(change_points_find(&set, &series, 1, &err));
    assert_int_equal(set.count, 0);
    assert_true(set.known);
    change_set_release(&set);
    fixture_release(&series);
}

static void censored_levels_have_no_median(void **state)
{
    (void)state;
    struct err err;
    struct latency_series series = fixture_lognormal(120, 0.3, SEED + 3);
    multiply(&series, 60, 120, 4.0);
    fixture_censor(&series, 900000);
    struct change_set set;
    assert_true(change_points_find(&set, &series, 1, &err));
    assert_int_equal(set.count, 1);
    CHECK_NEAR(set.items[0].index, 60, 2);
    CHECK_NEAR(set.items[0].before, 400000, 60000);
    assert_true(isnan(set.items[0].after) && isnan(set.items[0].ratio));
    change_set_release(&set);
    fixture_release(&series);
}

static void long_series_are_cut_in_blocks_and_placed_by_sample(void **state)
{
    (void)state;
    struct err err;
    struct latency_series series = fixture_lognormal(60000, 0.3, SEED + 4);
    multiply(&series, 41007, 60000, 6.0); /* 41,007 is no block's begin */
    struct change_set set;
    assert_true(change_points_find(&set, &series, 1, &err));
    assert_int_equal(set.block, 15);
    assert_int_equal(set.count, 1);
    assert_true(set.items[0].low <= 41007 && 41007 <= set.items[0].high);
    CHECK_NEAR(set.items[0].index, 41007, 1);
    CHECK_NEAR(set.items[0].ratio, 6.0, 0.1);
    change_set_release(&set);
    fixture_release(&series);
}

static void says_nothing_of_too_little(void **state)
{
    (void)state;
    struct err err;
    struct change_set set;
    for (uint32_t count = 0; count <= 60; count++) {
        struct latency_series series = fixture_series(count); /* all alike */
        for (uint32_t pass = 0; pass < 2; pass++) {
            if (pass == 1) fixture_censor(&series, 900);
            assert_true(change_points_find(&set, &series, 1, &err));
            assert_int_equal(set.known, count >= 2 * CHANGE_SEGMENT_LEAST);
            assert_int_equal(set.rates_known, count >= 2 * CHANGE_SEGMENT_LEAST);
            assert_int_equal(isnan(set.penalty), !set.known);
            assert_int_equal(set.count + set.rate_count, 0);
            assert_true(isnan(set.autocorrelation) && isnan(set.rate_penalty));
            change_set_release(&set);
        }
        fixture_release(&series);
    }
}

static void the_penalty_rises_with_the_length_and_ends(void **state)
{
    (void)state;
    for (uint32_t points = 21; points <= CHANGE_POINTS_MOST; points++)
        assert_true(change_penalty(points) > change_penalty(points - 1));
    CHECK_NEAR(change_penalty(150), 9.12, 1e-9);
    CHECK_NEAR(change_penalty(CHANGE_POINTS_MOST), 12.41, 1e-9);
}

static void neighbours_are_correlated_as_the_textbook_says(void **state)
{
    (void)state;
    struct err err;
    struct latency_series series = fixture_lognormal(50, 0.4, SEED + 5);
    double mean = 0.0, squares = 0.0, products = 0.0, last = 0.0;
    for (uint32_t i = 0; i < 50; i++)
        mean += log((double)series.samples[i].us) / 50.0;
    for (uint32_t i = 0; i < 50; i++) {
        const double here = log((double)series.samples[i].us) - mean;
        squares += here * here;
        if (i > 0) products += here * last;
        last = here;
    }
    struct change_set set;
    assert_true(change_points_find(&set, &series, 1, &err));
    CHECK_NEAR(set.autocorrelation, products / squares, 1e-9);
    CHECK_NEAR(set.autocorrelation_bound, 1.96 / sqrt(50.0), 1e-12);
    change_set_release(&set);
    fixture_release(&series);
}

/* ---- success ---- */

static void fail_some(struct latency_series *series, uint32_t from, uint32_t until, uint32_t every)
{
    for (uint32_t i = from; i < until; i += every)
        series->samples[i].fate = i % 2 == 0 ? LATENCY_FAILED : LATENCY_UNTIMED;
}

static void an_outage_is_a_change_of_success_and_of_nothing_else(void **state)
{
    (void)state;
    struct err err;
    struct latency_series series = fixture_lognormal(200, 0.3, SEED + 6);
    fail_some(&series, 90, 130, 2);
    struct change_set set;
    assert_true(change_points_find(&set, &series, 1, &err));
    assert_int_equal(set.count, 0);
    assert_int_equal(set.rate_count, 2);
    assert_int_equal(set.rates[0].index, 90);
    assert_int_equal(set.rates[0].failed_before, 0);
    assert_int_equal(set.rates[0].failed_after, 20);
    assert_int_equal(set.rates[0].after, 39); /* up to the last that failed */
    assert_int_equal(set.rates[1].index, 129);
    assert_int_equal(set.rates[1].failed_after, 0);
    change_set_release(&set);
    fixture_release(&series);
}

static void failures_spread_evenly_are_no_change(void **state)
{
    (void)state;
    struct err err;
    struct latency_series series = fixture_lognormal(1000, 0.3, SEED + 7);
    struct change_set set;
    for (uint32_t every = 2; every <= 200; every *= 5) {
        fail_some(&series, 0, 1000, every);
        assert_true(change_points_find(&set, &series, 1, &err));
        assert_int_equal(set.rate_block, 2);
        assert_int_equal(set.rate_count, 0);
        assert_true(set.rate_penalty > 0.0);
        change_set_release(&set);
    }
    fixture_release(&series);
}

static void failures_at_random_seldom_look_like_a_change(void **state)
{
    (void)state;
    struct err err;
    uint32_t alarms = 0;
    for (uint64_t seed = 0; seed < 40; seed++) {
        struct latency_series series = fixture_lognormal(120, 0.3, SEED);
        for (uint32_t i = 0; i < 120; i++)
            if (fixture_unit(500 + seed, i) < 0.1) series.samples[i].fate = LATENCY_FAILED;
        struct change_set set;
        assert_true(change_points_find(&set, &series, seed, &err));
        alarms += set.rate_count > 0;
        change_set_release(&set);
        fixture_release(&series);
    }
    assert_true(alarms <= 6); /* of 40 at 5%: more in 1 of 100 */
}

static void the_same_seed_gives_the_same_penalty(void **state)
{
    (void)state;
    struct err err;
    struct latency_series series = fixture_lognormal(300, 0.3, SEED + 8);
    fail_some(&series, 3, 300, 17);
    double penalties[3];
    static const uint64_t seeds[] = {1, 1, 2};
    for (uint32_t i = 0; i < 3; i++) {
        struct change_set set;
        assert_true(change_points_find(&set, &series, seeds[i], &err));
        penalties[i] = set.rate_penalty;
        change_set_release(&set);
    }
    CHECK_NEAR(penalties[0], penalties[1], 0.0);
    CHECK_NEAR(penalties[0], penalties[2], 2.5);
    fixture_release(&series);
}

/* ---- recorded ---- */

static void recorded_sites_show_the_shifts_they_had(void **state)
{
    (void)state;
    static const struct {
        const char *site;
        uint32_t changes;
        double last_ratio; /* 0: none */
    } rows[] = {{"MS Office", 1, 1.59},
                {"Okta", 0, 0.0},
                {"Tutor.com", 0, 0.0},
                {"Zoom", 2, 0.56},
                {"Slack", 2, 1.50}};
    struct err err;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct latency_series series = fixture_site(rows[i].site);
        struct change_set set;
        assert_true(change_points_find(&set, &series, 1, &err));
        CHECK_ROW(rows[i].site, set.count == rows[i].changes);
        if (set.count > 0)
            CHECK_ROW(rows[i].site,
                      fabs(set.items[set.count - 1].ratio - rows[i].last_ratio) < 0.01);
        change_set_release(&set);
        fixture_release(&series);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pruning_loses_no_better_segmentation),
        cmocka_unit_test(a_gain_is_that_of_the_best_one_or_two_cuts),
        cmocka_unit_test(a_level_shift_is_found_and_placed),
        cmocka_unit_test(a_small_step_is_placed_less_surely),
        cmocka_unit_test(changes_do_not_depend_on_how_latency_is_measured),
        cmocka_unit_test(spikes_and_tails_cut_nothing),
        cmocka_unit_test(censored_levels_have_no_median),
        cmocka_unit_test(long_series_are_cut_in_blocks_and_placed_by_sample),
        cmocka_unit_test(says_nothing_of_too_little),
        cmocka_unit_test(the_penalty_rises_with_the_length_and_ends),
        cmocka_unit_test(neighbours_are_correlated_as_the_textbook_says),
        cmocka_unit_test(an_outage_is_a_change_of_success_and_of_nothing_else),
        cmocka_unit_test(failures_spread_evenly_are_no_change),
        cmocka_unit_test(failures_at_random_seldom_look_like_a_change),
        cmocka_unit_test(the_same_seed_gives_the_same_penalty),
        cmocka_unit_test(recorded_sites_show_the_shifts_they_had),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
