/* `routesim alerts export`: rules of a scenario or a file for Prometheus and Alertmanager, and of a
 * scenario also the run as a test of promtool. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "reports/alerts_promtool.h"
#include "reports/files.h"
#include "reports/json_put.h"
#include "sim/command/alerts_state.h"
#include "sim/command/command.h"
#include "sim/command/paper.h"
#include "sim/command/signals.h"
#include "sim/command/version.h"

struct alerts_export {
    const struct invocation *invocation;
    struct console *console;
    const char *path;
    struct loaded loaded; /* no scenario: rules alone */
    struct alert_set set;
    struct alert_rule read_as[ALERT_RULES_MAX];
    struct prometheus_export export;
    struct alert_watch watch;
    struct promtool_counts counts;
    struct folder folder;
    char name[ALERTS_NAME_MAX], program[64];
    struct text command;
    const volatile sig_atomic_t *stop;
};

/* ---- what there is to export ---- */

static bool read_scenario(struct alerts_export *to, int *code)
{
    struct err err;
    if (!load_scenario(to->invocation, to->console, to->path, &to->loaded)) {
        *code = to->loaded.exit_code;
        return false;
    }
    (void)console_errors(to->console, &to->loaded.list, to->loaded.source); /* warnings */
    const struct scenario *scenario = to->loaded.scenario;
    const char *rules = to->invocation->values[OPTION_RULES].text;
    (void)snprintf(to->name, sizeof to->name, "%s", scenario->name);
    to->set.spec = scenario->alerts;
    (void)alerts_reading_wanted(to->invocation, &to->set.spec.reading);
    if (rules != NULL)
        return alerts_read_rules(to->invocation, to->console, rules, &to->set.spec, code);
    if (scenario->alerts.rule_count > 0) return true;
    (void)err_fail(&err, ERR_INPUT, (struct place){.file = to->path}, "it has no alert rules");
    (void)err_hint(&err, "name some: --rules scenarios/alerts/runbook.json");
    *code = console_error(to->console, &err, NULL);
    return false;
}

static bool read_input(struct alerts_export *to, int *code)
{
    struct err err;
    if (alerts_all_readings(to->invocation)) {
        (void)err_fail(&err, ERR_USAGE, (struct place){0}, "--reading all is for `alerts score`");
        *code = console_error(to->console, &err, NULL);
        return false;
    }
    to->set.name = to->path;
    if (!alerts_is_rule_file(to->path)) return read_scenario(to, code);
    alerts_name_of(to->path, to->name);
    return alerts_read_rules(to->invocation, to->console, to->path, &to->set.spec, code);
}

static void describe(struct alerts_export *to)
{
    const struct scenario *scenario = to->loaded.scenario;
    const char *rules = to->invocation->values[OPTION_RULES].text;
    const struct alert_spec *spec = &to->set.spec;
    for (uint32_t r = 0; r < spec->rule_count; r++)
        to->read_as[r] = alert_rule_read_as(&spec->rules[r], spec->reading);
    to->export = (struct prometheus_export){
        .rules = to->read_as,
        .rule_count = spec->rule_count,
        .form = (enum prometheus_form)to->invocation->values[OPTION_FORM].choice,
        .reading = spec->reading,
        .title = scenario != NULL ? scenario->title : "",
        .source = rules != NULL ? rules : to->path,
        .interval_us = spec->interval_us,
        .notify_us = spec->notify_us,
    };
    if (scenario == NULL) return;
    to->export.timezone_us = scenario->timezone_us;
    if (!scenario->slo.given) return;
    to->export.objective = scenario->slo.objective;
    to->export.period_us = scenario->slo.period_us;
}

/* A counter knows no budget; what it burns has to be written into the rule. */
static void warn_of_objective(const struct alerts_export *to)
{
    struct err_list list = {0};
    if (to->export.form != PROMETHEUS_COUNTER || to->export.objective > 0.0) return;
    for (uint32_t r = 0; r < to->export.rule_count; r++) {
        const struct alert_rule *rule = &to->export.rules[r];
        if (rule->signal != SIGNAL_BURN_RATE && rule->signal != SIGNAL_BUDGET_BURNED) continue;
        err_warn(&list, (struct place){.file = to->path},
                 "name a scenario that has an \"slo\", with --rules for the rules",
                 "\"%s\" needs an objective: as it is exported it never fires", rule->name);
        (void)console_errors(to->console, &list, NULL);
        return;
    }
}

/* ---- the run ---- */

static bool play(struct alerts_export *to, struct err *err)
{
    struct scenario *scenario = to->loaded.scenario;
    if (scenario == NULL) return true;
    const struct world_control control = {.stop = to->stop};
    return alerts_refuse_live(scenario, err) &&
           alert_watch_closed_loop(&to->watch, scenario, err) &&
           alerts_play(scenario, &to->watch, &control, &to->export.budget_orders, err);
}

/* ---- files ---- */

static bool put_file(struct alerts_export *to, const char *name, struct text *text, struct err *err)
{
    const bool written = files_write(to->folder.temporary, name, text, err);
    text_release(text);
    return written;
}

static bool put_test(struct alerts_export *to, struct err *err)
{
    const struct promtool_test test = {.name = to->name,
                                       .rules_file = "rules.yml",
                                       .export = &to->export,
                                       .record = &to->watch.each[0].record};
    struct text yaml = {0};
    if (to->loaded.scenario == NULL) return true;
    alerts_write_promtool(&yaml, &test, &to->counts);
    return put_file(to, "rules_test.yml", &yaml, err);
}

