#include "sim/command/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { PATIENCE_MS = 5000 };

static bool start(const char *const words[], int output, pid_t *child)
{
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0) return false;
    bool ready =
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0) == 0 &&
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO) == 0 &&
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0) == 0;
    if (ready) {
        /* POSIX declares argv without const for history's sake, and does not write to it. */
        char *argv[16];
        unsigned count = 0;
        for (; words[count] != NULL && count < 15; count++)
            memcpy(&argv[count], &words[count], sizeof argv[0]);
        argv[count] = NULL;
        ready = posix_spawnp(child, words[0], &actions, NULL, argv, environ) == 0;
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    return ready;
}

static int64_t clock_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Reads up to the end or `until`; what does not fit is thrown away. False when time ran out. */
static bool read_all(int input, char *bytes, size_t size, int64_t until)
{
    size_t length = 0;
    char spill[512];
    for (;;) {
        const int64_t left = until - clock_ms();
        struct pollfd wait = {.fd = input, .events = POLLIN};
        if (left <= 0 || poll(&wait, 1, (int)left) == 0) return false;
        const bool full = length + 1 >= size;
        const ssize_t got =
            read(input, full ? spill : bytes + length, full ? sizeof spill : size - 1 - length);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        if (!full) length += (size_t)got;
    }
    bytes[length] = '\0';
    return true;
}

bool child_first_line(const char *const words[], char *line, size_t size)
{
    line[0] = '\0';
    int ends[2];
    if (pipe(ends) != 0) return false;
    (void)fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    (void)fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    pid_t child = 0;
    const bool started = start(words, ends[1], &child);
    (void)close(ends[1]);
    bool answered = started && read_all(ends[0], line, size, clock_ms() + PATIENCE_MS);
    (void)close(ends[0]);
    if (started) {
        int status = 0;
        if (!answered) (void)kill(child, SIGKILL);
        while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
        }
        answered = answered && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }
    line[strcspn(line, "\r\n")] = '\0';
    return answered && line[0] != '\0';
}
