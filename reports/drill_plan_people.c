/* Who does what because of what, and what is expected of a drill that is not played yet; and the
 * table of a folder. */
#include <string.h>

#include "reports/drill_plan_state.h"
#include "reports/drill_text.h"
#include "reports/show.h"

/* ---- words ---- */

static void show_law(struct text *text, const struct law_spec *law)
{
    int64_t median_us, p90_us;
    drill_plan_span(law, &median_us, &p90_us);
    if (median_us < 0) {
        text_put(text, "as its law says");
        return;
    }
    show_span(text, median_us);
    if (p90_us <= median_us) return;
    text_put(text, " in the middle, P90 ");
    show_span(text, p90_us);
}

/* "wait_until" as "wait until". */
static void put_verb(struct text *text, enum step_verb verb)
{
    for (const char *c = step_verb_names[verb]; *c != '\0'; c++)
        text_char(text, *c == '_' ? ' ' : *c);
}

static void show_wait(struct text *text, const struct step_spec *step)
{
    if (step->when != WAIT_NOTHING) {
        text_char(text, ' ');
        for (const char *c = wait_for_names[step->when]; *c != '\0'; c++)
            text_char(text, *c == '_' ? ' ' : *c);
    }
    if (step->alert[0] != '\0') text_format(text, " (%s)", step->alert);
    if (step->plus_us > 0) {
        text_put(text, ", plus ");
        show_span(text, step->plus_us);
    }
    if (step->at_most_us >= 0) {
        text_put(text, ", at most ");
        show_span(text, step->at_most_us);
    }
}

static void show_step(struct text *text, const struct step_spec *step)
{
    put_verb(text, step->verb);
    switch (step->verb) {
    case STEP_SET:
        text_format(text, " %s = %s", step->key,
                    config_key_is_secret(step->key) ? "[hidden]" : step->value);
        return;
    case STEP_UNSET:
        text_format(text, " %s", step->key);
        return;
    case STEP_ROTATE:
        text_format(text, " %s", step->provider >= 0 ? provider_traits[step->provider].id : "");
        if (!step->store) text_put(text, ", and store it nowhere");
        if (step->overlap_us > 0) {
            text_put(text, ", the old one counting for ");
            show_span(text, step->overlap_us);
        }
        return;
    case STEP_VERIFY:
        text_format(text, " %s", step->probe);
        if (step->eventually_within_us > 0) {
            text_put(text, " within ");
            show_span(text, step->eventually_within_us);
        }
        return;
    case STEP_REQUEST:
        text_format(text, " (%s)", profile_names[step->payload]);
        return;
    case STEP_WAIT_UNTIL:
        show_wait(text, step);
        return;
    case STEP_NOTE:
    case STEP_FAIL:
        if (step->text[0] != '\0') text_format(text, " %s", step->text);
        return;
    case STEP_REDEPLOY:
    case STEP_HEALTH_CHECK:
    case STEP_ROLLBACK:
    case STEP_VERB_COUNT:
        return;
    }
}

/* ---- what lint says of a step ---- */

static bool stands_before(struct place a, struct place b)
{
    return a.line < b.line || (a.line == b.line && a.column <= b.column);
}

/* The step in whose braces a warning stands is the last that begins before it: places of steps rise
 * through the file, whoever's they are. */
static bool nearest_of(const struct step_spec *steps, uint32_t count, struct place warned,
                       struct place *nearest)
{
    bool found = false;
    for (uint32_t i = 0; i < count; i++) {
        if (!stands_before(steps[i].place, warned) || !stands_before(*nearest, steps[i].place))
            continue;
        *nearest = steps[i].place;
        found = true;
    }
    return found;
}

static bool is_about(const struct drill_spec *drill, struct place warned,
                     const struct step_spec *step)
{
    struct place nearest = {0};
    for (uint32_t o = 0; o < drill->operator_count; o++) {
        (void)nearest_of(drill->operators[o].steps, drill->operators[o].step_count, warned,
                         &nearest);
    }
    (void)nearest_of(drill->rollbacks.steps, drill->rollbacks.step_count, warned, &nearest);
    return nearest.line > 0 && nearest.line == step->place.line &&
           nearest.column == step->place.column;
}

static void put_warnings(const struct columns *columns, const struct drill_spec *drill,
                         const struct step_spec *step, const struct drill_plan_style *style)
{
    static const char sign[] = "the step will have no effect: ";
    if (style->warnings == NULL) return;
    for (uint32_t i = 0; i < style->warnings->count; i++) {
        const struct err *warning = &style->warnings->items[i];
        struct text words = {0};
        if (strncmp(warning->message, sign, sizeof sign - 1) != 0) continue;
        if (!is_about(drill, warning->place, step)) continue;
        text_format(&words, "no effect: %s", warning->message + sizeof sign - 1);
        drill_plan_say(columns, "       ! ", &words);
    }
}

