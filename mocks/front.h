/* mocks/front.h - what a mock server cannot do itself: refuse connections, and fail TLS handshakes.
 *
 * A server sees a request when its connection stands; by then it is too late to refuse it. So,
 * where a scenario's faults ask for that, clients are sent to a relay (mocks/relay.h) in front of a
 * mock provider's port, whose rule follows the faults: while `refuse` is on, nobody listens there;
 * while `tls` is on, every handshake ends in an alert. It concerns those who really connect:
 * third-party clients, and ours as another process (inside a run our client meets such faults on
 * its own side).
 *
 * Only a fault that hits every call is enacted by the front: fraction 1 (a ramp that has reached
 * it), every operation, and an outage of that one part. Then front and backend agree about every
 * call, also of connections that stood before, whose calls the server resets. A share of calls is
 * left to the server, which hits the very calls that the backend says, by reset: whom a connection
 * is for is not known when it is made, and drawing again for connections would hit a share of the
 * rest. Of several such faults the lowest layer wins. A server cannot make its own name unknown:
 * `dns` is a reset as well. front_note() says which faults are not met as they are written.
 *
 * Time is whoever's: front_turn() says when it wants to be called next.
 *
 * Ownership: the front owns its relay; faults and setup are borrowed and outlive it, until
 *            front_set_faults().
 * Failure:   front_create(): ERR_ENVIRONMENT, a port that is taken, no descriptor.
 */
#ifndef MOCKS_FRONT_H
#define MOCKS_FRONT_H

#include "mocks/fault.h"

/* Whether a provider needs one: a fault that it would enact, at whatever time. */
bool front_is_needed(const struct fault_spec *faults, uint32_t fault_count, enum provider provider);

/* A sentence about a fault of a layer below HTTP that connections do not meet as it is written;
 * false: they do. */
enum { FRONT_NOTE_MAX = 160 };
bool front_note(const struct fault_spec *fault, char note[FRONT_NOTE_MAX]);

struct front_setup {
    uint32_t providers;                /* bit 1 << enum provider: in front of these */
    const char *listen;                /* a numeric address; NULL: 127.0.0.1 */
    uint16_t ports[PROVIDER_COUNT];    /* where clients come to; 0: any free one */
    uint16_t upstream[PROVIDER_COUNT]; /* where the mock server listens, at 127.0.0.1 */
    const struct fault_spec *faults;
    uint32_t fault_count;
};

struct front;

/* In force as of `now_us`. */
struct front *front_create(const struct front_setup *setup, int64_t now_us, struct err *err);
void front_destroy(struct front *front); /* NULL is fine */

uint16_t front_port(const struct front *front, enum provider provider); /* 0: not in front of it */

/* Puts in force what holds at `now_us`; returns the next instant at which that changes, INT64_MAX:
 * never. */
int64_t front_turn(struct front *front, int64_t now_us);

/* Other faults from now on (a reload, an operator). */
int64_t front_set_faults(struct front *front, const struct fault_spec *faults, uint32_t fault_count,
                         int64_t now_us);

/* relay_starved() of the relay that it is. */
uint64_t front_starved(const struct front *front);

#endif
