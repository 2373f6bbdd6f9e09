/* sim/command/options_state.h - what the files of the option table share; nobody else includes it.
 *
 * The table is split by what its rows are about, a file a chapter. An array is as long as the enum
 * and holds its own chapter's rows; the rest of it is zero. option_traits() looks through all of
 * them, so an option may move to another chapter and nobody notices.
 *
 * To add an option: an enumerator in options.h, which is also its place in help, and a row in the
 * chapter it belongs to. The first that fits:
 *   options_mock.c    what routesim mock takes and nobody else
 *   options_drill.c   drill, runbook and alerts
 *   options_study.c   tune, ab and calibrate
 *   options_run.c     how a scenario is played, and what is kept and judged of it
 *   options_tools.c   a command that plays nothing: compare, lint, score, route, export, ...
 *   options_common.c  everything that commands of several of these take
 */
#ifndef SIM_COMMAND_OPTIONS_STATE_H
#define SIM_COMMAND_OPTIONS_STATE_H

#include "sim/command/options.h"

/* Which commands take an option: sets of commands that go together, for option_traits.commands. */
#define IN(command)  (UINT32_C(1) << (command))
#define EVERYWHERE   (IN(COMMAND_COUNT) - 1u)
#define TUNES        (IN(COMMAND_TUNE) | IN(COMMAND_AB))
#define STUDIES      (TUNES | IN(COMMAND_CALIBRATE))
#define PLAYS        (IN(COMMAND_RUN) | IN(COMMAND_DRILL))
#define MAKES_OUTPUT (PLAYS | IN(COMMAND_REPORT) | STUDIES | IN(COMMAND_EXPORT))
#define WRITES_FOLDER                                                                              \
    (PLAYS | STUDIES | IN(COMMAND_EXPORT) | IN(COMMAND_ALERTS) | IN(COMMAND_RUNBOOK))
#define READS_SCENARIO                                                                             \
    (PLAYS | STUDIES | IN(COMMAND_LINT) | IN(COMMAND_ROUTE) | IN(COMMAND_VERIFY) |                 \
     IN(COMMAND_MOCK) | IN(COMMAND_DOCTOR) | IN(COMMAND_RUNBOOK))
#define RUNS (PLAYS | STUDIES | IN(COMMAND_VERIFY))
/* Those that may wait for real time. */
#define CALLS (PLAYS | IN(COMMAND_VERIFY) | IN(COMMAND_CALIBRATE))

extern const struct option_traits options_run[OPTION_COUNT];
extern const struct option_traits options_drill[OPTION_COUNT];
extern const struct option_traits options_study[OPTION_COUNT];
extern const struct option_traits options_mock[OPTION_COUNT];
extern const struct option_traits options_tools[OPTION_COUNT];
extern const struct option_traits options_common[OPTION_COUNT];

#endif
