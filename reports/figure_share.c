/* Who got the orders, over time, and how many nobody got. */
#include <math.h>

#include "reports/figure.h"
#include "reports/findings.h"
#include "reports/show.h"

enum {
    GROUPS_MAX = 120, /* broad enough that chance does not blur the picture */
    LEFT = 62,
    RIGHT = FIGURE_WIDTH - 96,
    TOP = 40,
    BOTTOM = 268,
    HEIGHT = 320
};

/* Two rows a group, its start and its end, so that areas are the steps they stand for. */
static void write_data(struct sheet *sheet)
{
    text_format(&sheet->data, "# at_%s", sheet->axis.unit);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        text_format(&sheet->data, "\t%s_up_to", provider_traits[p].id);
    text_put(&sheet->data, "\torders\n");
    bool gap = false;
    for (uint32_t i = 0; i < sheet->groups->count; i++) {
        const struct group *group = &sheet->groups->items[i];
        if (group->orders == 0) {
            if (!gap) text_char(&sheet->data, '\n'); /* an empty line parts two areas */
            gap = true;
            continue;
        }
        gap = false;
        for (int end = 0; end < 2; end++) {
            sheet_cell(sheet, axis_value(&sheet->axis, end ? group->until_us : group->from_us),
                       '\t');
            double sum = 0;
            for (unsigned p = PROVIDER_COUNT; p > 0; p--)
                sum += (double)group->providers[p - 1].wins / (double)group->orders;
            for (unsigned p = 0; p < PROVIDER_COUNT; p++) { /* first provider on top */
                sheet_cell(sheet, fmin(sum, 1), '\t');
                sum -= (double)group->providers[p].wins / (double)group->orders;
            }
            sheet_cell(sheet, (double)group->orders, '\n');
        }
    }
}

static double share_of(const struct result *result, unsigned provider)
{
    const struct metric_value *value = value_of(result, 0, provider, METRIC_SELECTION_PCT);
    return value->state == VALUE_KNOWN ? value->value : 0;
}

/* Where the areas end at the right: the middle of each in the last group that has orders. */
static size_t place_names(const struct sheet *sheet, struct spread_item *items, const char **names,
                          unsigned *shown)
{
    const struct group *last = NULL;
    for (uint32_t i = sheet->groups->count; i > 0 && last == NULL; i--)
        if (sheet->groups->items[i - 1].orders > 0) last = &sheet->groups->items[i - 1];
    size_t count = 0;
    double below = 0;
    for (unsigned p = PROVIDER_COUNT; p > 0; p--) {
        const double share = last ? (double)last->providers[p - 1].wins / (double)last->orders : 0;
        if (share > 0 || share_of(sheet->result, p - 1) > 0) {
            items[count].wanted = below + share / 2;
            names[count] = provider_traits[p - 1].short_name;
            shown[count++] = p - 1;
        }
        below += share;
    }
    return count;
}

static bool any_lost(const struct sheet *sheet)
{
    for (uint32_t i = 0; i < sheet->groups->count; i++)
        if (sheet->groups->items[i].failed > 0) return true;
    return false;
}

static void draw_groups(struct sheet *sheet)
{
    struct text *script = &sheet->script;
    sheet->height = HEIGHT;
    write_data(sheet);
    sheet_panel(sheet, LEFT, TOP, RIGHT, BOTTOM);
    sheet_time_axis(sheet, true);
    sheet_time_title(sheet, BOTTOM - TOP);
    text_put(script, "set yrange [0:1]\n"
                     "set ytics ('0%%' 0, '25%%' 0.25, '50%%' 0.5, '75%%' 0.75, '100%%' 1)\n"
                     "set grid front ytics lc rgb BG lw 0.6 lt 1\n"
                     "set label 1 '{/:Bold Share of orders} by the provider that won them' at "
                     "graph 0,1.08 tc rgb FG\n");
    struct spread_item items[PROVIDER_COUNT];
    const char *names[PROVIDER_COUNT];
    unsigned shown[PROVIDER_COUNT];
    const size_t count = place_names(sheet, items, names, shown);
    const double pixel = 1.0 / (BOTTOM - TOP);
    spread(items, count, 17 * pixel, 8 * pixel, 1 - 22 * pixel);
    int blocks[PROVIDER_COUNT];
    for (size_t i = 0; i < count; i++) {
        blocks[i] = sheet_labels_begin(sheet);
        sheet_label(sheet, sheet->axis.end, items[i].placed, names[i]);
    }
    const int rest = sheet_labels_begin(sheet);
    sheet_label(sheet, sheet->axis.end, 1 - 2 * pixel, any_lost(sheet) ? "not routed" : "");

    text_put(script, "plot DATA u 1:(0):(1) w filledcurves fc rgb LOST");
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        text_format(script, ", \\\n     '' u 1:(0):%u w filledcurves fc rgb BG", p + 2);
        text_format(script, ", \\\n     '' u 1:(0):%u w filledcurves fc rgb %s fs solid 0.85",
                    p + 2, provider_token((enum provider)p));
    }
    for (size_t i = 0; i < count; i++)
        text_format(script,
                    ", \\\n     LABELS index %d u 1:2:3 w labels left offset 0.8,0 "
                    "tc rgb %s font BOLD",
                    blocks[i], provider_token((enum provider)shown[i]));
    text_format(script,
                ", \\\n     LABELS index %d u 1:2:3 w labels left offset 0.8,0 "
                "tc rgb MUTED font SMALL\nunset label\n",
                rest);
}

static void draw(struct sheet *sheet)
{
    struct groups coarse;
    struct err err;
    if (!groups_make(&coarse, sheet->result, GROUPS_MAX, &err)) {
        sheet->script.failed = true;
        return;
    }
    const struct groups *fine = sheet->groups;
    sheet->groups = &coarse;
    draw_groups(sheet);
    sheet->groups = fine;
    groups_release(&coarse);
}

static const char *absence(const struct figure_subject *subject)
{
    const struct result *result = subject->result;
    for (uint32_t i = 0; i < result->bucket_count; i++)
        if (result->buckets[i].router.orders > 0) return NULL;
    return "No order was completed, so nobody won one.";
}

static void describe(const struct figure_subject *subject, struct text *text)
{
    const struct result *result = subject->result;
    text_put(text,
             "Stacked areas over time: the share of completed orders won by each provider, and at "
             "the top the share that was not routed. ");
    finding_share(result, text);
}

const struct figure figure_share = {.name = "share",
                                    .title = "Share of orders by provider",
                                    .absence = absence,
                                    .draw = draw,
                                    .describe = describe};
