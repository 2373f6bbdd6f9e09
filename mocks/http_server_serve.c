/* A request from its first byte to its last. Everything here runs on the library's thread of one
 * port. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mocks/http_head.h"
#include "mocks/http_server_state.h"

/* ---- storage --------------------------------------------------------------------------------- */

static void trim(struct text *text)
{
    if (text->capacity > SERVER_TEXT_KEPT_MAX || text->failed)
        text_release(text);
    else
        text_clear(text);
}

static struct request *take_request(struct port *port, struct MHD_Connection *connection)
{
    struct request *request = port->free_requests;
    if (request == NULL) {
        request = calloc(1, sizeof *request);
        if (request == NULL) return NULL;
    } else {
        port->free_requests = request->next_free;
        port->free_count--;
    }
    const struct text body = request->body, answer = request->response.body;
    *request = (struct request){.wait.port = port, .connection = connection, .body = body};
    request->response.body = answer;
    return request;
}

static void destroy_request(struct request *request)
{
    text_release(&request->body);
    http_response_release(&request->response);
    free(request);
}

static void give_request(struct port *port, struct request *request)
{
    assert(request->flight_next == NULL);
    if (port->free_count == SERVER_FREE_REQUESTS_MAX) {
        destroy_request(request);
        return;
    }
    trim(&request->body);
    trim(&request->response.body);
    http_response_clear(&request->response);
    request->next_free = port->free_requests;
    port->free_requests = request;
    port->free_count++;
}

void server_free_requests(struct port *port)
{
    while (port->free_requests != NULL) {
        struct request *const request = port->free_requests;
        port->free_requests = request->next_free;
        destroy_request(request);
    }
    port->free_count = 0;
}

/* ---- the body -------------------------------------------------------------------------------- */

/* A length that is announced is believed: more than fits need not come at all. */
static bool announces_too_much(struct MHD_Connection *connection)
{
    const char *const length =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    if (length == NULL) return false;
    return strlen(length) > 9 || strtol(length, NULL, 10) > MOCK_REQUEST_BYTES_MAX;
}

/* False: a client that goes on and on. */
static bool collect(struct request *request, const char *bytes, size_t size)
{
    if (request->body.length + size > MOCK_REQUEST_BYTES_MAX) request->too_large = true;
    if (!request->too_large) {
        text_append(&request->body, bytes, size);
        return !request->body.failed;
    }
    request->discarded += size;
    return request->discarded <= SERVER_DISCARD_BYTES_MAX;
}

/* ---- the end --------------------------------------------------------------------------------- */

static void settle(struct request *request, atomic_uint_least64_t *count)
{
    request->phase = PHASE_SETTLED;
    (void)atomic_fetch_add(count, 1);
}

static enum MHD_Result hang(struct request *request)
{
    struct port *const port = request->wait.port;
    if (request->life_end_us <= server_monotonic_us()) return MHD_NO;
    const int taken = server_take_socket(request);
    if (taken < 0) return MHD_NO;
    request->phase = PHASE_SETTLED;
    server_hold(port, taken, request->life_end_us); /* counts it */
    return MHD_YES;
}

/* RST: what is closed without lingering is reset (socket(7)). */
static enum MHD_Result reset(struct request *request)
{
    struct mock_server *const server = request->wait.port->server;
    const int taken = server_take_socket(request);
    if (taken < 0) return MHD_NO;
    const struct linger now = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(taken, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    (void)close(taken);
    settle(request, &server->reset);
    return MHD_YES;
}

static enum MHD_Result enact(struct request *request)
{
    request->strikable = false;
    switch (request->manner) {
    case MANNER_ANSWER:
        request->phase = PHASE_SENDING;
        return server_send(request);
    case MANNER_HANG:
        return hang(request);
    case MANNER_RESET:
        return reset(request);
    case MANNER_CLOSE:
        return MHD_NO;
    }
    return MHD_NO;
}

/* ---- the library's calls --------------------------------------------------------------------- */

static enum MHD_Result begin(struct port *port, struct MHD_Connection *connection, const char *url,
                             const char *method, const char *version, void **slot)
{
    struct request *const request = take_request(port, connection);
    if (request == NULL) return MHD_NO;
    request->misframed = http_head_refusal(connection, version, *slot);
    *slot = request;
    (void)atomic_fetch_add(&port->server->requests, 1);
    request->phase = PHASE_READING;
    request->too_large = announces_too_much(connection);
    if (!request->too_large && request->misframed == 0) return MHD_YES;
    return server_judge(request, url, method) ? MHD_YES : enact(request);
}

enum MHD_Result server_serve(void *context, struct MHD_Connection *connection, const char *url,
                             const char *method, const char *version, const char *upload,
                             size_t *upload_size, void **slot)
{
    if (*slot == NULL || http_head_is_mark(*slot)) {
        return begin(context, connection, url, method, version, slot);
    }
    struct request *const request = *slot;
    switch (request->phase) {
    case PHASE_READING:
        if (*upload_size > 0) {
            const size_t size = *upload_size;
            *upload_size = 0;
            return collect(request, upload, size) ? MHD_YES : MHD_NO;
        }
        return server_judge(request, url, method) ? MHD_YES : enact(request);
    case PHASE_DUE:
        return enact(request);
    case PHASE_WAITING: /* suspended: it is not asked about */
    case PHASE_SENDING:
    case PHASE_SETTLED:
        break;
    }
    return MHD_NO;
}

void server_completed(void *context, struct MHD_Connection *connection, void **slot,
                      enum MHD_RequestTerminationCode code)
{
    (void)connection;
    struct port *const port = context;
    struct request *const request = *slot;
    *slot = NULL;
    if (request == NULL || http_head_is_mark(request)) return;
    /* A cut body ends in what the library calls an error. */
    const bool sent = request->phase == PHASE_SENDING &&
                      (code == MHD_REQUEST_TERMINATED_COMPLETED_OK || request->shape == SHAPE_CUT);
    if (request->phase != PHASE_SETTLED) {
        settle(request, sent ? &port->server->answered : &port->server->unanswered);
    }
    give_request(port, request);
}
