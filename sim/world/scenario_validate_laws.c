#include <assert.h>
#include <string.h>

#include "router/base/duration.h"
#include "sim/world/scenario_validate.h"

/* What each law is given by. With `quantiles`, p50 and p95 may stand for the first two. */
static const struct law_form {
    const char *needs[5];
    const char *takes[3]; /* and may do without */
    bool quantiles;
    bool rows; /* of a file: all keys about it */
} forms[LAW_KIND_COUNT] = {
    [LAW_CONSTANT] = {.needs = {"value"}},
    [LAW_UNIFORM] = {.needs = {"low", "high"}},
    [LAW_LOGNORMAL] = {.needs = {"median", "sigma"}, .quantiles = true},
    [LAW_GAMMA] = {.needs = {"shape", "scale"}, .quantiles = true},
    [LAW_WEIBULL] = {.needs = {"shape", "scale"}, .quantiles = true},
    [LAW_LOGLOGISTIC] = {.needs = {"median", "shape"}, .quantiles = true},
    [LAW_BODY_TAIL] = {.needs = {"median", "sigma", "tail_weight", "tail_factor"},
                       .takes = {"tail_sigma"},
                       .quantiles = true},
    [LAW_REGIMES] = {.needs = {"median", "sigma", "bad_factor", "good_for", "bad_for"},
                     .quantiles = true},
    [LAW_EMPIRICAL] = {.needs = {"file", "column"}, .takes = {"resample"}, .rows = true},
};

struct law_case { /* one law under judgement */
    const struct scenario *scenario;
    const struct law_spec *law;
    const struct law_form *form;
    struct err_list *list;
    char owner[64]; /* "KROGER_API's search" */
};

static bool is_among(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count && names[i] != NULL; i++) {
        if (strcmp(names[i], name) == 0) return true;
    }
    return false;
}

static bool is_set(const struct law_case *about, const char *name)
{
    const struct scenario_key *row = scenario_key_find(scenario_law_keys, name);
    assert(row != NULL);
    const char *value = (const char *)about->law + row->offset;
    return row->type == KEY_TEXT ? value[0] != '\0' : scenario_value_is_set(row, value);
}

static bool is_direct_row(const struct scenario_key *key)
{
    for (const struct scenario_key *row = scenario_law_keys; row->name != NULL; row++) {
        if (row == key) return true;
    }
    return false;
}

static bool means_something(const struct law_case *about, const struct scenario_key *key)
{
    const struct law_form *form = about->form;
    if (!is_direct_row(key)) return form->rows; /* inside `where` and `replay` */
    if (strcmp(key->name, "law") == 0 || strcmp(key->name, "floor") == 0) return true;
    if (form->quantiles && (strcmp(key->name, "p50") == 0 || strcmp(key->name, "p95") == 0)) {
        return true;
    }
    return is_among(key->name, form->needs, sizeof form->needs / sizeof form->needs[0]) ||
           is_among(key->name, form->takes, sizeof form->takes / sizeof form->takes[0]);
}

static void say_what_it_takes(const struct law_case *about, struct text *hint)
{
    const struct law_form *form = about->form;
    text_format(hint, "a law \"%s\" takes", law_kind_names[about->law->kind]);
    for (size_t i = 0; i < sizeof form->needs / sizeof form->needs[0] && form->needs[i] != NULL;
         i++)
        text_format(hint, "%s \"%s\"", i == 0 ? "" : ",", form->needs[i]);
    if (form->quantiles) {
        text_format(hint, "; \"p50\" and \"p95\" may replace \"%s\" and \"%s\"", form->needs[0],
                    form->needs[1]);
    }
}

static void refuse_strangers(const struct law_case *about)
{
    const struct scenario *scenario = about->scenario;
    const size_t from = (size_t)((const char *)about->law - (const char *)scenario);
    for (uint32_t i = 0; i < scenario->given_count; i++) {
        const struct scenario_given *given = &scenario->given[i];
        if (given->offset < from || given->offset >= from + sizeof *about->law) continue;
        if (means_something(about, given->key)) continue;
        struct text hint = {0};
        say_what_it_takes(about, &hint);
        err_add(about->list, given->place, hint.bytes, "\"%s\" means nothing for a law \"%s\"",
                given->key->name, law_kind_names[about->law->kind]);
        text_release(&hint);
    }
}

