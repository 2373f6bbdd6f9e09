/* sim/command/completion.c - completion scripts for bash and zsh, written from the tables. */
#include <string.h>

#include "sim/command/command.h"
#include "sim/command/help.h"

/* Choices as words; "sample=N" is offered as "sample=". */
static void put_choices(struct text *text, const char *choices)
{
    unsigned length = 0;
    for (unsigned i = 0;; i++) {
        const char *word = choice_word(choices, i, &length);
        if (word == NULL) return;
        if (i > 0) text_char(text, ' ');
        if (length > 2 && word[length - 2] == '=') length--;
        text_append(text, word, length);
    }
}

static void put_command_names(struct text *text)
{
    for (unsigned i = 0; i < command_table_count; i++) {
        if (i > 0) text_char(text, ' ');
        text_put(text, command_table[i].name);
        if (command_table[i].alias != NULL) text_format(text, " %s", command_table[i].alias);
    }
}

/* ---- bash ---- */

static void put_bash_pattern(struct text *text, const struct command_traits *command)
{
    text_format(text, "    %s", command->name);
    if (command->alias != NULL) text_format(text, "|%s", command->alias);
    text_put(text, ")\n");
}

static void put_bash_values(struct text *text, enum command command)
{
    for (enum option option = 0; option < OPTION_COUNT; option++) {
        const struct option_traits *traits = option_traits(option);
        if (!option_belongs(option, command) || !option_takes_value(option)) continue;
        text_put(text, "        ");
        if (traits->letter != '\0') text_format(text, "-%c|", traits->letter);
        text_format(text, "--%s) ", traits->name);
        if (traits->type == OPTION_CHOICE || traits->type == OPTION_MAYBE_CHOICE) {
            text_put(text,
                     option_may_stand_alone(traits) ? "[ -z \"$equals\" ] || words='" : "words='");
            put_choices(text, traits->argument);
            text_put(text, "' ;;\n");
        } else if (traits->type == OPTION_PATH) {
            text_put(text, "files=yes ;;\n");
        } else if (traits->type == OPTION_MAYBE_PATH) {
            text_put(text, "[ -z \"$equals\" ] || files=yes ;;\n");
        } else {
            text_put(text, "return ;;\n");
        }
    }
}

static void put_bash_command(struct text *text, const struct command_traits *command)
{
    put_bash_pattern(text, command);
    text_put(text, "        case $before in\n");
    put_bash_values(text, command->command);
    text_put(text, "        esac\n        options='");
    bool first = true;
    for (enum option option = 0; option < OPTION_COUNT; option++) {
        if (!option_belongs(option, command->command)) continue;
        text_format(text, "%s--%s", first ? "" : " ", option_traits(option)->name);
        first = false;
    }
    text_put(text, "'\n");
    switch (command->operand_kind) {
    case OPERAND_NONE:
        break;
    case OPERAND_FILE:
        text_put(text, "        operands=files\n");
        break;
    case OPERAND_FOLDER:
        text_put(text, "        operands=folders\n");
        break;
    case OPERAND_COMMAND:
        text_put(text, "        operands=$commands\n");
        break;
    case OPERAND_CHOICE:
        text_put(text, "        operands='");
        put_choices(text, command->operand_choices);
        text_put(text, "'\n");
        break;
    }
    text_put(text, "        ;;\n");
}

void completion_write_bash(struct text *text)
{
    text_put(text, "# bash completion for routesim, made by `routesim completion bash`.\n"
                   "_routesim() {\n"
                   "    local commands='");
    put_command_names(text);
    /* Readline splits --color=always at the equals sign into three words. */
    text_put(text,
             "'\n"
             "    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
             "    local command= equals= words= files= options= operands= i\n"
             "    COMPREPLY=()\n"
             "    if [ \"$current\" = '=' ]; then\n"
             "        current= equals=yes\n"
             "    elif [ \"$before\" = '=' ]; then\n"
             "        before=${COMP_WORDS[COMP_CWORD-2]} equals=yes\n"
             "    fi\n"
             "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
             "        case \" $commands \" in *\" ${COMP_WORDS[i]} \"*) command=${COMP_WORDS[i]}; "
             "break ;; esac\n"
             "    done\n"
             "    case $command in\n"
             "    '') operands=$commands options='--help --version --color' ;;\n");
    for (unsigned i = 0; i < command_table_count; i++)
        put_bash_command(text, &command_table[i]);
    text_put(text, "    esac\n"
                   "    if [ -n \"$words\" ]; then\n"
                   "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
                   "    elif [ -n \"$files\" ]; then\n"
                   "        mapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
                   "    elif [[ $current == -* ]]; then\n"
                   "        mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$current\")\n"
                   "    elif [ \"$operands\" = files ]; then\n"
                   "        mapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
                   "    elif [ \"$operands\" = folders ]; then\n"
                   "        mapfile -t COMPREPLY < <(compgen -d -- \"$current\")\n"
                   "    else\n"
                   "        mapfile -t COMPREPLY < <(compgen -W \"$operands\" -- \"$current\")\n"
                   "    fi\n"
                   "}\n"
                   "complete -o filenames -F _routesim routesim\n");
}

/* ---- zsh ---- */

