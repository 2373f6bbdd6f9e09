/* Goal: each step of a runbook is told as what it is: it works, has no effect, fails, is unknown;
 * and what no step shows alone is found.
 *
 * Method: the shipped runbook under both profiles, held to what is known of production's code; then
 * small runbooks, a behaviour each: what makes a change live, whose function is deployed, what a
 * request meets under the settings of its moment, what a log can hold. Texts hold no secret. The
 * same bytes come out again. Broken once while it was written: settings carried over sections, the
 * latest secrets instead of what is live, codes of one profile under the other. */
#include <unistd.h>

#include "router/base/json.h"
#include "router/base/text.h"
#include "sim/analysis/runbook.h"
#include "tests/support.h"

static struct runbook_document document;
static struct runbook runbook;
static struct scenario scenario;
static struct err_list list;

static int make_scenario(void **state)
{
    (void)state;
    scenario_default(&scenario);
    return 0;
}

static int drop_runbook(void **state)
{
    (void)state;
    runbook_release(&runbook);
    runbook_document_release(&document);
    return 0;
}

static int drop_scenario(void **state)
{
    (void)drop_runbook(state);
    scenario_release(&scenario);
    return 0;
}

static bool try_out(const char *text, const struct scenario *against, const char *only)
{
    struct runbook_play play = {
        .document = &document, .scenario = against, .profiles = {true, true}, .only = only};
    (void)drop_runbook(NULL);
    list = (struct err_list){0};
    return runbook_document_read(&document, "r.md", text, strlen(text), &list) &&
           runbook_run(&runbook, &play, &list);
}

static void play_text(const char *text)
{
    if (!try_out(text, &scenario, NULL)) fail_msg("%s", list.items[0].message);
}

/* A shell block under a heading. */
static void play_shell(const char *code)
{
    struct text text = {0};
    text_format(&text, "# One\n```bash\n%s\n```\n", code);
    play_text(text.bytes);
    text_release(&text);
}

static const struct runbook_outcome *outcome_of(uint32_t step, enum profile profile)
{
    assert_true(step < runbook.step_count);
    return &runbook.steps[step].outcomes[profile];
}

static void check_verdict(uint32_t step, enum profile profile, enum runbook_verdict verdict,
                          enum runbook_reason reason)
{
    const struct runbook_outcome *const outcome = outcome_of(step, profile);
    if (outcome->verdict != verdict || outcome->reason != reason)
        fail_msg("step %u (%s) %s: %s [%s]", (unsigned)step, runbook.steps[step].what,
                 runbook_verdict_names[outcome->verdict], outcome->why,
                 runbook_reason_names[outcome->reason]);
}

static const struct runbook_finding *finding_of(enum runbook_finding_kind kind)
{
    for (uint32_t i = 0; i < runbook.finding_count; i++)
        if (runbook.findings[i].kind == kind) return &runbook.findings[i];
    return NULL;
}

/* ---- the shipped one ---- */

static uint32_t step_about(const char *section, const char *what)
{
    for (uint32_t i = 0; i < runbook.step_count; i++)
        if (strstr(document.headings[runbook.steps[i].section].path, section) != NULL &&
            strstr(runbook.steps[i].what, what) != NULL)
            return i;
    fail_msg("no step \"%s\" under \"%s\"", what, section);
    return 0;
}

static void play_shipped(void)
{
    struct err err;
    size_t length = 0;
    char *const bytes = json_load("scenarios/runbook.md", RUNBOOK_BYTES_MAX, &length, &err);
    if (bytes == NULL) fail_msg("%s", err.message);
    play_text(bytes);
    free(bytes);
}

