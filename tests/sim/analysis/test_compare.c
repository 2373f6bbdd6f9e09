/* Goal: a comparison that finds what differs, nothing else, and refuses what is not comparable.
 * Method: quote records made by hand, in the disorder in which decisions come; every figure that is
 * asserted can be worked out from make_order(). */
#include "tests/support.h"

#include <sys/stat.h>

#include "sim/analysis/block_samples.h"
#include "sim/analysis/compare.h"
#include "sim/world/quote_record.h"

enum { ORDERS = 2000, KROGER = PROVIDER_KROGER_API, WALMART = PROVIDER_WALMART_API };

struct arm { /* what is different about a run */
    int64_t kroger_cents_more;
    int64_t latency_us_more;
    uint32_t fail_one_in;   /* orders that nobody quotes; 0: none */
    uint32_t prefer_one_in; /* orders that Walmart wins though it costs more; 0: none */
    uint32_t kroger_fails_one_in;
    uint32_t noise_us; /* latency of its own, at most */
    int64_t later_us;  /* the start of order 7 */
};

struct run_files {
    char path[TEST_PATH_MAX];
    struct result result;
};

static bool one_in(uint32_t rate, uint64_t seed, uint64_t index)
{
    return rate != 0 && random_below(test_bits(seed, index), rate) == 0;
}

/* Two quotes: Kroger's of $50 and 10 c for each line, Walmart's $2 dearer and a line short. */
static void make_order(const struct arm *arm, uint64_t index, struct quote_record *record)
{
    memset(record, 0, sizeof *record);
    record->kind = QUOTE_RECORD_ORDER;
    record->as.order.index = index;
    record->as.order.start_us = (int64_t)index * 1000000 + (index == 7 ? arm->later_us : 0);
    record->as.order.items = (uint16_t)(5 + index % 11);
    record->as.order.quote_count = 2;
    const int64_t latency_us =
        200000 + (int64_t)random_below(test_bits(1, index), 2000000) +
        (arm->noise_us == 0 ? 0
                            : random_below(test_bits(2 + arm->noise_us, index), arm->noise_us)) +
        arm->latency_us_more;
    record->as.order.decided_us = record->as.order.start_us + latency_us;
    struct quote_record_quote *kroger = &record->as.order.quotes[0];
    struct quote_record_quote *walmart = &record->as.order.quotes[1];
    const int64_t cents = 5000 + 10 * record->as.order.items;
    *kroger = (struct quote_record_quote){.provider = KROGER,
                                          .outcome = QUOTE_OK,
                                          .flags = QUOTE_FLAG_SCORED,
                                          .found = record->as.order.items,
                                          .eta_minutes = 45,
                                          .total_cents = cents + arm->kroger_cents_more};
    *walmart = (struct quote_record_quote){.provider = WALMART,
                                           .outcome = QUOTE_OK,
                                           .flags = QUOTE_FLAG_SCORED,
                                           .found = (uint16_t)(record->as.order.items - 1),
                                           .eta_minutes = 30,
                                           .total_cents = cents + 200};
    if (one_in(arm->kroger_fails_one_in, 10, index)) {
        *kroger = (struct quote_record_quote){.provider = KROGER, .outcome = QUOTE_TIMEOUT};
        record->as.order.selected = 1;
    }
    if (one_in(arm->prefer_one_in, 11, index)) record->as.order.selected = 1;
    if (one_in(arm->fail_one_in, 12, index)) {
        record->as.order.code = ORDER_NO_QUOTES;
        record->as.order.selected = 255;
        kroger->outcome = walmart->outcome = QUOTE_TIMEOUT;
    }
}

static void make_config(struct quote_record *record, double price_weight)
{
    memset(record, 0, sizeof *record);
    record->kind = QUOTE_RECORD_CONFIG;
    record->as.config.weights[1] = price_weight;
    record->as.config.timeout_us[KROGER] = 10000000;
}

