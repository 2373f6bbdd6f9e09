/* providers/http_client_state.h - the inside of the client, for providers/http_client*.c alone.
 *
 *   http_client.c           calls: starting, cancelling, driving, calling back
 *   http_client_deadlines.c which call's life ends next
 *   http_client_sockets.c   epoll, descriptors and the timer: what libcurl asks to be told
 *   http_client_transfer.c  one easy handle: its options, its request, what it receives
 *   http_client_outcome.c   what became of it: fate, phase, timing, a sentence
 *   http_client_place.c     base URLs
 *   http_client_address.c   which addresses may be connected to
 */
#ifndef PROVIDERS_HTTP_CLIENT_STATE_H
#define PROVIDERS_HTTP_CLIENT_STATE_H

#include <curl/curl.h>
#include <sys/socket.h>

#include "providers/http_client.h"

enum {
    HEADERS_MAX = HTTP_PAIRS_MAX + 1, /* a request's own, and Expect turned off */
    CONNECT_TO_MAX = 288,             /* a host name of 253, its port, and what stands before */
    RSIM_MAX = 32,
    AUTHORITY_MAX = 88, /* of a host and port in a message */
};

enum transfer_state {
    TRANSFER_IDLE,    /* in the pool */
    TRANSFER_RUNNING, /* libcurl has it */
    TRANSFER_ENDED,   /* its outcome is known, its callback not yet called */
    TRANSFER_SETTLED, /* called back or cancelled: nothing more is owed to its caller */
};

/* One easy handle and all that its call needs while it runs. Handles go back to the pool, the one
 * used last first: what it holds is still in the cache. */
struct transfer {
    struct http_client *client;
    CURL *easy;
    enum transfer_state state;
    uint32_t slot;
    uint32_t generation;   /* of the ticket: a slot is used again and again, a ticket never */
    struct transfer *next; /* in the pool, or in the line of ended ones */

    struct http_call call;
    struct text url;
    struct text lines; /* the headers, NUL-terminated each; libcurl wants a list of strings */
    struct curl_slist headers[HEADERS_MAX];
    char connect_to_text[CONNECT_TO_MAX];
    struct curl_slist connect_to;
    int64_t started_us;
    int64_t due_us;          /* the end of its life */
    uint32_t deadline_place; /* in the heap, while it runs */

    struct http_response response;
    size_t header_bytes;
    char rsim[RSIM_MAX];
    uint32_t sends;        /* times that it was about to be sent over an open connection */
    bool resolving;        /* it came as far as asking for an address */
    bool headers_whole;    /* the empty line after them was seen */
    bool headers_over;     /* too many of them */
    bool over_limit;       /* too long a body */
    bool address_refused;  /* by the address guard */
    bool repeat_refused;   /* it would have been sent twice */
    bool sending_refused;  /* the last of `sends` did not happen, for either reason */
    bool loopback_allowed; /* connect_to is a loopback literal */
    int socket_error;      /* errno, when this machine had no socket for it */
    char refused_text[64]; /* the address, for the message */
    char error_text[CURL_ERROR_SIZE];
    struct http_outcome outcome;
};

struct descriptor { /* by number: what libcurl wants to hear of, and what epoll was told */
    uint8_t wanted; /* CURL_POLL_IN, CURL_POLL_OUT; 0: nothing now */
    uint8_t told;   /* the same bits; 0: it is not in the set */
    bool ours;      /* made by open_socket(), so close_socket() will tell when it goes */
    bool watched;   /* http_client_watch() */
    uint32_t born;  /* the batch of events in which it was made */
};

enum { EVENTS_MAX = 256 }; /* taken from epoll at a time */

struct http_client {
    struct http_client_setup setup;
    CURLM *multi;
    int epoll;
    uint32_t batch;             /* of events, counted */
    int64_t timer_us;           /* when libcurl wants to be called; INT64_MAX: never */
    bool woken;                 /* a watched descriptor is readable */
    bool calling;               /* inside `ended` */
    const char *system_ca_file; /* where libcurl looks, or NULL */
    struct descriptor *descriptors;
    uint32_t descriptor_count;
    struct transfer **transfers; /* by slot */
    uint32_t transfer_count;
    struct transfer **deadlines; /* a heap, of as many places as there are transfers */
    uint32_t deadline_count;
    uint32_t in_flight;
    struct transfer *pool;
    struct transfer *ended_first;
    struct transfer **ended_last;
};

/* http_client_sockets.c */
bool sockets_open(struct http_client *client, struct err *err);
void sockets_close(struct http_client *client);
void sockets_poll(struct http_client *client, int64_t until_us); /* one wait and its events */
void sockets_expire(struct http_client *client, int64_t now_us); /* the timer, if it is due */
curl_socket_t socket_open(void *transfer, curlsocktype purpose, struct curl_sockaddr *address);
int socket_close(void *client, curl_socket_t socket);

/* http_client_deadlines.c */
void deadlines_add(struct http_client *client, struct transfer *transfer);
void deadlines_remove(struct http_client *client, struct transfer *transfer);
struct transfer *deadlines_first(const struct http_client *client); /* NULL: nothing runs */

/* http_client_transfer.c */
struct transfer *transfer_create(struct http_client *client);
void transfer_destroy(struct transfer *transfer);
/* Readies an idle one for a call; false: the request may not be sent, err filled. */
bool transfer_prepare(struct transfer *transfer, const struct http_call *call, struct err *err);
void transfer_recycle(struct transfer *transfer); /* after the call; keeps little memory */

/* http_client_outcome.c */
enum call_fate fate_of(CURLcode code);
uint32_t sends_of(const struct transfer *transfer); /* that did happen */
void outcome_make(struct transfer *transfer, CURLcode code, int64_t now_us);

/* http_client_address.c: whether this call may connect there. */
bool address_allowed(const struct transfer *transfer, const struct sockaddr *address);
bool address_is_loopback(const struct sockaddr *address);
/* "127.0.0.1" or "::1" as an address; false when the text is no literal. */
bool address_read(const char *text, struct sockaddr_storage *address);
bool address_names_loopback(const char *host_and_port);

/* http_client_place.c: "host:port" of a base URL, cut to fit. */
void place_authority(const char *base_url, char authority[AUTHORITY_MAX]);

#endif
