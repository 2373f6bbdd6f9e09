/* What else could be chosen: the trade-off and its front, the map of three weights. */
#include <math.h>
#include <stdlib.h>

#include "reports/show.h"
#include "reports/tune_figures.h"
#include "reports/tune_html.h"
#include "reports/tune_text.h"

enum { FRONT_ROWS = 16, SIMPLEX_ROWS = 12 };

/* ---- the front ---- */

/* To a tenth of a cent: means of many orders differ by less than a cent. */
static void put_mean(struct html *page, enum tune_metric metric, double value)
{
    struct text plain = {0};
    if (tune_metric_traits[metric].unit != TUNE_CENTS || !isfinite(value)) {
        tune_html_value(page, metric, value);
        return;
    }
    if (value < 0) text_put(&plain, "\u2212");
    text_fixed(&plain, fabs(value), 1);
    text_put(&plain, "\u00a2");
    html_cell_number(page, &plain);
}

static void put_axes_cells(struct html *page, const struct search_candidate *candidate)
{
    struct tune_axis axes[2];
    tune_axes(page->tuning, &axes[0], &axes[1]);
    for (unsigned a = 0; a < 2; a++)
        put_mean(page, axes[a].metric, tune_axis_value(&axes[a], candidate));
}

static void put_candidate(struct html *page, const char *name, uint32_t index)
{
    const struct search *search = &page->tuning->search;
    const struct search_candidate *candidate = &search->candidates[index];
    struct text heading = {0};
    text_put(&heading, name);
    text_put(&heading, candidate->in_set      ? ", as good as the best"
                       : !candidate->feasible ? ", not sure to keep the guardrails"
                                              : "");
    html_row_begin(page, heading.bytes != NULL ? heading.bytes : "");
    page->out->failed |= heading.failed;
    text_release(&heading);
    tune_html_weights(page, &candidate->weights);
    put_axes_cells(page, candidate);
    if (page->tuning->objective_count > 1) tune_html_goal(page, candidate->goal);
    html_cell_share(page, candidate->on_front);
    html_row_end(page);
}

struct ranked {
    double x;
    uint32_t index;
};

static int compare_ranked(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;
    if (a->x != b->x) return a->x < b->x ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

/* Evenly along the first axis; equal outcomes once. */
static void put_front(struct html *page)
{
    const struct search *search = &page->tuning->search;
    struct tune_axis x, y;
    struct ranked *front = malloc((search->count + 1u) * sizeof *front);
    size_t count = 0, kept = 0;
    tune_axes(page->tuning, &x, &y);
    if (front == NULL) {
        page->out->failed = true;
        return;
    }
    for (uint32_t i = 0; i < search->count; i++)
        if (search->candidates[i].front)
            front[count++] = (struct ranked){tune_axis_value(&x, &search->candidates[i]), i};
    if (count > 0) qsort(front, count, sizeof *front, compare_ranked);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || front[i].x != front[kept - 1].x) front[kept++] = front[i];
    const size_t rows = kept < FRONT_ROWS ? kept : FRONT_ROWS;
    for (size_t r = 0; r < rows; r++)
        put_candidate(page, "on the front",
                      front[rows > 1 ? r * (kept - 1) / (rows - 1) : 0].index);
    free(front);
}

static void put_tradeoff_table(struct html *page)
{
    const struct tuning *tuning = page->tuning;
    struct tune_axis axes[2];
    struct html_column columns[11];
    tune_axes(tuning, &axes[0], &axes[1]);
    for (unsigned c = 0; c < TUNE_WEIGHT_COLUMNS; c++)
        columns[c] = tune_weight_columns[c];
    columns[7] = (struct html_column){tune_metric_traits[axes[0].metric].label, true};
    columns[8] = (struct html_column){tune_metric_traits[axes[1].metric].label, true};
    unsigned count = 9;
    if (tuning->objective_count > 1) /* else the second axis is the goal */
        columns[count++] = (struct html_column){"Goal", true};
    columns[count++] = (struct html_column){"On the front", true};
    html_table_begin(page,
                     "Weights on the search's scale (five sum to 1), means on the training orders "
                     "(exact); on the front: in how many bootstrap replicates",
                     columns, count);
    for (uint32_t a = 0; a < tuning->arm_count; a++)
        if (tuning->arms[a].candidate >= 0)
            put_candidate(page, tuning->arms[a].name, (uint32_t)tuning->arms[a].candidate);
    put_front(page);
    html_table_end(page);
    text_put(page->out, "<p class=\"muted\">All of the front, and what may belong to it: "
                        "<code>candidates.csv</code>.</p>\n");
}

