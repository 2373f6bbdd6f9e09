/* The live client against peers that misbehave. Goal: every row of the table in http_client.h, and
 * nothing that a peer says gets past a limit. Method: a raw server plays a script; libcurl's code,
 * the fate, the phase and the status are compared, never the time. */
#include "providers/http_client.h"

#include <curl/curl.h>

#include "tests/providers/http_client_fixture.h"

#define OK_HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
#define HANG_MS 30 /* life of calls that are to run into its end */

struct expected {
    int code;
    enum call_fate fate;
    enum http_phase phase;
    uint16_t status;
    bool truncated;
    const char *body;    /* NULL: none */
    const char *message; /* has to be part of it */
};

static void check_outcome(const char *label, const struct kept *kept, const struct expected *row)
{
    if (kept->outcome.curl_code != row->code || kept->outcome.fate != row->fate ||
        kept->outcome.phase != row->phase || kept->status != row->status) {
        print_error("code %d, fate %s, phase %s, status %u: %s\n", kept->outcome.curl_code,
                    call_fate_names[kept->outcome.fate], http_phase_names[kept->outcome.phase],
                    kept->status, kept->outcome.message);
    }
    CHECK_ROW(label, kept->outcome.curl_code == row->code);
    CHECK_ROW(label, kept->outcome.fate == row->fate);
    CHECK_ROW(label, kept->outcome.phase == row->phase);
    CHECK_ROW(label, kept->status == row->status);
    CHECK_ROW(label, kept->truncated == row->truncated);
    CHECK_ROW_TEXT(label, kept->body, row->body != NULL ? row->body : "");
    if (strstr(kept->outcome.message, row->message) == NULL) {
        CHECK_ROW_TEXT(label, kept->outcome.message, row->message);
    }
    CHECK_ROW(label, (kept->outcome.message[0] == '\0') == (row->code == CURLE_OK));
    CHECK_ROW(label, strstr(kept->outcome.message, "milk") == NULL);
    check_timing(kept);
}

/* ---- answers --------------------------------------------------------------------------------- */

static const struct raw_step good[] = {RAW_DO(RAW_READ),
                                       RAW_SAY(OK_HEAD "Content-Length: 13\r\n\r\n{\"data\": [1]}"),
                                       RAW_DO(RAW_AGAIN)};
static const struct raw_step chunked[] = {
    RAW_DO(RAW_READ),
    RAW_SAY(OK_HEAD "Transfer-Encoding: chunked\r\n\r\n7\r\n{\"data\"\r\n6\r\n: [1]}\r\n0\r\n\r\n"),
    RAW_DO(RAW_AGAIN)};
static const struct raw_step until_closed[] = {
    RAW_DO(RAW_READ), RAW_SAY(OK_HEAD "\r\n{\"data\": [1]}"), RAW_DO(RAW_CLOSE)};
static const struct raw_step dripped[] = {
    RAW_DO(RAW_READ), RAW_SLOWLY("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", 1),
    RAW_DO(RAW_AGAIN)};
static const struct raw_step after_continue[] = {
    RAW_DO(RAW_READ),
    RAW_SAY("HTTP/1.1 100 Continue\r\n\r\n" OK_HEAD "Content-Length: 2\r\n\r\n{}"),
    RAW_DO(RAW_CLOSE)};
static const struct raw_step server_error[] = {
    RAW_DO(RAW_READ), RAW_SAY("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"), RAW_DO(RAW_CLOSE)};
static const struct raw_step redirect_to_file[] = {
    RAW_DO(RAW_READ),
    RAW_SAY("HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n"),
    RAW_DO(RAW_CLOSE)};
static const struct raw_step redirect_inside[] = {
    RAW_DO(RAW_READ),
    RAW_SAY("HTTP/1.1 301 Moved\r\nLocation: http://169.254.169.254/latest/meta-data\r\n"
            "Content-Length: 0\r\n\r\n"),
    RAW_DO(RAW_CLOSE)};
static const struct raw_step short_body[] = {
    RAW_DO(RAW_READ), RAW_SAY(OK_HEAD "Content-Length: 20\r\n\r\n{\"data\""), RAW_DO(RAW_CLOSE)};
static const struct raw_step half_closed[] = {
    RAW_DO(RAW_READ), RAW_SAY(OK_HEAD "Content-Length: 20\r\n\r\n{\"data\""),
    RAW_DO(RAW_HALF_CLOSE), RAW_DO(RAW_HANG)};
