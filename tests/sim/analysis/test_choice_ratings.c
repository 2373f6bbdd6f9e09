/* Goal: a file of purchases and ratings is read as it stands, with its coverage, and refused by the
 * place of what is wrong; the survey's share is of those who answered.
 * Method: files in memory, good and bad, the message and place of each; Wilson's interval in
 * closed form; every allocation failing once. */
#include "tests/support.h"

#include "router/base/memory.h"
#include "sim/analysis/choice_ratings.h"
#include "sim/analysis/choice_tastes.h"

static bool read_text(struct choice_ratings *ratings, const char *text, uint32_t orders,
                      struct err *err)
{
    return choice_ratings_from_bytes(ratings, "ratings.csv", BYTES_OF(text), orders, err);
}

static void rows_stand_by_their_order(void **state)
{
    (void)state;
    struct choice_ratings ratings;
    struct err err;
    assert_true(read_text(&ratings,
                          "rating,note,order_index,bought\n"
                          "5,\"good, fast\",4,1\r\n"
                          ",,1,0\n"
                          ",,0,1\n"
                          "2,,17,1\n",
                          6, &err));
    const uint8_t bought[6] = {1, 0, CHOICE_UNKNOWN, CHOICE_UNKNOWN, 1, CHOICE_UNKNOWN};
    const uint8_t rated[6] = {0, 0, 0, 0, 5, 0};
    assert_memory_equal(ratings.bought, bought, sizeof bought);
    assert_memory_equal(ratings.ratings, rated, sizeof rated);
    assert_int_equal(ratings.lines[4], 2);
    assert_int_equal(ratings.lines[0], 4);
    assert_int_equal(ratings.lines[2], 0);
    assert_int_equal(ratings.rows, 4);
    assert_int_equal(ratings.foreign, 1); /* order 17 */
    assert_int_equal(ratings.known, 3);
    assert_int_equal(ratings.purchases, 2);
    assert_int_equal(ratings.rated, 1);
    choice_ratings_release(&ratings);
    choice_ratings_release(&ratings);
}

static void a_file_is_read_as_its_bytes_are(void **state)
{
    (void)state;
    const char *text = "order_index,bought,rating\n0,1,4\n";
    char path[TEST_PATH_MAX];
    test_write_file(BYTES_OF(text), path);
    struct choice_ratings ratings;
    struct err err;
    assert_true(choice_ratings_read(&ratings, path, 1, &err));
    assert_int_equal(ratings.ratings[0], 4);
    choice_ratings_release(&ratings);
    assert_int_equal(unlink(path), 0);
    assert_false(choice_ratings_read(&ratings, path, 1, &err));
    assert_true(err.code != ERR_NONE);
    assert_null(ratings.bought);
}

struct refused {
    const char *text;
    uint32_t line, column;
    const char *message;
};

#define HEAD "order_index,bought,rating\n"

static const struct refused refused[] = {
    {"", 0, 0, "is empty"},
    {HEAD, 0, 0, "has no rows"},
    {"order,bought,rating\n0,1,\n", 1, 1, "there is no column \"order_index\""},
    {"order_index,bought\n0,1\n", 1, 1, "there is no column \"rating\""},
    {HEAD "0,1,5\n1,yes,\n", 3, 3, "\"yes\" is neither 0 nor 1: was it bought?"},
    {HEAD "0,2,\n", 2, 3, "\"2\" is neither 0 nor 1: was it bought?"},
    {HEAD "0,,\n", 2, 3, "\"\" is neither 0 nor 1: was it bought?"},
    {HEAD "-1,1,\n", 2, 1, "\"-1\" is no order's index"},
    {HEAD "1e3,1,\n", 2, 1, "\"1e3\" is no order's index"},
    {HEAD "99999999999,1,\n", 2, 1, "\"99999999999\" is no order's index"},
    {HEAD "0,1,6\n", 2, 5, "\"6\" is no rating from 1 to 5, and not empty"},
    {HEAD "0,1,0\n", 2, 5, "\"0\" is no rating from 1 to 5, and not empty"},
    {HEAD "0,1,4.5\n", 2, 5, "\"4.5\" is no rating from 1 to 5, and not empty"},
    {HEAD "0,0,3\n", 2, 5, "order 0 was rated and not bought"},
    {HEAD "0,1\n", 2, 1, "the row has only 2 fields"},
    {HEAD "0,1,\n2,0,\n0,1,\n", 4, 1, "order 0 comes twice: it stands in line 2 already"},
    {HEAD "0,1,\"5\n", 2, 5, NULL}, /* the reader's own */
    {HEAD "3,1,\n4,1,5\n", 0, 0,
     "none of its 2 orders is among the 3 of this data: order_index counts from 0"},
};