/* Decisions come in disorder: orders of a bunch of `bunch` come last first. */
static void make_run(const struct arm *arm, uint64_t orders, uint64_t bunch, struct run_files *run)
{
    struct quote_record_header header = {.version = QUOTE_RECORD_VERSION,
                                         .record_bytes = sizeof(struct quote_record),
                                         .experiment_hash = 1,
                                         .scenario_hash = 2,
                                         .seed = 7};
    memcpy(header.magic, QUOTE_RECORD_MAGIC, sizeof header.magic);
    const size_t bytes = sizeof header + (orders + 1) * sizeof(struct quote_record);
    char *buffer = malloc(bytes);
    assert_non_null(buffer);
    memcpy(buffer, &header, sizeof header);
    struct quote_record record;
    make_config(&record, bunch == 1 ? 0.3 : 0.5);
    memcpy(buffer + sizeof header, &record, sizeof record);
    for (uint64_t i = 0; i < orders; i++) {
        const uint64_t first = i / bunch * bunch;
        const uint64_t last = first + bunch < orders ? first + bunch : orders;
        make_order(arm, first + (last - 1 - i), &record);
        memcpy(buffer + sizeof header + (i + 1) * sizeof record, &record, sizeof record);
    }
    test_write_file(buffer, bytes, run->path);
    free(buffer);
    run->result = (struct result){.seed_text = "7",
                                  .scenario_hash = 2,
                                  .experiment_hash = 1,
                                  .duration_us = 3600000000,
                                  .replications = 1,
                                  .complete = true,
                                  .stopped_by = "",
                                  .orders = orders};
}

static struct comparison_request request_for(struct run_files *a, struct run_files *b)
{
    return (struct comparison_request){
        .a = {.name = "out/a", .quotes = a->path, .result = &a->result},
        .b = {.name = "out/b", .quotes = b->path, .result = &b->result},
        .alpha = 0.05,
        .noise = COMPARE_NOISE};
}

static const struct comparison_row *row_of(const struct comparison *comparison, unsigned scope,
                                           enum metric metric)
{
    for (uint32_t r = 0; r < comparison->row_count; r++) {
        const struct comparison_row *row = &comparison->rows[r];
        if (row->scope == scope && row->metric == metric) return row;
    }
    fail_msg("no row for metric %d", (int)metric);
    return NULL;
}

static const struct comparison_row *router_row(const struct comparison *comparison,
                                               enum metric metric)
{
    return row_of(comparison, SCOPE_ROUTER, metric);
}

/* Compares two made-up runs; the caller asserts. */
static void compare_arms(const struct arm *of_a, const struct arm *of_b, uint64_t orders,
                         struct comparison *comparison)
{
    struct run_files a, b;
    struct err err;
    make_run(of_a, orders, 1, &a);
    make_run(of_b, orders, 7, &b);
    const struct comparison_request request = request_for(&a, &b);
    *comparison = (struct comparison){0};
    const bool made = comparison_make(&request, comparison, &err);
    (void)unlink(a.path);
    (void)unlink(b.path);
    if (!made) fail_msg("%s", err.message);
}

static void a_run_equals_itself(void **state)
{
    (void)state;
    struct comparison comparison;
    const struct arm arm = {.fail_one_in = 50, .prefer_one_in = 20};
    compare_arms(&arm, &arm, ORDERS, &comparison);
    assert_int_equal(comparison.orders, ORDERS);
    assert_int_equal(comparison.moved, 0);
    assert_int_equal(comparison.verdicts[VERDICT_SAME], comparison.row_count);
    assert_int_equal(comparison.row_count, 13 + 2 + 2); /* two providers play no part */
    for (uint32_t r = 0; r < comparison.row_count; r++) {
        const struct comparison_row *row = &comparison.rows[r];
        CHECK_NEAR(row->difference.value, 0.0, 0.0);
        CHECK_NEAR(row->difference.low, 0.0, 0.0);
        CHECK_NEAR(row->p_adjusted, 1.0, 0.0);
        assert_int_equal(row->difference.method, STATS_EXACT);
        assert_true(row->a == row->b);
    }
}

/* $2 more on each cart that Kroger wins, and it wins them all; commission follows its rate. */
static void finds_a_shifted_price_exactly(void **state)
{
    (void)state;
    struct comparison comparison;
    compare_arms(&(struct arm){0}, &(struct arm){.kroger_cents_more = 200}, ORDERS, &comparison);
    const struct comparison_row *cart = router_row(&comparison, METRIC_CART_CENTS);
    CHECK_NEAR(cart->difference.value, 200.0, 1e-12);
    CHECK_NEAR(cart->difference.low, 200.0, 1e-12);
    CHECK_NEAR(cart->b - cart->a, 200.0, 1e-9);
    assert_int_equal(cart->difference.method, STATS_EXACT);
    assert_int_equal(cart->verdict, VERDICT_WORSE);
    /* Walmart costs 200 more than Kroger did, and as much as Kroger does now. */
    const struct comparison_row *saved = router_row(&comparison, METRIC_SAVINGS_BEST_CENTS);
    CHECK_NEAR(saved->a, 200.0, 1e-12);
    CHECK_NEAR(saved->b, 0.0, 1e-12);
    assert_int_equal(saved->verdict, VERDICT_WORSE);
    assert_int_equal(router_row(&comparison, METRIC_COMMISSION_CENTS)->verdict, VERDICT_BETTER);
    assert_int_equal(router_row(&comparison, METRIC_P95_MS)->verdict, VERDICT_SAME);
    assert_int_equal(router_row(&comparison, METRIC_ERROR_RATE)->verdict, VERDICT_SAME);
}

