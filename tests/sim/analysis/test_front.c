/* Goal: fronts, volumes, knees and probabilities that are exact. Method: the definition itself, in
 * its slow and obvious form: every pair for a front, counted unit cells and inclusion-exclusion for
 * a volume, one front a replicate for a probability; on small grids, where ties and copies abound,
 * and on reals; rows by hand for the knee. */
#include "tests/support.h"

#include "router/base/memory.h"
#include "sim/analysis/front.h"

enum { MOST = 600 };
static double values[MOST * FRONT_OBJECTIVES_MAX];
static bool found[MOST], expected[MOST];

static double turned(const struct front_points *points, size_t point, uint32_t objective)
{
    const double value = points->values[point * points->objectives + objective];
    return points->most_is_best[objective] ? -value : value;
}

static bool slow_dominates(const struct front_points *points, size_t a, size_t b)
{
    bool better = false;
    for (uint32_t o = 0; o < points->objectives; o++) {
        const double of_a = turned(points, a, o), of_b = turned(points, b, o);
        if (!(of_a <= of_b)) return false;
        better |= of_a < of_b;
    }
    return better;
}

static size_t slow_front(const struct front_points *points, bool *on_front)
{
    size_t count = 0;
    for (size_t i = 0; i < points->count; i++) {
        on_front[i] = true;
        for (uint32_t o = 0; o < points->objectives; o++)
            on_front[i] = on_front[i] && !isnan(turned(points, i, o));
        for (size_t j = 0; j < points->count && on_front[i]; j++)
            on_front[i] = !slow_dominates(points, j, i);
        count += on_front[i];
    }
    return count;
}

static struct front_points make_points(uint64_t seed, size_t count, uint32_t objectives)
{
    struct front_points points = {.values = values, .count = count, .objectives = objectives};
    for (uint32_t o = 0; o < objectives; o++)
        points.most_is_best[o] = test_bits(seed, 1000000 + o) & 1;
    return points;
}

/* ---- the front ---- */

/* Whole numbers from 0 to 2, 4, ... 64; every eighth round has NaNs, infinities and minus zeros. */
static double on_a_grid(uint64_t seed, uint64_t index)
{
    const uint64_t bits = test_bits(seed, index);
    const double odd[4] = {NAN, INFINITY, -INFINITY, -0.0};
    if (seed % 8 == 0 && bits % 16 == 0) return odd[bits >> 4 & 3];
    return (double)((bits >> 8) % (2 + 2 * (seed % 32)));
}

static void agrees_with_every_pair_compared(void **state)
{
    (void)state;
    struct err err;
    size_t fronts = 0, points_seen = 0;
    for (uint64_t seed = 0; seed < 600; seed++) {
        const size_t count = seed < 30 ? seed : 1 + test_bits(seed, 77) % MOST / (1 + seed % 4);
        const uint32_t objectives = 2 + (uint32_t)(seed / 3 % 4);
        const struct front_points points = make_points(seed, count, objectives);
        for (size_t i = 0; i < count * objectives; i++)
            values[i] = on_a_grid(seed, i);
        size_t front_count;
        assert_true(front_find(&points, found, &front_count, &err));
        assert_int_equal(front_count, slow_front(&points, expected));
        if (count > 0) assert_memory_equal(found, expected, count * sizeof *found);
        fronts += front_count;
        points_seen += count;
    }
    assert_true(fronts > points_seen / 50 && fronts < points_seen / 2); /* both kinds abound */
}

/* Real numbers near a sphere: most points are on the front, no two are alike. */
static void agrees_where_nearly_all_are_on_it(void **state)
{
    (void)state;
    struct err err;
    for (uint32_t objectives = 2; objectives <= 5; objectives++) {
        struct front_points points = make_points(5, MOST, objectives);
        for (size_t i = 0; i < MOST; i++) {
            double *const point = &values[i * objectives];
            double length = 0.0;
            for (uint32_t o = 0; o < objectives; o++) {
                point[o] = random_unit(test_bits(objectives, i * 8 + o));
                length += point[o] * point[o];
            }
            const double noise = 1.0 + 1e-3 * random_unit(test_bits(objectives, i * 8 + 7));
            for (uint32_t o = 0; o < objectives; o++) {
                point[o] *= noise / sqrt(length);
                points.most_is_best[o] = true;
            }
        }
        size_t front_count;
        assert_true(front_find(&points, found, &front_count, &err));
        assert_int_equal(front_count, slow_front(&points, expected));
        assert_memory_equal(found, expected, MOST * sizeof *found);
        assert_true(front_count > MOST / 10);
    }
}

