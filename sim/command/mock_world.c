#include "sim/command/mock_world.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
/* Strikes that a wake puts to the server at most, a provider: a clock that jumps over a flapping
 * fault would have millions, and one is as good as the next to a call in flight. */
enum { STRIKES_MAX = 64 };

static int64_t read_clock(clockid_t clock)
{
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t mock_world_now_us(void *context)
{
    const struct mock_world *const world = context;
    return read_clock(CLOCK_MONOTONIC) - atomic_load(&world->zero_us);
}

void mock_world_lock(struct mock_world *world)
{
    const int locked = pthread_mutex_lock(&world->lock);
    assert(locked == 0);
}

void mock_world_unlock(struct mock_world *world)
{
    const int unlocked = pthread_mutex_unlock(&world->lock);
    assert(unlocked == 0);
}

/* ---- a generation ---------------------------------------------------------------------------- */

static void release_generation(struct mock_generation *generation)
{
    if (generation == NULL) return;
    load_release(&generation->loaded);
    arena_release(&generation->arena);
    free(generation->faults);
    free(generation->spare);
    free(generation);
}

static bool make_backends(struct mock_generation *generation, struct err *err)
{
    const struct scenario *const scenario = generation->loaded.scenario;
    const struct mock_faults *const faults = generation->faults;
    mock_faults_take(scenario, generation->faults);
    if (!catalogue_load(&scenario->catalogue, scenario->folder, scenario->seed, &generation->arena,
                        &generation->catalogue, err)) {
        return false;
    }
    for (enum provider p = 0; p < PROVIDER_COUNT; p++) {
        generation->backends[p] =
            backend_create(p, &scenario->providers[p].backend, &generation->catalogue,
                           faults->items, faults->count, scenario->folder, &generation->arena, err);
        if (generation->backends[p] == NULL) return false;
    }
    return true;
}

static struct mock_generation *allocate_generation(void)
{
    struct mock_generation *const generation = calloc(1, sizeof *generation);
    if (generation == NULL) return NULL;
    generation->faults = calloc(1, sizeof *generation->faults);
    generation->spare = calloc(1, sizeof *generation->spare);
    if (generation->faults != NULL && generation->spare != NULL) return generation;
    release_generation(generation);
    return NULL;
}

/* Reads the scenario and makes its backends. NULL and everything printed when that fails. */
static struct mock_generation *read_generation(struct mock_world *world, int *code)
{
    struct console *const console = world->console;
    struct mock_generation *const generation = allocate_generation();
    struct err err;
    if (generation == NULL) {
        (void)err_fail(&err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
        *code = console_error(console, &err, NULL);
        return NULL;
    }
    struct loaded *const loaded = &generation->loaded;
    if (!load_scenario(world->invocation, console, world->path, loaded)) {
        *code = loaded->exit_code;
        release_generation(generation);
        return NULL;
    }
    (void)console_errors(console, &loaded->list, loaded->source); /* warnings */
    if (make_backends(generation, &err)) return generation;
    *code = console_error(console, &err, err_source(&err, loaded->scenario->file, loaded->source));
    release_generation(generation);
    return NULL;
}

/* ---- opening and closing --------------------------------------------------------------------- */

/* What clients have to say in WM_SEC.KEY_VERSION. Reading the scenario again does not change it:
 * they have been set up by then. */
static bool register_key_version(struct mock_world *world, struct err *err)
{
    static const char known[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    const char *version = env_get(&world->now->loaded.scenario->env, "WALMART_KEY_VERSION");
    if (version == NULL) version = "1";
    const size_t length = strlen(version);
    if (length == 0 || length >= sizeof world->key_version || strspn(version, known) != length) {
        (void)err_fail(err, ERR_INPUT, (struct place){0},
                       "WALMART_KEY_VERSION cannot be registered with the mock");
        return err_hint(err, "it takes 1 to %d letters, digits and -_.", MOCK_KEY_VERSION_MAX - 1);
    }
    memcpy(world->key_version, version, length + 1);
    return true;
}

int mock_world_open(struct mock_world *world, const struct invocation *invocation,
                    struct console *console, const char *path)
{
    memset(world, 0, sizeof *world);
    world->invocation = invocation;
    world->console = console;
    world->path = path;
    const int made = pthread_mutex_init(&world->lock, NULL);
    assert(made == 0);
    int code = 0;
    world->now = read_generation(world, &code);
    if (world->now == NULL) return code;
    world->seed = world->now->loaded.scenario->seed;
    struct err err;
    return register_key_version(world, &err) ? code : console_error(console, &err, NULL);
}

void mock_world_close(struct mock_world *world)
{
    release_generation(world->now);
    release_generation(world->before);
    (void)pthread_mutex_destroy(&world->lock);
    world->now = world->before = NULL;
}

static void begin_time(struct mock_world *world)
{
    const int64_t monotonic_us = read_clock(CLOCK_MONOTONIC);
    atomic_store(&world->zero_us, monotonic_us);
    atomic_store(&world->epoch_us, read_clock(CLOCK_REALTIME));
    memset(world->rotation_counts, 0, sizeof world->rotation_counts);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        backend_reset(world->now->backends[p], world->seed, atomic_load(&world->epoch_us));
    }
}

void mock_world_start(struct mock_world *world)
{
    mock_world_lock(world);
    begin_time(world);
    mock_world_unlock(world);
}

void mock_world_describe(struct mock_world *world, struct mock_server_setup *setup)
{
    const struct scenario *const scenario = world->now->loaded.scenario;
    setup->now_us = mock_world_now_us;
    setup->context = world;
    setup->providers = world->providers;
    setup->catalogue = &world->now->catalogue;
    setup->key_version = world->key_version;
    setup->lock = &world->lock;
    setup->seed_r = world->seed;
    setup->epoch_us = atomic_load(&world->epoch_us);
    setup->call_life_us = scenario->policy.call_life_us;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        setup->apis[p] = scenario->providers[p].backend.api;
        setup->backends[p] = world->now->backends[p];
    }
}

/* ---- reading the file again ------------------------------------------------------------------ */

static void rotate_again(struct mock_world *world, struct mock_generation *generation)
{
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        for (uint32_t r = 0; r < world->rotation_counts[p]; r++) {
            (void)backend_rotate(generation->backends[p], world->rotations_us[p][r], 0);
        }
    }
}

