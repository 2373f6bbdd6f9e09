/* Bodies kept as data. Goal: the shipped files are what is compiled in; a folder corrects what it
 * names and nothing else; what it gets wrong is refused at its place. Method: bytes compared,
 * tables of templates and of mistakes. */
#include "mocks/payloads.h"

#include <sys/stat.h>

#include "router/base/json.h"
#include "tests/support.h"

static const struct payload_values values = {.texts = {[WORD_TIMESTAMP_MS] = "1760400000123",
                                                       [WORD_STATUS] = "418",
                                                       [WORD_REASON] = "I'm a <\"teapot\">",
                                                       [WORD_NAME] = "milk \"2%\" \\ \xC3\xA9"}};

static char *written(const struct payload *payload)
{
    assert_non_null(payload);
    struct text text = {0};
    payload_write(payload, &values, &text);
    assert_false(text.failed);
    return text_take(&text);
}

static struct payloads *compiled_in(void)
{
    struct err err = {0};
    struct payloads *const payloads = payloads_create(NULL, &err);
    if (payloads == NULL) fail_msg("%s", err.message);
    return payloads;
}

static void the_shipped_files_are_what_is_compiled_in(void **state)
{
    (void)state;
    for (enum provider p = 0; p < PROVIDER_COUNT; p++) {
        char path[96];
        (void)snprintf(path, sizeof path, "scenarios/data/payloads/%s", payloads_file(p));
        struct err err = {0};
        size_t length;
        char *const bytes = json_load(path, PAYLOAD_FILE_MAX, &length, &err);
        if (bytes == NULL) fail_msg("%s", err.message);
        CHECK_ROW_TEXT(path, bytes, payloads_text(p));
        free(bytes);
    }
    struct err err = {0};
    struct payloads *const payloads = payloads_create("scenarios/data/payloads", &err);
    if (payloads == NULL) fail_msg("%s", err.message);
    payloads_destroy(payloads);
}

static void statuses_are_said_exactly_or_by_their_class(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        enum provider provider;
        uint16_t status;
        const char *type;
        const char *body;
    } rows[] = {
        {"exact", PROVIDER_MEALME, 429, "application/json", "{\"error\":\"10 per 1 second(s)!\"}"},
        {"its class", PROVIDER_MEALME, 418, "application/json",
         "{\"error\":\"I'm a <\\\"teapot\\\">\"}"},
        {"a number, bare", PROVIDER_WALMART_API, 418, "application/json",
         "{\"errors\":[{\"code\":418,\"message\":\"I'm a <\\\"teapot\\\">\"}]}"},
        {"HTML", PROVIDER_WALMART_API, 502, "text/html",
         "<html><head><title>418 I&#39;m a &lt;&quot;teapot&quot;&gt;</title></head><body><h1>"
         "I&#39;m a &lt;&quot;teapot&quot;&gt;</h1></body></html>\n"},
        {"nothing", PROVIDER_WALMART_API, 504, NULL, ""},
        {"a number within a text", PROVIDER_KROGER_API, 418, "application/json",
         "{\"errors\":{\"timestamp\":1760400000123,\"code\":\"API-4101-418\",\"reason\":\"I'm a "
         "<\\\"teapot\\\">\"}}"},
        {"no error at all", PROVIDER_MEALME, 302, "application/json",
         "{\"error\":\"I'm a <\\\"teapot\\\">\"}"},
    };
    struct payloads *const payloads = compiled_in();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct payload *const payload =
            payloads_at_status(payloads, rows[i].provider, rows[i].status);
        char *const body = written(payload);
        CHECK_ROW_TEXT(rows[i].label, body, rows[i].body);
        const char *const type = payload_content_type(payload);
        CHECK_ROW(rows[i].label, (type == NULL) == (rows[i].type == NULL));
        if (type != NULL) CHECK_ROW_TEXT(rows[i].label, type, rows[i].type);
        free(body);
    }
    payloads_destroy(payloads);
}

/* ---- a folder -------------------------------------------------------------------------------- */

struct folder {
    char path[TEST_PATH_MAX];
    char file[TEST_PATH_MAX + 32];
};

