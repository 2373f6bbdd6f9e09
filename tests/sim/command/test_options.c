/* Goal: the command line means what it says, and a near miss is answered with what was meant.
 *
 * Method: the tables' own consistency; then rows of command lines, well and ill formed, with what
 * has to come out. The commands used are score, doctor and version, which take one option of most
 * kinds. */
#include "tests/support.h"

#include "router/base/text.h"
#include "sim/command/invocation.h"
#include "sim/command/option_value.h"

enum { WORDS_MAX = 12 };

static const char *environment_of_test; /* "NAME=value" or NULL: none */

static const char *environment(const char *name)
{
    const size_t length = strlen(name);
    if (environment_of_test == NULL || strncmp(environment_of_test, name, length) != 0 ||
        environment_of_test[length] != '=') {
        return NULL;
    }
    return environment_of_test + length + 1;
}

static struct invocation invocation;
static char line_copy[512];
static char *words[WORDS_MAX + 2];

/* Splits "score --check a.ndjson" at its blanks, puts the program in front and reads it. */
static bool read_line(const char *line, struct err *err)
{
    static char program[] = "routesim";
    int count = 0;
    (void)snprintf(line_copy, sizeof line_copy, "%s", line);
    words[count++] = program;
    for (char *word = strtok(line_copy, " "); word != NULL; word = strtok(NULL, " ")) {
        assert_true(count <= WORDS_MAX);
        words[count++] = word;
    }
    words[count] = NULL;
    *err = (struct err){.code = ERR_NONE};
    return invocation_read(&invocation, count, words, environment, err);
}

/* ---- the tables ---- */

static void every_option_is_whole(void **state)
{
    (void)state;
    for (enum option option = 0; option < OPTION_COUNT; option++) {
        const struct option_traits *traits = option_traits(option);
        assert_non_null(traits->name);
        CHECK_ROW(traits->name, traits->help != NULL && traits->commands != 0);
        CHECK_ROW(traits->name, (traits->argument != NULL) == option_takes_value(option));
        CHECK_ROW(traits->name, traits->help[strlen(traits->help) - 1] != '.');
        CHECK_ROW(traits->name, traits->env == NULL || strncmp(traits->env, "ROUTESIM_", 9) == 0);
        if (traits->type == OPTION_NUMBER_COUNT)
            CHECK_ROW(traits->name, traits->least < traits->most);
        if (traits->fallback == NULL) continue;
        struct option_value value = {.origin = ORIGIN_NOTHING};
        struct err err;
        CHECK_ROW(traits->name,
                  option_value_read(option, traits->name, traits->fallback, &value, &err));
    }
}

static void no_command_has_two_options_of_one_name_or_letter(void **state)
{
    (void)state;
    for (enum option a = 0; a < OPTION_COUNT; a++) {
        for (enum option b = a + 1; b < OPTION_COUNT; b++) {
            if ((option_traits(a)->commands & option_traits(b)->commands) == 0) continue;
            CHECK_ROW(option_traits(a)->name,
                      strcmp(option_traits(a)->name, option_traits(b)->name) != 0);
            CHECK_ROW(option_traits(a)->name,
                      option_traits(a)->letter == '\0' ||
                          option_traits(a)->letter != option_traits(b)->letter);
        }
    }
}

static void every_command_is_whole_and_named_once(void **state)
{
    (void)state;
    uint32_t seen = 0;
    for (unsigned i = 0; i < command_table_count; i++) {
        const struct command_traits *command = &command_table[i];
        CHECK_ROW(command->name, command_by_name(command->name) == command);
        CHECK_ROW(command->name,
                  command->alias == NULL || command_by_name(command->alias) == command);
        CHECK_ROW(command->name, command->summary != NULL && command->about != NULL);
        CHECK_ROW(command->name, command->usage != NULL && command->handle != NULL);
        CHECK_ROW(command->name, strncmp(command->example, "routesim ", 9) == 0);
        CHECK_ROW(command->name, command->operands_least <= command->operands_most);
        CHECK_ROW(command->name, (seen >> command->command & 1u) == 0);
        seen |= UINT32_C(1) << command->command;
    }
}

static void every_example_is_a_right_command_line(void **state)
{
    (void)state;
    environment_of_test = NULL;
    for (unsigned i = 0; i < command_table_count; i++) {
        char line[256];
        struct err err;
        (void)snprintf(line, sizeof line, "%s", command_table[i].example + 9);
        line[strcspn(line, ">|")] = '\0'; /* what the shell takes away */
        if (strchr(line, '\'') != NULL) continue;
        const bool read = read_line(line, &err);
        if (!read) fail_msg("%s: %s", line, err.message);
        assert_ptr_equal(invocation.command, &command_table[i]);
    }
}

/* ---- reading ---- */