static void finds_slower_answers(void **state)
{
    (void)state;
    struct comparison comparison;
    compare_arms(&(struct arm){0}, &(struct arm){.latency_us_more = 250000}, ORDERS, &comparison);
    const enum metric metrics[] = {METRIC_MEAN_MS, METRIC_P50_MS, METRIC_P95_MS, METRIC_P99_MS};
    for (unsigned i = 0; i < 4; i++) {
        const struct comparison_row *row = router_row(&comparison, metrics[i]);
        CHECK_NEAR(row->difference.value, 250.0, 1e-6);
        CHECK_NEAR(row->difference.low, 250.0, 1e-6);
        CHECK_NEAR(row->difference.high, 250.0, 1e-6);
        assert_int_equal(row->verdict, VERDICT_WORSE);
    }
    assert_int_equal(router_row(&comparison, METRIC_CART_CENTS)->verdict, VERDICT_SAME);
}

/* Noise of up to 2 s on each order, its own in either run: on average nothing, and few orders. */
static void does_not_take_noise_for_a_difference(void **state)
{
    (void)state;
    struct comparison comparison;
    compare_arms(&(struct arm){.noise_us = 2000000}, &(struct arm){.noise_us = 2000003}, 300,
                 &comparison);
    const struct comparison_row *mean = router_row(&comparison, METRIC_MEAN_MS);
    assert_int_equal(mean->difference.method, STATS_BLOCKS);
    assert_int_equal(mean->difference.blocks, 50);
    assert_int_equal(mean->verdict, VERDICT_INCONCLUSIVE);
    assert_true(mean->difference.low < 0.0 && 0.0 < mean->difference.high);
    const struct comparison_row *p95 = router_row(&comparison, METRIC_P95_MS);
    assert_int_equal(p95->difference.method, STATS_BOOTSTRAP);
    assert_int_equal(p95->verdict, VERDICT_INCONCLUSIVE);
    const struct comparison_row *p99 = router_row(&comparison, METRIC_P99_MS);
    assert_int_equal(p99->needs, 1000);
    assert_int_equal(p99->difference.method, STATS_NONE);
    assert_true(isnan(p99->difference.value));
}

static void counts_decisions_that_moved(void **state)
{
    (void)state;
    struct comparison comparison;
    uint64_t moved = 0;
    for (uint64_t i = 0; i < ORDERS; i++)
        moved += one_in(10, 11, i);
    compare_arms(&(struct arm){0}, &(struct arm){.prefer_one_in = 10}, ORDERS, &comparison);
    assert_int_equal(comparison.moved, moved);
    assert_int_equal(comparison.moves[KROGER][WALMART], moved);
    assert_int_equal(comparison.moves[KROGER][KROGER], ORDERS - moved);
    const struct comparison_row *share = row_of(&comparison, WALMART, METRIC_SELECTION_PCT);
    CHECK_NEAR(share->difference.value, (double)moved / ORDERS, 1e-12);
    assert_int_equal(share->verdict, VERDICT_CHANGED);
    assert_int_equal(share->difference.method, STATS_BLOCKS);
    assert_int_equal(router_row(&comparison, METRIC_ETA_MINUTES)->verdict, VERDICT_BETTER);
    assert_int_equal(router_row(&comparison, METRIC_FILL_RATE)->verdict, VERDICT_WORSE);
}

