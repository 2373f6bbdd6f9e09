/* A plan: what all replications share, read once. */
#include "sim/world/world.h"

bool world_plan_make(const struct scenario *scenario, struct world_plan *plan, struct err *err)
{
    *plan = (struct world_plan){.scenario = scenario};
    const bool made = catalogue_load(&scenario->catalogue, scenario->folder, scenario->seed,
                                     &plan->arena, &plan->catalogue, err) &&
                      workload_load(scenario, &plan->catalogue, &plan->arena, &plan->workload, err);
    if (made) return true;
    err->place.file = err_keep_name(err->place.file);
    world_plan_release(plan);
    return false;
}

void world_plan_release(struct world_plan *plan)
{
    arena_release(&plan->arena);
}

void world_check_files(const struct scenario *scenario, struct err_list *list)
{
    struct world_plan plan;
    struct err err = {.code = ERR_NONE};
    if (!world_plan_make(scenario, &plan, &err)) {
        err_list_add(list, &err);
        return;
    }
    struct arena arena = {0};
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if (backend_create((enum provider)p, &scenario->providers[p].backend, &plan.catalogue,
                           scenario->faults, scenario->fault_count, scenario->folder, &arena,
                           &err) == NULL) {
            err.place.file = err_keep_name(err.place.file);
            err_list_add(list, &err);
        }
    }
    arena_release(&arena);
    world_plan_release(&plan);
}

double world_budget_orders(const struct scenario *scenario, const struct workload *workload)
{
    if (!scenario->slo.given) return 0.0;
    const double orders =
        workload_rate(workload) * ((double)scenario->slo.period_us / (double)US_PER_SECOND);
    return (1.0 - scenario->slo.objective) * orders;
}
