/* sim/command/calibrate.c - `routesim calibrate`: how long to wait, and what to
 * remember. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "reports/calibrate_report.h"
#include "reports/calibrate_text.h"
#include "router/base/duration.h"
#include "router/base/json.h"
#include "router/base/random.h"
#include "router/base/text.h"
#include "sim/analysis/calibrate.h"
#include "sim/command/command.h"
#include "sim/command/copy.h"
#include "sim/command/decision_source.h"
#include "sim/command/paper.h"
#include "sim/command/signals.h"
#include "sim/command/timeout_words.h"
#include "sim/command/version.h"

/* Of a fitted law: a p of 0.01 at the least. */
enum { RESAMPLES = 99 };

struct calibrate_command {
    const struct invocation *invocation;
    struct console *console;
    const char *path;
    struct decision_source source; /* of orders */
    struct latency_set latencies;  /* of a CSV */
    char columns[LATENCY_COLUMNS_TEXT_MAX];
    struct latency_csv csv;
    char name[SOURCE_NAME_MAX];
    uint64_t seed, experiment;
    struct text canonical;
    struct calibrate_request request;
    struct calibration calibration;
    struct progress progress;
    struct folder folder;
};

static const struct place nowhere;

/* ---- what was asked for ---- */

static const char *text_of(const struct calibrate_command *calibrate, enum option option)
{
    return calibrate->invocation->values[option].text;
}

static bool take_path(struct calibrate_command *calibrate, struct err *err)
{
    const struct invocation *invocation = calibrate->invocation;
    const bool from = invocation_given(invocation, OPTION_FROM);
    if (invocation->operand_count + from == 1) {
        calibrate->path = from ? text_of(calibrate, OPTION_FROM) : invocation->operands[0];
        return true;
    }
    if (invocation->operand_count + from > 1) {
        (void)err_fail(err, ERR_USAGE, nowhere, "--from and an operand: which of them is meant?");
        return err_hint(err, "give the CSV alone; --from is for one that is not called *.csv");
    }
    (void)err_fail(err, ERR_USAGE, nowhere, "there is nothing to calibrate from");
    return err_hint(err, "name a scenario, the folder of a run, an event log or a CSV: "
                         "routesim calibrate scenarios/real-day.json");
}

static bool read_request(struct calibrate_command *calibrate, struct err *err)
{
    const struct invocation *invocation = calibrate->invocation;
    struct calibrate_request *request = &calibrate->request;
    const char *columns = text_of(calibrate, OPTION_COLUMNS);
    request->setup = timeout_setup_default();
    request->resamples = RESAMPLES;
    request->prices = timeout_prices_assumed;
    request->prices_assumed = !invocation_given(invocation, OPTION_PRICES);
    request->setup.most_us = invocation->values[OPTION_MAX_TIMEOUT].whole;
    if (request->setup.most_us < 1000)
        return err_fail(err, ERR_USAGE, nowhere, "--max is at least 1ms");
    if (request->setup.least_us > request->setup.most_us)
        request->setup.least_us = request->setup.most_us;
    if (invocation_given(invocation, OPTION_TIMEOUT))
        calibrate->csv.timeout_us = invocation->values[OPTION_TIMEOUT].whole;
    if (!timeout_words_rule(text_of(calibrate, OPTION_RULE), &request->rule, &request->setup,
                            err) ||
        !timeout_words_prices(text_of(calibrate, OPTION_PRICES), &request->prices, err))
        return false;
    request->split = invocation->values[OPTION_SPLIT].number;
    if (!(request->split > 0.0 && request->split < 1.0))
        return err_fail(err, ERR_USAGE, nowhere,
                        "--split takes a share between 0 and 1, ends excluded");
    request->setup.wait_cents_per_s = request->prices.wait_per_s;
    request->setup.lost_quote_cents = request->prices.lost_quote;
    return columns == NULL ||
           latency_columns_read(&calibrate->csv, columns, calibrate->columns, err);
}

/* ---- what does not belong together ---- */

