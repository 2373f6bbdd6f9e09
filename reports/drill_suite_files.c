/* What a suite leaves besides its drills' folders: for people a table in Markdown, for programs
 * JSON. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "reports/drill_report.h"
#include "reports/files.h"
#include "reports/json_put.h"

/* ---- suite.json ---- */

static void put_value(struct text *json, const char *name, const struct drill_value *value)
{
    text_format(json, ",\n      \"%s\": ", name);
    switch (value->state) {
    case DRILL_KNOWN:
        text_double(json, value->value);
        return;
    case DRILL_NEVER:
        text_put(json, "\"never\"");
        return;
    case DRILL_NOT_APPLICABLE:
        text_put(json, "null");
        return;
    }
}

static void put_drill(struct text *json, const struct drill *drill, const struct drill_row *row)
{
    text_put(json, "    {\"name\": ");
    text_json_string(json, drill->name);
    text_put(json, ", \"title\": ");
    text_json_string(json, drill->title);
    text_put(json, ",\n      \"file\": ");
    text_json_string(json, drill->file);
    text_format(json, ",\n      \"verdict\": \"%s\", \"story\": \"%s\",\n      \"why\": ",
                drill_verdict_names[drill->verdict], drill_verdict_names[drill->story_verdict]);
    text_json_string(json, drill->why);
    text_format(
        json, ",\n      \"repeats\": %" PRIu32 ", \"expectations\": %" PRIu32 ", \"met\": %" PRIu32,
        drill->repeats, drill->expect_count, drill->expects_met);
    put_value(json, "ttd_s", &row->ttd);
    put_value(json, "ttm_s", &row->ttm);
    put_value(json, "ttr_s", &row->ttr);
    put_value(json, "budget_burned", &row->budget);
    put_value(json, "orders_lost", &row->lost);
    text_format(json, ",\n      \"alerts_missed\": %" PRIu32, row->alerts_missed);
    text_put(json, ",\n      \"tags\": [");
    for (uint32_t i = 0; i < drill->tag_count; i++) {
        if (i > 0) text_put(json, ", ");
        text_json_string(json, drill->tags[i]);
    }
    text_put(json, "]}");
}

static void put_gap(struct text *json, const char *name, uint32_t never, uint32_t of)
{
    text_format(json, ",\n  \"%s\": {\"drills\": %" PRIu32 ", \"of\": %" PRIu32 "}", name, never,
                of);
}

static void put_suite(struct text *json, const struct drill_suite *suite)
{
    uint32_t passed = 0;
    const struct drill_gaps gaps = drill_gaps_of(suite->rows, suite->count);
    for (uint32_t i = 0; i < suite->count; i++)
        passed += suite->rows[i].verdict == VERDICT_PASS;
    text_put(json, "{\n  \"schema\": \"" DRILL_SUITE_SCHEMA "\",\n  \"name\": ");
    text_json_string(json, suite->name);
    text_put(json, ",\n  \"program\": ");
    text_json_string(json, suite->program);
    text_put(json, ",\n  \"command\": ");
    text_json_string(json, suite->command);
    text_format(json,
                ",\n  \"experiment_hash\": \"%016" PRIx64 "\",\n  \"drills\": %" PRIu32
                ",\n  \"passed\": %" PRIu32,
                suite->experiment, suite->count, passed);
    put_gap(json, "never_detected", gaps.undetected, gaps.of_detected);
    put_gap(json, "never_mitigated", gaps.unmitigated, gaps.of_mitigated);
    put_gap(json, "never_recovered", gaps.unrecovered, gaps.of_recovered);
    text_format(json, ",\n  \"alerts_missed\": %" PRIu32 ",\n  \"results\": [\n",
                gaps.alerts_missed);
    for (uint32_t i = 0; i < suite->count; i++) {
        put_drill(json, suite->drills[i], &suite->rows[i]);
        text_put(json, i + 1 < suite->count ? ",\n" : "\n");
    }
    text_put(json, "  ]\n}\n");
}

/* By which a folder is known as ours, and as whose. */
static void put_summary(struct text *json, const struct drill_suite *suite)
{
    text_put(json, "{\n  \"schema\": \"" DRILL_SUITE_SCHEMA "\",\n  \"context\": {\"scenario\": ");
    struct text name = {0};
    text_format(&name, "suite-%s", suite->name);
    text_json_string(json, name.bytes != NULL ? name.bytes : "");
    text_release(&name);
    text_format(json, ", \"experiment_hash\": \"%016" PRIx64 "\"},\n  \"complete\": true\n}\n",
                suite->experiment);
}

/* ---- suite.md ---- */

static void put_cell(struct text *out, const struct drill_value *value, enum drill_unit unit)
{
    char words[DRILL_TEXT_MAX];
    drill_value_text(value, unit, words);
    text_format(out, " %s |", words);
}

/* A name is letters, digits and - _ . (sim/world/scenario_keys.h), so a table cannot be broken by
 * it; a reason may hold anything. */
static void put_why(struct text *out, const char *why)
{
    for (; *why != '\0'; why++) {
        if (*why == '|' || *why == '<' || *why == '`' || *why == '*' || *why == '[') {
            text_char(out, '\\');
        }
        text_char(out, *why == '\n' ? ' ' : *why);
    }
}

static void put_table(struct text *out, const struct drill_suite *suite)
{
    uint32_t passed = 0;
    for (uint32_t i = 0; i < suite->count; i++)
        passed += suite->rows[i].verdict == VERDICT_PASS;
    text_format(out, "# Drills: %s\n\n%" PRIu32 " of %" PRIu32 " went as expected. ", suite->name,
                passed, suite->count);
    drill_write_gaps(out, suite->rows, suite->count);
    text_put(out, "\n\n");
    text_put(out, "| drill | verdict | TTD | TTM | TTR | budget | orders lost |\n"
                  "|---|---|---:|---:|---:|---:|---:|\n");
    for (uint32_t i = 0; i < suite->count; i++) {
        const struct drill_row *row = &suite->rows[i];
        text_format(out, "| %s | %s |", row->name, drill_verdict_names[row->verdict]);
        put_cell(out, &row->ttd, DRILL_SECONDS);
        put_cell(out, &row->ttm, DRILL_SECONDS);
        put_cell(out, &row->ttr, DRILL_SECONDS);
        put_cell(out, &row->budget, DRILL_SHARE);
        put_cell(out, &row->lost, DRILL_COUNT);
        text_put(out, "\n");
    }
    text_put(out, "\nSpans are from the first order that a fault spoilt; medians where a drill was "
                  "repeated.\n\n");
    for (uint32_t i = 0; i < suite->count; i++) {
        text_format(out, "- **%s**: %s. ", suite->rows[i].name,
                    drill_verdict_names[suite->rows[i].verdict]);
        put_why(out, suite->drills[i]->why);
        text_put(out, "\n");
    }
}

/* ---- all ---- */

static bool put(const struct drill_suite *suite, const char *directory, const char *name,
                void (*write)(struct text *text, const struct drill_suite *suite), struct err *err)
{
    struct text text = {0};
    write(&text, suite);
    const bool written = files_write(directory, name, &text, err);
    text_release(&text);
    return written;
}

bool drill_suite_write(const struct drill_suite *suite, const char *directory, struct err *err)
{
    return drill_write_index(suite, directory, err) &&
           put(suite, directory, "suite.json", put_suite, err) &&
           put(suite, directory, "suite.md", put_table, err) &&
           put(suite, directory, "summary.json", put_summary, err);
}
