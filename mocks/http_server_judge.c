/* What is to become of a request: its dialect understands it, its backend decides, and the clock
 * says when that is to be seen. */
#include <assert.h>
#include <string.h>

#include "mocks/http_server_state.h"

#define INSTANT_US_MAX (INT64_C(1) << 60) /* beyond: no scenario's instant */

static int64_t sum_us(int64_t a_us, int64_t b_us)
{
    return a_us < INT64_MAX - b_us ? a_us + b_us : INT64_MAX;
}

/* ---- the library's request as a view --------------------------------------------------------- */

struct filling {
    struct http_view *view;
    uint16_t refusal; /* 0: it fits */
};

static enum MHD_Result take_pair(void *context, enum MHD_ValueKind kind, const char *name,
                                 size_t name_size, const char *value, size_t value_size)
{
    struct filling *const filling = context;
    struct http_view *const view = filling->view;
    const bool is_query = kind == MHD_GET_ARGUMENT_KIND;
    uint32_t *const count = is_query ? &view->query_count : &view->header_count;
    if (value == NULL) value = "";
    /* A NUL would hide what stands behind it from everybody who reads on. */
    if (strlen(name) != name_size || strlen(value) != value_size)
        filling->refusal = MHD_HTTP_BAD_REQUEST;
    else if (*count == HTTP_PAIRS_MAX)
        filling->refusal =
            is_query ? MHD_HTTP_URI_TOO_LONG : MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE;
    if (filling->refusal != 0) return MHD_NO;
    (is_query ? view->query : view->headers)[(*count)++] =
        (struct http_pair){.name = name, .value = value};
    return MHD_YES;
}

/* "http://host/path" is a target too (RFC 9112 section 3.2.2). */
static const char *path_of(const char *url)
{
    if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0) return url;
    const char *const path = strchr(strchr(url, ':') + 3, '/');
    return path != NULL ? path : "/";
}

static uint16_t fill_view(const struct request *request, const char *url, const char *method,
                          struct http_view *view)
{
    view->method = method;
    view->path = path_of(url);
    view->query_count = view->header_count = 0;
    view->body = request->body.length > 0 ? request->body.bytes : "";
    view->body_length = request->body.length;
    struct filling filling = {.view = view};
    (void)MHD_get_connection_values_n(request->connection, MHD_GET_ARGUMENT_KIND, take_pair,
                                      &filling);
    (void)MHD_get_connection_values_n(request->connection, MHD_HEADER_KIND, take_pair, &filling);
    return filling.refusal;
}

/* ---- answers that no backend is asked for ---------------------------------------------------- */

static void say(struct request *request, uint16_t status, const char *type, const char *text)
{
    request->response.status = status;
    request->response.content_type = type;
    text_put(&request->response.body, text);
}

static void say_status(struct request *request, uint16_t status)
{
    dialect_say_status(request->wait.port->dialect, status, &request->response);
}

/* False: the fault asked for changes an answer, which is still to be found. */
static bool give_what_was_asked(struct request *request)
{
    switch (request->asked.word) {
    case ASKED_HANG:
        request->fate = CALL_UNANSWERED;
        request->latency_us = INT64_MAX;
        return true;
    case ASKED_RESET:
        request->fate = CALL_RESET;
        return true;
    case ASKED_CLOSE: /* to a client that has no name for it the same as a reset */
        request->fate = CALL_RESET;
        request->manner = MANNER_CLOSE;
        return true;
    case ASKED_STATUS:
        say_status(request, (uint16_t)request->asked.number);
        return true;
    case ASKED_EMPTY:
        say(request, MHD_HTTP_OK, "application/json", "");
        return true;
    case ASKED_HUGE:
        say(request, MHD_HTTP_OK, "application/json", "");
        request->shape = SHAPE_HUGE;
        return true;
    case ASKED_REDIRECT:
        say(request, MHD_HTTP_FOUND, NULL, "");
        return true;
    case ASKED_HTML:
        say(request, MHD_HTTP_OK, "text/html", asked_html);
        return true;
    case ASKED_GZIP_BOMB:
        say(request, MHD_HTTP_OK, "application/json", "");
        asked_bomb(&request->response.body);
        return true;
    case ASKED_NOTHING:
    case ASKED_DELAY:
    case ASKED_TRUNCATED:
    case ASKED_MALFORMED:
    case ASKED_SLOW:
    case ASKED_COUNT:
        break;
    }
    return false;
}

