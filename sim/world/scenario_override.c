#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/world/scenario_keys.h"

/* An override's path, followed as far as it goes. */
struct path_walk {
    struct scenario *scenario;
    const struct scenario_override *override;
    struct err_list *list;
    const struct scenario_key *key;
    char *address;
    int provider;
    char done[KEY_PATH_MAX]; /* what has been followed */
};

static struct place override_place(const struct scenario_override *override)
{
    return (struct place){.file = override->origin == NULL ? "--set" : override->origin};
}

/* An object is told which key comes, as if the override were written out. */
static void announce(const struct path_walk *walk, const char *part)
{
    if (walk->key->prepare == NULL) return;
    cJSON *object = cJSON_CreateObject();
    if (object != NULL && cJSON_AddNullToObject(object, part) != NULL) {
        scenario_prepare(walk->scenario, walk->key, walk->address, object);
    }
    cJSON_Delete(object);
}

/* The next part of the path; false at its end. An env key and whatever follows is one part. */
static bool take_part(const char **rest, char part[KEY_PATH_MAX])
{
    if (**rest == '\0') return false;
    const size_t length = strcspn(*rest, ".");
    const size_t kept = length < KEY_PATH_MAX - 1 ? length : KEY_PATH_MAX - 1;
    memcpy(part, *rest, kept);
    part[kept] = '\0';
    *rest += length;
    if (**rest == '.') *rest += 1;
    return true;
}

static void refuse_part(const struct path_walk *walk, const char *part, const char *const *names)
{
    char near[ERR_HINT_MAX];
    struct text hint = {0};
    if (text_suggest(part, names, near, sizeof near)) {
        text_put(&hint, near);
    } else {
        text_put(&hint, "known here:");
        for (int i = 0; names[i] != NULL; i++)
            text_format(&hint, "%s %s", i == 0 ? "" : ",", names[i]);
    }
    if (walk->done[0] == '\0') {
        err_add(walk->list, override_place(walk->override), hint.bytes,
                "unknown key \"%s\" in \"%s\"", part, walk->override->path);
    } else {
        err_add(walk->list, override_place(walk->override), hint.bytes, "\"%s\" has no \"%s\"",
                walk->done, part);
    }
    text_release(&hint);
}

static bool enter_object(struct path_walk *walk, const char *part)
{
    enum { NAMES_MAX = 64 };
    const char *names[NAMES_MAX + 1];
    int count = 0;
    for (const struct scenario_key *row = walk->key->keys; row->name != NULL; row++) {
        const bool kept = row->type != KEY_SHORT && row->type != KEY_IGNORED;
        if (kept && strcmp(row->name, part) == 0) {
            announce(walk, part);
            walk->key = row;
            walk->address += row->offset;
            return true;
        }
        assert(count < NAMES_MAX);
        if (kept) names[count++] = row->name;
    }
    names[count] = NULL;
    refuse_part(walk, part, names);
    return false;
}

static bool enter_map(struct path_walk *walk, const char *part)
{
    const int index = scenario_name_index(walk->key->names, part);
    const bool operations = (walk->key->flags & KEY_OPERATIONS) != 0;
    const char *names[OPERATION_COUNT + PROVIDER_COUNT + PREFERENCE_COUNT + 1];
    int count = 0;
    bool has = false;
    for (int i = 0; walk->key->names[i] != NULL; i++) {
        if (operations && !operation_exists((enum provider)walk->provider, (enum operation)i)) {
            continue;
        }
        names[count++] = walk->key->names[i];
        has = has || i == index;
    }
    names[count] = NULL;
    if (!has) {
        refuse_part(walk, part, names);
        return false;
    }
    if (walk->key->names == provider_id_names) walk->provider = index;
    walk->address += (size_t)index * walk->key->stride;
    walk->key = walk->key->element;
    return true;
}

static bool enter_list(struct path_walk *walk, const char *part)
{
    const struct scenario_key *const key = walk->key;
    uint32_t count = key->capacity;
    if (key->count_offset != 0) {
        memcpy(&count, walk->address - key->offset + key->count_offset, sizeof count);
    }
    const struct scenario_key *identity =
        key->identity == NULL ? NULL : scenario_key_find(key->element->keys, key->identity);
    const char *names[FAULTS_MAX + 1];
    uint32_t named = 0;
    char *end = NULL;
    const unsigned long number = strtoul(part, &end, 10);
    uint32_t found = *end == '\0' && end != part && number < count ? (uint32_t)number : count;
    for (uint32_t i = 0; identity != NULL && i < count && named < FAULTS_MAX; i++) {
        names[named++] = walk->address + (size_t)i * key->stride + identity->offset;
        if (strcmp(names[named - 1], part) == 0) found = i;
    }
    names[named] = NULL;
    if (found == count) {
        refuse_part(walk, part, names);
        return false;
    }
    walk->address += (size_t)found * key->stride;
    walk->key = key->element;
    return true;
}