static void takes_options_before_and_after_files(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "score --check --color never a.ndjson b.ndjson",
        "score a.ndjson --check b.ndjson --color=never",
        "score a.ndjson b.ndjson --color never --check",
        "--color never score --check a.ndjson b.ndjson",
        "--color=never --check score a.ndjson b.ndjson",
        "score --check --color never -- a.ndjson b.ndjson",
    };
    environment_of_test = NULL;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err err;
        CHECK_ROW(rows[i], read_line(rows[i], &err));
        CHECK_ROW(rows[i], invocation.command->command == COMMAND_SCORE);
        CHECK_ROW(rows[i], invocation_on(&invocation, OPTION_SCORE_CHECK));
        CHECK_ROW_TEXT(rows[i], invocation.values[OPTION_COLOR].text, "never");
        CHECK_ROW(rows[i], invocation.operand_count == 2);
        CHECK_ROW_TEXT(rows[i], invocation.operands[0], "a.ndjson");
        CHECK_ROW_TEXT(rows[i], invocation.operands[1], "b.ndjson");
    }
}

static void takes_a_dash_for_a_file_and_everything_after_two_dashes(void **state)
{
    (void)state;
    struct err err;
    environment_of_test = NULL;
    assert_true(read_line("score - -- --check -q", &err));
    assert_int_equal(invocation.operand_count, 3);
    assert_string_equal(invocation.operands[0], "-");
    assert_string_equal(invocation.operands[1], "--check");
    assert_string_equal(invocation.operands[2], "-q");
    assert_false(invocation_on(&invocation, OPTION_SCORE_CHECK));
}

static void refuses_with_a_reason_and_a_way_out(void **state)
{
    (void)state;
    static const struct {
        const char *line, *message, *hint;
    } rows[] = {
        {"socre a", "there is no command \"socre\"", "did you mean \"score\"?"},
        {"sco a", "there is no command \"sco\"", NULL}, /* no abbreviations */
        {"frobnicate", "there is no command \"frobnicate\"", "routesim help lists the commands"},
        {"score --chekc a", "score has no option --chekc", "did you mean \"--check\"?"},
        {"score --chec a", "score has no option --chec", "did you mean \"--check\"?"},
        {"score --zzzzzz a", "score has no option --zzzzzz",
         "routesim help score lists its options"},
        {"score --config a", "score has no option --config", "it belongs to: doctor"},
        {"score -z a", "score has no option -z", "routesim help score lists its options"},
        {"score a --color", "--color needs a value: --color auto|always|never", NULL},
        {"score a --color --check", "--color needs a value: --color auto|always|never", NULL},
        {"score a --color=alwyas", "--color cannot be \"alwyas\": it takes auto|always|never",
         "did you mean \"always\"?"},
        {"score a --color=", "--color cannot be \"\": it takes auto|always|never", NULL},
        {"score a --check=yes", "--check takes no value", NULL},
        {"doctor a", "doctor takes no \"a\", only options", NULL},
        {"completion bash zsh", "completion takes at most 1, \"zsh\" is one more", NULL},
        {"score", "score needs [options] FILE.ndjson...", NULL},
        {"--color never", "no command was given", "routesim help lists the commands"},
    };
    environment_of_test = NULL;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err err;
        CHECK_ROW(rows[i].line, !read_line(rows[i].line, &err));
        CHECK_ROW(rows[i].line, err.code == ERR_USAGE);
        CHECK_ROW_TEXT(rows[i].line, err.message, rows[i].message);
        if (rows[i].hint != NULL) CHECK_ROW_TEXT(rows[i].line, err.hint, rows[i].hint);
    }
}

static void asks_for_help_whatever_else_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        const char *command; /* NULL: none */
    } rows[] = {
        {"--help", NULL},
        {"-h", NULL},
        {"score -h", "score"},
        {"score --help", "score"},
        {"--help score", "score"},
        {"score --zzz --help", "score"},
        {"", "help"},
        {"help score", "help"},
    };
    environment_of_test = NULL;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err err;
        CHECK_ROW(rows[i].line, read_line(rows[i].line, &err));
        const bool none = invocation.command == NULL;
        CHECK_ROW(rows[i].line, none == (rows[i].command == NULL));
        if (!none) CHECK_ROW_TEXT(rows[i].line, invocation.command->name, rows[i].command);
    }
    struct err err;
    assert_true(read_line("score -- --help", &err)); /* a file of that name */
    assert_false(invocation.help);
}

static void asks_for_the_version_with_and_without_a_command(void **state)
{
    (void)state;
    struct err err;
    environment_of_test = NULL;
    assert_true(read_line("-V", &err));
    assert_true(invocation.version);
    assert_true(read_line("--version --json", &err));
    assert_true(invocation.version);
    assert_true(invocation_on(&invocation, OPTION_VERSION_JSON));
    assert_true(read_line("version --json", &err));
    assert_int_equal(invocation.command->command, COMMAND_VERSION);
    assert_true(read_line("score --version", &err)); /* no file needed */
    assert_true(invocation.version);
}

