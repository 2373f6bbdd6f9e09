#include <string.h>

#include "sim/world/result.h"
#include "sim/world/scenario_validate.h"

struct check_case {
    const struct scenario *scenario;
    struct check_spec *check;
    struct err_list *list;
};

static struct place place_of(const struct check_case *about, const void *address, size_t size)
{
    return scenario_place(about->scenario, address, size, about->check->place);
}

/* ---- during ---- */

void validate_during(const struct scenario *scenario, const char *during, struct place place,
                     struct err_list *list)
{
    const bool after = strncmp(during, "after:", 6) == 0;
    const char *id = after ? during + 6 : during;
    struct valid_names names = {.count = 0};
    if (during[0] == '\0' || strcmp(during, "quiet") == 0) return;
    for (uint32_t i = 0; i < scenario_window_count(scenario); i++) {
        const char *const known = scenario_window(scenario, i).id;
        if (strcmp(known, id) == 0) return;
        if (names.count < FAULTS_MAX) valid_names_add(&names, known);
    }
    if (!after) valid_names_add(&names, "quiet");
    struct text hint = {0};
    valid_names_hint(&names, id, "this scenario has no faults", &hint);
    err_add(list, place, hint.bytes, "no fault is called \"%s\"", id);
    text_release(&hint);
}

/* ---- limit ---- */

static void validate_limit(const struct check_case *about, enum metric metric)
{
    struct check_spec *check = about->check;
    const struct metric_traits *traits = &metric_traits[metric];
    const struct place place = place_of(about, check->limit_text, sizeof check->limit_text);
    const struct limit_form *const form = limit_form_of(traits->unit);
    if (!limit_parse(check->limit_text, form, &check->limit)) {
        err_add(about->list, place, NULL, "the limit of %s is %s, not \"%s\"", check->metric,
                form->words, check->limit_text);
        return;
    }
    if (traits->unit == UNIT_SHARE && metric != METRIC_BUDGET_BURNED && check->limit > 1.0) {
        struct text hint = {0};
        text_format(&hint, "did you mean \"%s%%\"?", check->limit_text);
        err_warn(about->list, place, hint.bytes, "%s is a share, from 0 to 1; the limit is %s",
                 check->metric, check->limit_text);
        text_release(&hint);
    }
}

/* ---- the whole ---- */

/* A name for people: `router.p95_ms <= 5s, during kroger-hang`. */
static void make_name(struct check_spec *check)
{
    const char *during = check->during;
    const bool after = strncmp(during, "after:", 6) == 0;
    const char *between = during[0] == '\0'              ? ""
                          : strcmp(during, "quiet") == 0 ? ", while "
                          : after                        ? ", after "
                                                         : ", during ";
    struct text name = {0};
    text_format(&name, "%s %s %s%s%s", check->metric, check_operator_names[check->op],
                check->limit_text, between, after ? during + 6 : during);
    (void)snprintf(check->name, sizeof check->name, "%s", name.failed ? "check" : name.bytes);
    text_release(&name);
}

static void refuse_namesakes(const struct check_case *about, uint32_t index)
{
    for (uint32_t i = 0; i < index; i++) {
        const struct check_spec *other = &about->scenario->checks[i];
        if (strcmp(other->name, about->check->name) != 0) continue;
        err_add(about->list, about->check->place, NULL,
                "two checks are called \"%s\"; the other stands in line %u", other->name,
                (unsigned)other->place.line);
        return;
    }
}

void scenario_validate_checks(struct scenario *scenario, struct err_list *list)
{
    for (uint32_t i = 0; i < scenario->check_count; i++) {
        const struct check_case about = {
            .scenario = scenario, .check = &scenario->checks[i], .list = list};
        struct check_spec *check = about.check;
        if (scenario_is_refused(scenario, check, sizeof *check)) continue;
        unsigned scope = 0;
        enum metric metric = METRIC_ORDERS;
        char hint[ERR_HINT_MAX];
        if (metric_find(check->metric, &scope, &metric, hint, sizeof hint)) {
            validate_limit(&about, metric);
        } else {
            err_add(list, place_of(&about, check->metric, sizeof check->metric), hint,
                    "there is no metric \"%s\"", check->metric);
        }
        validate_during(scenario, check->during,
                        place_of(&about, check->during, sizeof check->during), list);
        if (check->name[0] == '\0') make_name(check);
        refuse_namesakes(&about, i);
    }
}
