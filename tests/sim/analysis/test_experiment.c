/* Goal: the same arms as GrowthBook assigns, and the verdict that the header's rule gives. Method:
 * FNV's and GrowthBook's published vectors (sdk-js, cases.json: hash version 2 and bucket ranges);
 * counts of arms over many ids; a table of evidence, a row a clause of the rule. */
#include "tests/support.h"

#include "sim/analysis/experiment.h"

/* ---- assignment ---- */

static void hashes_as_fnv_does(void **state)
{
    (void)state;
    assert_int_equal(experiment_fnv1a32("", 0), 0x811C9DC5u);
    assert_int_equal(experiment_fnv1a32("a", 1), 0xE40C292Cu);
    assert_int_equal(experiment_fnv1a32("ab", 2), 0x4D2505CAu);
    assert_int_equal(experiment_fnv1a32("foobar", 6), 0xBF9CF968u);
}

static void gives_growthbooks_buckets(void **state)
{
    (void)state;
    static const struct {
        const char *salt, *id;
        uint32_t bucket;
    } rows[] = {{"seed", "a", 505},
                {"seed", "b", 2696},
                {"foo", "ab", 2575},
                {"foo", "def", 2019},
                {"89123klj", "8952klfjas09ujkasdf", 1240},
                {"90850943850283058242805", "123", 7516},
                {"()**(%$##$%#$#", "___)((*\":&", 128}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CHECK_ROW(rows[i].salt, experiment_bucket(rows[i].salt, rows[i].id) == rows[i].bucket);
}

static void gives_growthbooks_bucket_ranges(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        struct experiment_plan plan;
        uint32_t from[4], to[4];
    } rows[] = {
        {"halves", {"s", {5000, 5000}, 2, 10000}, {0, 5000}, {5000, 10000}},
        {"halves, half covered", {"s", {5000, 5000}, 2, 5000}, {0, 5000}, {2500, 7500}},
        {"halves, nobody", {"s", {5000, 5000}, 2, 0}, {0, 5000}, {0, 5000}},
        {"quarters",
         {"s", {2500, 2500, 2500, 2500}, 4, 10000},
         {0, 2500, 5000, 7500},
         {2500, 5000, 7500, 10000}},
        {"two to three", {"s", {4000, 6000}, 2, 10000}, {0, 4000}, {4000, 10000}},
        {"three uneven, a fifth covered",
         {"s", {2000, 3000, 5000}, 3, 2000},
         {0, 2000, 5000},
         {400, 2600, 6000}},
        {"shares that do not divide", {"s", {3333, 6667}, 2, 1}, {0, 3333}, {1, 3334}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_true(experiment_plan_is_valid(&rows[i].plan));
        for (uint32_t bucket = 0; bucket < EXPERIMENT_BUCKETS; bucket++) {
            uint32_t expected = EXPERIMENT_OUTSIDE;
            for (uint32_t arm = 0; arm < rows[i].plan.arms; arm++)
                if (bucket >= rows[i].from[arm] && bucket < rows[i].to[arm]) expected = arm;
            CHECK_ROW(rows[i].label, experiment_arm(&rows[i].plan, bucket) == expected);
        }
    }
}

static void moves_nobody_when_more_are_let_in(void **state)
{
    (void)state;
    struct experiment_plan plan = {"ramp", {3000, 3000, 4000}, 3, 0};
    uint32_t arms[500];
    for (int i = 0; i < 500; i++)
        arms[i] = EXPERIMENT_OUTSIDE;
    for (plan.coverage = 0; plan.coverage <= EXPERIMENT_BUCKETS; plan.coverage += 500) {
        for (uint64_t id = 0; id < 500; id++) {
            const uint32_t arm = experiment_assign_number(&plan, id);
            if (arms[id] != EXPERIMENT_OUTSIDE) assert_int_equal(arm, arms[id]);
            arms[id] = arm;
        }
    }
    for (int i = 0; i < 500; i++)
        assert_true(arms[i] < 3);
}

static void gives_a_number_the_arm_of_its_digits(void **state)
{
    (void)state;
    const struct experiment_plan plan = {"x", {1000, 2000, 3000, 4000}, 4, 9000};
    assert_int_equal(experiment_assign_number(&plan, 0), experiment_assign(&plan, "0"));
    assert_int_equal(experiment_assign_number(&plan, UINT64_MAX),
                     experiment_assign(&plan, "18446744073709551615"));
}

static void gives_arms_their_shares_whatever_the_salt(void **state)
{
    (void)state;
    enum { IDS = 40000 };
    static const char *const salts[] = {"", "tune", "price-first 2026-03", "tunf"};
    const double shares[] = {0.1, 0.25, 0.65};
    uint64_t both = 0; /* in arm 2 of the first two experiments */
    for (size_t s = 0; s < sizeof salts / sizeof *salts; s++) {
        const struct experiment_plan plan = {salts[s], {1000, 2500, 6500}, 3, 10000};
        const struct experiment_plan other = {"tune", {1000, 2500, 6500}, 3, 10000};
        uint64_t counts[3] = {0};
        both = 0;
        for (uint64_t id = 0; id < IDS; id++) {
            const uint32_t arm = experiment_assign_number(&plan, id);
            counts[arm]++;
            both += arm == 2 && experiment_assign_number(&other, id) == 2;
        }
        assert_true(stats_srm_test(counts, shares, 3).p > STATS_SRM_ALPHA);
        /* Another salt is another draw: 0.65 of 0.65 are in both, +- 4 standard errors. */
        if (strcmp(salts[s], "tune") != 0)
            CHECK_NEAR((double)both / IDS, 0.65 * 0.65, 4.0 * 0.5 / sqrt((double)IDS));
    }
}

static void knows_a_plan_that_cannot_be(void **state)
{
    (void)state;
    const struct experiment_plan plans[] = {{NULL, {5000, 5000}, 2, 10000},
                                            {"s", {5000, 4999}, 2, 10000},
                                            {"s", {10000}, 1, 10000},
                                            {"s", {5000, 5000}, 2, 10001},
                                            {"s", {5000, 5000}, EXPERIMENT_ARMS_MAX + 1, 10000},
                                            {"s", {UINT32_MAX, 10001}, 2, 10000}};
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++)
        assert_false(experiment_plan_is_valid(&plans[i]));
}

