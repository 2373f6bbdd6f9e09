/* router/base/leftover.h - files and folders that exist only while the process runs, for whoever
 * has to leave at once.
 *
 * What is written beside its final name, and a folder of keys in /tmp, is removed by whoever made
 * it. A process that is told twice to stop does not come that far: its signal handler removes what
 * is on this list instead.
 *
 *     leftover_add(path);      before it is made
 *     ...
 *     leftover_forget(path);   once it is gone, or has its final name
 *
 * Threads: any. leftover_remove_all() may be called in a signal handler: it allocates nothing and
 * takes no lock.
 * Failure: a path that is too long, or one too many, is not kept on the list; nothing else depends
 *          on it. What cannot be removed stays.
 */
#ifndef ROUTER_BASE_LEFTOVER_H
#define ROUTER_BASE_LEFTOVER_H

enum { LEFTOVERS_MAX = 16, LEFTOVER_PATH_MAX = 4352 };

/* A file, or a folder with all that is in it; copied. */
void leftover_add(const char *path);
void leftover_forget(const char *path); /* one that is not on the list is fine */

/* Removes all that is on the list, just before the process ends: where no descriptor is left,
 * standard input and output are closed for it. Links are removed, not followed. */
void leftover_remove_all(void);

#endif
