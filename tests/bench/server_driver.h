/* tests/bench/server_driver.h - who asks, in the benchmark of mock servers: processes of their own,
 * so that the server's CPU time is its process's.
 *
 * The program starts itself again as driver_main() (asks one thing again and again over so many
 * kept-alive connections) or hang_main() (asks once a connection and stays). drive() starts the one
 * and reads what it measured. Whatever fails ends the benchmark: stop().
 */
#ifndef TESTS_BENCH_SERVER_DRIVER_H
#define TESTS_BENCH_SERVER_DRIVER_H

#include <arpa/inet.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "router/base/duration.h"

enum { FOLDER_TEXT_MAX = 32, PATH_TEXT_MAX = 128 };

static int64_t now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * US_PER_SECOND + now.tv_nsec / 1000;
}

static void stop(const char *why)
{
    fprintf(stderr, "bench_server: %s\n", why);
    exit(1);
}

static int ascending_us(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a;
    const int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void save(const char *path, const char *bytes, size_t length)
{
    FILE *const file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes, 1, length, file) != length || fclose(file) != 0) {
        stop("cannot write to the temporary folder");
    }
}

/* ---- the driver: another process ------------------------------------------------------------- */

/* bench_server drive PORT CONNECTIONS REQUESTS FILE: asks what FILE holds so often, over so many
 * connections at once, and prints "requests p50_us p99_us bytes". */

struct lane {
    int socket;
    int64_t sent_us;
    char head[4096];
    size_t got, expected; /* of this answer; expected 0: the head is not there yet */
};

struct drive {
    char request[4096];
    size_t request_length;
    uint64_t begun, done, wanted;
    int64_t *latencies_us;
    size_t answer_bytes;
};

static int connect_to(uint16_t port)
{
    const int client = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (client < 0 || connect(client, (struct sockaddr *)&address, sizeof address) != 0) {
        stop("cannot connect");
    }
    return client;
}

static void ask(struct drive *drive, struct lane *lane)
{
    if (drive->begun == drive->wanted) return;
    drive->begun++;
    lane->got = lane->expected = 0;
    lane->sent_us = now_us();
    if (send(lane->socket, drive->request, drive->request_length, 0) !=
        (ssize_t)drive->request_length) {
        stop("cannot send");
    }
}

static void look_at_head(struct lane *lane)
{
    lane->head[lane->got] = '\0';
    const char *const end = strstr(lane->head, "\r\n\r\n");
    if (end == NULL) return;
    if (strncmp(lane->head, "HTTP/1.1 200", 12) != 0) stop(lane->head);
    const char *const length = strstr(lane->head, "Content-Length: ");
    if (length == NULL) stop("an answer without its length");
    lane->expected = (size_t)(end + 4 - lane->head) + strtoul(length + 16, NULL, 10);
    if (lane->expected >= sizeof lane->head) stop("an answer too long for this driver");
}

static void hear(struct drive *drive, struct lane *lane)
{
    const ssize_t got =
        recv(lane->socket, lane->head + lane->got, sizeof lane->head - 1 - lane->got, 0);
    if (got <= 0) stop("the connection has ended");
    lane->got += (size_t)got;
    if (lane->expected == 0) look_at_head(lane);
    if (lane->expected == 0 || lane->got < lane->expected) return;
    drive->answer_bytes = lane->expected;
    drive->latencies_us[drive->done++] = now_us() - lane->sent_us;
    ask(drive, lane);
}

static void load_request(struct drive *drive, const char *path)
{
    FILE *const file = fopen(path, "rb");
    if (file == NULL) stop("cannot read the request");
    drive->request_length = fread(drive->request, 1, sizeof drive->request, file);
    (void)fclose(file);
}

