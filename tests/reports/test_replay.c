/* Goal: calls that a recording has no answer to, and recordings that are not whole, are named
 * before any figure, in every output; and such a run has not passed. Method: results made by hand.
 */
#include "reports/exports.h"
#include "reports/findings.h"
#include "reports/summary.h"
#include "reports/terminal.h"
#include "tests/reports/fixture.h"
#include "tests/support.h"

static const char lacks[] = "5 of 210 calls to Kroger had no recorded answer. They were told 404, "
                            "and figures that hang on them mean nothing.";
static const char flaw[] = "take.jsonl is partial: its recording was stopped early by a signal, "
                           "after 312 calls.";

static void make(struct result *result, uint64_t unanswered, const char *flaws)
{
    fixture_three(result);
    result->replayed = "KROGER_API 3fa2fc033c7784b5";
    result->replay_flaws = flaws;
    result->replay_calls[PROVIDER_KROGER_API] =
        (struct replay_calls){.exact = 200, .again = 3, .alike = 2, .unanswered = unanswered};
}

static void what_recordings_lack_has_its_sentence(void **state)
{
    (void)state;
    char both[512];
    (void)snprintf(both, sizeof both, "%s %s", lacks, flaw);
    const struct {
        const char *label;
        uint64_t unanswered;
        const char *flaws;
        bool allowed;
        const char *says;
        bool fails;
    } rows[] = {
        {"all is there", 0, "", false, "", false},
        {"calls without an answer", 5, "", false, lacks, true},
        {"the same, allowed", 5, "", true, lacks, false},
        {"a partial recording", 0, flaw, false, flaw, false},
        {"both", 5, flaw, false, both, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct result result;
        struct text said = {0};
        make(&result, rows[i].unanswered, rows[i].flaws);
        result.unanswered_allowed = rows[i].allowed;
        finding_first(&result, &said);
        CHECK_ROW_TEXT(rows[i].label, said.bytes != NULL ? said.bytes : "", rows[i].says);
        CHECK_ROW(rows[i].label, result_lacks_answers(&result) == rows[i].fails);
        const bool named = strcmp(verdict_word(&result), "Calls without an answer") == 0;
        CHECK_ROW(rows[i].label, named == rows[i].fails);
        if (rows[i].fails) CHECK_ROW(rows[i].label, verdict_tone(&result) == TONE_BAD);
        text_release(&said);
        result_release(&result);
    }
}

static void check_first(const char *label, const struct text *text, const char *then)
{
    const char *const at = strstr(text->bytes, "5 of 210 calls to Kroger had no recorded answer");
    const char *const later = strstr(text->bytes, then);
    CHECK_ROW(label, at != NULL);
    CHECK_ROW(label, later != NULL);
    CHECK_ROW(label, at < later);
    CHECK_ROW(label, strstr(text->bytes, "is partial: its recording was") != NULL);
}

static void it_stands_before_checks_and_figures(void **state)
{
    (void)state;
    struct result result;
    struct text console = {0}, markdown = {0}, junit = {0};
    const struct terminal_style style = {.wall_seconds = 1};
    make(&result, 5, flaw);
    terminal_write(&console, &result, &style);
    for (const char *line = console.bytes; *line != '\0'; line += strcspn(line, "\n") + 1)
        assert_true(strcspn(line, "\n") <= 80);
    for (char *c = console.bytes; *c != '\0'; c++) /* lines are broken where they fit */
        if (*c == '\n' && c[1] == ' ' && c[2] == ' ' && c[3] != ' ')
            memmove(c, c + 2, strlen(c + 1));
    check_first("console", &console, "CHECKS");
    assert_non_null(strstr(console.bytes, "Calls without an answer."));
    markdown_write(&markdown, &result);
    check_first("markdown", &markdown, "passed");
    assert_non_null(strstr(markdown.bytes, "**Calls without an answer.**"));
    junit_write(&junit, &result);
    assert_non_null(strstr(junit.bytes, "errors=\"1\""));
    assert_non_null(strstr(junit.bytes, "<error type=\"unanswered\" message=\"5 of 210 calls"));
    text_release(&console);
    text_release(&markdown);
    text_release(&junit);
    result_release(&result);
}

static void the_account_of_replayed_calls_is_read_back(void **state)
{
    (void)state;
    static struct err_list list;
    struct result first, second;
    struct text text = {0}, again = {0};
    make(&first, 5, flaw);
    first.unanswered_allowed = true;
    summary_write(&text, &first);
    assert_true(summary_read(&second, "summary.json", text.bytes, text.length, &list));
    assert_memory_equal(second.replay_calls, first.replay_calls, sizeof first.replay_calls);
    assert_string_equal(second.replay_flaws, flaw);
    assert_true(second.unanswered_allowed);
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
        cmocka_unit_test(what_recordings_lack_has_its_sentence),
        cmocka_unit_test(it_stands_before_checks_and_figures),
        cmocka_unit_test(the_account_of_replayed_calls_is_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
