/* What no step shows alone. Texts are of one profile. */
#include <math.h>
#include <string.h>
#include <strings.h>

#include "sim/analysis/event_rows.h"
#include "sim/analysis/runbook_state.h"

const char *const runbook_finding_names[FINDING_KINDS] = {
    [FINDING_NOT_DEPLOYED] = "not_deployed",
    [FINDING_ROTATED_TOO_LATE] = "rotated_too_late",
    [FINDING_KEYS_NOT_READ] = "keys_not_read",
    [FINDING_MISLEADING_ANSWER] = "misleading_answer",
    [FINDING_NO_HEALTH_CHECK] = "no_health_check",
    [FINDING_BLIND_HEALTH_CHECK] = "blind_health_check",
    [FINDING_NEVER_LOGGED] = "never_logged",
    [FINDING_RATE_TOPS_OUT] = "rate_tops_out",
    [FINDING_OTHER_FUNCTION] = "other_function",
    [FINDING_NOT_UNDONE] = "not_undone",
    [FINDING_SECRET_IN_TEXT] = "secret_in_text"};

struct finding_state {
    struct runbook_state *state;
    uint32_t first, end; /* of a section's steps */
};

static const struct runbook_step *step_of(const struct finding_state *find, uint32_t index)
{
    return &find->state->runbook->steps[index];
}

static const struct runbook_outcome *outcome_of(const struct finding_state *find, uint32_t index)
{
    return &find->state->runbook->steps[index].outcomes[find->state->profile];
}

/* ---- adding one ---- */

static void add_line(struct runbook_finding *finding, uint32_t line)
{
    for (uint32_t i = 0; i < finding->line_count; i++)
        if (finding->lines[i] == line) return;
    if (finding->line_count < RUNBOOK_LINES_MAX) finding->lines[finding->line_count++] = line;
}

/* What is said alike of several places, or under both profiles, is said once. */
static void add(const struct finding_state *find, enum runbook_finding_kind kind, uint32_t index,
                bool remark, const char *text)
{
    struct runbook *const runbook = find->state->runbook;
    const struct runbook_step *const step = step_of(find, index);
    uint32_t i = 0;
    while (i < runbook->finding_count &&
           (runbook->findings[i].kind != kind || strcmp(runbook->findings[i].text, text) != 0))
        i++;
    if (i == RUNBOOK_FINDINGS_MAX) return;
    if (i == runbook->finding_count)
        runbook->findings[runbook->finding_count++] =
            (struct runbook_finding){.kind = kind,
                                     .remark = remark,
                                     .place = step->place,
                                     .section = step->section,
                                     .text = text};
    runbook->findings[i].profiles |= 1u << find->state->profile;
    add_line(&runbook->findings[i], step->place.line);
}

/* "A", "A and B", "A, B and C" of the steps that are marked; each key once. */
static unsigned put_keys(struct text *text, const struct finding_state *find, const bool *marked)
{
    const char *keys[64];
    unsigned count = 0;
    for (uint32_t i = find->first; i < find->end && count < 64; i++) {
        bool known = !marked[i - find->first];
        for (unsigned k = 0; k < count && !known; k++)
            known = strcmp(keys[k], find->state->deeds[i].key) == 0;
        if (!known) keys[count++] = find->state->deeds[i].key;
    }
    for (unsigned k = 0; k < count; k++)
        text_format(text, "%s%.63s", k == 0 ? "" : k + 1 == count ? " and " : ", ", keys[k]);
    return count;
}

static bool is_change(const struct finding_state *find, uint32_t index)
{
    const enum runbook_verb verb = step_of(find, index)->verb;
    return verb == RUNBOOK_SET || verb == RUNBOOK_UNSET;
}

/* The steps that fit, marked; the first of them, or `end`. */
static uint32_t mark(const struct finding_state *find, bool *marked,
                     bool (*fits)(const struct finding_state *, uint32_t))
{
    uint32_t first = find->end;
    for (uint32_t i = find->first; i < find->end; i++) {
        marked[i - find->first] = is_change(find, i) && fits(find, i);
        if (marked[i - find->first] && first == find->end) first = i;
    }
    return first;
}

/* ---- changes that do not come to anything ---- */