static void put_volume(struct html *page)
{
    const struct tuning *tuning = page->tuning;
    const struct search *search = &tuning->search;
    struct text words = {0};
    if (tuning->objective_count < 2 || search->front_count == 0) return;
    text_put(&words, "Hypervolume: the front covers ");
    show_share(&words, search->hypervolume);
    if (isfinite(search->hypervolume_low) && isfinite(search->hypervolume_high)) {
        text_put(&words, " (95% interval ");
        text_fixed(&words, 100 * search->hypervolume_low, 1);
        text_put(&words, "% to ");
        text_fixed(&words, 100 * search->hypervolume_high, 1);
        text_put(&words, "%)");
    }
    text_put(&words, " of the box between the reference point, the worst value of each objective "
                     "among weights that keep the guardrails (");
    for (uint32_t o = 0; o < tuning->objective_count; o++) {
        const enum tune_metric metric = (enum tune_metric)tuning->objectives[o].outcome;
        text_format(&words, "%s%s ", o > 0 ? ", " : "", tune_metric_traits[metric].label);
        tune_show_value(&words, metric, search->reference[o]);
    }
    text_put(&words, "), and the best of each; ");
    show_count(&words, search->beyond_reference);
    text_put(&words, search->beyond_reference == 1 ? " point passes" : " points pass");
    text_put(&words, " the reference.");
    if (search->hypervolume_high > 1)
        text_put(&words, " The interval moves the points and leaves the box where it is, so it can "
                         "pass 100%: here it says that the volume is hardly known.");
    text_put(page->out, "<p>");
    html_put(page, &words);
    text_put(page->out, "</p>\n");
}

/* ---- three weights ---- */

static int compare_points(const void *left, const void *right)
{
    const struct tune_simplex_point *a = left, *b = right;
    if (a->goal != b->goal) return a->goal > b->goal ? -1 : 1;
    if (a->price != b->price) return a->price < b->price ? -1 : 1;
    return a->speed < b->speed ? -1 : a->speed > b->speed;
}

static void put_simplex_table(struct html *page)
{
    static const struct html_column columns[] = {
        {"Place", false}, {"Price", true}, {"Speed", true}, {"Commission", true}, {"Goal", true}};
    struct tune_simplex_point *points = malloc(TUNE_SIMPLEX_POINTS * sizeof *points);
    if (points == NULL) {
        page->out->failed = true;
        return;
    }
    for (uint32_t i = 0; i < TUNE_SIMPLEX_POINTS; i++)
        points[i] = page->tuning->simplex[i];
    qsort(points, TUNE_SIMPLEX_POINTS, sizeof *points, compare_points);
    html_table_begin(page, "The best and the worst points of the map, exact on the training orders",
                     columns, 5);
    for (uint32_t r = 0; r < SIMPLEX_ROWS; r++) {
        const bool worst = r + 2 >= SIMPLEX_ROWS;
        const uint32_t i = worst ? TUNE_SIMPLEX_POINTS - (SIMPLEX_ROWS - r) : r;
        html_row_begin(page, worst ? "among the worst" : "among the best");
        html_cell_share(page, points[i].price);
        html_cell_share(page, points[i].speed);
        html_cell_share(page, points[i].commission);
        tune_html_goal(page, points[i].goal);
        html_row_end(page);
    }
    html_table_end(page);
    free(points);
}

bool tune_html_choices(struct html *page, struct err *err)
{
    html_section(page, "tradeoff", "The trade-off");
    if (!tune_html_figure(page, &tune_figure_pareto, tune_find_pareto,
                          "Each dot is the exact mean over the training orders of some weights; at "
                          "most 400 of those in view are drawn, thinned evenly, kept and breached "
                          "apart. Crosses are 95% intervals of the paired difference to the "
                          "baseline, which has none of its own.",
                          put_tradeoff_table, err))
        return false;
    put_volume(page);
    html_section(page, "three", "Price, speed, commission");
    return tune_html_figure(
        page, &tune_figure_simplex, tune_find_simplex,
        "Stronger colour is better; each shade covers about as much of the triangle as any other, "
        "the legend has its bounds. The other three weights are the baseline's, so the colour "
        "under another arm is not that arm's goal, and points of the map need not keep the "
        "guardrails.",
        put_simplex_table, err);
}
