#include <assert.h>
#include <string.h>

#include "router/base/duration.h"
#include "sim/world/scenario_keys.h"

#define SPAN_PATTERN    "([0-9]+(us|ms|s|m|h|d))+"
#define INSTANT_PATTERN "^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?Z?$"

struct schema {
    struct text *json;
    bool brief; /* inside `short`: nothing is required, since elements may start from a namesake */
    int provider;
    unsigned depth;
};

static void write_key(struct schema *schema, const struct scenario_key *key, const void *value);

/* ---- writing ---- */

static void new_line(struct schema *schema)
{
    text_char(schema->json, '\n');
    for (unsigned i = 0; i < schema->depth; i++)
        text_put(schema->json, "  ");
}

static void write_names(struct schema *schema, const char *const *names, const char *extra)
{
    text_put(schema->json, "\"enum\": [");
    for (int i = 0; names[i] != NULL; i++) {
        if (i > 0) text_put(schema->json, ", ");
        text_json_string(schema->json, names[i]);
    }
    if (extra != NULL) {
        text_put(schema->json, ", ");
        text_json_string(schema->json, extra);
    }
    text_char(schema->json, ']');
}

static void write_range(struct schema *schema, const struct scenario_key *key)
{
    const double most = key->type == KEY_SHARE && key->most == 0 ? 1.0 : key->most;
    if (key->least == 0 && most == 0) return;
    text_put(schema->json,
             (key->flags & KEY_ABOVE) != 0 ? ", \"exclusiveMinimum\": " : ", \"minimum\": ");
    text_double(schema->json, key->least);
    text_put(schema->json, ", \"maximum\": ");
    text_double(schema->json, most);
}

static void write_pattern(struct schema *schema, const char *pattern)
{
    text_put(schema->json, "\"type\": \"string\", \"pattern\": ");
    text_json_string(schema->json, pattern);
}

static void write_text(struct schema *schema, const struct scenario_key *key)
{
    text_format(schema->json, "\"type\": \"string\", \"maxLength\": %u", (unsigned)key->size - 1);
    if ((key->flags & KEY_NAME) != 0) {
        text_put(schema->json, ", \"pattern\": \"^[A-Za-z0-9][A-Za-z0-9._-]*$\"");
    }
}

static void write_list(struct schema *schema, const struct scenario_key *key)
{
    text_format(schema->json, "\"type\": \"array\", \"maxItems\": %u", (unsigned)key->capacity);
    if ((key->flags & KEY_FULL) != 0) {
        text_format(schema->json, ", \"minItems\": %u", (unsigned)key->capacity);
    }
    text_put(schema->json, ", \"items\": ");
    write_key(schema, key->element, NULL);
}

static void write_mask(struct schema *schema, const struct scenario_key *key)
{
    text_put(schema->json, "\"anyOf\": [{");
    write_names(schema, key->names, "all");
    text_put(schema->json, "}, {\"type\": \"array\", \"minItems\": 1, \"items\": {");
    write_names(schema, key->names, "all");
    text_put(schema->json, "}}]");
}

/* ---- objects and maps ---- */

static void write_required(struct schema *schema, const struct scenario_key *key)
{
    const char *between = "\"required\": [";
    bool any = false;
    for (const struct scenario_key *row = key->keys; row->name != NULL && !schema->brief; row++) {
        if ((row->flags & KEY_REQUIRED) == 0) continue;
        text_put(schema->json, between);
        text_json_string(schema->json, row->name);
        between = ", ";
        any = true;
    }
    if (any) text_put(schema->json, "], ");
}

static void write_object(struct schema *schema, const struct scenario_key *key, const void *object)
{
    text_put(schema->json, "\"type\": \"object\", ");
    write_required(schema, key);
    text_put(schema->json, "\"additionalProperties\": false, \"properties\": {");
    schema->depth += 1;
    const char *between = "";
    for (const struct scenario_key *row = key->keys; row->name != NULL; row++) {
        if (row->type == KEY_SHORT && schema->brief) continue;
        text_put(schema->json, between);
        new_line(schema);
        text_json_string(schema->json, row->name);
        text_put(schema->json, ": ");
        write_key(schema, row, object == NULL ? NULL : (const char *)object + row->offset);
        between = ",";
    }
    schema->depth -= 1;
    text_char(schema->json, '}');
}

