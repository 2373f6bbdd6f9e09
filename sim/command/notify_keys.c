#include <stdlib.h>
#include <string.h>

#include "sim/command/env_file.h"
#include "sim/command/notify.h"

static bool take(const struct env *file, const char *key, char value[ENV_VALUE_MAX],
                 struct err_list *list)
{
    const char *found = env_get(file, key);
    if (found == NULL || found[0] == '\0') found = getenv(key);
    value[0] = '\0';
    if (found == NULL) return true;
    if (strlen(found) >= ENV_VALUE_MAX) { /* a secret: not shown */
        err_add(list, (struct place){0}, NULL, "the value of %s has more than %d bytes", key,
                ENV_VALUE_MAX - 1);
        return false;
    }
    (void)strcpy(value, found);
    return true;
}

bool notify_read_keys(const char *env_file, struct notify_keys *keys, struct err_list *list)
{
    struct env file = {0};
    if (env_file != NULL && !env_file_read(env_file, &file, list)) return false;
    const bool pagerduty = take(&file, NOTIFY_PAGERDUTY_KEY, keys->pagerduty, list);
    return take(&file, NOTIFY_SLACK_WEBHOOK, keys->slack, list) && pagerduty;
}

void notify_forget_keys(struct env *env)
{
    env_unset(env, NOTIFY_PAGERDUTY_KEY);
    env_unset(env, NOTIFY_SLACK_WEBHOOK);
}

bool notify_read_options(const struct invocation *invocation, struct notify_keys *keys,
                         struct notify_spec *spec, struct err_list *list)
{
    *keys = (struct notify_keys){0};
    *spec = (struct notify_spec){.pagerduty = invocation_on(invocation, OPTION_NOTIFY_PAGERDUTY),
                                 .slack = invocation_on(invocation, OPTION_NOTIFY_SLACK),
                                 .keys = keys,
                                 .url = invocation->values[OPTION_NOTIFY_URL].text,
                                 .drill = "",
                                 .limits = webhook_limits_default};
    if (spec->pagerduty || spec->slack)
        return notify_read_keys(invocation->values[OPTION_ENV_FILE].text, keys, list);
    if (spec->url == NULL) return true;
    struct err err;
    (void)err_fail(&err, ERR_USAGE, (struct place){0}, "--notify-url tells nobody by itself");
    (void)err_hint(&err, "add --notify-pagerduty or --notify-slack");
    err_list_add(list, &err);
    return false;
}
