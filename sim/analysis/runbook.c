#include "sim/analysis/runbook.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sim/analysis/runbook_state.h"

const char *const runbook_verdict_names[RUNBOOK_VERDICTS] = {"works", "has no effect", "fails",
                                                             "unknown"};
const char *const runbook_verb_names[RUNBOOK_VERBS] = {
    [RUNBOOK_SET] = "set",       [RUNBOOK_UNSET] = "unset",    [RUNBOOK_LIST] = "list",
    [RUNBOOK_DEPLOY] = "deploy", [RUNBOOK_LOGS] = "logs",      [RUNBOOK_REQUEST] = "request",
    [RUNBOOK_QUERY] = "query",   [RUNBOOK_COMMAND] = "command"};

const char *const runbook_reason_names[REASON_COUNT] = {
    [REASON_NONE] = "",
    [REASON_ALREADY_SO] = "already_so",
    [REASON_UNKNOWN_KEY] = "unknown_key",
    [REASON_UNREAD_KEY] = "unread_key",
    [REASON_BAD_VALUE] = "bad_value",
    [REASON_REFUSED] = "refused",
    [REASON_NOT_DEPLOYED] = "not_deployed",
    [REASON_DEPLOYED_BEFORE] = "deployed_before",
    [REASON_OTHER_FUNCTION] = "other_function",
    [REASON_INVALID_REQUEST] = "invalid_request",
    [REASON_NOT_ROUTED] = "not_routed",
    [REASON_NEVER_LOGGED] = "never_logged",
    [REASON_BAD_SQL] = "bad_sql",
    [REASON_NOT_SIMULATED] = "not_simulated"};

/* ---- texts ---- */

/* The length of who logs in and by what, up to the @, of an address whose "://" ends here; 0: there
 * is none, or it is to be filled in. */
static size_t user_info_length(const char *at)
{
    const size_t length = strcspn(at, "/?#@<$ \t\r\n\"'`\\");
    return at[length] == '@' && strncmp(at, "[hidden]", length) != 0 ? length : 0;
}

static void hide_user_info(struct text *text)
{
    static const char mark[] = "://";
    struct text shown = {.failed = text->failed};
    const char *from = text->bytes;
    if (from == NULL || strstr(from, mark) == NULL) return;
    for (const char *at = from; (at = strstr(at, mark)) != NULL;) {
        at += sizeof mark - 1;
        const size_t length = user_info_length(at);
        if (length == 0) continue;
        text_append(&shown, from, (size_t)(at - from));
        text_put(&shown, RUNBOOK_USER_HIDDEN);
        from = at += length + 1;
    }
    text_put(&shown, from);
    text_release(text);
    *text = shown;
}

const char *runbook_keep(struct runbook_state *state, struct text *text)
{
    hide_user_info(text);
    const char *const kept = text->failed
                                 ? NULL
                                 : arena_text(&state->runbook->arena,
                                              text->bytes != NULL ? text->bytes : "", text->length);
    text_release(text);
    state->failed |= kept == NULL;
    return kept != NULL ? kept : "";
}

const char *runbook_say(struct runbook_state *state, const char *format, ...)
{
    struct text text = {0};
    va_list arguments;
    va_start(arguments, format);
    text_format_list(&text, format, arguments);
    va_end(arguments);
    return runbook_keep(state, &text);
}

void runbook_is(struct runbook_outcome *outcome, enum runbook_verdict verdict,
                enum runbook_reason reason, const char *said, const char *why)
{
    outcome->verdict = verdict;
    outcome->reason = reason;
    outcome->said = said;
    outcome->why = why;
}

void runbook_works(struct runbook_outcome *outcome, const char *said)
{
    runbook_is(outcome, RUNBOOK_WORKS, REASON_NONE, said, "");
}

void runbook_is_unknown(struct runbook_outcome *outcome, const char *why)
{
    runbook_is(outcome, RUNBOOK_UNKNOWN, REASON_NOT_SIMULATED, "", why);
}

