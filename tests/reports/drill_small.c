#include "tests/reports/drill_small.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/reports/fixture.h"

#define SECONDS(s) (INT64_C(1000000) * (s))
#define NEVER      INT64_MAX

enum { KROGER = PROVIDER_KROGER_API, BUCKETS = 360, FILE_LINE = 40 };

static const char *const file_name = "scenarios/drills/kroger-outage.json";
static const struct drill_value none = {NAN, DRILL_NOT_APPLICABLE}, never = {NAN, DRILL_NEVER};

static struct drill_value known(double value)
{
    return (struct drill_value){value, DRILL_KNOWN};
}

/* ---- measures ---- */

static const double values[DRILL_MEASURE_COUNT] = {
    [DRILL_TTD] = 606,
    [DRILL_TTA] = 190,
    [DRILL_TTM] = 920,
    [DRILL_TTR] = 1798,
    [DRILL_TTD_FROM_FAULT] = 610,
    [DRILL_TTI] = 4,
    [DRILL_TTM_FROM_FAULT] = 924,
    [DRILL_TTR_FROM_FAULT] = 1802,
    [DRILL_TIME_TO_ACT] = 290,
    [DRILL_TIME_DIFFERING] = 900,
    [DRILL_DEBT_TIME] = 720,
    [DRILL_RTO_MET] = 1,
    [DRILL_BUDGET_BURNED] = 0.0925,
    [DRILL_BUDGET_BEFORE_DETECT] = 0.05,
    [DRILL_BUDGET_BEFORE_MITIGATE] = 0.02,
    [DRILL_BUDGET_BEFORE_RECOVER] = 0.022,
    [DRILL_BUDGET_AFTER] = 0.0005,
    [DRILL_BLAST_RADIUS] = 0.043,
    [DRILL_AUTHENTIC_RATIO] = 0.91,
    [DRILL_BAD_ORDERS] = 310,
    [DRILL_FAILED_ORDERS] = 12,
    [DRILL_ORDERS_LOST] = 302,
    [DRILL_ORDERS_GAINED] = 4,
    [DRILL_FAKE_PRICE_ORDERS] = 31,
    [DRILL_DEBT_ORDERS] = 201,
    [DRILL_PAGES] = 3,
    [DRILL_FALSE_PAGES] = 1,
    [DRILL_NOOPS] = 1,
    [DRILL_COMMISSION_LOST] = 12020,
    [DRILL_REVENUE_LOST] = -402003,
    [DRILL_PRICE_DELTA] = 3.4,
};

static struct drill_distribution spread_of(double value, uint32_t repeats)
{
    const bool many = repeats >= 6;
    return (struct drill_distribution){.n = repeats,
                                       .p50 = known(value),
                                       .p90 = known(value * 1.25),
                                       .least = known(value * 0.75),
                                       .most = known(value * 1.5),
                                       .p50_low = many ? known(value * 0.875) : none,
                                       .p50_high = many ? known(value * 1.125) : none,
                                       .has_mean = true,
                                       .mean = value,
                                       .mean_low = repeats > 1 ? value * 0.875 : (double)NAN,
                                       .mean_high = repeats > 1 ? value * 1.125 : (double)NAN};
}

static void fill_measures(struct drill *drill)
{
    const uint32_t repeats = drill->repeats;
    struct drill_repeat *each = arena_push(&drill->arena, struct drill_repeat, repeats);
    assert(each != NULL);
    for (unsigned m = 0; m < DRILL_MEASURE_COUNT; m++) {
        drill->values[m] = known(values[m]);
        drill->measures[m] = spread_of(values[m], repeats);
    }
    drill->values[DRILL_TIME_IN_MOCK] = none;
    drill->measures[DRILL_TIME_IN_MOCK] = (struct drill_distribution){
        .p50 = none, .p90 = none, .least = none, .most = none, .p50_low = none, .p50_high = none};
    for (uint32_t r = 0; r < repeats; r++) {
        each[r] = (struct drill_repeat){
            .marks = drill->marks, .verdict = r == 0 ? VERDICT_FAIL : VERDICT_PASS, .why = ""};
        memcpy(each[r].values, drill->values, sizeof each[r].values);
    }
    if (repeats >= 6) {
        struct drill_distribution *recovery = &drill->measures[DRILL_TTR];
        recovery->never = 2;
        recovery->p90 = recovery->most = recovery->p50_high = never;
        recovery->has_mean = false;
        each[3].values[DRILL_TTR] = each[4].values[DRILL_TTR] = never;
        each[3].values[DRILL_RTO_MET] = each[4].values[DRILL_RTO_MET] = known(0);
    }
    drill->each = each;
    drill->repeats_by_verdict[VERDICT_FAIL] = 1;
    drill->repeats_by_verdict[VERDICT_PASS] = repeats - 1;
}

