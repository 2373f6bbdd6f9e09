/* tests/reports/page.h - what every page of ours must be, whatever it is about. */
#ifndef TESTS_REPORTS_PAGE_H
#define TESTS_REPORTS_PAGE_H

#include "tests/support.h"

/* How often `what` occurs. */
size_t page_count(const char *text, const char *what);

/* Tags nest as they should; those that HTML never closes are passed over. */
void page_check_nesting(const char *html);

/* One h1, a caption for every table, a policy that lets nothing in, and nothing that asks. */
void page_check_stands_alone(const char *html);

/* Every id once, every link within the page leads to one. */
void page_check_ids(const char *html);

/* Every colour of a figure is a token. */
void page_check_colours(const char *html);

#endif