static void write_entry(struct schema *schema, const struct scenario_key *key, int index,
                        const void *entries)
{
    const char *name = index < 0 ? "all" : key->names[index];
    const void *entry = NULL;
    if (entries != NULL && index >= 0) {
        entry = (const char *)entries + (size_t)index * key->stride;
    }
    if (key->names == provider_id_names) schema->provider = index;
    new_line(schema);
    text_json_string(schema->json, name);
    text_put(schema->json, ": ");
    write_key(schema, key->element, entry);
    if (key->names == provider_id_names) schema->provider = -1;
}

static void write_map(struct schema *schema, const struct scenario_key *key, const void *entries)
{
    text_put(schema->json,
             "\"type\": \"object\", \"additionalProperties\": false, \"properties\": {");
    schema->depth += 1;
    const bool takes_all = (key->flags & KEY_REPLACES) == 0;
    if (takes_all) write_entry(schema, key, -1, entries);
    bool any = takes_all;
    for (int i = 0; key->names[i] != NULL; i++) {
        const bool operations = (key->flags & KEY_OPERATIONS) != 0 && schema->provider >= 0;
        if (operations && !operation_exists((enum provider)schema->provider, (enum operation)i)) {
            continue;
        }
        if (any) text_char(schema->json, ',');
        write_entry(schema, key, i, entries);
        any = true;
    }
    schema->depth -= 1;
    text_char(schema->json, '}');
}

static void write_one_or_map(struct schema *schema, const struct scenario_key *key,
                             const void *entries)
{
    if ((key->flags & KEY_ONE_FOR_ALL) == 0) {
        write_map(schema, key, entries);
        return;
    }
    text_put(schema->json, "\"anyOf\": [");
    write_key(schema, key->element, NULL);
    text_put(schema->json, ", {");
    write_map(schema, key, entries);
    text_put(schema->json, "}]");
}

static void write_env(struct schema *schema)
{
    static const char types[] = "{\"type\": [\"string\", \"number\", \"boolean\", \"null\"]}";
    text_format(schema->json,
                "\"type\": \"object\", \"additionalProperties\": %s, \"properties\": {", types);
    schema->depth += 1;
    for (int i = 0; config_keys[i] != NULL; i++) {
        if (i > 0) text_char(schema->json, ',');
        new_line(schema);
        text_json_string(schema->json, config_keys[i]);
        text_format(schema->json, ": %s", types);
    }
    schema->depth -= 1;
    text_char(schema->json, '}');
}

static void write_short(struct schema *schema, const struct scenario_key *key)
{
    schema->brief = true;
    write_object(schema, key, NULL);
    schema->brief = false;
}

/* ---- one key ---- */

