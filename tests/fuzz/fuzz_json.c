/* Whatever the bytes: no crash, no leak; what is accepted has a place for every node inside the
 * text, and cJSON prints it as something we read again; what is refused has exactly one reason. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t count_lines(const char *source)
{
    uint32_t lines = 1;
    for (; *source != '\0'; source++)
        lines += *source == '\n';
    return lines;
}

static void check_places(const struct json *json, const cJSON *node, uint32_t lines)
{
    const struct place value = json_place(json, node);
    const struct place key = json_key_place(json, node);
    assert(value.line >= 1 && value.line <= lines);
    assert(key.line >= 1 && key.line <= value.line);
    assert(value.column >= 1 && value.width >= 1);
    assert(key.line < value.line || key.column <= value.column);
    for (const cJSON *child = node->child; child != NULL; child = child->next) {
        check_places(json, child, lines);
    }
}

static void check_reads_again(const struct json *json)
{
    char *printed = cJSON_PrintUnformatted(json->root);
    assert(printed != NULL);
    static struct err_list list;
    struct json again;
    list = (struct err_list){0};
    assert(json_read(&again, "again", printed, strlen(printed), &list));
    assert(again.span_count == json->span_count);
    json_release(&again);
    cJSON_free(printed);
}

static void print_nowhere(const struct err_list *list, const char *source)
{
    static FILE *nowhere;
    if (nowhere == NULL) nowhere = fopen("/dev/null", "w");
    if (nowhere != NULL) err_list_print(nowhere, list, source, true);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct err_list list;
    struct json json;
    list = (struct err_list){0};
    const bool read = json_read(&json, "fuzz.json", (const char *)data, size, &list);
    if (read) {
        check_places(&json, json.root, count_lines(json.source));
        check_reads_again(&json);
    } else {
        assert(list.errors == 1 && list.items[0].code == ERR_INPUT);
        assert(list.items[0].place.line >= 1 && list.items[0].place.column >= 1);
    }
    if (list.count > 0) print_nowhere(&list, json.source);
    json_release(&json);
    return 0;
}
