/* tests/providers/resp_server.h - a peer that speaks Redis' protocol, well or badly, as told.
 *
 * One thread, one connection at a time: a new one takes the place of the last. It keeps one value a
 * key, and no lives. What it does to AUTH, SELECT and PING, and what to GET and SET, is set apart
 * and may be changed at any time, for commands that come from then on.
 *
 * Ownership: texts of resp_server_heard() are copies. Failure: what the machine cannot do aborts.
 */
#ifndef TESTS_PROVIDERS_RESP_SERVER_H
#define TESTS_PROVIDERS_RESP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum resp_way {
    RESP_GOOD,
    RESP_HOLD,  /* says nothing until resp_server_release() */
    RESP_SAY,   /* the text that goes with it, and goes on */
    RESP_LEAVE, /* the text, then it closes */
    RESP_FLOOD, /* the text, again and again, until the peer has had enough */
};

struct resp_server;

/* On a free port of 127.0.0.1, or on a unix socket when `path` is not NULL. */
struct resp_server *resp_server_start(const char *path);
void resp_server_stop(struct resp_server *server);
uint16_t resp_server_port(const struct resp_server *server);

/* `text` is borrowed, and outlives the server. */
void resp_server_greets(struct resp_server *server, enum resp_way way, const char *text);
void resp_server_serves(struct resp_server *server, enum resp_way way, const char *text);

void resp_server_release(struct resp_server *server); /* what was held is answered, well */
void resp_server_drop(struct resp_server *server);    /* closes the connection there is */

uint32_t resp_server_accepted(struct resp_server *server);
uint32_t resp_server_commands(struct resp_server *server); /* read, greetings included */

/* All commands that were read, words apart by a blank and commands by a line's end, cut to fit. */
enum { RESP_HEARD_MAX = 16384 };
void resp_server_heard(struct resp_server *server, char text[RESP_HEARD_MAX]);

#endif
