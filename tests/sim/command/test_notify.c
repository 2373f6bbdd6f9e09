/* Notifications of a drill. Goal: what fires is told in order, once, under one key, and resolved at
 * the latest when the drill ends; nobody who is slow or broken holds the drill or hides what was
 * not sent; keys come from where they should and are shown nowhere.
 *
 * Method: a raw loopback server stands for PagerDuty and Slack (notify's own --notify-url), with
 * scripts that answer, refuse, hang, or recover. Nothing is asserted of how long anything takes. */
#include "sim/command/notify.h"

#include <fcntl.h>
#include <time.h>

#include "router/base/duration.h"
#include "tests/providers/raw_server.h"
#include "tests/support.h"

#define KEY "R0123456789abcdefghijKLMNOPQRSTU"
/* Long beside anything on loopback. */
#define PATIENCE_US (60 * US_PER_SECOND)

static const struct notify_keys keys = {.pagerduty = KEY,
                                        .slack = "https://hooks.slack.test/services/SECRET"};

struct fixture {
    struct raw_server *server;
    char url[64];
    struct notify *notify;
};

static struct webhook_limits quick_limits(void)
{
    struct webhook_limits limits = webhook_limits_default;
    limits.total_us = limits.connect_us = PATIENCE_US;
    limits.first_wait_us = US_PER_MS;
    limits.wait_max_us = 2 * US_PER_MS;
    limits.attempts_max = 3;
    return limits;
}

static void open_on(struct fixture *fixture, const struct raw_step *script, bool pagerduty,
                    bool slack, uint32_t attempts_max)
{
    struct err err = {0};
    fixture->server = raw_server_start(script);
    (void)snprintf(fixture->url, sizeof fixture->url, "http://127.0.0.1:%u/hook",
                   (unsigned)raw_server_port(fixture->server));
    struct notify_spec spec = {.pagerduty = pagerduty,
                               .slack = slack,
                               .keys = &keys,
                               .url = fixture->url,
                               .drill = "kroger-outage",
                               .started_unix_us = INT64_C(1717761600000000),
                               .limits = quick_limits()};
    spec.limits.attempts_max = attempts_max;
    fixture->notify = notify_open(&spec, &err);
    if (fixture->notify == NULL) fail_msg("%s", err.message);
}

static struct notify_summary close_after(struct fixture *fixture, int64_t patience_us)
{
    struct notify_summary summary;
    notify_close(fixture->notify, patience_us, &summary);
    raw_server_stop(fixture->server);
    return summary;
}

static void tell(struct fixture *fixture, bool resolved, const char *instance)
{
    static const struct webhook_detail details[] = {{"Value", "62%"}};
    notify_alert(fixture->notify, &(struct notify_alert){.resolved = resolved,
                                                         .severity = SEVERITY_PAGE,
                                                         .rule = "ProviderApiDown",
                                                         .instance = instance,
                                                         .summary = "Kroger fails",
                                                         .at_unix_us = INT64_C(1717761660000000),
                                                         .details = details,
                                                         .detail_count = 1});
}

static void await_requests(struct raw_server *server, uint32_t count)
{
    for (int i = 0; raw_server_requests(server) < count; i++) {
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        assert_true(i < 30000);
    }
}

static void check_summary(const struct notify_summary *summary, const char *expected)
{
    struct text text = {0};
    notify_describe_summary(summary, &text);
    CHECK_ROW_TEXT("summary", text.bytes, expected);
    text_release(&text);
}

static const struct raw_step taking[] = {
    RAW_DO(RAW_READ), RAW_SAY("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"),
    RAW_DO(RAW_CLOSE)};
static const struct raw_step hanging[] = {RAW_DO(RAW_READ), RAW_DO(RAW_HANG)};

/* ---- telling ---- */

