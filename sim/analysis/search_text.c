/* sim/analysis/search_text.c - "commission:0.5,savings:0.5" and "price<=+0.5%". */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/text.h"
#include "sim/analysis/search.h"

static const struct place nowhere = {0};

/* Names of what may be asked for, NULL at the end: for suggestions. */
static const char *const *known_names(void)
{
    static const char *names[OUTCOME_COUNT + 2];
    for (unsigned k = 0; k < OUTCOME_COUNT; k++)
        names[k] = replay_outcome_traits[k].name;
    names[OUTCOME_COUNT] = "share";
    return names;
}

static bool outcome_by_name(const char *name, enum replay_outcome *outcome)
{
    for (unsigned k = 0; k < OUTCOME_COUNT; k++) {
        if (strcmp(replay_outcome_traits[k].name, name) != 0) continue;
        *outcome = (enum replay_outcome)k;
        return true;
    }
    return false;
}

static bool refuse_name(const char *name, const char *what, struct err *err)
{
    char hint[ERR_HINT_MAX];
    (void)err_fail(err, ERR_USAGE, nowhere, "unknown %s \"%s\"", what, name);
    if (text_suggest(name, known_names(), hint, sizeof hint)) return err_hint(err, "%s", hint);
    return err_hint(err, "known: price, eta, commission, availability, savings, regret, canned, "
                         "conversion, expected_commission, surplus; share in constraints");
}

static bool read_objective(const char *text, struct search_objective *objective, struct err *err)
{
    char name[SEARCH_NAME_MAX];
    const char *colon = strchr(text, ':');
    const size_t length = colon != NULL ? (size_t)(colon - text) : strlen(text);
    char *end = NULL;
    if (length == 0 || length >= sizeof name)
        return err_fail(err, ERR_USAGE, nowhere, "\"%s\" names no objective", text);
    memcpy(name, text, length);
    name[length] = '\0';
    if (!outcome_by_name(name, &objective->outcome)) return refuse_name(name, "objective", err);
    objective->weight = colon != NULL ? strtod(colon + 1, &end) : 1.0;
    if (colon != NULL && (end == colon + 1 || *end != '\0' || !(objective->weight > 0.0) ||
                          !(objective->weight <= 1e6)))
        return err_fail(err, ERR_USAGE, nowhere, "\"%s\": a weight is a number above 0", text);
    return true;
}

bool search_read_objectives(const char *text, struct search_objective *objectives, uint32_t *count,
                            struct err *err)
{
    char copy[256];
    double sum = 0.0;
    *count = 0;
    if (strlen(text) >= sizeof copy)
        return err_fail(err, ERR_USAGE, nowhere, "the objective is too long");
    (void)strcpy(copy, text);
    for (char *rest = copy, *next; rest != NULL; rest = next) {
        next = strchr(rest, ',');
        if (next != NULL) *next++ = '\0';
        if (*count == SEARCH_OBJECTIVES_MAX)
            return err_fail(err, ERR_USAGE, nowhere, "more than %d objectives",
                            SEARCH_OBJECTIVES_MAX);
        if (!read_objective(rest, &objectives[*count], err)) return false;
        for (uint32_t i = 0; i < *count; i++)
            if (objectives[i].outcome == objectives[*count].outcome)
                return err_fail(err, ERR_USAGE, nowhere, "the objective \"%s\" is named twice",
                                replay_outcome_traits[objectives[i].outcome].name);
        sum += objectives[(*count)++].weight;
    }
    for (uint32_t i = 0; i < *count; i++)
        objectives[i].weight /= sum;
    return true;
}

/* ---- constraints ---- */

static bool is_share(const struct search_constraint *constraint)
{
    return constraint->quantity == QUANTITY_TOP_SHARE ||
           strcmp(replay_outcome_traits[constraint->outcome].unit, "share") == 0;
}

/* What a unit behind a limit is worth in the outcome's own unit; 0: it does not belong there. */
static double unit_of(const char *unit, const struct search_constraint *constraint)
{
    const bool share = is_share(constraint);
    const bool is_money = constraint->quantity == QUANTITY_OUTCOME &&
                          strcmp(replay_outcome_traits[constraint->outcome].unit, "cents") == 0;
    const bool is_time = constraint->quantity == QUANTITY_OUTCOME &&
                         strcmp(replay_outcome_traits[constraint->outcome].unit, "minutes") == 0;
    if (share && (strcmp(unit, "pp") == 0 || strcmp(unit, "%") == 0)) return 0.01;
    if (share && *unit == '\0') return 1.0;
    if (is_money && (strcmp(unit, "c") == 0 || strcmp(unit, "cents") == 0)) return 1.0;
    if (is_money && strcmp(unit, "usd") == 0) return 100.0;
    if (is_time && (strcmp(unit, "min") == 0 || strcmp(unit, "m") == 0)) return 1.0;
    if (is_time && strcmp(unit, "h") == 0) return 60.0;
    return 0.0;
}

bool search_read_constraint(const char *text, struct search_constraint *constraint, struct err *err)
{
    char name[SEARCH_NAME_MAX];
    const size_t length = strcspn(text, "<>=");
    *constraint = (struct search_constraint){.quantity = QUANTITY_OUTCOME};
    if (length == 0 || length >= sizeof name || strlen(text) >= sizeof constraint->text ||
        text[length] == '\0' || text[length] == '=' || text[length + 1] != '=') {
        (void)err_fail(err, ERR_USAGE, nowhere, "\"%s\" is no constraint", text);
        return err_hint(err, "for example \"price<=+0.5%%\", \"eta<=+2min\", \"share<=80%%\", "
                             "\"availability>=-0.5pp\"");
    }
    memcpy(name, text, length);
    name[length] = '\0';
    (void)strcpy(constraint->text, text);
    constraint->at_most = text[length] == '<';
    if (strcmp(name, "share") == 0) {
        constraint->quantity = QUANTITY_TOP_SHARE;
    } else if (!outcome_by_name(name, &constraint->outcome)) {
        return refuse_name(name, "quantity", err);
    }
    const char *number = text + length + 2;
    char *unit = NULL;
    const bool relative = *number == '+' || *number == '-';
    constraint->limit = strtod(number, &unit);
    if (unit == number || !isfinite(constraint->limit))
        return err_fail(err, ERR_USAGE, nowhere, "\"%s\" has no number behind the sign", text);
    if (relative && strcmp(unit, "%") == 0) {
        constraint->kind = LIMIT_RELATIVE;
        constraint->limit /= 100.0;
        return true;
    }
    const double worth = unit_of(unit, constraint);
    if (worth == 0.0) {
        (void)err_fail(err, ERR_USAGE, nowhere, "\"%s\": the unit \"%s\" does not belong to %s",
                       text, unit, name);
        return err_hint(err, "money takes c or usd, ETA min or h, shares %% or pp; with a sign "
                             "before it the limit counts from the baseline");
    }
    constraint->kind = relative ? LIMIT_DIFFERENCE : LIMIT_ABSOLUTE;
    constraint->limit *= worth;
    if (is_share(constraint) && fabs(constraint->limit) > 1.0) {
        (void)err_fail(err, ERR_USAGE, nowhere, "\"%s\": no share is larger than 100%%", text);
        return err_hint(err, "a number without a unit is a share of 1: write 80%% or 0.8");
    }
    return true;
}
