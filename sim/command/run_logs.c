#include "sim/command/run_logs.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "router/base/json.h"

enum { JSON_FILE_MAX = 64 << 20, COMMAND_MAX = ERR_HINT_MAX - 80 };

static void path_in(char path[static RUN_LOGS_PATH_MAX], const char *directory, const char *name)
{
    (void)snprintf(path, RUN_LOGS_PATH_MAX, "%.4096s/%s", directory, name);
}

static const cJSON *member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

static void remark(struct run_logs *logs, const char *sentence)
{
    const size_t taken = strlen(logs->remarks);
    (void)snprintf(logs->remarks + taken, sizeof logs->remarks - taken, "%s\n", sentence);
}

static void copy_text(char *text, size_t room, const cJSON *node)
{
    (void)snprintf(text, room, "%s", cJSON_IsString(node) ? node->valuestring : "");
}

/* ---- summary.json ---- */

static bool is_whole(struct run_logs *logs, const cJSON *context, struct err *err)
{
    int64_t written = 0, total = 0;
    const struct place place = {.file = logs->events};
    if (!json_whole(member(context, "events_written"), &written) ||
        !json_whole(member(context, "events_total"), &total))
        return err_fail(err, ERR_INPUT, place,
                        "the summary beside it does not say how many lines it should have");
    if (written == total && (uint64_t)written == logs->span.rows) return true;
    logs->partial = written < total;
    if (logs->partial)
        (void)err_fail(err, ERR_INPUT, place,
                       "the log holds %" PRId64 " of %" PRId64 " lines: a sample of the orders",
                       written, total);
    else
        (void)err_fail(err, ERR_INPUT, place,
                       "the log has %" PRIu64 " lines, and %" PRId64 " were written",
                       logs->span.rows, written);
    return err_hint(err, "every count of it would be wrong; run again with --events all");
}

static void take_context(struct run_logs *logs, const cJSON *context)
{
    int64_t replications = 1;
    const cJSON *hash = member(context, "experiment_hash");
    copy_text(logs->scenario, sizeof logs->scenario, member(context, "scenario"));
    copy_text(logs->seed, sizeof logs->seed, member(context, "seed"));
    if (cJSON_IsString(hash)) logs->experiment = strtoull(hash->valuestring, NULL, 16);
    if (json_whole(member(context, "replications"), &replications) && replications > 1)
        remark(logs, "The logs are of the first replication alone.");
    if (cJSON_IsFalse(member(context, "complete")))
        remark(logs, "The run was stopped early, and the logs end there.");
}

static bool read_json(struct json *json, const char *path, struct err *err)
{
    static struct err_list list;
    size_t length = 0;
    list = (struct err_list){0};
    char *bytes = json_load(path, JSON_FILE_MAX, &length, err);
    if (bytes == NULL) return false;
    const bool ok = json_read(json, path, bytes, length, &list);
    free(bytes);
    if (!ok && list.count > 0) *err = list.items[0];
    return ok;
}

static bool read_summary(struct run_logs *logs, const char *directory, struct err *err)
{
    struct json json = {0};
    char path[RUN_LOGS_PATH_MAX];
    path_in(path, directory, "summary.json");
    if (access(path, F_OK) != 0) {
        (void)err_fail(err, ERR_INPUT, (struct place){.file = directory},
                       "this is no run: it holds no summary.json");
        return err_hint(err, "name the output folder of a finished run");
    }
    bool ok = read_json(&json, path, err);
    const cJSON *context = member(json.root, "context");
    if (ok) take_context(logs, context);
    ok = ok && is_whole(logs, context, err);
    if (!ok) err->place.file = err_keep_name(err->place.file);
    json_release(&json);
    return ok;
}

/* ---- run.json: {"settings": {"providers.KROGER_API.history.orders": {"value": 100}}} ---- */

static const cJSON *setting(const cJSON *settings, unsigned provider, const char *key)
{
    char path[96];
    (void)snprintf(path, sizeof path, "providers.%s.history.%s", provider_traits[provider].id, key);
    return member(member(settings, path), "value");
}

static double number_or(const cJSON *node, double otherwise)
{
    return cJSON_IsNumber(node) ? node->valuedouble : otherwise;
}

/* As the world seeds its router. */
static void seed_history(struct run_logs *logs, const cJSON *settings)
{
    logs->history.frozen = cJSON_IsTrue(member(member(settings, "router.history.frozen"), "value"));
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const double orders = number_or(setting(settings, p, "orders"), -1.0);
        const double margin = number_or(setting(settings, p, "margin_rate"), -1.0);
        if (orders < 0.0 && margin < 0.0) continue;
        history_seed(&logs->history, (enum provider)p, orders > 0.0 ? (int64_t)orders : 0,
                     number_or(setting(settings, p, "success_rate"), -1.0), margin);
    }
}

static void read_settings(struct run_logs *logs, const char *directory)
{
    struct json json = {0};
    struct err ignored;
    char path[RUN_LOGS_PATH_MAX];
    path_in(path, directory, "run.json");
    const bool read = read_json(&json, path, &ignored);
    const cJSON *settings = read ? member(json.root, "settings") : NULL;
    if (cJSON_IsObject(settings)) {
        seed_history(logs, settings);
    } else {
        remark(logs, "There is no run.json: provider_metrics begins at nothing, whatever the "
                     "router knew at the start.");
    }
    json_release(&json);
}

/* What is to be typed, where run.json knows how the run was started; the last --events counts. */
static void hint_command(struct err *err, const char *directory)
{
    struct json json = {0};
    struct err ignored;
    char path[RUN_LOGS_PATH_MAX];
    path_in(path, directory, "run.json");
    const bool read = read_json(&json, path, &ignored);
    const cJSON *command = read ? member(json.root, "command") : NULL;
    if (cJSON_IsString(command) && strlen(command->valuestring) < COMMAND_MAX) {
        const char *force = strstr(command->valuestring, " --force") != NULL ? "" : " --force";
        (void)err_hint(err, "every count of it would be wrong; run again: %s --events all%s",
                       command->valuestring, force);
    }
    json_release(&json);
}

bool run_logs_read(struct run_logs *logs, const char *directory, struct err *err)
{
    *logs = (struct run_logs){0};
    path_in(logs->events, directory, "events.jsonl");
    path_in(logs->quotes, directory, "quotes.bin");
    logs->has_quotes = access(logs->quotes, R_OK) == 0;
    if (access(logs->events, F_OK) == 0) {
        if (!event_rows_span(logs->events, &logs->span, err)) return false;
        if (!read_summary(logs, directory, err)) {
            if (logs->partial) hint_command(err, directory);
            return false;
        }
        read_settings(logs, directory);
        if (!logs->has_quotes)
            remark(logs, "The run kept no quotes.bin: score_calculations stays empty.");
        return true;
    }
    if (errno != ENOENT && errno != ENOTDIR)
        return err_fail(err, ERR_ENVIRONMENT, (struct place){.file = logs->events},
                        "cannot read it: %s", strerror(errno));
    (void)err_fail(err, ERR_INPUT, (struct place){.file = directory},
                   "this folder holds no events.jsonl");
    return err_hint(err, "name the output folder of a run that kept its log: --events all");
}
