/* Goal: programs read lint's findings whole, whatever characters a file holds.
 *
 * Method: findings with every awkward character, compared byte for byte, and the JSON parsed again.
 */
#include "tests/support.h"

#include <cjson/cJSON.h>

#include "sim/command/findings.h"

static struct err_list list;

static void fill(void)
{
    list = (struct err_list){.count = 0};
    const struct place place = {.file = "a,b:c.json", .line = 31, .column = 18, .width = 8};
    err_add(&list, place, "did you mean \"KROGER_API\"?", "unknown \"KR\x01\" at 50%%");
    err_warn(&list, (struct place){0}, NULL, "weights sum to 1.1");
}

static void writes_json_that_parses_back(void **state)
{
    (void)state;
    fill();
    struct text text = {0};
    text_put(&text, "[");
    findings_write_json(&text, &list, true);
    findings_write_json(&text, &list, false);
    text_put(&text, "]");
    cJSON *root = cJSON_Parse(text.bytes);
    assert_non_null(root);
    assert_int_equal(cJSON_GetArraySize(root), 4);
    const cJSON *first = cJSON_GetArrayItem(root, 0);
    assert_string_equal(cJSON_GetObjectItem(first, "file")->valuestring, "a,b:c.json");
    assert_int_equal(cJSON_GetObjectItem(first, "line")->valueint, 31);
    assert_int_equal(cJSON_GetObjectItem(first, "column")->valueint, 18);
    assert_string_equal(cJSON_GetObjectItem(first, "severity")->valuestring, "error");
    assert_string_equal(cJSON_GetObjectItem(first, "message")->valuestring, list.items[0].message);
    const cJSON *second = cJSON_GetArrayItem(root, 1);
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(second, "file")));
    assert_string_equal(cJSON_GetObjectItem(second, "severity")->valuestring, "warning");
    cJSON_Delete(root);
    text_release(&text);
}

static void writes_annotations_that_stay_on_their_line(void **state)
{
    (void)state;
    fill();
    struct text text = {0};
    findings_write_github(&text, &list);
    assert_string_equal(
        text.bytes, "::error file=a%2Cb%3Ac.json,line=31,col=18::unknown \"KR\x01\" at 50%25 (did "
                    "you mean \"KROGER_API\"?)\n"
                    "::warning::weights sum to 1.1\n");
    text_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_json_that_parses_back),
        cmocka_unit_test(writes_annotations_that_stay_on_their_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
