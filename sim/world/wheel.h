/* sim/world/wheel.h - what happens next, in virtual time: a hierarchical timing wheel.
 *
 * Events come out by (due_us, order of insertion): those due in the same microsecond in the order
 * they went in, on every machine. Nearly every deadline is cancelled, so cancelling is O(1) and
 * real: nodes are intrusive, doubly linked and unlinked at once; nothing dead lingers. Nothing is
 * ever compared or sorted: the finest level has a bucket for every microsecond.
 *
 *   level 0   4,096 buckets of 1 us      (4.1 ms)     a bucket holds events of one instant
 *   level 1   4,096 buckets of 4.1 ms    (16.8 s)     the others hold theirs in order of insertion
 *   level 2   4,096 buckets of 16.8 s    (19 h)
 *   level 3   4,096 buckets of 19 h      (8.9 years)
 *   level 4   4,096 buckets of 8.9 years (36,000 years: longer than any run may last)
 *
 * A due time is a number of five digits to the base 4,096. An event hangs at the level of the
 * highest digit in which it differs from now, in the bucket of that digit. When time enters a
 * bucket of level 1 or more, its events are dealt to lower levels in order, so at every moment all
 * events of one instant hang in one bucket, and the order of insertion survives. A bucket with a
 * single event is not dealt: it is the next. A bitmap of two levels finds the first bucket that is
 * not empty. (Varghese and Lauck, "Hashed and hierarchical timing wheels", SOSP 1987.)
 *
 * Time moves only by wheel_pop(). Ownership: the caller owns the nodes, zeroed at first, which must
 * not move while they are in; the wheel owns its buckets. Failure: wheel_create() gives NULL when
 * memory is out. Putting an event into the past, or a node in twice, is a bug (assert).
 */
#ifndef SIM_WORLD_WHEEL_H
#define SIM_WORLD_WHEEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WHEEL_DUE_US_MAX ((INT64_C(1) << 60) - 1)

struct wheel_node {
    struct wheel_node *next; /* NULL: not in a wheel */
    struct wheel_node *prev;
    int64_t due_us;
    uint32_t kind;   /* the caller's: what is due */
    uint32_t bucket; /* the wheel's: where the node hangs */
};

struct wheel;

struct wheel *wheel_create(void);
void wheel_destroy(struct wheel *wheel); /* NULL is fine */

static inline bool wheel_holds(const struct wheel_node *node)
{
    return node->next != NULL;
}

/* Puts `node` in, due at `due_us` >= now. Due now is legal, also while now's events are popped: it
 * comes after those that are due now already. */
void wheel_add(struct wheel *wheel, struct wheel_node *node, int64_t due_us);

/* Takes `node` out, wherever it is; one that is not in is left alone. */
void wheel_cancel(struct wheel *wheel, struct wheel_node *node);

/* Takes out the next node due at or before `until_us` and moves now to its due time; NULL when
 * there is none, and then now moves to `until_us`. Now never goes back: an `until_us` before it
 * gives NULL and changes nothing. */
struct wheel_node *wheel_pop(struct wheel *wheel, int64_t until_us);

/* No node is due before this instant (INT64_MAX: there is none); exact for the next 4 ms, and for a
 * node that is alone in its bucket. For whoever sleeps until something is due. */
int64_t wheel_next_us(const struct wheel *wheel);

int64_t wheel_now_us(const struct wheel *wheel);
size_t wheel_count(const struct wheel *wheel);

#endif
