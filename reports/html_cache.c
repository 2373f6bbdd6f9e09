/* The quote cache: what it was worth, what it cost, and what became of asking it. */
#include <string.h>

#include "reports/html.h"
#include "reports/show.h"

static void put_about(struct html *page)
{
    const struct result_cache *cache = &page->result->cache;
    struct text words = {0};
    text_put(&words, "Quotes were kept for ");
    show_span(&words, cache->quote_us);
    text_put(&words, strcmp(cache->kind, "memory") == 0   ? " in the router's process"
                     : strcmp(cache->kind, "client") == 0 ? " in a real Redis"
                                                          : " in a simulated Redis");
    text_put(&words, strcmp(cache->key, "user") == 0
                         ? ", for the same cart, postal code and customer."
                         : ", for the same cart and postal code.");
    if (strcmp(cache->kind, "memory") != 0) {
        text_put(&words, " It was waited for ");
        show_latency(&words, (double)cache->timeout_us / 1000.0);
        text_put(&words, " at most; after failures in a row it was let alone for a while, ");
        show_count(&words, (double)cache->breaker_opened);
        text_put(&words, cache->breaker_opened == 1 ? " time in all." : " times in all.");
    }
    text_put(page->out, "<p>");
    html_put(page, &words);
    text_put(page->out, "</p>\n");
}

static void put_row(struct html *page, const char *heading, uint64_t count, uint64_t of)
{
    html_row_begin(page, heading);
    html_cell_count(page, (double)count);
    html_cell_share(page, of > 0 ? (double)count / (double)of : 0.0);
    html_row_end(page);
}

static void put_recalls(struct html *page)
{
    static const struct html_column columns[] = {
        {"What came of it", false}, {"Quotes", true}, {"Share", true}};
    static const char *const labels[RECALL_COUNT] = {
        [RECALL_HIT] = "A quote that could be used",
        [RECALL_MISS] = "Nothing was kept",
        [RECALL_EXPIRED] = "What was kept was too old",
        [RECALL_REFUSED] = "Refused, or the connection broke",
        [RECALL_TIMEOUT] = "No answer in time",
        [RECALL_FAILED] = "An error was answered",
        [RECALL_DAMAGED] = "Bytes that are no quote of ours",
        [RECALL_LATE] = "The order's deadline came first",
        [RECALL_SKIPPED] = "Not asked: it had just failed"};
    const struct result_cache *cache = &page->result->cache;
    uint64_t all = 0;
    for (unsigned r = RECALL_HIT; r < RECALL_COUNT; r++)
        all += cache->recalls[r];
    html_table_begin(page, "Looking for a kept quote, the warm-up included", columns, 3);
    for (unsigned r = RECALL_HIT; r < RECALL_COUNT; r++)
        if (cache->recalls[r] > 0) put_row(page, labels[r], cache->recalls[r], all);
    html_table_end(page);
}

static void put_sets(struct html *page)
{
    static const struct html_column columns[] = {
        {"Quotes to keep", false}, {"Quotes", true}, {"Share", true}};
    const struct result_cache *cache = &page->result->cache;
    const uint64_t all = cache->sets + cache->sets_skipped;
    html_table_begin(page, "Handing quotes to it", columns, 3);
    put_row(page, "Handed over", cache->sets, all);
    put_row(page, "Of these, not kept", cache->set_errors, all);
    put_row(page, "Not handed over: it had just failed", cache->sets_skipped, all);
    if (cache->pushed_out > 0) put_row(page, "Gone to make room", cache->pushed_out, all);
    html_table_end(page);
}

static void put_phases(struct html *page)
{
    static const struct html_column columns[] = {
        {"Part of the run", false}, {"Kept quotes used", true},    {"Errors", true},
        {"Let alone", true},        {"Won by a kept quote", true}, {"p95 wait for it", true}};
    static const enum metric metrics[] = {METRIC_CACHE_HIT_RATE, METRIC_CACHE_ERRORS,
                                          METRIC_CACHE_SKIPPED, METRIC_CACHED_WINS,
                                          METRIC_CACHE_COST_P95_MS};
    const struct result *result = page->result;
    if (result->phase_count < 2) return;
    html_table_begin(page, "The cache by parts of the run", columns, 6);
    for (uint32_t i = 0; i < result->phase_count; i++) {
        html_row_begin(page, i == 0 ? "the whole run" : result->phases[i].name);
        for (size_t m = 0; m < sizeof metrics / sizeof *metrics; m++)
            html_cell_metric(page, i, SCOPE_ROUTER, metrics[m]);
        html_row_end(page);
    }
    html_table_end(page);
}

void html_cache(struct html *page)
{
    static const enum metric metrics[] = {
        METRIC_CACHE_HIT_RATE,    METRIC_CACHE_SAVED_CALLS, METRIC_CACHE_SAVED_CENTS,
        METRIC_CACHED_WINS,       METRIC_CACHE_AGE_P50_MS,  METRIC_CACHE_AGE_P95_MS,
        METRIC_CACHE_COST_P50_MS, METRIC_CACHE_COST_P95_MS, METRIC_CACHE_COST_P99_MS,
        METRIC_CACHE_ERRORS,      METRIC_CACHE_SKIPPED};
    if (!page->result->cache.on) return;
    html_section(page, "cache", "Quote cache");
    put_about(page);
    html_metrics(page, "What it was worth, and what it cost", metrics,
                 sizeof metrics / sizeof *metrics);
    put_recalls(page);
    put_sets(page);
    put_phases(page);
}
