/* sim/command/paper.h - what commands that study orders share: a folder named after their subject,
 * the list of its files, what to say when gnuplot cannot draw, a progress line.
 *
 * Ownership: files borrow the names beside them. Failure: as folder.h and digest.h say.
 */
#ifndef SIM_COMMAND_PAPER_H
#define SIM_COMMAND_PAPER_H

#include "reports/figures.h"
#include "sim/command/console.h"
#include "sim/command/folder.h"
#include "sim/command/invocation.h"
#include "sim/command/progress.h"
#include "sim/world/result.h"

enum { PAPER_FILES_MAX = 16 + 5 * FIGURES_MAX, PAPER_NAME_MAX = 64 };

/* out/KIND-NAME-SEED, or --out; "KIND-NAME" and `experiment` are what it is known by. */
bool paper_open_folder(struct folder *folder, const struct invocation *invocation, const char *kind,
                       const char *name, uint64_t seed, uint64_t experiment, struct err *err);

/* Says it when nothing was drawn that should have been; false with --require-plots. */
bool paper_check_drawing(const struct drawing *drawing, const struct invocation *invocation,
                         struct console *console, struct err *err);

struct paper_files {
    struct result_file files[PAPER_FILES_MAX];
    char names[PAPER_FILES_MAX + 1][PAPER_NAME_MAX];
    uint32_t count;
};
/* The files of `always` (NULL ends) and those of every figure, as far as they are there, with their
 * digests. */
bool paper_list_files(struct paper_files *list, const char *directory, const char *const *always,
                      const struct drawing *drawing, struct err *err);

void paper_begin_progress(struct progress *progress, const struct invocation *invocation,
                          const struct console *console, const char *label);

#endif
