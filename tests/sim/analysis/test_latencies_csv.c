/* Goal: CSV as people have it becomes samples, and a bad cell is pointed at. Method: short files in
 * the forms of Upptime and of the runbook's table, one bad cell at a time, damaged bytes, memory
 * that ends; recorded files where ROUTESIM_DATA names them. */
#include "tests/support.h"

#include "router/base/memory.h"
#include "sim/analysis/latencies.h"

static const struct latency_csv no_spec;

static bool read_text(struct latency_set *set, const char *text, const struct latency_csv *spec,
                      struct err_list *list)
{
    *list = (struct err_list){.count = 0};
    return latencies_from_csv_bytes(set, "x.csv", text, strlen(text), spec, list);
}

static void must_read(struct latency_set *set, const char *text, const struct latency_csv *spec)
{
    struct err_list list;
    const bool read = read_text(set, text, spec, &list);
    if (!read) err_list_print(stderr, &list, NULL, false);
    assert_true(read);
    assert_int_equal(list.count, 0);
}

static void check_sample(const struct latency_series *series, uint32_t index,
                         enum latency_fate fate, int64_t us)
{
    assert_true(index < series->count);
    assert_int_equal(series->samples[index].fate, fate);
    assert_int_equal(series->samples[index].us, us);
}

static void reads_what_upptime_records(void **state)
{
    (void)state;
    struct latency_set set;
    must_read(&set,
              "epoch,site,status,code,ms\n"
              "1761750758,Canvas LMS,up,200,378\n"
              "1761750760,\"Shop, the\",down,0,0\n"
              "1761750759,Canvas LMS,degraded,200,9012.5\r\n"
              "1761750762,Canvas LMS,down,503,44\n"
              "1761750763,Canvas LMS,down,504,30001\n",
              &no_spec);
    assert_int_equal(set.count, 2);
    assert_int_equal(set.rows, 5);
    assert_true(set.has_time && set.has_fates);
    assert_string_equal(set.names[COLUMN_LATENCY], "ms");
    assert_string_equal(set.names[COLUMN_PROVIDER], "site");
    assert_string_equal(set.names[COLUMN_CODE], "code");
    assert_string_equal(set.names[COLUMN_TIME], "epoch");
    assert_string_equal(set.names[COLUMN_EVENT], "");
    const struct latency_series *canvas = &set.series[0], *shop = &set.series[1];
    assert_string_equal(canvas->name, "Canvas LMS");
    assert_int_equal(canvas->provider, PROVIDER_COUNT);
    check_sample(canvas, 0, LATENCY_ANSWERED, 378000);
    check_sample(canvas, 1, LATENCY_ANSWERED, 9012500);
    check_sample(canvas, 2, LATENCY_FAILED, 44000);
    check_sample(canvas, 3, LATENCY_FAILED, 30001000); /* 504: an error like any other */
    assert_int_equal(canvas->samples[1].at_us, INT64_C(1761750759000000));
    assert_int_equal(canvas->samples[0].order, LATENCY_NO_ORDER);
    assert_string_equal(shop->name, "Shop, the");
    check_sample(shop, 0, LATENCY_UNTIMED, 0); /* no reply, and 0 ms is not how long it took */
    latencies_release(&set);
}

