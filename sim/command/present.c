#include "sim/command/present.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include "reports/exports.h"
#include "reports/files.h"
#include "reports/report.h"
#include "reports/summary.h"
#include "reports/terminal.h"
#include "sim/command/command.h"
#include "sim/command/copy.h"
#include "sim/command/digest.h"
#include "sim/command/load.h"
#include "sim/command/version.h"
#include "sim/world/redis_cache.h"

enum { FILES_LISTED_MAX = 8 + 5 * FIGURES_MAX };

static bool plots_wanted(const struct invocation *invocation)
{
    return !invocation_on(invocation, OPTION_NO_PLOTS);
}

/* --- files ---------------------------------------------------------------------------------------
 */

struct listing {
    struct result_file files[FILES_LISTED_MAX];
    char names[FILES_LISTED_MAX][64];
    uint32_t count;
};

static bool list_file(struct listing *listing, const char *directory, const char *name,
                      struct err *err)
{
    if (listing->count == FILES_LISTED_MAX) return true;
    char *kept = listing->names[listing->count];
    (void)snprintf(kept, sizeof listing->names[0], "%s", name);
    if (digest_file(directory, kept, &listing->files[listing->count], err)) {
        listing->count++;
        return true;
    }
    return err->code == ERR_NONE; /* not there: not every run leaves every file */
}

/* All but run.json, which is about this machine, and report.html, which holds the list. */
static bool list_files(struct listing *listing, const char *directory,
                       const struct drawing *drawing, struct err *err)
{
    static const char *const always[] = {"summary.json", "series.csv", "metrics.csv",
                                         "events.jsonl", "quotes.bin", "calls.csv",
                                         "report.md",    "junit.xml"};
    static const char *const endings[] = {"svg", "png", "gp", "tsv", "labels.tsv"};
    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++) {
        if (!list_file(listing, directory, always[i], err)) return false;
    }
    for (uint32_t f = 0; f < drawing->count; f++) {
        for (size_t e = 0; e < sizeof endings / sizeof endings[0]; e++) {
            char name[64];
            (void)snprintf(name, sizeof name, "plots/%.40s.%s", drawing->figures[f].name,
                           endings[e]);
            if (!list_file(listing, directory, name, err)) return false;
        }
    }
    return true;
}

static int64_t unix_now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Instants of the wall clock; SOURCE_DATE_EPOCH, where it is set, stands in for both. */
static void put_instants(struct text *json, int64_t started_unix_us)
{
    char text[INSTANT_TEXT_MAX];
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    const int64_t fixed_us = epoch != NULL ? strtoll(epoch, NULL, 10) * 1000000 : -1;
    instant_format(fixed_us >= 0 ? fixed_us : started_unix_us, text);
    text_format(json, "  \"started\": \"%s\",\n", text);
    instant_format(fixed_us >= 0 ? fixed_us : unix_now_us(), text);
    text_format(json, "  \"ended\": \"%s\",\n", text);
}

/* A real one only: a simulated cache is a setting of the scenario. */
static void put_cache(struct text *json, const struct redis_cache_plan *cache)
{
    struct text address = {0};
    if (cache == NULL) return;
    redis_address_write(&cache->address, &address);
    text_put(json, "  \"cache\": {\"address\": ");
    text_json_string(json, address.bytes != NULL ? address.bytes : "");
    text_format(json, ", \"connects\": %" PRIu64 ", \"losses\": %" PRIu64,
                (uint64_t)cache->facts.connects, (uint64_t)cache->facts.losses);
    if (cache->facts.reason[0] != '\0') {
        text_put(json, ", \"reason\": ");
        text_json_string(json, cache->facts.reason);
    }
    text_put(json, "},\n");
    text_release(&address);
}

