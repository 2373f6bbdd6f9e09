#include "reports/alerts_score.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>

#include "reports/drill_text.h"
#include "reports/show.h"
#include "router/base/duration.h"

enum {
    WIDTH = 80,
    SET_NAME = 24,
    RECALL = 8,
    PRECISION = 9,
    SPAN = 10,
    BURN = 8,
    SHARE = 7,
    EPISODES = 5,
    RATE = 14,
    DRILL_NAME = 25,
    OUTCOME = 9,
    SPENT = 9,
    SMALL = 6
};

static const enum verdict_tone tones[ALERT_OUTCOME_COUNT] = {
    [OUTCOME_CAUGHT] = TONE_GOOD,   [OUTCOME_LATE] = TONE_BAD,     [OUTCOME_MISSED] = TONE_BAD,
    [OUTCOME_EXTRA] = TONE_NEUTRAL, [OUTCOME_NEEDLESS] = TONE_BAD, [OUTCOME_QUIET] = TONE_GOOD,
};

/* ---- cells ---- */

static void put_cell(const struct columns *columns, struct text *cell, size_t width)
{
    columns_spaces(columns, 1);
    columns_cell(columns, cell, width - 1, COLUMNS_RIGHT);
}

static void put_words(const struct columns *columns, const char *words, size_t width)
{
    struct text cell = {0};
    text_put(&cell, words);
    put_cell(columns, &cell, width);
}

static void put_count(const struct columns *columns, uint64_t count, size_t width)
{
    struct text cell = {0};
    text_grouped(&cell, (int64_t)count);
    put_cell(columns, &cell, width);
}

static void put_share(const struct columns *columns, double share, size_t width)
{
    struct text cell = {0};
    if (isnan(share)) {
        text_put(&cell, "n/a");
    } else {
        drill_show_number(&cell, DRILL_SHARE, share);
    }
    put_cell(columns, &cell, width);
}

static void put_span(const struct columns *columns, int64_t span_us, size_t width)
{
    struct text cell = {0};
    if (span_us == ALERT_SCORE_UNTIMED) {
        text_put(&cell, "n/a");
    } else if (span_us == INT64_MAX) {
        text_put(&cell, "never");
    } else {
        drill_show_number(&cell, DRILL_SECONDS, (double)span_us / (double)US_PER_SECOND);
    }
    put_cell(columns, &cell, width);
}

static void show_set(struct text *text, const struct alert_scores_set *set)
{
    text_format(text, "%s (%s)", set->name, alert_reading_names[set->reading]);
}

static void show_rate(struct text *text, double rate, double low, double high)
{
    if (isnan(rate)) {
        text_put(text, "n/a");
        return;
    }
    text_fixed(text, rate, rate < 10.0 && rate > 0.0 ? 1 : 0);
    text_put(text, " (");
    text_fixed(text, low, low < 10.0 && low > 0.0 ? 1 : 0);
    text_put(text, "\u2013");
    text_fixed(text, high, high < 10.0 ? 1 : 0);
    text_put(text, ")");
}

/* ---- all sets, a line each ---- */

static void write_head(const struct columns *columns)
{
    columns_put(columns, "  RULES (READING)", SET_NAME, COLUMNS_LEFT);
    put_words(columns, "found", RECALL);
    put_words(columns, "precise", PRECISION);
    put_words(columns, "median", SPAN);
    put_words(columns, "burned", BURN);
    put_words(columns, "eps.", EPISODES);
    put_words(columns, "pages/30 d", RATE);
    columns_end(columns);
}

static void write_set_line(const struct columns *columns, const struct alert_scores_set *set)
{
    const struct alert_score *score = &set->score;
    struct text name = {0}, found = {0}, rate = {0};
    text_put(&name, "  ");
    show_set(&name, set);
    columns_cell(columns, &name, SET_NAME, COLUMNS_LEFT);
    text_format(&found, "%" PRIu32 " of %" PRIu32,
                score->outcomes[OUTCOME_CAUGHT] + score->outcomes[OUTCOME_LATE], score->asked);
    put_cell(columns, &found, RECALL);
    put_share(columns, score->precision, PRECISION);
    put_span(columns, score->ttd_median_us, SPAN);
    put_share(columns, score->worst_burned_at_page, BURN);
    put_count(columns, score->episodes, EPISODES);
    show_rate(&rate, score->quiet_per_30d, score->quiet_low, score->quiet_high);
    put_cell(columns, &rate, RATE);
    columns_end(columns);
}

