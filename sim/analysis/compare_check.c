/* Which runs may be compared, and what differs between their routers. */
#include <inttypes.h>
#include <string.h>

#include "router/base/duration.h"
#include "router/base/text.h"
#include "sim/analysis/compare.h"
#include "sim/world/quote_record.h"

static void refuse(struct err_list *list, const struct comparison_side *b, const char *hint,
                   const char *what, const char *in_a, const char *in_b)
{
    err_add(list, (struct place){.file = b->name}, hint,
            "%s differs from the baseline's: %s, not %s", what, in_b, in_a);
}

static void refuse_number(struct err_list *list, const struct comparison_side *b, const char *hint,
                          const char *what, int64_t in_a, int64_t in_b)
{
    char a_text[24], b_text[24];
    if (in_a == in_b) return;
    (void)snprintf(a_text, sizeof a_text, "%" PRId64, in_a);
    (void)snprintf(b_text, sizeof b_text, "%" PRId64, in_b);
    refuse(list, b, hint, what, a_text, b_text);
}

static void refuse_span(struct err_list *list, const struct comparison_side *b, int64_t in_a,
                        int64_t in_b)
{
    char a_text[DURATION_TEXT_MAX], b_text[DURATION_TEXT_MAX];
    if (in_a == in_b) return;
    duration_format(in_a, a_text);
    duration_format(in_b, b_text);
    refuse(list, b, NULL, "the duration", a_text, b_text);
}

static void refuse_instant(struct err_list *list, const struct comparison_side *b, int64_t in_a,
                           int64_t in_b)
{
    char a_text[INSTANT_TEXT_MAX], b_text[INSTANT_TEXT_MAX];
    if (in_a == in_b) return;
    instant_format(in_a, a_text);
    instant_format(in_b, b_text);
    refuse(list, b, NULL, "the start", a_text, b_text);
}

static void refuse_incomplete(struct err_list *list, const struct comparison_side *side)
{
    if (side->result->complete) return;
    err_add(list, (struct place){.file = side->name}, "run it to its end",
            "the run was stopped by %s before its end",
            side->result->stopped_by[0] != '\0' ? side->result->stopped_by : "something");
}

static const char *known(const char *names)
{
    return names != NULL ? names : ""; /* a result made by hand */
}

/* Who answered, where the seed did not decide what. */
static void refuse_strangers(struct err_list *list, const struct comparison_side *side)
{
    const struct place place = {.file = side->name};
    static const char hint[] =
        "keep one such run with --record, and compare runs that play it back";
    const char *const live = known(side->result->live);
    const char *const elsewhere = known(side->result->elsewhere);
    if (live[0] != '\0') {
        err_add(list, place, hint,
                "%s answered in it, live: what real providers say is not the same twice, and pairs "
                "of orders would show that as well as the router",
                live);
    }
    if (elsewhere[0] != '\0') {
        err_add(
            list, place, hint,
            "%s was a mock server of another process: what it was set to is not known here, and "
            "pairs of orders would show that as well as the router",
            elsewhere);
    }
}

static void refuse_words(struct err_list *list, const struct comparison_side *b, const char *hint,
                         const char *what, const char *in_a, const char *in_b)
{
    if (strcmp(known(in_a), known(in_b)) == 0) return;
    refuse(list, b, hint, what, known(in_a)[0] != '\0' ? in_a : "none",
           known(in_b)[0] != '\0' ? in_b : "none");
}

