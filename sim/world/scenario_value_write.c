#include <assert.h>
#include <math.h>
#include <string.h>

#include "router/base/duration.h"
#include "sim/world/scenario_keys.h"

/* ---- loading ---- */

static int64_t load_whole(const struct scenario_key *key, const void *address)
{
    uint8_t byte;
    uint16_t half;
    uint32_t word;
    int64_t value;
    switch (key->size) {
    case sizeof byte:
        memcpy(&byte, address, sizeof byte);
        return byte;
    case sizeof half:
        memcpy(&half, address, sizeof half);
        return half;
    case sizeof word:
        memcpy(&word, address, sizeof word);
        return word;
    default:
        assert(key->size == sizeof value);
        memcpy(&value, address, sizeof value);
        return value;
    }
}

static double load_double(const void *address)
{
    double value;
    memcpy(&value, address, sizeof value);
    return value;
}

bool scenario_value_is_set(const struct scenario_key *key, const void *address)
{
    if ((key->flags & KEY_UNSET) == 0) return true;
    if (key->type == KEY_NUMBER || key->type == KEY_SHARE) return load_double(address) >= 0;
    if (key->type == KEY_ENUM) return (int32_t)load_whole(key, address) >= 0;
    return load_whole(key, address) >= 0;
}

static void write_span(int64_t span_us, struct text *json)
{
    char text[DURATION_TEXT_MAX];
    duration_format(span_us < 0 ? -span_us : span_us, text);
    text_format(json, "\"%s%s\"", span_us < 0 ? "-" : "", text);
}

static void write_instant(int64_t unix_us, struct text *json)
{
    char text[INSTANT_TEXT_MAX];
    instant_format(unix_us, text);
    text_json_string(json, text);
}

static void write_mask(const struct scenario_key *key, const void *address, struct text *json)
{
    uint32_t mask;
    memcpy(&mask, address, sizeof mask);
    if (mask == 0) {
        text_put(json, "\"all\"");
        return;
    }
    text_char(json, '[');
    const char *between = "";
    for (int i = 0; key->names[i] != NULL; i++) {
        if ((mask >> i & 1u) == 0) continue;
        text_put(json, between);
        text_json_string(json, key->names[i]);
        between = ", ";
    }
    text_char(json, ']');
}

static void write_list(const struct scenario_key *key, const void *address, struct text *json)
{
    uint32_t count = key->capacity;
    if (key->count_offset != 0) {
        const char *owner = (const char *)address - key->offset;
        memcpy(&count, owner + key->count_offset, sizeof count);
    }
    text_char(json, '[');
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0) text_put(json, ", ");
        scenario_value_write(key->element, (const char *)address + (size_t)i * key->stride, json);
    }
    text_char(json, ']');
}

void scenario_value_write(const struct scenario_key *key, const void *address, struct text *json)
{
    bool flag = false;
    char rate[NUMBER_TEXT_MAX];
    switch (key->type) {
    case KEY_TEXT:
    case KEY_STAMP:
    case KEY_LIMIT:
    case KEY_SETTING:
        text_json_string(json, address);
        return;
    case KEY_WHOLE:
        text_int(json, load_whole(key, address));
        return;
    case KEY_NUMBER:
    case KEY_SHARE:
        text_double(json, load_double(address));
        return;
    case KEY_SPAN:
    case KEY_SIGNED_SPAN:
        write_span(load_whole(key, address), json);
        return;
    case KEY_SECONDS:
        write_span(load_whole(key, address) * US_PER_SECOND, json);
        return;
    case KEY_MINUTES:
        write_span(llround(load_double(address) * (double)US_PER_MINUTE), json);
        return;
    case KEY_INSTANT:
        write_instant(load_whole(key, address), json);
        return;
    case KEY_RATE:
        rate[number_write(rate, load_double(address))] = '\0';
        text_format(json, "\"%s/s\"", rate);
        return;
    case KEY_BOOL:
        memcpy(&flag, address, sizeof flag);
        text_put(json, flag ? "true" : "false");
        return;
    case KEY_ENUM:
        text_json_string(json, key->names[load_whole(key, address)]);
        return;
    case KEY_MASK:
        write_mask(key, address, json);
        return;
    case KEY_SEED:
        text_format(json, "\"%llu\"",
                    (unsigned long long)load_whole(&(struct scenario_key){.size = sizeof(uint64_t)},
                                                   address));
        return;
    case KEY_LIST:
        write_list(key, address, json);
        return;
    case KEY_SCHEMA:
    case KEY_IGNORED:
    case KEY_OBJECT:
    case KEY_MAP:
    case KEY_ENV:
    case KEY_SHORT:
    case KEY_TYPE_COUNT:
        break;
    }
    assert(!"a key without a value");
}

void scenario_bound_write(const struct scenario_key *key, double bound, struct text *out)
{
    const enum key_type type = key->type;
    const bool span =
        type == KEY_SPAN || type == KEY_SIGNED_SPAN || type == KEY_SECONDS || type == KEY_MINUTES;
    char text[DURATION_TEXT_MAX];
    if (span) {
        duration_format((int64_t)fabs(bound), text);
        text_format(out, "%s%s", bound < 0 ? "-" : "", text);
        return;
    }
    text_double(out, bound);
    if (key->type == KEY_RATE) text_put(out, "/s");
}
