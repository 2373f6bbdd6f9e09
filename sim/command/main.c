/* sim/command/main.c - the composition root: reads the command line, hands it to its command, and
 * turns what comes back into an exit code. */
#include <gsl/gsl_errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "router/base/leftover.h"
#include "sim/command/command.h"
#include "sim/command/help.h"

enum { EXIT_BUG = 70 };

/* assert() has printed what failed. Only what is safe in a signal handler happens here. */
static void on_abort(int number)
{
    (void)number;
    static const char advice[] =
        "routesim: this is a bug in routesim, not in your input. Please report it with the line\n"
        "above, the command line, the input file and the output of `routesim version --json`.\n";
    const ssize_t written = write(STDERR_FILENO, advice, sizeof advice - 1);
    (void)written;
    leftover_remove_all();
    _exit(EXIT_BUG);
}

static void take_signals(void)
{
    struct sigaction action = {.sa_handler = on_abort};
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGABRT, &action, NULL);
    /* A reader that went away shows as a failed write, so that gnuplot's death cannot be ours. */
    action.sa_handler = SIG_IGN;
    (void)sigaction(SIGPIPE, &action, NULL);
}

static int show_help(const struct command_traits *command, struct console *console)
{
    struct text text = {0};
    if (command == NULL) {
        help_write_overview(&text);
    } else {
        help_write_command(&text, command);
    }
    return console_write(console, &text);
}

/* The wrong command line, and, when operands are missing, what a right one looks like. */
static int refuse(const struct invocation *invocation, const struct err *err,
                  struct console *console)
{
    if (!invocation->too_few_operands) return console_error(console, err, NULL);
    struct text text = {0};
    help_write_brief(&text, invocation->command);
    if (!text.failed) (void)fputs(text.bytes, console->err);
    text_release(&text);
    return EXIT_USAGE;
}

int main(int argc, char *argv[])
{
    static struct invocation invocation; /* too large for a stack that may be small */
    struct console console;
    struct err err;

    take_signals();
    (void)gsl_set_error_handler_off();
    console_open(&console);
    console_set_color(&console, "auto", console_environment);

    int code;
    if (!invocation_read(&invocation, argc, argv, console_environment, &err)) {
        code = refuse(&invocation, &err, &console);
    } else if (invocation.help) {
        code = show_help(invocation.command, &console);
    } else {
        console_set_color(&console, invocation.values[OPTION_COLOR].text, console_environment);
        console.quiet = invocation_on(&invocation, OPTION_QUIET);
        code = invocation.version ? command_version(&invocation, &console)
                                  : invocation.command->handle(&invocation, &console);
    }
    return console_close(&console, code);
}
