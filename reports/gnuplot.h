/* reports/gnuplot.h - runs gnuplot on one script, and says how that went.
 *
 * gnuplot is started with an argument list, never through a shell, in the script's folder, without
 * the user's start-up file, in the C.UTF-8 locale and without GNUPLOT_* settings, so that the same
 * script gives the same bytes for everyone. It has GNUPLOT_SECONDS_MAX; then it is killed.
 *
 * Failure: none of it is an err. A report without figures is still a report.
 */
#ifndef REPORTS_GNUPLOT_H
#define REPORTS_GNUPLOT_H

#include <stddef.h>

enum { GNUPLOT_SECONDS_MAX = 20 };

enum gnuplot_end {
    GNUPLOT_DREW,
    GNUPLOT_MISSING, /* no such program */
    GNUPLOT_FAILED,  /* it objected to the script, crashed or took too long */
};

/* `program` is a name to look for in PATH or a path. `why` is one line, empty when it drew. */
enum gnuplot_end gnuplot_run(const char *program, const char *directory, const char *script,
                             char *why, size_t why_size);

#endif
