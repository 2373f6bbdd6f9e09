/* A comparison for programs. Keys have a fixed order; what is unknown is null. */
#include <inttypes.h>

#include "reports/compare_text.h"

static void put_key(struct text *text, const char *indent, const char *key)
{
    text_put(text, indent);
    text_json_string(text, key);
    text_put(text, ": ");
}

static void put_number(struct text *text, const char *key, double value)
{
    put_key(text, ", ", key);
    text_double(text, value);
}

static void put_side(struct text *text, const char *key, const struct comparison_side *side)
{
    put_key(text, ",\n  ", key);
    text_put(text, "{\"folder\": ");
    text_json_string(text, side->name);
    text_put(text, ", \"scenario\": ");
    text_json_string(text, side->result->scenario);
    text_put(text, ", \"seed\": ");
    text_json_string(text, side->result->seed_text);
    text_format(text,
                ", \"scenario_hash\": \"%016" PRIx64 "\", \"experiment_hash\": \"%016" PRIx64 "\"}",
                side->result->scenario_hash, side->result->experiment_hash);
}

static void put_verdicts(struct text *text, const struct comparison *comparison)
{
    put_key(text, ",\n  ", "verdicts");
    for (unsigned v = 0; v < COMPARE_VERDICTS; v++) {
        put_key(text, v == 0 ? "{" : ", ", comparison_verdict_names[v]);
        text_int(text, comparison->verdicts[v]);
    }
    text_char(text, '}');
}

static void put_row(struct text *text, const struct comparison_row *row)
{
    char name[METRIC_NAME_MAX];
    metric_name(row->scope, row->metric, name);
    put_key(text, "{", "metric");
    text_json_string(text, name);
    put_key(text, ", ", "verdict");
    text_json_string(text, comparison_verdict_names[row->verdict]);
    put_number(text, "a", row->a);
    put_number(text, "b", row->b);
    put_number(text, "difference", row->difference.value);
    put_number(text, "low", row->difference.low);
    put_number(text, "high", row->difference.high);
    put_number(text, "p", row->difference.p);
    put_number(text, "p_holm", row->p_adjusted);
    put_number(text, "noise", row->noise);
    put_number(text, "error_bound", row->error_bound);
    put_key(text, ", ", "n");
    text_int(text, (int64_t)row->difference.n);
    put_key(text, ", ", "blocks");
    text_int(text, row->difference.blocks);
    put_key(text, ", ", "needs");
    text_int(text, (int64_t)row->needs);
    put_key(text, ", ", "method");
    text_json_string(text, compare_method(row));
    text_char(text, '}');
}

static void put_moves(struct text *text, const struct comparison *comparison)
{
    put_key(text, ",\n  ", "decisions");
    text_put(text, "{\"changed\": ");
    text_int(text, (int64_t)comparison->moved);
    text_put(text, ", \"n\": ");
    text_int(text, (int64_t)comparison->orders);
    text_put(text, ", \"moves\": [");
    bool any = false;
    for (unsigned from = 0; from <= COMPARE_NOWHERE; from++) {
        for (unsigned to = 0; to <= COMPARE_NOWHERE; to++) {
            if (comparison->moves[from][to] == 0) continue;
            text_put(text, any ? ",\n    {\"a\": " : "\n    {\"a\": ");
            if (from == COMPARE_NOWHERE)
                text_put(text, "null");
            else
                text_json_string(text, provider_traits[from].id);
            text_put(text, ", \"b\": ");
            if (to == COMPARE_NOWHERE)
                text_put(text, "null");
            else
                text_json_string(text, provider_traits[to].id);
            text_put(text, ", \"orders\": ");
            text_int(text, (int64_t)comparison->moves[from][to]);
            text_char(text, '}');
            any = true;
        }
    }
    text_put(text, any ? "\n  ]}" : "]}");
}

static void put_settings(struct text *text, const struct comparison *comparison)
{
    put_key(text, ",\n  ", "settings");
    text_char(text, '[');
    for (uint32_t s = 0; s < comparison->setting_count; s++) {
        const struct comparison_setting *setting = &comparison->settings[s];
        put_key(text, s == 0 ? "\n    {" : ",\n    {", "path");
        text_json_string(text, setting->path);
        put_key(text, ", ", "a");
        text_json_string(text, setting->a);
        put_key(text, ", ", "b");
        text_json_string(text, setting->b);
        text_char(text, '}');
    }
    text_put(text, comparison->setting_count > 0 ? "\n  ]" : "]");
}

void compare_write_json(struct text *text, const struct comparison *comparison)
{
    text_put(text, "{\n  \"schema\": \"" COMPARE_SCHEMA "\"");
    put_side(text, "a", &comparison->a);
    put_side(text, "b", &comparison->b);
    put_key(text, ",\n  ", "alpha");
    text_double(text, comparison->alpha);
    put_key(text, ",\n  ", "noise");
    text_double(text, comparison->noise);
    put_key(text, ",\n  ", "orders");
    text_int(text, (int64_t)comparison->orders);
    put_key(text, ",\n  ", "routed_both");
    text_int(text, (int64_t)comparison->routed_both);
    struct text caveats = {0};
    comparison_caveats(&caveats, comparison);
    put_key(text, ",\n  ", "caveats");
    text_json_string(text, caveats.bytes != NULL ? caveats.bytes : "");
    text->failed |= caveats.failed;
    text_release(&caveats);
    put_verdicts(text, comparison);
    put_key(text, ",\n  ", "metrics");
    text_put(text, "[");
    for (uint32_t r = 0; r < comparison->row_count; r++) {
        text_put(text, r == 0 ? "\n    " : ",\n    ");
        put_row(text, &comparison->rows[r]);
    }
    text_put(text, comparison->row_count > 0 ? "\n  ]" : "]");
    put_moves(text, comparison);
    put_settings(text, comparison);
    compare_drill_json(text, comparison);
    text_put(text, "\n}\n");
}
