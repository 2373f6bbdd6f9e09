/* The words and numbers that every form of a comparison shares. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "reports/compare_text.h"
#include "reports/show.h"

/* ---- differences: one scale for a difference and both ends of its interval ---- */

struct scale {
    double factor;
    int decimals;
    const char *before, *after;
};

static int decimals_for(double most)
{
    return most >= 100.0 ? 0 : most >= 10.0 ? 1 : 2;
}

static struct scale scale_for(enum metric_unit unit, double most)
{
    switch (unit) {
    case UNIT_MS:
        if (most >= 1000.0)
            return (struct scale){1e-3, decimals_for(most / 1000.0) == 0 ? 1 : 2, "", " s"};
        return (struct scale){1.0, decimals_for(most), "", " ms"};
    case UNIT_CENTS:
        if (most >= 100.0) return (struct scale){1e-2, 2, "$", ""};
        return (struct scale){1.0, decimals_for(most), "", "\u00a2"};
    case UNIT_SHARE:
        return (struct scale){100.0, 2, "", " pp"};
    case UNIT_MINUTES:
        return (struct scale){1.0, decimals_for(most), "", " min"};
    case UNIT_COUNT:
    case UNIT_SCORE:
        return (struct scale){1.0, decimals_for(most), "", ""};
    }
    assert(!"a metric without a unit");
    return (struct scale){1.0, 2, "", ""};
}

static struct scale scale_of(const struct comparison_row *row)
{
    const struct stats_estimate *difference = &row->difference;
    double most = fabs(difference->value);
    if (!isnan(difference->low)) most = fmax(most, fabs(difference->low));
    if (!isnan(difference->high)) most = fmax(most, fabs(difference->high));
    return scale_for(metric_traits[row->metric].unit, most);
}

static void put_signed(struct text *text, const struct scale *scale, double value, bool with_unit)
{
    struct text digits = {0};
    text_fixed(&digits, fabs(value) * scale->factor, scale->decimals);
    if (digits.failed) text->failed = true;
    /* What rounds to nothing has no sign. */
    const bool nothing = digits.bytes == NULL || strspn(digits.bytes, "0.") == digits.length;
    if (!nothing) text_put(text, value < 0.0 ? "\u2212" : "+");
    text_put(text, scale->before);
    if (digits.bytes != NULL) text_put(text, digits.bytes);
    if (with_unit) text_put(text, scale->after);
    text_release(&digits);
}

void compare_show_value(struct text *text, const struct comparison_row *row, double value)
{
    if (isnan(value))
        text_put(text, "n/a");
    else
        show_number(text, metric_traits[row->metric].unit, value);
}

void compare_show_difference(struct text *text, const struct comparison_row *row)
{
    const struct scale scale = scale_of(row);
    if (isnan(row->difference.value))
        text_put(text, "n/a");
    else
        put_signed(text, &scale, row->difference.value, true);
}

void compare_show_interval(struct text *text, const struct comparison_row *row)
{
    const struct scale scale = scale_of(row);
    if (row->needs > 0) {
        text_put(text, "n/a (needs \u2265 ");
        text_grouped(text, (int64_t)row->needs);
        text_char(text, ')');
    } else if (row->difference.method == STATS_EXACT) {
        text_put(text, "exact");
    } else if (row->difference.method == STATS_NONE) {
        text_put(text, "n/a");
    } else {
        put_signed(text, &scale, row->difference.low, false);
        text_put(text, " to ");
        put_signed(text, &scale, row->difference.high, true);
    }
}

void compare_show_p(struct text *text, double p)
{
    if (isnan(p))
        text_put(text, "n/a");
    else if (p < 0.001)
        text_put(text, "<0.001");
    else
        text_fixed(text, p, p < 0.1 ? 3 : 2);
}

const char *compare_method(const struct comparison_row *row)
{
    switch (row->difference.method) {
    case STATS_NONE:
        return "too few orders";
    case STATS_EXACT:
        return "exact";
    case STATS_BLOCKS:
        return "t over blocks";
    case STATS_DISCORDANT:
        return "exact McNemar";
    case STATS_BOOTSTRAP:
        return "block bootstrap";
    }
    assert(!"a method without a name");
    return "";
}

