/* Latency laws. Goal: a compiled law is its distribution, and GSL's. Method: Kolmogorov-Smirnov on
 * 10^5 draws under fixed seeds against the CDF and against GSL's samplers (99.9% regions), exact
 * quantiles at chosen probabilities, then what is special to regimes and to empirical laws. */
#include "mocks/law.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

#include "mocks/law_shape.h"
#include "router/base/duration.h"
#include "tests/support.h"

enum { DRAWS = 100000 };
#define KOLMOGOROV_999 1.9495 /* sqrt(n) D stays below it in 99.9% of samples */

static struct law_spec of(enum law_kind kind)
{
    struct law_spec spec = law_spec_none();
    spec.kind = kind;
    return spec;
}

struct row {
    const char *label;
    struct law_spec spec;
};

enum { ROWS = 11 };
static void make_rows(struct row rows[ROWS])
{
    rows[0] = (struct row){"uniform", of(LAW_UNIFORM)};
    rows[0].spec.low_us = 20000;
    rows[0].spec.high_us = 900000;
    rows[1] = (struct row){"lognormal", of(LAW_LOGNORMAL)};
    rows[1].spec.median_us = 150000;
    rows[1].spec.sigma = 0.37;
    rows[2] = (struct row){"gamma", of(LAW_GAMMA)};
    rows[2].spec.shape = 2.5;
    rows[2].spec.scale_us = 80000;
    rows[3] = (struct row){"weibull", of(LAW_WEIBULL)};
    rows[3].spec.shape = 0.47;
    rows[3].spec.scale_us = 800000;
    rows[4] = (struct row){"loglogistic", of(LAW_LOGLOGISTIC)};
    rows[4].spec.median_us = 400000;
    rows[4].spec.shape = 4;
    rows[5] = (struct row){"body_tail", of(LAW_BODY_TAIL)};
    rows[5].spec.median_us = 160000;
    rows[5].spec.sigma = 0.27;
    rows[5].spec.tail_weight = 0.009;
    rows[5].spec.tail_factor = 4.1;
    rows[5].spec.tail_sigma = 0.6;
    rows[6] = (struct row){"body_tail, p50 and p95", of(LAW_BODY_TAIL)};
    rows[6].spec.p50_us = 300000;
    rows[6].spec.p95_us = 700000;
    rows[6].spec.tail_weight = 0.03;
    rows[6].spec.tail_factor = 6.3;
    rows[6].spec.tail_sigma = 0.3;
    rows[7] = (struct row){"gamma, bursty", of(LAW_GAMMA)};
    rows[7].spec.shape = 0.23;
    rows[7].spec.scale_us = 4000000;
    rows[8] = (struct row){"gamma, p50 and p95", of(LAW_GAMMA)};
    rows[8].spec.p50_us = 100000;
    rows[8].spec.p95_us = 150000;
    rows[9] = (struct row){"body_tail, hidden tail", of(LAW_BODY_TAIL)};
    rows[9].spec.median_us = 90000;
    rows[9].spec.sigma = 0.4;
    rows[9].spec.tail_weight = 0.0;
    rows[9].spec.tail_factor = 1;
    rows[10] = (struct row){"body_tail, with a gap between", of(LAW_BODY_TAIL)};
    rows[10].spec.median_us = 160000;
    rows[10].spec.sigma = 0.1;
    rows[10].spec.tail_weight = 0.013;
    rows[10].spec.tail_factor = 10;
}

static void compile(const struct law_spec *spec, struct arena *arena, struct law *law)
{
    struct err err = {0};
    if (!law_compile(spec, "", arena, law, &err)) fail_msg("%s", err.message);
}