static void one_point_is_its_own_front_and_none_has_none(void **state)
{
    (void)state;
    struct err err;
    size_t front_count;
    for (uint32_t objectives = 2; objectives <= 5; objectives++) {
        for (uint32_t o = 0; o < objectives; o++)
            values[o] = INFINITY; /* as bad as can be */
        const struct front_points one = {.values = values, .count = 1, .objectives = objectives};
        assert_true(front_find(&one, found, &front_count, &err));
        assert_int_equal(front_count, 1);
        const struct front_points none = {.values = values, .count = 0, .objectives = objectives};
        assert_true(front_find(&none, found, &front_count, &err));
        assert_int_equal(front_count, 0);
    }
}

/* ---- hypervolume ---- */

enum { SIDE = 6 };

/* Unit cells of SIDE^d that some point dominates; cell c covers c to c + 1, the reference is at
 * SIDE, points at whole numbers. */
static double slow_volume_of_cells(const struct front_points *points)
{
    size_t cells = 1, covered = 0;
    for (uint32_t o = 0; o < points->objectives; o++)
        cells *= SIDE;
    for (size_t cell = 0; cell < cells; cell++) {
        bool inside = false;
        for (size_t i = 0; i < points->count && !inside; i++) {
            size_t rest = cell;
            inside = true;
            for (uint32_t o = 0; o < points->objectives; o++, rest /= SIDE)
                inside = inside && turned(points, i, o) <= (double)(rest % SIDE);
        }
        covered += inside;
    }
    return (double)covered;
}

static void volume_is_the_number_of_cells_covered(void **state)
{
    (void)state;
    struct err err;
    for (uint64_t seed = 0; seed < 240; seed++) {
        const uint32_t objectives = 2 + (uint32_t)(seed % 4);
        const size_t count = seed % 40;
        struct front_points points = make_points(seed, count, objectives);
        double reference[FRONT_OBJECTIVES_MAX];
        size_t passing = 0;
        for (uint32_t o = 0; o < objectives; o++)
            reference[o] = points.most_is_best[o] ? -SIDE : SIDE;
        for (size_t i = 0; i < count; i++) {
            bool passes = true;
            for (uint32_t o = 0; o < objectives; o++) {
                const uint64_t cell = test_bits(seed, i * 8 + o) % (SIDE + 1 + seed % 2);
                passes = passes && cell < SIDE;
                values[i * objectives + o] = points.most_is_best[o] ? -(double)cell : (double)cell;
            }
            passing += passes;
        }
        struct front_volume volume;
        assert_true(front_hypervolume(&points, reference, &volume, &err));
        CHECK_NEAR(volume.volume, slow_volume_of_cells(&points), 0.0);
        assert_int_equal(volume.passing, passing);
    }
}

/* Sum over all subsets, signs alternating, of the box that all of it dominates. */
static double slow_volume_by_subsets(const struct front_points *points, double reference)
{
    double volume = 0.0;
    for (unsigned set = 1; set < 1u << points->count; set++) {
        double box = __builtin_popcount(set) % 2 ? 1.0 : -1.0;
        for (uint32_t o = 0; o < points->objectives; o++) {
            double corner = -HUGE_VAL;
            for (size_t i = 0; i < points->count; i++) {
                if (set >> i & 1) corner = fmax(corner, turned(points, i, o));
            }
            box *= reference - corner;
        }
        volume += box;
    }
    return volume;
}

