/* Goal: help, manual and completions say what the parser takes, all of it and nothing else.
 *
 * Method: for every command, each text is searched for every option of the tables; the manual and
 * the scripts are checked for what would break the program that reads them. */
#include "tests/support.h"

#include "mocks/http_server.h"
#include "router/base/utf8.h"
#include "sim/command/help.h"

/* Does `--name` stand in the text as a whole word? */
static bool names_option(const char *text, const char *dashes, const char *name)
{
    char wanted[64];
    (void)snprintf(wanted, sizeof wanted, "%s%s", dashes, name);
    for (const char *at = strstr(text, wanted); at != NULL; at = strstr(at + 1, wanted)) {
        const char after = at[strlen(wanted)];
        if (after != '-' && after != '\\' && (after < 'a' || after > 'z')) return true;
        if (after == '\\' && at[strlen(wanted) + 1] != '-') return true;
    }
    return false;
}

static void help_of_a_command_lists_its_options_and_no_others(void **state)
{
    (void)state;
    for (unsigned i = 0; i < command_table_count; i++) {
        const struct command_traits *command = &command_table[i];
        struct text text = {0};
        help_write_command(&text, command);
        assert_false(text.failed);
        const char *options = strstr(text.bytes, "\n\n");
        options = strstr(options + 2, "\n\n"); /* behind usage and about, which may name others */
        assert_non_null(options);
        for (enum option option = 0; option < OPTION_COUNT; option++) {
            const char *name = option_traits(option)->name;
            const bool listed = names_option(options, "--", name);
            const bool own =
                option_by_name(command->command, name, (unsigned)strlen(name)) != OPTION_COUNT;
            if (own && !listed) fail_msg("help %s lacks --%s", command->name, name);
            if (own) continue;
            char line[80];
            (void)snprintf(line, sizeof line, "      --%s", name);
            if (strstr(options, line) != NULL && names_option(strstr(options, line), "--", name)) {
                fail_msg("help %s lists --%s", command->name, name);
            }
        }
        assert_non_null(strstr(text.bytes, command->example));
        text_release(&text);
    }
}

static void help_of_mocks_lists_the_faults_that_a_request_may_ask_for(void **state)
{
    (void)state;
    struct text text = {0};
    help_write_command(&text, command_by_name("mock"));
    const char *at = strstr(text.bytes, "X-Mock-Fault");
    assert_non_null(at);
    for (size_t i = 0; mock_fault_words[i].shown != NULL; i++) {
        at = strstr(at, mock_fault_words[i].shown);
        if (at == NULL) fail_msg("%s is missing", mock_fault_words[i].shown);
    }
    text_release(&text);
}

static void check_width(const char *what, const char *text)
{
    for (const char *line = text; *line != '\0';) {
        const size_t length = strcspn(line, "\n");
        if (utf8_count(line, length) > 80) fail_msg("%s: too wide: %.*s", what, (int)length, line);
        if (length > 0 && line[length - 1] == ' ')
            fail_msg("%s: blank at the end: %.*s", what, (int)length, line);
        line += length + (line[length] == '\n');
    }
}

static void help_fits_eighty_columns(void **state)
{
    (void)state;
    struct text text = {0};
    help_write_overview(&text);
    check_width("overview", text.bytes);
    text_clear(&text);
    for (unsigned i = 0; i < command_table_count; i++) {
        help_write_command(&text, &command_table[i]);
        check_width(command_table[i].name, text.bytes);
        text_clear(&text);
    }
    text_release(&text);
}

static void brief_help_has_four_lines_and_an_example(void **state)
{
    (void)state;
    for (unsigned i = 0; i < command_table_count; i++) {
        struct text text = {0};
        unsigned lines = 0;
        help_write_brief(&text, &command_table[i]);
        for (const char *c = text.bytes; *c != '\0'; c++)
            lines += *c == '\n';
        CHECK_ROW(command_table[i].name, lines == 4);
        CHECK_ROW(command_table[i].name, strstr(text.bytes, command_table[i].example) != NULL);
        text_release(&text);
    }
}

static void overview_lists_every_command(void **state)
{
    (void)state;
    struct text text = {0};
    help_write_overview(&text);
    for (unsigned i = 0; i < command_table_count; i++) {
        char line[64];
        (void)snprintf(line, sizeof line, "\n  %s ", command_table[i].name);
        CHECK_ROW(command_table[i].name, strstr(text.bytes, line) != NULL);
        CHECK_ROW(command_table[i].name, strstr(text.bytes, command_table[i].summary) != NULL);
    }
    text_release(&text);
}

