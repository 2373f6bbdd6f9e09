/* tests/bench/server_nginx.h - nginx beside our mock servers: one worker, a file of the same size.
 *
 * Twice, at two ports of the same worker: as its package sets it up (an access log is kept, every
 * request looks its file up), and tuned for nothing but speed (no log, the file stays open). Its
 * CPU time is its worker's in /proc, in the system's ticks.
 */
#ifndef TESTS_BENCH_SERVER_NGINX_H
#define TESTS_BENCH_SERVER_NGINX_H

#include <signal.h>

#include "router/base/text.h"
#include "tests/bench/server_driver.h"

enum nginx_setting { NGINX_PACKAGED, NGINX_TUNED, NGINX_SETTINGS };
static const char *const nginx_setting_names[] = {"nginx as packaged", "nginx tuned"};

struct nginx {
    struct child child;
    pid_t worker;
    uint16_t ports[NGINX_SETTINGS];
    char request[PATH_TEXT_MAX]; /* a file with the request for the file */
};

static inline double nginx_cpu_us(const struct nginx *nginx)
{
    char path[64], line[512];
    (void)snprintf(path, sizeof path, "/proc/%ld/stat", (long)nginx->worker);
    FILE *const file = fopen(path, "r");
    if (file == NULL) stop("nginx is gone");
    const bool read = fgets(line, sizeof line, file) != NULL;
    (void)fclose(file);
    const char *const after_name = read ? strrchr(line, ')') : NULL;
    unsigned long user = 0, system = 0;
    if (after_name == NULL ||
        sscanf(after_name, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
               &system) != 2) {
        stop("/proc has another form here");
    }
    return (double)(user + system) * 1e6 / (double)sysconf(_SC_CLK_TCK);
}

/* Ports that were free a moment ago; both are held until both are known. */
static inline void nginx_choose_ports(struct nginx *nginx)
{
    int probes[NGINX_SETTINGS];
    for (int i = 0; i < NGINX_SETTINGS; i++) {
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof address;
        probes[i] = socket(AF_INET, SOCK_STREAM, 0);
        if (probes[i] < 0 || bind(probes[i], (struct sockaddr *)&address, size) != 0 ||
            getsockname(probes[i], (struct sockaddr *)&address, &size) != 0) {
            stop("no free port");
        }
        nginx->ports[i] = ntohs(address.sin_port);
    }
    for (int i = 0; i < NGINX_SETTINGS; i++)
        (void)close(probes[i]);
}

static inline void nginx_configure(struct nginx *nginx, const char *folder, size_t body_bytes)
{
    char path[PATH_TEXT_MAX];
    struct text text = {0};
    text_format(&text,
                "daemon off;\nworker_processes 1;\npid %s/pid;\nerror_log /dev/null;\n"
                "events { worker_connections 256; }\n"
                "http {\n  default_type application/json;\n  sendfile on;\n  tcp_nopush on;\n"
                "  keepalive_requests 1000000000;\n"
                "  client_body_temp_path %s/a;\n  proxy_temp_path %s/b;\n"
                "  fastcgi_temp_path %s/c;\n  uwsgi_temp_path %s/d;\n  scgi_temp_path %s/e;\n"
                "  server { listen 127.0.0.1:%u; root %s; access_log %s/log; }\n"
                "  server { listen 127.0.0.1:%u; root %s; access_log off; open_file_cache max=8; "
                "}\n}\n",
                folder, folder, folder, folder, folder, folder, nginx->ports[NGINX_PACKAGED],
                folder, folder, nginx->ports[NGINX_TUNED], folder);
    (void)snprintf(path, sizeof path, "%s/nginx.conf", folder);
    save(path, text.bytes, text.length);
    text_clear(&text);
    for (size_t i = 0; i < body_bytes; i++)
        text_char(&text, 'x');
    (void)snprintf(path, sizeof path, "%s/file", folder);
    save(path, text.bytes, text.length);
    text_release(&text);
    static const char request[] = "GET /file HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    (void)snprintf(nginx->request, sizeof nginx->request, "%s/ask-nginx", folder);
    save(nginx->request, request, sizeof request - 1);
}

/* The worker is the child of our child; 0: there is none, nginx did not start. */
static inline pid_t nginx_worker(pid_t master)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%ld/task/%ld/children", (long)master, (long)master);
    for (int tries = 0; tries < 1000; tries++) {
        long pid = 0;
        FILE *const file = fopen(path, "r");
        if (file == NULL) return 0;
        const int read = fscanf(file, "%ld", &pid);
        (void)fclose(file);
        if (read == 1) return (pid_t)pid;
        (void)nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    return 0;
}

static inline void nginx_stop(struct nginx *nginx)
{
    (void)kill(nginx->child.pid, SIGTERM);
    (void)end_child(&nginx->child);
}

static inline bool nginx_start(struct nginx *nginx, const char *program, const char *folder,
                               size_t body_bytes)
{
    char name[PATH_TEXT_MAX], path[PATH_TEXT_MAX], flag[] = "-c";
    nginx_choose_ports(nginx);
    nginx_configure(nginx, folder, body_bytes);
    (void)snprintf(name, sizeof name, "%s", program);
    (void)snprintf(path, sizeof path, "%s/nginx.conf", folder);
    char *const argv[] = {name, flag, path, NULL};
    nginx->child = start_child(argv);
    nginx->worker = nginx_worker(nginx->child.pid);
    if (nginx->worker == 0) nginx_stop(nginx);
    return nginx->worker != 0;
}

#endif
