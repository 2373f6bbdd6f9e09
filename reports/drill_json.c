/* drill.json, routesim.drill/1: what a drill was, what came of it, and in drill_json_story.c its
 * course. */
#include <inttypes.h>
#include <math.h>

#include "reports/drill_exports.h"
#include "reports/drill_json.h"
#include "reports/drill_text.h"
#include "router/base/duration.h"

void drill_json_seconds(struct json_tree *tree, const char *key, int64_t us)
{
    if (us == INT64_MAX)
        json_tree_string(tree, key, "never");
    else if (us < 0) /* nothing was ever changed that could be undone */
        json_tree_null(tree, key);
    else
        json_tree_number(tree, key, (double)us / 1e6);
}

void drill_json_span(struct json_tree *tree, const char *key, int64_t us)
{
    json_tree_number(tree, key, us < 0 ? (double)NAN : (double)us / 1e6);
}

void drill_json_value(struct json_tree *tree, const char *key, const struct drill_value *value)
{
    switch (value->state) {
    case DRILL_KNOWN:
        json_tree_number(tree, key, value->value);
        break;
    case DRILL_NEVER:
        json_tree_string(tree, key, "never");
        break;
    case DRILL_NOT_APPLICABLE:
        json_tree_null(tree, key);
        break;
    }
}

static void put_hash(struct json_tree *tree, const char *key, uint64_t hash)
{
    char hex[20];
    (void)snprintf(hex, sizeof hex, "%016" PRIx64, hash);
    json_tree_string(tree, key, hex);
}

/* ---- what it was ---- */

static void put_context(struct json_tree *tree, const struct drill *drill)
{
    const struct result *result = &drill->result;
    char start[INSTANT_TEXT_MAX];
    instant_format(result->start_unix_us, start);
    json_tree_open(tree, "context", '{', JSON_BLOCK);
    json_tree_string(tree, "scenario", drill->name);
    json_tree_string(tree, "title", drill->title);
    json_tree_string(tree, "description", drill->description);
    json_tree_string(tree, "file", drill->file);
    json_tree_open(tree, "tags", '[', JSON_LINE);
    for (uint32_t i = 0; i < drill->tag_count; i++)
        json_tree_string(tree, NULL, drill->tags[i]);
    json_tree_close(tree, ']');
    json_tree_string(tree, "program", result->program);
    json_tree_string(tree, "command", result->command);
    json_tree_string(tree, "seed", result->seed_text);
    json_tree_string(tree, "profile", result->profile);
    json_tree_string(tree, "clock", result->clock);
    json_tree_string(tree, "wire", result->wire);
    put_hash(tree, "scenario_hash", result->scenario_hash);
    put_hash(tree, "experiment_hash", result->experiment_hash);
    put_hash(tree, "event_hash", result->event_hash);
    json_tree_string(tree, "start", start);
    drill_json_seconds(tree, "timezone_s", result->timezone_us);
    drill_json_seconds(tree, "duration_s", result->duration_us);
    json_tree_count(tree, "repeats", drill->repeats);
    json_tree_count(tree, "orders", result->orders);
    json_tree_flag(tree, "complete", result->complete);
    json_tree_string(tree, "stopped_by", result->stopped_by);
    json_tree_close(tree, '}');
}

static void put_verdict(struct json_tree *tree, const struct drill *drill)
{
    json_tree_string(tree, "verdict", drill_verdict_names[drill->verdict]);
    json_tree_string(tree, "story_verdict", drill_verdict_names[drill->story_verdict]);
    json_tree_string(tree, "why", drill->why);
    json_tree_open(tree, "repeats_by_verdict", '{', JSON_LINE);
    for (unsigned v = 0; v < VERDICT_COUNT; v++)
        json_tree_count(tree, drill_verdict_names[v], drill->repeats_by_verdict[v]);
    json_tree_close(tree, '}');
    json_tree_open(tree, "objectives", '{', JSON_BLOCK);
    drill_json_span(tree, "rto_s", drill->rto_us);
    json_tree_number(tree, "slo", drill->slo_given ? drill->slo_objective : (double)NAN);
    json_tree_number(tree, "budget_orders", drill->slo_given ? drill->budget_orders : (double)NAN);
    json_tree_number(tree, "good", drill->good);
    drill_json_span(tree, "holds_for_s", drill->holds_for_us);
    json_tree_close(tree, '}');
}

/* ---- what was expected ---- */

static void put_place(struct json_tree *tree, const struct place *place)
{
    json_tree_string(tree, "file", place->file);
    json_tree_count(tree, "line", place->line);
}

static void put_expects(struct json_tree *tree, const struct drill *drill)
{
    json_tree_open(tree, "expect", '{', JSON_BLOCK);
    json_tree_count(tree, "count", drill->expect_count);
    json_tree_count(tree, "met", drill->expects_met);
    json_tree_count(tree, "unknown", drill->expects_unknown);
    json_tree_open(tree, "items", '[', JSON_BLOCK);
    for (uint32_t i = 0; i < drill->expect_count; i++) {
        const struct drill_expect *expect = &drill->expects[i];
        json_tree_open(tree, NULL, '{', JSON_BLOCK);
        json_tree_string(tree, "name", expect->name);
        if (expect->known)
            json_tree_flag(tree, "met", expect->met);
        else
            json_tree_null(tree, "met");
        json_tree_string(tree, "limit", expect->limit);
        json_tree_string(tree, "measured", expect->measured);
        put_place(tree, &expect->place);
        json_tree_close(tree, '}');
    }
    json_tree_close(tree, ']');
    json_tree_close(tree, '}');
}

