/* reports/html.h - report.html: one file that stands alone; and what such pages are made of.
 *
 * No script, no request: the content security policy forbids both. Light, dark and printed paper,
 * phone width, a skip link, one h1, captions and scopes on every table, a text description for
 * every figure. The verdict comes first. Everything from a scenario is escaped on its way in.
 *
 * Figures are read from DIRECTORY/plots; where one is not drawn, its table is opened in its place.
 * Failure: ERR_ENVIRONMENT (a figure cannot be read, memory).
 */
#ifndef REPORTS_HTML_H
#define REPORTS_HTML_H

#include "reports/figures.h"
#include "router/base/text.h"

struct tuning;
struct ab_result;
struct calibration;
struct drill;

struct html {
    struct text *out;
    const struct result *result; /* what the page is about: one of these four */
    const struct tuning *tuning;
    const struct ab_result *ab;
    const struct calibration *calibration;
    const struct drill *drill; /* beside its result */
    const struct drawing *drawing;
    const char *directory;
    const struct result_file *files; /* what the page lists at its end; may be NULL */
    uint32_t file_count;
    uint32_t figures; /* numbered so far */
    uint32_t unknown_colours;
};

bool html_write(struct html *page, struct err *err);

/* ---- html_parts.c: for pages about anything ---- */

/* Up to <body>; `title` is taken over and released; "Skip to the `what`". */
void html_begin(struct html *page, struct text *title, const char *what);
void html_end(struct html *page, const char *program);

void html_text(struct html *page, const char *plain);
/* Escaped, a number kept with its unit; `plain` is taken over and released. */
void html_put(struct html *page, struct text *plain);
/* As code that may be broken after a slash, a dot or an underscore. */
void html_code(struct html *page, const char *plain);
void html_section(struct html *page, const char *id, const char *title);
/* A pair of <dl class="facts">; the name is ours. */
void html_fact(struct html *page, const char *name, const char *value);
void html_item(struct html *page, const char *plain); /* of a list */
/* The section of page->files; a sentence where there are none. */
void html_files(struct html *page, const char *caption, const char *without);

struct html_column {
    const char *title;
    bool number; /* right-aligned */
};
void html_table_begin(struct html *page, const char *caption, const struct html_column *columns,
                      size_t count);
void html_table_end(struct html *page);
void html_row_begin(struct html *page, const char *heading);
/* The heading of a row about a provider, with its colour beside the name. */
void html_row_provider(struct html *page, unsigned provider);
/* One row a provider that took part, of the whole run. */
void html_provider_rows(struct html *page, const enum metric *metrics, size_t count);
/* Who won routed orders, as a table with bars, the largest share first. */
void html_provider_shares(struct html *page, const char *caption);
void html_row_end(struct html *page);
void html_cell(struct html *page, const char *plain);
/* Right-aligned; taken over and released as by html_put(). */
void html_cell_number(struct html *page, struct text *plain);
void html_cell_count(struct html *page, double count);
void html_cell_latency(struct html *page, double ms);
void html_cell_share(struct html *page, double share);

struct html_figure {
    const char *name, *title;
    struct text *heading;           /* the finding, with its number; taken over and released */
    const struct text *description; /* for those who cannot see it */
    const char *caption;
    void (*table)(struct html *); /* writes its numbers; may be NULL */
};
/* The figure under its finding. Where it is not drawn its table is opened in its place; where there
 * is nothing to draw, a sentence says so. */
bool html_picture(struct html *page, const struct html_figure *figure, struct err *err);

void html_style(struct text *out);

/* ---- for html_*.c: pages about a run ---- */

/* What a function of findings.h or show.h writes, escaped. */
void html_finding(struct html *page, void (*finding)(const struct result *, struct text *));
void html_cell_value(struct html *page, enum metric_unit unit, const struct metric_value *value);
void html_cell_metric(struct html *page, uint32_t phase, unsigned scope, enum metric metric);

/* A table of router metrics: value, interval, n and what it means. */
void html_metrics(struct html *page, const char *caption, const enum metric *metrics, size_t count);

/* The figure of that name under its finding, with a caption; `table` writes its numbers. */
bool html_figure(struct html *page, const char *name,
                 void (*finding)(const struct result *, struct text *), const char *caption,
                 void (*table)(struct html *), struct err *err);

void html_overview(struct html *page); /* banner, facts, contents, checks, key figures */
bool html_course(struct html *page, struct err *err);    /* what happened, phases */
bool html_providers(struct html *page, struct err *err); /* providers, selection */
void html_cache(struct html *page);                      /* the quote cache, where there is one */
bool html_money(struct html *page, struct err *err);     /* orders and money, error budget */
void html_calls(struct html *page);                      /* API calls and their cost */
void html_method(struct html *page);                     /* method, notes, files */

#endif
