/* "Retries and hedges": what a second call to the same provider would cost and bring. */
#include <math.h>

#include "reports/calibrate_sections.h"
#include "reports/calibrate_text.h"
#include "reports/show.h"

enum { P95 = 1, FEW_PROVIDERS = 6 };

static void put_time(struct html *page, const struct whatif_time *time)
{
    struct text cell = {0};
    calibrate_show_whatif(&cell, time);
    html_cell_number(page, &cell);
}

static void put_none(struct html *page, unsigned cells)
{
    for (; cells > 0; cells--)
        text_put(page->out, "<td class=\"n\">n/a</td>");
}

static void put_share(struct html *page, double share)
{
    struct text cell = {0};
    calibrate_show_share(&cell, share, 0, 1);
    html_cell_number(page, &cell);
}

/* ---- hedges ---- */

/* "31.0% (27.1% to 35.2%) of 512, else 5.0%" in three cells: how far slowness is shared. */
static void put_near(struct html *page, const struct whatif_near *near)
{
    struct text cell = {0};
    if (near->pairs > 0 && !isnan(near->after)) {
        calibrate_show_share(&cell, near->after, near->low, near->high);
        text_put(&cell, " (");
        calibrate_show_share_interval(&cell, near->low, near->high);
        text_char(&cell, ')');
    } else {
        text_put(&cell, "n/a");
    }
    html_cell_number(page, &cell);
    html_cell_count(page, near->pairs);
    put_share(page, near->alone);
}

static void put_delay_cells(struct html *page, const struct whatif_hedge *hedge)
{
    struct text cell = {0};
    text_format(&cell, "p%.0f: ", 100 * hedge->delay_quantile);
    calibrate_show_whatif(&cell, &hedge->after);
    text_put(page->out, "<td>");
    html_put(page, &cell);
    text_put(page->out, "</td>");
}

static void put_hedge(struct html *page, const struct calibrate_provider *provider,
                      const struct whatif_hedge *hedge)
{
    calibrate_html_row(page, provider);
    put_delay_cells(page, hedge);
    put_share(page, hedge->load);
    put_near(page, &hedge->slow);
    html_row_end(page);
}

/* Delays that are known; the first that is not, with what is known of it, ends them. */
static void put_hedges_of(struct html *page, const struct calibrate_provider *provider)
{
    for (unsigned d = 0; d < WHATIF_DELAYS; d++) {
        const struct whatif_hedge *hedge = &provider->hedges.hedges[d];
        if (hedge->after.state == WHATIF_KNOWN) {
            put_hedge(page, provider, hedge);
            continue;
        }
        calibrate_html_row(page, provider);
        put_delay_cells(page, hedge);
        put_none(page, 4);
        html_row_end(page);
        break;
    }
}

static void put_loads(struct html *page, const uint32_t *places, uint32_t shown)
{
    static const struct html_column columns[] = {{"Calls to", false},
                                                 {"Second call after", false},
                                                 {"More calls", true},
                                                 {"Slow after a slow one (95% interval)", true},
                                                 {"Slow ones with a neighbour", true},
                                                 {"Slow, any call", true}};
    calibrate_html_fold(page, "What hedges cost, and how far slowness is shared",
                        shown <= FEW_PROVIDERS);
    html_table_begin(page, "What hedges cost, and how far slowness is shared: measured", columns,
                     6);
    for (uint32_t i = 0; i < shown; i++)
        put_hedges_of(page, &page->calibration->providers[places[i]]);
    html_table_end(page);
    calibrate_html_rest(page, shown, "hedges.csv");
    text_put(page->out, "<p class=\"muted\">Slow: longer than the delay. A neighbour is the next "
                        "call after that delay, within a minute. Near the share of any call, a "
                        "second call is a new chance; near 100%, it is a call wasted.</p>\n"
                        "</details>\n");
}

static void put_outcome(struct html *page, const struct calibrate_provider *provider,
                        const char *when, const char *assumption,
                        const struct whatif_outcome *outcome)
{
    calibrate_html_row(page, provider);
    html_cell(page, when);
    html_cell(page, assumption);
    if (!outcome->known) {
        put_none(page, WHATIF_QUANTILES);
    } else {
        for (unsigned q = P95; q < WHATIF_QUANTILES; q++)
            put_time(page, &outcome->quantiles[q]);
        put_share(page, outcome->in_time);
    }
    html_row_end(page);
}