/* ---- who ---- */

static void put_steps(const struct columns *columns, const struct drill_plan *plan,
                      const struct step_spec *steps, uint32_t count,
                      const struct drill_plan_style *style)
{
    const struct scenario *scenario = plan->scenario;
    for (uint32_t i = 0; i < count; i++) {
        const struct step_spec *step = &steps[i];
        struct text words = {0};
        char first[16];
        (void)snprintf(first, sizeof first, "    %2u ", i + 1);
        show_step(&words, step);
        const bool deploys = step->verb == STEP_REDEPLOY && step->takes.kind == LAW_KIND_COUNT;
        const struct law_spec *takes = deploys ? &scenario->deployment.redeploy : &step->takes;
        if (takes->kind != LAW_KIND_COUNT) {
            text_put(&words, ", taking ");
            show_law(&words, takes);
        }
        if (step->mistake != MISTAKE_NONE) {
            text_format(&words, "; goes wrong (%s) in ", mistake_names[step->mistake]);
            show_share(&words, step->mistake_share);
        }
        drill_plan_say(columns, first, &words);
        put_warnings(columns, &scenario->drill, step, style);
    }
}

static void show_triggers(struct text *text, const struct operator_spec *spec)
{
    for (uint32_t t = 0; t < spec->trigger_count; t++) {
        const struct trigger_spec *trigger = &spec->triggers[t];
        text_put(text, t == 0 ? " because of " : " or ");
        if (trigger->at_us >= 0) {
            text_put(text, "the script at ");
            show_instant(text, trigger->at_us);
        } else {
            const bool severity = strcmp(trigger->alert, "page") == 0 ||
                                  strcmp(trigger->alert, "ticket") == 0 ||
                                  strcmp(trigger->alert, "info") == 0;
            text_format(text, "%s%s", severity ? "any " : "", trigger->alert);
            if (trigger->provider >= 0)
                text_format(text, " (%s)", provider_traits[trigger->provider].id);
        }
    }
    if (spec->trigger_count == 0) text_put(text, " when called");
}

void drill_plan_people(const struct columns *columns, const struct drill_plan *plan,
                       const struct drill_plan_style *style)
{
    const struct drill_spec *drill = &plan->scenario->drill;
    if (drill->operator_count > 0) text_put(columns->text, "\n  PEOPLE\n");
    for (uint32_t o = 0; o < drill->operator_count; o++) {
        const struct operator_spec *spec = &drill->operators[o];
        struct text words = {0};
        text_put(&words, spec->id);
        show_triggers(&words, spec);
        if (spec->ack.kind != LAW_KIND_COUNT) {
            text_put(&words, ", starting after ");
            show_law(&words, &spec->ack);
        }
        if (spec->step_count == 0) text_put(&words, "; does the steps of whom they relieve");
        drill_plan_say(columns, "  ", &words);
        put_steps(columns, plan, spec->steps, spec->step_count, style);
    }
    if (drill->rollbacks.step_count == 0) return;
    text_format(columns->text, "\n  ROLLBACKS (%s)\n",
                rollback_strategy_names[drill->rollbacks.strategy]);
    put_steps(columns, plan, drill->rollbacks.steps, drill->rollbacks.step_count, style);
}

/* ---- what is expected ---- */

static void show_expect(struct text *text, const struct expect_spec *expect)
{
    if (expect->name[0] != '\0') {
        drill_show_limit(text, expect->name);
        return;
    }
    switch (expect->kind) {
    case EXPECT_ALERT:
        text_put(text, expect->alert);
        if (expect->provider >= 0) text_format(text, " (%s)", provider_traits[expect->provider].id);
        text_put(text, expect->must_not_fire ? " does not fire" : " fires");
        if (expect->must_not_fire || expect->fires_within_us < 0) return;
        text_put(text, " within ");
        show_span(text, expect->fires_within_us);
        return;
    case EXPECT_MEASURE:
        text_format(text, "%s %s %s", expect->measure,
                    check_operator(check_operator_names[expect->op]), expect->limit_text);
        if (expect->quantile <= 0.0) return;
        text_put(text, " in ");
        show_share(text, expect->quantile);
        text_put(text, " of the repeats");
        return;
    case EXPECT_STEP:
        text_format(text, "step %s: %s", expect->step, step_outcome_names[expect->outcome]);
        return;
    case EXPECT_SHARE:
        text_format(text, "%s wins ", expect->winner);
        show_share(text, expect->low);
        text_put(text, " to ");
        show_share(text, expect->high);
        if (expect->during[0] != '\0') text_format(text, " of orders during %s", expect->during);
        return;
    case EXPECT_VERDICT:
        text_format(text, "the story comes to: %s", drill_verdict_names[expect->verdict]);
        return;
    case EXPECT_KIND_COUNT:
        return;
    }
}

