/* tests/mocks/fault_rows.h - the fault table: what goes wrong on the way to a provider, what
 * libcurl says of it, and what the router makes of that. Data for test_fault_table.c alone.
 *
 * docs/faults.md shows the same rows. `live`: the fault can be put before a real provider, whose
 * bytes nobody can forge.
 */
#ifndef TESTS_MOCKS_FAULT_ROWS_H
#define TESTS_MOCKS_FAULT_ROWS_H

#include "mocks/relay.h"
#include "providers/message.h"
#include "tests/providers/tls_server.h"

enum fault_layer_shown {
    SHOWN_NONE,
    SHOWN_DNS,
    SHOWN_CONNECT,
    SHOWN_TLS,
    SHOWN_TRANSPORT,
    SHOWN_FRAMING,
    SHOWN_HTTP,
    SHOWN_COUNT
};
static const char *const shown_names[SHOWN_COUNT] = {"none",      "dns",     "connect", "tls",
                                                     "transport", "framing", "http"};

enum body_made { /* bodies too long to be written down */
                 MADE_NONE,
                 MADE_HUGE,
                 MADE_HUGE_CHUNKED,
                 MADE_BOMB
};

enum { NO_STATUS = 0 };

struct fault_row {
    enum fault_layer_shown layer;
    const char *kind;
    const char *happens;
    bool live;
    int curl_code;
    const char *curl_name;
    uint16_t status; /* that the client saw */
    enum call_fate fate;
    const char *router_says;
    /* how it is made */
    struct relay_rule rule;
    const char *answer; /* the upstream's; NULL: a product */
    enum body_made made;
    bool tls;
    enum tls_certificate certificate;
    bool no_name;  /* the host's name does not exist */
    bool second;   /* the fault meets the second call on a connection */
    bool gives_up; /* nothing will come: a short life */
    uint32_t retry_after_s;
};

#define OK_HEAD   "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
#define BROKEN    "{\"data\":[{\"productId\":\"0001111041700\",\"descrip"
#define HTML_PAGE "<html><body>Service Unavailable</body></html>"

#define PRODUCT_BODY                                                                               \
    "{\"data\":[{\"productId\":\"0001111041700\",\"description\":\"Whole Milk\",\"items\":"        \
    "[{\"itemId\":\"0001111041700\",\"fulfillment\":{\"curbside\":true,\"delivery\":true},"        \
    "\"price\":{\"regular\":3.49,\"promo\":2.99}}]}],\"meta\":{\"pagination\":{\"total\":1}}}"

#define RULE(...) .rule = {__VA_ARGS__, .fraction = 1}
#define LATE_US   INT64_C(60000000) /* past any call's life */

/* libcurl's codes by name, so that a row cannot pair them wrongly */
#define SAYS(code_, status_, fate_, router_)                                                       \
    .curl_code = (code_), .curl_name = #code_, .status = (status_), .fate = (fate_),               \
    .router_says = (router_)
#define DIES(code_, fate_) SAYS(code_, NO_STATUS, fate_, "NETWORK_ERROR")
#define TIMES_OUT(status_)                                                                         \
    SAYS(CURLE_OPERATION_TIMEDOUT, status_, CALL_UNANSWERED, "TIMEOUT"), .gives_up = true
#define IS_INVALID(code_)         SAYS(code_, 200, CALL_ANSWERED, "INVALID_RESPONSE")
#define ANSWERS(status_, router_) SAYS(CURLE_OK, status_, CALL_ANSWERED, router_)

