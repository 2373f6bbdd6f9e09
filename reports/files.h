/* reports/files.h - whole files in, whole files out, every failure with its path and reason.
 *
 * Failure: ERR_ENVIRONMENT. A file that could not be written whole is an error even if the system
 * only notices when it is closed.
 */
#ifndef REPORTS_FILES_H
#define REPORTS_FILES_H

#include "router/base/err.h"
#include "router/base/text.h"

enum { FILES_PATH_MAX = 4096 };

/* DIRECTORY/name into `path`. */
bool files_path(char path[static FILES_PATH_MAX], const char *directory, const char *name,
                struct err *err);
/* Makes the folder unless it is there. */
bool files_make_directory(const char *path, struct err *err);
bool files_write(const char *directory, const char *name, const struct text *text, struct err *err);
bool files_read(const char *directory, const char *name, struct text *text, struct err *err);

#endif