void drill_plan_expects(const struct columns *columns, const struct scenario *scenario)
{
    const struct drill_spec *drill = &scenario->drill;
    if (drill->stop_count > 0) text_put(columns->text, "\n  CALLED OFF WHEN\n");
    for (uint32_t i = 0; i < drill->stop_count; i++) {
        const struct stop_spec *stop = &drill->stops[i];
        struct text words = {0};
        text_format(&words, "%s %s %s", stop->metric,
                    check_operator(check_operator_names[stop->op]), stop->limit_text);
        drill_plan_say(columns, "    ", &words);
    }
    text_put(columns->text,
             drill->expect_count > 0 ? "\n  EXPECTED\n" : "\n  Nothing is expected.\n");
    for (uint32_t i = 0; i < drill->expect_count; i++) {
        struct text words = {0};
        show_expect(&words, &drill->expects[i]);
        drill_plan_say(columns, "    ", &words);
    }
}

/* ---- a folder ---- */

enum { NAME = 33, LENGTH = 8, ORDERS = 9, FAULT = 9, PAGE = 10, EXPECTS = 8 };

void drill_write_plan_head(struct text *text, const struct drill_plan_style *style)
{
    const struct columns columns = {.text = text, .unicode = style->unicode, .color = style->color};
    columns_spaces(&columns, 2);
    columns_put(&columns, "DRILL", NAME, COLUMNS_LEFT);
    columns_put(&columns, "length", LENGTH, COLUMNS_RIGHT);
    columns_put(&columns, "orders", ORDERS, COLUMNS_RIGHT);
    columns_put(&columns, "fault", FAULT, COLUMNS_RIGHT);
    columns_put(&columns, "page*", PAGE, COLUMNS_RIGHT);
    columns_put(&columns, "expects", EXPECTS, COLUMNS_RIGHT);
    columns_end(&columns);
}

void drill_write_plan_row(struct text *text, const struct drill_plan *plan,
                          const struct drill_plan_style *style)
{
    const struct columns columns = {.text = text, .unicode = style->unicode, .color = style->color};
    const struct scenario *scenario = plan->scenario;
    const struct drill_forecast *page = drill_plan_first_page(plan);
    struct text length = {0}, orders = {0}, fault = {0}, paged = {0}, expects = {0};
    int64_t first_us = INT64_MAX;
    bool open = false;
    for (uint32_t f = 0; f < scenario->fault_count; f++)
        if (scenario->faults[f].at_us < first_us) first_us = scenario->faults[f].at_us;
    for (uint32_t i = 0; i < plan->forecast_count; i++)
        open = open || (plan->forecasts[i].kind == DRILL_FORECAST_DEPENDS &&
                        plan->rules[plan->forecasts[i].rule].severity == SEVERITY_PAGE);
    show_span(&length, scenario->duration_us);
    text_grouped(&orders, (int64_t)plan->orders);
    if (first_us == INT64_MAX)
        text_put(&fault, "none");
    else
        show_instant(&fault, first_us);
    if (page != NULL)
        show_instant(&paged, page->fires_us);
    else
        text_put(&paged, open ? "?" : "none");
    text_format(&expects, "%u", scenario->drill.expect_count);
    columns_spaces(&columns, 2);
    columns_put(&columns, scenario->name, NAME, COLUMNS_LEFT);
    columns_cell(&columns, &length, LENGTH, COLUMNS_NUMBER);
    columns_cell(&columns, &orders, ORDERS, COLUMNS_NUMBER);
    columns_cell(&columns, &fault, FAULT, COLUMNS_NUMBER);
    columns_cell(&columns, &paged, PAGE, COLUMNS_NUMBER);
    columns_cell(&columns, &expects, EXPECTS, COLUMNS_NUMBER);
    columns_end(&columns);
}

void drill_write_plan_end(struct text *text, const struct drill_plan_style *style, uint32_t count)
{
    const struct columns columns = {.text = text, .unicode = style->unicode, .color = style->color};
    struct text words = {0};
    text_put(&words,
             "* The first page, as it is forecast under steady traffic, as if nobody acted; ?: "
             "it depends on traffic. Name one drill to read its whole plan.");
    drill_plan_say(&columns, "  ", &words);
    text_format(text, "%u drill%s read. Nothing was played or written.\n", count,
                count == 1 ? "" : "s");
}
