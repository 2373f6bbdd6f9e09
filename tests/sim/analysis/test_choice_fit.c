/* Goal: the conditional logit finds the published coefficients and the truth of simulated
 * customers, and where no answer exists says which feature is to blame.
 * Method: Greene's table 21.11; a thousand customers of known tastes; derivatives against finite
 * differences; small data whose answer is a fraction; data that separate or say nothing. */
#include "tests/support.h"

#include "router/base/csv.h"
#include "router/base/memory.h"
#include "sim/analysis/choice_state.h"
#include "tests/sim/analysis/choice_truth.h"

static struct choice_fit fit_of(struct choice_data data)
{
    struct choice_fit fit;
    struct err err = {0};
    const bool fitted = choice_fit(&data, &fit, &err);
    CHECK_ROW(err.message, fitted);
    return fit;
}

/* ---- Greene, "Econometric Analysis" (2003), table 21.11 ---- */

enum { TRAVELLERS = 210, MODES = 4, TRAVEL_PARAMETERS = 6 };
enum { AIR, TRAIN, BUS, CAR }; /* car is the base of the constants */

static const char *const travel_names[TRAVEL_PARAMETERS] = {
    "air", "train", "bus", "generalised cost", "terminal time", "income x air"};
static const double travel_beta[TRAVEL_PARAMETERS] = {5.207443,   3.869043,   3.163194,
                                                      -0.0155015, -0.0961248, 0.0132870};
/* Standard errors as independent implementations print them. */
static const double travel_error[TRAVEL_PARAMETERS] = {0.7790551,  0.4431269, 0.4502659,
                                                       0.00440799, 0.0104398, 0.0102624};

static struct choice_observation travellers[TRAVELLERS];
static double travel_features[TRAVELLERS * MODES * TRAVEL_PARAMETERS];

static void take_row(char *const *fields, uint32_t row)
{
    const uint32_t traveller = row / MODES, mode = row % MODES;
    assert_int_equal(atoi(fields[0]), traveller + 1);
    assert_int_equal(atoi(fields[1]), mode + 1);
    if (strcmp(fields[2], "1") == 0) travellers[traveller].chosen = mode;
    double *features = travel_features + row * TRAVEL_PARAMETERS;
    for (uint32_t k = 0; k < 3; k++)
        features[k] = k == mode;
    features[3] = atof(fields[6]);
    features[4] = atof(fields[3]);
    features[5] = mode == AIR ? atof(fields[7]) : 0.0;
}

static struct choice_data travel_data(void)
{
    struct csv csv;
    struct err err;
    assert_true(csv_open(&csv, "tests/sim/analysis/data/travelmode.csv", &err));
    for (uint32_t i = 0; i < TRAVELLERS; i++)
        travellers[i] = (struct choice_observation){
            .first = i * MODES, .rows = MODES, .chosen = CHOICE_OUTSIDE, .cluster = i};
    err.code = ERR_NONE;
    assert_true(csv_next(&csv, &err)); /* names */
    uint32_t row = 0;
    for (; csv_next(&csv, &err); row++) {
        assert_int_equal(csv.count, 9);
        assert_true(row < TRAVELLERS * MODES);
        take_row(csv.fields, row);
    }
    assert_int_equal(err.code, ERR_NONE);
    assert_int_equal(row, TRAVELLERS * MODES);
    csv_release(&csv);
    return (struct choice_data){.observations = travellers,
                                .count = TRAVELLERS,
                                .features = travel_features,
                                .rows = TRAVELLERS * MODES,
                                .parameters = TRAVEL_PARAMETERS,
                                .names = travel_names};
}

