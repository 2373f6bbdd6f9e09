/* reports/columns.h - words in columns on a terminal: padded, cut, wrapped, coloured.
 *
 * Widths are in characters. Without Unicode what we use has stand-ins of its own width, put in
 * before anything is measured, so that columns meet in either form; what a user wrote and ASCII has
 * not becomes "?". Controls and marks that turn the direction of writing never get to the terminal.
 * Colour is for verdict words alone.
 *
 * Ownership: cells (struct text *) are taken over and released. Failure: text->failed.
 */
#ifndef REPORTS_COLUMNS_H
#define REPORTS_COLUMNS_H

#include "reports/findings.h"
#include "router/base/text.h"

struct columns {
    struct text *text;
    bool unicode, color;
};

/* A number is put to the right and never cut: a line that is too long is better than a number that
 * is not the one. */
enum columns_side { COLUMNS_LEFT, COLUMNS_RIGHT, COLUMNS_NUMBER };

/* The plain form of words: one line, no controls; ASCII alone where that is all we have. */
void columns_plain(const struct columns *columns, struct text *plain, const char *words);
void columns_words(const struct columns *columns, const char *words); /* as they are */
void columns_cell(const struct columns *columns, struct text *words, size_t width,
                  enum columns_side side);
void columns_put(const struct columns *columns, const char *words, size_t width,
                 enum columns_side side);
/* A verdict word, its blanks outside of the colour. */
void columns_tone(const struct columns *columns, const char *words, size_t width,
                  enum verdict_tone tone);
/* Sentences broken between words to `width` columns; the first line begins with `first`, the others
 * with as many blanks. Words longer than a line stand on one of their own. */
void columns_wrap(const struct columns *columns, const char *first, struct text *sentence,
                  size_t width);
void columns_spaces(const struct columns *columns, size_t count);
void columns_end(const struct columns *columns); /* no blank stands before a line's end */
size_t columns_width(const struct columns *columns, const char *words);

#endif
