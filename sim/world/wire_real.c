/* Calls whose time is real: many in flight at once, each ended by its answer, its fault or its
 * life.
 */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/world/wire_state.h"

static struct flight *take_flight(struct wire *wire)
{
    struct flight *flight = wire->free_flights;
    if (flight != NULL) {
        wire->free_flights = flight->next;
    } else {
        flight = calloc(1, sizeof *flight);
        assert(flight !=
               NULL); /* memory for calls in flight: nothing sensible goes on without it */
    }
    struct http_request kept = flight->request;
    *flight = (struct flight){.request = kept};
    flight->next = &wire->flights;
    flight->prev = wire->flights.prev;
    flight->prev->next = flight->next->prev = flight;
    wire->flight_count++;
    return flight;
}

static void give_flight(struct wire *wire, struct flight *flight)
{
    flight->prev->next = flight->next;
    flight->next->prev = flight->prev;
    flight->next = wire->free_flights;
    wire->free_flights = flight;
    assert(wire->flight_count > 0);
    wire->flight_count--;
}

void wire_real_release(struct wire *wire)
{
    while (wire->flights.next != NULL && wire->flights.next != &wire->flights)
        give_flight(wire, wire->flights.next);
    while (wire->free_flights != NULL) {
        struct flight *flight = wire->free_flights;
        wire->free_flights = flight->next;
        http_request_release(&flight->request);
        free(flight);
    }
}

/* ---- ending ---------------------------------------------------------------------------------- */

static void deliver(struct wire *wire, struct flight *flight, int64_t ended_us)
{
    void *const owner = flight->owner;
    struct reply reply = flight->reply;
    const struct wire_trip trip = flight->trip;
    reply.latency_us = ended_us - flight->call.sent_us;
    if (reply.latency_us < 0) reply.latency_us = 0;
    give_flight(wire, flight);
    wire->told = true;
    wire->tell(wire->tell_context, owner, &reply, ended_us, &trip);
}

static void wait_until(struct flight *flight, int64_t due_us)
{
    flight->waits = true;
    flight->due_us = due_us;
}

/* An answer that nobody gets. */
static void drop_reply(struct wire *wire, struct flight *flight)
{
    if (flight->call.operation == OPERATION_CART && flight->reply.fate == CALL_ANSWERED &&
        flight->reply.body == BODY_GOOD) {
        wire_forget_cart(wire, flight->call.provider, flight->reply.as.cart.cart);
    }
    flight->reply = (struct reply){.fate = CALL_UNANSWERED};
}

/* Answered already, and due at an instant; as in virtual time no call outlives its life. */
static void hold_back(struct wire *wire, struct flight *flight, int64_t due_us)
{
    const int64_t end_us = flight->call.sent_us + wire->scenario->policy.call_life_us;
    if (due_us > end_us) drop_reply(wire, flight);
    flight->answered = true;
    wait_until(flight, due_us > end_us ? end_us : due_us);
}

/* An answer that never was, or that a fault stands in for: at its instant. */
static void answer_at(struct wire *wire, struct flight *flight, const struct reply *reply,
                      int64_t due_us)
{
    flight->reply = *reply;
    hold_back(wire, flight, due_us);
}

/* Nobody out there has failed this call: we had no descriptor for it, or no memory. */
static void note_lack(struct wire *wire, struct flight *flight, int error)
{
    flight->trip.local = true;
    wire_note_lack(wire, error);
}

static void give_up(struct wire *wire, struct flight *flight, const char *why)
{
    const struct reply refused = {.fate = CALL_REFUSED};
    (void)snprintf(flight->trip.said, sizeof flight->trip.said, "%.*s", CODEC_EXPLAIN_MAX - 1, why);
    answer_at(wire, flight, &refused, wire_now_us(wire));
}

/* ---- sending --------------------------------------------------------------------------------- */

/* Takes a call out of those that may still be made to real providers; false when there is none.
 * libcurl sends a GET once more when a kept connection turns out to be dead, which counts as well:
 * where that could pass the limit, the call gets a connection of its own. What becomes of it is
 * counted when it has ended. */
static bool spend(struct wire *wire, struct flight *flight)
{
    if (wire_requests_free(wire) == 0) {
        wire->facts.withheld++;
        return false;
    }
    wire->pending++;
    wire->endpoints[flight->call.provider].live.tried++;
    flight->counted = true;
    flight->may_repeat =
        flight->request.method == HTTP_GET && wire_requests_free(wire) > wire->reserved;
    wire->may_repeat_count += flight->may_repeat;
    return true;
}