static void volume_agrees_with_inclusion_and_exclusion(void **state)
{
    (void)state;
    struct err err;
    const double reference[FRONT_OBJECTIVES_MAX] = {1, 1, 1, 1, 1};
    for (uint64_t seed = 0; seed < 40; seed++) {
        const uint32_t objectives = 2 + (uint32_t)(seed % 4);
        const struct front_points points = {
            .values = values, .count = 10, .objectives = objectives};
        for (size_t i = 0; i < points.count * objectives; i++)
            values[i] = random_unit(test_bits(100 + seed, i));
        struct front_volume volume;
        assert_true(front_hypervolume(&points, reference, &volume, &err));
        CHECK_NEAR(volume.volume, slow_volume_by_subsets(&points, 1.0), 1e-12);
        assert_int_equal(volume.passing, 10);
    }
}

static void a_volume_of_nothing_says_that_nobody_passed(void **state)
{
    (void)state;
    struct err err;
    const double three[6] = {5, 1, 2, 2, NAN, 0}; /* at the reference's edge; beyond; unknown */
    const double reference[2] = {5, 1.5};
    const struct front_points points = {.values = three, .count = 3, .objectives = 2};
    struct front_volume volume;
    assert_true(front_hypervolume(&points, reference, &volume, &err));
    CHECK_NEAR(volume.volume, 0.0, 0.0);
    assert_int_equal(volume.passing, 0);
}

/* ---- knee ---- */

static struct front_knee knee_of(const struct front_points *points)
{
    size_t front_count;
    struct err err;
    assert_true(front_find(points, found, &front_count, &err));
    return front_find_knee(points, found);
}

/* Cost and minutes; scaled, the extremes are (0, 1) and (1, 0). (12, 30) scales to (0.2, 0.25): its
 * distance from the chord is (1 - 0.45) / sqrt(2). The last point is dominated. */
static void the_knee_lies_furthest_from_the_chord(void **state)
{
    (void)state;
    const double cost_and_minutes[] = {10, 60, 20, 20, 12, 30, 15, 25, 11, 50, 12, 30, 13, 61};
    const struct front_points points = {.values = cost_and_minutes, .count = 7, .objectives = 2};
    const struct front_knee knee = knee_of(&points);
    assert_true(knee.found);
    assert_int_equal(knee.point, 2); /* of its copies the first */
    CHECK_NEAR(knee.distance, 0.55 / sqrt(2.0), 1e-12);

    double mirrored[14]; /* the same with the first objective to be made large */
    for (unsigned i = 0; i < 14; i++)
        mirrored[i] = i % 2 == 0 ? -1000.0 * cost_and_minutes[i] : cost_and_minutes[i];
    const struct front_points turned_round = {
        .values = mirrored, .count = 7, .objectives = 2, .most_is_best = {true, false}};
    const struct front_knee same = knee_of(&turned_round);
    assert_int_equal(same.point, 2);
    CHECK_NEAR(same.distance, knee.distance, 1e-12);
}

static void a_straight_or_hollow_front_has_no_knee(void **state)
{
    (void)state;
    const double straight[] = {0, 4, 1, 3, 2, 2, 4, 0};
    const double hollow[] = {0, 4, 3, 3, 4, 0};
    const double two[] = {0, 4, 4, 0};
    const struct front_points rows[] = {{.values = straight, .count = 4, .objectives = 2},
                                        {.values = hollow, .count = 3, .objectives = 2},
                                        {.values = two, .count = 2, .objectives = 2},
                                        {.values = two, .count = 1, .objectives = 2},
                                        {.values = two, .count = 0, .objectives = 2}};
    for (unsigned r = 0; r < 5; r++) {
        const struct front_knee knee = knee_of(&rows[r]);
        assert_false(knee.found);
        assert_true(isnan(knee.distance));
    }
}

/* First row: (1, 0, 0) is best in two objectives, so the extremes span no plane, and that of the
 * unit points is taken; (0.1, 0.1, 0.1) lies 0.7 / sqrt(3) before it. */