static void emergency_1_as_coded_mocks_two_and_its_verification_answers_400(void **state)
{
    static const char emergency[] = "Emergency 1";
    (void)state;
    play_shipped();
    static const char *const unread[] = {"LOOPGPT_MEALME_MOCK", "LOOPGPT_INSTACART_MOCK"};
    static const char *const read[] = {"LOOPGPT_KROGER_MOCK", "LOOPGPT_WALMART_MOCK"};
    for (unsigned i = 0; i < 2; i++) {
        const uint32_t step = step_about(emergency, unread[i]);
        check_verdict(step, PROFILE_AS_CODED, RUNBOOK_NO_EFFECT, REASON_UNREAD_KEY);
        assert_non_null(strstr(outcome_of(step, PROFILE_AS_CODED)->why, unread[i]));
        check_verdict(step, PROFILE_AS_DOCUMENTED, RUNBOOK_WORKS, REASON_NONE);
        check_verdict(step_about(emergency, read[i]), PROFILE_AS_CODED, RUNBOOK_WORKS, REASON_NONE);
    }
    const uint32_t request = step_about(emergency, "POST");
    const struct runbook_answer *const coded = &outcome_of(request, PROFILE_AS_CODED)->answer;
    check_verdict(request, PROFILE_AS_CODED, RUNBOOK_FAILS, REASON_INVALID_REQUEST);
    assert_int_equal(coded->http_status, 400);
    assert_string_equal(coded->code, "INVALID_REQUEST");
    assert_non_null(strstr(outcome_of(request, PROFILE_AS_CODED)->why, "userId is missing"));
    const struct runbook_answer *const documented =
        &outcome_of(request, PROFILE_AS_DOCUMENTED)->answer;
    check_verdict(request, PROFILE_AS_DOCUMENTED, RUNBOOK_WORKS, REASON_NONE);
    assert_int_equal(documented->http_status, 200);
    assert_true(documented->canned);
    assert_int_equal(documented->canned_quotes, 4);
    assert_int_equal(documented->latency_us, 0);
    bool misleads = false, names_keys = false;
    for (uint32_t i = 0; i < runbook.finding_count; i++) {
        const struct runbook_finding *const finding = &runbook.findings[i];
        if (strstr(document.headings[finding->section].path, emergency) == NULL) continue;
        misleads |= finding->kind == FINDING_MISLEADING_ANSWER &&
                    finding->profiles == 1u << PROFILE_AS_CODED;
        names_keys |=
            finding->kind == FINDING_KEYS_NOT_READ &&
            strstr(finding->text, "LOOPGPT_MEALME_MOCK and LOOPGPT_INSTACART_MOCK") != NULL;
    }
    assert_true(misleads);
    assert_true(names_keys);
}

static void of_the_shipped_runbook_these_steps_do_not_work(void **state)
{
    static const struct {
        const char *section, *what;
        enum runbook_reason documented, coded;
    } rows[] = {
        {"Morning checklist", "a health check", REASON_NONE, REASON_INVALID_REQUEST},
        {"Morning checklist", "NO_PROVIDERS_AVAILABLE", REASON_NONE, REASON_NEVER_LOGGED},
        {"Issue 1", "LOOPGPT_KROGER_TIMEOUT", REASON_NOT_DEPLOYED, REASON_UNREAD_KEY},
        {"Issue 1", "LOOPGPT_WALMART_TIMEOUT", REASON_NOT_DEPLOYED, REASON_UNREAD_KEY},
        {"Issue 2", "NO_PROVIDERS_AVAILABLE", REASON_NONE, REASON_NEVER_LOGGED},
        {"Issue 4", "a health check", REASON_NONE, REASON_INVALID_REQUEST},
        {"Issue 4", "LOOPGPT_KROGER_TIMEOUT", REASON_NOT_DEPLOYED, REASON_UNREAD_KEY},
        {"Issue 4", "LOOPGPT_ENABLE_WALMART", REASON_NOT_DEPLOYED, REASON_ALREADY_SO},
        {"Emergency 2", "KROGER_CLIENT_ID", REASON_DEPLOYED_BEFORE, REASON_DEPLOYED_BEFORE},
        {"Emergency 2", "KROGER_CLIENT_SECRET", REASON_DEPLOYED_BEFORE, REASON_DEPLOYED_BEFORE},
        {"Emergency 3", "a health check", REASON_NONE, REASON_INVALID_REQUEST},
        {"Monthly rotation", "POST", REASON_NONE, REASON_INVALID_REQUEST},
        {"Tuning of timeouts", "LOOPGPT_KROGER_TIMEOUT", REASON_NOT_DEPLOYED, REASON_UNREAD_KEY},
    };
    (void)state;
    play_shipped();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const uint32_t step = step_about(rows[i].section, rows[i].what);
        CHECK_ROW(rows[i].what,
                  outcome_of(step, PROFILE_AS_DOCUMENTED)->reason == rows[i].documented);
        CHECK_ROW(rows[i].what, outcome_of(step, PROFILE_AS_CODED)->reason == rows[i].coded);
    }
    const struct runbook_finding *const late = finding_of(FINDING_ROTATED_TOO_LATE);
    assert_non_null(late);
    assert_int_equal(late->profiles, 3);
    const struct runbook_finding *const rate = finding_of(FINDING_RATE_TOPS_OUT);
    assert_non_null(rate);
    assert_non_null(strstr(rate->text, "error_rate_pct comes to 50%"));
    assert_true(runbook_is_at_fault(&runbook));
    assert_string_equal(runbook.function, "loopgpt_route_order");
}