bool comparison_check(const struct comparison_side *a, const struct comparison_side *b,
                      const char *differing_keys, struct err_list *list)
{
    const struct result *in_a = a->result, *in_b = b->result;
    const uint32_t before = list->errors;
    refuse_strangers(list, a);
    refuse_strangers(list, b);
    if (list->errors != before) return false; /* the rest would follow from it */
    if (a->drilled != b->drilled) {
        err_add(list, (struct place){.file = b->name},
                "compare two drills, or two runs (`routesim run` plays a drill's file as a run)",
                "it is %s, and the baseline is %s: operators acted in one alone",
                b->drilled ? "a drill" : "a plain run", a->drilled ? "a drill" : "a plain run");
        return false;
    }
    refuse_incomplete(list, a);
    refuse_incomplete(list, b);
    refuse_words(list, b, "`routesim verify` holds one clock against the other", "the clock",
                 in_a->clock, in_b->clock);
    refuse_words(list, b, "play the same recordings back in both", "what was played back",
                 in_a->replayed, in_b->replayed);
    if (strcmp(in_a->seed_text, in_b->seed_text) != 0) {
        refuse(list, b, "run both with the same --seed", "the seed", in_a->seed_text,
               in_b->seed_text);
    }
    refuse_number(list, b, "run both with the same --replications", "the number of replications",
                  in_a->replications, in_b->replications);
    refuse_span(list, b, in_a->duration_us, in_b->duration_us);
    refuse_instant(list, b, in_a->start_unix_us, in_b->start_unix_us);
    /* Both are part of the hash: where they explain it, it says nothing new. */
    const bool explained =
        (in_a->duration_us != in_b->duration_us || in_a->start_unix_us != in_b->start_unix_us ||
         known(in_a->replayed)[0] != '\0' || (a->drilled && b->drilled)) &&
        differing_keys != NULL && differing_keys[0] == '\0';
    if (in_a->scenario_hash != in_b->scenario_hash && !explained) {
        char a_text[24], b_text[24];
        char hint[ERR_HINT_MAX];
        (void)snprintf(a_text, sizeof a_text, "%016" PRIx64, in_a->scenario_hash);
        (void)snprintf(b_text, sizeof b_text, "%016" PRIx64, in_b->scenario_hash);
        const bool named = differing_keys != NULL && differing_keys[0] != '\0';
        (void)snprintf(hint, sizeof hint, "%s%s", named ? "these keys differ: " : "",
                       named ? differing_keys : "only router settings may differ");
        refuse(list, b, hint, "the scenario (workload, providers, faults; hash)", a_text, b_text);
    }
    return list->errors == before;
}

void comparison_caveats(struct text *text, const struct comparison *comparison)
{
    const struct result *const in_a = comparison->a.result;
    if (strcmp(known(in_a->clock), "real") == 0) {
        text_put(text, "Both runs were measured in real time: their latencies hold this machine's "
                       "own work, which is never the same twice, and decisions may have followed "
                       "it.");
    }
    if (known(in_a->replayed)[0] == '\0') return;
    text_format(text,
                "%sBoth runs played back the same recordings (%s): a call that is not on them got "
                "another's answer or none, and each run's notes say how many did.",
                text->length > 0 ? " " : "", in_a->replayed);
}

/* ---- what differs in the router ---- */

void comparison_add_setting(struct comparison *comparison, const char *path, const char *a,
                            const char *b)
{
    if (comparison->setting_count == COMPARE_SETTINGS_MAX) {
        comparison->settings_beyond++;
        return;
    }
    struct comparison_setting *setting = &comparison->settings[comparison->setting_count++];
    (void)snprintf(setting->path, sizeof setting->path, "%s", path);
    (void)snprintf(setting->a, sizeof setting->a, "%s", a);
    (void)snprintf(setting->b, sizeof setting->b, "%s", b);
}

static void compare_numbers(struct comparison *comparison, const char *path, double a, double b,
                            const char *unit)
{
    char a_text[COMPARE_SETTING_VALUE], b_text[COMPARE_SETTING_VALUE];
    if (a == b) return;
    (void)snprintf(a_text, sizeof a_text, "%.10g%s", a, unit);
    (void)snprintf(b_text, sizeof b_text, "%.10g%s", b, unit);
    comparison_add_setting(comparison, path, a_text, b_text);
}

void comparison_note_records(struct comparison *comparison, const struct quote_record *a,
                             const struct quote_record *b)
{
    static const char *const weights[6] = {"weight of priority",     "weight of price",
                                           "weight of speed",        "weight of commission",
                                           "weight of availability", "weight of reliability"};
    if (a->kind != QUOTE_RECORD_CONFIG || b->kind != QUOTE_RECORD_CONFIG) return;
    for (unsigned w = 0; w < 6; w++)
        compare_numbers(comparison, weights[w], a->as.config.weights[w], b->as.config.weights[w],
                        "");
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        char path[COMPARE_SETTING_PATH];
        (void)snprintf(path, sizeof path, "timeout of %s", provider_traits[p].id);
        compare_numbers(comparison, path, (double)a->as.config.timeout_us[p] / 1000.0,
                        (double)b->as.config.timeout_us[p] / 1000.0, " ms");
        (void)snprintf(path, sizeof path, "%s enabled", provider_traits[p].id);
        compare_numbers(comparison, path, a->as.config.enabled[p], b->as.config.enabled[p], "");
    }
    compare_numbers(comparison, "profile", a->as.config.profile, b->as.config.profile, "");
    compare_numbers(comparison, "zero is missing", a->as.config.zero_is_missing,
                    b->as.config.zero_is_missing, "");
    compare_numbers(comparison, "missing items", a->as.config.missing_items,
                    b->as.config.missing_items, "");
    compare_numbers(comparison, "least fill", a->as.config.fill_least, b->as.config.fill_least, "");
}
