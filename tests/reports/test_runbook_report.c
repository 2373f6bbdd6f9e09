/* Goal: a runbook's reports say what came of it, to people and to programs, whatever the runbook
 * holds.
 *
 * Method: one runbook in which everything happens is tried out and written in every form: golden
 * texts of the console (both profiles; one; ASCII; told all) and of the Markdown, the page held to
 * the rules of all pages, the JSON parsed and compared with what was computed. Then a runbook full
 * of markup, controls and long words: nothing of it may become markup, and no line passes 80. */
#include <cjson/cJSON.h>

#include "reports/runbook_report.h"
#include "reports/runbook_text.h"
#include "router/base/utf8.h"
#include "tests/reports/folder.h"
#include "tests/reports/page.h"

static const char everything[] =
    "# Operations\n\n"
    "## Emergency\n\n"
    "```bash\n"
    "supabase secrets set LOOPGPT_MEALME_MOCK=true LOOPGPT_KROGER_MOCKS=true "
    "LOOPGPT_KROGER_MOCK=1\n"
    "supabase functions deploy route\n"
    "curl -X POST $URL/functions/v1/route -d '{\"items\": [{\"name\": \"Milk\", \"quantity\": 1}],"
    " \"shippingAddress\": {\"postalCode\": \"94102\"}}' | jq .\n"
    "supabase secrets set KROGER_CLIENT_SECRET=s3cr3t-canary\n"
    "supabase functions logs route | grep NO_VALID_QUOTES\n"
    "git log\n"
    "```\n\n"
    "## Numbers\n\n"
    "```sql\n"
    "SELECT provider_id, COUNT(*) FILTER (WHERE event = 'provider_quote_error') * 1.0 / COUNT(*)\n"
    "    AS error_rate FROM edge_logs GROUP BY provider_id ORDER BY provider_id;\n"
    "SELECT nothing FROM edge_logs;\n"
    "```\n";

static const char hostile[] =
    "# <script>alert(1)</script> | `x` *y* @team\n\n"
    "```bash\n"
    "<img onerror=alert(1)> \"a | b\" $(rm -rf /) \u202e\n"
    "supabase secrets set A_VERY_LONG_KEY_THAT_NOBODY_READS_ANYWHERE_AT_ALL=<b>&amp;</b>\n"
    "supabase functions logs 'f&g' | grep '<b>|c'\n"
    "curl -d '{\"action\": \"<i>\"}' x/functions/v1/'<u>'\n"
    "```\n"
    "```sql\n"
    "SELECT '<b>|' AS \"a|<i>\", 'x' AS \"\x1b[31m\" FROM edge_logs LIMIT 2\n"
    "```\n";

static struct runbook_document document;
static struct runbook runbook;
static struct scenario scenario;

static void try_out(const char *text, bool documented)
{
    static struct err_list list;
    struct runbook_play play = {
        .document = &document, .scenario = &scenario, .profiles = {documented, true}};
    runbook_release(&runbook);
    runbook_document_release(&document);
    list = (struct err_list){0};
    if (!runbook_document_read(&document, "ops/runbook.md", text, strlen(text), &list) ||
        !runbook_run(&runbook, &play, &list))
        fail_msg("%s", list.items[0].message);
}

static struct runbook_report report_of(const char *directory)
{
    return (struct runbook_report){.runbook = &runbook,
                                   .program = "routesim 0.1.0",
                                   .command = "routesim runbook ops/runbook.md",
                                   .name = "runbook-runbook",
                                   .experiment = 0xabcdef,
                                   .directory = directory};
}

static int make_scenario(void **state)
{
    (void)state;
    scenario_default(&scenario);
    return 0;
}

static int drop_all(void **state)
{
    (void)state;
    runbook_release(&runbook);
    runbook_document_release(&document);
    scenario_release(&scenario);
    return 0;
}

static void check_page(const char *html)
{
    page_check_nesting(html);
    page_check_stands_alone(html);
    page_check_ids(html);
}

/* ---- the console ---- */

static void check_widths(const struct text *text)
{
    const char *line = text->bytes;
    while (line != NULL && *line != '\0') {
        const size_t length = strcspn(line, "\n");
        if (utf8_count(line, length) > 80) fail_msg("%.*s", (int)length, line);
        line += length + (line[length] == '\n');
    }
}

