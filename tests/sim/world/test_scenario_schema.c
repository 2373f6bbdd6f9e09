/* The JSON Schema and the reader are one language.
 *
 * Goal: an editor that knows the schema never marks what the reader takes, nor the other way round.
 * Method: the schema is parsed and walked beside the tree of keys: at every object the same names
 * and nothing else. For every key a file that gives it alone (with what its object demands) is
 * read, and one with an unknown key beside it is refused by the reader there, and by the schema.
 */
#include "tests/support.h"

#include "router/base/text.h"
#include "sim/world/scenario.h"
#include "sim/world/scenario_keys.h"

/* ---- the schema against the tree ---- */

static const cJSON *definitions;

static const cJSON *resolve(const cJSON *node)
{
    const cJSON *reference = cJSON_GetObjectItemCaseSensitive(node, "$ref");
    if (reference == NULL) return node;
    assert_true(strncmp(reference->valuestring, "#/$defs/", 8) == 0);
    const cJSON *target = cJSON_GetObjectItemCaseSensitive(definitions, reference->valuestring + 8);
    assert_non_null(target);
    return target;
}

static const cJSON *property(const cJSON *schema, const char *name)
{
    const cJSON *properties = cJSON_GetObjectItemCaseSensitive(schema, "properties");
    assert_non_null(properties);
    const cJSON *found = cJSON_GetObjectItemCaseSensitive(properties, name);
    CHECK_ROW(name, found != NULL);
    return resolve(found);
}

static void is_closed(const cJSON *schema, const char *path)
{
    CHECK_ROW(path,
              cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(schema, "additionalProperties")));
}

static size_t property_count(const cJSON *schema)
{
    return (size_t)cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(schema, "properties"));
}

struct level {
    const char *path;
    bool brief;
    int provider;
};

static void compare(const cJSON *schema, const struct scenario_key *key, struct level level);

static void compare_object(const cJSON *schema, const struct scenario_key *key, struct level level)
{
    size_t count = 0;
    is_closed(schema, level.path);
    for (const struct scenario_key *row = key->keys; row->name != NULL; row++) {
        if (row->type == KEY_SHORT && level.brief) continue;
        struct level below = level;
        below.path = row->name;
        compare(property(schema, row->name), row, below);
        count++;
    }
    CHECK_ROW(level.path, property_count(schema) == count);
}

static void compare_map(const cJSON *schema, const struct scenario_key *key, struct level level)
{
    size_t count = 0;
    is_closed(schema, level.path);
    for (int i = 0; key->names[i] != NULL; i++) {
        const bool operations = (key->flags & KEY_OPERATIONS) != 0 && level.provider >= 0;
        struct level below = level;
        below.path = key->names[i];
        if (key->names == provider_id_names) below.provider = i;
        if (operations && !operation_exists((enum provider)level.provider, (enum operation)i)) {
            continue;
        }
        compare(property(schema, key->names[i]), key->element, below);
        count++;
    }
    if ((key->flags & KEY_REPLACES) == 0) {
        struct level below = level;
        below.provider = -1;
        compare(property(schema, "all"), key->element, below);
        count++;
    }
    CHECK_ROW(level.path, property_count(schema) == count);
}

static void compare_names(const cJSON *schema, const struct scenario_key *key, const char *path)
{
    const cJSON *names = cJSON_GetObjectItemCaseSensitive(schema, "enum");
    int count = 0;
    for (; key->names[count] != NULL; count++) {
        const cJSON *name = cJSON_GetArrayItem(names, count);
        CHECK_ROW(path, cJSON_IsString(name));
        CHECK_ROW_TEXT(path, name->valuestring, key->names[count]);
    }
    CHECK_ROW(path, cJSON_GetArraySize(names) == count);
}

