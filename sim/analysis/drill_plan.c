/* When which alert can fire, told of the file alone: each rule stepped through its ticks over the
 * course that faults make under steady traffic. */
#include "sim/analysis/drill_plan.h"

#include <math.h>
#include <string.h>

#include "router/base/duration.h"
#include "sim/analysis/drill_plan_state.h"
#include "sim/world/story.h"
#include "sim/world/world.h"

/* What a rule looks at, as a share of orders or quotes that fail. */
struct look {
    const struct drill_plan *plan;
    const struct drill_course *course;
    const struct alert_rule *rule;
    unsigned scope;
    enum drill_course_kind kind;
    bool of_success; /* the signal is the rest of that share */
    double unit;     /* what a share of 1 reads: 1, or a burn rate's 1 / (1 - objective) */
    double eased;    /* standard deviations by which thresholds are moved; below 0: made harder */
};

struct stepped {        /* a rule's way through its ticks */
    int64_t fired_us;   /* INT64_MAX: never */
    int64_t longest_us; /* that it was true on end */
};

/* ---- one look ---- */

static bool read_signal(struct look *look, double objective)
{
    look->unit = 1.0;
    look->of_success = false;
    switch (look->rule->signal) {
    case SIGNAL_SUCCESS_RATE:
        look->of_success = true;
        look->kind = COURSE_ERRORS;
        return true;
    case SIGNAL_ERROR_RATE:
        look->kind = COURSE_ERRORS;
        return true;
    case SIGNAL_TIMEOUT_RATE:
        look->kind = COURSE_TIMEOUTS;
        return true;
    case SIGNAL_SLOW_RATE:
        look->kind = COURSE_SLOW;
        return true;
    case SIGNAL_OK_RATE:
        look->of_success = true;
        look->kind = COURSE_BAD;
        return true;
    case SIGNAL_BURN_RATE:
        look->kind = COURSE_BAD;
        look->unit = 1.0 / (1.0 - objective);
        return objective > 0.0 && objective < 1.0;
    case SIGNAL_AUTHENTIC_RATIO:
    case SIGNAL_P50_MS:
    case SIGNAL_P95_MS:
    case SIGNAL_P99_MS:
    case SIGNAL_REQUESTS_PER_HOUR:
    case SIGNAL_BUDGET_BURNED:
    case SIGNAL_SELECTION_PCT:
    case SIGNAL_KIND_COUNT:
        break;
    }
    return false;
}

static double own_share(const struct look *look)
{
    return look->kind == COURSE_BAD ? look->course->own_bad : look->course->own_errors[look->scope];
}

/* Running totals as of a second, of which there are none before the run. */
static double total(const double *of, int64_t second)
{
    return second < 0 ? 0.0 : of[second];
}

/* The share of failures at which the condition turns, moved in this look's favour: by chance in a
 * window of that many, and by what fails without a fault. */
static double turning_share(const struct look *look, const struct alert_condition *condition,
                            double orders)
{
    const double share =
        look->of_success ? 1.0 - condition->threshold : condition->threshold / look->unit;
    if (look->eased == 0.0) return share;
    const double inside = fmin(fmax(share, 0.0), 1.0);
    const double spread = sqrt(fmax(inside * (1.0 - inside), 1.0 / orders) / orders);
    const double own = look->eased > 0.0 ? own_share(look) * (1.0 - inside) : 0.0;
    return share - look->eased * spread - own;
}

/* 1 true, 0 false, -1 no data. */
static int window_says(const struct look *look, const struct alert_condition *condition,
                       int64_t window_us, uint32_t least, int64_t second)
{
    const double *const counted = look->course->counted[look->scope];
    const double *const failing = look->course->failing[look->scope][look->kind];
    const int64_t from = second - window_us / US_PER_SECOND;
    const double orders = total(counted, second) - total(counted, from);
    const double seen = orders * look->plan->orders_per_s;
    if (seen < (double)least || seen <= 0.0 || orders <= 0.0) return -1;
    const double share = (total(failing, second) - total(failing, from)) / orders;
    const double turn = turning_share(look, condition, seen);
    /* What differs in the last bits of a running total is the same. */
    const double close = 1e-9;
    switch (condition->op) {
    case CHECK_GT:
    case CHECK_LT:
        return share > turn + close;
    case CHECK_GE:
    case CHECK_LE:
        return share >= turn - close;
    case CHECK_EQ:
    case CHECK_NE:
    case CHECK_OP_COUNT:
        break;
    }
    return -1;
}

static int condition_says(const struct look *look, const struct alert_condition *condition,
                          int64_t second)
{
    const int wide =
        window_says(look, condition, condition->window_us, look->rule->min_volume, second);
    if (condition->short_window_us == 0 || wide == 0) return wide;
    const int narrow = window_says(look, condition, condition->short_window_us, 0, second);
    return narrow == 0 ? 0 : wide < 0 || narrow < 0 ? -1 : 1;
}

