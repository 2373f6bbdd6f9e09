/* How quotes failed, over time: stacked by kind, all providers together. */
#include <math.h>
#include <string.h>

#include "reports/figure.h"
#include "reports/findings.h"
#include "reports/show.h"

enum {
    LEFT = 62,
    RIGHT = FIGURE_WIDTH - 14,
    TOP = 66,
    BOTTOM = 244,
    HEIGHT = 296,
    KINDS_MAX = 6,
    GROUPS_MAX = 120, /* broad enough to be seen */
};

struct kinds { /* most frequent first; the last may stand for the rest */
    unsigned items[QUOTE_OUTCOME_COUNT];
    size_t count;
    bool rest;
};

static uint64_t errors_of(const struct group *group, unsigned kind)
{
    uint64_t sum = 0;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        sum += group->providers[p].errors[kind];
    return sum;
}

static struct kinds rank_kinds(const struct groups *groups)
{
    uint64_t sums[QUOTE_OUTCOME_COUNT] = {0};
    struct kinds kinds = {0};
    for (unsigned kind = QUOTE_TIMEOUT; kind < QUOTE_OUTCOME_COUNT; kind++) {
        for (uint32_t i = 0; i < groups->count; i++)
            sums[kind] += errors_of(&groups->items[i], kind);
        if (sums[kind] == 0) continue;
        size_t at = kinds.count++;
        for (; at > 0 && sums[kinds.items[at - 1]] < sums[kind]; at--)
            kinds.items[at] = kinds.items[at - 1];
        kinds.items[at] = kind;
    }
    kinds.rest = kinds.count > KINDS_MAX;
    return kinds;
}

static size_t layers_of(const struct kinds *kinds)
{
    return kinds->rest ? KINDS_MAX : kinds->count;
}

static uint64_t layer(const struct group *group, const struct kinds *kinds, size_t index)
{
    if (!kinds->rest || index + 1 < KINDS_MAX) return errors_of(group, kinds->items[index]);
    uint64_t sum = 0;
    for (size_t i = index; i < kinds->count; i++)
        sum += errors_of(group, kinds->items[i]);
    return sum;
}

static const char *layer_name(const struct kinds *kinds, size_t index)
{
    return kinds->rest && index + 1 == KINDS_MAX ? "other" : outcome_label(kinds->items[index]);
}

static double per_minute(const struct groups *groups, double count)
{
    return count * 60e6 / (double)groups->each_us;
}

static double write_data(struct sheet *sheet, const struct kinds *kinds)
{
    double most = 0;
    text_format(&sheet->data, "# at_%s", sheet->axis.unit);
    for (size_t k = 0; k < layers_of(kinds); k++)
        text_format(&sheet->data, "\tup_to_%s_per_minute",
                    kinds->rest && k + 1 == KINDS_MAX ? "other"
                                                      : quote_outcome_names[kinds->items[k]]);
    text_char(&sheet->data, '\n');
    for (uint32_t i = 0; i < sheet->groups->count; i++) {
        const struct group *group = &sheet->groups->items[i];
        for (int end = 0; end < 2; end++) {
            sheet_cell(sheet, axis_value(&sheet->axis, end ? group->until_us : group->from_us),
                       '\t');
            double sum = 0;
            for (size_t k = 0; k < layers_of(kinds); k++) {
                sum += per_minute(sheet->groups, (double)layer(group, kinds, k));
                sheet_cell(sheet, sum, k + 1 < layers_of(kinds) ? '\t' : '\n');
            }
            most = fmax(most, sum);
        }
    }
    return most;
}

/* A key above the panel: a square and a word for each kind, set by the words' lengths. */
static int put_key(struct sheet *sheet, const struct kinds *kinds, double top)
{
    const double unit = sheet->axis.end / (RIGHT - LEFT);
    const int block = sheet_labels_begin(sheet);
    double at = 0;
    for (size_t k = 0; k < layers_of(kinds); k++) {
        text_format(&sheet->script, "set object %u rect from ", 10 + (unsigned)k);
        text_double(&sheet->script, at * unit);
        text_put(&sheet->script, ",graph 1.055 to ");
        text_double(&sheet->script, (at + 12) * unit);
        text_format(&sheet->script, ",graph 1.115 fc rgb KIND%u fs solid noborder noclip\n",
                    (unsigned)k + 1);
        sheet_label(sheet, (at + 17) * unit, top, layer_name(kinds, k));
        at += 17 + 6.4 * (double)strlen(layer_name(kinds, k)) + 18;
    }
    return block;
}

static void draw(struct sheet *sheet)
{
    struct text *script = &sheet->script;
    struct groups coarse;
    struct err err;
    if (!groups_make(&coarse, sheet->result, GROUPS_MAX, &err)) {
        script->failed = true;
        return;
    }
    const struct groups *fine = sheet->groups;
    sheet->groups = &coarse;
    sheet->height = HEIGHT;
    const struct kinds kinds = rank_kinds(&coarse);
    const double most = write_data(sheet, &kinds);
    sheet_panel(sheet, LEFT, TOP, RIGHT, BOTTOM);
    sheet_time_axis(sheet, true);
    sheet_time_title(sheet, BOTTOM - TOP);
    const double end = sheet_value_axis(sheet, most, UNIT_COUNT);
    sheet_shade_faults(sheet);
    text_put(script,
             "set label 1 '{/:Bold Quotes that failed}, per minute' at graph 0,1.25 tc rgb FG\n");
    const int key = put_key(sheet, &kinds, end);
    text_put(script, "plot ");
    for (size_t k = layers_of(&kinds); k > 0; k--)
        text_format(script, "DATA u 1:(0):%u w filledcurves fc rgb KIND%u, \\\n     ",
                    (unsigned)k + 1, (unsigned)k);
    text_format(script,
                "LABELS index %d u 1:2:3 w labels left offset 0,0.95 tc rgb FG font SMALL\n"
                "unset label\nunset object\n",
                key);
    groups_release(&coarse);
    sheet->groups = fine;
}

static const char *absence(const struct figure_subject *subject)
{
    const struct result *result = subject->result;
    for (uint32_t i = 0; i < result->bucket_count; i++)
        for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
            const struct result_bucket_provider *provider = &result->buckets[i].providers[p];
            if (provider->timeouts > 0) return NULL;
            for (unsigned kind = QUOTE_TIMEOUT + 1; kind < QUOTE_OUTCOME_COUNT; kind++)
                if (provider->errors[kind] > 0) return NULL;
        }
    return "No quote failed.";
}

static void describe(const struct figure_subject *subject, struct text *text)
{
    const struct result *result = subject->result;
    text_put(text,
             "Stacked areas over time: failed quotes a minute, by kind of failure, all providers "
             "together. ");
    finding_errors(result, text);
}

const struct figure figure_errors = {.name = "errors",
                                     .title = "Failed quotes by kind",
                                     .absence = absence,
                                     .draw = draw,
                                     .describe = describe};
