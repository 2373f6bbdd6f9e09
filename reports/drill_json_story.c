/* The course of a drill in drill.json. */
#include <math.h>
#include <string.h>

#include "reports/drill_json.h"
#include "reports/drill_text.h"
#include "reports/summary.h"

static void put_signal(struct json_tree *tree, const char *key, const struct signal_value *value)
{
    json_tree_open(tree, key, '{', JSON_LINE);
    json_tree_number(tree, "value", value->known ? value->value : (double)NAN);
    json_tree_count(tree, "n", value->n);
    json_tree_close(tree, '}');
}

static void put_place(struct json_tree *tree, const struct place *place)
{
    json_tree_string(tree, "file", place->file);
    json_tree_count(tree, "line", place->line);
}

/* ---- steady state ---- */

static void put_met(struct json_tree *tree, const char *key, int8_t met)
{
    if (met < 0)
        json_tree_null(tree, key);
    else
        json_tree_flag(tree, key, met == 1);
}

static void put_probe(struct json_tree *tree, const struct drill_probe *probe)
{
    json_tree_open(tree, NULL, '{', JSON_BLOCK);
    json_tree_string(tree, "name", probe->name);
    json_tree_string(tree, "metric", probe->metric);
    json_tree_string(tree, "limit", probe->limit);
    json_tree_string(tree, "mode", probe_mode_names[probe->mode]);
    json_tree_count(tree, "evaluated", probe->seen.evaluated);
    json_tree_count(tree, "met", probe->seen.met);
    json_tree_count(tree, "thin", probe->seen.thin);
    put_met(tree, "met_at_start", probe->seen.at_start);
    put_signal(tree, "start", &probe->seen.start);
    put_met(tree, "met_at_end", probe->seen.at_end);
    put_signal(tree, "end", &probe->seen.end);
    drill_json_seconds(tree, "first_unmet_s", probe->seen.first_unmet_us);
    json_tree_count(tree, "repeats_met_at_start", probe->repeats_met_at_start);
    json_tree_count(tree, "repeats_met_at_end", probe->repeats_met_at_end);
    json_tree_close(tree, '}');
}

static void put_hypothesis(struct json_tree *tree, const struct drill *drill)
{
    json_tree_open(tree, "hypothesis", '{', JSON_BLOCK);
    json_tree_string(tree, "title", drill->hypothesis_title);
    json_tree_open(tree, "probes", '[', JSON_BLOCK);
    for (uint32_t i = 0; i < drill->probe_count; i++)
        put_probe(tree, &drill->probes[i]);
    json_tree_close(tree, ']');
    json_tree_close(tree, '}');
}

/* ---- faults ---- */

static void put_faults(struct json_tree *tree, const struct drill *drill)
{
    json_tree_open(tree, "faults", '[', JSON_BLOCK);
    for (uint32_t i = 0; i < drill->result.fault_count; i++) {
        const struct result_fault *fault = &drill->result.faults[i];
        json_tree_open(tree, NULL, '{', JSON_BLOCK);
        json_tree_string(tree, "id", fault->id);
        json_tree_string(tree, "kind", fault->kind);
        json_tree_string(tree, "label", fault->label);
        json_tree_open(tree, "providers", '[', JSON_LINE);
        for (unsigned p = 0; p < PROVIDER_COUNT; p++)
            if (fault->provider_mask & 1u << p) json_tree_string(tree, NULL, provider_traits[p].id);
        json_tree_close(tree, ']');
        drill_json_seconds(tree, "from_s", fault->from_us);
        drill_json_seconds(tree, "until_s", fault->until_us);
        json_tree_close(tree, '}');
    }
    json_tree_close(tree, ']');
}

/* ---- alerts ---- */

static void put_condition(struct json_tree *tree, const char *key,
                          const struct alert_condition *condition)
{
    json_tree_open(tree, key, '{', JSON_LINE);
    json_tree_string(tree, "op", check_operator_names[condition->op]);
    json_tree_string(tree, "threshold", condition->threshold_text);
    json_tree_number(tree, "value", condition->threshold);
    drill_json_span(tree, "window_s", condition->window_us);
    drill_json_span(tree, "short_window_s",
                    condition->short_window_us > 0 ? condition->short_window_us : -1);
    json_tree_string(tree, "hours", alert_hours_names[condition->hours]);
    json_tree_close(tree, '}');
}