static void in_three_objectives_it_lies_furthest_from_the_plane(void **state)
{
    (void)state;
    const double units[] = {1, 0, 0, 0, 1, 0, 0, 0, 1, 0.1, 0.1, 0.1, 0.3, 0.05, 0.05};
    const struct front_points points = {.values = units, .count = 5, .objectives = 3};
    struct front_knee knee = knee_of(&points);
    assert_true(knee.found);
    assert_int_equal(knee.point, 3);
    CHECK_NEAR(knee.distance, 0.7 / sqrt(3.0), 1e-12);

    const double tilted[] = {0, 1, 1, 1, 0, 0.9, 1, 0.9, 0, 0.5, 0.2, 0.2};
    const struct front_points tilted_points = {.values = tilted, .count = 4, .objectives = 3};
    /* Extremes (0 1 1), (1 0 .9), (1 .9 0): slopes solve to (b + c = 1, a + .9 c = 1, a + .9 b =
     * 1), b = c = .5, a = .55. Distance (1 - .275 - .1 - .1) / sqrt(.3025 + .5). */
    knee = knee_of(&tilted_points);
    assert_true(knee.found);
    assert_int_equal(knee.point, 3);
    CHECK_NEAR(knee.distance, 0.525 / sqrt(0.8025), 1e-12);
}

/* ---- probability ---- */

enum { CLUSTERS = 9, REPLICATES = 203, CANDIDATES = 150 };
static double sums[CANDIDATES * FRONT_OBJECTIVES_MAX * CLUSTERS];

static struct bootstrap_counts draw(void)
{
    struct bootstrap_counts counts;
    struct err err;
    assert_true(bootstrap_counts_draw(&counts, REPLICATES, CLUSTERS, 17, &err));
    return counts;
}

/* Candidates of a level of their own in each objective, with noise a cluster; whole numbers, and
 * every tenth a copy of the one before. */
static struct front_candidates make_candidates(uint64_t seed, uint32_t objectives, double noise)
{
    struct front_candidates candidates = {
        .sums = sums, .count = CANDIDATES, .objectives = objectives};
    const size_t size = (size_t)objectives * CLUSTERS;
    for (size_t k = 0; k < CANDIDATES; k++) {
        for (size_t i = 0; i < size; i++) {
            const double level = 30.0 * random_unit(test_bits(seed, k * 100 + i / CLUSTERS));
            const double own = random_unit(test_bits(seed + 1, k * 100 + i));
            sums[k * size + i] =
                k % 10 == 9 ? sums[(k - 1) * size + i] : floor(level + noise * own);
        }
    }
    for (uint32_t o = 0; o < objectives; o++)
        candidates.most_is_best[o] = test_bits(seed, 2000000 + o) & 1;
    return candidates;
}

static void slow_hits(const struct front_candidates *candidates,
                      const struct bootstrap_counts *counts, uint32_t *hits)
{
    const uint32_t objectives = candidates->objectives;
    struct front_points points = {
        .values = values, .count = candidates->count, .objectives = objectives};
    memcpy(points.most_is_best, candidates->most_is_best, sizeof points.most_is_best);
    memset(hits, 0, candidates->count * sizeof *hits);
    for (uint32_t r = 0; r < counts->replicates; r++) {
        for (size_t i = 0; i < candidates->count * objectives; i++) {
            values[i] = 0.0;
            for (uint32_t g = 0; g < CLUSTERS; g++)
                values[i] += candidates->sums[i * CLUSTERS + g] * bootstrap_times(counts, r)[g];
        }
        (void)slow_front(&points, expected);
        for (size_t k = 0; k < candidates->count; k++)
            hits[k] += expected[k];
    }
}

static void hits_agree_with_a_front_a_replicate_whatever_the_threads(void **state)
{
    (void)state;
    struct err err;
    struct bootstrap_counts counts = draw();
    size_t pruned = 0, split = 0;
    for (uint64_t seed = 0; seed < 8; seed++) {
        const uint32_t objectives = 2 + (uint32_t)(seed % 4);
        const struct front_candidates candidates =
            make_candidates(300 + 10 * seed, objectives, seed < 4 ? 4.0 : 30.0);
        uint32_t hits[CANDIDATES], again[CANDIDATES], slow[CANDIDATES];
        struct front_certainty certainty;
        assert_true(front_probabilities(&candidates, &counts, 1, hits, &certainty, &err));
        slow_hits(&candidates, &counts, slow);
        assert_memory_equal(hits, slow, sizeof hits);
        assert_int_equal(certainty.replicates, REPLICATES);
        pruned += certainty.pruned;
        for (uint32_t threads = 2; threads <= 5; threads += 3) {
            assert_true(
                front_probabilities(&candidates, &counts, threads, again, &certainty, &err));
            assert_memory_equal(hits, again, sizeof hits);
        }
        for (unsigned k = 0; k < CANDIDATES; k++)
            split += hits[k] > 0 && hits[k] < REPLICATES;
    }
    assert_true(pruned > 100); /* pruning and doubt both had their chance */
    assert_true(split > 100);
    bootstrap_counts_release(&counts);
}

