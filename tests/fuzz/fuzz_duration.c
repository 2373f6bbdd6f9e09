/* Whatever the text: no crash; a span that is read is written and read as itself; a rate is above
 * zero; an instant comes back to the millisecond; a refusal points into the text. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/duration.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_refusal(const struct err *err, size_t size)
{
    assert(err->code == ERR_INPUT);
    assert(err->message[0] != '\0');
    assert(err->place.column >= 1 && err->place.column <= size + 1);
    assert(err->place.width <= size + 1);
}

static void check_span(int64_t span_us)
{
    char text[DURATION_TEXT_MAX];
    struct err err;
    int64_t back_us = -1;
    assert(span_us >= 0 && span_us <= DURATION_US_MAX);
    duration_format(span_us, text);
    assert(duration_parse(text, (struct place){0}, &back_us, &err));
    assert(back_us == span_us);
    duration_for_people(span_us, text);
    assert(strlen(text) < 12);
}

static void check_instant(int64_t unix_us)
{
    char text[INSTANT_TEXT_MAX];
    struct err err;
    int64_t back_us = -1;
    instant_format(unix_us, text);
    assert(instant_parse(text, (struct place){0}, &back_us, &err));
    assert(back_us <= unix_us && unix_us - back_us < US_PER_MS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (text == NULL) return 0;
    if (size != 0) memcpy(text, data, size);
    text[size] = '\0';

    const struct place place = {"fuzz", 1, 1, 1};
    struct err err;
    int64_t us = 0;
    double per_second = 0;
    if (duration_parse(text, place, &us, &err)) {
        check_span(us);
    } else {
        check_refusal(&err, size);
    }
    if (instant_parse(text, place, &us, &err)) {
        check_instant(us);
    } else {
        check_refusal(&err, size);
    }
    if (rate_parse(text, place, &per_second, &err)) {
        assert(per_second > 0 && isfinite(per_second));
    } else {
        check_refusal(&err, size);
    }
    free(text);
    return 0;
}
