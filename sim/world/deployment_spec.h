/* sim/world/deployment_spec.h - how a change of settings takes effect, as a scenario gives it. */
#ifndef SIM_WORLD_DEPLOYMENT_SPEC_H
#define SIM_WORLD_DEPLOYMENT_SPEC_H

#include "mocks/law.h"

enum propagation {
    PROPAGATE_ON_DEPLOY,
    PROPAGATE_ON_COLD_START,
    PROPAGATE_IMMEDIATE,
    PROPAGATION_COUNT
};
extern const char *const propagation_names[PROPAGATION_COUNT + 1];

struct deployment_spec {
    enum propagation propagation;
    struct law_spec redeploy; /* how long one takes; 60 s by default (rulings 20) */
    struct law_spec recycle;  /* on_cold_start: after a change, until the isolate is recycled */
};

#endif
