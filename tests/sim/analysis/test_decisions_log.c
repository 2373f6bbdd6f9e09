/* An event log read back: the same decisions as the quote record of the same run, and nothing made
 * up where something is missing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "router/base/text.h"
#include "sim/analysis/decisions.h"
#include "tests/sim/analysis/decisions_fixture.h"
#include "tests/support.h"

enum { PATH_BYTES = 64 };

static void write_file(char path[PATH_BYTES], const char *text)
{
    (void)snprintf(path, PATH_BYTES, "/tmp/routesim-log-XXXXXX");
    const int file = mkstemp(path);
    assert_true(file >= 0);
    FILE *stream = fdopen(file, "wb");
    assert_non_null(stream);
    (void)fputs(text, stream);
    (void)fclose(stream);
}

/* ---- a decision set written as an event log ---- */

static void put_rates(struct text *log, const struct quote_record_quote *quote)
{
    text_format(log, "\"%s\":{\"successRate\":", provider_traits[quote->provider].id);
    if ((quote->flags & QUOTE_FLAG_SUCCESS_RATE) != 0)
        text_double(log, quote->success_rate);
    else
        text_put(log, "null");
    text_put(log, ",\"avgMarginRate\":");
    if ((quote->flags & QUOTE_FLAG_MARGIN_RATE) != 0)
        text_double(log, quote->margin_rate);
    else
        text_put(log, "null");
    text_put(log, "}");
}

static void put_quote(struct text *log, const struct quote_record *order, unsigned q,
                      const char *head)
{
    const struct quote_record_quote *quote = &order->as.order.quotes[q];
    const char *id = provider_traits[quote->provider].id;
    if (quote->outcome != QUOTE_OK) {
        text_format(log,
                    "{%s,\"event\":\"provider_quote_error\",\"providerId\":\"%s\",\"latencyMs\":"
                    "10000.000,\"errorCode\":\"TIMEOUT\"}\n",
                    head, id);
        return;
    }
    text_format(
        log, "{%s,\"event\":\"provider_quote_success\",\"providerId\":\"%s\",\"latencyMs\":", head,
        id);
    text_ms(log, quote->latency_us);
    text_format(
        log, ",\"totalCents\":%lld,\"estimatedDeliveryMinutes\":", (long long)quote->total_cents);
    if (quote->eta_minutes == 0)
        text_put(log, "null");
    else
        text_int(log, quote->eta_minutes);
    text_format(log,
                ",\"itemsFound\":%u,\"itemsRequested\":%u,\"itemsSubstituted\":%u,\"priority\":%d,"
                "\"subtotalCents\":%lld,\"canned\":false}\n",
                quote->found, order->as.order.items, quote->substituted, quote->priority,
                (long long)quote->subtotal_cents);
}

static void put_order(struct text *log, const struct quote_record *order)
{
    char head[128];
    unsigned quotes = 0;
    bool first = true;
    (void)snprintf(
        head, sizeof head,
        "\"timestamp\":\"2025-11-23T%02u:%02u:%02u.000Z\",\"requestId\":\"req-%012llu\"",
        (unsigned)(order->as.order.index / 3600), (unsigned)(order->as.order.index / 60 % 60),
        (unsigned)(order->as.order.index % 60), (unsigned long long)order->as.order.index);
    for (unsigned q = 0; q < order->as.order.quote_count; q++) {
        put_quote(log, order, q, head);
        quotes += order->as.order.quotes[q].outcome == QUOTE_OK;
    }
    if (order->as.order.selected == 255) {
        text_format(log, "{%s,\"event\":\"router_failure\"}\n", head);
        return;
    }
    text_format(log, "{%s,\"event\":\"router_decision\",\"selectedProviderId\":\"%s\",", head,
                provider_traits[order->as.order.quotes[order->as.order.selected].provider].id);
    text_format(log, "\"totalQuotes\":%u,\"preference\":\"%s\",\"history\":{", quotes,
                preference_names[order->as.order.preference]);
    for (unsigned q = 0; q < order->as.order.quote_count; q++) {
        if (order->as.order.quotes[q].outcome != QUOTE_OK) continue;
        if (!first) text_put(log, ",");
        first = false;
        put_rates(log, &order->as.order.quotes[q]);
    }
    text_put(log, "}}\n");
}

