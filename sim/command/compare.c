/* sim/command/compare.c - `routesim compare A B`: is B better than A, order by order? */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "reports/compare_html.h"
#include "reports/report.h"
#include "router/base/duration.h"
#include "router/base/json.h"
#include "sim/command/command.h"
#include "sim/command/compare_drill.h"

enum { PATH_BYTES = 4200, RUN_BYTES_MAX = 16 << 20, KEYS_BYTES = 200 };

struct run_folder {
    const char *path; /* as given */
    char quotes[PATH_BYTES], summary[PATH_BYTES];
    struct result result;
    bool drilled;    /* it is a drill's */
    struct json run; /* run.json; no root: there is none that can be read */
};

struct compare_command {
    const struct invocation *invocation;
    struct console *console;
    struct run_folder a, b;
    struct err_list list;
    struct comparison_choice choices[REPEATS_MAX];
    struct comparison_request request;
    struct comparison comparison;
    struct drill_comparison drill;   /* of two drills */
    bool settings_known;             /* both runs have a run.json that says them */
    char differing_keys[KEYS_BYTES]; /* outside the router */
};

/* ---- two folders ---- */

/* run.json is a help (it names settings) and no condition: whatever is wrong with it is not said.
 */
static void read_run_json(struct run_folder *folder)
{
    static struct err_list ignored;
    struct err err;
    char path[PATH_BYTES];
    size_t length = 0;
    ignored = (struct err_list){0};
    (void)snprintf(path, sizeof path, "%.4096s/run.json", folder->path);
    char *bytes = json_load(path, RUN_BYTES_MAX, &length, &err);
    if (bytes == NULL) return;
    (void)json_read(&folder->run, "run.json", bytes, length, &ignored);
    free(bytes);
}

static bool read_folder(struct run_folder *folder, const char *path, struct err_list *list)
{
    struct stat facts;
    folder->path = path;
    (void)snprintf(folder->quotes, sizeof folder->quotes, "%.4096s/quotes.bin", path);
    (void)snprintf(folder->summary, sizeof folder->summary, "%.4096s/summary.json", path);
    if (stat(folder->summary, &facts) != 0 && (errno == ENOENT || errno == ENOTDIR)) {
        err_add(list, (struct place){.file = path}, "name the output folder of a finished run",
                "this is no run: it holds no summary.json");
        return false;
    }
    const uint32_t before = list->count;
    if (report_read(&folder->result, path, list)) {
        read_run_json(folder);
        folder->drilled = compare_drill_is(path);
        return true;
    }
    /* Both runs have files of these names: say whose. */
    for (uint32_t i = before; i < list->count; i++)
        if (list->items[i].place.file != NULL &&
            strcmp(list->items[i].place.file, "summary.json") == 0)
            list->items[i].place.file = folder->summary;
    return false;
}

static void release_folder(struct run_folder *folder)
{
    result_release(&folder->result);
    json_release(&folder->run);
}

/* ---- what run.json tells: {"...": {"router.policy.x": {"value": ..., "origin": ...}}} ---- */

static const cJSON *settings_of(const struct run_folder *folder)
{
    const cJSON *member;
    if (!cJSON_IsObject(folder->run.root)) return NULL;
    cJSON_ArrayForEach(member, folder->run.root)
    {
        const cJSON *first = cJSON_IsObject(member) ? member->child : NULL;
        if (cJSON_GetObjectItemCaseSensitive(first, "value") != NULL &&
            cJSON_GetObjectItemCaseSensitive(first, "origin") != NULL)
            return member;
    }
    return NULL;
}

void compare_setting_text(const cJSON *settings, const char *path,
                          char text[static COMPARE_SETTING_VALUE])
{
    const cJSON *setting = cJSON_GetObjectItemCaseSensitive(settings, path);
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(setting, "value");
    (void)snprintf(text, COMPARE_SETTING_VALUE, "%s", "(not set)");
    if (value == NULL) return;
    if (cJSON_IsString(value)) {
        (void)snprintf(text, COMPARE_SETTING_VALUE, "%s", value->valuestring);
        return;
    }
    char *printed = cJSON_PrintUnformatted(value);
    if (printed != NULL) (void)snprintf(text, COMPARE_SETTING_VALUE, "%s", printed);
    cJSON_free(printed);
}