bool present_run(const struct present *present, struct err *err)
{
    struct text json = {0};
    struct utsname host = {0};
    (void)uname(&host);
    struct text command = {0};
    load_whole_command(present->invocation, present->invocation->operands[0], &command);
    text_put(&json, "{\n  \"schema\": \"routesim.run/1\",\n  \"command\": ");
    text_json_string(&json, command.bytes != NULL ? command.bytes : "");
    text_release(&command);
    text_put(&json, ",\n  \"arguments\": [");
    for (int i = 0; i < present->invocation->argc; i++) {
        if (i > 0) text_put(&json, ", ");
        struct text shown = {0};
        load_put_argument(present->invocation->argv[i], &shown);
        text_json_string(&json, shown.bytes != NULL ? shown.bytes : "");
        text_release(&shown);
    }
    text_put(&json, "],\n");
    put_instants(&json, present->started_unix_us);
    text_format(&json, "  \"exit_code\": %d,\n", present->exit_code);
    if (present->result->local_failures > 0) {
        text_format(&json, "  \"local_failures\": %" PRIu64 ",\n  \"local_error\": ",
                    present->result->local_failures);
        text_json_string(&json, present->result->local_error);
        text_put(&json, ",\n");
    }
    put_cache(&json, present->cache);
    text_put(&json, "  \"host\": {\"system\": ");
    text_json_string(&json, host.sysname);
    text_put(&json, ", \"release\": ");
    text_json_string(&json, host.release);
    text_put(&json, ", \"machine\": ");
    text_json_string(&json, host.machine);
    text_put(&json, "},\n  \"build\": ");
    version_write_json(&json);
    while (json.length > 0 && json.bytes[json.length - 1] == '\n')
        json.length--;
    text_put(&json, ",\n  \"settings\": ");
    scenario_describe(present->scenario, &json);
    while (json.length > 0 && json.bytes[json.length - 1] == '\n')
        json.length--;
    text_put(&json, "\n}\n");
    const bool written = files_write(present->directory, "run.json", &json, err);
    text_release(&json);
    return written;
}

bool present_files(struct present *present, struct err *err)
{
    const struct report_options options = {.plots = plots_wanted(present->invocation)};
    struct drawing drawing;
    if (!report_write_data(present->result, present->directory, err)) return false;
    if (!report_draw(present->result, present->directory, &options, &drawing, err)) return false;
    const bool failed = drawing.state == DRAWING_MISSING || drawing.state == DRAWING_FAILED;
    if (failed && invocation_on(present->invocation, OPTION_REQUIRE_PLOTS)) {
        (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "%s", drawing.reason);
        return err_hint(err, "install gnuplot, or leave out --require-plots");
    }
    if (failed) {
        fprintf(present->console->err, "routesim: %s The report does without pictures.\n",
                drawing.reason);
    }
    struct listing *listing = calloc(1, sizeof *listing);
    if (listing == NULL) {
        return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    }
    bool fine = list_files(listing, present->directory, &drawing, err) &&
                report_write_page(present->result, present->directory, &drawing, listing->files,
                                  listing->count, err);
    free(listing);
    if (fine && present->scenario != NULL) fine = present_run(present, err);
    return fine;
}

/* --- what is shown -------------------------------------------------------------------------------
 */

static bool wanted(const struct present *present, enum option option)
{
    return option_belongs(option, present->invocation->command->command) &&
           present->invocation->values[option].text != NULL;
}

static bool write_copies(const struct present *present, struct err *err)
{
    struct text text = {0};
    if (wanted(present, OPTION_JUNIT)) {
        junit_write(&text, present->result);
        if (!copy_write(present->invocation->values[OPTION_JUNIT].text, &text, err)) return false;
    }
    if (wanted(present, OPTION_MARKDOWN)) {
        markdown_write(&text, present->result);
        if (!copy_write(present->invocation->values[OPTION_MARKDOWN].text, &text, err))
            return false;
    }
    if (wanted(present, OPTION_JSON) &&
        strcmp(present->invocation->values[OPTION_JSON].text, "-") != 0) {
        summary_write(&text, present->result);
        if (!copy_write(present->invocation->values[OPTION_JSON].text, &text, err)) return false;
    }
    return true;
}

int present_result(struct present *present)
{
    struct console *console = present->console;
    struct text text = {0};
    struct err err;
    if (!write_copies(present, &err)) return console_error(console, &err, NULL);
    if (wanted(present, OPTION_JSON) &&
        strcmp(present->invocation->values[OPTION_JSON].text, "-") == 0) {
        summary_write(&text, present->result);
        return console_write(console, &text);
    }
    if (option_belongs(OPTION_CSV, present->invocation->command->command) &&
        invocation_on(present->invocation, OPTION_CSV)) {
        metrics_csv_write(&text, present->result);
        return console_write(console, &text);
    }
    char page[4400];
    (void)snprintf(page, sizeof page, "%.4300s/report.html", present->final_path);
    const struct terminal_style style = {.unicode = console->utf8,
                                         .color = console->out_color,
                                         .histogram =
                                             invocation_on(present->invocation, OPTION_VERBOSE),
                                         .wall_seconds = present->wall_seconds,
                                         .report_path = page};
    if (console->quiet) {
        const bool fine = present->result->checks_failed == 0 && !result_is_deaf(present->result) &&
                          !result_lacks_answers(present->result);
        if (fine) return EXIT_DONE;
        terminal_write_verdict(&text, present->result, &style);
    } else {
        terminal_write(&text, present->result, &style);
    }
    return console_write(console, &text);
}
