/* mocks/backend.h - what a mock provider does to a call at an instant.
 *
 * One backend stands for one provider: its catalogue, credentials, rate limits, latency laws, faults,
 * and what becomes of orders. It is asked directly by the virtual wire and by the mock HTTP server, and
 * answers both alike. Every draw is keyed (router/base/random.h), so an order meets the same luck
 * whatever else happens.
 *
 * Order of judgement for a call: terminal faults of the layers below HTTP; then credentials (401, 403);
 * then rate limits (429); then status faults; then the provider's own error rate; then the answer, with
 * body faults and modifiers. Errors come fast: their latency is the law's times `error_speed`.
 *
 * Ownership: a backend borrows the catalogue and its spec; its tables lie in the arena it was made with.
 * Failure:   backend_init() as law_compile(). Answering cannot fail.
 */
#ifndef MOCKS_BACKEND_H
#define MOCKS_BACKEND_H

#include "mocks/catalogue.h"
#include "mocks/fault.h"
#include "mocks/law.h"
#include "router/history.h"

struct error_spec {      /* the provider's own failures, apart from faults */
    double rate[OPERATION_COUNT]; /* share of calls */
    uint16_t status;     /* of those failures */
    double speed;        /* their latency, as a share of a good answer's */
};

struct credential_spec {
    int64_t token_life_us;
    int64_t expires_at_us; /* the credential itself stops counting; -1: never */
    int64_t rotated_at_us; /* a new one counts from here, the old one no longer; -1: never */
};

struct limit_spec { /* 0: no limit */
    double per_second;      /* token bucket */
    double burst;
    int64_t per_day;        /* data calls a UTC day */
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
    double shortfall; /* of delivered ones: some lines are missing */
    double confirm_error;   /* of confirm calls; half of them retryable */
    double rating_mean; /* of on-time, complete orders; falls by one a fault */
};

struct backend_spec {
    struct law_spec latency[OPERATION_COUNT];
    struct error_spec errors;
    struct price_spec prices;
    struct eta_spec eta;
    struct credential_spec credentials;
    struct limit_spec limits;
    struct outcome_spec outcomes;
    uint32_t capacity; /* servers; a call waits for a free one. 0: unlimited */
    double call_cost_cents; /* what a call costs us */
    int64_t no_answer_us; /* how long a refused or reset connection takes to say so */
};

enum { BACKEND_TOKENS_MAX = 1024, BACKEND_FAULTS_MAX = FAULTS_MAX };

struct backend;

struct backend_counters { /* for reports; by operation where an array */
    uint64_t calls[OPERATION_COUNT];
    uint64_t faulted;      /* calls that a fault touched */
    uint64_t limited;      /* 429 by the limits */
    uint64_t unauthorized; /* 401 and 403 */
    uint64_t unknown_names; /* searches for names not in the catalogue */
    uint64_t thief_calls;
};

/* Makes a backend in the arena. `faults` are borrowed; those of other providers are passed over. */
struct backend *backend_create(enum provider provider, const struct backend_spec *spec,
                               const struct catalogue *catalogue, const struct fault_spec *faults,
                               uint32_t fault_count, const char *folder, struct arena *arena,
                               struct err *err);

/* Starts a replication. `epoch_us` is the Unix time of instant 0 (days begin at UTC midnight). */
void backend_reset(struct backend *backend, uint64_t seed_r, int64_t epoch_us);

/* The credential that this mock provider accepts at an instant, as a fingerprint. */
uint64_t backend_credential(const struct backend *backend, int64_t now_us);

/* What becomes of `call`; never blocks, and decides everything now. `now_us` is call->sent_us. */
void backend_answer(struct backend *backend, const struct call *call, struct reply *reply);

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

const struct backend_counters *backend_counters(const struct backend *backend);
bool backend_law_exhausted(const struct backend *backend, enum operation *operation);

#endif
