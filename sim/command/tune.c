/* sim/command/tune.c - `routesim tune`: other weights, replayed. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reports/tune_report.h"
#include "router/base/random.h"
#include "router/base/text.h"
#include "sim/analysis/choice_fit.h"
#include "sim/analysis/choice_ratings.h"
#include "sim/command/command.h"
#include "sim/command/copy.h"
#include "sim/command/decision_source.h"
#include "sim/command/paper.h"
#include "sim/command/provider_list.h"
#include "sim/command/signals.h"
#include "sim/command/version.h"
#include "sim/command/weight_list.h"

/* Each part of the goal may need a constraint of its own (tune.h). */
enum { CONSTRAINTS_MAX = SEARCH_CONSTRAINTS_MAX - SEARCH_OBJECTIVES_MAX };
enum { OWN_MAX = 8 };

struct tune_command {
    const struct invocation *invocation;
    struct console *console;
    struct decision_source source;
    struct decision_source others[SEARCH_SCENARIOS_MAX];
    struct decision_set other_sets[SEARCH_SCENARIOS_MAX];
    uint32_t other_count;
    struct text canonical;
    struct search_preset own[OWN_MAX];
    struct search_objective objectives[SEARCH_OBJECTIVES_MAX];
    struct search_constraint constraints[SEARCH_CONSTRAINTS_MAX];
    struct tune_request request;
    struct choice_fit fit;
    struct choice_ratings ratings;
    struct tuning tuning;
    struct progress progress;
    struct folder folder;
};

/* ---- what was asked for ---- */

static const char *text_of(const struct tune_command *tune, enum option option)
{
    return tune->invocation->values[option].text;
}

static bool read_constraints(struct tune_command *tune, struct err *err)
{
    for (unsigned i = 0; i < tune->invocation->repeat_count; i++) {
        if (tune->invocation->repeats[i].option != OPTION_CONSTRAINT) continue;
        if (tune->request.constraint_count == CONSTRAINTS_MAX)
            return err_fail(err, ERR_USAGE, (struct place){0}, "more than %d constraints",
                            CONSTRAINTS_MAX);
        if (!search_read_constraint(tune->invocation->repeats[i].text,
                                    &tune->constraints[tune->request.constraint_count], err))
            return false;
        tune->request.constraint_count++;
    }
    tune->request.constraints = tune->constraints;
    return true;
}

/* The weights that the orders were decided under last: what --weights and --baseline change. */
static struct score_weights recorded_weights(const struct tune_command *tune)
{
    const struct decision_set *set = &tune->source.set;
    return set->count > 0 ? decision_weights(set, set->count - 1) : score_weights_default;
}

/* What a result calls an arm is its own. */
static bool is_free(const struct tune_command *tune, const char *name, struct err *err)
{
    static const char *const ours[] = {"baseline", "production", "suggested"};
    bool taken = false;
    for (unsigned i = 0; i < sizeof ours / sizeof *ours; i++)
        taken = taken || strcmp(name, ours[i]) == 0;
    for (unsigned i = 0; i < 4; i++)
        taken = taken || strcmp(name, search_presets[i].name) == 0;
    for (uint32_t i = 0; i < tune->request.own_count; i++)
        taken = taken || strcmp(name, tune->own[i].name) == 0;
    if (!taken) return true;
    (void)err_fail(err, ERR_USAGE, (struct place){0}, "the name \"%s\" is taken", name);
    return err_hint(err, "give these weights a name of their own, as mine=price:0.4");
}

/* Read twice: for mistakes before anything is simulated, and for good when it is known what the
 * orders were decided under. */
static bool read_own_weights(struct tune_command *tune, struct err *err)
{
    tune->request.own_count = 0;
    struct score_weights baseline = recorded_weights(tune);
    if (text_of(tune, OPTION_BASELINE_WEIGHTS) != NULL) {
        if (!weight_list_read(text_of(tune, OPTION_BASELINE_WEIGHTS), &baseline, err)) return false;
        tune->request.baseline_given = true;
        tune->request.baseline = baseline;
    }
    for (unsigned i = 0; i < tune->invocation->repeat_count; i++) {
        if (tune->invocation->repeats[i].option != OPTION_WEIGHTS) continue;
        if (tune->request.own_count == OWN_MAX)
            return err_fail(err, ERR_USAGE, (struct place){0}, "more than %d weights of your own",
                            OWN_MAX);
        struct search_preset *own = &tune->own[tune->request.own_count];
        own->weights = baseline;
        if (!weight_list_read_named(tune->invocation->repeats[i].text, own->name, sizeof own->name,
                                    &own->weights, err) ||
            !is_free(tune, own->name, err))
            return false;
        tune->request.own_count++;
    }
    tune->request.own = tune->own;
    return true;
}

