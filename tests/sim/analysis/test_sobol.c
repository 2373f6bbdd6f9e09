/* Goal: indices that are those of functions whose indices are known, and a simplex that is filled
 * evenly. Method: Ishigami's function, an additive one and a product, by formula; moments of
 * Dirichlet(1) by formula. */
#include "tests/support.h"

#include <gsl/gsl_qrng.h>

#include "router/base/memory.h"
#include "sim/analysis/sobol.h"

static const double pi = 3.14159265358979323846;

struct function { /* what a callback is told */
    double (*of)(const double *point);
    uint32_t inputs;
    size_t largest, calls, points;
};

static void evaluate(void *context, const double *points, size_t count, double *values)
{
    struct function *function = context;
    function->calls++;
    function->points += count;
    if (count > function->largest) function->largest = count;
    for (size_t i = 0; i < count; i++)
        values[i] = function->of(points + i * function->inputs);
}

static struct sobol_result indices_of(struct function *function, struct sobol_design design)
{
    struct sobol_result result;
    struct err err;
    design.inputs = function->inputs;
    if (design.resamples > 0) design.level = 0.95;
    assert_true(sobol_indices(&design, &result, &err, function, evaluate));
    return result;
}

/* Ishigami and Homma 1990: sin x1 + 7 sin^2 x2 + 0.1 x3^4 sin x1, x in [-pi, pi]. */
static double ishigami(const double *u)
{
    const double x1 = pi * (2.0 * u[0] - 1.0), x2 = pi * (2.0 * u[1] - 1.0);
    const double x3 = pi * (2.0 * u[2] - 1.0);
    return sin(x1) + 7.0 * sin(x2) * sin(x2) + 0.1 * x3 * x3 * x3 * x3 * sin(x1);
}

static void reproduces_the_indices_of_ishigami(void **state)
{
    (void)state;
    const double first[3] = {0.3139, 0.4424, 0.0}, total[3] = {0.5576, 0.4424, 0.2437};
    struct function function = {.of = ishigami, .inputs = 3};
    const struct sobol_result result =
        indices_of(&function, (struct sobol_design){.rows = 4096, .resamples = 200, .seed = 1});
    for (unsigned i = 0; i < 3; i++) {
        CHECK_NEAR(result.first[i].value, first[i], 0.01);
        CHECK_NEAR(result.total[i].value, total[i], 0.01);
        assert_true(result.first[i].low <= first[i] && first[i] <= result.first[i].high);
        assert_true(result.total[i].low <= total[i] && total[i] <= result.total[i].high);
        assert_true(result.first[i].high - result.first[i].low < 0.15);
    }
    CHECK_NEAR(result.mean, 3.5, 0.01);
    /* 1/2 + a^2/8 + b pi^4/5 + b^2 pi^8/18 */
    CHECK_NEAR(result.variance,
               0.5 + 49.0 / 8.0 + 0.1 * pow(pi, 4) / 5.0 + 0.01 * pow(pi, 8) / 18.0, 0.1);
    assert_int_equal(result.evaluations, 4096 * 5);
    assert_int_equal(function.points, result.evaluations);
}

/* Variances of 1, 2, 3, 0 times a uniform: shares 1/14, 4/14, 9/14, 0; nothing interacts. Moved far
 * from 0, where an uncentred estimator would lose its digits. */
static double additive(const double *u)
{
    return 1e6 + u[0] + 2.0 * u[1] + 3.0 * u[2];
}

/* (1 + u)(1 + v): with m = 3/2, s = 1/12: V = 2 m^2 s + s^2, first m^2 s / V, total (m^2 s + s^2) /
 * V. */
static double product(const double *u)
{
    return (1.0 + u[0]) * (1.0 + u[1]);
}

static void reproduces_indices_by_formula(void **state)
{
    (void)state;
    struct function sums = {.of = additive, .inputs = 4};
    struct sobol_result result = indices_of(&sums, (struct sobol_design){.rows = 4096});
    const double shares[4] = {1.0 / 14.0, 4.0 / 14.0, 9.0 / 14.0, 0.0};
    for (unsigned i = 0; i < 4; i++) {
        CHECK_NEAR(result.first[i].value, shares[i], 0.005);
        CHECK_NEAR(result.total[i].value, shares[i], 0.005);
        assert_true(isnan(result.first[i].low)); /* no resamples, no interval */
    }
    struct function products = {.of = product, .inputs = 2};
    result = indices_of(&products, (struct sobol_design){.rows = 4096});
    const double m2s = 2.25 / 12.0, s2 = 1.0 / 144.0, variance = 2.0 * m2s + s2;
    for (unsigned i = 0; i < 2; i++) {
        CHECK_NEAR(result.first[i].value, m2s / variance, 0.003);
        CHECK_NEAR(result.total[i].value, (m2s + s2) / variance, 0.003);
    }
}

static void batches_change_no_bit(void **state)
{
    (void)state;
    const uint32_t batches[] = {0, 1, 7, 100, 1000000};
    struct sobol_result first = {.mean = 0};
    for (unsigned b = 0; b < 5; b++) {
        struct function function = {.of = ishigami, .inputs = 3};
        const struct sobol_result result = indices_of(
            &function,
            (struct sobol_design){.rows = 300, .batch = batches[b], .resamples = 50, .seed = 9});
        if (b == 0) first = result;
        assert_memory_equal(&result, &first, sizeof result);
        const size_t batch = batches[b] == 0 || batches[b] > 1500 ? 1500 : batches[b];
        assert_int_equal(function.largest, batch);
        assert_int_equal(function.calls, (1500 + batch - 1) / batch);
    }
}

