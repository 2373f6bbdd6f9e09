/* How long each provider's quotes took, towards the tail: one small panel a provider. */
#include <math.h>

#include "reports/figure.h"
#include "reports/findings.h"
#include "reports/show.h"

enum { LEFT = 62, TOP = 44, BOTTOM = 268, HEIGHT = 322, GUTTER = 22, LAST = FIGURE_WIDTH - 14 };

static bool has_curve(const struct result *result, unsigned provider)
{
    return result->provider_latency[provider].curve_count >= 2;
}

struct ends {
    double low, high; /* ms */
    double right;     /* -log10(1 - p) */
};

static struct ends curve_ends(const struct result *result)
{
    struct ends ends = {.low = INFINITY, .high = 0, .right = 1};
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if (!has_curve(result, p)) continue;
        const struct result_latency *latency = &result->provider_latency[p];
        for (uint32_t i = 0; i < latency->curve_count; i++) {
            const double ms = fmax(latency->curve[i].ms, 0.001);
            ends.low = fmin(ends.low, ms);
            ends.high = fmax(ends.high, ms);
            ends.right = fmax(ends.right, latency->curve[i].x);
        }
    }
    return ends;
}

static void write_data(struct sheet *sheet)
{
    text_put(&sheet->data, "# x_minus_log10_of_share_beyond\tlatency_ms\n");
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if (p > 0) text_put(&sheet->data, "\n\n");
        const struct result_latency *latency = &sheet->result->provider_latency[p];
        text_format(&sheet->data, "# %s\n", provider_traits[p].id);
        if (!has_curve(sheet->result, p)) text_put(&sheet->data, "NaN\tNaN\n");
        for (uint32_t i = 0; has_curve(sheet->result, p) && i < latency->curve_count; i++) {
            sheet_cell(sheet, latency->curve[i].x, '\t');
            sheet_cell(sheet, fmax(latency->curve[i].ms, 0.001), '\n');
        }
    }
}

/* Ticks at 1, 2 and 5 times powers of ten, thinned where the range is wide. */
static void put_latency_axis(struct sheet *sheet, const struct ends *ends, bool with_words)
{
    struct text *script = &sheet->script;
    const double low = ends->low / 1.25;
    const double high = ends->high * 1.35;
    const bool thin = high / low > 300;
    text_put(script, "set yrange [");
    text_double(script, low);
    text_char(script, ':');
    text_double(script, high);
    text_put(script, "]\nset ytics (");
    bool first = true;
    for (double power = pow(10, floor(log10(low))); power <= high; power *= 10) {
        static const double factors[] = {1, 2, 5};
        for (size_t i = 0; i < (thin ? 1u : 3u); i++) {
            const double ms = factors[i] * power;
            if (ms < low || ms > high) continue;
            text_put(script, first ? "'" : ", '");
            first = false;
            if (with_words) {
                text_double(script, ms >= 100 ? ms / 1000 : ms);
                text_put(script, ms >= 100 ? " s" : " ms");
            }
            text_put(script, "' ");
            text_double(script, ms);
        }
    }
    text_put(script, ")\n");
}

static void put_percent_axis(struct text *script, double right)
{
    static const char *const words[] = {"90", "99", "99.9", "99.99", "99.999"};
    text_put(script, "set xrange [0:");
    text_double(script, right * 1.02);
    text_put(script, "]\nset xtics ('50' 0.30103");
    for (int i = 1; i <= 5 && i <= right * 1.02; i++)
        text_format(script, ", '%s' %d", words[i - 1], i);
    text_put(script, ")\n");
}

