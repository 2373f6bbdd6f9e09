/* One replication of a scenario, for those who look on alone. */
#include "sim/command/alerts_state.h"
#include "sim/world/world.h"

enum { SAMPLES_FEW = 4096 }; /* of figures that nobody asks for */

bool alerts_refuse_live(const struct scenario *scenario, struct err *err)
{
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if (scenario->providers[p].mode == MODE_MOCK) continue;
        (void)err_fail(err, ERR_INPUT, (struct place){.file = scenario->file},
                       "%s is not a mock in it: alerts play mocks alone", provider_traits[p].id);
        return err_hint(err, "\"mode\": \"mock\"");
    }
    return true;
}

bool alerts_play(const struct scenario *scenario, struct alert_watch *watch,
                 const struct world_control *control, double *budget_orders, struct err *err)
{
    const struct world_outputs outputs = {.context = watch, .alerts_ticked = alert_watch_ticked};
    struct world_plan plan;
    if (!world_plan_make(scenario, &plan, err)) return false;
    if (budget_orders != NULL) *budget_orders = world_budget_orders(scenario, &plan.workload);
    struct world *world = world_create(&plan, SAMPLES_FEW, err);
    bool played = world != NULL && world_run(world, 0, &outputs, control, err);
    if (played && watch->failed)
        played = err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for alerts");
    world_destroy(world);
    world_plan_release(&plan);
    return played;
}