static double constant(const double *u)
{
    return u[0] < 2.0 ? 42.0 : 0.0;
}

/* f of A and B is known, but not that of the last point of all, which mixes them. */
static void evaluate_but_the_last(void *context, const double *points, size_t count, double *values)
{
    evaluate(context, points, count, values);
    values[count - 1] = INFINITY;
}

static double not_everywhere(const double *u)
{
    return u[0] > 0.99 ? (double)NAN : u[0];
}

static void what_does_not_vary_or_is_not_known_has_no_indices(void **state)
{
    (void)state;
    double (*const functions[])(const double *) = {constant, not_everywhere};
    for (unsigned f = 0; f < 2; f++) {
        struct function function = {.of = functions[f], .inputs = 2};
        const struct sobol_result result =
            indices_of(&function, (struct sobol_design){.rows = 256, .resamples = 20});
        for (unsigned i = 0; i < 2; i++) {
            assert_true(isnan(result.first[i].value) && isnan(result.first[i].low));
            assert_true(isnan(result.total[i].value) && isnan(result.total[i].high));
        }
    }
    struct function function = {.of = product, .inputs = 2};
    const struct sobol_design design = {.inputs = 2, .rows = 256};
    struct sobol_result result;
    struct err err;
    assert_true(sobol_indices(&design, &result, &err, &function, evaluate_but_the_last));
    for (unsigned i = 0; i < 2; i++)
        assert_true(isnan(result.first[i].value) && isnan(result.total[i].value));
}

static void every_failing_allocation_ends_cleanly(void **state)
{
    (void)state;
    struct function function = {.of = product, .inputs = 2};
    const struct sobol_design design = {.inputs = 2, .rows = 16, .resamples = 5, .level = 0.9};
    struct sobol_result result;
    for (uint32_t fails = 1; fails <= 5; fails++) {
        struct err err = {.code = ERR_NONE};
        memory_fail_after(fails);
        assert_false(sobol_indices(&design, &result, &err, &function, evaluate));
        assert_int_equal(err.code, ERR_ENVIRONMENT);
    }
    memory_fail_after(0);
}

/* Dirichlet(1), k parts: mean 1/k, E x^2 = 2/(k(k+1)), E x y = 1/(k(k+1)), P(x > t) = (1-t)^(k-1).
 */
static void the_simplex_is_filled_evenly(void **state)
{
    (void)state;
    enum { POINTS = 1 << 16, MOST = 6 };
    for (uint32_t k = 2; k <= MOST; k++) {
        gsl_qrng *sequence = gsl_qrng_alloc(gsl_qrng_sobol, k);
        double means[MOST] = {0}, squares[MOST] = {0}, products = 0.0, beyond = 0.0;
        for (unsigned n = 0; n < POINTS; n++) {
            double unit[MOST], weights[MOST], sum = 0.0;
            gsl_qrng_get(sequence, unit);
            sobol_to_simplex(unit, k, weights);
            for (uint32_t i = 0; i < k; i++) {
                assert_true(weights[i] >= 0.0);
                sum += weights[i];
                means[i] += weights[i] / POINTS;
                squares[i] += weights[i] * weights[i] / POINTS;
            }
            CHECK_NEAR(sum, 1.0, 1e-14);
            products += weights[0] * weights[1] / POINTS;
            beyond += (weights[k - 1] > 0.4) / (double)POINTS;
        }
        const double parts = k * (k + 1.0);
        for (uint32_t i = 0; i < k; i++) {
            CHECK_NEAR(means[i], 1.0 / k, 2e-4);
            CHECK_NEAR(squares[i], 2.0 / parts, 3e-4);
        }
        CHECK_NEAR(products, 1.0 / parts, 2e-4);
        CHECK_NEAR(beyond, pow(0.6, k - 1.0), 2e-3);
        gsl_qrng_free(sequence);
    }
}

static void corners_of_the_cube_stay_on_the_simplex(void **state)
{
    (void)state;
    const double zeros[3] = {0, 0, 0}, ones[3] = {1, 1, 1}, one_zero[3] = {1, 0, 1};
    double weights[3];
    sobol_to_simplex(zeros, 3, weights);
    CHECK_NEAR(weights[1], 1.0 / 3.0, 1e-15);
    sobol_to_simplex(ones, 3, weights);
    CHECK_NEAR(weights[2], 1.0 / 3.0, 1e-15);
    sobol_to_simplex(one_zero, 3, weights);
    CHECK_NEAR(weights[0], 0.0, 0.0);
    CHECK_NEAR(weights[1], 1.0, 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reproduces_the_indices_of_ishigami),
        cmocka_unit_test(reproduces_indices_by_formula),
        cmocka_unit_test(batches_change_no_bit),
        cmocka_unit_test(what_does_not_vary_or_is_not_known_has_no_indices),
        cmocka_unit_test(every_failing_allocation_ends_cleanly),
        cmocka_unit_test(the_simplex_is_filled_evenly),
        cmocka_unit_test(corners_of_the_cube_stay_on_the_simplex),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