static void write_legend(const struct columns *columns, const struct alert_scores *scores)
{
    struct text sentence = {0};
    text_put(&sentence, "found: incidents that burned ");
    drill_show_number(&sentence, DRILL_SHARE, scores->significant);
    text_put(&sentence, " of the budget or more, and were paged. precise: pages within incidents "
                        "in which users lost orders, of all. median: time to detect, from the "
                        "first order lost, \"never\" counting as longest. burned: of the budget at "
                        "the page, at worst. eps.: episodes of firing rules that page. pages/30 d: "
                        "false ones on quiet days");
    if (scores->quiet_us > 0) {
        text_format(&sentence, " (%s without faults for ", scores->quiet_name);
        show_span(&sentence, scores->quiet_us);
        text_put(&sentence, "), with Garwood\u2019s 95% interval");
    }
    text_put(&sentence, ". Operators are off: nobody repairs anything before its time.");
    columns_wrap(columns, "  ", &sentence, WIDTH);
}

/* ---- one set, a line a drill ---- */

static void write_drill_line(const struct columns *columns, const struct alert_score_drill *drill,
                             const struct alert_score_row *row)
{
    struct text name = {0};
    text_format(&name, "  %s", drill->name);
    columns_cell(columns, &name, DRILL_NAME, COLUMNS_LEFT);
    put_share(columns, row->burned, SHARE);
    columns_spaces(columns, 1);
    columns_tone(columns, alert_outcome_names[row->outcome], OUTCOME - 1, tones[row->outcome]);
    put_span(columns, row->ttd_us, SPAN);
    put_share(columns, row->burned_at_page, BURN);
    if (row->reset_us < 0) {
        put_words(columns, "n/a", SPENT);
    } else {
        put_span(columns, row->reset_us, SPENT);
    }
    put_count(columns, row->pages, SMALL);
    put_count(columns, row->false_pages, SMALL);
    columns_end(columns);
}

static void write_set(const struct columns *columns, const struct alert_scores *scores,
                      const struct alert_scores_set *set)
{
    struct text title = {0};
    text_char(columns->text, '\n');
    text_put(&title, "  ");
    show_set(&title, set);
    columns_cell(columns, &title, DRILL_NAME, COLUMNS_LEFT);
    put_words(columns, "burns", SHARE);
    columns_spaces(columns, 1);
    columns_put(columns, "outcome", OUTCOME - 1, COLUMNS_LEFT);
    put_words(columns, "detect", SPAN);
    put_words(columns, "at page", BURN);
    put_words(columns, "reset", SPENT);
    put_words(columns, "pages", SMALL);
    put_words(columns, "false", SMALL);
    columns_end(columns);
    for (uint32_t d = 0; d < scores->drill_count; d++)
        write_drill_line(columns, &scores->drills[d], &set->rows[d]);
}

/* Windows that are longer than a drill look at what there is, and fire earlier than they would. */
static void write_caution(const struct columns *columns, const struct alert_scores *scores)
{
    int64_t shortest_us = INT64_MAX;
    for (uint32_t d = 0; d < scores->drill_count; d++)
        if (scores->drills[d].duration_us < shortest_us)
            shortest_us = scores->drills[d].duration_us;
    for (uint32_t s = 0; s < scores->set_count; s++) {
        const struct alert_scores_set *set = &scores->sets[s];
        struct text sentence = {0};
        if (set->longest_window_us <= shortest_us) continue;
        text_format(&sentence, "%s has windows of ", set->name);
        show_span(&sentence, set->longest_window_us);
        text_put(&sentence, ", and some drills are shorter: a window then holds what there is, and "
                            "shows an incident larger than it would after quiet days.");
        text_char(columns->text, '\n');
        columns_wrap(columns, "  ", &sentence, WIDTH);
    }
}

void alerts_write_scores(struct text *text, const struct alert_scores *scores,
                         const struct alert_scores_style *style)
{
    const struct columns columns = {text, style->unicode, style->color};
    assert(scores->set_count > 0);
    struct text head = {0};
    text_format(&head, "%" PRIu32 " rule set%s, %" PRIu32 " drill%s", scores->set_count,
                scores->set_count == 1 ? "" : "s", scores->drill_count,
                scores->drill_count == 1 ? "" : "s");
    if (style->wall_seconds >= 0.0) {
        text_put(&head, " in ");
        show_span(&head, (int64_t)(style->wall_seconds * 1e6));
    }
    columns_cell(&columns, &head, WIDTH, COLUMNS_LEFT);
    columns_end(&columns);
    text_char(text, '\n');
    write_head(&columns);
    for (uint32_t s = 0; s < scores->set_count; s++)
        write_set_line(&columns, &scores->sets[s]);
    text_char(text, '\n');
    write_legend(&columns, scores);
    for (uint32_t s = 0; s < scores->set_count; s++)
        write_set(&columns, scores, &scores->sets[s]);
    write_caution(&columns, scores);
}