static bool enter(struct path_walk *walk, const char *part)
{
    switch (walk->key->type) {
    case KEY_OBJECT:
        return enter_object(walk, part);
    case KEY_MAP:
        return enter_map(walk, part);
    case KEY_LIST:
        return enter_list(walk, part);
    case KEY_TEXT:
    case KEY_WHOLE:
    case KEY_NUMBER:
    case KEY_SHARE:
    case KEY_SPAN:
    case KEY_SIGNED_SPAN:
    case KEY_SECONDS:
    case KEY_MINUTES:
    case KEY_INSTANT:
    case KEY_STAMP:
    case KEY_RATE:
    case KEY_BOOL:
    case KEY_ENUM:
    case KEY_MASK:
    case KEY_SEED:
    case KEY_LIMIT:
    case KEY_SETTING:
    case KEY_SCHEMA:
    case KEY_IGNORED:
    case KEY_ENV:
    case KEY_SHORT:
    case KEY_TYPE_COUNT:
        break;
    }
    err_add(walk->list, override_place(walk->override), NULL,
            "\"%s\" has no parts; \"%s\" means nothing", walk->done, walk->override->path);
    return false;
}

/* Which keys take their value as it is typed, without JSON's quotes. */
static bool takes_bare_text(const struct scenario_key *key, const char *value)
{
    if (value[0] == '"' || value[0] == '[' || value[0] == '{') return false;
    switch (key->type) {
    case KEY_TEXT:
    case KEY_SPAN:
    case KEY_SIGNED_SPAN:
    case KEY_SECONDS:
    case KEY_MINUTES:
    case KEY_INSTANT:
    case KEY_STAMP:
    case KEY_RATE:
    case KEY_ENUM:
    case KEY_MASK:
    case KEY_SCHEMA:
        return true;
    case KEY_WHOLE:
    case KEY_NUMBER:
    case KEY_SHARE:
    case KEY_BOOL:
    case KEY_SEED:
    case KEY_LIMIT:
    case KEY_SETTING:
    case KEY_IGNORED:
    case KEY_OBJECT:
    case KEY_MAP:
    case KEY_LIST:
    case KEY_ENV:
    case KEY_SHORT:
    case KEY_TYPE_COUNT:
        break;
    }
    return false;
}

/* The value as a node. What is no JSON is a text, so that a shell needs no second pair of quotes.
 */
static cJSON *value_node(const struct scenario_key *key, const char *value)
{
    if (!takes_bare_text(key, value)) {
        struct json json = {0};
        struct err_list ignored = {0};
        if (json_read(&json, "", value, strlen(value), &ignored) && ignored.errors == 0) {
            cJSON *node = cJSON_Duplicate(json.root, true);
            json_release(&json);
            return node;
        }
        json_release(&json);
    }
    return cJSON_CreateString(value);
}

static void set_env(struct path_walk *walk, const char *key, const char *value)
{
    struct err err;
    const struct place place = override_place(walk->override);
    if (key[0] == '\0') {
        err_add(walk->list, place, NULL,
                "\"%s\" needs a key: \"router.env.LOOPGPT_KROGER_TIMEOUT\"", walk->override->path);
    } else if (!env_set(&walk->scenario->env, key, value, place, &err)) {
        err_list_add(walk->list, &err);
    }
}

void scenario_apply_override(struct scenario *scenario, const struct scenario_override *override,
                             struct err_list *list)
{
    struct path_walk walk = {
        .scenario = scenario,
        .override = override,
        .list = list,
        .key = &scenario_root,
        .address = (char *)scenario,
        .provider = -1,
    };
    const char *rest = override->path;
    char part[KEY_PATH_MAX];
    while (walk.key->type != KEY_ENV && take_part(&rest, part)) {
        if (!enter(&walk, part)) return;
        const size_t length = (size_t)(rest - override->path);
        const bool dot = length > 0 && override->path[length - 1] == '.';
        (void)snprintf(walk.done, sizeof walk.done, "%.*s", (int)(dot ? length - 1 : length),
                       override->path);
    }
    if (walk.key == &scenario_root) {
        err_add(list, override_place(override), NULL, "a path is missing before \"%s\"",
                override->value);
        return;
    }
    if (walk.key->type == KEY_ENV && override->value[0] != '{') {
        set_env(&walk, rest, override->value);
        return;
    }
    cJSON *node = value_node(walk.key, override->value);
    struct scenario_reader reader = {
        .scenario = scenario,
        .place = override_place(override),
        .list = list,
        .provider = walk.provider,
    };
    (void)snprintf(reader.path, sizeof reader.path, "%s", walk.done);
    if (node == NULL) {
        struct err err;
        (void)err_fail(&err, ERR_ENVIRONMENT, reader.place, "out of memory");
        err_list_add(list, &err);
    } else {
        scenario_read_node(&reader, walk.key, node, reader.place, walk.address);
    }
    cJSON_Delete(node);
}
