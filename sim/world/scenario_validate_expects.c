#include <assert.h>
#include <string.h>

#include "router/base/duration.h"
#include "sim/world/scenario_validate.h"

/* Which keys say what is expected, and which others go with them. */
static const struct expect_form {
    const char *key;
    const char *takes[4];
} forms[EXPECT_KIND_COUNT] = {
    [EXPECT_ALERT] = {"alert", {"provider", "fires_within", "must_not_fire", "quantile"}},
    [EXPECT_MEASURE] = {"measure", {"op", "limit", "quantile"}},
    [EXPECT_STEP] = {"step", {"outcome", "quantile"}},
    [EXPECT_SHARE] = {"winner", {"during", "low", "high"}},
    [EXPECT_VERDICT] = {"verdict", {"quantile"}},
};
static const char *const of_some_kinds[] = {
    "provider", "fires_within", "must_not_fire", "op",   "limit", "quantile",
    "outcome",  "during",       "low",           "high", NULL};

struct expect_case {
    const struct scenario *scenario;
    struct expect_spec *expect;
    struct err_list *list;
};

static const struct scenario_given *given(const struct expect_case *about, const char *name)
{
    return given_in(about->scenario, scenario_expect_element.keys, name, about->expect);
}

static struct place place_of(const struct expect_case *about, const char *name)
{
    const struct scenario_given *const key = given(about, name);
    return key == NULL ? about->expect->place : key->place;
}

/* ---- which kind ---- */

static bool find_kind(const struct expect_case *about)
{
    unsigned found = 0;
    const char *first = NULL;
    for (unsigned k = 0; k < EXPECT_KIND_COUNT; k++) {
        if (given(about, forms[k].key) == NULL) continue;
        if (found++ > 0) {
            err_add(about->list, place_of(about, forms[k].key), "make it two expectations",
                    "an expectation is of one thing: \"%s\" or \"%s\"", first, forms[k].key);
            return false;
        }
        first = forms[k].key;
        about->expect->kind = (enum expect_kind)k;
    }
    if (found == 1) return true;
    err_add(about->list, about->expect->place, NULL,
            "an expectation names an \"alert\", a \"measure\", a \"step\", a \"winner\" or a "
            "\"verdict\"");
    return false;
}

static bool takes(const struct expect_form *form, const char *name)
{
    for (size_t i = 0; i < sizeof form->takes / sizeof form->takes[0]; i++) {
        if (form->takes[i] != NULL && strcmp(form->takes[i], name) == 0) return true;
    }
    return false;
}

static void warn_of_strangers(const struct expect_case *about)
{
    const struct expect_form *const form = &forms[about->expect->kind];
    for (size_t i = 0; of_some_kinds[i] != NULL; i++) {
        if (takes(form, of_some_kinds[i]) || given(about, of_some_kinds[i]) == NULL) continue;
        struct text hint = {0};
        text_format(&hint, "with \"%s\" go", form->key);
        for (size_t t = 0; t < sizeof form->takes / sizeof form->takes[0]; t++)
            if (form->takes[t] != NULL) text_format(&hint, " \"%s\"", form->takes[t]);
        err_warn(about->list, place_of(about, of_some_kinds[i]), hint.bytes,
                 "\"%s\" means nothing for an expectation of a \"%s\"", of_some_kinds[i],
                 form->key);
        text_release(&hint);
    }
}

/* ---- by kind ---- */

/* What to do where --set has put another file's rules in place of the drill's; NULL: it has not. */
static const char *other_rules(const struct scenario *scenario)
{
    const struct scenario_key *const key = scenario_key_find(scenario_alert_file_keys, "file");
    const struct scenario_given *const given =
        scenario_find_given(scenario, key, scenario->alerts.file);
    if (given == NULL || given->place.file == NULL || strcmp(given->place.file, "--set") != 0)
        return NULL;
    return "other rules need other expectations: --set 'expect=[]' plays without";
}

