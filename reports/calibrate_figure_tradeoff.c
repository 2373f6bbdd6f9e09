/* What a provider's timeout does to its success and to the router's p99, all others as they are. */
#include <math.h>

#include "reports/calibrate_figures.h"
#include "reports/calibrate_text.h"

enum {
    LEFT = 62,
    RIGHT = FIGURE_WIDTH - 16,
    GUTTER = 30,
    TOP = 58,
    UPPER = 130,
    BETWEEN = 44,
    LOWER = 110,
    FOOT = 46,
    P99 = 2
};
#define FROM 0.5 /* below that no timeout is worth a look */

static bool is_shown(const struct calibrate_provider *provider)
{
    return provider->step_count > 1;
}

/* Steps from the last one below FROM on. */
static uint32_t first_step(const struct calibrate_provider *provider)
{
    uint32_t first = 0;
    const struct calibrate_step *last = &provider->steps[provider->step_count - 1];
    const double from = fmin(FROM, 0.8 * last->achieved.success.value);
    while (first + 2 < provider->step_count && provider->steps[first].achieved.success.value < from)
        first++;
    return first;
}

static void write_data(struct sheet *sheet, const struct calibrate_provider *provider, bool first)
{
    text_format(&sheet->data, "%s# %s: timeout_ms\tsuccess_share\tlow95\thigh95\trouter_p99_ms\n",
                first ? "" : "\n\n",
                provider->series->provider < PROVIDER_COUNT
                    ? provider_traits[provider->series->provider].id
                    : "provider");
    for (uint32_t i = first_step(provider); i < provider->step_count; i++) {
        const struct calibrate_step *step = &provider->steps[i];
        sheet_cell(sheet, (double)step->us / 1000, '\t');
        sheet_cell(sheet, step->achieved.success.value, '\t');
        sheet_cell(sheet, step->achieved.success.low, '\t');
        sheet_cell(sheet, step->achieved.success.high, '\t');
        sheet_cell(sheet, step->router.wait_ms[P99], '\n');
    }
}

struct ends {
    double low, most; /* of success; of the router's p99, ms */
};

static struct ends ends_of(const struct calibration *calibration)
{
    struct ends ends = {1, 0};
    for (uint32_t i = 0; i < calibration->latencies.count; i++) {
        const struct calibrate_provider *provider = &calibration->providers[i];
        if (!is_shown(provider)) continue;
        for (uint32_t s = first_step(provider); s < provider->step_count; s++) {
            const struct calibrate_step *step = &provider->steps[s];
            ends.low = fmin(ends.low, step->achieved.success.low);
            if (isfinite(step->router.wait_ms[P99]))
                ends.most = fmax(ends.most, step->router.wait_ms[P99]);
        }
    }
    ends.low = floor(fmax(ends.low, 0) * 10) / 10;
    return ends;
}

static void put_marks(struct sheet *sheet, const struct calibrate_provider *provider, double low,
                      double high)
{
    char style[64];
    calibrate_mark(sheet, 1, (double)calibrate_today_us(provider) / 1000, low, high,
                   "dt 2 lw 1.2 lc rgb REF back");
    (void)snprintf(style, sizeof style, "lw 1.6 lc rgb %s back", calibrate_token(provider));
    if (provider->recommended)
        calibrate_mark(sheet, 2, (double)provider->recommended_us / 1000, low, high, style);
}

