/* A drill before it is played: its head, its course by the clock, and the forecast of its alerts.
 */
#include "reports/drill_plan.h"

#include <string.h>

#include "reports/columns.h"
#include "reports/drill_plan_state.h"
#include "reports/drill_text.h"
#include "reports/show.h"
#include "router/base/duration.h"

/* ---- shared words ---- */

void drill_plan_say(const struct columns *columns, const char *first, struct text *words)
{
    columns_wrap(columns, first, words, DRILL_PLAN_COLUMNS);
}

/* ---- what it is ---- */

static void put_head(const struct columns *columns, const struct drill_plan *plan,
                     const struct drill_plan_style *style)
{
    const struct scenario *scenario = plan->scenario;
    struct text line = {0};
    text_format(&line, "%s \u00b7 seed %s \u00b7 about ", scenario->name, scenario->seed_text);
    text_grouped(&line, (int64_t)plan->orders);
    text_put(&line, " orders \u00b7 ");
    if (scenario->replications > 1) text_format(&line, "%u x ", scenario->replications);
    show_span(&line, scenario->duration_us);
    text_put(&line, style->real ? " of real time" : " of virtual time");
    drill_plan_say(columns, "", &line);
    if (scenario->title[0] != '\0') {
        text_put(&line, scenario->title);
        drill_plan_say(columns, "  ", &line);
    }
    text_char(columns->text, '\n');
}

static void put_objective(const struct columns *columns, const struct scenario *scenario)
{
    struct text line = {0};
    if (scenario->slo.given) {
        show_share(&line, scenario->slo.objective);
        text_put(&line, scenario->slo.indicator == SLO_ORDERS_OK ? " of orders at real prices"
                                                                 : " of orders routed");
        if (scenario->slo.within_us >= 0) {
            text_put(&line, ", within ");
            show_span(&line, scenario->slo.within_us);
        }
        text_put(&line, ", budget for ");
        show_span(&line, scenario->slo.period_us);
    } else {
        text_put(&line, "none: no budget is kept");
    }
    if (scenario->drill.rto_us >= 0) {
        text_put(&line, "; back within ");
        show_span(&line, scenario->drill.rto_us);
    }
    drill_plan_say(columns, "  objective  ", &line);
}

static void put_paged(const struct columns *columns, const struct scenario *scenario)
{
    const struct drill_spec *drill = &scenario->drill;
    struct text line = {0};
    for (uint32_t o = 0; o < drill->operator_count; o++) {
        const struct operator_spec *spec = &drill->operators[o];
        if (spec->trigger_count == 0) continue; /* comes when somebody else does not answer */
        text_format(&line, "%s%s", line.length > 0 ? "; " : "", spec->id);
        if (spec->ack_timeout_us < 0 || spec->escalate_to[0] == '\0') continue;
        text_format(&line, ", and after ");
        show_span(&line, spec->ack_timeout_us);
        text_format(&line, " without an answer %s", spec->escalate_to);
    }
    if (line.length == 0) text_put(&line, "nobody acts in this drill");
    drill_plan_say(columns, "  people     ", &line);
}

static void put_calls(const struct columns *columns, const struct drill_plan_style *style)
{
    struct text line = {0};
    if (style->calls == NULL) return;
    text_put(&line, style->calls);
    if (style->real && style->speed > 1.0)
        text_format(&line, "; waiting is %g times as fast as written", style->speed);
    drill_plan_say(columns, "  calls      ", &line);
}

/* ---- its course ---- */

enum { MOMENTS_MAX = 2 * FAULTS_MAX + OPERATORS_MAX * TRIGGERS_MAX + 8 };

struct moment {
    int64_t at_us;
    struct text words;
};

struct course {
    struct moment moments[MOMENTS_MAX];
    uint32_t count;
};

