#include <assert.h>
#include <string.h>

#include "sim/world/scenario_validate.h"

/* ---- names ---- */

void valid_names_add(struct valid_names *names, const char *name)
{
    if (name[0] == '\0' || names->count == VALID_NAMES_MAX) return;
    if (valid_names_have(names, name)) return;
    names->items[names->count++] = name;
    names->items[names->count] = NULL;
}

bool valid_names_have(const struct valid_names *names, const char *name)
{
    return names->count > 0 && scenario_name_index(names->items, name) >= 0;
}

void valid_names_hint(const struct valid_names *names, const char *word, const char *none,
                      struct text *hint)
{
    char near[ERR_HINT_MAX];
    if (names->count == 0) {
        text_put(hint, none);
    } else if (text_suggest(word, names->items, near, sizeof near)) {
        text_put(hint, near);
    } else {
        text_put(hint, "known:");
        for (uint32_t i = 0; i < names->count; i++)
            text_format(hint, "%s %s", i == 0 ? "" : ",", names->items[i]);
    }
}

/* ---- what was given ---- */

const struct scenario_given *given_in(const struct scenario *scenario,
                                      const struct scenario_key *keys, const char *name,
                                      const void *object)
{
    const struct scenario_key *const row = scenario_key_find(keys, name);
    assert(row != NULL);
    return scenario_find_given(scenario, row, (const char *)object + row->offset);
}

/* ---- signals ---- */

static struct place place_of(const struct signal_place *about, const char *text, size_t size)
{
    return scenario_place(about->scenario, text, size, about->element);
}

static void say_which_there_are(struct text *hint)
{
    text_put(hint, "router has");
    for (unsigned k = 0; k < SIGNAL_KIND_COUNT; k++)
        if (signal_traits[k].of_router) text_format(hint, " %s", signal_traits[k].name);
    text_put(hint, "; providers have");
    for (unsigned k = 0; k < SIGNAL_KIND_COUNT; k++)
        if (signal_traits[k].of_provider) text_format(hint, " %s", signal_traits[k].name);
}

static void refuse_signal(const struct signal_place *about, const char *metric, const char *near,
                          struct err_list *list)
{
    struct text hint = {0};
    if (near[0] != '\0') {
        text_put(&hint, near);
    } else {
        say_which_there_are(&hint);
    }
    err_add(list, place_of(about, metric, SIGNAL_NAME_MAX), hint.bytes, "there is no signal \"%s\"",
            metric);
    text_release(&hint);
}

bool validate_signal(const struct signal_place *about, const char metric[SIGNAL_NAME_MAX],
                     bool each_allowed, unsigned *scope, enum signal_kind *kind,
                     struct err_list *list)
{
    char near[ERR_HINT_MAX] = "";
    if (!signal_find(metric, scope, kind, near, sizeof near)) {
        refuse_signal(about, metric, near, list);
        return false;
    }
    if (*scope == SCOPE_EACH_PROVIDER && !each_allowed) {
        struct text hint = {0};
        text_format(&hint, "name one: \"KROGER_API.%s\"", signal_traits[*kind].name);
        err_add(list, place_of(about, metric, SIGNAL_NAME_MAX), hint.bytes,
                "\"%s\" is a signal of each provider; one is looked at here", metric);
        text_release(&hint);
        return false;
    }
    const bool of_budget = *kind == SIGNAL_BURN_RATE || *kind == SIGNAL_BUDGET_BURNED;
    if (!of_budget || about->scenario->slo.given) return true;
    err_add(list, place_of(about, metric, SIGNAL_NAME_MAX),
            "give one: \"slo\": {\"objective\": \"99.9%\"}",
            "\"%s\" needs an error budget, and the scenario has no \"slo\"", metric);
    return false;
}

void validate_threshold(const struct signal_place *about, const char text[32], const char *metric,
                        enum signal_kind kind, double *threshold, struct err_list *list)
{
    const enum metric_unit unit = signal_traits[kind].unit;
    const struct limit_form *const form = limit_form_of(unit);
    const struct place place = place_of(about, text, 32);
    if (!limit_parse(text, form, threshold)) {
        err_add(list, place, NULL, "%s is compared with %s, not \"%s\"", metric, form->words, text);
        return;
    }
    if (form->is_share && kind != SIGNAL_BUDGET_BURNED && *threshold > 1.0) {
        struct text hint = {0};
        text_format(&hint, "did you mean \"%s%%\"?", text);
        err_warn(list, place, strchr(text, '%') == NULL ? hint.bytes : NULL,
                 "%s is a share, from 0 to 1; it is compared with %s", metric, text);
        text_release(&hint);
    }
}