/* Of a scenario that is run now: other sources have happened. */
static const enum option of_scenarios[] = {
    OPTION_DURATION,    OPTION_REQUESTS, OPTION_RATE, OPTION_CLOCK,    OPTION_WIRE,
    OPTION_MOCK_TLS,    OPTION_CA,       OPTION_LIVE, OPTION_YES_LIVE, OPTION_MAX_REQUESTS,
    OPTION_MAX_RATE,    OPTION_WATCH,    OPTION_SET,  OPTION_SHORT,    OPTION_ENV_FILE,
    OPTION_INHERIT_ENV, OPTION_SEED};
static const enum option of_csvs[] = {OPTION_COLUMNS, OPTION_TIMEOUT};

/* The environment speaks to every command; a word on the command line means this one. */
static const char *first_given(const struct invocation *invocation, const enum option *options,
                               size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (invocation->values[options[i]].origin == ORIGIN_COMMAND_LINE)
            return option_traits(options[i])->name;
    return NULL;
}

/* `what` the path is: "is a CSV". */
static bool no_scenario(const struct calibrate_command *calibrate, const char *what,
                        struct err *err)
{
    const char *name = first_given(calibrate->invocation, of_scenarios,
                                   sizeof of_scenarios / sizeof of_scenarios[0]);
    if (name == NULL) return true;
    (void)err_fail(err, ERR_USAGE, nowhere,
                   "--%s is about a scenario that is run now, and \"%s\" %s", name, calibrate->path,
                   what);
    return err_hint(err, "leave it out, or give the scenario itself");
}

static bool no_csv(const struct calibrate_command *calibrate, struct err *err)
{
    const char *name =
        first_given(calibrate->invocation, of_csvs, sizeof of_csvs / sizeof of_csvs[0]);
    if (name == NULL) return true;
    (void)err_fail(err, ERR_USAGE, nowhere, "--%s is about a CSV, and \"%s\" is none", name,
                   calibrate->path);
    return err_hint(err, "name it with --from if it is one that is not called *.csv");
}

/* ---- where it comes from ---- */

static bool ends_in(const char *path, const char *ending)
{
    const size_t length = strlen(path), tail = strlen(ending);
    return length > tail && strcmp(path + length - tail, ending) == 0;
}

static uint64_t hash_of(const struct latency_set *set)
{
    uint64_t hash = random_hash_text("latencies");
    for (uint32_t s = 0; s < set->count; s++) {
        hash = random_key(hash, random_hash_text(set->series[s].name));
        for (uint32_t i = 0; i < set->series[s].count; i++) {
            const struct latency_sample *sample = &set->series[s].samples[i];
            hash = random_key(hash, (uint64_t)sample->us * LATENCY_FATES + sample->fate);
            hash = random_key(hash, (uint64_t)sample->at_us);
        }
    }
    return hash;
}

static void tell_spelling(const char *spelt, const char *id, FILE *out)
{
    struct text name = {0};
    calibrate_put_plain(&name, spelt, strlen(spelt));
    if (name.length > 0) fprintf(out, "  \"%s\" is taken for %s\n", name.bytes, id);
    text_release(&name);
}

static void tell_columns(const struct calibrate_command *calibrate)
{
    const struct latency_set *set = &calibrate->latencies;
    FILE *out = calibrate->console->err;
    if (calibrate->console->quiet) return;
    fprintf(out, "%s: %" PRIu64 " rows; read as", calibrate->path, set->rows);
    for (unsigned c = 0; c < LATENCY_COLUMNS; c++) {
        struct text name = {0}; /* the file's word: not for the terminal to obey */
        calibrate_put_plain(&name, set->names[c], strlen(set->names[c]));
        if (name.length > 0) fprintf(out, " %s=%s", latency_column_names[c], name.bytes);
        text_release(&name);
    }
    fputc('\n', out);
    if (set->rows_without_latency > 0)
        fprintf(out, "  %" PRIu64 " left out: an answer without a time\n",
                set->rows_without_latency);
    if (set->rows_no_call > 0)
        fprintf(out,
                "  %" PRIu64 " left out: not the end of a call, which is provider_quote_success or "
                "provider_quote_error\n",
                set->rows_no_call);
    if (set->in_seconds) fputs("  latencies are read as seconds\n", out);
    if (set->names[COLUMN_ORDER][0] != '\0')
        fputs("  the order column is not used: the router is a model here\n", out);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        tell_spelling(set->spelt[p], provider_traits[p].id, out);
}