static void compare(const cJSON *schema, const struct scenario_key *key, struct level level)
{
    const cJSON *either = cJSON_GetObjectItemCaseSensitive(schema, "anyOf");
    if (key->type == KEY_OBJECT && (key->flags & KEY_OR_SPAN) != 0) {
        CHECK_ROW(level.path, cJSON_IsString(cJSON_GetObjectItemCaseSensitive(
                                  cJSON_GetArrayItem(either, 1), "pattern")));
        compare_object(resolve(cJSON_GetArrayItem(either, 0)), key, level);
    } else if (key->type == KEY_OBJECT) {
        compare_object(schema, key, level);
    } else if (key->type == KEY_SHORT) {
        level.brief = true;
        compare_object(schema, key, level);
    } else if (key->type == KEY_MAP) {
        const bool one_for_all = (key->flags & KEY_ONE_FOR_ALL) != 0;
        compare_map(one_for_all ? cJSON_GetArrayItem(either, 1) : schema, key, level);
    } else if (key->type == KEY_LIST) {
        compare(resolve(cJSON_GetObjectItemCaseSensitive(schema, "items")), key->element, level);
    } else if (key->type == KEY_ENUM) {
        compare_names(schema, key, level.path);
    }
}

static cJSON *parse_schema(void)
{
    struct text json = {0};
    scenario_schema(&json);
    assert_false(json.failed);
    cJSON *schema = cJSON_Parse(json.bytes);
    assert_non_null(schema);
    text_release(&json);
    return schema;
}

static void has_the_same_names_at_every_object(void **state)
{
    (void)state;
    cJSON *schema = parse_schema();
    const struct level top = {.path = "scenario", .provider = -1};
    definitions = cJSON_GetObjectItemCaseSensitive(schema, "$defs");
    compare(schema, &scenario_root, top);
    cJSON_Delete(schema);
}

static void explains_every_property(void **state)
{
    (void)state;
    cJSON *schema = parse_schema();
    const cJSON *properties = cJSON_GetObjectItemCaseSensitive(schema, "properties");
    for (const cJSON *one = properties->child; one != NULL; one = one->next) {
        CHECK_ROW(one->string,
                  cJSON_IsString(cJSON_GetObjectItemCaseSensitive(one, "description")));
    }
    cJSON_Delete(schema);
}

/* ---- the reader against the tree ---- */

/* A value that the key takes, in range. What depends on other keys is given with them. */
static const char *sample(const struct scenario_key *key)
{
    switch (key->type) {
    case KEY_TEXT:
        return "\"x\"";
    case KEY_WHOLE:
        return key->least >= 400 ? "404" : "2";
    case KEY_NUMBER:
        return key->most < 1 ? "0.25" : "1.5";
    case KEY_SHARE:
        return "\"25%\"";
    case KEY_SPAN:
    case KEY_SECONDS:
    case KEY_MINUTES:
        return key->least > 1e9 ? "\"2h\"" : "\"40s\"";
    case KEY_SIGNED_SPAN:
        return "\"-1h\"";
    case KEY_INSTANT:
    case KEY_STAMP:
        return "\"2025-01-06T15:00:00Z\"";
    case KEY_RATE:
        return "\"2/s\"";
    case KEY_BOOL:
        return "true";
    case KEY_SEED:
        return "\"0x5EED\"";
    case KEY_LIMIT:
        return "5";
    case KEY_SETTING:
        return "false";
    case KEY_SCHEMA:
        return "\"" SCENARIO_SCHEMA "\"";
    case KEY_IGNORED:
        return "\"x\"";
    case KEY_ENUM:
    case KEY_MASK:
    case KEY_OBJECT:
    case KEY_MAP:
    case KEY_LIST:
    case KEY_ENV:
    case KEY_SHORT:
    case KEY_TYPE_COUNT:
        break;
    }
    return NULL;
}

static bool reads(const char *bytes, struct err_list *list)
{
    struct scenario *scenario = calloc(1, sizeof *scenario);
    *list = (struct err_list){0};
    const bool good = scenario_read(scenario, "t.json", bytes, strlen(bytes), NULL, list);
    scenario_release(scenario);
    free(scenario);
    return good;
}

