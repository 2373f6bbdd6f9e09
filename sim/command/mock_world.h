/* sim/command/mock_world.h - what `routesim mock` serves: a scenario's providers, its clock, and
 * the faults in force.
 *
 * The clock stands at 0 when serving begins and then follows CLOCK_MONOTONIC; it can be made to
 * jump forward. Instant 0 is the Unix time at which serving begins, not the scenario's `start`:
 * clients sign with their own clocks. A scenario's `duration` ends nothing here, and a fault that
 * lasts to its end lasts for good.
 *
 * Reading the scenario again swaps in other backends at one stroke: laws, prices, limits and faults
 * are the new file's. The clock goes on, credentials that were rotated stay rotated; tokens have to
 * be fetched anew, and faults that came by the admin interface are gone.
 *
 * Locking: `lock` is that of mocks/http_server.h. Functions take it themselves, unless they say
 * otherwise.
 *
 * Ownership: mock_world_open() allocates, mock_world_close() frees, also after a failure. What was
 *            read before the last reload is kept until the next one: an answer may be in work.
 * Failure:   opening prints everything and returns the exit code; a reload prints, and the old
 *            world stays.
 */
#ifndef SIM_COMMAND_MOCK_WORLD_H
#define SIM_COMMAND_MOCK_WORLD_H

#include <stdatomic.h>

#include "mocks/admin.h"
#include "mocks/front.h"
#include "mocks/http_server.h"
#include "sim/command/load.h"

enum { MOCK_KEY_VERSION_MAX = 32 }; /* with the NUL */

struct mock_faults {
    struct fault_spec items[FAULTS_MAX];
    uint32_t count;
};

struct mock_generation { /* of the scenario, as it was read once */
    struct loaded loaded;
    struct arena arena;
    struct catalogue catalogue;
    struct backend *backends[PROVIDER_COUNT]; /* all four, whoever is served */
    struct mock_faults *faults;               /* those in force, which the backends borrow */
    struct mock_faults *spare;                /* where the next list is made meanwhile */
};

struct mock_world {
    const struct invocation *invocation;
    struct console *console;
    const char *path;   /* NULL: defaults */
    uint32_t providers; /* bit 1 << enum provider: served */
    pthread_mutex_t lock;
    _Atomic int64_t zero_us; /* CLOCK_MONOTONIC at instant 0 */
    _Atomic int64_t epoch_us;
    uint64_t seed;
    char key_version[MOCK_KEY_VERSION_MAX]; /* Walmart's: WALMART_KEY_VERSION when it opened */
    struct mock_generation *now, *before;
    int64_t rotations_us[PROVIDER_COUNT][BACKEND_ROTATIONS_MAX];
    uint32_t rotation_counts[PROVIDER_COUNT];
    int64_t struck_us[PROVIDER_COUNT]; /* strikes up to here have been put to the server */
    uint64_t edition;                  /* of the faults in force: another list, another number */
    bool fronted;                      /* a relay follows them */
    struct mock_server *server;        /* set when it runs */
    /* Called when the next strike may have moved, and when a stop is asked for. */
    void (*wake)(bool stop);
};

/* 0, or the exit code. */
int mock_world_open(struct mock_world *world, const struct invocation *invocation,
                    struct console *console, const char *path);
void mock_world_close(struct mock_world *world);

void mock_world_lock(struct mock_world *world);
void mock_world_unlock(struct mock_world *world);

/* Begins to count time. */
void mock_world_start(struct mock_world *world);

int64_t mock_world_now_us(void *world);

/* Reads the file again. */
bool mock_world_reload(struct mock_world *world);

/* The setup's fields that describe this world. */
void mock_world_describe(struct mock_world *world, struct mock_server_setup *setup);
struct admin_port mock_world_admin_port(struct mock_world *world);

/* Puts to the server every strike that is due, and says when the next one is; INT64_MAX: none. */
int64_t mock_world_strike(struct mock_world *world);

/* A sentence about a fault that clients do not meet as it is written; false: they do. */
bool mock_world_note(const struct mock_world *world, const struct fault_spec *fault,
                     char note[FRONT_NOTE_MAX]);

/* ---- mock_faults.c: faults in the scenario's language ---------------------------------------- */

/* Reads a list (`single`: one fault, without its brackets) into `faults`; instants that are not
 * given are `now_us`, spans last. */
bool mock_faults_read(const char *json, size_t length, bool single, int64_t now_us,
                      struct mock_faults *faults, struct err_list *list);

/* A scenario's faults, as a server that nobody stops has them. */
void mock_faults_take(const struct scenario *scenario, struct mock_faults *faults);

/* `"id": "x", "provider": ...`: what differs from the defaults, as it could be read again. */
void mock_faults_write(const struct fault_spec *fault, struct text *json);

#endif