static bool is_key_char(char c)
{
    return c == '_' || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

/* "<new>", "$NEW", "\"$NEW\"": what the responder, or his shell, fills in. */
static bool is_filled_in(const char *value)
{
    if (*value == '"') value++;
    return *value == '<' ||
           (*value == '$' && (is_key_char(value[1]) || value[1] == '{' || value[1] == '(')) ||
           strncmp(value, "(hidden)", 8) == 0;
}

/* Whether a value that begins here stands behind a secret's key and `=`, or behind "Bearer". */
static bool is_secret_value(const char *text, const char *value)
{
    char key[ENV_KEY_MAX];
    const char *from = value - 1;
    if (value == text) return false;
    if (value - text >= 7 && strncasecmp(value - 7, "bearer ", 7) == 0) return true;
    if (*from != '=') return false;
    while (from > text && is_key_char(from[-1]))
        from--;
    const size_t length = (size_t)(value - 1 - from);
    if (length == 0 || length >= sizeof key) return false;
    (void)snprintf(key, sizeof key, "%.*s", (int)length, from);
    return config_key_is_secret(key);
}

void runbook_hide_secrets(char *text)
{
    for (char *at = text; *at != '\0'; at++) {
        if (!is_secret_value(text, at) || is_filled_in(at)) continue;
        const char quote = *at == '"' || *at == '\'' ? *at : '\0';
        at += quote != '\0';
        const char ends[] = {quote, '\n', '\0'};
        const size_t length = strcspn(at, quote != '\0' ? ends : " \t\r\n\"'");
        memset(at, '*', length);
        at += length;
        if (*at == '\0') break;
    }
    for (char *at = text; (at = strstr(at, "://")) != NULL;) {
        at += 3;
        memset(at, '*', user_info_length(at));
    }
}

/* ---- one profile ---- */

static bool out_of_memory(struct runbook_state *state)
{
    struct err err;
    (void)err_fail(&err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    err_list_add(state->list, &err);
    return false;
}

/* The scenario as it is at its start, without a story of its own. */
static bool open_world(struct runbook_state *state, struct err *err)
{
    struct scenario *const scenario = state->scenario;
    *scenario = *state->play->scenario;
    scenario->profile = state->profile;
    scenario->alerts.rule_count = 0;
    scenario->drill.hypothesis = (struct hypothesis_spec){0};
    scenario->drill.operator_count = scenario->drill.stop_count = 0;
    scenario->drill.rollbacks = (struct rollback_spec){0};
    const uint64_t limit = scenario->workload.arrivals.limit;
    if (limit == 0 || limit > RUNBOOK_LOG_ORDERS)
        scenario->workload.arrivals.limit = RUNBOOK_LOG_ORDERS;
    if (!world_plan_make(scenario, &state->plan, err)) return false;
    state->world = world_create(&state->plan, 0, err);
    return state->world != NULL;
}

static void close_world(struct runbook_state *state)
{
    world_destroy(state->world);
    state->world = NULL;
    world_plan_release(&state->plan);
    text_release(&state->log);
}

/* What the file's settings are: a section begins with them. */
static void begin_section(struct runbook_state *state)
{
    static const uint64_t first[PROVIDER_COUNT] = {1, 1, 1, 1};
    const struct scenario *const scenario = state->play->scenario;
    deployment_start(&state->deployment, &scenario->env, state->profile,
                     scenario->policy.live_adapters, first, NULL);
    state->generation = 1;
}

static void do_step(struct runbook_state *state, uint32_t index)
{
    struct runbook_step *const step = &state->runbook->steps[index];
    struct runbook_outcome *const outcome = &step->outcomes[state->profile];
    *outcome = (struct runbook_outcome){.verdict = RUNBOOK_WORKS,
                                        .said = "",
                                        .why = "",
                                        .hint = "",
                                        .live_step = -1,
                                        .answer = {.code = "", .winner = -1}};
    switch (step->verb) {
    case RUNBOOK_SET:
    case RUNBOOK_UNSET:
        runbook_do_set(state, index);
        break;
    case RUNBOOK_LIST:
        runbook_do_list(state, index);
        break;
    case RUNBOOK_DEPLOY:
        runbook_do_deploy(state, index);
        break;
    case RUNBOOK_LOGS:
        runbook_do_logs(state, index);
        break;
    case RUNBOOK_REQUEST:
        runbook_do_request(state, index);
        break;
    case RUNBOOK_QUERY:
        runbook_do_query(state, index);
        break;
    case RUNBOOK_COMMAND:
        runbook_is_unknown(outcome, state->deeds[index].why);
        break;
    case RUNBOOK_VERBS:
        assert(!"a verb outside its enum");
    }
}

static void play_sections(struct runbook_state *state)
{
    const struct runbook *const runbook = state->runbook;
    uint32_t first = 0;
    while (first < runbook->step_count && !state->failed) {
        uint32_t end = first;
        begin_section(state);
        while (end < runbook->step_count &&
               runbook->steps[end].section == runbook->steps[first].section)
            do_step(state, end++);
        runbook_settle_section(state, first, end);
        runbook_find(state, first, end);
        first = end;
    }
}

static bool needs_log(const struct runbook *runbook)
{
    for (uint32_t i = 0; i < runbook->step_count; i++)
        if (runbook->steps[i].verb == RUNBOOK_LOGS || runbook->steps[i].verb == RUNBOOK_QUERY)
            return true;
    return false;
}

static bool play_profile(struct runbook_state *state, enum profile profile)
{
    struct runbook *const runbook = state->runbook;
    struct err err = {0};
    state->profile = profile;
    const bool good =
        open_world(state, &err) && (!needs_log(runbook) || runbook_make_log(state, &err));
    if (good) {
        play_sections(state);
        for (uint32_t i = 0; i < runbook->step_count; i++)
            runbook->verdicts[profile][runbook->steps[i].outcomes[profile].verdict]++;
    }
    close_world(state);
    if (!good) err_list_add(state->list, &err);
    return good && (!state->failed || out_of_memory(state));
}

/* ---- the whole ---- */

/* The runbook is played against the simulation: a live provider is no part of it. */
static bool check_modes(const struct runbook_play *play, struct err_list *list)
{
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if (play->scenario->providers[p].mode == MODE_MOCK) continue;
        err_add(list, (struct place){.file = play->scenario->file},
                "a runbook is tried out on mock providers", "%s is not in the mode \"mock\"",
                provider_traits[p].id);
        return false;
    }
    return true;
}

static bool refuse_only(const struct runbook_state *state)
{
    enum { CANDIDATES = 256 };
    const struct runbook_document *const document = state->play->document;
    const char *candidates[CANDIDATES + 1] = {NULL};
    struct err err;
    char hint[ERR_HINT_MAX];
    uint32_t count = 0;
    /* "Emergency 1" of "Emergency 1: complete outage" is what people write. */
    for (uint32_t i = 1; i < document->heading_count && count < CANDIDATES; i++) {
        const char *const heading = document->headings[i].text;
        candidates[count] = arena_text(&state->runbook->arena, heading, strcspn(heading, ":"));
        if (candidates[count] != NULL) count++;
    }
    (void)err_fail(&err, ERR_USAGE, (struct place){0},
                   "no section with a step has a heading that contains \"%.60s\"",
                   state->play->only);
    if (text_suggest(state->play->only, candidates, hint, sizeof hint))
        (void)err_hint(&err, "%s", hint);
    err_list_add(state->list, &err);
    return false;
}

static bool check_steps(const struct runbook_state *state)
{
    if (state->runbook->step_count > 0) return true;
    if (state->play->only != NULL) return refuse_only(state);
    err_add(state->list, (struct place){.file = state->play->document->file},
            "commands stand in blocks of ```bash or ```sql", "there is no step in this file");
    return false;
}

static bool open_state(struct runbook_state *state)
{
    struct runbook *const runbook = state->runbook;
    runbook->steps = calloc(RUNBOOK_STEPS_MAX, sizeof *runbook->steps);
    runbook->findings = calloc(RUNBOOK_FINDINGS_MAX, sizeof *runbook->findings);
    state->deeds = calloc(RUNBOOK_STEPS_MAX, sizeof *state->deeds);
    state->commands = calloc(state->play->document->block_count + 1u, sizeof *state->commands);
    state->scenario = calloc(1, sizeof *state->scenario);
    state->request = calloc(1, sizeof *state->request);
    state->marked = calloc(RUNBOOK_STEPS_MAX, sizeof *state->marked);
    return runbook->steps != NULL && runbook->findings != NULL && state->deeds != NULL &&
           state->commands != NULL && state->scenario != NULL && state->request != NULL &&
           state->marked != NULL;
}

static void close_state(struct runbook_state *state)
{
    for (uint32_t i = 0; state->commands != NULL && i < state->play->document->block_count; i++)
        runbook_commands_release(&state->commands[i]);
    free(state->commands);
    free(state->deeds);
    free(state->scenario);
    free(state->request);
    free(state->marked);
    free(state);
}

bool runbook_run(struct runbook *runbook, const struct runbook_play *play, struct err_list *list)
{
    const uint32_t errors = list->errors;
    *runbook = (struct runbook){.document = play->document,
                                .file = play->document->file,
                                .scenario = play->scenario->name,
                                .function = ""};
    struct runbook_state *const state = calloc(1, sizeof *state); /* large */
    if (state == NULL) return out_of_memory(&(struct runbook_state){.list = list});
    state->runbook = runbook;
    state->play = play;
    state->list = list;
    bool good = check_modes(play, list) && (open_state(state) || out_of_memory(state));
    if (good) {
        good = runbook_find_steps(state);
        if (!good && list->errors == errors) (void)out_of_memory(state);
        good = good && check_steps(state);
    }
    for (unsigned p = 0; p < PROFILE_COUNT && good; p++) {
        runbook->profiles[p] = play->profiles[p];
        if (play->profiles[p]) good = play_profile(state, (enum profile)p);
    }
    close_state(state);
    return good;
}

void runbook_release(struct runbook *runbook)
{
    if (runbook == NULL) return;
    free(runbook->steps);
    free(runbook->findings);
    arena_release(&runbook->arena);
    *runbook = (struct runbook){0};
}

bool runbook_is_at_fault(const struct runbook *runbook)
{
    uint32_t at_fault = 0;
    for (unsigned p = 0; p < PROFILE_COUNT; p++)
        at_fault += runbook->verdicts[p][RUNBOOK_NO_EFFECT] + runbook->verdicts[p][RUNBOOK_FAILS];
    return at_fault > 0;
}
