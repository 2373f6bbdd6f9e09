/* The drills that operands name: files, and the *.json of folders in order of their names. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sim/command/drill_state.h"

static bool add_path(struct drill_list *list, const char *path, struct err *err)
{
    if (list->count == DRILLS_MAX) {
        return err_fail(err, ERR_INPUT, (struct place){.file = path},
                        "these are more than %d drills", DRILLS_MAX);
    }
    char *copy = strdup(path);
    if (copy == NULL) {
        return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    }
    list->paths[list->count++] = copy;
    return true;
}

static int is_json(const struct dirent *entry)
{
    const size_t length = strlen(entry->d_name);
    return length > 5 && entry->d_name[0] != '.' &&
           strcmp(entry->d_name + length - 5, ".json") == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name); /* the same order in any locale */
}

static bool add_folder(struct drill_list *list, const char *folder, struct err *err)
{
    struct dirent **entries;
    const int count = scandir(folder, &entries, is_json, by_name);
    if (count < 0) {
        return err_fail(err, ERR_INPUT, (struct place){.file = folder}, "cannot read it: %s",
                        strerror(errno));
    }
    bool fine = true;
    for (int i = 0; i < count; i++) {
        char path[FOLDER_PATH_MAX];
        const size_t length = strlen(folder);
        const bool slash = length > 0 && folder[length - 1] == '/';
        (void)snprintf(path, sizeof path, "%s%s%s", folder, slash ? "" : "/", entries[i]->d_name);
        fine = fine && add_path(list, path, err);
        free(entries[i]);
    }
    free(entries);
    if (fine && count == 0) {
        return err_fail(err, ERR_INPUT, (struct place){.file = folder}, "there is no *.json in it");
    }
    return fine;
}

/* "scenarios/drills/" -> "drills": letters and digits of the last part of the path. */
static void name_suite(struct drill_list *list, const char *folder)
{
    size_t end = strlen(folder);
    while (end > 0 && folder[end - 1] == '/')
        end--;
    size_t from = end;
    while (from > 0 && folder[from - 1] != '/')
        from--;
    size_t used = 0;
    for (size_t i = from; i < end && used + 1 < sizeof list->name; i++) {
        const char c = folder[i];
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '-' || c == '_';
        if (plain) list->name[used++] = c;
    }
    list->name[used] = '\0';
    if (used == 0) (void)strcpy(list->name, "drills");
}

bool drill_list_make(const char *const *operands, uint32_t count, struct drill_list *list,
                     struct err *err)
{
    *list = (struct drill_list){.name = "drills"};
    list->paths = calloc(DRILLS_MAX, sizeof *list->paths);
    if (list->paths == NULL) {
        return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    }
    for (uint32_t i = 0; i < count; i++) {
        const char *operand = operands[i];
        struct stat info;
        const bool folder = stat(operand, &info) == 0 && S_ISDIR(info.st_mode);
        if (!(folder ? add_folder(list, operand, err) : add_path(list, operand, err))) return false;
        if (!folder) continue;
        list->of_folder = true;
        name_suite(list, operand);
    }
    return true;
}

void drill_list_release(struct drill_list *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        free(list->paths[i]);
    free(list->paths);
    *list = (struct drill_list){0};
}
