/* Whatever the bytes: no crash; lines never go back; and a table written again, field by field, is
 * read as the same table. */
#include <assert.h>
#include <string.h>

#include "router/base/csv.h"
#include "router/base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_record(struct text *text, const struct csv *csv)
{
    for (uint32_t i = 0; i < csv->count; i++) {
        if (i > 0) text_char(text, ',');
        text_csv(text, csv->fields[i]);
    }
    text_char(text, '\n');
}

/* A lone empty field is written as an empty line, which no reader gives back: such a record is left
 * out of both. */
static bool is_worth_writing(const struct csv *csv)
{
    return csv->count > 1 || csv->fields[0][0] != '\0';
}

static bool rewrite(const char *bytes, size_t size, struct text *text)
{
    static struct csv csv;
    struct err err;
    uint32_t line = 0;
    if (!csv_from_bytes(&csv, "fuzz.csv", bytes, size, &err)) return false;
    while (csv_next(&csv, &err)) {
        assert(csv.line > line);
        assert(csv.count >= 1 && csv.count <= CSV_FIELDS_MAX);
        assert(csv_place(&csv, csv.count - 1).line >= csv.line);
        line = csv.line;
        if (is_worth_writing(&csv)) write_record(text, &csv);
    }
    assert(err.code == ERR_NONE || err.place.line >= 1);
    csv_release(&csv);
    return err.code == ERR_NONE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text first = {0};
    struct text second = {0};
    if (rewrite((const char *)data, size, &first) && first.length > 0) {
        assert(rewrite(first.bytes, first.length, &second));
        assert(second.length == first.length);
        assert(memcmp(first.bytes, second.bytes, first.length) == 0);
    }
    text_release(&first);
    text_release(&second);
    return 0;
}
