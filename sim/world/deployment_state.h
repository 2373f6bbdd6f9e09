/* sim/world/deployment_state.h - what deployment.c and deployment_effect.c share. Nobody else's. */
#ifndef SIM_WORLD_DEPLOYMENT_STATE_H
#define SIM_WORLD_DEPLOYMENT_STATE_H

#include "sim/world/deployment.h"

/* `config` borrows the texts of `settings`; warnings NULL: to nobody. */
void deployment_read(const struct deployment *deployment,
                     const struct deployment_settings *settings, struct router_config *config,
                     struct err_list *warnings);

/* Credentials too, by their fingerprints; but not of a provider that production's code answers
 * canned, since nobody is ever shown those. */
bool deployment_same_config(const struct router_config *a, const struct router_config *b);

#endif
