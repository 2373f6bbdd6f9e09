/* The real-time dashboard: volume, success, latency and errors, one under the other. */
#include <math.h>

#include "reports/dashboard_figures.h"
#include "reports/show.h"

enum {
    LEFT = 62,
    RIGHT = FIGURE_WIDTH - 84, /* room for the lines' names */
    TOP = 34,
    HEIGHT = 104, /* of each panel */
    GAP = 42,
    FOOT = 50,
    PANELS = 4,
};

enum { COLUMN_AT = 1, COLUMN_VOLUME, COLUMN_P50, COLUMN_P95, COLUMN_FAILED, COLUMN_SUCCESS };

double dashboard_volume(const struct groups *groups, const struct group *group)
{
    return (double)group->orders * 60e6 / (double)groups->each_us;
}

double dashboard_failed(const struct group *group)
{
    return group->orders == 0 ? (double)NAN : (double)group->failed / (double)group->orders;
}

const char *dashboard_style(const struct sheet *sheet)
{
    return sheet->groups->count <= FIGURE_FEW_POINTS ? "linespoints pt 7 ps FEW" : "lines";
}

int dashboard_name_lines(struct sheet *sheet, const struct dashboard_line *lines, size_t count,
                         double top, int height)
{
    struct spread_item items[PROVIDER_COUNT];
    const double pixel = top / height;
    const int first = sheet->blocks;
    for (size_t i = 0; i < count; i++)
        items[i].wanted = lines[i].last;
    spread(items, count, 15 * pixel, 4 * pixel, top - 3 * pixel);
    for (size_t i = 0; i < count; i++) {
        (void)sheet_labels_begin(sheet);
        sheet_label(sheet, sheet->axis.end, items[i].placed, lines[i].name);
    }
    return first;
}

void dashboard_put_names(struct sheet *sheet, const struct dashboard_line *lines, size_t count,
                         int first)
{
    for (size_t i = 0; i < count; i++)
        text_format(&sheet->script,
                    ", \\\n     LABELS index %d u 1:2:3 w labels left offset 0.8,0 tc rgb %s "
                    "font BOLD",
                    first + (int)i, lines[i].token);
}

static double success_of(const struct group *group, unsigned provider)
{
    return 1.0 - dashboard_error_rate(group, provider);
}

static void write_data(struct sheet *sheet)
{
    text_format(&sheet->data, "# at_%s\torders_per_minute\tp50_ms\tp95_ms\tfailed",
                sheet->axis.unit);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        text_format(&sheet->data, "\t%s_success", provider_traits[p].id);
    text_char(&sheet->data, '\n');
    for (uint32_t i = 0; i < sheet->groups->count; i++) {
        const struct group *group = &sheet->groups->items[i];
        sheet_cell(
            sheet,
            (axis_value(&sheet->axis, group->from_us) + axis_value(&sheet->axis, group->until_us)) /
                2,
            '\t');
        sheet_cell(sheet, dashboard_volume(sheet->groups, group), '\t');
        sheet_cell(sheet, group->p50_ms, '\t');
        sheet_cell(sheet, group->p95_ms, '\t');
        sheet_cell(sheet, dashboard_failed(group), '\t');
        for (unsigned p = 0; p < PROVIDER_COUNT; p++)
            sheet_cell(sheet, success_of(group, p), p + 1 < PROVIDER_COUNT ? '\t' : '\n');
    }
}

/* The newest value of a line that is known. */
static double last_of(const struct sheet *sheet, double (*value)(const struct sheet *, uint32_t))
{
    for (uint32_t i = sheet->groups->count; i > 0; i--) {
        const double found = value(sheet, i - 1);
        if (isfinite(found)) return found;
    }
    return (double)NAN;
}

static double p50_at(const struct sheet *sheet, uint32_t i)
{
    return sheet->groups->items[i].p50_ms;
}

static double p95_at(const struct sheet *sheet, uint32_t i)
{
    return sheet->groups->items[i].p95_ms;
}

static void begin_panel(struct sheet *sheet, int panel, const char *title)
{
    const int top = TOP + panel * (HEIGHT + GAP);
    const bool last = panel == PANELS - 1;
    sheet_panel(sheet, LEFT, top, RIGHT, top + HEIGHT);
    sheet_time_axis(sheet, last);
    if (last) sheet_time_title(sheet, HEIGHT);
    sheet_shade_faults(sheet);
    text_format(&sheet->script, "set label 1 '%s' at graph 0,1.14 tc rgb FG\n", title);
}

static void end_panel(struct sheet *sheet)
{
    text_put(&sheet->script, "\nunset label\nunset object\n");
}

static void draw_volume(struct sheet *sheet)
{
    double most = 0;
    for (uint32_t i = 0; i < sheet->groups->count; i++)
        most = fmax(most, dashboard_volume(sheet->groups, &sheet->groups->items[i]));
    begin_panel(sheet, 0, "{/:Bold Orders} completed a minute");
    (void)sheet_value_axis(sheet, most, UNIT_COUNT);
    text_format(&sheet->script,
                "plot DATA u %d:(0):%d w filledcurves fc rgb BAND, \\\n"
                "     '' u %d:%d w %s lw 1.6 lc rgb FG",
                COLUMN_AT, COLUMN_VOLUME, COLUMN_AT, COLUMN_VOLUME, dashboard_style(sheet));
    end_panel(sheet);
}

