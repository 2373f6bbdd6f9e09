/* sim/analysis/search_replay.c - what each candidate would have brought, and whether it may. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/analysis/search_state.h"

enum { BATCH = 4096 };

unsigned search_column(const struct search *search, enum replay_outcome outcome)
{
    for (unsigned k = 0; k < search->column_count; k++)
        if (search->columns[k] == outcome) return k;
    assert(!"an outcome that is kept");
    return 0;
}

/* ---- constraints, cluster by cluster ---- */

static struct stats_estimate excess_of(const struct searching *searching)
{
    return stats_mean_difference(searching->blocks, searching->clusters, searching->request->level);
}

/* Is the whole interval of the mean excess at or below 0? */
static bool is_kept(const struct searching *searching)
{
    const struct stats_estimate excess = excess_of(searching);
    const double slack = 1e-9;
    if (excess.method == STATS_EXACT || isnan(excess.high)) return excess.value <= slack;
    return excess.high <= slack;
}

/* How far an outcome is on the bad side of its limit, summed by cluster. */
static void outcome_excess(const struct searching *searching,
                           const struct search_constraint *constraint, unsigned column,
                           const struct replay_sums *sums, unsigned kernel_column)
{
    const double scale = replay_outcome_traits[constraint->outcome].scale;
    const double sign = constraint->at_most ? 1.0 : -1.0;
    double all_orders = 0.0, all_was = 0.0;
    for (uint32_t c = 0; c < searching->clusters; c++) {
        all_orders += searching->orders[c];
        all_was += searching->baseline[(size_t)column * searching->clusters + c];
    }
    const double mean = all_was / all_orders, room = search_limit(constraint, mean) - mean;
    for (uint32_t c = 0; c < searching->clusters; c++) {
        const double orders = searching->orders[c];
        const double was = searching->baseline[(size_t)column * searching->clusters + c];
        const double limit =
            constraint->kind == LIMIT_ABSOLUTE ? constraint->limit * orders : was + room * orders;
        searching->blocks[c] = (struct stats_block){
            .n = (uint64_t)orders,
            .difference = sign * (scale * (double)sums[c].columns[kernel_column] - limit),
            .weight = orders};
    }
}

static void share_excess(const struct searching *searching,
                         const struct search_constraint *constraint, const struct replay_sums *sums,
                         unsigned provider)
{
    for (uint32_t c = 0; c < searching->clusters; c++) {
        const double orders = searching->orders[c];
        searching->blocks[c] =
            (struct stats_block){.n = (uint64_t)orders,
                                 .difference = sums[c].won[provider] - constraint->limit * orders,
                                 .weight = orders};
    }
}

/* A share has a limit for every provider; against the baseline it is left to the means. */
static bool keeps_share(const struct searching *searching,
                        const struct search_constraint *constraint, const struct replay_sums *sums)
{
    if (constraint->kind != LIMIT_ABSOLUTE || !constraint->at_most) return true;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        share_excess(searching, constraint, sums, p);
        if (!is_kept(searching)) return false;
    }
    return true;
}

/* Whether each constraint about columns [first, first + 4) is kept for sure; shares with the first
 * columns. */
static bool keeps_all(const struct searching *searching, unsigned first,
                      const struct replay_sums *sums)
{
    const struct search *search = searching->search;
    for (uint32_t i = 0; i < searching->request->constraint_count; i++) {
        const struct search_constraint *constraint = &searching->request->constraints[i];
        if (constraint->quantity == QUANTITY_TOP_SHARE) {
            if (first == 0 && !keeps_share(searching, constraint, sums)) return false;
            continue;
        }
        const unsigned column = search_column(search, constraint->outcome);
        if (column < first || column >= first + REPLAY_COLUMNS) continue;
        outcome_excess(searching, constraint, column, sums, column - first);
        if (!is_kept(searching)) return false;
    }
    return true;
}

/* The sums of one weights by the slow path, columns [first, first + 4). */
static void sums_of(const struct searching *searching, const struct score_weights *weights,
                    unsigned first, struct replay_sums *sums)
{
    const struct replay_table *table = &searching->request->tables[0];
    const struct search *search = searching->search;
    memset(sums, 0, searching->clusters * sizeof *sums);
    for (uint32_t i = 0; i < table->count; i++) {
        const struct replay_order *order = &table->orders[i];
        const uint32_t won = replay_winner(order, weights);
        struct replay_sums *of = &sums[order->cluster];
        of->won[order->quotes[won].provider]++;
        for (unsigned k = 0; k < REPLAY_COLUMNS && first + k < search->column_count; k++)
            of->columns[k] += table->fates[i].of[won][search->columns[first + k]];
    }
}

static double half_width(const struct searching *searching)
{
    const struct stats_estimate excess = excess_of(searching);
    return excess.method == STATS_EXACT || isnan(excess.high) ? 0.0 : excess.high - excess.value;
}

