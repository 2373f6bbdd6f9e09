/* sim/command/report.c - `routesim report DIR`: the report of a finished run, made anew from its
 * folder. */
#include <string.h>

#include "reports/report.h"
#include "sim/command/command.h"
#include "sim/command/present.h"

int command_report(const struct invocation *invocation, struct console *console)
{
    const char *directory = invocation->operands[0];
    struct result result;
    struct err_list list = {0};
    struct err err;
    if (!report_read(&result, directory, &list)) return console_errors(console, &list, NULL);
    struct present present = {.invocation = invocation,
                              .console = console,
                              .result = &result,
                              .directory = directory,
                              .final_path = directory,
                              .wall_seconds = -1.0};
    int code = present_files(&present, &err) ? present_result(&present)
                                             : console_error(console, &err, NULL);
    if (code == EXIT_DONE && result.checks_failed > 0) code = EXIT_CHECK_FAILED;
    result_release(&result);
    return code;
}