static void greenes_travellers_choose_as_published(void **state)
{
    (void)state;
    const struct choice_fit fit = fit_of(travel_data());
    assert_int_equal(fit.state, CHOICE_FITTED);
    assert_int_equal(fit.solver, CHOICE_NEWTON);
    for (uint32_t k = 0; k < TRAVEL_PARAMETERS; k++) {
        print_message("%-17s %.10f, model error %.5f, robust %.5f\n", travel_names[k], fit.beta[k],
                      choice_error(&fit, k, CHOICE_MODEL), choice_error(&fit, k, CHOICE_ROBUST));
        CHECK_NEAR(fit.beta[k], travel_beta[k], 1e-6);
        CHECK_NEAR(choice_error(&fit, k, CHOICE_MODEL) / travel_error[k], 1.0, 1e-5);
    }
    CHECK_NEAR(fit.log_likelihood, -199.128369, 1e-6);
    CHECK_NEAR(fit.log_likelihood_null, 210.0 * log(0.25), 1e-9);
    CHECK_NEAR(fit.mcfadden, 1.0 - 199.128369 / 291.121816, 1e-8);
    assert_int_equal(fit.n, TRAVELLERS);
    assert_int_equal(fit.clusters, TRAVELLERS);
    assert_true(fit.iterations <= 8);
    print_message("%u Newton steps\n", fit.iterations);
}

static void gsls_bfgs_finds_what_newton_finds(void **state)
{
    (void)state;
    const struct choice_data data = travel_data();
    struct choice_search search;
    uint32_t culprit;
    assert_int_equal(choice_search_begin(&search, &data, TRAVELLERS, &culprit), CHOICE_IDENTIFIED);
    assert_int_equal(choice_search_bfgs(&search), CHOICE_END_FOUND);
    for (uint32_t k = 0; k < TRAVEL_PARAMETERS; k++)
        CHECK_NEAR(search.beta[k], travel_beta[k], 1e-5);
    CHECK_NEAR(search.log_likelihood, -199.128369, 1e-6);
}

/* ---- derivatives ---- */

static void derivatives_agree_with_finite_differences(void **state)
{
    (void)state;
    struct choice_observation observations[40];
    double features[40 * CHOICE_TRUTH_SHOWN * CHOICE_TRUTH_PARAMETERS];
    const struct choice_truth_sample sample = {observations, features, 40};
    choice_truth_draw(sample, 7);
    for (unsigned outside = 0; outside < 2; outside++) {
        struct choice_data data = choice_truth_data(sample);
        data.outside = outside == 1;
        for (uint32_t i = 0; i < 40 && !data.outside; i++)
            if (observations[i].chosen == CHOICE_OUTSIDE) observations[i].chosen = 0;
        enum { P = CHOICE_TRUTH_PARAMETERS };
        const double at[P] = {0.4, -0.02, -0.01, 0.7};
        double gradient[P], hessian[P * P];
        (void)choice_log_likelihood(&data, at, gradient, hessian);
        for (uint32_t k = 0; k < P; k++) {
            double up[P], down[P], gradient_up[P], gradient_down[P];
            memcpy(up, at, sizeof at);
            memcpy(down, at, sizeof at);
            const double h = 1e-6;
            up[k] += h, down[k] -= h;
            const double above = choice_log_likelihood(&data, up, gradient_up, NULL);
            const double below = choice_log_likelihood(&data, down, gradient_down, NULL);
            CHECK_NEAR((above - below) / (2 * h), gradient[k], 1e-6 * (1 + fabs(gradient[k])));
            for (uint32_t l = 0; l < P; l++)
                CHECK_NEAR((gradient_up[l] - gradient_down[l]) / (2 * h), hessian[k * P + l],
                           1e-6 * (1 + fabs(hessian[k * P + l])));
        }
        for (uint32_t i = 0; i < 40; i++) /* the draws again, for the next turn */
            choice_truth_draw(sample, 7);
    }
}

/* ---- the truth ---- */

enum { CUSTOMERS = 4000 };
static struct choice_observation customers[CUSTOMERS];
static double customer_features[CUSTOMERS * CHOICE_TRUTH_SHOWN * CHOICE_TRUTH_PARAMETERS];

static struct choice_truth_sample draw_customers(uint64_t experiment)
{
    const struct choice_truth_sample sample = {customers, customer_features, CUSTOMERS};
    choice_truth_draw(sample, experiment);
    return sample;
}

static void known_tastes_are_recovered_within_three_errors(void **state)
{
    (void)state;
    for (uint64_t experiment = 0; experiment < 5; experiment++) {
        const struct choice_fit fit =
            fit_of(choice_truth_data(draw_customers(1000000 + experiment)));
        assert_int_equal(fit.state, CHOICE_FITTED);
        for (uint32_t k = 0; k < CHOICE_TRUTH_PARAMETERS; k++) {
            const double error = choice_error(&fit, k, CHOICE_MODEL);
            CHECK_ROW(choice_truth_names[k], fabs(fit.beta[k] - choice_truth_beta[k]) < 3 * error);
            /* The model is right here, so both errors estimate the same. */
            CHECK_NEAR(choice_error(&fit, k, CHOICE_ROBUST) / error, 1.0, 0.1);
        }
    }
}

