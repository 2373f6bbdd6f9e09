/* The admin interface's port: who may ask, and how what he asks gets here. */
#include "mocks/admin.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "mocks/admin_state.h"
#include "mocks/http_head.h"

/* ---- who may ask ----------------------------------------------------------------------------- */

/* The one value of a header; NULL: there is none, or more than one. */
static const char *only_header(const struct http_view *view, const char *name, bool *several)
{
    const char *found = NULL;
    *several = false;
    for (uint32_t i = 0; i < view->header_count; i++) {
        if (strcasecmp(view->headers[i].name, name) != 0) continue;
        if (found != NULL) *several = true;
        found = view->headers[i].value == NULL ? "" : view->headers[i].value;
    }
    return *several ? NULL : found;
}

static bool is_our_host(const struct admin *admin, const char *host)
{
    static const char *const names[] = {"127.0.0.1", "localhost", "[::1]"};
    char wanted[ADMIN_URL_MAX];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(wanted, sizeof wanted, "%s:%u", names[i], (unsigned)admin->number);
        if (strcasecmp(host, wanted) == 0) return true;
    }
    (void)snprintf(wanted, sizeof wanted, "%s:%u", admin->listen, (unsigned)admin->number);
    return strcasecmp(host, wanted) == 0; /* another 127.x.y.z */
}

/* application/json, whatever charset it names. */
static bool is_json(const char *content_type)
{
    static const char json[] = "application/json";
    const size_t length = sizeof json - 1;
    if (content_type == NULL || strncasecmp(content_type, json, length) != 0) return false;
    return content_type[length] == '\0' || content_type[length] == ';' ||
           content_type[length] == ' ';
}

static bool announces_body(const struct http_view *view)
{
    const char *const length = http_view_header(view, "Content-Length");
    return view->body_length > 0 || http_view_header(view, "Transfer-Encoding") != NULL ||
           (length != NULL && strcmp(length, "0") != 0);
}

static bool is_too_long(const struct http_view *view)
{
    const char *const length = http_view_header(view, "Content-Length");
    if (view->body_length > ADMIN_BODY_MAX) return true;
    return length != NULL && (strlen(length) > 9 || strtol(length, NULL, 10) > ADMIN_BODY_MAX);
}

bool admin_admit(const struct admin *admin, const struct http_view *view,
                 struct admin_response *response)
{
    struct admin_exchange exchange = {.view = view, .response = response};
    bool several;
    const char *const host = only_header(view, "Host", &several);
    if (host == NULL || !is_our_host(admin, host)) {
        return admin_refuse(&exchange, 403, "ask for 127.0.0.1 and this port",
                            "this Host is not the admin interface's");
    }
    if (http_view_header(view, "Origin") != NULL) {
        return admin_refuse(&exchange, 403, NULL, "no web page may ask this interface");
    }
    if (is_too_long(view)) {
        return admin_refuse(&exchange, 413, NULL, "the body has more than %d bytes",
                            ADMIN_BODY_MAX);
    }
    if (!announces_body(view)) return true;
    const char *const type = only_header(view, "Content-Type", &several);
    if (several || !is_json(type)) {
        return admin_refuse(&exchange, 415, "-H 'Content-Type: application/json'",
                            "a body has to be application/json");
    }
    return true;
}

/* ---- what the library hands over ------------------------------------------------------------- */

struct visit { /* one request, from its head to its end */
    struct http_view view;
    struct text body;
    bool refused; /* its answer is on its way before the body was read */
    bool stop;
};

struct looking {
    struct http_view *view;
    uint16_t refusal; /* 0: all of it is there to be seen */
};

static enum MHD_Result keep_pair(void *context, enum MHD_ValueKind kind, const char *name,
                                 size_t name_size, const char *value, size_t value_size)
{
    struct looking *const looking = context;
    struct http_view *const view = looking->view;
    const bool is_query = kind == MHD_GET_ARGUMENT_KIND;
    uint32_t *const count = is_query ? &view->query_count : &view->header_count;
    if (value == NULL) value = "";
    if (strlen(name) != name_size || strlen(value) != value_size)
        looking->refusal = MHD_HTTP_BAD_REQUEST;
    else if (*count == HTTP_PAIRS_MAX)
        looking->refusal =
            is_query ? MHD_HTTP_URI_TOO_LONG : MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE;
    if (looking->refusal != 0) return MHD_NO;
    (is_query ? view->query : view->headers)[(*count)++] =
        (struct http_pair){.name = name, .value = value};
    return MHD_YES;
}