static bool is_undeployed(const struct finding_state *find, uint32_t index)
{
    const enum runbook_reason reason = outcome_of(find, index)->reason;
    const bool rotation = config_key_is_secret(find->state->deeds[index].key);
    return reason == REASON_NOT_DEPLOYED || (reason == REASON_DEPLOYED_BEFORE && !rotation);
}

static bool is_unread(const struct finding_state *find, uint32_t index)
{
    return outcome_of(find, index)->reason == REASON_UNREAD_KEY;
}

static bool is_late_rotation(const struct finding_state *find, uint32_t index)
{
    return outcome_of(find, index)->reason == REASON_DEPLOYED_BEFORE &&
           config_key_is_secret(find->state->deeds[index].key);
}

static void find_undeployed(const struct finding_state *find, bool *marked)
{
    struct text text = {0};
    const uint32_t first = mark(find, marked, is_undeployed);
    if (first == find->end) return;
    (void)put_keys(&text, find, marked);
    text_put(&text, ": changed, and never deployed in this section. What runs keeps the old "
                    "settings until somebody deploys for another reason.");
    add(find, FINDING_NOT_DEPLOYED, first, false, runbook_keep(find->state, &text));
}

static void find_late_rotation(const struct finding_state *find, bool *marked)
{
    struct text text = {0};
    const uint32_t first = mark(find, marked, is_late_rotation);
    if (first == find->end) return;
    (void)put_keys(&text, find, marked);
    text_put(&text, ": rotated after the only deploy of this section, so what runs goes on showing "
                    "the old credential: a compromised one, or one that the provider has revoked "
                    "by then.");
    add(find, FINDING_ROTATED_TOO_LATE, first, false, runbook_keep(find->state, &text));
}

static void find_unread(const struct finding_state *find, bool *marked)
{
    struct text text = {0};
    const uint32_t first = mark(find, marked, is_unread);
    if (first == find->end) return;
    const bool one = put_keys(&text, find, marked) == 1;
    text_format(&text, ": production's code reads %s nowhere.", one ? "it" : "them");
    bool mocks = false, timeouts = false;
    for (uint32_t i = find->first; i < find->end; i++) {
        if (!marked[i - find->first]) continue;
        mocks |= strstr(find->state->deeds[i].key, "_MOCK") != NULL;
        timeouts |= strstr(find->state->deeds[i].key, "_TIMEOUT") != NULL;
    }
    if (mocks)
        text_put(&text, find->state->play->scenario->policy.live_adapters
                            ? " Those providers cannot be mocked."
                        : one
                            ? " It is needless as well: MealMe and Instacart have no live mode "
                              "there and are always answered with a canned quote."
                            : " They are needless as well: MealMe and Instacart have no live mode "
                              "there and are always answered with a canned quote.");
    if (timeouts)
        text_put(&text, " Timeouts stand in the code: 15 s for Kroger and Walmart, 10 s for MealMe "
                        "and Instacart.");
    add(find, FINDING_KEYS_NOT_READ, first, false, runbook_keep(find->state, &text));
}

/* ---- answers that mislead ---- */

/* A deploy before this step that made something else live; `end`: none. */
static uint32_t change_before(const struct finding_state *find, uint32_t index)
{
    for (uint32_t i = find->first; i < index; i++)
        if (is_change(find, i) && outcome_of(find, i)->live_step >= 0 &&
            outcome_of(find, i)->live_step < (int)index)
            return i;
    return find->end;
}

static void find_misleading(const struct finding_state *find)
{
    for (uint32_t i = find->first; i < find->end; i++) {
        const struct runbook_outcome *const outcome = outcome_of(find, i);
        if (step_of(find, i)->verb != RUNBOOK_REQUEST || outcome->answer.http_status != 400)
            continue;
        if (change_before(find, i) == find->end || outcome->hint[0] == '\0') continue;
        add(find, FINDING_MISLEADING_ANSWER, i, false,
            runbook_say(find->state,
                        "The verification answers %s (%s), so a responder would conclude that the "
                        "change before it failed. It did not: %s.",
                        outcome->said, outcome->why, outcome->hint));
    }
}

static bool is_health_check(const struct finding_state *find, uint32_t index)
{
    const char *const body = find->state->deeds[index].curl.body;
    return step_of(find, index)->verb == RUNBOOK_REQUEST && body != NULL &&
           strstr(body, "health_check") != NULL;
}

