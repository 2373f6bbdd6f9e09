/* For pull requests: does it hold, second calls, caches. A fixed number of rows, names cut. */
#include <math.h>
#include <string.h>

#include "reports/calibrate_sections.h"
#include "reports/calibrate_text.h"
#include "reports/exports.h"
#include "reports/show.h"

/* Escaped, but for signs that need no escape where no "[" stands before them; taken over. */
static void put_loose(struct text *text, struct text *plain, const char *harmless)
{
    struct text escaped = {0};
    markdown_sentence(&escaped, plain);
    for (size_t i = 0; i < escaped.length; i++) {
        const bool pair = escaped.bytes[i] == '\\' && i + 1 < escaped.length;
        if (pair && strchr(harmless, escaped.bytes[i + 1]) == NULL)
            text_char(text, escaped.bytes[i]);
        i += pair;
        text_char(text, escaped.bytes[i]);
    }
    text->failed |= escaped.failed;
    text_release(&escaped);
}

/* Numbers of ours alone. */
static void put_cell(struct text *text, struct text *plain)
{
    text_char(text, ' ');
    put_loose(text, plain, "+()$");
    text_put(text, " |");
}

static void put_name(struct text *text, const struct calibrate_provider *provider)
{
    text_put(text, "| ");
    markdown_words(text, provider->name);
    text_put(text, " |");
}

/* A user's name may be in it: its brackets stay escaped, and so parentheses make no link. */
static void put_found(struct text *text, const struct calibration *calibration,
                      void (*find)(struct text *, const struct calibration *))
{
    struct text sentence = {0};
    find(&sentence, calibration);
    if (sentence.length > 0) {
        put_loose(text, &sentence, "()");
        text_put(text, "\n\n");
    }
    text->failed |= sentence.failed;
    text_release(&sentence);
}

static void put_rest(struct text *text, const struct calibration *calibration, uint32_t shown)
{
    if (shown < calibration->latencies.count)
        text_format(text, "\nThe %u with the most calls of %u.\n", (unsigned)shown,
                    (unsigned)calibration->latencies.count);
    text_char(text, '\n');
}

/* ---- does it hold? ---- */

static void put_held(struct text *text, const struct calibration *calibration,
                     const struct calibrate_provider *provider)
{
    const struct calibrate_held *held = calibrate_held_of(provider, calibration->rule);
    const struct stability_timeout *judged = held != NULL ? &held->judged : NULL;
    struct text cells[4] = {{0}};
    if (held != NULL && held->advice.state == TIMEOUT_FOUND && judged->m > 0) {
        calibrate_show_timeout(&cells[0], held->advice.us);
        calibrate_show_predicted(&cells[1], judged);
        calibrate_show_in_time(&cells[2], judged);
        text_put(&cells[2], " of ");
        text_grouped(&cells[2], (int64_t)judged->m);
    } else {
        for (unsigned c = 0; c < 3; c++)
            text_put(&cells[c], "n/a");
    }
    calibrate_show_verdict(&cells[3], provider, calibration->rule);
    put_name(text, provider);
    for (unsigned c = 0; c < 4; c++)
        put_cell(text, &cells[c]);
    text_char(text, '\n');
}

static void put_holds(struct text *text, const struct calibration *calibration)
{
    uint32_t places[LATENCY_SERIES_MAX];
    const uint32_t shown = calibrate_section_places(calibration, places);
    text_put(text, "## Does it hold?\n\n");
    put_found(text, calibration, calibrate_find_holds);
    text_put(text,
             "| Calls to | Timeout of the first part | Predicted of the rest (95%) | In time | "
             "Verdict |\n|:--|--:|--:|--:|:--|\n");
    for (uint32_t i = 0; i < shown; i++)
        put_held(text, calibration, &calibration->providers[places[i]]);
    put_rest(text, calibration, shown);
}

/* ---- second calls ---- */

enum { AFTER_P95 = 2, P99 = 2 };