/* Returns 0, or a status: what is not seen here, an Origin perhaps, is not looked at either. */
static uint16_t look_at_head(struct MHD_Connection *connection, const char *url, const char *method,
                             struct http_view *view)
{
    *view = (struct http_view){.method = method, .path = url};
    struct looking looking = {.view = view};
    (void)MHD_get_connection_values_n(connection, MHD_HEADER_KIND, keep_pair, &looking);
    (void)MHD_get_connection_values_n(connection, MHD_GET_ARGUMENT_KIND, keep_pair, &looking);
    return looking.refusal;
}

static enum MHD_Result send_response(struct MHD_Connection *connection,
                                     struct admin_response *answer)
{
    static char out_of_memory[] = "{\"error\": \"out of memory\"}\n";
    const bool failed = answer->body.failed;
    const size_t length = failed ? sizeof out_of_memory - 1 : answer->body.length;
    char *const bytes = failed ? NULL : text_take(&answer->body);
    struct MHD_Response *const response =
        bytes == NULL ? MHD_create_response_from_buffer(failed ? length : 0, out_of_memory,
                                                        MHD_RESPMEM_PERSISTENT)
                      : MHD_create_response_from_buffer(length, bytes, MHD_RESPMEM_MUST_FREE);
    text_release(&answer->body);
    if (response == NULL) {
        free(bytes);
        return MHD_NO;
    }
    (void)MHD_add_response_header(response, "Content-Type", answer->content_type);
    (void)MHD_add_response_header(response, "Cache-Control", "no-store");
    (void)MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (answer->closes) (void)MHD_add_response_header(response, "Connection", "close");
    if (answer->allow != NULL) (void)MHD_add_response_header(response, "Allow", answer->allow);
    const enum MHD_Result queued =
        MHD_queue_response(connection, failed ? 503 : answer->status, response);
    MHD_destroy_response(response);
    return queued;
}

static bool admit_head(struct admin *admin, const struct http_view *view, uint16_t refusal,
                       struct admin_response *response)
{
    struct admin_exchange exchange = {.admin = admin, .view = view, .response = response};
    if (refusal == 0) return admin_admit(admin, view, response);
    response->closes = true;
    return admin_refuse(&exchange, refusal, NULL, "this head is none that can be answered");
}

static enum MHD_Result begin(struct admin *admin, struct MHD_Connection *connection,
                             const char *url, const char *method, const char *version, void **kept)
{
    struct visit *const visit = calloc(1, sizeof *visit);
    if (visit == NULL) return MHD_NO;
    const uint16_t misframed = http_head_refusal(connection, version, *kept);
    *kept = visit;
    const uint16_t unseen = look_at_head(connection, url, method, &visit->view);
    struct admin_response response = {.content_type = "application/json"};
    if (admit_head(admin, &visit->view, misframed != 0 ? misframed : unseen, &response)) {
        return MHD_YES;
    }
    visit->refused = true;
    return send_response(connection, &response);
}

static enum MHD_Result serve(void *context, struct MHD_Connection *connection, const char *url,
                             const char *method, const char *version, const char *upload,
                             size_t *upload_size, void **kept)
{
    struct admin *const admin = context;
    admin_callers_heard(admin, connection);
    if (*kept == NULL || http_head_is_mark(*kept)) {
        return begin(admin, connection, url, method, version, kept);
    }
    struct visit *const visit = *kept;
    if (*upload_size > 0) {
        if (visit->refused || visit->body.length > ADMIN_BODY_MAX) {
            *upload_size = 0; /* one byte too many tells as much as all of them */
            return MHD_YES;
        }
        text_append(&visit->body, upload, *upload_size);
        *upload_size = 0;
        return MHD_YES;
    }
    if (visit->refused) return MHD_YES;
    (void)look_at_head(connection, url, method, &visit->view); /* as it was before the body */
    visit->view.body = visit->body.bytes;
    visit->view.body_length = visit->body.length;
    struct admin_response response;
    admin_answer(admin, &visit->view, &response);
    visit->stop = response.stop;
    return send_response(connection, &response);
}

static void completed(void *context, struct MHD_Connection *connection, void **kept,
                      enum MHD_RequestTerminationCode code)
{
    struct admin *const admin = context;
    struct visit *const visit = *kept;
    (void)connection;
    (void)code;
    *kept = NULL;
    if (visit == NULL || http_head_is_mark(visit)) return;
    if (visit->stop) admin->setup.ask.stop(admin->setup.ask.context);
    text_release(&visit->body);
    free(visit);
}