/* In order of time, and of what was added first. */
static struct text *add_moment(struct course *course, int64_t at_us)
{
    uint32_t place = course->count++;
    for (; place > 0 && course->moments[place - 1].at_us > at_us; place--)
        course->moments[place] = course->moments[place - 1];
    course->moments[place] = (struct moment){.at_us = at_us};
    return &course->moments[place].words;
}

static void add_fault(struct course *course, const struct fault_spec *fault, int64_t end_us)
{
    char label[FAULT_LABEL_MAX];
    fault_label(fault, label);
    struct text *words = add_moment(course, fault->at_us);
    text_format(words, "fault %s begins: %s", fault->id, label);
    if (fault->ramp_us > 0) {
        text_put(words, ", growing to that for ");
        show_span(words, fault->ramp_us);
    }
    if (fault->flap_on_us > 0 && fault->flap_off_us > 0) {
        text_put(words, ", on for ");
        show_span(words, fault->flap_on_us);
        text_put(words, " and off for ");
        show_span(words, fault->flap_off_us);
    }
    const int64_t until_us = fault_end_us(fault);
    if (until_us >= end_us) {
        text_put(words, "; to the end, unless operators end it");
        return;
    }
    text_format(add_moment(course, until_us), "fault %s ends", fault->id);
}

static void add_looks(struct course *course, const struct scenario *scenario, int64_t at_us,
                      bool before)
{
    const struct hypothesis_spec *hypothesis = &scenario->drill.hypothesis;
    struct text names = {0};
    for (uint32_t i = 0; i < hypothesis->probe_count; i++) {
        const struct probe_spec *probe = &hypothesis->probes[i];
        const bool due =
            probe->mode == PROBE_EDGE || probe->mode == (before ? PROBE_START : PROBE_END);
        if (due) text_format(&names, "%s%s", names.length > 0 ? ", " : "", probe->name);
    }
    if (names.length > 0) {
        text_format(add_moment(course, at_us), "steady state is looked at%s: %s",
                    before ? ", before anything happens" : " again", names.bytes);
    }
    text_release(&names);
}

static void add_scripts(struct course *course, const struct scenario *scenario)
{
    const struct drill_spec *drill = &scenario->drill;
    for (uint32_t o = 0; o < drill->operator_count; o++) {
        for (uint32_t t = 0; t < drill->operators[o].trigger_count; t++) {
            const int64_t at_us = drill->operators[o].triggers[t].at_us;
            if (at_us < 0) continue;
            text_format(add_moment(course, at_us), "%s is told to begin, by the script",
                        drill->operators[o].id);
        }
    }
    if (drill->rollbacks.given && drill->rollbacks.at_us >= 0) {
        text_format(add_moment(course, drill->rollbacks.at_us), "rollbacks (%s)",
                    rollback_strategy_names[drill->rollbacks.strategy]);
    }
}

static void read_course(struct course *course, const struct scenario *scenario)
{
    int64_t first_us = INT64_MAX;
    text_put(add_moment(course, 0), "orders begin");
    if (scenario->warmup_us > 0)
        text_put(add_moment(course, scenario->warmup_us), "orders count from here on");
    for (uint32_t f = 0; f < scenario->fault_count; f++)
        if (scenario->faults[f].at_us < first_us) first_us = scenario->faults[f].at_us;
    add_looks(course, scenario, first_us == INT64_MAX ? scenario->warmup_us : first_us, true);
    for (uint32_t f = 0; f < scenario->fault_count; f++)
        add_fault(course, &scenario->faults[f], scenario->duration_us);
    for (uint32_t i = scenario->fault_count; i < scenario_window_count(scenario); i++) {
        const struct fault_window window = scenario_window(scenario, i);
        text_format(add_moment(course, window.at_us), "fault %s of the cache begins", window.id);
        if (window.for_us < scenario->duration_us - window.at_us) {
            text_format(add_moment(course, window.at_us + window.for_us), "fault %s ends",
                        window.id);
        }
    }
    add_scripts(course, scenario);
    add_looks(course, scenario, scenario->duration_us, false);
    text_put(add_moment(course, scenario->duration_us), "the end");
}