static bool put_summary(struct alerts_export *to, uint64_t experiment, struct err *err)
{
    struct text json = {0}, name = {0};
    text_format(&name, "alerts-%s", to->name); /* whose folder it is */
    json_put_string(&json, "{", "schema", "routesim.alert_export/1");
    json_put_key(&json, ",\n ", "context");
    json_put_string(&json, "{", "scenario", name.bytes != NULL ? name.bytes : "");
    text_format(&json, ", \"experiment_hash\": \"%016" PRIx64 "\"", experiment);
    json_put_string(&json, ", ", "program", to->program);
    json_put_string(&json, ", ", "command", to->command.bytes != NULL ? to->command.bytes : "");
    text_put(&json, "}");
    json_put_string(&json, ",\n ", "form", prometheus_form_names[to->export.form]);
    json_put_string(&json, ", ", "reading", alert_reading_names[to->export.reading]);
    json_put_count(&json, ", ", "rules", to->export.rule_count);
    json_put_count(&json, ", ", "assertions", to->counts.alerts);
    json_put_count(&json, ", ", "state_assertions", to->counts.states);
    json_put_count(&json, ", ", "left_out", to->counts.left_out);
    json_put_count(&json, ", ", "rules_left_out", to->counts.rules_left_out);
    text_put(&json, "}\n");
    text_release(&name);
    return put_file(to, "summary.json", &json, err);
}

static bool write_files(struct alerts_export *to, uint64_t experiment, struct err *err)
{
    struct text rules = {0}, manager = {0};
    alerts_write_prometheus(&rules, &to->export);
    alerts_write_alertmanager(&manager, &to->export);
    return put_file(to, "rules.yml", &rules, err) &&
           put_file(to, "alertmanager.yml", &manager, err) && put_test(to, err) &&
           put_summary(to, experiment, err) && folder_commit(&to->folder, err);
}

/* ---- the answer ---- */

static void put_count_of(struct text *text, uint64_t count, const char *one, const char *many)
{
    text_grouped(text, (int64_t)count);
    text_format(text, " %s", count == 1 ? one : many);
}

static int say(struct alerts_export *to)
{
    const char *path = to->folder.path;
    struct text text = {0};
    put_count_of(&text, to->export.rule_count, "rule", "rules");
    text_format(&text, ", reading %s, as %ss: %s/rules.yml, %s/alertmanager.yml\n",
                alert_reading_names[to->export.reading], prometheus_form_names[to->export.form],
                path, path);
    if (to->loaded.scenario != NULL) {
        put_count_of(&text, to->counts.alerts, "assertion", "assertions");
        text_put(&text, " of firing (rule and tick)");
        if (to->counts.states > 0) {
            text_put(&text, ", ");
            text_grouped(&text, (int64_t)to->counts.states);
            text_put(&text, " of states (instance and tick)");
        }
        if (to->counts.left_out > 0) {
            text_put(&text, ", ");
            text_grouped(&text, (int64_t)to->counts.left_out);
            text_put(&text, " left out around changes");
        }
        text_format(&text, "; promtool test rules %s/rules_test.yml\n", path);
    }
    if (to->counts.rules_left_out > 0) {
        put_count_of(&text, to->counts.rules_left_out, "rule", "rules");
        text_put(&text, " that counters tell approximately: not in the test\n");
    }
    return console_write(to->console, &text);
}

/* What decides what the files hold. */
static uint64_t experiment_of(const struct alerts_export *to)
{
    uint64_t hash = to->loaded.scenario != NULL ? scenario_hash(to->loaded.scenario, false) : 0;
    const char *rules = to->invocation->values[OPTION_RULES].text;
    for (const char *at = rules != NULL ? rules : to->path; *at != '\0'; at++)
        hash = hash * UINT64_C(1099511628211) + (unsigned char)*at;
    return hash * 8 + to->export.form * 3u + to->export.reading;
}

static int export_all(struct alerts_export *to)
{
    struct err err;
    const uint64_t experiment = experiment_of(to);
    const uint64_t seed = to->loaded.scenario != NULL ? to->loaded.scenario->seed : 0;
    warn_of_objective(to);
    if (!paper_open_folder(&to->folder, to->invocation, "alerts", to->name, seed, experiment,
                           &err) ||
        !play(to, &err))
        return console_error(to->console, &err, err_source(&err, to->path, to->loaded.source));
    if (*to->stop != 0) return 128 + (int)*to->stop;
    if (!write_files(to, experiment, &err)) return console_error(to->console, &err, NULL);
    return say(to);
}

int alerts_export(const struct invocation *invocation, struct console *console)
{
    struct err err;
    int code = EXIT_USAGE;
    if (invocation->operand_count != 2) {
        (void)err_fail(&err, ERR_USAGE, (struct place){0}, "alerts export takes one file");
        return console_error(console, &err, NULL);
    }
    struct alerts_export *to = calloc(1, sizeof *to);
    const bool room = to != NULL && alert_watch_make(&to->watch, &to->set, 1, true);
    if (!room) {
        (void)err_fail(&err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
        free(to);
        return console_error(console, &err, NULL);
    }
    to->invocation = invocation;
    to->console = console;
    to->path = invocation->operands[1];
    (void)snprintf(to->program, sizeof to->program, "routesim %s", version_text());
    load_canonical_command(invocation, invocation->operands[0], &to->command);
    if (read_input(to, &code)) {
        describe(to);
        to->stop = signals_catch();
        code = export_all(to);
    }
    folder_discard(&to->folder);
    alert_watch_release(&to->watch);
    text_release(&to->command);
    load_release(&to->loaded);
    free(to);
    return code;
}
