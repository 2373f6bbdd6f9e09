#include "providers/http_client_state.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

const char *const http_phase_names[HTTP_PHASE_COUNT + 1] = {
    "queue", "dns", "connect", "tls", "send", "wait", "body", "done", NULL};

/* ---- fate ------------------------------------------------------------------------------------ */

enum call_fate fate_of(CURLcode code)
{
    static const struct {
        CURLcode code;
        enum call_fate fate;
    } rows[] = {
        {CURLE_OK, CALL_ANSWERED},
        {CURLE_PARTIAL_FILE, CALL_ANSWERED},
        {CURLE_BAD_CONTENT_ENCODING, CALL_ANSWERED},
        {CURLE_OPERATION_TIMEDOUT, CALL_UNANSWERED},
        {CURLE_COULDNT_RESOLVE_HOST, CALL_DNS},
        {CURLE_COULDNT_CONNECT, CALL_REFUSED},
        {CURLE_SSL_CONNECT_ERROR, CALL_TLS},
        {CURLE_PEER_FAILED_VERIFICATION, CALL_TLS},
        {CURLE_SSL_CACERT_BADFILE, CALL_TLS},
        {CURLE_SSL_CERTPROBLEM, CALL_TLS},
        {CURLE_SSL_CIPHER, CALL_TLS},
        {CURLE_SSL_CRL_BADFILE, CALL_TLS},
        {CURLE_SSL_ISSUER_ERROR, CALL_TLS},
        {CURLE_SSL_INVALIDCERTSTATUS, CALL_TLS},
        {CURLE_SSL_PINNEDPUBKEYNOTMATCH, CALL_TLS},
        {CURLE_SSL_CLIENTCERT, CALL_TLS},
        {CURLE_SSL_ENGINE_NOTFOUND, CALL_TLS},
        {CURLE_SSL_ENGINE_SETFAILED, CALL_TLS},
        {CURLE_SSL_ENGINE_INITFAILED, CALL_TLS},
        {CURLE_USE_SSL_FAILED, CALL_TLS},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].code == code) return rows[i].fate;
    }
    return CALL_RESET;
}

/* What libcurl's code leaves open is in our own notes: it reports whatever a callback stopped as
 * one of two codes. A refused address alone says nothing: another of the name may have done. */
static enum call_fate fate_in(const struct transfer *transfer, CURLcode code)
{
    if (code == CURLE_ABORTED_BY_CALLBACK && transfer->address_refused) return CALL_REFUSED;
    if (transfer->over_limit) return CALL_ANSWERED;
    const enum call_fate fate = fate_of(code);
    return fate == CALL_ANSWERED && transfer->response.status == 0 ? CALL_RESET : fate;
}

/* ---- phase and timing ------------------------------------------------------------------------ */

uint32_t sends_of(const struct transfer *transfer)
{
    return transfer->sends - (transfer->sending_refused ? 1 : 0);
}

static int64_t time_of(CURL *easy, CURLINFO info)
{
    curl_off_t value = 0;
    (void)curl_easy_getinfo(easy, info, &value);
    return value;
}

static int64_t number_of(CURL *easy, CURLINFO info)
{
    long value = 0;
    (void)curl_easy_getinfo(easy, info, &value);
    return value;
}

static bool is_secure(const struct transfer *transfer)
{
    return strncmp(transfer->url.bytes, "https:", 6) == 0;
}

/* The whole request is on its way: its head, and the body after it. */
static bool is_sent(const struct transfer *transfer)
{
    const struct http_request *const request = transfer->call.request;
    const size_t body = request->content_type != NULL ? request->body.length : 0;
    return number_of(transfer->easy, CURLINFO_REQUEST_SIZE) > 0 &&
           time_of(transfer->easy, CURLINFO_SIZE_UPLOAD_T) >= (int64_t)body;
}

