#include "providers/webhook.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <curl/curl.h>

#include "providers/http_client.h"
#include "router/base/duration.h"
#include "router/base/memory.h"
#include "router/base/utf8.h"

enum { HEADER_BYTES_MAX = 1 << 16, PORT_TEXT_MAX = 8, HOST_MAX = 100 };

const char *const webhook_kind_names[WEBHOOK_KIND_COUNT] = {"PagerDuty", "Slack"};
const char *const webhook_fate_names[WEBHOOK_FATE_COUNT] = {
    "taken", "refused", "limited", "broken", "not reached", "not trusted", "unanswered", "stopped"};

const struct webhook_limits webhook_limits_default = {.connect_us = 3 * US_PER_SECOND,
                                                      .total_us = 10 * US_PER_SECOND,
                                                      .attempts_max = 4,
                                                      .first_wait_us = US_PER_SECOND,
                                                      .wait_max_us = 30 * US_PER_SECOND};

/* ---- addresses ------------------------------------------------------------------------------- */

static bool is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in four;
        memcpy(&four, address, sizeof four);
        return ntohl(four.sin_addr.s_addr) >> 24 == 127;
    }
    if (address->sa_family != AF_INET6) return false;
    struct sockaddr_in6 six;
    memcpy(&six, address, sizeof six);
    return IN6_IS_ADDR_LOOPBACK(&six.sin6_addr);
}

static bool is_loopback_name(const char *host)
{
    struct in_addr four;
    if (strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0) return true;
    return inet_pton(AF_INET, host, &four) == 1 && ntohl(four.s_addr) >> 24 == 127;
}

/* A part of a URL, for curl_free(); NULL: it has none. */
static char *part_of(CURLU *url, CURLUPart part)
{
    char *text = NULL;
    return curl_url_get(url, part, &text, 0) == CURLUE_OK ? text : NULL;
}

static const char *fault_of_host(const char *scheme, const char *host)
{
    if (scheme == NULL || host == NULL) return "is no URL with scheme and host";
    if (strlen(host) >= HOST_MAX) return "has too long a host";
    if (strcmp(scheme, "https") == 0) return NULL;
    if (strcmp(scheme, "http") != 0) return "is neither https: nor http:";
    return is_loopback_name(host) ? NULL : "is http:, which is for this machine alone";
}

static bool has_part(CURLU *url, CURLUPart part)
{
    char *const text = part_of(url, part);
    curl_free(text);
    return text != NULL;
}

/* NULL: it may be posted to. */
static const char *fault_of_url(const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (*c <= ' ' || *c >= 0x7F) return "holds a blank or what is no plain character";
    }
    /* libcurl takes one slash or three for two, and then a path for a host. */
    const char *const slashes = strstr(text, "://");
    if (slashes == NULL || slashes[3] == '/') return "is no URL with scheme and host";
    CURLU *const url = curl_url();
    if (url == NULL) return "cannot be looked at: out of memory";
    const char *why = "is no URL";
    if (curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK) {
        char *const scheme = part_of(url, CURLUPART_SCHEME);
        char *const host = part_of(url, CURLUPART_HOST);
        why = fault_of_host(scheme, host);
        if (has_part(url, CURLUPART_USER) || has_part(url, CURLUPART_PASSWORD))
            why = "names a user";
        if (has_part(url, CURLUPART_FRAGMENT)) why = "has a fragment";
        curl_free(scheme);
        curl_free(host);
    }
    curl_url_cleanup(url);
    return why;
}

/* Letters and digits, so that nothing of it can break out of the JSON or of a log. */
static bool is_routing_key(const char *key)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    return strlen(key) == WEBHOOK_ROUTING_KEY_LENGTH &&
           strspn(key, letters) == WEBHOOK_ROUTING_KEY_LENGTH;
}