static void refuse_both_forms(const struct law_case *about)
{
    err_add(about->list, about->law->place, "leave out one of the two",
            "%s is given twice: by \"p50\" and \"p95\", and by \"%s\" and \"%s\"", about->owner,
            about->form->needs[0], about->form->needs[1]);
}

static void require_all(const struct law_case *about)
{
    const struct law_form *form = about->form;
    const bool by_quantiles = form->quantiles && (is_set(about, "p50") || is_set(about, "p95"));
    if (by_quantiles && (is_set(about, form->needs[0]) || is_set(about, form->needs[1]))) {
        refuse_both_forms(about);
        return;
    }
    const char *lacking[sizeof form->needs / sizeof form->needs[0] + 1];
    size_t count = 0;
    for (size_t i = 0; i < sizeof form->needs / sizeof form->needs[0]; i++) {
        const char *name = form->needs[i];
        if (by_quantiles && i < 2) name = i == 0 ? "p50" : "p95";
        if (name != NULL && !is_set(about, name)) lacking[count++] = name;
    }
    if (count == 0) return;
    struct text names = {0};
    struct text hint = {0};
    for (size_t i = 0; i < count; i++) {
        text_format(&names, "%s\"%s\"", i == 0 ? "" : i + 1 == count ? " and " : ", ", lacking[i]);
    }
    say_what_it_takes(about, &hint);
    err_add(about->list, about->law->place, hint.bytes, "%s lacks %s", about->owner, names.bytes);
    text_release(&names);
    text_release(&hint);
}

static struct place place_of(const struct law_case *about, const void *address, size_t size)
{
    return scenario_place(about->scenario, address, size, about->law->place);
}

static void refuse_disorder(const struct law_case *about)
{
    const struct law_spec *law = about->law;
    char low[DURATION_TEXT_MAX];
    char high[DURATION_TEXT_MAX];
    if (about->form->quantiles && law->p50_us >= 0 && law->p95_us >= 0 &&
        law->p95_us <= law->p50_us) {
        duration_format(law->p50_us, low);
        duration_format(law->p95_us, high);
        err_add(about->list, place_of(about, &law->p95_us, sizeof law->p95_us), NULL,
                "\"p95\" (%s) must be above \"p50\" (%s)", high, low);
    }
    if (law->kind == LAW_UNIFORM && law->low_us >= 0 && law->high_us >= 0 &&
        law->high_us <= law->low_us) {
        duration_format(law->low_us, low);
        duration_format(law->high_us, high);
        err_add(about->list, place_of(about, &law->high_us, sizeof law->high_us), NULL,
                "\"high\" (%s) must be above \"low\" (%s)", high, low);
    }
    if ((law->where_column[0] == '\0') != (law->where_value[0] == '\0')) {
        err_add(about->list, place_of(about, law->where_column, sizeof law->where_column), NULL,
                "\"where\" needs both \"column\" and \"value\"");
    }
}

void scenario_validate_law(const struct scenario *scenario, const struct law_spec *law,
                           const char *owner, struct err_list *list)
{
    const struct place unseen = {.line = UINT32_MAX};
    if (scenario_place(scenario, law, sizeof *law, unseen).line == UINT32_MAX) return;
    if (scenario_is_refused(scenario, law, sizeof *law)) return;
    if (law->kind == LAW_KIND_COUNT) { /* where there is no law by default to change */
        err_add(list, law->place, NULL, "%s lacks \"law\"", owner);
        return;
    }
    struct law_case about = {
        .scenario = scenario, .law = law, .form = &forms[law->kind], .list = list};
    (void)snprintf(about.owner, sizeof about.owner, "%s", owner);
    refuse_strangers(&about);
    require_all(&about);
    refuse_disorder(&about);
}

void scenario_validate_laws(struct scenario *scenario, struct err_list *list)
{
    const uint32_t from = list->count;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        for (unsigned o = 0; o < OPERATION_COUNT; o++) {
            if (!operation_exists((enum provider)p, (enum operation)o)) continue;
            char owner[64];
            (void)snprintf(owner, sizeof owner, "the latency of %s's %s", provider_traits[p].id,
                           operation_names[o]);
            scenario_validate_law(scenario, &scenario->providers[p].backend.latency[o], owner,
                                  list);
        }
    }
    scenario_validate_law(scenario, &scenario->cache.latency, "the latency of the cache", list);
    scenario_validate_law(scenario, &scenario->workload.requote_after,
                          "the wait before asking again", list);
    scenario_drop_repeated(list, from); /* of a law that `all` gave to many */
}