/* libcurl counts a connection when TCP stands, and stamps that instant only when TLS does too. */
static enum http_phase phase_of(const struct transfer *transfer, CURLcode code)
{
    CURL *const easy = transfer->easy;
    if (code == CURLE_OK) return HTTP_PHASE_DONE;
    if (transfer->response.status != 0 && transfer->headers_whole) return HTTP_PHASE_BODY;
    if (transfer->sends > 0) return is_sent(transfer) ? HTTP_PHASE_WAIT : HTTP_PHASE_SEND;
    if (time_of(easy, CURLINFO_NAMELOOKUP_TIME_T) == 0) {
        return transfer->resolving ? HTTP_PHASE_DNS : HTTP_PHASE_QUEUE;
    }
    if (time_of(easy, CURLINFO_CONNECT_TIME_T) == 0 &&
        number_of(easy, CURLINFO_NUM_CONNECTS) == 0) {
        return HTTP_PHASE_CONNECT;
    }
    if (is_secure(transfer) && time_of(easy, CURLINFO_APPCONNECT_TIME_T) == 0) {
        return HTTP_PHASE_TLS;
    }
    return HTTP_PHASE_SEND;
}

/* Takes what lies between two instants out of what is left of the total: they may overlap when a
 * request was sent again, and the parts still have to add up. */
static int64_t part(int64_t *left_us, int64_t from_us, int64_t to_us)
{
    int64_t part_us = to_us > from_us ? to_us - from_us : 0;
    if (part_us > *left_us) part_us = *left_us;
    *left_us -= part_us;
    return part_us;
}

/* libcurl's instants, of which those not reached are 0; the phase that a call ended in lasted to
 * its end. */
static struct http_timing timing_of(const struct transfer *transfer, CURLcode code,
                                    enum http_phase phase, int64_t now_us)
{
    CURL *const easy = transfer->easy;
    const int64_t name_us = time_of(easy, CURLINFO_NAMELOOKUP_TIME_T);
    const int64_t connect_us = time_of(easy, CURLINFO_CONNECT_TIME_T);
    const int64_t tls_us = time_of(easy, CURLINFO_APPCONNECT_TIME_T);
    const int64_t request_us = time_of(easy, CURLINFO_PRETRANSFER_TIME_T);
    const int64_t first_us = time_of(easy, CURLINFO_STARTTRANSFER_TIME_T);
    struct http_timing timing = {.total_us = now_us - transfer->started_us,
                                 .connects = (uint32_t)number_of(easy, CURLINFO_NUM_CONNECTS),
                                 .sends = sends_of(transfer)};
    int64_t left_us = timing.total_us;
    const int64_t end_us = code == CURLE_OPERATION_TIMEDOUT /* by us: libcurl's clock stands */
                               ? timing.total_us
                               : time_of(easy, CURLINFO_TOTAL_TIME_T);
    if (first_us > 0) timing.body_us = part(&left_us, first_us, end_us);
    if (request_us > 0)
        timing.wait_us = part(&left_us, request_us, first_us > 0 ? first_us : end_us);
    if (timing.connects > 0 || transfer->sends == 0) { /* else they are of an earlier call's */
        if (phase == HTTP_PHASE_TLS) {
            timing.tls_us = part(&left_us, connect_us > 0 ? connect_us : name_us, end_us);
        } else {
            timing.tls_us = part(&left_us, connect_us, tls_us);
        }
        timing.tcp_us = part(&left_us, name_us, phase == HTTP_PHASE_CONNECT ? end_us : connect_us);
        timing.dns_us = part(&left_us, 0, phase == HTTP_PHASE_DNS ? end_us : name_us);
    }
    timing.queue_us = left_us;
    return timing;
}

/* ---- the answer ------------------------------------------------------------------------------ */

/* Constants for the types that make a difference; a suffix (RFC 6839) counts as its base. */
static const char *content_type_of(const char *value)
{
    static const char *const known[] = {"application/json", "text/html",       "text/plain",
                                        "text/xml",         "application/xml", "text/csv"};
    if (value == NULL) return NULL;
    const size_t length = strcspn(value, "; \t");
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (length == strlen(known[i]) && strncasecmp(value, known[i], length) == 0)
            return known[i];
    }
    static const char json[] = "+json";
    if (length >= sizeof json &&
        strncasecmp(value + length - (sizeof json - 1), json, sizeof json - 1) == 0) {
        return known[0];
    }
    return "application/octet-stream"; /* RFC 9110's word for bytes of no known kind */
}

