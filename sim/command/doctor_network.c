/* What runs over sockets leans on: TLS, ports, descriptors, the kernel's queues and clocks. */
#include <curl/curl.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "mocks/relay.h"
#include "sim/command/doctor.h"

enum {
    FILES_LEAST = 256,  /* a run in virtual time, and its files */
    FILES_WANTED = 4096 /* thousands of calls in flight, each a descriptor or two */
};

/* ---- libraries ------------------------------------------------------------------------------- */

static void examine_curl(struct examination *examination)
{
    const curl_version_info_data *const info = curl_version_info(CURLVERSION_NOW);
    const bool tls = (info->features & CURL_VERSION_SSL) != 0 && info->ssl_version != NULL;
    const bool resolver = (info->features & CURL_VERSION_ASYNCHDNS) != 0;
    const bool http2 = (info->features & CURL_VERSION_HTTP2) != 0;
    if (!tls) {
        examination_note(examination, FINDING_BAD, "libcurl",
                         "without TLS: no real provider can be called; install another libcurl");
    } else {
        examination_note(examination, FINDING_GOOD, "libcurl", "TLS by %s%s", info->ssl_version,
                         http2 ? ", HTTP/2" : "");
    }
    if (!resolver) {
        examination_note(examination, FINDING_WARNING, "libcurl",
                         "looks names up one after the other: a slow name server stops every call; "
                         "install a libcurl with c-ares or a threaded resolver");
    }
    if (!http2) {
        examination_note(examination, FINDING_WARNING, "libcurl",
                         "without HTTP/2: every call in flight needs a connection of its own");
    }
}

void examine_features(struct examination *examination)
{
    examine_curl(examination);
    const bool tls = MHD_is_feature_supported(MHD_FEATURE_TLS) == MHD_YES;
    examination_note(examination, tls ? FINDING_GOOD : FINDING_WARNING, "libmicrohttpd",
                     tls ? "TLS for mocks" : "without TLS: mock --tls cannot be used");
    if (MHD_is_feature_supported(MHD_FEATURE_EPOLL) != MHD_YES) {
        examination_note(examination, FINDING_BAD, "libmicrohttpd",
                         "without epoll: mocks cannot be served; install another build of it");
    }
}

void examine_authorities(struct examination *examination)
{
    const curl_version_info_data *const info = curl_version_info(CURLVERSION_NOW);
    const char *const file = info->cainfo;
    if (file == NULL) {
        examination_note(examination, FINDING_WARNING, "authorities",
                         "libcurl names no bundle of its own: real providers may be refused");
    } else if (access(file, R_OK) != 0) {
        examination_note(examination, FINDING_BAD, "authorities",
                         "%s cannot be read (%s): no real provider can be trusted; install "
                         "ca-certificates",
                         file, strerror(errno));
    } else {
        examination_note(examination, FINDING_GOOD, "authorities", "%s", file);
    }
}

/* ---- sockets --------------------------------------------------------------------------------- */

/* Whether somebody can listen on a loopback port; errno says why not. */
static bool can_listen(int family)
{
    const struct sockaddr_in four = {.sin_family = AF_INET,
                                     .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    const int listener = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0) return false;
    const bool done =
        (family == AF_INET ? bind(listener, (const struct sockaddr *)&four, sizeof four)
                           : bind(listener, (const struct sockaddr *)&six, sizeof six)) == 0 &&
        listen(listener, 1) == 0;
    const int error = errno;
    (void)close(listener);
    errno = error;
    return done;
}

void examine_ports(struct examination *examination)
{
    if (can_listen(AF_INET)) {
        examination_note(examination, FINDING_GOOD, "ports", "127.0.0.1 can be listened on");
    } else {
        examination_note(examination, FINDING_BAD, "ports",
                         "127.0.0.1 cannot be listened on: %s; mocks over HTTP need it",
                         strerror(errno));
    }
    if (!can_listen(AF_INET6)) {
        examination_note(examination, FINDING_GOOD, "ports",
                         "::1 cannot be listened on (%s): nothing needs it but --listen ::1",
                         strerror(errno));
    }
}

