/* Goal: what a rule set is worth, from its changes and a drill's truth. Method: stories of a few
 * changes each that a person can judge, then sums over several, then the quiet run's interval. */
#include "tests/support.h"

#include "router/base/duration.h"
#include "sim/analysis/alert_score.h"

enum { PAGING, TICKETING, RULES };
static const struct alert_rule rules[RULES] = {
    [PAGING] = {.name = "page", .severity = SEVERITY_PAGE, .scope = SCOPE_EACH_PROVIDER},
    [TICKETING] = {.name = "ticket", .severity = SEVERITY_TICKET, .scope = SCOPE_ROUTER},
};

#define MIN(n)  ((n)*US_PER_MINUTE)
#define NEVER   INT64_MAX
#define BUDGET  1000.0
#define MINUTES 120

/* A drill of two hours: a fault from minute 30 to 60, and 10 bad orders in each of its minutes. */
static uint32_t bad_orders[MINUTES];
static struct alert_score_drill drill_of(const struct alert_change *changes, uint32_t count)
{
    for (unsigned m = 0; m < MINUTES; m++)
        bad_orders[m] = m >= 30 && m < 60 ? 10 : 0;
    return (struct alert_score_drill){
        .name = "d",
        .duration_us = MIN(MINUTES),
        .fault_us = MIN(30),
        .clear_us = MIN(60),
        .impact_us = MIN(31),
        .bad = bad_orders,
        .bucket_s = 60,
        .bucket_count = MINUTES,
        .budget_orders = BUDGET,
        .changes = changes,
        .change_count = count,
    };
}

static struct alert_score_request request_of(const struct alert_score_drill *drills, uint32_t count)
{
    return (struct alert_score_request){.rules = rules,
                                        .rule_count = RULES,
                                        .drills = drills,
                                        .drill_count = count,
                                        .grace_us = MIN(10),
                                        .significant = 0.02};
}

static struct alert_change at(int64_t minute, enum alert_change_kind kind, uint16_t rule)
{
    return (struct alert_change){
        .at_us = MIN(minute), .kind = kind, .rule = rule, .scope = PROVIDER_KROGER_API};
}

static struct alert_score_row row_of(const struct alert_score_drill *drill)
{
    struct alert_score_row row;
    struct alert_score score;
    const struct alert_score_request request = request_of(drill, 1);
    alert_score(&request, &row, &score);
    return row;
}

static void tells_when_it_was_detected_and_what_that_cost(void **state)
{
    (void)state;
    const struct alert_change changes[] = {
        at(33, ALERT_FIRED, TICKETING), at(40, ALERT_BECAME_PENDING, PAGING),
        at(45, ALERT_FIRED, PAGING),    at(46, ALERT_TOLD, PAGING),
        at(64, ALERT_RESOLVED, PAGING), at(70, ALERT_RESOLVED, TICKETING),
    };
    const struct alert_score_drill drill = drill_of(changes, 6);
    const struct alert_score_row row = row_of(&drill);
    assert_int_equal(row.outcome, OUTCOME_CAUGHT);
    assert_int_equal(row.detect_us, MIN(45));
    assert_int_equal(row.ttd_us, MIN(14)); /* from the first bad order, not from the fault */
    assert_int_equal(row.first_us, MIN(33));
    assert_int_equal(row.detected_by, PAGING);
    assert_int_equal(row.detected_scope, PROVIDER_KROGER_API);
    assert_int_equal(row.pages, 1);
    assert_int_equal(row.false_pages, 0);
    assert_int_equal(row.episodes, 1);
    assert_int_equal(row.reset_us, MIN(4));
    CHECK_NEAR(row.burned, 0.3, 1e-12);
    CHECK_NEAR(row.burned_at_page, 0.15, 1e-12);
}

