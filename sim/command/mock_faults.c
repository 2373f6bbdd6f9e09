/* Faults that come and go while mocks are served, in the scenario's own language: its reader reads
 * them, its rows write them. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/command/mock_world.h"
#include "sim/world/scenario_keys.h"
#include "sim/world/scenario_rows.h"

/* ---- reading --------------------------------------------------------------------------------- */

/* A scenario without an end, of which only the faults count. All on the first line, so that the
 * lines of mistakes are those of what was sent. */
static const char before_list[] = "{\"duration\": \"3650d\", \"faults\": ";
static const char before_one[] = "{\"duration\": \"3650d\", \"faults\": [";

static bool is_given(const struct scenario *scenario, const struct fault_spec *fault,
                     const char *name)
{
    const struct scenario_key *const row = scenario_key_find(scenario_fault_keys, name);
    assert(row != NULL);
    return scenario_find_given(scenario, row, (const char *)fault + row->offset) != NULL;
}

static void place_in_time(const struct scenario *scenario, int64_t now_us,
                          struct mock_faults *faults)
{
    for (uint32_t i = 0; i < scenario->fault_count; i++) {
        const struct fault_spec *const read = &scenario->faults[i];
        struct fault_spec *const fault = &faults->items[i];
        *fault = *read;
        if (!is_given(scenario, read, "at")) fault->at_us = now_us;
        if (!is_given(scenario, read, "for")) fault->for_us = DURATION_US_MAX - fault->at_us;
        fault->place = (struct place){.file = "admin interface"};
    }
    faults->count = scenario->fault_count;
}

static void shift_columns(struct err_list *list, uint32_t columns)
{
    for (uint32_t i = 0; i < list->count; i++) {
        struct place *const place = &list->items[i].place;
        if (place->line == 1 && place->column > columns) place->column -= columns;
    }
}

/* Whether the bytes are one JSON value and nothing besides: what is wrapped must not end early. */
static bool is_one_value(const char *json, size_t length, bool single, struct err_list *list)
{
    struct json read;
    bool fine = json_read(&read, "body", json, length, list) && list->errors == 0;
    if (fine && !(single ? cJSON_IsObject(read.root) : cJSON_IsArray(read.root))) {
        err_add(list, json_place(&read, read.root), NULL, "%s is expected here",
                single ? "one fault, an object," : "a list of faults");
        fine = false;
    }
    json_release(&read);
    return fine;
}

bool mock_faults_read(const char *json, size_t length, bool single, int64_t now_us,
                      struct mock_faults *faults, struct err_list *list)
{
    if (!is_one_value(json, length, single, list)) return false;
    const char *const before = single ? before_one : before_list;
    struct scenario *const scenario = calloc(1, sizeof *scenario);
    struct text text = {0};
    text_put(&text, before);
    text_append(&text, json, length);
    text_put(&text, single ? "\n]}" : "\n}"); /* a comment may have no end of its own */
    bool read = false;
    if (scenario == NULL || text.failed) {
        struct err err;
        (void)err_fail(&err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
        err_list_add(list, &err);
    } else {
        const struct scenario_options options = {0};
        read = scenario_read(scenario, "body", text.bytes, text.length, &options, list);
        shift_columns(list, (uint32_t)strlen(before));
        if (read) place_in_time(scenario, now_us, faults);
        scenario_release(scenario);
    }
    text_release(&text);
    free(scenario);
    return read;
}

void mock_faults_take(const struct scenario *scenario, struct mock_faults *faults)
{
    static_assert(sizeof faults->items == sizeof scenario->faults, "as many as a scenario has");
    memcpy(faults->items, scenario->faults, sizeof faults->items);
    faults->count = scenario->fault_count;
    for (uint32_t i = 0; i < faults->count; i++) {
        struct fault_spec *const fault = &faults->items[i];
        if (fault->at_us + fault->for_us < scenario->duration_us) continue;
        if (is_given(scenario, &scenario->faults[i], "for")) continue;
        fault->for_us = DURATION_US_MAX - fault->at_us;
    }
}

/* ---- writing --------------------------------------------------------------------------------- */

struct writing {
    struct text *json;
    bool any;
};

static void begin_member(struct writing *writing, const char *name)
{
    text_format(writing->json, "%s\"%s\": ", writing->any ? ", " : "", name);
    writing->any = true;
}

static void write_members(const struct scenario_key *keys, const char *object,
                          struct writing *writing)
{
    for (const struct scenario_key *key = keys; key->name != NULL; key++) {
        begin_member(writing, key->name);
        scenario_value_write(key, object + key->offset, writing->json);
    }
}

/* {"on": "1s", "off": "2s"}, or a list of such. */
static void write_nested(const struct scenario_key *key, const char *fault, struct writing *writing)
{
    struct writing inner = {.json = writing->json};
    begin_member(writing, key->name);
    if (key->type == KEY_OBJECT) {
        text_char(writing->json, '{');
        write_members(key->keys, fault + key->offset, &inner);
        text_char(writing->json, '}');
        return;
    }
    uint32_t count;
    memcpy(&count, fault + key->count_offset, sizeof count);
    text_char(writing->json, '[');
    for (uint32_t i = 0; i < count; i++) {
        inner.any = false;
        text_put(writing->json, i == 0 ? "{" : ", {");
        write_members(key->element->keys, fault + key->offset + (size_t)i * key->stride, &inner);
        text_char(writing->json, '}');
    }
    text_char(writing->json, ']');
}

/* What tells a fault from others is said in any case, all else when it is not the default. */
static bool is_worth_saying(const struct scenario_key *key, const struct fault_spec *fault)
{
    struct fault_spec fresh;
    memset(&fresh, 0, sizeof fresh);
    scenario_fresh_fault(&fresh);
    if ((key->flags & KEY_REQUIRED) != 0 || strcmp(key->name, "at") == 0) return true;
    if (strcmp(key->name, "for") == 0) return fault->at_us + fault->for_us < DURATION_US_MAX;
    if (strcmp(key->name, "status") == 0) return fault->kind == FAULT_ERROR;
    if (strcmp(key->name, "auth") == 0) return fault->kind == FAULT_AUTH;
    if (strcmp(key->name, "flap") == 0) return fault->flap_on_us > 0;
    if (key->type == KEY_LIST) return fault->part_count > 0;
    return memcmp((const char *)fault + key->offset, (const char *)&fresh + key->offset,
                  key->size) != 0;
}

void mock_faults_write(const struct fault_spec *fault, struct text *json)
{
    struct writing writing = {.json = json};
    for (const struct scenario_key *key = scenario_fault_keys; key->name != NULL; key++) {
        if (!is_worth_saying(key, fault)) continue;
        if (scenario_key_is_leaf(key)) {
            begin_member(&writing, key->name);
            scenario_value_write(key, (const char *)fault + key->offset, json);
        } else {
            write_nested(key, (const char *)fault, &writing);
        }
    }
}
