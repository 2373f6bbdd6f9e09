/* The live client against peers that misbehave. Goal: every row of the table in http_client.h, and
 * nothing that a peer says gets past a limit. Method: a raw server plays a script; libcurl's code,
 * the fate, the phase and the status are compared, never the time. */
#include "providers/http_client.h"

#include <curl/curl.h>
#include <time.h>

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
    CHECK_ROW(label, (kept->outcome.timing.sends > 0) == (row->phase >= HTTP_PHASE_SEND));
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

/* ---- before HTTP ----------------------------------------------------------------------------- */

static struct kept call_place(const struct http_place *place, const char *connect_to,
                              int64_t life_us)
{
    struct fixture *const fixture = fixture_open(0, 0);
    struct http_request request = {0};
    http_request_begin(&request, HTTP_GET, "/v1/products");
    http_query(&request, "filter.term", "milk");
    const struct kept kept = fixture_call(fixture, &(struct http_call){.place = place,
                                                                       .request = &request,
                                                                       .connect_to = connect_to,
                                                                       .life_us = life_us});
    http_request_release(&request);
    fixture_close(fixture);
    return kept;
}

static void a_closed_port_is_refused(void **state)
{
    (void)state;
    int descriptor;
    const struct http_place place = place_of_mock(raw_port_refusing(&descriptor));
    const struct kept kept = call_place(&place, NULL, LIFE_US);
    check_outcome("closed port", &kept,
                  &(struct expected){CURLE_COULDNT_CONNECT, CALL_REFUSED, HTTP_PHASE_CONNECT, 0,
                                     false, NULL, "(Connection refused); is \"routesim mock\""});
    assert_int_equal(close(descriptor), 0);
}

static void a_port_that_swallows_syns_is_unanswered_while_connecting(void **state)
{
    (void)state;
    int descriptors[RAW_SILENT_DESCRIPTORS];
    const struct http_place place = place_of_mock(raw_port_silent(descriptors));
    const struct kept kept = call_place(&place, NULL, HANG_MS * 1000);
    check_outcome("silent port", &kept,
                  &(struct expected)LATE(HTTP_PHASE_CONNECT, 0, "within 30 ms (connecting)"));
    for (int i = 0; i < RAW_SILENT_DESCRIPTORS; i++)
        assert_int_equal(close(descriptors[i]), 0);
}

/* ".invalid" has no address anywhere (RFC 6761); without a resolver it is no address either. */
static void a_name_without_an_address_is_dns(void **state)
{
    (void)state;
    static const struct http_place place = {.base_url = "https://api.kroger.com"};
    const struct kept kept = call_place(&place, "nowhere.invalid:443", LIFE_US);
    check_outcome("no address", &kept,
                  &(struct expected){CURLE_COULDNT_RESOLVE_HOST, CALL_DNS, HTTP_PHASE_DNS, 0, false,
                                     NULL, "no address is known for api.kroger.com"});
}

static void what_is_no_tls_fails_the_handshake(void **state)
{
    (void)state;
    static const struct raw_step alert[] = {RAW_BYTES("\x15\x03\x03\x00\x02\x02\x28", 7),
                                            RAW_WAIT(10), RAW_DO(RAW_HANG)};
    static const struct raw_step plain[] = {RAW_SAY("HTTP/1.1 400 Bad Request\r\n\r\n"),
                                            RAW_DO(RAW_HANG)};
    static const struct raw_step closed[] = {RAW_WAIT(10), RAW_DO(RAW_CLOSE)};
    static const struct raw_step silent[] = {RAW_DO(RAW_HANG)};
    static const struct {
        const char *label;
        const struct raw_step *script;
        struct expected expected;
    } rows[] = {
        {"alert",
         alert,
         {CURLE_SSL_CONNECT_ERROR, CALL_TLS, HTTP_PHASE_TLS, 0, false, NULL, "no TLS with"}},
        {"plain text",
         plain,
         {CURLE_SSL_CONNECT_ERROR, CALL_TLS, HTTP_PHASE_TLS, 0, false, NULL, "no TLS with"}},
        {"closed",
         closed,
         {CURLE_SSL_CONNECT_ERROR, CALL_TLS, HTTP_PHASE_TLS, 0, false, NULL, "no TLS with"}},
        {"silent", silent, LATE(HTTP_PHASE_TLS, 0, "(in the TLS handshake)")},
    };
    struct raw_server *const server = raw_server_start(silent);
    struct http_place place = {.declared_mock = true};
    (void)snprintf(place.base_url, sizeof place.base_url, "https://127.0.0.1:%u",
                   (unsigned)raw_server_port(server));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        raw_server_play(server, rows[i].script);
        const struct kept kept = call_place(
            &place, NULL, rows[i].expected.fate == CALL_UNANSWERED ? HANG_MS * 1000 : LIFE_US);
        check_outcome(rows[i].label, &kept, &rows[i].expected);
    }
    raw_server_stop(server);
}