/* The text for excerpts; NULL: there are none, of what came through a pipe or is very long. */
static char *source_of(const char *path)
{
    enum { EXCERPT_BYTES_MAX = 16 << 20 };
    struct stat facts;
    struct err ignored;
    size_t length;
    if (stat(path, &facts) != 0 || !S_ISREG(facts.st_mode)) return NULL;
    return json_load(path, EXCERPT_BYTES_MAX, &length, &ignored);
}

static bool open_csv(struct calibrate_command *calibrate, int *code)
{
    static struct err_list list;
    struct err err;
    list = (struct err_list){0};
    calibrate->request.source = CALIBRATE_CSV;
    decision_source_name(calibrate->path, calibrate->name);
    if (!no_scenario(calibrate, "is a CSV", &err)) {
        *code = console_error(calibrate->console, &err, NULL);
        return false;
    }
    if (!latencies_read_csv(&calibrate->latencies, calibrate->path, &calibrate->csv, &list)) {
        char *source = source_of(calibrate->path);
        *code = console_errors(calibrate->console, &list, source);
        free(source);
        return false;
    }
    (void)console_errors(calibrate->console, &list, NULL); /* warnings */
    calibrate->experiment = hash_of(&calibrate->latencies);
    tell_columns(calibrate);
    return true;
}

/* The profile that the last orders were decided under. */
static bool is_as_coded(const struct decision_set *set)
{
    return set->config_count > 0 &&
           set->configs[set->config_count - 1].as.config.profile == PROFILE_AS_CODED;
}

static bool open_orders(struct calibrate_command *calibrate, int *code)
{
    static const enum calibrate_source kinds[] = {[TUNE_SCENARIO] = CALIBRATE_SCENARIO,
                                                  [TUNE_RUN] = CALIBRATE_RUN,
                                                  [TUNE_LOG] = CALIBRATE_LOG};
    struct err err;
    if (!no_csv(calibrate, &err)) {
        *code = console_error(calibrate->console, &err, NULL);
        return false;
    }
    if (!decision_source_open(&calibrate->source, calibrate->invocation, calibrate->console,
                              calibrate->path)) {
        *code = calibrate->source.exit_code;
        if (strcmp(calibrate->path, "-") == 0 && *code == EXIT_INPUT)
            fputs("  hint: or, if it is a CSV: --from -\n", calibrate->console->err);
        return false;
    }
    if (calibrate->source.kind != TUNE_SCENARIO && !no_scenario(calibrate, "was recorded", &err)) {
        *code = console_error(calibrate->console, &err, NULL);
        return false;
    }
    memcpy(calibrate->name, calibrate->source.name, sizeof calibrate->name);
    calibrate->seed = calibrate->source.seed;
    calibrate->experiment = calibrate->source.experiment;
    calibrate->request.source = kinds[calibrate->source.kind];
    calibrate->request.scenario = calibrate->source.loaded.scenario;
    memcpy(calibrate->request.today_us, calibrate->source.today_us,
           sizeof calibrate->request.today_us);
    if (calibrate->source.live) calibrate->request.source = CALIBRATE_LIVE;
    calibrate->request.as_coded = is_as_coded(&calibrate->source.set);
    return true;
}

static bool open_source(struct calibrate_command *calibrate, int *code)
{
    const bool csv = ends_in(calibrate->path, ".csv") ||
                     invocation_given(calibrate->invocation, OPTION_FROM) ||
                     calibrate->csv.columns[COLUMN_LATENCY] != NULL;
    const bool opened = csv ? open_csv(calibrate, code) : open_orders(calibrate, code);
    calibrate->request.name = calibrate->name;
    calibrate->request.source_path = calibrate->path;
    calibrate->request.seed = calibrate->seed;
    return opened;
}