static void intervals_of_the_worth_of_a_minute_cover_it(void **state)
{
    (void)state;
    struct choice_truth truth = {0};
    for (uint64_t experiment = 0; experiment < 400; experiment++)
        choice_truth_run(experiment, &truth);
    print_message("of %u: delta %u, robust %u; Fieller %u, robust %u\n", truth.runs,
                  truth.delta_model, truth.delta_robust, truth.fieller_model, truth.fieller_robust);
    assert_int_equal(truth.fitted, truth.runs);
    /* Binomial(400, .95): below 364 and above 393 lie 0.05% each. */
    const uint32_t counts[] = {truth.delta_model, truth.delta_robust, truth.fieller_model,
                               truth.fieller_robust};
    for (unsigned i = 0; i < 4; i++)
        assert_in_range(counts[i], 364, 393);
}

static void order_of_observations_and_of_alternatives_changes_nothing(void **state)
{
    (void)state;
    const struct choice_truth_sample sample = draw_customers(5);
    for (uint32_t i = 0; i < CUSTOMERS; i++)
        customers[i].cluster = i % 97;
    const struct choice_fit before = fit_of(choice_truth_data(sample));
    for (uint32_t i = CUSTOMERS - 1; i > 0; i--) { /* Fisher and Yates */
        const uint32_t j = random_below(test_bits(1, i), i + 1);
        const struct choice_observation swapped = customers[i];
        customers[i] = customers[j];
        customers[j] = swapped;
        customers[i].cluster = 1000 - customers[i].cluster; /* other numbers, the same clusters */
    }
    customers[0].cluster = 1000 - customers[0].cluster;
    for (uint32_t i = 0; i < CUSTOMERS; i += 2) { /* first and last quote change places */
        double *rows = customer_features + customers[i].first * CHOICE_TRUTH_PARAMETERS;
        for (uint32_t k = 0; k < CHOICE_TRUTH_PARAMETERS; k++) {
            const double kept = rows[k];
            rows[k] = rows[2 * CHOICE_TRUTH_PARAMETERS + k];
            rows[2 * CHOICE_TRUTH_PARAMETERS + k] = kept;
        }
        if (customers[i].chosen != CHOICE_OUTSIDE) customers[i].chosen = 2 - customers[i].chosen;
    }
    const struct choice_fit after = fit_of(choice_truth_data(sample));
    assert_int_equal(before.clusters, 97);
    assert_int_equal(after.clusters, 97);
    CHECK_NEAR(after.log_likelihood, before.log_likelihood, 1e-9);
    for (uint32_t k = 0; k < CHOICE_TRUTH_PARAMETERS; k++) {
        CHECK_NEAR(after.beta[k] / before.beta[k], 1.0, 1e-10);
        for (uint32_t l = 0; l < CHOICE_TRUTH_PARAMETERS; l++) {
            CHECK_NEAR(after.model[k][l] / before.model[k][l], 1.0, 1e-8);
            CHECK_NEAR(after.robust[k][l] / before.robust[k][l], 1.0, 1e-8);
        }
    }
}

/* Whoever comes four times and always does the same tells no more than once: scores and Hessian
 * grow by 4, and what lies between them by 16. The model's errors do not know, and halve. */
static void customers_who_come_again_count_once(void **state)
{
    (void)state;
    enum { ONCE = CUSTOMERS / 4, WIDTH = CHOICE_TRUTH_SHOWN * CHOICE_TRUTH_PARAMETERS };
    struct choice_truth_sample sample = {customers, customer_features, ONCE};
    choice_truth_draw(sample, 11);
    const struct choice_fit once = fit_of(choice_truth_data(sample));
    for (uint32_t i = ONCE; i < CUSTOMERS; i++) {
        customers[i] = customers[i % ONCE]; /* the same cluster, and the same rows */
        memcpy(customer_features + (size_t)i * WIDTH,
               customer_features + (size_t)(i % ONCE) * WIDTH, WIDTH * sizeof *customer_features);
    }
    sample.count = CUSTOMERS;
    const struct choice_fit again = fit_of(choice_truth_data(sample));
    assert_int_equal(again.clusters, ONCE);
    for (uint32_t k = 0; k < CHOICE_TRUTH_PARAMETERS; k++) {
        CHECK_NEAR(again.beta[k] / once.beta[k], 1.0, 1e-10);
        CHECK_NEAR(again.robust[k][k] / once.robust[k][k], 1.0, 1e-9);
        CHECK_NEAR(again.model[k][k] * 4.0 / once.model[k][k], 1.0, 1e-9);
    }
}