static bool read_request(struct tune_command *tune, struct err *err)
{
    const struct invocation *invocation = tune->invocation;
    struct tune_request *request = &tune->request;
    const char *without = text_of(tune, OPTION_WITHOUT), *hold = text_of(tune, OPTION_HOLD);
    uint32_t mask = 0;
    request->objectives = tune->objectives;
    if (!search_read_objectives(text_of(tune, OPTION_OBJECTIVE), tune->objectives,
                                &request->objective_count, err) ||
        !read_constraints(tune, err))
        return false;
    if (hold != NULL && !weight_list_read_names(hold, &request->fixed, err)) return false;
    if (without != NULL && !provider_list_read("--without", without, &mask, err)) return false;
    request->view.without = (uint8_t)mask;
    request->holdout = invocation->values[OPTION_HOLDOUT].number;
    if (!(request->holdout > 0.0 && request->holdout < 1.0))
        return err_fail(err, ERR_USAGE, (struct place){0},
                        "--holdout takes a share between 0 and 1, ends excluded");
    request->resamples = (uint32_t)invocation->values[OPTION_RESAMPLES].whole;
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    request->jobs = invocation_given(invocation, OPTION_JOBS)
                        ? (uint32_t)invocation->values[OPTION_JOBS].whole
                        : (uint32_t)(cores > 0 ? cores : 1);
    return true;
}

/* ---- purchases ---- */

static uint32_t highest_index(const struct decision_set *set)
{
    uint64_t highest = 0;
    for (uint32_t i = 0; i < set->count; i++)
        if (set->orders[i].as.order.index > highest) highest = set->orders[i].as.order.index;
    return highest < UINT32_MAX ? (uint32_t)highest + 1u : UINT32_MAX;
}

/* Tastes from what customers did; data without an answer are said, and the assumed range stays. */
static bool fit_purchases(struct tune_command *tune, struct err *err)
{
    struct choice_ratings *const ratings = &tune->ratings;
    const char *path = text_of(tune, OPTION_PURCHASES);
    if (path == NULL) return true;
    if (!choice_ratings_read(ratings, path, highest_index(&tune->source.set), err)) return false;
    const bool ok = tune_fit_purchases(&tune->source.set, ratings, &tune->fit, err);
    if (ok && !tune->console->quiet)
        fprintf(tune->console->err,
                "%s: %" PRIu32 " orders with a known purchase, %" PRIu32 " bought, %" PRIu32
                " rows of other orders%s%s\n",
                path, ratings->known, ratings->purchases, ratings->foreign,
                tune->fit.state == CHOICE_FITTED ? "" : "; the choice model stays an assumption: ",
                tune->fit.reason);
    tune->request.fit = &tune->fit;
    tune->request.ratings = ratings;
    return ok;
}

/* ---- progress ---- */

static void on_step(void *context, const char *step, uint64_t done, uint64_t of)
{
    struct tune_command *tune = context;
    progress_update(&tune->progress, of > 0 ? (double)done / (double)of : 0.0, step);
}

/* ---- files ---- */

static bool write_folder(struct tune_command *tune, const struct tune_report *report,
                         struct err *err)
{
    static const char *const always[] = {"recommendation.env", "arms.csv",  "candidates.csv",
                                         "sweeps.csv",         "flips.csv", NULL};
    static struct paper_files list;
    struct drawing drawing;
    const bool plots = !invocation_on(tune->invocation, OPTION_NO_PLOTS);
    return tune_report_write_data(report, err) &&
           tune_report_draw(report, plots ? "gnuplot" : NULL, &drawing, err) &&
           paper_check_drawing(&drawing, tune->invocation, tune->console, err) &&
           paper_list_files(&list, report->directory, always, &drawing, err) &&
           tune_report_write_page(report, &drawing, list.files, list.count, err);
}

static int show(struct tune_command *tune, const struct tune_report *report)
{
    char page[FOLDER_PATH_MAX + 16];
    struct text text = {0};
    struct err err;
    const char *json = text_of(tune, OPTION_JSON), *markdown = text_of(tune, OPTION_MARKDOWN);
    (void)snprintf(page, sizeof page, "%s/report.html", tune->folder.path);
    if (markdown != NULL) {
        tune_write_markdown(&text, &tune->tuning);
        if (!copy_write(markdown, &text, &err)) return console_error(tune->console, &err, NULL);
        if (strcmp(markdown, "-") == 0) return EXIT_DONE;
    }
    if (json != NULL) {
        tune_write_json(&text, report);
        if (strcmp(json, "-") == 0) return console_write(tune->console, &text);
        if (!copy_write(json, &text, &err)) return console_error(tune->console, &err, NULL);
    }
    if (invocation_on(tune->invocation, OPTION_CSV)) {
        tune_write_csv(&text, &tune->tuning);
        return console_write(tune->console, &text);
    }
    if (tune->console->quiet) return EXIT_DONE;
    const struct tune_style style = {
        .unicode = tune->console->utf8, .color = tune->console->out_color, .report_path = page};
    tune_write_console(&text, &tune->tuning, &style);
    return console_write(tune->console, &text);
}

