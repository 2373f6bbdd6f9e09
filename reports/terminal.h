/* reports/terminal.h - the summary that a run leaves on the terminal: checks first, then providers.
 *
 * 80 columns at most, unless the report's path is longer. Numbers are aligned; glyphs have ASCII
 * stand-ins; colour is on verdict words alone and is never the only sign.
 */
#ifndef REPORTS_TERMINAL_H
#define REPORTS_TERMINAL_H

#include "router/base/text.h"
#include "sim/world/result.h"

struct terminal_style {
    bool unicode;
    bool color;
    bool histogram;          /* add the router's latencies as bars */
    double wall_seconds;     /* how long the run took; negative: not said */
    const char *report_path; /* NULL: there is none */
};

void terminal_write(struct text *text, const struct result *result,
                    const struct terminal_style *style);

/* The last line alone: "1 of 6 checks failed.  Report: ...". */
void terminal_write_verdict(struct text *text, const struct result *result,
                            const struct terminal_style *style);

#endif
