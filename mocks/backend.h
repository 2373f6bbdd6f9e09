/* mocks/backend.h - what a mock provider does to a call at an instant.
 *
 * One backend stands for one provider: its catalogue, credentials, rate limits, latency laws,
 * faults, and what becomes of orders. It is asked directly by the virtual wire and by the mock HTTP
 * server, and answers both alike. Every draw is keyed (router/base/random.h), so an order meets the
 * same luck whatever else happens.
 *
 * Order of judgement for a call: terminal faults of the layers below HTTP; then credentials (401,
 * 403); then rate limits (429); then status faults; then the provider's own error rate; then the
 * answer, with body faults and modifiers. An `auth` fault acts where credentials are looked at, but
 * gives way to a status fault that stands before it in the file.
 *
 * Latency: one draw from the operation's law a call, whatever becomes of it. Errors come fast:
 * theirs is that draw times errors.speed. Modifiers (latency, slow_body) then act in file order on
 * every call that is answered. Calls that get no answer take: refused and reset no_answer_us, a
 * failed TLS handshake twice that, a failed name BACKEND_DNS_FAILURE_US. CALL_UNANSWERED has
 * INT64_MAX: the caller caps it with policy.call_life_us.
 *
 * Capacity: so many servers and one queue, first come first served; calls have to come in order of
 * time. A server is held for the answer's whole time, modifiers included, by good answers and by
 * the provider's own errors. What is turned away at the door (credentials, limits, status faults)
 * holds none, nor does a hanging call, which never gets past the door.
 *
 * Credentials: generation N of a mock's credential is the texts "mock-<provider id>" and
 * "generation-N", from 1. Providers with a token end point (Kroger, Instacart) look at it there: a
 * wrong one is 400 at Kroger, 401 at Instacart; the data calls need a token, or 401. Where an
 * adapter may do without a token (SINGLE, CONFIRM, HEALTH) the credential itself does instead. The
 * others look at it on every call. Rotating stops the old credential at once, or after an overlap
 * in which both count; tokens of it live until they expire, which a revocation does not let them.
 * Walmart refuses a signature whose time is more than BACKEND_SIGNATURE_LIFE_US from its own clock
 * (401).
 *
 * Limits: the bucket covers every call, per_day all but TOKEN, token_per_day TOKEN. A refused call
 * spends nothing. All whole numbers, so that a limit is exact.
 *
 * Strikes: a fault with hits_in_flight ends calls sent before it begins (or flaps on again): hang,
 * reset, refuse (which is a reset to an open connection), error and truncated. Other kinds touch
 * new calls only.
 *
 * Ownership: a backend borrows the catalogue and the faults; its tables lie in the arena it was
 * made with. One thread at a time. Failure:   backend_create() as law_compile(): NULL. Answering
 * cannot fail.
 */
#ifndef MOCKS_BACKEND_H
#define MOCKS_BACKEND_H

#include "mocks/catalogue.h"
#include "mocks/fault.h"
#include "mocks/law.h"
#include "router/history.h"

struct error_spec {               /* the provider's own failures, apart from faults */
    double rate[OPERATION_COUNT]; /* share of calls */
    uint16_t status;              /* of those failures */
    double speed;                 /* latency of any error status, as a share of a good answer's */
};

struct credential_spec {
    int64_t token_life_us;
    int64_t expires_at_us; /* the credential itself stops counting; -1: never */
    int64_t rotated_at_us; /* a new one counts from here, the old one no longer; -1: never */
};

struct limit_spec {    /* 0: no limit */
    double per_second; /* token bucket */
    double burst;
    int64_t per_day; /* data calls a UTC day */
    int64_t token_per_day;
    uint32_t retry_after_s; /* 0: no header */
};

struct eta_spec { /* providers that state an ETA themselves */
    double median_minutes;
    double sigma;
    double spread; /* MealMe: half the width of its range, as a share of the middle */
};

struct outcome_spec { /* what becomes of confirmed orders: shares of orders */
    double cancelled; /* by the customer, before delivery */
    double failed;    /* never delivered */
    double late;      /* of delivered ones */
    double late_mean_minutes;
    double shortfall;     /* of delivered ones: some lines are missing */
    double confirm_error; /* of confirm calls; half of them 503 (retryable), half 402 (declined) */
    double rating_mean;   /* of on-time, complete orders; falls by one a fault */
};

struct backend_spec {
    enum api api;
    struct law_spec latency[OPERATION_COUNT];
    struct error_spec errors;
    struct price_spec prices;
    struct eta_spec eta;
    struct credential_spec credentials;
    struct limit_spec limits;
    struct outcome_spec outcomes;
    uint32_t capacity;      /* servers; a call waits for a free one. 0: unlimited */
    double call_cost_cents; /* what a call costs us */
    int64_t no_answer_us;   /* how long a refused or reset connection takes to say so */
};

struct backend_spec backend_spec_default(enum provider provider); /* calibrated: mocks/defaults.c */

enum {
    BACKEND_TOKENS_MAX = 1024, /* the newest; older ones count as expired */
    BACKEND_FAULTS_MAX = FAULTS_MAX,
    BACKEND_ROTATIONS_MAX = 16,
    BACKEND_CAPACITY_MAX = 65536,
};
#define BACKEND_DNS_FAILURE_US    INT64_C(100000) /* an assumption: one resolver that says no */
#define BACKEND_SIGNATURE_LIFE_US INT64_C(180000000)

struct backend;

