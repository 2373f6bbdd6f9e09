/* The fast replay against the slow, obvious one: score_quotes() on every order under every weights.
 */
#include <stdlib.h>

#include "sim/analysis/replay.h"
#include "tests/sim/analysis/decisions_fixture.h"
#include "tests/support.h"

static const enum replay_outcome columns[REPLAY_COLUMNS] = {OUTCOME_PRICE, OUTCOME_ETA,
                                                            OUTCOME_COMMISSION, OUTCOME_SAVINGS};
static const char *const kernels[] = {"plain", "avx2", "avx512"};

static void use_kernel(const char *name)
{
    (void)setenv("ROUTESIM_KERNEL", name, 1);
}

static uint32_t brute_winner(const struct decision_set *set, const struct replay_order *order,
                             const struct decision_view *view, const struct score_weights *weights)
{
    struct decision_inputs inputs;
    decision_inputs_of(set, order->source, view, &inputs);
    assert_int_equal(inputs.count, order->count);
    return decision_select(&inputs, weights, (enum preference)order->preference, NULL);
}

static void make(struct replay_table *table, const struct decision_set *set,
                 const struct decision_view *view, uint32_t blocks)
{
    struct err err;
    const struct replay_table_request request = {.set = set, .view = view, .blocks = blocks};
    assert_true(replay_table_make(table, &request, &err));
}

/* Counts the orders on which the kernel's winner is not the router's. */
static uint64_t differing(const struct decision_set *set, const struct replay_table *table,
                          const struct replay_plane *plane, const struct decision_view *view,
                          const struct score_weights *weights, uint8_t *winners)
{
    uint64_t count = 0;
    replay_plane_winners(plane, weights, winners);
    for (uint32_t i = 0; i < table->count; i++)
        count += winners[i] != brute_winner(set, &table->orders[i], view, weights);
    return count;
}

static void check_kernels(const struct decision_set *set, const struct decision_view *view,
                          uint32_t weights_count)
{
    struct replay_table table;
    struct err err;
    make(&table, set, view, 7);
    uint8_t *winners = test_malloc(table.count + 1u);
    for (size_t k = 0; k < sizeof kernels / sizeof *kernels; k++) {
        use_kernel(kernels[k]);
        struct replay_plane *plane = replay_plane_make(&table, columns, &err);
        for (uint32_t w = 0; w < weights_count; w++) {
            const struct score_weights weights = decisions_fixture_weights(99, w);
            assert_int_equal(differing(set, &table, plane, view, &weights, winners), 0);
        }
        replay_plane_release(plane);
    }
    test_free(winners);
    replay_table_release(&table);
}

static void every_kernel_selects_what_the_router_selects(void **state)
{
    struct decision_set set;
    (void)state;
    decisions_fixture(&set, 3000, 1, false);
    check_kernels(&set, NULL, 60);
    decisions_release(&set);
}

static void equal_scores_go_to_the_router_s_first_candidate(void **state)
{
    struct decision_set set;
    (void)state;
    decisions_fixture(&set, 2000, 2, true);
    check_kernels(&set, NULL, 60);
    decisions_release(&set);
}

static void fewer_providers_and_shorter_timeouts_are_scored_anew(void **state)
{
    struct decision_set set;
    const struct decision_view view = {.without = 1u << PROVIDER_WALMART_API,
                                       .timeout_us = {[PROVIDER_KROGER_API] = 4000000}};
    (void)state;
    decisions_fixture(&set, 2000, 3, false);
    check_kernels(&set, &view, 30);
    decisions_release(&set);
}

/* Sums of one weights by the slow path. */
static void brute_sums(const struct replay_table *table, const struct score_weights *weights,
                       struct replay_sums *sums)
{
    for (uint32_t c = 0; c < table->cluster_count; c++)
        sums[c] = (struct replay_sums){0};
    for (uint32_t i = 0; i < table->count; i++) {
        const struct replay_order *order = &table->orders[i];
        const uint32_t won = brute_winner(table->set, order, NULL, weights);
        struct replay_sums *of = &sums[order->cluster];
        of->orders++;
        of->won[order->quotes[won].provider]++;
        for (unsigned k = 0; k < REPLAY_COLUMNS; k++)
            of->columns[k] += table->fates[i].of[won][columns[k]];
    }
}

static void assert_same_sums(const struct replay_sums *a, const struct replay_sums *b)
{
    assert_int_equal(a->orders, b->orders);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        assert_int_equal(a->won[p], b->won[p]);
    for (unsigned k = 0; k < REPLAY_COLUMNS; k++)
        assert_int_equal(a->columns[k], b->columns[k]);
}

