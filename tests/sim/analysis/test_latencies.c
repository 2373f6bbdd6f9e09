/* Goal: samples say what was seen and no more. Method: quotes of every outcome by hand, a random
 * decision set counted a second time, series that come out of order, parts and cuts. */
#include "tests/support.h"

#include "router/base/memory.h"
#include "sim/analysis/latencies.h"
#include "tests/sim/analysis/decisions_fixture.h"
#include "tests/sim/analysis/latencies_truth.h"

/* ---- decisions ---- */

static void one_order(struct decision_set *set, const struct quote_record_quote *quotes,
                      uint8_t count)
{
    struct err err;
    *set = (struct decision_set){.header.start_unix_us = 1000000000};
    assert_true(decisions_reserve(set, 1, &err));
    memset(&set->orders[0], 0, sizeof set->orders[0]);
    set->orders[0].kind = QUOTE_RECORD_ORDER;
    set->orders[0].as.order.start_us = 70;
    set->orders[0].as.order.quote_count = count;
    memcpy(set->orders[0].as.order.quotes, quotes, count * sizeof *quotes);
    set->config_of[0] = 0;
    set->count = 1;
}

static void reads_each_outcome_of_a_quote(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        struct quote_record_quote quote;
        int fate; /* -1: no sample */
        int64_t us;
    } rows[] = {
        {"answer", {.outcome = QUOTE_OK, .latency_us = 900, .timeout_us = 5000}, 0, 900},
        {"timeout", {.outcome = QUOTE_TIMEOUT, .latency_us = 5000, .timeout_us = 5000}, 1, 5000},
        {"timeout of a log", {.outcome = QUOTE_TIMEOUT, .latency_us = 5001}, 1, 5001},
        {"error", {.outcome = QUOTE_HTTP_ERROR, .latency_us = 40, .timeout_us = 5000}, 2, 40},
        {"error at the deadline",
         {.outcome = QUOTE_NETWORK_ERROR, .latency_us = 5000, .timeout_us = 5000},
         2,
         5000},
        {"error at once", {.outcome = QUOTE_MISSING_CREDENTIALS, .timeout_us = 5000}, 3, 0},
        {"timeout nobody timed", {.outcome = QUOTE_TIMEOUT}, 3, 0},
        {"canned", {.outcome = QUOTE_OK, .flags = QUOTE_FLAG_CANNED}, -1, 0},
        {"fell back",
         {.outcome = QUOTE_TIMEOUT,
          .flags = QUOTE_FLAG_CANNED | QUOTE_FLAG_FELL_BACK,
          .latency_us = 5000,
          .timeout_us = 5000},
         1,
         5000},
        {"pending", {.outcome = QUOTE_PENDING}, -1, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err err;
        struct decision_set decisions;
        struct latency_set set;
        struct quote_record_quote quote = rows[i].quote;
        quote.provider = PROVIDER_WALMART_API;
        one_order(&decisions, &quote, 1);
        assert_true(latencies_from_decisions(&set, &decisions, &err));
        CHECK_ROW(rows[i].label, set.count == (rows[i].fate < 0 ? 0u : 1u));
        if (set.count == 1) {
            const struct latency_series *series = &set.series[0];
            CHECK_ROW_TEXT(rows[i].label, series->name, "WALMART_API");
            CHECK_ROW(rows[i].label, series->provider == PROVIDER_WALMART_API);
            CHECK_ROW(rows[i].label, series->samples[0].fate == rows[i].fate);
            CHECK_ROW(rows[i].label, series->samples[0].us == rows[i].us);
            CHECK_ROW(rows[i].label, series->samples[0].at_us == 1000000070);
            CHECK_ROW(rows[i].label, series->fates[rows[i].fate] == 1);
            CHECK_ROW(rows[i].label, series->timeout_us == quote.timeout_us);
        }
        latencies_release(&set);
        decisions_release(&decisions);
    }
}

/* An abandoned call that was watched on: its answer counts when it came, and what never answered is
 * censored where its life ended, beyond the timeout. */
