/* tests/mocks/relay_client.h - a socket that asks and tells byte for byte what came back.
 *
 * Failure: fails the test that asked. Waiting for something that has to come ends after
 * CLIENT_PATIENCE_MS, long past what a busy machine takes; silence is listened to for
 * CLIENT_SILENCE_MS, which can miss noise and never invent it. */
#ifndef TESTS_MOCKS_RELAY_CLIENT_H
#define TESTS_MOCKS_RELAY_CLIENT_H

#include "tests/mocks/upstream.h"
#include "tests/support.h"

enum { CLIENT_PATIENCE_MS = 20000, CLIENT_SILENCE_MS = 30, CLIENT_BYTES_MAX = 1 << 20 };

enum client_end { CLIENT_FIN, CLIENT_RESET, CLIENT_SILENT };

struct client_answer {
    char bytes[CLIENT_BYTES_MAX + 1]; /* with a NUL behind */
    size_t length;
    enum client_end end;
};

/* A connected socket, or -1 and errno. */
static inline int client_try(uint16_t port)
{
    const struct sockaddr_in address = loopback_address(port);
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    const int on = 1;
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0) {
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        return fd;
    }
    const int error = errno;
    (void)close(fd);
    errno = error;
    return -1;
}

static inline int client_connect(uint16_t port)
{
    const int fd = client_try(port);
    if (fd < 0) fail_msg("cannot connect to port %u: %s", port, strerror(errno));
    return fd;
}

static inline void client_send(int fd, const char *text)
{
    const size_t length = strlen(text);
    if (send(fd, text, length, MSG_NOSIGNAL) != (ssize_t)length)
        fail_msg("cannot send: %s", strerror(errno));
}

static inline bool client_wait(int fd, int wait_for_ms)
{
    struct pollfd look = {.fd = fd, .events = POLLIN};
    return poll(&look, 1, wait_for_ms) > 0;
}

/* Reads until the other side ends, or is silent for CLIENT_SILENCE_MS after `enough` bytes. */
static inline void client_read(int fd, size_t enough, struct client_answer *answer)
{
    answer->length = 0;
    for (;;) {
        const bool patient = answer->length < enough;
        answer->end = CLIENT_SILENT;
        if (!client_wait(fd, patient ? CLIENT_PATIENCE_MS : CLIENT_SILENCE_MS)) {
            if (patient) fail_msg("silence after %zu of %zu bytes", answer->length, enough);
            break;
        }
        const ssize_t got =
            recv(fd, answer->bytes + answer->length, CLIENT_BYTES_MAX - answer->length, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && errno != ECONNRESET) fail_msg("recv: %s", strerror(errno));
        answer->end = got < 0 ? CLIENT_RESET : CLIENT_FIN;
        if (got <= 0) break;
        answer->length += (size_t)got;
        assert_true(answer->length < CLIENT_BYTES_MAX);
    }
    answer->bytes[answer->length] = '\0';
}

#define CLIENT_TO_THE_END SIZE_MAX

/* Descriptors of this process. */
static inline int client_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 4096; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

#endif