static int ascending(const void *a, const void *b)
{
    const double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static void draw_sorted(struct law *law, uint64_t seed, double *us)
{
    for (uint32_t i = 0; i < DRAWS; i++)
        us[i] = (double)law_draw(law, test_bits(seed, i), 0);
    qsort(us, DRAWS, sizeof *us, ascending);
}

static void every_law_keeps_to_its_cdf(void **state)
{
    (void)state;
    struct row rows[ROWS];
    make_rows(rows);
    double *const us = malloc(DRAWS * sizeof *us);
    assert_non_null(us);
    for (uint32_t r = 0; r < ROWS; r++) {
        struct arena arena = {0};
        struct law law;
        struct law_shape shape; /* what law_cdf() settles again at every call */
        struct err err;
        compile(&rows[r].spec, &arena, &law);
        assert_true(law_shape_settle(&rows[r].spec, &shape, &err));
        draw_sorted(&law, r, us);
        double apart = 0;
        for (uint32_t i = 0; i < DRAWS;) {
            /* Draws are whole microseconds: equal ones are one step, from its lower edge to its
             * upper. */
            uint32_t next = i;
            while (next < DRAWS && us[next] <= us[i])
                next++;
            const double below = law_shape_cdf(&shape, us[i] - 0.5);
            const double above = law_shape_cdf(&shape, us[i] + 0.5);
            apart = fmax(apart, fabs((double)i / DRAWS - below));
            apart = fmax(apart, fabs((double)next / DRAWS - above));
            i = next;
        }
        CHECK_ROW(rows[r].label, sqrt(DRAWS) * apart < KOLMOGOROV_999);
        arena_release(&arena);
    }
    free(us);
}

static double sample_gsl(const gsl_rng *rng, const struct law_shape *shape)
{
    switch (shape->kind) {
    case LAW_UNIFORM:
        return gsl_ran_flat(rng, shape->low, shape->high);
    case LAW_LOGNORMAL:
        return gsl_ran_lognormal(rng, log(shape->median), shape->sigma);
    case LAW_GAMMA:
        return gsl_ran_gamma(rng, shape->shape, shape->scale);
    case LAW_WEIBULL:
        return gsl_ran_weibull(rng, shape->scale, shape->shape);
    case LAW_LOGLOGISTIC:
        return shape->median * exp(gsl_ran_logistic(rng, 1 / shape->shape));
    case LAW_BODY_TAIL: {
        const bool tail = gsl_rng_uniform(rng) < shape->tail_weight;
        return gsl_ran_lognormal(rng, log(shape->median * (tail ? shape->tail_factor : 1)),
                                 tail ? shape->tail_sigma : shape->sigma);
    }
    case LAW_CONSTANT:
    case LAW_REGIMES:
    case LAW_EMPIRICAL:
    case LAW_KIND_COUNT:
        break;
    }
    fail();
    return 0;
}

static void every_law_agrees_with_gsls_sampler(void **state)
{
    (void)state;
    struct row rows[ROWS];
    make_rows(rows);
    gsl_rng *const rng = gsl_rng_alloc(gsl_rng_mt19937);
    double *const ours = malloc(DRAWS * sizeof *ours), *const theirs = malloc(DRAWS * sizeof *ours);
    assert_non_null(ours);
    assert_non_null(theirs);
    for (uint32_t r = 0; r < ROWS; r++) {
        struct arena arena = {0};
        struct law law;
        struct law_shape shape;
        struct err err;
        compile(&rows[r].spec, &arena, &law);
        assert_true(law_shape_settle(&rows[r].spec, &shape, &err));
        draw_sorted(&law, 100 + r, ours);
        gsl_rng_set(rng, 1 + r);
        for (uint32_t i = 0; i < DRAWS; i++)
            theirs[i] = round(sample_gsl(rng, &shape));
        qsort(theirs, DRAWS, sizeof *theirs, ascending);
        double apart = 0;
        for (uint32_t i = 0, j = 0; i < DRAWS && j < DRAWS;) {
            const double us = fmin(ours[i], theirs[j]);
            while (i < DRAWS && ours[i] <= us)
                i++;
            while (j < DRAWS && theirs[j] <= us)
                j++;
            apart = fmax(apart, fabs((double)i - (double)j) / DRAWS);
        }
        CHECK_ROW(rows[r].label, sqrt(DRAWS / 2.0) * apart < KOLMOGOROV_999);
        arena_release(&arena);
    }
    gsl_rng_free(rng);
    free(ours);
    free(theirs);
}

static void the_table_is_the_exact_quantile_from_one_in_a_million_to_the_other(void **state)
{
    (void)state;
    static const double probabilities[] = {1e-6, 1e-4, 0.003, 0.05,   0.25,   0.5,     0.75,
                                           0.95, 0.99, 0.999, 0.9995, 0.9999, 0.99999, 1 - 1e-6};
    struct row rows[ROWS];
    make_rows(rows);
    for (uint32_t r = 0; r < ROWS; r++) {
        struct arena arena = {0};
        struct law law;
        compile(&rows[r].spec, &arena, &law);
        for (size_t i = 0; i < sizeof probabilities / sizeof *probabilities; i++) {
            const uint64_t bits = (uint64_t)(probabilities[i] * 0x1p64);
            const double exact = law_quantile_us(&rows[r].spec, probabilities[i]);
            const double drawn = (double)law_draw(&law, bits, 0);
            if (fabs(drawn - exact) > 1 + 2e-3 * exact) {
                print_error("at %g: %g instead of %g\n", probabilities[i], drawn, exact);
                CHECK_ROW(rows[r].label, false);
            }
        }
        arena_release(&arena);
    }
}

static void tabulated_quantiles_are_the_solved_ones_to_a_millionth_or_so(void **state)
{
    (void)state;
    static double us[LAW_TABLE_COUNT][LAW_CELLS + 1];
    struct row rows[ROWS];
    make_rows(rows);
    for (uint32_t r = 0; r < ROWS; r++) {
        struct law_shape shape;
        struct err err;
        assert_true(law_shape_settle(&rows[r].spec, &shape, &err));
        law_shape_tabulate(&shape, us);
        for (enum law_table table = 0; table < LAW_TABLE_COUNT; table++) {
            for (uint32_t i = 0; i <= LAW_CELLS; i += 7) {
                const double p = law_table_probability(table, i);
                const double exact = law_shape_quantile(&shape, p);
                CHECK_ROW(rows[r].label, fabs(us[table][i] - exact) <= 2e-6 * exact);
            }
        }
    }
}

static void a_law_is_not_taken_for_the_one_before_that_differs_in_one_number(void **state)
{
    (void)state;
    static double us[LAW_TABLE_COUNT][LAW_CELLS + 1];
    const struct law_shape plain = {.kind = LAW_BODY_TAIL,
                                    .median = 1e5,
                                    .sigma = 0.3,
                                    .tail_weight = 0.01,
                                    .tail_factor = 4,
                                    .tail_sigma = 0.5};
    const struct law_shape gamma = {.kind = LAW_GAMMA, .shape = 2, .scale = 1e5};
    struct law_shape shapes[] = {plain, plain, plain, plain, plain, plain, gamma, gamma, gamma};
    shapes[1].sigma = 0.4;
    shapes[2].tail_weight = 0.02;
    shapes[3].tail_factor = 5;
    shapes[4].tail_sigma = 0.6;
    shapes[5].median = 2e5;
    shapes[7].shape = 3;
    shapes[8].scale = 2e5;
    for (size_t i = 0; i < 2 * sizeof shapes / sizeof *shapes; i++) {
        /* The plain one and a changed one in turn, so that whatever was kept is of the other. */
        const struct law_shape *const shape = &shapes[i % 2 == 0 ? (i / 2 < 6 ? 0 : 6) : i / 2];
        law_shape_tabulate(shape, us);
        const uint32_t cell = LAW_CELLS - 40; /* the upper percent, where everything shows */
        const double exact =
            law_shape_quantile(shape, law_table_probability(LAW_TABLE_WHOLE, cell));
        CHECK_NEAR(us[LAW_TABLE_WHOLE][cell], exact, 2e-6 * exact);
    }
}

static void more_bits_never_mean_a_shorter_latency(void **state)
{
    (void)state;
    struct row rows[ROWS];
    make_rows(rows);
    for (uint32_t r = 0; r < ROWS; r++) {
        struct arena arena = {0};
        struct law law;
        compile(&rows[r].spec, &arena, &law);
        int64_t last = 0;
        for (uint64_t i = 0; i < 200000; i++) {
            /* Every tenth step walks through a tail's fine cells. */
            const uint64_t bits = i < 50000    ? i << 37
                                  : i < 150000 ? (i - 50000) * (UINT64_MAX / 100000)
                                               : UINT64_MAX - ((200000 - i) << 36);
            const int64_t us = law_draw(&law, bits, 0);
            if (i != 0 && i != 50000 && i != 150000) CHECK_ROW(rows[r].label, us >= last);
            last = us;
        }
        arena_release(&arena);
    }
}

static void p50_and_p95_are_met(void **state)
{
    (void)state;
    static const enum law_kind kinds[] = {LAW_LOGNORMAL,   LAW_GAMMA,     LAW_WEIBULL,
                                          LAW_LOGLOGISTIC, LAW_BODY_TAIL, LAW_REGIMES};
    static const int64_t p95_us[] = {260000, 400000, 1500000};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        for (size_t i = 0; i < 3; i++) {
            struct law_spec spec = of(kinds[k]);
            spec.p50_us = 200000;
            spec.p95_us = p95_us[i];
            spec.tail_weight = 0.02;
            spec.tail_factor = 3;
            spec.bad_factor = 4;
            spec.good_for_us = spec.bad_for_us = 1000;
            CHECK_NEAR(law_quantile_us(&spec, 0.5), 200000, 0.01);
            CHECK_NEAR(law_quantile_us(&spec, 0.95), (double)p95_us[i], 0.1);
            CHECK_NEAR(law_cdf(&spec, (double)p95_us[i]), 0.95, 1e-6);
        }
    }
}

