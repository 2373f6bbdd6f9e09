#include "sim/command/load.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "providers/redis_address.h"
#include "sim/command/env_file.h"
#include "sim/command/notify.h"

enum { SCENARIO_BYTES_MAX = 16 << 20, OVERRIDES_MAX = REPEATS_MAX + 16 };

extern char **environ;

struct overrides {
    struct scenario_override items[OVERRIDES_MAX];
    uint32_t count;
    struct arena arena;
    const char *checks[REPEATS_MAX];
    uint32_t check_count;
};

static void add(struct overrides *overrides, const char *path, const char *value,
                const char *origin)
{
    assert(overrides->count < OVERRIDES_MAX);
    overrides->items[overrides->count++] =
        (struct scenario_override){.path = path, .value = value, .origin = origin};
}

/* As JSON text: a seed past 2^53 is no JSON number that survives. */
static const char *quoted(struct overrides *overrides, const char *value)
{
    struct text text = {0};
    text_json_string(&text, value);
    const char *kept = text.failed ? value : arena_text(&overrides->arena, text.bytes, text.length);
    text_release(&text);
    return kept;
}

static bool split_set(struct overrides *overrides, const char *argument, struct err_list *list)
{
    const char *equals = strchr(argument, '=');
    if (equals == NULL || equals == argument) {
        err_add(list, (struct place){.file = "--set"}, "write --set path=value",
                "\"%s\" has no path and value", argument);
        return false;
    }
    add(overrides, arena_text(&overrides->arena, argument, (size_t)(equals - argument)), equals + 1,
        "--set");
    return true;
}

static const char *const live_names[PROVIDER_COUNT + 1] = {[PROVIDER_MEALME] = "mealme",
                                                           [PROVIDER_INSTACART] = "instacart",
                                                           [PROVIDER_KROGER_API] = "kroger",
                                                           [PROVIDER_WALMART_API] = "walmart"};

/* "--live kroger,walmart" says that those providers are the real ones. */
static bool go_live(const struct invocation *invocation, struct overrides *overrides,
                    struct err_list *list)
{
    static const char *const paths[PROVIDER_COUNT] = {
        [PROVIDER_MEALME] = "providers.MEALME.mode",
        [PROVIDER_INSTACART] = "providers.INSTACART.mode",
        [PROVIDER_KROGER_API] = "providers.KROGER_API.mode",
        [PROVIDER_WALMART_API] = "providers.WALMART_API.mode"};
    if (!option_belongs(OPTION_LIVE, invocation->command->command)) return true;
    if (!invocation_given(invocation, OPTION_LIVE)) return true;
    bool fine = true;
    for (const char *word = invocation->values[OPTION_LIVE].text; *word != '\0';) {
        const size_t length = strcspn(word, ",");
        unsigned p = 0;
        while (p < PROVIDER_COUNT &&
               (strlen(live_names[p]) != length || strncmp(live_names[p], word, length) != 0))
            p++;
        if (p < PROVIDER_COUNT) {
            add(overrides, paths[p], "\"live\"", "--live");
        } else {
            char name[32], hint[ERR_HINT_MAX];
            (void)snprintf(name, sizeof name, "%.*s", (int)(length < 31 ? length : 31), word);
            const bool near = text_suggest(name, live_names, hint, sizeof hint);
            err_add(list, (struct place){.file = "--live"},
                    near ? hint : "mealme, instacart, kroger, walmart", "\"%s\" is no provider",
                    name);
            fine = false;
        }
        word += length;
        if (*word == ',') word++;
    }
    return fine;
}

