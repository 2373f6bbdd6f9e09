/* Queries: answered from the log of the scenario's first orders. */
#include <string.h>

#include "sim/analysis/runbook_state.h"

enum { LITERALS_MAX = 64 };

/* A code or an event that no row can ever hold; NULL: all are well. */
static const struct sql_literal *never_logged(const struct runbook_state *state,
                                              const struct sql_literal *literals, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct sql_literal *const literal = &literals[i];
        const bool event = strcmp(literal->column, "event") == 0;
        const bool code = strcmp(literal->column, "error_code") == 0;
        if ((event && !runbook_logs_event(state, literal->text, literal->pattern)) ||
            (code && !runbook_logs_code(state, literal->text, literal->pattern)))
            return literal;
    }
    return NULL;
}

static void keep_rows(struct runbook_outcome *outcome, const struct sql_table *result)
{
    outcome->rows = *result;
    outcome->row_count = result->row_count;
    if (outcome->rows.row_count > RUNBOOK_ROWS_SHOWN) outcome->rows.row_count = RUNBOOK_ROWS_SHOWN;
}

static void judge_rows(struct runbook_state *state, const struct runbook_deed *deed,
                       const struct sql_table *result, struct runbook_outcome *outcome)
{
    struct sql_literal literals[LITERALS_MAX];
    const uint32_t count = sql_literals(deed->select, literals, LITERALS_MAX);
    const struct sql_literal *const never = never_logged(state, literals, count);
    const char *const said = runbook_say(state, "%u row%s", (unsigned)result->row_count,
                                         result->row_count == 1 ? "" : "s");
    keep_rows(outcome, result);
    if (never == NULL) {
        runbook_works(outcome, said);
        return;
    }
    runbook_is(outcome, RUNBOOK_FAILS, REASON_NEVER_LOGGED, said,
               runbook_say(state, "%s %s \"%.60s\" matches nothing: it is never logged",
                           never->column, never->pattern ? "like" : "=", never->text));
}

/* What PostgreSQL would refuse is the query's fault; the rest is beyond what is read here. */
static void refuse(struct runbook_outcome *outcome, bool known, const char *why)
{
    if (known)
        runbook_is(outcome, RUNBOOK_FAILS, REASON_BAD_SQL, "", why);
    else
        runbook_is_unknown(outcome, why);
}

void runbook_do_query(struct runbook_state *state, uint32_t index)
{
    const struct runbook_deed *const deed = &state->deeds[index];
    struct runbook_outcome *const outcome = &state->runbook->steps[index].outcomes[state->profile];
    const struct sql_world world = {.tables = state->tables,
                                    .table_count = sizeof state->tables / sizeof *state->tables,
                                    .now_s = state->now_s};
    struct sql_table result;
    struct sql_error error;
    if (deed->refusal != NULL) {
        refuse(outcome, deed->refused, deed->refusal);
    } else if (sql_answer(deed->select, &world, &state->runbook->arena, &result, &error)) {
        judge_rows(state, deed, &result, outcome);
    } else if (error.memory) {
        state->failed = true;
    } else {
        const uint32_t offset =
            error.offset < deed->block->length ? error.offset : deed->block->length;
        const struct place place =
            runbook_place(state->play->document, deed->block, offset, error.length);
        refuse(outcome, error.known,
               runbook_say(state, "line %u, column %u: %s", (unsigned)place.line,
                           (unsigned)place.column, error.message));
    }
}
