#include "reports/tune_report.h"
bool tune_report_write_data(const struct tune_report *report, struct err *err){(void)report;(void)err;return true;}
bool tune_report_draw(const struct tune_report *report, const char *gnuplot,struct drawing *drawing, struct err *err){(void)report;(void)err;(void)gnuplot;*drawing=(struct drawing){0};return true;}
bool tune_report_write_page(const struct tune_report *report, const struct drawing *drawing,const struct result_file *files, uint32_t file_count, struct err *err){(void)report;(void)err;(void)drawing;(void)files;(void)file_count;return true;}
void tune_write_json(struct text *text, const struct tune_report *report){(void)text;(void)report;}
void tune_write_csv(struct text *text, const struct tuning *tuning){(void)text;(void)tuning;}
void tune_write_markdown(struct text *text, const struct tuning *tuning){(void)text;(void)tuning;}