static bool read_text(struct decision_set *set, const char *text, struct err_list *list)
{
    char path[PATH_BYTES];
    const struct quote_record config = decisions_fixture_config();
    write_file(path, text);
    *list = (struct err_list){0};
    const bool ok = decisions_read_log(set, path, &config, list);
    (void)unlink(path);
    return ok;
}

static void a_log_holds_the_decisions_of_the_record(void **state)
{
    struct decision_set set, read;
    struct text log = {0};
    static struct err_list list;
    (void)state;
    decisions_fixture(&set, 2000, 31, false);
    for (uint32_t i = 0; i < set.count; i++)
        put_order(&log, &set.orders[i]);
    assert_true(read_text(&read, log.bytes, &list));
    assert_int_equal(read.count, set.count);
    assert_int_equal(read.coverage.usable, set.coverage.usable);
    assert_int_equal(read.coverage.without_quotes, set.coverage.without_quotes);
    assert_int_equal(read.coverage.quotes_seen, read.coverage.quotes_expected);
    assert_int_equal(decisions_reproduced(&read, NULL), read.coverage.usable);
    for (uint32_t i = 0; i < set.count; i++) {
        struct decision_inputs a, b;
        decision_inputs_of(&set, i, NULL, &a);
        decision_inputs_of(&read, i, NULL, &b);
        assert_int_equal(a.count, b.count);
        if (a.count > 0) assert_int_equal(a.items, b.items);
        for (uint32_t q = 0; q < a.count; q++) {
            const struct score_input *x = &a.inputs[q], *y = &b.inputs[q];
            assert_int_equal(x->provider, y->provider);
            assert_int_equal(x->priority, y->priority);
            assert_int_equal(x->total_cents, y->total_cents);
            assert_int_equal(x->eta_minutes, y->eta_minutes);
            assert_int_equal(x->found, y->found);
            assert_int_equal(x->substituted, y->substituted);
            assert_int_equal(x->has_success_rate, y->has_success_rate);
            assert_int_equal(x->has_margin_rate, y->has_margin_rate);
            if (x->has_success_rate) assert_true(x->success_rate == y->success_rate);
            if (x->has_margin_rate) assert_true(x->margin_rate == y->margin_rate);
        }
    }
    text_release(&log);
    decisions_release(&set);
    decisions_release(&read);
}

/* Drops each line for which `drop` says so. */
static void without(const char *log, bool (*drop)(uint64_t line, const char *text),
                    struct text *rest)
{
    uint64_t number = 0;
    for (const char *line = log; *line != '\0'; number++) {
        const char *end = strchr(line, '\n') + 1;
        char copy[1024];
        assert_true((size_t)(end - line) < sizeof copy);
        memcpy(copy, line, (size_t)(end - line));
        copy[end - line] = '\0';
        if (!drop(number, copy)) text_put(rest, copy);
        line = end;
    }
}

static bool a_fifth_of_quotes(uint64_t line, const char *text)
{
    return strstr(text, "provider_quote_success") != NULL &&
           random_below(random_draw(5, line), 5) == 0;
}

static bool all_quotes(uint64_t line, const char *text)
{
    (void)line;
    return strstr(text, "provider_quote_success") != NULL;
}

static void
a_log_without_a_fifth_of_its_quotes_states_its_coverage_and_guesses_nothing(void **state)
{
    struct decision_set set, read;
    struct text log = {0}, rest = {0};
    static struct err_list list;
    (void)state;
    decisions_fixture(&set, 2000, 32, false);
    for (uint32_t i = 0; i < set.count; i++)
        put_order(&log, &set.orders[i]);
    without(log.bytes, a_fifth_of_quotes, &rest);
    assert_true(read_text(&read, rest.bytes, &list));
    const struct decision_coverage *coverage = &read.coverage;
    const double share = (double)coverage->quotes_seen / (double)coverage->quotes_expected;
    assert_true(share > 0.77 && share < 0.83);
    uint64_t gaps = 0;
    for (unsigned g = 0; g < GAP_COUNT; g++)
        gaps += coverage->gaps[g];
    assert_int_equal(coverage->usable + coverage->without_quotes + gaps, coverage->requests);
    assert_true(coverage->gaps[GAP_QUOTE_MISSING] > 500);
    /* What is left is whole, and decides as it did. */
    assert_int_equal(decisions_reproduced(&read, NULL), coverage->usable);
    text_release(&log);
    text_release(&rest);
    decisions_release(&set);
    decisions_release(&read);
}