static void judges_by_what_users_lost(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        int64_t fires; /* minute; -1: never */
        int64_t impact_us;
        double budget;
        enum alert_outcome outcome;
    } rows[] = {
        {"while it is on", 59, MIN(31), BUDGET, OUTCOME_CAUGHT},
        {"as it ends", 60, MIN(31), BUDGET, OUTCOME_CAUGHT},
        {"when it is over", 61, MIN(31), BUDGET, OUTCOME_LATE},
        {"within the grace", 70, MIN(31), BUDGET, OUTCOME_LATE},
        {"long after", 71, MIN(31), BUDGET, OUTCOME_MISSED},
        {"before it", 29, MIN(31), BUDGET, OUTCOME_MISSED},
        {"never", -1, MIN(31), BUDGET, OUTCOME_MISSED},
        {"exactly worth a page", -1, MIN(31), 15000.0, OUTCOME_MISSED},
        {"not quite worth one", -1, MIN(31), 15001.0, OUTCOME_QUIET},
        {"not quite, and it fires", 40, MIN(31), 15001.0, OUTCOME_EXTRA},
        {"without an objective nothing is asked for", -1, MIN(31), 0.0, OUTCOME_QUIET},
        {"absorbed", -1, NEVER, BUDGET, OUTCOME_QUIET},
        {"absorbed, and it fires", 40, NEVER, BUDGET, OUTCOME_NEEDLESS},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct alert_change fired = at(rows[i].fires, ALERT_FIRED, PAGING);
        struct alert_score_drill drill = drill_of(&fired, rows[i].fires >= 0);
        drill.impact_us = rows[i].impact_us;
        drill.budget_orders = rows[i].budget;
        CHECK_ROW(rows[i].label, row_of(&drill).outcome == rows[i].outcome);
    }
}

static void a_reset_is_when_nothing_pages_any_more(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        struct {
            int64_t minute;
            enum alert_change_kind kind;
        } story[6];
        uint32_t count;
        int64_t reset_us;
    } rows[] = {
        {"before the fault ends", {{40, ALERT_FIRED}, {50, ALERT_RESOLVED}}, 2, 0},
        {"after it", {{40, ALERT_FIRED}, {65, ALERT_RESOLVED}}, 2, MIN(5)},
        {"never", {{40, ALERT_FIRED}}, 1, NEVER},
        {"not before the last of two",
         {{40, ALERT_FIRED}, {41, ALERT_FIRED}, {61, ALERT_RESOLVED}, {80, ALERT_RESOLVED}},
         4,
         MIN(20)},
        {"a flap in the grace counts",
         {{40, ALERT_FIRED}, {61, ALERT_RESOLVED}, {62, ALERT_FIRED}, {63, ALERT_RESOLVED}},
         4,
         MIN(3)},
        {"another story does not",
         {{40, ALERT_FIRED}, {61, ALERT_RESOLVED}, {90, ALERT_FIRED}, {99, ALERT_RESOLVED}},
         4,
         MIN(1)},
        {"nothing fired", {{40, ALERT_BECAME_PENDING}, {50, ALERT_RESET}}, 2, -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct alert_change changes[6];
        for (uint32_t c = 0; c < rows[i].count; c++)
            changes[c] = at(rows[i].story[c].minute, rows[i].story[c].kind, PAGING);
        const struct alert_score_drill drill = drill_of(changes, rows[i].count);
        CHECK_ROW(rows[i].label, row_of(&drill).reset_us == rows[i].reset_us);
    }
}

/* A set over four drills: caught after 4 and after 14 minutes, missed, needless; one false page. */
static void sums_up_a_rule_set(void **state)
{
    (void)state;
    const struct alert_change soon[] = {at(10, ALERT_FIRED, PAGING), at(10, ALERT_TOLD, PAGING),
                                        at(12, ALERT_RESOLVED, PAGING), at(35, ALERT_FIRED, PAGING),
                                        at(35, ALERT_TOLD, PAGING)};
    const struct alert_change later[] = {at(45, ALERT_FIRED, PAGING), at(45, ALERT_TOLD, PAGING)};
    struct alert_score_drill drills[] = {drill_of(soon, 5), drill_of(later, 2), drill_of(NULL, 0),
                                         drill_of(later, 2)};
    drills[3].impact_us = NEVER;
    const struct alert_score_request request = request_of(drills, 4);
    struct alert_score_row rows[4];
    struct alert_score score;
    alert_score(&request, rows, &score);
    assert_int_equal(score.asked, 3);
    assert_int_equal(score.outcomes[OUTCOME_CAUGHT], 2);
    assert_int_equal(score.outcomes[OUTCOME_MISSED], 1);
    assert_int_equal(score.outcomes[OUTCOME_NEEDLESS], 1);
    CHECK_NEAR(score.recall, 2.0 / 3.0, 1e-12);
    CHECK_NEAR(score.precision, 2.0 / 4.0, 1e-12); /* of pages: 2 right, 1 needless, 1 false */
    assert_int_equal(score.ttd_median_us, MIN(14));
    assert_int_equal(score.episodes, 4);
    assert_int_equal(score.false_pages, 1);
    CHECK_NEAR(score.worst_burned_at_page, 0.15, 1e-12);
    assert_true(isnan(score.quiet_per_30d));
}