static void put_rule(struct json_tree *tree, const struct alert_rule *rule)
{
    struct text words = {0};
    json_tree_open(tree, NULL, '{', JSON_BLOCK);
    json_tree_string(tree, "name", rule->name);
    json_tree_string(tree, "says", rule->says);
    drill_show_rule(&words, rule);
    json_tree_string(tree, "words", words.bytes != NULL ? words.bytes : "");
    tree->text->failed |= words.failed;
    text_release(&words);
    json_tree_string(tree, "metric", rule->metric);
    put_condition(tree, "when", &rule->when);
    json_tree_open(tree, "any_of", '[', JSON_BLOCK);
    for (uint32_t i = 0; i < rule->any_count; i++)
        put_condition(tree, NULL, &rule->any_of[i]);
    json_tree_close(tree, ']');
    drill_json_span(tree, "for_s", rule->for_us);
    drill_json_span(tree, "keep_firing_for_s", rule->keep_firing_us);
    json_tree_count(tree, "min_volume", rule->min_volume);
    json_tree_string(tree, "no_data", alert_no_data_names[rule->no_data]);
    json_tree_string(tree, "severity", alert_severity_names[rule->severity]);
    drill_json_span(tree, "notify_delay_s", rule->notify_us);
    json_tree_string(tree, "group", rule->group);
    json_tree_string(tree, "suppressed_by", rule->suppressed_by);
    json_tree_string(tree, "runbook", rule->runbook);
    put_place(tree, &rule->place);
    json_tree_close(tree, '}');
}

static void put_instance(struct json_tree *tree, const struct drill *drill,
                         const struct drill_alert *alert)
{
    json_tree_open(tree, NULL, '{', JSON_BLOCK);
    json_tree_string(tree, "rule",
                     alert->rule < drill->rule_count ? drill->rules[alert->rule].name : NULL);
    json_tree_string(tree, "scope", drill_scope_name(alert->scope));
    json_tree_string(tree, "audit", drill_audit_names[drill_audit_of(alert)]);
    json_tree_flag(tree, "should_fire", alert->should_fire);
    json_tree_flag(tree, "expected_by_file", alert->expected_by_file);
    drill_json_seconds(tree, "pending_s", alert->pending_us);
    drill_json_seconds(tree, "fired_s", alert->fired_us);
    drill_json_seconds(tree, "told_s", alert->told_us);
    drill_json_seconds(tree, "resolved_s", alert->resolved_us);
    json_tree_count(tree, "episodes", alert->episodes);
    json_tree_count(tree, "false_episodes", alert->false_episodes);
    json_tree_count(tree, "repeats_fired", alert->repeats_fired);
    json_tree_close(tree, '}');
}

static void put_alerts(struct json_tree *tree, const struct drill *drill)
{
    json_tree_open(tree, "alerts", '{', JSON_BLOCK);
    json_tree_string(tree, "reading", alert_reading_names[drill->reading]);
    drill_json_span(tree, "interval_s", drill->interval_us);
    json_tree_open(tree, "rules", '[', JSON_BLOCK);
    for (uint32_t i = 0; i < drill->rule_count; i++)
        put_rule(tree, &drill->rules[i]);
    json_tree_close(tree, ']');
    json_tree_open(tree, "instances", '[', JSON_BLOCK);
    for (uint32_t i = 0; i < drill->alert_count; i++)
        put_instance(tree, drill, &drill->alerts[i]);
    json_tree_close(tree, ']');
    json_tree_close(tree, '}');
}

/* ---- operators ---- */

