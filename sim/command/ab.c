/* sim/command/ab.c - `routesim ab`: an A/B of weights, played on orders whose quotes are all
 * known; or its plan. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reports/ab_report.h"
#include "reports/ab_text.h"
#include "router/base/random.h"
#include "router/base/text.h"
#include "sim/analysis/choice_fit.h"
#include "sim/analysis/choice_ratings.h"
#include "sim/command/command.h"
#include "sim/command/copy.h"
#include "sim/command/decision_source.h"
#include "sim/command/paper.h"
#include "sim/command/provider_list.h"
#include "sim/command/version.h"
#include "sim/command/weight_list.h"

struct ab_command {
    const struct invocation *invocation;
    struct console *console;
    struct decision_source source;
    struct text canonical;
    struct ab_arm arms[AB_ARMS_MAX];
    struct search_objective objectives[SEARCH_OBJECTIVES_MAX];
    struct search_constraint constraints[SEARCH_CONSTRAINTS_MAX];
    struct ab_request request;
    struct choice_fit fit;
    struct choice_ratings ratings;
    struct ab_result result;
    struct folder folder;
};

static const struct place nowhere = {0};

static const char *text_of(const struct ab_command *ab, enum option option)
{
    return ab->invocation->values[option].text;
}

/* ---- what was asked for ---- */

/* Without purchases the goal is one that is counted: what a model draws is asked for by name. */
static const char *goal_of(const struct ab_command *ab)
{
    if (invocation_given(ab->invocation, OPTION_AB_OBJECTIVE))
        return text_of(ab, OPTION_AB_OBJECTIVE);
    return text_of(ab, OPTION_PURCHASES) != NULL ? "expected_commission" : "commission";
}

static bool read_constraints(struct ab_command *ab, struct err *err)
{
    bool given = false;
    for (unsigned i = 0; i < ab->invocation->repeat_count; i++)
        given = given || ab->invocation->repeats[i].option == OPTION_CONSTRAINT;
    ab->request.constraints = ab->constraints;
    for (unsigned i = 0; !given && tune_constraints_default[i] != NULL; i++)
        if (!search_read_constraint(tune_constraints_default[i],
                                    &ab->constraints[ab->request.constraint_count++], err))
            return false;
    for (unsigned i = 0; i < ab->invocation->repeat_count; i++) {
        if (ab->invocation->repeats[i].option != OPTION_CONSTRAINT) continue;
        if (ab->request.constraint_count == SEARCH_CONSTRAINTS_MAX)
            return err_fail(err, ERR_USAGE, nowhere, "more than %d constraints",
                            SEARCH_CONSTRAINTS_MAX);
        if (!search_read_constraint(ab->invocation->repeats[i].text,
                                    &ab->constraints[ab->request.constraint_count], err))
            return false;
        ab->request.constraint_count++;
    }
    return true;
}

static bool read_share(const struct ab_command *ab, enum option option, double *share,
                       struct err *err)
{
    *share = ab->invocation->values[option].number;
    return (*share > 0.0 && *share < 1.0) ||
           err_fail(err, ERR_USAGE, nowhere, "--%s takes a share between 0 and 1, ends excluded",
                    option_traits(option)->name);
}

static bool read_request(struct ab_command *ab, struct err *err)
{
    const struct invocation *invocation = ab->invocation;
    struct ab_request *request = &ab->request;
    const char *without = text_of(ab, OPTION_WITHOUT);
    uint32_t mask = 0;
    request->objectives = ab->objectives;
    if (!search_read_objectives(goal_of(ab), ab->objectives, &request->objective_count, err) ||
        !read_constraints(ab, err) || !read_share(ab, OPTION_ALPHA, &request->alpha, err) ||
        !read_share(ab, OPTION_POWER, &request->power, err))
        return false;
    if (request->alpha >= 0.5)
        return err_fail(err, ERR_USAGE, nowhere, "--alpha takes less than a half");
    if (without != NULL && !provider_list_read("--without", without, &mask, err)) return false;
    request->view.without = (uint8_t)mask;
    request->salt = text_of(ab, OPTION_SALT);
    request->interleave = invocation_on(invocation, OPTION_INTERLEAVE);
    request->plan_only = invocation_on(invocation, OPTION_PLAN);
    request->peeks = (uint32_t)invocation->values[OPTION_PEEKS].whole;
    request->resamples = (uint32_t)invocation->values[OPTION_RESAMPLES].whole;
    if (invocation_given(invocation, OPTION_PLANNED))
        request->planned_n = (uint64_t)invocation->values[OPTION_PLANNED].whole;
    return true;
}