static enum live_loss loss_in(const struct http_outcome *outcome)
{
    if (outcome->address_refused) return LOSS_GUARD;
    if (outcome->local_error != 0) return LOSS_OTHER;
    switch (outcome->phase) {
    case HTTP_PHASE_DNS:
        return LOSS_DNS;
    case HTTP_PHASE_CONNECT:
        return LOSS_CONNECT;
    case HTTP_PHASE_TLS:
        return LOSS_TLS;
    case HTTP_PHASE_QUEUE:
    case HTTP_PHASE_SEND:
    case HTTP_PHASE_WAIT:
    case HTTP_PHASE_BODY:
    case HTTP_PHASE_DONE:
    case HTTP_PHASE_COUNT:
        break;
    }
    return LOSS_OTHER;
}

/* A live call is over, having been sent so many times. */
static void settle_spending(struct wire *wire, struct flight *flight, uint32_t sends,
                            enum live_loss loss)
{
    struct live_calls *const live = &wire->endpoints[flight->call.provider].live;
    if (!flight->counted) return;
    wire->may_repeat_count -= flight->may_repeat;
    flight->counted = flight->may_repeat = false;
    wire->pending--;
    wire->live_sent += sends;
    live->sent += sends;
    if (sends > 0) return;
    wire->live_lost++;
    live->lost[loss]++;
}

static void start(struct wire *wire, struct flight *flight)
{
    const enum provider provider = flight->call.provider;
    struct endpoint *endpoint = &wire->endpoints[provider];
    struct err err;
    flight->waits = false;
    if (!codec_encode(endpoint->codec, &flight->call, &flight->request, &err)) {
        give_up(wire, flight, err.message);
        return;
    }
    const bool fated = flight->fated != CALL_ANSWERED;
    const bool spends = endpoint->route == ROUTE_LIVE && !fated;
    if (spends && !spend(wire, flight)) {
        give_up(wire, flight,
                wire->live_lost > wire->live_sent
                    ? "not sent: --max-requests calls failed before anything of them was sent"
                    : "not sent: --max-requests was reached");
        return;
    }
    const int64_t life_us = wire->scenario->policy.call_life_us;
    const int64_t left_us = flight->call.sent_us + life_us - wire_now_us(wire);
    const struct http_call http = {
        .place = fated ? wire_fate_place(wire, provider, flight->fated) : &endpoint->place,
        .request = &flight->request,
        .life_us = left_us > 1000 ? left_us : 1000,
        .connect_to = fated ? wire_fate_address(wire, provider, flight->fated) : NULL,
        .own_connection = fated || (spends && !flight->may_repeat),
        .owner = flight};
    if (fated && http.connect_to == NULL) {
        give_up(wire, flight, "the fault cannot be enacted on this machine");
        wire->facts.mismatched += wire_starved(wire) == 0;
        return;
    }
    flight->ticket = http_client_start(wire->client, &http, &err);
    if (flight->ticket != 0) return;
    if (err.code == ERR_ENVIRONMENT) note_lack(wire, flight, ENOMEM);
    settle_spending(wire, flight, 0, LOSS_OTHER);
    give_up(wire, flight, err.message);
}

/* Keeps a call whose answer is none of the network's, as the router meets it: a replay has to meet
 * it too. */
static void record_met(struct wire *wire, struct flight *flight,
                       const struct http_response *response, int64_t latency_us)
{
    const int64_t life_us = wire->scenario->policy.call_life_us;
    const bool answered = response != NULL && latency_us <= life_us;
    struct codec *const codec = wire->endpoints[flight->call.provider].codec;
    struct err err;
    if (wire->spec.recorder == NULL) return;
    if (!codec_encode(codec, &flight->call, &flight->request, &err)) return;
    wire_record(wire, &flight->call, &flight->request, response,
                answered ? CALL_ANSWERED : CALL_UNANSWERED, answered ? latency_us : life_us);
}

/* A fault below HTTP is met when it would show; a hanging call hangs from the start. */
static void start_fated(struct wire *wire, struct flight *flight, enum call_fate fate,
                        int64_t after_us)
{
    flight->fated = fate;
    flight->trip.injected = true;
    if (fate == CALL_UNANSWERED) {
        start(wire, flight);
    } else if (after_us > wire->scenario->policy.call_life_us) {
        record_met(wire, flight, NULL, after_us);
        hold_back(wire, flight, flight->call.sent_us + after_us);
    } else {
        wait_until(flight, flight->call.sent_us + after_us);
    }
}

