#include "sim/world/scenario.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/memory.h"
#include "sim/world/scenario_keys.h"

/* ---- names that come from the file's own ---- */

static void name_after_file(struct scenario *scenario, const char *file)
{
    const char *slash = strrchr(file, '/');
    const char *base = slash == NULL ? file : slash + 1;
    const size_t folder = (size_t)(base - file);
    if (folder < sizeof scenario->folder) memcpy(scenario->folder, file, folder);

    size_t length = strlen(base);
    if (length > 5 && strcmp(base + length - 5, ".json") == 0) length -= 5;
    if (length == 0 || length >= sizeof scenario->name || strcmp(base, "-") == 0) return;
    memset(scenario->name, 0, sizeof scenario->name);
    for (size_t i = 0; i < length; i++) { /* a name goes into folder names and figures */
        const char c = base[i];
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
        scenario->name[i] = plain ? c : '-';
    }
    scenario->name[length] = '\0';
}

/* ---- windows of faults ---- */

uint32_t scenario_window_count(const struct scenario *scenario)
{
    return scenario->fault_count + scenario->cache.fault_count;
}

struct fault_window scenario_window(const struct scenario *scenario, uint32_t index)
{
    assert(index < scenario_window_count(scenario));
    if (index < scenario->fault_count) {
        const struct fault_spec *fault = &scenario->faults[index];
        return (struct fault_window){fault->id, fault->place, fault->at_us, fault->for_us};
    }
    const struct cache_fault_spec *fault = &scenario->cache.faults[index - scenario->fault_count];
    return (struct fault_window){fault->id, fault->place, fault->at_us, fault->for_us};
}

/* ---- one reading of the file: whole or shortened ---- */

static void apply_tree(struct scenario *scenario, const struct json *json, const cJSON *node,
                       bool shortened, struct err_list *list)
{
    struct scenario_reader reader = {
        .scenario = scenario,
        .json = json,
        .list = list,
        .provider = -1,
        .shortened = shortened,
    };
    if (shortened) (void)snprintf(reader.path, sizeof reader.path, "short");
    const struct place place = shortened ? json_key_place(json, node) : json_place(json, node);
    scenario_read_node(&reader, &scenario_root, node, place, scenario);
}

static void settle_rule(struct alert_rule *rule)
{
    for (uint32_t i = 0; i < rule->any_count; i++) {
        struct alert_condition *const other = &rule->any_of[i];
        if (other->op == CHECK_OP_COUNT) other->op = rule->when.op;
        if (other->window_us < 0) other->window_us = rule->when.window_us;
    }
}

static void settle_steps(struct step_spec *steps, uint32_t count, const char *owner)
{
    for (uint32_t i = 0; i < count; i++) {
        if (steps[i].id[0] != '\0') continue;
        (void)snprintf(steps[i].id, sizeof steps[i].id, "%.*s.%u", DRILL_ID_MAX - 4, owner,
                       (unsigned)i % 99 + 1);
    }
}

static void settle_drill(struct scenario *scenario)
{
    struct drill_spec *const drill = &scenario->drill;
    for (uint32_t i = 0; i < scenario->alerts.rule_count; i++)
        settle_rule(&scenario->alerts.rules[i]);
    for (uint32_t i = 0; i < drill->operator_count; i++) {
        struct operator_spec *const person = &drill->operators[i];
        settle_steps(person->steps, person->step_count, person->id);
    }
    settle_steps(drill->rollbacks.steps, drill->rollbacks.step_count, "rollback");
}

/* Defaults that hang on other values, which must be read before. */
static void settle_defaults(struct scenario *scenario)
{
    const bool *detect = &scenario->policy.detect_substitutions;
    const struct place unseen = {.line = UINT32_MAX};
    if (scenario_place(scenario, detect, sizeof *detect, unseen).line == UINT32_MAX) {
        scenario->policy.detect_substitutions = scenario->profile == PROFILE_AS_DOCUMENTED;
    }
    for (uint32_t i = 0; i < scenario->fault_count; i++) {
        struct fault_spec *fault = &scenario->faults[i];
        if (fault->for_us >= 0) continue;
        fault->for_us = scenario->duration_us - fault->at_us;
        if (fault->for_us < 0) fault->for_us = 0; /* outside the run: said by the validation */
    }
    for (uint32_t i = 0; i < scenario->cache.fault_count; i++) {
        struct cache_fault_spec *fault = &scenario->cache.faults[i];
        if (fault->for_us >= 0) continue;
        fault->for_us = scenario->duration_us - fault->at_us;
        if (fault->for_us < 0) fault->for_us = 0;
    }
    settle_drill(scenario);
}

/* A fault that lies well inside the file's run may lie outside the short one: say which is meant.
 */
static void explain_short(struct err_list *list, uint32_t from)
{
    for (uint32_t i = from; i < list->count; i++) {
        struct err *err = &list->items[i];
        if (err->hint[0] == '\0') (void)err_hint(err, "so it is once \"short\" is applied");
    }
}

