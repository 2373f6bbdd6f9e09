/* What pages are made of, whatever they are about: text, tables, pictures, head and end. */
#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <string.h>

#include "reports/files.h"
#include "reports/html.h"
#include "reports/show.h"
#include "reports/svg_inline.h"

/* ---- text ---- */

void html_text(struct html *page, const char *plain)
{
    text_html(page->out, plain);
}

/* A number stays with its unit when a line is broken: "10.0 s", "> 10.0 s", "18 min". */
static void bind_units(struct text *plain)
{
    struct text bound = {0};
    for (size_t i = 0; i < plain->length; i++) {
        const char *at = plain->bytes + i;
        const bool number_before = i > 0 && isdigit((unsigned char)at[-1]);
        const size_t word = *at == ' ' ? strspn(at + 1, "abcdefghijklmnopqrstuvwxyz") : 0;
        const bool sign_before =
            (i > 0 && at[-1] == '>') ||
            (i > 2 && (memcmp(at - 3, "\u2264", 3) == 0 || memcmp(at - 3, "\u2265", 3) == 0));
        const bool bind = *at == ' ' && ((number_before && word >= 1 && word <= 3) || sign_before);
        if (bind)
            text_put(&bound, "\u00a0");
        else
            text_char(&bound, *at);
    }
    bound.failed |= plain->failed;
    text_release(plain);
    *plain = bound;
}

void html_put(struct html *page, struct text *plain)
{
    bind_units(plain);
    if (plain->failed) page->out->failed = true;
    if (plain->bytes != NULL) text_html(page->out, plain->bytes);
    text_release(plain);
}

void html_code(struct html *page, const char *plain)
{
    text_put(page->out, "<code>");
    while (*plain != '\0') {
        const size_t whole = strcspn(plain, "/._");
        const size_t length = plain[whole] != '\0' ? whole + 1 : whole;
        struct text part = {0};
        text_append(&part, plain, length);
        if (part.failed) page->out->failed = true;
        if (part.bytes != NULL) text_html(page->out, part.bytes);
        text_release(&part);
        plain += length;
        if (*plain != '\0') text_put(page->out, "<wbr>");
    }
    text_put(page->out, "</code>");
}

/* ---- tables ---- */

void html_section(struct html *page, const char *id, const char *title)
{
    text_format(page->out, "\n<h2 id=\"%s\">%s</h2>\n", id, title);
}

void html_table_begin(struct html *page, const char *caption, const struct html_column *columns,
                      size_t count)
{
    text_put(page->out, "<div class=\"scroll\"><table><caption>");
    html_text(page, caption);
    text_put(page->out, "</caption>\n<thead><tr>");
    for (size_t i = 0; i < count; i++) {
        text_put(page->out,
                 columns[i].number ? "<th scope=\"col\" class=\"n\">" : "<th scope=\"col\">");
        html_text(page, columns[i].title);
        text_put(page->out, "</th>");
    }
    text_put(page->out, "</tr></thead>\n<tbody>\n");
}

void html_table_end(struct html *page)
{
    text_put(page->out, "</tbody></table></div>\n");
}

void html_row_begin(struct html *page, const char *heading)
{
    text_put(page->out, "<tr><th scope=\"row\">");
    html_text(page, heading);
    text_put(page->out, "</th>");
}

void html_row_provider(struct html *page, unsigned provider)
{
    static const char *const tokens_of[PROVIDER_COUNT] = {"mealme", "instacart", "kroger",
                                                          "walmart"};
    text_format(page->out,
                "<tr><th scope=\"row\"><span class=\"key\" style=\"background:var(--%s)\"></span>",
                tokens_of[provider]);
    html_text(page, provider_traits[provider].short_name);
    text_put(page->out, "</th>");
}

void html_row_end(struct html *page)
{
    text_put(page->out, "</tr>\n");
}

void html_cell(struct html *page, const char *plain)
{
    text_put(page->out, "<td>");
    html_text(page, plain);
    text_put(page->out, "</td>");
}

void html_cell_number(struct html *page, struct text *plain)
{
    text_put(page->out, "<td class=\"n\">");
    html_put(page, plain);
    text_put(page->out, "</td>");
}

void html_cell_count(struct html *page, double count)
{
    struct text plain = {0};
    show_count(&plain, count);
    html_cell_number(page, &plain);
}

void html_cell_latency(struct html *page, double ms)
{
    struct text plain = {0};
    if (isfinite(ms))
        show_latency(&plain, ms);
    else
        text_put(&plain, "\u2013");
    html_cell_number(page, &plain);
}

