#include <string.h>

#include "sim/world/scenario_keys.h"
#include "sim/world/scenario_rows.h"

/* What signals look at; as in alerts. */
#define WINDOW_MAX (7 * US_PER_DAY)

#define METRIC_HELP "A signal, as in `alerts.rules`, of `router` or of one provider."
#define LIMIT_HELP                                                                                 \
    "A number in the signal's own unit; or \"5s\" where that is a time, \"50%\" where it is a "    \
    "share."
#define WINDOW_HELP                                                                                \
    "Over what completed in so long before; a counter without a window passes it over."

/* ---- how a change takes effect ---- */

bool scenario_uses_deployment(const struct scenario *scenario, const void *object)
{
    (void)object;
    return scenario->drill.operator_count > 0 || scenario->drill.rollbacks.given;
}

const struct scenario_key scenario_deployment_keys[] = {
    {"propagation", KEY_ENUM, AT(deployment_spec, propagation), .names = propagation_names,
     .help = "When a changed setting is read. `on_deploy`: with the next redeploy. "
             "`on_cold_start`: whenever an isolate is started anew, after `recycle`. `immediate`: "
             "at once."},
    {"redeploy", KEY_OBJECT, AT(deployment_spec, redeploy), .keys = scenario_law_keys,
     .prepare = scenario_prepare_law, PLACE_IN(law_spec), .flags = KEY_OR_SPAN, .defaults = "`60s`",
     .help = "How long a redeploy takes."},
    {"recycle", KEY_OBJECT, AT(deployment_spec, recycle), .keys = scenario_law_keys,
     .prepare = scenario_prepare_law, PLACE_IN(law_spec), .flags = KEY_OR_SPAN,
     .defaults = "lognormal, p50 `5m`, p95 `30m`",
     .help = "`on_cold_start`: from the change until the router is started anew. An assumption."},
    {.name = NULL}};

/* ---- the hypothesis ---- */

bool scenario_prepare_hypothesis(void *object, const cJSON *node)
{
    (void)node;
    ((struct hypothesis_spec *)object)->given = true;
    return false;
}

bool scenario_uses_hypothesis(const struct scenario *scenario, const void *object)
{
    (void)scenario;
    return ((const struct hypothesis_spec *)object)->given;
}

static void fresh_probe(void *object)
{
    *(struct probe_spec *)object = (struct probe_spec){.op = CHECK_LE,
                                                       .window_us = 5 * US_PER_MINUTE,
                                                       .slow_over_us = 5 * US_PER_SECOND,
                                                       .min_volume = 1,
                                                       .mode = PROBE_CONTINUOUS};
}

static const struct scenario_key probe_keys[] = {
    {"name", KEY_TEXT, AT(probe_spec, name), .flags = KEY_REQUIRED,
     .help = "What steps and reports call it."},
    {"metric", KEY_TEXT, AT(probe_spec, metric), .flags = KEY_REQUIRED, .help = METRIC_HELP},
    {"op", KEY_ENUM, AT(probe_spec, op), .names = check_operator_names,
     .help = "How the value compares with the limit when all is well."},
    {"limit", KEY_LIMIT, AT(probe_spec, limit_text), .flags = KEY_REQUIRED, .help = LIMIT_HELP},
    {"window", KEY_SPAN, AT(probe_spec, window_us), RANGE(US_PER_SECOND, WINDOW_MAX),
     .flags = KEY_WHOLE_SECONDS, .help = WINDOW_HELP},
    {"min_volume", KEY_WHOLE, AT(probe_spec, min_volume), RANGE(0, 1e9),
     .help = "With fewer orders or calls in the window it is neither met nor unmet."},
    {"slow_over", KEY_SPAN, AT(probe_spec, slow_over_us), RANGE(US_PER_MS, US_PER_HOUR),
     .help = "`slow_rate`: which orders are slow."},
    {"mode", KEY_ENUM, AT(probe_spec, mode), .names = probe_mode_names,
     .help = "When it is looked at. `start`: before the first fault. `end`: at the run's end. "
             "`edge`: both. `continuous`: all the time, from the warm-up on. `on_chaos`: while a "
             "fault is on."},
    {"eventually_within", KEY_SPAN, AT(probe_spec, eventually_within_us), RANGE(0, US_PER_DAY),
     .flags = KEY_WHOLE_SECONDS,
     .help = "`end`, `edge`: so long after the last fault it may become true again."},
    {"holds_for", KEY_SPAN, AT(probe_spec, holds_for_us), RANGE(0, US_PER_DAY),
     .flags = KEY_WHOLE_SECONDS, .help = "`start`, `end`, `edge`: and must stay true for so long."},
    {.name = NULL}};