static bool gather(const struct invocation *invocation, struct overrides *overrides,
                   struct err_list *list)
{
    static const struct {
        enum option option;
        const char *path, *origin;
    } shadows[] = {{OPTION_SEED, "seed", "--seed"},
                   {OPTION_DURATION, "duration", "--duration"},
                   {OPTION_RATE, "workload.arrivals.rate", "--rate"},
                   {OPTION_REQUESTS, "workload.arrivals.limit", "--requests"},
                   {OPTION_REPLICATIONS, "replications", "--replications"},
                   {OPTION_READING, "alerts.reading", "--reading"}};
    const bool plays = invocation->command->command == COMMAND_DRILL;
    bool fine = true;
    for (size_t i = 0; i < sizeof shadows / sizeof shadows[0]; i++) {
        if (!option_belongs(shadows[i].option, invocation->command->command)) continue;
        if (!invocation_given(invocation, shadows[i].option)) continue;
        const char *value = invocation->values[shadows[i].option].text;
        if (shadows[i].option == OPTION_READING && (!plays || strcmp(value, "file") == 0)) continue;
        if (shadows[i].option == OPTION_SEED) value = quoted(overrides, value);
        add(overrides, shadows[i].path, value, shadows[i].origin);
    }
    fine = go_live(invocation, overrides, list) && fine;
    for (unsigned i = 0; i < invocation->repeat_count; i++) {
        const char *argument = invocation->repeats[i].text;
        if (invocation->repeats[i].option == OPTION_SET) {
            fine = split_set(overrides, argument, list) && fine;
        } else if (invocation->repeats[i].option == OPTION_CHECK) {
            overrides->checks[overrides->check_count++] = argument;
        }
    }
    return fine;
}

/* --- the environment
 * ------------------------------------------------------------------------------ */

static void inherit(struct scenario *scenario, bool wanted, struct err_list *list)
{
    static const char prefix[] = "LOOPGPT_";
    unsigned ignored = 0;
    const char *first = NULL;
    for (char **entry = environ; *entry != NULL; entry++) {
        if (strncmp(*entry, prefix, sizeof prefix - 1) != 0) continue;
        const char *equals = strchr(*entry, '=');
        if (equals == NULL) continue;
        if (!wanted) {
            if (ignored++ == 0) first = *entry;
            continue;
        }
        struct err err;
        char *key = arena_text(&scenario->arena, *entry, (size_t)(equals - *entry));
        if (key == NULL) continue;
        if (!env_set(&scenario->env, key, equals + 1, (struct place){.file = "environment"},
                     &err)) {
            err_list_add(list, &err);
        }
    }
    if (ignored == 0) return;
    err_warn(list, (struct place){.file = "environment"},
             "--inherit-env lets them reach the router; better is to write them into the scenario",
             "%.*s%s of this shell %s ignored", (int)strcspn(first, "="), first,
             ignored == 1 ? "" : " and other LOOPGPT_* keys", ignored == 1 ? "is" : "are");
}

void load_take_credentials(struct scenario *scenario, enum provider provider, struct err_list *list)
{
    for (const char *const *key = config_credential_keys(provider); *key != NULL; key++) {
        const char *const value = getenv(*key);
        struct err err;
        if (value == NULL || env_get(&scenario->env, *key) != NULL) continue;
        if (!env_set(&scenario->env, *key, value, (struct place){.file = "environment"}, &err)) {
            err_list_add(list, &err);
        }
    }
}

/* Mocks never see them. */
static void take_live_credentials(struct scenario *scenario, struct err_list *list)
{
    for (enum provider p = 0; p < PROVIDER_COUNT; p++) {
        if (scenario->providers[p].mode == MODE_LIVE) load_take_credentials(scenario, p, list);
    }
}

/* What the scenario's own env says was looked at by its reader. */
static void warn_unknown(const struct env_pair *pair, struct err_list *list)
{
    for (unsigned i = 0; config_keys[i] != NULL; i++) {
        if (strcmp(pair->key, config_keys[i]) == 0) return;
    }
    char hint[ERR_HINT_MAX];
    (void)text_suggest(pair->key, config_keys, hint, sizeof hint);
    err_warn(list, pair->place, hint, "nobody reads the key \"%s\"", pair->key);
}