static void draw_success(struct sheet *sheet)
{
    struct dashboard_line lines[PROVIDER_COUNT];
    unsigned shown[PROVIDER_COUNT];
    size_t count = 0;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        double last = (double)NAN;
        for (uint32_t i = 0; i < sheet->groups->count; i++) {
            const double found = success_of(&sheet->groups->items[i], p);
            if (isfinite(found)) last = found;
        }
        if (!isfinite(last)) continue;
        shown[count] = p;
        lines[count++] = (struct dashboard_line){provider_traits[p].short_name,
                                                 provider_token((enum provider)p), last};
    }
    begin_panel(sheet, 1, "{/:Bold Success} of each provider: quotes in time");
    text_put(&sheet->script, "set yrange [0:1.04]\n"
                             "set ytics ('0%%' 0, '50%%' 0.5, '100%%' 1)\n");
    const int first = dashboard_name_lines(sheet, lines, count, 1.04, HEIGHT);
    text_put(&sheet->script, "plot -1 lc rgb GRID");
    for (size_t i = 0; i < count; i++)
        text_format(&sheet->script, ", \\\n     DATA u %d:%u w %s lw 1.8 lc rgb %s", COLUMN_AT,
                    COLUMN_SUCCESS + shown[i], dashboard_style(sheet), lines[i].token);
    dashboard_put_names(sheet, lines, count, first);
    end_panel(sheet);
}

static void draw_latency(struct sheet *sheet)
{
    double most = 0;
    for (uint32_t i = 0; i < sheet->groups->count; i++)
        most = fmax(most, fmax(p50_at(sheet, i), p95_at(sheet, i)));
    const struct dashboard_line lines[] = {{"p95", "WALMART", last_of(sheet, p95_at)},
                                           {"p50", "MUTED", last_of(sheet, p50_at)}};
    begin_panel(sheet, 2, "{/:Bold Router latency}");
    const double end = sheet_value_axis(sheet, most, UNIT_MS);
    const int first = dashboard_name_lines(sheet, lines, 2, end, HEIGHT);
    text_format(&sheet->script,
                "plot DATA u %d:%d w %s lw 2.2 lc rgb WALMART, \\\n"
                "     '' u %d:%d w %s lw 1.4 lc rgb MUTED",
                COLUMN_AT, COLUMN_P95, dashboard_style(sheet), COLUMN_AT, COLUMN_P50,
                dashboard_style(sheet));
    dashboard_put_names(sheet, lines, 2, first);
    end_panel(sheet);
}

static void draw_failed(struct sheet *sheet)
{
    double most = 0.01; /* a line along the bottom, when nothing failed */
    for (uint32_t i = 0; i < sheet->groups->count; i++)
        most = fmax(most, dashboard_failed(&sheet->groups->items[i]));
    begin_panel(sheet, 3, "{/:Bold Orders that failed}, of those completed");
    (void)sheet_value_axis(sheet, fmin(most, 1), UNIT_SHARE);
    text_format(&sheet->script,
                "plot DATA u %d:(0):%d w filledcurves fc rgb LOST, \\\n"
                "     '' u %d:%d w %s lw 1.6 lc rgb FG",
                COLUMN_AT, COLUMN_FAILED, COLUMN_AT, COLUMN_FAILED, dashboard_style(sheet));
    end_panel(sheet);
}

static void draw(struct sheet *sheet)
{
    sheet->height = TOP + PANELS * HEIGHT + (PANELS - 1) * GAP + FOOT;
    write_data(sheet);
    draw_volume(sheet);
    draw_success(sheet);
    draw_latency(sheet);
    draw_failed(sheet);
}

static const char *absence(const struct figure_subject *subject)
{
    const struct result *result = subject->result;
    for (uint32_t i = 0; i < result->bucket_count; i++)
        if (isfinite(result->buckets[i].router.p50_ms)) return NULL;
    return "No order was completed, so there is nothing to watch.";
}

void dashboard_find_live(const struct result *result, struct text *text)
{
    const struct metric_value *orders = value_of(result, 0, SCOPE_ROUTER, METRIC_ORDERS);
    const struct metric_value *errors = value_of(result, 0, SCOPE_ROUTER, METRIC_ERROR_RATE);
    if (orders->state != VALUE_KNOWN || orders->value == 0) {
        text_put(text, "No order was completed.");
        return;
    }
    show_value(text, UNIT_COUNT, orders);
    text_put(text, orders->value == 1 ? " order, " : " orders, ");
    show_value(text, UNIT_SHARE, errors);
    text_put(text, " of which failed; router p50 was ");
    show_value(text, UNIT_MS, value_of(result, 0, SCOPE_ROUTER, METRIC_P50_MS));
    text_put(text, ", p95 ");
    show_value(text, UNIT_MS, value_of(result, 0, SCOPE_ROUTER, METRIC_P95_MS));
    text_char(text, '.');
}

static void describe(const struct figure_subject *subject, struct text *text)
{
    text_put(text, "Four panels over the same time axis, one under the other: orders completed a "
                   "minute; for each provider the share of quotes that came in time; the router's "
                   "50th and 95th percentile of latency; the share of orders that failed. ");
    dashboard_find_live(subject->result, text);
}

const struct figure figure_dashboard_live = {.name = "dashboard_live",
                                             .title =
                                                 "Volume, success, latency and errors over time",
                                             .absence = absence,
                                             .draw = draw,
                                             .describe = describe};