/* Requests that are answered before anybody looks at what they want. */
static bool turn_away(struct request *request, const struct http_view *view, uint16_t refusal)
{
    const struct mock_server_setup *const setup = &request->wait.port->server->setup;
    if (refusal != 0) {
        say_status(request, refusal);
        return true;
    }
    request->keyed = http_view_header(view, CODEC_KEY_HEADER) != NULL;
    if (setup->clock == MOCK_CLOCK_TOLD && !request->keyed) {
        say(request, MHD_HTTP_BAD_REQUEST, "text/plain",
            "this mock's clock stands still: it answers calls with " CODEC_KEY_HEADER " only\n");
        return true;
    }
    const char *const wish = setup->fault_header ? http_view_header(view, "X-Mock-Fault") : NULL;
    if (wish != NULL && !asked_read(wish, &request->asked)) {
        request->asked = (struct asked){.word = ASKED_NOTHING};
        say(request, MHD_HTTP_BAD_REQUEST, "text/plain", "");
        asked_list(&request->response.body);
        return true;
    }
    if (give_what_was_asked(request)) return true;
    if (strcmp(view->method, "OPTIONS") != 0) return false;
    say(request, MHD_HTTP_NO_CONTENT, NULL, "");
    request->allows = true;
    return true;
}

/* ---- asking the backend ---------------------------------------------------------------------- */

/* At which instant a call is judged. What our own process says is believed, for it shares our
 * clock; another's instant 0 was at another time, however near its numbers come to ours. */
static int64_t instant_of(const struct mock_server_setup *setup, const struct heard *heard,
                          int64_t now_us)
{
    const int64_t told_us = heard->call.sent_us;
    if (!heard->told_time || told_us < 0 || told_us > INSTANT_US_MAX) return now_us;
    const bool shared = setup->clock == MOCK_CLOCK_TOLD || (setup->intercepted && heard->keyed);
    return shared ? told_us : now_us;
}

/* A call that was on its way when a fault struck, and reached us only afterwards. */
static void meet_past_strikes(struct port *port, const struct call *call, struct reply *reply)
{
    struct backend *const backend = port->server->setup.backends[port->provider];
    for (int64_t at_us = call->sent_us; at_us < port->struck_us;) {
        at_us = backend_next_strike_us(backend, at_us);
        if (at_us > port->struck_us || sum_us(call->sent_us, reply->latency_us) <= at_us) return;
        (void)backend_strike(backend, call, at_us, reply);
    }
}

static void ask_backend(struct request *request, int64_t now_us)
{
    struct port *const port = request->wait.port;
    const struct mock_server_setup *const setup = &port->server->setup;
    struct backend *const backend = setup->backends[port->provider];
    struct call *const call = &port->heard.call;
    struct reply reply;
    call->sent_us = request->sent_us = instant_of(setup, &port->heard, now_us);
    backend_answer(backend, call, &reply);
    if (setup->clock == MOCK_CLOCK_WALL) {
        meet_past_strikes(port, call, &reply);
        /* An operator may put in a strike that nobody knows of yet; it ends answers that wait. */
        request->strikable = reply.fate == CALL_ANSWERED ||
                             backend_next_strike_us(backend, call->sent_us) != INT64_MAX;
    }
    if (request->asked.word == ASKED_MALFORMED && reply.fate == CALL_ANSWERED) {
        reply.http_status = MHD_HTTP_OK;
        reply.body = BODY_MALFORMED;
    }
    request->fate = reply.fate;
    request->latency_us = reply.latency_us;
    if (reply.fate == CALL_ANSWERED)
        dialect_say(port->dialect, &port->heard, &reply, &request->response);
    request->call = *call;
    request->call.request = NULL;
    request->call.credential = NULL;
    request->call.lines = NULL;
}

static void hear(struct request *request, const struct http_view *view, int64_t now_us)
{
    struct port *const port = request->wait.port;
    const struct mock_server_setup *const setup = &port->server->setup;
    const bool is_call =
        dialect_hear(port->dialect, view, now_us, &port->heard, &request->response);
    port->entry.operation = is_call ? (int)port->heard.call.operation : JOURNAL_NO_OPERATION;
    request->keyed = is_call ? port->heard.keyed : request->keyed;
    if (is_call && setup->clock == MOCK_CLOCK_TOLD && !port->heard.keyed) {
        say_status(request, MHD_HTTP_BAD_REQUEST); /* a key that is none */
        return;
    }
    if (is_call) {
        port->entry.order_key = port->heard.keyed ? port->heard.call.order_key : 0;
        ask_backend(request, now_us);
    }
    if (request->fate != CALL_ANSWERED) return;
    if (request->asked.word == ASKED_DELAY) {
        request->latency_us = sum_us(request->latency_us, request->asked.number);
    }
    if (request->response.truncated || request->asked.word == ASKED_TRUNCATED) {
        request->shape = SHAPE_CUT;
    } else if (request->asked.word == ASKED_SLOW) {
        request->shape = SHAPE_SLOW;
    }
}

/* ---- journal --------------------------------------------------------------------------------- */

static const char *fault_name(const struct request *request)
{
    if (request->asked.word != ASKED_NOTHING) return asked_name(request->asked.word);
    switch (request->fate) {
    case CALL_UNANSWERED:
        return fault_kind_names[FAULT_HANG];
    case CALL_REFUSED:
        return fault_kind_names[FAULT_REFUSE];
    case CALL_RESET:
        return fault_kind_names[FAULT_RESET];
    case CALL_DNS:
        return fault_kind_names[FAULT_DNS];
    case CALL_TLS:
        return fault_kind_names[FAULT_TLS];
    case CALL_ANSWERED:
    case CALL_FATE_COUNT:
        break;
    }
    return request->shape == SHAPE_CUT ? fault_kind_names[FAULT_TRUNCATED] : NULL;
}

