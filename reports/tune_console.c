/* A tuning on a terminal. */
#include <math.h>
#include <string.h>

#include "reports/show.h"
#include "reports/tune_figures.h"
#include "reports/tune_report.h"
#include "reports/tune_text.h"
#include "router/base/utf8.h"

enum { LABEL = 25, VALUE = 10, DIFFERENCE = 10, WEIGHT = 8, COLUMNS = 80 };

static size_t width_of(const char *words)
{
    return words == NULL ? 0 : utf8_count(words, strlen(words));
}

static void spaces(struct text *text, size_t width, size_t taken)
{
    for (; taken < width; taken++)
        text_char(text, ' ');
}

static void put_left(struct text *text, const char *words, size_t width)
{
    text_put(text, words);
    spaces(text, width, width_of(words));
}

/* The cell is taken over and released. */
static void put_right(struct text *text, struct text *cell, size_t width)
{
    spaces(text, width, width_of(cell->bytes));
    if (cell->bytes != NULL) text_put(text, cell->bytes);
    text->failed |= cell->failed;
    text_release(cell);
}

static void paint(struct text *text, const struct tune_style *style, const char *code,
                  const char *words)
{
    if (style->color && code != NULL) text_put(text, code);
    text_put(text, words);
    if (style->color && code != NULL) text_put(text, "\033[0m");
}

/* Plain sentences, broken between words, two blanks before each line. */
static void put_wrapped(struct text *text, struct text *sentence)
{
    size_t column = 0;
    const char *at = sentence->bytes != NULL ? sentence->bytes : "";
    while (*at != '\0') {
        const size_t length = strcspn(at, " ");
        const size_t width = utf8_count(at, length);
        if (column > 0 && column + 1 + width > COLUMNS - 2) {
            text_char(text, '\n');
            column = 0;
        }
        text_put(text, column == 0 ? "  " : " ");
        column += width + (column > 0);
        text_append(text, at, length);
        at += length;
        at += strspn(at, " ");
    }
    text_char(text, '\n');
    text->failed |= sentence->failed;
    text_release(sentence);
}

/* ---- what it stands on ---- */

static void put_basis(struct text *text, const struct tuning *tuning)
{
    const struct decision_coverage *coverage = &tuning->coverage;
    text_format(text, "%s", tuning->name);
    text_put(text, ": ");
    text_grouped(text, tuning->orders[TUNE_ALL]);
    text_put(text, " decisions replayed exactly, ");
    text_grouped(text, tuning->search.evaluated);
    text_put(text, " weights tried\n  tuned on the first ");
    text_grouped(text, tuning->orders[TUNE_TRAIN]);
    text_put(text, ", judged once on the last ");
    text_grouped(text, tuning->orders[TUNE_HOLDOUT]);
    text_put(text, tuning->arms[0].evolved ? "; history frozen, evolved below\n  "
                                           : "; history frozen\n  ");
    if (tuning->weights_known && tuning->reproduced == tuning->reproducible) {
        text_put(text, "the replay makes every recorded decision again");
    } else {
        text_put(text, "the replay makes ");
        text_grouped(text, (int64_t)tuning->reproduced);
        text_put(text, " of ");
        text_grouped(text, (int64_t)tuning->reproducible);
        text_put(text, " recorded decisions again");
        if (!tuning->weights_known)
            text_put(text, tuning->baseline_given ? "\n  under the weights named"
                                                  : "\n  under the weights assumed");
    }
    if (coverage->usable + coverage->without_quotes < coverage->requests) {
        text_put(text, "\n  coverage ");
        show_share(text, (double)coverage->usable / (double)coverage->requests);
        text_put(text, " of requests: what the log lacks was left out, not guessed");
    }
    text_char(text, '\n');
    struct text goal = {0};
    text_put(&goal, "goal: ");
    tune_write_goal(&goal, tuning);
    for (uint32_t i = 0; i < tuning->constraint_count; i++)
        text_format(&goal, "%s%s", i == 0 ? "; kept: " : ", ", tuning->constraints[i].text);
    put_wrapped(text, &goal);
    text_char(text, '\n');
}

/* ---- weights ---- */

