/* What the pages of the three sections share. */
#include "reports/calibrate_sections.h"
#include "reports/calibrate_text.h"

void calibrate_html_row(struct html *page, const struct calibrate_provider *provider)
{
    if ((unsigned)provider->series->provider < PROVIDER_COUNT) {
        html_row_provider(page, (unsigned)provider->series->provider);
    } else {
        html_row_begin(page, provider->name);
    }
}

void calibrate_html_rest(struct html *page, uint32_t shown, const char *file)
{
    const uint32_t count = page->calibration->latencies.count;
    if (shown >= count) return;
    text_format(page->out,
                "<p class=\"muted\">The %u with the most calls of %u; all are in "
                "<code>%s</code>.</p>\n",
                (unsigned)shown, (unsigned)count, file);
}

void calibrate_html_fold(struct html *page, const char *summary, bool open)
{
    text_format(page->out, "<details%s><summary>%s</summary>\n", open ? " open" : "", summary);
}

void calibrate_html_found(struct html *page,
                          void (*find)(struct text *, const struct calibration *))
{
    struct text plain = {0};
    find(&plain, page->calibration);
    if (plain.length > 0) {
        text_put(page->out, "<p>");
        html_put(page, &plain);
        text_put(page->out, "</p>\n");
    }
    page->out->failed |= plain.failed;
    text_release(&plain);
}
