/* `routesim drill --dry-run`: what the story will be as far as its file fixes it. */
#include <stdlib.h>

#include "reports/drill_plan.h"
#include "sim/command/command.h"
#include "sim/command/drill_state.h"
#include "sim/command/wires.h"

static struct drill_plan_style style_of(const struct drill_command *command,
                                        const struct drill_run *run)
{
    const double pace = run != NULL ? run->loaded.scenario->drill.pace : 1.0;
    return (struct drill_plan_style){
        .unicode = command->console->utf8,
        .color = command->console->out_color,
        .real = run != NULL && run->wire.clock == WIRE_CLOCK_REAL,
        .speed = pace > 1.0 ? pace : 1.0,
        .warnings = run != NULL ? &run->loaded.list : NULL,
        .command = run != NULL ? run->canonical.bytes : NULL,
    };
}

static bool make_plan(const struct drill_command *command, const struct drill_run *run,
                      struct drill_plan *plan, int *code)
{
    struct err err;
    if (drill_plan_make(run->loaded.scenario, plan, &err)) return true;
    *code = console_error(command->console, &err,
                          err_source(&err, run->loaded.scenario->file, run->loaded.source));
    return false;
}

/* Too large for a stack. */
static struct drill_plan *new_plan(const struct drill_command *command, int *code)
{
    struct err err;
    struct drill_plan *plan = calloc(1, sizeof *plan);
    if (plan != NULL) return plan;
    (void)err_fail(&err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    *code = console_error(command->console, &err, NULL);
    return NULL;
}

int drill_plan_show(struct drill_command *command, struct drill_run *run, const char *folder)
{
    int code = EXIT_ENVIRONMENT;
    struct drill_plan *const plan = new_plan(command, &code);
    if (plan == NULL) return code;
    if (make_plan(command, run, plan, &code)) {
        struct text text = {0}, calls = {0};
        struct drill_plan_style style = style_of(command, run);
        wires_describe(run->loaded.scenario, &run->wire, &calls);
        style.calls = calls.bytes;
        style.folder = folder;
        drill_write_plan(&text, plan, &style);
        text_release(&calls);
        code = console_write(command->console, &text);
    }
    free(plan);
    return code;
}

int drill_plan_show_all(struct drill_command *command, struct drill_run *runs, uint32_t count)
{
    int code = EXIT_ENVIRONMENT;
    struct text text = {0};
    const struct drill_plan_style plain = style_of(command, NULL);
    struct drill_plan *const plan = new_plan(command, &code);
    if (plan == NULL) return code;
    bool fine = true;
    drill_write_plan_head(&text, &plain);
    for (uint32_t i = 0; i < count; i++) {
        const struct drill_plan_style style = style_of(command, &runs[i]);
        const bool made = make_plan(command, &runs[i], plan, &code);
        if (made) drill_write_plan_row(&text, plan, &style);
        fine = fine && made;
    }
    drill_write_plan_end(&text, &plain, count);
    free(plan);
    if (fine) return console_write(command->console, &text);
    text_release(&text);
    return code;
}
