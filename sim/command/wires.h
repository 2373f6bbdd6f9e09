/* sim/command/wires.h - what the command line says about how calls travel, and whether real
 * providers may be called.
 *
 * Real providers are called only after an explicit yes: --yes-live, or a "yes" typed at a terminal
 * that was told what would be sent. Without credentials nothing starts: a router that lacks them
 * answers canned quotes, and a live run of those would be a lie. Nor is anybody outside private
 * networks called as a mock.
 */
#ifndef SIM_COMMAND_WIRES_H
#define SIM_COMMAND_WIRES_H

#include "sim/command/console.h"
#include "sim/command/invocation.h"
#include "sim/world/wire.h"

/* From --clock, --wire, --tls, --ca, --max-requests and --max-rate. A live provider means real
 * time, and real time means HTTP, where nothing else is said. Checked against the scenario. */
bool wires_read(const struct invocation *invocation, const struct scenario *scenario,
                struct wire_spec *spec, struct err *err);

/* Asks what has to be asked before anything is sent. False: `code` is the exit code, and why was
 * said. True at once where nobody is live. */
bool wires_may_go_live(const struct invocation *invocation, struct console *console,
                       const struct scenario *scenario, const struct wire_spec *spec, int *code);

/* One line for --dry-run: "over HTTP to mocks in this process; KROGER_API live, at most 200 calls".
 */
void wires_describe(const struct scenario *scenario, const struct wire_spec *spec,
                    struct text *text);

/* What a recording of this run says of it, but for its program. Texts are borrowed. */
struct cassette_head;
void wires_head(const struct scenario *scenario, const struct wire_spec *spec,
                struct cassette_head *head);

#endif
