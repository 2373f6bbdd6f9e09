/* Further scenarios: what the choice, made on the first, is worth on the others. */
#include <math.h>

#include "reports/tune_figures.h"
#include "reports/tune_html.h"

enum { ROLES = 5 };

bool tune_html_has_robust(const struct tuning *tuning)
{
    return tuning->search.robust_count > 0 && tuning->search.minimax != UINT32_MAX;
}

/* Every part that some weights play: the best may be the suggestion and have the least regret. */
static void put_roles(struct text *text, const struct search *search, uint32_t candidate)
{
    const struct {
        uint32_t candidate;
        const char *words;
    } roles[ROLES] = {{search->baseline, "baseline"},
                      {search->best, "best"},
                      {search->chosen, "suggested"},
                      {search->minimax, "least regret"},
                      {search->cvar_best, "best worst fifth"}};
    bool some = false;
    for (unsigned r = 0; r < ROLES; r++) {
        if (roles[r].candidate != candidate) continue;
        text_format(text, "%s%s", some ? ", " : "", roles[r].words);
        some = true;
    }
}

static const struct search_robust *robust_of(const struct search *search, uint32_t candidate)
{
    for (uint32_t r = 0; r < search->robust_count; r++)
        if (search->robust[r].candidate == candidate) return &search->robust[r];
    return NULL;
}

static void put_row(struct html *page, const struct search_robust *robust)
{
    const struct search *search = &page->tuning->search;
    struct text roles = {0};
    put_roles(&roles, search, robust->candidate);
    html_row_begin(page, roles.bytes != NULL ? roles.bytes : "");
    page->out->failed |= roles.failed;
    text_release(&roles);
    tune_html_weights(page, &search->candidates[robust->candidate].weights);
    tune_html_goal(page, robust->worst);
    tune_html_goal(page, robust->cvar20);
    tune_html_goal(page, robust->mean);
    tune_html_goal(page, robust->regret);
    html_row_end(page);
}

static void put_meaning(struct text *text, const struct tuning *tuning)
{
    const struct search *search = &tuning->search;
    const struct search_robust *least = robust_of(search, search->minimax);
    const struct search_robust *chosen =
        tuning->chosen != UINT32_MAX ? robust_of(search, search->chosen) : NULL;
    text_put(text, "Weights are chosen, and guardrails kept, on the first scenario alone; the "
                   "others only judge the choice. The least regret over all scenarios, ");
    tune_show_goal(text, least != NULL ? least->regret : (double)NAN);
    text_put(text, " of the goal at most, is that of the row \u201c");
    put_roles(text, search, search->minimax);
    text_put(text, "\u201d");
    if (chosen == NULL) {
        text_put(text, "; nothing is suggested.");
    } else if (search->chosen == search->minimax) {
        text_put(text, ": the suggestion itself, so the others do not argue against it.");
    } else {
        text_put(text, "; the suggestion\u2019s is ");
        tune_show_goal(text, chosen->regret);
        text_put(text, chosen->worst < 0
                           ? ", and in one scenario at least it is worse than the baseline."
                           : ", and in no scenario is it worse than the baseline.");
    }
}

void tune_html_robust(struct html *page)
{
    static const struct html_column columns[] = {
        {"Weights", false},    {"Priority", true},      {"Price", true},
        {"Speed", true},       {"Commission", true},    {"Availability", true},
        {"Reliability", true}, {"Worst goal", true},    {"Worst fifth", true},
        {"Mean goal", true},   {"Largest regret", true}};
    const struct search *search = &page->tuning->search;
    if (!tune_html_has_robust(page->tuning)) return;
    html_section(page, "robust", "Further scenarios");
    tune_html_said(page, put_meaning);
    html_table_begin(page,
                     "Over the first scenario\u2019s training orders and all orders of the others: "
                     "goal against each one\u2019s baseline (exact); weights sum to 1 without "
                     "priority",
                     columns, 11);
    for (uint32_t r = 0; r < search->robust_count; r++)
        if (robust_of(search, search->robust[r].candidate) == &search->robust[r])
            put_row(page, &search->robust[r]);
    html_table_end(page);
    text_put(page->out,
             "<p class=\"muted\">Regret: how far a scenario\u2019s goal stays below the best that "
             "weights which keep the guardrails on the first reach there. Worst fifth: the mean of "
             "the worst fifth of the scenarios, one at least.</p>\n");
}