bool webhook_check(const struct webhook_target *target, struct err *err)
{
    const char *const name = webhook_kind_names[target->kind];
    const char *const why = fault_of_url(target->url);
    if (why != NULL) {
        return err_fail(err, ERR_INPUT, (struct place){0}, "the URL for %s %s", name, why);
    }
    if (target->ca_file != NULL && access(target->ca_file, R_OK) != 0) {
        return err_fail(err, ERR_INPUT, (struct place){0}, "cannot read the CA file %s",
                        target->ca_file);
    }
    if (target->kind != WEBHOOK_PAGERDUTY || is_routing_key(target->routing_key)) return true;
    return err_fail(err, ERR_INPUT, (struct place){0},
                    "an integration key of PagerDuty is %d letters and digits; this one has %zu "
                    "characters",
                    WEBHOOK_ROUTING_KEY_LENGTH, strlen(target->routing_key));
}

/* "hooks.slack.com" or "127.0.0.1:4711". */
static void show_host(CURLU *url, char *text, size_t size)
{
    char *const host = part_of(url, CURLUPART_HOST);
    char *const port = part_of(url, CURLUPART_PORT);
    (void)snprintf(text, size, "%.*s%s%.*s", HOST_MAX, host == NULL ? "?" : host,
                   port == NULL ? "" : ":", PORT_TEXT_MAX, port == NULL ? "" : port);
    curl_free(host);
    curl_free(port);
}

void webhook_show_url(const char *text, char shown[static WEBHOOK_SHOWN_MAX])
{
    (void)snprintf(shown, WEBHOOK_SHOWN_MAX, "...");
    CURLU *const url = curl_url();
    if (url == NULL) return;
    if (curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK) {
        char *const scheme = part_of(url, CURLUPART_SCHEME);
        char host[HOST_MAX + PORT_TEXT_MAX + 2];
        show_host(url, host, sizeof host);
        (void)snprintf(shown, WEBHOOK_SHOWN_MAX, "%.8s://%.*s/...", scheme == NULL ? "?" : scheme,
                       (int)sizeof host - 1, host);
        curl_free(scheme);
    }
    curl_url_cleanup(url);
}

/* ---- again, or not --------------------------------------------------------------------------- */

static bool may_go_again(enum webhook_kind kind, enum webhook_fate fate)
{
    switch (fate) {
    case WEBHOOK_LIMITED:
    case WEBHOOK_BROKEN:
    case WEBHOOK_UNREACHED:
        return true;
    case WEBHOOK_UNANSWERED:
        return kind == WEBHOOK_PAGERDUTY;
    case WEBHOOK_TAKEN:
    case WEBHOOK_REFUSED:
    case WEBHOOK_UNTRUSTED:
    case WEBHOOK_STOPPED:
    case WEBHOOK_FATE_COUNT:
        break;
    }
    return false;
}

int64_t webhook_wait_us(enum webhook_kind kind, const struct webhook_answer *answer,
                        uint32_t attempts, const struct webhook_limits *limits)
{
    assert(attempts > 0);
    if (!may_go_again(kind, answer->fate) || attempts >= limits->attempts_max) return -1;
    int64_t wait_us = limits->first_wait_us;
    for (uint32_t i = 1; i < attempts && wait_us < limits->wait_max_us; i++)
        wait_us *= 2;
    if (wait_us > limits->wait_max_us) wait_us = limits->wait_max_us;
    if (answer->retry_after_us > limits->wait_max_us) return -1;
    return answer->retry_after_us > wait_us ? answer->retry_after_us : wait_us;
}

/* ---- a sender -------------------------------------------------------------------------------- */

struct webhook_sender {
    struct webhook_target target;
    struct webhook_limits limits;
    CURL *easy;
    struct curl_slist *headers;
    bool plain; /* http: only to loopback */
    char host[HOST_MAX + PORT_TEXT_MAX + 2];
    char *secret; /* of the URL: its path and query; for curl_free() */
    char *query;
    struct text body;                      /* of the request */
    char said[WEBHOOK_BODY_BYTES_MAX + 1]; /* by the server */
    size_t said_length;
    size_t header_bytes;
    bool over;      /* it said more than that */
    bool forbidden; /* the address guard refused */
    const atomic_bool *stop;
    char error_text[CURL_ERROR_SIZE];
};