/* A handful of orders differ: McNemar's exact test, and too few to say. */
static void judges_rare_failures_exactly(void **state)
{
    (void)state;
    struct comparison comparison;
    uint64_t failed = 0;
    for (uint64_t i = 0; i < ORDERS; i++)
        failed += one_in(700, 12, i);
    assert_in_range(failed, 1, 5);
    compare_arms(&(struct arm){0}, &(struct arm){.fail_one_in = 700}, ORDERS, &comparison);
    const struct comparison_row *row = router_row(&comparison, METRIC_ERROR_RATE);
    assert_int_equal(row->difference.method, STATS_DISCORDANT);
    CHECK_NEAR(row->difference.p, fmin(1.0, 2.0 * pow(0.5, (double)failed)), 1e-12);
    assert_int_equal(row->verdict, VERDICT_INCONCLUSIVE);
    assert_int_equal(comparison.routed_both, ORDERS - failed);
    assert_int_equal(comparison.moves[KROGER][COMPARE_NOWHERE], failed);

    compare_arms(&(struct arm){0}, &(struct arm){.fail_one_in = 50}, ORDERS, &comparison);
    assert_int_equal(router_row(&comparison, METRIC_ERROR_RATE)->verdict, VERDICT_WORSE);
    compare_arms(&(struct arm){.fail_one_in = 50}, &(struct arm){0}, ORDERS, &comparison);
    assert_int_equal(router_row(&comparison, METRIC_ERROR_RATE)->verdict, VERDICT_BETTER);
}

static void counts_a_provider_s_answers(void **state)
{
    (void)state;
    struct comparison comparison;
    compare_arms(&(struct arm){0}, &(struct arm){.kroger_fails_one_in = 5}, ORDERS, &comparison);
    const struct comparison_row *row = row_of(&comparison, KROGER, METRIC_SUCCESS_RATE);
    CHECK_NEAR(row->a, 1.0, 0.0);
    CHECK_NEAR(row->b, 0.8, 0.03);
    assert_int_equal(row->verdict, VERDICT_WORSE);
    assert_int_equal(row_of(&comparison, WALMART, METRIC_SUCCESS_RATE)->verdict, VERDICT_SAME);
}

static void lists_settings_that_differ(void **state)
{
    (void)state;
    struct comparison comparison;
    compare_arms(&(struct arm){0}, &(struct arm){0}, 100, &comparison);
    assert_int_equal(comparison.setting_count, 1);
    assert_string_equal(comparison.settings[0].path, "weight of price");
    assert_string_equal(comparison.settings[0].a, "0.3");
    assert_string_equal(comparison.settings[0].b, "0.5");
    for (unsigned i = 0; i < COMPARE_SETTINGS_MAX + 3; i++)
        comparison_add_setting(&comparison, "router.env.X", "1", "2");
    assert_int_equal(comparison.setting_count, COMPARE_SETTINGS_MAX);
    assert_int_equal(comparison.settings_beyond, 4);
}

static void compares_only_what_was_chosen(void **state)
{
    (void)state;
    struct run_files a, b;
    struct err err;
    make_run(&(struct arm){0}, 60, 1, &a);
    make_run(&(struct arm){.kroger_cents_more = 1}, 60, 7, &b);
    struct comparison_request request = request_for(&a, &b);
    const struct comparison_choice choices[] = {{SCOPE_ROUTER, METRIC_CART_CENTS},
                                                {WALMART, METRIC_SELECTION_PCT},
                                                {SCOPE_ROUTER, METRIC_CART_CENTS}};
    request.choices = choices;
    request.choice_count = 3;
    request.warmup_us = 10 * 1000000; /* orders 0 to 9 */
    struct comparison comparison = {0};
    assert_true(comparison_make(&request, &comparison, &err));
    assert_int_equal(comparison.row_count, 2);
    assert_int_equal(comparison.orders, 50);
    assert_true(comparison_knows(SCOPE_ROUTER, METRIC_P95_MS));
    assert_false(comparison_knows(SCOPE_ROUTER, METRIC_RATING));
    char label[COMPARE_LABEL_MAX];
    comparison_label(&comparison.rows[1], label);
    assert_string_equal(label, "Walmart share");
    (void)unlink(a.path);
    (void)unlink(b.path);
}

static void the_first_orders_may_be_few(void **state)
{
    (void)state;
    struct comparison comparison;
    for (uint64_t orders = 0; orders <= 3; orders++) {
        compare_arms(&(struct arm){0}, &(struct arm){.noise_us = 100}, orders, &comparison);
        assert_int_equal(comparison.orders, orders);
        assert_int_equal(comparison.verdicts[VERDICT_WORSE], 0);
    }
}