bool mock_world_reload(struct mock_world *world)
{
    int code;
    struct mock_generation *const next = read_generation(world, &code);
    if (next == NULL) return false;
    const struct scenario *const scenario = next->loaded.scenario;
    enum api apis[PROVIDER_COUNT];
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        apis[p] = scenario->providers[p].backend.api;
    mock_world_lock(world);
    const int64_t epoch_us = atomic_load(&world->epoch_us);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        backend_reset(next->backends[p], world->seed, epoch_us);
    rotate_again(world, next);
    struct err err;
    const bool bound = world->server == NULL || mock_server_rebind(world->server, next->backends,
                                                                   &next->catalogue, apis, &err);
    if (bound) {
        release_generation(world->before);
        world->before = world->now;
        world->now = next;
        world->edition++;
    }
    mock_world_unlock(world);
    if (!bound) {
        (void)console_error(world->console, &err, NULL);
        release_generation(next);
        return false;
    }
    world->wake(false);
    return true;
}

/* ---- strikes --------------------------------------------------------------------------------- */

/* The next strike after `after_us`, or after the newest that was put to the server. */
static int64_t next_strike(struct mock_world *world, enum provider provider, int64_t after_us)
{
    mock_world_lock(world);
    if (after_us < 0) after_us = world->struck_us[provider];
    const int64_t next_us = backend_next_strike_us(world->now->backends[provider], after_us);
    mock_world_unlock(world);
    return next_us;
}

/* A reset may have put the clock back meanwhile; then nothing has struck yet. */
static void remember(struct mock_world *world, enum provider provider, int64_t now_us)
{
    mock_world_lock(world);
    if (mock_world_now_us(world) >= now_us) world->struck_us[provider] = now_us;
    mock_world_unlock(world);
}