/* ---- alerts ---- */

static void fill_rules(struct drill *drill)
{
    enum { RULES = 3 };
    struct alert_rule *rules = arena_push(&drill->arena, struct alert_rule, RULES);
    assert(rules != NULL);
    rules[0] = (struct alert_rule){.name = "Provider API Down",
                                   .place = {file_name, 10, 5, 0},
                                   .says = "a provider's success rate < 50% for 10 minutes",
                                   .metric = "provider.success_rate",
                                   .signal = SIGNAL_SUCCESS_RATE,
                                   .scope = SCOPE_EACH_PROVIDER,
                                   .when = {CHECK_LT, "50%", 0.5, SECONDS(300), 0, HOURS_ANY},
                                   .for_us = SECONDS(600),
                                   .min_volume = 20,
                                   .notify_us = -1,
                                   .runbook = "Issue 1"};
    rules[1] = (struct alert_rule){.name = "High Latency",
                                   .metric = "router.p95_ms",
                                   .signal = SIGNAL_P95_MS,
                                   .scope = SCOPE_ROUTER,
                                   .when = {CHECK_GT, "5s", 5000, SECONDS(300), 0, HOURS_ANY},
                                   .for_us = SECONDS(1200),
                                   .min_volume = 1,
                                   .notify_us = -1};
    rules[2] = (struct alert_rule){
        .name = "Budget burn",
        .metric = "router.burn_rate",
        .signal = SIGNAL_BURN_RATE,
        .scope = SCOPE_ROUTER,
        .when = {CHECK_GT, "14.4", 14.4, SECONDS(3600), SECONDS(300), HOURS_ANY},
        .any_of = {{CHECK_GT, "6", 6, SECONDS(21600), SECONDS(1800), HOURS_PEAK}},
        .any_count = 1,
        .keep_firing_us = SECONDS(300),
        .min_volume = 1,
        .no_data = NO_DATA_FIRING,
        .severity = SEVERITY_TICKET,
        .notify_us = SECONDS(60),
        .group = "budget"};
    drill->rules = rules;
    drill->rule_count = RULES;
    drill->reading = READING_B;
    drill->interval_us = SECONDS(10);
}

static void fill_alerts(struct drill *drill)
{
    enum { ALERTS = PROVIDER_COUNT + 2 };
    drill->alerts = arena_push(&drill->arena, struct drill_alert, ALERTS);
    assert(drill->alerts != NULL);
    drill->alert_count = ALERTS;
    for (unsigned i = 0; i < ALERTS; i++)
        drill->alerts[i] = (struct drill_alert){.scope = (uint8_t)i,
                                                .pending_us = NEVER,
                                                .fired_us = NEVER,
                                                .resolved_us = NEVER,
                                                .told_us = NEVER};
    struct drill_alert *down = &drill->alerts[KROGER], *slow = &drill->alerts[PROVIDER_COUNT],
                       *burn = &drill->alerts[PROVIDER_COUNT + 1];
    down->should_fire = down->expected_by_file = true;
    down->pending_us = SECONDS(910);
    down->fired_us = SECONDS(1510);
    down->told_us = SECONDS(1570);
    down->resolved_us = SECONDS(2310);
    down->episodes = 1;
    down->repeats_fired = drill->repeats;
    slow->rule = 1;
    slow->scope = SCOPE_ROUTER;
    slow->should_fire = slow->expected_by_file = true;
    burn->rule = 2;
    burn->scope = SCOPE_ROUTER;
    burn->pending_us = burn->fired_us = burn->told_us = SECONDS(910);
    burn->resolved_us = SECONDS(3000);
    burn->episodes = 3;
    burn->false_episodes = 2;
    burn->repeats_fired = 1;
}

