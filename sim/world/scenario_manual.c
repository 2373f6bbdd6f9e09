#include <assert.h>
#include <string.h>

#include "sim/world/scenario_keys.h"

/* One table for each object: its own values as rows, then the objects inside it. Where the defaults
 * of providers differ, all four are said. */

struct manual {
    struct text *markdown;
    const struct scenario *defaults;
    bool by_provider; /* `value` is MEALME's; the others' follow at the same distance */
};

/* ---- what a key takes ---- */

static void write_range(const struct scenario_key *key, struct text *out)
{
    if (key->least == 0 && key->most == 0) return;
    text_put(out, (key->flags & KEY_ABOVE) != 0 ? ", above " : ", ");
    scenario_bound_write(key, key->least, out);
    text_put(out, (key->flags & KEY_ABOVE) != 0 ? ", at most " : " to ");
    scenario_bound_write(key, key->most, out);
}

static void write_words(const char *const *names, struct text *out)
{
    for (int i = 0; names[i] != NULL; i++)
        text_format(out, "%s`%s`", i == 0 ? "" : ", ", names[i]);
}

static const char *type_word(const struct scenario_key *key)
{
    switch (key->type) {
    case KEY_TEXT:
    case KEY_IGNORED:
        return (key->flags & KEY_NAME) != 0 ? "a name" : "text";
    case KEY_WHOLE:
        return "whole number";
    case KEY_NUMBER:
        return "number";
    case KEY_SHARE:
        return "share";
    case KEY_SPAN:
        if ((key->flags & KEY_WHOLE_SECONDS) != 0) return "span of whole seconds";
        return (key->flags & KEY_NEVER) != 0 ? "span or \"never\"" : "span";
    case KEY_SECONDS:
        return "span of whole seconds";
    case KEY_MINUTES:
        return "span";
    case KEY_SIGNED_SPAN:
        return "span, with a sign";
    case KEY_INSTANT:
    case KEY_STAMP:
        return "instant";
    case KEY_RATE:
        return "rate";
    case KEY_BOOL:
        return "true or false";
    case KEY_SEED:
        return "whole number or text";
    case KEY_LIMIT:
        return "number or text";
    case KEY_SETTING:
        return "text, number, true or false";
    case KEY_ENV:
        return "object of texts";
    case KEY_SHORT:
        return "object";
    case KEY_OBJECT:
        return (key->flags & KEY_OR_SPAN) != 0 ? "span, or a law as in `workload.requote.after`"
                                               : "";
    case KEY_ENUM:
    case KEY_MASK:
    case KEY_SCHEMA:
    case KEY_LIST:
    case KEY_MAP:
    case KEY_TYPE_COUNT:
        break;
    }
    return "";
}

static void write_takes(const struct scenario_key *key, struct text *out)
{
    if (key->type == KEY_ENUM || key->type == KEY_SCHEMA) {
        write_words(key->names, out);
    } else if (key->type == KEY_MASK) {
        text_put(out, "one or a list of ");
        write_words(key->names, out);
        text_put(out, ", `all`");
    } else if (key->type == KEY_LIST) {
        text_format(out, (key->flags & KEY_FULL) != 0 ? "list of %u: " : "list of at most %u: ",
                    (unsigned)key->capacity);
        text_put(out, type_word(key->element));
    } else if (key->type == KEY_MAP) {
        text_put(out, "object by ");
        write_words(key->names, out);
        text_format(out, ": %s", type_word(key->element));
    } else {
        text_put(out, type_word(key));
        write_range(key, out);
    }
    if (key->unit != NULL) text_format(out, "; %s", key->unit);
    if ((key->flags & KEY_REQUIRED) != 0) text_put(out, "; required");
}

/* ---- defaults ---- */

static void write_value(const struct scenario_key *key, const void *value, struct text *out)
{
    struct text json = {0};
    const bool empty =
        (key->type == KEY_TEXT || key->type == KEY_STAMP) && *(const char *)value == '\0';
    if (!empty && scenario_value_is_set(key, value)) {
        scenario_value_write(key, value, &json);
        text_format(out, "`%s`", json.bytes);
    } else if ((key->flags & KEY_NEVER) != 0) {
        text_put(out, "`\"never\"`");
    } else {
        text_put(out, "none");
    }
    text_release(&json);
}

static void write_map_value(const struct scenario_key *key, const void *value, struct text *out)
{
    if ((key->flags & KEY_OPERATIONS) != 0) return;
    for (int i = 0; key->names[i] != NULL; i++) {
        text_format(out, "%s%s ", i == 0 ? "" : ", ", key->names[i]);
        write_value(key->element, (const char *)value + (size_t)i * key->stride, out);
    }
}

static void write_one_default(const struct scenario_key *key, const void *value, struct text *out)
{
    if (key->type == KEY_MAP) {
        write_map_value(key, value, out);
    } else if (scenario_key_is_leaf(key) && key->type != KEY_SCHEMA && key->type != KEY_IGNORED) {
        write_value(key, value, out);
    }
}

