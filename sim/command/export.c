/* sim/command/export.c - `routesim export DIR`: a run's logs as tables, and the operators' queries
 * answered. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "reports/answers.h"
#include "reports/dashboards.h"
#include "reports/files.h"
#include "reports/json_put.h"
#include "reports/report.h"
#include "router/base/duration.h"
#include "sim/analysis/log_export.h"
#include "sim/command/command.h"
#include "sim/command/paper.h"
#include "sim/command/run_logs.h"
#include "sim/command/version.h"

enum rebase { REBASE_NOT, REBASE_INSTANT, REBASE_LOAD };

struct export_command {
    const struct invocation *invocation;
    struct console *console;
    bool postgres, csv, dashboards, answers_wanted;
    enum rebase rebase;
    int64_t last_us; /* of REBASE_INSTANT: where the last line is to lie */
    struct run_logs logs;
    struct folder folder;
    struct log_export_facts facts;
    struct operator_answers answers;
    char program[64];
};

static bool writes_tables(const struct export_command *export)
{
    return export->postgres || export->csv;
}

static bool writes_files(const struct export_command *export)
{
    return writes_tables(export) || export->dashboards;
}

/* ---- what was asked for ---- */

static int64_t unix_now_us(void)
{
    struct timespec now;
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    if (epoch != NULL) return strtoll(epoch, NULL, 10) * US_PER_SECOND;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * US_PER_SECOND + now.tv_nsec / 1000;
}

static bool read_rebase(struct export_command *export, struct err *err)
{
    const char *text = export->invocation->values[OPTION_REBASE].text;
    if (text == NULL) return true;
    export->rebase = REBASE_INSTANT;
    if (strcmp(text, "now") == 0) {
        export->last_us = unix_now_us();
    } else if (strcmp(text, "load") == 0) {
        export->rebase = REBASE_LOAD;
    } else if (!instant_parse(text, (struct place){0}, &export->last_us, err)) {
        (void)err_fail(err, ERR_USAGE, (struct place){0}, "--rebase \"%s\" is no instant", text);
        return err_hint(err, "now, load, or an instant in UTC: 2025-11-22T18:00:00Z");
    }
    export->last_us -= export->last_us % 1000; /* the log has milliseconds */
    return true;
}

static bool read_wishes(struct export_command *export, struct err *err)
{
    const struct invocation *invocation = export->invocation;
    export->postgres = invocation_on(invocation, OPTION_POSTGRES);
    export->csv = invocation_on(invocation, OPTION_TABLES_CSV);
    export->dashboards = invocation_on(invocation, OPTION_DASHBOARDS);
    export->answers_wanted = invocation_on(invocation, OPTION_ANSWERS);
    if (!writes_files(export) && !export->answers_wanted) {
        (void)err_fail(err, ERR_USAGE, (struct place){0}, "export as what?");
        return err_hint(err, "--postgres, --csv, --dashboards or --answers");
    }
    if (!read_rebase(export, err)) return false;
    if (export->rebase == REBASE_LOAD && !export->postgres)
        return err_fail(err, ERR_USAGE, (struct place){0},
                        "--rebase load is done by load.sql, which --postgres writes");
    return true;
}

/* ---- files ---- */

static bool write_one(const struct export_command *export, const char *name, struct text *text,
                      struct err *err)
{
    const bool ok = files_write(export->folder.temporary, name, text, err);
    text_release(text);
    return ok;
}

static bool write_sql(const struct export_command *export, struct err *err)
{
    struct text schema = {0}, load = {0}, queries = {0};
    if (!export->postgres) return true;
    log_export_schema(&schema);
    log_export_load(&load, export->rebase == REBASE_LOAD);
    log_export_queries(&queries);
    const bool ok = write_one(export, "schema.sql", &schema, err) &&
                    write_one(export, "load.sql", &load, err) &&
                    write_one(export, "queries.sql", &queries, err);
    text_release(&schema);
    text_release(&load);
    text_release(&queries);
    return ok;
}

/* The run and its counts; the folder is known as ours by it. */
static bool write_summary(const struct export_command *export, struct err *err)
{
    struct text json = {0};
    char name[160], hash[24];
    (void)snprintf(name, sizeof name, "export-%s", export->logs.scenario);
    (void)snprintf(hash, sizeof hash, "%016" PRIx64, export->logs.experiment);
    json_put_string(&json, "{", "schema", "routesim.export/1");
    text_put(&json, ",\n \"context\": ");
    json_put_string(&json, "{", "program", export->program);
    json_put_string(&json, ", ", "scenario", name);
    json_put_string(&json, ", ", "seed", export->logs.seed);
    json_put_string(&json, ", ", "experiment_hash", hash);
    text_put(&json, "},\n \"rows\": ");
    for (unsigned t = 0; t < EXPORT_TABLE_COUNT; t++)
        json_put_count(&json, t == 0 ? "{" : ", ", export_table_names[t], export->facts.rows[t]);
    text_put(&json, "},\n");
    json_put_string(&json, " ", "remarks", export->logs.remarks);
    text_put(&json, "}\n");
    return write_one(export, "summary.json", &json, err);
}