static void units_of_a_feature_carry_over_to_its_coefficient(void **state)
{
    (void)state;
    const struct choice_truth_sample sample = draw_customers(6);
    const struct choice_fit dollars = fit_of(choice_truth_data(sample));
    for (uint32_t row = 0; row < CUSTOMERS * CHOICE_TRUTH_SHOWN; row++) {
        customer_features[row * CHOICE_TRUTH_PARAMETERS + TRUTH_DOLLARS] *= 1e9;
        customer_features[row * CHOICE_TRUTH_PARAMETERS + TRUTH_MINUTES] *= 1e-9;
    }
    const struct choice_fit scaled = fit_of(choice_truth_data(sample));
    CHECK_NEAR(scaled.log_likelihood, dollars.log_likelihood, 1e-8);
    CHECK_NEAR(scaled.beta[TRUTH_DOLLARS] * 1e9 / dollars.beta[TRUTH_DOLLARS], 1.0, 1e-9);
    CHECK_NEAR(scaled.beta[TRUTH_MINUTES] * 1e-9 / dollars.beta[TRUTH_MINUTES], 1.0, 1e-9);
    CHECK_NEAR(choice_error(&scaled, TRUTH_DOLLARS, CHOICE_ROBUST) * 1e9 /
                   choice_error(&dollars, TRUTH_DOLLARS, CHOICE_ROBUST),
               1.0, 1e-8);
}

/* ---- small data ---- */

enum { SMALL_MOST = 16 };

struct small { /* one alternative of one or two features, and the way out */
    double rows[SMALL_MOST][2];
    int bought[SMALL_MOST];
    uint32_t clusters[SMALL_MOST];
    uint32_t count, parameters;
};

static struct choice_fit fit_small(const struct small *small)
{
    struct choice_observation observations[SMALL_MOST];
    double features[SMALL_MOST * 2];
    for (uint32_t i = 0; i < small->count; i++) {
        observations[i] =
            (struct choice_observation){.first = i,
                                        .rows = 1,
                                        .chosen = small->bought[i] ? 0 : CHOICE_OUTSIDE,
                                        .cluster = small->clusters[i]};
        for (uint32_t k = 0; k < small->parameters; k++)
            features[i * small->parameters + k] = small->rows[i][k];
    }
    static const char *const names[2] = {"first", "second"};
    return fit_of((struct choice_data){.observations = observations,
                                       .count = small->count,
                                       .features = features,
                                       .rows = small->count,
                                       .parameters = small->parameters,
                                       .names = names,
                                       .outside = true});
}

/* 3 of 4 buy: the constant is ln 3, its variance 1/(4 * 3/4 * 1/4) = 4/3. Scores are 1/4, 1/4, 1/4
 * and -3/4: each its own cluster sum to 3/4 in squares, so the sandwich is (4/3)^2 * 3/4 * 4/3;
 * with {1/4, -3/4} in one it is (4/3)^2 * (1/16 + 1/16 + 1/4) * 3/2. */