static void every_block_of_the_shipped_runbook_is_understood(void **state)
{
    uint32_t queries = 0;
    (void)state;
    play_shipped();
    for (unsigned p = 0; p < PROFILE_COUNT; p++)
        assert_int_equal(runbook.verdicts[p][RUNBOOK_UNKNOWN], 0);
    for (uint32_t i = 0; i < runbook.step_count; i++)
        queries += runbook.steps[i].verb == RUNBOOK_QUERY;
    assert_int_equal(queries, 5);
    assert_int_equal(runbook.other_blocks, 0);
}

/* ---- settings ---- */

static void a_change_is_live_with_the_next_deploy_of_its_section(void **state)
{
    (void)state;
    play_shell("supabase secrets set LOOPGPT_KROGER_MOCK=true\n"
               "supabase secrets unset LOOPGPT_WALMART_MOCK\n"
               "supabase functions deploy route\n"
               "supabase secrets set LOOPGPT_WALMART_MOCK=true");
    check_verdict(0, PROFILE_AS_DOCUMENTED, RUNBOOK_WORKS, REASON_NONE);
    assert_int_equal(outcome_of(0, PROFILE_AS_DOCUMENTED)->live_step, 2);
    check_verdict(1, PROFILE_AS_DOCUMENTED, RUNBOOK_WORKS, REASON_ALREADY_SO);
    check_verdict(3, PROFILE_AS_DOCUMENTED, RUNBOOK_NO_EFFECT, REASON_DEPLOYED_BEFORE);
    assert_non_null(strstr(outcome_of(3, PROFILE_AS_DOCUMENTED)->why, "line 5"));
    play_shell("supabase secrets set LOOPGPT_KROGER_MOCK=true\n"
               "supabase functions deploy\nsupabase functions deploy");
    assert_int_equal(outcome_of(0, PROFILE_AS_DOCUMENTED)->live_step, 1);
    play_text("# A\n```sh\nsupabase secrets set LOOPGPT_KROGER_MOCK=true\n```\n"
              "# B\n```sh\nsupabase functions deploy\n```\n");
    check_verdict(0, PROFILE_AS_DOCUMENTED, RUNBOOK_NO_EFFECT, REASON_NOT_DEPLOYED);
    assert_non_null(strstr(outcome_of(1, PROFILE_AS_DOCUMENTED)->said, "nothing"));
    assert_non_null(finding_of(FINDING_NOT_DEPLOYED));
}

static void propagation_is_the_scenarios(void **state)
{
    static const char text[] = "```sh\nsupabase secrets set LOOPGPT_KROGER_MOCK=true\n```\n";
    struct scenario other = scenario;
    (void)state;
    other.deployment.propagation = PROPAGATE_IMMEDIATE;
    assert_true(try_out(text, &other, NULL));
    check_verdict(0, PROFILE_AS_DOCUMENTED, RUNBOOK_WORKS, REASON_NONE);
    assert_string_equal(outcome_of(0, PROFILE_AS_DOCUMENTED)->said, "takes effect at once");
    other.deployment.propagation = PROPAGATE_ON_COLD_START;
    assert_true(try_out(text, &other, NULL));
    check_verdict(0, PROFILE_AS_DOCUMENTED, RUNBOOK_WORKS, REASON_NONE);
    assert_non_null(strstr(outcome_of(0, PROFILE_AS_DOCUMENTED)->said, "recycled"));
}

