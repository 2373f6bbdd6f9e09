/* Connections to the admin interface, in the order in which they were heard last. When there are
 * too many, the one that has been silent for longest makes room, so that clients that say nothing
 * keep nobody out. Everything here runs on the library's thread, which answers a request in one go:
 * no connection that is cut off has an answer in the making. */
#include <stdlib.h>
#include <sys/socket.h>

#include "mocks/admin_state.h"

struct admin_caller {
    struct admin_caller *newer, *older; /* NULL: no longer in the ring */
    int socket;
};

static void leave_ring(struct admin *admin, struct admin_caller *caller)
{
    if (caller->newer == NULL) return;
    caller->newer->older = caller->older;
    caller->older->newer = caller->newer;
    caller->newer = caller->older = NULL;
    admin->caller_count--;
}

/* In a ring whose head stands between the newest and the oldest. */
static void join_ring(struct admin *admin, struct admin_caller *caller)
{
    struct admin_caller *const head = admin->callers;
    caller->newer = head;
    caller->older = head->older;
    head->older->newer = caller;
    head->older = caller;
    admin->caller_count++;
}

/* The library finds the connection ended, and closes it. */
static void drop_oldest(struct admin *admin)
{
    struct admin_caller *const oldest = admin->callers->newer;
    (void)shutdown(oldest->socket, SHUT_RDWR);
    leave_ring(admin, oldest);
}

bool admin_callers_create(struct admin *admin)
{
    struct admin_caller *const head = calloc(1, sizeof *head);
    if (head == NULL) return false;
    *head = (struct admin_caller){.newer = head, .older = head, .socket = -1};
    admin->callers = head;
    return true;
}

void admin_callers_destroy(struct admin *admin)
{
    free(admin->callers);
}

/* Without memory a connection is served like others, and never makes room. */
void admin_callers_notify(void *context, struct MHD_Connection *connection, void **kept,
                          enum MHD_ConnectionNotificationCode code)
{
    struct admin *const admin = context;
    struct admin_caller *caller = *kept;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        if (caller != NULL) leave_ring(admin, caller);
        free(caller);
        *kept = NULL;
        return;
    }
    caller = calloc(1, sizeof *caller);
    *kept = caller;
    if (caller == NULL) return;
    caller->socket =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    join_ring(admin, caller);
    if (admin->caller_count > ADMIN_CONNECTIONS_MAX) drop_oldest(admin);
}

void admin_callers_heard(struct admin *admin, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *const info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct admin_caller *const caller = info->socket_context;
    if (caller == NULL || caller->newer == NULL) return;
    leave_ring(admin, caller);
    join_ring(admin, caller);
}