static void a_ca_file_that_is_not_there_is_tls(void **state)
{
    (void)state;
    struct raw_server *const server = raw_server_start(hang);
    struct http_place place = {.declared_mock = true, .ca_file = "/nowhere/ca.pem"};
    (void)snprintf(place.base_url, sizeof place.base_url, "https://127.0.0.1:%u",
                   (unsigned)raw_server_port(server));
    const struct kept kept = call_place(&place, NULL, LIFE_US);
    check_outcome("CA file", &kept,
                  &(struct expected){CURLE_SSL_CACERT_BADFILE, CALL_TLS, HTTP_PHASE_TLS, 0, false,
                                     NULL, "/nowhere/ca.pem"});
    raw_server_stop(server);
}

/* ---- limits ---------------------------------------------------------------------------------- */

enum { CAP = 100000 };

static struct kept call_capped(const struct raw_step *script)
{
    struct raw_server *const server = raw_server_start(script);
    const struct http_place place = place_of_mock(raw_server_port(server));
    struct fixture *const fixture = fixture_open(CAP, 0);
    const struct kept kept = fixture_get(fixture, &place);
    fixture_close(fixture);
    raw_server_stop(server);
    return kept;
}

static void check_capped(const char *label, const struct kept *kept)
{
    CHECK_ROW(label, kept->outcome.fate == CALL_ANSWERED);
    CHECK_ROW(label, kept->outcome.phase == HTTP_PHASE_BODY);
    CHECK_ROW(label, kept->status == 200);
    CHECK_ROW(label, kept->truncated);
    CHECK_ROW(label, kept->outcome.over_limit);
    CHECK_ROW(label, kept->outcome.curl_code == CURLE_WRITE_ERROR);
    CHECK_ROW(label, kept->body_length == CAP);
    CHECK_ROW(label, kept->body_capacity <= 2 * CAP);
    CHECK_ROW(label, strstr(kept->outcome.message, "longer than 100000 bytes") != NULL);
    check_timing(kept);
}

static void endless_bodies_are_cut_at_the_cap(void **state)
{
    (void)state;
    static const struct raw_step endless_chunks[] = {
        RAW_DO(RAW_READ), RAW_SAY(OK_HEAD "Transfer-Encoding: chunked\r\n\r\n"),
        RAW_FOREVER("20\r\n01234567890123456789012345678901\r\n")};
    static const struct raw_step long_body[] = {
        RAW_DO(RAW_READ), RAW_SAY(OK_HEAD "Content-Length: 9000000000\r\n\r\n"),
        RAW_FOREVER("01234567890123456789012345678901")};
    static const struct raw_step until_the_end_of_time[] = {
        RAW_DO(RAW_READ), RAW_SAY(OK_HEAD "\r\n"), RAW_FOREVER("01234567890123456789012345678901")};
    const struct kept chunks = call_capped(endless_chunks);
    check_capped("chunks", &chunks);
    const struct kept stated = call_capped(long_body);
    check_capped("stated length", &stated);
    const struct kept unstated = call_capped(until_the_end_of_time);
    check_capped("no length", &unstated);
}

