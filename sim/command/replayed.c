#include "sim/command/replayed.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "providers/cassette.h"
#include "router/base/duration.h"
#include "sim/command/digest.h"

enum { SHOWN = 16, PATH_BYTES = 2 * SCENARIO_PATH_MAX };

static void cassette_path(const struct scenario *scenario, unsigned p, char path[PATH_BYTES])
{
    const char *const cassette = scenario->providers[p].cassette;
    (void)snprintf(path, PATH_BYTES, "%s%s", cassette[0] == '/' ? "" : scenario->folder, cassette);
}

static bool is_plain_file(const char *path)
{
    struct stat facts;
    return stat(path, &facts) != 0 || S_ISREG(facts.st_mode); /* opening it says what is amiss */
}

/* ---- by what they hold ----------------------------------------------------------------------- */

/* Whether the file could be hashed. */
static bool hash(const char *whole, struct result_file *file)
{
    char path[PATH_BYTES];
    struct err err;
    if (!is_plain_file(whole)) return false;
    (void)snprintf(path, sizeof path, "%s", whole);
    char *const slash = strrchr(path, '/');
    if (slash == NULL) return digest_file(".", path, file, &err);
    *slash = '\0';
    return digest_file(path, slash + 1, file, &err);
}

static void put_name(const char *path, unsigned p, struct text *names)
{
    struct result_file file;
    const bool hashed = hash(path, &file);
    text_format(names, "%s%s %.*s", names->length > 0 ? ", " : "", provider_traits[p].id,
                hashed ? SHOWN : 1, hashed ? file.sha256 : "?");
}

/* ---- what is taken over ---------------------------------------------------------------------- */

/* Whether the command line says when the run begins. */
static bool start_is_set(const struct scenario *scenario)
{
    for (uint32_t i = 0; i < scenario->given_count; i++) {
        const struct scenario_given *const given = &scenario->given[i];
        if (given->offset == offsetof(struct scenario, start_unix_us) && given->place.line == 0) {
            return true;
        }
    }
    return false;
}

static void take_pace(struct scenario *scenario, struct wire_spec *spec,
                      const struct cassette *cassette)
{
    const int64_t gap_us = cassette_head(cassette)->order_gap_us;
    const uint64_t orders = cassette_orders(cassette);
    uint64_t *const limit = &scenario->workload.arrivals.limit;
    if (gap_us == 0 || wire_is_live(scenario)) return;
    if (gap_us > spec->order_gap_us) spec->order_gap_us = gap_us;
    if (orders > 0 && (*limit == 0 || *limit > orders)) *limit = orders;
}

static void put_run(const struct cassette *cassette, const char *name, struct text *runs)
{
    const struct cassette_head *const head = cassette_head(cassette);
    const uint64_t orders = cassette_orders(cassette);
    char span[DURATION_TEXT_MAX];
    duration_for_people(head->duration_us, span);
    text_format(runs, "%s\"%s\", seed %s, %s", runs->length > 0 ? "; " : "", head->scenario,
                head->seed, span);
    if (orders > 0) text_format(runs, ", %" PRIu64 " order%s", orders, orders == 1 ? "" : "s");
    text_format(runs, " (%s)", name);
}

/* ---- one cassette after another -------------------------------------------------------------- */

struct looking {
    struct scenario *scenario;
    struct wire_spec *spec;
    struct replayed *replayed;
    struct err_list *list;
    int64_t starts_us[PROVIDER_COUNT]; /* of each replayed provider's recording */
    bool looked[PROVIDER_COUNT];
};

/* The provider before this one that is played back from the same file; PROVIDER_COUNT: none. */
static unsigned same_before(const struct looking *looking, unsigned p)
{
    const struct provider_spec *const providers = looking->scenario->providers;
    for (unsigned before = 0; before < p; before++) {
        if (looking->looked[before] &&
            strcmp(providers[before].cassette, providers[p].cassette) == 0) {
            return before;
        }
    }
    return PROVIDER_COUNT;
}

static const char *name_of(const char *path)
{
    const char *const slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static bool look_into(struct looking *looking, unsigned p, const char *path)
{
    struct replayed *const replayed = looking->replayed;
    const unsigned before = same_before(looking, p);
    if (before < PROVIDER_COUNT) {
        looking->looked[p] = true;
        looking->starts_us[p] = looking->starts_us[before];
        return true;
    }
    struct cassette *const cassette = cassette_open(err_keep_name(path), looking->list);
    if (cassette == NULL) return false;
    looking->looked[p] = true;
    looking->starts_us[p] = cassette_head(cassette)->start_unix_us;
    take_pace(looking->scenario, looking->spec, cassette);
    put_run(cassette, name_of(path), &replayed->runs);
    struct text flaws = {0};
    cassette_say_flaws(cassette, name_of(path), &flaws);
    if (flaws.length > 0) {
        text_format(&replayed->flaws, "%s%s", replayed->flaws.length > 0 ? " " : "", flaws.bytes);
    }
    text_release(&flaws);
    cassette_close(cassette);
    return true;
}

/* Instacart alone states instants, so its recording's start goes before that of others. */
static void take_start(struct looking *looking)
{
    struct scenario *const scenario = looking->scenario;
    unsigned whose = PROVIDER_INSTACART;
    for (unsigned p = 0; p < PROVIDER_COUNT && !looking->looked[whose]; p++)
        whose = p;
    if (!looking->looked[whose]) return;
    const int64_t start_us = looking->starts_us[whose];
    if (!start_is_set(scenario) && !wire_goes_elsewhere(looking->spec, scenario)) {
        scenario_set_start(scenario, start_us, "the recording");
    }
    if (whose != PROVIDER_INSTACART || scenario->start_unix_us == start_us) return;
    text_format(&looking->replayed->flaws,
                "%s%s was recorded from another instant on than this run begins at: its delivery "
                "slots, and Instacart's ETAs with them, are off by the time between.",
                looking->replayed->flaws.length > 0 ? " " : "",
                name_of(scenario->providers[whose].cassette));
}

bool replayed_look(struct scenario *scenario, struct wire_spec *spec, struct replayed *replayed,
                   struct err_list *list)
{
    struct looking looking = {
        .scenario = scenario, .spec = spec, .replayed = replayed, .list = list};
    bool fine = true;
    *replayed = (struct replayed){{0}, {0}, {0}};
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        char path[PATH_BYTES];
        if (scenario->providers[p].mode != MODE_REPLAY) continue;
        cassette_path(scenario, p, path);
        put_name(path, p, &replayed->names);
        if (is_plain_file(path)) fine = look_into(&looking, p, path) && fine;
    }
    if (fine) take_start(&looking);
    return fine;
}

void replayed_release(struct replayed *replayed)
{
    text_release(&replayed->names);
    text_release(&replayed->flaws);
    text_release(&replayed->runs);
}