static void validate_alert(const struct expect_case *about)
{
    const struct expect_spec *const expect = about->expect;
    const struct alert_rule *const rule = valid_rule(about->scenario, expect->alert);
    if (rule == NULL) {
        refuse_rule(about->scenario, expect->alert, place_of(about, "alert"),
                    other_rules(about->scenario), about->list);
        return;
    }
    if (expect->must_not_fire && expect->fires_within_us >= 0) {
        err_add(about->list, place_of(about, "fires_within"), "leave out one of the two",
                "an alert that must not fire cannot fire within a span");
    }
    if (expect->fires_within_us >= 0 && scenario_window_count(about->scenario) == 0) {
        err_warn(about->list, place_of(about, "fires_within"), NULL,
                 "\"fires_within\" counts from the first fault, and this scenario has none");
    }
    if (expect->provider < 0 || rule->metric[0] == '\0') return;
    const bool of_it =
        rule->scope == SCOPE_EACH_PROVIDER || rule->scope == (unsigned)expect->provider;
    if (of_it || scenario_is_refused(about->scenario, rule, sizeof *rule)) return;
    err_add(about->list, place_of(about, "provider"), NULL,
            "alert \"%s\" looks at %s, which is not about %s", rule->name, rule->metric,
            provider_traits[expect->provider].id);
}

static const struct limit_form *form_of_measure(int measure)
{
    if (measure < MEASURES_OF_TIME) return &limit_form_seconds;
    if (measure < MEASURES_OF_TIME + MEASURES_OF_SHARE) return limit_form_of(UNIT_SHARE);
    return limit_form_of(measure < MEASURES - MEASURES_OF_CENTS ? UNIT_COUNT : UNIT_CENTS);
}

/* What a measure is taken of must be there. */
static void require_base(const struct expect_case *about)
{
    const char *const measure = about->expect->measure;
    if (strcmp(measure, "rto_met") == 0 && about->scenario->drill.rto_us < 0) {
        err_add(about->list, place_of(about, "measure"), "give one: \"rto\": \"30m\"",
                "\"rto_met\" needs an \"rto\", and the scenario has none");
    }
    if (strncmp(measure, "budget_", 7) == 0 && !about->scenario->slo.given) {
        err_add(about->list, place_of(about, "measure"),
                "give one: \"slo\": {\"objective\": \"99.9%\"}",
                "\"%s\" needs an error budget, and the scenario has no \"slo\"", measure);
    }
}

static void validate_measure(const struct expect_case *about)
{
    struct expect_spec *const expect = about->expect;
    const int measure = scenario_name_index(drill_measure_names, expect->measure);
    if (measure < 0) {
        struct valid_names names = {.count = 0};
        for (int i = 0; drill_measure_names[i] != NULL; i++)
            valid_names_add(&names, drill_measure_names[i]);
        struct text hint = {0};
        valid_names_hint(&names, expect->measure, "", &hint);
        err_add(about->list, place_of(about, "measure"), hint.bytes,
                "there is no measure \"%s\" of a drill", expect->measure);
        text_release(&hint);
        return;
    }
    require_base(about);
    const struct limit_form *const form = form_of_measure(measure);
    if (given(about, "limit") == NULL) {
        err_add(about->list, place_of(about, "measure"), form->words,
                "an expectation of \"%s\" needs a \"limit\"", expect->measure);
    } else if (!limit_parse(expect->limit_text, form, &expect->limit)) {
        err_add(about->list, place_of(about, "limit"), NULL, "the limit of %s is %s, not \"%s\"",
                expect->measure, form->words, expect->limit_text);
    } else if (form->is_share && expect->limit > 1.0 &&
               strncmp(expect->measure, "budget_", 7) != 0) {
        err_warn(about->list, place_of(about, "limit"), NULL,
                 "%s is a share, from 0 to 1; the limit is %s", expect->measure,
                 expect->limit_text);
    }
}

static void validate_step(const struct expect_case *about)
{
    const struct valid_names names = valid_steps(about->scenario);
    const char *const step = about->expect->step;
    if (given(about, "outcome") == NULL) {
        err_add(about->list, place_of(about, "step"),
                "\"not reached\", \"done\", \"no effect\", \"failed\" or \"skipped\"",
                "an expectation of a \"step\" needs an \"outcome\"");
    }
    if (valid_names_have(&names, step)) return;
    struct text hint = {0};
    valid_names_hint(&names, step, "this scenario has no steps", &hint);
    err_add(about->list, place_of(about, "step"), hint.bytes, "no step is called \"%s\"", step);
    text_release(&hint);
}

