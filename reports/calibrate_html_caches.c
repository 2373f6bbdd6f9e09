/* "Caches": what recurs at all, what each life would answer, and what it would spoil. */
#include <math.h>

#include "reports/calibrate_sections.h"
#include "reports/calibrate_text.h"
#include "reports/show.h"

/* "1.2% (1.0% to 1.4%)" */
static void put_share(struct html *page, const struct cache_share *share)
{
    struct text cell = {0};
    calibrate_show_cache_share(&cell, share);
    html_cell_number(page, &cell);
}

/* ---- what recurs ---- */

static void put_gap(struct html *page, double gap, bool has_times)
{
    struct text cell = {0};
    if (isnan(gap)) {
        text_put(&cell, "n/a");
    } else if (has_times) {
        show_span(&cell, llround(gap));
    } else {
        text_grouped(&cell, llround(gap));
        text_put(&cell, " orders");
    }
    html_cell_number(page, &cell);
}

static void put_recurrences(struct html *page)
{
    static const struct html_column columns[] = {{"What", false},
                                                 {"Seen before (95% interval)", true},
                                                 {"n", true},
                                                 {"Since the last time, p50", true},
                                                 {"p90", true}};
    const struct cache_sweep *sweep = &page->calibration->caches;
    html_table_begin(page,
                     "What comes again, whatever the life: counted on the orders of the "
                     "scenario",
                     columns, 5);
    for (unsigned k = 0; k < RECUR_KINDS; k++) {
        const struct cache_recurrence *recurrence = &sweep->recurrences[k];
        if (recurrence->before.of == 0) continue;
        html_row_begin(page, cache_recurrence_labels[k]);
        put_share(page, &recurrence->before);
        html_cell_count(page, (double)recurrence->before.of);
        put_gap(page, recurrence->gap_us_p50, sweep->has_times);
        put_gap(page, recurrence->gap_us_p90, sweep->has_times);
        html_row_end(page);
    }
    html_table_end(page);
}

/* ---- lives ---- */

static bool has_costs(const struct cache_sweep *sweep)
{
    for (uint32_t r = 0; r < sweep->row_count; r++)
        if (sweep->rows[r].cents_saved != 0) return true;
    return false;
}

static void put_calls(struct html *page, const struct cache_row *row)
{
    struct text cell = {0};
    if (row->calls_saved < 0) text_put(&cell, "\u2212");
    text_grouped(&cell, row->calls_saved < 0 ? -row->calls_saved : row->calls_saved);
    text_put(&cell, " (");
    calibrate_show_share(&cell, row->calls_saved_share, 0, 1);
    text_char(&cell, ')');
    html_cell_number(page, &cell);
    if (!has_costs(&page->calibration->caches)) return;
    show_money(&cell, row->cents_saved);
    html_cell_number(page, &cell);
}

static void put_row(struct html *page, const struct cache_row *row)
{
    const struct cache_sweep_traits *traits = &cache_sweep_traits[row->kind];
    struct text life = {0};
    if (row->ttl_us == 0) {
        text_put(&life, "none");
    } else {
        show_span(&life, row->ttl_us);
    }
    if (row->contract) text_put(&life, " (contract)");
    text_put(page->out,
             row->contract ? "<tr class=\"chosen\"><th scope=\"row\">" : "<tr><th scope=\"row\">");
    html_put(page, &life);
    text_put(page->out, "</th>");
    put_share(page, &row->hits);
    put_calls(page, row);
    html_cell_count(page, row->entries_peak);
    if (traits->has_prices)
        put_share(page, row->kind == CACHE_SWEEP_ITEM ? &row->lines.changed : &row->quotes.changed);
    html_row_end(page);
}

static bool has_kind(const struct cache_sweep *sweep, enum cache_sweep_kind kind)
{
    for (uint32_t r = 0; r < sweep->row_count; r++)
        if (sweep->rows[r].kind == kind && sweep->rows[r].hits.of > 0) return true;
    return false;
}

static void put_kind(struct html *page, enum cache_sweep_kind kind)
{
    static const struct html_column life = {"Life", false},
                                    hits = {"Answered by it (95% interval)", true},
                                    calls = {"Calls saved", true}, cost = {"Cost saved", true},
                                    entries = {"Entries at most", true},
                                    stale = {"Stale when used (model)", true};
    const struct cache_sweep *sweep = &page->calibration->caches;
    const struct cache_sweep_traits *traits = &cache_sweep_traits[kind];
    struct html_column columns[6] = {life, hits, calls};
    size_t count = 3;
    struct text caption = {0};
    if (!has_kind(sweep, kind)) return;
    if (has_costs(sweep)) columns[count++] = cost;
    columns[count++] = entries;
    if (traits->has_prices) columns[count++] = stale;
    text_format(&caption, "Keeping %s, by %s", traits->label, traits->key);
    html_table_begin(page, caption.bytes != NULL ? caption.bytes : "", columns, count);
    for (uint32_t r = 0; r < sweep->row_count; r++)
        if (sweep->rows[r].kind == kind) put_row(page, &sweep->rows[r]);
    html_table_end(page);
    page->out->failed |= caption.failed;
    text_release(&caption);
}