/* ---- operators ---- */

static void fill_steps(struct drill *drill)
{
    static const struct {
        const char *id, *verb, *what, *why;
        enum step_outcome outcome;
        int64_t began_s, ended_s; /* 0: not */
    } rows[] = {
        {"oncall.1", "set", "LOOPGPT_ENABLE_KROGER = false", "", STEP_DONE, 1700, 1730},
        {"oncall.2", "set", "LOOPGPT_MEALME_MOCK = true",
         "as_coded reads no LOOPGPT_MEALME_MOCK; did you mean \"LOOPGPT_KROGER_MOCK\"?",
         STEP_NO_EFFECT, 1730, 1760},
        {"oncall.3", "redeploy", "", "", STEP_DONE, 1760, 1800},
        {"oncall.4", "health_check", "health check", "HTTP 400 INVALID_REQUEST", STEP_FAILED, 1800,
         1805},
        {"oncall.5", "verify", "errors", "", STEP_NOT_REACHED, 0, 0},
        {"rollback.1", "rollback", "", "", STEP_DONE, 2640, 2700},
    };
    enum { STEPS = sizeof rows / sizeof *rows };
    static const char *const operators[] = {"oncall", "secondary"};
    drill->operator_ids = operators;
    drill->operator_count = 2;
    drill->steps = arena_push(&drill->arena, struct drill_step, STEPS);
    assert(drill->steps != NULL);
    drill->step_count = STEPS;
    for (unsigned i = 0; i < STEPS; i++) {
        const bool rollback = i + 1 == STEPS;
        drill->steps[i] = (struct drill_step){
            .operator_index = rollback ? -1 : 0,
            .operator_id = rollback ? NULL : operators[0],
            .id = rows[i].id,
            .verb = rows[i].verb,
            .what = rows[i].what,
            .runbook = i == 1 ? "Emergency 1, step 2" : "",
            .outcome = rows[i].outcome,
            .began_us = rows[i].began_s > 0 ? SECONDS(rows[i].began_s) : NEVER,
            .ended_us = rows[i].ended_s > 0 ? SECONDS(rows[i].ended_s) : NEVER,
            .why = rows[i].why,
            .cause = rollback ? "script" : "alert Provider API Down (KROGER_API)",
            .place = {file_name, FILE_LINE + i, 7, 0}};
        drill->steps[i].outcomes[rows[i].outcome] = drill->repeats;
    }
    if (drill->repeats > 1) {
        drill->steps[0].outcomes[STEP_DONE]--;
        drill->steps[0].outcomes[STEP_FAILED]++;
    }
}

/* ---- expectations, probes ---- */

static void fill_expects(struct drill *drill)
{
    enum { EXPECTS = 3 };
    drill->expects = arena_push(&drill->arena, struct drill_expect, EXPECTS);
    assert(drill->expects != NULL);
    drill->expects[0] = (struct drill_expect){.name = "\"Provider API Down\" pages in time",
                                              .place = {file_name, 81, 5, 0},
                                              .met = true,
                                              .known = true,
                                              .limit = "fires within 12 min of the fault",
                                              .measured = "fired after 10.2 min"};
    drill->expects[1] = (struct drill_expect){.name = "ttm <= 10m",
                                              .place = {file_name, 82, 5, 0},
                                              .known = true,
                                              .limit = "<= 10m",
                                              .measured = "15.3 min; so in 0 of 1 repeats"};
    drill->expects[2] = (struct drill_expect){.name = "WALMART_API takes over",
                                              .place = {file_name, 83, 5, 0},
                                              .limit = "20% to 80% of orders during kroger-hangs",
                                              .measured = "n/a: no order was routed then"};
    drill->expect_count = EXPECTS;
    drill->expects_met = drill->expects_unknown = 1;
}