void drill_plan_put_clock(const struct columns *columns, const struct scenario *scenario,
                          int64_t at_us)
{
    enum { DATE = 10, CLOCK = 8 };
    char instant[INSTANT_TEXT_MAX], clock[CLOCK + 1];
    struct text offset = {0};
    show_instant(&offset, at_us);
    columns_cell(columns, &offset, 10, COLUMNS_NUMBER);
    instant_format(scenario->start_unix_us + scenario->timezone_us + at_us, instant);
    (void)snprintf(clock, sizeof clock, "%.8s", instant + DATE + 1);
    columns_spaces(columns, 2);
    columns_put(columns, clock, CLOCK, COLUMNS_LEFT);
    columns_spaces(columns, 2);
}

static void put_course(const struct columns *columns, const struct scenario *scenario)
{
    static struct course course; /* large */
    char start[INSTANT_TEXT_MAX];
    course = (struct course){0};
    read_course(&course, scenario);
    instant_format(scenario->start_unix_us + scenario->timezone_us, start);
    text_format(columns->text, "\n  COURSE    clock     on %.10s, as the file has it\n", start);
    for (uint32_t i = 0; i < course.count; i++) {
        struct text place = {0};
        const struct columns apart = {
            .text = &place, .unicode = columns->unicode, .color = columns->color};
        drill_plan_put_clock(&apart, scenario, course.moments[i].at_us);
        if (place.bytes != NULL) drill_plan_say(columns, place.bytes, &course.moments[i].words);
        text_release(&place);
    }
}

/* ---- alerts ---- */

static const struct fault_spec *first_fault(const struct scenario *scenario)
{
    const struct fault_spec *first = NULL;
    for (uint32_t f = 0; f < scenario->fault_count; f++)
        if (first == NULL || scenario->faults[f].at_us < first->at_us) first = &scenario->faults[f];
    return first;
}

static void say_fires(struct text *words, const struct drill_plan *plan,
                      const struct drill_forecast *forecast)
{
    const struct fault_spec *fault = first_fault(plan->scenario);
    text_put(words, " fires");
    if (fault != NULL && forecast->fires_us > fault->at_us) {
        text_put(words, ", ");
        show_span(words, forecast->fires_us - fault->at_us);
        text_put(words, " after the fault");
    }
    text_put(words, "; chance may make it ");
    if (forecast->earliest_us < forecast->fires_us) {
        show_instant(words, forecast->earliest_us);
        text_put(words, " to ");
    }
    if (forecast->latest_us == INT64_MAX)
        text_put(words, "never");
    else
        show_instant(words, forecast->latest_us);
}

static void say_cannot(struct text *words, const struct alert_rule *rule,
                       const struct drill_forecast *forecast)
{
    text_put(words, " cannot fire: ");
    if (forecast->longest_true_us == 0 && rule->for_us == 0) {
        text_put(words, "the fault never takes it to its threshold");
    } else if (forecast->longest_true_us == 0) {
        text_put(words, "never true for two looks on end");
    } else {
        text_put(words, "true for at most ");
        show_span(words, forecast->longest_true_us);
        text_put(words, " of the ");
        show_span(words, rule->for_us);
        text_put(words, " it waits for");
    }
}

/* Whether the same may be said of both. */
static bool are_alike(const struct drill_forecast *a, const struct drill_forecast *b)
{
    const bool same = a->rule == b->rule && a->kind == b->kind && a->fires_us == b->fires_us &&
                      a->longest_true_us == b->longest_true_us;
    if (!same || a->earliest_us != b->earliest_us || a->latest_us != b->latest_us) return false;
    return (a->why == NULL) == (b->why == NULL) && (a->why == NULL || strcmp(a->why, b->why) == 0);
}

