/* Goal: records come out as they were meant, with their places; a broken one stops the reading.
 * Method: tables; random records through text_csv() and back; a fault sweep. */
#include "router/base/csv.h"
#include "router/base/memory.h"
#include "router/base/text.h"
#include "tests/support.h"

/* Reads all records into one text: fields between brackets, records on lines. */
static struct text read_all(struct csv *csv, struct err *err)
{
    struct text seen = {0};
    while (csv_next(csv, err)) {
        text_format(&seen, "%u:", (unsigned)csv->line);
        for (uint32_t i = 0; i < csv->count; i++)
            text_format(&seen, "[%s]", csv->fields[i]);
        text_char(&seen, '\n');
    }
    text_put(&seen, "");
    return seen;
}

struct row {
    const char *text;
    const char *seen;
};

static void reads_records(void **state)
{
    (void)state;
    const struct row rows[] = {
        {"", ""},
        {"\n\r\n\n", ""},
        {"a", "1:[a]\n"},
        {"a,b\nc,d\n", "1:[a][b]\n2:[c][d]\n"},
        {"a,b\r\nc,d", "1:[a][b]\n2:[c][d]\n"},
        {"a,\n,b\n,,\n", "1:[a][]\n2:[][b]\n3:[][][]\n"},
        {"\n\na\n\nb", "3:[a]\n5:[b]\n"},
        {" a , b ", "1:[ a ][ b ]\n"},
        {"\"a\",\"\"\n\"\"", "1:[a][]\n2:[]\n"},
        {"\"a,b\",\"say \"\"hi\"\"\"", "1:[a,b][say \"hi\"]\n"},
        {"\"a\nb\",c\nd", "1:[a\nb][c]\n3:[d]\n"},
        {"\"a\r\nb\"\r\nc", "1:[a\r\nb]\n3:[c]\n"},
        {"a\"b,c", "1:[a\"b][c]\n"},
        {"a\rb,c\r", "1:[a\rb][c\r]\n"},
        {"\xEF\xBB\xBFid,n\n1,2", "1:[id][n]\n2:[1][2]\n"},
        {"\"\"\"\"", "1:[\"]\n"},
        {"caf\u00E9,\xFF", "1:[caf\u00E9][\xFF]\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct csv csv;
        struct err err;
        CHECK_ROW(rows[i].text, csv_from_bytes(&csv, "f.csv", BYTES_OF(rows[i].text), &err));
        struct text seen = read_all(&csv, &err);
        CHECK_ROW_TEXT(rows[i].text, seen.bytes, rows[i].seen);
        CHECK_ROW(rows[i].text, err.code == ERR_NONE);
        text_release(&seen);
        csv_release(&csv);
    }
}

struct bad_row {
    const char *text;
    size_t length;
    uint32_t line;
    uint32_t column;
    const char *message;
};

static void refuses_a_bad_record_and_stops(void **state)
{
    (void)state;
    const struct bad_row rows[] = {
        {"a,b\nc,\"d\ne\n", 11, 2, 3, "never closed"},
        {"\"", 1, 1, 1, "never closed"},
        {"\"a\"\"", 4, 1, 1, "never closed"},
        {"a\n\"b\"c,d\ne", 11, 2, 4, "after a closing quote"},
        {"\"x\ny\" \nz", 8, 2, 3, "after a closing quote"},
        {"caf\u00E9,\0", 7, 1, 6, "NUL"},
        {"\"a\0\"", 4, 1, 3, "NUL"},
        {"\"a\"\0", 4, 1, 4, "after a closing quote"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct csv csv;
        struct err err;
        CHECK_ROW(rows[i].text, csv_from_bytes(&csv, "f.csv", rows[i].text, rows[i].length, &err));
        bool more = true;
        while (more)
            more = csv_next(&csv, &err);
        CHECK_ROW(rows[i].text, err.code == ERR_INPUT);
        CHECK_ROW(rows[i].text, err.place.line == rows[i].line);
        CHECK_ROW(rows[i].text, err.place.column == rows[i].column);
        CHECK_ROW(err.message, strstr(err.message, rows[i].message) != NULL);
        CHECK_ROW(rows[i].text, !csv_next(&csv, &err) && err.code == ERR_NONE);
        csv_release(&csv);
    }
}

static void limits_the_fields_of_a_record(void **state)
{
    (void)state;
    char bytes[CSV_FIELDS_MAX + 1];
    memset(bytes, ',', sizeof bytes);
    struct csv csv;
    struct err err;
    assert_true(csv_from_bytes(&csv, "f", bytes, CSV_FIELDS_MAX - 1, &err));
    assert_true(csv_next(&csv, &err));
    assert_int_equal(csv.count, CSV_FIELDS_MAX);
    csv_release(&csv);

    assert_true(csv_from_bytes(&csv, "f", bytes, CSV_FIELDS_MAX, &err));
    assert_false(csv_next(&csv, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_non_null(strstr(err.hint, "512"));
    csv_release(&csv);
}

static void knows_where_fields_stand(void **state)
{
    (void)state;
    static const char text[] = "caf\u00E9,\"a\"\"b\",x\n\"1\n2\",\"3\"\n";
    struct csv csv;
    struct err err;
    assert_true(csv_from_bytes(&csv, "f.csv", BYTES_OF(text), &err));
    assert_true(csv_next(&csv, &err));
    const uint32_t first[3][3] = {{1, 1, 4}, {1, 6, 6}, {1, 13, 1}};
    for (uint32_t i = 0; i < 3; i++) {
        const struct place place = csv_place(&csv, i);
        assert_string_equal(place.file, "f.csv");
        assert_int_equal(place.line, first[i][0]);
        assert_int_equal(place.column, first[i][1]);
        assert_int_equal(place.width, first[i][2]);
    }
    assert_int_equal(csv_place(&csv, 3).line, 1);
    assert_int_equal(csv_place(&csv, 3).column, 0);
    assert_true(csv_next(&csv, &err));
    assert_int_equal(csv_place(&csv, 0).line, 2);
    assert_int_equal(csv_place(&csv, 0).width, 1);
    assert_int_equal(csv_place(&csv, 1).line, 3);
    assert_int_equal(csv_place(&csv, 1).column, 4);
    csv_release(&csv);
}

static void finds_columns_by_name_and_suggests(void **state)
{
    (void)state;
    struct csv csv;
    struct err err;
    uint32_t column = 9;
    assert_true(csv_from_bytes(&csv, "f.csv", BYTES_OF("TIMESTAMP,latency_ms,ok\n"), &err));
    assert_true(csv_next(&csv, &err));
    assert_true(csv_column(&csv, "latency_ms", &column, &err));
    assert_int_equal(column, 1);
    assert_false(csv_column(&csv, "latency_us", &column, &err));
    assert_int_equal(column, 1);
    assert_string_equal(err.message, "there is no column \"latency_us\"");
    assert_string_equal(err.hint, "did you mean \"latency_ms\"?");
    assert_false(csv_column(&csv, "price", &column, &err));
    assert_string_equal(err.hint, "");
    csv_release(&csv);
}

/* Fields of the characters that matter, written by our writer. A record of one empty field is left
 * out: it is an empty line, which readers of CSV pass over. */
static void reads_back_what_the_writer_wrote(void **state)
{
    (void)state;
    static const char letters[] = "ab,\"\n\r ";
    for (uint64_t seed = 0; seed < 20000; seed++) {
        char fields[6][8];
        const uint32_t count = 2 + random_below(test_bits(seed, 0), 5);
        struct text text = {0};
        for (uint32_t i = 0; i < count; i++) {
            const uint32_t length = random_below(test_bits(seed, 10 + i), 8);
            for (uint32_t c = 0; c < length; c++) {
                const uint64_t bits = test_bits(seed, 100 + i * 8 + c);
                fields[i][c] = letters[random_below(bits, sizeof letters - 1)];
            }
            fields[i][length] = '\0';
            if (i > 0) text_char(&text, ',');
            text_csv(&text, fields[i]);
        }
        text_put(&text, seed % 2 == 0 ? "\n" : "\r\n");

        struct csv csv;
        struct err err;
        assert_true(csv_from_bytes(&csv, "f", text.bytes, text.length, &err));
        CHECK_ROW(text.bytes, csv_next(&csv, &err));
        assert_int_equal(csv.count, count);
        for (uint32_t i = 0; i < count; i++)
            CHECK_ROW_TEXT(text.bytes, csv.fields[i], fields[i]);
        assert_false(csv_next(&csv, &err));
        assert_int_equal(err.code, ERR_NONE);
        csv_release(&csv);
        text_release(&text);
    }
}

static void opens_files_and_says_when_it_cannot(void **state)
{
    (void)state;
    char path[TEST_PATH_MAX];
    test_write_file("a,b\n1,2\n", 8, path);
    struct csv csv;
    struct err err;
    assert_true(csv_open(&csv, path, &err));
    struct text seen = read_all(&csv, &err);
    assert_string_equal(seen.bytes, "1:[a][b]\n2:[1][2]\n");
    text_release(&seen);
    csv_release(&csv);

    memory_fail_after(1);
    assert_false(csv_open(&csv, path, &err));
    assert_int_equal(err.code, ERR_ENVIRONMENT);
    csv_release(&csv);
    memory_fail_after(1);
    assert_false(csv_from_bytes(&csv, "f", "a", 1, &err));
    assert_int_equal(err.code, ERR_ENVIRONMENT);
    csv_release(&csv);

    assert_int_equal(unlink(path), 0);
    assert_false(csv_open(&csv, path, &err));
    assert_int_equal(err.code, ERR_INPUT);
    csv_release(&csv);
    csv_release(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_records),
        cmocka_unit_test(refuses_a_bad_record_and_stops),
        cmocka_unit_test(limits_the_fields_of_a_record),
        cmocka_unit_test(knows_where_fields_stand),
        cmocka_unit_test(finds_columns_by_name_and_suggests),
        cmocka_unit_test(reads_back_what_the_writer_wrote),
        cmocka_unit_test(opens_files_and_says_when_it_cannot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
