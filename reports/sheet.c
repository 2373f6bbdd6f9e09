#include <assert.h>
#include <math.h>
#include <string.h>

#include "reports/figure.h"
#include "reports/show.h"
#include "router/base/duration.h"
#include "router/base/utf8.h"

struct time_axis time_axis_of(const struct result *result)
{
    static const struct {
        int64_t until_us;
        int64_t us_each;
        const char *unit;
        double steps[10];
    } scales[] = {
        {5 * US_PER_MINUTE, US_PER_SECOND, "seconds", {1, 2, 5, 10, 20, 30, 60}},
        {3 * US_PER_HOUR, US_PER_MINUTE, "minutes", {1, 2, 5, 10, 15, 20, 30}},
        {4 * US_PER_DAY, US_PER_HOUR, "hours", {1, 2, 3, 4, 6, 12}},
        {DURATION_US_MAX, US_PER_DAY, "days", {1, 2, 5, 7, 14, 30, 60, 90, 180, 365}},
    };
    int64_t end_us = result->duration_us;
    if (result->bucket_count > 0) {
        const struct result_bucket *last = &result->buckets[result->bucket_count - 1];
        /* Orders still under way at the end complete after it. */
        if (last->router.orders > 0 && last->from_us + result->bucket_us > end_us)
            end_us = last->from_us + result->bucket_us;
    }
    if (end_us <= 0) end_us = US_PER_SECOND;

    size_t s = 0;
    while (s + 1 < sizeof scales / sizeof *scales && end_us > scales[s].until_us)
        s++;
    struct time_axis axis = {.us_each = (double)scales[s].us_each, .unit = scales[s].unit};
    axis.end = (double)end_us / axis.us_each;
    for (size_t i = 0; i < 10 && scales[s].steps[i] > 0; i++) {
        axis.step = scales[s].steps[i];
        if (axis.end / axis.step <= 13) break;
    }
    if (axis.end / axis.step > 13) axis.step *= ceil(axis.end / axis.step / 13);
    return axis;
}

double axis_value(const struct time_axis *axis, int64_t us)
{
    return (double)us / axis->us_each;
}

static void put_screen(struct text *script, const char *margin, double share)
{
    text_format(script, "set %s at screen ", margin);
    text_fixed(script, share, 5);
    text_char(script, '\n');
}

void sheet_panel(struct sheet *sheet, int left, int top, int right, int bottom)
{
    assert(left < right && top < bottom);
    put_screen(&sheet->script, "lmargin", (double)left / sheet->width);
    put_screen(&sheet->script, "rmargin", (double)right / sheet->width);
    put_screen(&sheet->script, "tmargin", 1 - (double)top / sheet->height);
    put_screen(&sheet->script, "bmargin", 1 - (double)bottom / sheet->height);
}

void sheet_time_axis(struct sheet *sheet, bool with_words)
{
    struct text *script = &sheet->script;
    text_put(script, "set xrange [0:");
    text_double(script, sheet->axis.end);
    text_put(script, "]\nset xtics 0,");
    text_double(script, sheet->axis.step);
    text_put(script, with_words ? "\nset format x '%g'\n" : "\nset format x ''\n");
}

void sheet_time_title(struct sheet *sheet, int panel_height)
{
    text_format(&sheet->script, "set label 99 '%s since the start' at graph 1,", sheet->axis.unit);
    text_fixed(&sheet->script, -42.0 / panel_height, 4);
    text_put(&sheet->script, " right tc rgb MUTED font SMALL\n");
}

void sheet_shade_faults(struct sheet *sheet)
{
    const struct result *result = sheet->result;
    for (uint32_t i = 0; i < result->fault_count; i++) {
        const double from = axis_value(&sheet->axis, result->faults[i].from_us);
        const double until = axis_value(&sheet->axis, result->faults[i].until_us);
        if (from >= sheet->axis.end) continue;
        text_format(&sheet->script, "set object %u rect from ", 100 + (unsigned)i);
        text_double(&sheet->script, from);
        text_put(&sheet->script, ",graph 0 to ");
        text_double(&sheet->script, fmin(until, sheet->axis.end));
        text_put(&sheet->script, ",graph 1 fc rgb FAULT fs solid noborder behind\n");
    }
}

double sheet_step(double most)
{
    static const double factors[] = {1, 2, 2.5, 5, 10};
    const double power = pow(10, floor(log10(most / 5)));
    for (size_t i = 0; i < sizeof factors / sizeof *factors; i++)
        if (factors[i] * power * 5 >= most * 0.9999) return factors[i] * power;
    return 10 * power;
}

static void put_tick(struct text *script, enum metric_unit unit, double value, double step)
{
    if (value == 0) {
        text_put(script, unit == UNIT_SHARE ? "0%" : "0");
    } else if (unit == UNIT_MS) {
        text_double(script, step >= 100 ? round(value) / 1000 : value);
        text_put(script, step >= 100 ? " s" : " ms");
    } else if (unit == UNIT_SHARE) {
        /* The step is a round number; the product need not be, by a last bit. */
        text_double(script, round(value * 1e9) / 1e7);
        text_char(script, '%');
    } else {
        text_double(script, value);
    }
}

