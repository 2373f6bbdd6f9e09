/* Files of alert rules, read as a scenario that names one and says nothing else. */
#include <stdlib.h>
#include <string.h>

#include "router/base/json.h"
#include "sim/command/alerts_state.h"
#include "sim/command/command.h"

enum { RULES_BYTES_MAX = 16 << 20 };

enum file_kind { FILE_UNREAD, FILE_OF_RULES, FILE_OF_A_SCENARIO, FILE_OF_NEITHER };

static enum file_kind kind_of(const char *path)
{
    static struct err_list ignored;
    struct json json = {0};
    struct err err;
    size_t length = 0;
    ignored = (struct err_list){0};
    char *bytes = strcmp(path, "-") == 0 ? NULL : json_load(path, RULES_BYTES_MAX, &length, &err);
    if (bytes == NULL) return FILE_UNREAD;
    enum file_kind kind = FILE_UNREAD;
    if (json_read(&json, path, bytes, length, &ignored)) {
        const cJSON *schema = cJSON_GetObjectItemCaseSensitive(json.root, "schema");
        const char *said = cJSON_IsString(schema) ? schema->valuestring : "";
        const bool rules = cJSON_GetObjectItemCaseSensitive(json.root, "rules") != NULL;
        kind = strcmp(said, ALERTS_SCHEMA) == 0     ? FILE_OF_RULES
               : strcmp(said, SCENARIO_SCHEMA) == 0 ? FILE_OF_A_SCENARIO
               : said[0] == '\0' && rules           ? FILE_OF_RULES
                                                    : FILE_OF_NEITHER;
    }
    json_release(&json);
    free(bytes);
    return kind;
}

bool alerts_is_rule_file(const char *path)
{
    return kind_of(path) == FILE_OF_RULES;
}

void alerts_name_of(const char *path, char name[static ALERTS_NAME_MAX])
{
    const char *slash = strrchr(path, '/');
    const char *base = slash != NULL ? slash + 1 : path;
    const char *end = strrchr(base, '.');
    size_t used = 0;
    for (const char *at = base; *at != '\0' && at != end && used + 1 < ALERTS_NAME_MAX; at++) {
        const bool plain = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
                           (*at >= '0' && *at <= '9') || *at == '-' || *at == '_';
        if (plain) name[used++] = *at;
    }
    name[used] = '\0';
    if (used == 0) (void)strcpy(name, "rules");
}

/* ---- readings ---- */

enum { READING_WORD_FILE, READING_WORD_A, READING_WORD_ALL = READING_WORD_A + READING_COUNT };

bool alerts_all_readings(const struct invocation *invocation)
{
    return invocation->values[OPTION_READING].choice == READING_WORD_ALL;
}

bool alerts_reading_wanted(const struct invocation *invocation, enum alert_reading *reading)
{
    const unsigned choice = invocation->values[OPTION_READING].choice;
    if (choice == READING_WORD_FILE || choice == READING_WORD_ALL) return false;
    *reading = (enum alert_reading)(choice - READING_WORD_A);
    return true;
}

/* ---- reading ---- */

static bool read_as_scenario(struct scenario *scenario, const char *path, struct err_list *list)
{
    const char *slash = strrchr(path, '/');
    const struct scenario_options options = {0};
    struct text text = {0};
    /* Burn rates need an objective; whose it is, those say who use the rules. */
    text_put(&text, "{\"slo\": {\"objective\": 0.999}, \"alerts\": {\"file\": ");
    text_json_string(&text, slash != NULL ? slash + 1 : path);
    text_put(&text, "}}");
    /* Its name is the rules' own: relative paths start at its folder. */
    const bool fine =
        !text.failed && scenario_read(scenario, path, text.bytes, text.length, &options, list);
    text_release(&text);
    return fine;
}

bool alerts_read_rules(const struct invocation *invocation, struct console *console,
                       const char *path, struct alert_spec *spec, int *code)
{
    struct err_list list = {0};
    struct scenario *scenario = calloc(1, sizeof *scenario);
    struct err err;
    if (scenario == NULL) {
        (void)err_fail(&err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
        *code = console_error(console, &err, NULL);
        return false;
    }
    if (kind_of(path) == FILE_OF_A_SCENARIO) {
        (void)err_fail(&err, ERR_INPUT, (struct place){.file = path},
                       "this is a scenario, and no file of alert rules");
        (void)err_hint(&err, "its rules belong into a file of their own: " ALERTS_SCHEMA);
        *code = console_error(console, &err, NULL);
        free(scenario);
        return false;
    }
    const bool fine = read_as_scenario(scenario, path, &list);
    *code = console_errors(console, &list, NULL);
    if (fine) {
        *spec = scenario->alerts;
        (void)alerts_reading_wanted(invocation, &spec->reading);
    } else if (*code == EXIT_DONE) {
        *code = EXIT_INPUT;
    }
    if (fine && spec->rule_count == 0) {
        (void)err_fail(&err, ERR_INPUT, (struct place){.file = path}, "there are no rules in it");
        *code = console_error(console, &err, NULL);
    }
    scenario_release(scenario);
    free(scenario);
    return *code == EXIT_DONE;
}
