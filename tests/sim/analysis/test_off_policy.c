/* Goal: a log that explored answers for another policy, and one that did not is not made to.
 * Method: rows by hand; the truth of full information, recovered over a thousand runs with three of
 * four quotes hidden. */
#include "tests/support.h"

#include "router/base/memory.h"
#include "sim/analysis/off_policy.h"
#include "tests/sim/analysis/off_policy_truth.h"

/* Three decisions of two actions; weights 1/0.5 = 2, 0, 1/0.25 = 4. */
static const uint32_t taken[3] = {0, 1, 1};
static const double rewards[3] = {10, 50, 20};
static const double logging[6] = {0.5, 0.5, 0.8, 0.2, 0.75, 0.25};
static const double target[6] = {1, 0, 1, 0, 0, 1};
static const double model[6] = {11, 7, 12, 8, 30, 19};

static struct off_policy_log by_hand(void)
{
    return (struct off_policy_log){.count = 3,
                                   .actions = 2,
                                   .taken = taken,
                                   .rewards = rewards,
                                   .logging = logging,
                                   .target = target,
                                   .model = model,
                                   .level = 0.95};
}

static struct off_policy_result evaluate(struct off_policy_log log)
{
    struct off_policy_result result;
    struct err err;
    assert_true(off_policy_evaluate(&log, &result, &err));
    return result;
}

/* IPS (20 + 0 + 80)/3; SNIPS 100/6; DR (11 + 2(-1) + 12 + 0 + 19 + 4(1))/3 = 44/3; effective n
 * 36/20. */
static void estimates_are_what_a_hand_computes(void **state)
{
    (void)state;
    const struct off_policy_result found = evaluate(by_hand());
    assert_int_equal(found.state, OFF_POLICY_IDENTIFIED);
    CHECK_NEAR(found.ips.value, 100.0 / 3.0, 1e-12);
    CHECK_NEAR(found.snips.value, 100.0 / 6.0, 1e-12);
    CHECK_NEAR(found.dr.value, 44.0 / 3.0, 1e-12);
    CHECK_NEAR(found.effective_n, 1.8, 1e-12);
    CHECK_NEAR(found.mean_weight, 2.0, 1e-12);
    CHECK_NEAR(found.largest_weight, 4.0, 0.0);
    assert_int_equal(found.clipped, 0);
    assert_int_equal(found.ips.n, 3);
    /* Mean of 20, 0, 80: sd 41.633, t(2) 4.302653. */
    CHECK_NEAR(found.ips.high - found.ips.value, 4.3026527 * 41.6333200 / sqrt(3.0), 1e-5);
}

static void weights_are_cut_only_on_request(void **state)
{
    (void)state;
    struct off_policy_log log = by_hand();
    log.weight_limit = 3.0;
    const struct off_policy_result found = evaluate(log);
    assert_int_equal(found.clipped, 1);
    CHECK_NEAR(found.ips.value, 80.0 / 3.0, 1e-12);
    CHECK_NEAR(found.snips.value, 80.0 / 5.0, 1e-12);
    CHECK_NEAR(found.dr.value, 43.0 / 3.0, 1e-12);
    CHECK_NEAR(found.effective_n, 25.0 / 13.0, 1e-12);
    CHECK_NEAR(found.largest_weight, 4.0, 0.0); /* what it would have been */
}

static void clusters_are_judged_as_one(void **state)
{
    (void)state;
    const uint32_t clusters[3] = {4, 4, 1}; /* others are empty */
    struct off_policy_log log = by_hand();
    log.clusters = clusters;
    log.cluster_count = 6;
    const struct off_policy_result found = evaluate(log);
    CHECK_NEAR(found.ips.value, 100.0 / 3.0, 1e-12);
    assert_int_equal(found.ips.blocks, 2);
    assert_int_equal(found.ips.n, 3);
    const struct stats_block blocks[2] = {{2, 20, 2}, {1, 80, 1}};
    const struct stats_estimate expected = stats_mean_difference(blocks, 2, 0.95);
    CHECK_NEAR(found.ips.low, expected.low, 1e-9);
}

/* The log never took action 1 in decision 2, whatever it was: the target would. */
static void what_never_had_a_chance_is_not_identified(void **state)
{
    (void)state;
    const uint32_t always[3] = {0, 0, 0};
    const double never[6] = {1, 0, 0.8, 0.2, 1, 0};
    struct off_policy_log log = by_hand();
    log.logging = never;
    log.taken = always;
    const struct off_policy_result found = evaluate(log);
    assert_int_equal(found.state, OFF_POLICY_NOT_IDENTIFIED);
    assert_int_equal(found.unsupported, 1);
    assert_int_equal(found.first_unsupported, 2);
    assert_true(isnan(found.ips.value) && isnan(found.snips.value) && isnan(found.dr.value));
    assert_true(isnan(found.ips.low) && isnan(found.dr.high) && isnan(found.effective_n));
}