static size_t on_body(char *bytes, size_t size, size_t length, void *context)
{
    (void)size;
    struct webhook_sender *const sender = context;
    const size_t room = WEBHOOK_BODY_BYTES_MAX - sender->said_length;
    const size_t taken = length < room ? length : room;
    memcpy(sender->said + sender->said_length, bytes, taken);
    sender->said_length += taken;
    sender->over = taken < length;
    return taken;
}

static size_t on_header(char *line, size_t size, size_t length, void *context)
{
    (void)line;
    (void)size;
    struct webhook_sender *const sender = context;
    sender->header_bytes += length;
    return sender->header_bytes <= HEADER_BYTES_MAX ? length : 0;
}

static int on_progress(void *context, curl_off_t down_all, curl_off_t down, curl_off_t up_all,
                       curl_off_t up)
{
    (void)down_all;
    (void)down;
    (void)up_all;
    (void)up;
    const struct webhook_sender *const sender = context;
    return sender->stop != NULL && atomic_load(sender->stop) ? 1 : 0;
}

/* A name may resolve to anything: http: goes nowhere but to this machine. */
static curl_socket_t on_open(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct webhook_sender *const sender = context;
    if (purpose != CURLSOCKTYPE_IPCXN) return CURL_SOCKET_BAD;
    if (sender->plain && !is_loopback(&address->addr)) {
        sender->forbidden = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static long ms_of(int64_t span_us)
{
    return span_us < US_PER_MS ? 1 : (long)(span_us / US_PER_MS);
}

/* Most of it is libcurl's default, and said again because a default is not a promise. */
static CURLcode set_up(struct webhook_sender *sender)
{
    CURL *const easy = sender->easy;
    CURLcode code = CURLE_OK;
#define SET(option, value)                                                                         \
    if (code == CURLE_OK) code = curl_easy_setopt(easy, option, value)
    SET(CURLOPT_URL, sender->target.url);
    SET(CURLOPT_PROTOCOLS_STR, sender->plain ? "http" : "https");
    SET(CURLOPT_ERRORBUFFER, sender->error_text);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_QUICK_EXIT, 1L);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (sender->target.ca_file != NULL) {
        SET(CURLOPT_CAINFO, sender->target.ca_file);
        SET(CURLOPT_CAPATH, NULL);
    }
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    SET(CURLOPT_HTTP09_ALLOWED, 0L);
    SET(CURLOPT_PATH_AS_IS, 1L);
    SET(CURLOPT_USERAGENT, "routesim");
    SET(CURLOPT_HTTPHEADER, sender->headers);
    SET(CURLOPT_POST, 1L);
    /* Of its own: libcurl would send again what a kept connection swallowed. */
    SET(CURLOPT_FRESH_CONNECT, 1L);
    SET(CURLOPT_FORBID_REUSE, 1L);
    SET(CURLOPT_CONNECTTIMEOUT_MS, ms_of(sender->limits.connect_us));
    SET(CURLOPT_TIMEOUT_MS, ms_of(sender->limits.total_us));
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, sender);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, sender);
    SET(CURLOPT_OPENSOCKETFUNCTION, on_open);
    SET(CURLOPT_OPENSOCKETDATA, sender);
    SET(CURLOPT_XFERINFOFUNCTION, on_progress);
    SET(CURLOPT_XFERINFODATA, sender);
    SET(CURLOPT_NOPROGRESS, 0L);
#undef SET
    return code;
}

static bool add_header(struct webhook_sender *sender, const char *line)
{
    struct curl_slist *const longer = curl_slist_append(sender->headers, line);
    if (longer == NULL) return false;
    sender->headers = longer;
    return true;
}

/* What of the URL may be shown, and what never. */
static bool take_apart(struct webhook_sender *sender)
{
    CURLU *const url = curl_url();
    if (url == NULL) return false;
    const bool good = curl_url_set(url, CURLUPART_URL, sender->target.url, 0) == CURLUE_OK;
    if (good) {
        show_host(url, sender->host, sizeof sender->host);
        sender->secret = part_of(url, CURLUPART_PATH);
        sender->query = part_of(url, CURLUPART_QUERY);
    }
    curl_url_cleanup(url);
    return good;
}