static void find_health(const struct finding_state *find)
{
    for (uint32_t i = find->first; i < find->end; i++) {
        if (!is_health_check(find, i)) continue;
        const struct runbook_outcome *const outcome = outcome_of(find, i);
        if (outcome->answer.http_status == 400)
            add(find, FINDING_NO_HEALTH_CHECK, i, false,
                "The code has no health check: it answers 400 INVALID_REQUEST whether the "
                "providers are well or not.");
        else if (outcome->answer.http_status == 200)
            add(find, FINDING_BLIND_HEALTH_CHECK, i, true,
                "The health check looks at settings and calls nobody: a provider that is down "
                "reads healthy.");
    }
}

/* ---- logs and queries ---- */

static void find_never_logged(const struct finding_state *find)
{
    for (uint32_t i = find->first; i < find->end; i++) {
        const struct runbook_outcome *const outcome = outcome_of(find, i);
        const enum runbook_verb verb = step_of(find, i)->verb;
        if ((verb != RUNBOOK_LOGS && verb != RUNBOOK_QUERY) ||
            outcome->reason != REASON_NEVER_LOGGED)
            continue;
        const bool total = strstr(outcome->why, "NO_PROVIDERS_AVAILABLE") != NULL ||
                           strstr(outcome->why, "NO_VALID_QUOTES") != NULL;
        add(find, FINDING_NEVER_LOGGED, i, false,
            runbook_say(find->state, "%s, so this search finds nothing in any outage.%s",
                        outcome->why,
                        !total ? ""
                        : find->state->profile == PROFILE_AS_CODED
                            ? " An order without a quote is logged as NO_VALID_QUOTES, one without "
                              "a provider as NO_PROVIDERS."
                            : " An order without a quote is logged as NO_PROVIDERS_AVAILABLE."));
    }
}

/* A log in which every call has failed: a start and an error a provider. */
static bool make_failed_log(struct runbook_state *state, struct sql_table *log)
{
    enum { ORDERS = 4 };
    *log = state->tables[0];
    log->row_count = ORDERS * PROVIDER_COUNT * 2;
    log->values = arena_push(&state->runbook->arena, struct sql_value,
                             (size_t)log->row_count * log->column_count);
    if (log->values == NULL) return false;
    for (uint32_t row = 0; row < log->row_count; row++) {
        struct sql_value *const values = log->values + (size_t)row * log->column_count;
        const bool error = row % 2 == 1;
        const char *const provider = provider_traits[row / 2 % PROVIDER_COUNT].id;
        const unsigned first = 4;
        values[0] = (struct sql_value){.type = SQL_TEXT, .text = EVENT_ROUTER_FUNCTION};
        values[1] = (struct sql_value){.type = SQL_TIME, .number = state->now_s - 1};
        values[2] = (struct sql_value){
            .type = SQL_TEXT, .text = event_names[error ? EVENT_QUOTE_ERROR : EVENT_QUOTE_START]};
        values[3] = (struct sql_value){.type = SQL_TEXT, .text = "req-000000000000"};
        values[first + EVENT_COLUMN_PROVIDER_ID] =
            (struct sql_value){.type = SQL_TEXT, .text = provider};
        if (!error) continue;
        values[first + EVENT_COLUMN_ERROR_CODE] =
            (struct sql_value){.type = SQL_TEXT, .text = "TIMEOUT"};
        values[first + EVENT_COLUMN_LATENCY_MS] =
            (struct sql_value){.type = SQL_NUMBER, .number = 10000};
    }
    return true;
}

static bool is_error_rate(const char *column)
{
    const bool rate = strstr(column, "rate") != NULL || strstr(column, "pct") != NULL ||
                      strstr(column, "percent") != NULL;
    return rate && (strstr(column, "error") != NULL || strstr(column, "fail") != NULL);
}

/* The highest value of a column that calls itself an error rate, as a share; NaN: there is none. */
static double error_rate_of(const struct sql_table *result, const char **column)
{
    double most = (double)NAN;
    for (uint32_t c = 0; c < result->column_count; c++) {
        if (!is_error_rate(result->columns[c])) continue;
        for (uint32_t r = 0; r < result->row_count; r++) {
            const struct sql_value *const value =
                &result->values[(size_t)r * result->column_count + c];
            const bool known = value->type == SQL_INTEGER || value->type == SQL_NUMBER;
            if (!known || most >= value->number) continue;
            most = value->number;
            *column = result->columns[c];
        }
    }
    return most > 1 ? most / 100 : most;
}

