#define _GNU_SOURCE /* getdents64: opendir() allocates, which a signal handler may not */
#include "router/base/leftover.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

enum { SLOT_FREE, SLOT_FILLING, SLOT_SET };
enum { DEPTH_MAX = 16, PASSES_MAX = 8, ENTRIES_BYTES = 2048 };

static struct slot {
    atomic_int state;
    char path[LEFTOVER_PATH_MAX];
} slots[LEFTOVERS_MAX];

void leftover_add(const char *path)
{
    const size_t length = strlen(path);
    if (length >= LEFTOVER_PATH_MAX) return;
    for (unsigned i = 0; i < LEFTOVERS_MAX; i++) {
        int expected = SLOT_FREE;
        if (!atomic_compare_exchange_strong(&slots[i].state, &expected, SLOT_FILLING)) continue;
        memcpy(slots[i].path, path, length + 1);
        atomic_store(&slots[i].state, SLOT_SET);
        return;
    }
}

void leftover_forget(const char *path)
{
    for (unsigned i = 0; i < LEFTOVERS_MAX; i++) {
        if (atomic_load(&slots[i].state) != SLOT_SET || strcmp(slots[i].path, path) != 0) continue;
        atomic_store(&slots[i].state, SLOT_FREE);
        return;
    }
}

/* ---- removing, in a signal handler --------------------------------------------------------------
 */

static bool is_self_or_parent(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static void remove_in(int folder, const char *name, unsigned depth);

/* True: something was there. */
static bool empty_once(int folder, unsigned depth)
{
    _Alignas(struct dirent64) char entries[ENTRIES_BYTES];
    bool any = false;
    if (lseek(folder, 0, SEEK_SET) != 0) return false;
    for (;;) {
        const ssize_t length = getdents64(folder, entries, sizeof entries);
        if (length <= 0) return any;
        for (ssize_t at = 0; at < length;) {
            const struct dirent64 *const entry = (const void *)(entries + at);
            at += entry->d_reclen;
            if (is_self_or_parent(entry->d_name)) continue;
            any = true;
            remove_in(folder, entry->d_name, depth);
        }
    }
}

/* A process that has no descriptor left gives up those that nobody will miss now. */
static int open_inside(int folder, const char *name)
{
    static const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    const int inside = openat(folder, name, flags);
    if (inside >= 0 || errno != EMFILE) return inside;
    (void)close(STDIN_FILENO);
    (void)close(STDOUT_FILENO);
    return openat(folder, name, flags);
}

static void remove_in(int folder, const char *name, unsigned depth)
{
    if (unlinkat(folder, name, 0) == 0 || depth == DEPTH_MAX) return;
    const int inside = open_inside(folder, name);
    if (inside >= 0) {
        /* Taking entries away may make a file system pass over others, so it is read again. */
        for (unsigned pass = 0; pass < PASSES_MAX && empty_once(inside, depth + 1); pass++) {
        }
        (void)close(inside);
    }
    (void)unlinkat(folder, name, AT_REMOVEDIR);
}

void leftover_remove_all(void)
{
    for (unsigned i = 0; i < LEFTOVERS_MAX; i++) {
        if (atomic_load(&slots[i].state) == SLOT_SET) remove_in(AT_FDCWD, slots[i].path, 0);
    }
}