/* ---- what comes of it ---- */

static void on_step(void *context, const char *step, uint64_t done, uint64_t of)
{
    struct calibrate_command *calibrate = context;
    progress_update(&calibrate->progress, of > 0 ? (double)done / (double)of : 0.0, step);
}

static uint64_t experiment_of(const struct calibrate_command *calibrate)
{
    return random_key(calibrate->experiment, random_hash_text(calibrate->canonical.bytes));
}

/* What remembered quotes would do to decisions: the scenario again with each
 * life, the same luck. A run in real time, or of real providers, is not
 * repeated. */
static bool try_caches(struct calibrate_command *calibrate, struct err *err)
{
    static const int64_t lives_us[] = {300000000, 3600000000, 86400000000};
    struct cache_sweep *caches = &calibrate->calibration.caches;
    struct decision_set base;
    if (!calibrate->calibration.caches_known || calibrate->source.wire.clock == WIRE_CLOCK_REAL)
        return true;
    progress_wait(&calibrate->progress, "the scenario again, with each life of a cache");
    if (!decision_source_with_cache(&calibrate->source, calibrate->invocation, calibrate->console,
                                    0, &base, err))
        return false;
    bool ok = true;
    for (unsigned i = 0; ok && i < sizeof lives_us / sizeof lives_us[0]; i++) {
        struct decision_set cached;
        struct cache_row *row = cache_sweep_row(caches, CACHE_SWEEP_PLACE, lives_us[i]);
        if (row == NULL) continue;
        ok = decision_source_with_cache(&calibrate->source, calibrate->invocation,
                                        calibrate->console, lives_us[i], &cached, err) &&
             cache_sweep_compare(row, &base, &cached, err);
        decisions_release(&cached);
    }
    decisions_release(&base);
    return ok;
}

static bool write_folder(struct calibrate_command *calibrate, const struct calibrate_report *report,
                         struct err *err)
{
    static struct paper_files list;
    struct drawing drawing;
    const bool plots = !invocation_on(calibrate->invocation, OPTION_NO_PLOTS);
    progress_wait(&calibrate->progress, "writing the report");
    const bool drawn = calibrate_report_write_data(report, err) &&
                       calibrate_report_draw(report, plots ? "gnuplot" : NULL, &drawing, err);
    progress_hide(&calibrate->progress);
    return drawn && paper_check_drawing(&drawing, calibrate->invocation, calibrate->console, err) &&
           paper_list_files(&list, report->directory, calibrate_report_files, &drawing, err) &&
           calibrate_report_write_page(report, &drawing, list.files, list.count, err);
}

static int show(struct calibrate_command *calibrate, const struct calibrate_report *report)
{
    char page[FOLDER_PATH_MAX + 16];
    struct text text = {0};
    struct err err;
    struct console *console = calibrate->console;
    const char *json = text_of(calibrate, OPTION_JSON);
    const char *markdown = text_of(calibrate, OPTION_MARKDOWN);
    (void)snprintf(page, sizeof page, "%s/report.html", calibrate->folder.path);
    if (markdown != NULL) {
        calibrate_write_markdown(&text, &calibrate->calibration);
        if (!copy_write(markdown, &text, &err)) return console_error(console, &err, NULL);
        if (strcmp(markdown, "-") == 0) return EXIT_DONE;
    }
    if (json != NULL) {
        calibrate_write_json(&text, report);
        if (strcmp(json, "-") == 0) return console_write(console, &text);
        if (!copy_write(json, &text, &err)) return console_error(console, &err, NULL);
    }
    if (invocation_on(calibrate->invocation, OPTION_CSV)) {
        calibrate_write_csv(&text, &calibrate->calibration);
        return console_write(console, &text);
    }
    if (console->quiet) return EXIT_DONE;
    const struct calibrate_style style = {
        .unicode = console->utf8, .color = console->out_color, .report_path = page};
    calibrate_write_console(&text, &calibrate->calibration, &style);
    return console_write(console, &text);
}