static const struct scenario_key probe_element = {.type = KEY_OBJECT,
                                                  .size = sizeof(struct probe_spec),
                                                  .keys = probe_keys,
                                                  PLACE_IN(probe_spec)};

const struct scenario_key scenario_hypothesis_keys[] = {
    {"title", KEY_TEXT, AT(hypothesis_spec, title), .flags = KEY_NO_HASH,
     .help = "The steady state in a person's words."},
    {"frequency", KEY_SPAN, AT(hypothesis_spec, frequency_us), RANGE(US_PER_SECOND, US_PER_HOUR),
     .flags = KEY_WHOLE_SECONDS, .help = "How often probes are looked at."},
    {"holds_for", KEY_SPAN, AT(hypothesis_spec, holds_for_us), RANGE(0, US_PER_DAY),
     .flags = KEY_WHOLE_SECONDS,
     .help = "How long all must be well until trouble counts as mitigated, or recovered from."},
    {"good", KEY_SHARE, AT(hypothesis_spec, good),
     .help = "The share of good orders that counts as mitigated."},
    {"probes", KEY_LIST, AT(hypothesis_spec, probes), .element = &probe_element, .identity = "name",
     .capacity = PROBES_MAX, .stride = sizeof(struct probe_spec),
     .count_offset = offsetof(struct hypothesis_spec, probe_count), .fresh = fresh_probe,
     .help = "What is true while all is well."},
    {.name = NULL}};

/* ---- steps ---- */

static void fresh_step(void *object)
{
    struct step_spec *step = object;
    memset(step, 0, sizeof *step);
    step->provider = -1;
    step->takes = law_spec_none();
    step->takes.floor_us = 0;
    step->takes.kind = LAW_KIND_COUNT;
    step->at_most_us = -1;
    step->store = true;
}

static bool law_is_given(const struct scenario *scenario, const void *object)
{
    (void)scenario;
    return ((const struct law_spec *)object)->kind != LAW_KIND_COUNT;
}

static const struct scenario_key mistake_keys[] = {
    {"kind", KEY_ENUM, AT(step_spec, mistake), .names = mistake_names, .flags = KEY_REQUIRED,
     .help = "`typo`: a letter of the key is lost. `wrong_provider`: the next provider's. "
             "`forgotten`: the step is not done, and nobody notices. `wrong_value`: \"ture\", or a "
             "number ten times too large."},
    {"share", KEY_SHARE, AT(step_spec, mistake_share), .flags = KEY_REQUIRED,
     .help = "How often that happens."},
    {.name = NULL}};