static int64_t strike_provider(struct mock_world *world, enum provider provider, int64_t now_us)
{
    int64_t next_us = next_strike(world, provider, -1);
    for (unsigned strikes = 0; next_us <= now_us && strikes < STRIKES_MAX; strikes++) {
        mock_server_strike(world->server, provider, next_us);
        next_us = next_strike(world, provider, next_us);
    }
    remember(world, provider, now_us);
    return next_us > now_us ? next_us : next_strike(world, provider, now_us);
}

int64_t mock_world_strike(struct mock_world *world)
{
    const int64_t now_us = mock_world_now_us(world);
    int64_t first_us = INT64_MAX;
    for (enum provider p = 0; p < PROVIDER_COUNT; p++) {
        if ((world->providers >> p & 1u) == 0) continue;
        const int64_t next_us = strike_provider(world, p, now_us);
        if (next_us < first_us) first_us = next_us;
    }
    return first_us;
}

/* ---- what the admin interface asks for ------------------------------------------------------- */

static int64_t epoch_us(void *context)
{
    return atomic_load(&((struct mock_world *)context)->epoch_us);
}

static struct backend *backend_of(void *context, enum provider provider)
{
    struct mock_world *const world = context;
    return (world->providers >> provider & 1u) != 0 ? world->now->backends[provider] : NULL;
}

static const struct fault_spec *faults_of(void *context, uint32_t *count)
{
    struct mock_world *const world = context;
    *count = world->now->faults->count;
    return world->now->faults->items;
}

bool mock_world_note(const struct mock_world *world, const struct fault_spec *fault,
                     char note[FRONT_NOTE_MAX])
{
    bool needed = false;
    for (enum provider p = 0; p < PROVIDER_COUNT; p++)
        needed |= front_is_needed(fault, 1, p);
    if (!needed || world->fronted) return front_note(fault, note);
    (void)snprintf(note, FRONT_NOTE_MAX,
                   "fault %s: nobody stands in front of the server, its calls are reset; mock "
                   "--relay begins with a relay there",
                   fault->id);
    return true;
}

static void write_fault(void *context, uint32_t index, struct text *json)
{
    struct mock_world *const world = context;
    assert(index < world->now->faults->count);
    const struct fault_spec *const fault = &world->now->faults->items[index];
    mock_faults_write(fault, json);
    char note[FRONT_NOTE_MAX];
    if (!mock_world_note(world, fault, note)) return;
    text_put(json, ", \"note\": ");
    text_json_string(json, note);
}

/* The spare list comes into force. With the lock held. */
static void switch_faults(struct mock_world *world)
{
    struct mock_generation *const now = world->now;
    struct mock_faults *const faults = now->spare;
    now->spare = now->faults;
    now->faults = faults;
    world->edition++;
    const int64_t now_us = mock_world_now_us(world);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        backend_set_faults(now->backends[p], faults->items, faults->count, now_us);
    }
}

static bool put_faults(void *context, const char *json, size_t length, struct err_list *list)
{
    struct mock_world *const world = context;
    mock_world_lock(world);
    const bool read =
        mock_faults_read(json, length, false, mock_world_now_us(world), world->now->spare, list);
    if (read) switch_faults(world);
    mock_world_unlock(world);
    if (read) world->wake(false);
    return read;
}

/* Copies a list. What is over gives up its id to a fault that wants it and, when there is no room
 * left, its place. */
static void take_faults(const struct mock_faults *from, const char *id, int64_t now_us,
                        struct mock_faults *to)
{
    to->count = 0;
    for (uint32_t i = 0; i < from->count; i++) {
        const struct fault_spec *const fault = &from->items[i];
        const bool over = now_us >= fault_end_us(fault);
        if (over && (from->count == FAULTS_MAX || strcmp(fault->id, id) == 0)) continue;
        to->items[to->count++] = *fault;
    }
}