static void a_body_of_just_the_cap_is_whole(void **state)
{
    (void)state;
    for (size_t more = 0; more < 2; more++) {
        const size_t length = CAP + more;
        char head[128];
        (void)snprintf(head, sizeof head, OK_HEAD "Content-Length: %zu\r\n\r\n", length);
        char *const body = malloc(length);
        assert_non_null(body);
        memset(body, 'x', length);
        const struct raw_step script[] = {RAW_DO(RAW_READ), RAW_SAY(head), RAW_BYTES(body, length),
                                          RAW_DO(RAW_CLOSE)};
        const struct kept kept = call_capped(script);
        assert_int_equal(kept.body_length, CAP);
        assert_int_equal(kept.outcome.over_limit, more == 1);
        assert_int_equal(kept.truncated, more == 1);
        free(body);
    }
}

/* A deflate stream (RFC 1951) of one fixed-Huffman block: a byte, then again and again "the last
 * byte 258 times more", in 13 bits. The end is left out; nobody gets that far. */
static size_t make_bomb(uint8_t *bytes, size_t size)
{
    static const uint8_t gzip_head[10] = {0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3};
    memset(bytes, 0, size);
    memcpy(bytes, gzip_head, sizeof gzip_head);
    size_t bit = sizeof gzip_head * 8;
    const char *const begin = "1"
                              "10"
                              "00110000"; /* last block, fixed codes, the byte 0 */
    const char *const again = "11000101"
                              "00000"; /* length 258, distance 1 */
    for (const char *c = begin; *c != '\0'; c++, bit++)
        if (*c == '1') bytes[bit / 8] |= (uint8_t)(1 << bit % 8);
    while (bit + 13 < size * 8) {
        for (const char *c = again; *c != '\0'; c++, bit++)
            if (*c == '1') bytes[bit / 8] |= (uint8_t)(1 << bit % 8);
    }
    return bit / 8;
}

static void a_bomb_is_cut_at_the_cap_of_decoded_bytes(void **state)
{
    (void)state;
    enum { BOMB_BYTES = 60000 }; /* well below the cap; nearly 10 MB when decoded */
    uint8_t *const bomb = malloc(BOMB_BYTES);
    assert_non_null(bomb);
    const size_t length = make_bomb(bomb, BOMB_BYTES);
    char head[128];
    (void)snprintf(head, sizeof head,
                   OK_HEAD "Content-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n", length);
    const struct raw_step script[] = {RAW_DO(RAW_READ), RAW_SAY(head),
                                      RAW_BYTES((const char *)bomb, length), RAW_DO(RAW_CLOSE)};
    const struct kept kept = call_capped(script);
    check_capped("bomb", &kept);
    assert_int_equal(kept.body[0], 0);
    free(bomb);
}

/* ---- headers --------------------------------------------------------------------------------- */

static void what_headers_say_is_taken(void **state)
{
    (void)state;
    static const struct {
        const char *headers;
        const char *content_type;
        uint32_t retry_after_s;
        const char *rsim;
    } rows[] = {
        {"", NULL, 0, ""},
        {"Content-Type: application/json\r\n", "application/json", 0, ""},
        {"content-type:  Application/JSON;charset=utf-8\r\n", "application/json", 0, ""},
        {"Content-Type: application/problem+json\r\n", "application/json", 0, ""},
        {"Content-Type: text/html; charset=utf-8\r\n", "text/html", 0, ""},
        {"Content-Type: text/htmlx\r\n", "application/octet-stream", 0, ""},
        {"Content-Type: application/x-evil\r\n", "application/octet-stream", 0, ""},
        {"Retry-After: 7\r\n", NULL, 7, ""},
        {"Retry-After: -7\r\n", NULL, 0, ""},
        {"Retry-After: soon\r\n", NULL, 0, ""},
        {"Retry-After: 9999999999\r\n", NULL, UINT32_MAX, ""},
        {"Retry-After: 99999999999999999999\r\n", NULL, 0, ""},
        {"Retry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n", NULL, 0, ""},
        {"X-Routesim-Latency-Us: 123456\r\n", NULL, 0, "123456"},
        {"x-routesim-latency-us:123456 \t\r\n", NULL, 0, "123456"},
        {"X-Routesim-Latency-Us: 1234567890123456789012345678901234567890\r\n", NULL, 0, ""},
    };
    struct raw_server *const server = raw_server_start(good);
    const struct http_place place = place_of_mock(raw_server_port(server));
    struct fixture *const fixture = fixture_open(0, 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char answer[512];
        (void)snprintf(answer, sizeof answer,
                       "HTTP/1.1 429 Slow down\r\n%sContent-Length: 0\r\nConnection: close\r\n\r\n",
                       rows[i].headers);
        const struct raw_step script[] = {RAW_DO(RAW_READ), RAW_SAY(answer), RAW_DO(RAW_CLOSE)};
        raw_server_play(server, script);
        const struct kept kept = fixture_get(fixture, &place);
        CHECK_ROW(rows[i].headers, kept.outcome.fate == CALL_ANSWERED);
        CHECK_ROW(rows[i].headers, kept.status == 429);
        if (rows[i].content_type == NULL)
            CHECK_ROW(rows[i].headers, kept.content_type == NULL);
        else
            CHECK_ROW_TEXT(rows[i].headers, kept.content_type, rows[i].content_type);
        CHECK_ROW(rows[i].headers, kept.retry_after_s == rows[i].retry_after_s);
        CHECK_ROW_TEXT(rows[i].headers, kept.rsim, rows[i].rsim);
    }
    fixture_close(fixture);
    raw_server_stop(server);
}

