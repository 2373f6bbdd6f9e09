/* sim/command/options.h - the two tables that every word of the command line comes from.
 *
 * One row a command, one row an option. The parser, `--help`, the man page and the completions read
 * these rows and nothing else, so they cannot differ; tests/sim/command/test_options.c compares
 * them.
 *
 * To add a command: an enumerator, a row in command_table[] (sim/command/command_table.c), a
 * handler declared in sim/command/command.h. To add an option: an enumerator and a row in one of
 * the chapters sim/command/options_*.c; options_state.h says which. Two rows may share a name as
 * long as no command takes both.
 */
#ifndef SIM_COMMAND_OPTIONS_H
#define SIM_COMMAND_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

enum command {
    COMMAND_RUN,
    COMMAND_TUNE,
    COMMAND_AB,
    COMMAND_CALIBRATE,
    COMMAND_DRILL,
    COMMAND_RUNBOOK,
    COMMAND_ALERTS,
    COMMAND_LINT,
    COMMAND_REPORT,
    COMMAND_EXPORT,
    COMMAND_COMPARE,
    COMMAND_VERIFY,
    COMMAND_SCORE,
    COMMAND_ROUTE,
    COMMAND_MOCK,
    COMMAND_DOCTOR,
    COMMAND_SCHEMA,
    COMMAND_COMPLETION,
    COMMAND_HELP,
    COMMAND_VERSION,
    COMMAND_COUNT
};

enum operand_kind { /* what a completion offers for a command's operands */
                    OPERAND_NONE,
                    OPERAND_FILE,
                    OPERAND_FOLDER,
                    OPERAND_COMMAND,
                    OPERAND_CHOICE, /* the words of command_traits.operand_choices */
};

enum { OPERANDS_MAX = 4096 };

struct invocation;
struct console;
typedef int (*command_handler)(const struct invocation *invocation, struct console *console);

struct command_traits {
    enum command command;
    const char *name;
    const char *alias;   /* NULL: none */
    const char *summary; /* one line, for lists */
    const char *about;   /* sentences, for help and manual */
    const char *usage;   /* what follows the name: "[options] SCENARIO.json"; lines split by \n */
    const char *example; /* a whole command */
    enum operand_kind operand_kind;
    const char *operand_choices; /* "bash|zsh"; NULL unless OPERAND_CHOICE */
    unsigned operands_least;
    unsigned operands_most; /* OPERANDS_MAX: any number */
    command_handler handle;
};

/* In the order of help; a command that has no row does not exist for the user. */
extern const struct command_traits command_table[];
extern const unsigned command_table_count;

enum option {
    OPTION_OUT,
    OPTION_FORCE,
    OPTION_SEED,
    OPTION_JOBS,
    OPTION_REPLICATIONS,
    OPTION_DURATION,
    OPTION_REQUESTS,
    OPTION_RATE,
    OPTION_CLOCK,
    OPTION_WIRE,
    OPTION_MOCK_TLS,
    OPTION_CA,
    OPTION_CACHE,
    OPTION_LIVE,
    OPTION_YES_LIVE,
    OPTION_MAX_REQUESTS,
    OPTION_MAX_RATE,
    OPTION_SPEED,
    OPTION_ASK,
    OPTION_NOTIFY_PAGERDUTY,
    OPTION_NOTIFY_SLACK,
    OPTION_NOTIFY_URL,
    OPTION_RECORD,
    OPTION_ALLOW_UNANSWERED,
    OPTION_SET,
    OPTION_SHORT,
    OPTION_ENV_FILE,
    OPTION_INHERIT_ENV,
    OPTION_CHECK,
    OPTION_STRICT_EVIDENCE,
    OPTION_CHECK_DETERMINISM,
    OPTION_PERCENTILES,
    OPTION_EXACT,
    OPTION_EVENTS,
    OPTION_NO_QUOTES,
    OPTION_JSON,
    OPTION_JUNIT,
    OPTION_MARKDOWN,
    OPTION_HTML,
    OPTION_CSV,
    OPTION_NO_PLOTS,
    OPTION_REQUIRE_PLOTS,
    OPTION_DRY_RUN,
    OPTION_OBJECTIVE,
    OPTION_CONSTRAINT,
    OPTION_WEIGHTS,
    OPTION_BASELINE_WEIGHTS,
    OPTION_HOLD,
    OPTION_HOLDOUT,
    OPTION_HISTORY,
    OPTION_WITHOUT,
    OPTION_PURCHASES,
    OPTION_RESAMPLES,
    OPTION_AB_OBJECTIVE,
    OPTION_AB_WEIGHTS,
    OPTION_PLAN,
    OPTION_SALT,
    OPTION_INTERLEAVE,
    OPTION_POWER,
    OPTION_PEEKS,
    OPTION_PLANNED,
    OPTION_FROM,
    OPTION_COLUMNS,
    OPTION_TIMEOUT,
    OPTION_RULE,
    OPTION_MAX_TIMEOUT,
    OPTION_PRICES,
    OPTION_WATCH,
    OPTION_SPLIT,
    OPTION_METRIC,
    OPTION_FAIL_ON,
    OPTION_ALPHA,
    OPTION_SCORE_CHECK,
    OPTION_FORMAT,
    OPTION_EXPLAIN,
    OPTION_SCENARIO,
    OPTION_PROFILE,
    OPTION_RUNBOOK_ONLY,
    OPTION_CONFIG,
    OPTION_LISTEN,
    OPTION_PORT_BASE,
    OPTION_EXPOSE,
    OPTION_ONLY,
    OPTION_ADMIN,
    OPTION_PRINT_URLS,
    OPTION_RELAY,
    OPTION_TLS,
    OPTION_KEYS,
    OPTION_PAYLOADS,
    OPTION_JOURNAL,
    OPTION_FOR,
    OPTION_POSTGRES,
    OPTION_TABLES_CSV,
    OPTION_DASHBOARDS,
    OPTION_ANSWERS,
    OPTION_REBASE,
    OPTION_TAG,
    OPTION_RULES,
    OPTION_FORM,
    OPTION_READING,
    OPTION_DRILLS,
    OPTION_QUIET_DAYS,
    OPTION_QUIET_SCENARIO,
    OPTION_SIGNIFICANT,
    OPTION_MANUAL,
    OPTION_MAN,
    OPTION_VERSION_JSON,
    OPTION_QUIET,
    OPTION_VERBOSE,
    OPTION_RUNBOOK_VERBOSE,
    OPTION_PROGRESS,
    OPTION_COLOR,
    OPTION_HELP,
    OPTION_VERSION,
    OPTION_COUNT
};