static void sums_are_those_of_the_winners_for_any_kernel_and_any_threads(void **state)
{
    enum { WEIGHTS = 70, CLUSTERS = 9 };
    static struct replay_sums sums[WEIGHTS * CLUSTERS], slow[CLUSTERS];
    struct score_weights weights[WEIGHTS];
    struct decision_set set;
    struct replay_table table;
    struct err err;
    (void)state;
    decisions_fixture(&set, 5000, 4, false);
    make(&table, &set, NULL, CLUSTERS);
    assert_int_equal(table.cluster_count, CLUSTERS);
    for (uint32_t w = 0; w < WEIGHTS; w++)
        weights[w] = decisions_fixture_weights(5, w);
    for (size_t k = 0; k < sizeof kernels / sizeof *kernels; k++) {
        use_kernel(kernels[k]);
        struct replay_plane *plane = replay_plane_make(&table, columns, &err);
        for (uint32_t jobs = 1; jobs <= 3; jobs += 2) {
            replay_run(plane, weights, WEIGHTS, jobs, sums);
            for (uint32_t w = 0; w < WEIGHTS; w++) {
                brute_sums(&table, &weights[w], slow);
                for (uint32_t c = 0; c < CLUSTERS; c++)
                    assert_same_sums(&sums[w * CLUSTERS + c], &slow[c]);
            }
        }
        replay_plane_release(plane);
    }
    replay_table_release(&table);
    decisions_release(&set);
}

/* Two clusters of orders that all bring the most that fits: 256 of them are beyond 32 bits. */
static void sums_hold_where_every_order_brings_the_most_there_is(void **state)
{
    enum { CLUSTERS = 2, MOST = (1 << 24) - 1 };
    struct replay_sums sums[CLUSTERS], slow[CLUSTERS];
    struct decision_set set;
    struct replay_table table;
    struct err err;
    (void)state;
    decisions_fixture(&set, 4000, 8, false);
    make(&table, &set, NULL, CLUSTERS);
    for (uint32_t i = 0; i < table.count; i++)
        for (unsigned q = 0; q < PROVIDER_COUNT; q++)
            for (unsigned k = 0; k < REPLAY_COLUMNS; k++)
                table.fates[i].of[q][columns[k]] = k % 2 == 0 ? MOST : -MOST;
    brute_sums(&table, &score_weights_default, slow);
    for (size_t k = 0; k < sizeof kernels / sizeof *kernels; k++) {
        use_kernel(kernels[k]);
        struct replay_plane *plane = replay_plane_make(&table, columns, &err);
        replay_run(plane, &score_weights_default, 1, 1, sums);
        for (uint32_t c = 0; c < CLUSTERS; c++)
            assert_same_sums(&sums[c], &slow[c]);
        replay_plane_release(plane);
    }
    replay_table_release(&table);
    decisions_release(&set);
}

static void outcomes_are_those_of_the_selected_quote(void **state)
{
    struct decision_set set;
    struct replay_table table;
    (void)state;
    decisions_fixture(&set, 500, 6, false);
    make(&table, &set, NULL, 0);
    assert_int_equal(table.cluster_count, 50);
    for (uint32_t i = 0; i < table.count; i++) {
        const struct replay_order *order = &table.orders[i];
        const struct quote_record *record = &set.orders[order->source];
        int64_t least = INT64_MAX;
        for (unsigned q = 0; q < order->count; q++)
            if (table.fates[i].of[q][OUTCOME_PRICE] < least)
                least = table.fates[i].of[q][OUTCOME_PRICE];
        for (unsigned q = 0; q < order->count; q++) {
            const struct replay_quote *quote = &order->quotes[q];
            const int32_t *fates = table.fates[i].of[q];
            const struct quote_record_quote *from = &record->as.order.quotes[quote->slot];
            assert_int_equal(fates[OUTCOME_PRICE], from->total_cents);
            assert_int_equal(fates[OUTCOME_ETA], from->eta_minutes == 0 ? 60 : from->eta_minutes);
            assert_int_equal(fates[OUTCOME_REGRET], from->total_cents - least);
            assert_in_range(fates[OUTCOME_AVAILABILITY], 0, 10000);
            if (order->count == 1) assert_int_equal(fates[OUTCOME_SAVINGS], 0);
        }
        assert_int_equal(order->quotes[order->recorded].slot, record->as.order.selected);
    }
    replay_table_release(&table);
    decisions_release(&set);
}

static void recorded_selections_are_reproduced(void **state)
{
    struct decision_set set;
    uint32_t first;
    (void)state;
    decisions_fixture(&set, 4000, 7, true);
    assert_int_equal(decisions_reproduced(&set, &first), set.coverage.usable);
    assert_int_equal(first, set.count);
    /* A record that says otherwise is found. */
    struct quote_record *record = &set.orders[100];
    for (uint8_t q = 0; q < record->as.order.quote_count; q++)
        if (q != record->as.order.selected) {
            record->as.order.selected = q;
            break;
        }
    assert_int_equal(decisions_reproduced(&set, &first), set.coverage.usable - 1);
    assert_int_equal(first, 100);
    decisions_release(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kernel_selects_what_the_router_selects),
        cmocka_unit_test(equal_scores_go_to_the_router_s_first_candidate),
        cmocka_unit_test(fewer_providers_and_shorter_timeouts_are_scored_anew),
        cmocka_unit_test(sums_are_those_of_the_winners_for_any_kernel_and_any_threads),
        cmocka_unit_test(sums_hold_where_every_order_brings_the_most_there_is),
        cmocka_unit_test(outcomes_are_those_of_the_selected_quote),
        cmocka_unit_test(recorded_selections_are_reproduced),
    };
    return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}