static void a_constant_alone_is_the_log_odds(void **state)
{
    (void)state;
    struct small small = {.rows = {{1}, {1}, {1}, {1}},
                          .bought = {1, 1, 1, 0},
                          .clusters = {0, 1, 2, 3},
                          .count = 4,
                          .parameters = 1};
    struct choice_fit fit = fit_small(&small);
    CHECK_NEAR(fit.beta[0], log(3.0), 1e-12);
    CHECK_NEAR(fit.model[0][0], 4.0 / 3.0, 1e-12);
    CHECK_NEAR(fit.robust[0][0], 16.0 / 9.0, 1e-12);
    CHECK_NEAR(fit.log_likelihood, 3 * log(0.75) + log(0.25), 1e-12);
    CHECK_NEAR(fit.log_likelihood_null, 4 * log(0.5), 1e-12);
    CHECK_NEAR(choice_critical(&fit, CHOICE_ROBUST, 0.95), 3.1824463, 1e-6); /* t, 3 degrees */
    CHECK_NEAR(choice_critical(&fit, CHOICE_MODEL, 0.95), 1.9599640, 1e-6);
    small.clusters[3] = 2;
    fit = fit_small(&small);
    assert_int_equal(fit.clusters, 3);
    CHECK_NEAR(fit.robust[0][0], 1.0, 1e-12);
    memset(small.clusters, 0, sizeof small.clusters); /* one cluster has no spread to see */
    fit = fit_small(&small);
    assert_int_equal(fit.state, CHOICE_FITTED);
    assert_true(isnan(fit.robust[0][0]));
    assert_true(isnan(choice_critical(&fit, CHOICE_ROBUST, 0.95)));
    CHECK_NEAR(fit.model[0][0], 4.0 / 3.0, 1e-12);
}

struct hopeless {
    const char *label;
    struct small small;
    enum choice_state state;
    uint32_t culprit;
    bool shown;
    const char *reason;
};

static const struct hopeless hopeless[] = {
    {"nobody", {.parameters = 1}, CHOICE_NONE, UINT32_MAX, false, "no observation leaves a choice"},
    {"one purchase",
     {.rows = {{1}}, .bought = {1}, .count = 1, .parameters = 1},
     CHOICE_SEPARATED,
     0,
     true,
     "the data separate: the likelihood rises for ever as first runs to +infinity"},
    {"nobody buys",
     {.rows = {{1}, {1}, {1}}, .bought = {0, 0, 0}, .count = 3, .parameters = 1},
     CHOICE_SEPARATED,
     0,
     true,
     "the data separate: the likelihood rises for ever as first runs to -infinity"},
    {"whoever pays less than 5 buys",
     {.rows = {{1, 2}, {1, 4}, {1, 6}, {1, 8}},
      .bought = {1, 1, 0, 0},
      .count = 4,
      .parameters = 2},
     CHOICE_SEPARATED,
     UINT32_MAX,
     true,
     NULL},
    {"only at a price of 5 both happen", /* quasi-separated */
     {.rows = {{1, 2}, {1, 5}, {1, 5}, {1, 8}},
      .bought = {1, 1, 0, 0},
      .count = 4,
      .parameters = 2},
     CHOICE_SEPARATED,
     UINT32_MAX,
     true,
     NULL},
    {"a shop where nobody bought",
     {.rows = {{1, 0}, {1, 0}, {1, 0}, {1, 0}, {1, 0}, {1, 1}, {1, 1}},
      .bought = {1, 0, 1, 0, 1, 0, 0},
      .count = 7,
      .parameters = 2},
     CHOICE_SEPARATED,
     1,
     true,
     "the data separate: the likelihood rises for ever as second runs to -infinity"},
    {"a feature that is always 0",
     {.rows = {{1, 0}, {1, 0}, {1, 0}}, .bought = {1, 0, 1}, .count = 3, .parameters = 2},
     CHOICE_NOT_IDENTIFIED,
     1,
     false,
     "second is the same for all options of every observation: it tells nothing"},
    {"twice the same feature",
     {.rows = {{1, 3}, {2, 6}, {4, 12}}, .bought = {1, 0, 1}, .count = 3, .parameters = 2},
     CHOICE_NOT_IDENTIFIED,
     UINT32_MAX,
     false,
     NULL},
    {"twice the same feature, but for rounding",
     {.rows = {{0.1, 0.3}, {0.2, 0.6}, {0.7, 2.1}, {1.1, 3.3}},
      .bought = {1, 0, 1, 0},
      .count = 4,
      .parameters = 2},
     CHOICE_NOT_IDENTIFIED,
     UINT32_MAX,
     false,
     NULL},
    {"fewer customers than parameters",
     {.rows = {{1, 3}}, .bought = {1}, .count = 1, .parameters = 2},
     CHOICE_NOT_IDENTIFIED,
     UINT32_MAX,
     false,
     NULL},
};

