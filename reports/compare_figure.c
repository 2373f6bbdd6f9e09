/* The forest plot of a comparison: a dot and its interval for each row, in percent of A's value. */
#include <math.h>
#include <string.h>

#include "reports/compare_html.h"
#include "reports/files.h"
#include "reports/gnuplot.h"
#include "reports/tokens.h"

enum { WIDTH = 860, LEFT = 170, RIGHT = 120, TOP = 40, BOTTOM = 56, ROW_HEIGHT = 24 };

/* Past it an interval is cut at the plot's edge: one enormous ratio would flatten all others. */
#define PERCENT_MOST 150.0

static bool has_share(const struct comparison_row *row)
{
    return row->difference.method != STATS_NONE && row->a != 0.0;
}

static double percent_of(const struct comparison_row *row, double value)
{
    return 100.0 * value / fabs(row->a);
}

static double axis_end(const struct comparison *comparison)
{
    double most = 200.0 * comparison->noise;
    for (uint32_t r = 0; r < comparison->row_count; r++) {
        const struct comparison_row *row = &comparison->rows[r];
        if (!has_share(row)) continue;
        most = fmax(most, fabs(percent_of(row, row->difference.low)));
        most = fmax(most, fabs(percent_of(row, row->difference.high)));
    }
    return 1.08 * fmin(most, PERCENT_MOST);
}

/* As a gnuplot string in single quotes, whose only escape is the quote doubled; the enhanced mode's
 * signs do not occur in labels and numbers of ours. */
static void put_string(struct text *script, const char *words)
{
    text_char(script, '\'');
    for (; *words != '\0'; words++) {
        if (*words == '\'') text_char(script, '\'');
        text_char(script, *words);
    }
    text_char(script, '\'');
}

struct forest {
    struct text data, left, right; /* rows; the words on either side */
    unsigned rows;
};

static void add_row(struct forest *forest, const struct comparison_row *row, double end)
{
    char label[COMPARE_LABEL_MAX];
    struct text difference = {0};
    comparison_label(row, label);
    compare_show_difference(&difference, row);
    const double ends[3] = {row->difference.value, row->difference.low, row->difference.high};
    text_format(&forest->data, "%u", forest->rows);
    for (unsigned i = 0; i < 3; i++) {
        text_char(&forest->data, '\t');
        text_double(&forest->data, fmax(-end, fmin(end, percent_of(row, ends[i]))));
    }
    text_format(&forest->data, "\t%u\t%s\n", (unsigned)row->verdict, label);
    text_put(&forest->left, forest->rows > 0 ? ", " : "");
    put_string(&forest->left, label);
    text_format(&forest->left, " %u", forest->rows);
    text_put(&forest->right, forest->rows > 0 ? ", " : "");
    put_string(&forest->right, difference.bytes != NULL ? difference.bytes : "");
    text_format(&forest->right, " %u", forest->rows);
    forest->data.failed |= difference.failed;
    text_release(&difference);
    forest->rows++;
}