void html_cell_share(struct html *page, double share)
{
    struct text plain = {0};
    if (isfinite(share))
        show_share(&plain, share);
    else
        text_put(&plain, "\u2013");
    html_cell_number(page, &plain);
}

/* ---- facts and lists ---- */

void html_fact(struct html *page, const char *name, const char *value)
{
    text_format(page->out, "<div><dt>%s</dt><dd>", name);
    html_text(page, value);
    text_put(page->out, "</dd></div>\n");
}

void html_item(struct html *page, const char *plain)
{
    text_put(page->out, "<li>");
    html_text(page, plain);
    text_put(page->out, "</li>\n");
}

void html_files(struct html *page, const char *caption, const char *without)
{
    static const struct html_column columns[] = {
        {"File", false}, {"Bytes", true}, {"SHA-256", false}};
    html_section(page, "files", "Files");
    if (page->file_count == 0) {
        text_format(page->out, "<p>%s</p>\n", without);
        return;
    }
    html_table_begin(page, caption, columns, 3);
    for (uint32_t i = 0; i < page->file_count; i++) {
        html_row_begin(page, page->files[i].path);
        html_cell_count(page, (double)page->files[i].bytes);
        text_put(page->out, "<td><code>");
        html_text(page, page->files[i].sha256);
        text_put(page->out, "</code></td>");
        html_row_end(page);
    }
    html_table_end(page);
}

/* ---- pictures ---- */

static const struct drawing_figure *figure_state(const struct html *page, const char *name)
{
    for (uint32_t i = 0; i < page->drawing->count; i++)
        if (strcmp(page->drawing->figures[i].name, name) == 0) return &page->drawing->figures[i];
    return NULL;
}

static const char *words_of(const struct text *text)
{
    return text->bytes != NULL ? text->bytes : "";
}

static bool put_picture(struct html *page, const struct html_figure *figure, struct err *err)
{
    char path[64];
    struct text svg = {0};
    (void)snprintf(path, sizeof path, "plots/%s.svg", figure->name);
    text_put(page->out, "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"");
    html_text(page, figure->title);
    text_put(page->out, "\">");
    const struct svg_words words = {figure->name, figure->title, words_of(figure->description)};
    uint32_t unknown = 0;
    const bool good = files_read(page->directory, path, &svg, err) &&
                      svg_inline(page->out, words_of(&svg), &words, &unknown, err);
    page->unknown_colours += unknown;
    text_put(page->out, "</div>\n");
    text_release(&svg);
    return good;
}

bool html_picture(struct html *page, const struct html_figure *figure, struct err *err)
{
    const struct drawing_figure *state = figure_state(page, figure->name);
    const bool drawn = state != NULL && state->drawn;
    if (state != NULL && state->absence != NULL) {
        text_put(page->out, "<p>");
        html_text(page, state->absence);
        text_put(page->out, "</p>\n");
        text_release(figure->heading);
        return true;
    }
    text_format(page->out, "<figure id=\"fig-%s\"><h3>", figure->name);
    html_put(page, figure->heading);
    text_put(page->out, "</h3>\n");
    if (drawn && !put_picture(page, figure, err)) return false;
    text_put(page->out, "<figcaption>");
    if (drawn) text_format(page->out, "Figure %u. ", ++page->figures);
    html_text(page, figure->caption);
    const size_t length = strlen(figure->caption);
    if (length > 0 && figure->caption[length - 1] != '.') text_char(page->out, '.');
    text_format(page->out, " Data: <code>plots/%s.tsv</code>.", figure->name);
    text_put(page->out, "</figcaption>\n");
    if (figure->table != NULL) {
        text_put(page->out, drawn ? "<details><summary>The numbers</summary>\n"
                                  : "<details open><summary>The numbers</summary>\n");
        figure->table(page);
        text_put(page->out, "</details>\n");
    }
    text_put(page->out, "</figure>\n");
    return true;
}

/* ---- the page ---- */

void html_begin(struct html *page, struct text *title, const char *what)
{
    struct text *out = page->out;
    text_put(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                  "<meta name=\"color-scheme\" content=\"light dark\">\n"
                  "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                  "style-src 'unsafe-inline'; img-src data:\">\n<title>");
    text_html(out, words_of(title));
    out->failed |= title->failed;
    text_release(title);
    text_put(out, "</title>\n<style>\n");
    html_style(out);
    text_format(out,
                "</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">Skip to the "
                "%s</a>\n",
                what);
}

void html_end(struct html *page, const char *program)
{
    text_put(page->out, "</main>\n<footer><p class=\"muted\">");
    html_text(page, program);
    text_put(page->out,
             " \u00b7 no scripts, nothing loaded from elsewhere</p></footer>\n</body>\n</html>\n");
}
