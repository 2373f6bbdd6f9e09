/* mocks/disturbance.h - what faults do to a call to a provider that is not ours.
 *
 * A live provider answers for itself; faults can only come between it and us. Those below HTTP end
 * the call before it is sent, `error`, `throttle` and `auth` answer in its stead, `latency` makes
 * its answer later, `malformed`, `truncated` and `empty_results` spoil it. The same keyed draws
 * decide whom a fault hits as for mocks, so a drill against live traffic hits the same orders.
 *
 * Nothing else of the backend takes part: no catalogue, no credentials, no limits.
 */
#ifndef MOCKS_DISTURBANCE_H
#define MOCKS_DISTURBANCE_H

#include "mocks/backend.h"

struct disturbance {
    bool touched;
    enum call_fate fate;    /* other than CALL_ANSWERED: met below HTTP, after `after_us` */
    uint16_t status;        /* not 0: the answer in the provider's stead, after `after_us` */
    uint32_t retry_after_s; /* of that answer */
    int64_t after_us;
    enum reply_body body; /* BODY_MALFORMED, BODY_TRUNCATED: of the real answer */
    bool empty;           /* it finds nothing */
    double factor;        /* its latency, times this, */
    int64_t add_us;       /* plus that */
};

/* Whether a kind of fault can come between a live provider and us. */
bool disturbance_exists(const struct fault_spec *fault);

void backend_disturb(struct backend *backend, const struct call *call,
                     struct disturbance *disturbance);

#endif
