/* The scenario reader on any bytes: it refuses or accepts, and never crashes, leaks or overruns.
 *
 * The first byte chooses whether `short` is applied. What is accepted must describe itself as JSON
 * that parses, must hash alike twice, and whatever was said about it must print.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "router/base/text.h"
#include "sim/world/scenario.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void describe(const struct scenario *scenario)
{
    struct text json = {0};
    scenario_describe(scenario, &json);
    cJSON *parsed = cJSON_Parse(json.bytes);
    assert(parsed != NULL);
    cJSON_Delete(parsed);
    text_release(&json);
    assert(scenario_hash(scenario, false) == scenario_hash(scenario, false));
}

static void print(const struct err_list *list, const char *source)
{
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    assert(stream != NULL);
    err_list_print(stream, list, source, false);
    (void)fclose(stream);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    char *bytes = calloc(1, size);
    struct scenario *scenario = calloc(1, sizeof *scenario);
    struct err_list *list = calloc(1, sizeof *list);
    assert(bytes != NULL && scenario != NULL && list != NULL);
    memcpy(bytes, data + 1, size - 1); /* and a NUL at its end, for the excerpts */
    const struct scenario_options options = {.shortened = (data[0] & 1u) != 0};
    const bool accepted = scenario_read(scenario, "fuzz.json", bytes, size - 1, &options, list);
    assert(accepted == (list->errors == 0));
    if (accepted) describe(scenario);
    print(list, bytes);
    scenario_release(scenario);
    free(list);
    free(scenario);
    free(bytes);
    return 0;
}