static bool rule_says(const struct look *look, int64_t second, bool before)
{
    int says = condition_says(look, &look->rule->when, second);
    for (uint32_t c = 0; c < look->rule->any_count && says != 1; c++) {
        const int other = condition_says(look, &look->rule->any_of[c], second);
        if (other == 1 || says == 0) says = other;
    }
    if (says >= 0) return says == 1;
    switch (look->rule->no_data) {
    case NO_DATA_FIRING:
        return true;
    case NO_DATA_KEEP:
        return before;
    case NO_DATA_OK:
    case NO_DATA_COUNT:
        break;
    }
    return false;
}

/* ---- all its ticks ---- */

static struct stepped step_through(const struct look *look)
{
    const struct alert_spec *spec = &look->plan->scenario->alerts;
    const int64_t end_us = look->plan->scenario->duration_us;
    struct stepped stepped = {.fired_us = INT64_MAX};
    int64_t since_us = INT64_MAX;
    bool says = false;
    for (int64_t at_us = spec->phase_us; at_us <= end_us; at_us += spec->interval_us) {
        says = rule_says(look, at_us / US_PER_SECOND, says);
        if (since_us != INT64_MAX && at_us - since_us > stepped.longest_us)
            stepped.longest_us = at_us - since_us;
        if (!says) {
            since_us = INT64_MAX;
            continue;
        }
        if (since_us == INT64_MAX) since_us = at_us;
        if (at_us - since_us < look->rule->for_us) continue;
        if (stepped.fired_us == INT64_MAX) stepped.fired_us = at_us;
    }
    return stepped;
}

/* ---- what it comes to ---- */

static bool is_of_shares(const struct alert_condition *condition, bool of_success)
{
    if (condition->hours != HOURS_ANY) return false;
    switch (condition->op) {
    case CHECK_GT:
    case CHECK_GE:
        return !of_success;
    case CHECK_LT:
    case CHECK_LE:
        return of_success;
    case CHECK_EQ:
    case CHECK_NE:
    case CHECK_OP_COUNT:
        break;
    }
    return false;
}

static bool has_form(struct look *look)
{
    if (!read_signal(look, look->plan->scenario->slo.objective)) return false;
    bool fine = is_of_shares(&look->rule->when, look->of_success);
    for (uint32_t c = 0; c < look->rule->any_count; c++)
        fine = fine && is_of_shares(&look->rule->any_of[c], look->of_success);
    return fine;
}

/* Why nothing can be said of it beforehand; NULL: something can. */
static const char *why_depends(struct look *look)
{
    const struct drill_course *course = look->course;
    if (course->seconds == 0) return "the run is too long for a forecast";
    if (!has_form(look)) return "it depends on traffic, and no closed form knows it";
    if (look->scope == SCOPE_ROUTER && look->kind == COURSE_ERRORS && course->safe != NULL)
        return NULL;
    if (course->unknown[look->scope] != NULL) return course->unknown[look->scope];
    if (look->kind == COURSE_BAD && course->safe != NULL)
        return "it depends on how often a canned quote wins";
    const double volume =
        look->plan->orders_per_s * (double)look->rule->when.window_us / (double)US_PER_SECOND;
    if (volume < 1.5 * (double)look->rule->min_volume)
        return "it depends on traffic: there are hardly enough orders in its window";
    return NULL;
}

static void foretell_fire(const struct look *nominal, struct drill_forecast *forecast)
{
    struct look other = *nominal;
    const struct stepped stepped = step_through(nominal);
    other.eased = DRILL_PLAN_SIGMAS;
    const struct stepped easy = step_through(&other);
    other.eased = -DRILL_PLAN_SIGMAS;
    forecast->longest_true_us = stepped.longest_us;
    forecast->fires_us = stepped.fired_us;
    forecast->earliest_us = easy.fired_us;
    forecast->latest_us = INT64_MAX;
    if (stepped.fired_us != INT64_MAX) {
        forecast->kind = DRILL_FORECAST_FIRES;
        forecast->latest_us = step_through(&other).fired_us;
    } else if (easy.fired_us != INT64_MAX) {
        forecast->kind = DRILL_FORECAST_DEPENDS;
        forecast->why = "it depends on traffic: too close to its threshold to tell";
    } else {
        forecast->kind = DRILL_FORECAST_CANNOT;
    }
}

