/* report.md of a calibration: for a pull request or a step's summary. */
#include <math.h>

#include "reports/calibrate_figures.h"
#include "reports/calibrate_report.h"
#include "reports/calibrate_sections.h"
#include "reports/calibrate_text.h"
#include "reports/exports.h"

static void put_found(struct text *text, const struct calibration *calibration,
                      void (*find)(struct text *, const struct calibration *))
{
    struct text plain = {0};
    find(&plain, calibration);
    if (plain.length > 0) {
        markdown_plain(text, &plain);
        text_put(text, "\n\n");
    } else {
        text_release(&plain);
    }
}

static void put_cell(struct text *text, struct text *plain)
{
    text_put(text, " | ");
    markdown_plain(text, plain);
}

static void put_provider(struct text *text, const struct calibrate_provider *provider)
{
    const struct timeout_achieved *achieved = calibrate_achieved(provider);
    struct text cell = {0};
    text_put(text, "| ");
    markdown_words(text, provider->name);
    if (calibrate_today_us(provider) > 0)
        calibrate_show_timeout(&cell, calibrate_today_us(provider));
    put_cell(text, &cell);
    calibrate_show_advice(&cell, &provider->advice[TIMEOUT_P95_PLUS]);
    put_cell(text, &cell);
    if (provider->recommended) {
        calibrate_show_timeout(&cell, provider->recommended_us);
    } else {
        text_put(&cell, "kept");
    }
    put_cell(text, &cell);
    if (achieved != NULL) calibrate_show_value(&cell, &achieved->success);
    put_cell(text, &cell);
    if (achieved != NULL) calibrate_show_interval(&cell, &achieved->success);
    put_cell(text, &cell);
    text_grouped(&cell, (int64_t)provider->asked);
    put_cell(text, &cell);
    text_put(text, " |\n");
}

static void put_providers(struct text *text, const struct calibration *calibration)
{
    uint32_t places[LATENCY_SERIES_MAX];
    const uint32_t shown = calibrate_section_places(calibration, places);
    text_put(text, "| provider | today | p95 + 2 s | chosen | in time | 95% interval | calls |\n"
                   "|---|---:|---:|---:|---:|---:|---:|\n");
    for (uint32_t i = 0; i < shown; i++)
        put_provider(text, &calibration->providers[places[i]]);
    text_char(text, '\n');
    if (shown < calibration->latencies.count)
        text_format(text, "%u more are in the report.\n\n",
                    (unsigned)(calibration->latencies.count - shown));
}

static void put_arm(struct text *text, const struct calibration *calibration,
                    const struct calibrate_arm *arm, const char *name)
{
    struct text cell = {0};
    text_format(text, "| %s", name);
    for (unsigned q = 0; q < WAITING_QUANTILES; q++) {
        calibrate_show_wait(&cell, calibrate_arm_ms(calibration, arm, q));
        put_cell(text, &cell);
    }
    if (calibration->has_orders) {
        text_grouped(&cell, (int64_t)arm->outcome.without_quote);
        put_cell(text, &cell);
        calibrate_show_cents(&cell, arm->outcome.cents.value);
        put_cell(text, &cell);
        calibrate_show_cents_interval(&cell, &arm->outcome.cents);
        put_cell(text, &cell);
    }
    text_put(text, " |\n");
}

static void put_router(struct text *text, const struct calibration *calibration)
{
    text_put(text, calibration->has_orders
                       ? "| the router | p50 | p95 | p99 | without quote | regret an order "
                         "| 95% interval |\n|---|---:|---:|---:|---:|---:|---:|\n"
                       : "| the router, a model | p50 | p95 | p99 |\n|---|---:|---:|---:|\n");
    if (calibration->arms[TIMEOUT_TODAY].known)
        put_arm(text, calibration, &calibration->arms[TIMEOUT_TODAY], "today");
    if (calibration->arms[TIMEOUT_P95_PLUS].known)
        put_arm(text, calibration, &calibration->arms[TIMEOUT_P95_PLUS], "p95 + 2 s");
    put_arm(text, calibration, &calibration->recommended, "as recommended");
    text_char(text, '\n');
}

void calibrate_write_markdown(struct text *text, const struct calibration *calibration)
{
    struct text secrets = {0};
    text_put(text, "## Timeouts for ");
    markdown_words(text, calibration->name);
    text_put(text, "\n\n");
    put_found(text, calibration, calibrate_write_finding);
    put_found(text, calibration, calibrate_find_censoring);
    for (uint32_t i = 0; i < calibration->note_count; i++)
        text_format(text, "%s\n\n", calibration->notes[i]);
    put_providers(text, calibration);
    put_router(text, calibration);
    put_found(text, calibration, calibrate_find_trap);
    if (calibration->has_orders) put_found(text, calibration, calibrate_find_tail);
    calibrate_markdown_sections(text, calibration);
    calibrate_write_secrets(&secrets, calibration);
    if (secrets.length == 0) {
        text_put(text, "\nNothing is recommended, and nothing was applied.\n");
    } else {
        text_put(text, "\nNothing was applied. To try it:\n\n");
        markdown_command(text, secrets.bytes);
        if (calibrate_unread(calibration)) text_format(text, "\n%s\n", calibrate_unread_words);
    }
    text_release(&secrets);
}
