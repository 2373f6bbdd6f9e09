/* sim/command/digest.h - SHA-256 of result files, so that a report can vouch for what lies beside
 * it.
 *
 * libcrypto does the hashing. Failure: ERR_ENVIRONMENT for a file that cannot be read.
 */
#ifndef SIM_COMMAND_DIGEST_H
#define SIM_COMMAND_DIGEST_H

#include "sim/world/result.h"

/* Fills `file` for DIRECTORY/path; `path` is borrowed. False with ERR_NONE when there is no such
 * file. */
bool digest_file(const char *directory, const char *path, struct result_file *file,
                 struct err *err);

#endif
