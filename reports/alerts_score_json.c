/* Scores of rule sets for programs: keys in a fixed order, spans in seconds, shares from 0 to 1;
 * what never came about or is not known is null. */
#include <math.h>

#include "reports/alerts_score.h"
#include "reports/json_put.h"
#include "router/base/duration.h"

static double seconds_of(int64_t us)
{
    return us == INT64_MAX || us == ALERT_SCORE_UNTIMED ? (double)NAN
                                                        : (double)us / (double)US_PER_SECOND;
}

static void put_row(struct text *json, const struct alert_scores_set *set,
                    const struct alert_score_drill *drill, const struct alert_score_row *row)
{
    const bool fires_on = row->reset_us == INT64_MAX;
    json_put_string(json, "\n      {", "drill", drill->name);
    json_put_string(json, ", ", "outcome", alert_outcome_names[row->outcome]);
    json_put_number(json, ", ", "burned", row->burned);
    json_put_number(json, ", ", "detected_s", seconds_of(row->detect_us));
    json_put_number(json, ", ", "ttd_s", seconds_of(row->ttd_us));
    json_put_key(json, ", ", "detected_by");
    if (row->detected_by < 0) {
        text_put(json, "null");
    } else {
        text_json_string(json, set->rules[row->detected_by].name);
    }
    json_put_key(json, ", ", "provider");
    if (row->detected_by < 0 || row->detected_scope >= PROVIDER_COUNT) {
        text_put(json, "null");
    } else {
        text_json_string(json, provider_traits[row->detected_scope].id);
    }
    json_put_number(json, ", ", "burned_at_page", row->burned_at_page);
    json_put_number(json, ", ", "first_of_any_severity_s", seconds_of(row->first_us));
    json_put_number(json, ", ", "reset_s",
                    row->reset_us < 0 ? (double)NAN : seconds_of(row->reset_us));
    json_put_flag(json, ", ", "fires_to_the_end", fires_on);
    json_put_count(json, ", ", "pages", row->pages);
    json_put_count(json, ", ", "false_pages", row->false_pages);
    json_put_count(json, ", ", "episodes", row->episodes);
    text_char(json, '}');
}

static void put_rate(struct text *json, const char *key, uint64_t seen, double rate, double low,
                     double high)
{
    json_put_key(json, ", ", key);
    json_put_count(json, "{", "seen", seen);
    json_put_number(json, ", ", "per_30d", rate);
    json_put_number(json, ", ", "low", low);
    json_put_number(json, ", ", "high", high);
    text_char(json, '}');
}

static void put_set(struct text *json, const struct alert_scores *scores,
                    const struct alert_scores_set *set)
{
    const struct alert_score *score = &set->score;
    json_put_string(json, "\n    {", "rules", set->name);
    json_put_string(json, ", ", "reading", alert_reading_names[set->reading]);
    json_put_count(json, ", ", "rule_count", set->rule_count);
    json_put_count(json, ", ", "asked", score->asked);
    for (unsigned o = 0; o < ALERT_OUTCOME_COUNT; o++)
        json_put_count(json, ", ", alert_outcome_names[o], score->outcomes[o]);
    json_put_number(json, ", ", "recall", score->recall);
    json_put_number(json, ", ", "precision", score->precision);
    json_put_number(json, ", ", "ttd_median_s", seconds_of(score->ttd_median_us));
    json_put_number(json, ", ", "worst_burned_at_page", score->worst_burned_at_page);
    json_put_count(json, ", ", "pages", score->pages);
    json_put_count(json, ", ", "needless_pages", score->needless_pages);
    json_put_count(json, ", ", "false_pages", score->false_pages);
    json_put_count(json, ", ", "episodes", score->episodes);
    put_rate(json, "quiet_pages", score->quiet_pages, score->quiet_per_30d, score->quiet_low,
             score->quiet_high);
    put_rate(json, "quiet_tickets", score->quiet_tickets, score->tickets_per_30d,
             score->tickets_low, score->tickets_high);
    json_put_key(json, ",\n     ", "drills");
    text_char(json, '[');
    for (uint32_t d = 0; d < scores->drill_count; d++) {
        if (d > 0) text_char(json, ',');
        put_row(json, set, &scores->drills[d], &set->rows[d]);
    }
    text_put(json, "]}");
}

void alerts_write_scores_json(struct text *json, const struct alert_scores *scores)
{
    json_put_string(json, "{", "schema", "routesim.alert_scores/1");
    json_put_string(json, ",\n  ", "program", scores->program);
    json_put_string(json, ", ", "command", scores->command);
    json_put_number(json, ",\n  ", "significant", scores->significant);
    json_put_number(json, ", ", "grace_s", seconds_of(scores->grace_us));
    json_put_string(json, ", ", "quiet_scenario", scores->quiet_name);
    json_put_number(json, ", ", "quiet_s", seconds_of(scores->quiet_us));
    json_put_key(json, ",\n  ", "sets");
    text_char(json, '[');
    for (uint32_t s = 0; s < scores->set_count; s++) {
        if (s > 0) text_char(json, ',');
        put_set(json, scores, &scores->sets[s]);
    }
    text_put(json, "]}\n");
}
