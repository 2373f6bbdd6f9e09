/* tests/descriptors.h - a process that has no file descriptor left, for a while.
 *
 * starve() lowers the soft limit and takes all that is below it; what it took goes back some by
 * feed(), or all at once, limit included, by feed_all().
 */
#ifndef TESTS_DESCRIPTORS_H
#define TESTS_DESCRIPTORS_H

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>

#include "tests/support.h"

enum { STARVE_LIMIT = 256 };

struct hunger {
    struct rlimit before;
    int taken[STARVE_LIMIT];
    unsigned count;
};

static inline void starve(struct hunger *hunger)
{
    hunger->count = 0;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &hunger->before), 0);
    const struct rlimit low = {.rlim_cur = STARVE_LIMIT, .rlim_max = hunger->before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    for (;;) {
        const int taken = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (taken < 0) break;
        hunger->taken[hunger->count++] = taken;
    }
    assert_int_equal(errno, EMFILE);
    assert_true(hunger->count > 0);
}

static inline void feed(struct hunger *hunger, unsigned count)
{
    for (; count > 0 && hunger->count > 0; count--)
        (void)close(hunger->taken[--hunger->count]);
}

static inline void feed_all(struct hunger *hunger)
{
    feed(hunger, hunger->count);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &hunger->before), 0);
}

#endif
