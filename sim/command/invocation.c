#include "sim/command/invocation.h"

#include <assert.h>
#include <string.h>

#include "sim/command/option_value.h"

enum { NAME_MAX_SHOWN = 64 };

static const struct place nowhere;

const char *const option_origin_names[] = {
    [ORIGIN_NOTHING] = "not given",
    [ORIGIN_DEFAULT] = "default",
    [ORIGIN_ENVIRONMENT] = "environment",
    [ORIGIN_COMMAND_LINE] = "command line",
};

struct reading { /* the argument at hand */
    struct invocation *invocation;
    int index;
    struct err *err;
};

/* ---- refusals ---- */

bool invocation_refuse_command(const char *word, struct err *err)
{
    const char *names[2 * COMMAND_COUNT + 1];
    unsigned count = 0;
    for (unsigned i = 0; i < command_table_count; i++) {
        names[count++] = command_table[i].name;
        if (command_table[i].alias != NULL) names[count++] = command_table[i].alias;
    }
    names[count] = NULL;
    (void)err_fail(err, ERR_USAGE, nowhere, "there is no command \"%s\"", word);
    char hint[ERR_HINT_MAX];
    return text_suggest(word, names, hint, sizeof hint)
               ? err_hint(err, "%s", hint)
               : err_hint(err, "routesim help lists the commands");
}

/* Which commands do take an option of this name: "run, route"; false when none does. */
static bool commands_that_take(const char *name, char *list, size_t size)
{
    size_t length = 0;
    list[0] = '\0';
    for (unsigned i = 0; i < command_table_count; i++) {
        const enum command command = command_table[i].command;
        if (option_by_name(command, name, (unsigned)strlen(name)) == OPTION_COUNT) continue;
        const int more = snprintf(list + length, size - length, "%s%s", length > 0 ? ", " : "",
                                  command_table[i].name);
        if (more < 0 || (size_t)more >= size - length) break;
        length += (size_t)more;
    }
    return length > 0;
}

static bool refuse_option(const struct reading *reading, const char *shown, const char *name)
{
    const struct command_traits *command = reading->invocation->command;
    (void)err_fail(reading->err, ERR_USAGE, nowhere, "%s has no option %s", command->name, shown);
    char list[128];
    if (name[0] != '\0' && commands_that_take(name, list, sizeof list)) {
        return err_hint(reading->err, "it belongs to: %s", list);
    }
    char names[OPTION_COUNT][NAME_MAX_SHOWN];
    const char *candidates[OPTION_COUNT + 1];
    unsigned count = 0;
    for (enum option option = 0; option < OPTION_COUNT; option++) {
        if (!option_belongs(option, command->command)) continue;
        (void)snprintf(names[count], NAME_MAX_SHOWN, "--%s", option_traits(option)->name);
        candidates[count] = names[count];
        count++;
    }
    candidates[count] = NULL;
    char hint[ERR_HINT_MAX];
    if (name[0] != '\0' && text_suggest(shown, candidates, hint, sizeof hint)) {
        return err_hint(reading->err, "%s", hint);
    }
    return err_hint(reading->err, "routesim help %s lists its options", command->name);
}

/* ---- taking ---- */

static bool take_value(struct reading *reading, enum option option, const char *shown,
                       const char *text)
{
    struct invocation *invocation = reading->invocation;
    struct option_value *value = &invocation->values[option];
    if (!option_value_read(option, shown, text, value, reading->err)) return false;
    value->origin = ORIGIN_COMMAND_LINE;
    if (!option_traits(option)->repeatable) return true;
    if (invocation->repeat_count == REPEATS_MAX) {
        return err_fail(reading->err, ERR_USAGE, nowhere, "%s is given more than %d times", shown,
                        REPEATS_MAX);
    }
    invocation->repeats[invocation->repeat_count].option = option;
    invocation->repeats[invocation->repeat_count++].text = text;
    return true;
}

/* The next word as a value. One that looks like an option was hardly meant as one: --out --force.
 */
static const char *next_word(const struct reading *reading)
{
    const struct invocation *invocation = reading->invocation;
    if (reading->index + 1 >= invocation->argc) return NULL;
    const char *word = invocation->argv[reading->index + 1];
    return word[0] == '-' && word[1] != '\0' ? NULL : word;
}

static bool take_with_next(struct reading *reading, enum option option, const char *shown)
{
    const struct option_traits *traits = option_traits(option);
    if (traits->type == OPTION_FLAG) return take_value(reading, option, shown, "true");
    if (option_may_stand_alone(traits)) return take_value(reading, option, shown, "-");
    const char *text = next_word(reading);
    if (text == NULL) {
        (void)err_fail(reading->err, ERR_USAGE, nowhere, "%s needs a value: %s %s", shown, shown,
                       traits->argument);
        return err_hint(reading->err, "a value that starts with a dash is given as --%s=-...",
                        traits->name);
    }
    reading->index++;
    return take_value(reading, option, shown, text);
}

static bool take_long(struct reading *reading, const char *word)
{
    const char *name = word + 2;
    const size_t length = strcspn(name, "=");
    char shown[NAME_MAX_SHOWN];
    (void)snprintf(shown, sizeof shown, "--%.*s", (int)(length < 48 ? length : 48), name);
    const enum option option =
        option_by_name(reading->invocation->command->command, name, (unsigned)length);
    if (option == OPTION_COUNT) return refuse_option(reading, shown, shown + 2);
    if (name[length] == '\0') return take_with_next(reading, option, shown);
    if (!option_takes_value(option)) {
        return err_fail(reading->err, ERR_USAGE, nowhere, "%s takes no value", shown);
    }
    return take_value(reading, option, shown, name + length + 1);
}