/* The load is to blame, and nobody says from when. */
static void without_a_fault_the_whole_run_is_the_incident(void **state)
{
    (void)state;
    const struct alert_change changes[] = {at(10, ALERT_FIRED, PAGING), at(10, ALERT_TOLD, PAGING)};
    struct alert_score_drill drill = drill_of(changes, 2);
    drill.fault_us = drill.clear_us = drill.impact_us = NEVER;
    const struct alert_score_request request = request_of(&drill, 1);
    struct alert_score_row row;
    struct alert_score score;
    alert_score(&request, &row, &score);
    assert_int_equal(row.outcome, OUTCOME_CAUGHT);
    assert_true(row.ttd_us == ALERT_SCORE_UNTIMED);
    assert_int_equal(row.pages, 1);
    assert_int_equal(row.false_pages, 0);
    assert_int_equal(row.reset_us, -1);
    CHECK_NEAR(row.burned, 0.3, 1e-12);
    CHECK_NEAR(score.precision, 1.0, 0.0);
    assert_int_equal(score.asked, 1);
    assert_int_equal(score.ttd_median_us, NEVER); /* of nothing timed */
    drill.bad = (uint32_t[MINUTES]){0};
    alert_score(&request, &row, &score);
    assert_int_equal(row.outcome, OUTCOME_NEEDLESS);
}

static void a_median_of_mostly_never_is_never(void **state)
{
    (void)state;
    const struct alert_change later[] = {at(45, ALERT_FIRED, PAGING)};
    const struct alert_score_drill drills[] = {drill_of(later, 1), drill_of(NULL, 0),
                                               drill_of(NULL, 0)};
    struct alert_score_row rows[3];
    struct alert_score score;
    for (uint32_t count = 0; count <= 3; count++) {
        const struct alert_score_request request = request_of(drills, count);
        alert_score(&request, rows, &score);
        assert_int_equal(score.ttd_median_us, count == 1 || count == 2 ? MIN(14) : NEVER);
    }
}

static void false_pages_of_quiet_days_have_an_interval(void **state)
{
    (void)state;
    const struct alert_change told[] = {at(5, ALERT_FIRED, PAGING), at(5, ALERT_TOLD, PAGING),
                                        at(9, ALERT_TOLD, TICKETING), at(500, ALERT_TOLD, PAGING)};
    struct alert_score_request request = request_of(NULL, 0);
    struct alert_score score;
    request.quiet = told;
    request.quiet_count = 4;
    request.quiet_us = 10 * US_PER_DAY;
    alert_score(&request, NULL, &score);
    assert_int_equal(score.quiet_pages, 2);
    CHECK_NEAR(score.quiet_per_30d, 6.0, 1e-12);
    CHECK_NEAR(score.quiet_low, 3 * 0.242, 2e-3); /* Garwood: 2 events are 0.242 to 7.225 */
    CHECK_NEAR(score.quiet_high, 3 * 7.225, 2e-3);
    CHECK_NEAR(score.tickets_per_30d, 3.0, 1e-12);
    request.quiet_count = 0;
    alert_score(&request, NULL, &score);
    CHECK_NEAR(score.quiet_per_30d, 0.0, 0.0);
    CHECK_NEAR(score.quiet_high, 3 * 3.689, 2e-3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_when_it_was_detected_and_what_that_cost),
        cmocka_unit_test(judges_by_what_users_lost),
        cmocka_unit_test(a_reset_is_when_nothing_pages_any_more),
        cmocka_unit_test(sums_up_a_rule_set),
        cmocka_unit_test(without_a_fault_the_whole_run_is_the_incident),
        cmocka_unit_test(a_median_of_mostly_never_is_never),
        cmocka_unit_test(false_pages_of_quiet_days_have_an_interval),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
