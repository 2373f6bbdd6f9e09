#include "providers/http_client_state.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "router/base/memory.h"

#define DAY_US INT64_C(86400000000)

enum { KEPT_BYTES_MAX = 1 << 16 }; /* of a body's memory in the pool: 4,096 handles, 256 MB */

/* ---- what arrives ---------------------------------------------------------------------------- */

static bool begins_with(const char *line, size_t length, const char *what)
{
    const size_t wanted = strlen(what);
    return length >= wanted && strncasecmp(line, what, wanted) == 0;
}

static void take_rsim(struct transfer *transfer, const char *value, size_t length)
{
    while (length > 0 && (*value == ' ' || *value == '\t')) {
        value++;
        length--;
    }
    while (length > 0 && (unsigned char)value[length - 1] <= ' ')
        length--;
    if (length >= RSIM_MAX) return;
    memcpy(transfer->rsim, value, length);
    transfer->rsim[length] = '\0';
}

/* Called once a header line, status lines and trailers too. Less than `length` stops the call. */
static size_t on_header(char *line, size_t size, size_t length, void *context)
{
    static const char rsim[] = "X-Routesim-Latency-Us:";
    (void)size;
    struct transfer *const transfer = context;
    transfer->header_bytes += length;
    if (transfer->header_bytes > HTTP_CLIENT_HEADER_BYTES_MAX) {
        transfer->headers_over = true;
        return 0;
    }
    if (begins_with(line, length, "HTTP/")) transfer->headers_whole = false; /* 100, then 200 */
    if (line[0] == '\r' || line[0] == '\n') transfer->headers_whole = true;
    if (transfer->call.place->declared_mock && begins_with(line, length, rsim)) {
        take_rsim(transfer, line + sizeof rsim - 1, length - (sizeof rsim - 1));
    }
    return length;
}

/* Bytes are decoded when they come here, so a bomb is cut at the cap as well. CURLOPT_MAXFILESIZE
 * would not do: libcurl 7.88 does not look at it while a chunked body grows. */
static size_t on_body(char *bytes, size_t size, size_t length, void *context)
{
    (void)size;
    struct transfer *const transfer = context;
    struct text *const body = &transfer->response.body;
    const size_t room = transfer->client->setup.body_bytes_max - body->length;
    transfer->over_limit = length > room;
    text_append(body, bytes, length > room ? room : length);
    return transfer->over_limit || body->failed ? 0 : length;
}

static int on_resolve(void *state, void *reserved, void *context)
{
    (void)state;
    (void)reserved;
    struct transfer *const transfer = context;
    transfer->resolving = true;
    return 0;
}

/* Before each sending, over a new connection or a kept one. libcurl sends again when a kept
 * connection turns out to be dead before it answered anything, and only we can know that the first
 * request may have been acted on. It would go on through all that were kept; who counts requests
 * reckons with one more. And a kept connection was not shown to the address guard for this call,
 * but for the call that opened it, which may have been allowed more. */
static int on_ready_to_send(void *context, char *remote_address, char *local_address,
                            int remote_port, int local_port)
{
    (void)local_address;
    (void)remote_port;
    (void)local_port;
    struct transfer *const transfer = context;
    transfer->sends++;
    if (transfer->sends > (transfer->call.request->method == HTTP_GET ? 2u : 1u)) {
        transfer->repeat_refused = transfer->sending_refused = true;
        return CURL_PREREQFUNC_ABORT;
    }
    struct sockaddr_storage address;
    if (address_read(remote_address, &address) &&
        address_allowed(transfer, (const struct sockaddr *)&address)) {
        return CURL_PREREQFUNC_OK;
    }
    transfer->address_refused = transfer->sending_refused = true;
    transfer->refused_text[0] = '\0';
    strncat(transfer->refused_text, remote_address, sizeof transfer->refused_text - 1);
    return CURL_PREREQFUNC_ABORT;
}

