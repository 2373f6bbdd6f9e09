/* sim/world/wheel.h - what happens next, in virtual time: a hierarchical timing wheel.
 *
 * Events come out by (due_us, order of insertion): those due in the same microsecond in the order they
 * went in, on every machine. Nearly every deadline is cancelled, so cancelling is O(1) and real: nodes
 * are intrusive, doubly linked and unlinked at once; nothing dead lingers. Inserting is O(1) but for the
 * events due within the same bucket.
 *
 *   level 0   16,384 buckets of 512 us   (8.4 s)   each bucket sorted; a two-level bitmap finds the next
 *   level 1    4,096 buckets of 8.4 s    (9.5 h)   unsorted, in order of insertion
 *   level 2   16,384 buckets of 9.5 h    (17 y)    likewise; longer than any run may last
 *
 * When time enters a bucket of level 1 or 2, its nodes move down in order, before anything new can be
 * put behind them, so the order of insertion survives. (Varghese and Lauck, "Hashed and hierarchical
 * timing wheels", SOSP 1987; Brown, "Calendar queues", CACM 1988.)
 *
 * Time moves only by wheel_pop(). Ownership: the caller owns the nodes, which must not move while they
 * are in; the wheel owns its buckets. Failure: wheel_create() gives NULL when memory is out. Putting an
 * event into the past, or a node in twice, is a bug (assert).
 */
#ifndef SIM_WORLD_WHEEL_H
#define SIM_WORLD_WHEEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wheel_node {
    struct wheel_node *next; /* NULL: not in a wheel */
    struct wheel_node *prev;
    int64_t due_us;
    uint32_t kind; /* the caller's: what is due */
    uint32_t bucket; /* the wheel's: where the node hangs */
};

struct wheel;

struct wheel *wheel_create(void);
void wheel_destroy(struct wheel *wheel); /* NULL is fine */

static inline bool wheel_holds(const struct wheel_node *node) { return node->next != NULL; }

/* Puts `node` in, due at `due_us` >= now. */
void wheel_add(struct wheel *wheel, struct wheel_node *node, int64_t due_us);

/* Takes `node` out, wherever it is; one that is not in is left alone. */
void wheel_cancel(struct wheel *wheel, struct wheel_node *node);

/* Takes out the next node due at or before `until_us` and moves now to its due time; NULL when there is
 * none, and then now moves to `until_us`. */
struct wheel_node *wheel_pop(struct wheel *wheel, int64_t until_us);

int64_t wheel_now_us(const struct wheel *wheel);
size_t wheel_count(const struct wheel *wheel);

#endif
