/* "Does it hold?": the first part's word judged on the rest; thirds; changes; laws. */
#include <math.h>
#include <string.h>

#include "reports/calibrate_sections.h"
#include "reports/calibrate_text.h"
#include "reports/show.h"

enum { CHANGE_ROWS = 40, FEW_PROVIDERS = 6 };

static void put_verdict(struct html *page, const struct calibrate_provider *provider,
                        enum timeout_rule rule)
{
    static const char *const words[STABILITY_VERDICTS] = {"Held", "Missed", "Stale", "n/a"};
    static const char *const tones[STABILITY_VERDICTS] = {"good-word", "bad-word", "open-word",
                                                          "muted"};
    const enum stability_verdict verdict = calibrate_verdict_of(provider, rule);
    struct text reason = {0};
    const struct calibrate_held *held = calibrate_held_of(provider, rule);
    text_format(page->out, "<td><span class=\"%s\">%s</span>", tones[verdict], words[verdict]);
    if (verdict == STABILITY_STALE || verdict == STABILITY_MISSED)
        text_put(page->out, held->judged.y > held->judged.high ? ", better" : ", worse");
    calibrate_show_na_reason(&reason, provider, rule);
    if (reason.length > 0) text_format(page->out, "<span class=\"need\">%s</span>", reason.bytes);
    text_put(page->out, "</td>");
    page->out->failed |= reason.failed;
    text_release(&reason);
}

/* "2,703 of 2,780 (97.2%)" */
static void put_of(struct html *page, uint64_t hits, uint64_t n)
{
    struct text cell = {0};
    text_grouped(&cell, (int64_t)hits);
    text_put(&cell, " of ");
    text_grouped(&cell, (int64_t)n);
    text_put(&cell, " (");
    show_share(&cell, n > 0 ? (double)hits / (double)n : 0);
    text_char(&cell, ')');
    html_cell_number(page, &cell);
}

static void put_rest(struct html *page, const struct stability_timeout *judged)
{
    struct text cell = {0};
    text_grouped(&cell, (int64_t)judged->y);
    text_put(&cell, " of ");
    text_grouped(&cell, (int64_t)judged->m);
    text_put(&cell, " (");
    calibrate_show_in_time(&cell, judged);
    text_char(&cell, ')');
    html_cell_number(page, &cell);
}

static void put_predicted(struct html *page, const struct stability_timeout *judged)
{
    struct text cell = {0};
    text_grouped(&cell, (int64_t)judged->low);
    text_put(&cell, " to ");
    text_grouped(&cell, (int64_t)judged->high);
    text_put(&cell, " (");
    calibrate_show_predicted(&cell, judged);
    text_char(&cell, ')');
    html_cell_number(page, &cell);
}

static bool has_advice(const struct calibrate_provider *provider, enum timeout_rule rule)
{
    const struct calibrate_held *held = calibrate_held_of(provider, rule);
    return held != NULL && held->advice.state == TIMEOUT_FOUND;
}

static void put_held(struct html *page, const struct calibrate_provider *provider,
                     enum timeout_rule rule)
{
    const struct calibrate_held *held = calibrate_held_of(provider, rule);
    struct text cell = {0};
    calibrate_html_row(page, provider);
    put_verdict(page, provider, rule); /* first: what a narrow screen shows */
    if (held != NULL) {
        calibrate_show_advice(&cell, &held->advice);
    } else {
        text_put(&cell, "n/a");
    }
    html_cell_number(page, &cell);
    if (has_advice(provider, rule) && held->judged.n > 0 && held->judged.m > 0) {
        put_of(page, held->judged.k, held->judged.n);
        put_predicted(page, &held->judged);
        put_rest(page, &held->judged);
    } else {
        for (unsigned c = 0; c < 3; c++)
            text_put(page->out, "<td class=\"n\">n/a</td>");
    }
    html_row_end(page);
}