static void keys_and_values_that_do_nothing_say_why(void **state)
{
    static const struct {
        const char *setting;
        enum runbook_verdict verdict;
        enum runbook_reason reason;
    } rows[] = {
        {"LOOPGPT_KROGER_MOCKS=true", RUNBOOK_NO_EFFECT, REASON_UNKNOWN_KEY},
        {"LOOPGPT_KROGER_MOCK=ture", RUNBOOK_NO_EFFECT, REASON_BAD_VALUE},
        {"LOOPGPT_KROGER_TIMEOUT=15s", RUNBOOK_NO_EFFECT, REASON_BAD_VALUE},
        {"LOOPGPT_KROGER_TIMEOUT=<ms>", RUNBOOK_UNKNOWN, REASON_NOT_SIMULATED},
        {"KROGER_ENV=production", RUNBOOK_UNKNOWN, REASON_NOT_SIMULATED},
        {"LOOPGPT_ENABLE_KROGER=true", RUNBOOK_WORKS, REASON_ALREADY_SO},
        {"KROGER_CLIENT_SECRET=<new>", RUNBOOK_WORKS, REASON_NONE},
        {"LOOPGPT-KROGER=1", RUNBOOK_FAILS, REASON_REFUSED},
        {"nothing", RUNBOOK_UNKNOWN, REASON_NOT_SIMULATED},
        {"--env-file .env", RUNBOOK_UNKNOWN, REASON_NOT_SIMULATED},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct text code = {0};
        text_format(&code, "supabase secrets set %s\nsupabase functions deploy", rows[i].setting);
        play_shell(code.bytes);
        text_release(&code);
        const struct runbook_outcome *const outcome = outcome_of(0, PROFILE_AS_DOCUMENTED);
        if (outcome->verdict != rows[i].verdict || outcome->reason != rows[i].reason)
            fail_msg("%s: %s [%s] %s", rows[i].setting, runbook_verdict_names[outcome->verdict],
                     runbook_reason_names[outcome->reason], outcome->why);
    }
}

static void each_key_of_a_command_is_a_step_with_its_place(void **state)
{
    (void)state;
    play_shell("supabase secrets set LOOPGPT_KROGER_MOCK=true \\\n"
               "  LOOPGPT_MEALME_MOCK=true --project-ref abc\n"
               "supabase functions deploy route");
    assert_int_equal(runbook.step_count, 3);
    assert_int_equal(runbook.steps[1].place.line, 4);
    assert_int_equal(runbook.steps[1].place.column, 3);
    assert_int_equal(runbook.steps[1].place.width, 24);
    assert_string_equal(runbook.steps[1].what, "LOOPGPT_MEALME_MOCK = true");
    check_verdict(1, PROFILE_AS_CODED, RUNBOOK_NO_EFFECT, REASON_UNREAD_KEY);
}

static void deploying_another_function_changes_nothing(void **state)
{
    (void)state;
    play_shell("curl -d '{\"action\": \"health_check\"}' $URL/functions/v1/route\n"
               "supabase secrets set LOOPGPT_KROGER_MOCK=true\n"
               "supabase functions deploy rout");
    check_verdict(1, PROFILE_AS_DOCUMENTED, RUNBOOK_NO_EFFECT, REASON_NOT_DEPLOYED);
    check_verdict(2, PROFILE_AS_DOCUMENTED, RUNBOOK_NO_EFFECT, REASON_OTHER_FUNCTION);
    assert_non_null(finding_of(FINDING_OTHER_FUNCTION));
}

/* ---- requests ---- */

#define ROUTE "curl -X POST $URL/functions/v1/route -d "
#define ORDER                                                                                      \
    "'{\"userId\": \"u\", \"items\": [{\"name\": \"Milk\", \"quantity\": 1}], "                    \
    "\"shippingAddress\": {\"postalCode\": \"94102\"}, \"location\": {\"zip\": \"94102\"}}'"

static void a_request_meets_what_is_live_by_then(void **state)
{
    (void)state;
    play_shell(ROUTE ORDER
               "\n"
               "supabase secrets set LOOPGPT_KROGER_MOCK=1 LOOPGPT_WALMART_MOCK=1 "
               "LOOPGPT_MEALME_MOCK=1 LOOPGPT_INSTACART_MOCK=1\n" ROUTE ORDER
               "\nsupabase functions deploy route\n" ROUTE ORDER
               "\nsupabase secrets set LOOPGPT_ENABLE_KROGER=0 LOOPGPT_ENABLE_WALMART=0 "
               "LOOPGPT_ENABLE_MEALME=0 LOOPGPT_ENABLE_INSTACART=0\n"
               "supabase functions deploy route\n" ROUTE ORDER);
    const struct runbook_answer *const before = &outcome_of(0, PROFILE_AS_DOCUMENTED)->answer;
    const struct runbook_answer *const waiting = &outcome_of(5, PROFILE_AS_DOCUMENTED)->answer;
    const struct runbook_answer *const mocked = &outcome_of(7, PROFILE_AS_DOCUMENTED)->answer;
    const struct runbook_answer *const none = &outcome_of(13, PROFILE_AS_DOCUMENTED)->answer;
    assert_int_equal(before->http_status, 200);
    assert_int_equal(before->canned_quotes, 0);
    assert_int_equal(before->quotes, 4);
    assert_true(before->latency_us > 0);
    assert_int_equal(waiting->total_cents, before->total_cents); /* the same order, the same luck */
    assert_int_equal(waiting->canned_quotes, 0);
    assert_int_equal(mocked->canned_quotes, 4);
    assert_int_equal(none->http_status, 503);
    assert_string_equal(none->code, "NO_PROVIDERS");
    check_verdict(13, PROFILE_AS_DOCUMENTED, RUNBOOK_FAILS, REASON_NOT_ROUTED);
    /* As coded two are always canned, and two are off. */
    assert_int_equal(outcome_of(0, PROFILE_AS_CODED)->answer.quotes, 2);
    assert_int_equal(outcome_of(0, PROFILE_AS_CODED)->answer.canned_quotes, 2);
}