/* Everything that is given, in the order in which it counts. */
static void read_given(struct scenario *scenario, const struct json *json,
                       const struct scenario_options *options, bool shortened,
                       struct err_list *list)
{
    apply_tree(scenario, json, json->root, false, list);
    const cJSON *brief = cJSON_GetObjectItemCaseSensitive(json->root, "short");
    if (shortened && cJSON_IsObject(brief)) apply_tree(scenario, json, brief, true, list);
    for (uint32_t i = 0; options != NULL && i < options->override_count; i++) {
        scenario_apply_override(scenario, &options->overrides[i], list);
    }
    for (uint32_t i = 0; options != NULL && i < options->check_count; i++) {
        scenario_add_check(scenario, options->checks[i], list);
    }
}

static void begin(struct scenario *scenario, const char *file)
{
    scenario_default(scenario);
    scenario->file = file;
    name_after_file(scenario, file);
}

/* Rules of a file of their own count before those of the scenario, which may name the file last of
 * all, by an override: so what is given is read once to learn the name, and again on top of it. */
static void read_all(struct scenario *scenario, const char *file, const struct json *json,
                     const struct scenario_options *options, bool shortened, struct err_list *list)
{
    const struct err_list before = *list;
    const struct alert_spec *const alerts = &scenario->alerts;
    begin(scenario, file);
    read_given(scenario, json, options, shortened, list);
    if (alerts->file[0] == '\0') return;
    char named[ALERT_PATH_MAX];
    memcpy(named, alerts->file, sizeof named);
    const struct place place =
        scenario_place(scenario, alerts->file, sizeof alerts->file, (struct place){.file = file});
    scenario_release(scenario);
    *list = before;
    begin(scenario, file);
    scenario_read_alert_file(scenario, named, place, list);
    read_given(scenario, json, options, shortened, list);
}

static void read_variant(struct scenario *scenario, const char *file, const struct json *json,
                         const struct scenario_options *options, bool shortened,
                         struct err_list *list)
{
    read_all(scenario, file, json, options, shortened, list);
    settle_defaults(scenario);
    const uint32_t before = list->count;
    scenario_validate(scenario, list);
    if (shortened) explain_short(list, before);
}

/* ---- complaints in the order of the file ---- */

/* The scenario's own lines, those of other files, and what stands in no line. */
static unsigned file_rank(const struct err *err, const char *file)
{
    if (err->place.line == 0 || err->place.file == NULL) return 2;
    return strcmp(err->place.file, file) == 0 ? 0 : 1;
}

static bool stands_before(const struct err *a, const struct err *b, const char *file)
{
    const unsigned rank_a = file_rank(a, file);
    const unsigned rank_b = file_rank(b, file);
    if (rank_a != rank_b) return rank_a < rank_b;
    if (a->place.line != b->place.line) {
        if (a->place.line == 0 || b->place.line == 0) return b->place.line == 0;
        return a->place.line < b->place.line;
    }
    return a->place.column < b->place.column;
}

static void sort_by_place(struct err_list *list, uint32_t from, const char *file)
{
    for (uint32_t i = from + 1; i < list->count; i++) {
        const struct err moved = list->items[i];
        uint32_t j = i;
        for (; j > from && stands_before(&moved, &list->items[j - 1], file); j--)
            list->items[j] = list->items[j - 1];
        list->items[j] = moved;
    }
}

/* The variant that was not asked for must be sound as well: a `short` that only tests read would
 * rot. Its warnings are left out, since they are about a run that nobody starts now. */
static void check_other_variant(const char *file, const struct json *json, bool shortened,
                                struct err_list *list)
{
    struct scenario *other = memory_zeroed(sizeof *other);
    struct err_list *said = memory_zeroed(sizeof *said);
    const uint32_t from = list->count;
    if (other != NULL && said != NULL) {
        read_variant(other, file, json, NULL, shortened, said);
        for (uint32_t i = 0; i < said->count; i++) {
            if (!said->items[i].warning) err_list_add(list, &said->items[i]);
        }
        scenario_drop_repeated(list, from);
        scenario_release(other);
    }
    free(said);
    free(other);
}

bool scenario_read(struct scenario *scenario, const char *file, const char *bytes, size_t length,
                   const struct scenario_options *options, struct err_list *list)
{
    assert(scenario != NULL && file != NULL && list != NULL);
    const uint32_t errors_before = list->errors;
    const uint32_t from = list->count;
    const bool shortened = options != NULL && options->shortened;
    struct json json = {0};
    scenario_default(scenario);
    scenario->file = file;
    if (!json_read(&json, file, bytes, length, list)) {
        json_release(&json);
        return false;
    }
    if (!cJSON_IsObject(json.root)) {
        err_add(list, json_place(&json, json.root), "an empty one, {}, is the default world",
                "a scenario is one object {...}");
        json_release(&json);
        return false;
    }
    read_variant(scenario, file, &json, options, shortened, list);
    const bool overridden = options != NULL && options->override_count > 0;
    if (!overridden && cJSON_GetObjectItemCaseSensitive(json.root, "short") != NULL) {
        check_other_variant(file, &json, !shortened, list);
    }
    sort_by_place(list, from, file);
    json_release(&json);
    return list->errors == errors_before;
}

void scenario_release(struct scenario *scenario)
{
    if (scenario == NULL) return;
    arena_release(&scenario->arena);
    scenario->given = NULL;
    scenario->given_count = scenario->given_capacity = 0;
}
