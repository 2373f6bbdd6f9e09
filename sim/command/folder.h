/* sim/command/folder.h - the output folder: written beside, then renamed, so it is whole or not
 * there.
 *
 * Results grow in DIR.tmp-PID and take DIR's name when they are complete; what stood there before
 * is moved aside first and removed last, so an earlier result is lost only to a later one that is
 * whole. A process that has to leave at once takes DIR.tmp-PID away (router/base/leftover.h). A
 * folder that is not empty and holds no summary.json of ours is never touched. Results of
 * another experiment (scenario, settings, seed apart) are replaced only with --force.
 *
 * Failure: ERR_ENVIRONMENT for what the system refuses, ERR_USAGE for a folder that is not ours.
 */
#ifndef SIM_COMMAND_FOLDER_H
#define SIM_COMMAND_FOLDER_H

#include "router/base/err.h"

enum { FOLDER_PATH_MAX = 4096 };

struct folder {
    char path[FOLDER_PATH_MAX];      /* what it will be called; no trailing slash */
    char temporary[FOLDER_PATH_MAX]; /* where it is being written */
    bool open;
};

/* Looks whether results of `scenario` may go to `path`; makes parents and the temporary folder. */
bool folder_open(struct folder *folder, const char *path, const char *scenario, uint64_t experiment,
                 bool force, struct err *err);

/* Whether a file would lie in the folder, or be it: folder_commit() would take it away. */
bool folder_holds(const struct folder *folder, const char *file);

/* The results are complete: they take their name. */
bool folder_commit(struct folder *folder, struct err *err);

/* The run failed: removes what was written. Safe to call in any state. */
void folder_discard(struct folder *folder);

#endif