/* ---- effects ---- */

static void put_cents(struct html *page, const struct stats_estimate *cents)
{
    struct text cell = {0};
    calibrate_show_cents(&cell, cents->value);
    text_put(&cell, " (");
    calibrate_show_cents_interval(&cell, cents);
    text_char(&cell, ')');
    html_cell_number(page, &cell);
}

static void put_saved(struct html *page, const struct stats_estimate *latency)
{
    struct text cell = {0};
    calibrate_show_saved_ms(&cell, latency);
    html_cell_number(page, &cell);
}

static void put_effect(struct html *page, const struct cache_row *row)
{
    const struct cache_effect *effect = &row->effect;
    struct text life = {0}, cell = {0};
    text_put(page->out, "<tr><th scope=\"row\">");
    show_span(&life, row->ttl_us);
    text_format(&life, ", %s", cache_sweep_traits[row->kind].label);
    html_put(page, &life);
    text_put(page->out, "</th>");
    html_cell_count(page, (double)effect->orders);
    text_grouped(&cell, (int64_t)effect->changed);
    text_put(&cell, " (");
    calibrate_show_share(&cell, effect->changed_share.value, effect->changed_share.low,
                         effect->changed_share.high);
    text_char(&cell, ')');
    html_cell_number(page, &cell);
    html_cell_count(page, (double)effect->changed_by_quotes);
    put_share(page, &effect->differs);
    put_cents(page, &effect->regret_cents);
    put_saved(page, &effect->latency_ms);
    html_row_end(page);
}

static void put_effects(struct html *page)
{
    static const struct html_column columns[] = {{"Life", false},
                                                 {"Orders", true},
                                                 {"Decided otherwise", true},
                                                 {"By what a quote said", true},
                                                 {"Shown price differs", true},
                                                 {"Regret an order (95%)", true},
                                                 {"Time saved an order (95%)", true}};
    const struct cache_sweep *sweep = &page->calibration->caches;
    bool any = false;
    for (uint32_t r = 0; r < sweep->row_count; r++)
        any |= sweep->rows[r].effect.known;
    if (!any) {
        text_put(page->out, "<p>What remembered quotes would do to decisions is n/a: the scenario "
                            "was not run again with them.</p>\n");
        return;
    }
    html_table_begin(page,
                     "What remembered quotes do to decisions: the scenario again, the same "
                     "luck",
                     columns, 7);
    for (uint32_t r = 0; r < sweep->row_count; r++)
        if (sweep->rows[r].effect.known) put_effect(page, &sweep->rows[r]);
    html_table_end(page);
    text_put(page->out,
             "<p class=\"muted\">Regret: the true price of what the cache had selected, minus that "
             "of what was selected without it. Other decisions come of remembered quotes that say "
             "something else, but also of quotes that answer sooner, so that more providers are in "
             "time.</p>\n");
}

/* ---- the section ---- */

static void put_basis(struct html *page)
{
    const struct cache_sweep *sweep = &page->calibration->caches;
    struct text words = {0};
    text_grouped(&words, (int64_t)sweep->orders);
    text_put(&words, " orders with ");
    text_grouped(&words, (int64_t)sweep->lines);
    text_put(&words, " lines: ");
    text_grouped(&words, (int64_t)sweep->carts);
    text_put(&words, " different carts, ");
    text_grouped(&words, (int64_t)sweep->items);
    text_put(&words, " items, ");
    text_grouped(&words, (int64_t)sweep->users);
    text_put(&words, " users, ");
    text_grouped(&words, (int64_t)sweep->places);
    text_put(&words, " postal codes");
    if (sweep->has_times) {
        text_put(&words, ", over ");
        show_span(&words, sweep->span_us);
    }
    text_put(&words, sweep->cut ? "; the first ones of more." : ".");
    text_put(page->out, "<p>");
    html_put(page, &words);
    text_put(page->out, "</p>\n");
}

void calibrate_html_caches(struct html *page)
{
    const struct cache_sweep *sweep = &page->calibration->caches;
    html_section(page, "caches", "Caches");
    calibrate_html_found(page, calibrate_find_caches);
    if (!page->calibration->caches_known) return;
    put_basis(page);
    calibrate_html_found(page, calibrate_find_contract_lives);
    put_recurrences(page);
    for (unsigned k = 0; k < CACHE_SWEEP_KINDS; k++)
        put_kind(page, (enum cache_sweep_kind)k);
    if (sweep->row_count > 0) {
        text_put(page->out,
                 "<p class=\"muted\">Counted on this very trace, caches empty at first and of any "
                 "size; calls saved are first tries, the other caches as the policy has them. "
                 "Stale is a model: the mocks\u2019 shelves now against at the fetch.</p>\n");
        if (!has_costs(sweep))
            text_put(page->out,
                     "<p class=\"muted\">The scenario states no cost of calls: what they "
                     "would save in cents is n/a.</p>\n");
        put_effects(page);
    }
    if (sweep->note_count == 0) return;
    text_put(page->out, "<ul class=\"method\">\n");
    for (uint32_t n = 0; n < sweep->note_count; n++)
        html_item(page, sweep->notes[n]);
    text_put(page->out, "</ul>\n");
}