/* The rule of the recommendation has a row for everybody; another, for whom it says something. */
static void put_rule(struct html *page, enum timeout_rule rule, const uint32_t *places,
                     uint32_t shown)
{
    static const struct html_column columns[] = {{"Calls to", false},
                                                 {"Verdict", false},
                                                 {"Timeout it gave", true},
                                                 {"In time, first part", true},
                                                 {"Predicted of the rest (95%)", true},
                                                 {"In time, the rest", true}};
    const struct calibration *calibration = page->calibration;
    struct text caption = {0};
    uint32_t silent = 0;
    calibrate_show_rule(&caption, calibration, rule);
    text_put(&caption, ": advice of ");
    calibrate_show_first_part(&caption, calibration);
    text_put(&caption, " of the calls, judged on the rest");
    for (uint32_t i = 0; i < shown; i++)
        silent += !has_advice(&calibration->providers[places[i]], rule);
    if (silent < shown || rule == calibration->rule) {
        html_table_begin(page, caption.bytes != NULL ? caption.bytes : "", columns, 6);
        for (uint32_t i = 0; i < shown; i++)
            if (rule == calibration->rule || has_advice(&calibration->providers[places[i]], rule))
                put_held(page, &calibration->providers[places[i]], rule);
        html_table_end(page);
    }
    if (rule != calibration->rule && silent > 0) {
        text_clear(&caption);
        calibrate_show_rule(&caption, calibration, rule);
        text_put(&caption, ": n/a for ");
        text_grouped(&caption, silent);
        text_put(&caption, " of these; their first part carries no such advice.");
        text_put(page->out, "<p>");
        html_put(page, &caption);
        text_put(page->out, "</p>\n");
    }
    page->out->failed |= caption.failed;
    text_release(&caption);
}

static void put_halves(struct html *page)
{
    enum timeout_rule rules[2];
    uint32_t places[LATENCY_SERIES_MAX];
    const uint32_t rule_count = calibrate_held_rules(page->calibration, rules);
    const uint32_t shown = calibrate_section_places(page->calibration, places);
    for (uint32_t r = 0; r < rule_count; r++)
        put_rule(page, rules[r], places, shown);
    calibrate_html_rest(page, shown, "stability.csv");
    text_put(page->out,
             "<p class=\"muted\">In time: of all calls, failed ones too. Held: as many as were "
             "predicted. Better, worse: more, fewer. Stale: and the level of latency or success "
             "has moved. Missed: and nothing shows why. The interval is exact when calls are "
             "independent of each other; neighbours that are alike make it too narrow.</p>\n");
}

/* ---- thirds ---- */

static void put_latency(struct html *page, const struct latency_quantile *quantile)
{
    struct text cell = {0};
    calibrate_show_latency(&cell, quantile);
    if (quantile->state != LATENCY_TOO_FEW) {
        text_put(&cell, " (");
        calibrate_show_latency_interval(&cell, quantile);
        text_char(&cell, ')');
    }
    html_cell_number(page, &cell);
}

/* On one line where there is room for it. */
static void put_place(struct html *page, int64_t at_us, uint32_t sample, bool whole)
{
    struct text cell = {0};
    calibrate_show_place(&cell, page->calibration, at_us, sample);
    text_put(page->out, whole ? "<td class=\"n\">" : "<td class=\"n wrap\">");
    html_put(page, &cell);
    text_put(page->out, "</td>");
}

static void put_third(struct html *page, const struct calibrate_provider *provider, unsigned part)
{
    enum { P50, P95 };
    static const char *const names[STABILITY_PARTS] = {"first", "second", "last"};
    const struct stability_third *third = &provider->stability.thirds[part];
    struct text cell = {0};
    calibrate_html_row(page, provider);
    html_cell(page, names[part]);
    if (third->count > 0) {
        put_place(page, third->from_us, third->first, false);
    } else {
        text_put(page->out, "<td class=\"n\">n/a</td>");
    }
    html_cell_count(page, third->count);
    put_latency(page, &third->quantiles[P50]);
    put_latency(page, &third->quantiles[P95]);
    calibrate_show_advice(&cell, &provider->stability.third_advice[part]);
    html_cell_number(page, &cell);
    html_row_end(page);
}

static void put_thirds(struct html *page, const uint32_t *places, uint32_t shown)
{
    static const struct html_column columns[] = {{"Calls to", false},
                                                 {"Third", false},
                                                 {"From", true},
                                                 {"Calls", true},
                                                 {"p50 (95% interval)", true},
                                                 {"p95 (95% interval)", true},
                                                 {"Timeout of this third", true}};
    struct text caption = {0};
    text_put(&caption, "Each third alone; the timeout is what ");
    calibrate_show_rule(&caption, page->calibration, page->calibration->rule);
    text_put(&caption, " would have said of it");
    calibrate_html_fold(page, "Third by third", shown <= FEW_PROVIDERS);
    html_table_begin(page, caption.bytes != NULL ? caption.bytes : "", columns, 7);
    for (uint32_t i = 0; i < shown; i++)
        for (unsigned part = 0; part < STABILITY_PARTS; part++)
            put_third(page, &page->calibration->providers[places[i]], part);
    html_table_end(page);
    calibrate_html_rest(page, shown, "stability.csv");
    text_put(page->out, "</details>\n");
    page->out->failed |= caption.failed;
    text_release(&caption);
}