static void reads_the_runbooks_table_of_events(void **state)
{
    (void)state;
    struct latency_set set;
    must_read(&set,
              "timestamp,event,provider_id,latency_ms,error_code,request_id\n"
              "2025-11-22 17:00:00.000+00,provider_quote_start,KROGER_API,,,req-1\n"
              "2025-11-22 17:00:00.769+00,provider_quote_success,KROGER_API,769.060,,req-1\n"
              "2025-11-22T17:00:10.002Z,provider_quote_error,WALMART_API,10002,TIMEOUT,req-1\n"
              "2025-11-22T17:00:10.003Z,router_decision,,,,req-1\n"
              "2025-11-22T17:00:11Z,provider_quote_error,KROGER_API,0,NETWORK_ERROR,req-2\n"
              "2025-11-22T17:00:11+00:00,provider_quote_error,KROGER_API,88,null,req-2\n"
              "2025-11-22T17:00:12Z,provider_quote_success,WALMART_API,,,req-2\n",
              &no_spec);
    assert_int_equal(set.rows, 7);
    assert_int_equal(set.rows_no_call, 2);
    assert_int_equal(set.rows_without_latency, 1);
    assert_int_equal(set.count, 2);
    const struct latency_series *kroger = &set.series[0], *walmart = &set.series[1];
    assert_int_equal(kroger->provider, PROVIDER_KROGER_API);
    check_sample(kroger, 0, LATENCY_ANSWERED, 769060);
    assert_int_equal(kroger->samples[0].at_us, INT64_C(1763830800769000));
    check_sample(kroger, 1, LATENCY_UNTIMED, 0);
    check_sample(kroger, 2, LATENCY_FAILED, 88000); /* an error, though its code is empty */
    check_sample(walmart, 0, LATENCY_CENSORED, 10002000);
    assert_int_equal(walmart->at_timeout, 1);
    assert_int_equal(kroger->samples[0].order, walmart->samples[0].order);
    assert_int_not_equal(kroger->samples[0].order, kroger->samples[1].order);
    latencies_release(&set);
}

static void judges_codes_by_number_and_by_word(void **state)
{
    (void)state;
    static const struct {
        const char *code;
        enum latency_fate fate;
    } rows[] = {{"200", LATENCY_ANSWERED},      {"204", LATENCY_ANSWERED},
                {"299", LATENCY_ANSWERED},      {"300", LATENCY_FAILED},
                {"199", LATENCY_FAILED},        {"408", LATENCY_FAILED},
                {"504", LATENCY_FAILED},        {"0", LATENCY_FAILED},
                {"OK", LATENCY_ANSWERED},       {"Success", LATENCY_ANSWERED},
                {"up", LATENCY_ANSWERED},       {"", LATENCY_ANSWERED},
                {"degraded", LATENCY_ANSWERED}, {"down", LATENCY_FAILED},
                {"TIMEOUT", LATENCY_CENSORED},  {"timed-out", LATENCY_CENSORED},
                {"HTTP_503", LATENCY_FAILED},   {"AUTH_FAILED", LATENCY_FAILED}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[80];
        struct latency_set set;
        (void)snprintf(text, sizeof text, "ms,code\n250,%s\n", rows[i].code);
        must_read(&set, text, &no_spec);
        CHECK_ROW(rows[i].code, set.series[0].samples[0].fate == rows[i].fate);
        CHECK_ROW(rows[i].code, set.series[0].samples[0].us == 250000);
        latencies_release(&set);
    }
}

static void rows_at_their_timeout_are_censored_there(void **state)
{
    (void)state;
    struct latency_set set;
    const struct latency_csv spec = {.timeout_us = 10000000};
    must_read(&set,
              "ms,code,timeout_ms\n9999.9,200,\n10000,200,\n12000,0,\n4000,200,4000\n"
              "3999,200,4000\n,timeout,\n0,timeout,4000\n30,500,\n,500,\n",
              &spec);
    const struct latency_series *series = &set.series[0];
    assert_string_equal(series->name, "all");
    assert_false(set.has_time);
    check_sample(series, 0, LATENCY_ANSWERED, 9999900);
    check_sample(series, 1, LATENCY_CENSORED, 10000000);
    check_sample(series, 2, LATENCY_CENSORED, 10000000);
    check_sample(series, 3, LATENCY_CENSORED, 4000000);
    check_sample(series, 4, LATENCY_ANSWERED, 3999000);
    check_sample(series, 5, LATENCY_CENSORED, 10000000); /* nobody timed it: at its timeout */
    check_sample(series, 6, LATENCY_CENSORED, 4000000);
    check_sample(series, 7, LATENCY_FAILED, 30000);
    check_sample(series, 8, LATENCY_UNTIMED, 0);
    assert_int_equal(series->at_timeout, 5);
    assert_int_equal(series->timeout_us, 10000000);
    assert_true(series->timeouts_differ);
    assert_int_equal(series->samples[8].at_us, 8); /* without instants: the order of rows */
    latencies_release(&set);
}