static void a_log_without_quotes_is_refused_and_told_what_to_log(void **state)
{
    struct decision_set set, read;
    struct text log = {0}, rest = {0};
    static struct err_list list;
    (void)state;
    decisions_fixture(&set, 300, 33, false);
    for (uint32_t i = 0; i < set.count; i++)
        put_order(&log, &set.orders[i]);
    without(log.bytes, all_quotes, &rest);
    assert_false(read_text(&read, rest.bytes, &list));
    assert_true(list.count >= 2);
    assert_non_null(strstr(list.items[0].message, "can be decided again"));
    assert_non_null(strstr(list.items[0].hint, "provider_quote_success"));
    text_release(&log);
    text_release(&rest);
    decisions_release(&set);
}

static void a_production_log_that_lacks_our_fields_is_refused_by_their_names(void **state)
{
    static struct err_list list;
    struct decision_set read;
    (void)state;
    assert_false(read_text(
        &read,
        "{\"timestamp\":\"2025-11-23T00:00:00.000Z\",\"requestId\":\"a\",\"event\":"
        "\"provider_quote_success\",\"providerId\":\"MEALME\",\"latencyMs\":812.5,\"totalCents\":"
        "2100,\"estimatedDeliveryMinutes\":35,\"itemsFound\":5,\"itemsRequested\":5}\n"
        "{\"timestamp\":\"2025-11-23T00:00:01.000Z\",\"requestId\":\"a\",\"event\":"
        "\"router_decision\",\"selectedProviderId\":\"MEALME\",\"totalQuotes\":1}\n",
        &list));
    struct text all = {0};
    for (uint32_t i = 0; i < list.count; i++)
        text_format(&all, "%s\n", list.items[i].message);
    assert_non_null(strstr(all.bytes, "itemsSubstituted"));
    assert_non_null(strstr(all.bytes, "priority"));
    assert_non_null(strstr(all.bytes, "preference"));
    assert_non_null(strstr(all.bytes, "avgMarginRate"));
    text_release(&all);
}

static void broken_lines_are_counted_and_harm_no_other_request(void **state)
{
    struct decision_set set, read;
    struct text log = {0};
    static struct err_list list;
    (void)state;
    decisions_fixture(&set, 100, 34, false);
    text_put(&log, "not json\n{\"event\":\"router_decision\"}\n\n[1,2\n");
    for (uint32_t i = 0; i < set.count; i++)
        put_order(&log, &set.orders[i]);
    log.bytes[log.length - 3] = '\0'; /* cut off within the last line */
    assert_true(read_text(&read, log.bytes, &list));
    assert_int_equal(read.coverage.lines_unreadable, 4);
    assert_true(read.coverage.usable >= set.coverage.usable - 1);
    text_release(&log);
    decisions_release(&set);
    decisions_release(&read);
}

/* ---- one request that is strange, beside one that is whole ---- */

#define AT(second, id)                                                                             \
    "{\"timestamp\":\"2025-11-23T00:00:" second ".000Z\",\"requestId\":\"" id "\",\"event\":"
#define QUOTE(id, provider, total, found, requested)                                               \
    AT("01", id)                                                                                   \
    "\"provider_quote_success\",\"providerId\":\"" provider                                        \
    "\",\"latencyMs\":812.5,\"totalCents\":" total                                                 \
    ",\"estimatedDeliveryMinutes\":35,\"itemsFound\":" found ",\"itemsRequested\":" requested      \
    ",\"itemsSubstituted\":0,\"priority\":50}\n"
#define DECISION_AT(second, id, mealme)                                                            \
    AT(second, id)                                                                                 \
    "\"router_decision\",\"selectedProviderId\":\"MEALME\",\"totalQuotes\":1,\"preference\":"      \
    "\"balanced\",\"history\":{\"MEALME\":" mealme "}}\n"
#define DECISION(id, mealme) DECISION_AT("02", id, mealme)
#define KNOWN                "{\"successRate\":95,\"avgMarginRate\":3}"
#define WHOLE                QUOTE("b", "MEALME", "2100", "5", "5") DECISION("b", KNOWN)

