#include "reports/tune_report.h"

#include "reports/files.h"

bool tune_report_write_page(const struct tune_report *report, const struct drawing *drawing,
                            const struct result_file *files, uint32_t file_count, struct err *err)
{
    struct text text = {0};
    (void)drawing;
    (void)files;
    (void)file_count;
    tune_write_json(&text, report);
    const bool ok = files_write(report->directory, "summary.json", &text, err);
    text_release(&text);
    return ok;
}

void tune_write_markdown(struct text *text, const struct tuning *tuning)
{
    tune_write_finding(text, tuning);
}