/* Puts the one fault of `more` behind those in force. */
static bool append_fault(struct mock_world *world, const struct mock_faults *more,
                         struct err_list *list)
{
    struct mock_faults *const next = world->now->spare;
    const char *const id = more->items[0].id;
    take_faults(world->now->faults, id, mock_world_now_us(world), next);
    for (uint32_t i = 0; i < next->count; i++) {
        if (strcmp(next->items[i].id, id) != 0) continue;
        err_add(list, (struct place){0}, "DELETE it first, or choose another id",
                "there is a fault \"%s\" already", id);
        return false;
    }
    if (next->count == FAULTS_MAX) {
        err_add(list, (struct place){0}, NULL, "there are %d faults already, and no room for more",
                FAULTS_MAX);
        return false;
    }
    next->items[next->count++] = more->items[0];
    return true;
}

static bool add_fault(void *context, const char *json, size_t length, struct err_list *list)
{
    struct mock_world *const world = context;
    struct mock_faults *const more = malloc(sizeof *more);
    if (more == NULL) return false;
    mock_world_lock(world);
    const bool added = mock_faults_read(json, length, true, mock_world_now_us(world), more, list) &&
                       append_fault(world, more, list);
    if (added) switch_faults(world);
    mock_world_unlock(world);
    free(more);
    if (added) world->wake(false);
    return added;
}

static bool remove_fault(void *context, const char *id)
{
    struct mock_world *const world = context;
    mock_world_lock(world);
    struct mock_faults *const next = world->now->spare;
    const struct mock_faults *const all = world->now->faults;
    next->count = 0;
    for (uint32_t i = 0; i < all->count; i++) {
        if (strcmp(all->items[i].id, id) != 0) next->items[next->count++] = all->items[i];
    }
    const bool removed = next->count < all->count;
    if (removed) switch_faults(world);
    mock_world_unlock(world);
    if (removed) world->wake(false);
    return removed;
}

static uint32_t rotate(void *context, enum provider provider)
{
    struct mock_world *const world = context;
    uint32_t generation = 0;
    mock_world_lock(world);
    struct backend *const backend = world->now->backends[provider];
    const int64_t now_us = mock_world_now_us(world);
    const uint32_t before = backend_generation_at(backend, now_us);
    (void)backend_rotate(backend, now_us, 0);
    if (backend_generation_at(backend, now_us) > before) {
        generation = before + 1;
        world->rotations_us[provider][world->rotation_counts[provider]++] = now_us;
    }
    mock_world_unlock(world);
    return generation;
}

static void advance(void *context, int64_t by_us)
{
    struct mock_world *const world = context;
    mock_world_lock(world);
    atomic_fetch_sub(&world->zero_us, by_us);
    if (world->server != NULL) mock_server_jump(world->server, by_us);
    mock_world_unlock(world);
    world->wake(false);
}

static void reset(void *context, const uint64_t *seed)
{
    struct mock_world *const world = context;
    mock_world_lock(world);
    if (seed != NULL) world->seed = *seed;
    mock_faults_take(world->now->loaded.scenario, world->now->spare);
    switch_faults(world);
    begin_time(world);
    memset(world->struck_us, 0, sizeof world->struck_us);
    if (world->server != NULL) {
        mock_server_reset(world->server, world->seed, atomic_load(&world->epoch_us));
    }
    mock_world_unlock(world);
    world->wake(false);
}

static void write_scenario(void *context, struct text *json)
{
    struct mock_world *const world = context;
    mock_world_lock(world);
    scenario_describe(world->now->loaded.scenario, json);
    mock_world_unlock(world);
}

static void stop(void *context)
{
    ((struct mock_world *)context)->wake(true);
}

struct admin_port mock_world_admin_port(struct mock_world *world)
{
    return (struct admin_port){.context = world,
                               .key_version = world->key_version,
                               .now_us = mock_world_now_us,
                               .epoch_us = epoch_us,
                               .backend = backend_of,
                               .faults = faults_of,
                               .write_fault = write_fault,
                               .put_faults = put_faults,
                               .add_fault = add_fault,
                               .remove_fault = remove_fault,
                               .rotate = rotate,
                               .advance = advance,
                               .reset = reset,
                               .write_scenario = write_scenario,
                               .stop = stop};
}