/* The third equals the first in cluster 0 alone and is worse elsewhere: where only cluster 0 is
 * drawn, both are on the front, so it may not be pruned. The fourth is worse everywhere. The fifth
 * has a sum that nobody knows. */
static void only_the_hopeless_are_pruned(void **state)
{
    (void)state;
    const double five[5][2][2] = {
        {{1, 1}, {5, 5}}, {{4, 4}, {2, 2}}, {{1, 2}, {5, 5}}, {{2, 2}, {5, 6}}, {{0, NAN}, {0, 0}}};
    const struct front_candidates candidates = {
        .sums = &five[0][0][0], .count = 5, .objectives = 2};
    struct bootstrap_counts counts;
    struct err err;
    assert_true(bootstrap_counts_draw(&counts, REPLICATES, 2, 3, &err));
    uint32_t hits[5], only_first = 0;
    for (uint32_t r = 0; r < REPLICATES; r++)
        only_first += bootstrap_times(&counts, r)[0] == 2;
    struct front_certainty certainty;
    assert_true(front_probabilities(&candidates, &counts, 1, hits, &certainty, &err));
    const uint32_t expected_hits[5] = {REPLICATES, REPLICATES, only_first, 0, 0};
    assert_memory_equal(hits, expected_hits, sizeof hits);
    assert_in_range(only_first, 20, 80);
    assert_int_equal(certainty.pruned, 1);
    bootstrap_counts_release(&counts);
}

static void every_failing_allocation_ends_cleanly(void **state)
{
    (void)state;
    struct bootstrap_counts counts = draw();
    const struct front_candidates candidates = make_candidates(1, 4, 4.0);
    const struct front_points points = make_points(1, 10, 5);
    const double reference[5] = {9, 9, 9, 9, 9};
    uint32_t hits[CANDIDATES];
    struct front_certainty certainty;
    struct front_volume volume;
    size_t front_count;
    bool done[3] = {false};
    for (uint32_t fails = 1; !done[0] || !done[1] || !done[2]; fails++) {
        struct err err = {.code = ERR_NONE};
        memory_fail_after(fails);
        done[0] = front_find(&points, found, &front_count, &err);
        memory_fail_after(fails);
        done[1] = front_hypervolume(&points, reference, &volume, &err);
        memory_fail_after(fails);
        done[2] = front_probabilities(&candidates, &counts, 2, hits, &certainty, &err);
        assert_true(done[2] || err.code == ERR_ENVIRONMENT);
        assert_in_range(fails, 1, 100);
    }
    memory_fail_after(0);
    bootstrap_counts_release(&counts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_every_pair_compared),
        cmocka_unit_test(agrees_where_nearly_all_are_on_it),
        cmocka_unit_test(one_point_is_its_own_front_and_none_has_none),
        cmocka_unit_test(volume_is_the_number_of_cells_covered),
        cmocka_unit_test(volume_agrees_with_inclusion_and_exclusion),
        cmocka_unit_test(a_volume_of_nothing_says_that_nobody_passed),
        cmocka_unit_test(the_knee_lies_furthest_from_the_chord),
        cmocka_unit_test(a_straight_or_hollow_front_has_no_knee),
        cmocka_unit_test(in_three_objectives_it_lies_furthest_from_the_plane),
        cmocka_unit_test(hits_agree_with_a_front_a_replicate_whatever_the_threads),
        cmocka_unit_test(only_the_hopeless_are_pruned),
        cmocka_unit_test(every_failing_allocation_ends_cleanly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
