#include <assert.h>
#include <string.h>

#include "router/base/duration.h"
#include "sim/world/scenario_keys.h"

static const char all_entries[] = "all";

/* ---- places and paths ---- */

static struct place place_of(const struct scenario_reader *reader, const cJSON *node)
{
    return reader->json == NULL ? reader->place : json_place(reader->json, node);
}

static struct place key_place_of(const struct scenario_reader *reader, const cJSON *node)
{
    return reader->json == NULL ? reader->place : json_key_place(reader->json, node);
}

/* Goes one level down; returns what go_up() needs. A path past its buffer is cut, in messages only.
 */
static size_t go_down(struct scenario_reader *reader, const char *name)
{
    const size_t length = strlen(reader->path);
    (void)snprintf(reader->path + length, sizeof reader->path - length, "%s%s",
                   length == 0 ? "" : ".", name);
    return length;
}

static void go_up(struct scenario_reader *reader, size_t length)
{
    reader->path[length] = '\0';
}

/* ---- what was given ---- */

static void out_of_memory(const struct scenario_reader *reader, struct place place)
{
    struct err err;
    (void)err_fail(&err, ERR_ENVIRONMENT, place, "out of memory");
    err_list_add(reader->list, &err);
}

static bool room_for_given(struct scenario *scenario)
{
    if (scenario->given_count < scenario->given_capacity) return true;
    const uint32_t capacity = scenario->given_capacity == 0 ? 128 : scenario->given_capacity * 2;
    struct scenario_given *grown = arena_push(&scenario->arena, struct scenario_given, capacity);
    if (grown == NULL) return false;
    if (scenario->given_count > 0) {
        memcpy(grown, scenario->given, scenario->given_count * sizeof *grown);
    }
    scenario->given = grown;
    scenario->given_capacity = capacity;
    return true;
}

static bool add_given(struct scenario *scenario, const struct scenario_key *key,
                      const void *address, struct place place, bool refused)
{
    if (!room_for_given(scenario)) return false;
    const ptrdiff_t offset = (const char *)address - (const char *)scenario;
    assert(offset >= 0 && offset <= (ptrdiff_t)sizeof *scenario);
    scenario->given[scenario->given_count++] =
        (struct scenario_given){key, (uint32_t)offset, place, refused};
    return true;
}

void scenario_note_refused(struct scenario *scenario, const struct scenario_key *key,
                           const void *address, struct place place)
{
    (void)add_given(scenario, key, address, place, true); /* without memory: more is said */
}

static void note_given(struct scenario_reader *reader, const struct scenario_key *key,
                       const void *address, struct place place, bool refused)
{
    if (!add_given(reader->scenario, key, address, place, refused)) out_of_memory(reader, place);
}

void scenario_set_start(struct scenario *scenario, int64_t start_unix_us, const char *origin)
{
    const struct scenario_key *key = scenario_root.keys;
    while (key->name != NULL && strcmp(key->name, "start") != 0)
        key++;
    assert(key->name != NULL);
    scenario->start_unix_us = start_unix_us;
    /* Without memory for where it comes from, run.json says "default". */
    (void)add_given(scenario, key, &scenario->start_unix_us, (struct place){.file = origin}, false);
}

/* Forgets what was said about [address, address + size): a list is replaced, a law begun anew. */
static void forget_given(struct scenario *scenario, const void *address, size_t size)
{
    const size_t from = (size_t)((const char *)address - (const char *)scenario);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < scenario->given_count; i++) {
        const size_t offset = scenario->given[i].offset;
        if (offset >= from && offset < from + size) continue;
        scenario->given[kept++] = scenario->given[i];
    }
    scenario->given_count = kept;
}

const struct scenario_given *scenario_find_given(const struct scenario *scenario,
                                                 const struct scenario_key *key,
                                                 const void *address)
{
    const size_t offset = (size_t)((const char *)address - (const char *)scenario);
    for (uint32_t i = scenario->given_count; i > 0; i--) {
        const struct scenario_given *given = &scenario->given[i - 1];
        if (given->key == key && given->offset == offset) return given;
    }
    return NULL;
}

bool scenario_is_refused(const struct scenario *scenario, const void *address, size_t size)
{
    const size_t from = (size_t)((const char *)address - (const char *)scenario);
    for (uint32_t i = 0; i < scenario->given_count; i++) {
        const struct scenario_given *given = &scenario->given[i];
        if (given->refused && given->offset >= from && given->offset < from + size) return true;
    }
    return false;
}

