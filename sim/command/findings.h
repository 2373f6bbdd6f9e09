/* sim/command/findings.h - what lint found, for people, for programs, for a workflow's annotations.
 *
 * text: as every error is shown, with line, caret and hint. json: one object, {"schema":
 * "routesim.findings/1", "errors", "warnings", "findings": [{"file", "line", "column", "width",
 * "severity", "message", "hint"}]}. github: a workflow command a finding.
 */
#ifndef SIM_COMMAND_FINDINGS_H
#define SIM_COMMAND_FINDINGS_H

#include "router/base/err.h"
#include "router/base/text.h"

/* The members of the list "findings", with commas; `first`: nothing stands in front of them. */
void findings_write_json(struct text *text, const struct err_list *list, bool first);
void findings_write_github(struct text *text, const struct err_list *list);

#endif