/* No format is applied to explicit words, but a lone percent sign is one. */
static void put_tick_words(struct text *script, const struct text *words)
{
    for (const char *c = words->bytes != NULL ? words->bytes : ""; *c; c++)
        text_put(script, *c == '%' ? "%%" : (const char[2]){*c, '\0'});
}

void sheet_axis(struct sheet *sheet, char axis, double low, double high, double step,
                const struct axis_words *words)
{
    struct text *script = &sheet->script;
    const double shown = step * words->factor;
    int decimals = 0;
    while (decimals < 6 && fabs(shown * pow(10, decimals) - rint(shown * pow(10, decimals))) > 1e-6)
        decimals++;
    text_format(script, "set %crange [", axis);
    text_double(script, low);
    text_char(script, ':');
    text_double(script, high);
    text_format(script, "]\nset %ctics (", axis);
    const double first = ceil(fmin(low, high) / step - 1e-9);
    for (double i = first; i * step <= fmax(low, high) + 1e-9 * step; i++) {
        struct text tick = {0};
        if (i < 0) text_put(&tick, "\u2212");
        if (i > 0 && words->sign) text_char(&tick, '+');
        text_put(&tick, words->before);
        text_fixed(&tick, fabs(i * step * words->factor), i == 0 ? 0 : decimals);
        text_put(&tick, words->after);
        text_put(script, i > first ? ", '" : "'");
        put_tick_words(script, &tick);
        text_put(script, "' ");
        text_double(script, i * step);
        text_release(&tick);
    }
    text_put(script, ")\n");
}

double sheet_value_axis(struct sheet *sheet, double most, enum metric_unit unit)
{
    if (!(most > 0) || !isfinite(most)) most = 1;
    const double step = sheet_step(most);
    const double end = fmax(most * 1.04, step);
    text_put(&sheet->script, "set yrange [0:");
    text_double(&sheet->script, end);
    text_put(&sheet->script, "]\nset ytics (");
    for (int i = 0; i * step <= end; i++) {
        text_put(&sheet->script, i > 0 ? ", '" : "'");
        struct text tick = {0};
        put_tick(&tick, unit, i * step, step);
        put_tick_words(&sheet->script, &tick);
        text_release(&tick);
        text_put(&sheet->script, "' ");
        text_double(&sheet->script, i * step);
    }
    text_put(&sheet->script, ")\n");
    return end;
}

int sheet_labels_begin(struct sheet *sheet)
{
    if (sheet->blocks > 0) text_put(&sheet->labels, "\n\n");
    return sheet->blocks++;
}

/* gnuplot reads backslashes, quotes and leading signs in a data file in its own way. */
static void put_clean(struct text *text, const char *words)
{
    size_t left = strlen(words);
    size_t characters = 0;
    while (left > 0) {
        if (characters == FIGURE_LABEL_MAX - 1 && utf8_count(words, left) > 1) {
            text_put(text, "\u2026");
            return;
        }
        uint32_t code;
        const unsigned length = utf8_read(words, left, &code);
        if (length == 0 || !utf8_is_visible(code))
            text_char(text, ' ');
        else if (code == '"')
            text_put(text, "\u201d");
        else if (code == '\\')
            text_put(text, "\u2216");
        else
            text_append(text, words, length);
        words += length == 0 ? 1 : length;
        left -= length == 0 ? 1 : length;
        characters++;
    }
}

void sheet_label(struct sheet *sheet, double x, double y, const char *words)
{
    text_double(&sheet->labels, x);
    text_char(&sheet->labels, '\t');
    text_double(&sheet->labels, y);
    /* Quoted, so that a leading '#' opens no comment and an empty word is a word. */
    text_put(&sheet->labels, "\t\"");
    put_clean(&sheet->labels, words);
    text_put(&sheet->labels, "\"\n");
}

void sheet_cell(struct sheet *sheet, double value, char after)
{
    if (isfinite(value))
        text_double(&sheet->data, value);
    else
        text_put(&sheet->data, "NaN");
    text_char(&sheet->data, after);
}

void spread(struct spread_item *items, size_t count, double gap, double low, double high)
{
    size_t order[16];
    assert(count <= 16);
    for (size_t i = 0; i < count;
         i++) { /* insertion by wanted place, lowest first; ties keep order */
        size_t at = i;
        for (; at > 0 && items[order[at - 1]].wanted > items[i].wanted; at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
    double floor_now = low;
    for (size_t i = 0; i < count; i++) {
        struct spread_item *item = &items[order[i]];
        item->placed = fmax(item->wanted, floor_now);
        floor_now = item->placed + gap;
    }
    double ceiling = high;
    for (size_t i = count; i > 0; i--) {
        struct spread_item *item = &items[order[i - 1]];
        item->placed = fmin(item->placed, ceiling);
        ceiling = item->placed - gap;
    }
}

const char *provider_token(enum provider provider)
{
    static const char *const names[PROVIDER_COUNT] = {[PROVIDER_MEALME] = "MEALME",
                                                      [PROVIDER_INSTACART] = "INSTACART",
                                                      [PROVIDER_KROGER_API] = "KROGER",
                                                      [PROVIDER_WALMART_API] = "WALMART"};
    return names[provider];
}

void sheet_release(struct sheet *sheet)
{
    text_release(&sheet->data);
    text_release(&sheet->labels);
    text_release(&sheet->script);
}