static void an_alert_and_its_end_have_one_key(void **state)
{
    (void)state;
    struct fixture fixture;
    char request[RAW_REQUEST_MAX];
    static const char dedup[] = "\"dedup_key\":\"routesim/kroger-outage/2024-06-07T12:00:00.000Z/"
                                "ProviderApiDown/KROGER_API\"";
    open_on(&fixture, taking, true, false, 3);
    tell(&fixture, false, "KROGER_API");
    await_requests(fixture.server, 1);
    raw_server_last_request(fixture.server, request);
    assert_non_null(strstr(request, "\"event_action\":\"trigger\""));
    assert_non_null(strstr(request, dedup));
    assert_non_null(
        strstr(request, "\"severity\":\"critical\",\"timestamp\":\"2024-06-07T12:01:00"));
    assert_non_null(strstr(request, "\"source\":\"routesim drill kroger-outage\""));
    assert_non_null(strstr(request, "\"component\":\"KROGER_API\""));
    assert_non_null(strstr(request, "\"class\":\"ProviderApiDown\""));
    assert_non_null(strstr(request, "\"custom_details\":{\"Value\":\"62%\"}"));
    tell(&fixture, true, "KROGER_API");
    await_requests(fixture.server, 2);
    raw_server_last_request(fixture.server, request);
    assert_non_null(strstr(request, "\"event_action\":\"resolve\""));
    assert_non_null(strstr(request, dedup));
    const struct notify_summary summary = close_after(&fixture, PATIENCE_US);
    check_summary(&summary, "PagerDuty: 2 sent");
}

static void both_are_told_and_what_fires_at_the_end_is_resolved(void **state)
{
    (void)state;
    struct fixture fixture;
    char request[RAW_REQUEST_MAX];
    open_on(&fixture, taking, true, true, 3);
    tell(&fixture, false, "KROGER_API");
    tell(&fixture, false, "WALMART_API");
    tell(&fixture, false, "WALMART_API"); /* the same again */
    tell(&fixture, true, "KROGER_API");
    await_requests(fixture.server, 8);
    struct notify_summary summary;
    notify_close(fixture.notify, PATIENCE_US, &summary);
    assert_int_equal(raw_server_requests(fixture.server), 10);
    raw_server_last_request(fixture.server, request);
    assert_non_null(strstr(request, "\"text\":\"Resolved (critical): Kroger fails\""));
    assert_non_null(strstr(request, "the drill is over; the alert was firing still"));
    raw_server_stop(fixture.server);
    check_summary(&summary, "PagerDuty: 5 sent; Slack: 5 sent");
}

static void who_recovers_is_told_after_all(void **state)
{
    (void)state;
    static const struct raw_step broken[] = {
        RAW_DO(RAW_READ), RAW_SAY("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"),
        RAW_DO(RAW_CLOSE)};
    struct fixture fixture;
    open_on(&fixture, broken, false, true, UINT32_MAX);
    tell(&fixture, false, "");
    await_requests(fixture.server, 2);
    raw_server_play(fixture.server, taking);
    const struct notify_summary summary = close_after(&fixture, PATIENCE_US);
    check_summary(&summary, "Slack: 2 sent");
}

static void who_refuses_is_not_asked_again(void **state)
{
    (void)state;
    static const struct raw_step refusing[] = {
        RAW_DO(RAW_READ), RAW_SAY("HTTP/1.1 404 Not Found\r\nContent-Length: 10\r\n\r\nno_service"),
        RAW_DO(RAW_CLOSE)};
    struct fixture fixture;
    open_on(&fixture, refusing, true, true, 3);
    tell(&fixture, false, "");
    tell(&fixture, true, "");
    struct notify_summary summary;
    notify_close(fixture.notify, PATIENCE_US, &summary);
    assert_int_equal(raw_server_requests(fixture.server), 4);
    raw_server_stop(fixture.server);
    check_summary(&summary, "PagerDuty: 0 sent, 2 failed (HTTP 404: no_service); "
                            "Slack: 0 sent, 2 failed (HTTP 404: no_service)");
}

static void who_stays_broken_is_given_up(void **state)
{
    (void)state;
    static const struct raw_step limiting[] = {
        RAW_DO(RAW_READ),
        RAW_SAY("HTTP/1.1 429 Too Many\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n"),
        RAW_DO(RAW_CLOSE)};
    static const struct raw_step broken[] = {
        RAW_DO(RAW_READ), RAW_SAY("HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n"),
        RAW_DO(RAW_CLOSE)};
    struct fixture fixture;
    open_on(&fixture, broken, true, false, 3);
    tell(&fixture, false, "");
    await_requests(fixture.server, 3);
    raw_server_play(fixture.server, limiting);
    struct notify_summary summary;
    notify_close(fixture.notify, PATIENCE_US, &summary);
    assert_int_equal(raw_server_requests(fixture.server), 4);
    raw_server_stop(fixture.server);
    check_summary(&summary, "PagerDuty: 0 sent, 2 failed (HTTP 429; it asks to wait 3600 s)");
}