static void put_script(struct text *script, const struct comparison *comparison,
                       const struct forest *forest, double end)
{
    static const char *const colours[COMPARE_VERDICTS] = {[VERDICT_WORSE] = "BAD",
                                                          [VERDICT_BETTER] = "GOOD",
                                                          [VERDICT_CHANGED] = "WALMART",
                                                          [VERDICT_INCONCLUSIVE] = "WARN",
                                                          [VERDICT_SAME] = "REF"};
    const int height = TOP + BOTTOM + ROW_HEIGHT * (int)forest->rows;
    text_put(script, "# Differences and their intervals, in percent of A.\n"
                     "# Draws forest.svg from forest.tsv: gnuplot forest.gp\n");
    tokens_write_gnuplot(script);
    text_format(script,
                "set terminal svg size %d,%d dynamic enhanced font 'sans-serif,13' name 'forest' "
                "rounded\nset output 'forest.svg'\nset encoding utf8\nset minussign\n"
                "set datafile separator '\\t'\nunset key\n",
                WIDTH, height);
    text_format(script,
                "set lmargin at screen %.5f\nset rmargin at screen %.5f\n"
                "set tmargin at screen %.5f\nset bmargin at screen %.5f\n",
                (double)LEFT / WIDTH, 1.0 - (double)RIGHT / WIDTH, 1.0 - (double)TOP / height,
                (double)BOTTOM / height);
    text_format(script,
                "set border 1 lc rgb AXIS lw 1\nset xrange [%.6g:%.6g]\nset yrange [%u.5:-0.5]\n"
                "set y2range [%u.5:-0.5]\n"
                "set xtics nomirror out scale 0.4,0 textcolor rgb MUTED format '%%g%%%%'\n",
                -end, end, forest->rows - 1, forest->rows - 1);
    text_format(script, "set ytics (%s) scale 0 nomirror textcolor rgb FG\n", forest->left.bytes);
    text_format(script, "set y2tics (%s) scale 0 nomirror textcolor rgb FG\n", forest->right.bytes);
    text_put(script, "set grid xtics noytics lc rgb GRID lw 1 lt 1\n");
    text_format(script,
                "set object 1 rect from %.6g,graph 0 to %.6g,graph 1 fc rgb NEUTRAL fs solid "
                "noborder behind\nset arrow 1 from 0,graph 0 to 0,graph 1 nohead lc rgb AXIS "
                "lw 1\n",
                -100.0 * comparison->noise, 100.0 * comparison->noise);
    text_put(script,
             "set label 1 'B \u2212 A in percent of A; shaded: the noise zone' at graph 1,0 "
             "right offset 0,-2.4 tc rgb MUTED\n"
             "set label 2 'B \u2212 A' at graph 1,1 left offset 1,0.9 tc rgb MUTED\n");
    text_put(script, "plot ");
    for (unsigned v = 0; v < COMPARE_VERDICTS; v++) {
        text_format(script,
                    "%s'forest.tsv' u ($5==%u?$2:NaN):1:3:4 w xerrorbars pt 7 ps 0.6 lw 2 lc rgb "
                    "%s",
                    v > 0 ? ", \\\n     " : "", v, colours[v]);
    }
    text_put(script, "\nunset output\n");
}

static bool write_files(const struct compare_page *page, struct forest *forest, double end,
                        struct err *err)
{
    struct text script = {0};
    put_script(&script, page->comparison, forest, end);
    script.failed |= forest->left.failed || forest->right.failed;
    const bool written = files_write(page->directory, "forest.tsv", &forest->data, err) &&
                         files_write(page->directory, "forest.gp", &script, err);
    text_release(&script);
    return written;
}

static bool draw(const struct compare_page *page, char reason[static COMPARE_REASON_MAX])
{
    char why[128];
    switch (gnuplot_run(page->gnuplot, page->directory, "forest.gp", why, sizeof why)) {
    case GNUPLOT_DREW:
        return true;
    case GNUPLOT_MISSING:
        (void)snprintf(reason, COMPARE_REASON_MAX,
                       "gnuplot was not found, so the table stands alone.");
        break;
    case GNUPLOT_FAILED:
        (void)snprintf(reason, COMPARE_REASON_MAX, "gnuplot could not draw the forest plot: %s",
                       why);
        break;
    }
    return false;
}

bool compare_draw_forest(const struct compare_page *page, char reason[static COMPARE_REASON_MAX],
                         struct err *err)
{
    const struct comparison *comparison = page->comparison;
    const double end = axis_end(comparison);
    struct forest forest = {0};
    err->code = ERR_NONE;
    reason[0] = '\0';
    text_put(&forest.data, "# row\tpercent\tlow\thigh\tverdict\tmetric\n");
    for (unsigned v = 0; v < COMPARE_VERDICTS; v++)
        for (uint32_t r = 0; r < comparison->row_count; r++)
            if (comparison->rows[r].verdict == v && has_share(&comparison->rows[r]))
                add_row(&forest, &comparison->rows[r], end);
    bool drawn = false;
    if (forest.rows == 0) {
        (void)snprintf(reason, COMPARE_REASON_MAX, "There is no interval to draw.");
    } else if (page->gnuplot == NULL) {
        (void)snprintf(reason, COMPARE_REASON_MAX, "The plot was switched off.");
    } else if (write_files(page, &forest, end, err)) {
        drawn = draw(page, reason);
    }
    text_release(&forest.data);
    text_release(&forest.left);
    text_release(&forest.right);
    return drawn;
}
