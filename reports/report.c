#include "reports/report.h"

#include <assert.h>

#include "reports/exports.h"
#include "reports/files.h"
#include "reports/html.h"
#include "reports/summary.h"

static bool write_one(const struct result *result, const char *directory, const char *name,
                      void (*write)(struct text *, const struct result *), struct err *err)
{
    struct text text = {0};
    write(&text, result);
    const bool written = files_write(directory, name, &text, err);
    text_release(&text);
    return written;
}

bool report_write_data(const struct result *result, const char *directory, struct err *err)
{
    assert(result != NULL && directory != NULL);
    return write_one(result, directory, "series.csv", series_csv_write, err) &&
           write_one(result, directory, "metrics.csv", metrics_csv_write, err) &&
           write_one(result, directory, "junit.xml", junit_write, err) &&
           write_one(result, directory, "report.md", markdown_write, err) &&
           write_one(result, directory, "summary.json", summary_write, err);
}

bool report_draw(const struct result *result, const char *directory,
                 const struct report_options *options, struct drawing *drawing, struct err *err)
{
    assert(result != NULL && directory != NULL && options != NULL);
    const char *gnuplot = options->gnuplot != NULL ? options->gnuplot : "gnuplot";
    return figures_draw(result, directory, options->plots ? gnuplot : NULL, drawing, err);
}

bool report_write_page(const struct result *result, const char *directory,
                       const struct drawing *drawing, const struct result_file *files,
                       uint32_t file_count, struct err *err)
{
    assert(files != NULL || file_count == 0);
    struct text text = {0};
    struct html page = {.out = &text,
                        .result = result,
                        .drawing = drawing,
                        .directory = directory,
                        .files = files,
                        .file_count = file_count};
    const bool written =
        html_write(&page, err) && files_write(directory, "report.html", &text, err);
    text_release(&text);
    return written;
}

static bool read_series(struct result *result, const char *directory, struct err_list *list)
{
    struct text series = {0};
    struct err err = {0};
    const bool good =
        files_read(directory, "series.csv", &series, &err) &&
        series_csv_read(result, "series.csv", series.bytes != NULL ? series.bytes : "",
                        series.length, &err);
    if (!good) err_list_add(list, &err);
    text_release(&series);
    return good;
}

bool report_read(struct result *result, const char *directory, struct err_list *list)
{
    struct text summary = {0};
    struct err err = {0};
    *result = (struct result){0};
    bool good = files_read(directory, "summary.json", &summary, &err);
    if (good)
        good = summary_read(result, "summary.json", summary.bytes != NULL ? summary.bytes : "",
                            summary.length, list);
    else
        err_list_add(list, &err);
    text_release(&summary);
    if (!good) return false;
    if (read_series(result, directory, list)) return true;
    result_release(result);
    *result = (struct result){0};
    return false;
}
