#define _XOPEN_SOURCE 700 /* nftw */
#include "sim/command/folder.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "router/base/json.h"
#include "router/base/leftover.h"
#include "sim/command/signals.h"

static bool refuse(struct err *err, const char *path, const char *what)
{
    return err_fail(err, ERR_ENVIRONMENT, (struct place){.file = path}, "%s: %s", what,
                    strerror(errno));
}

static bool make_parents(const char *path, struct err *err)
{
    char part[FOLDER_PATH_MAX];
    (void)snprintf(part, sizeof part, "%s", path);
    for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(part, 0777) != 0 && errno != EEXIST) {
            return refuse(err, path, "cannot make the output folder");
        }
        *slash = '/';
    }
    return true;
}

static bool is_empty(const char *path)
{
    DIR *directory = opendir(path);
    if (directory == NULL) return false;
    unsigned count = 0;
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    }
    (void)closedir(directory);
    return count == 0;
}

enum { SUMMARY_BYTES_MAX = 64 << 20 };

/* The name of the scenario whose results lie in `path`; false when they are not ours. */
static bool whose_results(const char *path, char name[static 128], char hash[static 32])
{
    char file[FOLDER_PATH_MAX + 16];
    (void)snprintf(file, sizeof file, "%s/summary.json", path);
    size_t length;
    struct err err;
    char *bytes = json_load(file, SUMMARY_BYTES_MAX, &length, &err);
    if (bytes == NULL) return false;
    cJSON *root = cJSON_ParseWithLength(bytes, length);
    free(bytes);
    const cJSON *schema = cJSON_GetObjectItemCaseSensitive(root, "schema");
    const cJSON *context = cJSON_GetObjectItemCaseSensitive(root, "context");
    const cJSON *scenario = cJSON_GetObjectItemCaseSensitive(context, "scenario");
    const bool ours = cJSON_IsString(schema) && strncmp(schema->valuestring, "routesim.", 9) == 0;
    (void)snprintf(name, 128, "%s", cJSON_IsString(scenario) ? scenario->valuestring : "");
    const cJSON *experiment = cJSON_GetObjectItemCaseSensitive(context, "experiment_hash");
    (void)snprintf(hash, 32, "%s", cJSON_IsString(experiment) ? experiment->valuestring : "");
    cJSON_Delete(root);
    return ours;
}

static bool may_replace(const char *path, const char *scenario, uint64_t experiment, bool force,
                        struct err *err)
{
    struct stat there;
    if (lstat(path, &there) != 0) return errno == ENOENT || refuse(err, path, "cannot look at it");
    const struct place place = {.file = path};
    if (!S_ISDIR(there.st_mode)) {
        (void)err_fail(err, ERR_USAGE, place, "the output folder is a file or a link");
        return err_hint(err, "choose another with --out");
    }
    if (is_empty(path)) return true;
    char name[128], hash[32], mine[32];
    (void)snprintf(mine, sizeof mine, "%016" PRIx64, experiment);
    if (!whose_results(path, name, hash)) {
        (void)err_fail(err, ERR_USAGE, place,
                       "the output folder is not empty, and what it holds is not routesim's");
        return err_hint(err, "choose another with --out; nothing was touched");
    }
    if (force) return true;
    if (strcmp(name, scenario) == 0 && strcmp(hash, mine) == 0) return true;
    if (strcmp(name, scenario) == 0) {
        (void)err_fail(err, ERR_USAGE, place,
                       "the output folder holds results of this scenario with other settings");
    } else {
        (void)err_fail(err, ERR_USAGE, place, "the output folder holds results of \"%s\"", name);
    }
    return err_hint(err, "choose another with --out, or replace them with --force");
}

bool folder_open(struct folder *folder, const char *path, const char *scenario, uint64_t experiment,
                 bool force, struct err *err)
{
    folder->open = false;
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    if (length == 0 || length + 32 >= FOLDER_PATH_MAX) {
        return err_fail(err, ERR_USAGE, (struct place){0}, "the output folder's name is too long");
    }
    memcpy(folder->path, path, length);
    folder->path[length] = '\0';
    if (!may_replace(folder->path, scenario, experiment, force, err)) return false;
    if (!make_parents(folder->path, err)) return false;
    (void)snprintf(folder->temporary, sizeof folder->temporary, "%.4000s.tmp-%ld", folder->path,
                   (long)getpid());
    leftover_add(folder->temporary);
    if (mkdir(folder->temporary, 0777) != 0) {
        leftover_forget(folder->temporary);
        return refuse(err, folder->temporary, "cannot make the output folder");
    }
    folder->open = true;
    return true;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

static void remove_tree(const char *path)
{
    (void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

bool folder_holds(const struct folder *folder, const char *file)
{
    char path[FOLDER_PATH_MAX];
    (void)snprintf(path, sizeof path, "%s", file);
    const char *const slash = strrchr(path, '/');
    const char *const name = slash != NULL ? slash + 1 : path;
    const size_t parent_length = (size_t)(name - path);
    char parent[FOLDER_PATH_MAX];
    (void)snprintf(parent, sizeof parent, "%.*s", (int)(parent_length > 0 ? parent_length : 1),
                   parent_length > 0 ? path : ".");
    char *const there = realpath(parent, NULL);
    char *const written = realpath(folder->temporary, NULL); /* the folder itself may not exist */
    bool holds = false;
    if (there != NULL && written != NULL) {
        char output[FOLDER_PATH_MAX], whole[2 * FOLDER_PATH_MAX];
        (void)snprintf(output, sizeof output, "%.*s", (int)(strrchr(written, '.') - written),
                       written);
        const size_t length = strlen(output);
        (void)snprintf(whole, sizeof whole, "%s/%s", there, name);
        holds =
            strncmp(whole, output, length) == 0 && (whole[length] == '\0' || whole[length] == '/');
    }
    free(there);
    free(written);
    return holds;
}

static bool rename_whole(struct folder *folder, struct err *err)
{
    char aside[FOLDER_PATH_MAX];
    (void)snprintf(aside, sizeof aside, "%.4000s.old-%ld", folder->path, (long)getpid());
    const bool had = rename(folder->path, aside) == 0;
    if (!had && errno != ENOENT) return refuse(err, folder->path, "cannot move it aside");
    if (rename(folder->temporary, folder->path) != 0) {
        (void)refuse(err, folder->path, "cannot give the results their name");
        if (had) (void)rename(aside, folder->path);
        return false;
    }
    folder->open = false;
    leftover_forget(folder->temporary);
    if (had) remove_tree(aside);
    return true;
}

/* Between the two renamings nothing has the name: nobody may leave there. */
bool folder_commit(struct folder *folder, struct err *err)
{
    sigset_t before;
    signals_hold(&before);
    const bool renamed = rename_whole(folder, err);
    signals_free(&before);
    return renamed;
}

void folder_discard(struct folder *folder)
{
    if (folder->open) {
        remove_tree(folder->temporary);
        leftover_forget(folder->temporary);
    }
    folder->open = false;
}
