#include "sim/command/decision_source.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "reports/report.h"
#include "reports/show.h"
#include "router/base/duration.h"
#include "router/base/random.h"
#include "sim/command/command.h"
#include "sim/command/descriptors.h"
#include "sim/command/signals.h"
#include "sim/command/wires.h"
#include "sim/world/run.h"

enum { PATH_BYTES = 4200 };

/* ---- a scenario ---- */

struct watching {
    struct progress progress;
    int64_t duration_us;
};

static void on_time(void *context, const struct world_progress *at)
{
    struct watching *watching = context;
    char now[DURATION_TEXT_MAX], whole[DURATION_TEXT_MAX], text[PROGRESS_TEXT_MAX];
    duration_for_people(at->now_us, now);
    duration_for_people(watching->duration_us, whole);
    (void)snprintf(text, sizeof text, "%s of %s simulated, %" PRIu64 " orders", now, whole,
                   at->orders);
    progress_update(&watching->progress, (double)at->now_us / (double)watching->duration_us, text);
}

static bool take_order(void *context, const struct router *router, const struct router_order *order,
                       struct err *err)
{
    struct decision_set *set = context;
    return decisions_add(set, router, order, err);
}

static bool take_late(void *context, const struct router_order *order, unsigned slot,
                      const struct quote_result *result, int64_t now_us, struct err *err)
{
    return decisions_add_late(context, order, slot, result, now_us, err);
}

static bool simulate(struct decision_source *source, const struct invocation *invocation,
                     const struct console *console, struct decision_set *set, struct err *err)
{
    static const double percents[] = {50.0};
    struct scenario *scenario = source->loaded.scenario;
    const struct world_outputs outputs = {
        .context = set, .write_order = take_order, .write_late = take_late};
    struct watching watching = {.duration_us = scenario->duration_us};
    struct result result;
    const struct progress_setup setup = {
        .stream = console->err,
        .label = scenario->name,
        .mode = console->quiet ? PROGRESS_NONE
                               : progress_mode_for(invocation->values[OPTION_PROGRESS].choice,
                                                   isatty(STDERR_FILENO) != 0),
        .utf8 = console->utf8,
        .now_us = progress_clock_us,
        .columns = progress_columns};
    const volatile sig_atomic_t *stop =
        source->wire.clock == WIRE_CLOCK_REAL ? signals_catch() : NULL;
    const struct world_control control = {
        .stop = stop, .progress = on_time, .progress_context = &watching};
    const struct run_request request = {.scenario = scenario,
                                        .wire = &source->wire,
                                        .jobs = 1,
                                        .percents = percents,
                                        .percent_count = 1,
                                        .outputs = &outputs,
                                        .control = &control,
                                        .program = "routesim",
                                        .command = ""};
    scenario->replications = 1;
    progress_begin(&watching.progress, &setup);
    const bool ran = run_scenario(&request, &result, err);
    progress_end(&watching.progress, ran ? "simulated" : "stopped");
    if (!ran) return false;
    source->stopped = stop != NULL ? (int)*stop : 0;
    const bool deaf = result_is_deaf(&result);
    result_release(&result);
    if (deaf) {
        (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "no real provider answered");
        return err_hint(err, "`routesim doctor --live` says how far each of them can be reached");
    }
    set->weights_known = true;
    set->header.start_unix_us = scenario->start_unix_us;
    set->header.seed = scenario->seed;
    set->header.experiment_hash = scenario_hash(scenario, false);
    return decisions_finish(set, err);
}

