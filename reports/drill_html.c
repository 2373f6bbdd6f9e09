/* report.html of a drill: the verdict and what it rests on first, then the course, what it cost,
 * and what is to be learnt. */
#include "reports/drill_html.h"

#include <assert.h>

#include "reports/files.h"
#include "reports/show.h"

/* ---- parts of parts ---- */

void drill_html_word(struct html *page, enum verdict_tone tone, const char *words)
{
    static const char *const signs[] = {
        [TONE_GOOD] = "\u2713", [TONE_BAD] = "\u2717", [TONE_NEUTRAL] = "\u2022"};
    static const char *const tones[] = {
        [TONE_GOOD] = "good", [TONE_BAD] = "bad", [TONE_NEUTRAL] = "open"};
    text_format(page->out, "<span class=\"%s-word\">%s", tones[tone], signs[tone]);
    if (words[0] != '\0') text_char(page->out, ' ');
    html_text(page, words);
    text_put(page->out, "</span>");
}

void drill_html_said(struct html *page, struct text *plain)
{
    if (plain->length > 0) {
        text_put(page->out, "<p>");
        html_put(page, plain);
        text_put(page->out, "</p>\n");
    }
    page->out->failed |= plain->failed;
    text_release(plain);
}

void drill_html_banner(struct html *page, enum verdict_tone tone, const char *title,
                       struct text *why, struct text *headline)
{
    static const char *const tones[] = {
        [TONE_GOOD] = "good", [TONE_BAD] = "bad", [TONE_NEUTRAL] = "open"};
    text_format(page->out, "<div class=\"verdict %s\" role=\"status\"><strong>", tones[tone]);
    drill_html_word(page, tone, title);
    text_put(page->out, "</strong>\n");
    drill_html_said(page, why);
    drill_html_said(page, headline);
    text_put(page->out, "</div>\n");
}

void drill_html_cell(struct html *page, struct text *plain)
{
    text_put(page->out, "<td>");
    html_put(page, plain);
    text_put(page->out, "</td>");
}

void drill_html_fact(struct html *page, const char *name, struct text *value)
{
    html_fact(page, name, value->bytes != NULL ? value->bytes : "");
    page->out->failed |= value->failed;
    text_clear(value);
}

void drill_html_value(struct html *page, enum drill_measure measure,
                      const struct drill_value *value)
{
    struct text plain = {0};
    drill_show_value(&plain, measure, value);
    html_cell_number(page, &plain);
}

void drill_html_instant(struct html *page, int64_t at_us)
{
    struct text plain = {0};
    if (at_us == INT64_MAX) {
        text_put(page->out, "<td class=\"n\">\u2013</td>");
        return;
    }
    text_put(page->out, "<td class=\"n\">");
    drill_show_instant(&plain, at_us);
    html_put(page, &plain);
    text_put(page->out, "<span class=\"need\">");
    drill_show_clock(&plain, page->drill, at_us);
    html_put(page, &plain);
    text_put(page->out, "</span></td>");
}

void drill_html_place(struct html *page, const struct place *place)
{
    struct text where = {0};
    text_put(page->out, "<td>");
    if (place->file != NULL) {
        text_format(&where, "%s:%u", place->file, place->line);
        html_code(page, where.bytes != NULL ? where.bytes : "");
    } else {
        text_put(page->out, "\u2013");
    }
    text_put(page->out, "</td>");
    page->out->failed |= where.failed;
    text_release(&where);
}

void drill_html_finding(void *context, enum verdict_tone tone, const char *sentence)
{
    struct html *page = context;
    struct text plain = {0};
    text_put(page->out, "<li>");
    drill_html_word(page, tone, "");
    text_char(page->out, ' ');
    text_put(&plain, sentence);
    html_put(page, &plain);
    text_put(page->out, "</li>\n");
}

void drill_html_spread(struct html *page, enum drill_measure measure)
{
    const struct drill_distribution *spread = &page->drill->measures[measure];
    struct text interval = {0};
    drill_html_value(page, measure, &spread->p50);
    drill_html_value(page, measure, &spread->p90);
    drill_show_interval(&interval, measure, spread);
    if (interval.length == 0) text_put(&interval, "n/a");
    html_cell_number(page, &interval);
    html_cell_count(page, (double)spread->n);
    html_cell_count(page, (double)spread->never);
}

/* ---- all of it ---- */

static bool put_page(struct html *page, struct err *err)
{
    struct text title = {0};
    text_format(&title, "%s: %s", drill_verdict_title(page->drill->verdict),
                page->drill->title[0] != '\0' ? page->drill->title : page->drill->name);
    html_begin(page, &title, "results");
    drill_html_overview(page);
    drill_html_expects(page);
    drill_html_steady(page);
    if (!drill_html_course(page, err)) return false;
    drill_html_times(page);
    if (!drill_html_latency(page, err) || !drill_html_shares(page, err) ||
        !drill_html_budget(page, err))
        return false;
    drill_html_alerts(page);
    drill_html_steps(page);
    drill_html_losses(page);
    drill_html_findings(page);
    drill_html_providers(page);
    if (!drill_html_repeats(page, err)) return false;
    drill_html_method(page);
    html_files(page, "Files beside this page, with their SHA-256",
               "Nothing was written beside this page.");
    html_end(page, page->drill->result.program);
    if (!page->out->failed) return true;
    return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for report.html");
}

bool drill_write_page(const struct drill *drill, const char *directory,
                      const struct drawing *drawing, const struct result_file *files,
                      uint32_t file_count, struct err *err)
{
    assert(drill != NULL && directory != NULL && drawing != NULL);
    struct text out = {0};
    struct html page = {.out = &out,
                        .result = &drill->result,
                        .drill = drill,
                        .drawing = drawing,
                        .directory = directory,
                        .files = files,
                        .file_count = file_count};
    const bool ok = put_page(&page, err) && files_write(directory, "report.html", &out, err);
    text_release(&out);
    return ok;
}
