#include "reports/json_put.h"

void json_put_key(struct text *text, const char *before, const char *key)
{
    text_put(text, before);
    text_json_string(text, key);
    text_put(text, ": ");
}

void json_put_string(struct text *text, const char *before, const char *key, const char *value)
{
    json_put_key(text, before, key);
    text_json_string(text, value);
}

void json_put_number(struct text *text, const char *before, const char *key, double value)
{
    json_put_key(text, before, key);
    text_double(text, value);
}

void json_put_count(struct text *text, const char *before, const char *key, uint64_t value)
{
    json_put_key(text, before, key);
    text_int(text, (int64_t)value);
}

void json_put_flag(struct text *text, const char *before, const char *key, bool value)
{
    json_put_key(text, before, key);
    text_put(text, value ? "true" : "false");
}