static void console_tells_what_came_of_each_step(void **state)
{
    static const struct {
        const char *golden;
        struct runbook_style style;
        bool documented;
    } rows[] = {
        {"runbook.txt", {.unicode = true, .report_path = "out/runbook/report.html"}, true},
        {"runbook-coded.txt", {.unicode = false}, false},
        {"runbook-verbose.txt", {.unicode = true, .verbose = true}, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct text text = {0};
        try_out(everything, rows[i].documented);
        runbook_write_console(&text, &runbook, &rows[i].style);
        check_widths(&text);
        check_golden(rows[i].golden, &text);
        text_release(&text);
    }
}

static void colour_is_on_verdicts_alone(void **state)
{
    struct text text = {0}, plain = {0};
    (void)state;
    try_out(everything, true);
    const struct runbook_style coloured = {.unicode = true, .color = true};
    const struct runbook_style bare = {.unicode = true};
    runbook_write_console(&text, &runbook, &coloured);
    runbook_write_console(&plain, &runbook, &bare);
    char *to = text.bytes;
    for (const char *from = text.bytes; *from != '\0'; from++) {
        if (*from == '\033')
            from = strchr(from, 'm');
        else
            *to++ = *from;
    }
    *to = '\0';
    assert_true(text.length > plain.length);
    assert_string_equal(text.bytes, plain.bytes);
    text_release(&text);
    text_release(&plain);
}

/* ---- Markdown, JSON, the page ---- */

static void markdown_is_what_it_was(void **state)
{
    struct text text = {0};
    (void)state;
    try_out(everything, true);
    const struct runbook_report report = report_of(".");
    runbook_write_markdown(&text, &report);
    check_golden("runbook.md", &text);
    text_release(&text);
}

static const cJSON *member(const cJSON *object, const char *key)
{
    const cJSON *const found = cJSON_GetObjectItemCaseSensitive(object, key);
    if (found == NULL) fail_msg("no \"%s\"", key);
    return found;
}

static void json_holds_every_step_and_finding(void **state)
{
    struct text text = {0};
    (void)state;
    try_out(everything, true);
    const struct runbook_report report = report_of(".");
    runbook_write_json(&text, &report);
    cJSON *const root = cJSON_Parse(text.bytes);
    assert_non_null(root);
    assert_string_equal(member(root, "schema")->valuestring, "routesim.runbook/1");
    const cJSON *const steps = member(root, "steps");
    assert_int_equal(cJSON_GetArraySize(steps), runbook.step_count);
    assert_int_equal(cJSON_GetArraySize(member(root, "findings")), runbook.finding_count);
    for (uint32_t i = 0; i < runbook.step_count; i++) {
        const cJSON *const step = cJSON_GetArrayItem(steps, (int)i);
        assert_int_equal((int)member(step, "line")->valuedouble, runbook.steps[i].place.line);
        for (unsigned p = 0; p < PROFILE_COUNT; p++)
            assert_string_equal(
                member(member(step, runbook_profile_ids[p]), "verdict")->valuestring,
                runbook_verdict_names[runbook.steps[i].outcomes[p].verdict]);
    }
    const cJSON *const request = member(cJSON_GetArrayItem(steps, 4), "as_coded");
    assert_string_equal(member(request, "reason")->valuestring, "invalid_request");
    assert_int_equal((int)member(member(request, "answer"), "http_status")->valuedouble, 400);
    const cJSON *const query = member(cJSON_GetArrayItem(steps, 8), "as_documented");
    assert_int_equal((int)member(query, "row_count")->valuedouble,
                     cJSON_GetArraySize(member(query, "rows")));
    assert_null(strstr(text.bytes, "canary"));
    cJSON_Delete(root);
    text_release(&text);
}

static void the_folder_is_whole_and_keeps_secrets(void **state)
{
    static const char *const names[] = {"runbook.json", "report.md", "report.html", "summary.json"};
    char path[TEST_PATH_MAX * 4];
    struct err err;
    (void)state;
    try_out(everything, true);
    folder_make(path);
    const struct runbook_report report = report_of(path);
    assert_true(runbook_report_write_data(&report, &err));
    assert_true(runbook_report_write_page(&report, NULL, 0, &err));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct text file = folder_read(path, names[i]);
        assert_null(strstr(file.bytes, "canary"));
        text_release(&file);
    }
    struct text page = folder_read(path, "report.html");
    check_page(page.bytes);
    assert_non_null(strstr(page.bytes, "A verification that misleads"));
    text_release(&page);
    folder_remove(path);
    const struct runbook_report nowhere = report_of("/nowhere/at/all");
    assert_false(runbook_report_write_data(&nowhere, &err));
    assert_int_equal(err.code, ERR_ENVIRONMENT);
}

/* ---- whatever it holds ---- */

static void a_hostile_runbook_stays_text(void **state)
{
    static const struct runbook_style styles[] = {{.unicode = true, .verbose = true},
                                                  {.unicode = false, .verbose = true}};
    struct text html = {0}, markdown = {0};
    struct err err;
    (void)state;
    try_out(hostile, true);
    const struct runbook_report report = report_of(".");
    for (size_t i = 0; i < 2; i++) {
        struct text text = {0};
        runbook_write_console(&text, &runbook, &styles[i]);
        check_widths(&text);
        assert_null(strchr(text.bytes, '\033'));
        assert_null(strstr(text.bytes, "\u202e"));
        text_release(&text);
    }
    assert_true(runbook_write_html(&html, &report, NULL, 0, &err));
    check_page(html.bytes);
    assert_null(strstr(html.bytes, "<script>alert"));
    assert_null(strstr(html.bytes, "<img"));
    runbook_write_markdown(&markdown, &report);
    assert_null(strstr(markdown.bytes, "<script>"));
    assert_null(strstr(markdown.bytes, "@team"));
    text_release(&html);
    text_release(&markdown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(console_tells_what_came_of_each_step),
        cmocka_unit_test(colour_is_on_verdicts_alone),
        cmocka_unit_test(markdown_is_what_it_was),
        cmocka_unit_test(json_holds_every_step_and_finding),
        cmocka_unit_test(the_folder_is_whole_and_keeps_secrets),
        cmocka_unit_test(a_hostile_runbook_stays_text),
    };
    return cmocka_run_group_tests(tests, make_scenario, drop_all);
}