static void put_step(struct json_tree *tree, const struct drill_step *step)
{
    json_tree_open(tree, NULL, '{', JSON_BLOCK);
    json_tree_string(tree, "id", step->id);
    json_tree_string(tree, "who", drill_step_who(step));
    json_tree_flag(tree, "rollback", step->operator_index < 0);
    json_tree_string(tree, "do", step->verb);
    json_tree_string(tree, "what", step->what);
    json_tree_string(tree, "runbook", step->runbook);
    json_tree_string(tree, "cause", step->cause);
    drill_json_seconds(tree, "began_s", step->began_us);
    drill_json_seconds(tree, "ended_s", step->ended_us);
    json_tree_string(tree, "outcome", step_outcome_names[step->outcome]);
    json_tree_string(tree, "why", step->why);
    json_tree_open(tree, "outcomes", '{', JSON_LINE);
    for (unsigned o = 0; o < STEP_OUTCOME_COUNT; o++)
        json_tree_count(tree, step_outcome_names[o], step->outcomes[o]);
    json_tree_close(tree, '}');
    put_place(tree, &step->place);
    json_tree_close(tree, '}');
}

static void put_operators(struct json_tree *tree, const struct drill *drill)
{
    json_tree_open(tree, "operators", '[', JSON_LINE);
    for (uint32_t i = 0; i < drill->operator_count; i++)
        json_tree_string(tree, NULL, drill->operator_ids[i]);
    json_tree_close(tree, ']');
    json_tree_open(tree, "steps", '[', JSON_BLOCK);
    for (uint32_t i = 0; i < drill->step_count; i++)
        put_step(tree, &drill->steps[i]);
    json_tree_close(tree, ']');
    json_tree_count(tree, "test_orders", drill->test_orders);
}

/* ---- the journal ---- */

static void put_words(struct json_tree *tree, const char *key, const struct drill *drill,
                      const struct story_entry *entry,
                      void (*words)(struct text *, const struct drill *,
                                    const struct story_entry *))
{
    struct text text = {0};
    words(&text, drill, entry);
    json_tree_string(tree, key, text.bytes != NULL ? text.bytes : "");
    tree->text->failed |= text.failed;
    text_release(&text);
}

static void put_entry(struct json_tree *tree, const struct drill *drill,
                      const struct story_entry *entry)
{
    json_tree_open(tree, NULL, '{', JSON_LINE);
    drill_json_seconds(tree, "at_s", entry->at_us);
    json_tree_string(tree, "kind", drill_entry_kind(entry));
    put_words(tree, "who", drill, entry, drill_entry_who);
    put_words(tree, "what", drill, entry, drill_entry_what);
    json_tree_count(tree, "index", entry->index);
    json_tree_string(tree, "scope", drill_scope_name(entry->scope));
    const bool of_operator = entry->step >= 0 && entry->whose < drill->operator_count;
    json_tree_string(tree, "whose", of_operator ? drill->operator_ids[entry->whose] : NULL);
    if (entry->step >= 0)
        json_tree_whole(tree, "step", entry->step);
    else
        json_tree_null(tree, "step");
    if (entry->cause >= 0)
        json_tree_whole(tree, "cause", entry->cause);
    else
        json_tree_null(tree, "cause");
    json_tree_string(tree, "outcome",
                     entry->kind == STORY_STEP_ENDED ? step_outcome_names[entry->outcome] : NULL);
    json_tree_string(tree, "text", entry->text);
    json_tree_string(tree, "why", entry->why);
    put_signal(tree, "value", &entry->value);
    json_tree_close(tree, '}');
}

/* ---- the router over time ---- */

static void put_mask(struct json_tree *tree, const char *key, uint32_t mask)
{
    json_tree_open(tree, key, '[', JSON_LINE);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        if (mask & 1u << p) json_tree_string(tree, NULL, provider_traits[p].id);
    json_tree_close(tree, ']');
}