bool decision_source_again(struct decision_source *source, const struct invocation *invocation,
                           const struct console *console, const struct score_weights *weights,
                           struct decision_set *set, struct err *err)
{
    static const char *const keys[REPLAY_PARTS] = {
        "LOOPGPT_SCORE_PRIORITY_WEIGHT",     "LOOPGPT_SCORE_PRICE_WEIGHT",
        "LOOPGPT_SCORE_SPEED_WEIGHT",        "LOOPGPT_SCORE_COMMISSION_WEIGHT",
        "LOOPGPT_SCORE_AVAILABILITY_WEIGHT", "LOOPGPT_SCORE_RELIABILITY_WEIGHT"};
    struct scenario *scenario = source->loaded.scenario;
    const struct env kept = scenario->env;
    bool ok = true;
    *set = (struct decision_set){0};
    for (unsigned k = 0; ok && k < REPLAY_PARTS; k++) {
        char value[NUMBER_TEXT_MAX];
        (void)number_write(value, score_weight_of(weights, (enum replay_part)k));
        ok = env_set(&scenario->env, keys[k], value, (struct place){0}, err);
    }
    ok = ok && simulate(source, invocation, console, set, err);
    scenario->env = kept;
    if (!ok) decisions_release(set);
    return ok;
}

bool decision_source_with_cache(struct decision_source *source, const struct invocation *invocation,
                                const struct console *console, int64_t ttl_us,
                                struct decision_set *set, struct err *err)
{
    struct scenario *scenario = source->loaded.scenario;
    const int64_t kept_us = scenario->policy.cache.quote_us;
    struct console hushed = *console; /* one run was told of */
    hushed.quiet = true;
    *set = (struct decision_set){0};
    scenario->policy.cache.quote_us = ttl_us;
    const bool ok = simulate(source, invocation, &hushed, set, err);
    scenario->policy.cache.quote_us = kept_us;
    if (!ok) decisions_release(set);
    return ok;
}

/* ---- real time, and real providers ---- */

/* A real provider's answer that comes after its timeout is an answer all the same, for whoever asks
 * how long to wait: the router waits longer, and its own timeouts are decided again afterwards. */
static bool watch_longer(struct decision_source *source, int64_t watch_us, struct err *err)
{
    static const uint64_t nobody[PROVIDER_COUNT] = {0};
    struct scenario *scenario = source->loaded.scenario;
    struct router_config config;
    struct err_list ignored = {0};
    char key[ENV_KEY_MAX], value[24];
    config_read(&scenario->env, scenario->profile, scenario->policy.live_adapters, nobody, &config,
                &ignored);
    if (watch_us > scenario->policy.call_life_us) watch_us = scenario->policy.call_life_us;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if (scenario->profile == PROFILE_AS_CODED) continue; /* reads no such key */
        if (scenario->providers[p].mode != MODE_LIVE) continue;
        if (config.providers[p].timeout_us >= watch_us) continue;
        source->today_us[p] = config.providers[p].timeout_us;
        (void)snprintf(key, sizeof key, "LOOPGPT_%s_TIMEOUT", provider_traits[p].key);
        (void)snprintf(value, sizeof value, "%" PRId64, watch_us / 1000);
        if (!env_set(&scenario->env, key, value, (struct place){0}, err)) return false;
    }
    return true;
}

static int64_t unix_now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* False: why was said. */
static bool may_run(struct decision_source *source, const struct invocation *invocation,
                    struct console *console)
{
    struct err err;
    struct scenario *scenario = source->loaded.scenario;
    if (!option_belongs(OPTION_CLOCK, invocation->command->command)) {
        if (!wire_is_live(scenario)) return true;
        (void)err_fail(&err, ERR_INPUT, (struct place){.file = source->path},
                       "a provider is live, and this command calls nobody");
        (void)err_hint(&err, "run it first, and give the folder of that run");
        source->exit_code = console_error(console, &err, NULL);
        return false;
    }
    source->live = wire_is_live(scenario);
    if (!wires_read(invocation, scenario, &source->wire, &err) ||
        (source->live && !watch_longer(source, invocation->values[OPTION_WATCH].whole, &err))) {
        source->exit_code =
            console_error(console, &err, err_source(&err, scenario->file, source->loaded.source));
        return false;
    }
    if (!wires_may_go_live(invocation, console, scenario, &source->wire, &source->exit_code))
        return false;
    if (wire_goes_elsewhere(&source->wire, scenario)) scenario->start_unix_us = unix_now_us();
    if (source->wire.kind == WIRE_HTTP) (void)descriptors_raise();
    return true;
}

