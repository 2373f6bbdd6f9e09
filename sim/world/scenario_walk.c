#include <assert.h>
#include <string.h>

#include "sim/world/scenario_keys.h"

struct walk {
    const struct scenario *scenario;
    void (*visit)(void *context, const struct scenario_leaf *leaf);
    void *context;
    int provider;
    char path[KEY_PATH_MAX];
};

static void walk_node(struct walk *walk, const struct scenario_key *key, const void *address,
                      uint32_t flags);

static void walk_down(struct walk *walk, const struct scenario_key *key, const char *name,
                      const void *address, uint32_t flags)
{
    const size_t length = strlen(walk->path);
    (void)snprintf(walk->path + length, sizeof walk->path - length, "%s%s", length == 0 ? "" : ".",
                   name);
    walk_node(walk, key, address, flags);
    walk->path[length] = '\0';
}

static void walk_object(struct walk *walk, const struct scenario_key *key, const void *object,
                        uint32_t flags)
{
    if (key->used != NULL && !key->used(walk->scenario, object)) return;
    for (const struct scenario_key *row = key->keys; row->name != NULL; row++) {
        if (row->type == KEY_SHORT || row->type == KEY_SCHEMA || row->type == KEY_IGNORED) continue;
        walk_down(walk, row, row->name, (const char *)object + row->offset, flags);
    }
}

static void walk_map(struct walk *walk, const struct scenario_key *key, const void *entries,
                     uint32_t flags)
{
    const bool providers = key->names == provider_id_names;
    const bool operations = (key->flags & KEY_OPERATIONS) != 0;
    for (int i = 0; key->names[i] != NULL; i++) {
        if (operations && !operation_exists((enum provider)walk->provider, (enum operation)i)) {
            continue;
        }
        if (providers) walk->provider = i;
        walk_down(walk, key->element, key->names[i],
                  (const char *)entries + (size_t)i * key->stride, flags);
    }
    if (providers) walk->provider = -1;
}

static void walk_list(struct walk *walk, const struct scenario_key *key, const void *elements,
                      uint32_t flags)
{
    uint32_t count = key->capacity;
    if (key->count_offset != 0) {
        memcpy(&count, (const char *)elements - key->offset + key->count_offset, sizeof count);
    }
    assert(count <= key->capacity);
    for (uint32_t i = 0; i < count; i++) {
        const char *element = (const char *)elements + (size_t)i * key->stride;
        const struct scenario_key *identity =
            key->identity == NULL ? NULL : scenario_key_find(key->element->keys, key->identity);
        char index[16];
        (void)snprintf(index, sizeof index, "%u", (unsigned)i);
        const bool named = identity != NULL && (identity->flags & KEY_NAME) != 0;
        walk_down(walk, key->element, named ? element + identity->offset : index, element, flags);
    }
}

static void walk_node(struct walk *walk, const struct scenario_key *key, const void *address,
                      uint32_t flags)
{
    flags |= key->flags;
    if (scenario_key_is_leaf(key) || key->type == KEY_ENV) {
        if (key->type != KEY_ENV && !scenario_value_is_set(key, address)) return;
        const struct scenario_leaf leaf = {
            .key = key,
            .path = walk->path,
            .address = address,
            .offset = (uint32_t)((const char *)address - (const char *)walk->scenario),
            .flags = flags};
        walk->visit(walk->context, &leaf);
    } else if (key->type == KEY_OBJECT) {
        walk_object(walk, key, address, flags);
    } else if (key->type == KEY_MAP) {
        walk_map(walk, key, address, flags);
    } else {
        assert(key->type == KEY_LIST);
        walk_list(walk, key, address, flags);
    }
}

void scenario_walk(const struct scenario *scenario,
                   void (*visit)(void *context, const struct scenario_leaf *leaf), void *context)
{
    struct walk walk = {
        .scenario = scenario, .visit = visit, .context = context, .provider = -1, .path = ""};
    walk_object(&walk, &scenario_root, scenario, 0);
}
