#include "providers/http.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

const char *const http_method_names[HTTP_METHOD_COUNT + 1] = {"GET", "POST", "PUT", NULL};

/* ---- writing --------------------------------------------------------------------------------- */

static bool is_unreserved(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void http_encode(struct text *to, const char *text)
{
    static const char digits[] = "0123456789ABCDEF";
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        if (is_unreserved(*c)) {
            text_char(to, (char)*c);
        } else {
            const char escape[3] = {'%', digits[*c >> 4], digits[*c & 15]};
            text_append(to, escape, sizeof escape);
        }
    }
}

void http_request_begin(struct http_request *request, enum http_method method, const char *path)
{
    assert(path[0] == '/');
    request->method = method;
    text_clear(&request->target);
    text_clear(&request->headers);
    text_clear(&request->body);
    text_put(&request->target, path);
    request->content_type = NULL;
    request->query_begun = false;
    request->failed = false;
}

void http_segment(struct http_request *request, const char *text)
{
    assert(!request->query_begun);
    text_char(&request->target, '/');
    http_encode(&request->target, text);
}

void http_query(struct http_request *request, const char *name, const char *value)
{
    text_char(&request->target, request->query_begun ? '&' : '?');
    request->query_begun = true;
    http_encode(&request->target, name);
    text_char(&request->target, '=');
    http_encode(&request->target, value);
}

void http_query_int(struct http_request *request, const char *name, int64_t value)
{
    char digits[NUMBER_TEXT_MAX];
    (void)number_write_int(digits, value);
    http_query(request, name, digits);
}

/* Visible characters, spaces and tabs; bytes above ASCII pass, as RFC 9110 allows (obs-text). */
static bool is_header_value(const char *value)
{
    for (const unsigned char *c = (const unsigned char *)value; *c != '\0'; c++) {
        if ((*c < 0x20 && *c != '\t') || *c == 0x7F) return false;
    }
    return true;
}

void http_header(struct http_request *request, const char *name, const char *value)
{
    if (!is_header_value(value)) { /* a line break would begin a header of somebody else's */
        request->failed = true;
        return;
    }
    text_put(&request->headers, name);
    text_put(&request->headers, ": ");
    text_put(&request->headers, value);
    text_char(&request->headers, '\n');
}

void http_request_release(struct http_request *request)
{
    text_release(&request->target);
    text_release(&request->headers);
    text_release(&request->body);
}

void http_response_clear(struct http_response *response)
{
    response->status = 0;
    response->content_type = NULL;
    response->retry_after_s = 0;
    response->truncated = false;
    text_clear(&response->body);
}

void http_response_release(struct http_response *response)
{
    text_release(&response->body);
}

/* ---- reading --------------------------------------------------------------------------------- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool http_decode(char *text, bool form)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; from++) {
        if (*from == '%') {
            const int high = hex_digit(from[1]);
            const int low = high < 0 ? -1 : hex_digit(from[2]);
            if (low < 0 || (high == 0 && low == 0)) return false;
            *to++ = (char)(high << 4 | low);
            from += 2;
        } else {
            *to++ = form && *from == '+' ? ' ' : *from;
        }
    }
    *to = '\0';
    return true;
}

static bool take_query(struct http_view *view, char *query)
{
    while (query != NULL && *query != '\0') {
        char *const next = strchr(query, '&');
        if (next != NULL) *next = '\0';
        char *value = strchr(query, '=');
        if (value != NULL) *value++ = '\0';
        if (view->query_count == HTTP_PAIRS_MAX) return false;
        if (!http_decode(query, true) || (value != NULL && !http_decode(value, true))) return false;
        view->query[view->query_count++] =
            (struct http_pair){.name = query, .value = value != NULL ? value : ""};
        query = next != NULL ? next + 1 : NULL;
    }
    return true;
}

static bool take_headers(struct http_view *view, char *line)
{
    while (*line != '\0') {
        char *const end = strchr(line, '\n');
        assert(end != NULL);
        *end = '\0';
        char *const colon = strchr(line, ':');
        if (colon == NULL || view->header_count == HTTP_PAIRS_MAX) return false;
        *colon = '\0';
        view->headers[view->header_count++] =
            (struct http_pair){.name = line, .value = colon + 1 + strspn(colon + 1, " ")};
        line = end + 1;
    }
    return true;
}

bool http_view_make(const struct http_request *request, struct http_view *view)
{
    assert(view->storage != NULL);
    const size_t target = request->target.length + 1;
    const size_t headers = request->headers.length + 1;
    if (target + headers > HTTP_VIEW_BYTES_MAX) return false;
    char *const path = view->storage;
    char *const lines = view->storage + target;
    memcpy(path, request->target.bytes, target);
    if (request->headers.length > 0) memcpy(lines, request->headers.bytes, headers);
    lines[headers - 1] = '\0';

    view->method = http_method_names[request->method];
    view->path = path;
    view->query_count = view->header_count = 0;
    view->body =
        request->content_type != NULL && request->body.length > 0 ? request->body.bytes : "";
    view->body_length = request->content_type != NULL ? request->body.length : 0;
    char *const query = strchr(path, '?');
    if (query != NULL) *query = '\0';
    return http_decode(path, false) && take_query(view, query != NULL ? query + 1 : NULL) &&
           take_headers(view, lines);
}

const char *http_view_query(const struct http_view *view, const char *name)
{
    for (uint32_t i = 0; i < view->query_count; i++) {
        if (strcmp(view->query[i].name, name) == 0) return view->query[i].value;
    }
    return NULL;
}

const char *http_view_header(const struct http_view *view, const char *name)
{
    for (uint32_t i = 0; i < view->header_count; i++) {
        if (strcasecmp(view->headers[i].name, name) == 0) return view->headers[i].value;
    }
    return NULL;
}
