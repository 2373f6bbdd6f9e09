/* sim/command/drill_hasten.h - a drill in less time than it is written for: `drill --clock real
 * --speed 60x`.
 *
 * Waiting is shortened, calls are not (rulings 14): the run, faults and their ramps and flaps,
 * alerts' windows, spans, ticks and delays, what operators take and wait for, probes, deploys,
 * expectations of time, and the period that the budget is for are divided by the speed; timeouts,
 * latencies, the rate of orders and lives of tokens stay. What is looked at in whole seconds lasts
 * a second at least. Fewer orders come to a window, so least volumes are divided too, to 1 at
 * least: shares are out of fewer, and alerts are that much more nervous than the drill as it is
 * written.
 */
#ifndef SIM_COMMAND_DRILL_HASTEN_H
#define SIM_COMMAND_DRILL_HASTEN_H

#include "sim/world/scenario.h"

/* `speed` of 1 at least. */
void drill_hasten(struct scenario *scenario, double speed);

/* "60x", "2.5", from 1 to 10000; false: it is none. */
bool drill_speed_read(const char *text, double *speed);

#endif
