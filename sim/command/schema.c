/* sim/command/schema.c - `routesim schema`: the scenario's keys, for editors and for people. */
#include "sim/command/command.h"
#include "sim/world/scenario.h"

int command_schema(const struct invocation *invocation, struct console *console)
{
    struct text text = {0};
    if (invocation_on(invocation, OPTION_MANUAL)) {
        scenario_manual(&text);
    } else {
        scenario_schema(&text);
    }
    return console_write(console, &text);
}