/* ---- marks and measures ---- */

static void put_marks(struct json_tree *tree, const struct drill *drill,
                      const struct drill_marks *marks)
{
    for (unsigned m = 0; m < DRILL_MARK_COUNT; m++) {
        char key[32];
        (void)snprintf(key, sizeof key, "%s_s", drill_mark_names[m]);
        drill_json_seconds(tree, key, drill_mark_us(marks, (enum drill_mark)m));
    }
    json_tree_flag(tree, "absorbed", marks->absorbed);
    json_tree_flag(tree, "never_out", marks->never_out);
    const bool detected =
        marks->detected_by >= 0 && (uint32_t)marks->detected_by < drill->rule_count;
    json_tree_string(tree, "detected_by", detected ? drill->rules[marks->detected_by].name : NULL);
    json_tree_string(tree, "detected_scope",
                     detected ? drill_scope_name(marks->detected_scope) : NULL);
}

static const char *unit_name(enum drill_unit unit)
{
    switch (unit) {
    case DRILL_SECONDS:
        return "s";
    case DRILL_SHARE:
        return "share";
    case DRILL_COUNT:
        return "count";
    case DRILL_CENTS:
        break;
    }
    return "cents";
}

static void put_measure(struct json_tree *tree, const struct drill *drill,
                        enum drill_measure measure)
{
    const struct drill_measure_traits *traits = &drill_measure_traits[measure];
    const struct drill_distribution *spread = &drill->measures[measure];
    json_tree_open(tree, traits->name, '{', JSON_BLOCK);
    json_tree_string(tree, "label", traits->label);
    json_tree_string(tree, "unit", unit_name(traits->unit));
    json_tree_flag(tree, "low_is_good", traits->low_is_good);
    drill_json_value(tree, "value", &drill->values[measure]);
    json_tree_count(tree, "n", spread->n);
    json_tree_count(tree, "never", spread->never);
    drill_json_value(tree, "p50", &spread->p50);
    drill_json_value(tree, "p50_low95", &spread->p50_low);
    drill_json_value(tree, "p50_high95", &spread->p50_high);
    drill_json_value(tree, "p90", &spread->p90);
    drill_json_value(tree, "least", &spread->least);
    drill_json_value(tree, "most", &spread->most);
    const double none = (double)NAN;
    json_tree_number(tree, "mean", spread->has_mean ? spread->mean : none);
    json_tree_number(tree, "mean_low95", spread->has_mean ? spread->mean_low : none);
    json_tree_number(tree, "mean_high95", spread->has_mean ? spread->mean_high : none);
    json_tree_open(tree, "each", '[', JSON_LINE);
    for (uint32_t r = 0; r < drill->repeats; r++)
        drill_json_value(tree, NULL, &drill->each[r].values[measure]);
    json_tree_close(tree, ']');
    json_tree_close(tree, '}');
}

static void put_measures(struct json_tree *tree, const struct drill *drill)
{
    json_tree_open(tree, "marks", '{', JSON_BLOCK);
    put_marks(tree, drill, &drill->marks);
    json_tree_close(tree, '}');
    json_tree_open(tree, "measures", '{', JSON_BLOCK);
    for (unsigned m = 0; m < DRILL_MEASURE_COUNT; m++)
        put_measure(tree, drill, (enum drill_measure)m);
    json_tree_close(tree, '}');
    json_tree_open(tree, "repeats", '[', JSON_BLOCK);
    for (uint32_t r = 0; r < drill->repeats; r++) {
        json_tree_open(tree, NULL, '{', JSON_LINE);
        json_tree_string(tree, "verdict", drill_verdict_names[drill->each[r].verdict]);
        json_tree_string(tree, "why", drill->each[r].why);
        put_marks(tree, drill, &drill->each[r].marks);
        json_tree_close(tree, '}');
    }
    json_tree_close(tree, ']');
}

/* ---- findings ---- */

static void put_finding(void *context, enum verdict_tone tone, const char *sentence)
{
    static const char *const tones[] = {
        [TONE_GOOD] = "good", [TONE_BAD] = "bad", [TONE_NEUTRAL] = "neutral"};
    struct json_tree *tree = context;
    json_tree_open(tree, NULL, '{', JSON_LINE);
    json_tree_string(tree, "tone", tones[tone]);
    json_tree_string(tree, "text", sentence);
    json_tree_close(tree, '}');
}

static void put_findings(struct json_tree *tree, const struct drill *drill)
{
    struct text headline = {0};
    drill_write_headline(&headline, drill);
    json_tree_string(tree, "headline", headline.bytes != NULL ? headline.bytes : "");
    tree->text->failed |= headline.failed;
    text_release(&headline);
    json_tree_open(tree, "findings", '[', JSON_BLOCK);
    drill_each_finding(drill, put_finding, tree);
    json_tree_close(tree, ']');
}

void drill_write_json(struct text *text, const struct drill *drill)
{
    struct json_tree tree = {.text = text};
    json_tree_open(&tree, NULL, '{', JSON_BLOCK);
    json_tree_string(&tree, "schema", DRILL_SCHEMA);
    put_context(&tree, drill);
    put_verdict(&tree, drill);
    put_findings(&tree, drill);
    put_expects(&tree, drill);
    put_measures(&tree, drill);
    drill_json_story(&tree, drill);
    json_tree_close(&tree, '}');
}