static void put_weights(struct text *text, const struct tuning *tuning)
{
    text_put(text, "  WEIGHTS");
    spaces(text, LABEL + 2, 9);
    static const char *const titles[REPLAY_PARTS] = {"priority", "price",  "speed",
                                                     "commis.",  "avail.", "reliab."};
    for (unsigned k = 0; k < REPLAY_PARTS; k++)
        text_format(text, "%*s", 1 + WEIGHT, titles[k]);
    text_char(text, '\n');
    for (uint32_t a = 0; a < tuning->arm_count; a++) {
        const struct tune_arm *arm = &tuning->arms[a];
        if (a != 0 && a != tuning->chosen && arm->candidate >= 0) continue; /* presets */
        text_put(text, "  ");
        put_left(text, arm->name, LABEL);
        for (unsigned k = 0; k < REPLAY_PARTS; k++) {
            struct text cell = {0};
            tune_show_weight(&cell, score_weight_of(&arm->weights, (enum replay_part)k));
            put_right(text, &cell, 1 + WEIGHT);
        }
        text_char(text, '\n');
    }
    if (tuning->chosen == UINT32_MAX) return;
    text_put(text, "  as good as it: ");
    text_grouped(text, tuning->search.set_count);
    text_put(text, tuning->search.set_count == 1 ? " weights" : " weights; their centre is named");
    text_put(text, ", ");
    show_share(text, tuning->search.set_agreement);
    text_put(text, " of orders alike under all\n");
}

/* ---- metrics ---- */

/* The user's own weights, each in a sentence: the page has all of it. */
static void put_own(struct text *text, const struct tuning *tuning)
{
    for (uint32_t a = 1; a < tuning->arm_count; a++) {
        const struct tune_arm *arm = &tuning->arms[a];
        struct text sentence = {0};
        if (arm->candidate >= 0) continue;
        text_format(&sentence, "%s, on the holdout: goal ", arm->name);
        tune_show_difference(&sentence, TUNE_GOAL, &arm->values[TUNE_HOLDOUT][TUNE_GOAL]);
        text_put(&sentence, " (");
        tune_show_interval(&sentence, TUNE_GOAL, &arm->values[TUNE_HOLDOUT][TUNE_GOAL]);
        text_char(&sentence, ')');
        static const enum replay_outcome shown[] = {OUTCOME_COMMISSION, OUTCOME_PRICE, OUTCOME_ETA};
        for (unsigned i = 0; i < sizeof shown / sizeof *shown; i++) {
            const enum tune_metric metric = (enum tune_metric)shown[i];
            text_format(&sentence, ", %s ", replay_outcome_traits[shown[i]].name);
            tune_show_difference(&sentence, metric, &arm->values[TUNE_HOLDOUT][metric]);
            text_put(&sentence, " (");
            tune_show_interval(&sentence, metric, &arm->values[TUNE_HOLDOUT][metric]);
            text_char(&sentence, ')');
        }
        text_char(&sentence, '.');
        put_wrapped(text, &sentence);
    }
}

static const char *change_color(enum tune_change change)
{
    return change == CHANGE_BETTER ? "\033[32m" : change == CHANGE_WORSE ? "\033[31m" : NULL;
}

static void put_metric(struct text *text, const struct tune_arm *arm, enum tune_metric metric,
                       const struct tune_style *style)
{
    const struct tune_value *value = &arm->values[TUNE_HOLDOUT][metric];
    struct text was = {0}, is = {0}, difference = {0}, interval = {0};
    tune_show_value(&was, metric, value->baseline);
    tune_show_value(&is, metric, value->value);
    tune_show_difference(&difference, metric, value);
    tune_show_interval(&interval, metric, value);
    text_put(text, "  ");
    put_left(text, tune_metric_traits[metric].label, LABEL);
    put_right(text, &was, VALUE);
    put_right(text, &is, VALUE);
    put_right(text, &difference, 1 + DIFFERENCE);
    text_put(text, "  ");
    put_left(text, interval.bytes != NULL ? interval.bytes : "", 18);
    text_release(&interval);
    text_char(text, ' ');
    paint(text, style, change_color(value->change), tune_change_names[value->change]);
    text_char(text, '\n');
}