static const struct scenario_key step_keys[] = {
    {"do", KEY_ENUM, AT(step_spec, verb), .names = step_verb_names, .flags = KEY_REQUIRED,
     .help = "What is done. `set`, `unset`: a setting of the router. `redeploy`: brings settings "
             "into effect. `rotate`: a new credential at the provider and in the secrets. "
             "`verify`: waits until a probe holds. `request`: sends a test order. `health_check`: "
             "asks the router how it is. `wait_until`: waits for `when`. `rollback`: settings as "
             "at the start. `note`: nothing. `fail`: gives up here."},
    {"id", KEY_TEXT, AT(step_spec, id), .defaults = "the operator's id, a dot, and its number",
     .help = "What reports and `expect` call it."},
    {"key", KEY_TEXT, AT(step_spec, key), .help = "`set`, `unset`: a setting, as in `router.env`."},
    {"value", KEY_SETTING, AT(step_spec, value), .defaults = "none",
     .help = "`set`: its value. Numbers and booleans are taken as their text."},
    {"provider", KEY_ENUM, AT(step_spec, provider), .names = provider_id_names, .flags = KEY_UNSET,
     .help = "`rotate`: whose credential. `wait_until`: of a rule on each provider, only the alert "
             "about this one."},
    {"takes", KEY_OBJECT, AT(step_spec, takes), .keys = scenario_law_keys,
     .prepare = scenario_prepare_law, .used = law_is_given, PLACE_IN(law_spec),
     .flags = KEY_OR_SPAN,
     .defaults = "`set`, `unset`, `rotate`, `rollback` `30s`; `redeploy` "
                 "`router.deployment.redeploy`; `request`, `health_check` `5s`; others `0s`",
     .help = "How long it takes a person."},
    {"probe", KEY_TEXT, AT(step_spec, probe), .help = "`verify`: the name of a probe."},
    {"eventually_within", KEY_SPAN, AT(step_spec, eventually_within_us), RANGE(0, US_PER_DAY),
     .flags = KEY_WHOLE_SECONDS, .help = "`verify`: how long it is waited for."},
    {"holds_for", KEY_SPAN, AT(step_spec, holds_for_us), RANGE(0, US_PER_DAY),
     .flags = KEY_WHOLE_SECONDS, .help = "`verify`: how long it must stay true."},
    {"when", KEY_ENUM, AT(step_spec, when), .names = wait_for_names,
     .help = "`wait_until`: what is waited for."},
    {"alert", KEY_TEXT, AT(step_spec, alert),
     .help = "`wait_until`: the name of the rule whose alert is waited for."},
    {"plus", KEY_SPAN, AT(step_spec, plus_us), RANGE(0, US_PER_DAY),
     .help = "`wait_until`: and so long after."},
    {"at_most", KEY_SPAN, AT(step_spec, at_most_us), RANGE(0, DURATION_US_MAX),
     .flags = KEY_UNSET | KEY_NEVER, .help = "`wait_until`: then it is given up."},
    {"payload", KEY_ENUM, AT(step_spec, payload), .names = profile_names,
     .help = "`request`: in which form the order is sent; the other form's is refused."},
    {"store", KEY_BOOL, AT(step_spec, store),
     .help = "`rotate`: whether the new credential is put into the router's secrets too."},
    {"overlap", KEY_SPAN, AT(step_spec, overlap_us), RANGE(0, DURATION_US_MAX),
     .help = "`rotate`: how long the old credential goes on counting."},
    {"on_failure", KEY_ENUM, AT(step_spec, on_failure), .names = on_failure_names,
     .help = "When it fails: go on, `stop` the operator, or roll back and stop."},
    {"mistake", KEY_OBJECT, AT_START, .keys = mistake_keys,
     .help = "What a person may get wrong. Nobody publishes how often."},
    {"text", KEY_TEXT, AT(step_spec, text), .flags = KEY_NO_HASH, .help = "What is said about it."},
    {"runbook", KEY_TEXT, AT(step_spec, runbook), .flags = KEY_NO_HASH,
     .help = "The sentence of the runbook that it follows."},
    {.name = NULL}};
static const struct scenario_key step_element = {
    .type = KEY_OBJECT, .size = sizeof(struct step_spec), .keys = step_keys, PLACE_IN(step_spec)};

/* ---- operators ---- */

static void fresh_trigger(void *object)
{
    *(struct trigger_spec *)object = (struct trigger_spec){.provider = -1, .at_us = -1};
}

static const struct scenario_key trigger_keys[] = {
    {"on_alert", KEY_TEXT, AT(trigger_spec, alert),
     .help = "The name of a rule; or `page`, `ticket`, `info`: any rule of that severity."},
    {"provider", KEY_ENUM, AT(trigger_spec, provider), .names = provider_id_names,
     .flags = KEY_UNSET, .help = "Of a rule on each provider: only when it is about this one."},
    {"at", KEY_SPAN, AT(trigger_spec, at_us), RANGE(0, DURATION_US_MAX), .flags = KEY_UNSET,
     .help = "Or an instant of the run."},
    {.name = NULL}};