static void what_makes_no_distribution_is_refused_with_its_reason(void **state)
{
    (void)state;
    struct {
        const char *message;
        struct law_spec spec;
    } rows[] = {
        {"constant law: needs a value", of(LAW_CONSTANT)},
        {"uniform law: needs a low and a longer high", of(LAW_UNIFORM)},
        {"lognormal law: needs a median, or p50 and p95", of(LAW_LOGNORMAL)},
        {"lognormal law: needs a sigma above 0, or p50 and p95", of(LAW_LOGNORMAL)},
        {"lognormal law: p95 has to be longer than p50", of(LAW_LOGNORMAL)},
        {"gamma law: needs a scale, or p50 and p95", of(LAW_GAMMA)},
        {"weibull law: needs a shape above 0, or p50 and p95", of(LAW_WEIBULL)},
        {"body_tail law: needs a tail weight from 0 to below 1", of(LAW_BODY_TAIL)},
        {"body_tail law: needs a tail factor of at least 1", of(LAW_BODY_TAIL)},
        {"body_tail law: no body has this p95 over p50 with this tail", of(LAW_BODY_TAIL)},
        {"regimes law: needs a bad factor above 0", of(LAW_REGIMES)},
        {"regimes law: needs how long good and bad spells last", of(LAW_REGIMES)},
        {"empirical law: needs a file and a column", of(LAW_EMPIRICAL)},
    };
    rows[3].spec.median_us = 5;
    rows[4].spec.p50_us = rows[4].spec.p95_us = 7;
    rows[6].spec.scale_us = 5;
    rows[8].spec.tail_weight = 0.1;
    rows[9].spec.p50_us = 100; /* a tail of a tenth at 9 medians is longer at p95 by itself */
    rows[9].spec.p95_us = 101;
    rows[9].spec.tail_weight = 0.1;
    rows[9].spec.tail_factor = 9;
    rows[11].spec.bad_factor = 2;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena arena = {0};
        struct law law;
        struct err err = {0};
        rows[i].spec.place = (struct place){"x.json", 3, 4, 1};
        CHECK_ROW(rows[i].message, !law_compile(&rows[i].spec, "", &arena, &law, &err));
        CHECK_ROW_TEXT("message", err.message, rows[i].message);
        CHECK_ROW(rows[i].message, err.code == ERR_INPUT && err.place.line == 3);
        arena_release(&arena);
    }
}

