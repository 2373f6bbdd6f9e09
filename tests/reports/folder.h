/* tests/reports/folder.h - a folder of its own for a test, and golden texts.
 *
 * Golden texts stand in tests/reports/golden. ROUTESIM_GOLDEN=write rewrites them: review the diff.
 */
#ifndef TESTS_REPORTS_FOLDER_H
#define TESTS_REPORTS_FOLDER_H

#include "router/base/text.h"
#include "tests/support.h"

/* Makes a folder under TMPDIR; folder_remove() takes it away with all that is in it. */
void folder_make(char path[TEST_PATH_MAX * 4]);
void folder_remove(const char *path);

/* A file of the folder, whole; the test fails when it cannot be read. text_release() it. */
struct text folder_read(const char *path, const char *name);
bool folder_has(const char *path, const char *name);

void check_golden(const char *name, const struct text *text);

#endif