static const struct raw_step last_chunk_missing[] = {
    RAW_DO(RAW_READ), RAW_SAY(OK_HEAD "Transfer-Encoding: chunked\r\n\r\n7\r\n{\"data\"\r\n"),
    RAW_DO(RAW_CLOSE)};
static const struct raw_step two_lengths[] = {
    RAW_DO(RAW_READ), RAW_SAY(OK_HEAD "Content-Length: 4\r\nContent-Length: 9\r\n\r\nabcd"),
    RAW_DO(RAW_CLOSE)};
static const struct raw_step bad_gzip[] = {
    RAW_DO(RAW_READ), RAW_SAY(OK_HEAD "Content-Encoding: gzip\r\nContent-Length: 7\r\n\r\ngarbage"),
    RAW_DO(RAW_CLOSE)};
static const struct raw_step unknown_encoding[] = {
    RAW_DO(RAW_READ),
    RAW_SAY(OK_HEAD "Content-Encoding: rot13\r\nContent-Length: 7\r\n\r\ntneontr"),
    RAW_DO(RAW_CLOSE)};

/* ---- no answers ------------------------------------------------------------------------------ */

static const struct raw_step reset_at_once[] = {RAW_DO(RAW_READ), RAW_DO(RAW_RESET)};
static const struct raw_step empty_reply[] = {RAW_DO(RAW_READ), RAW_DO(RAW_CLOSE)};
static const struct raw_step reset_in_headers[] = {RAW_DO(RAW_READ), RAW_SAY(OK_HEAD), RAW_WAIT(10),
                                                   RAW_DO(RAW_RESET)};
static const struct raw_step reset_in_body[] = {
    RAW_DO(RAW_READ), RAW_SAY(OK_HEAD "Content-Length: 20\r\n\r\n{\"data\""), RAW_WAIT(10),
    RAW_DO(RAW_RESET)};
static const struct raw_step bad_chunk[] = {
    RAW_DO(RAW_READ), RAW_SAY(OK_HEAD "Transfer-Encoding: chunked\r\n\r\n7\r\n{\"data\"\r\nzz\r\n"),
    RAW_DO(RAW_CLOSE)};
static const struct raw_step garbage[] = {
    RAW_DO(RAW_READ), RAW_SAY("\x01\x02 what is this?\r\n\r\nno HTTP at all\r\n"),
    RAW_DO(RAW_CLOSE)};
static const struct raw_step garbage_before_status[] = {
    RAW_DO(RAW_READ), RAW_SAY("xxxx\r\n" OK_HEAD "Content-Length: 2\r\n\r\n{}"), RAW_DO(RAW_CLOSE)};
static const struct raw_step bad_header[] = {
    RAW_DO(RAW_READ), RAW_SAY("HTTP/1.1 200 OK\r\nno colon here\r\nContent-Length: 2\r\n\r\n{}"),
    RAW_DO(RAW_CLOSE)};
static const struct raw_step header_flood[] = {
    RAW_DO(RAW_READ), RAW_SAY("HTTP/1.1 200 OK\r\n"),
    RAW_FOREVER("X-Flood: 0123456789012345678901234567890123456789012345678901234567890\r\n")};
static const struct raw_step endless_header[] = {RAW_DO(RAW_READ),
                                                 RAW_SAY("HTTP/1.1 200 OK\r\nX-A: "),
                                                 RAW_FOREVER("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")};
static const struct raw_step only_continue[] = {
    RAW_DO(RAW_READ), RAW_SAY("HTTP/1.1 100 Continue\r\n\r\n"), RAW_DO(RAW_CLOSE)};
static const struct raw_step hang[] = {RAW_DO(RAW_READ), RAW_DO(RAW_HANG)};
static const struct raw_step hang_unread[] = {RAW_DO(RAW_HANG)};
static const struct raw_step slow_drip[] = {
    RAW_DO(RAW_READ), RAW_SAY(OK_HEAD "Content-Length: 20\r\n\r\n"),
    RAW_SLOWLY("{\"data\": [1, 2, 3] }", 20), RAW_DO(RAW_HANG)};

#define WHOLE(status_, body_)                                                                      \
    {                                                                                              \
        CURLE_OK, CALL_ANSWERED, HTTP_PHASE_DONE, status_, false, body_, ""                        \
    }