const char *compare_destination(unsigned place)
{
    assert(place <= COMPARE_NOWHERE);
    return place == COMPARE_NOWHERE ? "not routed" : provider_traits[place].short_name;
}

/* ---- sentences ---- */

void compare_write_counts(struct text *text, const struct comparison *comparison)
{
    bool any = false;
    for (unsigned v = 0; v < COMPARE_VERDICTS; v++) {
        if (comparison->verdicts[v] == 0) continue;
        text_format(text, "%s%u %s", any ? ", " : "", (unsigned)comparison->verdicts[v],
                    comparison_verdict_names[v]);
        any = true;
    }
    if (!any) text_put(text, "nothing to compare");
}

/* How many noise zones a difference is away from nothing: what makes one worth the headline. */
static double weight_of(const struct comparison_row *row)
{
    return fabs(row->difference.value) / (row->noise > 0.0 ? row->noise : 1e-9);
}

static const struct comparison_row *largest(const struct comparison *comparison,
                                            enum comparison_verdict verdict)
{
    const struct comparison_row *found = NULL;
    for (uint32_t r = 0; r < comparison->row_count; r++) {
        const struct comparison_row *row = &comparison->rows[r];
        if (row->verdict != verdict) continue;
        if (found == NULL || weight_of(row) > weight_of(found)) found = row;
    }
    return found;
}

void compare_write_finding(struct text *text, const struct comparison *comparison)
{
    static const enum comparison_verdict telling[] = {VERDICT_WORSE, VERDICT_BETTER,
                                                      VERDICT_CHANGED};
    for (size_t i = 0; i < sizeof telling / sizeof *telling; i++) {
        const struct comparison_row *row = largest(comparison, telling[i]);
        if (row == NULL) continue;
        char label[COMPARE_LABEL_MAX];
        comparison_label(row, label);
        text_format(text, "Most clearly %s: %s, ", comparison_verdict_names[telling[i]], label);
        compare_show_difference(text, row);
        text_put(text, row->difference.method == STATS_EXACT ? " in every order (" : " (");
        compare_show_value(text, row, row->a);
        text_put(text, " to ");
        compare_show_value(text, row, row->b);
        text_put(text, ").");
        return;
    }
    const bool all_same = comparison->verdicts[VERDICT_SAME] == comparison->row_count;
    text_put(text, all_same ? "No difference." : "No clear difference.");
}

void compare_write_moves(struct text *text, const struct comparison *comparison)
{
    text_grouped(text, (int64_t)comparison->moved);
    text_put(text, " of ");
    text_grouped(text, (int64_t)comparison->orders);
    text_put(text, comparison->orders == 1 ? " order" : " orders");
    if (comparison->orders > 0) {
        text_put(text, " (");
        show_share(text, (double)comparison->moved / (double)comparison->orders);
        text_char(text, ')');
    }
    text_put(text, " went elsewhere");
}

void compare_write_method(struct text *text, const struct comparison *comparison)
{
    text_put(text, "Orders are paired by index: both runs met the same carts at the same instants. "
                   "Latency and failures are over all orders, carts and shares over the ");
    text_grouped(text, (int64_t)comparison->routed_both);
    text_format(text,
                " that both runs routed; of several replications the first is compared. Intervals "
                "(%g%%) and p-values say what other orders of the same kind might show; they take "
                "blocks of neighbouring orders for what varies (%d of them: Student's t, or %u "
                "resamples for percentiles), because orders that share a bad minute are not "
                "independent. Shares that differ in few blocks take McNemar's exact test. "
                "\"Better\" and \"worse\" need Holm's p, adjusted for all rows, of at most %g, and "
                "a difference beyond the noise zone: %g%% of A's value, or of a share's rarer "
                "side. \"Same\" needs the whole interval inside that zone.",
                100.0 * (1.0 - comparison->alpha), COMPARE_BLOCKS, (unsigned)comparison->resamples,
                comparison->alpha, 100.0 * comparison->noise);
    for (uint32_t r = 0; r < comparison->row_count; r++) {
        if (comparison->rows[r].error_bound == 0.0) continue;
        text_format(text, " Percentiles come from histograms: either value is within %.1f%%.",
                    100.0 * comparison->rows[r].error_bound);
        return;
    }
}