static void name_key(struct compare_command *compare, const char *path)
{
    const size_t taken = strlen(compare->differing_keys);
    (void)snprintf(compare->differing_keys + taken, KEYS_BYTES - taken, "%s%s",
                   taken > 0 ? ", " : "", path);
}

/* Texts and checks may differ, and so may what is compared elsewhere: seed and replications. */
static bool is_of_the_scenario(const char *path)
{
    static const char *const apart[] = {"name",   "title",        "description", "seed",
                                        "checks", "replications", "schema",      "slo",
                                        "start",  "duration"};
    const size_t word = strcspn(path, ".[");
    for (size_t i = 0; i < sizeof apart / sizeof *apart; i++)
        if (strlen(apart[i]) == word && strncmp(path, apart[i], word) == 0) return false;
    return true;
}

/* Recordings are told apart by what they hold, wherever they lie. */
static bool names_same_recording(const struct compare_command *compare, const char *path)
{
    static const char end[] = ".cassette";
    const size_t length = strlen(path);
    return strncmp(path, "providers.", 10) == 0 && length > sizeof end - 1 &&
           strcmp(path + length - (sizeof end - 1), end) == 0 &&
           compare->a.result.replayed[0] != '\0' &&
           strchr(compare->a.result.replayed, '?') == NULL &&
           strcmp(compare->a.result.replayed, compare->b.result.replayed) == 0;
}

static void note_setting(struct compare_command *compare, const cJSON *a, const cJSON *b,
                         const char *path)
{
    char in_a[COMPARE_SETTING_VALUE], in_b[COMPARE_SETTING_VALUE];
    const cJSON *const left = cJSON_GetObjectItemCaseSensitive(a, path);
    const cJSON *const right = cJSON_GetObjectItemCaseSensitive(b, path);
    if (cJSON_Compare(cJSON_GetObjectItemCaseSensitive(left, "value"),
                      cJSON_GetObjectItemCaseSensitive(right, "value"), true))
        return;
    if (strncmp(path, "router.", 7) != 0) {
        const bool drills = compare->a.drilled && compare->b.drilled;
        const bool kept =
            drills ? compare_drill_key_of(path) == DRILL_KEY_SAME : is_of_the_scenario(path);
        if (kept && !names_same_recording(compare, path)) name_key(compare, path);
        return;
    }
    compare_setting_text(a, path, in_a);
    compare_setting_text(b, path, in_b);
    comparison_add_setting(&compare->comparison, path, in_a, in_b);
}

static void note_settings(struct compare_command *compare)
{
    const cJSON *const a = settings_of(&compare->a), *const b = settings_of(&compare->b);
    const cJSON *setting;
    compare->settings_known = a != NULL && b != NULL;
    if (!compare->settings_known) return;
    cJSON_ArrayForEach(setting, a) note_setting(compare, a, b, setting->string);
    cJSON_ArrayForEach(setting, b)
    {
        if (cJSON_GetObjectItemCaseSensitive(a, setting->string) == NULL)
            note_setting(compare, a, b, setting->string);
    }
    if (compare->a.drilled && compare->b.drilled) compare_drill_note(&compare->comparison, a, b);
}

/* Orders of the warm-up are in the quote record; only run.json says how long it was. */
static int64_t warmup_of(const struct run_folder *folder)
{
    const cJSON *setting = cJSON_GetObjectItemCaseSensitive(settings_of(folder), "warmup");
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(setting, "value");
    int64_t span_us = 0;
    struct err err;
    if (!cJSON_IsString(value)) return 0;
    return duration_parse(value->valuestring, (struct place){0}, &span_us, &err) ? span_us : 0;
}

/* ---- what was asked ---- */