/* ---- a handle -------------------------------------------------------------------------------- */

/* What no call changes. Most of it is libcurl's default and is said again because a default is not
 * a promise; the address in front of a redirect, say, is worth nothing if redirects are followed.
 */
static CURLcode set_for_good(struct transfer *transfer)
{
    CURL *const easy = transfer->easy;
    struct http_client *const client = transfer->client;
    CURLcode code = CURLE_OK;
#define SET(option, value)                                                                         \
    if (code == CURLE_OK) code = curl_easy_setopt(easy, option, value)
    SET(CURLOPT_PRIVATE, transfer);
    SET(CURLOPT_ERRORBUFFER, transfer->error_text);
    SET(CURLOPT_NOSIGNAL, 1L);
    /* Without it a call whose life is over would wait for its resolver's thread, and all others
     * with it, for as long as the name server says nothing. */
    SET(CURLOPT_QUICK_EXIT, 1L);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    /* Debian builds in a CApath, and while one is set libcurl parses the whole CA file for each new
     * connection, 24 ms of CPU. */
    SET(CURLOPT_CAPATH, NULL);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    SET(CURLOPT_HTTP09_ALLOWED, 0L);
    SET(CURLOPT_PATH_AS_IS, 1L); /* signatures are over the path as written */
    SET(CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
    SET(CURLOPT_USERAGENT, "routesim");
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, transfer);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, transfer);
    SET(CURLOPT_OPENSOCKETFUNCTION, socket_open);
    SET(CURLOPT_OPENSOCKETDATA, transfer);
    SET(CURLOPT_CLOSESOCKETFUNCTION, socket_close);
    SET(CURLOPT_CLOSESOCKETDATA, client); /* a connection outlives the call that opened it */
    SET(CURLOPT_RESOLVER_START_FUNCTION, on_resolve);
    SET(CURLOPT_RESOLVER_START_DATA, transfer);
    SET(CURLOPT_PREREQFUNCTION, on_ready_to_send);
    SET(CURLOPT_PREREQDATA, transfer);
    return code;
}

struct transfer *transfer_create(struct http_client *client)
{
    struct transfer *transfer = memory_zeroed(sizeof *transfer);
    if (transfer == NULL) return NULL;
    transfer->client = client;
    transfer->easy = curl_easy_init();
    if (transfer->easy == NULL || set_for_good(transfer) != CURLE_OK) {
        transfer_destroy(transfer);
        return NULL;
    }
    return transfer;
}

void transfer_destroy(struct transfer *transfer)
{
    curl_easy_cleanup(transfer->easy);
    text_release(&transfer->url);
    text_release(&transfer->lines);
    http_response_release(&transfer->response);
    free(transfer);
}

static void keep_little(struct text *text)
{
    if (!text->failed && text->capacity <= KEPT_BYTES_MAX) return;
    text_release(text);
    *text = (struct text){0};
}

/* libcurl 7.88.1 counts the times that a handle sent again in its whole life, and gives up at the
 * sixth: one that did is replaced. Without memory for another it goes on. */
static void renew_handle(struct transfer *transfer)
{
    CURL *const used = transfer->easy;
    transfer->easy = curl_easy_init();
    if (transfer->easy != NULL && set_for_good(transfer) == CURLE_OK) {
        curl_easy_cleanup(used);
        return;
    }
    curl_easy_cleanup(transfer->easy);
    transfer->easy = used;
}

void transfer_recycle(struct transfer *transfer)
{
    if (transfer->sends > 1) renew_handle(transfer);
    keep_little(&transfer->url);
    keep_little(&transfer->lines);
    keep_little(&transfer->response.body);
    transfer->state = TRANSFER_IDLE;
    transfer->generation++;
    transfer->next = transfer->client->pool;
    transfer->client->pool = transfer;
}

/* ---- a request ------------------------------------------------------------------------------- */