static void an_outage_of_the_scenario_is_met_and_named(void **state)
{
    struct scenario other = scenario;
    (void)state;
    other.faults[0] = (struct fault_spec){.id = "outage",
                                          .provider_mask = (1u << PROVIDER_COUNT) - 1u,
                                          .kind = FAULT_HANG,
                                          .for_us = other.duration_us,
                                          .fraction = 1};
    other.fault_count = 1;
    assert_true(try_out("```sh\n" ROUTE ORDER "\nsupabase functions logs route | grep "
                        "NO_PROVIDERS_AVAILABLE\n```\n",
                        &other, NULL));
    check_verdict(0, PROFILE_AS_DOCUMENTED, RUNBOOK_FAILS, REASON_NOT_ROUTED);
    assert_string_equal(outcome_of(0, PROFILE_AS_DOCUMENTED)->answer.code,
                        "NO_PROVIDERS_AVAILABLE");
    assert_non_null(strstr(outcome_of(0, PROFILE_AS_DOCUMENTED)->said, "Kroger TIMEOUT"));
    check_verdict(1, PROFILE_AS_DOCUMENTED, RUNBOOK_WORKS, REASON_NONE);
    assert_non_null(strstr(outcome_of(1, PROFILE_AS_DOCUMENTED)->said, "lines of this"));
    /* Refused instead, Walmart's failed searches make an empty cart that wins: it has to be seen.
     */
    other.faults[0].kind = FAULT_REFUSE;
    assert_true(try_out("```sh\n" ROUTE ORDER "\n```\n", &other, NULL));
    check_verdict(0, PROFILE_AS_DOCUMENTED, RUNBOOK_WORKS, REASON_NONE);
    assert_non_null(strstr(outcome_of(0, PROFILE_AS_DOCUMENTED)->said, "0 of 1 items found"));
}

static void a_new_credential_is_the_one_that_the_provider_issued(void **state)
{
    (void)state;
    play_shell("supabase secrets set KROGER_CLIENT_SECRET=<new>\n"
               "supabase functions deploy route\n" ROUTE ORDER);
    check_verdict(0, PROFILE_AS_DOCUMENTED, RUNBOOK_WORKS, REASON_NONE);
    assert_int_equal(outcome_of(2, PROFILE_AS_DOCUMENTED)->answer.quotes, 4);
    assert_int_equal(outcome_of(2, PROFILE_AS_DOCUMENTED)->answer.canned_quotes, 0);
    play_shell("supabase secrets unset KROGER_CLIENT_SECRET\n"
               "supabase functions deploy route\n" ROUTE ORDER);
    /* Without one a direct provider is mocked. */
    assert_int_equal(outcome_of(2, PROFILE_AS_DOCUMENTED)->answer.canned_quotes, 1);
}

static void a_health_check_goes_by_settings(void **state)
{
    (void)state;
    play_shell("supabase secrets unset KROGER_CLIENT_SECRET\n"
               "supabase secrets set LOOPGPT_ENABLE_WALMART=false\n"
               "supabase functions deploy route\n" ROUTE "'{\"action\": \"health_check\"}'");
    check_verdict(3, PROFILE_AS_DOCUMENTED, RUNBOOK_WORKS, REASON_NONE);
    const char *const said = outcome_of(3, PROFILE_AS_DOCUMENTED)->said;
    assert_non_null(strstr(said, "Kroger not healthy"));
    assert_null(strstr(said, "Walmart"));
    assert_non_null(strstr(said, "MealMe healthy"));
    check_verdict(3, PROFILE_AS_CODED, RUNBOOK_FAILS, REASON_INVALID_REQUEST);
    assert_non_null(finding_of(FINDING_NO_HEALTH_CHECK));
    assert_non_null(finding_of(FINDING_BLIND_HEALTH_CHECK));
}

