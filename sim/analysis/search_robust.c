/* sim/analysis/search_robust.c - a choice for several scenarios: what a candidate is worth where
 * things are otherwise.
 *
 * In each scenario a candidate's goal counts from that scenario's own baseline value, on the scales
 * of the first. Its regret there is the distance to the best candidate of that scenario. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/analysis/search_state.h"

enum { BATCH = 4096 };

/* Goals of all candidates on one table. */
static bool goals_on(const struct searching *searching, const struct replay_table *table,
                     double *goals, struct err *err)
{
    const struct search_request *request = searching->request;
    const struct search *search = searching->search;
    enum replay_outcome columns[REPLAY_COLUMNS];
    double baseline[SEARCH_COLUMNS_MAX] = {0}, means[SEARCH_COLUMNS_MAX] = {0};
    for (unsigned k = 0; k < REPLAY_COLUMNS; k++)
        columns[k] = k < request->objective_count ? request->objectives[k].outcome : OUTCOME_PRICE;
    struct score_weights *weights = malloc(BATCH * sizeof *weights);
    struct replay_sums *sums = malloc((size_t)BATCH * table->cluster_count * sizeof *sums);
    struct replay_plane *plane = replay_plane_make(table, columns, err);
    const bool room = weights != NULL && sums != NULL;
    if (plane != NULL && !room)
        (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    const bool ok = plane != NULL && room;
    for (uint32_t from = 0; ok && from < search->count; from += BATCH) {
        const uint32_t count = search->count - from < BATCH ? search->count - from : BATCH;
        for (uint32_t i = 0; i < count; i++)
            weights[i] = search->candidates[from + i].weights;
        replay_run(plane, weights, count, request->jobs, sums);
        for (uint32_t i = 0; i < count; i++) {
            const struct replay_sums total =
                replay_total(&sums[(size_t)i * table->cluster_count], table->cluster_count);
            for (uint32_t o = 0; o < request->objective_count; o++) {
                const enum replay_outcome outcome = request->objectives[o].outcome;
                means[search_column(search, outcome)] =
                    (double)total.columns[o] * replay_outcome_traits[outcome].scale / total.orders;
            }
            if (from + i == search->baseline) memcpy(baseline, means, sizeof baseline);
            goals[from + i] = search_goal(search, request, means, baseline);
        }
    }
    replay_plane_release(plane);
    free(weights);
    free(sums);
    return ok;
}

static int compare_doubles(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Mean of the worst fifth of the tables, one at least. */
static struct search_robust judge(const double *goals, const double *best, uint32_t tables,
                                  uint32_t count, uint32_t candidate)
{
    double of[SEARCH_SCENARIOS_MAX];
    struct search_robust robust = {.candidate = candidate};
    for (uint32_t t = 0; t < tables; t++) {
        of[t] = goals[(size_t)t * count + candidate];
        robust.mean += of[t] / tables;
        robust.regret = fmax(robust.regret, best[t] - of[t]);
    }
    qsort(of, tables, sizeof *of, compare_doubles);
    const uint32_t worst = (tables + 4) / 5;
    robust.worst = of[0];
    for (uint32_t t = 0; t < worst; t++)
        robust.cvar20 += of[t] / worst;
    return robust;
}

static void choose(struct search *search, const double *goals, uint32_t tables)
{
    double best[SEARCH_SCENARIOS_MAX];
    struct search_robust least = {0}, highest = {0};
    for (uint32_t t = 0; t < tables; t++) {
        best[t] = -HUGE_VAL;
        for (uint32_t i = 0; i < search->count; i++)
            if (search->candidates[i].feasible)
                best[t] = fmax(best[t], goals[(size_t)t * search->count + i]);
    }
    for (uint32_t i = 0; i < search->count; i++) {
        if (!search->candidates[i].feasible) continue;
        const struct search_robust of = judge(goals, best, tables, search->count, i);
        if (search->minimax == UINT32_MAX || of.regret < least.regret) {
            search->minimax = i;
            least = of;
        }
        if (search->cvar_best == UINT32_MAX || of.cvar20 > highest.cvar20) {
            search->cvar_best = i;
            highest = of;
        }
    }
    const uint32_t shown[] = {search->baseline, search->best, search->chosen, search->minimax,
                              search->cvar_best};
    for (unsigned s = 0; s < sizeof shown / sizeof *shown; s++)
        if (shown[s] != UINT32_MAX)
            search->robust[search->robust_count++] =
                judge(goals, best, tables, search->count, shown[s]);
}

bool search_find_robust(struct searching *searching, struct err *err)
{
    const struct search_request *request = searching->request;
    struct search *search = searching->search;
    if (request->table_count < 2 || search->feasible == 0) return true;
    double *goals = malloc((size_t)request->table_count * search->count * sizeof *goals);
    search->robust = calloc(5, sizeof *search->robust);
    bool ok = goals != NULL && search->robust != NULL;
    if (!ok) (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    for (uint32_t t = 0; ok && t < request->table_count; t++)
        ok = goals_on(searching, &request->tables[t], goals + (size_t)t * search->count, err);
    if (ok) choose(search, goals, request->table_count);
    free(goals);
    return ok;
}
