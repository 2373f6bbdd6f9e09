/* Goal: who has to leave at once leaves nothing behind, and takes nothing of anybody else's.
 *
 * Method: folders of the test's own, filled, put on the list, and looked for afterwards; in a child
 * process, because what is on the list is the process's. */
#include "tests/support.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "router/base/leftover.h"

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/routesim-leftover.XXXXXX");
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static void path_of(const char *name, char path[static 256])
{
    (void)snprintf(path, 256, "%s/%s", folder, name);
}

static void make_file(const char *name)
{
    char path[256];
    path_of(name, path);
    const int file = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(file >= 0);
    (void)close(file);
}

static void make_sub(const char *name)
{
    char path[256];
    path_of(name, path);
    assert_int_equal(mkdir(path, 0700), 0);
}

static bool is_there(const char *name)
{
    char path[256];
    struct stat status;
    path_of(name, path);
    return lstat(path, &status) == 0;
}

static void fill(void)
{
    char name[64], target[256], link[256];
    make_sub("kept");
    make_file("kept/file");
    make_file("single");
    make_sub("tree");
    make_sub("tree/plots");
    for (int i = 0; i < 300; i++) { /* more than one reading of the folder */
        (void)snprintf(name, sizeof name, "tree/plots/a-figure-with-a-rather-long-name-%d.svg", i);
        make_file(name);
    }
    path_of("kept", target);
    path_of("tree/link", link);
    assert_int_equal(symlink(target, link), 0);
}

static void clear(void)
{
    char path[256];
    static const char *const names[] = {"kept/file", "kept", "single"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        path_of(names[i], path);
        (void)remove(path);
    }
}

/* Puts two things on the list, and one that is taken off again. */
static void make_list(void)
{
    char path[256];
    path_of("kept", path);
    leftover_add(path);
    path_of("single", path);
    leftover_add(path);
    path_of("tree", path);
    leftover_add(path);
    path_of("never made", path);
    leftover_add(path);
    path_of("kept", path);
    leftover_forget(path);
    leftover_forget("never added");
}

static void wait_for(pid_t child)
{
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 3);
}

static void check_what_is_left(void)
{
    assert_false(is_there("single"));
    assert_false(is_there("tree"));
    assert_true(is_there("kept/file"));
    clear();
}

static void on_signal(int number)
{
    (void)number;
    leftover_remove_all();
    _exit(3);
}

static void removes_what_is_on_the_list_in_a_signal_handler(void **state)
{
    (void)state;
    fill();
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        make_list();
        (void)signal(SIGTERM, on_signal);
        (void)raise(SIGTERM);
        _exit(4);
    }
    wait_for(child);
    check_what_is_left();
}

static void does_so_when_no_descriptor_is_left(void **state)
{
    (void)state;
    fill();
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        make_list();
        const struct rlimit limit = {.rlim_cur = 16, .rlim_max = 16};
        (void)setrlimit(RLIMIT_NOFILE, &limit);
        while (dup(STDERR_FILENO) >= 0) {
        }
        leftover_remove_all();
        _exit(3);
    }
    wait_for(child);
    check_what_is_left();
}

static void keeps_as_many_as_it_can(void **state)
{
    (void)state;
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        static char long_path[2 * LEFTOVER_PATH_MAX];
        memset(long_path, 'x', sizeof long_path - 1);
        leftover_add(long_path);
        for (int i = 0; i < 3 * LEFTOVERS_MAX; i++)
            leftover_add("/nowhere/at/all");
        leftover_remove_all();
        _exit(3);
    }
    wait_for(child);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(removes_what_is_on_the_list_in_a_signal_handler),
        cmocka_unit_test(does_so_when_no_descriptor_is_left),
        cmocka_unit_test(keeps_as_many_as_it_can),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