struct place scenario_place(const struct scenario *scenario, const void *address, size_t size,
                            struct place otherwise)
{
    const size_t from = (size_t)((const char *)address - (const char *)scenario);
    for (uint32_t i = scenario->given_count; i > 0; i--) {
        const struct scenario_given *given = &scenario->given[i - 1];
        if (given->offset >= from && given->offset < from + size) return given->place;
    }
    return otherwise;
}

/* ---- unknown keys ---- */

static const struct {
    const char *word;
    const char *hint;
} words_from_elsewhere[] = {
    {"timeline", "faults stand in the list \"faults\""},
    {"load", "who orders what stands in \"workload\""},
    {"at_s", "write \"at\", with a unit: \"90s\""},
    {"for_s", "write \"for\", with a unit: \"90s\""},
    {"duration_s", "write \"duration\", with a unit: \"90s\""},
    {"repeats", "repeats are \"replications\""},
    {"weights", "weights are set in \"router.env\": \"LOOPGPT_SCORE_PRICE_WEIGHT\": 0.4"},
    {"timeout", "timeouts are set in \"router.env\": \"LOOPGPT_KROGER_TIMEOUT\": 4900"},
    {"partial_quotes_look_cheap", "write \"missing_items\": \"free\", \"median\" or \"excluded\""},
    {"no_retries", "write \"retry\": {\"enabled\": true}, or false"},
    {"retries", "write \"retry\": {\"enabled\": true, \"attempts\": 2}"},
    {"sequential_item_search", "write \"parallel_searches\": 1, or more"},
};

/* Names that may stand here, for a hint; at most so many as a table has. */
enum { NAMES_MAX = 64 };

static void hint_at_names(const char *word, const char *const *names, struct text *hint)
{
    char near[ERR_HINT_MAX];
    for (size_t i = 0; i < sizeof words_from_elsewhere / sizeof words_from_elsewhere[0]; i++) {
        if (strcmp(word, words_from_elsewhere[i].word) != 0) continue;
        text_put(hint, words_from_elsewhere[i].hint);
        return;
    }
    if (text_suggest(word, names, near, sizeof near)) {
        text_put(hint, near);
        return;
    }
    text_put(hint, "known here:");
    for (int i = 0; names[i] != NULL; i++)
        text_format(hint, "%s %s", i == 0 ? "" : ",", names[i]);
}

static void refuse_key(struct scenario_reader *reader, const char *word, struct place place,
                       const char *const *names)
{
    struct text hint = {0};
    hint_at_names(word, names, &hint);
    if (reader->path[0] == '\0') {
        err_add(reader->list, place, hint.bytes, "unknown key \"%s\"", word);
    } else {
        err_add(reader->list, place, hint.bytes, "unknown key \"%s\" in \"%s\"", word,
                reader->path);
    }
    text_release(&hint);
}

static void gather_names(const struct scenario_key *keys, const char *names[NAMES_MAX + 1])
{
    int count = 0;
    for (const struct scenario_key *key = keys; key->name != NULL; key++) {
        assert(count < NAMES_MAX);
        if (key->name[0] != '$') names[count++] = key->name;
    }
    names[count] = NULL;
}

/* A key that stood before in the same object: json_read() has said so already. */
static bool is_repeated(const cJSON *object, const cJSON *node)
{
    for (const cJSON *other = object->child; other != node; other = other->next) {
        if (strcmp(other->string, node->string) == 0) return true;
    }
    return false;
}

/* ---- objects ---- */

static void refuse_lack(struct scenario_reader *reader, const struct scenario_key *row,
                        struct place named)
{
    struct text hint = {0};
    text_put(&hint, "it takes ");
    if (row->type == KEY_ENUM) {
        for (int i = 0; row->names[i] != NULL; i++)
            text_format(&hint, "%s%s", i == 0 ? "one of " : ", ", row->names[i]);
    } else {
        text_put(&hint, scenario_key_takes(row));
    }
    err_add(reader->list, named, hint.bytes, "\"%s\" lacks \"%s\"", reader->path, row->name);
    text_release(&hint);
}