static void takes_the_late_end_of_a_call_that_was_watched_on(void **state)
{
    (void)state;
    static const struct {
        enum quote_outcome outcome;
        enum latency_fate fate;
        bool capped;
    } rows[] = {{QUOTE_OK, LATENCY_ANSWERED, false},
                {QUOTE_HTTP_ERROR, LATENCY_FAILED, false},
                {QUOTE_TIMEOUT, LATENCY_CENSORED, true}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err err;
        struct decision_set decisions;
        struct latency_set set;
        const struct quote_record_quote abandoned = {.provider = PROVIDER_MEALME,
                                                     .outcome = QUOTE_TIMEOUT,
                                                     .latency_us = 5000,
                                                     .timeout_us = 5000};
        one_order(&decisions, &abandoned, 1);
        decisions.late = calloc(1, sizeof *decisions.late);
        assert_non_null(decisions.late);
        decisions.late_count = decisions.late_capacity = 1;
        decisions.late[0].start_us = 70;
        decisions.late[0].quote = abandoned;
        decisions.late[0].quote.outcome = (uint8_t)rows[i].outcome;
        decisions.late[0].quote.latency_us = 60000;
        assert_true(latencies_from_decisions(&set, &decisions, &err));
        const struct latency_series *series = &set.series[0];
        assert_int_equal(series->samples[0].fate, rows[i].fate);
        assert_int_equal(series->samples[0].us, 60000);
        assert_int_equal(series->samples[0].capped, rows[i].capped);
        assert_int_equal(series->timeout_us, 5000);
        assert_int_equal(series->at_timeout, 0);
        latencies_release(&set);
        decisions_release(&decisions);
    }
}

static void holds_every_asked_quote_of_a_decision_set_once(void **state)
{
    (void)state;
    struct err err;
    struct decision_set decisions;
    struct latency_set set;
    decisions_fixture(&decisions, 500, 3, false);
    assert_true(latencies_from_decisions(&set, &decisions, &err));
    assert_int_equal(set.count, PROVIDER_COUNT);
    assert_true(set.has_time && set.has_fates);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const struct latency_series *series = &set.series[p];
        assert_int_equal(series->provider, p);
        assert_int_equal(series->count, 500);
        assert_int_equal(series->timeout_us, 10000000);
        assert_false(series->timeouts_differ);
        assert_int_equal(series->at_timeout, series->fates[LATENCY_CENSORED]);
        assert_in_range(series->fates[LATENCY_CENSORED], 20, 90); /* one in ten */
        for (uint32_t i = 0; i < series->count; i++) {
            const struct quote_record *order = &decisions.orders[series->samples[i].order];
            const int64_t at_us = decisions.header.start_unix_us + order->as.order.start_us;
            assert_int_equal(series->samples[i].at_us, at_us);
        }
    }
    latencies_release(&set);
    decisions_release(&decisions);
}

/* ---- series ---- */

static struct latency_sample sample(int64_t at_us, int64_t us, int64_t timeout_us)
{
    return (struct latency_sample){.at_us = at_us,
                                   .us = us,
                                   .timeout_us = timeout_us,
                                   .order = (uint32_t)us,
                                   .fate = LATENCY_ANSWERED};
}

static void sorts_by_time_and_keeps_equals_as_they_came(void **state)
{
    (void)state;
    struct err err;
    struct latency_series series = {.count = 0};
    for (uint32_t i = 0; i < 1000; i++) {
        const struct latency_sample next = sample(random_below(test_bits(9, i), 20), i,
                                                  i == 0       ? 7000
                                                  : i % 3 == 0 ? 0
                                                               : 5000);
        assert_true(latency_add(&series, &next, &err));
    }
    assert_true(latency_finish(&series, &err));
    assert_int_equal(series.count, 1000);
    for (uint32_t i = 1; i < series.count; i++) {
        const struct latency_sample *a = &series.samples[i - 1], *b = &series.samples[i];
        assert_true(a->at_us < b->at_us || (a->at_us == b->at_us && a->us < b->us));
    }
    assert_int_equal(series.timeout_us, 5000); /* unknown ones change nothing */
    assert_true(series.timeouts_differ);
    latency_series_release(&series);
}