static void put_metrics(struct text *text, const struct tuning *tuning,
                        const struct tune_style *style)
{
    enum tune_metric metrics[TUNE_METRICS];
    const uint32_t count = tune_order_metrics(tuning, false, metrics);
    const struct tune_arm *arm = &tuning->arms[tuning->chosen];
    text_put(text, "\n  ON THE HOLDOUT");
    spaces(text, LABEL + 2, 16);
    text_format(text, "%*s%*s%*s  95%% interval\n", VALUE, "baseline", VALUE, "suggested",
                1 + DIFFERENCE, "change");
    put_metric(text, arm, TUNE_GOAL, style);
    for (uint32_t i = 0; i < count; i++) {
        const struct tune_value *value = &arm->values[TUNE_HOLDOUT][metrics[i]];
        if (metrics[i] == (enum tune_metric)OUTCOME_CANNED && value->baseline == 0.0 &&
            value->value == 0.0)
            continue;
        put_metric(text, arm, metrics[i], style);
    }
    struct text rule = {0};
    text_put(&rule,
             "better, worse: p at most 0.05, but for the goal after Holm's correction for all "
             "rows, and more than 1% of the baseline; same: the interval lies within that "
             "1%.");
    put_wrapped(text, &rule);
    if (!isnan(tuning->shrunk_goal)) {
        text_put(text, "  The holdout shows ");
        show_share(text, tuning->shrunk_goal);
        text_put(text, " of the gain that was seen while tuning.\n");
    }
}

/* The suggestion with the histories that its own decisions make, and so other scores. */
static void put_evolved(struct text *text, const struct tuning *tuning)
{
    enum tune_metric metrics[TUNE_METRICS];
    const struct tune_arm *arm = &tuning->arms[tuning->chosen];
    const uint32_t count = tune_order_metrics(tuning, true, metrics);
    struct text words = {0};
    if (!arm->evolved) return;
    text_put(&words, "With histories of their own, on the holdout: ");
    for (uint32_t i = 0; i < count && i < 3; i++) { /* the goal's come first */
        const struct tune_value *value = &arm->evolved_values[metrics[i]];
        text_format(&words, "%s%s ", i == 0 ? "" : ", ", tune_metric_traits[metrics[i]].label);
        tune_show_difference(&words, metrics[i], value);
        text_put(&words, i == 0 ? " (95% interval " : " (");
        tune_show_interval(&words, metrics[i], value);
        text_char(&words, ')');
    }
    text_char(&words, '.');
    put_wrapped(text, &words);
}

static void put_guardrails(struct text *text, const struct tuning *tuning,
                           const struct tune_style *style)
{
    static const char *const words[] = {"kept", "BREACHED", "undecided"};
    static const char *const codes[] = {"\033[32m", "\033[31m", "\033[33m"};
    if (tuning->guardrail_count == 0) return;
    text_put(text, "\n  GUARDRAILS");
    spaces(text, LABEL + 2, 12);
    text_format(text, "%*s%*s\n", VALUE, "limit", VALUE, "measured");
    for (uint32_t i = 0; i < tuning->guardrail_count; i++) {
        const struct tune_guardrail *guardrail = &tuning->guardrails[i];
        struct text limit = {0}, measured = {0};
        tune_show_value(&limit, guardrail->metric, guardrail->limit);
        tune_show_value(&measured, guardrail->metric, guardrail->measured);
        text_put(text, "  ");
        put_left(text, guardrail->text, LABEL);
        put_right(text, &limit, VALUE);
        put_right(text, &measured, VALUE);
        text_put(text, "  ");
        paint(text, style, codes[guardrail->state], words[guardrail->state]);
        text_char(text, '\n');
    }
}

/* ---- several scenarios ---- */

static void put_robust_row(struct text *text, const char *name, const struct search_robust *robust)
{
    const double goals[] = {robust->worst, robust->cvar20, robust->mean, robust->regret};
    text_put(text, "  ");
    put_left(text, name, LABEL);
    for (unsigned i = 0; i < sizeof goals / sizeof *goals; i++) {
        struct text cell = {0};
        tune_show_goal(&cell, goals[i]);
        put_right(text, &cell, 1 + VALUE);
    }
    text_char(text, '\n');
}

