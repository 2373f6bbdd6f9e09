/* Rules of alerts in a file of their own, that scenarios name. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "mocks/empirical.h"
#include "sim/world/scenario_keys.h"

enum { ALERT_FILE_BYTES_MAX = 1 << 20 };

/* The text of the file; its name lives as long as messages about it. NULL: said why not. */
static char *load(struct scenario *scenario, const char *file, struct place named,
                  const char **name, size_t *length, struct err_list *list)
{
    struct err err;
    const char *const path = empirical_path(scenario->folder, file, &scenario->arena);
    *name = path == NULL ? NULL : err_keep_name(path);
    if (*name == NULL) {
        (void)err_fail(&err, ERR_ENVIRONMENT, named, "out of memory");
        err_list_add(list, &err);
        return NULL;
    }
    if (strcmp(file, "-") == 0) {
        err_add(list, named, NULL, "rules of alerts are not read from the standard input");
        return NULL;
    }
    char *const bytes = json_load(path, ALERT_FILE_BYTES_MAX, length, &err);
    if (bytes != NULL) return bytes;
    struct err said;
    (void)err_fail(&said, err.code, named, "%s %s", path, err.message);
    err_list_add(list, &said);
    return NULL;
}

static bool is_sound(const struct json *json, struct err_list *list)
{
    const cJSON *const file = cJSON_GetObjectItemCaseSensitive(json->root, "file");
    if (!cJSON_IsObject(json->root)) {
        err_add(list, json_place(json, json->root), "{\"rules\": [...]}",
                "a file of alert rules is one object {...}");
        return false;
    }
    if (file == NULL) return true;
    err_add(list, json_key_place(json, file), NULL, "a file of alert rules cannot name another");
    return false;
}

static bool read_file(struct scenario *scenario, const char *file, struct place named,
                      struct err_list *list)
{
    const char *name = NULL;
    size_t length = 0;
    struct json json = {0};
    char *const bytes = load(scenario, file, named, &name, &length, list);
    if (bytes == NULL) return false;
    err_keep_source(name, bytes);
    const bool good = json_read(&json, name, bytes, length, list) && is_sound(&json, list);
    free(bytes);
    if (good) {
        struct scenario_reader reader = {
            .scenario = scenario, .json = &json, .list = list, .provider = -1};
        scenario_read_node(&reader, &scenario_alert_file, json.root, json_place(&json, json.root),
                           &scenario->alerts);
    }
    json_release(&json);
    return good;
}

void scenario_read_alert_file(struct scenario *scenario, const char *file, struct place named,
                              struct err_list *list)
{
    assert(scenario != NULL && file[0] != '\0');
    if (read_file(scenario, file, named, list)) return;
    scenario_note_refused(scenario, &scenario_alert_file, scenario->alerts.rules, named);
}