static void a_cut_is_what_a_shorter_timeout_would_have_recorded(void **state)
{
    (void)state;
    static const struct {
        enum latency_fate fate;
        int64_t us;
        enum latency_fate cut_fate;
        int64_t cut_us;
    } rows[] = {{LATENCY_ANSWERED, 99, LATENCY_ANSWERED, 99},
                {LATENCY_ANSWERED, 100, LATENCY_CENSORED, 100}, /* due at the timeout: late */
                {LATENCY_ANSWERED, 5000, LATENCY_CENSORED, 100},
                {LATENCY_CENSORED, 60, LATENCY_CENSORED, 60},
                {LATENCY_CENSORED, 300, LATENCY_CENSORED, 100},
                {LATENCY_FAILED, 20, LATENCY_FAILED, 20},
                {LATENCY_FAILED, 120, LATENCY_CENSORED, 100},
                {LATENCY_UNTIMED, 0, LATENCY_UNTIMED, 0}};
    struct err err;
    struct latency_series series = {.name = "x"}, cut;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        latencies_truth_add(&series, rows[i].fate, rows[i].us);
    assert_true(latency_cut(&cut, &series, 100, &err));
    assert_string_equal(cut.name, "x");
    assert_int_equal(cut.count, series.count);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(cut.samples[i].fate, rows[i].cut_fate);
        assert_int_equal(cut.samples[i].us, rows[i].cut_us);
    }
    assert_int_equal(cut.fates[LATENCY_CENSORED], 5);
    assert_int_equal(cut.timeout_us, 100);
    assert_int_equal(latency_watched(&cut), 6);
    latency_series_release(&cut);
    latency_series_release(&series);
}

static void counts_calls_at_a_cap_apart_from_those_at_a_timeout(void **state)
{
    (void)state;
    struct err err;
    struct latency_series series = {.count = 0};
    struct latency_sample capped = sample(0, 9000, 1000);
    capped.fate = LATENCY_CENSORED;
    capped.capped = true;
    assert_true(latency_add(&series, &capped, &err));
    latencies_truth_add(&series, LATENCY_CENSORED, 1000);
    assert_int_equal(series.fates[LATENCY_CENSORED], 2);
    assert_int_equal(series.at_timeout, 1);
    latency_series_release(&series);
}

static void refuses_more_series_than_there_is_room_for(void **state)
{
    (void)state;
    struct err err;
    struct latency_set set = {.count = 0};
    char name[100];
    for (unsigned i = 0; i < LATENCY_SERIES_MAX; i++) {
        (void)snprintf(name, sizeof name, "site %u", i);
        assert_non_null(latency_series_of(&set, name, &err));
    }
    assert_non_null(latency_series_of(&set, "site 3", &err)); /* it is there already */
    assert_null(latency_series_of(&set, "one more", &err));
    assert_int_equal(err.code, ERR_INPUT);
    memset(name, 'x', sizeof name);
    name[LATENCY_NAME_MAX] = '\0';
    assert_null(latency_series_of(&set, name, &err));
    assert_int_equal(set.count, LATENCY_SERIES_MAX);
    latencies_release(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_each_outcome_of_a_quote),
        cmocka_unit_test(takes_the_late_end_of_a_call_that_was_watched_on),
        cmocka_unit_test(holds_every_asked_quote_of_a_decision_set_once),
        cmocka_unit_test(sorts_by_time_and_keeps_equals_as_they_came),
        cmocka_unit_test(a_cut_is_what_a_shorter_timeout_would_have_recorded),
        cmocka_unit_test(counts_calls_at_a_cap_apart_from_those_at_a_timeout),
        cmocka_unit_test(refuses_more_series_than_there_is_room_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