static void escape(const char *name, char *escaped, size_t size)
{
    size_t length = 0;
    for (const char *c = name; *c != '\0' && length + 3 < size; c++) {
        if (*c == '-') escaped[length++] = '\\';
        escaped[length++] = *c;
    }
    escaped[length] = '\0';
}

static void manual_lists_every_option_that_some_command_takes(void **state)
{
    (void)state;
    struct text text = {0};
    help_write_manual(&text);
    for (enum option option = 0; option < OPTION_COUNT; option++) {
        char name[64];
        escape(option_traits(option)->name, name, sizeof name);
        bool offered = false; /* under this name, by whichever row */
        for (unsigned i = 0; i < command_table_count; i++) {
            const char *plain = option_traits(option)->name;
            offered |= option_by_name(command_table[i].command, plain, (unsigned)strlen(plain)) !=
                       OPTION_COUNT;
        }
        char entry[80];
        (void)snprintf(entry, sizeof entry, "\\fB\\-\\-%s\\fR", name);
        CHECK_ROW(option_traits(option)->name, (strstr(text.bytes, entry) != NULL) == offered);
    }
    for (unsigned i = 0; i < command_table_count; i++) {
        char entry[64];
        (void)snprintf(entry, sizeof entry, "\\fBroutesim %s\\fR", command_table[i].name);
        CHECK_ROW(command_table[i].name, strstr(text.bytes, entry) != NULL);
    }
    text_release(&text);
}

/* A line that starts with a dot is a command to troff: only those we mean. */
static void manual_uses_the_macros_it_means(void **state)
{
    (void)state;
    static const char *const macros[] = {".TH ",  ".SH ",  ".SS ", ".TP\n",
                                         ".PP\n", ".EX\n", ".EE\n"};
    struct text text = {0};
    help_write_manual(&text);
    for (const char *line = text.bytes; *line != '\0'; line += strcspn(line, "\n") + 1) {
        bool known = line[0] != '.' && line[0] != '\'';
        for (size_t i = 0; i < sizeof macros / sizeof macros[0]; i++) {
            known |= strncmp(line, macros[i], strlen(macros[i])) == 0;
        }
        if (!known) fail_msg("%.40s", line);
    }
    text_release(&text);
}

/* The part of a script that belongs to one command. */
static char *section_of(const char *script, const char *start, const char *end)
{
    const char *from = strstr(script, start);
    if (from == NULL) fail_msg("no section %s", start);
    const char *until = strstr(from, end);
    assert_non_null(until);
    char *section = strndup(from, (size_t)(until - from));
    assert_non_null(section);
    return section;
}

/* `end`: what stands behind a command's options. */
static void check_script(void (*write_script)(struct text *text), const char *indent,
                         const char *end)
{
    struct text text = {0};
    write_script(&text);
    assert_false(text.failed);
    for (unsigned i = 0; i < command_table_count; i++) {
        const struct command_traits *command = &command_table[i];
        char start[80];
        (void)snprintf(start, sizeof start, "\n%s%s%s%s)\n", indent, command->name,
                       command->alias != NULL ? "|" : "",
                       command->alias != NULL ? command->alias : "");
        char *section = section_of(text.bytes, start, end);
        for (enum option option = 0; option < OPTION_COUNT; option++) {
            const char *name = option_traits(option)->name;
            const bool own =
                option_by_name(command->command, name, (unsigned)strlen(name)) != OPTION_COUNT;
            if (names_option(section, "--", name) != own) {
                print_error("%s --%s\n%s\n", command->name, name, section);
                fail();
            }
        }
        free(section);
    }
    text_release(&text);
}

static void bash_completion_offers_what_the_parser_takes(void **state)
{
    (void)state;
    check_script(completion_write_bash, "    ", "'\n        ");
}

static void zsh_completion_offers_what_the_parser_takes(void **state)
{
    (void)state;
    check_script(completion_write_zsh, "        ", "            ;;\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(help_of_mocks_lists_the_faults_that_a_request_may_ask_for),
        cmocka_unit_test(help_of_a_command_lists_its_options_and_no_others),
        cmocka_unit_test(help_fits_eighty_columns),
        cmocka_unit_test(brief_help_has_four_lines_and_an_example),
        cmocka_unit_test(overview_lists_every_command),
        cmocka_unit_test(manual_lists_every_option_that_some_command_takes),
        cmocka_unit_test(manual_uses_the_macros_it_means),
        cmocka_unit_test(bash_completion_offers_what_the_parser_takes),
        cmocka_unit_test(zsh_completion_offers_what_the_parser_takes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