/* ---- slow ones ---- */

static void who_hangs_holds_nobody(void **state)
{
    (void)state;
    struct fixture fixture;
    open_on(&fixture, hanging, true, true, 3);
    const uint32_t told = NOTIFY_QUEUE_MAX + 50;
    tell(&fixture, false, "");
    await_requests(fixture.server, 1); /* it has the first, and says nothing */
    for (uint32_t i = 1; i < told; i++)
        tell(&fixture, false, "");
    const struct notify_summary summary = close_after(&fixture, 0);
    for (int kind = 0; kind < WEBHOOK_KIND_COUNT; kind++) {
        const struct notify_count *const counted = &summary.of[kind];
        assert_int_equal(counted->sent, 0);
        assert_int_equal(counted->failed, 1);
        assert_int_equal(counted->dropped, told - 1 + 1); /* and the resolution */
        assert_non_null(strstr(counted->why, "stopped before 127.0.0.1:"));
    }
}

static void an_end_that_found_no_room_is_told_in_the_end(void **state)
{
    (void)state;
    struct fixture fixture;
    char request[RAW_REQUEST_MAX];
    static const struct raw_step slow_then_taking[] = {
        RAW_DO(RAW_READ), RAW_WAIT(200),
        RAW_SAY("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"), RAW_DO(RAW_CLOSE)};
    open_on(&fixture, slow_then_taking, true, false, 3);
    tell(&fixture, false, "KROGER_API");
    await_requests(fixture.server, 1);
    raw_server_play(fixture.server, taking);
    uint32_t told = 1;
    for (; told < 10000 && told < 2 * NOTIFY_QUEUE_MAX; told++)
        tell(&fixture, false, "WALMART_API");
    tell(&fixture, true, "WALMART_API");
    tell(&fixture, true, "KROGER_API");
    struct notify_summary summary;
    notify_close(fixture.notify, PATIENCE_US, &summary);
    raw_server_last_request(fixture.server, request);
    assert_non_null(strstr(request, "\"event_action\":\"resolve\""));
    const struct notify_count *const counted = &summary.of[WEBHOOK_PAGERDUTY];
    assert_int_equal(counted->failed, 0);
    assert_int_equal(counted->sent, raw_server_requests(fixture.server));
    raw_server_stop(fixture.server);
    /* Everything that was told is accounted for; a lost end twice, lost and made good. */
    assert_true(counted->sent + counted->dropped >= told + 2);
    assert_true(counted->sent + counted->dropped <= told + 4);
}

/* ---- keys ---- */

static void keys_come_from_the_file_first_and_leave_the_routers_env(void **state)
{
    (void)state;
    char path[] = "/tmp/routesim-notify-XXXXXX";
    const int descriptor = mkstemp(path); /* its owner's alone */
    assert_true(descriptor >= 0);
    static const char text[] = "LOOPGPT_KROGER_MOCK=true\nROUTESIM_PAGERDUTY_KEY=of-the-file\n";
    assert_int_equal(write(descriptor, text, sizeof text - 1), sizeof text - 1);
    (void)close(descriptor);
    assert_int_equal(setenv(NOTIFY_PAGERDUTY_KEY, "of-the-process", 1), 0);
    assert_int_equal(setenv(NOTIFY_SLACK_WEBHOOK, "https://hooks.slack.test/SECRET", 1), 0);
    struct notify_keys read;
    struct err_list list = {0};
    assert_true(notify_read_keys(path, &read, &list));
    assert_string_equal(read.pagerduty, "of-the-file");
    assert_string_equal(read.slack, "https://hooks.slack.test/SECRET");
    assert_true(notify_read_keys(NULL, &read, &list));
    assert_string_equal(read.pagerduty, "of-the-process");
    assert_int_equal(unsetenv(NOTIFY_PAGERDUTY_KEY), 0);
    assert_int_equal(unsetenv(NOTIFY_SLACK_WEBHOOK), 0);
    assert_true(notify_read_keys(NULL, &read, &list));
    assert_string_equal(read.pagerduty, "");
    assert_false(notify_read_keys("/nowhere/at/all", &read, &list));
    (void)unlink(path);

    struct env env = {0};
    struct err err;
    assert_true(env_set(&env, NOTIFY_PAGERDUTY_KEY, KEY, (struct place){0}, &err));
    assert_true(env_set(&env, "LOOPGPT_KROGER_MOCK", "true", (struct place){0}, &err));
    assert_true(env_set(&env, NOTIFY_SLACK_WEBHOOK, KEY, (struct place){0}, &err));
    notify_forget_keys(&env);
    assert_int_equal(env.count, 1);
    assert_true(config_key_is_secret(NOTIFY_PAGERDUTY_KEY));
    assert_true(config_key_is_secret(NOTIFY_SLACK_WEBHOOK));
}

