/* sim/world/wire.h - how calls travel between adapters and providers, and by whose clock.
 *
 *                   clock virtual                               clock real
 *   wire struct     backend_answer() is asked directly;         -
 *                   no wire object exists
 *   wire bytes      encode, decode, answer, encode, decode,     -
 *                   in memory
 *   wire http       the same over loopback sockets: every       our own mocks wait as long as they
 *                   call really travels, the mock answers at    say; live providers are themselves
 *                   once and states its latency, the clock
 *                   jumps
 *
 * Under the virtual clock decisions are the same over every wire, order by order (`routesim
 * verify`).
 *
 * Faults below HTTP (refused, reset, DNS, TLS, hanging) are judged on the caller's side of the wire
 * (backend_intercepts()) and met there: over http the connection is really refused, reset, or led
 * to a name that does not exist, by a relay or a port that is closed; what libcurl observes is what
 * the adapter is told. Under the virtual clock a hanging call is given up after a few real
 * milliseconds, and its virtual life counts. Under the real clock a fault that takes time to show
 * (no_answer) is waited for before it is met.
 *
 * Faults on live traffic are injected on the same side: those below HTTP as above; `error`,
 * `throttle` and `auth` answer in the provider's stead, and the call is not sent; `latency`,
 * `malformed`, `truncated` and `empty_results` act on what came back. No other kind can act on a
 * live provider (wire_check()).
 *
 * Live calls are counted (sim/world/live_calls.h). No more requests than max_requests are sent,
 * those included that libcurl sends twice because a kept connection had died; and no more calls
 * than that are lost before a byte of theirs has left. One in flight may still turn out either way.
 *
 * A provider in replay mode is answered by its cassette, over every wire, at the recorded latency.
 *
 * Ownership: what the setup points to is borrowed and outlives the wire. One thread a wire; its
 * mock servers' threads touch the backends under the wire's lock. Failure: wire_create(): a port, a
 * certificate, a cassette, memory. What happens to a call is data.
 */
#ifndef SIM_WORLD_WIRE_H
#define SIM_WORLD_WIRE_H

#include "sim/world/live_calls.h"
#include "sim/world/replay_calls.h"
#include "sim/world/scenario.h"

enum wire_kind { WIRE_STRUCT, WIRE_BYTES, WIRE_HTTP, WIRE_KIND_COUNT };
extern const char *const wire_kind_names[WIRE_KIND_COUNT + 1];

enum wire_clock { WIRE_CLOCK_VIRTUAL, WIRE_CLOCK_REAL, WIRE_CLOCK_COUNT };
extern const char *const wire_clock_names[WIRE_CLOCK_COUNT + 1];

struct recorder;

struct wire_spec { /* what a run asks for; zeroed: struct, virtual, unlimited */
    enum wire_kind kind;
    enum wire_clock clock;
    uint64_t max_requests;   /* of live providers: sent, and as many lost; 0: none are allowed */
    double max_orders_per_s; /* order starts, where a provider is live; 0: no limit */
    int64_t order_gap_us;    /* replay: what lay between two starts at least when it was recorded */
    bool tls;                /* our own mocks speak TLS, verified against their own authority */
    const char *ca_file;     /* borrowed: whom mock servers elsewhere are verified against; NULL:
                                the system's authorities, as real providers always are */
    struct recorder *recorder; /* borrowed; NULL: nothing is kept */
};

/* Whether a scenario can run over a wire; says what does not go together, at the key concerned. */
bool wire_check(const struct wire_spec *spec, const struct scenario *scenario, struct err *err);

/* Whether any provider is live. */
bool wire_is_live(const struct scenario *scenario);

enum wire_reach {            /* who answers for a provider */
                  REACH_OWN, /* a mock in this process */
                  REACH_ELSEWHERE,
                  REACH_LIVE,
                  REACH_REPLAY
};
enum wire_reach wire_reach(const struct wire_spec *spec, const struct scenario *scenario,
                           enum provider provider);

/* Where a provider's API is, as the scenario says, as production's key says, as the vendor says;
 * NULL when its sandbox is asked for and it has none. */
const char *wire_base_url(const struct scenario *scenario, enum provider provider);

/* The same as a place for the HTTP client. A place in mode "mock" is a declared one. */
bool wire_find_place(const struct scenario *scenario, enum provider provider,
                     struct http_place *place, struct err *err);

/* Whether anybody outside this process is called, a live provider or a mock server elsewhere. They
 * go by the calendar, so the scenario's start has to be now. */
bool wire_goes_elsewhere(const struct wire_spec *spec, const struct scenario *scenario);

/* Whether this run needs a wire object: false for mocks alone over `struct`. */
bool wire_is_needed(const struct wire_spec *spec, const struct scenario *scenario);

/* How long after an order's start the next one may start at the earliest; 0: at once. */
int64_t wire_order_gap_us(const struct wire_spec *spec);

