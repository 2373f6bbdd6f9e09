/* Goal: corrections for many tests. Method: published p's for Benjamini-Hochberg, and the rule
 * itself as the slow version; for max-T the step-down written out rank by rank over random t's,
 * and cases that one can reason about. How many false findings they let through is counted in
 * tests/calibration. */
#include "tests/support.h"

#include "router/base/memory.h"
#include "sim/analysis/stats_many.h"

/* ---- Benjamini-Hochberg ---- */

static void adjusts_as_the_paper_and_r_do(void **state)
{
    (void)state;
    /* The example of Benjamini and Hochberg (1995): four are rejected at 0.05. */
    static const double p[] = {0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
                               0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000};
    enum { COUNT = sizeof p / sizeof *p };
    double adjusted[COUNT];
    stats_benjamini_hochberg(p, COUNT, adjusted);
    uint32_t rejected = 0;
    for (int i = 0; i < COUNT; i++)
        rejected += adjusted[i] <= 0.05;
    assert_int_equal(rejected, 4);
    CHECK_NEAR(adjusted[3], 0.0095 * 15.0 / 4.0, 1e-15);
    CHECK_NEAR(adjusted[4], 0.0201 * 15.0 / 5.0, 1e-15);
    CHECK_NEAR(adjusted[5], 0.0298 * 15.0 / 7.0, 1e-15); /* lowered by the one after it */
    CHECK_NEAR(adjusted[14], 1.0, 0.0);
}

/* Whether the step-up procedure at alpha rejects test i. */
static bool step_up_rejects(const double *p, uint32_t count, uint32_t tests, uint32_t i,
                            double alpha)
{
    double limit = -1.0; /* the largest p that is small enough for its rank */
    for (uint32_t j = 0; j < count; j++) {
        uint32_t rank = 0;
        for (uint32_t k = 0; k < count; k++)
            rank += p[k] <= p[j];
        if (p[j] * (double)tests <= alpha * (double)rank * (1.0 + 1e-12)) limit = fmax(limit, p[j]);
    }
    return p[i] <= limit;
}

static void rejects_what_the_step_up_procedure_rejects(void **state)
{
    (void)state;
    enum { COUNT = 12 };
    static const double alphas[] = {0.01, 0.05, 0.1, 0.3, 0.7};
    for (uint64_t trial = 0; trial < 400; trial++) {
        double p[COUNT], adjusted[COUNT];
        uint32_t tests = 0;
        for (uint32_t i = 0; i < COUNT; i++) {
            const uint64_t bits = test_bits(trial, i);
            /* Rough p's make ties; every ninth is no test. */
            p[i] = bits % 9 == 0 ? (double)NAN : floor(random_unit(bits) * 50.0) / 50.0;
            tests += isnan(p[i]) ? 0u : 1u;
        }
        stats_benjamini_hochberg(p, COUNT, adjusted);
        for (uint32_t i = 0; i < COUNT; i++) {
            assert_int_equal(isnan(adjusted[i]), isnan(p[i]));
            for (size_t a = 0; a < sizeof alphas / sizeof *alphas; a++) {
                if (fabs(adjusted[i] - alphas[a]) < 1e-9) continue;
                assert_int_equal(adjusted[i] <= alphas[a],
                                 step_up_rejects(p, COUNT, tests, i, alphas[a]));
            }
        }
    }
}

/* ---- max-T ---- */

enum { TESTS = 6, REPLICATES = 60 };
static double resampled[REPLICATES * TESTS], observed[TESTS];

static void draw_ts(uint64_t trial)
{
    for (uint32_t i = 0; i < TESTS; i++) {
        const uint64_t bits = test_bits(trial, 1000 + i);
        observed[i] = bits % 11 == 0 ? (double)NAN : floor(9.0 * random_unit(bits) - 4.5) / 2.0;
    }
    for (uint32_t i = 0; i < REPLICATES * TESTS; i++) {
        const uint64_t bits = test_bits(trial + 7777, i);
        resampled[i] = bits % 31 == 0 ? (double)NAN : floor(9.0 * random_unit(bits) - 4.5) / 2.0;
    }
}

static double as_size(double t, bool one_sided)
{
    return one_sided ? t : fabs(t);
}