static void fill_probes(struct drill *drill)
{
    enum { PROBES = 2 };
    drill->probes = arena_push(&drill->arena, struct drill_probe, PROBES);
    assert(drill->probes != NULL);
    drill->probe_count = PROBES;
    drill->probes[0] = (struct drill_probe){.name = "errors",
                                            .metric = "router.error_rate",
                                            .limit = "<= 5%",
                                            .unit = UNIT_SHARE,
                                            .mode = PROBE_EDGE,
                                            .seen = {.evaluated = 2,
                                                     .met = 2,
                                                     .at_start = 1,
                                                     .at_end = 1,
                                                     .start = {0.0025, 400, true},
                                                     .end = {0.004, 410, true},
                                                     .first_unmet_us = NEVER},
                                            .repeats_met_at_start = drill->repeats,
                                            .repeats_met_at_end = drill->repeats};
    drill->probes[1] = (struct drill_probe){.name = "latency",
                                            .metric = "router.p95_ms",
                                            .limit = "<= 5s",
                                            .unit = UNIT_MS,
                                            .mode = PROBE_ON_CHAOS,
                                            .seen = {.evaluated = 108,
                                                     .met = 28,
                                                     .thin = 2,
                                                     .at_start = -1,
                                                     .at_end = -1,
                                                     .start = {NAN, 0, false},
                                                     .end = {NAN, 0, false},
                                                     .first_unmet_us = SECONDS(960)}};
}

/* ---- the course ---- */

static void fill_journal(struct drill *drill)
{
    enum { ROUTER = SCOPE_ROUTER, NOTHING = -1 };
    static const struct {
        int at_s;
        enum story_kind kind;
        unsigned index, scope;
        int step, cause;
        const char *text;
        double value;
        unsigned n; /* 0: no value */
    } rows[] = {
        {900, STORY_FAULT_ON, 0, ROUTER, NOTHING, NOTHING, "", 0, 0},
        {910, STORY_PENDING, 0, KROGER, NOTHING, NOTHING, "", 0.12, 81},
        {910, STORY_FIRED, 2, ROUTER, NOTHING, NOTHING, "", 20, 81},
        {930, STORY_PENDING, 1, ROUTER, NOTHING, NOTHING, "", 7200, 81},
        {960, STORY_HYPOTHESIS_LOST, 0, ROUTER, NOTHING, NOTHING, "latency", 7200, 81},
        {1510, STORY_FIRED, 0, KROGER, NOTHING, NOTHING, "", 0.03, 81},
        {1570, STORY_TOLD, 0, KROGER, NOTHING, 5, "", 0, 0},
        {1700, STORY_ACK, 0, ROUTER, NOTHING, 6, "", 0, 0},
        {1700, STORY_STEP_BEGAN, 0, ROUTER, 0, 7, "LOOPGPT_ENABLE_KROGER = false", 0, 0},
        {1730, STORY_STEP_ENDED, 0, ROUTER, 0, 8, "LOOPGPT_ENABLE_KROGER = false", 0, 0},
        {1760, STORY_STEP_ENDED, 0, ROUTER, 1, 8, "LOOPGPT_MEALME_MOCK = true", 0, 0},
        {1800, STORY_LIVE, 0, ROUTER, NOTHING, 9, "KROGER_API disabled", 0, 0},
        {1830, STORY_RESET, 1, ROUTER, NOTHING, NOTHING, "", 4800, 90},
        {1860, STORY_HYPOTHESIS_MET, 0, ROUTER, NOTHING, NOTHING, "", 0, 0},
        {1980, STORY_FAULT_OFF, 0, ROUTER, NOTHING, NOTHING, "", 0, 0},
        {2310, STORY_RESOLVED, 0, KROGER, NOTHING, NOTHING, "", 0, 0},
        {2640, STORY_ROLLBACK, OPERATORS_MAX, ROUTER, NOTHING, NOTHING, "", 0, 0},
        {3000, STORY_RESOLVED, 2, ROUTER, NOTHING, NOTHING, "", 2, 100},
    };
    enum { ENTRIES = sizeof rows / sizeof *rows, NO_EFFECT = 10 };
    struct story_entry *entries = arena_push(&drill->arena, struct story_entry, ENTRIES);
    assert(entries != NULL);
    for (unsigned i = 0; i < ENTRIES; i++)
        entries[i] = (struct story_entry){
            .at_us = SECONDS(rows[i].at_s),
            .kind = rows[i].kind,
            .index = (uint16_t)rows[i].index,
            .scope = (uint8_t)rows[i].scope,
            .step = (int16_t)rows[i].step,
            .cause = rows[i].cause,
            .outcome = rows[i].kind == STORY_STEP_ENDED ? STEP_DONE : STEP_NOT_REACHED,
            .text = rows[i].text,
            .why = "",
            .value = {rows[i].n > 0 ? rows[i].value : (double)NAN, rows[i].n, rows[i].n > 0}};
    entries[NO_EFFECT].outcome = STEP_NO_EFFECT;
    entries[NO_EFFECT].why = "not read, \"as coded\"";
    drill->entries = entries;
    drill->entry_count = ENTRIES;
    static const struct story_span spans[] = {
        {SECONDS(1800), SECONDS(2700), 0, 1u << KROGER, "KROGER_API disabled"}};
    drill->differing = spans;
    drill->differing_count = 1;
    drill->test_orders = 2;
}

