#include "sim/command/paper.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "sim/command/digest.h"

bool paper_open_folder(struct folder *folder, const struct invocation *invocation, const char *kind,
                       const char *name, uint64_t seed, uint64_t experiment, struct err *err)
{
    char path[FOLDER_PATH_MAX], known_as[256];
    (void)snprintf(known_as, sizeof known_as, "%s-%s", kind, name);
    if (invocation_given(invocation, OPTION_OUT)) {
        (void)snprintf(path, sizeof path, "%s", invocation->values[OPTION_OUT].text);
    } else {
        (void)snprintf(path, sizeof path, "out/%s-%" PRIu64, known_as, seed);
    }
    return folder_open(folder, path, known_as, experiment, invocation_on(invocation, OPTION_FORCE),
                       err);
}

bool paper_check_drawing(const struct drawing *drawing, const struct invocation *invocation,
                         struct console *console, struct err *err)
{
    if (drawing->state != DRAWING_MISSING && drawing->state != DRAWING_FAILED) return true;
    if (invocation_on(invocation, OPTION_REQUIRE_PLOTS)) {
        (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "%s", drawing->reason);
        return err_hint(err, "install gnuplot, or leave out --require-plots");
    }
    fprintf(console->err, "routesim: %s The report does without pictures.\n", drawing->reason);
    return true;
}

static bool add_file(struct paper_files *list, const char *directory, struct err *err)
{
    if (digest_file(directory, list->names[list->count], &list->files[list->count], err)) {
        list->count++;
        return true;
    }
    return err->code == ERR_NONE; /* it is not there */
}

bool paper_list_files(struct paper_files *list, const char *directory, const char *const *always,
                      const struct drawing *drawing, struct err *err)
{
    static const char *const endings[] = {"svg", "png", "gp", "tsv", "labels.tsv"};
    list->count = 0;
    for (unsigned i = 0; always[i] != NULL; i++) {
        (void)snprintf(list->names[list->count], PAPER_NAME_MAX, "%s", always[i]);
        if (!add_file(list, directory, err)) return false;
    }
    for (uint32_t i = 0; i < 5 * drawing->count; i++) {
        (void)snprintf(list->names[list->count], PAPER_NAME_MAX, "plots/%.40s.%s",
                       drawing->figures[i / 5].name, endings[i % 5]);
        if (!add_file(list, directory, err)) return false;
    }
    return true;
}

void paper_begin_progress(struct progress *progress, const struct invocation *invocation,
                          const struct console *console, const char *label)
{
    const struct progress_setup setup = {
        .stream = console->err,
        .label = label,
        .mode = console->quiet ? PROGRESS_NONE
                               : progress_mode_for(invocation->values[OPTION_PROGRESS].choice,
                                                   isatty(STDERR_FILENO) != 0),
        .utf8 = console->utf8,
        .now_us = progress_clock_us,
        .columns = progress_columns};
    progress_begin(progress, &setup);
}
