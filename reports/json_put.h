/* reports/json_put.h - members of a JSON object, one after another: "key": value.
 *
 * `before` is what stands before the key: "{", ", ", ",\n  ". A number that is not known is null.
 * Failure: text->failed.
 */
#ifndef REPORTS_JSON_PUT_H
#define REPORTS_JSON_PUT_H

#include "router/base/text.h"

void json_put_key(struct text *text, const char *before, const char *key);
void json_put_string(struct text *text, const char *before, const char *key, const char *value);
void json_put_number(struct text *text, const char *before, const char *key, double value);
void json_put_count(struct text *text, const char *before, const char *key, uint64_t value);
void json_put_flag(struct text *text, const char *before, const char *key, bool value);

#endif