static void knows_where_a_value_comes_from(void **state)
{
    (void)state;
    struct err err;
    environment_of_test = NULL;
    assert_true(read_line("score a", &err));
    assert_int_equal(invocation.values[OPTION_COLOR].origin, ORIGIN_DEFAULT);
    assert_false(invocation_given(&invocation, OPTION_COLOR));
    environment_of_test = "ROUTESIM_COLOR=always";
    assert_true(read_line("score a", &err));
    assert_int_equal(invocation.values[OPTION_COLOR].origin, ORIGIN_ENVIRONMENT);
    assert_int_equal(invocation.values[OPTION_COLOR].choice, 1);
    assert_true(read_line("score a --color never", &err));
    assert_int_equal(invocation.values[OPTION_COLOR].origin, ORIGIN_COMMAND_LINE);
    assert_int_equal(invocation.values[OPTION_COLOR].choice, 2);
    environment_of_test = "ROUTESIM_COLOR=pink";
    assert_false(read_line("score a", &err));
    assert_string_equal(err.message,
                        "ROUTESIM_COLOR cannot be \"pink\": it takes auto|always|never");
    environment_of_test = "ROUTESIM_COLOR=";
    assert_true(read_line("score a", &err)); /* set to nothing is not set */
    environment_of_test = NULL;
}

/* ---- values ---- */

