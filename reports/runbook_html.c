/* A runbook as one HTML page: the verdict, findings, every step under each profile. */
#include <string.h>

#include "reports/html.h"
#include "reports/runbook_report.h"
#include "reports/runbook_text.h"

/* ---- the top ---- */

static void put_banner(struct html *page, const struct runbook *runbook)
{
    const bool bad = runbook_is_at_fault(runbook);
    struct text headline = {0}, finding = {0};
    text_format(page->out,
                "<div class=\"verdict %s\" role=\"status\"><strong class=\"%s-word\" "
                "style=\"white-space:normal\">%s ",
                bad ? "bad" : "good", bad ? "bad" : "good", bad ? "\u2717" : "\u2713");
    runbook_write_headline(&headline, runbook);
    html_put(page, &headline);
    text_put(page->out, "</strong><p>");
    runbook_write_finding(&finding, runbook);
    if (finding.length > 0 && finding.bytes[0] == 'l') finding.bytes[0] = 'L';
    html_put(page, &finding);
    text_put(page->out, "</p></div>\n");
}

static void put_facts(struct html *page, const struct runbook_report *report)
{
    const struct runbook *const runbook = report->runbook;
    struct text value = {0};
    text_put(page->out, "<dl class=\"facts\">\n");
    html_fact(page, "Runbook", runbook->file);
    html_fact(page, "Tried out against", runbook->scenario);
    text_format(&value, "%u", (unsigned)runbook->step_count);
    html_fact(page, "Steps", value.bytes != NULL ? value.bytes : "");
    html_fact(page, "The router\u2019s function",
              runbook->function[0] != '\0' ? runbook->function : "not named");
    html_fact(page, "Program", report->program);
    text_put(page->out, "</dl>\n<pre class=\"wrap\"><code>");
    html_text(page, report->command);
    text_put(page->out, "</code></pre>\n");
    page->out->failed |= value.failed;
    text_release(&value);
}

static void put_counts(struct html *page, const struct runbook *runbook)
{
    struct html_column columns[RUNBOOK_VERDICTS + 1] = {{"Profile", false}};
    static const char *const titles[RUNBOOK_VERDICTS] = {"Work", "Have no effect", "Fail",
                                                         "Unknown"};
    for (unsigned v = 0; v < RUNBOOK_VERDICTS; v++)
        columns[v + 1] = (struct html_column){titles[v], true};
    html_table_begin(page, "Steps by what came of them", columns, RUNBOOK_VERDICTS + 1);
    for (unsigned p = 0; p < PROFILE_COUNT; p++) {
        if (!runbook->profiles[p]) continue;
        html_row_begin(page, runbook_profile_titles[p]);
        for (unsigned v = 0; v < RUNBOOK_VERDICTS; v++)
            html_cell_count(page, runbook->verdicts[p][v]);
        html_row_end(page);
    }
    html_table_end(page);
}

/* ---- findings ---- */

struct listing {
    struct html *page;
    const struct runbook *runbook;
    bool remarks;
};

static void put_finding(void *context, const struct runbook_finding *finding)
{
    const struct listing *const listing = context;
    struct html *const page = listing->page;
    struct text where = {0}, words = {0};
    if (finding->remark != listing->remarks) return;
    text_put(page->out, "<li><strong>");
    html_text(page, runbook_finding_titles[finding->kind]);
    text_put(page->out, "</strong> <span class=\"muted\">");
    runbook_write_where(&where, listing->runbook, finding);
    html_put(page, &where);
    text_put(page->out, "</span><br>");
    text_put(&words, finding->text);
    html_put(page, &words);
    text_put(page->out, "</li>\n");
}

static void put_list(struct html *page, const struct runbook *runbook, bool remarks)
{
    struct listing listing = {.page = page, .runbook = runbook, .remarks = remarks};
    if (runbook_count_findings(runbook, remarks) == 0) {
        text_put(page->out, remarks ? "" : "<p>None.</p>\n");
        return;
    }
    if (remarks) text_put(page->out, "<h3>Worth knowing</h3>\n");
    text_put(page->out, "<ul class=\"method\">\n");
    runbook_each_finding(runbook, put_finding, &listing);
    text_put(page->out, "</ul>\n");
}

/* ---- steps ---- */

static void put_answer(struct html *page, const struct runbook_outcome *outcome)
{
    const struct sql_table *const rows = &outcome->rows;
    if (rows->column_count == 0 || rows->row_count == 0) return;
    text_format(page->out, "<details><summary>%s</summary><pre><code>",
                rows->row_count < outcome->row_count ? "The first rows" : "The rows");
    for (uint32_t r = 0; r <= rows->row_count; r++) {
        for (uint32_t c = 0; c < rows->column_count; c++) {
            char shown[SQL_SHOWN_MAX];
            if (r > 0) sql_show(&rows->values[(size_t)(r - 1) * rows->column_count + c], shown);
            if (c > 0) text_put(page->out, " | ");
            html_text(page, r > 0 ? shown : rows->columns[c]);
        }
        text_char(page->out, '\n');
    }
    text_put(page->out, "</code></pre></details>");
}

