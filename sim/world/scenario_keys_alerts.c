#include <string.h>

#include "sim/world/scenario_keys.h"
#include "sim/world/scenario_rows.h"

static const char *const schema_names[] = {ALERTS_SCHEMA, NULL};

/* A window is kept second by second, and no published rule looks back further than three days. */
#define WINDOW_MAX (7 * US_PER_DAY)

/* ---- conditions ---- */

#define METRIC_HELP                                                                                \
    "`router.`, a provider's id and a dot, or `provider.` for each enabled one, then a signal: "   \
    "`router.error_rate`, `KROGER_API.p95_ms`, `provider.success_rate`."
#define THRESHOLD_HELP                                                                             \
    "A number in the signal's own unit; or \"5s\" where that is a time, \"50%\" where it is a "    \
    "share."
#define WINDOW_HELP                                                                                \
    "Over what completed in so long before; a counter without a window passes it over."

static void fresh_condition(void *object)
{
    *(struct alert_condition *)object =
        (struct alert_condition){.op = CHECK_OP_COUNT, .window_us = -1};
}

static const struct scenario_key condition_keys[] = {
    {"op", KEY_ENUM, AT(alert_condition, op), .names = check_operator_names,
     .defaults = "the rule's", .help = "How the value compares with the threshold in trouble."},
    {"threshold", KEY_LIMIT, AT(alert_condition, threshold_text), .flags = KEY_REQUIRED,
     .help = THRESHOLD_HELP},
    {"window", KEY_SPAN, AT(alert_condition, window_us), RANGE(US_PER_SECOND, WINDOW_MAX),
     .flags = KEY_UNSET | KEY_WHOLE_SECONDS, .defaults = "the rule's", .help = WINDOW_HELP},
    {"short_window", KEY_SPAN, AT(alert_condition, short_window_us), RANGE(0, WINDOW_MAX),
     .flags = KEY_WHOLE_SECONDS, .help = "It must be true over this window too; 0s asks no more."},
    {"hours", KEY_ENUM, AT(alert_condition, hours), .names = alert_hours_names,
     .help = "When it counts: `peak` is 10:00 to 20:59 in local time."},
    {.name = NULL}};
static const struct scenario_key condition_element = {
    .type = KEY_OBJECT, .size = sizeof(struct alert_condition), .keys = condition_keys};

/* ---- rules ---- */

static void fresh_rule(void *object)
{
    struct alert_rule *rule = object;
    memset(rule, 0, sizeof *rule);
    rule->when.window_us = 5 * US_PER_MINUTE;
    rule->min_volume = 1;
    rule->slow_over_us = 5 * US_PER_SECOND;
    rule->notify_us = -1;
}

static const struct scenario_key rule_keys[] = {
    {"name", KEY_TEXT, AT(alert_rule, name), .flags = KEY_REQUIRED,
     .help = "What a person is told, and what triggers and `suppressed_by` call it."},
    {"says", KEY_TEXT, AT(alert_rule, says),
     .help = "The words of a runbook that this rule is a reading of: `alerts.reading` changes its "
             "window and its `for`. Without it the rule is taken as it stands."},
    {"metric", KEY_TEXT, AT(alert_rule, metric), .flags = KEY_REQUIRED, .help = METRIC_HELP},
    {"op", KEY_ENUM, AT(alert_rule, when.op), .names = check_operator_names, .flags = KEY_REQUIRED,
     .help = "How the value compares with the threshold in trouble."},
    {"threshold", KEY_LIMIT, AT(alert_rule, when.threshold_text), .flags = KEY_REQUIRED,
     .help = THRESHOLD_HELP},
    {"window", KEY_SPAN, AT(alert_rule, when.window_us), RANGE(US_PER_SECOND, WINDOW_MAX),
     .flags = KEY_WHOLE_SECONDS, .help = WINDOW_HELP},
    {"short_window", KEY_SPAN, AT(alert_rule, when.short_window_us), RANGE(0, WINDOW_MAX),
     .flags = KEY_WHOLE_SECONDS,
     .help = "It must be true over this window too, so that an alert ends soon after its cause; 0s "
             "asks no more."},
    {"hours", KEY_ENUM, AT(alert_rule, when.hours), .names = alert_hours_names,
     .help = "When it counts: `peak` is 10:00 to 20:59 in local time."},
    {"any_of", KEY_LIST, AT(alert_rule, any_of), .element = &condition_element,
     .capacity = ALERT_CONDITIONS_MAX, .stride = sizeof(struct alert_condition),
     .count_offset = offsetof(struct alert_rule, any_count), .fresh = fresh_condition,
     .help = "More conditions on the same signal: the rule is true when its own is, or any of "
             "these."},
    {"for", KEY_SPAN, AT(alert_rule, for_us), RANGE(0, WINDOW_MAX), .flags = KEY_WHOLE_SECONDS,
     .help = "How long it must stay true, at every look, until it fires."},
    {"keep_firing_for", KEY_SPAN, AT(alert_rule, keep_firing_us), RANGE(0, WINDOW_MAX),
     .flags = KEY_WHOLE_SECONDS, .help = "How long it must stay false until it resolves."},
    {"min_volume", KEY_WHOLE, AT(alert_rule, min_volume), RANGE(0, 1e9),
     .help = "With fewer orders or calls in the window there is no data."},
    {"no_data", KEY_ENUM, AT(alert_rule, no_data), .names = alert_no_data_names,
     .help = "What no data reads as: `ok` as false, `firing` as true, `keep` as the look before."},
    {"slow_over", KEY_SPAN, AT(alert_rule, slow_over_us), RANGE(US_PER_MS, US_PER_HOUR),
     .help = "`slow_rate`: which orders are slow."},
    {"severity", KEY_ENUM, AT(alert_rule, severity), .names = alert_severity_names,
     .help = "Whom it is told: `page` wakes somebody, `ticket` is read in a chat, `info` in the "
             "mail."},
    {"notify_delay", KEY_SPAN, AT(alert_rule, notify_us), RANGE(0, US_PER_DAY),
     .flags = KEY_UNSET | KEY_WHOLE_SECONDS, .defaults = "`alerts.notify` of its severity",
     .help = "From firing to being told."},
    {"group", KEY_TEXT, AT(alert_rule, group),
     .help = "Rules of one group make one notification while one of them is told and fires."},
    {"suppressed_by", KEY_TEXT, AT(alert_rule, suppressed_by),
     .help = "The name of a rule that silences this one while it fires."},
    {"runbook", KEY_TEXT, AT(alert_rule, runbook), .flags = KEY_NO_HASH,
     .help = "Where the runbook says what to do."},
    {.name = NULL}};