bool search_margins(const struct searching *searching, const struct score_weights *weights,
                    double margins[SEARCH_CONSTRAINTS_MAX], struct err *err)
{
    const struct search *search = searching->search;
    struct replay_sums *sums = malloc((searching->clusters + 1u) * sizeof *sums);
    if (sums == NULL) return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    for (unsigned first = 0; first < search->column_count; first += REPLAY_COLUMNS) {
        sums_of(searching, weights, first, sums);
        for (uint32_t i = 0; i < searching->request->constraint_count; i++) {
            const struct search_constraint *constraint = &searching->request->constraints[i];
            if (constraint->quantity == QUANTITY_TOP_SHARE) {
                if (first == 0) margins[i] = 0.0;
                for (unsigned p = 0; first == 0 && p < PROVIDER_COUNT; p++) {
                    share_excess(searching, constraint, sums, p);
                    margins[i] = fmax(margins[i], half_width(searching));
                }
                continue;
            }
            const unsigned column = search_column(search, constraint->outcome);
            if (column < first || column >= first + REPLAY_COLUMNS) continue;
            outcome_excess(searching, constraint, column, sums, column - first);
            margins[i] = half_width(searching);
        }
    }
    free(sums);
    return true;
}

static void keep_baseline(struct searching *searching, unsigned first,
                          const struct replay_sums *sums)
{
    const struct search *search = searching->search;
    for (unsigned k = 0; k < REPLAY_COLUMNS && first + k < search->column_count; k++)
        for (uint32_t c = 0; c < searching->clusters; c++)
            searching->baseline[(size_t)(first + k) * searching->clusters + c] =
                (double)sums[c].columns[k] *
                replay_outcome_traits[search->columns[first + k]].scale;
}

/* Columns [first, first + 4) of candidates [from, from + count), from the kernel's sums. */
static void take_sums(struct searching *searching, uint32_t from, uint32_t count, unsigned first,
                      const struct replay_sums *sums)
{
    struct search *search = searching->search;
    const struct search_request *request = searching->request;
    for (uint32_t i = 0; i < count; i++) {
        struct search_candidate *candidate = &search->candidates[from + i];
        const struct replay_sums *of = &sums[(size_t)i * searching->clusters];
        const struct replay_sums total = replay_total(of, searching->clusters);
        for (unsigned k = 0; k < REPLAY_COLUMNS && first + k < search->column_count; k++) {
            const enum replay_outcome outcome = search->columns[first + k];
            candidate->means[first + k] =
                (double)total.columns[k] * replay_outcome_traits[outcome].scale / total.orders;
            for (uint32_t o = 0; o < request->objective_count; o++) {
                if (request->objectives[o].outcome != outcome) continue;
                double *row = &searching->sums[((size_t)(from + i) * request->objective_count + o) *
                                               searching->clusters];
                for (uint32_t c = 0; c < searching->clusters; c++)
                    row[c] = (double)of[c].columns[k];
            }
        }
        for (unsigned p = 0; p < PROVIDER_COUNT; p++)
            candidate->shares[p] = (double)total.won[p] / total.orders;
        if (from + i == search->baseline) keep_baseline(searching, first, of);
        candidate->sure = (first == 0 || candidate->sure) && keeps_all(searching, first, of);
    }
}