static void put_upper(struct sheet *sheet, const struct calibrate_provider *provider,
                      const struct ends *ends, unsigned place)
{
    struct text *script = &sheet->script;
    const char *token = calibrate_token(provider);
    const double low = (double)provider->steps[first_step(provider)].us / 1000;
    const double high = (double)provider->steps[provider->step_count - 1].us / 1000 * 1.05;
    const struct axis_words percent = {100, "", "%", false};
    const double step = ends->low < 0.6 ? 0.2 : 0.1;
    const int title = sheet_labels_begin(sheet);
    sheet_label(sheet, low, 1.02, provider->name);
    calibrate_log_axis(sheet, 'x', low, high, 4, false);
    if (place == 0) {
        sheet_axis(sheet, 'y', ends->low, 1.02, step, &percent);
    } else {
        calibrate_quiet_axis(sheet, ends->low, 1.02, step);
    }
    if (place == 0)
        text_put(script, "set label 1 'calls answered in time, of all calls' at graph 0,1 offset "
                         "0,2.2 tc rgb MUTED font SMALL\n");
    put_marks(sheet, provider, low, high);
    text_format(script,
                "plot DATA index %u u 1:3:4 w filledcurves fc rgb BAND, \\\n"
                "     '' index %u u 1:2 w lines lw 2 lc rgb %s, \\\n"
                "     LABELS index %d u 1:2:3 w labels left offset 0,0.7 noenhanced tc rgb %s font "
                "BOLD\n"
                "unset arrow\nunset label\n",
                place, place, token, title, token);
}

static void put_lower(struct sheet *sheet, const struct calibrate_provider *provider,
                      const struct ends *ends, unsigned place)
{
    struct text *script = &sheet->script;
    const double low = (double)provider->steps[first_step(provider)].us / 1000;
    const double high = (double)provider->steps[provider->step_count - 1].us / 1000 * 1.05;
    calibrate_log_axis(sheet, 'x', low, high, 4, true);
    const double end = sheet_value_axis(sheet, ends->most, UNIT_MS);
    if (place > 0) calibrate_quiet_axis(sheet, 0, end, sheet_step(fmax(ends->most, 1)));
    if (place == 0)
        text_put(script, "set label 1 'the router\u2019s p99, all other timeouts as today' at "
                         "graph 0,1 offset 0,0.9 tc rgb MUTED font SMALL\n");
    put_marks(sheet, provider, low, high);
    text_format(script,
                "plot DATA index %u u 1:5 w lines lw 2 lc rgb %s\nunset arrow\nunset label\n",
                place, calibrate_token(provider));
}

static void draw(struct sheet *sheet)
{
    const struct calibration *calibration = sheet->calibration;
    const struct ends ends = ends_of(calibration);
    unsigned shown = 0, place = 0;
    for (uint32_t i = 0; i < calibration->latencies.count; i++)
        shown += is_shown(&calibration->providers[i]);
    const int width = (RIGHT - LEFT - GUTTER * ((int)shown - 1)) / (int)shown;
    sheet->height = TOP + UPPER + BETWEEN + LOWER + FOOT;
    for (uint32_t i = 0; i < calibration->latencies.count; i++) {
        const struct calibrate_provider *provider = &calibration->providers[i];
        if (!is_shown(provider)) continue;
        const int left = LEFT + (width + GUTTER) * (int)place;
        write_data(sheet, provider, place == 0);
        sheet_panel(sheet, left, TOP, left + width, TOP + UPPER);
        put_upper(sheet, provider, &ends, place);
        sheet_panel(sheet, left, TOP + UPPER + BETWEEN, left + width,
                    TOP + UPPER + BETWEEN + LOWER);
        put_lower(sheet, provider, &ends, place);
        place++;
    }
}

static const char *absence(const struct figure_subject *subject)
{
    if (!subject->calibration->has_orders)
        return "Calls alone are known, so a timeout\u2019s effect on the router cannot be drawn.";
    for (uint32_t i = 0; i < subject->calibration->latencies.count; i++)
        if (is_shown(&subject->calibration->providers[i])) return NULL;
    return "Nobody answered, so there are no timeouts to compare.";
}

static void describe(const struct figure_subject *subject, struct text *text)
{
    text_put(text, "One column a provider, over its timeout on a logarithmic axis. Above, the "
                   "share of its calls that are answered in time, with a 95% band; below, the "
                   "router\u2019s p99 when that timeout alone is moved. A dashed line marks "
                   "today\u2019s timeout, a solid one the recommended. ");
    calibrate_find_tradeoff(text, subject->calibration);
}

const struct figure calibrate_figure_tradeoff = {
    .name = "tradeoff",
    .title = "Success and the router\u2019s p99 over timeouts",
    .absence = absence,
    .draw = draw,
    .describe = describe};