enum option_type {
    OPTION_FLAG,         /* no value */
    OPTION_TEXT,         /* anything but nothing */
    OPTION_PATH,         /* a file or folder name; "-" where the command says so */
    OPTION_MAYBE_PATH,   /* --json alone, or --json=FILE; the next word is never its value */
    OPTION_NUMBER_COUNT, /* a whole number within least..most */
    OPTION_NUMBER_SEED,  /* 0 to 2^64 - 1 */
    OPTION_SPAN,         /* "30s", "1h30m" */
    OPTION_EVENT_RATE,   /* "40/s" */
    OPTION_SHARE,        /* "0.05" or "5%", between 0 and 1 */
    OPTION_CHOICE,       /* one of the argument's words; "sample=N" takes a count */
    OPTION_MAYBE_CHOICE, /* --tls alone is its first word; --tls=WORD */
    OPTION_PERCENT_LIST, /* "50,95,99.9" */
};

enum option_group {
    GROUP_LOAD,
    GROUP_INPUT,
    GROUP_JUDGE,
    GROUP_OUTPUT,
    GROUP_DISPLAY,
    GROUP_OTHER,
    OPTION_GROUP_COUNT
};
extern const char *const option_group_titles[OPTION_GROUP_COUNT];

struct option_traits {
    const char *name; /* without its dashes */
    char letter;      /* 0: none */
    enum option_type type;
    const char *argument; /* "DIR", "auto|always|never"; NULL for flags */
    const char *fallback; /* what holds when nothing is given; NULL: nothing, or said in help */
    const char *env;      /* "ROUTESIM_JOBS"; NULL: none */
    const char *help;     /* half a sentence, no full stop */
    enum option_group group;
    uint32_t commands; /* bit 1 << enum command */
    bool repeatable;
    int64_t least, most; /* of OPTION_NUMBER_COUNT */
};
/* The option's row; every option has one. */
const struct option_traits *option_traits(enum option option);

/* A command by name or alias; NULL: there is none, or it has no row. */
const struct command_traits *command_by_name(const char *name);
const struct command_traits *command_by_id(enum command command);

static inline bool option_belongs(enum option option, enum command command)
{
    return (option_traits(option)->commands >> command & 1u) != 0;
}

/* Does any command of the table take it? */
bool option_is_offered(enum option option);

static inline bool option_takes_value(enum option option)
{
    return option_traits(option)->type != OPTION_FLAG;
}

/* An option that may stand alone, whose value comes behind an equals sign or not at all. */
static inline bool option_may_stand_alone(const struct option_traits *traits)
{
    return traits->type == OPTION_MAYBE_PATH || traits->type == OPTION_MAYBE_CHOICE;
}

/* The option of `command` by name (without dashes, `length` bytes of it) or letter; OPTION_COUNT.
 */
enum option option_by_name(enum command command, const char *name, unsigned length);
enum option option_by_letter(enum command command, char letter);

/* What each exit code means, for help, manual and README; a NULL meaning ends it. */
struct exit_code_meaning {
    const char *code;
    const char *meaning;
};
extern const struct exit_code_meaning exit_code_meanings[];

/* The i-th word of "auto|always|never" and its length; NULL past the end. */
const char *choice_word(const char *choices, unsigned index, unsigned *length);

#endif