static void write_type(struct schema *schema, const struct scenario_key *key, const void *value)
{
    switch (key->type) {
    case KEY_TEXT:
        write_text(schema, key);
        return;
    case KEY_WHOLE:
        text_put(schema->json, "\"type\": \"integer\"");
        write_range(schema, key);
        return;
    case KEY_NUMBER:
        text_put(schema->json, "\"type\": \"number\"");
        write_range(schema, key);
        return;
    case KEY_SHARE:
        text_put(schema->json, "\"anyOf\": [{\"type\": \"number\"");
        write_range(schema, key);
        text_put(schema->json, "}, {\"type\": \"string\", \"pattern\": \"^[0-9.]+%$\"}]");
        return;
    case KEY_SPAN:
        write_pattern(schema, (key->flags & KEY_NEVER) != 0 ? "^(" SPAN_PATTERN "|never)$"
                                                            : "^" SPAN_PATTERN "$");
        return;
    case KEY_SECONDS:
    case KEY_MINUTES:
        write_pattern(schema, "^" SPAN_PATTERN "$");
        return;
    case KEY_SIGNED_SPAN:
        write_pattern(schema, "^-?" SPAN_PATTERN "$");
        return;
    case KEY_INSTANT:
    case KEY_STAMP:
        write_pattern(schema, INSTANT_PATTERN);
        return;
    case KEY_RATE:
        write_pattern(schema, "^[0-9.]+/(s|m|h|d)$");
        return;
    case KEY_BOOL:
        text_put(schema->json, "\"type\": \"boolean\"");
        return;
    case KEY_ENUM:
        write_names(schema, key->names, NULL);
        return;
    case KEY_MASK:
        write_mask(schema, key);
        return;
    case KEY_SEED:
        text_put(schema->json, "\"anyOf\": [{\"type\": \"integer\"");
        write_range(schema, key);
        text_put(schema->json, "}, {");
        write_pattern(schema, "^(0[xX][0-9a-fA-F]{1,16}|[0-9]{1,20})$");
        text_put(schema->json, "}]");
        return;
    case KEY_LIMIT:
        text_put(schema->json, "\"type\": [\"number\", \"string\"]");
        return;
    case KEY_SETTING:
        text_put(schema->json, "\"type\": [\"string\", \"number\", \"boolean\"]");
        return;
    case KEY_SCHEMA:
        write_names(schema, key->names, NULL);
        return;
    case KEY_IGNORED:
        text_put(schema->json, "\"type\": \"string\"");
        return;
    case KEY_OBJECT:
        write_object(schema, key, value);
        return;
    case KEY_MAP:
        write_one_or_map(schema, key, value);
        return;
    case KEY_LIST:
        write_list(schema, key);
        return;
    case KEY_ENV:
        write_env(schema);
        return;
    case KEY_SHORT:
        write_short(schema, key);
        return;
    case KEY_TYPE_COUNT:
        break;
    }
    assert(!"a key of no type");
}

static void write_default(struct schema *schema, const struct scenario_key *key, const void *value)
{
    if (value == NULL || !scenario_key_is_leaf(key) || key->defaults != NULL) return;
    if (key->type == KEY_SCHEMA || key->type == KEY_IGNORED) return;
    if (!scenario_value_is_set(key, value)) return;
    if ((key->type == KEY_TEXT || key->type == KEY_STAMP) && *(const char *)value == '\0') return;
    text_put(schema->json, ", \"default\": ");
    scenario_value_write(key, value, schema->json);
}

/* A law is the same for every operation of every provider: it stands once, and is referred to. */
static bool write_reference(struct schema *schema, const struct scenario_key *key)
{
    if (key->type != KEY_OBJECT || key->keys != scenario_law_keys) return false;
    if ((key->flags & KEY_OR_SPAN) == 0) {
        text_put(schema->json, "{\"$ref\": \"#/$defs/law\"}");
        return true;
    }
    text_put(schema->json, "{\"description\": ");
    text_json_string(schema->json, key->help);
    text_put(schema->json, ", \"anyOf\": [{\"$ref\": \"#/$defs/law\"}, {");
    write_pattern(schema, "^" SPAN_PATTERN "$");
    text_put(schema->json, "}]}");
    return true;
}

static void write_key(struct schema *schema, const struct scenario_key *key, const void *value)
{
    if (write_reference(schema, key)) return;
    text_char(schema->json, '{');
    if (key->help != NULL) {
        text_put(schema->json, "\"description\": ");
        text_json_string(schema->json, key->help);
        text_put(schema->json, ", ");
    }
    write_type(schema, key, value);
    write_default(schema, key, value);
    text_char(schema->json, '}');
}

static const struct scenario_key law_definition = {
    .type = KEY_OBJECT, .keys = scenario_law_keys, .help = "A latency law."};

void scenario_schema(struct text *json)
{
    static struct scenario defaults; /* too large for a stack; filled anew each time */
    struct schema schema = {.json = json, .provider = -1};
    scenario_default(&defaults);
    text_put(json, "{\"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n");
    text_put(json, "\"title\": \"" SCENARIO_SCHEMA "\",\n");
    text_put(json, "\"$defs\": {\"law\": {\"description\": ");
    text_json_string(json, law_definition.help);
    text_put(json, ", ");
    write_type(&schema, &law_definition, NULL);
    text_put(json, "}},\n");
    write_object(&schema, &scenario_root, &defaults);
    text_put(json, "}\n");
}