static void require_keys(struct scenario_reader *reader, const struct scenario_key *key,
                         const cJSON *node, struct place named, const void *object)
{
    for (const struct scenario_key *row = key->keys; row->name != NULL; row++) {
        if ((row->flags & KEY_REQUIRED) == 0) continue;
        if (cJSON_GetObjectItemCaseSensitive(node, row->name) != NULL) continue;
        if (scenario_find_given(reader->scenario, row, (const char *)object + row->offset) !=
            NULL) {
            continue;
        }
        refuse_lack(reader, row, named);
        note_given(reader, row, (const char *)object + row->offset, named, true);
    }
}

void scenario_prepare(struct scenario *scenario, const struct scenario_key *key, void *object,
                      const cJSON *node)
{
    if (key->prepare != NULL && key->prepare(object, node)) {
        forget_given(scenario, object, key->size);
    }
}

static void read_object(struct scenario_reader *reader, const struct scenario_key *key,
                        const cJSON *node, struct place named, void *object)
{
    scenario_prepare(reader->scenario, key, object, node);
    if (key->place_end != 0) {
        memcpy((char *)object + key->place_end - sizeof named, &named, sizeof named);
    }
    const char *names[NAMES_MAX + 1];
    for (const cJSON *child = node->child; child != NULL; child = child->next) {
        if (is_repeated(node, child)) continue;
        const struct scenario_key *row = scenario_key_find(key->keys, child->string);
        const struct place place = key_place_of(reader, child);
        if (row != NULL && row->type == KEY_SHORT && reader->shortened) {
            err_add(reader->list, place, NULL, "\"short\" cannot hold another \"short\"");
            continue;
        }
        if (row == NULL) {
            gather_names(key->keys, names);
            refuse_key(reader, child->string, place, names);
            note_given(reader, key, object, place, true);
            continue;
        }
        if (row->type == KEY_SHORT) continue; /* scenario_read() applies it last */
        const size_t up = go_down(reader, child->string);
        scenario_read_node(reader, row, child, place, (char *)object + row->offset);
        go_up(reader, up);
    }
    require_keys(reader, key, node, named, object);
}

/* ---- laws that are a plain span ---- */

static void read_constant_law(struct scenario_reader *reader, const struct scenario_key *key,
                              const cJSON *node, struct place named, struct law_spec *law)
{
    const struct scenario_key *const kind = scenario_key_find(key->keys, "law");
    const struct scenario_key *const value = scenario_key_find(key->keys, "value");
    const struct place place = place_of(reader, node);
    int64_t span_us = -1;
    const bool good = scenario_value_read(value, reader->path, node, place, &span_us, reader->list);
    if (good) {
        *law = law_spec_none();
        law->kind = LAW_CONSTANT;
        law->value_us = span_us;
        law->floor_us = 0;
        law->place = named;
        forget_given(reader->scenario, law, sizeof *law);
        note_given(reader, kind, &law->kind, place, false);
    }
    note_given(reader, value, &law->value_us, place, !good);
}

/* ---- maps ---- */

static bool map_has(const struct scenario_reader *reader, const struct scenario_key *key, int index)
{
    if ((key->flags & KEY_OPERATIONS) == 0) return true;
    assert(reader->provider >= 0);
    return operation_exists((enum provider)reader->provider, (enum operation)index);
}

static void read_entry(struct scenario_reader *reader, const struct scenario_key *key, int index,
                       const cJSON *node, struct place named, void *entries)
{
    const bool providers = key->names == provider_id_names;
    if (providers) reader->provider = index;
    scenario_read_node(reader, key->element, node, named,
                       (char *)entries + (size_t)index * key->stride);
    if (providers) reader->provider = -1;
}

static bool is_same_complaint(const struct err *a, const struct err *b)
{
    return a->warning == b->warning && a->place.line == b->place.line &&
           a->place.column == b->place.column && strcmp(a->message, b->message) == 0;
}

void scenario_drop_repeated(struct err_list *list, uint32_t from)
{
    uint32_t kept = from;
    for (uint32_t i = from; i < list->count; i++) {
        uint32_t j = 0;
        while (j < kept && !is_same_complaint(&list->items[j], &list->items[i]))
            j++;
        if (j == kept) {
            list->items[kept++] = list->items[i];
        } else {
            *(list->items[i].warning ? &list->warnings : &list->errors) -= 1;
        }
    }
    list->count = kept;
}