static void what_is_wrong_is_named_by_its_place(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof refused / sizeof *refused; i++) {
        const struct refused *row = &refused[i];
        struct choice_ratings ratings;
        struct err err;
        CHECK_ROW(row->text, !read_text(&ratings, row->text, 3, &err));
        CHECK_ROW(row->text, err.code == ERR_INPUT);
        if (row->message != NULL) CHECK_ROW_TEXT(row->text, err.message, row->message);
        CHECK_ROW_TEXT(row->text, err.place.file, "ratings.csv");
        CHECK_ROW(row->text, err.place.line == row->line);
        CHECK_ROW(row->text, err.place.column == row->column);
        CHECK_ROW(row->text, ratings.bought == NULL && ratings.orders == 0);
    }
}

/* ---- the survey ---- */

static void the_share_is_of_those_who_answered(void **state)
{
    (void)state;
    struct choice_ratings ratings;
    struct err err;
    assert_true(read_text(
        &ratings, HEAD "0,1,5\n1,1,4\n2,1,3\n3,1,1\n4,1,\n5,0,\n6,1,\n7,1,4\n8,1,\n", 12, &err));
    struct choice_csat csat = choice_csat(&ratings, NULL, 0.95);
    assert_int_equal(csat.asked, 8);
    assert_int_equal(csat.answered, 5);
    assert_int_equal(csat.satisfied, 3);
    CHECK_NEAR(csat.share, 0.6, 1e-15);
    CHECK_NEAR(csat.silent, 3.0 / 8.0, 1e-15);
    const double z = 1.959963984540054, n = 5, p = 0.6, whole = 1 + z * z / n;
    const double reach = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / whole;
    CHECK_NEAR(csat.low, (p + z * z / (2 * n)) / whole - reach, 1e-12);
    CHECK_NEAR(csat.high, (p + z * z / (2 * n)) / whole + reach, 1e-12);

    const uint8_t among[12] = {1, 0, 1, 0, 1, 1, 1, 0, 0, 1, 1, 1};
    csat = choice_csat(&ratings, among, 0.95);
    assert_int_equal(csat.asked, 4);
    assert_int_equal(csat.answered, 2);
    assert_int_equal(csat.satisfied, 1);

    const uint8_t silent[12] = {0, 0, 0, 0, 1, 0, 1};
    csat = choice_csat(&ratings, silent, 0.95);
    assert_true(isnan(csat.share));
    CHECK_NEAR(csat.silent, 1.0, 0.0);
    CHECK_NEAR(csat.low, 0.0, 0.0);
    CHECK_NEAR(csat.high, 1.0, 0.0);

    const uint8_t nobody[12] = {0, 0, 0, 0, 0, 1};
    csat = choice_csat(&ratings, nobody, 0.95);
    assert_int_equal(csat.asked, 0);
    assert_true(isnan(csat.share) && isnan(csat.silent));
    choice_ratings_release(&ratings);
}

static void no_memory_is_an_error_and_leaves_none_behind(void **state)
{
    (void)state;
    unsigned failures = 0;
    for (uint32_t countdown = 1; countdown < 20; countdown++) {
        struct choice_ratings ratings;
        struct err err;
        memory_fail_after(countdown);
        const bool done = read_text(&ratings, HEAD "0,1,5\n", 3, &err);
        memory_fail_after(0);
        if (done) {
            choice_ratings_release(&ratings);
            break;
        }
        assert_int_equal(err.code, ERR_ENVIRONMENT);
        assert_null(ratings.lines);
        failures++;
    }
    assert_int_equal(failures, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_stand_by_their_order),
        cmocka_unit_test(a_file_is_read_as_its_bytes_are),
        cmocka_unit_test(what_is_wrong_is_named_by_its_place),
        cmocka_unit_test(the_share_is_of_those_who_answered),
        cmocka_unit_test(no_memory_is_an_error_and_leaves_none_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