/* "Provider API Down (KROGER_API, WALMART_API)": the instances that are like this one. */
static void show_instances(struct text *text, const struct drill_plan *plan,
                           const struct drill_forecast *of)
{
    const char *before = " (";
    text_put(text, plan->rules[of->rule].name);
    for (uint32_t i = 0; i < plan->forecast_count; i++) {
        const struct drill_forecast *forecast = &plan->forecasts[i];
        if (forecast->scope >= PROVIDER_COUNT || !are_alike(forecast, of)) continue;
        text_format(text, "%s%s", before, provider_traits[forecast->scope].id);
        before = ", ";
    }
    if (before[0] == ',') text_char(text, ')');
}

static void put_forecast(const struct columns *columns, const struct drill_plan *plan,
                         const struct drill_forecast *forecast)
{
    static const char blank[] = "                      ";
    struct text words = {0}, place = {0};
    const struct columns apart = {
        .text = &place, .unicode = columns->unicode, .color = columns->color};
    const bool fires = forecast->kind == DRILL_FORECAST_FIRES;
    if (fires) drill_plan_put_clock(&apart, plan->scenario, forecast->fires_us);
    show_instances(&words, plan, forecast);
    switch (forecast->kind) {
    case DRILL_FORECAST_FIRES:
        say_fires(&words, plan, forecast);
        break;
    case DRILL_FORECAST_CANNOT:
        say_cannot(&words, &plan->rules[forecast->rule], forecast);
        break;
    case DRILL_FORECAST_DEPENDS:
        text_format(&words, ": no forecast; %s", forecast->why);
        break;
    case DRILL_FORECAST_UNTOUCHED:
        text_format(&words, " stays silent: %s", forecast->why);
        break;
    case DRILL_FORECAST_KINDS:
        break;
    }
    drill_plan_say(columns, fires && place.bytes != NULL ? place.bytes : blank, &words);
    text_release(&place);
}

static bool was_said(const struct drill_plan *plan, uint32_t number)
{
    for (uint32_t i = 0; i < number; i++)
        if (are_alike(&plan->forecasts[i], &plan->forecasts[number])) return true;
    return false;
}

static void put_forecasts(const struct columns *columns, const struct drill_plan *plan)
{
    struct text words = {0};
    uint32_t other = 0;
    text_put(columns->text,
             "\n  PAGES     clock     a forecast under steady traffic, and no result\n");
    for (uint32_t r = 0; r < plan->rule_count; r++) {
        if (plan->rules[r].severity != SEVERITY_PAGE) {
            other++;
            continue;
        }
        for (uint32_t i = 0; i < plan->forecast_count; i++) {
            if (plan->forecasts[i].rule == r && !was_said(plan, i))
                put_forecast(columns, plan, &plan->forecasts[i]);
        }
    }
    if (other == plan->rule_count) text_put(&words, "No rule pages anybody. ");
    if (other > 0)
        text_format(&words, "%u more rule%s page%s nobody. ", other, other == 1 ? "" : "s",
                    other == 1 ? "s" : "");
    text_put(&words, "By the closed form of error rates that step, as if nobody acted; ticks of "
                     "repeats are shifted by up to ");
    show_span(&words, plan->scenario->alerts.interval_us);
    text_put(&words, ".");
    drill_plan_say(columns, "  ", &words);
}

/* ---- all of it ---- */

void drill_write_plan(struct text *text, const struct drill_plan *plan,
                      const struct drill_plan_style *style)
{
    const struct columns columns = {.text = text, .unicode = style->unicode, .color = style->color};
    put_head(&columns, plan, style);
    put_objective(&columns, plan->scenario);
    put_paged(&columns, plan->scenario);
    put_calls(&columns, style);
    put_course(&columns, plan->scenario);
    put_forecasts(&columns, plan);
    drill_plan_people(&columns, plan, style);
    drill_plan_expects(&columns, plan->scenario);
    if (style->folder != NULL) text_format(text, "\n  results would go to %s\n", style->folder);
    if (style->command != NULL) text_format(text, "  %s\n", style->command);
    text_put(text, "Nothing was played or written.\n");
}