/* ---- the port -------------------------------------------------------------------------------- */

union address {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
};

static bool read_address(const char *listen, uint16_t port, union address *address, bool *six)
{
    memset(address, 0, sizeof *address);
    *six = inet_pton(AF_INET6, listen, &address->six.sin6_addr) == 1;
    if (*six) {
        address->six.sin6_family = AF_INET6;
        address->six.sin6_port = htons(port);
        return IN6_IS_ADDR_LOOPBACK(&address->six.sin6_addr);
    }
    if (inet_pton(AF_INET, listen, &address->four.sin_addr) != 1) return false;
    address->four.sin_family = AF_INET;
    address->four.sin_port = htons(port);
    return ntohl(address->four.sin_addr.s_addr) >> 24 == 127;
}

/* Bound here and not by the library, which would not say why it could not. */
static int open_listener(const char *listen_at, uint16_t port, struct err *err)
{
    union address address;
    bool six;
    if (!read_address(listen_at, port, &address, &six)) {
        (void)err_fail(err, ERR_USAGE, (struct place){0},
                       "the admin interface cannot listen at %s: loopback addresses only",
                       listen_at);
        return -1;
    }
    const socklen_t size = six ? sizeof address.six : sizeof address.four;
    const int yes = 1;
    const int listener = socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener >= 0 && setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
        bind(listener, &address.any, size) == 0 && listen(listener, SOMAXCONN) == 0) {
        return listener;
    }
    const int error = errno;
    if (listener >= 0) (void)close(listener);
    (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0},
                   "the admin interface cannot listen at %s, port %u: %s", listen_at,
                   (unsigned)port, strerror(error));
    if (error == EADDRINUSE) (void)err_hint(err, "--admin takes another port; 0 is any free one");
    return -1;
}

static uint16_t bound_port(int listener)
{
    union address address;
    socklen_t size = sizeof address;
    const int asked = getsockname(listener, &address.any, &size);
    assert(asked == 0);
    return ntohs(address.any.sa_family == AF_INET6 ? address.six.sin6_port : address.four.sin_port);
}

/* The library's own limit is further off: those that were cut off count until it has seen it. */
static bool start_library(struct admin *admin, int listener)
{
    enum { LIBRARY_CONNECTIONS_MAX = 4 * ADMIN_CONNECTIONS_MAX };
    admin->daemon = MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO, 0, NULL, NULL, serve, admin,
        MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)LIBRARY_CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)ADMIN_IDLE_SECONDS, MHD_OPTION_URI_LOG_CALLBACK, http_head_look_at_target, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, completed, admin, MHD_OPTION_NOTIFY_CONNECTION,
        admin_callers_notify, admin, MHD_OPTION_END);
    return admin->daemon != NULL;
}

static struct admin *give_up(struct admin *admin)
{
    if (admin != NULL) admin_callers_destroy(admin);
    free(admin);
    return NULL;
}

struct admin *admin_create(const struct admin_setup *setup, struct err *err)
{
    struct admin *const admin = calloc(1, sizeof *admin);
    if (admin == NULL || !admin_callers_create(admin)) {
        (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
        return give_up(admin);
    }
    admin->setup = *setup;
    admin->listen = setup->listen == NULL ? "127.0.0.1" : setup->listen;
    admin->started_us = admin_monotonic_us();
    const int listener = open_listener(admin->listen, setup->port, err);
    if (listener < 0) return give_up(admin);
    admin->number = bound_port(listener);
    if (start_library(admin, listener)) return admin;
    (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0},
                   "the admin interface cannot be started: no thread, or no descriptor");
    (void)close(listener);
    return give_up(admin);
}

void admin_destroy(struct admin *admin)
{
    if (admin == NULL) return;
    MHD_stop_daemon(admin->daemon);
    (void)give_up(admin);
}

uint16_t admin_port_number(const struct admin *admin)
{
    return admin->number;
}

void admin_url(const struct admin *admin, char url[ADMIN_URL_MAX])
{
    const bool six = strchr(admin->listen, ':') != NULL;
    (void)snprintf(url, ADMIN_URL_MAX, six ? "http://[%s]:%u" : "http://%s:%u", admin->listen,
                   (unsigned)admin->number);
}
