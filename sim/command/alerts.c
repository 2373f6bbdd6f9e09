/* sim/command/alerts.c - `routesim alerts`: rules for Prometheus, and what rule sets are worth. */
#include <string.h>

#include "sim/command/alerts_state.h"
#include "sim/command/command.h"

int command_alerts(const struct invocation *invocation, struct console *console)
{
    static const struct {
        const char *name;
        command_handler handle;
    } verbs[] = {{"export", alerts_export}, {"score", alerts_score_sets}};
    const char *verb = invocation->operands[0];
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(verb, verbs[i].name) == 0) return verbs[i].handle(invocation, console);
    struct err err;
    (void)err_fail(&err, ERR_USAGE, (struct place){0}, "alerts: there is no \"%s\"", verb);
    (void)err_hint(&err,
                   "routesim alerts export FILE.json, or routesim alerts score RULES.json...");
    return console_error(console, &err, NULL);
}