/* One node for every entry. What is wrong with it is wrong with each, and said once. */
static void read_all_entries(struct scenario_reader *reader, const struct scenario_key *key,
                             const cJSON *node, struct place named, void *entries)
{
    const bool for_all = reader->for_all;
    const uint32_t from = reader->list->count;
    reader->for_all = true;
    for (int i = 0; key->names[i] != NULL; i++) {
        if (map_has(reader, key, i)) read_entry(reader, key, i, node, named, entries);
    }
    reader->for_all = for_all;
    scenario_drop_repeated(reader->list, from);
}

static void refuse_entry(struct scenario_reader *reader, const struct scenario_key *key,
                         const char *word, struct place place)
{
    const char *names[NAMES_MAX + 1];
    int count = 0;
    names[count++] = all_entries;
    for (int i = 0; key->names[i] != NULL; i++) {
        if (map_has(reader, key, i)) names[count++] = key->names[i];
    }
    names[count] = NULL;
    const bool takes_all = (key->flags & KEY_REPLACES) == 0;
    const char *const *known = takes_all ? names : names + 1;
    if (scenario_name_index(key->names, word) < 0) {
        refuse_key(reader, word, place, known);
        return;
    }
    struct text hint = {0};
    text_put(&hint, "it has:");
    for (int i = 1; i < count; i++)
        text_format(&hint, "%s %s", i == 1 ? "" : ",", names[i]);
    err_add(reader->list, place, hint.bytes, "%s has no operation \"%s\"",
            provider_traits[reader->provider].id, word);
    text_release(&hint);
}

static void read_map(struct scenario_reader *reader, const struct scenario_key *key,
                     const cJSON *node, void *entries)
{
    if ((key->flags & KEY_REPLACES) != 0) {
        memset(entries, 0, key->size);
        for (int i = 0; key->names[i] != NULL; i++) /* a 0 of the file, not a default */
            note_given(reader, key->element, (char *)entries + (size_t)i * key->stride,
                       place_of(reader, node), false);
    }
    const cJSON *all = cJSON_GetObjectItemCaseSensitive(node, all_entries);
    if (all != NULL && (key->flags & KEY_REPLACES) == 0) {
        const size_t up = go_down(reader, all_entries);
        read_all_entries(reader, key, all, key_place_of(reader, all), entries);
        go_up(reader, up);
    } else {
        all = NULL;
    }
    for (const cJSON *child = node->child; child != NULL; child = child->next) {
        if (is_repeated(node, child) || child == all) continue;
        const int index = scenario_name_index(key->names, child->string);
        const struct place place = key_place_of(reader, child);
        if (index >= 0 && reader->for_all && !map_has(reader, key, index)) continue;
        if (index < 0 || !map_has(reader, key, index)) {
            refuse_entry(reader, key, child->string, place);
            note_given(reader, key, entries, place, true);
            continue;
        }
        const size_t up = go_down(reader, child->string);
        read_entry(reader, key, index, child, place, entries);
        go_up(reader, up);
    }
}

/* ---- lists ---- */

/* In `short`, the element before this change that bears the node's `id` or `name`. */
static const char *find_namesake(const struct scenario_key *key, const cJSON *node,
                                 const char *elements, uint32_t count, uint32_t *index)
{
    if (key->identity == NULL) return NULL;
    const cJSON *identity = cJSON_GetObjectItemCaseSensitive(node, key->identity);
    if (!cJSON_IsString(identity) || identity->valuestring[0] == '\0') return NULL;
    const struct scenario_key *row = scenario_key_find(key->element->keys, key->identity);
    for (uint32_t i = 0; i < count; i++) {
        const char *element = elements + (size_t)i * key->stride;
        if (strcmp(element + row->offset, identity->valuestring) != 0) continue;
        *index = i;
        return element;
    }
    return NULL;
}

/* What was given for an element's namesake counts as given for the element. */
static void inherit_given(struct scenario_reader *reader, const struct scenario_given *old,
                          uint32_t old_count, const struct scenario_key *key, uint32_t from,
                          const char *elements, uint32_t to)
{
    const size_t base = (size_t)(elements - (const char *)reader->scenario);
    const size_t first = base + (size_t)from * key->stride;
    for (uint32_t i = 0; i < old_count; i++) {
        if (old[i].offset < first || old[i].offset >= first + key->stride) continue;
        const size_t moved = old[i].offset - first + base + (size_t)to * key->stride;
        note_given(reader, old[i].key, (const char *)reader->scenario + moved, old[i].place,
                   old[i].refused);
    }
}