static bool refuse(struct err *err, const char *why)
{
    return err_fail(err, ERR_INPUT, (struct place){0}, "the request may not be sent: %s", why);
}

static bool out_of_memory(struct err *err)
{
    return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for an HTTP call");
}

/* Visible ASCII and no fragment: what is left after percent-encoding. */
static bool is_target(const struct text *target)
{
    if (target->length == 0 || target->bytes[0] != '/') return false;
    for (size_t i = 0; i < target->length; i++) {
        const char c = target->bytes[i];
        if (c <= ' ' || c >= 0x7F || c == '#') return false;
    }
    return true;
}

/* "Name: value" without controls; the name a token (RFC 9110 section 5.6.2). */
static bool is_header(const char *line, size_t length)
{
    const char *const colon = memchr(line, ':', length);
    if (colon == NULL || colon == line) return false;
    for (const char *c = line; c < line + length; c++) {
        if (((unsigned char)*c < 0x20 && *c != '\t') || *c == 0x7F) return false;
        if (c < colon && (*c <= ' ' || *c >= 0x7F || strchr("\"(),/;<=>?@[\\]{}", *c) != NULL)) {
            return false;
        }
    }
    return true;
}

static void add_header(struct transfer *transfer, uint32_t *count, char *line)
{
    struct curl_slist *const header = &transfer->headers[*count];
    *header = (struct curl_slist){.data = line};
    if (*count > 0) transfer->headers[*count - 1].next = header;
    ++*count;
}

/* libcurl would drop a header without a value; its word for an empty one is "Name;". */
static void mark_empty(char *line)
{
    char *const colon = strchr(line, ':');
    if (colon[1 + strspn(colon + 1, " \t")] == '\0') memcpy(colon, ";", 2);
}

/* The list of strings that libcurl wants, made in place: nothing is allocated for a call. */
static bool take_headers(struct transfer *transfer, const struct http_request *request,
                         uint32_t *count, struct err *err)
{
    struct text *const lines = &transfer->lines;
    text_clear(lines);
    text_append(lines, request->headers.bytes, request->headers.length);
    if (request->content_type != NULL) {
        text_put(lines, "Content-Type: ");
        text_put(lines, request->content_type);
        text_char(lines, '\n');
    }
    if (lines->failed) return out_of_memory(err);
    char *line = lines->bytes;
    const char *const end = lines->bytes + lines->length;
    while (line < end) {
        char *const line_end = memchr(line, '\n', (size_t)(end - line));
        if (line_end == NULL || !is_header(line, (size_t)(line_end - line))) {
            return refuse(err, "a header holds a control character, or has no name");
        }
        if (*count == HTTP_PAIRS_MAX) return refuse(err, "it has too many headers");
        *line_end = '\0';
        mark_empty(line);
        add_header(transfer, count, line);
        line = line_end + 1;
    }
    static char no_expect[] = "Expect:"; /* no round trip to ask whether a body is welcome */
    if (request->content_type != NULL) add_header(transfer, count, no_expect);
    return true;
}

static bool take_connect_to(struct transfer *transfer, const char *connect_to, struct err *err)
{
    transfer->loopback_allowed = false;
    transfer->connect_to = (struct curl_slist){0};
    if (connect_to == NULL) return true;
    const size_t length = strlen(connect_to);
    if (length + sizeof "::" > CONNECT_TO_MAX || strrchr(connect_to, ':') == NULL) {
        return refuse(err, "connect_to is no host and port");
    }
    memcpy(transfer->connect_to_text, "::", 2); /* from any host and port */
    memcpy(transfer->connect_to_text + 2, connect_to, length + 1);
    transfer->connect_to.data = transfer->connect_to_text;
    transfer->loopback_allowed = address_names_loopback(connect_to);
    return true;
}

/* ---- a call ---------------------------------------------------------------------------------- */

