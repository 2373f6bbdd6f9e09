#include "sim/analysis/alert_record.h"

#include <assert.h>
#include <stdlib.h>

#include "router/base/duration.h"

enum { TICKS_AT_FIRST = 256 };

/* ---- which signals ---- */

bool alert_signal_has_window(enum signal_kind kind)
{
    return kind != SIGNAL_BUDGET_BURNED;
}

static void collect_one(struct alert_queries *queries, const struct alert_rule *rule,
                        int64_t window_us)
{
    const struct alert_query query = {
        .kind = rule->signal,
        .scope = rule->scope,
        .window_s = alert_signal_has_window(rule->signal) ? window_us / US_PER_SECOND : 0,
        .slow_over_us = rule->signal == SIGNAL_SLOW_RATE ? rule->slow_over_us : 0,
    };
    for (uint32_t i = 0; i < queries->count; i++) {
        const struct alert_query *known = &queries->items[i];
        if (known->kind == query.kind && known->scope == query.scope &&
            known->window_s == query.window_s && known->slow_over_us == query.slow_over_us)
            return;
    }
    assert(queries->count < ALERT_QUERIES_MAX);
    queries->items[queries->count++] = query;
}

static void collect_condition(struct alert_queries *queries, const struct alert_rule *rule,
                              const struct alert_condition *condition)
{
    collect_one(queries, rule, condition->window_us);
    if (condition->short_window_us > 0) collect_one(queries, rule, condition->short_window_us);
}

void alert_queries_collect(const struct alert_rule *rules, uint32_t rule_count,
                           struct alert_queries *queries)
{
    assert(rule_count <= ALERT_RULES_MAX);
    queries->count = 0;
    for (uint32_t r = 0; r < rule_count; r++) {
        collect_condition(queries, &rules[r], &rules[r].when);
        for (uint32_t c = 0; c < rules[r].any_count; c++)
            collect_condition(queries, &rules[r], &rules[r].any_of[c]);
    }
}

/* ---- room ---- */

static void add_series(struct alert_record *record, const struct alert_query *query, unsigned scope)
{
    record->series[record->series_count++] =
        (struct alert_series){.query = {query->kind, scope, query->window_s, query->slow_over_us}};
}

static bool make_series(struct alert_record *record)
{
    struct alert_queries *queries = malloc(sizeof *queries);
    if (queries == NULL) return false;
    alert_queries_collect(record->setup.rules, record->setup.rule_count, queries);
    record->series = calloc((size_t)queries->count * PROVIDER_COUNT + 1, sizeof *record->series);
    for (uint32_t q = 0; record->series != NULL && q < queries->count; q++) {
        const struct alert_query *query = &queries->items[q];
        if (query->scope != SCOPE_EACH_PROVIDER) {
            add_series(record, query, query->scope);
            continue;
        }
        for (unsigned p = 0; p < PROVIDER_COUNT; p++)
            if (record->setup.enabled[p]) add_series(record, query, p);
    }
    free(queries);
    return record->series != NULL;
}

static bool make_instances(struct alert_record *record)
{
    const struct alert_record_setup *setup = &record->setup;
    record->instances =
        calloc((size_t)setup->rule_count * PROVIDER_COUNT + 1, sizeof *record->instances);
    for (uint32_t r = 0; record->instances != NULL && r < setup->rule_count; r++) {
        const unsigned scope = setup->rules[r].scope;
        const bool each = scope == SCOPE_EACH_PROVIDER;
        for (unsigned p = each ? 0 : scope; p < (each ? PROVIDER_COUNT : scope + 1u); p++) {
            if (each && !setup->enabled[p]) continue;
            struct alert_states *instance = &record->instances[record->instance_count++];
            instance->rule = (uint16_t)r;
            instance->scope = (uint8_t)p;
        }
    }
    return record->instances != NULL;
}

bool alert_record_init(struct alert_record *record, const struct alert_record_setup *setup)
{
    assert(setup->interval_us > 0);
    *record = (struct alert_record){.setup = *setup};
    if (make_series(record) && make_instances(record)) return true;
    alert_record_release(record);
    return false;
}

void alert_record_release(struct alert_record *record)
{
    for (uint32_t i = 0; record->series != NULL && i < record->series_count; i++)
        free(record->series[i].values);
    for (uint32_t i = 0; record->instances != NULL && i < record->instance_count; i++)
        free(record->instances[i].states);
    free(record->series);
    free(record->instances);
    free(record->totals);
    *record = (struct alert_record){0};
}

static bool grow_one(void **array, size_t capacity, size_t size)
{
    void *larger = realloc(*array, capacity * size);
    if (larger != NULL) *array = larger;
    return larger != NULL;
}

static bool grow(struct alert_record *record)
{
    const uint32_t capacity = record->capacity == 0 ? TICKS_AT_FIRST : record->capacity * 2;
    bool grown = true;
    for (uint32_t i = 0; i < record->series_count; i++) {
        void *values = record->series[i].values;
        grown = grow_one(&values, capacity, sizeof *record->series[i].values) && grown;
        record->series[i].values = values;
    }
    for (uint32_t i = 0; i < record->instance_count; i++) {
        void *states = record->instances[i].states;
        grown = grow_one(&states, capacity, sizeof *record->instances[i].states) && grown;
        record->instances[i].states = states;
    }
    void *totals = record->totals;
    grown = grow_one(&totals, capacity, sizeof *record->totals) && grown;
    record->totals = totals;
    if (grown) record->capacity = capacity;
    return grown;
}

/* ---- a tick ---- */

static void keep_states(struct alert_record *record, const struct alerts *alerts)
{
    assert(alerts->instance_count == record->instance_count);
    for (uint32_t i = 0; i < record->instance_count; i++) {
        const struct alert_instance *instance = &alerts->instances[i];
        assert(instance->rule == record->instances[i].rule);
        assert(instance->scope == record->instances[i].scope);
        record->instances[i].states[record->ticks] = instance->state;
    }
}

void alert_record_tick(struct alert_record *record, const struct alerts *alerts,
                       struct signals *signals, int64_t now_us)
{
    if (record->failed) return;
    if (record->ticks == record->capacity && !grow(record)) {
        record->failed = true;
        return;
    }
    if (record->ticks == 0) record->first_us = now_us;
    assert(now_us == record->first_us + record->ticks * record->setup.interval_us);
    const int64_t now_s = now_us / US_PER_SECOND;
    for (uint32_t i = 0; i < record->series_count; i++) {
        struct alert_series *series = &record->series[i];
        series->values[record->ticks] = signals_read(signals, &series->query, now_s);
    }
    keep_states(record, alerts);
    record->totals[record->ticks] = signals_totals(signals, now_s);
    record->ticks++;
}
