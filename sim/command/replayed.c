#include "sim/command/replayed.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "sim/command/digest.h"

enum { SHOWN = 16, PATH_BYTES = 2 * SCENARIO_PATH_MAX };

/* Whether the file could be hashed. */
static bool hash(const struct scenario *scenario, const char *cassette, struct result_file *file)
{
    char path[PATH_BYTES];
    struct stat facts;
    struct err err;
    (void)snprintf(path, sizeof path, "%s%s", cassette[0] == '/' ? "" : scenario->folder, cassette);
    if (stat(path, &facts) != 0 || !S_ISREG(facts.st_mode)) return false;
    char *const slash = strrchr(path, '/');
    if (slash == NULL) return digest_file(".", path, file, &err);
    *slash = '\0';
    return digest_file(path, slash + 1, file, &err);
}

void replayed_name(const struct scenario *scenario, struct text *text)
{
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const struct provider_spec *const provider = &scenario->providers[p];
        struct result_file file;
        if (provider->mode != MODE_REPLAY) continue;
        const bool hashed = hash(scenario, provider->cassette, &file);
        text_format(text, "%s%s %.*s", text->length > 0 ? ", " : "", provider_traits[p].id,
                    hashed ? SHOWN : 1, hashed ? file.sha256 : "?");
    }
}