/* ---- arms ---- */

/* A preset by its name alone. */
static bool read_preset(const char *name, struct ab_arm *arm, struct err *err)
{
    const char *known[] = {"production", search_presets[1].name, search_presets[2].name,
                           search_presets[3].name, NULL};
    char hint[ERR_HINT_MAX];
    for (unsigned p = 0; p < 4; p++) {
        if (strcmp(name, known[p]) != 0) continue;
        (void)snprintf(arm->name, sizeof arm->name, "%s", name);
        arm->weights = search_presets[p].weights;
        return true;
    }
    (void)err_fail(err, ERR_USAGE, nowhere, "--weights: there is no preset \"%s\"", name);
    if (text_suggest(name, known, hint, sizeof hint)) return err_hint(err, "%s", hint);
    return err_hint(err, "presets: production, price-first, revenue-first, speed-first; weights of "
                         "your own: mine=price:0.4,commission:0.3");
}

static bool read_variant(struct ab_command *ab, const char *text, struct err *err)
{
    if (ab->request.arm_count == AB_ARMS_MAX)
        return err_fail(err, ERR_USAGE, nowhere, "more than %d variants", AB_VARIANTS_MAX);
    struct ab_arm *arm = &ab->arms[ab->request.arm_count];
    arm->weights = ab->arms[0].weights;
    const bool read =
        strchr(text, '=') == NULL
            ? read_preset(text, arm, err)
            : weight_list_read_named(text, arm->name, sizeof arm->name, &arm->weights, err);
    if (!read) return false;
    for (uint32_t a = 0; a < ab->request.arm_count; a++)
        if (strcmp(ab->arms[a].name, arm->name) == 0)
            return err_fail(err, ERR_USAGE, nowhere, "--weights: two arms are called \"%s\"",
                            arm->name);
    ab->request.arm_count++;
    return true;
}

static bool read_arms(struct ab_command *ab, struct err *err)
{
    const struct decision_set *set = &ab->source.set;
    const char *baseline = text_of(ab, OPTION_BASELINE_WEIGHTS);
    ab->request.arms = ab->arms;
    ab->request.arm_count = 1;
    (void)snprintf(ab->arms[0].name, sizeof ab->arms[0].name, "baseline");
    ab->arms[0].weights =
        set->count > 0 ? decision_weights(set, set->count - 1) : score_weights_default;
    if (baseline != NULL && !weight_list_read(baseline, &ab->arms[0].weights, err)) return false;
    for (unsigned i = 0; i < ab->invocation->repeat_count; i++)
        if (ab->invocation->repeats[i].option == OPTION_AB_WEIGHTS &&
            !read_variant(ab, ab->invocation->repeats[i].text, err))
            return false;
    const uint32_t each = EXPERIMENT_BUCKETS / ab->request.arm_count;
    for (uint32_t a = 0; a < ab->request.arm_count; a++)
        ab->arms[a].share = a == 0 ? EXPERIMENT_BUCKETS - each * (ab->request.arm_count - 1) : each;
    return true;
}