static const struct fault_row fault_rows[] = {
    {SHOWN_NONE, "pass", "nothing", true, ANSWERS(200, "OK"), RULE(.fault = RELAY_PASS)},

    {SHOWN_DNS, "dns", "the host's name does not exist", true,
     DIES(CURLE_COULDNT_RESOLVE_HOST, CALL_DNS), .no_name = true},

    {SHOWN_CONNECT, "refuse", "RST to the SYN: nobody listens", true,
     DIES(CURLE_COULDNT_CONNECT, CALL_REFUSED), RULE(.fault = RELAY_REFUSE)},
    {SHOWN_CONNECT, "blackhole", "SYNs are dropped: the accept queue is full", true, TIMES_OUT(0),
     RULE(.fault = RELAY_BLACKHOLE)},

    {SHOWN_TLS, "tls_alert", "a fatal alert to the ClientHello", true,
     DIES(CURLE_SSL_CONNECT_ERROR, CALL_TLS), RULE(.fault = RELAY_TLS_ALERT), .tls = true},
    {SHOWN_TLS, "tls_plaintext", "plain HTTP in answer to the ClientHello", true,
     DIES(CURLE_SSL_CONNECT_ERROR, CALL_TLS), RULE(.fault = RELAY_TLS_PLAINTEXT), .tls = true},
    {SHOWN_TLS, "tls_close", "FIN in the handshake", true, DIES(CURLE_SSL_CONNECT_ERROR, CALL_TLS),
     RULE(.fault = RELAY_TLS_CLOSE), .tls = true},
    {SHOWN_TLS, "certificate_expired", "the certificate's time is over", false,
     DIES(CURLE_PEER_FAILED_VERIFICATION, CALL_TLS), RULE(.fault = RELAY_PASS), .tls = true,
     .certificate = TLS_EXPIRED},
    {SHOWN_TLS, "certificate_not_yet", "the certificate's time has not come", false,
     DIES(CURLE_PEER_FAILED_VERIFICATION, CALL_TLS), RULE(.fault = RELAY_PASS), .tls = true,
     .certificate = TLS_NOT_YET},
    {SHOWN_TLS, "certificate_wrong_host", "the certificate is another host's", false,
     DIES(CURLE_PEER_FAILED_VERIFICATION, CALL_TLS), RULE(.fault = RELAY_PASS), .tls = true,
     .certificate = TLS_WRONG_HOST},
    {SHOWN_TLS, "certificate_unknown_issuer", "nobody trusts who signed it", false,
     DIES(CURLE_PEER_FAILED_VERIFICATION, CALL_TLS), RULE(.fault = RELAY_PASS), .tls = true,
     .certificate = TLS_UNKNOWN_ISSUER},
    {SHOWN_TLS, "certificate_forged", "signed by a namesake of the trusted issuer", false,
     DIES(CURLE_SSL_CONNECT_ERROR, CALL_TLS), RULE(.fault = RELAY_PASS), .tls = true,
     .certificate = TLS_FORGED},

    {SHOWN_TRANSPORT, "hang", "accepted, read, never answered", true, TIMES_OUT(0),
     RULE(.fault = RELAY_HANG)},
    {SHOWN_TRANSPORT, "hang_tls", "the same in the TLS handshake", true, TIMES_OUT(0),
     RULE(.fault = RELAY_HANG), .tls = true},
    {SHOWN_TRANSPORT, "reset", "RST when the request's head was read", true,
     DIES(CURLE_RECV_ERROR, CALL_RESET), RULE(.fault = RELAY_RESET)},
    {SHOWN_TRANSPORT, "reset_tls", "the same after a good TLS handshake", true,
     DIES(CURLE_RECV_ERROR, CALL_RESET), RULE(.fault = RELAY_RESET), .tls = true},
    {SHOWN_TRANSPORT, "reset_after_headers", "RST after the reply's headers", true,
     SAYS(CURLE_RECV_ERROR, 200, CALL_RESET, "NETWORK_ERROR"),
     RULE(.fault = RELAY_RESET_AFTER_HEADERS)},
    {SHOWN_TRANSPORT, "reset_in_body", "RST in the middle of the body", true,
     SAYS(CURLE_RECV_ERROR, 200, CALL_RESET, "NETWORK_ERROR"), RULE(.fault = RELAY_RESET_IN_BODY)},
    {SHOWN_TRANSPORT, "reset_in_reply_tls", "RST after 2 bytes of an encrypted reply", true,
     DIES(CURLE_RECV_ERROR, CALL_RESET), RULE(.fault = RELAY_RESET_IN_BODY, .bytes = 2),
     .tls = true},
    {SHOWN_TRANSPORT, "close", "FIN when the request's head was read: an empty reply", true,
     DIES(CURLE_GOT_NOTHING, CALL_RESET), RULE(.fault = RELAY_CLOSE)},
    {SHOWN_TRANSPORT, "close_tls", "the same after a good TLS handshake", true,
     DIES(CURLE_GOT_NOTHING, CALL_RESET), RULE(.fault = RELAY_CLOSE), .tls = true},
    {SHOWN_TRANSPORT, "half_close", "FIN in the middle of the body, reading goes on", true,
     IS_INVALID(CURLE_PARTIAL_FILE), RULE(.fault = RELAY_HALF_CLOSE)},
    {SHOWN_TRANSPORT, "half_close_tls", "FIN after 2 bytes of an encrypted reply", true,
     DIES(CURLE_GOT_NOTHING, CALL_RESET), RULE(.fault = RELAY_HALF_CLOSE, .bytes = 2), .tls = true},
    {SHOWN_TRANSPORT, "stall_in_headers", "nothing more after 20 bytes of headers", true,
     TIMES_OUT(200), RULE(.fault = RELAY_STALL, .bytes = 20)},
    {SHOWN_TRANSPORT, "stall_in_body", "nothing more after 20 bytes of body", true, TIMES_OUT(200),
     RULE(.fault = RELAY_STALL, .bytes = sizeof(OK_HEAD "Content-Length: 000\r\n\r\n") - 1 + 20)},
    {SHOWN_TRANSPORT, "stall_tls", "nothing more after 2 bytes of an encrypted reply", true,
     TIMES_OUT(0), RULE(.fault = RELAY_STALL, .bytes = 2), .tls = true},
    {SHOWN_TRANSPORT, "drip", "100 bytes at once, the next too late", true, TIMES_OUT(200),
     RULE(.fault = RELAY_DRIP, .bytes = 100, .tick_us = LATE_US)},
    {SHOWN_TRANSPORT, "drip_tls", "2 bytes of an encrypted reply at once, the next too late", true,
     TIMES_OUT(0), RULE(.fault = RELAY_DRIP, .bytes = 2, .tick_us = LATE_US), .tls = true},
    {SHOWN_TRANSPORT, "drip_in_time", "100 bytes a millisecond", true, ANSWERS(200, "OK"),
     RULE(.fault = RELAY_DRIP, .bytes = 100, .tick_us = 1000)},
    {SHOWN_TRANSPORT, "bandwidth", "a byte a second", true, TIMES_OUT(0),
     RULE(.fault = RELAY_BANDWIDTH, .bytes_per_s = 1)},
    {SHOWN_TRANSPORT, "late", "a whole reply, too late", true, TIMES_OUT(0),
     RULE(.fault = RELAY_PASS, .delay_us = LATE_US)},
    {SHOWN_TRANSPORT, "slow_close", "a reply that FIN ends, and FIN is late (of TLS: FIN is late)",
     true, TIMES_OUT(200), RULE(.fault = RELAY_SLOW_CLOSE, .delay_us = LATE_US)},
    {SHOWN_TRANSPORT, "reuse_race", "RST as the next request arrives; it is sent again", true,
     ANSWERS(200, "OK"), RULE(.fault = RELAY_REUSE_RACE), .second = true},

    {SHOWN_FRAMING, "garbage", "bytes that are no status line before it", false,
     DIES(CURLE_UNSUPPORTED_PROTOCOL, CALL_RESET), RULE(.fault = RELAY_GARBAGE)},
    {SHOWN_FRAMING, "bad_chunk", "a chunk's size that is no number", false,
     SAYS(CURLE_RECV_ERROR, 200, CALL_RESET, "NETWORK_ERROR"), RULE(.fault = RELAY_BAD_CHUNK)},
    {SHOWN_FRAMING, "no_last_chunk", "FIN in place of the last chunk", false,
     IS_INVALID(CURLE_PARTIAL_FILE), RULE(.fault = RELAY_NO_LAST_CHUNK)},
    {SHOWN_FRAMING, "short_body", "FIN after half of the stated length", false,
     IS_INVALID(CURLE_PARTIAL_FILE), RULE(.fault = RELAY_SHORT_BODY)},
    {SHOWN_FRAMING, "two_lengths", "a second Content-Length, 5 bytes longer", false,
     IS_INVALID(CURLE_PARTIAL_FILE), RULE(.fault = RELAY_TWO_LENGTHS)},
    {SHOWN_FRAMING, "header_flood", "256 KiB of headers", false,
     SAYS(CURLE_WRITE_ERROR, 200, CALL_RESET, "NETWORK_ERROR"), RULE(.fault = RELAY_HEADER_FLOOD)},

    {SHOWN_HTTP, "401", "credentials are refused", false, ANSWERS(401, "HTTP_401"),
     RULE(.fault = RELAY_PASS),
     .answer = "HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\n"
               "Content-Length: 89\r\n\r\n{\"error\":\"invalid_token\",\"error_description\":"
               "\"The access token is invalid or has expired\"}"},
    {SHOWN_HTTP, "403", "credentials do not suffice", false, ANSWERS(403, "HTTP_403"),
     RULE(.fault = RELAY_PASS),
     .answer = "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\n"
               "Content-Length: 2\r\n\r\n{}"},
    {SHOWN_HTTP, "429", "too many requests, Retry-After: 7", false, ANSWERS(429, "RATE_LIMITED"),
     RULE(.fault = RELAY_PASS), .retry_after_s = 7,
     .answer = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n"},
    {SHOWN_HTTP, "500", "a server's error", false, ANSWERS(500, "HTTP_500"),
     RULE(.fault = RELAY_PASS),
     .answer = "HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\n"
               "Content-Length: 2\r\n\r\n{}"},
    {SHOWN_HTTP, "503", "a page of HTML from what stands in front", false, ANSWERS(503, "HTTP_503"),
     RULE(.fault = RELAY_PASS),
     .answer = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/html\r\n"
               "Content-Length: 45\r\n\r\n" HTML_PAGE},
    {SHOWN_HTTP, "redirect_to_file", "Location: file:///etc/passwd; not followed", false,
     ANSWERS(302, "HTTP_302"), RULE(.fault = RELAY_PASS),
     .answer = "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n"},
    {SHOWN_HTTP, "redirect_inside", "Location: http://169.254.169.254/; not followed", false,
     ANSWERS(302, "HTTP_302"), RULE(.fault = RELAY_PASS),
     .answer = "HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/latest/meta-data/\r\n"
               "Content-Length: 0\r\n\r\n"},
    {SHOWN_HTTP, "redirect_loop", "Location: the same place; not followed", false,
     ANSWERS(301, "HTTP_301"), RULE(.fault = RELAY_PASS),
     .answer = "HTTP/1.1 301 Moved Permanently\r\nLocation: /v1/products\r\n"
               "Content-Length: 0\r\n\r\n"},
    {SHOWN_HTTP, "malformed_json", "a body of right length that is no JSON", false,
     IS_INVALID(CURLE_OK), RULE(.fault = RELAY_PASS),
     .answer = OK_HEAD "Content-Length: 20\r\n\r\n{\"data\":[{]},\"a\":tru"},
    {SHOWN_HTTP, "truncated_json", "JSON cut short, with a length that is right", false,
     IS_INVALID(CURLE_OK), RULE(.fault = RELAY_PASS),
     .answer = OK_HEAD "Content-Length: 46\r\n\r\n" BROKEN},
    {SHOWN_HTTP, "wrong_type", "200 with a page of HTML", false, IS_INVALID(CURLE_OK),
     RULE(.fault = RELAY_PASS),
     .answer =
         "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 45\r\n\r\n" HTML_PAGE},
    {SHOWN_HTTP, "empty", "200 with no body", false, IS_INVALID(CURLE_OK),
     RULE(.fault = RELAY_PASS), .answer = OK_HEAD "Content-Length: 0\r\n\r\n"},
    {SHOWN_HTTP, "error_in_200", "200 with an error inside", false, IS_INVALID(CURLE_OK),
     RULE(.fault = RELAY_PASS),
     .answer = OK_HEAD "Content-Length: 69\r\n\r\n{\"errors\":{\"code\":\"PRODUCT-4011-500\","
                       "\"reason\":\"Internal server error\"}}"},
    {SHOWN_HTTP, "unknown_encoding", "a body that says gzip and is none", false,
     IS_INVALID(CURLE_BAD_CONTENT_ENCODING), RULE(.fault = RELAY_PASS),
     .answer = OK_HEAD "Content-Encoding: gzip\r\nContent-Length: 7\r\n\r\ngarbage"},
    {SHOWN_HTTP, "huge", "2 MiB of body, with its length", false, IS_INVALID(CURLE_WRITE_ERROR),
     RULE(.fault = RELAY_PASS), .made = MADE_HUGE},
    {SHOWN_HTTP, "huge_chunked", "2 MiB of body in chunks", false, IS_INVALID(CURLE_WRITE_ERROR),
     RULE(.fault = RELAY_PASS), .made = MADE_HUGE_CHUNKED},
    {SHOWN_HTTP, "gzip_bomb", "16 KiB that unpack to more than 2 MiB", false,
     IS_INVALID(CURLE_WRITE_ERROR), RULE(.fault = RELAY_PASS), .made = MADE_BOMB},
};

enum { FAULT_ROWS = sizeof fault_rows / sizeof *fault_rows };

#endif