static void a_date_to_retry_after_becomes_seconds(void **state)
{
    (void)state;
    const time_t at = time(NULL) + 1000;
    struct tm broken;
    assert_non_null(gmtime_r(&at, &broken));
    char date[64], answer[256];
    assert_true(strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &broken) > 0);
    (void)snprintf(answer, sizeof answer,
                   "HTTP/1.1 503 Busy\r\nRetry-After: %s\r\nContent-Length: 0\r\n\r\n", date);
    const struct raw_step script[] = {RAW_DO(RAW_READ), RAW_SAY(answer), RAW_DO(RAW_CLOSE)};
    const struct kept kept = call_capped(script);
    assert_in_range(kept.retry_after_s, 1, 1000); /* less what has passed since */
}

/* ---- what is sent ---------------------------------------------------------------------------- */

static void a_request_is_sent_as_written(void **state)
{
    (void)state;
    struct raw_server *const server = raw_server_start(good);
    struct http_place place = place_of_mock(raw_server_port(server));
    struct fixture *const fixture = fixture_open(0, 0);
    struct http_request request = {0};
    char sent[RAW_REQUEST_MAX], expected[RAW_REQUEST_MAX];

    strcat(place.base_url, "/kroger");
    http_request_begin(&request, HTTP_POST, "/v1/../token");
    http_query(&request, "q", "a b&c\r\n");
    http_header(&request, "Authorization", "Basic c2VjcmV0");
    http_header(&request, "X-Empty", "");
    request.content_type = "application/x-www-form-urlencoded";
    text_put(&request.body, "grant_type=client_credentials");
    const struct http_call call = {.place = &place, .request = &request};
    (void)fixture_call(fixture, &call);
    raw_server_last_request(server, sent);
    (void)snprintf(expected, sizeof expected,
                   "POST /kroger/v1/../token?q=a%%20b%%26c%%0D%%0A HTTP/1.1\r\n"
                   "Host: 127.0.0.1:%u\r\nUser-Agent: routesim\r\nAccept: */*\r\n"
                   "Accept-Encoding: gzip, deflate\r\nAuthorization: Basic c2VjcmV0\r\n"
                   "X-Empty:\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                   "Content-Length: 29\r\n\r\ngrant_type=client_credentials",
                   (unsigned)raw_server_port(server));
    assert_string_equal(sent, expected);

    /* The same handle, and nothing of the call before. */
    http_request_begin(&request, HTTP_GET, "/v1/products");
    (void)fixture_call(fixture, &call);
    raw_server_last_request(server, sent);
    (void)snprintf(expected, sizeof expected,
                   "GET /kroger/v1/products HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
                   "User-Agent: routesim\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate\r\n\r\n",
                   (unsigned)raw_server_port(server));
    assert_string_equal(sent, expected);

    http_request_begin(&request, HTTP_PUT, "/v1/cart");
    request.content_type = "application/json";
    (void)fixture_call(fixture, &call);
    raw_server_last_request(server, sent);
    assert_ptr_equal(strstr(sent, "PUT /kroger/v1/cart HTTP/1.1\r\n"), sent);
    assert_non_null(strstr(sent, "Content-Length: 0\r\n"));

    http_request_release(&request);
    fixture_close(fixture);
    raw_server_stop(server);
}

