/* reports/svg_inline.h - makes gnuplot's SVG part of an HTML page.
 *
 * What changes: the prolog goes; title and description are ours; ids are prefixed with the figure's
 * name, because gnuplot uses the same ones in each file; colours become var(--token)
 * (reports/tokens.h); fonts are left to the page; coordinates are rounded to a tenth of a pixel,
 * and nothing else is, so that "$1.85" stays what it is; empty groups, filters and unused markers
 * go. Files on disk stay plain.
 *
 * Failure: ERR_INPUT when the text is not an SVG that can be followed. A colour without a token is
 *          kept and counted; a test demands that there is none.
 */
#ifndef REPORTS_SVG_INLINE_H
#define REPORTS_SVG_INLINE_H

#include "router/base/err.h"
#include "router/base/text.h"

struct svg_words {
    const char *name;        /* of the figure: the ids' prefix */
    const char *title;       /* plain text */
    const char *description; /* plain text */
};

bool svg_inline(struct text *out, const char *svg, const struct svg_words *words,
                uint32_t *unknown_colours, struct err *err);

#endif
