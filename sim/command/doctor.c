/* sim/command/doctor.c - `routesim doctor`: is everything here that a run leans on? */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/command/child.h"
#include "sim/command/command.h"
#include "sim/command/doctor.h"
#include "sim/command/load.h"
#include "sim/command/option_value.h"
#include "sim/command/version.h"

/* The verdict as a word, with colour on top where there is some. */
void examination_note(struct examination *examination, enum finding finding, const char *what,
                      const char *format, ...)
{
    static const char *const words[] = {
        [FINDING_GOOD] = "ok  ", [FINDING_WARNING] = "warn", [FINDING_BAD] = "FAIL"};
    static const char *const colors[] = {
        [FINDING_GOOD] = "32", [FINDING_WARNING] = "33", [FINDING_BAD] = "31"};
    struct text *text = &examination->text;
    examination->counts[finding]++;
    if (examination->console->out_color) {
        text_format(text, "\033[%sm%s\033[0m", colors[finding], words[finding]);
    } else {
        text_put(text, words[finding]);
    }
    text_format(text, "  %-14s ", what);
    va_list arguments;
    va_start(arguments, format);
    text_format_list(text, format, arguments);
    va_end(arguments);
    text_char(text, '\n');
}

static void examine_libraries(struct examination *examination)
{
    for (enum version_library library = 0; library < VERSION_LIBRARY_COUNT; library++) {
        const char *const version = version_of_library(library);
        if (version != NULL) {
            examination_note(examination, FINDING_GOOD, version_library_names[library], "%s",
                             version);
        } else {
            examination_note(examination, FINDING_WARNING, version_library_names[library],
                             "not built in: --cache has no Redis to speak to; install "
                             "libhiredis-dev and run make again");
        }
    }
}

static void examine_figures(struct examination *examination)
{
    char version[GNUPLOT_VERSION_MAX];
    if (version_of_gnuplot(version)) {
        examination_note(examination, FINDING_GOOD, "gnuplot", "%s", version);
    } else {
        examination_note(
            examination, FINDING_WARNING, "gnuplot",
            "not found: reports come without figures; install the package gnuplot-nox");
    }
    char font[256];
    const char *const words[] = {"fc-list", ":lang=en", "family", NULL};
    if (child_first_line(words, font, sizeof font)) {
        examination_note(examination, FINDING_GOOD, "fonts", "found, %s among them", font);
    } else {
        examination_note(examination, FINDING_WARNING, "fonts",
                         "none found by fc-list: PNG figures would show boxes for letters; install "
                         "fontconfig and fonts-liberation");
    }
}

/* The nearest folder that exists: out/ is made where it is missing. */
static void examine_output(struct examination *examination)
{
    const char *wished = getenv("ROUTESIM_OUT");
    const char *folder = wished != NULL && wished[0] != '\0' ? wished : "out";
    struct stat status;
    if (stat(folder, &status) != 0) {
        const bool writable = access(".", W_OK | X_OK) == 0;
        examination_note(examination, writable ? FINDING_GOOD : FINDING_BAD, "output",
                         writable ? "%s will be made here when a run needs it"
                                  : "%s does not exist and cannot be made here: use --out",
                         folder);
    } else if (!S_ISDIR(status.st_mode)) {
        examination_note(examination, FINDING_BAD, "output", "%s is no folder: use --out", folder);
    } else if (access(folder, W_OK | X_OK) != 0) {
        examination_note(examination, FINDING_BAD, "output", "%s cannot be written: %s", folder,
                         strerror(errno));
    } else {
        examination_note(examination, FINDING_GOOD, "output", "%s can be written", folder);
    }
}

static void examine_locale(struct examination *examination)
{
    if (examination->console->utf8) {
        examination_note(examination, FINDING_GOOD, "locale", "UTF-8");
    } else {
        examination_note(
            examination, FINDING_WARNING, "locale",
            "not UTF-8: bars and verdicts are drawn in ASCII; LC_ALL=C.UTF-8 changes that");
    }
}

static void examine_data(struct examination *examination)
{
    const char *folder = getenv("ROUTESIM_DATA");
    struct stat status;
    if (folder == NULL || folder[0] == '\0') {
        examination_note(
            examination, FINDING_GOOD, "data",
            "ROUTESIM_DATA is not set: scenarios and tests that need recorded data are skipped");
    } else if (stat(folder, &status) == 0 && S_ISDIR(status.st_mode) &&
               access(folder, R_OK | X_OK) == 0) {
        examination_note(examination, FINDING_GOOD, "data", "ROUTESIM_DATA is %s", folder);
    } else {
        examination_note(examination, FINDING_BAD, "data",
                         "ROUTESIM_DATA is %s, which is no readable folder", folder);
    }
}

/* ---- --config ---- */

/* Every option that has a value or could get one, with where it came from. Options are per command,
 * so they are read as `routesim COMMAND` alone would read them. */
static int write_config(struct console *console)
{
    struct text text = {0};
    text_format(&text, "%-18s %-22s %s\n", "OPTION", "VALUE", "FROM");
    int code = EXIT_DONE;
    for (enum option option = 0; option < OPTION_COUNT; option++) {
        const struct option_traits *traits = option_traits(option);
        if (!option_is_offered(option)) continue;
        if (traits->env == NULL && traits->fallback == NULL) continue;
        struct option_value value = {0};
        struct err err;
        if (!option_value_settle(option, console_environment, &value, &err)) {
            code = console_error(console, &err, NULL);
            continue;
        }
        struct text shown = {0};
        load_put_argument(value.text != NULL ? value.text : "(not given)", &shown);
        text_format(&text, "--%-16s %-22s %s", traits->name, shown.bytes != NULL ? shown.bytes : "",
                    option_origin_names[value.origin]);
        text_release(&shown);
        if (value.origin == ORIGIN_ENVIRONMENT) text_format(&text, ", %s", traits->env);
        text_char(&text, '\n');
    }
    const int written = console_write(console, &text);
    return code != EXIT_DONE ? code : written;
}

int command_doctor(const struct invocation *invocation, struct console *console)
{
    if (invocation_on(invocation, OPTION_CONFIG)) return write_config(console);
    struct examination examination = {.console = console};
    examine_libraries(&examination);
    examine_features(&examination);
    examine_authorities(&examination);
    examine_figures(&examination);
    examine_output(&examination);
    examine_locale(&examination);
    examine_data(&examination);
    examine_limits(&examination);
    examine_ports(&examination);
    examine_blackhole(&examination);
    examine_clock(&examination);
    const int code = examine_providers(&examination, invocation);
    if (code != EXIT_DONE) {
        text_release(&examination.text);
        return code;
    }
    text_format(&examination.text, "\n%u fine, %u to look at, %u to mend\n",
                examination.counts[FINDING_GOOD], examination.counts[FINDING_WARNING],
                examination.counts[FINDING_BAD]);
    const int written = console_write(console, &examination.text);
    if (written != EXIT_DONE) return written;
    return examination.counts[FINDING_BAD] > 0 ? EXIT_ENVIRONMENT : EXIT_DONE;
}
