/* sim/command/report.c - `routesim report DIR`: the report of a finished run, made anew from its
 * folder. */
#include <string.h>
#include <unistd.h>

#include "reports/files.h"
#include "reports/report.h"
#include "sim/command/command.h"
#include "sim/command/present.h"

/* A drill's page and JUnit say more than a summary holds: made from that they would lose the
 * verdict, and nobody would be told. */
static bool check_no_drill(const char *directory, struct err *err)
{
    char path[FILES_PATH_MAX];
    if (!files_path(path, directory, "drill.json", err)) return false;
    if (access(path, F_OK) != 0) return true;
    (void)err_fail(err, ERR_INPUT, (struct place){.file = directory},
                   "this is a drill's folder: its report was made when it was played");
    return err_hint(err, "report.md names the command that plays it again; `compare` takes the "
                         "folder as it is");
}

int command_report(const struct invocation *invocation, struct console *console)
{
    const char *directory = invocation->operands[0];
    struct result result;
    struct err_list list = {0};
    struct err err;
    if (!check_no_drill(directory, &err)) return console_error(console, &err, NULL);
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