static bool open_scenario(struct decision_source *source, const struct invocation *invocation,
                          struct console *console)
{
    struct err err;
    source->kind = TUNE_SCENARIO;
    if (!load_scenario(invocation, console, source->path, &source->loaded)) {
        source->exit_code = source->loaded.exit_code;
        return false;
    }
    (void)console_errors(console, &source->loaded.list, source->loaded.source); /* warnings */
    const struct scenario *scenario = source->loaded.scenario;
    (void)snprintf(source->name, sizeof source->name, "%s", scenario->name);
    source->seed = scenario->seed;
    source->experiment = scenario_hash(scenario, false);
    if (!may_run(source, invocation, console)) return false;
    if (simulate(source, invocation, console, &source->set, &err)) return true;
    source->exit_code =
        console_error(console, &err, err_source(&err, scenario->file, source->loaded.source));
    return false;
}

/* ---- a folder ---- */

void decision_source_name(const char *path, char name[static SOURCE_NAME_MAX])
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    size_t from = length;
    while (from > 0 && path[from - 1] != '/')
        from--;
    size_t kept = 0;
    for (size_t i = from; i < length && kept + 1 < SOURCE_NAME_MAX; i++) {
        const char c = path[i];
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '-' || c == '_';
        if (c == '.' && i > from) break; /* no ending */
        name[kept++] = plain ? c : '-';
    }
    name[kept] = '\0';
    if (kept == 0) (void)snprintf(name, SOURCE_NAME_MAX, "log");
}

static bool open_folder(struct decision_source *source, struct console *console)
{
    char path[PATH_BYTES];
    struct err err;
    static struct err_list ignored;
    struct result result;
    source->kind = TUNE_RUN;
    decision_source_name(source->path, source->name);
    (void)snprintf(path, sizeof path, "%.4096s/quotes.bin", source->path);
    ignored = (struct err_list){0};
    if (report_read(&result, source->path, &ignored)) { /* what the run was called */
        (void)snprintf(source->name, sizeof source->name, "%s", result.scenario);
        result_release(&result);
    }
    struct stat facts;
    char summary[PATH_BYTES];
    (void)snprintf(summary, sizeof summary, "%.4096s/summary.json", source->path);
    if (stat(summary, &facts) != 0) {
        (void)err_fail(&err, ERR_INPUT, (struct place){.file = source->path},
                       "this is no run: it holds no summary.json");
        (void)err_hint(&err,
                       "name a scenario, the output folder of a finished run, or an event log");
        source->exit_code = console_error(console, &err, NULL);
        return false;
    }
    if (!decisions_read_record(&source->set, path, &err)) {
        source->exit_code = console_error(console, &err, NULL);
        return false;
    }
    source->seed = source->set.header.seed;
    source->experiment = source->set.header.experiment_hash;
    return true;
}

/* ---- a log ---- */

/* The default weights and quirks: what a log does not tell. */
static struct quote_record assumed_config(void)
{
    const struct score_weights *w = &score_weights_default;
    const double weights[6] = {w->priority,   w->price,        w->speed,
                               w->commission, w->availability, w->reliability};
    struct quote_record record;
    memset(&record, 0, sizeof record);
    record.kind = QUOTE_RECORD_CONFIG;
    record.as.config.zero_is_missing = 1;
    record.as.config.missing_items = MISSING_ITEMS_FREE;
    memcpy(record.as.config.weights, weights, sizeof weights);
    return record;
}

