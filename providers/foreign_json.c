#include "providers/foreign_json.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "router/base/json.h"

static bool is_harmless(const char *bytes, size_t length)
{
    uint32_t depth = 0;
    bool in_text = false;
    for (size_t i = 0; i < length; i++) {
        const char c = bytes[i];
        if (c == '\0') return false;
        if (in_text) {
            if (c == '"') in_text = false;
            if (c != '\\') continue;
            if (length - i >= 6 && memcmp(bytes + i, "\\u0000", 6) == 0) return false;
            i++;
        } else if (c == '"') {
            in_text = true;
        } else if (c == '[' || c == '{') {
            if (++depth > JSON_DEPTH_MAX) return false;
        } else if ((c == ']' || c == '}') && depth > 0) {
            depth--;
        }
    }
    return true;
}

cJSON *foreign_json_parse(const char *bytes, size_t length)
{
    if (!is_harmless(bytes, length)) return NULL;
    const char *end = bytes;
    cJSON *const root = cJSON_ParseWithLengthOpts(bytes, length, &end, 0);
    size_t rest = length - (size_t)(end - bytes);
    while (rest > 0 && strchr(" \t\r\n", *end) != NULL) {
        end++;
        rest--;
    }
    if (root != NULL && rest == 0) return root;
    cJSON_Delete(root);
    return NULL;
}