static bool replay_columns(struct searching *searching, uint32_t first, unsigned column,
                           struct err *err)
{
    const struct search_request *request = searching->request;
    const struct search *search = searching->search;
    enum replay_outcome columns[REPLAY_COLUMNS];
    for (unsigned k = 0; k < REPLAY_COLUMNS; k++)
        columns[k] =
            column + k < search->column_count ? search->columns[column + k] : OUTCOME_PRICE;
    struct score_weights *weights = malloc(BATCH * sizeof *weights);
    struct replay_sums *sums = malloc((size_t)BATCH * searching->clusters * sizeof *sums);
    struct replay_plane *plane = replay_plane_make(&request->tables[0], columns, err);
    const bool room = weights != NULL && sums != NULL;
    if (plane != NULL && !room)
        (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    const bool ok = plane != NULL && room;
    for (uint32_t from = first; ok && from < search->count; from += BATCH) {
        const uint32_t count = search->count - from < BATCH ? search->count - from : BATCH;
        for (uint32_t i = 0; i < count; i++)
            weights[i] = search->candidates[from + i].weights;
        replay_run(plane, weights, count, request->jobs, sums);
        take_sums(searching, from, count, column, sums);
        if (request->progress != NULL)
            request->progress(request->progress_context, from + count, search->count);
    }
    replay_plane_release(plane);
    free(weights);
    free(sums);
    return ok;
}

bool search_replay(struct searching *searching, uint32_t first, struct err *err)
{
    for (unsigned column = 0; column < searching->search->column_count; column += REPLAY_COLUMNS)
        if (!replay_columns(searching, first, column, err)) return false;
    searching->search->evaluated = searching->search->count;
    return true;
}

/* ---- goals ---- */

void search_scale(struct searching *searching)
{
    struct search *search = searching->search;
    const struct search_request *request = searching->request;
    for (uint32_t o = 0; o < request->objective_count; o++) {
        if (request->scales != NULL) {
            search->scales[o] = request->scales[o];
            continue;
        }
        const unsigned column = search_column(search, request->objectives[o].outcome);
        double least = HUGE_VAL, most = -HUGE_VAL;
        for (uint32_t i = 0; i < search->count; i++) {
            least = fmin(least, search->candidates[i].means[column]);
            most = fmax(most, search->candidates[i].means[column]);
        }
        search->scales[o] = most - least;
    }
}

double search_goal(const struct search *search, const struct search_request *request,
                   const double *means, const double *baseline_means)
{
    double goal = 0.0;
    for (uint32_t o = 0; o < request->objective_count; o++) {
        const struct search_objective *objective = &request->objectives[o];
        const unsigned column = search_column(search, objective->outcome);
        if (!(search->scales[o] > 0.0)) continue; /* no weights move it */
        goal += objective->weight * replay_outcome_traits[objective->outcome].better *
                (means[column] - baseline_means[column]) / search->scales[o];
    }
    return goal;
}

double search_cluster_goal(const struct searching *searching, uint32_t candidate, uint32_t cluster)
{
    const struct search_request *request = searching->request;
    double goal = 0.0;
    for (uint32_t o = 0; o < request->objective_count; o++) {
        const struct search_objective *objective = &request->objectives[o];
        const struct replay_outcome_traits *traits = &replay_outcome_traits[objective->outcome];
        if (!(searching->search->scales[o] > 0.0)) continue;
        goal +=
            objective->weight * traits->better * traits->scale *
            searching
                ->sums[((size_t)candidate * request->objective_count + o) * searching->clusters +
                       cluster] /
            searching->search->scales[o];
    }
    return goal;
}

static double top_share(const double *shares)
{
    double top = 0.0;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        top = fmax(top, shares[p]);
    return top;
}

static double value_of(const struct search *search, const struct search_constraint *constraint,
                       const double *means, const double *shares)
{
    if (constraint->quantity == QUANTITY_TOP_SHARE) return top_share(shares);
    return means[search_column(search, constraint->outcome)];
}

double search_limit(const struct search_constraint *constraint, double baseline)
{
    switch (constraint->kind) {
    case LIMIT_ABSOLUTE:
        return constraint->limit;
    case LIMIT_RELATIVE:
        return baseline + fabs(baseline) * constraint->limit;
    case LIMIT_DIFFERENCE:
        return baseline + constraint->limit;
    }
    return constraint->limit;
}

bool search_allows(const struct searching *searching, const double *means, const double *shares,
                   const double *margins)
{
    const struct search *search = searching->search;
    const struct search_candidate *baseline = &search->candidates[search->baseline];
    for (uint32_t i = 0; i < searching->request->constraint_count; i++) {
        const struct search_constraint *constraint = &searching->request->constraints[i];
        const double value = value_of(search, constraint, means, shares);
        const double limit = search_limit(
            constraint, value_of(search, constraint, baseline->means, baseline->shares));
        const double slack = 1e-9 * fmax(1.0, fabs(limit)) - /* the limit itself is allowed */
                             (margins != NULL ? margins[i] : 0.0);
        if (constraint->at_most ? value > limit + slack : value < limit - slack) return false;
    }
    return true;
}

void search_judge(struct searching *searching, uint32_t first)
{
    struct search *search = searching->search;
    const double *baseline = search->candidates[search->baseline].means;
    for (uint32_t i = first; i < search->count; i++) {
        struct search_candidate *candidate = &search->candidates[i];
        candidate->goal = search_goal(search, searching->request, candidate->means, baseline);
        candidate->feasible =
            candidate->sure && search_allows(searching, candidate->means, candidate->shares, NULL);
    }
}

double search_distance(const struct score_weights *a, const struct score_weights *b)
{
    double distance = 0.0;
    for (unsigned k = 0; k < REPLAY_PARTS; k++)
        distance +=
            fabs(score_weight_of(a, (enum replay_part)k) - score_weight_of(b, (enum replay_part)k));
    return distance;
}

uint32_t search_best(const struct searching *searching)
{
    const struct search *search = searching->search;
    const struct score_weights *baseline = &search->candidates[search->baseline].weights;
    uint32_t best = UINT32_MAX;
    for (uint32_t i = 0; i < search->count; i++) {
        const struct search_candidate *candidate = &search->candidates[i];
        if (!candidate->feasible) continue;
        if (best != UINT32_MAX) {
            const struct search_candidate *leader = &search->candidates[best];
            if (candidate->goal < leader->goal) continue;
            if (candidate->goal == leader->goal && search_distance(&candidate->weights, baseline) >=
                                                       search_distance(&leader->weights, baseline))
                continue;
        }
        best = i;
    }
    return best;
}
