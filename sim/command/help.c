#include "sim/command/help.h"

#include <stdio.h>
#include <string.h>

#include "mocks/http_server.h"
#include "sim/command/command.h"

enum { WIDTH = 80, OPTION_COLUMN = 30, NAME_COLUMN = 14 };

/* Appends `words` wrapped to WIDTH; lines after the first start at `indent`, `column` is where we
 * stand now. */
static void put_wrapped(struct text *text, const char *words, unsigned column, unsigned indent)
{
    bool first = true;
    while (*words != '\0') {
        const unsigned length = (unsigned)strcspn(words, " ");
        if (!first && column + 1 + length > WIDTH) {
            text_format(text, "\n%*s", (int)indent, "");
            column = indent;
            first = true;
        }
        if (!first) {
            text_char(text, ' ');
            column++;
        }
        text_append(text, words, length);
        column += length;
        words += length;
        words += strspn(words, " ");
        first = false;
    }
    text_char(text, '\n');
}

/* "-o, --out DIR", "--json[=FILE]" */
static void put_synopsis(struct text *text, const struct option_traits *option)
{
    if (option->letter != '\0') {
        text_format(text, "-%c, ", option->letter);
    } else {
        text_put(text, "    ");
    }
    text_format(text, "--%s", option->name);
    if (option_may_stand_alone(option)) {
        text_format(text, "[=%s]", option->argument);
    } else if (option->argument != NULL) {
        text_format(text, " %s", option->argument);
    }
}

static void put_option(struct text *text, const struct option_traits *option)
{
    struct text help = {0};
    text_put(&help, option->help);
    if (option->fallback != NULL) text_format(&help, " (default: %s)", option->fallback);
    if (option->env != NULL) text_format(&help, " [%s]", option->env);

    const size_t start = text->length;
    text_put(text, "  ");
    put_synopsis(text, option);
    size_t column = text->length - start;
    if (column + 2 > OPTION_COLUMN) {
        text_char(text, '\n');
        column = 0;
    }
    text_format(text, "%*s", (int)(OPTION_COLUMN - column), "");
    put_wrapped(text, help.failed ? option->help : help.bytes, OPTION_COLUMN, OPTION_COLUMN);
    text_release(&help);
}

static void put_options(struct text *text, enum command command)
{
    for (enum option_group group = 0; group < OPTION_GROUP_COUNT; group++) {
        bool titled = false;
        for (enum option option = 0; option < OPTION_COUNT; option++) {
            if (option_traits(option)->group != group || !option_belongs(option, command)) continue;
            if (!titled) text_format(text, "\n%s:\n", option_group_titles[group]);
            titled = true;
            put_option(text, option_traits(option));
        }
    }
}

/* What a client may ask of the mocks by a header. */
static void put_fault_words(struct text *text)
{
    text_char(text, '\n');
    put_wrapped(text,
                "A request with the header X-Mock-Fault meets, whatever the scenario says:", 0, 0);
    for (const struct mock_fault_word *word = mock_fault_words; word->shown != NULL; word++)
        text_format(text, "  %-*s%s\n", NAME_COLUMN, word->shown, word->help);
}

void help_write_overview(struct text *text)
{
    text_put(text, "routesim: rehearses a grocery-order router in virtual time\n\nUsage: routesim "
                   "COMMAND [options] [files]\n\n");
    for (unsigned i = 0; i < command_table_count; i++) {
        const struct command_traits *command = &command_table[i];
        text_format(text, "  %-*s%s", NAME_COLUMN - 2, command->name, command->summary);
        if (command->alias != NULL) text_format(text, " (alias: %s)", command->alias);
        text_char(text, '\n');
    }
    text_put(text,
             "\nroutesim help COMMAND explains one of them. A file named - is standard input or\n"
             "output. Exit codes:\n");
    for (unsigned i = 0; exit_code_meanings[i].meaning != NULL; i++) {
        text_format(text, "  %-*s", NAME_COLUMN - 2, exit_code_meanings[i].code);
        put_wrapped(text, exit_code_meanings[i].meaning, NAME_COLUMN, NAME_COLUMN);
    }
}

void help_write_command(struct text *text, const struct command_traits *command)
{
    text_format(text, "routesim %s: %s\n\n", command->name, command->summary);
    text_format(text, "Usage: routesim %s %s\n", command->name, command->usage);
    if (command->alias != NULL) text_format(text, "Alias: routesim %s\n", command->alias);
    text_char(text, '\n');
    put_wrapped(text, command->about, 0, 0);
    put_options(text, command->command);
    if (command->command == COMMAND_MOCK) put_fault_words(text);
    text_format(text, "\nExample:\n  %s\n", command->example);
}

void help_write_brief(struct text *text, const struct command_traits *command)
{
    text_format(text, "routesim %s: %s\n", command->name, command->summary);
    text_format(text, "Usage:   routesim %s %s\n", command->name, command->usage);
    text_format(text, "Example: %s\n", command->example);
    text_format(text, "More:    routesim help %s\n", command->name);
}

int command_help(const struct invocation *invocation, struct console *console)
{
    struct text text = {0};
    if (invocation_on(invocation, OPTION_MAN)) {
        help_write_manual(&text);
    } else if (invocation->operand_count == 0) {
        help_write_overview(&text);
    } else {
        const struct command_traits *command = command_by_name(invocation->operands[0]);
        struct err err;
        if (command == NULL) {
            (void)invocation_refuse_command(invocation->operands[0], &err);
            return console_error(console, &err, NULL);
        }
        help_write_command(&text, command);
    }
    return console_write(console, &text);
}
