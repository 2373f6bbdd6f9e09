/* mocks/marked_file.h - small files that hold keys: whole or none, and nobody else's.
 *
 * A file of ours begins with a mark: a line that whoever reads the file passes over. It is written
 * beside its name, readable by nobody else from the start, and renamed when it is complete; what
 * lies under the name already is replaced only where it is a plain file that begins with the mark.
 *
 * Ownership: nothing is kept.
 * Failure:   ERR_ENVIRONMENT for what the machine refuses, ERR_USAGE for a name that is too long
 *            and for a file that is not ours.
 */
#ifndef MOCKS_MARKED_FILE_H
#define MOCKS_MARKED_FILE_H

#include <sys/types.h>

#include "router/base/err.h"

struct marked_file {
    const char *directory; /* has to be there */
    const char *name;
    const char *mark;  /* the first line, with its end */
    const char *bytes; /* what follows */
    mode_t mode;       /* 0600 for a secret */
};

bool marked_file_write(const struct marked_file *wish, struct err *err);

#endif
