/* Calls whose time is virtual: they travel, and the clock does not. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/world/wire_state.h"

/* A hanging call is given up after this much real time; its virtual life is the policy's. */
enum { HANG_REAL_US = 2000 };
/* An answer of our own mock takes a tenth of a millisecond; a machine that is busy, more. */
#define ANSWER_REAL_US INT64_C(30000000)
/* How often somebody looks whether the server got a descriptor for it. */
enum { LOOK_REAL_US = 100000 };

static void fail_to_send(struct reply *reply)
{
    memset(reply, 0, sizeof *reply);
    reply->fate = CALL_REFUSED;
}

static void say_to_backend(struct wire *wire, const struct call *call, struct reply *answer)
{
    struct backend *const backend = wire->backends[call->provider];
    backend_answer(backend, &wire->heard->call, answer);
}

/* Keeps a call that met a fault below HTTP, as it will have ended: a replay has to meet it too. */
static void record_fate(struct wire *wire, const struct call *call, const struct reply *reply)
{
    const int64_t life_us = wire->scenario->policy.call_life_us;
    const bool outlives = reply->latency_us > life_us;
    wire_record(wire, call, &wire->request, NULL, outlives ? CALL_UNANSWERED : reply->fate,
                outlives ? life_us : reply->latency_us);
}

static void exchange_bytes(struct wire *wire, const struct call *call, struct reply *reply)
{
    struct endpoint *endpoint = &wire->endpoints[call->provider];
    struct err err;
    if (backend_intercepts(wire->backends[call->provider], call, reply)) {
        if (wire->spec.recorder != NULL &&
            codec_encode(endpoint->codec, call, &wire->request, &err)) {
            record_fate(wire, call, reply);
        }
        return;
    }
    if (!codec_encode(endpoint->codec, call, &wire->request, &err) ||
        !http_view_make(&wire->request, &wire->view)) {
        fail_to_send(reply);
        return;
    }
    int64_t latency_us = 0;
    http_response_clear(&wire->response);
    if (dialect_hear(endpoint->dialect, &wire->view, call->sent_us, wire->heard, &wire->response)) {
        struct reply answer;
        say_to_backend(wire, call, &answer);
        assert(answer.fate == CALL_ANSWERED); /* the rest was intercepted */
        latency_us = answer.latency_us;
        dialect_say(endpoint->dialect, wire->heard, &answer, &wire->response);
    } else {
        wire->facts.unstated++; /* a call of ours that the mock could not make sense of */
    }
    memset(reply, 0, sizeof *reply);
    codec_decode(endpoint->codec, call, &wire->response, reply);
    reply->latency_us = latency_us;
    wire_record(wire, call, &wire->request, &wire->response, CALL_ANSWERED, latency_us);
}

void wire_virtual_ended(struct wire *wire, const struct http_outcome *outcome)
{
    const struct call *call = wire->exchanging;
    struct reply *reply = &wire->exchanged;
    memset(reply, 0, sizeof *reply);
    if (outcome->fate == CALL_ANSWERED) {
        codec_decode(wire->endpoints[call->provider].codec, call, outcome->response, reply);
    }
    reply->fate = outcome->fate;
    if (outcome->local_error != 0) wire_note_lack(wire, outcome->local_error);
    char *end = NULL;
    reply->latency_us = strtoll(outcome->rsim, &end, 10);
    if (outcome->rsim[0] == '\0' || *end != '\0') reply->latency_us = -1;
    if (outcome->fate == CALL_ANSWERED) {
        wire_record(wire, call, &wire->request, outcome->response, outcome->fate,
                    reply->latency_us < 0 ? 0 : reply->latency_us);
    }
    wire->ended = true;
}

/* Sends, and waits in real time until it has ended, or a server of ours cannot take it. */
static bool travel(struct wire *wire, const struct call *call, const struct http_call *http)
{
    struct err err;
    wire->ended = false;
    wire->exchanging = call;
    const uint64_t ticket = http_client_start(wire->client, http, &err);
    if (ticket == 0) {
        if (err.code == ERR_ENVIRONMENT) wire_note_lack(wire, ENOMEM);
        return false;
    }
    while (!wire->ended && wire_starved(wire) == 0)
        http_client_wait(wire->client, http_client_now_us() + LOOK_REAL_US);
    if (!wire->ended) (void)http_client_cancel(wire->client, ticket);
    return wire->ended;
}

/* The fault is met on a real socket; what libcurl sees of it counts. */
static void meet_fault(struct wire *wire, const struct call *call, struct reply *reply)
{
    const enum call_fate meant = reply->fate;
    const char *const address = wire_fate_address(wire, call->provider, meant);
    const struct http_call http = {.place = wire_fate_place(wire, call->provider, meant),
                                   .request = &wire->request,
                                   .life_us =
                                       meant == CALL_UNANSWERED ? HANG_REAL_US : ANSWER_REAL_US,
                                   .connect_to = address,
                                   .own_connection = true};
    if (address == NULL || !travel(wire, call, &http) || wire->exchanged.fate != meant) {
        wire->facts.mismatched += wire_starved(wire) == 0;
        return;
    }
    reply->fate = wire->exchanged.fate;
}

static void exchange_http(struct wire *wire, const struct call *call, struct reply *reply)
{
    struct endpoint *endpoint = &wire->endpoints[call->provider];
    pthread_mutex_lock(&wire->lock);
    const bool intercepted = backend_intercepts(wire->backends[call->provider], call, reply);
    pthread_mutex_unlock(&wire->lock);
    struct err err;
    if (!codec_encode(endpoint->codec, call, &wire->request, &err)) {
        if (!intercepted) fail_to_send(reply);
        return;
    }
    if (intercepted) {
        meet_fault(wire, call, reply);
        record_fate(wire, call, reply);
        return;
    }
    const struct http_call http = {
        .place = &endpoint->place, .request = &wire->request, .life_us = ANSWER_REAL_US};
    if (!travel(wire, call, &http)) {
        fail_to_send(reply);
        return;
    }
    *reply = wire->exchanged;
    if (reply->latency_us < 0) {
        wire->facts.unstated += wire_starved(wire) == 0;
        reply->latency_us = 0;
    }
}

void wire_exchange(struct wire *wire, const struct call *call, struct reply *reply)
{
    wire->facts.carried++;
    if (wire_starved(wire) > 0) { /* nothing counts any more, and nobody is waited for */
        fail_to_send(reply);
        return;
    }
    switch (wire->endpoints[call->provider].route) {
    case ROUTE_BYTES:
        exchange_bytes(wire, call, reply);
        return;
    case ROUTE_OWN:
        exchange_http(wire, call, reply);
        return;
    case ROUTE_CASSETTE:
        wire_play(wire, call, &wire->request, reply);
        return;
    case ROUTE_BACKEND:
    case ROUTE_FOREIGN:
    case ROUTE_LIVE:
        break;
    }
    assert(!"a route that virtual time does not have");
}
