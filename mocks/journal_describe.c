/* From a request to the texts of an entry: scrubbed, then cut. Nothing is allocated. */
#include <assert.h>
#include <string.h>
#include <strings.h>

#include "mocks/journal.h"
#include "mocks/journal_scrub.h"
#include "router/base/utf8.h"

enum { SPECIAL_LAST = '=' };

struct summary { /* a text that grows to its size and is cut there */
    char *text;
    size_t size;
    size_t length;
    bool cut;
};

static struct summary begin_summary(char *text, size_t size)
{
    text[0] = '\0';
    return (struct summary){.text = text, .size = size};
}

static void put_bytes(struct summary *summary, const char *bytes, size_t length)
{
    if (summary->cut) return;
    const size_t room = summary->size - 1 - summary->length;
    summary->cut = length > room;
    memcpy(summary->text + summary->length, bytes, summary->cut ? room : length);
    summary->length += summary->cut ? room : length;
}

/* Control characters, and what `special` names, as %XX, so that pairs and lines stay apart. All of
 * `special` stand before the letters in ASCII, and letters are most of what comes by. */
static void put_escaped(struct summary *summary, const char *string, const char *special)
{
    static const char digits[] = "0123456789ABCDEF";
    const char *shown = string;
    for (;; string++) {
        const unsigned char c = (unsigned char)*string;
        if (c > SPECIAL_LAST && c != 0x7F) continue;
        if (c >= 0x20 && c != 0x7F && strchr(special, c) == NULL) continue;
        put_bytes(summary, shown, (size_t)(string - shown));
        if (c == '\0') return;
        const char escape[3] = {'%', digits[c >> 4], digits[c & 15]};
        put_bytes(summary, escape, sizeof escape);
        shown = string + 1;
    }
}

static unsigned end_summary(struct summary *summary, enum journal_cut bit)
{
    if (summary->cut) summary->length = utf8_whole(summary->text, summary->length);
    summary->text[summary->length] = '\0';
    return summary->cut ? bit : 0;
}

static unsigned copy_text(char *to, size_t size, const char *from, enum journal_cut bit)
{
    struct summary summary = begin_summary(to, size);
    put_bytes(&summary, from, strlen(from));
    return end_summary(&summary, bit);
}

static unsigned describe_path(struct journal_entry *entry, const char *path)
{
    const bool tells = scrub_value_tells(path, strlen(path));
    return copy_text(entry->path, sizeof entry->path, tells ? SCRUB_HIDDEN : path,
                     JOURNAL_CUT_PATH);
}

static unsigned describe_query(struct journal_entry *entry, const struct http_view *view)
{
    struct summary summary = begin_summary(entry->query, sizeof entry->query);
    for (uint32_t i = 0; i < view->query_count; i++) {
        const char *const name = view->query[i].name, *const value = view->query[i].value;
        const bool name_tells = scrub_value_tells(name, strlen(name));
        const bool hidden = name_tells || scrub_name_is_secret(name, strlen(name)) ||
                            scrub_value_tells(value, strlen(value));
        if (i > 0) put_bytes(&summary, "&", 1);
        put_escaped(&summary, name_tells ? SCRUB_HIDDEN : name, "%&=");
        put_bytes(&summary, "=", 1);
        put_escaped(&summary, hidden ? SCRUB_HIDDEN : value, "%&");
    }
    return end_summary(&summary, JOURNAL_CUT_QUERY);
}

bool journal_header_varies(const char *name)
{
    static const char *const names[] = {"host",
                                        "date",
                                        "wm_consumer.intimestamp",
                                        "wm_qos.correlation_id",
                                        "x-request-id",
                                        "x-correlation-id",
                                        "traceparent",
                                        "tracestate"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcasecmp(name, names[i]) == 0) return true;
    }
    return false;
}

static void put_header(struct summary *summary, const struct http_pair *header)
{
    const char *const name = header->name, *const value = header->value;
    const bool name_tells = scrub_value_tells(name, strlen(name));
    const bool hidden = name_tells || scrub_header_is_secret(name, strlen(name)) ||
                        scrub_value_tells(value, strlen(value));
    put_escaped(summary, name_tells ? SCRUB_HIDDEN : name, "");
    put_bytes(summary, ": ", 2);
    put_escaped(summary, hidden ? SCRUB_HIDDEN : value, "");
    put_bytes(summary, "\n", 1);
}

static unsigned describe_headers(struct journal_entry *entry, const struct http_view *view)
{
    struct summary steady = begin_summary(entry->headers, sizeof entry->headers);
    struct summary varying = begin_summary(entry->varying, sizeof entry->varying);
    for (uint32_t i = 0; i < view->header_count; i++) {
        const struct http_pair *const header = &view->headers[i];
        put_header(journal_header_varies(header->name) ? &varying : &steady, header);
    }
    return end_summary(&steady, JOURNAL_CUT_HEADERS) | end_summary(&varying, JOURNAL_CUT_VARYING);
}

void journal_describe(struct journal_entry *entry, const struct http_view *view)
{
    assert(view->method != NULL);
    assert(view->path != NULL);
    const unsigned method =
        copy_text(entry->method, sizeof entry->method, view->method, JOURNAL_CUT_METHOD);
    entry->cut = (uint8_t)(method | describe_path(entry, view->path) | describe_query(entry, view) |
                           describe_headers(entry, view));
}