static struct place element_place(const struct scenario_reader *reader,
                                  const struct scenario_key *key, const cJSON *node)
{
    const cJSON *identity = NULL;
    if (key->identity != NULL) {
        identity = cJSON_GetObjectItemCaseSensitive(node, key->identity);
    }
    struct place place = place_of(reader, identity != NULL ? identity : node);
    if (identity == NULL && !cJSON_IsString(node) && !cJSON_IsNumber(node)) place.width = 1;
    return place;
}

/* As `--set` would call it: by its id where that is plain, else by its index. */
static void name_element(const struct scenario_key *key, const cJSON *node, uint32_t index,
                         char name[KEY_PATH_MAX])
{
    (void)snprintf(name, KEY_PATH_MAX, "%u", (unsigned)index);
    if (key->identity == NULL) return;
    const struct scenario_key *row = scenario_key_find(key->element->keys, key->identity);
    const cJSON *identity = cJSON_GetObjectItemCaseSensitive(node, key->identity);
    if ((row->flags & KEY_NAME) == 0 || !cJSON_IsString(identity)) return;
    const size_t length = strlen(identity->valuestring);
    if (length >= row->size || !scenario_is_name(identity->valuestring)) return;
    (void)snprintf(name, KEY_PATH_MAX, "%s", identity->valuestring);
}

static void read_elements(struct scenario_reader *reader, const struct scenario_key *key,
                          const cJSON *node, char *elements, const char *before,
                          uint32_t count_before)
{
    struct scenario *const scenario = reader->scenario;
    const struct scenario_given *const old = scenario->given;
    const uint32_t old_count = scenario->given_count;
    struct scenario_given *copy = arena_push(&scenario->arena, struct scenario_given, old_count);
    if (copy == NULL) {
        out_of_memory(reader, place_of(reader, node));
        return;
    }
    if (old_count > 0) memcpy(copy, old, old_count * sizeof *copy);
    forget_given(scenario, elements, (size_t)key->capacity * key->stride);

    uint32_t i = 0;
    for (const cJSON *child = node->child; child != NULL; child = child->next, i++) {
        char name[KEY_PATH_MAX];
        char *const element = elements + (size_t)i * key->stride;
        uint32_t from = 0;
        const char *namesake = find_namesake(key, child, before, count_before, &from);
        memset(element, 0, key->stride);
        if (key->fresh != NULL) key->fresh(element);
        if (reader->shortened && namesake != NULL) {
            memcpy(element, namesake, key->stride);
            inherit_given(reader, copy, old_count, key, from, elements, i);
        }
        name_element(key, child, i, name);
        const size_t up = go_down(reader, name);
        scenario_read_node(reader, key->element, child, element_place(reader, key, child), element);
        go_up(reader, up);
    }
}

static uint32_t *count_of(const struct scenario_key *key, void *elements)
{
    return (uint32_t *)(void *)((char *)elements - key->offset + key->count_offset);
}

/* Elements that stand beside those of a file of their own: one takes the place of its namesake
 * there, the others come after. */
static void merge_elements(struct scenario_reader *reader, const struct scenario_key *key,
                           const cJSON *node, char *elements)
{
    uint32_t *const count = count_of(key, elements);
    const uint32_t count_before = *count;
    uint32_t index = 0;
    for (const cJSON *child = node->child; child != NULL; child = child->next, index++) {
        char name[KEY_PATH_MAX];
        uint32_t at = 0;
        if (find_namesake(key, child, elements, count_before, &at) == NULL) at = (*count)++;
        if (at >= key->capacity) {
            err_add(reader->list, place_of(reader, node), NULL,
                    "\"%s\" takes at most %u elements, those of the file included", reader->path,
                    (unsigned)key->capacity);
            *count = key->capacity;
            note_given(reader, key, elements, place_of(reader, node), true);
            return;
        }
        char *const element = elements + (size_t)at * key->stride;
        forget_given(reader->scenario, element, key->stride);
        memset(element, 0, key->stride);
        if (key->fresh != NULL) key->fresh(element);
        name_element(key, child, index, name);
        const size_t up = go_down(reader, name);
        scenario_read_node(reader, key->element, child, element_place(reader, key, child), element);
        go_up(reader, up);
    }
}