/* ---- changes ---- */

static void put_level(struct html *page, double us)
{
    struct text cell = {0};
    calibrate_show_wait(&cell, us / 1000);
    html_cell_number(page, &cell);
}

/* With times the number of the call stands beside the instant. */
static void put_sample(struct html *page, uint32_t sample)
{
    struct text cell = {0};
    text_grouped(&cell, (int64_t)sample + 1);
    html_cell_number(page, &cell);
}

static void put_ratio(struct html *page, double ratio)
{
    struct text cell = {0};
    if (isnan(ratio)) {
        text_put(&cell, "n/a");
    } else {
        text_put(&cell, "\u00d7");
        text_fixed(&cell, ratio, 2);
    }
    html_cell_number(page, &cell);
}

static void put_change(struct html *page, const struct calibrate_provider *provider,
                       const struct change *change)
{
    struct text cell = {0};
    calibrate_html_row(page, provider);
    html_cell(page, "latency");
    put_place(page, change->at_us, change->index, true);
    put_sample(page, change->index);
    put_level(page, change->before);
    put_level(page, change->after);
    put_ratio(page, change->ratio);
    calibrate_show_place(&cell, page->calibration, change->low_us, change->low);
    text_put(&cell, " to ");
    calibrate_show_place(&cell, page->calibration, change->high_us, change->high);
    text_put(page->out, "<td>");
    html_put(page, &cell);
    text_put(page->out, "</td>");
    html_row_end(page);
}

static void put_rate_change(struct html *page, const struct calibrate_provider *provider,
                            const struct rate_change *change)
{
    calibrate_html_row(page, provider);
    html_cell(page, "failures");
    put_place(page, change->at_us, change->index, true);
    put_sample(page, change->index);
    html_cell_share(page, (double)change->failed_before / (double)change->before);
    html_cell_share(page, (double)change->failed_after / (double)change->after);
    text_put(page->out, "<td class=\"n\">\u2013</td><td>n/a</td>");
    html_row_end(page);
}

static uint32_t count_changes(const struct calibration *calibration, uint32_t *looked)
{
    uint32_t count = 0;
    *looked = 0;
    for (uint32_t i = 0; i < calibration->latencies.count; i++) {
        const struct change_set *changes = &calibration->providers[i].stability.changes;
        count += changes->count + changes->rate_count;
        *looked += changes->known || changes->rates_known;
    }
    return count;
}

/* Returns how many rows were written. */
static uint32_t put_changes_of(struct html *page, const struct calibrate_provider *provider,
                               uint32_t room)
{
    const struct change_set *changes = &provider->stability.changes;
    uint32_t rows = 0;
    for (uint32_t c = 0; c < changes->count && rows < room; c++, rows++)
        put_change(page, provider, &changes->items[c]);
    for (uint32_t c = 0; c < changes->rate_count && rows < room; c++, rows++)
        put_rate_change(page, provider, &changes->rates[c]);
    return rows;
}

static void put_changes(struct html *page, const uint32_t *places, uint32_t shown)
{
    static const struct html_column columns[] = {{"Calls to", false},
                                                 {"Of", false},
                                                 {"When", true},
                                                 {"Call", true},
                                                 {"Median, share before", true},
                                                 {"After", true},
                                                 {"Ratio", true},
                                                 {"Where it lies (95%)", false}};
    uint32_t looked, rows = 0;
    const uint32_t count = count_changes(page->calibration, &looked);
    text_put(page->out, "<h3 style=\"margin-top:2rem\">Did the level move?</h3>\n");
    if (count == 0) {
        text_put(page->out, looked > 0
                                ? "<p>No lasting change of latency or of failures was found.</p>\n"
                                : "<p>n/a: too few calls to look for changes.</p>\n");
        return;
    }
    html_table_begin(page, "Lasting changes of latency and of failures", columns, 8);
    for (uint32_t i = 0; i < shown; i++)
        rows += put_changes_of(page, &page->calibration->providers[places[i]], CHANGE_ROWS - rows);
    html_table_end(page);
    if (rows < count)
        text_format(page->out, "<p>And %u more in <code>stability.csv</code>.</p>\n",
                    (unsigned)(count - rows));
}

/* ---- since when samples count ---- */