static void forget_last(struct transfer *transfer)
{
    http_response_clear(&transfer->response);
    transfer->header_bytes = 0;
    transfer->rsim[0] = '\0';
    transfer->sends = 0;
    transfer->socket_error = 0;
    transfer->resolving = transfer->headers_whole = transfer->headers_over = transfer->over_limit =
        false;
    transfer->address_refused = transfer->repeat_refused = transfer->sending_refused = false;
    transfer->error_text[0] = '\0';
}

static CURLcode set_method(CURL *easy, const struct http_request *request)
{
    const bool has_body = request->content_type != NULL;
    CURLcode code = CURLE_OK;
    if (request->method == HTTP_GET && !has_body) {
        SET(CURLOPT_CUSTOMREQUEST, NULL);
        SET(CURLOPT_HTTPGET, 1L);
        return code;
    }
    SET(CURLOPT_POST, 1L);
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)(has_body ? request->body.length : 0));
    SET(CURLOPT_POSTFIELDS, has_body && request->body.length > 0 ? request->body.bytes : "");
    SET(CURLOPT_CUSTOMREQUEST, http_method_names[request->method]);
    return code;
}

static CURLcode set_for_call(struct transfer *transfer, uint32_t header_count)
{
    CURL *const easy = transfer->easy;
    const struct http_call *const call = &transfer->call;
    const bool secure = strncmp(transfer->url.bytes, "https:", 6) == 0;
    const long limit_ms = call->life_us < DAY_US ? (long)(call->life_us / 1000) + 1000 : 0;
    const char *const ca_file =
        call->place->ca_file != NULL ? call->place->ca_file : transfer->client->system_ca_file;
    CURLcode code = set_method(easy, call->request);
    SET(CURLOPT_URL, transfer->url.bytes);
    SET(CURLOPT_HTTPHEADER, header_count > 0 ? transfer->headers : NULL);
    SET(CURLOPT_PROTOCOLS_STR, call->place->declared_mock ? "http,https" : "https");
    SET(CURLOPT_CAINFO, ca_file);
    SET(CURLOPT_CONNECT_TO, transfer->connect_to.data != NULL ? &transfer->connect_to : NULL);
    SET(CURLOPT_HTTP_VERSION, (long)(secure ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
    /* Better to share the connection that is being made than to make one each, if it is HTTP/2. */
    SET(CURLOPT_PIPEWAIT, secure && !call->own_connection ? 1L : 0L);
    SET(CURLOPT_FRESH_CONNECT, call->own_connection ? 1L : 0L);
    SET(CURLOPT_FORBID_REUSE, call->own_connection ? 1L : 0L);
    SET(CURLOPT_TIMEOUT_MS, limit_ms); /* should http_client_deadlines.c fail; 0: none */
    SET(CURLOPT_CONNECTTIMEOUT_MS, limit_ms > 0 ? limit_ms : LONG_MAX); /* not set: 300 s */
#undef SET
    return code;
}

bool transfer_prepare(struct transfer *transfer, const struct http_call *call, struct err *err)
{
    const struct http_request *const request = call->request;
    assert(transfer->state == TRANSFER_IDLE);
    assert(call->place != NULL && request != NULL);
    if (request->failed || request->target.failed || request->headers.failed ||
        request->body.failed) {
        return refuse(err, "a header held a control character, or memory ran out");
    }
    if (!is_target(&request->target)) return refuse(err, "its target is no path");
    transfer->call = *call;
    forget_last(transfer);
    text_clear(&transfer->url);
    text_put(&transfer->url, call->place->base_url);
    text_append(&transfer->url, request->target.bytes, request->target.length);
    if (transfer->url.failed) return out_of_memory(err);
    uint32_t header_count = 0;
    if (!take_headers(transfer, request, &header_count, err)) return false;
    if (!take_connect_to(transfer, call->connect_to, err)) return false;
    if (set_for_call(transfer, header_count) != CURLE_OK) return out_of_memory(err);
    return true;
}