static void put_outcome(struct html *page, const struct runbook_outcome *outcome)
{
    static const char *const words[] = {
        [TONE_GOOD] = "good-word", [TONE_BAD] = "bad-word", [TONE_NEUTRAL] = "open-word"};
    static const char *const glyphs[] = {
        [TONE_GOOD] = "\u2713", [TONE_BAD] = "\u2717", [TONE_NEUTRAL] = "?"};
    const enum verdict_tone tone = runbook_tone(outcome->verdict);
    struct text said = {0};
    text_format(page->out, "<td><span class=\"%s\">%s %s</span>", words[tone], glyphs[tone],
                runbook_verdict_names[outcome->verdict]);
    runbook_write_said(&said, outcome);
    runbook_write_why(&said, outcome);
    if (said.length > 0) text_put(page->out, "<br>");
    html_put(page, &said);
    put_answer(page, outcome);
    text_put(page->out, "</td>");
}

static void put_step(struct html *page, const struct runbook *runbook,
                     const struct runbook_step *step)
{
    text_put(page->out, "<tr><th scope=\"row\">");
    if (step->verb == RUNBOOK_SET) text_put(page->out, "set ");
    html_code(page, step->what);
    text_format(page->out, "<br><span class=\"muted\">line %u</span>", (unsigned)step->place.line);
    text_put(page->out, "<details><summary>As written</summary><pre class=\"wrap\"><code>");
    html_text(page, step->source);
    text_put(page->out, "</code></pre></details></th>");
    for (unsigned p = 0; p < PROFILE_COUNT; p++)
        if (runbook->profiles[p]) put_outcome(page, &step->outcomes[p]);
    html_row_end(page);
}

static void put_section(struct html *page, const struct runbook *runbook, uint32_t first,
                        uint32_t *end)
{
    struct html_column columns[1 + PROFILE_COUNT] = {{"Step", false}};
    const char *const path = runbook->document->headings[runbook->steps[first].section].path;
    size_t count = 1;
    for (unsigned p = 0; p < PROFILE_COUNT; p++)
        if (runbook->profiles[p])
            columns[count++] = (struct html_column){runbook_profile_titles[p], false};
    html_table_begin(page, path[0] != '\0' ? path : "Before the first heading", columns, count);
    for (*end = first; *end < runbook->step_count &&
                       runbook->steps[*end].section == runbook->steps[first].section;
         (*end)++)
        put_step(page, runbook, &runbook->steps[*end]);
    html_table_end(page);
}

static void put_steps(struct html *page, const struct runbook *runbook)
{
    uint32_t first = 0;
    html_section(page, "steps", "Steps");
    text_put(page->out, "<p>In the order of the file; each table is a section, and begins with the "
                        "scenario\u2019s own settings.</p>\n");
    while (first < runbook->step_count)
        put_section(page, runbook, first, &first);
}

/* ---- the end ---- */

static void put_method(struct html *page, const struct runbook *runbook)
{
    struct text basis = {0};
    html_section(page, "method", "Method and limits");
    text_put(page->out, "<ul class=\"method\">\n");
    html_item(page, "Settings: a change works when the router reads it and a later step of its "
                    "section makes it live. A change of what was so already works, too.");
    html_item(page, "Requests are read as production reads them and routed by the full router at "
                    "the scenario\u2019s first instant, under what is live by then.");
    text_put(&basis, "Queries and searches are answered from a log of the scenario\u2019s first "
                     "orders under its own settings (");
    runbook_write_basis(&basis, runbook);
    text_put(&basis, "); now is the instant of its last line.");
    text_put(page->out, "<li>");
    html_put(page, &basis);
    text_put(page->out, "</li>\n");
    html_item(page, "A credential\u2019s new value stands for the one that the provider has just "
                    "issued. Values of secrets are in no report.");
    html_item(page, "What is unknown was not simulated; it is neither right nor wrong.");
    text_put(page->out, "</ul>\n");
}

bool runbook_write_html(struct text *text, const struct runbook_report *report,
                        const struct result_file *files, uint32_t file_count, struct err *err)
{
    const struct runbook *const runbook = report->runbook;
    struct html page = {
        .out = text, .directory = report->directory, .files = files, .file_count = file_count};
    struct text title = {0};
    text_format(&title, "Runbook: %s", runbook->file);
    html_begin(&page, &title, "result");
    text_put(text, "<header><p class=\"muted\">A runbook, put to the test</p>\n<h1>");
    html_text(&page, runbook->file);
    text_put(text, "</h1>\n");
    put_banner(&page, runbook);
    put_facts(&page, report);
    text_put(text, "</header>\n<main id=\"main\">\n");
    put_counts(&page, runbook);
    html_section(&page, "findings", "Findings");
    put_list(&page, runbook, false);
    put_list(&page, runbook, true);
    put_steps(&page, runbook);
    put_method(&page, runbook);
    html_files(&page, "Files of this folder", "No other files were written.");
    html_end(&page, report->program);
    return !text->failed || err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
}