/* The same orders, decided in other orders: some wait for their partner while others pass. */
static void the_order_of_decisions_does_not_matter(void **state)
{
    (void)state;
    static const uint64_t bunches[][2] = {{1, 7}, {5, 7}, {7, 5}, {3, 2}, {1500, 1}, {1, 1500}};
    const struct arm arm = {.fail_one_in = 50};
    for (unsigned i = 0; i < sizeof bunches / sizeof bunches[0]; i++) {
        struct run_files a, b;
        struct err err;
        make_run(&arm, ORDERS, bunches[i][0], &a);
        make_run(&arm, ORDERS, bunches[i][1], &b);
        const struct comparison_request request = request_for(&a, &b);
        struct comparison comparison = {0};
        assert_true(comparison_make(&request, &comparison, &err));
        assert_int_equal(comparison.orders, ORDERS);
        assert_int_equal(comparison.verdicts[VERDICT_SAME], comparison.row_count);
        (void)unlink(a.path);
        (void)unlink(b.path);
    }
}

/* ---- refusals ---- */

static void refuses_runs_that_do_not_match(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        const char *words;
        void (*change)(struct result *result);
        struct result b;
    } rows[] = {
        {.label = "seed", .words = "the seed differs from the baseline's: 8, not 7"},
        {.label = "replications", .words = "the number of replications differs"},
        {.label = "duration", .words = "the duration differs from the baseline's: 5us, not 0s"},
        {.label = "scenario", .words = "the scenario (workload, providers, faults; hash) differs"},
        {.label = "stopped", .words = "the run was stopped by SIGINT before its end"},
    };
    const struct result sound = {
        .seed_text = "7", .replications = 1, .complete = true, .stopped_by = ""};
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct result other = sound;
        if (i == 0) other.seed_text = "8";
        if (i == 1) other.replications = 2;
        if (i == 2) other.duration_us = 5;
        if (i == 3) other.scenario_hash = 5;
        if (i == 4) other.complete = false, other.stopped_by = "SIGINT";
        const struct comparison_side a = {.name = "out/a", .result = &sound};
        const struct comparison_side b = {.name = "out/b", .result = &other};
        static struct err_list list;
        list = (struct err_list){0};
        assert_false(comparison_check(&a, &b, "workload.rate", &list));
        assert_int_equal(list.errors, 1);
        if (strstr(list.items[0].message, rows[i].words) == NULL)
            CHECK_ROW_TEXT(rows[i].label, list.items[0].message, rows[i].words);
        assert_string_equal(list.items[0].place.file, "out/b");
        assert_int_equal(list.items[0].code, ERR_INPUT);
        if (i == 3) assert_string_equal(list.items[0].hint, "these keys differ: workload.rate");
    }
    static struct err_list none;
    const struct comparison_side a = {.name = "out/a", .result = &sound};
    assert_true(comparison_check(&a, &a, NULL, &none));
    assert_int_equal(none.errors, 0);
}