static bool is_hedged(const struct calibrate_provider *provider)
{
    return provider->hedges.hedges[AFTER_P95].after.state == WHATIF_KNOWN;
}

static void put_hedge(struct text *text, const struct calibrate_provider *provider)
{
    const struct whatif_hedge *hedge = &provider->hedges.hedges[AFTER_P95];
    const struct whatif_outcome *outcomes[3] = {&provider->hedges.before, &hedge->independent,
                                                &hedge->shared};
    struct text cells[5] = {{0}};
    calibrate_show_whatif(&cells[0], &hedge->after);
    calibrate_show_share(&cells[1], hedge->load, 0, 1);
    for (unsigned c = 0; c < 3; c++) {
        if (outcomes[c]->known) {
            calibrate_show_whatif(&cells[c + 2], &outcomes[c]->quantiles[P99]);
        } else {
            text_put(&cells[c + 2], "n/a");
        }
    }
    put_name(text, provider);
    for (unsigned c = 0; c < 5; c++)
        put_cell(text, &cells[c]);
    text_char(text, '\n');
}

static void put_second_calls(struct text *text, const struct calibration *calibration)
{
    uint32_t places[LATENCY_SERIES_MAX];
    const uint32_t shown = calibrate_section_places(calibration, places);
    text_put(text, "## Retries and hedges\n\n");
    put_found(text, calibration, calibrate_find_second_calls);
    text_format(text, "%s\n\n", calibrate_no_replicas_words);
    bool any = false;
    for (uint32_t i = 0; i < shown; i++)
        any |= is_hedged(&calibration->providers[places[i]]);
    if (!any) return;
    text_put(text, "| Calls to | Second call after p95 | More calls | p99 measured | p99 if "
                   "independent (model) | p99 as neighbours share (model) |\n"
                   "|:--|--:|--:|--:|--:|--:|\n");
    for (uint32_t i = 0; i < shown; i++)
        if (is_hedged(&calibration->providers[places[i]]))
            put_hedge(text, &calibration->providers[places[i]]);
    put_rest(text, calibration, shown);
}

/* ---- caches ---- */

static void put_life(struct text *text, const struct cache_row *row)
{
    struct text cells[4] = {{0}};
    show_span(&cells[0], row->ttl_us);
    calibrate_show_cache_share(&cells[1], &row->hits);
    calibrate_show_share(&cells[2], row->calls_saved_share, 0, 1);
    if (cache_sweep_traits[row->kind].has_prices) {
        calibrate_show_cache_share(&cells[3], row->kind == CACHE_SWEEP_ITEM ? &row->lines.changed
                                                                            : &row->quotes.changed);
    } else {
        text_put(&cells[3], "-");
    }
    text_format(text, "| %s |", cache_sweep_traits[row->kind].label);
    for (unsigned c = 0; c < 4; c++)
        put_cell(text, &cells[c]);
    text_char(text, '\n');
}

static void put_caches(struct text *text, const struct calibration *calibration)
{
    const struct cache_sweep *sweep = &calibration->caches;
    text_put(text, "## Caches\n\n");
    put_found(text, calibration, calibrate_find_caches);
    put_found(text, calibration, calibrate_find_contract_lives);
    if (!calibration->caches_known || sweep->row_count == 0) return;
    text_put(text, "| Kept, with the contract\u2019s life | Life | Answered by it | Calls saved | "
                   "Stale when used (model) |\n|:--|--:|--:|--:|--:|\n");
    for (uint32_t r = 0; r < sweep->row_count; r++)
        if (sweep->rows[r].contract && sweep->rows[r].hits.of > 0) put_life(text, &sweep->rows[r]);
    text_char(text, '\n');
}

void calibrate_markdown_sections(struct text *text, const struct calibration *calibration)
{
    put_holds(text, calibration);
    put_second_calls(text, calibration);
    put_caches(text, calibration);
}
