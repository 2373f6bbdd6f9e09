/* sim/command/command.h - the handlers, one a command and one a file.
 *
 * A handler gets what was asked and a console to answer on. It returns the exit code:
 *   0 done, all checks passed   1 a check failed       2 wrong command line
 *   3 an input is invalid       4 the environment      5 inconclusive
 * and has by then told every error through console_error() or console_errors(), the one printer.
 */
#ifndef SIM_COMMAND_COMMAND_H
#define SIM_COMMAND_COMMAND_H

#include "sim/command/console.h"
#include "sim/command/invocation.h"

enum { EXIT_DONE, EXIT_CHECK_FAILED, EXIT_USAGE, EXIT_INPUT, EXIT_ENVIRONMENT, EXIT_INCONCLUSIVE };

int command_run(const struct invocation *invocation, struct console *console);
int command_tune(const struct invocation *invocation, struct console *console);
int command_ab(const struct invocation *invocation, struct console *console);
int command_calibrate(const struct invocation *invocation, struct console *console);
int command_drill(const struct invocation *invocation, struct console *console);
int command_runbook(const struct invocation *invocation, struct console *console);
int command_alerts(const struct invocation *invocation, struct console *console);
int command_lint(const struct invocation *invocation, struct console *console);
int command_mock(const struct invocation *invocation, struct console *console);
int command_export(const struct invocation *invocation, struct console *console);
int command_report(const struct invocation *invocation, struct console *console);
int command_compare(const struct invocation *invocation, struct console *console);
int command_verify(const struct invocation *invocation, struct console *console);
int command_score(const struct invocation *invocation, struct console *console);
int command_route(const struct invocation *invocation, struct console *console);
int command_doctor(const struct invocation *invocation, struct console *console);
int command_schema(const struct invocation *invocation, struct console *console);
int command_completion(const struct invocation *invocation, struct console *console);
int command_help(const struct invocation *invocation, struct console *console);
int command_version(const struct invocation *invocation, struct console *console);

#endif