/* ---- running ---- */

static uint64_t experiment_of(const struct tune_command *tune)
{
    return random_key(tune->source.experiment, random_hash_text(tune->canonical.bytes));
}

/* The baseline, the presets and the suggestion once more, each with the history it makes itself. */
static bool evolve(struct tune_command *tune, struct err *err)
{
    struct decision_set baseline;
    struct tuning *tuning = &tune->tuning;
    if (tune->invocation->values[OPTION_HISTORY].choice == 0) return true;
    if (!decision_source_again(&tune->source, tune->invocation, tune->console,
                               &tuning->arms[0].weights, &baseline, err))
        return false;
    bool ok = true;
    for (uint32_t a = 0; ok && a < tuning->arm_count; a++) {
        struct decision_set own;
        ok = decision_source_again(&tune->source, tune->invocation, tune->console,
                                   &tuning->arms[a].weights, &own, err) &&
             tune_evolve(tuning, &tune->request, a, &baseline, &own, err);
        decisions_release(&own);
    }
    decisions_release(&baseline);
    return ok;
}

static int tune_and_report(struct tune_command *tune)
{
    static char program[64];
    struct err err;
    signals_leave_at_next(); /* nothing is in flight that would be worth its end */
    if (!paper_open_folder(&tune->folder, tune->invocation, "tune", tune->source.name,
                           tune->source.seed, experiment_of(tune), &err))
        return console_error(tune->console, &err, NULL);
    paper_begin_progress(&tune->progress, tune->invocation, tune->console, "tune");
    const bool tuned = tune_run(&tune->tuning, &tune->request, &tune->source.set, &err);
    progress_end(&tune->progress, tuned ? "tuned" : "stopped");
    (void)snprintf(program, sizeof program, "routesim %s", version_text());
    const struct tune_report report = {.tuning = &tune->tuning,
                                       .program = program,
                                       .command = tune->canonical.bytes,
                                       .experiment = experiment_of(tune),
                                       .directory = tune->folder.temporary};
    if (!tuned || !evolve(tune, &err) || !write_folder(tune, &report, &err) ||
        !folder_commit(&tune->folder, &err)) {
        folder_discard(&tune->folder);
        if (tuned) tuning_release(&tune->tuning);
        return console_error(tune->console, &err, NULL);
    }
    const int code = show(tune, &report);
    tuning_release(&tune->tuning);
    return code;
}

static bool open_sources(struct tune_command *tune, int *code)
{
    const struct invocation *invocation = tune->invocation;
    if (!decision_source_open(&tune->source, invocation, tune->console, invocation->operands[0])) {
        *code = tune->source.exit_code;
        return false;
    }
    for (unsigned i = 1; i < invocation->operand_count; i++) {
        struct decision_source *other = &tune->others[tune->other_count];
        if (!decision_source_open(other, invocation, tune->console, invocation->operands[i])) {
            *code = other->exit_code;
            return false;
        }
        tune->other_sets[tune->other_count++] = other->set;
    }
    if (tune->source.kind != TUNE_SCENARIO &&
        tune->invocation->values[OPTION_HISTORY].choice == 1) {
        struct err err;
        (void)err_fail(&err, ERR_USAGE, (struct place){.file = tune->source.path},
                       "--history evolve runs a scenario again; this is none");
        (void)err_hint(&err, "a record does not tell what would have become of other decisions: "
                             "give the scenario itself");
        *code = console_error(tune->console, &err, NULL);
        return false;
    }
    tune->request.others = tune->other_sets;
    tune->request.other_count = tune->other_count;
    tune->request.name = tune->source.name;
    tune->request.source_path = tune->source.path;
    tune->request.source = tune->source.kind;
    tune->request.seed = tune->source.seed;
    return true;
}

int command_tune(const struct invocation *invocation, struct console *console)
{
    struct tune_command *tune = calloc(1, sizeof *tune);
    struct err err;
    int code = EXIT_DONE;
    if (tune == NULL) return EXIT_ENVIRONMENT;
    tune->invocation = invocation;
    tune->console = console;
    tune->request.progress = on_step;
    tune->request.progress_context = tune;
    load_canonical_command(invocation, invocation->operands[0], &tune->canonical);
    if (!read_request(tune, &err) || !read_own_weights(tune, &err)) {
        code = console_error(console, &err, NULL);
    } else if (open_sources(tune, &code)) {
        code = read_own_weights(tune, &err) && fit_purchases(tune, &err)
                   ? tune_and_report(tune)
                   : console_error(console, &err, NULL);
    }
    for (unsigned i = 0; i < SEARCH_SCENARIOS_MAX; i++)
        decision_source_release(&tune->others[i]);
    decision_source_release(&tune->source);
    choice_ratings_release(&tune->ratings);
    text_release(&tune->canonical);
    free(tune);
    return code;
}