static const struct scenario_key trigger_element = {.type = KEY_OBJECT,
                                                    .size = sizeof(struct trigger_spec),
                                                    .keys = trigger_keys,
                                                    PLACE_IN(trigger_spec)};

void scenario_fresh_operator(void *object)
{
    struct operator_spec *operator= object;
    memset(operator, 0, sizeof *operator);
    operator->ack = law_spec_none();
    operator->ack.kind = LAW_CONSTANT;
    operator->ack.value_us = 3 * US_PER_MINUTE;
    operator->ack.floor_us = 0;
    operator->ack_timeout_us = - 1;
}

static const struct scenario_key operator_keys[] = {
    /* A step's id is its operator's, a dot and its number: there is room for two digits. */
    {"id", KEY_TEXT, .offset = (uint32_t)offsetof(struct operator_spec, id),
     .size = DRILL_ID_MAX - 3, .flags = KEY_REQUIRED | KEY_NAME,
     .help = "Names the person, or the script."},
    {"triggers", KEY_LIST, AT(operator_spec, triggers), .element = &trigger_element,
     .capacity = TRIGGERS_MAX, .stride = sizeof(struct trigger_spec),
     .count_offset = offsetof(struct operator_spec, trigger_count), .fresh = fresh_trigger,
     .help = "What calls for the operator; whichever comes first."},
    {"ack", KEY_OBJECT, AT(operator_spec, ack), .keys = scenario_law_keys,
     .prepare = scenario_prepare_law, PLACE_IN(law_spec), .flags = KEY_OR_SPAN, .defaults = "`3m`",
     .help = "From being told to starting on the steps. An assumption."},
    {"ack_timeout", KEY_SPAN, AT(operator_spec, ack_timeout_us), RANGE(0, US_PER_DAY),
     .flags = KEY_UNSET | KEY_NEVER, .help = "Who has not answered by then is passed over."},
    {"escalate_to", KEY_TEXT, AT(operator_spec, escalate_to),
     .help = "The id of the operator who is told then."},
    {"again", KEY_BOOL, AT(operator_spec, again),
     .help = "A later trigger starts the steps again; without it they are done once a run."},
    {"steps", KEY_LIST, AT(operator_spec, steps), .element = &step_element, .identity = "id",
     .capacity = STEPS_MAX, .stride = sizeof(struct step_spec),
     .count_offset = offsetof(struct operator_spec, step_count), .fresh = fresh_step,
     .help = "What is done, one after the other. Without any, the steps of whom the operator "
             "relieves."},
    {.name = NULL}};
const struct scenario_key scenario_operator_element = {.type = KEY_OBJECT,
                                                       .size = sizeof(struct operator_spec),
                                                       .keys = operator_keys,
                                                       PLACE_IN(operator_spec)};

/* ---- ends ---- */

void scenario_fresh_stop(void *object)
{
    *(struct stop_spec *)object =
        (struct stop_spec){.op = CHECK_GT, .window_us = 5 * US_PER_MINUTE};
}

static const struct scenario_key stop_keys[] = {
    {"metric", KEY_TEXT, AT(stop_spec, metric), .flags = KEY_REQUIRED, .help = METRIC_HELP},
    {"op", KEY_ENUM, AT(stop_spec, op), .names = check_operator_names,
     .help = "How the value compares with the limit when it is enough."},
    {"limit", KEY_LIMIT, AT(stop_spec, limit_text), .flags = KEY_REQUIRED, .help = LIMIT_HELP},
    {"window", KEY_SPAN, AT(stop_spec, window_us), RANGE(US_PER_SECOND, WINDOW_MAX),
     .flags = KEY_WHOLE_SECONDS, .help = WINDOW_HELP},
    {"min_volume", KEY_WHOLE, AT(stop_spec, min_volume), RANGE(0, 1e9),
     .help = "With fewer orders or calls in the window it is not looked at."},
    {.name = NULL}};
const struct scenario_key scenario_stop_element = {
    .type = KEY_OBJECT, .size = sizeof(struct stop_spec), .keys = stop_keys, PLACE_IN(stop_spec)};

bool scenario_prepare_rollbacks(void *object, const cJSON *node)
{
    (void)node;
    ((struct rollback_spec *)object)->given = true;
    return false;
}