#define CUT(code_, body_, why_)                                                                    \
    {                                                                                              \
        code_, CALL_ANSWERED, HTTP_PHASE_BODY, 200, true, body_, why_                              \
    }
#define BROKEN(code_, phase_, status_, why_)                                                       \
    {                                                                                              \
        code_, CALL_RESET, phase_, status_, false, NULL, why_                                      \
    }
#define LATE(phase_, status_, why_)                                                                \
    {                                                                                              \
        CURLE_OPERATION_TIMEDOUT, CALL_UNANSWERED, phase_, status_, false, NULL, why_              \
    }

static void every_fault_has_its_code_and_its_fate(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        const struct raw_step *script;
        struct expected expected;
        bool hangs;
    } rows[] = {
        {"good", good, WHOLE(200, "{\"data\": [1]}"), false},
        {"chunked", chunked, WHOLE(200, "{\"data\": [1]}"), false},
        {"until closed", until_closed, WHOLE(200, "{\"data\": [1]}"), false},
        {"dripped, in time", dripped, WHOLE(200, "{}"), false},
        {"100, then 200", after_continue, WHOLE(200, "{}"), false},
        {"503", server_error, WHOLE(503, NULL), false},
        {"redirect to a file", redirect_to_file, WHOLE(302, NULL), false},
        {"redirect inside", redirect_inside, WHOLE(301, NULL), false},
        {"short body", short_body, CUT(18, "{\"data\"", "before its stated length"), false},
        {"half-closed", half_closed, CUT(18, "{\"data\"", "before its stated length"), false},
        {"no last chunk", last_chunk_missing, CUT(18, "{\"data\"", "before its stated"), false},
        {"two lengths", two_lengths, CUT(18, "abcd", "before its stated length"), false},
        {"bad gzip", bad_gzip, CUT(61, NULL, "cannot be decoded"), false},
        {"unknown encoding", unknown_encoding, CUT(61, NULL, "cannot be decoded"), false},
        {"reset", reset_at_once, BROKEN(56, HTTP_PHASE_WAIT, 0, "broke"), false},
        {"empty reply", empty_reply, BROKEN(52, HTTP_PHASE_WAIT, 0, "Empty reply"), false},
        {"reset in headers", reset_in_headers, BROKEN(56, HTTP_PHASE_WAIT, 200, "broke"), false},
        {"reset in body", reset_in_body, BROKEN(56, HTTP_PHASE_BODY, 200, "broke"), false},
        {"bad chunk", bad_chunk, BROKEN(56, HTTP_PHASE_BODY, 200, "hexadecimal"), false},
        {"garbage", garbage, BROKEN(1, HTTP_PHASE_WAIT, 0, "HTTP/0.9"), false},
        {"garbage first", garbage_before_status, BROKEN(1, HTTP_PHASE_WAIT, 0, "HTTP/0.9"), false},
        {"bad header", bad_header, BROKEN(8, HTTP_PHASE_WAIT, 200, "broke"), false},
        {"header flood", header_flood, BROKEN(23, HTTP_PHASE_WAIT, 200, "bytes of headers"), false},
        {"endless header", endless_header, BROKEN(27, HTTP_PHASE_WAIT, 200, "bytes of headers"),
         false},
        {"only 100", only_continue, BROKEN(52, HTTP_PHASE_WAIT, 0, "broke"), false},
        {"hang", hang, LATE(HTTP_PHASE_WAIT, 0, "within 30 ms (waiting for the answer)"), true},
        {"hang, unread", hang_unread, LATE(HTTP_PHASE_WAIT, 0, "within 30 ms (waiting"), true},
        {"drip", slow_drip, LATE(HTTP_PHASE_BODY, 200, "in the middle of the answer"), true},
    };
    struct raw_server *const server = raw_server_start(good);
    const struct http_place place = place_of_mock(raw_server_port(server));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fixture *const fixture = fixture_open(0, 0);
        raw_server_play(server, rows[i].script);
        struct http_request request = {0};
        http_request_begin(&request, HTTP_GET, "/v1/products");
        http_query(&request, "filter.term", "milk");
        const struct http_call call = {.place = &place,
                                       .request = &request,
                                       .life_us = rows[i].hangs ? HANG_MS * 1000 : LIFE_US};
        const struct kept kept = fixture_call(fixture, &call);
        check_outcome(rows[i].label, &kept, &rows[i].expected);
        http_request_release(&request);
        fixture_close(fixture);
    }
    raw_server_stop(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fault_has_its_code_and_its_fate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
