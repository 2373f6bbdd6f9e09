/* sim/command/lint.c - `routesim lint`: is this scenario, with the files it names, fit to run? */
#include "sim/command/command.h"
#include "sim/command/findings.h"
#include "sim/command/load.h"
#include "sim/world/world.h"

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_GITHUB }; /* in the order of --format's words */

struct linting {
    struct console *console;
    enum format format;
    struct text found; /* json */
    bool any_found;
    uint64_t errors, warnings;
};

/* The findings are the result here, so they go to standard output. */
static void tell(struct linting *linting, const struct loaded *loaded)
{
    struct console *console = linting->console;
    struct text text = {0};
    switch (linting->format) {
    case FORMAT_TEXT:
        err_list_print(console->out, &loaded->list, loaded->source, console->out_color);
        break;
    case FORMAT_JSON:
        findings_write_json(&linting->found, &loaded->list, !linting->any_found);
        linting->any_found |= loaded->list.count > 0;
        break;
    case FORMAT_GITHUB:
        findings_write_github(&text, &loaded->list);
        (void)console_write(console, &text);
        break;
    }
}

static void lint_file(struct linting *linting, const struct invocation *invocation,
                      const char *path)
{
    struct loaded loaded;
    if (load_read(invocation, path, &loaded)) {
        world_check_files(loaded.scenario, &loaded.list);
    }
    linting->errors += loaded.list.errors;
    linting->warnings += loaded.list.warnings;
    tell(linting, &loaded);
    load_release(&loaded);
}

static void conclude(struct linting *linting, unsigned files)
{
    struct console *console = linting->console;
    if (linting->format == FORMAT_JSON) {
        struct text text = {0};
        text_put(&text, "{\"schema\":\"routesim.findings/1\",\"errors\":");
        text_int(&text, (int64_t)linting->errors);
        text_put(&text, ",\"warnings\":");
        text_int(&text, (int64_t)linting->warnings);
        text_put(&text, ",\"findings\":[");
        text_append(&text, linting->found.bytes, linting->found.length);
        text_put(&text, "]}\n");
        text.failed |= linting->found.failed;
        (void)console_write(console, &text);
    } else if (linting->format == FORMAT_TEXT && !console->quiet) {
        (void)fprintf(
            console->out, "%u %s, %llu %s, %llu %s\n", files, files == 1 ? "file" : "files",
            (unsigned long long)linting->errors, linting->errors == 1 ? "error" : "errors",
            (unsigned long long)linting->warnings, linting->warnings == 1 ? "warning" : "warnings");
    }
    text_release(&linting->found);
}

int command_lint(const struct invocation *invocation, struct console *console)
{
    struct linting linting = {.console = console,
                              .format = (enum format)invocation->values[OPTION_FORMAT].choice};
    for (unsigned i = 0; i < invocation->operand_count; i++) {
        lint_file(&linting, invocation, invocation->operands[i]);
    }
    conclude(&linting, invocation->operand_count);
    return linting.errors > 0 ? EXIT_INPUT : EXIT_DONE;
}
