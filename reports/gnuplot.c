#define _GNU_SOURCE /* posix_spawn_file_actions_addchdir_np() */
#include "reports/gnuplot.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { ENVIRONMENT_MAX = 512, COMPLAINT_MAX = 2048 };

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Ours without what could change a picture. The strings are borrowed. */
static void copy_environment(const char *copy[static ENVIRONMENT_MAX])
{
    size_t count = 0;
    copy[count++] = "LC_ALL=C.UTF-8";
    for (char **entry = environ; *entry != NULL && count < ENVIRONMENT_MAX - 1; entry++) {
        if (starts_with(*entry, "GNUPLOT") || starts_with(*entry, "GNUTERM") ||
            starts_with(*entry, "LC_") || starts_with(*entry, "LANG"))
            continue;
        copy[count++] = *entry;
    }
    copy[count] = NULL;
}

static int64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Reads what it complains about until it closes its end; false when the time is over. */
static bool listen_to(int from, char complaint[static COMPLAINT_MAX])
{
    const int64_t deadline_ms = now_ms() + (int64_t)GNUPLOT_SECONDS_MAX * 1000;
    size_t length = 0;
    complaint[0] = '\0';
    for (;;) {
        const int64_t left_ms = deadline_ms - now_ms();
        if (left_ms <= 0) return false;
        struct pollfd end = {.fd = from, .events = POLLIN};
        const int ready = poll(&end, 1, (int)left_ms);
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0) return false;
        char bytes[512];
        const ssize_t got = read(from, bytes, sizeof bytes);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return true;
        for (ssize_t i = 0; i < got && length < COMPLAINT_MAX - 1; i++)
            complaint[length++] = bytes[i];
        complaint[length] = '\0';
    }
}

/* The line that says what is wrong: gnuplot ends its complaint with it, under an excerpt and a
 * caret. */
static void last_line(char *complaint, char *why, size_t why_size)
{
    char *line = NULL;
    char *rest = NULL;
    for (char *part = strtok_r(complaint, "\n", &rest); part; part = strtok_r(NULL, "\n", &rest))
        if (strspn(part, " \t\r^") != strlen(part)) line = part;
    while (line != NULL && (*line == ' ' || *line == '\t'))
        line++;
    (void)snprintf(why, why_size, "%s", line != NULL ? line : "it gave no reason");
}

static int spawn(pid_t *child, const char *program, const char *directory, const char *script,
                 int errors)
{
    posix_spawn_file_actions_t actions;
    int failed = posix_spawn_file_actions_init(&actions);
    if (failed != 0) return failed;
    failed = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (failed == 0)
        failed =
            posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    if (failed == 0) failed = posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
    if (failed == 0) failed = posix_spawn_file_actions_addchdir_np(&actions, directory);
    if (failed == 0) {
        const char *environment[ENVIRONMENT_MAX];
        copy_environment(environment);
        const char *arguments[] = {program, "-d", script, NULL};
        /* The prototype lacks const for history's sake; nothing is written through these. */
        failed = posix_spawnp(child, program, &actions, NULL, (char *const *)(uintptr_t)arguments,
                              (char *const *)(uintptr_t)environment);
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    return failed;
}

static enum gnuplot_end judge(bool in_time, int status, char *complaint, char *why, size_t why_size)
{
    if (!in_time) {
        (void)snprintf(why, why_size, "it took longer than %d s", GNUPLOT_SECONDS_MAX);
        return GNUPLOT_FAILED;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        why[0] = '\0';
        return GNUPLOT_DREW;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
        (void)snprintf(why, why_size, "it could not be started");
        return GNUPLOT_MISSING;
    }
    last_line(complaint, why, why_size);
    return GNUPLOT_FAILED;
}

enum gnuplot_end gnuplot_run(const char *program, const char *directory, const char *script,
                             char *why, size_t why_size)
{
    assert(program != NULL && directory != NULL && script != NULL);
    assert(why != NULL && why_size > 0);

    /* The child starts in another folder, so a relative path has to be made absolute here. */
    char *absolute = strchr(program, '/') != NULL ? realpath(program, NULL) : NULL;
    int ends[2];
    if (pipe(ends) != 0) {
        (void)snprintf(why, why_size, "no pipe: %s", strerror(errno));
        free(absolute);
        return GNUPLOT_FAILED;
    }
    (void)fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    (void)fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    pid_t child;
    const int failed =
        spawn(&child, absolute != NULL ? absolute : program, directory, script, ends[1]);
    free(absolute);
    (void)close(ends[1]);
    if (failed != 0) {
        (void)close(ends[0]);
        (void)snprintf(why, why_size, "%s", strerror(failed));
        return failed == ENOENT || failed == EACCES ? GNUPLOT_MISSING : GNUPLOT_FAILED;
    }

    char complaint[COMPLAINT_MAX];
    const bool in_time = listen_to(ends[0], complaint);
    (void)close(ends[0]);
    if (!in_time) (void)kill(child, SIGKILL);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    return judge(in_time, status, complaint, why, why_size);
}