static void put_differing(struct json_tree *tree, const struct drill *drill)
{
    json_tree_open(tree, "other_settings", '[', JSON_BLOCK);
    for (uint32_t i = 0; i < drill->differing_count; i++) {
        const struct story_span *span = &drill->differing[i];
        json_tree_open(tree, NULL, '{', JSON_LINE);
        drill_json_seconds(tree, "from_s", span->from_us);
        drill_json_seconds(tree, "until_s", span->until_us);
        put_mask(tree, "mocked", span->mocked);
        put_mask(tree, "disabled", span->disabled);
        json_tree_string(tree, "text", span->text);
        json_tree_close(tree, '}');
    }
    json_tree_close(tree, ']');
}

static void put_counts(struct json_tree *tree, const char *key, const uint32_t *counts, uint32_t n)
{
    json_tree_open(tree, key, '[', JSON_LINE);
    for (uint32_t i = 0; i < n; i++)
        json_tree_count(tree, NULL, counts[i]);
    json_tree_close(tree, ']');
}

static void put_burn(struct json_tree *tree, const struct drill_burn *burn)
{
    json_tree_open(tree, "burn", '{', JSON_BLOCK);
    json_tree_count(tree, "bucket_s", burn->bucket_s);
    put_counts(tree, "judged", burn->judged, burn->count);
    put_counts(tree, "bad", burn->bad, burn->count);
    put_counts(tree, "control_bad", burn->control_bad, burn->count);
    json_tree_close(tree, '}');
}

static void put_heat(struct json_tree *tree, const struct drill *drill)
{
    json_tree_open(tree, "heat", '{', JSON_BLOCK);
    json_tree_number(tree, "column_s",
                     (double)drill->result.duration_us / 1e6 / STORY_HEAT_COLUMNS);
    json_tree_open(tree, "row_ms", '[', JSON_LINE);
    for (unsigned row = 0; row < STORY_HEAT_ROWS; row++)
        json_tree_number(tree, NULL, story_heat_row_ms(row));
    json_tree_close(tree, ']');
    json_tree_open(tree, "orders", '[', JSON_BLOCK);
    for (unsigned column = 0; column < STORY_HEAT_COLUMNS; column++)
        put_counts(tree, NULL, drill->heat[column], STORY_HEAT_ROWS);
    json_tree_close(tree, ']');
    json_tree_close(tree, '}');
}

/* ---- the control ---- */

static void put_metric(struct json_tree *tree, const char *key, const struct metric_value *value)
{
    const bool known = value->state == VALUE_KNOWN || value->state == VALUE_ABOVE;
    json_tree_open(tree, key, '{', JSON_LINE);
    json_tree_number(tree, "value", known ? value->value : (double)NAN);
    json_tree_string(tree, "state", summary_state_names[value->state]);
    json_tree_count(tree, "n", value->n);
    json_tree_close(tree, '}');
}

static void put_control(struct json_tree *tree, const struct drill *drill)
{
    json_tree_open(tree, "control", '{', JSON_BLOCK);
    for (unsigned scope = 0; scope < SCOPE_COUNT; scope++) {
        const bool router = scope == SCOPE_ROUTER;
        if (!router && !drill->result.enabled[scope]) continue;
        json_tree_open(tree, drill_scope_name(scope), '{', JSON_BLOCK);
        const unsigned from = router ? 0 : METRIC_ROUTER_COUNT;
        const unsigned until = router ? METRIC_ROUTER_COUNT : METRIC_COUNT;
        for (unsigned m = from; m < until; m++)
            if (drill->result.cache.on || !metric_of_cache((enum metric)m))
                put_metric(tree, metric_traits[m].name, &drill->control[scope][m]);
        json_tree_close(tree, '}');
    }
    json_tree_close(tree, '}');
}

void drill_json_story(struct json_tree *tree, const struct drill *drill)
{
    put_hypothesis(tree, drill);
    put_faults(tree, drill);
    put_alerts(tree, drill);
    put_operators(tree, drill);
    json_tree_open(tree, "journal", '[', JSON_BLOCK);
    for (uint32_t i = 0; i < drill->entry_count; i++)
        put_entry(tree, drill, &drill->entries[i]);
    json_tree_close(tree, ']');
    put_differing(tree, drill);
    put_burn(tree, &drill->burn);
    put_heat(tree, drill);
    put_control(tree, drill);
}