static void put_fresh_words(struct text *text, const struct calibration *calibration,
                            const struct stability_fresh *fresh)
{
    switch (fresh->freshness) {
    case STABILITY_FRESH_ALL:
        text_put(text, "all of them");
        break;
    case STABILITY_FRESH_SINCE:
        text_put(text, "those since ");
        calibrate_show_place(text, calibration, fresh->fresh_from_us, fresh->index);
        break;
    case STABILITY_FRESH_STALE:
        text_put(text, "too few: measure again; the level moved by ");
        calibrate_show_place(text, calibration, fresh->fresh_from_us, fresh->index);
        break;
    case STABILITY_FRESH_UNKNOWN:
        text_put(text, "n/a: too few to look for changes");
        break;
    case STABILITY_FRESHNESSES:
        break;
    }
}

static void put_number(struct html *page, double value, int decimals)
{
    struct text cell = {0};
    if (isfinite(value)) {
        struct text digits = {0};
        text_fixed(&digits, fabs(value), decimals);
        const char *shown = digits.bytes != NULL ? digits.bytes : "";
        if (value < 0 && strspn(shown, "0.") != strlen(shown)) text_put(&cell, "\u2212");
        text_put(&cell, shown);
        cell.failed |= digits.failed;
        text_release(&digits);
    } else {
        text_put(&cell, isnan(value) ? "n/a" : "infinite");
    }
    html_cell_number(page, &cell);
}

static void put_fresh(struct html *page, const uint32_t *places, uint32_t shown)
{
    static const struct html_column columns[] = {
        {"Calls to", false},      {"Calls that count today", false},
        {"Of them", true},        {"Alike neighbours (lag 1)", true},
        {"Within a level", true}, {"By chance up to", true}};
    html_table_begin(page, "Since when samples tell of today", columns, 6);
    for (uint32_t i = 0; i < shown; i++) {
        const struct calibrate_provider *provider = &page->calibration->providers[places[i]];
        const struct change_set *changes = &provider->stability.changes;
        struct text cell = {0};
        calibrate_html_row(page, provider);
        put_fresh_words(&cell, page->calibration, &provider->stability.fresh);
        text_put(page->out, "<td>");
        html_put(page, &cell);
        text_put(page->out, "</td>");
        html_cell_count(page, provider->stability.fresh.count);
        put_number(page, changes->autocorrelation, 2);
        put_number(page, changes->autocorrelation_within, 2);
        put_number(page, changes->autocorrelation_bound, 2);
        html_row_end(page);
    }
    html_table_end(page);
    calibrate_html_rest(page, shown, "stability.csv");
}

/* ---- laws ---- */

static void put_distance(struct html *page, double distance, double p, int decimals)
{
    struct text cell = {0};
    if (isnan(distance)) {
        text_put(&cell, "n/a");
    } else if (isinf(distance)) {
        text_put(&cell, "infinite");
    } else {
        text_fixed(&cell, distance, decimals);
    }
    text_put(&cell, ", p ");
    if (isnan(p)) {
        text_put(&cell, "n/a");
    } else {
        text_put(&cell, "= ");
        text_fixed(&cell, p, 2);
    }
    html_cell_number(page, &cell);
}

static void put_law(struct html *page, const struct calibrate_provider *provider)
{
    const struct calibrate_stability *stability = &provider->stability;
    struct text cell = {0};
    calibrate_html_row(page, provider);
    if (stability->best == FIT_LAWS) {
        html_cell(page, fit_reason_texts[stability->fits[FIT_LOGNORMAL].reason]);
        for (unsigned c = 0; c < 5; c++)
            text_put(page->out, "<td class=\"n\">n/a</td>");
        html_row_end(page);
        return;
    }
    html_cell(page, calibrate_law_words(stability->best));
    show_share(&cell, stability->weights[stability->best]);
    html_cell_number(page, &cell);
    calibrate_show_law(&cell, &stability->fits[stability->best]);
    text_put(page->out, "<td>");
    html_put(page, &cell);
    text_put(page->out, "</td>");
    put_distance(page, stability->goodness.ks, stability->goodness.ks_p, 3);
    put_distance(page, stability->goodness.ad, stability->goodness.ad_p, 2);
    if (isnan(stability->goodness.ks_p)) {
        text_put(page->out, "<td class=\"n\">none</td>");
    } else {
        html_cell_count(page, stability->goodness.resamples);
    }
    html_row_end(page);
}