/* Refused for its range, its kind or its company, but never as unknown or of the wrong type. */
static void is_known(const char *bytes)
{
    struct err_list list;
    (void)reads(bytes, &list);
    for (uint32_t i = 0; i < list.count; i++) {
        CHECK_ROW(bytes, strstr(list.items[i].message, "unknown key") == NULL);
        CHECK_ROW(bytes, list.items[i].warning || strstr(list.items[i].message, " takes ") == NULL);
        CHECK_ROW(bytes, strstr(list.items[i].message, "\" cannot be \"") == NULL);
    }
}

static void is_unknown(const char *bytes)
{
    struct err_list list;
    CHECK_ROW(bytes, !reads(bytes, &list));
    bool said = false;
    for (uint32_t i = 0; i < list.count; i++)
        said = said || strstr(list.items[i].message, "unknown key \"zzz\"") != NULL;
    CHECK_ROW(bytes, said);
}

enum { FILE_MAX = 4096 };

static void try_keys(const struct scenario_key *keys, const char *before, const char *after);

static void try_inner(const struct scenario_key *row, const char *before, const char *after)
{
    char inner_before[FILE_MAX];
    char inner_after[FILE_MAX];
    const struct scenario_key *element = row->type == KEY_OBJECT ? row : row->element;
    const char *map_entry = "";
    const char *open = "";
    const char *close = "";
    if (row->type == KEY_MAP) {
        const bool providers = row->names == provider_id_names;
        map_entry = providers ? "\"KROGER_API\": " : "\"store\": ";
        open = "{";
        close = "}";
    } else if (row->type == KEY_LIST) {
        open = "[";
        close = "]";
    }
    (void)snprintf(inner_before, sizeof inner_before, "%s\"%s\": %s%s{", before, row->name, open,
                   map_entry);
    (void)snprintf(inner_after, sizeof inner_after, "}%s%s", close, after);
    try_keys(element->keys, inner_before, inner_after);
}

static void try_row(const struct scenario_key *row, const char *before, const char *after)
{
    char bytes[FILE_MAX];
    const char *value = sample(row);
    const bool holds = (row->type == KEY_MAP || row->type == KEY_LIST);
    if ((row->flags & KEY_OR_SPAN) != 0) {
        (void)snprintf(bytes, sizeof bytes, "%s\"%s\": \"40s\"%s", before, row->name, after);
        is_known(bytes);
    }
    if (row->type == KEY_OBJECT || (holds && row->element->type == KEY_OBJECT)) {
        try_inner(row, before, after);
    } else if (row->type == KEY_ENUM || row->type == KEY_MASK) {
        for (int i = 0; row->names[i] != NULL; i++) {
            (void)snprintf(bytes, sizeof bytes, "%s\"%s\": \"%s\"%s", before, row->name,
                           row->names[i], after);
            is_known(bytes);
        }
    } else if (value != NULL) {
        (void)snprintf(bytes, sizeof bytes, "%s\"%s\": %s%s", before, row->name, value, after);
        is_known(bytes);
    }
}

static void try_keys(const struct scenario_key *keys, const char *before, const char *after)
{
    char bytes[FILE_MAX];
    (void)snprintf(bytes, sizeof bytes, "%s\"zzz\": 1%s", before, after);
    is_unknown(bytes);
    for (const struct scenario_key *row = keys; row->name != NULL; row++)
        try_row(row, before, after);
}

static void takes_every_key_and_no_other(void **state)
{
    (void)state;
    try_keys(scenario_root.keys, "{", "}");
    try_keys(scenario_root.keys, "{\"short\": {", "}}");
}

static void keeps_provider_ids_as_the_registry_has_them(void **state)
{
    (void)state;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        assert_string_equal(provider_id_names[p], provider_traits[p].id);
    assert_null(provider_id_names[PROVIDER_COUNT]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_the_same_names_at_every_object),
        cmocka_unit_test(explains_every_property),
        cmocka_unit_test(takes_every_key_and_no_other),
        cmocka_unit_test(keeps_provider_ids_as_the_registry_has_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
