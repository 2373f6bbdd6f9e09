/* tests/support.h - what every test shares: cmocka, rows that name themselves, draws, files.
 *
 * A table test calls CHECK_ROW(label, condition) so that a failure prints the row. Random input
 * comes from test_bits(), a pure function of its two numbers: a failing case is repeated by its
 * index.
 *
 * Ownership: texts made here are malloc'd, and the test frees them.
 * Failure:   anything that goes wrong in here fails the test that asked.
 */
#ifndef TESTS_SUPPORT_H
#define TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "router/base/err.h"
#include "router/base/random.h"

/* Fails with the row's own name in front of the place and the condition. */
#define CHECK_ROW(label, condition)                                                                \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            print_error("row: %s\n", (label));                                                     \
            fail_msg("%s", #condition);                                                            \
        }                                                                                          \
    } while (0)

/* As CHECK_ROW for two texts, which are shown. */
#define CHECK_ROW_TEXT(label, actual, expected)                                                    \
    do {                                                                                           \
        if (strcmp((actual), (expected)) != 0) {                                                   \
            print_error("row: %s\n  is:     %s\n  should: %s\n", (label), (actual), (expected));   \
            fail_msg("%s", #actual);                                                               \
        }                                                                                          \
    } while (0)

/* Passes when two doubles lie no further apart than `tolerance`; a NaN never passes. */
#define CHECK_NEAR(actual, expected, tolerance)                                                    \
    do {                                                                                           \
        const double actual_ = (actual);                                                           \
        const double expected_ = (expected);                                                       \
        if (!(fabs(actual_ - expected_) <= (tolerance))) {                                         \
            print_error("is %.17g, should be %.17g\n", actual_, expected_);                        \
            fail_msg("%s", #actual);                                                               \
        }                                                                                          \
    } while (0)

/* Draw number `index` of a test's random input. */
static inline uint64_t test_bits(uint64_t seed, uint64_t index)
{
    return random_draw(random_key(UINT64_C(0x7E57), seed), index);
}

/* A text as a JSON or CSV reader sees it: bytes and their count, without the NUL. */
#define BYTES_OF(text) (text), strlen(text)

/* What err_print() writes. Not inlined: gcc 12 would take the stream's text for a pointer to a
 * local. */
__attribute__((noinline, unused)) static char *test_err_text(const struct err *err,
                                                             const char *source, bool color)
{
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    assert_non_null(stream);
    err_print(stream, err, source, color);
    assert_int_equal(fclose(stream), 0);
    return text;
}

enum { TEST_PATH_MAX = 64 };

/* Writes a file of its own for a test, which unlinks it. */
static inline void test_write_file(const char *bytes, size_t length, char path[TEST_PATH_MAX])
{
    (void)snprintf(path, TEST_PATH_MAX, "/tmp/routesim-test-XXXXXX");
    const int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    FILE *stream = fdopen(descriptor, "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(bytes, 1, length, stream), length);
    assert_int_equal(fclose(stream), 0);
}

#endif
