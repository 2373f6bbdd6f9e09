/* The house form of a whole quote. Goal: its request to the byte, from whichever provider; amounts
 * and counts of lines held to their bounds. Method: golden requests, replies nearly right. */
#include "tests/providers/codec_fixture.h"

static struct codec_fixture f;

static int open_fixture(void **state)
{
    (void)state;
    fixture_open(&f, PROVIDER_KROGER_API, API_STANDARD);
    return 0;
}

static int close_fixture(void **state)
{
    (void)state;
    fixture_close(&f);
    return 0;
}

#define ITEMS                                                                                      \
    "[{\"name\":\"Whole Milk\",\"quantity\":2},"                                                   \
    "{\"name\":\"Ben & Jerry's 50% \\\"Half\\\" Baked\",\"quantity\":1},"                          \
    "{\"name\":\"Cr\xC3\xA8me\\n+/?#\",\"quantity\":3},{\"name\":\"Whole Milk\",\"quantity\":1}]"

static void every_provider_is_asked_in_the_same_form(void **state)
{
    (void)state;
    for (enum provider provider = 0; provider < PROVIDER_COUNT; provider++) {
        for (enum api api = 0; api < API_COUNT; api++) {
            if (!api_exists(provider, api)) continue;
            struct codec_fixture other;
            fixture_open(&other, provider, api);
            assert_string_equal(fixture_encode(&other, OPERATION_SINGLE),
                                "POST /single/v1/quote\nAccept: application/json\n"
                                "Authorization: Basic dGhlIGlkOnMzY3JldC8r\n" FIXTURE_KEY_LINE
                                "0\n\napplication/json: {\"items\":" ITEMS
                                ",\"postal_code\":\"45202\"}");
            fixture_close(&other);
        }
    }
}

#define MONEY "\"subtotal_cents\":1917,\"fee_cents\":499,\"tax_cents\":173"
#define LINES "\"found\":3,\"substituted\":1"

static void a_whole_quote_is_read(void **state)
{
    (void)state;
    static const char body[] =
        "{" MONEY ",\"eta_minutes_min\":25,\"eta_minutes_max\":40," LINES "}";
    const struct reply reply = fixture_decode(&f, OPERATION_SINGLE, 200, body);
    assert_int_equal(reply.body, BODY_GOOD);
    assert_int_equal(reply.as.quote.subtotal_cents, 1917);
    assert_int_equal(reply.as.quote.fee_cents, 499);
    assert_int_equal(reply.as.quote.tax_cents, 173);
    assert_int_equal(reply.as.quote.eta_minutes_min, 25);
    assert_int_equal(reply.as.quote.eta_minutes_max, 40);
    assert_int_equal(reply.as.quote.found, 3);
    assert_int_equal(reply.as.quote.substituted, 1);
    fixture_check_guards(&f, OPERATION_SINGLE, body);
}

static void quotes_nearly_right_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        bool good;
    } rows[] = {
        {"{" MONEY "," LINES "}", true},
        {"{\"subtotal_cents\":0," LINES "}", true},
        {"{\"subtotal_cents\":\"12\"," LINES "}", true},
        {"{" MONEY ",\"found\":0,\"substituted\":0}", true},
        {"{" MONEY ",\"found\":4,\"substituted\":0}", true},
        {"{" MONEY ",\"found\":4,\"substituted\":1}", false},
        {"{" MONEY ",\"found\":5,\"substituted\":0}", false},
        {"{" MONEY ",\"found\":-1,\"substituted\":0}", false},
        {"{" MONEY ",\"found\":1.5,\"substituted\":0}", false},
        {"{" MONEY ",\"found\":65540,\"substituted\":0}", false},
        {"{" MONEY ",\"found\":1}", false},
        {"{" MONEY "}", false},
        {"{" LINES "}", false},
        {"{\"subtotal_cents\":null," LINES "}", false},
        {"{\"subtotal_cents\":-1," LINES "}", false},
        {"{\"subtotal_cents\":1e10," LINES "}", false},
        {"{\"subtotal_cents\":1,\"fee_cents\":-1," LINES "}", false},
        {"{\"subtotal_cents\":1,\"tax_cents\":\"free\"," LINES "}", false},
        {"{\"subtotal_cents\":1,\"eta_minutes_min\":-5," LINES "}", false},
        {"[" MONEY "]", false},
        {"[]", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct reply reply = fixture_decode(&f, OPERATION_SINGLE, 200, rows[i].body);
        CHECK_ROW(rows[i].body, (reply.body == BODY_GOOD) == rows[i].good);
        CHECK_ROW(rows[i].body, rows[i].good || fixture_is_blank(&reply));
    }
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, open_fixture, close_fixture)
    const struct CMUnitTest tests[] = {
        TEST(every_provider_is_asked_in_the_same_form),
        TEST(a_whole_quote_is_read),
        TEST(quotes_nearly_right_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