struct backend_counters { /* for reports; by operation where an array */
    uint64_t calls[OPERATION_COUNT];
    uint64_t faulted;       /* calls that a fault touched */
    uint64_t limited;       /* 429 by the limits */
    uint64_t unauthorized;  /* 401 and 403 */
    uint64_t unknown_names; /* searches for names not in the catalogue */
    uint64_t thief_calls;   /* served to a thief; they cost call_cost_cents each, as ours do */
};

/* Makes a backend in the arena. `faults` are borrowed; those of other providers are passed over. */
struct backend *backend_create(enum provider provider, const struct backend_spec *spec,
                               const struct catalogue *catalogue, const struct fault_spec *faults,
                               uint32_t fault_count, const char *folder, struct arena *arena,
                               struct err *err);

/* Starts a replication. `epoch_us` is the Unix time of instant 0 (days begin at UTC midnight). */
void backend_reset(struct backend *backend, uint64_t seed_r, int64_t epoch_us);

/* The newest credential that this mock provider accepts at an instant, as a fingerprint; 0: it has
 * expired and none is accepted. */
uint64_t backend_credential(const struct backend *backend, int64_t now_us);

/* The texts behind a fingerprint of this provider's, of whatever generation: what an HTTP client
 * has to show. NULL texts when it is none. */
struct credential backend_credential_texts(const struct backend *backend, uint64_t fingerprint);

/* An operator's rotation: a new generation counts from `now_us` on; the old ones count for
 * `overlap_us` more, where an earlier rotation does not end them sooner, and 0 is "no longer".
 * Until then whoever stole one goes on. Returns the new one's fingerprint, as backend_credential().
 * Past BACKEND_ROTATIONS_MAX a replication nothing changes. */
uint64_t backend_rotate(struct backend *backend, int64_t now_us, int64_t overlap_us);

enum api backend_api(const struct backend *backend);

/* Which generation that is at an instant, whether it has expired or not; from 1. */
uint32_t backend_generation_at(const struct backend *backend, int64_t now_us);

/* An operator's change of faults: these are in force from `now_us` on, borrowed as in
 * backend_create(). Tokens, limits, stock and luck stay as they are; thieves begin again where
 * theirs say. */
void backend_set_faults(struct backend *backend, const struct fault_spec *faults,
                        uint32_t fault_count, int64_t now_us);

/* What becomes of `call`; never blocks, and decides everything now. `now_us` is call->sent_us. */
void backend_answer(struct backend *backend, const struct call *call, struct reply *reply);

/* The wire between: whether a fault of a layer below HTTP ends this call before its provider sees
 * it. Then `reply` is what backend_answer() would say and the call is answered; else nothing has
 * happened, and the call is still to be put to backend_answer(). For wires on which such calls have
 * to meet their fault where they are made. */
bool backend_intercepts(struct backend *backend, const struct call *call, struct reply *reply);

/* The instant at which a fault that hits calls in flight begins next, after `now_us`; and what then
 * happens to a call that was sent before. False: the call is not touched. */
int64_t backend_next_strike_us(const struct backend *backend, int64_t now_us);
bool backend_strike(struct backend *backend, const struct call *call, int64_t now_us,
                    struct reply *reply);

/* What becomes of a confirmed order: drawn once, applied by the world at its instant. */
struct order_fate {
    enum order_outcome outcome;
    int32_t delivered_minutes; /* from confirmation; also when a failure or cancellation is known */
    int32_t items_delivered;
    int32_t rating; /* 1..5; 0: none */
    bool late;
    bool short_of_items;
};
void backend_order_fate(const struct backend *backend, uint64_t order_key, int32_t eta_minutes,
                        int32_t items, struct order_fate *fate);

/* The price that this provider declares for one unit of an item, in any store: base price times
 * level, no spread, promotion or stock. -1: not in the catalogue. For quotes of an API that gives
 * no prices. */
int64_t backend_list_price(const struct backend *backend, const struct order_item *item);

/* What a dialect has to know besides the reply (mocks/dialect.h). Questions: they count nothing and
 * change no later answer. They look at a call at its own instant, call->sent_us. */

/* The status with which a call is refused for who makes it, auth faults included; 0: for that it is
 * let in. */
uint16_t backend_refusal(struct backend *backend, const struct call *call);

/* The generation (from 1) of the credential that a call shows, itself or by a token that was issued
 * for it; 0: neither is of this provider's. Older generations count too. */
uint32_t backend_generation(const struct backend *backend, const struct call *call);

/* What a good answer to `call` says of one line of its cart: false when it is not to be had;
 * `exact` is false of a substitute. SEARCH looks in call->store, all else in the store of the
 * postal code.
 */
bool backend_line(struct backend *backend, const struct call *call, uint32_t line,
                  int32_t *unit_cents, bool *exact);

/* The store that serves a postal code; false: none does. Stores are numbers from 0 below the count.
 */
bool backend_serves(const struct backend *backend, uint32_t postal_hash, uint32_t *store);
uint32_t backend_store_count(const struct backend *backend);

/* The run is over at `now_us`: accounts for what a thief still did. */
void backend_settle(struct backend *backend, int64_t now_us);

const struct backend_counters *backend_counters(const struct backend *backend);

/* Whether a fault, one of those that the backend was given, has hit any call so far; of a stolen
 * credential, whether a thief had used it by backend_settle(). */
bool backend_fault_met(const struct backend *backend, const struct fault_spec *fault);
bool backend_law_exhausted(const struct backend *backend, enum operation *operation);

#endif