static void what_has_no_answer_is_said(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof hopeless / sizeof *hopeless; i++) {
        const struct hopeless *row = &hopeless[i];
        const struct choice_fit fit = fit_small(&row->small);
        print_message("%s: %s (%u steps)\n", row->label, fit.reason, fit.iterations);
        CHECK_ROW(row->label, fit.state == row->state);
        CHECK_ROW(row->label, row->culprit == UINT32_MAX || fit.culprit == row->culprit);
        CHECK_ROW(row->label, fit.separation_shown == row->shown);
        if (row->reason != NULL) CHECK_ROW_TEXT(row->label, fit.reason, row->reason);
        CHECK_ROW(row->label, fit.reason[0] != '\0');
        CHECK_ROW(row->label, fit.iterations <= 40); /* it is not tried for ever */
        CHECK_ROW(row->label, isnan(fit.model[0][0]) && isnan(fit.robust[0][0]));
        CHECK_ROW(row->label, isnan(choice_error(&fit, 0, CHOICE_MODEL)));
        if (row->small.parameters < 2) continue;
        const struct choice_ratio ratio = choice_ratio(&fit, 0, 1, CHOICE_MODEL, 0.95);
        CHECK_ROW(row->label, isnan(ratio.value) && ratio.fieller == FIELLER_NONE);
    }
}

static void fifteen_spreads_are_far_enough(void **state)
{
    (void)state;
    const double one = 1.0;
    const struct choice_observation bought = {.rows = 1};
    const struct choice_data data = {.observations = &bought,
                                     .count = 1,
                                     .features = &one,
                                     .rows = 1,
                                     .parameters = 1,
                                     .outside = true};
    struct choice_search search;
    uint32_t culprit;
    assert_int_equal(choice_search_begin(&search, &data, 1, &culprit), CHOICE_IDENTIFIED);
    CHECK_NEAR(search.spread[0], 0.5, 1e-15); /* of 0 and 1, each by half */
    assert_int_equal(choice_search_newton(&search), CHOICE_END_FAR);
    assert_true(search.beta[0] > 30.0 && search.beta[0] < 32.0);
}

static void a_constant_without_a_way_out_tells_nothing(void **state)
{
    (void)state;
    struct choice_data data = travel_data();
    for (uint32_t row = 0; row < TRAVELLERS * MODES; row++)
        travel_features[row * TRAVEL_PARAMETERS + 5] = 1.0;
    struct choice_fit fit = fit_of(data);
    assert_int_equal(fit.state, CHOICE_NOT_IDENTIFIED);
    assert_int_equal(fit.culprit, 5);
    CHECK_NEAR(fit.log_likelihood_null, 210.0 * log(0.25), 1e-9);
    data = travel_data();
    for (uint32_t row = 0; row < TRAVELLERS * MODES; row++) /* a constant for each mode: one more
                                                               than can be told */
        travel_features[row * TRAVEL_PARAMETERS + 5] = row % MODES == CAR;
    fit = fit_of(data);
    assert_int_equal(fit.state, CHOICE_NOT_IDENTIFIED);
    assert_true(fit.culprit != 3 && fit.culprit != 4);
}

/* ---- what is no data ---- */