static void what_is_missing_or_no_good_is_said_without_a_secret(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        bool pagerduty, slack;
        const char *key, *webhook, *url;
        const char *says;
    } rows[] = {
        {"no key", true, false, "", "", NULL, "ROUTESIM_PAGERDUTY_KEY is not set"},
        {"no key, other place", true, false, "", "", "http://127.0.0.1/", "is not set"},
        {"no webhook", false, true, KEY, "", NULL, "ROUTESIM_SLACK_WEBHOOK is not set"},
        {"a short key", true, false, "R0123SECRET", "", NULL, "this one has 11 characters"},
        {"plain", false, true, "", "http://hooks.slack.test/SECRET", NULL, "this machine alone"},
        {"no URL", false, true, "", "SECRET", NULL, "is no URL"},
        {"plain, other place", false, true, "", "https://x.test/SECRET", "http://x.test/SECRET",
         "this machine alone"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct notify_keys held = {0};
        (void)snprintf(held.pagerduty, sizeof held.pagerduty, "%s", rows[i].key);
        (void)snprintf(held.slack, sizeof held.slack, "%s", rows[i].webhook);
        const struct notify_spec spec = {.pagerduty = rows[i].pagerduty,
                                         .slack = rows[i].slack,
                                         .keys = &held,
                                         .url = rows[i].url,
                                         .drill = "d",
                                         .limits = webhook_limits_default};
        struct err err = {0};
        CHECK_ROW(rows[i].label, notify_open(&spec, &err) == NULL);
        CHECK_ROW(err.message, strstr(err.message, rows[i].says) != NULL);
        CHECK_ROW(err.message, strstr(err.message, "SECRET") == NULL);
        CHECK_ROW(rows[i].label, err.code == ERR_INPUT);
    }
}

static void whom_it_tells_is_shown_without_a_secret(void **state)
{
    (void)state;
    struct err err = {0};
    const struct notify_spec spec = {.pagerduty = true,
                                     .slack = true,
                                     .keys = &keys,
                                     .drill = "d",
                                     .limits = webhook_limits_default};
    struct notify *const notify = notify_open(&spec, &err);
    assert_non_null(notify);
    struct text text = {0};
    notify_describe(notify, &text);
    assert_string_equal(text.bytes, "PagerDuty (https://events.pagerduty.com/...) and "
                                    "Slack (https://hooks.slack.test/...)");
    text_release(&text);
    struct notify_summary summary;
    notify_close(notify, 0, &summary); /* nothing was told: nobody was asked */
    check_summary(&summary, "PagerDuty: 0 sent; Slack: 0 sent");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alert_and_its_end_have_one_key),
        cmocka_unit_test(both_are_told_and_what_fires_at_the_end_is_resolved),
        cmocka_unit_test(who_recovers_is_told_after_all),
        cmocka_unit_test(who_refuses_is_not_asked_again),
        cmocka_unit_test(who_stays_broken_is_given_up),
        cmocka_unit_test(who_hangs_holds_nobody),
        cmocka_unit_test(an_end_that_found_no_room_is_told_in_the_end),
        cmocka_unit_test(keys_come_from_the_file_first_and_leave_the_routers_env),
        cmocka_unit_test(what_is_missing_or_no_good_is_said_without_a_secret),
        cmocka_unit_test(whom_it_tells_is_shown_without_a_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
