#include <assert.h>
#include <string.h>

#include "router/base/random.h"
#include "sim/world/scenario_keys.h"

/* ---- run.json ---- */

struct description {
    const struct scenario *scenario;
    struct text *json;
    bool any;
};

static void write_origin(struct text *json, const struct place *place)
{
    char text[SCENARIO_PATH_MAX + 32];
    if (place == NULL) {
        text_put(json, "\"default\"");
        return;
    }
    if (place->line == 0) {
        text_json_string(json, place->file == NULL ? "command line" : place->file);
        return;
    }
    (void)snprintf(text, sizeof text, "%s:%u", place->file, (unsigned)place->line);
    text_json_string(json, text);
}

static void begin_row(struct description *description, const char *path)
{
    text_put(description->json, description->any ? ",\n  " : "\n  ");
    text_json_string(description->json, path);
    text_put(description->json, ": {\"value\": ");
    description->any = true;
}

static void end_row(struct description *description, const struct place *place)
{
    text_put(description->json, ", \"origin\": ");
    write_origin(description->json, place);
    text_char(description->json, '}');
}

static void describe_env(struct description *description, const struct env *env)
{
    for (uint32_t i = 0; i < env->count; i++) {
        const struct env_pair *pair = &env->pairs[i];
        char path[KEY_PATH_MAX];
        (void)snprintf(path, sizeof path, "router.env.%s", pair->key);
        begin_row(description, path);
        text_json_string(description->json,
                         config_key_is_secret(pair->key) ? "(secret)" : pair->value);
        end_row(description, &pair->place);
    }
}

/* The value that a step gives to a secret key. */
static bool is_secret(const struct scenario_leaf *leaf)
{
    if (leaf->key->type != KEY_SETTING) return false;
    const char *const step = (const char *)leaf->address - leaf->key->offset;
    return config_key_is_secret(step + offsetof(struct step_spec, key));
}

static void describe_leaf(void *context, const struct scenario_leaf *leaf)
{
    struct description *description = context;
    if (leaf->key->type == KEY_ENV) {
        describe_env(description, leaf->address);
        return;
    }
    const struct scenario_given *given =
        scenario_find_given(description->scenario, leaf->key, leaf->address);
    begin_row(description, leaf->path);
    if (is_secret(leaf)) {
        text_json_string(description->json, "(secret)");
    } else {
        scenario_value_write(leaf->key, leaf->address, description->json);
    }
    end_row(description, given == NULL ? NULL : &given->place);
}

void scenario_describe(const struct scenario *scenario, struct text *json)
{
    struct description description = {.scenario = scenario, .json = json};
    text_char(json, '{');
    scenario_walk(scenario, describe_leaf, &description);
    text_put(json, description.any ? "\n}" : "}");
}

/* ---- the hash ---- */

struct digest {
    uint64_t hash;
    bool router_apart;
    struct text row;
};

static void add_row(struct digest *digest)
{
    /* A text that could not grow would make two experiments look alike. */
    assert(!digest->row.failed);
    digest->hash = random_key(digest->hash, random_hash_text(digest->row.bytes));
    text_clear(&digest->row);
}

static void digest_env(struct digest *digest, const struct env *env)
{
    /* Two files may give the same keys in another order: the sum of the rows does not care. */
    uint64_t sum = 0;
    for (uint32_t i = 0; i < env->count; i++) {
        text_format(&digest->row, "%s=%s", env->pairs[i].key, env->pairs[i].value);
        assert(!digest->row.failed);
        sum += random_hash_text(digest->row.bytes);
        text_clear(&digest->row);
    }
    digest->hash = random_key(digest->hash, sum);
}

static void digest_leaf(void *context, const struct scenario_leaf *leaf)
{
    struct digest *digest = context;
    if ((leaf->flags & KEY_NO_HASH) != 0) return;
    if (digest->router_apart && strncmp(leaf->path, "router.", 7) == 0) return;
    if (leaf->key->type == KEY_ENV) {
        digest_env(digest, leaf->address);
        return;
    }
    text_put(&digest->row, leaf->path);
    text_char(&digest->row, '=');
    scenario_value_write(leaf->key, leaf->address, &digest->row);
    add_row(digest);
}

uint64_t scenario_hash(const struct scenario *scenario, bool router_apart)
{
    struct digest digest = {.hash = random_hash_text(SCENARIO_SCHEMA),
                            .router_apart = router_apart};
    scenario_walk(scenario, digest_leaf, &digest);
    text_release(&digest.row);
    return digest.hash;
}