/* Inside single quotes, and inside the brackets and colons of _arguments and _describe. */
static void put_zsh(struct text *text, const char *words)
{
    for (const char *c = words; *c != '\0'; c++) {
        if (*c == '\'') {
            text_put(text, "'\\''");
        } else {
            if (*c == '[' || *c == ']' || *c == ':' || *c == '\\') text_char(text, '\\');
            text_char(text, *c);
        }
    }
}

static void put_zsh_value(struct text *text, const struct option_traits *traits)
{
    if (traits->argument == NULL) return;
    text_put(text, option_may_stand_alone(traits) ? "::" : ":");
    if (traits->type == OPTION_CHOICE || traits->type == OPTION_MAYBE_CHOICE) {
        text_format(text, "%s:(", traits->name);
        put_choices(text, traits->argument);
        text_char(text, ')');
        return;
    }
    put_zsh(text, traits->argument);
    const bool is_path = traits->type == OPTION_PATH || traits->type == OPTION_MAYBE_PATH;
    text_put(text, is_path ? ":_files" : ": ");
}

static void put_zsh_option(struct text *text, const struct option_traits *traits)
{
    const char *equals = traits->type == OPTION_FLAG      ? ""
                         : option_may_stand_alone(traits) ? "=-"
                                                          : "=";
    text_put(text, "            ");
    if (traits->repeatable) {
        text_format(text, "'*--%s%s[", traits->name, equals);
    } else if (traits->letter == '\0') {
        text_format(text, "'--%s%s[", traits->name, equals);
    } else {
        text_format(text, "'(-%c --%s)'{-%c%s,--%s%s}'[", traits->letter, traits->name,
                    traits->letter, traits->type == OPTION_FLAG ? "" : "+", traits->name, equals);
    }
    put_zsh(text, traits->help);
    text_char(text, ']');
    put_zsh_value(text, traits);
    text_put(text, "' \\\n");
}

static void put_zsh_operands(struct text *text, const struct command_traits *command)
{
    switch (command->operand_kind) {
    case OPERAND_NONE:
        text_put(text, "            && return\n");
        break;
    case OPERAND_FILE:
        text_put(text, "            '*:file:_files' && return\n");
        break;
    case OPERAND_FOLDER:
        text_put(text, "            '*:folder:_files -/' && return\n");
        break;
    case OPERAND_COMMAND:
        text_put(text, "            '1:command:(");
        put_command_names(text);
        text_put(text, ")' && return\n");
        break;
    case OPERAND_CHOICE:
        text_format(text, "            '1:%s:(", command->name);
        put_choices(text, command->operand_choices);
        text_put(text, ")' && return\n");
        break;
    }
}

void completion_write_zsh(struct text *text)
{
    text_put(text, "#compdef routesim\n"
                   "# zsh completion for routesim, made by `routesim completion zsh`.\n"
                   "_routesim() {\n"
                   "    local state line\n"
                   "    local -a commands\n"
                   "    commands=(\n");
    for (unsigned i = 0; i < command_table_count; i++) {
        const struct command_traits *command = &command_table[i];
        text_format(text, "        '%s:", command->name);
        put_zsh(text, command->summary);
        text_put(text, "'\n");
        if (command->alias == NULL) continue;
        text_format(text, "        '%s:the same as %s'\n", command->alias, command->name);
    }
    text_put(text, "    )\n"
                   "    _arguments -C '1: :->command' '*:: :->rest' && return\n"
                   "    case $state in\n"
                   "    command) _describe -t commands 'routesim command' commands ;;\n"
                   "    rest)\n"
                   "        case $line[1] in\n");
    for (unsigned i = 0; i < command_table_count; i++) {
        const struct command_traits *command = &command_table[i];
        text_format(text, "        %s", command->name);
        if (command->alias != NULL) text_format(text, "|%s", command->alias);
        text_put(text, ")\n            _arguments -s -S \\\n");
        for (enum option option = 0; option < OPTION_COUNT; option++) {
            if (option_belongs(option, command->command))
                put_zsh_option(text, option_traits(option));
        }
        put_zsh_operands(text, command);
        text_put(text, "            ;;\n");
    }
    text_put(text, "        esac\n"
                   "        ;;\n"
                   "    esac\n"
                   "}\n"
                   "# Autoloaded, this file is the function; sourced, it has to be registered.\n"
                   "if [ \"$funcstack[1]\" = _routesim ]; then\n"
                   "    _routesim \"$@\"\n"
                   "else\n"
                   "    compdef _routesim routesim\n"
                   "fi\n");
}

/* ---- the command ---- */

int command_completion(const struct invocation *invocation, struct console *console)
{
    const char *shell = invocation->operands[0];
    struct text text = {0};
    if (strcmp(shell, "bash") == 0) {
        completion_write_bash(&text);
    } else if (strcmp(shell, "zsh") == 0) {
        completion_write_zsh(&text);
    } else {
        struct err err;
        (void)err_fail(&err, ERR_USAGE, (struct place){0}, "there is no completion for \"%s\"",
                       shell);
        (void)err_hint(&err, "bash and zsh are known");
        return console_error(console, &err, NULL);
    }
    return console_write(console, &text);
}