static void reads_one_column_alone_as_answers(void **state)
{
    (void)state;
    struct latency_set set;
    must_read(&set, "latencyMs\n12\n0\n\n7.25\n", &no_spec);
    assert_int_equal(set.series[0].count, 3);
    assert_false(set.has_fates);
    check_sample(&set.series[0], 1, LATENCY_ANSWERED, 0);
    check_sample(&set.series[0], 2, LATENCY_ANSWERED, 7250);
    latencies_release(&set);
}

static void reads_instants_of_every_common_form(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t us;
    } rows[] = {{"1700000000", INT64_C(1700000000000000)},
                {"1700000000.000001", INT64_C(1700000000000001)},
                {"1700000000123", INT64_C(1700000000123000)},
                {"2023-11-14T22:13:20Z", INT64_C(1700000000000000)},
                {"2023-11-14 22:13:20.5+0000", INT64_C(1700000000500000)},
                {"2023-11-14T22:13:20", INT64_C(1700000000000000)}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[80];
        struct latency_set set;
        (void)snprintf(text, sizeof text, "time,ms\n%s,1\n", rows[i].text);
        must_read(&set, text, &no_spec);
        CHECK_ROW(rows[i].text, set.series[0].samples[0].at_us == rows[i].us);
        latencies_release(&set);
    }
}

static void points_at_every_bad_cell(void **state)
{
    (void)state;
    static const char text[] = "time,site,ms\n"
                               "1,a,12\n"
                               "2,a,fast\n"
                               "3,\xC3\xA4,-4\n"
                               "soon,a,4\n"
                               "5,,4\n"
                               "6,a\n"
                               "7,a,0x10\n"
                               "2017-13-01T00:00:00Z,a,1\n";
    static const struct {
        uint32_t line, column, width;
    } rows[] = {{3, 5, 4}, {4, 5, 2}, {5, 1, 1}, {6, 3, 1}, {7, 3, 1}, {8, 5, 4}, {9, 6, 1}};
    struct err_list list;
    struct latency_set set;
    assert_false(read_text(&set, text, &no_spec, &list));
    assert_int_equal(list.errors, 7);
    assert_null(set.series);
    assert_int_equal(set.count, 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct place *place = &list.items[i].place;
        assert_string_equal(place->file, "x.csv");
        assert_int_equal(list.items[i].code, ERR_INPUT);
        assert_int_equal(place->line, rows[i].line);
        assert_int_equal(place->column, rows[i].column);
        assert_in_range(place->width, 0, rows[i].width);
    }
    char *shown = test_err_text(&list.items[1], text, false);
    assert_string_equal(shown, "x.csv:4:5: error: \"-4\" is no latency in milliseconds\n"
                               "    4 | 3,\xC3\xA4,-4\n"
                               "      |     ^~\n");
    free(shown);
}

static void refuses_files_without_calls(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "ms\n",
        "a,b\n1,2\n",
        "event,ms\nrouter_decision,4\n",
        "ms,code\n,200\n",
        "ms\n\"12\n",
        "ms,site\n1,aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
        "ms\n1e99\n",
        "ms\ninf\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct err_list list;
        struct latency_set set;
        CHECK_ROW(texts[i], !read_text(&set, texts[i], &no_spec, &list));
        CHECK_ROW(texts[i], list.errors == 1);
        CHECK_ROW(texts[i], list.items[0].code == ERR_INPUT);
        CHECK_ROW(texts[i], set.series == NULL);
    }
}

static void points_at_a_name_that_is_too_long(void **state)
{
    (void)state;
    struct err_list list;
    struct latency_set set;
    char text[120] = "ms,site\n12,";
    memset(text + strlen(text), 'a', LATENCY_NAME_MAX);
    assert_false(read_text(&set, text, &no_spec, &list));
    assert_int_equal(list.items[0].place.line, 2);
    assert_int_equal(list.items[0].place.column, 4);
    assert_int_equal(list.items[0].place.width, LATENCY_NAME_MAX);
}