static int drive_main(char **argv)
{
    struct drive drive = {.wanted = strtoull(argv[4], NULL, 10)};
    const uint16_t port = (uint16_t)strtoul(argv[2], NULL, 10);
    const unsigned long count = strtoul(argv[3], NULL, 10);
    struct lane *const lanes = calloc(count, sizeof *lanes);
    drive.latencies_us = calloc(drive.wanted + 1, sizeof *drive.latencies_us);
    if (lanes == NULL || drive.latencies_us == NULL) stop("out of memory");
    load_request(&drive, argv[5]);
    const int epoll = epoll_create1(0);
    for (unsigned long i = 0; i < count; i++) {
        lanes[i].socket = connect_to(port);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &lanes[i]};
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, lanes[i].socket, &event) != 0) stop("no epoll");
        ask(&drive, &lanes[i]);
    }
    while (drive.done < drive.wanted) {
        struct epoll_event events[64];
        const int ready = epoll_wait(epoll, events, 64, -1);
        for (int i = 0; i < ready; i++)
            hear(&drive, events[i].data.ptr);
    }
    qsort(drive.latencies_us, drive.done, sizeof *drive.latencies_us, ascending_us);
    printf("%" PRIu64 " %" PRId64 " %" PRId64 " %zu\n", drive.done,
           drive.latencies_us[drive.done / 2], drive.latencies_us[drive.done * 99 / 100],
           drive.answer_bytes);
    for (unsigned long i = 0; i < count; i++)
        (void)close(lanes[i].socket);
    (void)close(epoll);
    free(lanes);
    free(drive.latencies_us);
    return 0;
}

/* bench_server hang PORT CONNECTIONS FILE: asks once a connection, says so, and stays until its
 * input ends. */
static int hang_main(char **argv)
{
    struct drive drive = {0};
    const uint16_t port = (uint16_t)strtoul(argv[2], NULL, 10);
    const unsigned long count = strtoul(argv[3], NULL, 10);
    load_request(&drive, argv[4]);
    for (unsigned long i = 0; i < count; i++) {
        const int client = connect_to(port);
        if (send(client, drive.request, drive.request_length, 0) < 0) stop("cannot send");
    }
    printf("asked\n");
    (void)fflush(stdout);
    (void)getchar();
    return 0;
}

/* ---- running others -------------------------------------------------------------------------- */

struct child {
    pid_t pid;
    int input;
    FILE *output;
};

static struct child start_child(char *const *argv)
{
    int in[2], out[2];
    if (pipe(in) != 0 || pipe(out) != 0) stop("no pipe");
    const pid_t pid = fork();
    if (pid < 0) stop("cannot fork");
    if (pid == 0) { /* nothing but what is safe in the child of a process with threads */
        (void)dup2(in[0], 0);
        (void)dup2(out[1], 1);
        (void)close(in[1]);
        (void)close(out[0]);
        (void)execvp(argv[0], argv);
        _exit(127);
    }
    (void)close(in[0]);
    (void)close(out[1]);
    (void)fcntl(in[1], F_SETFD, FD_CLOEXEC);
    (void)fcntl(out[0], F_SETFD, FD_CLOEXEC);
    return (struct child){.pid = pid, .input = in[1], .output = fdopen(out[0], "r")};
}

static bool end_child(struct child *child)
{
    int status = 0;
    (void)close(child->input);
    (void)fclose(child->output);
    (void)waitpid(child->pid, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool find_program(const char *name, char path[PATH_TEXT_MAX])
{
    static const char *const places[] = {"/usr/bin", "/usr/sbin", "/usr/local/bin",
                                         "/usr/local/sbin"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        (void)snprintf(path, PATH_TEXT_MAX, "%s/%s", places[i], name);
        if (access(path, X_OK) == 0) return true;
    }
    return false;
}

struct driven {
    uint64_t requests;
    int64_t p50_us, p99_us;
    size_t answer_bytes;
};

static struct driven drive(uint16_t port, int connections, uint64_t requests, const char *file)
{
    char self[] = "/proc/self/exe", mode[] = "drive", ports[16], lanes[16], wanted[24];
    char path[PATH_TEXT_MAX];
    (void)snprintf(ports, sizeof ports, "%u", port);
    (void)snprintf(lanes, sizeof lanes, "%d", connections);
    (void)snprintf(wanted, sizeof wanted, "%" PRIu64, requests);
    (void)snprintf(path, sizeof path, "%s", file);
    char *const argv[] = {self, mode, ports, lanes, wanted, path, NULL};
    struct child child = start_child(argv);
    struct driven driven = {0};
    const int read = fscanf(child.output, "%" SCNu64 " %" SCNd64 " %" SCNd64 " %zu",
                            &driven.requests, &driven.p50_us, &driven.p99_us, &driven.answer_bytes);
    if (!end_child(&child) || read != 4) stop("the driver has failed");
    return driven;
}

#endif