static void fill_entry(const struct request *request, struct journal_entry *entry)
{
    const bool answered = request->fate == CALL_ANSWERED;
    entry->provider = request->wait.port->provider;
    entry->instant_us = request->sent_us;
    entry->latency_us = request->latency_us;
    entry->fate = request->fate;
    entry->status = answered ? request->response.status : 0;
    entry->fault = fault_name(request);
}

/* ---- when ------------------------------------------------------------------------------------ */

/* On a clock that is told, nothing waits and nothing is enacted: it is said what would be. */
static void state_fate(struct request *request)
{
    if (request->fate == CALL_ANSWERED) return;
    request->manner = MANNER_ANSWER;
    say(request, SERVER_FATE_STATUS, "text/plain", call_fate_names[request->fate]);
}

static void settle_manner(struct request *request, int64_t arrived_us, int64_t now_us)
{
    const struct mock_server_setup *const setup = &request->wait.port->server->setup;
    const int64_t life_us = setup->call_life_us > 0 ? setup->call_life_us : INT64_MAX;
    request->life_end_us =
        life_us == INT64_MAX ? INT64_MAX : arrived_us + (request->sent_us + life_us - now_us);
    if (request->latency_us > life_us) request->fate = CALL_UNANSWERED;
    if (request->fate == CALL_UNANSWERED)
        request->manner = MANNER_HANG;
    else if (request->fate != CALL_ANSWERED && request->manner != MANNER_CLOSE)
        request->manner = MANNER_RESET;
}

/* When the request is to be enacted; INT64_MIN: at once. */
static int64_t due_us(const struct request *request, int64_t arrived_us, int64_t now_us)
{
    if (request->manner == MANNER_HANG) {
        return request->strikable ? request->life_end_us : INT64_MIN;
    }
    const int64_t ends_us = sum_us(request->sent_us, request->latency_us);
    return ends_us > now_us ? sum_us(arrived_us, ends_us - now_us) : INT64_MIN;
}

bool server_judge(struct request *request, const char *url, const char *method)
{
    struct port *const port = request->wait.port;
    struct mock_server *const server = port->server;
    const struct mock_server_setup *const setup = &server->setup;
    const int64_t now_us = setup->now_us(setup->context);
    const int64_t arrived_us = server_monotonic_us();
    const uint16_t misfit = fill_view(request, url, method, &port->view);
    const uint16_t refusal = request->misframed != 0 ? request->misframed
                             : request->too_large    ? MHD_HTTP_CONTENT_TOO_LARGE
                                                     : misfit;
    port->entry = (struct journal_entry){.operation = JOURNAL_NO_OPERATION};
    if (setup->journal != NULL) journal_describe(&port->entry, &port->view);
    request->sent_us = now_us;

    (void)pthread_mutex_lock(setup->lock);
    if (!turn_away(request, &port->view, refusal)) hear(request, &port->view, now_us);
    bool waits = false, closes = false;
    if (setup->clock == MOCK_CLOCK_WALL) settle_manner(request, arrived_us, now_us);
    fill_entry(request, &port->entry);
    if (setup->clock == MOCK_CLOCK_TOLD) {
        state_fate(request);
    } else {
        const int64_t until_us = due_us(request, arrived_us, now_us);
        if (until_us != INT64_MIN) waits = server_wait(request, until_us);
        closes = until_us != INT64_MIN && !waits;
    }
    (void)pthread_mutex_unlock(setup->lock);

    if (setup->journal != NULL) (void)journal_append(setup->journal, &port->entry);
    if (closes) request->manner = MANNER_CLOSE; /* the server ends */
    return waits;
}

/* ---- strikes --------------------------------------------------------------------------------- */

void server_strike_locked(struct port *port, struct request *request, int64_t now_us)
{
    struct backend *const backend = port->server->setup.backends[port->provider];
    struct reply reply;
    if (request->call.sent_us >= now_us) return; /* it has met the fault already */
    if (!backend_strike(backend, &request->call, now_us, &reply)) return;
    if (reply.fate == CALL_UNANSWERED) {
        request->manner = MANNER_HANG;
        if (backend_next_strike_us(backend, now_us) != INT64_MAX) {
            server_defer_locked(request, request->life_end_us);
            return;
        }
    } else if (reply.fate != CALL_ANSWERED) {
        request->manner = MANNER_RESET;
    } else {
        request->manner = MANNER_ANSWER;
        request->asked = (struct asked){.word = ASKED_NOTHING};
        request->shape = reply.body == BODY_TRUNCATED ? SHAPE_CUT : SHAPE_WHOLE;
        http_response_clear(&request->response);
        say_status(request, reply.http_status);
    }
    request->fate = reply.fate;
    request->latency_us = reply.latency_us;
    server_wake_locked(request);
}
