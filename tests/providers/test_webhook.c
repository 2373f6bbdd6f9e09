/* Notifications. Goal: PagerDuty and Slack get what they document, once; whatever they answer
 * becomes a fate that says whether to try again; nobody who is not trusted gets anything; and no
 * message ever shows a secret. Method: bodies byte for byte; a raw loopback server that answers as
 * they would, or not at all, and TLS servers with good and bad certificates. */
/* link: -Wl,--no-as-needed,-lssl */
#include "providers/webhook.h"

#include "router/base/duration.h"
#include "tests/providers/raw_server.h"
#include "tests/providers/tls_server.h"
#include "tests/support.h"

#define KEY  "R0123456789abcdefghijKLMNOPQRSTU"
#define PATH "/services/T0SECRET1/B0SECRET2/xoSECRETxoSECRETxoSECRET"

static const struct webhook_detail details[] = {{"Threshold", "> 50% for 5m"},
                                                {"Value", "62 \"%\""}};

static struct webhook_event event_of(bool resolved)
{
    return (struct webhook_event){.resolved = resolved,
                                  .severity = WEBHOOK_CRITICAL,
                                  .dedup_key = "drill-1/ProviderApiDown/KROGER_API",
                                  .summary = "ProviderApiDown: Kroger <error_rate> & more",
                                  .source = "routesim drill kroger-outage",
                                  .component = "KROGER_API",
                                  .group = "",
                                  .class = "ProviderApiDown",
                                  .at_unix_us = INT64_C(1717761600123456),
                                  .details = details,
                                  .detail_count = 2};
}

/* ---- bodies ---- */

static void pagerduty_is_told_byte_for_byte(void **state)
{
    (void)state;
    struct text text = {0};
    struct webhook_event event = event_of(false);
    webhook_put_pagerduty(&text, &event, KEY);
    assert_string_equal(
        text.bytes,
        "{\"routing_key\":\"" KEY "\",\"event_action\":\"trigger\","
        "\"dedup_key\":\"drill-1/ProviderApiDown/KROGER_API\",\"payload\":{"
        "\"summary\":\"ProviderApiDown: Kroger <error_rate> & more\","
        "\"source\":\"routesim drill kroger-outage\",\"severity\":\"critical\","
        "\"timestamp\":\"2024-06-07T12:00:00.123Z\",\"component\":\"KROGER_API\","
        "\"class\":\"ProviderApiDown\",\"custom_details\":{\"Threshold\":\"> 50% for 5m\","
        "\"Value\":\"62 \\\"%\\\"\"}},\"client\":\"routesim\"}");
    text_clear(&text);
    event.resolved = true;
    webhook_put_pagerduty(&text, &event, KEY);
    assert_string_equal(text.bytes, "{\"routing_key\":\"" KEY "\",\"event_action\":\"resolve\","
                                    "\"dedup_key\":\"drill-1/ProviderApiDown/KROGER_API\"}");
    text_release(&text);
}

static void slack_is_told_byte_for_byte(void **state)
{
    (void)state;
    struct text text = {0};
    struct webhook_event event = event_of(false);
    event.detail_count = 1;
    webhook_put_slack(&text, &event);
    assert_string_equal(
        text.bytes,
        "{\"text\":\"Firing (critical): ProviderApiDown: Kroger &lt;error_rate&gt; &amp; more\","
        "\"blocks\":[{\"type\":\"header\",\"text\":{\"type\":\"plain_text\","
        "\"text\":\"Firing: ProviderApiDown: Kroger <error_rate> & more\",\"emoji\":false}},"
        "{\"type\":\"section\",\"fields\":["
        "{\"type\":\"mrkdwn\",\"text\":\"*Severity*\\ncritical\"},"
        "{\"type\":\"mrkdwn\",\"text\":\"*State*\\nfiring\"},"
        "{\"type\":\"mrkdwn\",\"text\":\"*Threshold*\\n&gt; 50% for 5m\"}]},"
        "{\"type\":\"context\",\"elements\":[{\"type\":\"mrkdwn\","
        "\"text\":\"routesim drill kroger-outage, 2024-06-07T12:00:00.123Z\"}]}]}");
    text_release(&text);
}