static void out_of_memory_is_an_error_at_every_allocation(void **state)
{
    (void)state;
    struct law_spec spec = of(LAW_LOGNORMAL);
    spec.median_us = 1000;
    spec.sigma = 1;
    bool done = false;
    for (uint32_t nth = 1; !done; nth++) {
        assert_true(nth < 20);
        struct arena arena = {0};
        struct law law;
        struct err err = {0};
        arena_fail_after(nth);
        done = law_compile(&spec, "", &arena, &law, &err);
        arena_fail_after(0);
        if (!done) assert_int_equal(err.code, ERR_ENVIRONMENT);
        arena_release(&arena);
    }
}

static void a_constant_is_constant_and_a_floor_is_added(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct law law;
    struct law_spec spec = of(LAW_CONSTANT);
    spec.value_us = 250000;
    spec.floor_us = 40000;
    compile(&spec, &arena, &law);
    assert_int_equal(law_draw(&law, 0, 0), 290000);
    assert_int_equal(law_draw(&law, UINT64_MAX, 5), 290000);
    arena_release(&arena);
}

/* ---- regimes --------------------------------------------------------------------------------- */

static struct law_spec spells(void)
{
    struct law_spec spec = of(LAW_REGIMES);
    spec.median_us = 100000;
    spec.sigma = 0.1;
    spec.bad_factor = 10;
    spec.good_for_us = 30 * US_PER_SECOND;
    spec.bad_for_us = 10 * US_PER_SECOND;
    return spec;
}