/* A query is asked about a log in which everything failed: its error rate should be 100%. */
static void find_topping_out(const struct finding_state *find)
{
    struct runbook_state *const state = find->state;
    struct sql_table tables[4], result;
    struct sql_error error;
    for (uint32_t i = find->first; i < find->end; i++) {
        const char *column = "";
        if (step_of(find, i)->verb != RUNBOOK_QUERY || state->deeds[i].select == NULL) continue;
        memcpy(tables, state->tables, sizeof tables);
        if (!make_failed_log(state, &tables[0])) {
            state->failed = true;
            return;
        }
        const struct sql_world world = {.tables = tables, .table_count = 4, .now_s = state->now_s};
        if (!sql_answer(state->deeds[i].select, &world, &state->runbook->arena, &result, &error))
            continue;
        const double rate = error_rate_of(&result, &column);
        if (!(rate < 0.995)) continue;
        add(find, FINDING_RATE_TOPS_OUT, i, false,
            runbook_say(state,
                        "On a log in which every call fails, %.60s comes to %.0f%%: each call's "
                        "start row is counted with the calls. Count the rows of ended calls "
                        "(provider_quote_success, provider_quote_error) alone.",
                        column, rate * 100));
    }
}

/* ---- the rest ---- */

static void find_other_function(const struct finding_state *find)
{
    for (uint32_t i = find->first; i < find->end; i++)
        if (outcome_of(find, i)->reason == REASON_OTHER_FUNCTION)
            add(find, FINDING_OTHER_FUNCTION, i, false,
                runbook_say(find->state, "%.80s is deployed, but %s.",
                            find->state->deeds[i].function, outcome_of(find, i)->why));
}

static void find_not_undone(const struct finding_state *find)
{
    char differing[200];
    uint32_t last = find->end;
    deployment_describe(&find->state->deployment, differing, sizeof differing);
    /* Weights and timeouts are changed to stay; these are meant for a while. */
    if (strstr(differing, "mock") == NULL && strstr(differing, "disabled") == NULL) return;
    for (uint32_t i = find->first; i < find->end; i++)
        if (is_change(find, i) && outcome_of(find, i)->live_step >= 0) last = i;
    if (last == find->end) return;
    const bool mocked = strstr(differing, "mocked") != NULL;
    add(find, FINDING_NOT_UNDONE, last, true,
        runbook_say(find->state, "What the section leaves: %s. No step takes it back.%s", differing,
                    mocked ? " While it lasts, orders are sold at invented prices, and error rates "
                             "read well."
                           : ""));
}

static void find_secrets(const struct finding_state *find)
{
    for (uint32_t i = find->first; i < find->end; i++)
        if (step_of(find, i)->verb == RUNBOOK_SET &&
            config_key_is_secret(find->state->deeds[i].key) && !find->state->deeds[i].open &&
            find->state->deeds[i].value[0] != '\0')
            add(find, FINDING_SECRET_IN_TEXT, i, false,
                runbook_say(find->state,
                            "%.63s stands in the runbook in plain text. Write a placeholder, and "
                            "rotate it.",
                            find->state->deeds[i].key));
    for (uint32_t i = find->first; i < find->end; i++)
        if (strstr(step_of(find, i)->source, RUNBOOK_USER_HIDDEN) != NULL)
            add(find, FINDING_SECRET_IN_TEXT, i, false,
                "Who logs in, and by which password, stands in an address in plain text. Write a "
                "placeholder, and change the password.");
}

void runbook_find(struct runbook_state *state, uint32_t first, uint32_t end)
{
    bool *const marked = state->marked;
    const struct finding_state find = {.state = state, .first = first, .end = end};
    find_undeployed(&find, marked);
    find_late_rotation(&find, marked);
    find_unread(&find, marked);
    find_misleading(&find);
    find_health(&find);
    find_never_logged(&find);
    find_topping_out(&find);
    find_other_function(&find);
    find_not_undone(&find);
    find_secrets(&find);
}