static void put_outcomes_of(struct html *page, const struct calibrate_provider *provider)
{
    put_outcome(page, provider, "none", "measured", &provider->hedges.before);
    for (unsigned d = 0; d < WHATIF_DELAYS; d++) {
        const struct whatif_hedge *hedge = &provider->hedges.hedges[d];
        struct text when = {0};
        if (hedge->after.state != WHATIF_KNOWN) continue;
        text_format(&when, "p%.0f", 100 * hedge->delay_quantile);
        if (when.bytes != NULL) {
            put_outcome(page, provider, when.bytes, "independence (model)", &hedge->independent);
            put_outcome(page, provider, when.bytes, "what neighbours share (model)",
                        &hedge->shared);
        }
        page->out->failed |= when.failed;
        text_release(&when);
    }
}

static void put_tails(struct html *page, const uint32_t *places, uint32_t shown)
{
    static const struct html_column columns[] = {
        {"Calls to", false},   {"Second call after", false},
        {"Resting on", false}, {"p95", true},
        {"p99", true},         {"p99.9", true},
        {"In time", true}};
    calibrate_html_fold(page, "Latency before and after", shown <= FEW_PROVIDERS);
    html_table_begin(page, "Latency of answers without and with a second call", columns, 7);
    for (uint32_t i = 0; i < shown; i++)
        put_outcomes_of(page, &page->calibration->providers[places[i]]);
    html_table_end(page);
    calibrate_html_rest(page, shown, "hedges.csv");
    text_put(page->out,
             "<p class=\"muted\">In time: by the recommended timeout, else by today\u2019s, of "
             "calls that did not fail; n/a where neither is known. \u201c&gt; T\u201d lies beyond "
             "what anybody watched. What neighbours share is n/a with fewer than 30 of "
             "them. Quantiles here are Kaplan and Meier\u2019s (the least time by which so many "
             "have answered); the rules\u2019 are type 7, which interpolates, and differ a "
             "little.</p>\n</details>\n");
}

/* ---- retries ---- */

static void put_tries(struct html *page, const struct calibrate_provider *provider,
                      const struct whatif_tries *tries)
{
    struct text cells[2] = {{0}};
    const bool once = tries->tries == 1;
    calibrate_html_row(page, provider);
    text_format(page->out, "<td class=\"n\">%u%s</td>", (unsigned)tries->tries,
                once ? "" : " (model)");
    const double loads[2] = {tries->load, tries->load_shared};
    for (unsigned c = 0; c < 2; c++) {
        put_share(page, c == 0 ? tries->success : tries->success_shared);
        if (isnan(loads[c])) {
            text_put(&cells[c], "n/a");
        } else {
            text_fixed(&cells[c], loads[c], 3);
        }
        html_cell_number(page, &cells[c]);
    }
    html_row_end(page);
}

static void put_retries_of(struct html *page, const struct calibrate_provider *provider)
{
    if (!provider->retries_known) {
        calibrate_html_row(page, provider);
        put_none(page, 5);
        html_row_end(page);
        return;
    }
    for (unsigned t = 0; t < WHATIF_TRIES; t++)
        put_tries(page, provider, &provider->retries.tries[t]);
}

static void put_failing(struct html *page, const struct calibrate_provider *provider)
{
    const struct whatif_retries *retries = &provider->retries;
    calibrate_html_row(page, provider);
    if (!provider->retries_known) {
        put_none(page, 5);
    } else {
        html_cell_count(page, retries->n);
        put_share(page, retries->failing);
        put_near(page, &retries->fails);
    }
    html_row_end(page);
}