static void bad_spells_take_their_share_of_time(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct law law;
    const struct law_spec spec = spells();
    compile(&spec, &arena, &law);
    law_seed(&law, 42);
    const uint64_t half = UINT64_C(1) << 63;
    uint32_t bad = 0, changes = 0;
    bool before = false;
    const uint32_t seconds = 400000;
    for (uint32_t i = 0; i < seconds; i++) {
        const bool now = law_draw(&law, half, i * US_PER_SECOND) > 500000;
        bad += now;
        changes += i > 0 && now != before;
        before = now;
    }
    /* Alternating renewal: the share's variance is 2 (good bad)^2 / (good + bad)^3 / T. */
    const double sd = sqrt(2.0 * 300 * 300 / (40.0 * 40 * 40) / seconds);
    CHECK_NEAR((double)bad / seconds, 0.25, 3.29 * sd);
    /* Two changes in 40 s, less those that fall between two looks (about 6% of spells). */
    CHECK_NEAR((double)changes, seconds / 20.0, 0.1 * seconds / 20);
    arena_release(&arena);
}

static void a_regime_does_not_depend_on_who_asks_when(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct law often, seldom;
    const struct law_spec spec = spells();
    compile(&spec, &arena, &often);
    compile(&spec, &arena, &seldom);
    law_seed(&often, 7);
    law_seed(&seldom, 7);
    const uint64_t half = UINT64_C(1) << 63;
    int64_t drawn[2000];
    for (uint32_t i = 0; i < 2000; i++)
        drawn[i] = law_draw(&often, half, i * US_PER_SECOND);
    for (uint32_t i = 2000; i-- > 0;) { /* backwards, and at every seventh instant only */
        if (i % 7 != 0) continue;
        assert_int_equal(law_draw(&seldom, half, i * US_PER_SECOND), drawn[i]);
    }
    law_seed(&seldom, 8);
    uint32_t other = 0;
    for (uint32_t i = 0; i < 2000; i++) {
        other += law_draw(&seldom, half, i * US_PER_SECOND) != drawn[i];
    }
    assert_true(other > 200);
    arena_release(&arena);
}

/* ---- empirical ------------------------------------------------------------------------------- */

#define CSV "site,code,ms\na,200,120\nb,200,1.25\na,500,7\na,200,300\n"

static struct law_spec rows_of(const char *path)
{
    struct law_spec spec = of(LAW_EMPIRICAL);
    (void)snprintf(spec.file, sizeof spec.file, "%s", path);
    (void)snprintf(spec.column, sizeof spec.column, "ms");
    return spec;
}

static void empirical_rows_come_in_order_and_then_stop_or_start_again(void **state)
{
    (void)state;
    char path[TEST_PATH_MAX];
    test_write_file(BYTES_OF(CSV), path);
    struct arena arena = {0};
    struct law law;
    struct law_spec spec = rows_of(path);
    compile(&spec, &arena, &law);
    static const int64_t in_order[] = {120000, 1250, 7000, 300000};
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(law_draw(&law, i, 0), in_order[i]);
    assert_false(law.exhausted);
    assert_int_equal(law_draw(&law, 0, 0), 300000);
    assert_true(law.exhausted);
    law_seed(&law, 1); /* a new replication */
    assert_false(law.exhausted);
    assert_int_equal(law_draw(&law, 0, 0), 120000);

    spec.cycle = true;
    compile(&spec, &arena, &law);
    for (uint32_t i = 0; i < 12; i++)
        assert_int_equal(law_draw(&law, i, 0), in_order[i % 4]);
    assert_false(law.exhausted);
    arena_release(&arena);
    (void)unlink(path);
}