static void what_goes_elsewhere_or_is_beyond_is_unknown(void **state)
{
    static const char *const codes[] = {
        "curl https://api.kroger.com/v1/health",
        "curl $STATUS_PAGE",
        ROUTE "@order.json",
        ROUTE "'{\"items\": <items>}'",
        "curl --frobnicate x $URL/functions/v1/route",
        "git revert HEAD",
        "supabase db reset",
        "for i in 1 2; do supabase secrets list; done",
    };
    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        play_shell(codes[i]);
        CHECK_ROW(codes[i], runbook.step_count == 1);
        CHECK_ROW(codes[i], outcome_of(0, PROFILE_AS_CODED)->verdict == RUNBOOK_UNKNOWN);
        CHECK_ROW(codes[i], outcome_of(0, PROFILE_AS_CODED)->why[0] != '\0');
        CHECK_ROW(codes[i], !runbook_is_at_fault(&runbook));
    }
}

/* ---- logs and queries ---- */

static void a_search_finds_what_the_log_can_hold(void **state)
{
    static const struct {
        const char *grep;
        enum runbook_verdict documented, coded;
    } rows[] = {
        {"grep router_decision", RUNBOOK_WORKS, RUNBOOK_WORKS},
        {"grep NO_VALID_QUOTES", RUNBOOK_FAILS, RUNBOOK_WORKS},
        {"grep NO_PROVIDERS_AVAILABLE", RUNBOOK_WORKS, RUNBOOK_FAILS},
        {"grep -i no_providers_available", RUNBOOK_WORKS, RUNBOOK_FAILS},
        {"grep -E 'NO_VALID_QUOTES|HTTP_503'", RUNBOOK_WORKS, RUNBOOK_WORKS},
        {"grep HTTP_999", RUNBOOK_FAILS, RUNBOOK_FAILS},
        {"grep provider_quote_failed", RUNBOOK_FAILS, RUNBOOK_FAILS},
        {"grep Unauthorized", RUNBOOK_WORKS, RUNBOOK_WORKS},
        {"grep unauthorized", RUNBOOK_UNKNOWN, RUNBOOK_UNKNOWN},
        {"grep 'timed out'", RUNBOOK_WORKS, RUNBOOK_WORKS},
        {"grep -v TIMEOUT", RUNBOOK_WORKS, RUNBOOK_WORKS},
        {"grep \"cosmic rays\"", RUNBOOK_UNKNOWN, RUNBOOK_UNKNOWN},
        {"head", RUNBOOK_WORKS, RUNBOOK_WORKS},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct text code = {0};
        text_format(&code, "supabase functions logs route --tail | %s", rows[i].grep);
        play_shell(code.bytes);
        text_release(&code);
        CHECK_ROW(rows[i].grep,
                  outcome_of(0, PROFILE_AS_DOCUMENTED)->verdict == rows[i].documented);
        CHECK_ROW(rows[i].grep, outcome_of(0, PROFILE_AS_CODED)->verdict == rows[i].coded);
    }
}

static void queries_are_answered_from_the_log(void **state)
{
    (void)state;
    play_text("```sql\n"
              "SELECT COUNT(*) FROM edge_logs WHERE event = 'router_decision';\n"
              "SELECT SUM(total_orders) FROM provider_metrics;\n"
              "SELECT COUNT(*) FROM score_calculations WHERE selected;\n"
              "SELECT COUNT(*) > 0 FROM order_outcomes;\n"
              "SELECT 1 FROM edge_logs WHERE event = 'provider_quote_failed';\n"
              "SELECT 1 FROM edge_logs WHERE error_code = 'NO_PROVIDERS_AVAILABLE';\n"
              "SELECT region FROM edge_logs;\n"
              "SELECT SUM(v) OVER (PARTITION BY k) FROM edge_logs;\n```\n");
    assert_int_equal(runbook.step_count, 8);
    const struct runbook_outcome *const first = outcome_of(0, PROFILE_AS_DOCUMENTED);
    assert_int_equal(first->rows.values[0].number, runbook.logs[PROFILE_AS_DOCUMENTED].orders);
    assert_int_equal(outcome_of(2, PROFILE_AS_DOCUMENTED)->rows.values[0].number,
                     first->rows.values[0].number);
    for (uint32_t i = 0; i < 4; i++)
        check_verdict(i, PROFILE_AS_DOCUMENTED, RUNBOOK_WORKS, REASON_NONE);
    check_verdict(4, PROFILE_AS_DOCUMENTED, RUNBOOK_FAILS, REASON_NEVER_LOGGED);
    check_verdict(5, PROFILE_AS_DOCUMENTED, RUNBOOK_WORKS, REASON_NONE);
    check_verdict(5, PROFILE_AS_CODED, RUNBOOK_FAILS, REASON_NEVER_LOGGED);
    check_verdict(6, PROFILE_AS_DOCUMENTED, RUNBOOK_FAILS, REASON_BAD_SQL);
    assert_non_null(strstr(outcome_of(6, PROFILE_AS_DOCUMENTED)->why, "line 8, column 8"));
    check_verdict(7, PROFILE_AS_DOCUMENTED, RUNBOOK_UNKNOWN, REASON_NOT_SIMULATED);
}