struct wire_setup {
    const struct wire_spec *spec;
    const struct scenario *scenario;
    const struct catalogue *catalogue;
    struct backend *const *backends; /* PROVIDER_COUNT of them */
};

struct wire;

struct wire *wire_create(const struct wire_setup *setup, struct err *err);
void wire_destroy(struct wire *wire); /* NULL is fine */

/* A replication begins: backends have been reset. Under the real clock, instant 0 is now. */
void wire_begin(struct wire *wire, uint64_t seed_r);

/* Whoever else touches the backends keeps our servers' threads off them meanwhile. NULL is fine. */
void wire_hold_backends(struct wire *wire);
void wire_free_backends(struct wire *wire);

/* Whether a provider's calls go by this wire, or are asked of its backend directly. */
bool wire_carries(const struct wire *wire, enum provider provider);

/* Virtual clock: what becomes of a call, reply and latency, at once. */
void wire_exchange(struct wire *wire, const struct call *call, struct reply *reply);

/* Whether orders may be confirmed with a provider: never with a real one, nor with a recording that
 * holds no confirmation, as those of real ones do not. */
bool wire_sells(const struct wire *wire, enum provider provider);

/* Nobody needs a priced cart any more; 0 is fine. */
void wire_forget_cart(struct wire *wire, enum provider provider, uint64_t cart);

/* ---- the real clock -------------------------------------------------------------------------- */

struct wire_trip { /* how one call travelled: a line of calls.csv */
    enum http_phase phase;
    int curl_code;
    struct http_timing timing;
    bool live;
    bool replayed;
    bool injected;                /* a fault of ours met it on our side */
    bool local;                   /* it failed for want of something of this machine's */
    char said[CODEC_EXPLAIN_MAX]; /* the provider's words, or the client's, when it failed */
};

int64_t wire_now_us(const struct wire *wire);

/* Sends a call. The reply comes from wire_wait(), through `ended`; `owner` is handed back. Never
 * calls back from inside. */
void wire_send(struct wire *wire, const struct call *call, void *owner);

typedef void (*wire_ended)(void *context, void *owner, const struct reply *reply, int64_t ended_us,
                           const struct wire_trip *trip);

/* Drives what is in flight until something has ended, or `until_us`. */
void wire_wait(struct wire *wire, int64_t until_us, wire_ended ended, void *context);

/* wire_wait() also returns when this descriptor is readable. It stays open until the wire is gone.
 */
bool wire_watch(struct wire *wire, int descriptor, struct err *err);

/* Ends everything in flight as unanswered, through `ended`. */
void wire_give_up(struct wire *wire, wire_ended ended, void *context);

uint32_t wire_in_flight(const struct wire *wire);

/* The instant at which the lives of all that is in flight are over; INT64_MIN: nothing is. */
int64_t wire_last_end_us(const struct wire *wire);

/* A fault that hits calls in flight begins: our own mock servers end theirs. */
void wire_strike(struct wire *wire, enum provider provider, int64_t now_us);

/* Calls of live providers that may still be made, whatever becomes of those in flight; and those of
 * them that nothing in flight may turn out to need for being sent twice. */
uint64_t wire_requests_left(const struct wire *wire);
uint64_t wire_requests_free(const struct wire *wire);

/* What is under way needs up to so many more of them: none is spent on sending a call twice. */
void wire_reserve(struct wire *wire, uint64_t calls);

uint64_t wire_requests_sent(const struct wire *wire, enum provider provider);
struct live_calls wire_live_calls(const struct wire *wire, enum provider provider);

/* ---- what came of it ------------------------------------------------------------------------- */

struct wire_facts {
    uint64_t carried;    /* calls that went by this wire */
    uint64_t mismatched; /* faults that libcurl saw as something else than was meant */
    uint64_t unstated;   /* answers of our own mocks without a stated latency: a bug */
    uint64_t withheld;   /* live calls that were not sent, because max_requests was reached */
    /* Replay, of this replication: calls that no cassette has an answer to, or but one to another
     * request. */
    uint64_t unmatched, alike;
    /* Times that this process had no descriptor, or no memory, for a connection, be it the client's
     * end, a mock server's or the relay's. */
    uint64_t starved;
    int starved_error; /* errno of the first: EMFILE, mostly */
};
struct wire_facts wire_facts(const struct wire *wire);

/* How a provider's recording has answered since the replication began. */
struct replay_calls wire_replay_calls(const struct wire *wire, enum provider provider);

/* wire_facts().starved alone, for whoever asks often. From the first one on nothing that a call
 * comes to says anything about its provider: who notices measures no further. */
uint64_t wire_starved(const struct wire *wire);

/* Whether the recording cannot be written any more, and why: no call should be made in vain. */
bool wire_failed(const struct wire *wire, struct err *err);

/* Where our own mock of a provider listens, "" when there is none. */
const char *wire_url(const struct wire *wire, enum provider provider);

#endif
