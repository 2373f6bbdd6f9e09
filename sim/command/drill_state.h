/* sim/command/drill_state.h - one drill of `routesim drill`, from its file to its folder; only
 * sim/command/drill*.c include it, and alerts_score.c for the list. */
#ifndef SIM_COMMAND_DRILL_STATE_H
#define SIM_COMMAND_DRILL_STATE_H

#include "reports/drill_report.h"
#include "sim/analysis/drill.h"
#include "sim/command/console.h"
#include "sim/command/drill_live.h"
#include "sim/command/folder.h"
#include "sim/command/invocation.h"
#include "sim/command/load.h"
#include "sim/command/logs.h"
#include "sim/command/watch.h"

struct drill_run {
    const struct invocation *invocation;
    struct console *console;
    const char *path;
    struct loaded loaded;
    struct text canonical;           /* the command that repeats it */
    char directory[FOLDER_PATH_MAX]; /* where its files are written */
    bool keeps_logs;
    bool drawing_known; /* whether figures can be drawn was said already */
    const volatile sig_atomic_t *stop;
    struct logs logs;
    struct world_outputs outputs;
    struct watch watch;
    struct wire_spec wire;
    struct drill_live live; /* in real time */
    struct drill drill;
    bool played;
    int64_t started_unix_us;
    double wall_seconds;
};

/* Reads the file and prints what is wrong with it. False: `exit_code` of `loaded` says how to end.
 */
bool drill_run_load(struct drill_run *run);
/* How its calls travel, and by whose clock; asks what has to be asked. False: why was said. */
bool drill_run_prepare(struct drill_run *run, int *code);
/* Whether a scenario has anything of a drill. */
bool drill_run_is_drill(const struct scenario *scenario);
/* Plays it; logs go to `directory`. */
bool drill_run_play(struct drill_run *run, struct err *err);
/* Writes its files into `directory`. */
bool drill_run_write(struct drill_run *run, struct err *err);
void drill_run_release(struct drill_run *run);

/* ---- which files (drill_list.c) ---- */

enum { DRILLS_MAX = 256 };

struct drill_list {
    char **paths; /* owned */
    uint32_t count;
    bool of_folder;               /* some operand was a folder */
    char name[SCENARIO_NAME_MAX]; /* of the suite */
};
bool drill_list_make(const char *const *operands, uint32_t count, struct drill_list *list,
                     struct err *err);
void drill_list_release(struct drill_list *list);

/* ---- the command ---- */

struct drill_command {
    const struct invocation *invocation;
    struct console *console;
    struct drill_list list;
    struct folder folder;
    const volatile sig_atomic_t *stop;
};

struct drill_style drill_style_of(const struct drill_command *command, double wall_seconds,
                                  const char *page);

/* --dry-run (drill_plan.c): what one drill's story will be, or a table of several; plays and writes
 * nothing. The runs are loaded and prepared. */
int drill_plan_show(struct drill_command *command, struct drill_run *run, const char *folder);
int drill_plan_show_all(struct drill_command *command, struct drill_run *runs, uint32_t count);

/* Several drills: a table as they end, a folder with a folder each, and their index. */
int drill_suite_play(struct drill_command *command);

#endif
