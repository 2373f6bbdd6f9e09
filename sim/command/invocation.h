/* sim/command/invocation.h - a command line, read: what was asked, with where each value came from.
 *
 * Options may come before or after files; `--` ends them; `-` is a file. `--flag=value` and `--flag
 * value` are the same, as are `-j4` and `-j 4`; flags without values may share a dash (`-qv`).
 * Names are never abbreviated, because an abbreviation would take away a future name; a near miss
 * is answered with a suggestion.
 *
 * Values are checked against their type here, so that a handler reads numbers and never text. An
 * option that is not given takes its environment variable, then its fallback.
 *
 * Ownership: borrows argv and the environment's texts.
 * Failure:   ERR_USAGE with a hint. A command line that asks for help never fails.
 */
#ifndef SIM_COMMAND_INVOCATION_H
#define SIM_COMMAND_INVOCATION_H

#include "router/base/err.h"
#include "sim/command/console.h"
#include "sim/command/options.h"

enum { REPEATS_MAX = 256, PERCENTILES_MAX = 12 };

enum option_origin { ORIGIN_NOTHING, ORIGIN_DEFAULT, ORIGIN_ENVIRONMENT, ORIGIN_COMMAND_LINE };
extern const char *const option_origin_names[];

struct option_value {
    enum option_origin origin;
    const char *text; /* NULL: not given and no fallback; of a flag "true" or "false" */
    int64_t whole;    /* a count; microseconds of a span; N of a choice "sample=N" */
    double number;    /* events per second; a share */
    unsigned choice;  /* index of the word chosen */
};

struct invocation {
    const struct command_traits *command; /* NULL: none was named */
    bool help;                            /* -h or --help stands somewhere */
    bool version;                         /* -V or --version, without a command */
    struct option_value values[OPTION_COUNT];
    struct {
        enum option option;
        const char *text;
    } repeats[REPEATS_MAX]; /* of repeatable options, in order */
    unsigned repeat_count;
    const char *operands[OPERANDS_MAX];
    unsigned operand_count;
    bool too_few_operands; /* with the err: the brief help is to be shown */
    int argc;
    char *const *argv; /* as given, for run.json and the canonical command */
};

/* Reads argv (argv[0] is the program). */
bool invocation_read(struct invocation *invocation, int argc, char *const argv[],
                     environment_get environment, struct err *err);

/* Says that there is no such command, and which one may be meant; false. */
bool invocation_refuse_command(const char *word, struct err *err);

static inline bool invocation_on(const struct invocation *invocation, enum option flag)
{
    const char *text = invocation->values[flag].text;
    return text != NULL && text[0] == 't';
}

/* Given by the user, on the command line or in the environment. */
static inline bool invocation_given(const struct invocation *invocation, enum option option)
{
    return invocation->values[option].origin >= ORIGIN_ENVIRONMENT;
}

/* The numbers of a percent list, rising; returns their count. */
unsigned percent_list(const char *text, double percents[PERCENTILES_MAX]);

#endif
