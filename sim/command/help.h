/* sim/command/help.h - help, manual and completions, all made from the tables in options.h.
 *
 * Each function appends to a text; lines of help are at most 80 characters wide.
 */
#ifndef SIM_COMMAND_HELP_H
#define SIM_COMMAND_HELP_H

#include "router/base/text.h"
#include "sim/command/options.h"

void help_write_overview(struct text *text);
void help_write_command(struct text *text, const struct command_traits *command);

/* Four lines: what it is, usage, an example, where more stands. */
void help_write_brief(struct text *text, const struct command_traits *command);

/* The manual page routesim(1), in man(7) macros. */
void help_write_manual(struct text *text);

void completion_write_bash(struct text *text);
void completion_write_zsh(struct text *text);

#endif
