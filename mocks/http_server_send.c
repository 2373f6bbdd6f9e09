/* The response: whole, cut, slow or huge. */
#include <stdio.h>
#include <string.h>

#include "mocks/http_server_state.h"
#include "router/base/duration.h"

enum { BLOCK_BYTES = 32768, SLOW_BLOCK_BYTES = 4096, CUT_LEAST_BYTES = 16 };
#define TICK_US INT64_C(10000) /* a slow body comes in pieces of at least so long */

/* ---- bodies that are written piece by piece -------------------------------------------------- */

static ssize_t read_cut(void *context, uint64_t at, char *to, size_t most)
{
    const struct request *const request = context;
    const struct text *const body = &request->response.body;
    const uint64_t kept = body->length / 2;
    if (at >= kept) return MHD_CONTENT_READER_END_WITH_ERROR;
    const size_t size = kept - at < most ? (size_t)(kept - at) : most;
    memcpy(to, body->bytes + at, size);
    return (ssize_t)size;
}

static ssize_t read_slow(void *context, uint64_t at, char *to, size_t most)
{
    struct request *const request = context;
    const struct text *const body = &request->response.body;
    if (request->manner == MANNER_CLOSE) return MHD_CONTENT_READER_END_WITH_ERROR;
    request->phase = PHASE_SENDING;
    const double us_per_byte = 1e6 / (double)request->asked.number;
    const int64_t now_us = server_monotonic_us();
    const double allowed = (double)(now_us - request->pace_from_us) / us_per_byte;
    if (allowed >= (double)(at + 1)) {
        size_t size = body->length - at < most ? body->length - at : most;
        if ((double)size > allowed - (double)at) size = (size_t)(allowed - (double)at);
        memcpy(to, body->bytes + at, size);
        return (ssize_t)size;
    }
    int64_t due_us = request->pace_from_us + (int64_t)((double)(at + 1) * us_per_byte) + 1;
    if (due_us < now_us + TICK_US) due_us = now_us + TICK_US;
    return server_wait(request, due_us) ? 0 : MHD_CONTENT_READER_END_WITH_ERROR;
}

/* An empty JSON object behind as many spaces as it takes. */
static ssize_t read_huge(void *context, uint64_t at, char *to, size_t most)
{
    const struct request *const request = context;
    const uint64_t left = (uint64_t)request->asked.number - at;
    const size_t size = left < most ? (size_t)left : most;
    memset(to, ' ', size);
    if (left <= size && left >= 2) memcpy(to + left - 2, "{}", 2);
    return (ssize_t)size;
}

static struct MHD_Response *make_response(struct request *request)
{
    const struct text *const body = &request->response.body;
    switch (request->shape) {
    case SHAPE_WHOLE:
        return MHD_create_response_from_buffer(body->length, body->bytes, MHD_RESPMEM_PERSISTENT);
    case SHAPE_CUT: /* what is stated is never all there, not even of a short body */
        return MHD_create_response_from_callback(body->length > CUT_LEAST_BYTES ? body->length
                                                                                : CUT_LEAST_BYTES,
                                                 BLOCK_BYTES, read_cut, request, NULL);
    case SHAPE_SLOW:
        request->pace_from_us = server_monotonic_us();
        return MHD_create_response_from_callback(body->length, SLOW_BLOCK_BYTES, read_slow, request,
                                                 NULL);
    case SHAPE_HUGE:
        return MHD_create_response_from_callback((uint64_t)request->asked.number, BLOCK_BYTES,
                                                 read_huge, request, NULL);
    }
    return NULL;
}

/* ---- headers --------------------------------------------------------------------------------- */

static bool add(struct MHD_Response *response, const char *name, const char *value)
{
    return MHD_add_response_header(response, name, value) == MHD_YES;
}

static bool add_number(struct MHD_Response *response, const char *name, int64_t value)
{
    char digits[NUMBER_TEXT_MAX];
    (void)number_write_int(digits, value);
    return add(response, name, digits);
}

static bool add_headers(const struct request *request, struct MHD_Response *response)
{
    const struct http_response *const answer = &request->response;
    bool added = true;
    if (answer->content_type != NULL) added = add(response, "Content-Type", answer->content_type);
    if (answer->retry_after_s > 0) {
        added = added && add_number(response, "Retry-After", answer->retry_after_s);
    }
    if (request->keyed) {
        added = added && add_number(response, CODEC_LATENCY_HEADER, request->latency_us);
        if (request->fate != CALL_ANSWERED) {
            added = added && add(response, SERVER_FATE_HEADER, call_fate_names[request->fate]);
        }
    }
    if (request->asked.word == ASKED_REDIRECT) {
        added = added && add(response, "Location", request->asked.url);
    }
    if (request->asked.word == ASKED_GZIP_BOMB) {
        added = added && add(response, "Content-Encoding", "gzip");
    }
    if (request->allows) added = added && add(response, "Allow", "GET, HEAD, OPTIONS, POST, PUT");
    if (request->misframed != 0 || atomic_load(&request->wait.port->server->stopping)) {
        added = added && add(response, "Connection", "close");
    }
    return added;
}

enum MHD_Result server_send(struct request *request)
{
    if (request->response.body.failed) return MHD_NO; /* memory ran out while it was written */
    struct MHD_Response *const response = make_response(request);
    if (response == NULL) return MHD_NO;
    enum MHD_Result sent = MHD_NO;
    if (add_headers(request, response)) {
        sent = MHD_queue_response(request->connection, request->response.status, response);
    }
    MHD_destroy_response(response);
    return sent;
}