static void what_is_too_long_is_cut_between_characters(void **state)
{
    (void)state;
    char summary[3 * 1100 + 1], key[301], value[3001];
    for (int i = 0; i < 1100; i++)
        memcpy(summary + 3 * i, "\xE2\x82\xAC", 3); /* a euro sign */
    summary[sizeof summary - 1] = '\0';
    memset(key, 'k', sizeof key - 1);
    key[sizeof key - 1] = '\0';
    memset(value, '&', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    const struct webhook_detail many[] = {{"a", value}, {"b", value}, {"c", value}, {"d", value},
                                          {"e", value}, {"f", value}, {"g", value}, {"h", value}};
    struct webhook_event event = event_of(false);
    event.summary = summary;
    event.dedup_key = key;
    event.details = many;
    event.detail_count = WEBHOOK_DETAILS_MAX;
    struct text text = {0};
    webhook_put_pagerduty(&text, &event, KEY);
    const char *const at = strstr(text.bytes, "\"summary\":\"") + strlen("\"summary\":\"");
    const char *const end = strchr(at, '"');
    assert_int_equal(end - at, 3 * (WEBHOOK_SUMMARY_MAX - 3) + 3);
    assert_memory_equal(end - 6, "\xE2\x82\xAC...", 6);
    const char *const cut_key = strstr(text.bytes, "\"dedup_key\":\"") + strlen("\"dedup_key\":\"");
    assert_int_equal(strchr(cut_key, '"') - cut_key, WEBHOOK_DEDUP_KEY_MAX);

    text_clear(&text);
    webhook_put_slack(&text, &event);
    const char *field = text.bytes;
    unsigned fields = 0;
    while ((field = strstr(field, "\"mrkdwn\",\"text\":\"")) != NULL) {
        field += strlen("\"mrkdwn\",\"text\":\"");
        assert_true(strchr(field, '"') - field <= WEBHOOK_FIELD_MAX);
        fields++;
    }
    assert_int_equal(fields, 11); /* ten, and the context */
    text_release(&text);
}

/* ---- whether to go again ---- */

static void an_answer_decides_whether_and_when_to_try_again(void **state)
{
    (void)state;
    const struct webhook_limits limits = webhook_limits_default;
    const int64_t s = US_PER_SECOND;
    static const int64_t unsaid = -1;
    const struct {
        enum webhook_fate fate;
        int64_t retry_after_us;
        uint32_t attempts;
        int64_t pagerduty_us, slack_us;
    } rows[] = {
        {WEBHOOK_TAKEN, unsaid, 1, -1, -1},        {WEBHOOK_REFUSED, unsaid, 1, -1, -1},
        {WEBHOOK_UNTRUSTED, unsaid, 1, -1, -1},    {WEBHOOK_STOPPED, unsaid, 1, -1, -1},
        {WEBHOOK_BROKEN, unsaid, 1, s, s},         {WEBHOOK_BROKEN, unsaid, 2, 2 * s, 2 * s},
        {WEBHOOK_BROKEN, unsaid, 3, 4 * s, 4 * s}, {WEBHOOK_BROKEN, unsaid, 4, -1, -1},
        {WEBHOOK_LIMITED, unsaid, 1, s, s},        {WEBHOOK_LIMITED, 7 * s, 1, 7 * s, 7 * s},
        {WEBHOOK_LIMITED, s, 3, 4 * s, 4 * s},     {WEBHOOK_LIMITED, 30 * s, 1, 30 * s, 30 * s},
        {WEBHOOK_LIMITED, 31 * s, 1, -1, -1},      {WEBHOOK_LIMITED, INT64_MAX, 1, -1, -1},
        {WEBHOOK_UNREACHED, unsaid, 1, s, s},      {WEBHOOK_UNANSWERED, unsaid, 1, s, -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct webhook_answer answer = {.fate = rows[i].fate,
                                              .retry_after_us = rows[i].retry_after_us};
        char label[64];
        (void)snprintf(label, sizeof label, "row %zu: %s", i, webhook_fate_names[rows[i].fate]);
        CHECK_ROW(label, webhook_wait_us(WEBHOOK_PAGERDUTY, &answer, rows[i].attempts, &limits) ==
                             rows[i].pagerduty_us);
        CHECK_ROW(label, webhook_wait_us(WEBHOOK_SLACK, &answer, rows[i].attempts, &limits) ==
                             rows[i].slack_us);
    }
    struct webhook_limits many = limits;
    many.attempts_max = UINT32_MAX;
    const struct webhook_answer broken = {.fate = WEBHOOK_BROKEN, .retry_after_us = -1};
    assert_int_equal(webhook_wait_us(WEBHOOK_SLACK, &broken, 1000000, &many), 30 * s);
}

/* ---- targets ---- */

static void only_https_and_loopback_may_be_posted_to(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        bool good;
    } rows[] = {{WEBHOOK_PAGERDUTY_URL, true},
                {"https://hooks.slack.com" PATH, true},
                {"https://192.168.1.9:8443/x", true},
                {"http://127.0.0.1:80/x", true},
                {"http://127.9.9.9/x", true},
                {"http://localhost:8080/x", true},
                {"http://[::1]:8080/x", true},
                {"http://hooks.slack.com" PATH, false},
                {"http://128.0.0.1/x", false},
                {"http://127.0.0.1.evil.test/x", false},
                {"http://localhost.evil.test/x", false},
                {"https://user@hooks.slack.com/x", false},
                {"https://:pass@hooks.slack.com/x", false},
                {"https://hooks.slack.com/x#y", false},
                {"ftp://hooks.slack.com/x", false},
                {"file:///etc/passwd", false},
                {"hooks.slack.com/x", false},
                {"https://hooks.slack.com/x y", false},
                {"https://hooks.slack.com/x\r\nHost: y", false},
                {"https:///x", false},
                {"", false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err err = {0};
        const struct webhook_target target = {.kind = WEBHOOK_SLACK, .url = rows[i].url};
        CHECK_ROW(rows[i].url, webhook_check(&target, &err) == rows[i].good);
        CHECK_ROW(err.message, strstr(err.message, "SECRET") == NULL);
    }
}

static void a_routing_key_is_32_letters_and_digits(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        bool good;
    } rows[] = {{KEY, true},
                {KEY "x", false},
                {"", false},
                {"R0123456789abcdefghijKLMNOPQRST", false},
                {"R0123456789abcdefghijKLMNOPQRST\"", false},
                {"R0123456789abcdefghijKLMNOPQRST\n", false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err err = {0};
        const struct webhook_target target = {
            .kind = WEBHOOK_PAGERDUTY, .url = WEBHOOK_PAGERDUTY_URL, .routing_key = rows[i].key};
        CHECK_ROW(rows[i].key, webhook_check(&target, &err) == rows[i].good);
        CHECK_ROW(rows[i].key, strstr(err.message, "R0123") == NULL);
    }
}

static void a_url_is_shown_without_its_path(void **state)
{
    (void)state;
    static const struct {
        const char *url, *shown;
    } rows[] = {{"https://hooks.slack.com" PATH, "https://hooks.slack.com/..."},
                {"http://127.0.0.1:4711/x?token=SECRET", "http://127.0.0.1:4711/..."},
                {"no URL at all SECRET", "..."}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char shown[WEBHOOK_SHOWN_MAX];
        webhook_show_url(rows[i].url, shown);
        CHECK_ROW_TEXT(rows[i].url, shown, rows[i].shown);
    }
}

/* ---- posting ---- */

static struct webhook_limits short_limits(int64_t total_us)
{
    struct webhook_limits limits = webhook_limits_default;
    limits.total_us = total_us;
    return limits;
}

static struct webhook_answer post_to(enum webhook_kind kind, const char *url, const char *ca_file,
                                     int64_t total_us, const atomic_bool *stop)
{
    struct err err = {0};
    const struct webhook_target target = {.kind = kind,
                                          .url = url,
                                          .routing_key = kind == WEBHOOK_PAGERDUTY ? KEY : "",
                                          .ca_file = ca_file};
    const struct webhook_limits limits = short_limits(total_us);
    const struct webhook_event event = event_of(false);
    if (!webhook_check(&target, &err)) fail_msg("%s", err.message);
    struct webhook_sender *const sender = webhook_open(&target, &limits, &err);
    assert_non_null(sender);
    const struct webhook_answer answer = webhook_post(sender, &event, stop);
    webhook_close(sender);
    CHECK_ROW(answer.why, strstr(answer.why, "SECRET") == NULL);
    CHECK_ROW(answer.why, strstr(answer.why, "R0123456") == NULL);
    CHECK_ROW(answer.why, (answer.why[0] == '\0') == (answer.fate == WEBHOOK_TAKEN));
    return answer;
}

#define LONG_US (60 * US_PER_SECOND)

static struct webhook_answer post_to_script(enum webhook_kind kind, const struct raw_step *script,
                                            char request[RAW_REQUEST_MAX])
{
    struct raw_server *const server = raw_server_start(script);
    char url[160];
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u%s", (unsigned)raw_server_port(server),
                   PATH);
    const struct webhook_answer answer = post_to(kind, url, NULL, LONG_US, NULL);
    if (request != NULL) raw_server_last_request(server, request);
    assert_int_equal(raw_server_accepted(server), 1);
    raw_server_stop(server);
    return answer;
}

static void an_event_that_is_taken_was_sent_once_and_whole(void **state)
{
    (void)state;
    static const struct raw_step taken[] = {
        RAW_DO(RAW_READ),
        RAW_SAY("HTTP/1.1 202 Accepted\r\nContent-Length: 20\r\n\r\n{\"status\":\"success\"}"),
        RAW_DO(RAW_CLOSE)};
    char request[RAW_REQUEST_MAX];
    const struct webhook_answer answer = post_to_script(WEBHOOK_PAGERDUTY, taken, request);
    assert_int_equal(answer.fate, WEBHOOK_TAKEN);
    assert_int_equal(answer.status, 202);
    static const char first[] = "POST " PATH " HTTP/1.1\r\n";
    assert_memory_equal(request, first, sizeof first - 1);
    assert_non_null(strstr(request, "\r\nContent-Type: application/json\r\n"));
    assert_null(strstr(request, "Expect:"));
    struct text body = {0};
    const struct webhook_event event = event_of(false);
    webhook_put_pagerduty(&body, &event, KEY);
    const char *const sent = strstr(request, "\r\n\r\n");
    assert_non_null(sent);
    assert_string_equal(sent + 4, body.bytes);
    text_release(&body);

    static const struct raw_step ok[] = {RAW_DO(RAW_READ),
                                         RAW_SAY("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
                                         RAW_DO(RAW_CLOSE)};
    assert_int_equal(post_to_script(WEBHOOK_SLACK, ok, request).fate, WEBHOOK_TAKEN);
    assert_non_null(strstr(request, "\"blocks\":[{\"type\":\"header\""));
    assert_null(strstr(request, KEY));
}

static void every_answer_has_its_fate_and_its_words(void **state)
{
    (void)state;
    static const struct {
        const char *says;
        enum webhook_fate fate;
        uint16_t status;
        int64_t retry_after_s; /* -1: not stated */
        const char *why;
    } rows[] = {
        {"HTTP/1.1 400 Bad Request\r\nContent-Length: 15\r\n\r\ninvalid_payload", WEBHOOK_REFUSED,
         400, -1, "HTTP 400: invalid_payload"},
        {"HTTP/1.1 404 Not Found\r\nContent-Length: 10\r\n\r\nno_service", WEBHOOK_REFUSED, 404, -1,
         "HTTP 404: no_service"},
        {"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n", WEBHOOK_REFUSED, 410, -1, "HTTP 410"},
        {"HTTP/1.1 400 Bad Request\r\nContent-Length: 18\r\n\r\n\033[31mred\r\nnot this",
         WEBHOOK_REFUSED, 400, -1, "HTTP 400: [31mred"},
        {"HTTP/1.1 302 Found\r\nLocation: https://evil.test" PATH "\r\nContent-Length: 0\r\n\r\n",
         WEBHOOK_REFUSED, 302, -1, "HTTP 302: redirects are not followed"},
        {"HTTP/1.1 429 Too Many\r\nRetry-After: 30\r\nContent-Length: 12\r\n\r\nrate_limited",
         WEBHOOK_LIMITED, 429, 30, "HTTP 429: rate_limited; it asks to wait 30 s"},
        {"HTTP/1.1 429 Too Many\r\nContent-Length: 0\r\n\r\n", WEBHOOK_LIMITED, 429, -1,
         "HTTP 429"},
        {"HTTP/1.1 503 Busy\r\nRetry-After: 2\r\nContent-Length: 0\r\n\r\n", WEBHOOK_BROKEN, 503, 2,
         "HTTP 503; it asks to wait 2 s"},
        {"HTTP/1.1 500 Oh\r\nContent-Length: 100\r\n\r\nshort", WEBHOOK_BROKEN, 500, -1,
         "HTTP 500: short"},
        /* echoes */
        {"HTTP/1.1 400 Bad\r\nContent-Length: 51\r\n\r\nno such key: " KEY " sorry",
         WEBHOOK_REFUSED, 400, -1, "HTTP 400: (what it says repeats a secret)"},
        {"HTTP/1.1 404 Not Found\r\nContent-Length: 29\r\n\r\nnothing at b0secret2/xosecret",
         WEBHOOK_REFUSED, 404, -1, "HTTP 404: (what it says repeats a secret)"},
        /* no HTTP, and nothing at all */
        {"SSH-2.0-OpenSSH\r\n", WEBHOOK_UNANSWERED, 0, -1, "the connection to"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct raw_step script[] = {RAW_DO(RAW_READ), RAW_SAY(rows[i].says),
                                          RAW_DO(RAW_CLOSE)};
        const struct webhook_answer answer = post_to_script(WEBHOOK_PAGERDUTY, script, NULL);
        CHECK_ROW_TEXT(rows[i].says, webhook_fate_names[answer.fate],
                       webhook_fate_names[rows[i].fate]);
        CHECK_ROW(rows[i].says, answer.status == rows[i].status);
        CHECK_ROW(rows[i].says,
                  answer.retry_after_us ==
                      (rows[i].retry_after_s < 0 ? -1 : rows[i].retry_after_s * US_PER_SECOND));
        if (rows[i].status != 0) CHECK_ROW_TEXT(rows[i].says, answer.why, rows[i].why);
        CHECK_ROW(answer.why, strstr(answer.why, rows[i].why) != NULL);
    }
}

static void floods_end_at_the_cap(void **state)
{
    (void)state;
    static const struct raw_step body[] = {RAW_DO(RAW_READ), RAW_SAY("HTTP/1.1 200 OK\r\n\r\n"),
                                           RAW_FOREVER("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")};
    assert_int_equal(post_to_script(WEBHOOK_SLACK, body, NULL).fate, WEBHOOK_TAKEN);
    static const struct raw_step headers[] = {RAW_DO(RAW_READ), RAW_SAY("HTTP/1.1 200 OK\r\n"),
                                              RAW_FOREVER("A: aaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n")};
    assert_int_equal(post_to_script(WEBHOOK_SLACK, headers, NULL).fate, WEBHOOK_UNANSWERED);
}

static void who_never_answers_is_given_up(void **state)
{
    (void)state;
    static const struct raw_step hang[] = {RAW_DO(RAW_READ), RAW_DO(RAW_HANG)};
    struct raw_server *const server = raw_server_start(hang);
    char url[160];
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u%s", (unsigned)raw_server_port(server),
                   PATH);
    struct webhook_answer answer = post_to(WEBHOOK_SLACK, url, NULL, US_PER_SECOND / 5, NULL);
    assert_int_equal(answer.fate, WEBHOOK_UNANSWERED);
    assert_non_null(strstr(answer.why, "no answer from 127.0.0.1:"));
    const atomic_bool stop = true;
    answer = post_to(WEBHOOK_SLACK, url, NULL, LONG_US, &stop);
    assert_int_equal(answer.fate, WEBHOOK_STOPPED);
    raw_server_stop(server);
}

static void who_is_not_there_is_not_reached(void **state)
{
    (void)state;
    int refusing;
    char url[160];
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u%s", (unsigned)raw_port_refusing(&refusing),
                   PATH);
    struct webhook_answer answer = post_to(WEBHOOK_PAGERDUTY, url, NULL, LONG_US, NULL);
    assert_int_equal(answer.fate, WEBHOOK_UNREACHED);
    assert_non_null(strstr(answer.why, "no connection to 127.0.0.1:"));
    (void)close(refusing);

    int silent[RAW_SILENT_DESCRIPTORS];
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u%s", (unsigned)raw_port_silent(silent),
                   PATH);
    answer = post_to(WEBHOOK_PAGERDUTY, url, NULL, US_PER_SECOND / 5, NULL);
    assert_int_equal(answer.fate, WEBHOOK_UNREACHED);
    for (int i = 0; i < RAW_SILENT_DESCRIPTORS; i++)
        (void)close(silent[i]);

    answer = post_to(WEBHOOK_PAGERDUTY, "https://nowhere.invalid" PATH, NULL, LONG_US, NULL);
    assert_int_equal(answer.fate, WEBHOOK_UNREACHED);
}

