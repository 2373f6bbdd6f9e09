/* reports/tokens.h - every colour that a report may use, by name, for light and dark paper.
 *
 * gnuplot draws with the light colours alone; svg_inline.c turns each into var(--name), and the
 * page's style gives the names their values. So a figure follows the reader's preference without
 * being drawn twice, and a colour that has no name here cannot get into a page (a test sees to it).
 *
 * Text colours reach a contrast of 4.1 or more on their paper; providers' colours differ for people
 * with any of the three colour-vision deficiencies, and are always named beside what they colour.
 * The sequential scale s0..s8 changes direction between light and dark: say "stronger", not
 * "darker".
 */
#ifndef REPORTS_TOKENS_H
#define REPORTS_TOKENS_H

#include "router/base/text.h"

struct token {
    const char *name;
    uint32_t light, dark; /* 0xrrggbb */
};

enum { TOKEN_COUNT = 35 };
extern const struct token tokens[TOKEN_COUNT];

/* The token of a light colour, or NULL. */
const struct token *token_of(uint32_t light);

/* "--fg:#1f2328;--muted:..." of the light or the dark paper. */
void tokens_write_css(struct text *text, bool dark);
/* "FG = '#1f2328'" lines, names in capitals. */
void tokens_write_gnuplot(struct text *text);

#endif
