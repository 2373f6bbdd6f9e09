#include "reports/drill_files.h"

#include <assert.h>
#include <stddef.h>

#include "reports/drill_exports.h"
#include "reports/exports.h"
#include "reports/files.h"
#include "reports/summary.h"

/* Either of the drill or of the run that was drilled. summary.json is the last: where it is, the
 * folder is whole. */
static const struct {
    const char *name;
    void (*of_drill)(struct text *text, const struct drill *drill);
    void (*of_run)(struct text *text, const struct result *result);
} files[] = {
    {"drill.json", drill_write_json, NULL},
    {"journal.json", drill_write_journal, NULL},
    {"timeline.csv", drill_write_timeline_csv, NULL},
    {"measures.csv", drill_write_measures_csv, NULL},
    {"junit.xml", drill_write_junit, NULL},
    {"report.md", drill_write_markdown, NULL},
    {"series.csv", NULL, series_csv_write},
    {"metrics.csv", NULL, metrics_csv_write},
    {"summary.json", NULL, summary_write},
};
enum { FILES = sizeof files / sizeof *files };

const char *const drill_file_names[] = {
    "drill.json", "journal.json", "timeline.csv", "measures.csv", "junit.xml",
    "report.md",  "series.csv",   "metrics.csv",  "summary.json", NULL};
static_assert(sizeof drill_file_names / sizeof *drill_file_names == FILES + 1, "each has a name");

bool drill_files_write(const struct drill *drill, const char *directory, struct err *err)
{
    assert(drill != NULL && directory != NULL);
    bool written = true;
    for (size_t i = 0; i < FILES && written; i++) {
        struct text text = {0};
        if (files[i].of_drill != NULL)
            files[i].of_drill(&text, drill);
        else
            files[i].of_run(&text, &drill->result);
        written = files_write(directory, files[i].name, &text, err);
        text_release(&text);
    }
    return written;
}
