/* Two drills' measures, paired by repeat: "never", what applies to one alone, and what is certain.
 *
 * Method: measures.csv written by hand, whose medians and tails are known.
 */
#include "sim/analysis/drill_compare.h"

#include "reports/drill_exports.h"
#include "router/base/memory.h"
#include "router/base/text.h"
#include "tests/support.h"

#define N ((double)NAN)

enum { REPEATS = 8 };

/* A drill that has only what a measure's table takes: TTD, and pages. Below 0: never. */
static void write_drill(char path[static TEST_PATH_MAX], const double *ttd, const double *pages,
                        int invalid)
{
    struct drill_repeat *const each = calloc(REPEATS, sizeof *each);
    struct drill *const drill = memory_zeroed(sizeof *drill);
    assert_non_null(each);
    assert_non_null(drill);
    for (unsigned r = 0; r < REPEATS; r++) {
        for (unsigned m = 0; m < DRILL_MEASURE_COUNT; m++)
            each[r].values[m].state = DRILL_NOT_APPLICABLE;
        if (!isnan(ttd[r]))
            each[r].values[DRILL_TTD] =
                (struct drill_value){ttd[r], ttd[r] < 0 ? DRILL_NEVER : DRILL_KNOWN};
        each[r].values[DRILL_PAGES] = (struct drill_value){pages[r], DRILL_KNOWN};
        each[r].verdict = (int)r == invalid ? VERDICT_INVALID : VERDICT_PASS;
    }
    drill->each = each;
    drill->repeats = REPEATS;
    struct text text = {0};
    drill_write_measures_csv(&text, drill);
    test_write_file(text.bytes, text.length, path);
    text_release(&text);
    free(drill);
    free(each);
}

static void compare(const double ttd[2][REPEATS], const double pages[2][REPEATS], int invalid,
                    struct drill_comparison *comparison)
{
    char paths[2][TEST_PATH_MAX];
    struct drill_measured measured[2];
    struct err err = {0};
    for (unsigned i = 0; i < 2; i++) {
        write_drill(paths[i], ttd[i], pages[i], i == 1 ? invalid : -1);
        if (!drill_measures_read(&measured[i], paths[i], &err)) fail_msg("%s", err.message);
        assert_int_equal(measured[i].repeats, REPEATS);
    }
    assert_true(drill_comparison_make(&measured[0], &measured[1], 0.95, comparison, &err));
    for (unsigned i = 0; i < 2; i++) {
        drill_measures_release(&measured[i]);
        (void)remove(paths[i]);
    }
}

static const double two_pages[2][REPEATS] = {{1, 1, 1, 1, 1, 1, 1, 1}, {2, 2, 2, 2, 2, 2, 2, 2}};

static void takes_never_for_longer_than_anything(void **state)
{
    (void)state;
    static const double ttd[2][REPEATS] = {{-1, -1, -1, -1, -1, -1, 100, -1},
                                           {60, 70, 80, 60, 70, -1, 90, 60}};
    struct drill_comparison comparison;
    compare(ttd, two_pages, -1, &comparison);
    const struct drill_comparison_row *row = &comparison.rows[DRILL_TTD];
    assert_int_equal(row->pairs, 8);
    assert_int_equal(row->a.state, DRILL_NEVER);
    CHECK_NEAR(row->b.value, 70, 0);
    assert_int_equal(row->difference.state, DRILL_NEVER);
    assert_true(row->difference.value < 0); /* it was, and is no longer */
    assert_int_equal(row->sign.below, 7);
    assert_int_equal(row->sign.above, 0);
    assert_int_equal(row->sign.n, 8); /* of two that are never the difference is nothing */
    CHECK_NEAR(row->sign.p, 2.0 / 128, 1e-12);
}

static void pairs_by_repeat_and_tests_by_sign(void **state)
{
    (void)state;
    /* The medians differ by 5, and every pair but one by -10. */
    static const double ttd[2][REPEATS] = {{110, 120, 130, 140, 150, 160, 170, 10},
                                           {100, 110, 120, 130, 140, 150, 160, 500}};
    struct drill_comparison comparison;
    compare(ttd, two_pages, -1, &comparison);
    const struct drill_comparison_row *row = &comparison.rows[DRILL_TTD];
    CHECK_NEAR(row->a.value, 135, 0);
    CHECK_NEAR(row->b.value, 135, 0);
    CHECK_NEAR(row->difference.value, -10, 0);
    CHECK_NEAR(row->sign.low, -10, 0); /* ranks 1 and 7 of 8: 96.1% */
    CHECK_NEAR(row->sign.high, -10, 0);
    CHECK_NEAR(row->sign.p, 2.0 * 9 / 256, 1e-12);
    const struct drill_comparison_row *pages = &comparison.rows[DRILL_PAGES];
    CHECK_NEAR(pages->difference.value, 1, 0);
    CHECK_NEAR(pages->sign.p, 2.0 / 256, 1e-12);
    CHECK_NEAR(pages->p_adjusted, 4.0 / 256, 1e-12); /* of two tests, whatever else there is */
}

static void leaves_out_what_applies_to_one_and_what_was_invalid(void **state)
{
    (void)state;
    static const double ttd[2][REPEATS] = {{10, N, 10, 10, N, 10, 10, 10},
                                           {20, 20, N, 20, N, 20, 20, 20}};
    struct drill_comparison comparison;
    compare(ttd, two_pages, 7, &comparison);
    const struct drill_comparison_row *row = &comparison.rows[DRILL_TTD];
    assert_int_equal(comparison.left_out, 1);
    assert_int_equal(row->pairs, 4);
    assert_int_equal(row->only_a, 1);
    assert_int_equal(row->only_b, 1);
    assert_true(isnan(row->sign.low)); /* of four nothing can be said at 95% */
    assert_int_equal(comparison.rows[DRILL_TTM].pairs, 0);
    assert_int_equal(comparison.rows[DRILL_TTM].a.state, DRILL_NOT_APPLICABLE);
}

static void finds_nothing_between_a_drill_and_itself(void **state)
{
    (void)state;
    static const double ttd[2][REPEATS] = {{10, -1, 30, 40, 50, N, 70, 80},
                                           {10, -1, 30, 40, 50, N, 70, 80}};
    struct drill_comparison comparison;
    static const double pages[2][REPEATS];
    compare(ttd, pages, -1, &comparison);
    for (unsigned m = 0; m < DRILL_MEASURE_COUNT; m++) {
        const struct drill_comparison_row *row = &comparison.rows[m];
        assert_int_equal(row->sign.above + row->sign.below + row->only_a + row->only_b, 0);
        if (row->pairs > 0) CHECK_NEAR(row->difference.value, 0, 0);
        assert_true(isnan(row->p_adjusted));
    }
}

static void refuses_what_is_no_table_of_measures(void **state)
{
    (void)state;
    static const char *const rows[] = {"", "repeat,verdict\r\n0,pass\r\n", "a,b\r\n"};
    char path[TEST_PATH_MAX];
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct drill_measured measured;
        struct err err = {0};
        test_write_file(rows[i], strlen(rows[i]), path);
        CHECK_ROW(rows[i], !drill_measures_read(&measured, path, &err));
        CHECK_ROW(rows[i], err.code == ERR_INPUT);
        (void)remove(path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_never_for_longer_than_anything),
        cmocka_unit_test(pairs_by_repeat_and_tests_by_sign),
        cmocka_unit_test(leaves_out_what_applies_to_one_and_what_was_invalid),
        cmocka_unit_test(finds_nothing_between_a_drill_and_itself),
        cmocka_unit_test(refuses_what_is_no_table_of_measures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