static void a_long_body_is_sent_without_asking(void **state)
{
    (void)state;
    struct raw_server *const server = raw_server_start(good);
    const struct http_place place = place_of_mock(raw_server_port(server));
    struct fixture *const fixture = fixture_open(0, 0);
    struct http_request request = {0};
    http_request_begin(&request, HTTP_POST, "/v1/cart");
    request.content_type = "application/json";
    for (int i = 0; i < 300000; i++)
        text_put(&request.body, "[123456]");
    const struct kept kept =
        fixture_call(fixture, &(struct http_call){.place = &place, .request = &request});
    assert_int_equal(kept.outcome.fate, CALL_ANSWERED);
    char sent[RAW_REQUEST_MAX];
    raw_server_last_request(server, sent);
    assert_null(strstr(sent, "Expect"));
    assert_non_null(strstr(sent, "Content-Length: 2400000\r\n"));
    http_request_release(&request);
    fixture_close(fixture);
    raw_server_stop(server);
}

static void a_request_that_is_not_taken_ends_while_it_is_sent(void **state)
{
    (void)state;
    static const struct raw_step reset_unread[] = {RAW_WAIT(20), RAW_DO(RAW_RESET)};
    static const struct raw_step never_read[] = {RAW_WAIT(60000), RAW_DO(RAW_CLOSE)};
    struct raw_server *const server = raw_server_start(never_read);
    const struct http_place place = place_of_mock(raw_server_port(server));
    struct fixture *const fixture = fixture_open(0, 0);
    struct http_request request = {0};
    http_request_begin(&request, HTTP_POST, "/v1/cart");
    request.content_type = "application/json";
    for (int i = 0; i < 2000000; i++) /* more than two sockets' buffers hold */
        text_put(&request.body, "[123456]");
    struct http_call call = {.place = &place, .request = &request, .life_us = HANG_MS * 1000};
    const struct kept late = fixture_call(fixture, &call);
    check_outcome("never read", &late,
                  &(struct expected)LATE(HTTP_PHASE_SEND, 0, "(sending the request)"));

    raw_server_play(server, reset_unread);
    call.life_us = LIFE_US;
    const struct kept reset = fixture_call(fixture, &call);
    if (reset.outcome.curl_code != CURLE_RECV_ERROR) /* whichever it tried first */
        assert_int_equal(reset.outcome.curl_code, CURLE_SEND_ERROR);
    assert_int_equal(reset.outcome.fate, CALL_RESET);
    assert_int_equal(reset.outcome.phase, HTTP_PHASE_SEND);
    http_request_release(&request);
    fixture_close(fixture);
    raw_server_stop(server);
}