static void fill_pictures(struct drill *drill)
{
    struct drill_burn *burn = &drill->burn;
    burn->bucket_s = 10;
    burn->count = BUCKETS;
    burn->judged = arena_push(&drill->arena, uint32_t, BUCKETS);
    burn->bad = arena_push(&drill->arena, uint32_t, BUCKETS);
    burn->control_bad = arena_push(&drill->arena, uint32_t, BUCKETS);
    assert(burn->judged != NULL && burn->bad != NULL && burn->control_bad != NULL);
    for (uint32_t i = 0; i < BUCKETS; i++) {
        burn->judged[i] = 80;
        burn->control_bad[i] = i % 40 == 0;
        burn->bad[i] = burn->control_bad[i] + (i >= 90 && i < 182 ? (i - 80) * 60 / 100 : 0);
    }
    for (unsigned c = 0; c < STORY_HEAT_COLUMNS; c++)
        for (unsigned r = 0; r < STORY_HEAT_ROWS; r++)
            drill->heat[c][r] = (c * 7 + r * 3) % 11;
    for (unsigned s = 0; s < SCOPE_COUNT; s++)
        for (unsigned m = 0; m < METRIC_COUNT; m++)
            drill->control[s][m] = (struct metric_value){.value = 0.5 + m,
                                                         .n = 100,
                                                         .needs = 1000,
                                                         .state = m % 9 == 3   ? VALUE_NONE
                                                                  : m % 9 == 5 ? VALUE_TOO_FEW
                                                                               : VALUE_KNOWN,
                                                         .low = 0.5 + m,
                                                         .high = 0.5 + m};
}

/* ---- whole ---- */

void drill_small(struct drill *drill, uint32_t repeats)
{
    static const char *const tags[] = {"dr", "quarterly"};
    assert(repeats > 0);
    *drill = (struct drill){
        .name = "kroger-outage",
        .title = "Kroger hangs, by the runbook",
        .description = "What Issue 1 of the runbook comes to when one provider hangs.",
        .file = file_name,
        .tags = tags,
        .tag_count = 2,
        .repeats = repeats,
        .verdict = VERDICT_FAIL,
        .story_verdict = VERDICT_FAIL,
        .why = "1 of 3 expectations was not met: ttm <= 10m, and it was 15.3 min",
        .marks = {SECONDS(900), SECONDS(1980), SECONDS(904), SECONDS(1510), SECONDS(1570),
                  SECONDS(1700), SECONDS(1800), SECONDS(1824), SECONDS(2700), SECONDS(2702), NEVER,
                  false, false, 0, KROGER},
        .rto_us = SECONDS(1800),
        .slo_given = true,
        .slo_objective = 0.99,
        .budget_orders = 3600,
        .good = 0.95,
        .holds_for_us = SECONDS(120),
        .hypothesis_title = "orders go through",
    };
    fixture_hour(&drill->result);
    drill->result.command = "routesim drill scenarios/drills/kroger-outage.json --seed 20251123";
    fill_measures(drill);
    fill_rules(drill);
    fill_alerts(drill);
    fill_steps(drill);
    fill_expects(drill);
    fill_probes(drill);
    fill_journal(drill);
    fill_pictures(drill);
}

