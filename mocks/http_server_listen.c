/* Ports to listen at, and the library that serves them. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mocks/http_head.h"
#include "mocks/http_server_state.h"

/* ---- listening ------------------------------------------------------------------------------- */

static const char *host_of(const struct mock_server *server)
{
    return server->setup.listen != NULL ? server->setup.listen : "127.0.0.1";
}

static bool cannot(const struct port *port, uint16_t number, const char *what, const char *why,
                   struct err *err)
{
    (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "%s's mock cannot %s %s, port %u: %s",
                   provider_traits[port->provider].id, what, host_of(port->server), number, why);
    return err_hint(err, "name another port, or 0 for any free one");
}

static uint16_t number_of(const struct sockaddr_storage *address)
{
    struct sockaddr_in in4;
    struct sockaddr_in6 in6;
    memcpy(&in4, address, sizeof in4);
    memcpy(&in6, address, sizeof in6);
    return ntohs(address->ss_family == AF_INET6 ? in6.sin6_port : in4.sin_port);
}

static int open_listener(const struct addrinfo *at)
{
    const int listener = socket(at->ai_family, SOCK_STREAM, 0);
    if (listener < 0) return -1;
    const int on = 1;
    /* Connections of the last run that still linger do not keep the port. */
    (void)setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (fcntl(listener, F_SETFD, FD_CLOEXEC) == 0 && fcntl(listener, F_SETFL, O_NONBLOCK) == 0 &&
        bind(listener, at->ai_addr, at->ai_addrlen) == 0 && listen(listener, SOMAXCONN) == 0) {
        return listener;
    }
    const int why = errno;
    (void)close(listener);
    errno = why;
    return -1;
}

bool server_listen(struct port *port, struct err *err)
{
    const uint16_t wished = port->server->setup.ports[port->provider];
    char service[8];
    (void)snprintf(service, sizeof service, "%u", wished);
    const struct addrinfo hints = {.ai_family = AF_UNSPEC,
                                   .ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE};
    struct addrinfo *at = NULL;
    if (getaddrinfo(host_of(port->server), service, &hints, &at) != 0) {
        (void)cannot(port, wished, "listen at", "this is no address", err);
        return err_hint(err, "an address is needed, such as 127.0.0.1 or ::1, not a name");
    }
    port->listener = open_listener(at);
    const int why = errno;
    freeaddrinfo(at);
    if (port->listener < 0) return cannot(port, wished, "listen at", strerror(why), err);

    struct sockaddr_storage address = {0};
    socklen_t size = sizeof address;
    if (getsockname(port->listener, (struct sockaddr *)&address, &size) != 0) {
        return cannot(port, wished, "listen at", strerror(errno), err);
    }
    port->number = number_of(&address);
    return true;
}

void server_url(const struct mock_server *server, uint16_t number, char url[MOCK_URL_MAX])
{
    const char *host = host_of(server);
    if (strcmp(host, "0.0.0.0") == 0) host = "127.0.0.1"; /* a client needs one to go to */
    if (strcmp(host, "::") == 0) host = "::1";
    const bool colons = strchr(host, ':') != NULL;
    (void)snprintf(url, MOCK_URL_MAX, "%s://%s%s%s:%u",
                   server->setup.tls != NULL ? "https" : "http", colons ? "[" : "", host,
                   colons ? "]" : "", number);
}

/* ---- the library ----------------------------------------------------------------------------- */

/* What the library says while it starts is the reason why it does not. Later one thing counts, that
 * it got no descriptor for a connection, which it says by no other way; what clients do wrong is an
 * everyday thing here. */
static void hear_library(void *context, const char *format, va_list arguments)
{
    static const char starved[] = "Hit process or system resource limit";
    struct port *const port = context;
    if (strncmp(format, starved, sizeof starved - 1) == 0 && !port->starving) {
        port->starving = true; /* it tries again and again, for the same client */
        (void)atomic_fetch_add(&port->server->starved, 1);
    }
    if (port->said[0] != '\0') return;
    (void)vsnprintf(port->said, sizeof port->said, format, arguments);
    port->said[strcspn(port->said, "\n")] = '\0';
}

static enum MHD_Result admit(void *context, const struct sockaddr *address, socklen_t size)
{
    (void)address;
    (void)size;
    struct port *const port = context;
    return port->connections + atomic_load(&port->held) < MOCK_CONNECTIONS_MAX ? MHD_YES : MHD_NO;
}

static void count_connection(void *context, struct MHD_Connection *connection, void **socket_data,
                             enum MHD_ConnectionNotificationCode code)
{
    (void)connection;
    (void)socket_data;
    struct port *const port = context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        port->connections++;
        port->starving = false;
    } else {
        port->connections--;
    }
}

bool server_start_library(struct port *port, struct err *err)
{
    const struct mock_server_setup *const setup = &port->server->setup;
    const struct certificate *const shown =
        setup->tls != NULL ? &setup->tls->of[setup->certificate] : NULL;
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_END, 0, NULL}, {MHD_OPTION_END, 0, NULL}, {MHD_OPTION_END, 0, NULL}};
    if (shown != NULL) {
        tls[0] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, shown->key_pem};
        tls[1] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0, shown->cert_pem};
    }
    const unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME |
                           MHD_USE_ERROR_LOG | (shown != NULL ? MHD_USE_TLS : 0u);
    port->daemon = MHD_start_daemon(
        flags, 0, admit, port, server_serve, port, MHD_OPTION_EXTERNAL_LOGGER, hear_library, port,
        MHD_OPTION_LISTEN_SOCKET, port->listener, MHD_OPTION_URI_LOG_CALLBACK,
        http_head_look_at_target, NULL, MHD_OPTION_NOTIFY_COMPLETED, server_completed, port,
        MHD_OPTION_NOTIFY_CONNECTION, count_connection, port, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)MOCK_CONNECTIONS_MAX + 1, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)SERVER_POOL_BYTES, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)MOCK_IDLE_SECONDS,
        MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
    if (port->daemon != NULL) return true;
    return cannot(port, port->number, "serve at", port->said, err);
}

/* ---- taking a socket away -------------------------------------------------------------------- */

int server_take_socket(struct request *request)
{
    const union MHD_ConnectionInfo *const info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    const int theirs = info->connect_fd;
    const int ours = fcntl(theirs, F_DUPFD_CLOEXEC, 0);
    if (ours < 0) {
        (void)atomic_fetch_add(&request->wait.port->server->starved, 1);
        return -1;
    }
    /* Suspending takes the socket out of the library's epoll while it is still the same socket;
     * that is what makes the exchange safe. */
    MHD_suspend_connection(request->connection);
    const int exchanged = dup2(request->wait.port->server->dead_socket, theirs);
    assert(exchanged == theirs);
    MHD_resume_connection(request->connection);
    return ours;
}