/* What may be compared is what the seed, or a recording, decided. */
static void pairs_orders_only_where_both_runs_met_the_same_world(void **state)
{
    (void)state;
    static const struct {
        const char *label, *refused; /* NULL: it may be compared */
        struct result a, b;
        const char *keys;
        const char *caveat; /* NULL: none */
    } rows[] = {
        {"virtual", NULL, {.clock = "virtual"}, {.clock = "virtual"}, NULL, NULL},
        {"real", NULL, {.clock = "real"}, {.clock = "real"}, NULL, "measured in real time"},
        {"clocks",
         "the clock differs from the baseline's: real, not virtual",
         {.clock = "virtual"},
         {.clock = "real"},
         NULL,
         NULL},
        {"live",
         "KROGER_API answered in it, live",
         {.clock = "real"},
         {.clock = "real", .live = "KROGER_API", .start_unix_us = 5, .scenario_hash = 9},
         "x",
         NULL},
        {"elsewhere",
         "MEALME was a mock server of another process",
         {.clock = "real"},
         {.clock = "real", .elsewhere = "MEALME", .start_unix_us = 5, .scenario_hash = 9},
         "x",
         NULL},
        {"one recording",
         NULL,
         {.replayed = "MEALME 12"},
         {.replayed = "MEALME 12"},
         "",
         "same recordings (MEALME 12)"},
        {"moved",
         NULL,
         {.replayed = "MEALME 12"},
         {.replayed = "MEALME 12", .scenario_hash = 9},
         "",
         "same recordings (MEALME 12)"},
        {"moved, and more",
         "the scenario (workload",
         {.replayed = "MEALME 12"},
         {.replayed = "MEALME 12", .scenario_hash = 9},
         "workload.rate",
         NULL},
        {"moved, nobody knows whether more",
         "the scenario (workload",
         {.replayed = "MEALME 12"},
         {.replayed = "MEALME 12", .scenario_hash = 9},
         NULL,
         NULL},
        {"two recordings",
         "what was played back differs from the baseline's: MEALME 34, not MEALME",
         {.replayed = "MEALME 12"},
         {.replayed = "MEALME 34"},
         "",
         NULL},
        {"recorded and mock",
         "what was played back differs from the baseline's: MEALME 34, not none",
         {.replayed = ""},
         {.replayed = "MEALME 34"},
         "",
         NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct result results[2] = {rows[i].a, rows[i].b};
        for (unsigned r = 0; r < 2; r++) {
            results[r].seed_text = "7";
            results[r].replications = 1;
            results[r].complete = true;
            results[r].stopped_by = "";
        }
        const struct comparison comparison = {.a = {.name = "out/a", .result = &results[0]},
                                              .b = {.name = "out/b", .result = &results[1]}};
        static struct err_list list;
        list = (struct err_list){0};
        const bool good = comparison_check(&comparison.a, &comparison.b, rows[i].keys, &list);
        CHECK_ROW(rows[i].label, good == (rows[i].refused == NULL));
        if (!good) {
            CHECK_ROW(rows[i].label, list.errors == 1); /* and nothing that follows from it */
            if (strstr(list.items[0].message, rows[i].refused) == NULL)
                CHECK_ROW_TEXT(rows[i].label, list.items[0].message, rows[i].refused);
            continue;
        }
        struct text caveats = {0};
        comparison_caveats(&caveats, &comparison);
        CHECK_ROW(rows[i].label, (caveats.length > 0) == (rows[i].caveat != NULL));
        if (rows[i].caveat != NULL)
            CHECK_ROW(rows[i].label, strstr(caveats.bytes, rows[i].caveat) != NULL);
        text_release(&caveats);
    }
}

static void refuse_pair(const char *label, struct run_files *a, struct run_files *b,
                        const char *words)
{
    const struct comparison_request request = request_for(a, b);
    struct comparison comparison = {0};
    struct err err = {0};
    CHECK_ROW(label, !comparison_make(&request, &comparison, &err));
    assert_int_equal(err.code, ERR_INPUT);
    if (strstr(err.message, words) == NULL) CHECK_ROW_TEXT(label, err.message, words);
}

static void refuses_damaged_records(void **state)
{
    (void)state;
    struct run_files a, b;
    make_run(&(struct arm){0}, 100, 1, &a);
    make_run(&(struct arm){0}, 100, 7, &b);
    struct stat facts;
    assert_int_equal(stat(b.path, &facts), 0);

    assert_int_equal(truncate(b.path, facts.st_size - 100), 0);
    refuse_pair("within a record", &a, &b, "record 100 is damaged or cut off");
    assert_int_equal(truncate(b.path, facts.st_size - 2 * (off_t)sizeof(struct quote_record)), 0);
    refuse_pair("between records", &a, &b, "2 orders are missing that");
    assert_int_equal(truncate(a.path, facts.st_size - 2 * (off_t)sizeof(struct quote_record)), 0);
    refuse_pair("both", &a, &a, "it holds 98 orders, and the summary tells of 100: it is cut off");
    assert_int_equal(truncate(b.path, 10), 0);
    refuse_pair("within the header", &a, &b, "this is no quote record of routesim");
    assert_int_equal(unlink(b.path), 0);
    refuse_pair("not there", &a, &b, "there is no such file: the run kept no quotes");
    (void)unlink(a.path);
}

static void refuses_records_of_other_runs(void **state)
{
    (void)state;
    struct run_files a, b;
    make_run(&(struct arm){0}, 100, 1, &a);
    make_run(&(struct arm){.later_us = 5}, 100, 7, &b);
    refuse_pair("another workload", &a, &b, "order 7 starts at 7000005 us with 12 lines here");
    b.result.experiment_hash = 99;
    (void)unlink(b.path);
    make_run(&(struct arm){0}, 100, 7, &b);
    b.result.experiment_hash = 99;
    refuse_pair("another summary", &a, &b, "it belongs to another run than the summary beside it");
    (void)unlink(a.path);
    (void)unlink(b.path);
}

/* Any byte of a record may be anything: an error, or a comparison, and nothing else. */
static void survives_any_byte(void **state)
{
    (void)state;
    struct run_files a, b;
    make_run(&(struct arm){0}, 20, 1, &a);
    make_run(&(struct arm){0}, 20, 7, &b);
    const struct comparison_request request = request_for(&a, &b);
    for (uint64_t i = 0; i < 400; i++) {
        const long at = (long)(64 + random_below(test_bits(77, i), 21 * 272));
        FILE *stream = fopen(b.path, "r+b");
        assert_non_null(stream);
        assert_int_equal(fseek(stream, at, SEEK_SET), 0);
        const int before = fgetc(stream);
        assert_int_equal(fseek(stream, at, SEEK_SET), 0);
        (void)fputc((int)(test_bits(78, i) & 255), stream);
        assert_int_equal(fclose(stream), 0);
        struct comparison comparison = {0};
        struct err err = {0};
        if (!comparison_make(&request, &comparison, &err)) assert_int_equal(err.code, ERR_INPUT);
        stream = fopen(b.path, "r+b");
        assert_non_null(stream);
        assert_int_equal(fseek(stream, at, SEEK_SET), 0);
        (void)fputc(before, stream);
        assert_int_equal(fclose(stream), 0);
    }
    (void)unlink(a.path);
    (void)unlink(b.path);
}

/* ---- samples by block ---- */

static void a_histogram_stays_within_its_bound(void **state)
{
    (void)state;
    struct block_samples samples = {0}, few = {0};
    struct stats_atoms atoms, exact;
    const double probabilities[3] = {0.5, 0.95, 0.99};
    double found[3], truth[3];
    enum { MANY = BLOCK_SAMPLES_LIMIT + 4000, HEAD = BLOCK_SAMPLES_LIMIT };
    for (uint64_t i = 0; i < MANY; i++) {
        const uint32_t value = 1000 + random_below(test_bits(90, i), 3000000);
        assert_true(block_samples_add(&samples, value, (uint32_t)(i % 50)));
        if (i < HEAD) assert_true(block_samples_add(&few, value, (uint32_t)(i % 50)));
    }
    assert_true(block_samples_exact(&few));
    assert_false(block_samples_exact(&samples));
    assert_true(block_samples_atoms(&samples, &atoms));
    assert_true(block_samples_atoms(&few, &exact));
    uint64_t n = 0;
    for (size_t i = 0; i < atoms.count; i++)
        n += atoms.items[i].count;
    assert_int_equal(n, MANY);
    stats_quantiles(atoms, NULL, probabilities, 3, found);
    stats_quantiles(exact, NULL, probabilities, 3, truth);
    for (unsigned q = 0; q < 3; q++) /* 4,000 samples more move a quantile a little */
        CHECK_NEAR(found[q] / truth[q], 1.0, BLOCK_SAMPLES_ERROR + 0.005);
    for (uint64_t i = 0; i < 100000; i++) {
        const uint32_t value = (uint32_t)(test_bits(91, i) >> (32 + i % 32));
        const uint32_t middle = block_samples_middle(block_samples_bin(value));
        CHECK_NEAR((double)middle, (double)value, BLOCK_SAMPLES_ERROR * (double)value);
    }
    block_samples_release(&samples);
    block_samples_release(&few);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_equals_itself),
        cmocka_unit_test(finds_a_shifted_price_exactly),
        cmocka_unit_test(finds_slower_answers),
        cmocka_unit_test(does_not_take_noise_for_a_difference),
        cmocka_unit_test(counts_decisions_that_moved),
        cmocka_unit_test(judges_rare_failures_exactly),
        cmocka_unit_test(counts_a_provider_s_answers),
        cmocka_unit_test(lists_settings_that_differ),
        cmocka_unit_test(compares_only_what_was_chosen),
        cmocka_unit_test(the_first_orders_may_be_few),
        cmocka_unit_test(the_order_of_decisions_does_not_matter),
        cmocka_unit_test(refuses_runs_that_do_not_match),
        cmocka_unit_test(pairs_orders_only_where_both_runs_met_the_same_world),
        cmocka_unit_test(refuses_damaged_records),
        cmocka_unit_test(refuses_records_of_other_runs),
        cmocka_unit_test(survives_any_byte),
        cmocka_unit_test(a_histogram_stays_within_its_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