static void validate_share(const struct expect_case *about)
{
    const struct expect_spec *const expect = about->expect;
    if (scenario_name_index(provider_id_names, expect->winner) < 0) {
        char hint[ERR_HINT_MAX] = "";
        (void)text_suggest(expect->winner, provider_id_names, hint, sizeof hint);
        err_add(about->list, place_of(about, "winner"),
                hint[0] != '\0' ? hint : "MEALME, INSTACART, KROGER_API, WALMART_API",
                "no provider is called \"%s\"", expect->winner);
    }
    validate_during(about->scenario, expect->during, place_of(about, "during"), about->list);
    if (given(about, "low") == NULL && given(about, "high") == NULL) {
        err_add(about->list, place_of(about, "winner"), NULL,
                "an expectation of a \"winner\" needs \"low\", \"high\" or both");
    } else if (expect->low > expect->high) {
        err_add(about->list,
                given(about, "low") != NULL ? place_of(about, "low") : place_of(about, "high"),
                NULL, "\"low\" (%g) lies above \"high\" (%g)", expect->low, expect->high);
    }
}

/* ---- names ---- */

/* For people: `ttm <= 20m`, `Provider API Down fires within 15m`. */
static void make_name(struct expect_spec *expect)
{
    struct text name = {0};
    char span[DURATION_TEXT_MAX];
    switch (expect->kind) {
    case EXPECT_ALERT:
        text_format(&name, "%s%s%s", expect->alert, expect->provider >= 0 ? " about " : "",
                    expect->provider >= 0 ? provider_traits[expect->provider].id : "");
        text_put(&name, expect->must_not_fire ? " does not fire" : " fires");
        if (expect->fires_within_us < 0) break;
        duration_format(expect->fires_within_us, span);
        text_format(&name, " within %s", span);
        break;
    case EXPECT_MEASURE:
        text_format(&name, "%s %s %s", expect->measure, check_operator_names[expect->op],
                    expect->limit_text);
        break;
    case EXPECT_STEP:
        text_format(&name, "%s ends as: %s", expect->step, step_outcome_names[expect->outcome]);
        break;
    case EXPECT_SHARE:
        text_format(&name, "%s wins %g%% to %g%%%s%s", expect->winner, expect->low * 100.0,
                    expect->high * 100.0, expect->during[0] != '\0' ? " during " : "",
                    expect->during);
        break;
    case EXPECT_VERDICT:
        text_format(&name, "the drill comes to: %s", drill_verdict_names[expect->verdict]);
        break;
    case EXPECT_KIND_COUNT:
        assert(!"an expectation of no kind");
        break;
    }
    if (expect->quantile > 0.0) text_format(&name, ", P%g", expect->quantile * 100.0);
    (void)snprintf(expect->name, sizeof expect->name, "%s", name.failed ? "" : name.bytes);
    text_release(&name);
}

static void refuse_namesakes(const struct expect_case *about, uint32_t index)
{
    for (uint32_t i = 0; i < index; i++) {
        const struct expect_spec *const other = &about->scenario->drill.expects[i];
        if (strcmp(other->name, about->expect->name) != 0) continue;
        err_add(about->list, about->expect->place, NULL,
                "two expectations are called \"%s\"; the other stands in line %u", other->name,
                (unsigned)other->place.line);
        return;
    }
}

void scenario_validate_expects(struct scenario *scenario, struct err_list *list)
{
    for (uint32_t i = 0; i < scenario->drill.expect_count; i++) {
        struct expect_spec *const expect = &scenario->drill.expects[i];
        const struct expect_case about = {.scenario = scenario, .expect = expect, .list = list};
        if (scenario_is_refused(scenario, expect, sizeof *expect) || !find_kind(&about)) continue;
        warn_of_strangers(&about);
        switch (expect->kind) {
        case EXPECT_ALERT:
            validate_alert(&about);
            break;
        case EXPECT_MEASURE:
            validate_measure(&about);
            break;
        case EXPECT_STEP:
            validate_step(&about);
            break;
        case EXPECT_SHARE:
            validate_share(&about);
            break;
        case EXPECT_VERDICT:
        case EXPECT_KIND_COUNT:
            break;
        }
        if (expect->name[0] == '\0') make_name(expect);
        refuse_namesakes(&about, i);
    }
}