static bool add_env(const struct invocation *invocation, struct scenario *scenario,
                    struct err_list *list)
{
    if (!option_belongs(OPTION_ENV_FILE, invocation->command->command)) return true;
    const uint32_t before = list->errors;
    const uint32_t known = scenario->env.count;
    if (invocation_given(invocation, OPTION_ENV_FILE)) {
        (void)env_file_read(invocation->values[OPTION_ENV_FILE].text, &scenario->env, list);
        notify_forget_keys(&scenario->env);
    }
    take_live_credentials(scenario, list);
    inherit(scenario, invocation_on(invocation, OPTION_INHERIT_ENV), list);
    for (uint32_t i = known; i < scenario->env.count; i++)
        warn_unknown(&scenario->env.pairs[i], list);
    return list->errors == before;
}

/* --- the whole
 * ------------------------------------------------------------------------------------ */

static bool load_source(const char *path, struct loaded *loaded)
{
    struct err err;
    loaded->source = json_load(path, SCENARIO_BYTES_MAX, &loaded->length, &err);
    if (loaded->source != NULL) return true;
    err_list_add(&loaded->list, &err);
    loaded->exit_code = err_exit_code(err.code);
    return false;
}

/* Blanks out what stands behind a secret's key, whatever it is and however broken: from here on the
 * text serves for excerpts in messages alone. Lines and columns stay. */
static void hide_value(char *at)
{
    bool in_string = false;
    unsigned depth = 0;
    for (; *at != '\0'; at++) {
        const bool escaped = in_string && *at == '\\' && at[1] != '\0';
        if (*at == '"' && !escaped) {
            in_string = !in_string;
        } else if (!in_string && strchr("[{", *at) != NULL) {
            depth++;
        } else if (!in_string && strchr("]}", *at) != NULL) {
            if (depth-- == 0) return;
        } else if (!in_string && depth == 0 && *at == ',') {
            return;
        } else if (*at == '\n') {
            if (depth == 0) return; /* a string without an end */
        } else if (*at != ' ' && *at != ',') {
            *at = '*';
            if (escaped) *++at = '*';
        }
    }
}

/* What a step of a drill sets a secret to stands under "value", anywhere beside the secret's name:
 * with one such name, no value of a step is shown. */
static void hide_secrets(char *source)
{
    bool in_steps = false;
    for (unsigned pass = 0; pass < 2; pass++) {
        for (char *key = strchr(source, '"'); key != NULL; key = strchr(key, '"')) {
            char name[ENV_KEY_MAX];
            const size_t length = strcspn(++key, "\"\n");
            char *const end = key + length;
            if (*end != '"') continue;
            const char *const colon = end + 1 + strspn(end + 1, " \t\r\n");
            if (length < sizeof name) {
                memcpy(name, key, length);
                name[length] = '\0';
                const bool secret = config_key_is_secret(name);
                const bool step = in_steps && strcmp(name, "value") == 0;
                if (*colon == ':' && (secret || step)) hide_value(end + 1 + (colon - end));
                if (*colon != ':' && secret) in_steps = true;
            }
            key = end + 1;
        }
    }
}

static const char *scenario_name(const char *path)
{
    return path == NULL ? "defaults" : strcmp(path, "-") == 0 ? "standard input" : path;
}

static bool read_scenario(const struct invocation *invocation, const char *path,
                          const struct overrides *overrides, struct loaded *loaded)
{
    const bool may_shorten = option_belongs(OPTION_SHORT, invocation->command->command);
    const bool verifies = invocation->command->command == COMMAND_VERIFY;
    const struct scenario_options options = {
        .overrides = overrides->items,
        .override_count = overrides->count,
        .checks = overrides->checks,
        .check_count = overrides->check_count,
        .shortened = verifies || (may_shorten && invocation_on(invocation, OPTION_SHORT))};
    const bool given = loaded->source != NULL;
    if (options.shortened && !verifies && given && strstr(loaded->source, "\"short\"") == NULL) {
        err_warn(&loaded->list, (struct place){.file = "--short"}, NULL,
                 "the scenario has no \"short\" block: it is run whole");
    }
    return scenario_read(loaded->scenario, scenario_name(path), given ? loaded->source : "{}",
                         given ? loaded->length : 2, &options, &loaded->list);
}