static void what_cannot_be_and_what_contradicts_itself_is_left_out(void **state)
{
    enum { NONE = GAP_COUNT };
    static const struct {
        const char *label, *text;
        unsigned gap;
        const char *field; /* that is said to lack */
    } rows[] = {
        {"whole", QUOTE("a", "MEALME", "2100", "5", "5") DECISION("a", KNOWN), NONE, NULL},
        {"nothing was known",
         QUOTE("a", "MEALME", "2100", "5", "5")
             DECISION("a", "{\"successRate\":null,\"avgMarginRate\":null}"),
         NONE, NULL},
        {"every line twice",
         QUOTE("a", "MEALME", "2100", "5", "5") QUOTE("a", "MEALME", "2100", "5", "5")
             DECISION("a", KNOWN) DECISION("a", KNOWN),
         NONE, NULL},
        {"another price", /* of the same provider */
         QUOTE("a", "MEALME", "2100", "5", "5") QUOTE("a", "MEALME", "2200", "5", "5")
             DECISION("a", KNOWN),
         GAP_CONTRADICTION, NULL},
        {"another cart",
         QUOTE("a", "MEALME", "2100", "5", "5") QUOTE("a", "INSTACART", "2100", "4", "4")
             DECISION("a", KNOWN),
         GAP_CONTRADICTION, NULL},
        {"another decision",
         QUOTE("a", "MEALME", "2100", "5", "5") DECISION("a", KNOWN) DECISION_AT("09", "a", KNOWN),
         GAP_CONTRADICTION, NULL},
        {"a history without rates", QUOTE("a", "MEALME", "2100", "5", "5") DECISION("a", "{}"),
         GAP_FIELD_MISSING, "successRate and avgMarginRate (or history)"},
        {"a rate in words",
         QUOTE("a", "MEALME", "2100", "5", "5")
             DECISION("a", "{\"successRate\":95,\"avgMarginRate\":\"3%\"}"),
         GAP_FIELD_MISSING, "successRate and avgMarginRate (or history)"},
        {"a rate beyond 100%",
         QUOTE("a", "MEALME", "2100", "5", "5")
             DECISION("a", "{\"successRate\":1e308,\"avgMarginRate\":3}"),
         GAP_FIELD_MISSING, "successRate and avgMarginRate (or history)"},
        {"more found than wanted", QUOTE("a", "MEALME", "2100", "5000", "5") DECISION("a", KNOWN),
         GAP_FIELD_MISSING, "itemsFound"},
        {"a price below nothing", QUOTE("a", "MEALME", "-1", "5", "5") DECISION("a", KNOWN),
         GAP_FIELD_MISSING, "totalCents"},
        {"a price of a billion",
         QUOTE("a", "MEALME", "100000000000", "5", "5") DECISION("a", KNOWN), GAP_FIELD_MISSING,
         "totalCents"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        static struct err_list list;
        struct decision_set read;
        char text[4096];
        list = (struct err_list){0};
        (void)snprintf(text, sizeof text, "%s%s", rows[i].text, WHOLE);
        CHECK_ROW(rows[i].label, read_text(&read, text, &list));
        CHECK_ROW(rows[i].label, read.coverage.usable == (rows[i].gap == NONE ? 2 : 1));
        for (unsigned g = 0; g < GAP_COUNT; g++)
            CHECK_ROW(rows[i].label, read.coverage.gaps[g] == (g == rows[i].gap));
        for (unsigned k = 0; k < DECISION_FIELDS; k++)
            CHECK_ROW(rows[i].label, read.coverage.lacking[k] ==
                                         (rows[i].field != NULL &&
                                          strcmp(rows[i].field, decision_fields[k].name) == 0));
        decisions_release(&read);
    }
}

static void a_log_that_is_none_is_refused(void **state)
{
    static struct err_list list;
    struct decision_set read;
    (void)state;
    assert_false(read_text(&read, "", &list));
    assert_non_null(strstr(list.items[0].message, "no request"));
    assert_false(read_text(&read, "order,bought\n1,2\n", &list));
    assert_non_null(strstr(list.items[0].hint, "event log"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_holds_the_decisions_of_the_record),
        cmocka_unit_test(
            a_log_without_a_fifth_of_its_quotes_states_its_coverage_and_guesses_nothing),
        cmocka_unit_test(a_log_without_quotes_is_refused_and_told_what_to_log),
        cmocka_unit_test(a_production_log_that_lacks_our_fields_is_refused_by_their_names),
        cmocka_unit_test(broken_lines_are_counted_and_harm_no_other_request),
        cmocka_unit_test(what_cannot_be_and_what_contradicts_itself_is_left_out),
        cmocka_unit_test(a_log_that_is_none_is_refused),
    };
    return cmocka_run_group_tests_name("decisions_log", tests, NULL, NULL);
}
