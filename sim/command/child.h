/* sim/command/child.h - asks another program one short question: `gnuplot --version`.
 *
 * Found on PATH, no shell in between, its stdin and stderr are /dev/null, and it gets five seconds.
 */
#ifndef SIM_COMMAND_CHILD_H
#define SIM_COMMAND_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The first line the program prints, without its end; false when it cannot be started, takes too
 * long, fails or prints nothing. `words` is its argv, NULL at the end. */
bool child_first_line(const char *const words[], char *line, size_t size);

#endif
