/* sim/command/man.c - the manual page routesim(1), written from the tables. */
#include <string.h>

#include "sim/command/help.h"
#include "sim/command/version.h"

/* Text as troff wants it: backslashes and dashes escaped, a line never starting with a control
 * character. An unescaped dash would come out as a hyphen, which nobody can paste into a shell. */
static void put_troff(struct text *text, const char *words)
{
    bool line_start = text->length > 0 && text->bytes[text->length - 1] == '\n';
    for (const char *c = words; *c != '\0'; c++) {
        if (line_start && (*c == '.' || *c == '\'')) text_put(text, "\\&");
        line_start = *c == '\n';
        if (*c == '\\') {
            text_put(text, "\\e");
        } else if (*c == '-') {
            text_put(text, "\\-");
        } else {
            text_char(text, *c);
        }
    }
}

static void put_commands_of(struct text *text, enum option option)
{
    unsigned count = 0;
    for (unsigned i = 0; i < command_table_count; i++) {
        if (option_belongs(option, command_table[i].command)) count++;
    }
    if (count == command_table_count) return; /* all of them: nothing to say */
    text_put(text, " (");
    unsigned written = 0;
    for (unsigned i = 0; i < command_table_count; i++) {
        if (!option_belongs(option, command_table[i].command)) continue;
        text_format(text, "%s%s", written++ > 0 ? ", " : "", command_table[i].name);
    }
    text_char(text, ')');
}

static void put_option(struct text *text, enum option option)
{
    const struct option_traits *traits = option_traits(option);
    text_put(text, ".TP\n");
    if (traits->letter != '\0') text_format(text, "\\fB\\-%c\\fR, ", traits->letter);
    text_put(text, "\\fB");
    put_troff(text, "--");
    put_troff(text, traits->name);
    text_put(text, "\\fR");
    if (traits->argument != NULL) {
        const bool maybe = option_may_stand_alone(traits);
        text_put(text, maybe ? "[=\\fI" : " \\fI");
        put_troff(text, traits->argument);
        text_put(text, maybe ? "\\fR]" : "\\fR");
    }
    put_commands_of(text, option);
    text_char(text, '\n');
    put_troff(text, traits->help);
    if (traits->fallback != NULL) {
        text_put(text, " (default: ");
        put_troff(text, traits->fallback);
        text_char(text, ')');
    }
    text_put(text, ".\n");
}

static void put_command(struct text *text, const struct command_traits *command)
{
    text_put(text, ".TP\n\\fBroutesim ");
    put_troff(text, command->name);
    text_put(text, "\\fR ");
    put_troff(text, command->usage);
    text_char(text, '\n');
    put_troff(text, command->summary);
    text_put(text, ". ");
    put_troff(text, command->about);
    if (command->alias != NULL) {
        text_put(text, " Also known as \\fB");
        put_troff(text, command->alias);
        text_put(text, "\\fR.");
    }
    text_char(text, '\n');
}

static void put_all_options(struct text *text)
{
    for (enum option_group group = 0; group < OPTION_GROUP_COUNT; group++) {
        bool titled = false;
        for (enum option option = 0; option < OPTION_COUNT; option++) {
            if (option_traits(option)->group != group || !option_is_offered(option)) continue;
            if (!titled) text_format(text, ".SS %s\n", option_group_titles[group]);
            titled = true;
            put_option(text, option);
        }
    }
}

static void put_environment(struct text *text)
{
    static const char *const others[][2] = {
        {"ROUTESIM_DATA", "a folder of recorded data that some scenarios and tests read"},
        {"NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE, TERM", "decide about colour when --color is auto"},
    };
    for (enum option option = 0; option < OPTION_COUNT; option++) {
        const char *env = option_traits(option)->env;
        if (env == NULL || !option_is_offered(option)) continue;
        text_format(text, ".TP\n\\fB%s\\fR\nthe same as ", env);
        put_troff(text, "--");
        put_troff(text, option_traits(option)->name);
        text_put(text, ", which wins.\n");
    }
    for (unsigned i = 0; i < sizeof others / sizeof others[0]; i++) {
        text_format(text, ".TP\n\\fB%s\\fR\n", others[i][0]);
        put_troff(text, others[i][1]);
        text_put(text, ".\n");
    }
}

void help_write_manual(struct text *text)
{
    text_format(text, ".TH ROUTESIM 1 \"\" \"routesim %s\" \"User Commands\"\n", version_text());
    text_put(text,
             ".SH NAME\nroutesim \\- rehearse a grocery\\-order router against mock providers\n"
             ".SH SYNOPSIS\n\\fBroutesim\\fR \\fICOMMAND\\fR [options] [files]\n"
             ".SH DESCRIPTION\n");
    put_troff(text,
              "routesim runs the full router against simulated providers in virtual time, injects "
              "timeouts, outages and credential failures as a scenario file says, and judges what "
              "happened. Options may come before or after files, -- ends them, and a file named - "
              "is standard input or output.\n");
    text_put(text, ".SH COMMANDS\n");
    for (unsigned i = 0; i < command_table_count; i++)
        put_command(text, &command_table[i]);
    text_put(text, ".SH OPTIONS\n");
    put_all_options(text);
    text_put(text, ".SH EXIT STATUS\n");
    for (unsigned i = 0; exit_code_meanings[i].meaning != NULL; i++) {
        text_format(text, ".TP\n%s\n", exit_code_meanings[i].code);
        put_troff(text, exit_code_meanings[i].meaning);
        text_put(text, ".\n");
    }
    text_put(text, ".SH ENVIRONMENT\n");
    put_environment(text);
    text_put(text, ".SH EXAMPLES\n");
    for (unsigned i = 0; i < command_table_count; i++) {
        text_put(text, ".PP\n.EX\n");
        put_troff(text, command_table[i].example);
        text_put(text, "\n.EE\n");
    }
}