static void send_to_own(struct wire *wire, struct flight *flight)
{
    struct reply reply;
    pthread_mutex_lock(&wire->lock);
    const bool intercepted =
        backend_intercepts(wire->backends[flight->call.provider], &flight->call, &reply);
    pthread_mutex_unlock(&wire->lock);
    if (intercepted) {
        start_fated(wire, flight, reply.fate, reply.latency_us);
    } else {
        start(wire, flight);
    }
}

static void send_live(struct wire *wire, struct flight *flight)
{
    struct disturbance *disturbance = &flight->disturbance;
    backend_disturb(wire->backends[flight->call.provider], &flight->call, disturbance);
    flight->trip.live = true;
    flight->trip.injected = disturbance->touched;
    if (disturbance->fate != CALL_ANSWERED) {
        start_fated(wire, flight, disturbance->fate, disturbance->after_us);
    } else if (disturbance->status != 0) {
        const struct reply instead = {.http_status = disturbance->status,
                                      .body = BODY_EMPTY,
                                      .retry_after_s = disturbance->retry_after_s};
        const struct http_response kept = {.status = disturbance->status,
                                           .retry_after_s = disturbance->retry_after_s};
        record_met(wire, flight, &kept, disturbance->after_us);
        answer_at(wire, flight, &instead, flight->call.sent_us + disturbance->after_us);
    } else {
        start(wire, flight);
    }
}

void wire_send(struct wire *wire, const struct call *call, void *owner)
{
    struct flight *flight = take_flight(wire);
    flight->call = *call;
    flight->owner = owner;
    wire->facts.carried++;
    switch (wire->endpoints[call->provider].route) {
    case ROUTE_OWN:
        send_to_own(wire, flight);
        return;
    case ROUTE_LIVE:
        send_live(wire, flight);
        return;
    case ROUTE_FOREIGN:
        start(wire, flight);
        return;
    case ROUTE_CASSETTE: {
        struct reply reply;
        wire_play(wire, &flight->call, &flight->request, &reply);
        flight->trip.replayed = true;
        answer_at(wire, flight, &reply, call->sent_us + reply.latency_us);
        return;
    }
    case ROUTE_BYTES:
    case ROUTE_BACKEND:
        break;
    }
    assert(!"a route that real time does not have");
}

/* ---- what came back -------------------------------------------------------------------------- */

/* Nothing is found. A cart keeps its handle, because the next call names it, and a quote its fee
 * and its ETA, because a total of 0 would be priced by us. */
static void empty(enum operation operation, struct reply *reply)
{
    const uint64_t cart = reply->as.cart.cart;
    switch (operation) {
    case OPERATION_CART:
        memset(&reply->as, 0, sizeof reply->as);
        reply->as.cart.cart = cart;
        return;
    case OPERATION_QUOTE:
    case OPERATION_SINGLE:
        reply->as.quote.subtotal_cents = reply->as.quote.tax_cents = 0;
        reply->as.quote.found = reply->as.quote.substituted = 0;
        return;
    case OPERATION_STORE:
    case OPERATION_SEARCH:
    case OPERATION_SLOTS:
        memset(&reply->as, 0, sizeof reply->as);
        return;
    case OPERATION_TOKEN:
    case OPERATION_CONFIRM:
    case OPERATION_HEALTH:
    case OPERATION_COUNT:
        return;
    }
}

/* What a fault makes of a live provider's answer. */
static void spoil(struct wire *wire, struct flight *flight)
{
    const struct disturbance *disturbance = &flight->disturbance;
    struct reply *reply = &flight->reply;
    if (reply->fate != CALL_ANSWERED || reply->http_status < 200 || reply->http_status > 299) {
        return;
    }
    if (disturbance->body != BODY_GOOD) {
        const struct reply spoilt = {.http_status = reply->http_status, .body = disturbance->body};
        drop_reply(wire, flight);
        *reply = spoilt;
    } else if (disturbance->empty && reply->body == BODY_GOOD) {
        empty(flight->call.operation, reply);
    }
}

/* When a fault lets a live provider's answer through that came at `ended_us`. */
static int64_t delayed(const struct flight *flight, int64_t ended_us)
{
    const struct disturbance *disturbance = &flight->disturbance;
    const double latency_us = (double)(ended_us - flight->call.sent_us) * disturbance->factor;
    const int64_t due_us =
        flight->call.sent_us + disturbance->add_us + llround(fmin(latency_us, 1e15));
    return due_us > ended_us ? due_us : ended_us;
}