void examine_limits(struct examination *examination)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        examination_note(examination, FINDING_WARNING, "open files", "limit unknown: %s",
                         strerror(errno));
    } else if (limit.rlim_cur == RLIM_INFINITY) {
        examination_note(examination, FINDING_GOOD, "open files", "no limit");
    } else if (limit.rlim_cur < FILES_LEAST) {
        examination_note(examination, FINDING_WARNING, "open files",
                         "only %llu: raise it with ulimit -n %d",
                         (unsigned long long)limit.rlim_cur, FILES_WANTED);
    } else if (limit.rlim_cur < FILES_WANTED) {
        examination_note(examination, FINDING_GOOD, "open files",
                         "%llu; for thousands of calls in flight: ulimit -n %d",
                         (unsigned long long)limit.rlim_cur, FILES_WANTED);
    } else {
        examination_note(examination, FINDING_GOOD, "open files", "%llu",
                         (unsigned long long)limit.rlim_cur);
    }
}

/* A relay knows by itself whether the kernel drops what comes to a full queue. */
void examine_blackhole(struct examination *examination)
{
    const struct relay_rule rule = {.fault = RELAY_BLACKHOLE, .fraction = 1.0};
    struct err err;
    uint16_t port;
    struct relay *const relay = relay_create(1, &err);
    if (relay != NULL && relay_open(relay, "127.0.0.1", 0, "127.0.0.1", 9, &rule, &port, &err)) {
        examination_note(examination, FINDING_GOOD, "blackhole",
                         "connections can be made to vanish here");
    } else {
        examination_note(examination, FINDING_WARNING, "blackhole",
                         "the fault that swallows connections cannot be had here: %s", err.message);
    }
    relay_destroy(relay);
}

/* ---- time ------------------------------------------------------------------------------------ */

static int64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* How much later than asked for a wait of a millisecond ends, the middle of some; -1: epoll cannot
 * wait so exactly. */
static int64_t overshoot_ns(void)
{
    enum { WAITS = 9, WAIT_NS = 1000000 };
    const struct timespec span = {.tv_nsec = WAIT_NS};
    int64_t late_ns[WAITS];
    struct epoll_event event;
    const int epoll = epoll_create1(EPOLL_CLOEXEC);
    bool able = epoll >= 0;
    for (unsigned i = 0; i < WAITS && able; i++) {
        const int64_t begun_ns = now_ns();
        able = epoll_pwait2(epoll, &event, 1, &span, NULL) == 0;
        late_ns[i] = now_ns() - begun_ns - WAIT_NS;
    }
    if (epoll >= 0) (void)close(epoll);
    if (!able) return -1;
    qsort(late_ns, WAITS, sizeof late_ns[0], by_size);
    return late_ns[WAITS / 2];
}

void examine_clock(struct examination *examination)
{
    enum { COARSE_NS = 1000000 };
    struct timespec resolution = {0};
    const bool known = clock_getres(CLOCK_MONOTONIC, &resolution) == 0;
    if (!known || resolution.tv_sec > 0 || resolution.tv_nsec >= COARSE_NS) {
        examination_note(examination, FINDING_WARNING, "clock",
                         "it steps by a millisecond or more: latencies in real time are coarse");
    }
    const int64_t late_ns = overshoot_ns();
    if (late_ns < 0) {
        examination_note(
            examination, FINDING_WARNING, "clock",
            "this kernel's epoll waits whole milliseconds (no epoll_pwait2): latencies "
            "in real time are off by up to one");
    } else {
        examination_note(examination, late_ns < COARSE_NS ? FINDING_GOOD : FINDING_WARNING, "clock",
                         late_ns < COARSE_NS
                             ? "waits of 1 ms end %lld us late"
                             : "waits of 1 ms end %lld us late: this machine is too busy, or its "
                               "timers too coarse, for runs in real time",
                         (long long)(late_ns / 1000));
    }
}