static void what_could_break_out_of_its_place_is_never_sent(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        const char *target;
        const char *name; /* put through http_header() */
        const char *value;
        const char *lines; /* put past it */
        const char *connect_to;
    } rows[] = {
        {"break in a value", "/", "X-A", "1\r\nX-B: 2", "", NULL},
        {"line feed in a value", "/", "X-A", "1\nX-B: 2", "", NULL},
        {"raw carriage return", "/", NULL, NULL, "X-A: 1\rX-B: 2\n", NULL},
        {"raw NUL", "/", NULL, NULL, "X-A: 1\x7F\n", NULL},
        {"no name", "/", NULL, NULL, ": 1\n", NULL},
        {"no colon", "/", NULL, NULL, "X-A\n", NULL},
        {"space in a name", "/", NULL, NULL, "X A: 1\n", NULL},
        {"semicolon in a name", "/", NULL, NULL, "X;A: 1\n", NULL},
        {"no end", "/", NULL, NULL, "X-A: 1", NULL},
        {"break in the path", "/a\r\nX-B: 2", NULL, NULL, "", NULL},
        {"space in the path", "/a HTTP/1.1", NULL, NULL, "", NULL},
        {"fragment", "/a#b", NULL, NULL, "", NULL},
        {"UTF-8 in the path", "/caf\xC3\xA9", NULL, NULL, "", NULL},
        {"connect_to without port", "/", NULL, NULL, "", "nowhere"},
    };
    struct raw_server *const server = raw_server_start(good);
    const struct http_place place = place_of_mock(raw_server_port(server));
    struct fixture *const fixture = fixture_open(0, 0);
    struct http_request request = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        http_request_begin(&request, HTTP_GET, rows[i].target);
        if (rows[i].name != NULL) http_header(&request, rows[i].name, rows[i].value);
        text_put(&request.headers, rows[i].lines);
        const struct http_call call = {.place = &place,
                                       .request = &request,
                                       .connect_to = rows[i].connect_to,
                                       .life_us = LIFE_US};
        struct err err = {0};
        CHECK_ROW(rows[i].label, http_client_start(fixture->client, &call, &err) == 0);
        CHECK_ROW(rows[i].label, err.code == ERR_INPUT);
        CHECK_ROW(rows[i].label, strstr(err.message, "X-") == NULL);
    }
    http_request_begin(&request, HTTP_GET, "/");
    for (int i = 0; i <= HTTP_PAIRS_MAX; i++)
        http_header(&request, "X-A", "1");
    struct err err = {0};
    const struct http_call call = {.place = &place, .request = &request, .life_us = LIFE_US};
    assert_int_equal(http_client_start(fixture->client, &call, &err), 0);
    assert_int_equal(http_client_in_flight(fixture->client), 0);
    assert_int_equal(raw_server_accepted(server), 0);

    /* The handle that was refused still serves. */
    const struct kept kept = fixture_get(fixture, &place);
    assert_int_equal(kept.status, 200);
    http_request_release(&request);
    fixture_close(fixture);
    raw_server_stop(server);
}

static void a_scheme_that_the_place_may_not_use_is_not_used(void **state)
{
    (void)state;
    struct raw_server *const server = raw_server_start(good);
    struct http_place place = place_of_mock(raw_server_port(server));
    place.declared_mock = false; /* as if nobody had checked it */
    const struct kept http = call_place(&place, NULL, LIFE_US);
    assert_int_equal(http.outcome.curl_code, CURLE_UNSUPPORTED_PROTOCOL);
    assert_int_equal(http.outcome.fate, CALL_RESET);
    const struct http_place file = {.base_url = "file://", .declared_mock = true};
    const struct kept read = call_place(&file, NULL, LIFE_US);
    assert_int_equal(read.outcome.curl_code, CURLE_UNSUPPORTED_PROTOCOL);
    assert_int_equal(raw_server_accepted(server), 0);
    raw_server_stop(server);
    const struct http_place odd = {.base_url = "http://a\x01\nb", .declared_mock = true};
    const struct kept none = call_place(&odd, NULL, LIFE_US);
    assert_int_equal(none.outcome.fate, CALL_RESET);
    assert_ptr_equal(strstr(none.outcome.message, "the connection to a??b broke"),
                     none.outcome.message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fault_has_its_code_and_its_fate),
        cmocka_unit_test(a_closed_port_is_refused),
        cmocka_unit_test(a_port_that_swallows_syns_is_unanswered_while_connecting),
        cmocka_unit_test(a_name_without_an_address_is_dns),
        cmocka_unit_test(what_is_no_tls_fails_the_handshake),
        cmocka_unit_test(a_ca_file_that_is_not_there_is_tls),
        cmocka_unit_test(endless_bodies_are_cut_at_the_cap),
        cmocka_unit_test(a_body_of_just_the_cap_is_whole),
        cmocka_unit_test(a_bomb_is_cut_at_the_cap_of_decoded_bytes),
        cmocka_unit_test(what_headers_say_is_taken),
        cmocka_unit_test(a_date_to_retry_after_becomes_seconds),
        cmocka_unit_test(a_request_is_sent_as_written),
        cmocka_unit_test(a_long_body_is_sent_without_asking),
        cmocka_unit_test(a_request_that_is_not_taken_ends_while_it_is_sent),
        cmocka_unit_test(what_could_break_out_of_its_place_is_never_sent),
        cmocka_unit_test(a_scheme_that_the_place_may_not_use_is_not_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