bool scenario_uses_rollbacks(const struct scenario *scenario, const void *object)
{
    (void)scenario;
    return ((const struct rollback_spec *)object)->given;
}

const struct scenario_key scenario_rollback_keys[] = {
    {"strategy", KEY_ENUM, AT(rollback_spec, strategy), .names = rollback_strategy_names,
     .help = "`default`: unless a stop condition ended the drill. `always`, `never`. `deviated`: "
             "only when a probe was not met."},
    {"at", KEY_SPAN, AT(rollback_spec, at_us), RANGE(0, DURATION_US_MAX), .flags = KEY_UNSET,
     .defaults = "when the last fault and operator are done", .help = "When they begin."},
    {"steps", KEY_LIST, AT(rollback_spec, steps), .element = &step_element, .identity = "id",
     .capacity = STEPS_MAX, .stride = sizeof(struct step_spec),
     .count_offset = offsetof(struct rollback_spec, step_count), .fresh = fresh_step,
     .flags = KEY_TOLD_BEFORE,
     .help = "What is done, as `operators[].steps[]`; an id is `rollback.` and a number."},
    {.name = NULL}};

/* ---- what is expected ---- */

void scenario_fresh_expect(void *object)
{
    *(struct expect_spec *)object =
        (struct expect_spec){.provider = -1, .fires_within_us = -1, .op = CHECK_LE, .high = 1.0};
}

static const struct scenario_key expect_keys[] = {
    {"name", KEY_TEXT, AT(expect_spec, name), .defaults = "made from the rest",
     .help = "What holds, in a person's words."},
    {"alert", KEY_TEXT, AT(expect_spec, alert), .help = "A rule that fires, by its name."},
    {"provider", KEY_ENUM, AT(expect_spec, provider), .names = provider_id_names,
     .flags = KEY_UNSET, .help = "`alert`: about this provider."},
    {"fires_within", KEY_SPAN, AT(expect_spec, fires_within_us), RANGE(0, DURATION_US_MAX),
     .flags = KEY_UNSET, .defaults = "any time", .help = "`alert`: of the first fault's start."},
    {"must_not_fire", KEY_BOOL, AT(expect_spec, must_not_fire), .help = "`alert`: it never fires."},
    {"measure", KEY_TEXT, AT(expect_spec, measure),
     .help = "A measure of the drill, such as `ttd`, `ttm`, `ttr`, `failed_orders`."},
    {"op", KEY_ENUM, AT(expect_spec, op), .names = check_operator_names,
     .help = "`measure`: how it compares with the limit."},
    {"limit", KEY_LIMIT, AT(expect_spec, limit_text), .defaults = "none",
     .help = "`measure`: a number in its own unit; or \"20m\" where that is a time, \"10%\" where "
             "it is a share."},
    {"quantile", KEY_SHARE, AT(expect_spec, quantile),
     .help = "In how large a share of the repeats it has to be so; 0 means in every one. At 0.9 a "
             "time within 20m is one whose P90 is."},
    {"step", KEY_TEXT, AT(expect_spec, step), .help = "The id of a step."},
    {"outcome", KEY_ENUM, AT(expect_spec, outcome), .names = step_outcome_names,
     .help = "`step`: how it ends."},
    {"winner", KEY_TEXT, AT(expect_spec, winner),
     .help = "A provider's id, whose share of routed orders is looked at."},
    {"during", KEY_TEXT, AT(expect_spec, during),
     .help = "`winner`: in which part of the run, as in `checks`; without it the whole."},
    {"low", KEY_SHARE, AT(expect_spec, low), .help = "`winner`: the least."},
    {"high", KEY_SHARE, AT(expect_spec, high), .help = "`winner`: the most."},
    {"verdict", KEY_ENUM, AT(expect_spec, verdict), .names = drill_verdict_names,
     .help = "What the drill itself comes to."},
    {.name = NULL}};
const struct scenario_key scenario_expect_element = {.type = KEY_OBJECT,
                                                     .size = sizeof(struct expect_spec),
                                                     .keys = expect_keys,
                                                     PLACE_IN(expect_spec)};