static void without_a_model_or_a_log_it_says_so(void **state)
{
    (void)state;
    struct off_policy_log log = by_hand();
    log.model = NULL;
    struct off_policy_result found = evaluate(log);
    CHECK_NEAR(found.snips.value, 100.0 / 6.0, 1e-12);
    assert_true(isnan(found.dr.value));
    assert_int_equal(found.dr.method, STATS_NONE);
    log.count = 0;
    found = evaluate(log);
    assert_int_equal(found.state, OFF_POLICY_NONE);
    assert_true(isnan(found.ips.value));
}

static void refuses_what_is_no_log(void **state)
{
    (void)state;
    const double half[6] = {0.5, 0.5, 0.5, 0.4, 0.5, 0.5};
    const double negative[6] = {0.5, 0.5, 1.1, -0.1, 0.5, 0.5};
    const double zero[6] = {0.5, 0.5, 1, 0, 0.5, 0.5}; /* decision 1 took action 1 */
    const double nowhere[6] = {1, 2, 3, 4, 5, INFINITY};
    const struct {
        const char *label;
        const double *logging, *target, *rewards, *model;
        const char *says;
    } rows[] = {
        {"sum", half, target, rewards, model, "decision 1: the logged probabilities"},
        {"negative", negative, target, rewards, model, "decision 1: the logged probabilities"},
        {"target", logging, half, rewards, model, "decision 1: the target policy's"},
        {"impossible", zero, target, rewards, model, "decision 1: what was taken"},
        {"reward", logging, target, nowhere + 3, model, "decision 2: the reward"},
        {"model", logging, target, rewards, nowhere, "decision 2: the model's value"},
    };
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        struct off_policy_log log = by_hand();
        log.logging = rows[r].logging, log.target = rows[r].target;
        log.rewards = rows[r].rewards, log.model = rows[r].model;
        struct off_policy_result result;
        struct err err = {.code = ERR_NONE};
        CHECK_ROW(rows[r].label, !off_policy_evaluate(&log, &result, &err));
        CHECK_ROW(rows[r].label, err.code == ERR_INPUT);
        CHECK_ROW(rows[r].label, strncmp(err.message, rows[r].says, strlen(rows[r].says)) == 0);
    }
    struct err err;
    struct off_policy_result result;
    const struct off_policy_log log = by_hand();
    memory_fail_after(1);
    assert_false(off_policy_evaluate(&log, &result, &err));
    assert_int_equal(err.code, ERR_ENVIRONMENT);
}

static void exploring_spreads_epsilon_over_all(void **state)
{
    (void)state;
    double row[4];
    off_policy_explore(2, 0.4, 4, row);
    CHECK_NEAR(row[0], 0.1, 1e-15);
    CHECK_NEAR(row[2], 0.7, 1e-15);
    off_policy_explore(0, 0.0, 4, row);
    CHECK_NEAR(row[0], 1.0, 0.0);
    CHECK_NEAR(row[3], 0.0, 0.0);
}

static void check_row(const char *label, const struct off_policy_truth *found,
                      const struct off_policy_truth_row *row)
{
    print_message("%-5s mean %.2f, width %.1f, covered %.1f%%\n", label, row->mean, row->width,
                  100.0 * row->covered / found->runs);
    CHECK_ROW(label, row->covered >= 0.936 * found->runs);
    CHECK_ROW(label, row->covered <= 0.964 * found->runs);
    /* Bias: the mean of 1,000 estimates has an error of width/3.92/sqrt(1000). */
    CHECK_ROW(label, fabs(row->mean - found->truth) < 3.5 * row->width / 3.92 / sqrt(found->runs));
}

static void recovers_the_value_of_full_information_with_three_of_four_quotes_hidden(void **state)
{
    (void)state;
    const struct off_policy_truth found = off_policy_truth_count(0, 1000);
    print_message("truth %.2f, logged mean %.2f\n", found.truth, found.logging);
    check_row("IPS", &found, &found.ips);
    check_row("SNIPS", &found, &found.snips);
    check_row("DR", &found, &found.dr);
    /* A naive reader lies outside the intervals of two of them, and a model helps. */
    assert_true(fabs(found.logging - found.truth) > found.dr.width / 2.0);
    assert_true(found.dr.width < found.ips.width);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(estimates_are_what_a_hand_computes),
        cmocka_unit_test(weights_are_cut_only_on_request),
        cmocka_unit_test(clusters_are_judged_as_one),
        cmocka_unit_test(what_never_had_a_chance_is_not_identified),
        cmocka_unit_test(without_a_model_or_a_log_it_says_so),
        cmocka_unit_test(refuses_what_is_no_log),
        cmocka_unit_test(exploring_spreads_epsilon_over_all),
        cmocka_unit_test(recovers_the_value_of_full_information_with_three_of_four_quotes_hidden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