static void only_a_rate_that_counts_start_rows_tops_out(void **state)
{
    (void)state;
    play_text("```sql\nSELECT COUNT(*) FILTER (WHERE event = 'provider_quote_error') * 1.0 / "
              "COUNT(*) AS error_rate FROM edge_logs WHERE event LIKE 'provider_quote_%';\n```\n");
    assert_non_null(finding_of(FINDING_RATE_TOPS_OUT));
    play_text("```sql\nSELECT COUNT(*) FILTER (WHERE event = 'provider_quote_error') * 1.0 / "
              "COUNT(*) AS error_rate FROM edge_logs WHERE event IN ('provider_quote_success', "
              "'provider_quote_error');\n```\n");
    assert_null(finding_of(FINDING_RATE_TOPS_OUT));
}

/* ---- the whole ---- */

static void secrets_are_in_no_text(void **state)
{
    static const char canary[] = "s3cr3t-canary";
    char line[] = "  KROGER_CLIENT_SECRET=s3cr3t-canary LOOPGPT_X=y MEALME_API_KEY='a b' "
                  "A_KEY=\"$B\" A_KEY=<b> A_KEY='$b' Bearer t\nx=1";
    (void)state;
    play_shell(
        "supabase secrets set KROGER_CLIENT_SECRET=s3cr3t-canary\n"
        "curl -H 'Authorization: Bearer s3cr3t-canary' -d '{\"action\": \"health_check\"}' "
        "$URL/functions/v1/route\nsupabase secrets set WALMART_API_KEY=s3cr3t-canary | tee x\n"
        "KROGER_CLIENT_SECRET=s3cr3t-canary node x.js\n"
        "for i in 1; do supabase secrets set MEALME_API_KEY='s3cr3t-canary x'; done\n"
        "wget --header \"Authorization: Bearer s3cr3t-canary\" https://x");
    for (uint32_t i = 0; i < runbook.step_count; i++) {
        const struct runbook_step *const step = &runbook.steps[i];
        assert_null(strstr(step->what, canary));
        assert_null(strstr(step->source, canary));
        for (unsigned p = 0; p < PROFILE_COUNT; p++) {
            assert_null(strstr(step->outcomes[p].said, canary));
            assert_null(strstr(step->outcomes[p].why, canary));
            assert_null(strstr(step->outcomes[p].hint, canary));
        }
    }
    for (uint32_t i = 0; i < runbook.finding_count; i++)
        assert_null(strstr(runbook.findings[i].text, canary));
    assert_non_null(finding_of(FINDING_SECRET_IN_TEXT));
    runbook_hide_secrets(line);
    assert_string_equal(line,
                        "  KROGER_CLIENT_SECRET=************* LOOPGPT_X=y "
                        "MEALME_API_KEY='***' A_KEY=\"$B\" A_KEY=<b> A_KEY='**' Bearer *\nx=1");
}