static bool choose(struct compare_command *compare, const char *name, struct err *err)
{
    struct comparison_choice *choice = &compare->choices[compare->request.choice_count];
    char hint[ERR_HINT_MAX] = "";
    const struct place nowhere = {0};
    if (!metric_find(name, &choice->scope, &choice->metric, hint, sizeof hint)) {
        (void)err_fail(err, ERR_USAGE, nowhere, "--metric: there is no metric \"%s\"", name);
        return hint[0] == '\0' ? false : err_hint(err, "%s", hint);
    }
    if (!comparison_knows(choice->scope, choice->metric)) {
        (void)err_fail(err, ERR_USAGE, nowhere,
                       "--metric: \"%s\" cannot be compared order by order", name);
        return err_hint(err, "run without --metric to see those that can");
    }
    compare->request.choice_count++;
    return true;
}

static bool read_request(struct compare_command *compare, struct err *err)
{
    const struct invocation *invocation = compare->invocation;
    compare->request = (struct comparison_request){
        .alpha = invocation->values[OPTION_ALPHA].number,
        .noise = COMPARE_NOISE,
        .choices = compare->choices,
    };
    if (!(compare->request.alpha > 0.0 && compare->request.alpha < 1.0)) {
        return err_fail(err, ERR_USAGE, (struct place){0},
                        "--alpha: \"%s\" is no share between 0 and 1",
                        invocation->values[OPTION_ALPHA].text);
    }
    for (unsigned i = 0; i < invocation->repeat_count; i++) {
        if (invocation->repeats[i].option != OPTION_METRIC) continue;
        if (!choose(compare, invocation->repeats[i].text, err)) return false;
    }
    return true;
}

/* ---- answers ---- */

static bool write_file(const char *path, const struct text *text, struct err *err)
{
    const struct place place = {.file = path};
    if (text->failed) return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    FILE *stream = fopen(path, "wb");
    const bool written =
        stream != NULL && fwrite(text->bytes, 1, text->length, stream) == text->length;
    int reason = errno;
    if (stream != NULL && fclose(stream) != 0 && written)
        reason = errno;
    else if (written)
        return true;
    return err_fail(err, ERR_ENVIRONMENT, place, "cannot write it: %s", strerror(reason));
}

typedef void (*comparison_writer)(struct text *text, const struct comparison *comparison);

/* Into the file that an option names, "-" being standard output. */
static int write_copy(struct compare_command *compare, const char *path, comparison_writer write)
{
    struct text text = {0};
    struct err err;
    write(&text, &compare->comparison);
    if (path == NULL || path[0] == '\0' || strcmp(path, "-") == 0)
        return console_write(compare->console, &text);
    const bool written = write_file(path, &text, &err);
    text_release(&text);
    return written ? EXIT_DONE : console_error(compare->console, &err, NULL);
}

/* gnuplot works on files: they live in a folder of their own, for as long as it takes. */
static bool draw_page(struct text *text, const struct comparison *comparison, struct err *err)
{
    static const char *const left[] = {"forest.gp", "forest.tsv", "forest.svg"};
    char directory[PATH_BYTES];
    const char *parent = getenv("TMPDIR");
    (void)snprintf(directory, sizeof directory, "%.4000s/routesim-XXXXXX",
                   parent != NULL && parent[0] != '\0' ? parent : "/tmp");
    if (mkdtemp(directory) == NULL) {
        return err_fail(err, ERR_ENVIRONMENT, (struct place){.file = directory},
                        "cannot make a temporary folder: %s", strerror(errno));
    }
    const struct compare_page page = {
        .comparison = comparison, .directory = directory, .gnuplot = "gnuplot"};
    const bool written = compare_write_html(text, &page, err);
    for (size_t i = 0; i < sizeof left / sizeof *left; i++) {
        char path[PATH_BYTES + 16];
        (void)snprintf(path, sizeof path, "%s/%s", directory, left[i]);
        (void)unlink(path);
    }
    (void)rmdir(directory);
    return written;
}

