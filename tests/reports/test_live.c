/* Goal: a run whose real providers were never heard says so before anything else, in every output.
 * Method: results made by hand, with the calls of a dead network; what is written is read. */
#include "reports/exports.h"
#include "reports/findings.h"
#include "reports/summary.h"
#include "reports/terminal.h"
#include "tests/reports/fixture.h"
#include "tests/support.h"

static void make(struct result *result, struct live_calls calls)
{
    fixture_three(result);
    result->clock = "real";
    result->wire = "http";
    result->live = "WALMART_API";
    result->live_calls[PROVIDER_WALMART_API] = calls;
}

static void each_way_of_being_unheard_has_its_sentence(void **state)
{
    (void)state;
    static const struct {
        struct live_calls calls;
        const char *says;
        bool deaf;
    } rows[] = {
        {{.tried = 120, .lost = {[LOSS_DNS] = 120}},
         "No call to Walmart reached it: 120 of 120 failed before a request left this machine "
         "(DNS). No figure here is about a real provider.",
         true},
        {{.tried = 120, .lost = {[LOSS_DNS] = 100, [LOSS_TLS] = 20}},
         "No call to Walmart reached it: 120 of 120 failed before a request left this machine (DNS "
         "100, TLS 20). No figure here is about a real provider.",
         true},
        {{.tried = 9, .sent = 7, .lost = {[LOSS_CONNECT] = 2}},
         "No call to Walmart was answered: of 7 requests that were sent, none got an HTTP answer, "
         "and 2 of 9 calls failed before a request left this machine (no connection). No figure "
         "here is about a real provider.",
         true},
        {{.tried = 9, .sent = 9},
         "No call to Walmart was answered: of 9 requests that were sent, none got an HTTP answer. "
         "No figure here is about a real provider.",
         true},
        {{.tried = 9, .sent = 7, .answered = 6, .lost = {[LOSS_GUARD] = 2}},
         "2 of 9 calls to Walmart failed before a request left this machine (an address that is "
         "not public).",
         false},
        {{.tried = 9, .sent = 10, .answered = 1}, "", false},
        {{0}, "", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct result result;
        struct text said = {0};
        make(&result, rows[i].calls);
        finding_live(&result, &said);
        assert_string_equal(said.bytes != NULL ? said.bytes : "", rows[i].says);
        assert_int_equal(result_is_deaf(&result), rows[i].deaf);
        assert_int_equal(strcmp(verdict_word(&result), "No live data") == 0, rows[i].deaf);
        if (rows[i].deaf) assert_int_equal(verdict_tone(&result), TONE_BAD);
        text_release(&said);
        result_release(&result);
    }
}

static void one_provider_that_answers_is_data(void **state)
{
    (void)state;
    struct result result;
    struct text said = {0};
    make(&result, (struct live_calls){.tried = 3, .lost = {[LOSS_DNS] = 3}});
    result.live = "KROGER_API, WALMART_API";
    result.live_calls[PROVIDER_KROGER_API] = (struct live_calls){2, 2, 1, {0}};
    assert_false(result_is_deaf(&result));
    finding_live(&result, &said);
    assert_string_equal(said.bytes, "No call to Walmart reached it: 3 of 3 failed before a request "
                                    "left this machine (DNS).");
    text_release(&said);
    result_release(&result);
}

/* Before any figure: `what` comes first among all that `text` says about the run. */
static void check_first(const char *label, const struct text *text, const char *then)
{
    const char *const at = strstr(text->bytes, "No call to Walmart reached");
    const char *const later = strstr(text->bytes, then);
    CHECK_ROW(label, at != NULL);
    CHECK_ROW(label, later != NULL);
    CHECK_ROW(label, at < later);
}

static void it_stands_before_checks_and_figures(void **state)
{
    (void)state;
    struct result result;
    struct text console = {0}, markdown = {0}, junit = {0};
    const struct terminal_style style = {.wall_seconds = 1};
    make(&result, (struct live_calls){.tried = 3, .lost = {[LOSS_DNS] = 3}});
    terminal_write(&console, &result, &style);
    check_first("console", &console, "CHECKS");
    check_first("console", &console, "PROVIDER");
    assert_non_null(strstr(console.bytes, "No live data."));
    for (const char *line = console.bytes; *line != '\0'; line += strcspn(line, "\n") + 1)
        assert_true(strcspn(line, "\n") <= 80);
    markdown_write(&markdown, &result);
    check_first("markdown", &markdown, "passed");
    assert_non_null(strstr(markdown.bytes, "**No live data.**"));
    junit_write(&junit, &result);
    assert_non_null(strstr(junit.bytes, "errors=\"1\""));
    assert_non_null(
        strstr(junit.bytes, "<error type=\"unreachable\" message=\"No call to Walmart"));
    text_release(&console);
    text_release(&markdown);
    text_release(&junit);
    result_release(&result);
}

static void the_account_of_live_calls_is_read_back(void **state)
{
    (void)state;
    static struct err_list list;
    struct result first, second;
    struct text text = {0}, again = {0};
    const struct live_calls calls = {
        .tried = 12, .sent = 5, .answered = 4, .lost = {1, 2, 3, 0, 1}};
    make(&first, calls);
    summary_write(&text, &first);
    assert_true(summary_read(&second, "summary.json", text.bytes, text.length, &list));
    assert_memory_equal(&second.live_calls[PROVIDER_WALMART_API], &calls, sizeof calls);
    summary_write(&again, &second);
    assert_string_equal(text.bytes, again.bytes);
    text_release(&text);
    text_release(&again);
    result_release(&first);
    result_release(&second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_way_of_being_unheard_has_its_sentence),
        cmocka_unit_test(one_provider_that_answers_is_data),
        cmocka_unit_test(it_stands_before_checks_and_figures),
        cmocka_unit_test(the_account_of_live_calls_is_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