/* Before anything is simulated: arms upon a baseline that is not known yet, and put away. */
static bool check_arms(struct ab_command *ab, struct err *err)
{
    const char *baseline = text_of(ab, OPTION_BASELINE_WEIGHTS);
    ab->request.arm_count = 1;
    ab->arms[0].weights = score_weights_default;
    (void)snprintf(ab->arms[0].name, sizeof ab->arms[0].name, "baseline");
    if (baseline != NULL && !weight_list_read(baseline, &ab->arms[0].weights, err)) return false;
    for (unsigned i = 0; i < ab->invocation->repeat_count; i++)
        if (ab->invocation->repeats[i].option == OPTION_AB_WEIGHTS &&
            !read_variant(ab, ab->invocation->repeats[i].text, err))
            return false;
    if (ab->request.arm_count > 1) return true;
    (void)err_fail(err, ERR_USAGE, nowhere, "an A/B needs a variant");
    return err_hint(err, "name one: --weights revenue-first, or --weights mine=price:0.4");
}

/* ---- purchases ---- */

static uint32_t indices_of(const struct decision_set *set)
{
    uint64_t highest = 0;
    for (uint32_t i = 0; i < set->count; i++)
        if (set->orders[i].as.order.index > highest) highest = set->orders[i].as.order.index;
    return highest < UINT32_MAX ? (uint32_t)highest + 1u : UINT32_MAX;
}

static bool read_purchases(struct ab_command *ab, struct err *err)
{
    const char *path = text_of(ab, OPTION_PURCHASES);
    if (path == NULL) return true;
    if (!choice_ratings_read(&ab->ratings, path, indices_of(&ab->source.set), err) ||
        !tune_fit_purchases(&ab->source.set, &ab->ratings, &ab->fit, err))
        return false;
    if (!ab->console->quiet)
        fprintf(ab->console->err,
                "%s: %" PRIu32 " orders with a known purchase, %" PRIu32 " bought, %" PRIu32
                " rows of other orders%s%s\n",
                path, ab->ratings.known, ab->ratings.purchases, ab->ratings.foreign,
                ab->fit.state == CHOICE_FITTED ? "" : "; the choice model stays an assumption: ",
                ab->fit.reason);
    ab->request.purchases = &ab->ratings;
    ab->request.fit = &ab->fit;
    return true;
}

/* ---- files ---- */

static bool write_folder(struct ab_command *ab, const struct ab_report *report, struct err *err)
{
    static const char *const always[] = {"plan.csv", "arms.csv", "peeks.csv", NULL};
    static struct paper_files list;
    struct drawing drawing;
    const bool plots = !invocation_on(ab->invocation, OPTION_NO_PLOTS);
    return ab_report_write_data(report, err) &&
           ab_report_draw(report, plots ? "gnuplot" : NULL, &drawing, err) &&
           paper_check_drawing(&drawing, ab->invocation, ab->console, err) &&
           paper_list_files(&list, report->directory, always, &drawing, err) &&
           ab_report_write_page(report, &drawing, list.files, list.count, err);
}

static int code_of(const struct ab_command *ab);

/* Nobody is left with an exit code alone. */
static int show_failure(struct ab_command *ab)
{
    struct text line = {0};
    if (code_of(ab) != EXIT_CHECK_FAILED) return EXIT_DONE;
    text_format(&line, "%s: ", ab->result.name);
    ab_write_verdict(&line, &ab->result);
    text_put(&line, ". ");
    ab_write_finding(&line, &ab->result, ab->result.best);
    text_char(&line, '\n');
    return console_write(ab->console, &line);
}

static int show(struct ab_command *ab, const struct ab_report *report)
{
    char page[FOLDER_PATH_MAX + 16];
    struct text text = {0};
    struct err err;
    const char *json = text_of(ab, OPTION_JSON), *markdown = text_of(ab, OPTION_MARKDOWN);
    (void)snprintf(page, sizeof page, "%s/report.html", ab->folder.path);
    if (markdown != NULL) {
        ab_write_markdown(&text, report);
        if (!copy_write(markdown, &text, &err)) return console_error(ab->console, &err, NULL);
        if (strcmp(markdown, "-") == 0) return EXIT_DONE;
    }
    if (json != NULL) {
        ab_write_json(&text, report);
        if (strcmp(json, "-") == 0) return console_write(ab->console, &text);
        if (!copy_write(json, &text, &err)) return console_error(ab->console, &err, NULL);
    }
    if (invocation_on(ab->invocation, OPTION_CSV)) {
        ab_write_csv(&text, &ab->result);
        return console_write(ab->console, &text);
    }
    if (ab->console->quiet) return show_failure(ab);
    const struct ab_style style = {.color = ab->console->out_color, .report_path = page};
    ab_write_console(&text, &ab->result, &style);
    return console_write(ab->console, &text);
}

