#include "sim/command/options.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "sim/command/options_state.h"

const char *const option_group_titles[OPTION_GROUP_COUNT] = {
    [GROUP_LOAD] = "Load",     [GROUP_INPUT] = "Input",     [GROUP_JUDGE] = "Judging",
    [GROUP_OUTPUT] = "Output", [GROUP_DISPLAY] = "Display", [GROUP_OTHER] = "Other",
};

const struct exit_code_meaning exit_code_meanings[] = {
    {"0", "done, and all checks passed"},
    {"1", "done, and a check failed, compare found a regression, ab a variant that loses or breaks "
          "a guardrail, or verify a difference that nothing explains"},
    {"2", "the command line is wrong"},
    {"3", "an input file is invalid or unusable"},
    {"4", "the environment: a file cannot be written, memory is out, no file descriptor is left, "
          "figures cannot be drawn"},
    {"5",
     "inconclusive: too few samples to decide a check (only with --strict-evidence), or verify "
     "ran with a fault that no call met"},
    {"70", "a bug in routesim; the message says what to attach to a report"},
    {"130, 143", "stopped by SIGINT or SIGTERM; partial results are marked as such"},
    {NULL, NULL},
};

const struct command_traits *command_by_name(const char *name)
{
    for (unsigned i = 0; i < command_table_count; i++) {
        const struct command_traits *traits = &command_table[i];
        if (strcmp(traits->name, name) == 0) return traits;
        if (traits->alias != NULL && strcmp(traits->alias, name) == 0) return traits;
    }
    return NULL;
}

const struct command_traits *command_by_id(enum command command)
{
    for (unsigned i = 0; i < command_table_count; i++) {
        if (command_table[i].command == command) return &command_table[i];
    }
    return NULL;
}

const struct option_traits *option_traits(enum option option)
{
    static const struct option_traits *const chapters[] = {
        options_common, options_run, options_drill, options_study, options_mock, options_tools,
    };
    assert(option < OPTION_COUNT);
    const struct option_traits *found = NULL;
    for (unsigned i = 0; i < sizeof chapters / sizeof chapters[0]; i++) {
        if (chapters[i][option].name == NULL) continue;
        assert(found == NULL); /* a row stands in one chapter alone */
        found = &chapters[i][option];
    }
    assert(found != NULL); /* an enumerator without a row */
    return found;
}

bool option_is_offered(enum option option)
{
    for (unsigned i = 0; i < command_table_count; i++) {
        if (option_belongs(option, command_table[i].command)) return true;
    }
    return false;
}

enum option option_by_name(enum command command, const char *name, unsigned length)
{
    for (enum option option = 0; option < OPTION_COUNT; option++) {
        const char *known = option_traits(option)->name;
        if (!option_belongs(option, command)) continue;
        if (strlen(known) == length && strncmp(known, name, length) == 0) return option;
    }
    return OPTION_COUNT;
}

enum option option_by_letter(enum command command, char letter)
{
    assert(letter != '\0');
    for (enum option option = 0; option < OPTION_COUNT; option++) {
        if (!option_belongs(option, command)) continue;
        if (option_traits(option)->letter == letter) return option;
    }
    return OPTION_COUNT;
}

const char *choice_word(const char *choices, unsigned index, unsigned *length)
{
    const char *word = choices;
    for (; index > 0; index--) {
        word = strchr(word, '|');
        if (word == NULL) return NULL;
        word++;
    }
    *length = (unsigned)strcspn(word, "|");
    return word;
}