/* "-q", "-qv", "-j4", "-j" "4": flags may share a dash, the first with a value takes the rest. */
static bool take_letters(struct reading *reading, const char *word)
{
    for (const char *letter = word + 1; *letter != '\0'; letter++) {
        const char shown[] = {'-', *letter, '\0'};
        const enum option option = option_by_letter(reading->invocation->command->command, *letter);
        if (option == OPTION_COUNT) return refuse_option(reading, shown, "");
        if (!option_takes_value(option)) {
            if (!take_value(reading, option, shown, "true")) return false;
        } else if (letter[1] != '\0') {
            return take_value(reading, option, shown, letter + (letter[1] == '=' ? 2 : 1));
        } else {
            return take_with_next(reading, option, shown);
        }
    }
    return true;
}

static bool take_operand(struct reading *reading, const char *word)
{
    struct invocation *invocation = reading->invocation;
    const struct command_traits *command = invocation->command;
    if (invocation->operand_count < command->operands_most) {
        invocation->operands[invocation->operand_count++] = word;
        return true;
    }
    if (command->operands_most == 0) {
        return err_fail(reading->err, ERR_USAGE, nowhere, "%s takes no \"%s\", only options",
                        command->name, word);
    }
    return err_fail(reading->err, ERR_USAGE, nowhere, "%s takes at most %u, \"%s\" is one more",
                    command->name, command->operands_most, word);
}

static bool take_arguments(struct reading *reading, int command_index)
{
    struct invocation *invocation = reading->invocation;
    bool options_ended = false;
    for (reading->index = 1; reading->index < invocation->argc; reading->index++) {
        const char *word = invocation->argv[reading->index];
        if (reading->index == command_index) continue;
        bool taken;
        if (options_ended || word[0] != '-' || word[1] == '\0') {
            taken = take_operand(reading, word);
        } else if (strcmp(word, "--") == 0) {
            options_ended = taken = true;
        } else {
            taken = word[1] == '-' ? take_long(reading, word) : take_letters(reading, word);
        }
        if (!taken) return false;
    }
    return true;
}

/* ---- what holds when nothing was said ---- */

static bool fill_rest(struct invocation *invocation, environment_get environment, struct err *err)
{
    for (enum option option = 0; option < OPTION_COUNT; option++) {
        struct option_value *value = &invocation->values[option];
        if (value->origin == ORIGIN_COMMAND_LINE) continue;
        if (!option_belongs(option, invocation->command->command)) continue;
        if (!option_value_settle(option, environment, value, err)) return false;
    }
    return true;
}

/* ---- the command ---- */

/* Before the command only options that every command takes may have a value, as in `routesim
 * --color never run x.json`: of the others nobody knows yet whether they take one. */
static bool skips_next_word(const char *word)
{
    if (word[0] != '-' || word[1] != '-') return false;
    for (unsigned i = 0; i < command_table_count; i++) {
        const char *name = word + 2;
        const enum option option =
            option_by_name(command_table[i].command, name, (unsigned)strlen(name));
        if (option == OPTION_COUNT || !option_takes_value(option)) return false;
        if (option_may_stand_alone(option_traits(option))) return false;
    }
    return true;
}

static int find_command(const struct invocation *invocation)
{
    for (int i = 1; i < invocation->argc; i++) {
        const char *word = invocation->argv[i];
        if (strcmp(word, "--") == 0) return 0;
        if (word[0] != '-') return i;
        if (skips_next_word(word)) i++;
    }
    return 0;
}

static bool stands(const struct invocation *invocation, const char *letter, const char *name)
{
    for (int i = 1; i < invocation->argc; i++) {
        const char *word = invocation->argv[i];
        if (strcmp(word, "--") == 0) return false;
        if (strcmp(word, letter) == 0 || strcmp(word, name) == 0) return true;
    }
    return false;
}

bool invocation_read(struct invocation *invocation, int argc, char *const argv[],
                     environment_get environment, struct err *err)
{
    assert(argc >= 0);
    memset(invocation, 0, sizeof *invocation);
    invocation->argc = argc;
    invocation->argv = argv;
    const int index = find_command(invocation);
    invocation->help = stands(invocation, "-h", "--help");
    invocation->version = stands(invocation, "-V", "--version");
    if (index != 0) {
        invocation->command = command_by_name(argv[index]);
        if (invocation->command == NULL) return invocation_refuse_command(argv[index], err);
    } else if (argc <= 1) {
        invocation->command = command_by_id(COMMAND_HELP);
    } else if (invocation->version && !invocation->help) {
        invocation->command = command_by_id(COMMAND_VERSION);
    }
    if (invocation->help) return true;
    if (invocation->command == NULL) {
        (void)err_fail(err, ERR_USAGE, nowhere, "no command was given");
        return err_hint(err, "routesim help lists the commands");
    }

    struct reading reading = {.invocation = invocation, .err = err};
    if (!take_arguments(&reading, index) || !fill_rest(invocation, environment, err)) return false;
    if (invocation->version) return true;
    if (invocation->operand_count >= invocation->command->operands_least) return true;
    /* help --man and the like stand without operands: their least is 0. */
    invocation->too_few_operands = true;
    return err_fail(err, ERR_USAGE, nowhere, "%s needs %s", invocation->command->name,
                    invocation->command->usage);
}