/* ---- running ---- */

static int code_of(const struct ab_command *ab)
{
    if (ab->result.plan_only) return EXIT_DONE;
    switch (ab->result.verdict) {
    case EXPERIMENT_VARIANT_LOSES:
    case EXPERIMENT_GUARDRAIL_BREACHED:
        return EXIT_CHECK_FAILED;
    case EXPERIMENT_COLLECTING_DATA:
    case EXPERIMENT_INVALID_SRM:
        return invocation_on(ab->invocation, OPTION_STRICT_EVIDENCE) ? EXIT_INCONCLUSIVE
                                                                     : EXIT_DONE;
    case EXPERIMENT_NOT_SIGNIFICANT:
    case EXPERIMENT_VARIANT_WINS:
    case EXPERIMENT_VERDICTS:
        break;
    }
    return EXIT_DONE;
}

static uint64_t experiment_of(const struct ab_command *ab)
{
    return random_key(ab->source.experiment, random_hash_text(ab->canonical.bytes));
}

static void warn_of_too_few(const struct ab_command *ab)
{
    const uint64_t planned = ab->request.planned_n;
    if (planned > 0 && planned < AB_ORDERS_LEAST)
        fprintf(ab->console->err,
                "routesim: warning: --planned %" PRIu64 ": fewer than %d orders an arm are too few "
                "to judge by\n",
                planned, AB_ORDERS_LEAST);
}

static int run_and_report(struct ab_command *ab)
{
    char program[64];
    struct err err;
    if (!paper_open_folder(&ab->folder, ab->invocation, "ab", ab->source.name, ab->source.seed,
                           experiment_of(ab), &err))
        return console_error(ab->console, &err, NULL);
    (void)snprintf(program, sizeof program, "routesim %s", version_text());
    const struct ab_report report = {.result = &ab->result,
                                     .program = program,
                                     .command = ab->canonical.bytes,
                                     .experiment = experiment_of(ab),
                                     .directory = ab->folder.temporary};
    if (!ab_run(&ab->result, &ab->request, &err) || !write_folder(ab, &report, &err) ||
        !folder_commit(&ab->folder, &err)) {
        folder_discard(&ab->folder);
        return console_error(ab->console, &err, NULL);
    }
    const int code = show(ab, &report);
    return code != EXIT_DONE ? code : code_of(ab);
}

static int open_and_run(struct ab_command *ab)
{
    struct err err;
    if (!decision_source_open(&ab->source, ab->invocation, ab->console,
                              ab->invocation->operands[0]))
        return ab->source.exit_code;
    ab->request.set = &ab->source.set;
    ab->request.name = ab->source.name;
    ab->request.source_path = ab->source.path;
    ab->request.source = ab->source.kind;
    ab->request.seed = ab->source.seed;
    warn_of_too_few(ab);
    if (!read_arms(ab, &err) || !read_purchases(ab, &err))
        return console_error(ab->console, &err, NULL);
    return run_and_report(ab);
}

int command_ab(const struct invocation *invocation, struct console *console)
{
    struct ab_command *ab = calloc(1, sizeof *ab);
    struct err err;
    if (ab == NULL) return EXIT_ENVIRONMENT;
    ab->invocation = invocation;
    ab->console = console;
    load_canonical_command(invocation, invocation->operands[0], &ab->canonical);
    const int code = check_arms(ab, &err) && read_request(ab, &err)
                         ? open_and_run(ab)
                         : console_error(console, &err, NULL);
    decision_source_release(&ab->source);
    choice_ratings_release(&ab->ratings);
    text_release(&ab->canonical);
    free(ab);
    return code;
}