static void tell_coverage(const struct decision_source *source, struct console *console)
{
    const struct decision_coverage *coverage = &source->set.coverage;
    struct text text = {0};
    if (console->quiet) return;
    text_format(&text, "%s: ", source->path);
    text_grouped(&text, (int64_t)coverage->usable);
    text_put(&text, " of ");
    text_grouped(&text, (int64_t)coverage->requests);
    text_put(&text, " requests can be decided again (");
    show_share(&text, (double)coverage->usable / (double)coverage->requests);
    text_put(&text, "); ");
    text_grouped(&text, (int64_t)coverage->quotes_seen);
    text_put(&text, " of ");
    text_grouped(&text, (int64_t)coverage->quotes_expected);
    text_put(&text, " quotes are there\n");
    if (coverage->without_quotes > 0) {
        text_put(&text, "  ");
        text_grouped(&text, (int64_t)coverage->without_quotes);
        text_put(&text, " failed: no weights could have changed that\n");
    }
    for (unsigned g = 0; g < GAP_COUNT; g++) {
        if (coverage->gaps[g] == 0) continue;
        text_put(&text, "  ");
        text_grouped(&text, (int64_t)coverage->gaps[g]);
        text_format(&text, " left out: %s\n", decision_gap_texts[g]);
    }
    for (unsigned k = 0; k < DECISION_FIELDS; k++) {
        if (coverage->lacking[k] == 0) continue;
        text_put(&text, "  ");
        text_grouped(&text, (int64_t)coverage->lacking[k]);
        text_format(&text, " lack %s of %s\n", decision_fields[k].name, decision_fields[k].event);
    }
    if (coverage->late_damaged > 0) {
        text_put(&text, "  ");
        text_grouped(&text, (int64_t)coverage->late_damaged);
        text_put(&text, " of ");
        text_grouped(&text, (int64_t)coverage->late_seen);
        text_put(&text, " late answers lack a field, or say what cannot be\n");
    }
    if (source->set.late_unplaced > 0) {
        text_put(&text, "  ");
        text_grouped(&text, (int64_t)source->set.late_unplaced);
        text_put(&text, " late answers left out: of no call that the log shows given up\n");
    }
    if (coverage->lines_unreadable > 0) {
        text_put(&text, "  ");
        text_grouped(&text, (int64_t)coverage->lines_unreadable);
        text_put(&text, " of ");
        text_grouped(&text, (int64_t)coverage->lines);
        text_put(&text, " lines cannot be read\n");
    }
    if (!text.failed) (void)fwrite(text.bytes, 1, text.length, console->err);
    text_release(&text);
}

static bool open_log(struct decision_source *source, struct console *console)
{
    static struct err_list list;
    const struct quote_record assumed = assumed_config();
    list = (struct err_list){0};
    source->kind = TUNE_LOG;
    decision_source_name(source->path, source->name);
    if (!decisions_read_log(&source->set, source->path, &assumed, &list)) {
        source->exit_code = console_errors(console, &list, NULL);
        return false;
    }
    for (uint32_t i = 0; i < source->set.count; i++)
        source->experiment = random_key(source->experiment, source->set.orders[i].as.order.index);
    tell_coverage(source, console);
    return true;
}

static bool ends_in(const char *path, const char *ending)
{
    const size_t length = strlen(path), tail = strlen(ending);
    return length > tail && strcmp(path + length - tail, ending) == 0;
}

bool decision_source_open(struct decision_source *source, const struct invocation *invocation,
                          struct console *console, const char *path)
{
    struct stat facts;
    *source = (struct decision_source){.path = path};
    const bool is_folder = stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
    const bool is_log = strcmp(path, "-") == 0 || ends_in(path, ".jsonl") ||
                        ends_in(path, ".ndjson") || ends_in(path, ".log");
    if (is_folder) return open_folder(source, console);
    if (is_log) return open_log(source, console);
    return open_scenario(source, invocation, console);
}

void decision_source_release(struct decision_source *source)
{
    decisions_release(&source->set);
    if (source->loaded.scenario != NULL || source->loaded.source != NULL)
        load_release(&source->loaded);
    *source = (struct decision_source){0};
}