static void columns_can_be_named(void **state)
{
    (void)state;
    char room[LATENCY_COLUMNS_TEXT_MAX];
    struct err err;
    struct err_list list;
    struct latency_csv spec = {.timeout_us = 0};
    struct latency_set set;
    assert_true(latency_columns_read(&spec, "latency=took,provider=who,code=status", room, &err));
    must_read(&set, "ms,took,who,status,code\n1,70,me,up,500\n", &spec);
    assert_string_equal(set.series[0].name, "me");
    check_sample(&set.series[0], 0, LATENCY_ANSWERED, 70000);
    latencies_release(&set);
    assert_false(read_text(&set, "ms,tok,who,status\n1,70,me,up\n", &spec, &list));
    assert_string_equal(list.items[0].hint, "did you mean \"tok\"?");

    static const char *const bad[] = {"latency",       "latency=", "latncy=ms",
                                      "code=a,code=b", "=x",       ""};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK_ROW(bad[i], !latency_columns_read(&spec, bad[i], room, &err));
        CHECK_ROW(bad[i], err.code == ERR_USAGE);
    }
    char long_text[LATENCY_COLUMNS_TEXT_MAX + 1];
    memset(long_text, 'x', sizeof long_text);
    long_text[sizeof long_text - 1] = '\0';
    assert_false(latency_columns_read(&spec, long_text, room, &err));
}

/* Ten thousand requests of three rows each, in any order: numbered as they first come. */
static void numbers_orders_by_their_ids(void **state)
{
    (void)state;
    enum { ORDERS = 10000 };
    char *text = malloc(ORDERS * 3 * 24);
    assert_non_null(text);
    size_t length = (size_t)sprintf(text, "ms,request_id\n");
    for (unsigned i = 0; i < ORDERS * 3; i++)
        length += (size_t)sprintf(text + length, "%u,r%u\n", i, i * 7919 % ORDERS);
    struct err_list list = {.count = 0};
    struct latency_set set;
    assert_true(latencies_from_csv_bytes(&set, "x.csv", text, length, &no_spec, &list));
    const struct latency_series *series = &set.series[0];
    for (uint32_t i = 0; i < series->count; i++)
        assert_int_equal(series->samples[i].order, i % ORDERS);
    latencies_release(&set);
    free(text);
}

static void ends_cleanly_on_damage_and_when_memory_does(void **state)
{
    (void)state;
    static const char text[] = "timestamp,event,provider_id,latency_ms,error_code,request_id\n"
                               "9,provider_quote_success,A,769.060,,req-1\n"
                               "8,provider_quote_error,B,10002,TIMEOUT,\"req-2\"\n";
    struct err_list list = {.count = 0};
    struct latency_set set;
    for (uint32_t i = 0; i < 20000; i++) {
        char damaged[sizeof text];
        memcpy(damaged, text, sizeof text);
        for (uint32_t k = 0; k <= i % 3; k++) {
            const uint64_t bits = test_bits(i, k);
            damaged[random_below(bits, sizeof text - 1)] = (char)("\"\n,\r0-9e.z\xFF"[bits % 11]);
        }
        (void)read_text(&set, damaged, &no_spec, &list);
        assert_true(list.errors == 0 || set.series == NULL);
        latencies_release(&set);
    }
    for (uint32_t countdown = 1;; countdown++) {
        memory_fail_after(countdown);
        const bool read = read_text(&set, text, &no_spec, &list);
        memory_fail_after(0);
        if (!read) assert_int_equal(list.items[0].code, ERR_ENVIRONMENT);
        latencies_release(&set);
        if (read) break;
        assert_true(countdown < 40);
    }
}

static void reads_recorded_sites(void **state)
{
    (void)state;
    const char *folder = getenv("ROUTESIM_DATA");
    if (folder == NULL) {
        print_message("ROUTESIM_DATA is not set: no recorded data to read\n");
        skip();
    }
    char path[4096];
    struct err_list list = {.count = 0};
    struct latency_set set;
    (void)snprintf(path, sizeof path, "%s/upptime_saas_maryville.csv", folder);
    assert_true(latencies_read_csv(&set, path, &no_spec, &list));
    uint32_t fates[LATENCY_FATES] = {0};
    for (uint32_t s = 0; s < set.count; s++) {
        for (unsigned f = 0; f < LATENCY_FATES; f++)
            fates[f] += set.series[s].fates[f];
    }
    assert_int_equal(set.rows, 2298);
    assert_int_equal(fates[LATENCY_ANSWERED], 2221);
    assert_int_equal(fates[LATENCY_UNTIMED], 20);
    assert_int_equal(fates[LATENCY_FAILED], 2298 - 2221 - 20);
    latencies_release(&set);
}

