#include "sim/analysis/drill_compare.h"

#include <assert.h>
#include <errno.h>
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/csv.h"
#include "sim/analysis/stats.h"

static bool out_of_memory(struct err *err)
{
    return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for the measures");
}

/* ---- reading ---- */

static const char *const suffixes[] = {
    [DRILL_SECONDS] = "_s", [DRILL_SHARE] = "_share", [DRILL_COUNT] = "", [DRILL_CENTS] = "_cents"};

static bool find_columns(const struct csv *csv, uint32_t columns[static DRILL_MEASURE_COUNT],
                         uint32_t *verdict, struct err *err)
{
    char name[64];
    if (!csv_column(csv, "verdict", verdict, err)) return false;
    for (unsigned m = 0; m < DRILL_MEASURE_COUNT; m++) {
        const struct drill_measure_traits *traits = &drill_measure_traits[m];
        (void)snprintf(name, sizeof name, "%s%s", traits->name, suffixes[traits->unit]);
        if (!csv_column(csv, name, &columns[m], err)) return false;
    }
    return true;
}

static bool read_value(const struct csv *csv, uint32_t field, struct drill_value *value,
                       struct err *err)
{
    const char *const text = field < csv->count ? csv->fields[field] : "";
    *value = (struct drill_value){.state = DRILL_NOT_APPLICABLE};
    if (text[0] == '\0') return true;
    if (strcmp(text, "never") == 0) {
        value->state = DRILL_NEVER;
        return true;
    }
    char *end;
    value->value = strtod(text, &end);
    value->state = DRILL_KNOWN;
    if (*end == '\0' && isfinite(value->value)) return true;
    return err_fail(err, ERR_INPUT, csv_place(csv, field), "\"%.40s\" is no measure", text);
}

static bool grow(struct drill_measured *measured, uint32_t *room)
{
    if (measured->repeats < *room) return true;
    const uint32_t wanted = *room == 0 ? 64 : 2 * *room;
    void *values = realloc(measured->values, wanted * sizeof *measured->values);
    if (values == NULL) return false;
    measured->values = values;
    bool *invalid = realloc(measured->invalid, wanted * sizeof *invalid);
    if (invalid == NULL) return false;
    measured->invalid = invalid;
    *room = wanted;
    return true;
}

static bool read_rows(struct csv *csv, struct drill_measured *measured, struct err *err)
{
    uint32_t columns[DRILL_MEASURE_COUNT], verdict, room = 0;
    if (!csv_next(csv, err)) {
        if (err->code != ERR_NONE) return false;
        return err_fail(err, ERR_INPUT, (struct place){.file = csv->file},
                        "there is nothing in it");
    }
    if (!find_columns(csv, columns, &verdict, err)) return false;
    while (csv_next(csv, err)) {
        if (!grow(measured, &room)) return out_of_memory(err);
        for (unsigned m = 0; m < DRILL_MEASURE_COUNT; m++) {
            if (!read_value(csv, columns[m], &measured->values[measured->repeats][m], err))
                return false;
        }
        const char *const word = verdict < csv->count ? csv->fields[verdict] : "";
        measured->invalid[measured->repeats++] =
            strcmp(word, drill_verdict_names[VERDICT_INVALID]) == 0;
    }
    return err->code == ERR_NONE;
}

bool drill_measures_read(struct drill_measured *measured, const char *path, struct err *err)
{
    struct csv *csv = calloc(1, sizeof *csv);
    *measured = (struct drill_measured){0};
    *err = (struct err){0};
    if (csv == NULL) return out_of_memory(err);
    const bool read = csv_open(csv, path, err) && read_rows(csv, measured, err);
    csv_release(csv);
    free(csv);
    if (!read) drill_measures_release(measured);
    return read;
}

void drill_measures_release(struct drill_measured *measured)
{
    free(measured->values);
    free(measured->invalid);
    *measured = (struct drill_measured){0};
}

/* ---- comparing ---- */

struct pairs {
    double *a, *b, *differences;
};

static double number_of(const struct drill_value *value)
{
    return value->state == DRILL_NEVER ? (double)INFINITY : value->value;
}

static struct drill_value value_of(double number)
{
    if (isnan(number)) return (struct drill_value){.state = DRILL_NOT_APPLICABLE};
    if (isfinite(number)) return (struct drill_value){number, DRILL_KNOWN};
    return (struct drill_value){number, DRILL_NEVER};
}

static double difference_of(double a, double b)
{
    return isinf(a) && isinf(b) ? 0.0 : b - a;
}

static void compare_measure(const struct drill_measured *a, const struct drill_measured *b,
                            unsigned measure, double level, struct pairs *pairs,
                            struct drill_comparison_row *row)
{
    uint32_t count = 0;
    for (uint32_t r = 0; r < a->repeats; r++) {
        const struct drill_value *left = &a->values[r][measure], *right = &b->values[r][measure];
        const bool in_a = left->state != DRILL_NOT_APPLICABLE;
        const bool in_b = right->state != DRILL_NOT_APPLICABLE;
        if (a->invalid[r] || b->invalid[r]) continue;
        row->only_a += in_a && !in_b;
        row->only_b += in_b && !in_a;
        if (!in_a || !in_b) continue;
        pairs->a[count] = number_of(left);
        pairs->b[count] = number_of(right);
        pairs->differences[count] = difference_of(pairs->a[count], pairs->b[count]);
        count++;
    }
    row->pairs = count;
    row->sign = stats_sign_of(pairs->differences, count, level);
    gsl_sort(pairs->a, 1, count);
    gsl_sort(pairs->b, 1, count);
    row->a = value_of(stats_middle(pairs->a, count));
    row->b = value_of(stats_middle(pairs->b, count));
    row->difference = value_of(row->sign.median);
}

bool drill_comparison_make(const struct drill_measured *a, const struct drill_measured *b,
                           double level, struct drill_comparison *comparison, struct err *err)
{
    assert(a->repeats == b->repeats);
    double p[DRILL_MEASURE_COUNT], adjusted[DRILL_MEASURE_COUNT];
    const size_t room = a->repeats > 0 ? a->repeats : 1;
    *comparison = (struct drill_comparison){.repeats = a->repeats, .level = level};
    double *memory = calloc(3 * room, sizeof *memory);
    if (memory == NULL) return out_of_memory(err);
    struct pairs pairs = {memory, memory + room, memory + 2 * room};
    for (uint32_t r = 0; r < a->repeats; r++)
        comparison->left_out += a->invalid[r] || b->invalid[r];
    for (unsigned m = 0; m < DRILL_MEASURE_COUNT; m++) {
        compare_measure(a, b, m, level, &pairs, &comparison->rows[m]);
        /* What differs nowhere is no test, and costs the others nothing. */
        const struct stats_sign *sign = &comparison->rows[m].sign;
        p[m] = sign->n > 1 && sign->above + sign->below > 0 ? sign->p : (double)NAN;
    }
    stats_holm(p, DRILL_MEASURE_COUNT, adjusted);
    for (unsigned m = 0; m < DRILL_MEASURE_COUNT; m++)
        comparison->rows[m].p_adjusted = adjusted[m];
    free(memory);
    return true;
}