bool load_read(const struct invocation *invocation, const char *path, struct loaded *loaded)
{
    *loaded = (struct loaded){.exit_code = 3};
    loaded->list.source_file = scenario_name(path);
    if (path != NULL && !load_source(path, loaded)) return false;
    loaded->scenario = calloc(1, sizeof *loaded->scenario);
    struct overrides *overrides = calloc(1, sizeof *overrides);
    bool fine = false;
    if (loaded->scenario == NULL || overrides == NULL) {
        struct err err;
        (void)err_fail(&err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
        err_list_add(&loaded->list, &err);
        loaded->exit_code = 4;
    } else if (!gather(invocation, overrides, &loaded->list)) {
        loaded->exit_code = 2;
    } else {
        fine = read_scenario(invocation, path, overrides, loaded) &&
               add_env(invocation, loaded->scenario, &loaded->list);
    }
    if (loaded->source != NULL) hide_secrets(loaded->source);
    if (overrides != NULL) arena_release(&overrides->arena);
    free(overrides);
    if (fine) loaded->exit_code = 0;
    return fine;
}

bool load_scenario(const struct invocation *invocation, struct console *console, const char *path,
                   struct loaded *loaded)
{
    if (load_read(invocation, path, loaded)) return true;
    (void)console_errors(console, &loaded->list, loaded->source);
    load_release(loaded);
    return false;
}

void load_release(struct loaded *loaded)
{
    if (loaded->scenario != NULL) {
        scenario_release(loaded->scenario);
        free(loaded->scenario);
    }
    free(loaded->source);
    loaded->scenario = NULL;
    loaded->source = NULL;
}

static void put_word(struct text *text, const char *word)
{
    text_char(text, ' ');
    const bool plain =
        word[0] != '\0' && word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLM"
                                             "NOPQRSTUVWXYZ0123456789_./:=,+%@-")] == '\0';
    if (plain) {
        text_put(text, word);
        return;
    }
    text_char(text, '\'');
    for (const char *c = word; *c != '\0'; c++) {
        if (*c == '\'') {
            text_put(text, "'\\''");
        } else {
            text_char(text, *c);
        }
    }
    text_char(text, '\'');
}

/* "operators.oncall.steps.0.value=hush", or a list of steps: which key it is for is not known here,
 * so only switches and numbers are shown. */
static const char *value_of_step(const char *argument)
{
    static const char member[] = ".value=";
    const char *path = strstr(argument, "operators");
    if (path == NULL) path = strstr(argument, "rollbacks");
    const char *const equals = path != NULL ? strchr(path, '=') : NULL;
    if (equals == NULL) return NULL;
    if (equals[1] == '[' || equals[1] == '{') {
        return strstr(equals, "\"value\"") != NULL ? equals : NULL;
    }
    const size_t length = sizeof member - 1;
    const bool is_value =
        (size_t)(equals + 1 - path) > length && strncmp(equals + 1 - length, member, length) == 0;
    const bool plain = strcmp(equals + 1, "true") == 0 || strcmp(equals + 1, "false") == 0 ||
                       strspn(equals + 1, "0123456789.") == strlen(equals + 1);
    return is_value && !plain ? equals : NULL;
}

void load_put_argument(const char *argument, struct text *text)
{
    const char *const step = value_of_step(argument);
    if (step != NULL) {
        text_append(text, argument, (size_t)(step + 1 - argument));
        text_put(text, "[hidden]");
        return;
    }
    static const char env[] = "router.env.";
    const char *path = strstr(argument, "router");
    const char *equals = path != NULL ? strchr(path, '=') : NULL;
    char key[ENV_KEY_MAX] = "";
    bool hidden = false;
    if (equals != NULL) {
        const size_t length = (size_t)(equals - path);
        hidden = (length == 6 || length == 10) && strncmp(path, "router.env", length) == 0;
        if (length > sizeof env - 1 && length - (sizeof env - 1) < sizeof key &&
            strncmp(path, env, sizeof env - 1) == 0) {
            memcpy(key, path + sizeof env - 1, length - (sizeof env - 1));
            hidden = config_key_is_secret(key);
        }
    }
    if (hidden) {
        text_append(text, argument, (size_t)(equals + 1 - argument));
        text_put(text, "[hidden]");
    } else {
        redis_address_hide(argument, text);
    }
}

