/* sim/analysis/tune_sensitivity.c - how the goal hangs on each weight: one at a time (tornado), all
 * together (Sobol indices over the cube of weights), three of them as a map, and in each third of
 * the data.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/analysis/sobol.h"
#include "sim/analysis/tune_state.h"

enum { SOBOL_ROWS = 512, SOBOL_ORDERS = 20000, THIRD_LEAST = 300, THIRD_STEPS = 12 };

#define MOVED 0.20 /* a tornado's step */

/* ---- means of the objectives under many weights ---- */

struct goals { /* goals of many weights over one table, by the fast replay */
    const struct tuning *tuning;
    const struct replay_table *table;
    struct replay_plane *plane;
    enum replay_outcome columns[REPLAY_COLUMNS];
    double baseline[REPLAY_COLUMNS];
    uint32_t jobs;
    bool failed;
};

static void goals_of(struct goals *goals, const struct score_weights *weights, uint32_t count,
                     double *values)
{
    const uint32_t clusters = goals->table->cluster_count;
    struct replay_sums *sums = malloc((size_t)count * clusters * sizeof *sums);
    if (sums == NULL) {
        goals->failed = true;
        return;
    }
    replay_run(goals->plane, weights, count, goals->jobs, sums);
    for (uint32_t i = 0; i < count; i++) {
        const struct replay_sums total = replay_total(&sums[(size_t)i * clusters], clusters);
        values[i] = 0.0;
        for (unsigned k = 0; k < goals->tuning->objective_count; k++)
            values[i] += tune_goal_factor(goals->tuning, goals->columns[k]) *
                         ((double)total.columns[k] / total.orders - goals->baseline[k]);
    }
    free(sums);
}

static bool open_goals(struct goals *goals, const struct tuning *tuning,
                       const struct replay_table *table, uint32_t jobs, struct err *err)
{
    *goals = (struct goals){.tuning = tuning, .table = table, .jobs = jobs};
    for (unsigned k = 0; k < REPLAY_COLUMNS; k++)
        goals->columns[k] =
            k < tuning->objective_count ? tuning->objectives[k].outcome : OUTCOME_PRICE;
    goals->plane = replay_plane_make(table, goals->columns, err);
    if (goals->plane == NULL) return false;
    struct replay_sums *sums = malloc(table->cluster_count * sizeof *sums);
    if (sums == NULL) {
        replay_plane_release(goals->plane);
        return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    }
    replay_run(goals->plane, &tuning->arms[0].weights, 1, 1, sums);
    const struct replay_sums total = replay_total(sums, table->cluster_count);
    for (unsigned k = 0; k < REPLAY_COLUMNS; k++)
        goals->baseline[k] = (double)total.columns[k] / total.orders;
    free(sums);
    return true;
}

/* ---- one weight at a time ---- */

static double changed_share(const struct replay_table *table, const struct score_weights *a,
                            const struct score_weights *b)
{
    uint64_t changed = 0;
    for (uint32_t i = 0; i < table->count; i++)
        changed += replay_winner(&table->orders[i], a) != replay_winner(&table->orders[i], b);
    return table->count > 0 ? (double)changed / table->count : (double)NAN;
}

static void shake(struct tuning *tuning, struct goals *goals, const struct score_weights *around)
{
    for (unsigned k = 0; k < REPLAY_PARTS; k++) {
        struct tune_sensitivity *of = &tuning->sensitivity[k];
        struct score_weights moved[2] = {*around, *around};
        double values[2] = {(double)NAN, (double)NAN};
        *score_weight(&moved[0], (enum replay_part)k) *= 1.0 - MOVED;
        *score_weight(&moved[1], (enum replay_part)k) *= 1.0 + MOVED;
        goals_of(goals, moved, 2, values);
        of->goal_down = values[0];
        of->goal_up = values[1];
        of->changed_down = changed_share(&tuning->all, around, &moved[0]);
        of->changed_up = changed_share(&tuning->all, around, &moved[1]);
    }
}

/* ---- all together ---- */

/* Inputs are the weights themselves, each anywhere from 0 to 1 and independent of the others: a
 * weight that changes no decision then explains nothing, whatever the rest. */
static void evaluate(void *context, const double *points, size_t count, double *values)
{
    struct goals *goals = context;
    struct score_weights *weights = malloc(count * sizeof *weights);
    if (weights == NULL) {
        goals->failed = true;
        memset(values, 0, count * sizeof *values);
        return;
    }
    for (size_t i = 0; i < count; i++)
        for (unsigned k = 0; k < REPLAY_PARTS; k++)
            *score_weight(&weights[i], (enum replay_part)k) = points[i * REPLAY_PARTS + k];
    goals_of(goals, weights, (uint32_t)count, values);
    free(weights);
}

static bool decompose(struct tuning *tuning, struct goals *goals, struct err *err)
{
    struct sobol_result result;
    const struct sobol_design design = {.inputs = REPLAY_PARTS,
                                        .rows = SOBOL_ROWS,
                                        .batch = 1024,
                                        .resamples = 200,
                                        .level = tuning->level,
                                        .seed = tuning->seed};
    if (!sobol_indices(&design, &result, err, goals, evaluate)) return false;
    for (unsigned k = 0; k < REPLAY_PARTS; k++) {
        struct tune_sensitivity *of = &tuning->sensitivity[k];
        of->first = result.first[k].value;
        of->first_low = result.first[k].low;
        of->first_high = result.first[k].high;
        of->total = result.total[k].value;
        of->total_low = result.total[k].low;
        of->total_high = result.total[k].high;
    }
    return true;
}