struct webhook_sender *webhook_open(const struct webhook_target *target,
                                    const struct webhook_limits *limits, struct err *err)
{
    http_client_begin_process();
    struct webhook_sender *const sender = memory_zeroed(sizeof *sender);
    if (sender != NULL) {
        sender->target = *target;
        sender->limits = *limits;
        sender->plain = strncasecmp(target->url, "http:", 5) == 0;
        sender->easy = curl_easy_init();
        /* No "Expect: 100-continue": a body this small is not worth asking for. */
        if (sender->easy != NULL && take_apart(sender) &&
            add_header(sender, "Content-Type: application/json") && add_header(sender, "Expect:") &&
            set_up(sender) == CURLE_OK) {
            return sender;
        }
    }
    webhook_close(sender);
    (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for notifications to %s",
                   webhook_kind_names[target->kind]);
    return NULL;
}

void webhook_close(struct webhook_sender *sender)
{
    if (sender == NULL) return;
    curl_easy_cleanup(sender->easy);
    curl_slist_free_all(sender->headers);
    curl_free(sender->secret);
    curl_free(sender->query);
    text_release(&sender->body);
    free(sender);
}

/* ---- what a server says ---------------------------------------------------------------------- */

/* Whether a text holds eight characters in a row of a secret, or all of a shorter one. */
static bool repeats(const char *text, const char *secret)
{
    enum { WINDOW = 8 };
    if (secret == NULL) return false;
    const size_t length = strlen(secret);
    const size_t window = length < WINDOW ? length : WINDOW;
    if (window < 4) return false; /* "/v2" gives nothing away */
    const size_t text_length = strlen(text);
    for (size_t from = 0; from + window <= length; from++) {
        for (size_t at = 0; at + window <= text_length; at++) {
            if (strncasecmp(text + at, secret + from, window) == 0) return true;
        }
    }
    return false;
}

static bool repeats_a_secret(const struct webhook_sender *sender, const char *text)
{
    return repeats(text, sender->secret) || repeats(text, sender->query) ||
           repeats(text, sender->target.routing_key);
}

/* The first line of it, of visible characters; "" when there is none or a secret in it. */
static void quote(const struct webhook_sender *sender, const char *text, char *quoted, size_t size)
{
    quoted[0] = '\0';
    if (repeats_a_secret(sender, text)) {
        (void)snprintf(quoted, size, "(what it says repeats a secret)");
        return;
    }
    size_t at = 0, length = strlen(text);
    for (size_t i = 0; i < length && text[i] != '\r' && text[i] != '\n';) {
        uint32_t code;
        const unsigned width = utf8_read(text + i, length - i, &code);
        if (width > 0 && utf8_is_visible(code)) {
            if (at + width >= size) break;
            memcpy(quoted + at, text + i, width);
            at += width;
        }
        i += width > 0 ? width : 1;
    }
    quoted[at] = '\0';
}

__attribute__((format(printf, 3, 4))) static struct webhook_answer
answer_of(enum webhook_fate fate, uint16_t status, const char *format, ...)
{
    struct webhook_answer answer = {.fate = fate, .status = status, .retry_after_us = -1};
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(answer.why, sizeof answer.why, format, arguments);
    va_end(arguments);
    return answer;
}

static enum webhook_fate fate_of_status(long status)
{
    if (status >= 200 && status < 300) return WEBHOOK_TAKEN;
    if (status == 429) return WEBHOOK_LIMITED;
    return status >= 500 && status < 600 ? WEBHOOK_BROKEN : WEBHOOK_REFUSED;
}

