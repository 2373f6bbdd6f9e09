/* providers/cassette_views.h - a text as it reads with its escapes undone, and where each byte of
 * it stands in the original.
 *
 * A secret may stand in a text percent-encoded, as a form has it, JSON-escaped, HTML-escaped, or in
 * several of these one within the other. views_visit() shows the text itself and then every reading
 * of it, up to VIEW_DEPTH_MAX escapes deep; what somebody finds in a reading lies in the original
 * from view_from(first) to view_from(behind the last).
 *
 * Undoing is tolerant: what is no escape stays as it is.
 *
 * Ownership: a view lives during the call that shows it. Failure: false when memory is out.
 */
#ifndef PROVIDERS_CASSETTE_VIEWS_H
#define PROVIDERS_CASSETTE_VIEWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "router/base/text.h"

enum { VIEW_DEPTH_MAX = 3 };

enum view_escape {
    VIEW_JSON,    /* \n, \u00e9 */
    VIEW_HTML,    /* &amp; &#38; */
    VIEW_PERCENT, /* %2F */
    VIEW_FORM,    /* the same, and a plus is a space */
    VIEW_ESCAPE_COUNT
};

struct view {
    const char *bytes;
    size_t length;
    const uint32_t *from; /* length + 1 offsets into the original; NULL: this is the original */
};

static inline size_t view_from(const struct view *view, size_t at)
{
    return view->from != NULL ? view->from[at] : at;
}

typedef void (*view_visitor)(void *context, const struct view *view);

bool views_visit(const char *bytes, size_t length, void *context, view_visitor visit);

/* Appends a text with one kind of escape undone. */
void view_undo(enum view_escape escape, const char *bytes, size_t length, struct text *to);

#endif
