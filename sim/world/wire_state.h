/* sim/world/wire_state.h - the inside of a wire; only sim/world/wire*.c include it.
 *
 * wire.c makes and ends it, wire_virtual.c carries calls whose time is virtual, wire_real.c those
 * whose time is real.
 */
#ifndef SIM_WORLD_WIRE_STATE_H
#define SIM_WORLD_WIRE_STATE_H

#include <pthread.h>

#include "mocks/dialect.h"
#include "mocks/disturbance.h"
#include "mocks/http_server.h"
#include "mocks/relay.h"
#include "mocks/signing.h"
#include "providers/cassette.h"
#include "providers/signing.h"
#include "sim/world/wire.h"

enum route {                /* how a provider is reached */
             ROUTE_BACKEND, /* asked directly: no wire */
             ROUTE_BYTES,
             ROUTE_OWN,     /* our own mock server, in this process */
             ROUTE_FOREIGN, /* a mock server elsewhere */
             ROUTE_LIVE,
             ROUTE_CASSETTE
};

enum { FATE_ADDRESS_MAX = 32, WIRE_SIGNERS = SIGNING_GENERATIONS_MAX + 1 };

struct endpoint { /* of one provider */
    enum route route;
    bool sells; /* orders may be confirmed with it */
    struct codec *codec;
    struct dialect *dialect; /* ROUTE_BYTES */
    struct cassette *cassette;
    struct http_place place;
    struct http_place secure;                      /* the same by https: where a TLS fault is met */
    char fates[CALL_FATE_COUNT][FATE_ADDRESS_MAX]; /* where a call is led that is to meet a fault */
    char url[MOCK_URL_MAX];
    struct live_calls live;
    struct replay_calls replay; /* of this replication */
};

struct flight {                 /* a call on its way, by the real clock */
    struct flight *next, *prev; /* in the list of those in flight; next: in the free list */
    struct call call;
    struct http_request request;
    struct disturbance disturbance;
    void *owner;
    uint64_t ticket;      /* 0: not with the client */
    enum call_fate fated; /* CALL_ANSWERED: none */
    bool waits;           /* until due_us, then it is sent, or `reply` is delivered */
    bool answered;        /* `reply` is there */
    bool counted;         /* live: it is one of wire->pending */
    bool may_repeat;      /* live: libcurl may have to send it twice */
    int64_t due_us;
    struct reply reply;
    struct wire_trip trip;
};

struct wire {
    struct wire_spec spec;
    const struct scenario *scenario;
    struct backend *const *backends;
    struct endpoint endpoints[PROVIDER_COUNT];
    pthread_mutex_t lock; /* backends, where a server of ours shares them */
    struct http_client *client;
    struct mock_server *server;
    struct relay *relay;
    struct certificates certificates;
    char ca_folder[1024]; /* made for ca.pem; "": none */
    char ca_file[1040];
    struct signer *signers[WIRE_SIGNERS]; /* [0]: the live one */
    int64_t epoch_us;
    _Atomic int64_t started_us; /* http_client_now_us() at instant 0; servers' threads read it */
    struct wire_facts facts;
    struct err failure;            /* of the recording */
    uint64_t live_sent, live_lost; /* of all live providers, as in live_calls */
    uint64_t pending;              /* live calls in flight: each will be one or the other */
    uint64_t may_repeat_count;     /* those of them that may be sent twice */
    uint64_t reserved;             /* for calls that are still to be sent */

    /* virtual: one call at a time */
    struct http_request request;
    struct http_response response;
    struct http_view view;
    struct heard *heard;
    bool ended;
    struct http_outcome outcome;
    struct reply exchanged;
    const struct call *exchanging;

    /* real */
    struct flight flights; /* list head */
    struct flight *free_flights;
    uint32_t flight_count;
    wire_ended tell;
    void *tell_context;
    bool told;
};

/* The address that leads a provider's call to a fault below HTTP; opens what it takes. NULL when
 * this machine cannot. */
const char *wire_fate_address(struct wire *wire, enum provider provider, enum call_fate fate);

/* The place to name for it: a TLS fault needs a handshake. */
const struct http_place *wire_fate_place(const struct wire *wire, enum provider provider,
                                         enum call_fate fate);

/* A cassette's answer to a call, decoded, with its latency. */
void wire_play(struct wire *wire, const struct call *call, struct http_request *request,
               struct reply *reply);

/* Keeps a conversation, when the run is recorded. */
void wire_record(struct wire *wire, const struct call *call, const struct http_request *request,
                 const struct http_response *response, enum call_fate fate, int64_t latency_us);

/* A connection could not be had, for `error`. */
void wire_note_lack(struct wire *wire, int error);

/* wire_virtual.c and wire_real.c: where the client's answers go. */
void wire_virtual_ended(struct wire *wire, const struct http_outcome *outcome);
void wire_real_ended(struct wire *wire, struct flight *flight, const struct http_outcome *outcome);
void wire_real_release(struct wire *wire);

#endif
