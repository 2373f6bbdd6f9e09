/* providers/foreign_json.h - JSON that somebody else wrote, looked at before cJSON reads it.
 *
 * cJSON recurses a thousand deep, and takes an escaped NUL for the end of its text. Both are looked
 * for beforehand, in a loop; everything else is cJSON's to judge. Nothing but blanks may follow.
 *
 * Ownership: the caller's, for cJSON_Delete().
 * Failure:   NULL: not JSON, nested deeper than JSON_DEPTH_MAX, with a NUL in it, or out of memory.
 */
#ifndef PROVIDERS_FOREIGN_JSON_H
#define PROVIDERS_FOREIGN_JSON_H

#include <cjson/cJSON.h>
#include <stddef.h>

cJSON *foreign_json_parse(const char *bytes, size_t length); /* no NUL need follow */

#endif