static void take_status(struct transfer *transfer)
{
    const int64_t status = number_of(transfer->easy, CURLINFO_RESPONSE_CODE);
    transfer->response.status = status >= 200 && status <= 999 ? (uint16_t)status : 0;
}

static void take_headers(struct transfer *transfer)
{
    const char *content_type = NULL;
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_TYPE, &content_type);
    transfer->response.content_type = content_type_of(content_type);
    const int64_t retry_after_s = time_of(transfer->easy, CURLINFO_RETRY_AFTER);
    transfer->response.retry_after_s = retry_after_s <= 0           ? 0
                                       : retry_after_s > UINT32_MAX ? UINT32_MAX
                                                                    : (uint32_t)retry_after_s;
}

/* ---- whose fault it is ------------------------------------------------------------------------
 */

static bool is_a_lack(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS;
}

/* Whether a descriptor can be had just now; else why not. */
static int try_descriptor(const struct http_client *client)
{
    const int copy = fcntl(client->epoll, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) return errno;
    (void)close(copy);
    return 0;
}

bool http_client_is_starved(const struct http_client *client)
{
    return is_a_lack(try_descriptor(client));
}

/* Sockets are opened by us, which leaves no doubt. Of what libcurl and its resolver open
 * themselves, pipes, /etc/hosts, a CA file, only the code shows that something failed, and a look
 * at what can be had now says why. */
static int local_error_in(const struct transfer *transfer, CURLcode code)
{
    if (transfer->outcome.fate == CALL_ANSWERED || transfer->address_refused) return 0;
    if (is_a_lack(transfer->socket_error)) return transfer->socket_error;
    if (code != CURLE_COULDNT_RESOLVE_HOST && code != CURLE_SSL_CACERT_BADFILE &&
        code != CURLE_FAILED_INIT && code != CURLE_OUT_OF_MEMORY) {
        return 0;
    }
    const int error = try_descriptor(transfer->client);
    return is_a_lack(error) ? error : 0;
}

/* ---- in words -------------------------------------------------------------------------------- */

static void sentence(struct transfer *transfer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Bytes of a peer can reach libcurl's texts (a certificate's names), so only what is visible stays.
 */
static void sentence(struct transfer *transfer, const char *format, ...)
{
    char *const message = transfer->outcome.message;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, HTTP_CLIENT_MESSAGE_MAX, format, arguments);
    va_end(arguments);
    for (char *c = message; *c != '\0'; c++) {
        if (*c < ' ' || *c >= 0x7F) *c = '?';
    }
}

static void say_unanswered(struct transfer *transfer, const char *whom)
{
    static const char *const doing[HTTP_PHASE_COUNT] = {
        [HTTP_PHASE_QUEUE] = "waiting for a shared connection",
        [HTTP_PHASE_DNS] = "asking for its address",
        [HTTP_PHASE_CONNECT] = "connecting",
        [HTTP_PHASE_TLS] = "in the TLS handshake",
        [HTTP_PHASE_SEND] = "sending the request",
        [HTTP_PHASE_WAIT] = "waiting for the answer",
        [HTTP_PHASE_BODY] = "in the middle of the answer",
        [HTTP_PHASE_DONE] = "done",
    };
    sentence(transfer, "%s did not answer within %lld ms (%s)", whom,
             (long long)(transfer->call.life_us + 999) / 1000, doing[transfer->outcome.phase]);
}

static void say_refused(struct transfer *transfer, const char *whom)
{
    if (transfer->address_refused) {
        const bool of_mock = transfer->call.place->declared_mock;
        sentence(transfer, "%s leads to %s, which is %s", whom,
                 transfer->refused_text[0] != '\0' ? transfer->refused_text : "an address",
                 of_mock ? "not in a private network, as a mock server's is"
                         : "not public, as a real provider's is");
        return;
    }
    const bool ours = transfer->socket_error != 0; /* too many open files, say */
    const int error =
        ours ? transfer->socket_error : (int)number_of(transfer->easy, CURLINFO_OS_ERRNO);
    const bool mock = transfer->call.place->declared_mock && transfer->call.connect_to == NULL;
    sentence(transfer, "could not connect to %s (%s)%s", whom,
             error != 0 ? strerror(error) : "no reason was given",
             mock && !ours ? "; is \"routesim mock\" running?" : "");
}