/* Replicates in which some test that is not more extreme than `test` is as large as it. */
static double p_of_rank(uint32_t test, bool one_sided)
{
    const double own = as_size(observed[test], one_sided);
    uint32_t beyond = 0;
    for (uint32_t r = 0; r < REPLICATES; r++) {
        bool found = false;
        for (uint32_t i = 0; i < TESTS; i++) {
            if (isnan(observed[i]) || as_size(observed[i], one_sided) > own) continue;
            const double t = resampled[r * TESTS + i];
            found |= as_size(isnan(t) ? 0.0 : t, one_sided) >= own;
        }
        beyond += found;
    }
    return ((double)beyond + 1.0) / (REPLICATES + 1.0);
}

static void steps_down_as_written_out(void **state)
{
    (void)state;
    struct err err;
    for (uint64_t trial = 0; trial < 300; trial++) {
        draw_ts(trial);
        const bool one_sided = trial % 2 == 0;
        const struct stats_max_t input = {observed, resampled, TESTS, REPLICATES, 0.95, one_sided};
        double adjusted[TESTS], critical;
        assert_true(stats_max_t(&input, adjusted, &critical, &err));
        for (uint32_t i = 0; i < TESTS; i++) {
            assert_int_equal(isnan(adjusted[i]), isnan(observed[i]));
            if (isnan(observed[i])) continue;
            double expected = 0.0; /* no smaller than that of any more extreme test */
            for (uint32_t j = 0; j < TESTS; j++) {
                if (as_size(observed[j], one_sided) >= as_size(observed[i], one_sided))
                    expected = fmax(expected, p_of_rank(j, one_sided));
            }
            /* Equals are ranked one before the other: the later has fewer to be held against, and
             * is lifted to the earlier one's p. */
            CHECK_NEAR(adjusted[i], expected, 1e-12);
        }
    }
}

static void treats_copies_of_a_test_as_one(void **state)
{
    (void)state;
    struct err err;
    static double copies[REPLICATES * 3];
    for (uint32_t r = 0; r < REPLICATES; r++)
        for (uint32_t i = 0; i < 3; i++)
            copies[r * 3 + i] = (double)r / 10.0; /* 0.0 to 5.9 */
    const double same[] = {4.95, 4.95, 4.95};     /* 10 of 60 are as large */
    const struct stats_max_t input = {same, copies, 3, REPLICATES, 0.95, false};
    double adjusted[3], critical;
    assert_true(stats_max_t(&input, adjusted, &critical, &err));
    for (int i = 0; i < 3; i++)
        CHECK_NEAR(adjusted[i], 11.0 / 61.0, 1e-15);
    CHECK_NEAR(critical, 5.7, 1e-12); /* rank ceil(0.95 * 61) = 58 of 60 */
}

static void knows_no_critical_value_that_replicates_do_not_reach(void **state)
{
    (void)state;
    struct err err;
    draw_ts(3);
    double adjusted[TESTS], critical;
    struct stats_max_t input = {observed, resampled, TESTS, 10, 0.95, false};
    assert_true(stats_max_t(&input, adjusted, &critical, &err));
    assert_true(isnan(critical)); /* 19 replicates are the least for 95% */
    input.replicates = 0;
    assert_true(stats_max_t(&input, adjusted, &critical, &err));
    assert_true(isnan(critical) && isnan(adjusted[0]));
    input.count = 0;
    assert_true(stats_max_t(&input, adjusted, NULL, &err));
}

static void ends_cleanly_without_memory(void **state)
{
    (void)state;
    draw_ts(4);
    const struct stats_max_t input = {observed, resampled, TESTS, REPLICATES, 0.95, false};
    double adjusted[TESTS];
    uint32_t failed = 0;
    for (uint32_t countdown = 1; countdown < 10; countdown++) {
        struct err err = {0};
        memory_fail_after(countdown);
        const bool done = stats_max_t(&input, adjusted, NULL, &err);
        memory_fail_after(0);
        if (done) break;
        assert_int_equal(err.code, ERR_ENVIRONMENT);
        failed++;
    }
    assert_int_equal(failed, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adjusts_as_the_paper_and_r_do),
        cmocka_unit_test(rejects_what_the_step_up_procedure_rejects),
        cmocka_unit_test(steps_down_as_written_out),
        cmocka_unit_test(treats_copies_of_a_test_as_one),
        cmocka_unit_test(knows_no_critical_value_that_replicates_do_not_reach),
        cmocka_unit_test(ends_cleanly_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