static void what_is_no_data_is_refused_by_its_place(void **state)
{
    (void)state;
    double features[4] = {1, 2, 3, 4};
    struct choice_observation observations[2] = {{.rows = 1}, {.first = 1, .rows = 1}};
    const struct choice_data data = {.observations = observations,
                                     .count = 2,
                                     .features = features,
                                     .rows = 2,
                                     .parameters = 2,
                                     .outside = true};
    struct choice_fit fit;
    struct err err;
    features[3] = (double)NAN;
    assert_false(choice_fit(&data, &fit, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_non_null(strstr(err.message, "observation 1, alternative 0: parameter 2 is"));
    features[3] = 4;
    observations[1].chosen = 1;
    assert_false(choice_fit(&data, &fit, &err));
    assert_string_equal(err.message, "observation 1: alternative 1 of 1 was chosen");
    observations[1].chosen = 0;
    observations[0].rows = 3;
    assert_false(choice_fit(&data, &fit, &err));
    assert_string_equal(err.message, "observation 0: rows 0 to 3 of 2");
    observations[0] = (struct choice_observation){.rows = 2, .chosen = CHOICE_OUTSIDE};
    struct choice_data closed = data;
    closed.outside = false;
    assert_false(choice_fit(&closed, &fit, &err));
    assert_string_equal(err.message, "observation 0: leaving was chosen and is no option");
}

static void observations_without_a_choice_are_counted_apart(void **state)
{
    (void)state;
    struct choice_data data = travel_data();
    const struct choice_fit all = fit_of(data);
    struct choice_observation more[TRAVELLERS + 2];
    memcpy(more, travellers, sizeof travellers);
    more[TRAVELLERS] = (struct choice_observation){.chosen = CHOICE_OUTSIDE, .cluster = 5000};
    more[TRAVELLERS + 1] = (struct choice_observation){.rows = 1, .cluster = 5001};
    data.observations = more;
    data.count += 2;
    const struct choice_fit fit = fit_of(data);
    assert_int_equal(fit.n, TRAVELLERS);
    assert_int_equal(fit.without, 2);
    assert_int_equal(fit.clusters, TRAVELLERS);
    assert_memory_equal(fit.beta, all.beta, sizeof fit.beta);
    assert_memory_equal(fit.robust, all.robust, TRAVEL_PARAMETERS * sizeof *fit.robust);
}

static void no_memory_is_an_error(void **state)
{
    (void)state;
    const struct choice_data data = travel_data();
    struct choice_fit fit;
    struct err err;
    memory_fail_after(1);
    assert_false(choice_fit(&data, &fit, &err));
    assert_int_equal(err.code, ERR_ENVIRONMENT);
    memory_fail_after(0);
}

/* ---- willingness to pay ---- */

struct ratio_row {
    const char *label;
    struct choice_pair pair; /* critical value 2 */
    double value, error;
    enum choice_fieller kind;
    double low, high;
};

/* Fieller by hand: roots of (b^2 - 4 vb) r^2 + 2 (ab - 4 vab) r + (a^2 - 4 va). */
static const struct ratio_row ratio_rows[] = {
    /* 12 r^2 - 24 r + 8 */
    {"b clearly not 0",
     {-3, 4, .25, 0, 1},
     0.75,
     0.22534695,
     FIELLER_BOUNDED,
     0.42264973,
     1.57735027},
    /* 12 r^2 - 25.6 r + 8 */
    {"a and b go together",
     {-3, 4, .25, .2, 1},
     0.75,
     0.26368779,
     FIELLER_BOUNDED,
     0.38029133,
     1.75304200},
    /* -3 r^2 - 8 r + 12: all but a stretch */
    {"b may be 0, a is not",
     {-4, 1, 1, 0, 1},
     4,
     4.12310563,
     FIELLER_OUTSIDE,
     -3.73703425,
     1.07036758},
    {"neither is told from 0", {-1, 1, 1, 0, 1}, 1, 1.41421356, FIELLER_ANYTHING, NAN, NAN},
    /* b = 2 se exactly: 4 r - 3 <= 0 with a = 1, va = 1; and its mirror */
    {"b on the edge, above", {1, 2, 1, 0, 1}, -0.5, 0.55901699, FIELLER_BELOW, NAN, 0.75},
    {"b on the edge, below", {-1, 2, 1, 0, 1}, 0.5, 0.55901699, FIELLER_ABOVE, -0.75, NAN},
    {"known without error", {-3, 2, 0, 0, 0}, 1.5, 0, FIELLER_BOUNDED, 1.5, 1.5},
    {"b is 0", {-3, 0, 0, 0, 1}, NAN, NAN, FIELLER_OUTSIDE, -1.5, 1.5},
};

static bool alike(double a, double b)
{
    return (isnan(a) && isnan(b)) || fabs(a - b) < 1e-7;
}

static void ratios_are_as_wide_as_they_must_be(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof ratio_rows / sizeof *ratio_rows; i++) {
        const struct ratio_row *row = &ratio_rows[i];
        const struct choice_ratio found = choice_ratio_of(row->pair, 2.0, 0.9545);
        print_message("%s: %g +- %g, Fieller %d %g %g\n", row->label, found.value, found.error,
                      (int)found.fieller, found.fieller_low, found.fieller_high);
        CHECK_ROW(row->label, alike(found.value, row->value));
        CHECK_ROW(row->label, alike(found.error, row->error));
        CHECK_ROW(row->label, alike(found.high - found.value, 2.0 * row->error));
        CHECK_ROW(row->label, found.fieller == row->kind);
        CHECK_ROW(row->label, alike(found.fieller_low, row->low));
        CHECK_ROW(row->label, alike(found.fieller_high, row->high));
    }
}

/* What a Fieller set is: r belongs to it when a + r b lies within two of its own errors of 0. */
static void a_fieller_set_holds_just_the_ratios_that_are_compatible(void **state)
{
    (void)state;
    uint32_t kinds[FIELLER_KINDS] = {0};
    for (uint64_t i = 0; i < 4000; i++) {
        double draws[5];
        for (unsigned d = 0; d < 5; d++)
            draws[d] = 2.0 * random_unit(test_bits(11 + d, i)) - 1.0;
        struct choice_pair pair = {.a = 4 * draws[0], .b = 4 * draws[1]};
        pair.variance_a = 2 * fabs(draws[2]);
        pair.variance_b = 2 * fabs(draws[3]);
        pair.covariance = draws[4] * sqrt(pair.variance_a * pair.variance_b);
        const struct choice_ratio found = choice_ratio_of(pair, 2.0, 0.9545);
        kinds[found.fieller]++;
        assert_true(choice_fieller_holds(&found, found.value));
        for (double r = -20.0; r <= 20.0; r += 0.37) {
            const double sum = pair.a + r * pair.b;
            const double variance =
                pair.variance_a + 2 * r * pair.covariance + r * r * pair.variance_b;
            const double over = sum * sum - 4.0 * variance;
            if (fabs(over) < 1e-9) continue;
            assert_int_equal(choice_fieller_holds(&found, r), over < 0);
        }
    }
    assert_true(kinds[FIELLER_BOUNDED] > 500);
    assert_true(kinds[FIELLER_OUTSIDE] > 500);
    assert_true(kinds[FIELLER_ANYTHING] > 500);
}

static void a_fit_hands_its_own_numbers_to_the_ratio(void **state)
{
    (void)state;
    const struct choice_fit fit = fit_of(choice_truth_data(draw_customers(8)));
    const struct choice_ratio ratio =
        choice_ratio(&fit, TRUTH_MINUTES, TRUTH_DOLLARS, CHOICE_ROBUST, 0.9);
    CHECK_NEAR(ratio.value, -fit.beta[TRUTH_MINUTES] / fit.beta[TRUTH_DOLLARS], 1e-15);
    CHECK_NEAR(ratio.value, -0.24, 0.05);
    CHECK_NEAR((ratio.high - ratio.low) / ratio.error / 2, 1.6452, 1e-3);
    assert_int_equal(ratio.n, CUSTOMERS);
    assert_int_equal(ratio.clusters, CUSTOMERS);
    assert_int_equal(ratio.fieller, FIELLER_BOUNDED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(greenes_travellers_choose_as_published),
        cmocka_unit_test(gsls_bfgs_finds_what_newton_finds),
        cmocka_unit_test(derivatives_agree_with_finite_differences),
        cmocka_unit_test(known_tastes_are_recovered_within_three_errors),
        cmocka_unit_test(intervals_of_the_worth_of_a_minute_cover_it),
        cmocka_unit_test(order_of_observations_and_of_alternatives_changes_nothing),
        cmocka_unit_test(customers_who_come_again_count_once),
        cmocka_unit_test(units_of_a_feature_carry_over_to_its_coefficient),
        cmocka_unit_test(a_constant_alone_is_the_log_odds),
        cmocka_unit_test(what_has_no_answer_is_said),
        cmocka_unit_test(fifteen_spreads_are_far_enough),
        cmocka_unit_test(a_constant_without_a_way_out_tells_nothing),
        cmocka_unit_test(what_is_no_data_is_refused_by_its_place),
        cmocka_unit_test(observations_without_a_choice_are_counted_apart),
        cmocka_unit_test(no_memory_is_an_error),
        cmocka_unit_test(ratios_are_as_wide_as_they_must_be),
        cmocka_unit_test(a_fieller_set_holds_just_the_ratios_that_are_compatible),
        cmocka_unit_test(a_fit_hands_its_own_numbers_to_the_ratio),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