static void knows_our_providers_by_any_of_their_names(void **state)
{
    (void)state;
    struct latency_set set;
    must_read(&set,
              "provider,ms\nkroger,100\nKroger Direct,200\nKROGER_API,300\nkroger_api,400\n"
              "WALMART_API,500\nwalmart,600\nKroger Fuel,700\n",
              &no_spec);
    assert_int_equal(set.count, 3);
    assert_string_equal(set.series[0].name, "KROGER_API");
    assert_int_equal(set.series[0].provider, PROVIDER_KROGER_API);
    assert_int_equal(set.series[0].count, 4);
    assert_string_equal(set.series[1].name, "WALMART_API");
    assert_int_equal(set.series[1].count, 2);
    assert_int_equal(set.series[2].provider, PROVIDER_COUNT);
    assert_string_equal(set.spelt[PROVIDER_KROGER_API], "kroger");
    assert_string_equal(set.spelt[PROVIDER_WALMART_API], "walmart");
    assert_string_equal(set.spelt[PROVIDER_MEALME], "");
    latencies_release(&set);
}

static void seconds_are_read_where_the_name_says_so(void **state)
{
    (void)state;
    struct latency_set set;
    must_read(&set, "latency_s\n0.25\n1.5\n", &no_spec);
    assert_true(set.in_seconds);
    check_sample(&set.series[0], 0, LATENCY_ANSWERED, 250000);
    check_sample(&set.series[0], 1, LATENCY_ANSWERED, 1500000);
    latencies_release(&set);
}

static void warns_of_what_looks_like_seconds(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool warned;
    } rows[] = {{"ms\n0.25\n1.5\n310.5\n", true},
                {"ms\n59.5\n41.2\n", true},
                {"ms\n5\n7\n", false},
                {"ms\n59.5\n60.5\n", false},
                {"ms\n0.25\n310.5\n95.5\n", false},
                {"seconds\n0.25\n1.5\n", false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct latency_set set;
        struct err_list list;
        CHECK_ROW(rows[i].text, read_text(&set, rows[i].text, &no_spec, &list));
        CHECK_ROW(rows[i].text, (list.warnings == 1) == rows[i].warned);
        if (rows[i].warned) assert_non_null(strstr(list.items[0].hint, "latency_s"));
        latencies_release(&set);
    }
}

static void names_a_separator_that_is_no_comma(void **state)
{
    (void)state;
    struct latency_set set;
    struct err_list list;
    const struct latency_csv spec = {.columns = {[COLUMN_LATENCY] = "ms"}};
    assert_false(read_text(&set, "ms;site\n5;a\n", &no_spec, &list));
    assert_non_null(strstr(list.items[0].hint, "\";\""));
    assert_false(read_text(&set, "ms\tsite\n5\ta\n", &spec, &list));
    assert_non_null(strstr(list.items[0].hint, "a tab"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_upptime_records),
        cmocka_unit_test(reads_the_runbooks_table_of_events),
        cmocka_unit_test(judges_codes_by_number_and_by_word),
        cmocka_unit_test(rows_at_their_timeout_are_censored_there),
        cmocka_unit_test(reads_one_column_alone_as_answers),
        cmocka_unit_test(reads_instants_of_every_common_form),
        cmocka_unit_test(points_at_every_bad_cell),
        cmocka_unit_test(refuses_files_without_calls),
        cmocka_unit_test(points_at_a_name_that_is_too_long),
        cmocka_unit_test(columns_can_be_named),
        cmocka_unit_test(knows_our_providers_by_any_of_their_names),
        cmocka_unit_test(seconds_are_read_where_the_name_says_so),
        cmocka_unit_test(warns_of_what_looks_like_seconds),
        cmocka_unit_test(names_a_separator_that_is_no_comma),
        cmocka_unit_test(numbers_orders_by_their_ids),
        cmocka_unit_test(ends_cleanly_on_damage_and_when_memory_does),
        cmocka_unit_test(reads_recorded_sites),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