static void only_a_good_certificate_is_told_anything(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        enum tls_certificate certificate;
        bool trusted;
    } rows[] = {{"good", TLS_GOOD, true},
                {"expired", TLS_EXPIRED, false},
                {"not yet", TLS_NOT_YET, false},
                {"wrong host", TLS_WRONG_HOST, false},
                {"unknown issuer", TLS_UNKNOWN_ISSUER, false},
                {"forged", TLS_FORGED, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tls_server *const server = tls_server_start(rows[i].certificate, TLS_HTTP1);
        char url[160];
        (void)snprintf(url, sizeof url, "https://127.0.0.1:%u%s", (unsigned)tls_server_port(server),
                       PATH);
        struct webhook_answer answer = post_to(WEBHOOK_SLACK, url, tls_ca_file(), LONG_US, NULL);
        CHECK_ROW(answer.why, answer.fate == (rows[i].trusted ? WEBHOOK_TAKEN : WEBHOOK_UNTRUSTED));
        CHECK_ROW(rows[i].label, tls_server_requests(server) == rows[i].trusted);
        answer = post_to(WEBHOOK_SLACK, url, NULL, LONG_US, NULL); /* the system's authorities */
        CHECK_ROW(rows[i].label, answer.fate == WEBHOOK_UNTRUSTED);
        CHECK_ROW(rows[i].label, tls_server_requests(server) == rows[i].trusted);
        tls_server_stop(server);
    }
    tls_forget_ca();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pagerduty_is_told_byte_for_byte),
        cmocka_unit_test(slack_is_told_byte_for_byte),
        cmocka_unit_test(what_is_too_long_is_cut_between_characters),
        cmocka_unit_test(an_answer_decides_whether_and_when_to_try_again),
        cmocka_unit_test(only_https_and_loopback_may_be_posted_to),
        cmocka_unit_test(a_routing_key_is_32_letters_and_digits),
        cmocka_unit_test(a_url_is_shown_without_its_path),
        cmocka_unit_test(an_event_that_is_taken_was_sent_once_and_whole),
        cmocka_unit_test(every_answer_has_its_fate_and_its_words),
        cmocka_unit_test(floods_end_at_the_cap),
        cmocka_unit_test(who_never_answers_is_given_up),
        cmocka_unit_test(who_is_not_there_is_not_reached),
        cmocka_unit_test(only_a_good_certificate_is_told_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