static void make_folder(struct folder *folder, const char *bytes)
{
    (void)snprintf(folder->path, sizeof folder->path, "/tmp/routesim-test-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
    (void)snprintf(folder->file, sizeof folder->file, "%s/mealme.json", folder->path);
    FILE *const stream = fopen(folder->file, "wb");
    assert_non_null(stream);
    assert_true(fputs(bytes, stream) >= 0);
    assert_int_equal(fclose(stream), 0);
}

static void remove_folder(const struct folder *folder)
{
    (void)unlink(folder->file);
    (void)rmdir(folder->path);
}

static void a_folder_corrects_what_it_names(void **state)
{
    (void)state;
    struct folder folder;
    make_folder(&folder,
                "{\n  // corrected\n  \"429\": {\"body\": {\"slow\": [\"down\", \"$status\", "
                "\"$$5 $name\"]}},\n"
                "  \"418\": {\"body\": \"tea: $$ $reason\", \"content_type\": "
                "\"text/plain\"}\n}\n");
    struct err err = {0};
    struct payloads *const payloads = payloads_create(folder.path, &err);
    if (payloads == NULL) fail_msg("%s", err.message);
    static const struct {
        enum provider provider;
        uint16_t status;
        const char *body;
    } rows[] = {
        {PROVIDER_MEALME, 429, "{\"slow\":[\"down\",418,\"$5 milk \\\"2%\\\" \\\\ \xC3\xA9\"]}"},
        {PROVIDER_MEALME, 418, "tea: $ I&#39;m a &lt;&quot;teapot&quot;&gt;"},
        {PROVIDER_MEALME, 401, "{\"error\":\"Incorrect API key\"}"},
        {PROVIDER_INSTACART, 401, "{\"error\":{\"message\":\"Unauthorized\",\"code\":1002}}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *const body = written(payloads_at_status(payloads, rows[i].provider, rows[i].status));
        CHECK_ROW_TEXT(rows[i].body, body, rows[i].body);
        free(body);
    }
    assert_string_equal(payload_content_type(payloads_find(payloads, PROVIDER_MEALME, "418")),
                        "text/plain");
    payloads_destroy(payloads);
    remove_folder(&folder);
}

static void mistakes_are_refused_at_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *message, *hint;
        uint32_t line, column;
    } rows[] = {
        {"{\n \"windoe\": {\"body\": \"\"}}", "MealMe has no payload \"windoe\"", "", 2, 2},
        {"{\"200\": {\"body\": \"\"}}", "MealMe has no payload \"200\"", "", 1, 2},
        {"{\"4x\": {\"body\": \"\"}}", "MealMe has no payload \"4x\"", "", 1, 2},
        {"{\"429\": {\"note\": \"\"}}", "payload \"429\" has no body", "", 1, 2},
        {"{\"429\": \"slow down\"}", "payload \"429\" has no body", "", 1, 2},
        {"{\"429\": {\"body\": \"\", \"type\": \"\"}}",
         "\"type\" is no text of a payload: it has body, content_type and note", "", 1, 22},
        {"{\"429\": {\"body\": \"\", \"note\": 1}}",
         "\"note\" is no text of a payload: it has body, content_type and note", "", 1, 22},
        {"{\"429\": {\"body\": {\"at\": \"$timestamp\"}}}", "\"$timestamp\" stands for nothing",
         "timestamp_ms", 1, 18},
        {"{\"429\": {\"body\": \"$\"}}", "\"$\" stands for nothing", "", 1, 18},
        {"{\"429\": {\"body\": \"$name$name$name$name$name$name$name$name$name$name$name$name$name"
         "$name$name$name$name\"}}",
         "a payload has at most 16 words to replace", "", 1, 18},
        {"[]", "payloads are an object of payloads by name", "", 1, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct folder folder;
        make_folder(&folder, rows[i].bytes);
        struct err err = {0};
        assert_null(payloads_create(folder.path, &err));
        CHECK_ROW_TEXT(rows[i].bytes, err.message, rows[i].message);
        CHECK_ROW(rows[i].bytes, strstr(err.hint, rows[i].hint) != NULL);
        CHECK_ROW(rows[i].bytes, err.code == ERR_INPUT && err.place.line == rows[i].line);
        CHECK_ROW(rows[i].bytes, err.place.column == rows[i].column);
        CHECK_ROW_TEXT(rows[i].bytes, err.place.file, folder.file);
        remove_folder(&folder);
    }
    struct folder folder;
    make_folder(&folder, "{\"429\": ");
    struct err err = {0};
    assert_null(payloads_create(folder.path, &err));
    assert_int_equal(err.code, ERR_INPUT);
    remove_folder(&folder);
}

static void a_file_that_cannot_be_read_is_no_file_that_is_not_there(void **state)
{
    (void)state;
    struct folder folder;
    make_folder(&folder, "{}");
    (void)unlink(folder.file);
    assert_int_equal(mkdir(folder.file, 0700), 0);
    struct err err = {0};
    assert_null(payloads_create(folder.path, &err));
    assert_true(err.code == ERR_INPUT || err.code == ERR_ENVIRONMENT);
    (void)rmdir(folder.file);
    struct payloads *const payloads = payloads_create(folder.path, &err); /* empty: all copies */
    assert_non_null(payloads);
    payloads_destroy(payloads);
    (void)rmdir(folder.path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shipped_files_are_what_is_compiled_in),
        cmocka_unit_test(statuses_are_said_exactly_or_by_their_class),
        cmocka_unit_test(a_folder_corrects_what_it_names),
        cmocka_unit_test(mistakes_are_refused_at_their_place),
        cmocka_unit_test(a_file_that_cannot_be_read_is_no_file_that_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