static void reads_each_type_and_refuses_what_is_none(void **state)
{
    (void)state;
    static const struct {
        enum option option;
        const char *text;
        bool good;
        int64_t whole;
        double number;
    } rows[] = {
        {OPTION_JOBS, "4", true, 4, 0},
        {OPTION_JOBS, "0", false, 0, 0},
        {OPTION_JOBS, "-1", false, 0, 0},
        {OPTION_JOBS, "+1", false, 0, 0},
        {OPTION_JOBS, "4.0", false, 0, 0},
        {OPTION_JOBS, "0x4", false, 0, 0},
        {OPTION_JOBS, "1025", false, 0, 0},
        {OPTION_JOBS, "99999999999999999999999", false, 0, 0},
        {OPTION_SEED, "18446744073709551615", true, 0, 0},
        {OPTION_SEED, "18446744073709551616", false, 0, 0},
        {OPTION_DURATION, "90m", true, INT64_C(5400000000), 0},
        {OPTION_DURATION, "1h30m", true, INT64_C(5400000000), 0},
        {OPTION_DURATION, "90", false, 0, 0},
        {OPTION_DURATION, "0s", false, 0, 0},
        {OPTION_RATE, "40/s", true, 0, 40},
        {OPTION_RATE, "40", false, 0, 0},
        {OPTION_ALPHA, "0.05", true, 0, 0.05},
        {OPTION_ALPHA, "5%", true, 0, 0.05},
        {OPTION_ALPHA, "1.01", false, 0, 0},
        {OPTION_ALPHA, "nan", false, 0, 0},
        {OPTION_EVENTS, "all", true, 0, 0},
        {OPTION_EVENTS, "sample=100", true, 100, 0},
        {OPTION_EVENTS, "sample=0", false, 0, 0},
        {OPTION_EVENTS, "sample=", false, 0, 0},
        {OPTION_EVENTS, "sample", false, 0, 0},
        {OPTION_EVENTS, "sample=1x", false, 0, 0},
        {OPTION_PERCENTILES, "50,95,99.9", true, 0, 0},
        {OPTION_PERCENTILES, "95,50", false, 0, 0},
        {OPTION_PERCENTILES, "50,,95", false, 0, 0},
        {OPTION_PERCENTILES, "50,100", false, 0, 0},
        {OPTION_PERCENTILES, "", false, 0, 0},
        {OPTION_PERCENTILES, "1,2,3,4,5,6,7,8,9,10,11,12,13", false, 0, 0},
        {OPTION_OUT, "", false, 0, 0},
        {OPTION_FORCE, "true", true, 0, 0},
        {OPTION_FORCE, "maybe", false, 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct option_value value = {.origin = ORIGIN_NOTHING};
        struct err err = {.code = ERR_NONE};
        const bool good = option_value_read(rows[i].option, "--it", rows[i].text, &value, &err);
        CHECK_ROW(rows[i].text, good == rows[i].good);
        CHECK_ROW(rows[i].text, good || (err.code == ERR_USAGE && err.message[0] != '\0'));
        if (!good) continue;
        CHECK_ROW(rows[i].text, value.whole == rows[i].whole);
        CHECK_ROW(rows[i].text, fabs(value.number - rows[i].number) < 1e-12);
    }
}

static void reads_a_percent_list_in_order(void **state)
{
    (void)state;
    double percents[PERCENTILES_MAX];
    assert_int_equal(percent_list("50,95,99.9", percents), 3);
    CHECK_NEAR(percents[0], 50, 0);
    CHECK_NEAR(percents[1], 95, 0);
    CHECK_NEAR(percents[2], 99.9, 0);
}

static bool never_colored(bool is_terminal)
{
    return console_wants_color("auto", is_terminal, environment);
}

static void decides_about_color_in_the_order_it_documents(void **state)
{
    (void)state;
    environment_of_test = NULL;
    assert_true(never_colored(true));
    assert_false(never_colored(false));
    environment_of_test = "NO_COLOR=1";
    assert_false(never_colored(true));
    assert_true(console_wants_color("always", false, environment));
    environment_of_test = "NO_COLOR=";
    assert_true(never_colored(true)); /* empty does not count */
    environment_of_test = "FORCE_COLOR=1";
    assert_true(never_colored(false));
    assert_false(console_wants_color("never", true, environment));
    environment_of_test = "CLICOLOR_FORCE=1";
    assert_true(never_colored(false));
    environment_of_test = "CLICOLOR_FORCE=0";
    assert_false(never_colored(false));
    environment_of_test = "TERM=dumb";
    assert_false(never_colored(true));
    environment_of_test = NULL;
}

/* Whatever words come: an answer or a reason, and nothing read outside of them. */
static void survives_any_mix_of_words(void **state)
{
    (void)state;
    static const char *const pool[] = {"score", "doctor", "help", "--check",  "--color", "=",
                                       "never", "-q",     "-",    "--",       "-qV",     "--json",
                                       "a.b",   "--=x",   "-c=1", "--color=", "version", "-h"};
    environment_of_test = NULL;
    for (uint64_t round = 0; round < 20000; round++) {
        char line[256] = "";
        const unsigned count = random_below(test_bits(round, 0), WORDS_MAX);
        for (unsigned i = 0; i < count; i++) {
            const unsigned pick =
                random_below(test_bits(round, 1 + i), sizeof pool / sizeof pool[0]);
            (void)strncat(line, pool[pick], sizeof line - strlen(line) - 1);
            (void)strncat(line, " ", sizeof line - strlen(line) - 1);
        }
        struct err err;
        if (read_line(line, &err)) {
            CHECK_ROW(line, invocation.command != NULL || invocation.help);
        } else {
            CHECK_ROW(line, err.code == ERR_USAGE && err.message[0] != '\0');
        }
    }
}

static void an_option_may_stand_alone_before_a_choice(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        unsigned choice, operands;
    } rows[] = {{"mock --tls", 0, 0},
                {"mock --tls a.json", 0, 1}, /* the next word is never its value */
                {"mock --tls=good", 0, 0},
                {"mock --tls=unknown_issuer a.json", 3, 1}};
    struct err err;
    environment_of_test = NULL;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line, read_line(rows[i].line, &err));
        CHECK_ROW(rows[i].line, invocation_given(&invocation, OPTION_TLS));
        CHECK_ROW(rows[i].line, invocation.values[OPTION_TLS].choice == rows[i].choice);
        CHECK_ROW(rows[i].line, invocation.operand_count == rows[i].operands);
    }
    assert_true(read_line("mock", &err));
    assert_null(invocation.values[OPTION_TLS].text);
    assert_false(read_line("mock --tls=expird", &err));
    assert_int_equal(err.code, ERR_USAGE);
    assert_non_null(strstr(err.hint, "expired"));
    assert_false(read_line("mock --tls=", &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_option_is_whole),
        cmocka_unit_test(no_command_has_two_options_of_one_name_or_letter),
        cmocka_unit_test(every_command_is_whole_and_named_once),
        cmocka_unit_test(every_example_is_a_right_command_line),
        cmocka_unit_test(takes_options_before_and_after_files),
        cmocka_unit_test(takes_a_dash_for_a_file_and_everything_after_two_dashes),
        cmocka_unit_test(refuses_with_a_reason_and_a_way_out),
        cmocka_unit_test(asks_for_help_whatever_else_is_wrong),
        cmocka_unit_test(asks_for_the_version_with_and_without_a_command),
        cmocka_unit_test(knows_where_a_value_comes_from),
        cmocka_unit_test(reads_each_type_and_refuses_what_is_none),
        cmocka_unit_test(reads_a_percent_list_in_order),
        cmocka_unit_test(decides_about_color_in_the_order_it_documents),
        cmocka_unit_test(survives_any_mix_of_words),
        cmocka_unit_test(an_option_may_stand_alone_before_a_choice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
