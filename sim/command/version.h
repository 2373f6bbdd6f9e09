/* sim/command/version.h - who made a result: our version and commit, and the libraries underneath.
 *
 * version.c is the one object that knows the version, so that a commit recompiles one file.
 */
#ifndef SIM_COMMAND_VERSION_H
#define SIM_COMMAND_VERSION_H

#include <stdbool.h>
#include <stddef.h>

#include "router/base/text.h"

const char *version_text(void);   /* "0.1.0" */
const char *version_commit(void); /* "1a2b3c4", "1a2b3c4-dirty", "unknown" */

enum version_library {
    LIBRARY_CURL,
    LIBRARY_GSL,
    LIBRARY_CJSON,
    LIBRARY_MICROHTTPD,
    LIBRARY_CRYPTO,
    LIBRARY_HIREDIS, /* optional */
    VERSION_LIBRARY_COUNT
};
extern const char *const version_library_names[VERSION_LIBRARY_COUNT];

/* The version that runs, which may be newer than the one compiled against (but for hiredis, which
 * does not say); NULL: routesim was built without it. */
const char *version_of_library(enum version_library library);

/* "5.4" of the gnuplot on PATH; false and an empty text when there is none that answers. */
enum { GNUPLOT_VERSION_MAX = 32 };
bool version_of_gnuplot(char version[static GNUPLOT_VERSION_MAX]);

/* "routesim 0.1.0 (libcurl 7.88.1, ...)" and the same as one JSON object, each with a line end. */
void version_write_line(struct text *text);
void version_write_json(struct text *text);

#endif
