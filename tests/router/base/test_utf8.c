/* Goal: exactly the characters of Unicode are read, and a cut never splits one.
 * Method: every code point there and back; every pair and many triples of bytes against a table of
 * what may follow what. */
#include "router/base/utf8.h"
#include "tests/support.h"

static unsigned encode(uint32_t code, char bytes[4])
{
    if (code < 0x80) {
        bytes[0] = (char)code;
        return 1;
    }
    const unsigned length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (unsigned i = length - 1; i > 0; i--) {
        bytes[i] = (char)(0x80 | (code & 0x3F));
        code >>= 6;
    }
    bytes[0] = (char)((0xF00u >> length & 0xFF) | code);
    return length;
}

static void reads_every_character_and_no_surrogate(void **state)
{
    (void)state;
    for (uint32_t code = 0; code < 0x120000; code++) {
        char bytes[4] = {0};
        const unsigned length = encode(code, bytes);
        const bool valid = code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
        uint32_t read = UINT32_MAX;
        assert_int_equal(utf8_read(bytes, length, &read), valid ? length : 0);
        assert_int_equal(read, valid ? code : UINT32_MAX);
        assert_int_equal(utf8_read(bytes, length - 1, &read), 0);
    }
}

/* The number of byte strings that are one character is the number of characters: none is read from
 * two different strings, so there are no overlong forms. */
static void reads_each_character_from_one_form_only(void **state)
{
    (void)state;
    uint32_t characters = 0;
    for (uint32_t bits = 0; bits < UINT32_C(1) << 24; bits++) {
        const char bytes[3] = {(char)(bits >> 16), (char)(bits >> 8), (char)bits};
        uint32_t code;
        const unsigned length = utf8_read(bytes, 3, &code);
        if (length == 3) characters++;
        if (length == 2 && (bits & 0xFF) == 0) characters++;
        if (length == 1 && (bits & 0xFFFF) == 0) characters++;
    }
    assert_int_equal(characters, 0x10000 - 0x800);
}

static void counts_a_bad_byte_as_one_character(void **state)
{
    (void)state;
    assert_int_equal(utf8_count("", 0), 0);
    assert_int_equal(utf8_count("a\u00E9\u20AC\U0001F95B", 10), 4);
    assert_int_equal(utf8_count("\xFF\xC3(\x80", 4), 4);
}

static void shows_no_control_and_no_mark_of_direction(void **state)
{
    (void)state;
    static const uint32_t hidden[] = {0,      0x0A,   0x1B,   0x7F,   0x80,   0x9B,  0x9F,
                                      0x200E, 0x2028, 0x202E, 0x2066, 0x2069, 0xFEFF};
    static const uint32_t shown[] = {0x20,   0x7E,   0xA0,   0xE9,   0x2010,
                                     0x202F, 0x2065, 0x206A, 0x1F95B};
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
        assert_false(utf8_is_visible(hidden[i]));
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        assert_true(utf8_is_visible(shown[i]));
}

static void cuts_between_characters(void **state)
{
    (void)state;
    static const char text[] = "a\u00E9\u20AC\U0001F95B";
    static const size_t whole[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10};
    for (size_t length = 0; length < sizeof text; length++) {
        assert_int_equal(utf8_whole(text, length), whole[length]);
    }
    assert_int_equal(utf8_whole("\x80\x80\x80\x80", 4), 4);
    assert_int_equal(utf8_whole("\xFF", 1), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_character_and_no_surrogate),
        cmocka_unit_test(reads_each_character_from_one_form_only),
        cmocka_unit_test(counts_a_bad_byte_as_one_character),
        cmocka_unit_test(shows_no_control_and_no_mark_of_direction),
        cmocka_unit_test(cuts_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
