/* providers/http.h - one HTTP exchange as data: what a codec writes and reads, whatever carries it.
 *
 * The adapter's side encodes an http_request and decodes an http_response; the mock's side takes
 * the request as an http_view and fills in an http_response. Between the two stands libcurl and
 * libmicrohttpd, or, over the wire `bytes`, http_view_make() and nothing else.
 *
 * Everything that goes into a header or a target passes through here and cannot break out of it:
 * http_header() refuses control characters (RFC 9110 section 5.5), http_query() and http_segment()
 * percent-encode all but unreserved characters (RFC 3986 section 2.3).
 *
 * Ownership: requests and responses own their texts and keep them between uses (http_request_clear
 *            and http_response_clear empty them); release when done. A view borrows the request's
 *            bytes and its own storage, and lives until either changes.
 * Failure:   a header that is refused, or memory that ran out, sets `failed`; look at it once,
 *            before sending. http_view_make() says false for a request that does not fit its
 * limits.
 */
#ifndef PROVIDERS_HTTP_H
#define PROVIDERS_HTTP_H

#include "router/base/text.h"

enum http_method { HTTP_GET, HTTP_POST, HTTP_PUT, HTTP_METHOD_COUNT };
extern const char *const http_method_names[HTTP_METHOD_COUNT + 1]; /* "GET", ...; NULL ends */

enum {
    HTTP_PAIRS_MAX = 64,         /* query parameters of a view, and headers */
    HTTP_VIEW_BYTES_MAX = 65536, /* decoded target and headers of a view */
};

struct http_request {
    enum http_method method;
    struct text target;  /* path and query: "/v1/products?filter.term=milk" */
    struct text headers; /* "Name: value\n" each */
    struct text body;    /* sent when content_type is not NULL */
    const char *content_type;
    bool query_begun;
    bool failed;
};

void http_request_begin(struct http_request *request, enum http_method method, const char *path);
void http_segment(struct http_request *request,
                  const char *text); /* appends one path segment, encoded */
void http_query(struct http_request *request, const char *name, const char *value);
void http_query_int(struct http_request *request, const char *name, int64_t value);
void http_header(struct http_request *request, const char *name, const char *value);
void http_request_release(struct http_request *request);

struct http_response {
    uint16_t status;
    const char *content_type; /* borrowed, a constant; NULL: none was given */
    uint32_t retry_after_s;   /* 0: no such header; a date has been turned into seconds */
    struct text body;
    bool truncated; /* the connection ended before the stated length */
};

void http_response_clear(struct http_response *response);
void http_response_release(struct http_response *response);

struct http_pair {
    const char *name;
    const char *value;
};

struct http_view { /* a request as a server sees it: decoded, NUL-terminated */
    const char *method;
    const char *path;
    struct http_pair query[HTTP_PAIRS_MAX];
    uint32_t query_count;
    struct http_pair headers[HTTP_PAIRS_MAX];
    uint32_t header_count;
    const char *body; /* not NUL-terminated */
    size_t body_length;
    char *storage; /* of http_view_make(): HTTP_VIEW_BYTES_MAX bytes, the caller's */
};

/* The view a server would have of `request`. `view->storage` must be set. */
bool http_view_make(const struct http_request *request, struct http_view *view);

/* The first value of a name, or NULL. Header names are compared without regard to case. */
const char *http_view_query(const struct http_view *view, const char *name);
const char *http_view_header(const struct http_view *view, const char *name);

/* Percent-decodes in place ("+" is a space when `form`); false for a bad escape or a NUL byte. */
bool http_decode(char *text, bool form);

/* Appends `text` percent-encoded. */
void http_encode(struct text *to, const char *text);

#endif