static void foretell(struct look *look, struct drill_forecast *forecast)
{
    const struct drill_course *course = look->course;
    forecast->why = why_depends(look);
    forecast->kind = DRILL_FORECAST_DEPENDS;
    if (forecast->why != NULL) return;
    const bool touched = course->touched[look->scope][look->kind];
    if (touched) {
        foretell_fire(look, forecast);
    } else if (look->kind != COURSE_SLOW) {
        forecast->kind = DRILL_FORECAST_UNTOUCHED;
        forecast->why = look->scope == SCOPE_ROUTER && course->safe != NULL
                            ? course->safe
                            : "no fault makes it true";
    }
    if (look->kind != COURSE_SLOW || forecast->kind == DRILL_FORECAST_FIRES) return;
    forecast->kind = DRILL_FORECAST_DEPENDS;
    forecast->why = "it depends on how fast providers answer";
}

/* A provider that is off at the start and that some step may switch on has an instance too. */
static bool has_instance(const struct drill_plan *plan, const struct alert_rule *rule,
                         unsigned scope)
{
    if (rule->scope != SCOPE_EACH_PROVIDER) return rule->scope == scope;
    return scope != SCOPE_ROUTER && story_watches(plan->scenario, (enum provider)scope);
}

static void foretell_rule(struct drill_plan *plan, const struct drill_course *course,
                          uint16_t number)
{
    for (unsigned scope = 0; scope < SCOPE_COUNT; scope++) {
        struct look look = {
            .plan = plan, .course = course, .rule = &plan->rules[number], .scope = scope};
        if (!has_instance(plan, look.rule, scope)) continue;
        struct drill_forecast *forecast = &plan->forecasts[plan->forecast_count++];
        *forecast = (struct drill_forecast){.rule = number,
                                            .scope = (uint8_t)scope,
                                            .fires_us = INT64_MAX,
                                            .earliest_us = INT64_MAX,
                                            .latest_us = INT64_MAX};
        if (scope != SCOPE_ROUTER && course->seconds > 0 && !course->called[scope]) {
            forecast->kind = DRILL_FORECAST_UNTOUCHED;
            forecast->why = "it is not called at the start";
        } else {
            foretell(&look, forecast);
        }
    }
}

static bool foretell_all(struct drill_plan *plan, struct err *err)
{
    const struct scenario *scenario = plan->scenario;
    struct drill_course course = {0};
    int64_t slow_over_us = -1;
    const bool told = scenario->duration_us / US_PER_SECOND <= DRILL_PLAN_SECONDS_MAX;
    for (uint16_t r = 0; r < plan->rule_count; r++) {
        const struct alert_rule *rule = &plan->rules[r];
        const int64_t over_us = rule->signal == SIGNAL_SLOW_RATE ? rule->slow_over_us : 0;
        if (told && over_us != slow_over_us) {
            drill_course_release(&course);
            if (!drill_course_make(scenario, over_us, &course))
                return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
            slow_over_us = over_us;
        }
        foretell_rule(plan, &course, r);
    }
    drill_course_release(&course);
    return true;
}

bool drill_plan_make(const struct scenario *scenario, struct drill_plan *plan, struct err *err)
{
    struct world_plan world;
    *plan = (struct drill_plan){.scenario = scenario};
    if (!world_plan_make(scenario, &world, err)) return false;
    plan->orders_per_s = workload_rate(&world.workload);
    plan->orders =
        (uint64_t)(plan->orders_per_s * (double)scenario->duration_us / (double)US_PER_SECOND +
                   0.5);
    world_plan_release(&world);
    plan->rule_count = scenario->alerts.rule_count;
    for (uint32_t r = 0; r < plan->rule_count; r++)
        plan->rules[r] = alert_rule_read_as(&scenario->alerts.rules[r], scenario->alerts.reading);
    return foretell_all(plan, err);
}

const struct drill_forecast *drill_plan_first_page(const struct drill_plan *plan)
{
    const struct drill_forecast *first = NULL;
    for (uint32_t i = 0; i < plan->forecast_count; i++) {
        const struct drill_forecast *forecast = &plan->forecasts[i];
        if (forecast->kind != DRILL_FORECAST_FIRES) continue;
        if (plan->rules[forecast->rule].severity != SEVERITY_PAGE) continue;
        if (first == NULL || forecast->fires_us < first->fires_us) first = forecast;
    }
    return first;
}

static int64_t quantile_us(const struct law_spec *law, double probability)
{
    if (law->kind == LAW_KIND_COUNT || law->kind == LAW_REGIMES) return -1;
    const double span_us = law_quantile_us(law, probability);
    if (!isfinite(span_us)) return -1;
    return (int64_t)(span_us + 0.5) + (law->floor_us > 0 ? law->floor_us : 0);
}

void drill_plan_span(const struct law_spec *law, int64_t *median_us, int64_t *p90_us)
{
    *median_us = quantile_us(law, 0.5);
    *p90_us = quantile_us(law, 0.9);
}