void drill_small_named(struct drill *drill, const char *name)
{
    drill_small(drill, 1);
    struct alert_rule *rules = arena_push(&drill->arena, struct alert_rule, drill->rule_count);
    struct story_entry *entries = arena_push(&drill->arena, struct story_entry, drill->entry_count);
    const char **names = arena_push(&drill->arena, const char *, 2);
    struct story_span *spans = arena_push(&drill->arena, struct story_span, 1);
    assert(rules != NULL && entries != NULL && names != NULL && spans != NULL);
    drill->name = drill->title = drill->description = drill->why = name;
    drill->hypothesis_title = name;
    names[0] = names[1] = name;
    drill->operator_ids = drill->tags = names;
    memcpy(rules, drill->rules, drill->rule_count * sizeof *rules);
    for (uint32_t i = 0; i < drill->rule_count; i++)
        (void)snprintf(rules[i].name, sizeof rules[i].name, "%s", name);
    drill->rules = rules;
    memcpy(entries, drill->entries, drill->entry_count * sizeof *entries);
    for (uint32_t i = 0; i < drill->entry_count; i++)
        entries[i].text = entries[i].why = name;
    drill->entries = entries;
    spans[0] = drill->differing[0];
    spans[0].text = name;
    drill->differing = spans;
    for (uint32_t i = 0; i < drill->step_count; i++) {
        struct drill_step *step = &drill->steps[i];
        step->id = step->what = step->runbook = step->why = step->cause = name;
        if (step->operator_index >= 0) step->operator_id = name;
    }
    for (uint32_t i = 0; i < drill->expect_count; i++) {
        struct drill_expect *expect = &drill->expects[i];
        expect->name = expect->limit = expect->measured = name;
        expect->place.file = name;
    }
    for (uint32_t i = 0; i < drill->probe_count; i++)
        drill->probes[i].name = drill->probes[i].limit = name;
    for (uint32_t i = 0; i < drill->result.fault_count; i++)
        drill->result.faults[i].id = drill->result.faults[i].label = name;
}

void drill_small_bare(struct drill *drill)
{
    drill_small(drill, 1);
    drill->verdict = drill->story_verdict = VERDICT_INVALID;
    drill->why = "no fault has hit a single call";
    drill->repeats_by_verdict[VERDICT_FAIL] = 0;
    drill->repeats_by_verdict[VERDICT_INVALID] = 1;
    drill->marks = (struct drill_marks){NEVER, NEVER, NEVER, NEVER, NEVER, NEVER, NEVER, NEVER,
                                        NEVER, NEVER, NEVER, true,  false, -1,    0};
    struct drill_repeat *each = arena_push(&drill->arena, struct drill_repeat, 1);
    assert(each != NULL);
    for (unsigned m = 0; m < DRILL_MEASURE_COUNT; m++) {
        drill->values[m] = none;
        drill->measures[m] = drill->measures[DRILL_TIME_IN_MOCK];
    }
    *each = (struct drill_repeat){.marks = drill->marks, .verdict = VERDICT_INVALID, .why = ""};
    memcpy(each->values, drill->values, sizeof each->values);
    drill->each = each;
    drill->rto_us = -1;
    drill->slo_given = false;
    drill->rule_count = drill->alert_count = drill->operator_count = drill->step_count = 0;
    drill->expect_count = drill->expects_met = drill->expects_unknown = drill->probe_count = 0;
    drill->entry_count = drill->differing_count = drill->tag_count = 0;
    drill->result.fault_count = 0;
    drill->burn.count = 0;
}
