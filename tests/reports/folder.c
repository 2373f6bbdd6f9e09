#define _XOPEN_SOURCE 700 /* nftw() */
#include "tests/reports/folder.h"

#include <ftw.h>
#include <sys/stat.h>

#include "reports/files.h"

void folder_make(char path[TEST_PATH_MAX * 4])
{
    const char *parent = getenv("TMPDIR");
    (void)snprintf(path, TEST_PATH_MAX * 4, "%s/routesim-report-XXXXXX",
                   parent != NULL ? parent : "/tmp");
    assert_non_null(mkdtemp(path));
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    return remove(path);
}

void folder_remove(const char *path)
{
    assert_int_equal(nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

struct text folder_read(const char *path, const char *name)
{
    struct text text = {0};
    struct err err = {0};
    if (!files_read(path, name, &text, &err)) fail_msg("%s", err.message);
    return text;
}

bool folder_has(const char *path, const char *name)
{
    char file[512];
    struct stat status;
    (void)snprintf(file, sizeof file, "%s/%s", path, name);
    return stat(file, &status) == 0;
}

void check_golden(const char *name, const struct text *text)
{
    static const char folder[] = "tests/reports/golden";
    const char *write = getenv("ROUTESIM_GOLDEN");
    assert_false(text->failed);
    if (write != NULL && strcmp(write, "write") == 0) {
        struct err err = {0};
        if (!files_write(folder, name, text, &err)) fail_msg("%s", err.message);
        return;
    }
    struct text golden = folder_read(folder, name);
    if (golden.length != text->length || memcmp(golden.bytes, text->bytes, text->length) != 0) {
        print_error("%s is now:\n%s\n", name, text->bytes);
        fail_msg("%s/%s differs", folder, name);
    }
    text_release(&golden);
}