static int write_page(struct compare_command *compare)
{
    const struct option_value *to = &compare->invocation->values[OPTION_HTML];
    struct text text = {0};
    struct err err;
    if (!invocation_given(compare->invocation, OPTION_HTML)) return EXIT_DONE;
    const bool written =
        draw_page(&text, &compare->comparison, &err) && write_file(to->text, &text, &err);
    text_release(&text);
    return written ? EXIT_DONE : console_error(compare->console, &err, NULL);
}

static bool to_standard_output(const struct option_value *value)
{
    return value->text == NULL || value->text[0] == '\0' || strcmp(value->text, "-") == 0;
}

static int show(struct compare_command *compare)
{
    const struct invocation *invocation = compare->invocation;
    const struct console *console = compare->console;
    const bool json = invocation_given(invocation, OPTION_JSON);
    const bool markdown = invocation_given(invocation, OPTION_MARKDOWN);
    const struct option_value *json_to = &invocation->values[OPTION_JSON];
    const struct option_value *markdown_to = &invocation->values[OPTION_MARKDOWN];
    const bool taken =
        (json && to_standard_output(json_to)) || (markdown && to_standard_output(markdown_to));
    int code = write_page(compare);
    if (code == EXIT_DONE && json) code = write_copy(compare, json_to->text, compare_write_json);
    if (code == EXIT_DONE && markdown)
        code = write_copy(compare, markdown_to->text, compare_write_markdown);
    if (code != EXIT_DONE || taken) return code;
    struct text text = {0};
    const struct compare_style style = {.unicode = console->utf8, .color = console->out_color};
    compare_write_console(&text, &compare->comparison, &style);
    return console_write(compare->console, &text);
}

static int verdict(const struct compare_command *compare)
{
    const uint32_t *verdicts = compare->comparison.verdicts;
    const bool any = compare->invocation->values[OPTION_FAIL_ON].choice == 1;
    const uint32_t different =
        verdicts[VERDICT_WORSE] + (any ? verdicts[VERDICT_BETTER] + verdicts[VERDICT_CHANGED] : 0);
    return different > 0 ? EXIT_CHECK_FAILED : EXIT_DONE;
}

static int compare_folders(struct compare_command *compare)
{
    struct err err;
    const struct comparison_side a = {compare->a.path, compare->a.quotes, &compare->a.result,
                                      compare->a.drilled};
    const struct comparison_side b = {compare->b.path, compare->b.quotes, &compare->b.result,
                                      compare->b.drilled};
    note_settings(compare);
    if (!comparison_check(&a, &b, compare->settings_known ? compare->differing_keys : NULL,
                          &compare->list))
        return console_errors(compare->console, &compare->list, NULL);
    compare->request.a = a;
    compare->request.b = b;
    compare->request.warmup_us = warmup_of(&compare->a);
    if (!comparison_make(&compare->request, &compare->comparison, &err))
        return console_error(compare->console, &err, NULL);
    if (compare->a.drilled) {
        if (!compare_drill_measure(compare->a.path, compare->b.path, compare->request.alpha,
                                   &compare->drill, &err))
            return console_error(compare->console, &err, NULL);
        compare->comparison.drill = &compare->drill;
    }
    const int shown = show(compare);
    return shown != EXIT_DONE ? shown : verdict(compare);
}

int command_compare(const struct invocation *invocation, struct console *console)
{
    struct err err;
    assert(invocation->operand_count == 2);
    struct compare_command *compare = calloc(1, sizeof *compare);
    if (compare == NULL) {
        (void)err_fail(&err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
        return console_error(console, &err, NULL);
    }
    compare->invocation = invocation;
    compare->console = console;
    int code;
    if (!read_request(compare, &err)) {
        code = console_error(console, &err, NULL);
    } else if (!read_folder(&compare->a, invocation->operands[0], &compare->list) ||
               !read_folder(&compare->b, invocation->operands[1], &compare->list)) {
        code = console_errors(console, &compare->list, NULL);
    } else {
        code = compare_folders(compare);
    }
    release_folder(&compare->a);
    release_folder(&compare->b);
    free(compare);
    return code;
}