static void put_retries(struct html *page, const uint32_t *places, uint32_t shown)
{
    static const struct html_column fails[] = {{"Calls to", false},
                                               {"Calls", true},
                                               {"Fail", true},
                                               {"Fail after one that failed (95% interval)", true},
                                               {"Failed ones with a neighbour", true},
                                               {"Fail, any call", true}};
    static const struct html_column columns[] = {{"Calls to", false},
                                                 {"Tries, at most", true},
                                                 {"In time, independent", true},
                                                 {"Tries a call", true},
                                                 {"In time, as neighbours share", true},
                                                 {"Tries a call", true}};
    calibrate_html_fold(page, "How far failures are shared", shown <= FEW_PROVIDERS);
    html_table_begin(page, "How far failures are shared: measured", fails, 6);
    for (uint32_t i = 0; i < shown; i++)
        put_failing(page, &page->calibration->providers[places[i]]);
    html_table_end(page);
    calibrate_html_rest(page, shown, "retries.csv");
    text_put(page->out, "</details>\n");
    calibrate_html_fold(page, "Tries at most, success and load", shown <= FEW_PROVIDERS);
    html_table_begin(page, "A failed call is made again at once, within the timeout: a model",
                     columns, 6);
    for (uint32_t i = 0; i < shown; i++)
        put_retries_of(page, &page->calibration->providers[places[i]]);
    html_table_end(page);
    calibrate_html_rest(page, shown, "retries.csv");
    text_put(page->out, "<p class=\"muted\">In time: of all calls, failed ones too, by the "
                        "recommended timeout, else by today\u2019s.");
    for (uint32_t i = 0; i < shown; i++)
        if (page->calibration->providers[places[i]].retries_known &&
            page->calibration->providers[places[i]].retries.beyond) {
            text_put(page->out, " Where that lies beyond what was watched, success is at least "
                                "what stands here.");
            break;
        }
    text_put(page->out, "</p>\n</details>\n");
}

/* ---- what formulas say ---- */

static void put_fact_row(struct html *page, const char *what, struct text *value, const char *why)
{
    html_row_begin(page, what);
    html_cell_number(page, value);
    html_cell(page, why);
    html_row_end(page);
}

static void put_fan_rows(struct html *page, const struct calibrate_facts *facts)
{
    for (unsigned i = 0; i < CALIBRATE_FANS; i++) {
        struct text what = {0}, value = {0};
        text_format(&what, "Orders that meet a call slower than its p%g",
                    100 * (1 - facts->slow[i]));
        show_share(&value, facts->fan_out[i]);
        put_fact_row(page, what.bytes != NULL ? what.bytes : "", &value,
                     "1 \u2212 (1 \u2212 p)\u207f");
        page->out->failed |= what.failed;
        text_release(&what);
    }
}

static void put_facts(struct html *page)
{
    static const struct html_column columns[] = {{"What", false}, {"Value", true}, {"From", false}};
    const struct calibrate_facts *facts = &page->calibration->facts;
    struct text caption = {0}, value = {0}, what = {0};
    text_format(&caption,
                "What formulas say of an order that waits for %u %s, calls independent: "
                "a model",
                (unsigned)facts->answers, facts->answers == 1 ? "answer" : "answers");
    html_table_begin(page, caption.bytes != NULL ? caption.bytes : "", columns, 3);
    put_fan_rows(page, facts);
    text_fixed(&value, 100 * facts->each, 2);
    text_put(&value, "%");
    put_fact_row(page, "Quantile that each call must keep for all of an order\u2019s to keep 99%",
                 &value, "0.99 to the power 1/n");
    text_format(&what, "Calls below, when %u layers each try %u times and all fails",
                (unsigned)facts->layers, (unsigned)facts->tries);
    text_grouped(&value, llround(facts->layer_calls));
    put_fact_row(page, what.bytes != NULL ? what.bytes : "", &value,
                 "tries to the power of layers");
    text_clear(&what);
    text_format(&what, "Tries a call under a retry budget of %g%%, when all fails",
                100 * facts->budget);
    text_fixed(&value, facts->budget_load, 2);
    put_fact_row(page, what.bytes != NULL ? what.bytes : "", &value, "1 + budget");
    text_fixed(&value, 100 * facts->throttle_limit, 2);
    text_put(&value, "%");
    put_fact_row(page, "Failures at which gRPC\u2019s throttle ends retries", &value,
                 "r / (1 + r) for a token ratio r of 0.1");
    html_table_end(page);
    page->out->failed |= caption.failed || what.failed;
    text_release(&caption);
    text_release(&what);
}

/* ---- the section ---- */

void calibrate_html_second_calls(struct html *page)
{
    uint32_t places[LATENCY_SERIES_MAX];
    const uint32_t shown = calibrate_section_places(page->calibration, places);
    html_section(page, "second-calls", "Retries and hedges");
    calibrate_html_found(page, calibrate_find_second_calls);
    text_format(page->out, "<p>%s</p>\n", calibrate_no_replicas_words);
    put_loads(page, places, shown);
    put_tails(page, places, shown);
    put_retries(page, places, shown);
    put_facts(page);
}
