#include "sim/analysis/search.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/analysis/search_state.h"

static void keep_column(struct search *search, enum replay_outcome outcome)
{
    for (uint32_t k = 0; k < search->column_count; k++)
        if (search->columns[k] == outcome) return;
    if (search->column_count < SEARCH_COLUMNS_MAX)
        search->columns[search->column_count++] = outcome;
}

/* What is asked about first, for there may be more than fits: then the usual four. */
static void choose_columns(struct search *search, const struct search_request *request)
{
    for (uint32_t o = 0; o < request->objective_count; o++)
        keep_column(search, request->objectives[o].outcome);
    for (uint32_t i = 0; i < request->constraint_count; i++)
        if (request->constraints[i].quantity == QUANTITY_OUTCOME)
            keep_column(search, request->constraints[i].outcome);
    keep_column(search, OUTCOME_PRICE);
    keep_column(search, OUTCOME_ETA);
    keep_column(search, OUTCOME_COMMISSION);
    keep_column(search, OUTCOME_AVAILABILITY);
}

static bool columns_fit(const struct search *search, const struct search_request *request,
                        struct err *err)
{
    for (uint32_t i = 0; i < request->constraint_count; i++) {
        bool kept = request->constraints[i].quantity != QUANTITY_OUTCOME;
        for (uint32_t k = 0; k < search->column_count; k++)
            kept = kept || search->columns[k] == request->constraints[i].outcome;
        if (!kept)
            return err_fail(err, ERR_USAGE, (struct place){0},
                            "objectives and constraints name more than %d quantities",
                            SEARCH_COLUMNS_MAX);
    }
    return true;
}

static bool begin(struct searching *searching, struct err *err)
{
    const struct replay_table *table = &searching->request->tables[0];
    searching->clusters = table->cluster_count;
    searching->orders = calloc(table->cluster_count + 1u, sizeof *searching->orders);
    searching->baseline = calloc((size_t)SEARCH_COLUMNS_MAX * (table->cluster_count + 1u),
                                 sizeof *searching->baseline);
    searching->blocks = calloc(table->cluster_count + 1u, sizeof *searching->blocks);
    if (searching->orders == NULL || searching->baseline == NULL || searching->blocks == NULL)
        return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    for (uint32_t i = 0; i < table->count; i++)
        searching->orders[table->orders[i].cluster] += 1.0;
    return bootstrap_counts_draw(&searching->counts, searching->request->resamples,
                                 searching->clusters, searching->request->seed, err);
}

static bool explore(struct searching *searching, struct err *err)
{
    struct search *search = searching->search;
    if (!search_make_space(searching, err) || !search_replay(searching, 0, err)) return false;
    search_scale(searching);
    search_judge(searching, 0);
    if (!search_refine(searching, err)) return false;
    search->feasible = 0;
    for (uint32_t i = 0; i < search->count; i++)
        search->feasible += search->candidates[i].feasible;
    search->best = search_best(searching);
    return true;
}

bool search_run(struct search *search, const struct search_request *request, struct err *err)
{
    assert(request->table_count >= 1 && request->tables[0].count > 0);
    assert(request->objective_count >= 1);
    struct searching searching = {.request = request, .search = search};
    *search = (struct search){.best = UINT32_MAX,
                              .chosen = UINT32_MAX,
                              .knee = UINT32_MAX,
                              .minimax = UINT32_MAX,
                              .cvar_best = UINT32_MAX};
    choose_columns(search, request);
    const bool ok = columns_fit(search, request, err) && begin(&searching, err) &&
                    explore(&searching, err) && search_find_points(&searching, err) &&
                    search_find_front(&searching, err) && search_find_set(&searching, err) &&
                    search_find_robust(&searching, err);
    free(searching.sums);
    free(searching.orders);
    free(searching.baseline);
    free(searching.blocks);
    free(searching.points.point_of);
    free(searching.points.first);
    bootstrap_counts_release(&searching.counts);
    if (!ok) search_release(search);
    return ok;
}

void search_release(struct search *search)
{
    free(search->candidates);
    free(search->robust);
    *search = (struct search){0};
}
