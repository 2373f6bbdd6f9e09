/* mocks/fault.h - what goes wrong, where, when, and to which calls.
 *
 * A fault is a window in time over some providers and operations. `fraction` is of orders: one draw
 * per fault and order decides, and all matching calls of a hit order are hit (`per_call`: one draw
 * a call). `ramp` raises the fraction linearly from 0 over its span; `flap` alternates on and off,
 * on first. A fault is judged once, when the call is sent; with `hits_in_flight` it also ends calls
 * that were sent before it began.
 *
 * Faults that overlap compose: modifiers (latency, slow_body, price_drift, stale_prices, partial,
 * clock_skew) apply in file order; of the others the lowest layer wins (dns, connect, tls,
 * transport, status, body), within a layer the first in the file. `outage` draws one of its parts
 * per order.
 */
#ifndef MOCKS_FAULT_H
#define MOCKS_FAULT_H

#include "providers/message.h"

enum fault_kind {
    FAULT_HANG,
    FAULT_LATENCY,
    FAULT_ERROR,
    FAULT_REFUSE,
    FAULT_RESET,
    FAULT_DNS,
    FAULT_TLS,
    FAULT_THROTTLE,
    FAULT_AUTH,
    FAULT_MALFORMED,
    FAULT_TRUNCATED,
    FAULT_SLOW_BODY,
    FAULT_EMPTY_RESULTS,
    FAULT_PARTIAL,
    FAULT_PRICE_DRIFT,
    FAULT_STALE_PRICES,
    FAULT_CLOCK_SKEW,
    FAULT_OUTAGE,
    FAULT_COMPROMISED,
    FAULT_KIND_COUNT
};
extern const char *const fault_kind_names[FAULT_KIND_COUNT + 1];

enum fault_layer { /* lowest first; modifiers have none */
                   LAYER_DNS,
                   LAYER_CONNECT,
                   LAYER_TLS,
                   LAYER_TRANSPORT,
                   LAYER_STATUS,
                   LAYER_BODY,
                   LAYER_MODIFIER
};
/* Of FAULT_OUTAGE, whose parts have layers of their own, LAYER_MODIFIER: it ends nothing itself. */
enum fault_layer fault_layer(enum fault_kind kind);
extern const char *const fault_layer_names[LAYER_MODIFIER + 2]; /* NULL ends it */

enum fault_auth {
    AUTH_EXPIRED,             /* tokens issued before the fault are past their life */
    AUTH_REVOKED,             /* the credential itself no longer counts */
    AUTH_WRONG_SCOPE,         /* tokens are issued, and refused with 403 on data calls */
    AUTH_TOKEN_ENDPOINT_DOWN, /* the token endpoint answers 503 */
    AUTH_KIND_COUNT
};
extern const char *const fault_auth_names[AUTH_KIND_COUNT + 1];

enum { FAULT_ID_MAX = 48, FAULTS_MAX = 64, OUTAGE_PARTS_MAX = 8 };

struct outage_part {
    enum fault_kind kind; /* a terminal kind, or latency */
    double share;         /* of the orders that the outage hits; shares are normalised */
    uint16_t status;      /* of an error */
};

struct fault_spec {
    char id[FAULT_ID_MAX];
    struct place place;
    uint32_t provider_mask; /* bit 1 << enum provider */
    enum fault_kind kind;
    int64_t at_us;
    int64_t for_us;
    uint32_t operation_mask; /* bit 1 << enum operation; 0: all */
    double fraction;
    bool per_call;
    bool hits_in_flight;
    int64_t ramp_us;
    int64_t flap_on_us, flap_off_us; /* 0: no flapping */
    /* by kind */
    int64_t add_us;         /* latency */
    double multiply;        /* latency; slow_body: of the time to the last byte */
    uint16_t status;        /* error */
    uint32_t retry_after_s; /* throttle; 0: no header */
    enum fault_auth auth;
    double share;        /* partial: of items that go missing */
    double price_factor; /* price_drift */
    int64_t stale_us;    /* stale_prices: prices are those of this long ago */
    int64_t skew_us;     /* clock_skew: the router's clock minus the provider's; may be negative */
    double calls_per_minute; /* compromised: calls a thief makes with the stolen credential */
    struct outage_part parts[OUTAGE_PARTS_MAX];
    uint32_t part_count;
};

/* Whether an instant lies in the fault's window and, where it flaps, in an "on" spell. */
bool fault_is_on(const struct fault_spec *fault, int64_t now_us);

/* Whether the fault is on at an instant, and with what fraction (0: off, or a ramp that just
 * starts). */
double fault_strength(const struct fault_spec *fault, int64_t now_us);

/* The first instant past the fault's window. */
int64_t fault_end_us(const struct fault_spec *fault);

/* The next instant after `now_us` at which a fault begins, ends or flaps; INT64_MAX: never. */
int64_t fault_next_change_us(const struct fault_spec *fault, int64_t now_us);

/* A sentence for lanes and tables: "Kroger: hang, all calls" / "2 providers: 503 on 40% of orders".
 */
enum { FAULT_LABEL_MAX = 96 };
void fault_label(const struct fault_spec *fault, char label[FAULT_LABEL_MAX]);

#endif