static void write_defaults(const struct manual *manual, const struct scenario_key *key,
                           const void *value, struct text *out)
{
    if (key->defaults != NULL) {
        text_put(out, key->defaults);
        return;
    }
    if (value == NULL || (key->flags & KEY_REQUIRED) != 0) return;
    struct text each[PROVIDER_COUNT] = {{0}};
    const int count = manual->by_provider ? PROVIDER_COUNT : 1;
    bool same = true;
    for (int p = 0; p < count; p++) {
        write_one_default(key, (const char *)value + (size_t)p * sizeof(struct provider_spec),
                          &each[p]);
        if (each[p].bytes == NULL) text_put(&each[p], "");
        same = same && strcmp(each[p].bytes, each[0].bytes) == 0;
    }
    for (int p = 0; p < (same ? 1 : count); p++) {
        if (!same) text_format(out, "%s%s ", p == 0 ? "" : ", ", provider_traits[p].short_name);
        text_put(out, each[p].bytes);
    }
    for (int p = 0; p < count; p++)
        text_release(&each[p]);
}

/* ---- tables ---- */

static bool is_section(const struct scenario_key *key)
{
    if (key->type == KEY_OBJECT) return (key->flags & KEY_OR_SPAN) == 0;
    const bool holds = key->type == KEY_MAP || key->type == KEY_LIST;
    return holds && key->element->type == KEY_OBJECT;
}

static void write_row(const struct manual *manual, const struct scenario_key *key,
                      const void *value)
{
    struct text *const out = manual->markdown;
    text_format(out, "| `%s` | ", key->name);
    write_takes(key, out);
    text_put(out, " | ");
    write_defaults(manual, key, value, out);
    text_format(out, " | %s |\n", key->help);
}

static void write_section(const struct manual *manual, const struct scenario_key *key,
                          const char *path, const void *object);

static void write_inner(const struct manual *manual, const struct scenario_key *row,
                        const char *path, const void *value)
{
    char inner[KEY_PATH_MAX];
    struct manual below = *manual;
    const struct scenario_key *element = row->element;
    const void *object = value;
    void *fresh = NULL;
    static union {
        struct fault_spec fault;
        struct check_spec check;
        struct outage_part part;
        struct alert_rule rule;
        struct operator_spec operator;
        struct probe_spec probe;
        struct expect_spec expect;
    } element_buffer;
    (void)snprintf(inner, sizeof inner, "%s%s%s", path, path[0] == '\0' ? "" : ".", row->name);
    const size_t length = strlen(inner);
    if (row->type == KEY_LIST) {
        (void)snprintf(inner + length, sizeof inner - length, "[]");
        if (row->fresh != NULL) {
            assert(row->stride <= sizeof element_buffer);
            fresh = &element_buffer;
            row->fresh(fresh);
        }
        object = fresh;
    } else if (row->type == KEY_MAP) {
        const bool providers = row->names == provider_id_names;
        (void)snprintf(inner + length, sizeof inner - length, "%s",
                       providers ? ".ID" : ".OPERATION");
        below.by_provider = providers;
        if (!providers) object = NULL; /* laws have a table of their own */
    } else {
        element = row;
    }
    text_format(manual->markdown, "\n### `%s`\n\n%s\n", inner, row->help);
    write_section(&below, element, inner, object);
}

static void write_section(const struct manual *manual, const struct scenario_key *key,
                          const char *path, const void *object)
{
    struct text *const out = manual->markdown;
    text_put(out, "\n| key | takes | default | what it does |\n|---|---|---|---|\n");
    for (const struct scenario_key *row = key->keys; row->name != NULL; row++) {
        if (is_section(row)) {
            text_format(out, "| `%s` | %s | | %s |\n", row->name,
                        row->type == KEY_LIST ? "list of objects" : "object", row->help);
        } else {
            write_row(manual, row, object == NULL ? NULL : (const char *)object + row->offset);
        }
    }
    for (const struct scenario_key *row = key->keys; row->name != NULL; row++) {
        if (!is_section(row) || (row->flags & KEY_TOLD_BEFORE) != 0) continue;
        write_inner(manual, row, path, object == NULL ? NULL : (const char *)object + row->offset);
    }
}

/* ---- default latencies ---- */

static void write_law(const struct law_spec *law, struct text *out)
{
    const char *between = "";
    for (const struct scenario_key *row = scenario_law_keys; row->name != NULL; row++) {
        const void *value = (const char *)law + row->offset;
        if (!scenario_key_is_leaf(row) || row->type == KEY_TEXT || row->type == KEY_BOOL) continue;
        if (!scenario_value_is_set(row, value)) continue;
        if (strcmp(row->name, "floor") == 0 && law->floor_us == 0) continue;
        text_format(out, "%s%s ", between, row->name);
        scenario_value_write(row, value, out);
        between = ", ";
    }
}

static void write_laws(const struct manual *manual)
{
    struct text *const out = manual->markdown;
    text_put(out, "\n### Default latencies\n\n| provider | operation | law |\n|---|---|---|\n");
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        for (unsigned o = 0; o < OPERATION_COUNT; o++) {
            if (!operation_exists((enum provider)p, (enum operation)o)) continue;
            text_format(out, "| `%s` | `%s` | ", provider_traits[p].id, operation_names[o]);
            write_law(&manual->defaults->providers[p].backend.latency[o], out);
            text_put(out, " |\n");
        }
    }
}

void scenario_manual(struct text *markdown)
{
    static struct scenario defaults; /* too large for a stack; filled anew each time */
    scenario_default(&defaults);
    const struct manual manual = {.markdown = markdown, .defaults = &defaults};
    text_put(markdown, "### The whole file\n");
    write_section(&manual, &scenario_root, "", &defaults);
    write_laws(&manual);
}