static void draw_panel(struct sheet *sheet, enum provider provider, const struct ends *ends,
                       bool first)
{
    struct text *script = &sheet->script;
    put_latency_axis(sheet, ends, first);
    put_percent_axis(script, ends->right);
    const double right = ends->right * 1.02;
    const double top = ends->high * 1.35;
    const double tall = log(top / (ends->low / 1.25));

    const int name = sheet_labels_begin(sheet);
    /* The panel's title, 14 pixels above its upper edge on the logarithmic axis. */
    sheet_label(sheet, 0, top, provider_traits[provider].short_name);
    const struct result_latency *latency = &sheet->result->provider_latency[provider];
    const double timeout_ms = (double)sheet->result->timeout_us[provider] / 1000;
    const bool line = timeout_ms > 0 && timeout_ms <= top && timeout_ms >= ends->low;
    const int note = sheet_labels_begin(sheet);
    struct text words = {0};
    if (line) {
        text_put(&words, "timeout ");
        text_double(&words, timeout_ms >= 100 ? timeout_ms / 1000 : timeout_ms);
        text_put(&words, timeout_ms >= 100 ? " s" : " ms");
        const double above = timeout_ms * exp(tall * 9 / (BOTTOM - TOP));
        const double below = timeout_ms * exp(-tall * 10 / (BOTTOM - TOP));
        /* Over the line when there is room; a curve that reaches the line comes from below. */
        sheet_label(sheet, 0.05 * right, above < top * 0.98 ? above : below,
                    words.bytes ? words.bytes : "");
    } else {
        sheet_label(sheet, right, top, "");
    }
    text_clear(&words);
    text_put(&words, "n = ");
    text_grouped(&words, (int64_t)latency->n);
    const int count = sheet_labels_begin(sheet);
    sheet_label(sheet, right, ends->low / 1.25 * exp(tall * 10 / (BOTTOM - TOP)),
                words.bytes ? words.bytes : "");
    text_release(&words);

    const char *token = provider_token(provider);
    if (line) {
        text_put(script, "set arrow 1 from 0,");
        text_double(script, timeout_ms);
        text_put(script, " to ");
        text_double(script, right);
        text_char(script, ',');
        text_double(script, timeout_ms);
        text_put(script, " nohead lw 1.2 dt 2 lc rgb REF\n");
    }
    text_format(script,
                "plot DATA index %u u 1:2 w lines lw 2.4 lc rgb %s, \\\n"
                "     LABELS index %d u 1:2:3 w labels left offset 0,0.9 tc rgb %s font "
                "BOLD, \\\n"
                "     '' index %d u 1:2:3 w labels left noenhanced tc rgb MUTED font SMALL, \\\n"
                "     '' index %d u 1:2:3 w labels right noenhanced tc rgb MUTED font SMALL\n"
                "unset arrow\n",
                (unsigned)provider, token, name, token, note, count);
}

static void draw(struct sheet *sheet)
{
    const struct ends ends = curve_ends(sheet->result);
    unsigned shown = 0;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        shown += has_curve(sheet->result, p);
    sheet->height = HEIGHT;
    write_data(sheet);
    text_put(&sheet->script, "set logscale y\n");
    const int width = (LAST - LEFT - GUTTER * ((int)shown - 1)) / (int)shown;
    int left = LEFT;
    bool first = true;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if (!has_curve(sheet->result, p)) continue;
        sheet_panel(sheet, left, TOP, left + width, BOTTOM);
        if (first)
            text_format(&sheet->script,
                        "set label 99 'percentile of quotes, stretched towards the tail' at screen "
                        "%d.0/%d,0.04 right tc rgb MUTED font SMALL\n",
                        LAST, FIGURE_WIDTH);
        draw_panel(sheet, (enum provider)p, &ends, first);
        if (first) text_put(&sheet->script, "unset label\n");
        first = false;
        left += width + GUTTER;
    }
}

static const char *absence(const struct figure_subject *subject)
{
    const struct result *result = subject->result;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        if (has_curve(result, p)) return NULL;
    return "No provider answered often enough to draw its percentiles.";
}

static void describe(const struct figure_subject *subject, struct text *text)
{
    const struct result *result = subject->result;
    text_put(text,
             "One panel a provider: quote latency on a logarithmic axis against the percentile, "
             "from the median at the left to the slowest quotes at the right. ");
    finding_percentiles(result, text);
}

const struct figure figure_percentiles = {.name = "percentiles",
                                          .title = "Quote latency by percentile",
                                          .absence = absence,
                                          .draw = draw,
                                          .describe = describe};