static bool write_answers(const struct export_command *export, struct err *err)
{
    struct text csv = {0}, json = {0};
    answers_write_csv(&csv, &export->answers);
    answers_write_json(&json, &export->answers, export->program);
    const bool ok = write_one(export, "answers.csv", &csv, err) &&
                    write_one(export, "answers.json", &json, err);
    text_release(&csv);
    text_release(&json);
    return ok;
}

static bool write_dashboards(struct export_command *export, struct err *err)
{
    static struct err_list list;
    struct result result = {0};
    struct drawing drawing;
    const bool plots = !invocation_on(export->invocation, OPTION_NO_PLOTS);
    if (!export->dashboards) return true;
    list = (struct err_list){0};
    if (!report_read(&result, export->invocation->operands[0], &list)) {
        *err = list.items[0];
        return false;
    }
    const struct dashboards dashboards = {.result = &result, .answers = &export->answers};
    const bool ok = dashboards_write(&dashboards, export->folder.temporary,
                                     plots ? "gnuplot" : NULL, &drawing, err) &&
                    paper_check_drawing(&drawing, export->invocation, export->console, err);
    result_release(&result);
    return ok;
}

/* ---- doing it ---- */

static bool run(struct export_command *export, struct err *err)
{
    const struct run_logs *logs = &export->logs;
    struct log_export_request request = {.events = logs->events,
                                         .quotes = logs->has_quotes ? logs->quotes : NULL,
                                         .directory =
                                             writes_files(export) ? export->folder.temporary : NULL,
                                         .history = logs->history,
                                         .span = logs->span};
    if (export->rebase == REBASE_INSTANT) request.shift_us = export->last_us - logs->span.last_us;
    request.shift_us -= request.shift_us % 1000;
    if (logs->span.first_us + request.shift_us < 0)
        return err_fail(err, ERR_USAGE, (struct place){0},
                        "--rebase would move the log's first line before 1970");
    return log_export_run(&request, &export->facts, &export->answers, err);
}

static bool open_folder(struct export_command *export, struct err *err)
{
    return !writes_files(export) ||
           paper_open_folder(&export->folder, export->invocation, "export", export->logs.scenario,
                             strtoull(export->logs.seed, NULL, 10), export->logs.experiment, err);
}

static bool finish_folder(struct export_command *export, struct err *err)
{
    return !writes_files(export) ||
           (write_sql(export, err) && write_answers(export, err) && write_dashboards(export, err) &&
            write_summary(export, err) && folder_commit(&export->folder, err));
}

static void put_written(const struct export_command *export, struct text *text)
{
    text_format(text, "%s, seed %s: %s\n", export->logs.scenario, export->logs.seed,
                export->folder.path);
    for (unsigned t = 0; writes_tables(export) && t < EXPORT_TABLE_COUNT; t++) {
        struct text rows = {0};
        text_grouped(&rows, (int64_t) export->facts.rows[t]);
        text_format(text, "  %-18s  %14s rows\n", export_table_names[t],
                    rows.bytes != NULL ? rows.bytes : "");
        text_release(&rows);
    }
    if (export->dashboards)
        text_format(text, "  Dashboards: %s/dashboards.html\n", export->folder.path);
    if (export->postgres)
        text_format(text, "  To load: cd %s && createdb drill && psql -d drill -f load.sql\n",
                    export->folder.path);
}

static void say_remarks(const struct export_command *export)
{
    const char *at = export->logs.remarks;
    while (*at != '\0') {
        const size_t length = strcspn(at, "\n");
        fprintf(export->console->err, "routesim: warning: %.*s\n", (int)length, at);
        at += length + 1;
    }
}

static int show(const struct export_command *export)
{
    struct text text = {0};
    say_remarks(export);
    if (writes_files(export) && !export->console->quiet) put_written(export, &text);
    if (export->answers_wanted) {
        if (text.length > 0) text_char(&text, '\n');
        answers_write_console(&text, &export->answers, export->console->utf8);
    }
    return console_write(export->console, &text);
}

static int export_and_show(struct export_command *export)
{
    struct err err;
    if (!run_logs_read(&export->logs, export->invocation->operands[0], &err) ||
        !open_folder(export, &err))
        return console_error(export->console, &err, NULL);
    const bool ran = run(export, &err);
    if (!ran || !finish_folder(export, &err)) {
        folder_discard(&export->folder);
        if (ran) operator_answers_release(&export->answers);
        return console_error(export->console, &err, NULL);
    }
    const int code = show(export);
    operator_answers_release(&export->answers);
    return code;
}

int command_export(const struct invocation *invocation, struct console *console)
{
    struct export_command *export = calloc(1, sizeof *export);
    struct err err;
    int code;
    if (export == NULL) return EXIT_ENVIRONMENT;
    export->invocation = invocation;
    export->console = console;
    (void)snprintf(export->program, sizeof export->program, "routesim %s", version_text());
    if (read_wishes(export, &err)) {
        code = export_and_show(export);
    } else {
        code = console_error(console, &err, NULL);
    }
    free(export);
    return code;
}