static void empirical_rows_can_be_filtered_and_resampled(void **state)
{
    (void)state;
    char path[TEST_PATH_MAX];
    test_write_file(BYTES_OF(CSV), path);
    struct arena arena = {0};
    struct law law;
    struct law_spec spec = rows_of(path);
    (void)snprintf(spec.where_column, sizeof spec.where_column, "code");
    (void)snprintf(spec.where_value, sizeof spec.where_value, "200");
    spec.resample = true;
    compile(&spec, &arena, &law);
    assert_int_equal(law.row_count, 3);
    uint32_t seen[3] = {0};
    for (uint32_t i = 0; i < 30000; i++) {
        const int64_t us = law_draw(&law, test_bits(9, i), 0);
        assert_true(us == 120000 || us == 1250 || us == 300000);
        seen[us == 120000 ? 0 : us == 1250 ? 1 : 2]++;
    }
    for (uint32_t i = 0; i < 3; i++)
        CHECK_NEAR(seen[i], 10000, 3.3 * sqrt(30000 * 2 / 9.0));
    arena_release(&arena);
    (void)unlink(path);
}

static void a_bad_csv_is_named_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *csv, *where, *message;
        uint32_t line;
    } rows[] = {
        {"site,ms\na,12\nb,fast\n", "", "\"fast\" is no latency in milliseconds", 3},
        {"site,ms\na,-1\n", "", "\"-1\" is no latency in milliseconds", 2},
        {"site,ms\na,nan\n", "", "\"nan\" is no latency in milliseconds", 2},
        {"site,ms\na\n", "", "the row has only 1 fields", 2},
        {"site,ms\n", "", "is left to draw from", 0},
        {"site,ms\na,12\n", "b", "is left to draw from", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char path[TEST_PATH_MAX];
        test_write_file(BYTES_OF(rows[i].csv), path);
        struct arena arena = {0};
        struct law law;
        struct err err = {0};
        struct law_spec spec = rows_of(path);
        if (rows[i].where[0] != '\0') {
            (void)snprintf(spec.where_column, sizeof spec.where_column, "site");
            (void)snprintf(spec.where_value, sizeof spec.where_value, "%s", rows[i].where);
        }
        CHECK_ROW(rows[i].csv, !law_compile(&spec, "", &arena, &law, &err));
        CHECK_ROW(err.message, strstr(err.message, rows[i].message) != NULL);
        CHECK_ROW(rows[i].csv, err.code == ERR_INPUT && err.place.line == rows[i].line);
        arena_release(&arena);
        (void)unlink(path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_law_keeps_to_its_cdf),
        cmocka_unit_test(every_law_agrees_with_gsls_sampler),
        cmocka_unit_test(the_table_is_the_exact_quantile_from_one_in_a_million_to_the_other),
        cmocka_unit_test(tabulated_quantiles_are_the_solved_ones_to_a_millionth_or_so),
        cmocka_unit_test(a_law_is_not_taken_for_the_one_before_that_differs_in_one_number),
        cmocka_unit_test(more_bits_never_mean_a_shorter_latency),
        cmocka_unit_test(p50_and_p95_are_met),
        cmocka_unit_test(what_makes_no_distribution_is_refused_with_its_reason),
        cmocka_unit_test(out_of_memory_is_an_error_at_every_allocation),
        cmocka_unit_test(a_constant_is_constant_and_a_floor_is_added),
        cmocka_unit_test(bad_spells_take_their_share_of_time),
        cmocka_unit_test(a_regime_does_not_depend_on_who_asks_when),
        cmocka_unit_test(empirical_rows_come_in_order_and_then_stop_or_start_again),
        cmocka_unit_test(empirical_rows_can_be_filtered_and_resampled),
        cmocka_unit_test(a_bad_csv_is_named_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