void wire_real_ended(struct wire *wire, struct flight *flight, const struct http_outcome *outcome)
{
    struct codec *const codec = wire->endpoints[flight->call.provider].codec;
    const int64_t ended_us = outcome->ended_us - wire->started_us;
    flight->ticket = 0;
    flight->trip.phase = outcome->phase;
    flight->trip.curl_code = outcome->curl_code;
    flight->trip.timing = outcome->timing;
    if (outcome->local_error != 0) note_lack(wire, flight, outcome->local_error);
    wire->endpoints[flight->call.provider].live.answered +=
        flight->counted && outcome->response->status != 0;
    settle_spending(wire, flight, outcome->timing.sends, loss_in(outcome));
    /* It was due before it was begun: that is waiting, too. */
    const int64_t late_us = ended_us - flight->call.sent_us - outcome->timing.total_us;
    if (late_us > 0 && flight->fated == CALL_ANSWERED) flight->trip.timing.queue_us += late_us;
    memset(&flight->reply, 0, sizeof flight->reply);
    if (outcome->fate == CALL_ANSWERED) {
        codec_decode(codec, &flight->call, outcome->response, &flight->reply);
        if (flight->reply.http_status < 200 || flight->reply.http_status > 299) {
            codec_explain(codec, outcome->response, flight->trip.said);
        }
    } else {
        (void)snprintf(flight->trip.said, sizeof flight->trip.said, "%.*s", CODEC_EXPLAIN_MAX - 1,
                       outcome->message);
    }
    flight->reply.fate = outcome->fate;
    wire->facts.mismatched +=
        flight->fated != CALL_ANSWERED && outcome->fate != flight->fated && wire_starved(wire) == 0;
    const bool disturbed =
        flight->trip.live && flight->disturbance.touched && flight->fated == CALL_ANSWERED;
    const int64_t heard_us = disturbed ? delayed(flight, ended_us) : ended_us;
    if (wire_starved(wire) == 0) {
        wire_record(wire, &flight->call, &flight->request, outcome->response, outcome->fate,
                    heard_us - flight->call.sent_us);
    }
    if (disturbed) spoil(wire, flight);
    if (heard_us > ended_us) {
        hold_back(wire, flight, heard_us);
    } else {
        deliver(wire, flight, ended_us);
    }
}

/* ---- driving --------------------------------------------------------------------------------- */

static int64_t first_due_us(const struct wire *wire, int64_t until_us)
{
    for (const struct flight *f = wire->flights.next; f != &wire->flights; f = f->next) {
        if (f->waits && f->due_us < until_us) until_us = f->due_us;
    }
    return until_us;
}

static void pass_due(struct wire *wire, int64_t now_us)
{
    struct flight *next;
    for (struct flight *f = wire->flights.next; f != &wire->flights; f = next) {
        next = f->next;
        if (!f->waits || f->due_us > now_us) continue;
        if (f->answered) {
            deliver(wire, f, f->due_us > f->call.sent_us ? f->due_us : f->call.sent_us);
        } else {
            start(wire, f);
        }
    }
}

void wire_wait(struct wire *wire, int64_t until_us, wire_ended ended, void *context)
{
    wire->tell = ended;
    wire->tell_context = context;
    wire->told = false;
    pass_due(wire, wire_now_us(wire));
    if (!wire->told) {
        const int64_t due_us = first_due_us(wire, until_us);
        http_client_wait(wire->client, wire->started_us + due_us);
        pass_due(wire, wire_now_us(wire));
    }
    wire->tell = NULL;
}

bool wire_watch(struct wire *wire, int descriptor, struct err *err)
{
    return http_client_watch(wire->client, descriptor, err);
}

void wire_give_up(struct wire *wire, wire_ended ended, void *context)
{
    wire->tell = ended;
    wire->tell_context = context;
    while (wire->flights.next != &wire->flights) {
        struct flight *flight = wire->flights.next;
        settle_spending(wire, flight, http_client_sends(wire->client, flight->ticket), LOSS_OTHER);
        if (flight->ticket != 0) (void)http_client_cancel(wire->client, flight->ticket);
        if (wire_starved(wire) > 0) {
            flight->trip.local = true;
        } else if (!flight->answered) { /* for a replay it never was */
            record_met(wire, flight, NULL, wire->scenario->policy.call_life_us);
        }
        drop_reply(wire, flight);
        deliver(wire, flight, wire_now_us(wire));
    }
    wire->tell = NULL;
}

void wire_strike(struct wire *wire, enum provider provider, int64_t now_us)
{
    if (wire->endpoints[provider].route == ROUTE_OWN) {
        mock_server_strike(wire->server, provider, now_us);
    }
}