void load_canonical_command(const struct invocation *invocation, const char *path,
                            struct text *text)
{
    static const enum option valued[] = {OPTION_SEED,         OPTION_REPLICATIONS,
                                         OPTION_DURATION,     OPTION_REQUESTS,
                                         OPTION_RATE,         OPTION_ENV_FILE,
                                         OPTION_PERCENTILES,  OPTION_EXACT,
                                         OPTION_EVENTS,       OPTION_CLOCK,
                                         OPTION_WIRE,         OPTION_CA,
                                         OPTION_CACHE,        OPTION_LIVE,
                                         OPTION_MAX_REQUESTS, OPTION_MAX_RATE,
                                         OPTION_OBJECTIVE,    OPTION_BASELINE_WEIGHTS,
                                         OPTION_HOLD,         OPTION_HOLDOUT,
                                         OPTION_HISTORY,      OPTION_WITHOUT,
                                         OPTION_PURCHASES,    OPTION_RESAMPLES,
                                         OPTION_AB_OBJECTIVE, OPTION_SALT,
                                         OPTION_ALPHA,        OPTION_POWER,
                                         OPTION_PEEKS,        OPTION_PLANNED,
                                         OPTION_COLUMNS,      OPTION_TIMEOUT,
                                         OPTION_RULE,         OPTION_MAX_TIMEOUT,
                                         OPTION_PRICES,       OPTION_WATCH,
                                         OPTION_SPLIT,        OPTION_RULES,
                                         OPTION_FORM,         OPTION_READING,
                                         OPTION_TAG,          OPTION_DRILLS,
                                         OPTION_QUIET_DAYS,   OPTION_QUIET_SCENARIO,
                                         OPTION_SPEED,        OPTION_SIGNIFICANT};
    static const enum option flags[] = {
        OPTION_SHORT,           OPTION_INHERIT_ENV, OPTION_NO_QUOTES, OPTION_STRICT_EVIDENCE,
        OPTION_MOCK_TLS,        OPTION_ASK,         OPTION_PLAN,      OPTION_INTERLEAVE,
        OPTION_ALLOW_UNANSWERED};
    text_format(text, "routesim %s", invocation->command->name);
    if (invocation_given(invocation, OPTION_FROM)) text_put(text, " --from");
    put_word(text, path);
    for (unsigned i = 1; i < invocation->operand_count; i++) /* further inputs of one command */
        put_word(text, invocation->operands[i]);
    for (size_t i = 0; i < sizeof valued / sizeof valued[0]; i++) {
        if (!invocation_given(invocation, valued[i])) continue;
        struct text shown = {0};
        redis_address_hide(invocation->values[valued[i]].text, &shown);
        text_format(text, " --%s", option_traits(valued[i])->name);
        put_word(text, shown.bytes != NULL ? shown.bytes : "");
        text_release(&shown);
    }
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        if (invocation_on(invocation, flags[i]))
            text_format(text, " --%s", option_traits(flags[i])->name);
    }
    for (unsigned i = 0; i < invocation->repeat_count; i++) {
        struct text shown = {0};
        load_put_argument(invocation->repeats[i].text, &shown);
        text_format(text, " --%s", option_traits(invocation->repeats[i].option)->name);
        put_word(text, shown.bytes != NULL ? shown.bytes : "");
        text_release(&shown);
    }
}

void load_whole_command(const struct invocation *invocation, const char *path, struct text *text)
{
    static const enum option paths[] = {OPTION_RECORD, OPTION_OUT};
    load_canonical_command(invocation, path, text);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        if (!option_belongs(paths[i], invocation->command->command)) continue;
        if (!invocation_given(invocation, paths[i])) continue;
        text_format(text, " --%s", option_traits(paths[i])->name);
        put_word(text, invocation->values[paths[i]].text);
    }
    if (invocation_on(invocation, OPTION_FORCE)) text_put(text, " --force");
}