static const struct scenario_key rule_element = {
    .type = KEY_OBJECT, .size = sizeof(struct alert_rule), .keys = rule_keys, PLACE_IN(alert_rule)};

/* ---- all of them ---- */

static const struct scenario_key notify_element = {
    .type = KEY_SPAN, .size = sizeof(int64_t), RANGE(0, US_PER_DAY), .flags = KEY_WHOLE_SECONDS};

/* A file of rules and the object `alerts` of a scenario are the same rows, so that messages,
 * run.json and overrides find a value whichever of them gave it; the file's has three more before
 * them. */
const struct scenario_key scenario_alert_file_keys[] = {
    {"$schema", KEY_IGNORED, .help = "For editors."},
    {"schema", KEY_SCHEMA, .names = schema_names, .help = "The version of this language."},
    {"title", KEY_IGNORED, .help = "Whose rules they are."},
    {"file", KEY_TEXT, AT(alert_spec, file), .flags = KEY_NO_HASH,
     .help = "A file of rules, relative to the scenario's folder: one object with the keys that "
             "stand here, apart from `file`. What is given beside it counts before it; rules "
             "given beside it come after the file's, or take the place of one of that name."},
    {"reading", KEY_ENUM, AT(alert_spec, reading), .names = alert_reading_names,
     .help = "How \"for D\" of a runbook is read, in rules that have `says`. `A`: over a window of "
             "D, at once. `B`: over the rule's window, for D, as shipped. `C`: over 1 minute, for "
             "D."},
    {"interval", KEY_SPAN, AT(alert_spec, interval_us), RANGE(US_PER_SECOND, US_PER_HOUR),
     .flags = KEY_WHOLE_SECONDS, .help = "How often the rules are looked at."},
    {"phase", KEY_SPAN, AT(alert_spec, phase_us), RANGE(0, US_PER_HOUR), .flags = KEY_WHOLE_SECONDS,
     .help = "When they are first looked at; below the interval."},
    {"notify", KEY_MAP, AT(alert_spec, notify_us), .names = alert_severity_names,
     .stride = sizeof(int64_t), .element = &notify_element,
     .help = "From firing to being told, by severity."},
    {"rules", KEY_LIST, AT(alert_spec, rules), .element = &rule_element, .identity = "name",
     .capacity = ALERT_RULES_MAX, .stride = sizeof(struct alert_rule),
     .count_offset = offsetof(struct alert_spec, rule_count), .fresh = fresh_rule,
     .flags = KEY_MERGES, .help = "What pages whom."},
    {.name = NULL}};

const struct scenario_key scenario_alert_file = {.name = "alerts",
                                                 .type = KEY_OBJECT,
                                                 .size = sizeof(struct alert_spec),
                                                 .keys = scenario_alert_file_keys,
                                                 .help = "A file of alert rules."};

bool scenario_uses_alerts(const struct scenario *scenario, const void *object)
{
    (void)object;
    return scenario->alerts.rule_count > 0 || scenario->alerts.file[0] != '\0';
}