static void what_an_address_logs_in_with_is_in_no_text(void **state)
{
    char line[] = "curl https://user:hunter2@x/a https://x/?m=a@b https://u:<word>@x";
    (void)state;
    play_shell("curl -X POST https://user:hunter2@example.com/functions/v1/route -d '{}'\n"
               "curl https://user:hunter2@example.com/status\n"
               "curl -u user:hunter2 https://example.com/status\n"
               "psql postgres://user:hunter2@db/x | tee https://tok-hunter2@x\n"
               "supabase secrets set HOOK_URL=https://user:hunter2@example.com/x\n"
               "wget https://x/?m=a@b 'https://u:<word>@x'");
    for (uint32_t i = 0; i < runbook.step_count; i++) {
        const struct runbook_step *const step = &runbook.steps[i];
        const char *texts[] = {step->what, step->source, step->filter};
        for (size_t t = 0; t < sizeof texts / sizeof *texts; t++)
            assert_null(strstr(texts[t], "hunter2"));
        for (unsigned p = 0; p < PROFILE_COUNT; p++) {
            assert_null(strstr(step->outcomes[p].said, "hunter2"));
            assert_null(strstr(step->outcomes[p].why, "hunter2"));
            assert_null(strstr(step->outcomes[p].hint, "hunter2"));
        }
    }
    assert_int_equal(runbook.step_count, 6);
    assert_non_null(strstr(runbook.steps[0].source, "https://[hidden]@example.com/functions"));
    assert_string_equal(runbook.steps[1].what, "GET example.com");
    assert_string_equal(runbook.steps[3].what,
                        "psql postgres://[hidden]@db/x | tee https://[hidden]@x");
    assert_string_equal(runbook.steps[5].source, "wget https://x/?m=a@b 'https://u:<word>@x'");
    assert_non_null(finding_of(FINDING_SECRET_IN_TEXT));
    assert_int_equal(finding_of(FINDING_SECRET_IN_TEXT)->line_count, 4);
    runbook_hide_secrets(line);
    assert_string_equal(line, "curl https://************@x/a https://x/?m=a@b https://u:<word>@x");
}

static void sections_are_chosen_by_their_headings(void **state)
{
    static const char text[] = "# R\n## Issue 1\n```sh\nsupabase secrets list\n```\n## Issue 2\n"
                               "```sh\nsupabase functions deploy\n```\n";
    (void)state;
    assert_true(try_out(text, &scenario, "issue 2"));
    assert_int_equal(runbook.step_count, 1);
    assert_int_equal(runbook.steps[0].verb, RUNBOOK_DEPLOY);
    assert_false(try_out(text, &scenario, "Isue 1"));
    assert_int_equal(list.items[0].code, ERR_USAGE);
    assert_non_null(strstr(list.items[0].hint, "Issue 1"));
}

static void a_file_without_a_step_and_a_live_provider_are_refused(void **state)
{
    struct scenario other = scenario;
    (void)state;
    assert_false(try_out("# R\n```json\n{}\n```\n", &scenario, NULL));
    assert_non_null(strstr(list.items[0].message, "no step"));
    assert_false(try_out("```sh\nls 'x\n```\n```sh\n$(\n```\n", &scenario, NULL));
    assert_int_equal(list.errors, 2); /* every mistake is said */
    other.providers[PROVIDER_KROGER_API].mode = MODE_LIVE;
    assert_false(try_out("```sh\nsupabase secrets list\n```\n", &other, NULL));
    assert_non_null(strstr(list.items[0].message, "KROGER_API"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(emergency_1_as_coded_mocks_two_and_its_verification_answers_400),
        cmocka_unit_test(of_the_shipped_runbook_these_steps_do_not_work),
        cmocka_unit_test(every_block_of_the_shipped_runbook_is_understood),
        cmocka_unit_test(a_change_is_live_with_the_next_deploy_of_its_section),
        cmocka_unit_test(propagation_is_the_scenarios),
        cmocka_unit_test(keys_and_values_that_do_nothing_say_why),
        cmocka_unit_test(each_key_of_a_command_is_a_step_with_its_place),
        cmocka_unit_test(deploying_another_function_changes_nothing),
        cmocka_unit_test(a_request_meets_what_is_live_by_then),
        cmocka_unit_test(an_outage_of_the_scenario_is_met_and_named),
        cmocka_unit_test(a_new_credential_is_the_one_that_the_provider_issued),
        cmocka_unit_test(a_health_check_goes_by_settings),
        cmocka_unit_test(what_goes_elsewhere_or_is_beyond_is_unknown),
        cmocka_unit_test(a_search_finds_what_the_log_can_hold),
        cmocka_unit_test(queries_are_answered_from_the_log),
        cmocka_unit_test(only_a_rate_that_counts_start_rows_tops_out),
        cmocka_unit_test(secrets_are_in_no_text),
        cmocka_unit_test(what_an_address_logs_in_with_is_in_no_text),
        cmocka_unit_test(sections_are_chosen_by_their_headings),
        cmocka_unit_test(a_file_without_a_step_and_a_live_provider_are_refused),
    };
    return cmocka_run_group_tests(tests, make_scenario, drop_scenario);
}