/* The same weights may be several of these: each is shown once, under the first name that fits. */
static void put_robust(struct text *text, const struct tuning *tuning)
{
    const struct search *search = &tuning->search;
    if (search->robust_count == 0) return;
    text_put(text, "\n  GOAL OVER ALL INPUTS");
    spaces(text, LABEL + 2, 22);
    text_format(text, " %*s %*s %*s %*s\n", VALUE, "worst", VALUE, "worst 5th", VALUE, "mean",
                VALUE, "regret");
    for (uint32_t r = 0; r < search->robust_count; r++) {
        const uint32_t candidate = search->robust[r].candidate;
        bool again = false;
        for (uint32_t before = 0; before < r; before++)
            again = again || search->robust[before].candidate == candidate;
        if (again) continue;
        put_robust_row(text,
                       candidate == search->baseline  ? "baseline"
                       : candidate == search->chosen  ? "centre of the set"
                       : candidate == search->best    ? "best of the first"
                       : candidate == search->minimax ? "least regret"
                                                      : "best of the worst fifth",
                       &search->robust[r]);
    }
}

/* What argues against the suggestion on the very orders it was chosen on. */
static void put_thirds(struct text *text, const struct tuning *tuning)
{
    uint32_t broken = 0, lost = 0;
    struct text sentence = {0};
    for (uint32_t i = 0; i < tuning->third_count; i++) {
        broken += !tuning->thirds[i].kept;
        lost += !(tuning->thirds[i].goal_of_chosen > 0.0);
    }
    if (broken == 0 && lost == 0) return;
    text_format(&sentence,
                "Thirds of the training orders by themselves: in %u of %u the suggestion "
                "does not raise the goal, in %u it is not sure to keep every guardrail.",
                (unsigned)lost, (unsigned)tuning->third_count, (unsigned)broken);
    put_wrapped(text, &sentence);
}

/* ---- what weights can do here ---- */

static void put_effects(struct text *text, const struct tuning *tuning)
{
    const struct geometry *geometry = &tuning->geometry;
    text_put(text, "\n  WHAT EACH WEIGHT CAN CHANGE HERE (at any value from 0 to 1)\n");
    struct text effects = {0};
    for (unsigned k = 0; k < REPLAY_PARTS; k++) {
        text_format(&effects, "%s%s ", k == 0 ? "" : ", ", replay_part_names[k]);
        tune_show_movable(&effects, &geometry->weights[k]);
        if (geometry->weights[k].no_effect || (tuning->held >> k & 1u) != 0) {
            text_put(&effects, " (");
            text_grouped(&effects, (int64_t)geometry->weights[k].movable_orders);
            text_format(&effects, " orders: %s)", tune_effect_words(tuning, (enum replay_part)k));
        }
    }
    text_put(&effects, " of decisions. Without its weight on priority the router would decide ");
    show_share(&effects, geometry->without_priority);
    text_put(&effects, " of orders otherwise.");
    put_wrapped(text, &effects);
    struct text rates = {0};
    tune_write_rates(&rates, tuning);
    put_wrapped(text, &rates);
}

/* ---- all of it ---- */

void tune_write_console(struct text *text, const struct tuning *tuning,
                        const struct tune_style *style)
{
    const char *code = tuning->verdict == EXPERIMENT_VARIANT_WINS         ? "\033[32m"
                       : tuning->verdict == EXPERIMENT_GUARDRAIL_BREACHED ? "\033[31m"
                                                                          : "\033[33m";
    put_basis(text, tuning);
    text_put(text, "  ");
    paint(text, style, code, tune_verdict_title(tuning));
    text_format(text, " (%s)\n", experiment_verdict_names[tuning->verdict]);
    struct text finding = {0};
    tune_write_finding(&finding, tuning);
    put_wrapped(text, &finding);
    text_char(text, '\n');
    put_weights(text, tuning);
    put_own(text, tuning);
    if (tuning->chosen != UINT32_MAX) {
        put_metrics(text, tuning, style);
        put_evolved(text, tuning);
        put_thirds(text, tuning);
        put_guardrails(text, tuning, style);
    }
    put_robust(text, tuning);
    put_effects(text, tuning);
    for (uint32_t i = 0; i < tuning->note_count; i++) {
        struct text note = {0};
        text_put(&note, tuning->notes[i]);
        text_char(text, '\n');
        put_wrapped(text, &note);
    }
    if (tune_recommends(tuning)) {
        text_put(text, "\n  Nothing was applied. To try it:\n  ");
        tune_write_secrets(text, &tuning->arms[tuning->chosen].weights);
        text_char(text, '\n');
    } else {
        text_put(text, "\n  Nothing is recommended, and nothing was applied.\n");
    }
    if (style->report_path != NULL) text_format(text, "\n  Report: %s\n", style->report_path);
}