static struct webhook_answer answer_of_status(struct webhook_sender *sender, long status)
{
    const enum webhook_fate fate = fate_of_status(status);
    char quoted[120];
    sender->said[sender->said_length] = '\0';
    quote(sender, sender->said, quoted, sizeof quoted);
    if (fate == WEBHOOK_TAKEN) return answer_of(fate, (uint16_t)status, "%s", "");
    struct webhook_answer answer;
    if (status >= 300 && status < 400)
        answer = answer_of(fate, (uint16_t)status, "HTTP %ld: redirects are not followed", status);
    else
        answer = answer_of(fate, (uint16_t)status, "HTTP %ld%s%s", status,
                           quoted[0] == '\0' ? "" : ": ", quoted);
    curl_off_t retry_after_s = 0;
    (void)curl_easy_getinfo(sender->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
    if (retry_after_s <= 0 || fate == WEBHOOK_REFUSED) return answer;
    answer.retry_after_us =
        retry_after_s < INT64_C(1) << 40 ? retry_after_s * US_PER_SECOND : INT64_MAX;
    const size_t length = strlen(answer.why);
    (void)snprintf(answer.why + length, sizeof answer.why - length, "; it asks to wait %lld s",
                   (long long)retry_after_s);
    return answer;
}

/* Without a status that counts. */
static struct webhook_answer answer_of_failure(const struct webhook_sender *sender, CURLcode code)
{
    char connect[DURATION_TEXT_MAX], total[DURATION_TEXT_MAX], quoted[120];
    long sent = 0;
    duration_for_people(sender->limits.connect_us, connect);
    duration_for_people(sender->limits.total_us, total);
    (void)curl_easy_getinfo(sender->easy, CURLINFO_REQUEST_SIZE, &sent);
    const char *const host = sender->host;
    if (sender->forbidden)
        return answer_of(WEBHOOK_UNREACHED, 0, "%s is not this machine, and http: is", host);
    switch ((int)code) {
    case CURLE_ABORTED_BY_CALLBACK:
        return answer_of(WEBHOOK_STOPPED, 0, "stopped before %s answered", host);
    case CURLE_COULDNT_RESOLVE_HOST:
        return answer_of(WEBHOOK_UNREACHED, 0, "no address for %s", host);
    case CURLE_COULDNT_CONNECT:
        return answer_of(WEBHOOK_UNREACHED, 0, "no connection to %s", host);
    case CURLE_OPERATION_TIMEDOUT:
        if (sent == 0)
            return answer_of(WEBHOOK_UNREACHED, 0, "no connection to %s in %s", host, connect);
        return answer_of(WEBHOOK_UNANSWERED, 0, "no answer from %s in %s", host, total);
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_ISSUER_ERROR:
        quote(sender, sender->error_text, quoted, sizeof quoted);
        return answer_of(WEBHOOK_UNTRUSTED, 0, "no TLS with %s%s%s", host,
                         quoted[0] == '\0' ? "" : ": ", quoted);
    default:
        return answer_of(sent == 0 ? WEBHOOK_UNREACHED : WEBHOOK_UNANSWERED, 0,
                         "the connection to %s broke (%s)", host, curl_easy_strerror(code));
    }
}

struct webhook_answer webhook_post(struct webhook_sender *sender, const struct webhook_event *event,
                                   const atomic_bool *stop)
{
    text_clear(&sender->body);
    if (sender->target.kind == WEBHOOK_PAGERDUTY)
        webhook_put_pagerduty(&sender->body, event, sender->target.routing_key);
    else
        webhook_put_slack(&sender->body, event);
    if (sender->body.failed)
        return answer_of(WEBHOOK_STOPPED, 0, "out of memory for what there is to say");
    sender->said_length = 0;
    sender->header_bytes = 0;
    sender->over = sender->forbidden = false;
    sender->stop = stop;
    sender->error_text[0] = '\0';
    (void)curl_easy_setopt(sender->easy, CURLOPT_POSTFIELDS, sender->body.bytes);
    (void)curl_easy_setopt(sender->easy, CURLOPT_POSTFIELDSIZE_LARGE,
                           (curl_off_t)sender->body.length);
    const CURLcode code = curl_easy_perform(sender->easy);
    long status = 0;
    (void)curl_easy_getinfo(sender->easy, CURLINFO_RESPONSE_CODE, &status);
    /* A status counts though its body was cut short, by us or by them. */
    const bool whole = code == CURLE_OK || code == CURLE_PARTIAL_FILE ||
                       (code == CURLE_WRITE_ERROR && sender->over);
    if (whole && status >= 200) return answer_of_status(sender, status);
    return answer_of_failure(sender, code);
}