static void tell_stopped(struct calibrate_command *calibrate, uint32_t orders)
{
    struct calibration *calibration = &calibrate->calibration;
    progress_hide(&calibrate->progress);
    if (!calibrate->console->quiet)
        fprintf(calibrate->console->err,
                "routesim: stopped: results are of the %" PRIu32 " orders decided until then\n",
                orders);
    if (calibration->note_count == CALIBRATE_NOTES_MAX) return;
    calibration->notes[calibration->note_count++] =
        "The run was stopped before its end by a signal: this is from the orders until then.";
}

static const char stopped_before[] = "routesim: stopped: nothing was written\n";
static const char stopped_after[] =
    "routesim: stopped: the report is written, what was still to be printed is lost\n";

/* From the moment that the folder has its name the last words are others. */
static bool commit(struct calibrate_command *calibrate, struct err *err)
{
    sigset_t before;
    signals_hold(&before);
    const bool committed = folder_commit(&calibrate->folder, err);
    if (committed) signals_leave_with(stopped_after);
    signals_free(&before);
    return committed;
}

static int calibrate_and_report(struct calibrate_command *calibrate)
{
    static char program[64];
    struct err err;
    const bool orders = calibrate->request.source != CALIBRATE_CSV;
    signals_leave_at_next(); /* nothing is in flight that would be worth its end
                              */
    if (!paper_open_folder(&calibrate->folder, calibrate->invocation, "calibrate", calibrate->name,
                           calibrate->seed, experiment_of(calibrate), &err))
        return console_error(calibrate->console, &err, NULL);
    paper_begin_progress(&calibrate->progress, calibrate->invocation, calibrate->console,
                         "calibrate");
    const uint32_t decided = calibrate->source.set.count; /* the set is moved out */
    const bool made =
        calibrate_run(&calibrate->calibration, &calibrate->request, &calibrate->latencies,
                      orders ? &calibrate->source.set : NULL, &err);
    if (made && calibrate->source.stopped != 0) tell_stopped(calibrate, decided);
    (void)snprintf(program, sizeof program, "routesim %s", version_text());
    const struct calibrate_report report = {.calibration = &calibrate->calibration,
                                            .program = program,
                                            .command = calibrate->canonical.bytes,
                                            .experiment = experiment_of(calibrate),
                                            .directory = calibrate->folder.temporary};
    int code = EXIT_DONE;
    const bool written = made && try_caches(calibrate, &err) &&
                         write_folder(calibrate, &report, &err) && commit(calibrate, &err);
    progress_end(&calibrate->progress, written ? "calibrated" : "stopped");
    if (!written) {
        folder_discard(&calibrate->folder);
        code = console_error(calibrate->console, &err, NULL);
    } else {
        code = show(calibrate, &report);
        if (code == EXIT_DONE && calibrate->source.stopped != 0)
            code = 128 + calibrate->source.stopped; /* as `run` ends */
    }
    if (made) calibration_release(&calibrate->calibration);
    return code;
}

int command_calibrate(const struct invocation *invocation, struct console *console)
{
    struct calibrate_command *calibrate = calloc(1, sizeof *calibrate);
    struct err err;
    int code = EXIT_DONE;
    if (calibrate == NULL) return EXIT_ENVIRONMENT;
    calibrate->invocation = invocation;
    calibrate->console = console;
    calibrate->request.progress = on_step;
    calibrate->request.progress_context = calibrate;
    signals_leave_with(stopped_before);
    signals_leave_at_next();
    if (!take_path(calibrate, &err) || !read_request(calibrate, &err)) {
        code = console_error(console, &err, NULL);
    } else {
        load_canonical_command(invocation, calibrate->path, &calibrate->canonical);
        if (open_source(calibrate, &code)) code = calibrate_and_report(calibrate);
    }
    latencies_release(&calibrate->latencies);
    decision_source_release(&calibrate->source);
    text_release(&calibrate->canonical);
    free(calibrate);
    return code;
}
