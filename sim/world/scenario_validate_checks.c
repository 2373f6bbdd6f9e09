#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/duration.h"
#include "sim/world/result.h"
#include "sim/world/scenario_keys.h"

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

static void validate_during(const struct check_case *about)
{
    const char *during = about->check->during;
    const struct scenario *scenario = about->scenario;
    const bool after = strncmp(during, "after:", 6) == 0;
    const char *id = after ? during + 6 : during;
    const char *names[FAULTS_MAX + 2];
    uint32_t count = 0;
    if (during[0] == '\0' || strcmp(during, "quiet") == 0) return;
    for (uint32_t i = 0; i < scenario_window_count(scenario); i++) {
        const char *const known = scenario_window(scenario, i).id;
        if (strcmp(known, id) == 0) return;
        if (count < FAULTS_MAX) names[count++] = known;
    }
    if (!after) names[count++] = "quiet";
    names[count] = NULL;

    char near[ERR_HINT_MAX];
    struct text hint = {0};
    if (text_suggest(id, names, near, sizeof near)) {
        text_put(&hint, near);
    } else {
        text_put(&hint, count == 0 ? "this scenario has no faults" : "known:");
        for (uint32_t i = 0; i < count; i++)
            text_format(&hint, "%s %s", i == 0 ? "" : ",", names[i]);
    }
    err_add(about->list, place_of(about, about->check->during, sizeof about->check->during),
            hint.bytes, "no fault is called \"%s\"", id);
    text_release(&hint);
}

/* ---- limit ---- */

static const char *limit_form(enum metric_unit unit)
{
    switch (unit) {
    case UNIT_COUNT:
        return "a number";
    case UNIT_SHARE:
        return "a share such as 0.95 or \"95%\"";
    case UNIT_MS:
        return "a span such as \"4.9s\", or a number of milliseconds";
    case UNIT_CENTS:
        return "a number of US cents";
    case UNIT_MINUTES:
        return "a span such as \"35m\", or a number of minutes";
    case UNIT_SCORE:
        return "a number";
    }
    assert(!"a metric of no unit");
    return "";
}

/* "1h30m", or a decimal number and one unit: a limit is compared, not scheduled, so "9.9s" is fine.
 */
static bool parse_span(const char *text, double *us)
{
    static const struct {
        const char *unit;
        int64_t us;
    } units[] = {{"us", 1},          {"ms", US_PER_MS}, {"s", US_PER_SECOND}, {"m", US_PER_MINUTE},
                 {"h", US_PER_HOUR}, {"d", US_PER_DAY}};
    struct err ignored;
    int64_t span_us = 0;
    const struct place nowhere = {0};
    if (duration_parse(text, nowhere, &span_us, &ignored)) {
        *us = (double)span_us;
        return true;
    }
    char *end = NULL;
    const double number = strtod(text, &end);
    for (size_t i = 0; i < sizeof units / sizeof units[0] && number >= 0; i++) {
        if (strcmp(end, units[i].unit) != 0) continue;
        *us = number * (double)units[i].us;
        return true;
    }
    return false;
}

static bool parse_limit(const char *text, enum metric_unit unit, double *limit)
{
    char *end = NULL;
    double us = 0;
    const double number = strtod(text, &end);
    if (end == text || !isfinite(number)) return false;
    if (*end == '\0') {
        *limit = number;
        return true;
    }
    if (unit == UNIT_SHARE && strcmp(end, "%") == 0) {
        *limit = number / 100.0;
        return true;
    }
    if (unit != UNIT_MS && unit != UNIT_MINUTES) return false;
    if (!parse_span(text, &us)) return false;
    *limit = us / (double)(unit == UNIT_MS ? US_PER_MS : US_PER_MINUTE);
    return true;
}

static void validate_limit(const struct check_case *about, enum metric metric)
{
    struct check_spec *check = about->check;
    const struct metric_traits *traits = &metric_traits[metric];
    const struct place place = place_of(about, check->limit_text, sizeof check->limit_text);
    if (!parse_limit(check->limit_text, traits->unit, &check->limit)) {
        err_add(about->list, place, NULL, "the limit of %s is %s, not \"%s\"", check->metric,
                limit_form(traits->unit), check->limit_text);
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
        validate_during(&about);
        if (check->name[0] == '\0') make_name(check);
        refuse_namesakes(&about, i);
    }
}