static void say_truncated(struct transfer *transfer, const char *whom, CURLcode code)
{
    if (transfer->over_limit) {
        sentence(transfer, "the body from %s is longer than %zu bytes and was cut there", whom,
                 transfer->client->setup.body_bytes_max);
    } else if (code == CURLE_BAD_CONTENT_ENCODING) {
        sentence(transfer, "the body from %s cannot be decoded", whom);
    } else {
        sentence(transfer, "%s ended the body before its stated length", whom);
    }
}

static void say_reset(struct transfer *transfer, const char *whom, CURLcode code)
{
    const char *why =
        transfer->error_text[0] != '\0' ? transfer->error_text : curl_easy_strerror(code);
    /* libcurl calls a header line beyond its own limit "out of memory". */
    if (transfer->headers_over || code == CURLE_OUT_OF_MEMORY) why = "too many bytes of headers";
    if (transfer->response.body.failed) why = "no memory for its answer";
    if (transfer->repeat_refused) why = "a kept connection had died, and it is not sent twice";
    sentence(transfer, "the connection to %s broke: %s", whom, why);
}

/* A mock's certificate that the system's authorities do not know. */
static bool wants_authority(const struct transfer *transfer, CURLcode code)
{
    return code == CURLE_PEER_FAILED_VERIFICATION && transfer->call.place->declared_mock &&
           transfer->call.place->ca_file == NULL;
}

static void say_why(struct transfer *transfer, CURLcode code)
{
    char authority[AUTHORITY_MAX];
    place_authority(transfer->call.place->base_url, authority);
    const char *const to = transfer->call.connect_to;
    char whom[AUTHORITY_MAX + 48];
    (void)snprintf(whom, sizeof whom, to != NULL ? "%s (through %.32s)" : "%s", authority,
                   to != NULL ? to : "");
    if (transfer->outcome.local_error != 0) {
        sentence(transfer, "no connection to %s, for want of something here (%s)", whom,
                 strerror(transfer->outcome.local_error));
        return;
    }
    switch (transfer->outcome.fate) {
    case CALL_ANSWERED:
        if (code != CURLE_OK) say_truncated(transfer, whom, code);
        break;
    case CALL_UNANSWERED:
        say_unanswered(transfer, whom);
        break;
    case CALL_REFUSED:
        say_refused(transfer, whom);
        break;
    case CALL_RESET:
        say_reset(transfer, whom, code);
        break;
    case CALL_DNS:
        sentence(transfer, "no address is known for %s", whom);
        break;
    case CALL_TLS:
        sentence(transfer, "no TLS with %s: %s%s", whom,
                 transfer->error_text[0] != '\0' ? transfer->error_text : curl_easy_strerror(code),
                 wants_authority(transfer, code) ? "; --ca names a mock's own authority" : "");
        break;
    case CALL_FATE_COUNT:
        assert(false);
    }
}

void outcome_make(struct transfer *transfer, CURLcode code, int64_t now_us)
{
    struct http_outcome *const outcome = &transfer->outcome;
    take_status(transfer);
    take_headers(transfer);
    outcome->curl_code = (int)code;
    outcome->fate = fate_in(transfer, code);
    outcome->phase = phase_of(transfer, code);
    outcome->timing = timing_of(transfer, code, outcome->phase, now_us);
    outcome->response = &transfer->response;
    outcome->rsim = transfer->rsim;
    outcome->ended_us = now_us;
    outcome->over_limit = transfer->over_limit;
    outcome->address_refused = outcome->fate == CALL_REFUSED && transfer->address_refused;
    outcome->local_error = local_error_in(transfer, code);
    outcome->message[0] = '\0';
    transfer->response.truncated = outcome->fate == CALL_ANSWERED && code != CURLE_OK;
    if (outcome->fate != CALL_ANSWERED) text_clear(&transfer->response.body);
    say_why(transfer, code);
}