/* ---- three as a map ---- */

static bool map_simplex(struct tuning *tuning, uint32_t jobs, struct err *err)
{
    const struct score_weights baseline =
        tuning->search.candidates[tuning->search.baseline].weights;
    const double room = baseline.price + baseline.speed + baseline.commission;
    struct score_weights *weights = malloc(TUNE_SIMPLEX_POINTS * sizeof *weights);
    struct replay_sums *sums =
        malloc((size_t)TUNE_SIMPLEX_POINTS * tuning->train.cluster_count * sizeof *sums);
    double *values = malloc(TUNE_SIMPLEX_POINTS * sizeof *values);
    struct goals goals = {0};
    tuning->simplex = calloc(TUNE_SIMPLEX_POINTS, sizeof *tuning->simplex);
    bool ok = weights != NULL && sums != NULL && values != NULL && tuning->simplex != NULL;
    if (!ok) (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    ok = ok && open_goals(&goals, tuning, &tuning->train, jobs, err);
    uint32_t count = 0;
    for (int a = 0; ok && a <= TUNE_SIMPLEX_STEPS; a++)
        for (int b = 0; a + b <= TUNE_SIMPLEX_STEPS; b++) {
            struct tune_simplex_point *point = &tuning->simplex[count];
            point->price = (double)a / TUNE_SIMPLEX_STEPS;
            point->speed = (double)b / TUNE_SIMPLEX_STEPS;
            point->commission = (double)(TUNE_SIMPLEX_STEPS - a - b) / TUNE_SIMPLEX_STEPS;
            weights[count] = baseline;
            weights[count].price = room * point->price;
            weights[count].speed = room * point->speed;
            weights[count++].commission = room * point->commission;
        }
    if (ok) goals_of(&goals, weights, count, values);
    for (uint32_t i = 0; ok && i < count; i++)
        tuning->simplex[i].goal = values[i];
    replay_plane_release(goals.plane);
    free(weights);
    free(sums);
    free(values);
    return ok &&
           (!goals.failed || err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory"));
}

/* ---- thirds ---- */

static bool search_third(struct tuning *tuning, const struct tune_request *request, unsigned third,
                         struct err *err)
{
    const struct tune_arm *chosen = &tuning->arms[tuning->chosen];
    struct replay_table table;
    struct search search;
    const uint32_t orders = tuning->train.orders[tuning->train.count - 1].source + 1;
    const struct replay_table_request wanted = {.set = &tuning->set,
                                                .view = &request->view,
                                                .first = orders / 3 * third,
                                                .count = orders / 3,
                                                .blocks = 30};
    if (!replay_table_make(&table, &wanted, err)) return false;
    const struct search_preset own = {.name = "chosen", .weights = chosen->weights};
    const struct search_request again = {.tables = &table,
                                         .table_count = 1,
                                         .baseline = tuning->arms[0].weights,
                                         .presets = &own,
                                         .preset_count = 1,
                                         .objectives = tuning->objectives,
                                         .objective_count = tuning->objective_count,
                                         .constraints = tuning->constraints,
                                         .constraint_count = tuning->constraint_count,
                                         .scales = tuning->search.scales,
                                         .steps = THIRD_STEPS,
                                         .priorities = {0.0, 0.25, 0.5, 1.0},
                                         .priority_count = 4,
                                         .fixed = request->fixed,
                                         .resamples = 200,
                                         .level = tuning->level,
                                         .seed = tuning->seed,
                                         .jobs = request->jobs};
    if (table.count == 0) { /* none of it had a quote: nothing is repeated there */
        replay_table_release(&table);
        return true;
    }
    tune_fill_table(&table, request);
    const bool ok = search_run(&search, &again, err);
    if (ok) {
        struct tune_third *into = &tuning->thirds[tuning->third_count];
        const bool any = search.chosen != UINT32_MAX;
        into->goal_of_chosen = search.candidates[1].goal;
        into->goal_of_own = any ? search.candidates[search.chosen].goal : (double)NAN;
        into->chosen = any ? search.candidates[search.chosen].weights : own.weights;
        into->kept = search.candidates[1].feasible;
        into->same = search.candidates[1].in_set;
        tuning->third_count++;
        search_release(&search);
    }
    replay_table_release(&table);
    return ok;
}

bool tune_measure_sensitivity(struct tuning *tuning, const struct tune_request *request,
                              struct err *err)
{
    const uint32_t center = tuning->chosen != UINT32_MAX ? tuning->chosen : 0;
    struct goals goals;
    if (!open_goals(&goals, tuning, &tuning->all, request->jobs, err)) return false;
    shake(tuning, &goals, &tuning->arms[center].weights);
    bool ok = decompose(tuning, &goals, err);
    replay_plane_release(goals.plane);
    if (ok && goals.failed) ok = err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    ok = ok && map_simplex(tuning, request->jobs, err);
    const bool enough = tuning->chosen != UINT32_MAX && tuning->train.count >= 3 * THIRD_LEAST;
    for (unsigned third = 0; ok && enough && third < 3; third++)
        ok = search_third(tuning, request, third, err);
    return ok;
}