/* ---- verdict ---- */

#define FIXED  EXPERIMENT_FIXED_HORIZON
#define ALWAYS EXPERIMENT_ALWAYS_VALID

static void judges_in_the_order_of_precedence(void **state)
{
    (void)state;
    static const struct experiment_guardrail kept[] = {{0.01, 0.99, FIXED}, {0.02, 0.98, FIXED}};
    static const struct experiment_guardrail open[] = {{0.01, 0.99, FIXED}, {0.3, 0.7, FIXED}};
    static const struct experiment_guardrail harm[] = {{0.01, 0.99, FIXED}, {0.999, 0.001, FIXED}};
    static const struct experiment_guardrail mild[] = {{0.97, 0.03, FIXED}, {0.5, 0.5, FIXED}};
    static const struct experiment_guardrail seen[] = {{0.01, 0.99, ALWAYS},
                                                       {0.999, 0.001, ALWAYS}};
    static const struct experiment_guardrail fine[] = {{0.01, 0.99, ALWAYS}};
    static const struct experiment_guardrail blank[] = {{NAN, NAN, FIXED}};
    static const struct {
        const char *label;
        struct experiment_evidence evidence;
        enum experiment_verdict verdict;
        enum experiment_reason reason;
        uint32_t guardrail;
    } rows[] = {
        {"mismatch goes before all",
         {{5.0, 1e-9, true, FIXED}, harm, 2, 0.0009, 0.05, 100, 100},
         EXPERIMENT_INVALID_SRM,
         EXPERIMENT_BY_SRM,
         UINT32_MAX},
        {"mismatch is said early too",
         {{5.0, 0.5, true, FIXED}, NULL, 0, 1e-6, 0.05, 10, 100},
         EXPERIMENT_INVALID_SRM,
         EXPERIMENT_BY_SRM,
         UINT32_MAX},
        {"a breach goes before a win",
         {{5.0, 1e-9, true, FIXED}, harm, 2, 0.5, 0.05, 100, 100},
         EXPERIMENT_GUARDRAIL_BREACHED,
         EXPERIMENT_BY_GUARDRAIL,
         1},
        {"a breach by luck is none after Holm",
         {{5.0, 0.2, true, FIXED}, mild, 2, 0.5, 0.05, 100, 100},
         EXPERIMENT_NOT_SIGNIFICANT,
         EXPERIMENT_BY_GOAL_OPEN,
         UINT32_MAX},
        {"a fixed guardrail does not count early",
         {{5.0, 0.2, true, FIXED}, harm, 2, 0.5, 0.05, 99, 100},
         EXPERIMENT_COLLECTING_DATA,
         EXPERIMENT_BY_TOO_FEW,
         UINT32_MAX},
        {"an always-valid one does",
         {{5.0, 0.2, true, FIXED}, seen, 2, 0.5, 0.05, 99, 100},
         EXPERIMENT_GUARDRAIL_BREACHED,
         EXPERIMENT_BY_GUARDRAIL,
         1},
        {"too few",
         {{5.0, 1e-9, true, FIXED}, kept, 2, 0.5, 0.05, 99, 100},
         EXPERIMENT_COLLECTING_DATA,
         EXPERIMENT_BY_TOO_FEW,
         UINT32_MAX},
        {"enough",
         {{5.0, 0.05, true, FIXED}, kept, 2, 0.5, 0.05, 100, 100},
         EXPERIMENT_VARIANT_WINS,
         EXPERIMENT_BY_GOAL,
         UINT32_MAX},
        {"less is better",
         {{-5.0, 0.01, false, FIXED}, NULL, 0, NAN, 0.05, 100, 100},
         EXPERIMENT_VARIANT_WINS,
         EXPERIMENT_BY_GOAL,
         UINT32_MAX},
        {"worse",
         {{-5.0, 0.01, true, FIXED}, kept, 2, 0.5, 0.05, 100, 100},
         EXPERIMENT_VARIANT_LOSES,
         EXPERIMENT_BY_GOAL,
         UINT32_MAX},
        {"worse where less is better",
         {{5.0, 0.01, false, FIXED}, open, 2, 0.5, 0.05, 100, 100},
         EXPERIMENT_VARIANT_LOSES,
         EXPERIMENT_BY_GOAL,
         UINT32_MAX},
        {"no difference seen",
         {{5.0, 0.0501, true, FIXED}, kept, 2, 0.5, 0.05, 100, 100},
         EXPERIMENT_NOT_SIGNIFICANT,
         EXPERIMENT_BY_GOAL_OPEN,
         UINT32_MAX},
        {"not known",
         {{NAN, NAN, true, FIXED}, kept, 2, 0.5, 0.05, 100, 100},
         EXPERIMENT_NOT_SIGNIFICANT,
         EXPERIMENT_BY_GOAL_UNKNOWN,
         UINT32_MAX},
        {"a guardrail not shown to be kept",
         {{5.0, 0.01, true, FIXED}, open, 2, 0.5, 0.05, 100, 100},
         EXPERIMENT_NOT_SIGNIFICANT,
         EXPERIMENT_BY_GUARDRAIL,
         1},
        {"a guardrail of which nothing is known",
         {{5.0, 0.01, true, FIXED}, blank, 1, 0.5, 0.05, 100, 100},
         EXPERIMENT_NOT_SIGNIFICANT,
         EXPERIMENT_BY_GUARDRAIL,
         0},
        {"a win seen early, always-valid",
         {{5.0, 0.01, true, ALWAYS}, fine, 1, 0.5, 0.05, 20, 100},
         EXPERIMENT_VARIANT_WINS,
         EXPERIMENT_BY_GOAL,
         UINT32_MAX},
        {"a loss seen early, without a plan",
         {{-5.0, 0.01, true, ALWAYS}, kept, 2, 0.5, 0.05, 20, 0},
         EXPERIMENT_VARIANT_LOSES,
         EXPERIMENT_BY_GOAL,
         UINT32_MAX},
        {"a win seen early waits for guardrails of a fixed horizon",
         {{5.0, 0.01, true, ALWAYS}, kept, 2, 0.5, 0.05, 20, 100},
         EXPERIMENT_COLLECTING_DATA,
         EXPERIMENT_BY_GUARDRAIL,
         0},
        {"nothing planned is never reached",
         {{5.0, 0.01, true, FIXED}, NULL, 0, 0.5, 0.05, 1000000, 0},
         EXPERIMENT_COLLECTING_DATA,
         EXPERIMENT_BY_TOO_FEW,
         UINT32_MAX},
        {"always-valid and open at the planned n",
         {{5.0, 0.3, true, ALWAYS}, fine, 1, 0.5, 0.05, 100, 100},
         EXPERIMENT_NOT_SIGNIFICANT,
         EXPERIMENT_BY_GOAL_OPEN,
         UINT32_MAX},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct experiment_judgement is = experiment_judge(&rows[i].evidence);
        CHECK_ROW_TEXT(rows[i].label, experiment_verdict_names[is.verdict],
                       experiment_verdict_names[rows[i].verdict]);
        CHECK_ROW(rows[i].label, is.reason == rows[i].reason);
        CHECK_ROW(rows[i].label, is.guardrail == rows[i].guardrail);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_as_fnv_does),
        cmocka_unit_test(gives_growthbooks_buckets),
        cmocka_unit_test(gives_growthbooks_bucket_ranges),
        cmocka_unit_test(moves_nobody_when_more_are_let_in),
        cmocka_unit_test(gives_a_number_the_arm_of_its_digits),
        cmocka_unit_test(gives_arms_their_shares_whatever_the_salt),
        cmocka_unit_test(knows_a_plan_that_cannot_be),
        cmocka_unit_test(judges_in_the_order_of_precedence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