static void put_laws(struct html *page, const uint32_t *places, uint32_t shown)
{
    static const struct html_column columns[] = {
        {"Calls to", false},   {"Law", false}, {"Weight", true},
        {"Parameters", false}, {"KS", true},   {"Anderson\u2013Darling", true},
        {"Resamples", true}};
    html_table_begin(page, "The law that fits best, by AICc, among six: a model", columns, 7);
    for (uint32_t i = 0; i < shown; i++)
        put_law(page, &page->calibration->providers[places[i]]);
    html_table_end(page);
    calibrate_html_rest(page, shown, "stability.csv");
}

/* "1.1% (0.9% to 1.3%)" */
static void put_tail_share(struct html *page, const struct fit_tail *tail)
{
    struct text cell = {0};
    if (tail->n == 0 || tail->at.reach == FIT_NO_VALUE) {
        text_put(&cell, "n/a");
    } else {
        calibrate_show_share(&cell, tail->share, tail->low, tail->high);
        text_put(&cell, " (");
        calibrate_show_share_interval(&cell, tail->low, tail->high);
        text_char(&cell, ')');
    }
    html_cell_number(page, &cell);
}

static void put_tail(struct html *page, const struct calibrate_provider *provider, enum fit_law law,
                     const struct fit_goodness *goodness)
{
    const struct fit_tail *p99 = &goodness->tails[0], *p999 = &goodness->tails[1];
    const char *reach = p999->at.reach == FIT_EXTRAPOLATED ? "extrapolated"
                        : p999->at.reach == FIT_WITHIN     ? "within the data"
                                                           : "n/a";
    const bool off = p99->n > 0 && (p99->low > 0.01 || p99->high < 0.01);
    const bool far_off = p999->n > 0 && (p999->low > 0.001 || p999->high < 0.001);
    calibrate_html_row(page, provider);
    html_cell(page, calibrate_law_words(law));
    put_tail_share(page, p99);
    put_tail_share(page, p999);
    put_level(page, p999->at.us);
    html_cell(page, reach);
    html_cell(page, off || far_off ? "no" : "not refuted");
    html_row_end(page);
}

static void put_tails(struct html *page, const uint32_t *places, uint32_t shown)
{
    static const struct html_column columns[] = {{"Calls to", false},
                                                 {"Law", false},
                                                 {"Above its p99 (1% expected)", true},
                                                 {"Above its p99.9 (0.1% expected)", true},
                                                 {"Its p99.9", true},
                                                 {"That is", false},
                                                 {"Tail fits", false}};
    html_table_begin(page, "Does its tail fit? The best law, and the lognormal beside it", columns,
                     7);
    for (uint32_t i = 0; i < shown; i++) {
        const struct calibrate_provider *provider = &page->calibration->providers[places[i]];
        const struct calibrate_stability *stability = &provider->stability;
        if (stability->best == FIT_LAWS) continue;
        put_tail(page, provider, stability->best, &stability->goodness);
        if (stability->best != FIT_LOGNORMAL && stability->fits[FIT_LOGNORMAL].reason == FIT_FINE)
            put_tail(page, provider, FIT_LOGNORMAL, &stability->lognormal);
    }
    html_table_end(page);
    text_put(page->out,
             "<p class=\"muted\">No timeout here is read off a law. p is by parametric bootstrap; "
             "n/a without resamples, or beyond 5,000 calls, where every simple law is refused. "
             "Extrapolated: later than any answer that was seen, the law\u2019s word alone.</p>\n");
}

static bool any_law(const struct calibration *calibration)
{
    for (uint32_t i = 0; i < calibration->latencies.count; i++)
        if (calibration->providers[i].stability.best != FIT_LAWS) return true;
    return false;
}

/* ---- the section ---- */

void calibrate_html_holds(struct html *page)
{
    uint32_t places[LATENCY_SERIES_MAX];
    const uint32_t shown = calibrate_section_places(page->calibration, places);
    html_section(page, "holds", "Does it hold?");
    calibrate_html_found(page, calibrate_find_holds);
    put_halves(page);
    put_thirds(page, places, shown);
    put_changes(page, places, shown);
    put_fresh(page, places, shown);
    text_put(page->out, "<h3 style=\"margin-top:2rem\">Which law do latencies follow?</h3>\n");
    calibrate_html_fold(page, "Laws that were fitted", shown <= FEW_PROVIDERS);
    put_laws(page, places, shown);
    if (any_law(page->calibration)) put_tails(page, places, shown);
    text_put(page->out, "</details>\n");
}