static void read_list(struct scenario_reader *reader, const struct scenario_key *key,
                      const cJSON *node, void *elements)
{
    const uint32_t count = (uint32_t)cJSON_GetArraySize(node);
    const struct place place = place_of(reader, node);
    if (count > key->capacity || ((key->flags & KEY_FULL) != 0 && count < key->capacity)) {
        err_add(reader->list, place, NULL, "\"%s\" takes %s%u elements, not %u", reader->path,
                (key->flags & KEY_FULL) != 0 ? "" : "at most ", (unsigned)key->capacity,
                (unsigned)count);
        note_given(reader, key, elements, place, true);
        return;
    }
    if ((key->flags & KEY_MERGES) != 0 && reader->json != NULL && !reader->shortened) {
        merge_elements(reader, key, node, elements);
        return;
    }
    char *const count_address = (char *)elements - key->offset + key->count_offset;
    uint32_t count_before = key->capacity;
    if (key->count_offset != 0) memcpy(&count_before, count_address, sizeof count_before);
    const size_t size = (size_t)key->capacity * key->stride;
    void *before = arena_alloc(&reader->scenario->arena, 1, size);
    if (before == NULL) {
        out_of_memory(reader, place);
        return;
    }
    memcpy(before, elements, size);
    read_elements(reader, key, node, elements, before, count_before);
    if (key->count_offset != 0) memcpy(count_address, &count, sizeof count);
    if (scenario_key_is_leaf(key)) note_given(reader, key, elements, place, false);
}

/* ---- the router's environment ---- */

static void read_env_value(struct scenario_reader *reader, const cJSON *node, struct place place)
{
    char number[NUMBER_TEXT_MAX];
    const char *value = number;
    if (cJSON_IsString(node)) {
        value = node->valuestring;
    } else if (cJSON_IsNumber(node)) {
        number[number_write(number, node->valuedouble)] = '\0';
    } else if (cJSON_IsBool(node)) {
        value = cJSON_IsTrue(node) ? "true" : "false";
    } else {
        err_add(reader->list, place_of(reader, node), NULL,
                "\"%s.%s\" takes a text, a number, true or false", reader->path, node->string);
        return;
    }
    struct err err;
    if (!env_set(&reader->scenario->env, node->string, value, place, &err)) {
        err_list_add(reader->list, &err);
    }
}

static void read_env(struct scenario_reader *reader, const cJSON *node)
{
    for (const cJSON *child = node->child; child != NULL; child = child->next) {
        if (is_repeated(node, child)) continue;
        if (cJSON_IsNull(child)) {
            env_unset(&reader->scenario->env, child->string); /* in `short`, or from `--set` */
        } else {
            read_env_value(reader, child, key_place_of(reader, child));
        }
    }
}

/* ---- any node ---- */

/* Of a list of names, the place of the first that is none. */
static struct place mask_place(const struct scenario_reader *reader, const struct scenario_key *key,
                               const cJSON *node)
{
    for (const cJSON *name = node->child; name != NULL; name = name->next) {
        const bool known =
            cJSON_IsString(name) && (strcmp(name->valuestring, all_entries) == 0 ||
                                     scenario_name_index(key->names, name->valuestring) >= 0);
        if (!known) return place_of(reader, name);
    }
    return place_of(reader, node);
}

void scenario_read_node(struct scenario_reader *reader, const struct scenario_key *key,
                        const cJSON *node, struct place named, void *address)
{
    const struct place place =
        key->type == KEY_MASK ? mask_place(reader, key, node) : place_of(reader, node);
    if (key->type == KEY_MAP && (key->flags & KEY_ONE_FOR_ALL) != 0 && !cJSON_IsObject(node)) {
        read_all_entries(reader, key, node, named, address);
        return;
    }
    if (!scenario_value_read(key, reader->path, node, place, address, reader->list)) {
        note_given(reader, key, address, place, true);
        return;
    }
    switch (key->type) {
    case KEY_OBJECT:
        if (cJSON_IsString(node)) {
            read_constant_law(reader, key, node, named, address);
        } else {
            read_object(reader, key, node, named, address);
        }
        return;
    case KEY_MAP:
        read_map(reader, key, node, address);
        return;
    case KEY_LIST:
        read_list(reader, key, node, address);
        return;
    case KEY_ENV:
        read_env(reader, node);
        return;
    case KEY_SHORT:
    case KEY_SCHEMA:
    case KEY_IGNORED:
        return;
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
        note_given(reader, key, address, place, false);
        return;
    case KEY_TYPE_COUNT:
        break;
    }
    assert(!"a key of no type");
}
