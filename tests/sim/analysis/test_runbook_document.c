/* Goal: a runbook is read as a person reads it: headings, blocks, words of a shell, what curl
 * sends, and what production makes of that.
 *
 * Method: tables of small inputs with what should come of them, places checked to the column; every
 * mistake with its place; then damaged copies of a whole runbook, which have to end in a reading or
 * in an error with a place. Broken once while it was written: fences closed by shorter ones, a
 * placeholder taken for a redirection, the other form's address accepted. */
#include "router/base/text.h"
#include "sim/analysis/runbook_curl.h"
#include "sim/analysis/runbook_request.h"
#include "sim/analysis/runbook_shell.h"
#include "tests/support.h"

static struct runbook_document document;
static struct err_list list;

static bool read_text(const char *text)
{
    list = (struct err_list){0};
    runbook_document_release(&document);
    return runbook_document_read(&document, "r.md", text, strlen(text), &list);
}

static int release(void **state)
{
    (void)state;
    runbook_document_release(&document);
    return 0;
}

/* ---- Markdown ---- */

static void finds_headings_and_blocks(void **state)
{
    (void)state;
    assert_true(read_text("before\n"
                          "```sh\nfirst\n```\n"
                          "# A *title* of `all`\n"
                          "Under lined\n-----\n"
                          "## Two ##\n"
                          "- a list\n\n"
                          "    ~~~ sql extra\n    select 1\n      ```\n    ~~~\n"
                          "### See [here](http://x)\n"
                          "````bash\n```\n````\n"
                          "\t```sh\n\ta\n\t```\n"
                          "<!-- ```bash\nhidden\n-->\n"
                          "a `line` of ``` code ```\n"
                          "| a |\n---\n"
                          "```\nsupabase secrets list\n```\n"
                          "```json\n{}\n```\n"));
    static const struct {
        const char *path;
        uint32_t line;
    } headings[] = {
        {"", 0}, {"A title of all", 5}, {"Under lined", 6}, {"Two", 8}, {"Two > See here", 15}};
    assert_int_equal(document.heading_count, 5);
    for (unsigned i = 0; i < 5; i++) {
        assert_string_equal(document.headings[i].path, headings[i].path);
        assert_int_equal(document.headings[i].line, headings[i].line);
    }
    static const struct {
        enum runbook_language language;
        uint32_t heading, line;
        const char *text;
    } blocks[] = {{RUNBOOK_SHELL, 0, 2, "first\n"},
                  {RUNBOOK_SQL, 3, 11, "select 1\n  ```\n"},
                  {RUNBOOK_SHELL, 4, 16, "```\n"},
                  {RUNBOOK_SHELL, 4, 19, "a\n"},
                  {RUNBOOK_SHELL, 4, 28, "supabase secrets list\n"},
                  {RUNBOOK_OTHER, 4, 31, "{}\n"}};
    assert_int_equal(document.block_count, 6);
    for (unsigned i = 0; i < 6; i++) {
        assert_int_equal(document.blocks[i].language, blocks[i].language);
        assert_int_equal(document.blocks[i].heading, blocks[i].heading);
        assert_int_equal(document.blocks[i].line, blocks[i].line);
        assert_string_equal(document.blocks[i].text, blocks[i].text);
    }
    const struct place place = runbook_place(&document, &document.blocks[1], 7, 1);
    assert_int_equal(place.line, 12);
    assert_int_equal(place.column, 12);
    assert_int_equal(place.width, 1);
}

static void parts_of_a_section_share_its_settings(void **state)
{
    (void)state;
    assert_true(read_text("# R\n## Issues\n### One\n### Fix\n### Two\n### Fix\n"));
    assert_int_equal(document.heading_count, 7);
    /* "Fix" is there twice, but under a section of its own level it is one of its own. */
    assert_true(document.headings[4].begins_section);
    assert_true(read_text("# R\n## One\n### Fix\n#### Deep\n## Two\n### Fix\n### Alone\n"));
    assert_false(document.headings[3].begins_section);
    assert_int_equal(document.headings[3].section, 2);
    assert_false(document.headings[4].begins_section);
    assert_int_equal(document.headings[4].section, 2);
    assert_true(document.headings[5].begins_section);
    assert_int_equal(document.headings[6].section, 5);
    assert_true(document.headings[7].begins_section);
}

static void says_where_a_file_cannot_be_read(void **state)
{
    static const struct {
        const char *text, *message;
        uint32_t line, column;
    } rows[] = {
        {"# R\n```bash\nls\n", "never closed", 2, 0},
        {"# R\nx \xff\n", "no UTF-8", 2, 3},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CHECK_ROW(rows[i].message, !read_text(rows[i].text));
        CHECK_ROW(rows[i].message, strstr(list.items[0].message, rows[i].message) != NULL);
        CHECK_ROW(rows[i].message, list.items[0].place.line == rows[i].line);
        CHECK_ROW(rows[i].message, list.items[0].place.column == rows[i].column);
    }
    list = (struct err_list){0};
    runbook_document_release(&document);
    assert_false(runbook_document_read(&document, "r.md", "a\0b", 3, &list));
    assert_non_null(strstr(list.items[0].message, "NUL"));
}

/* ---- the shell ---- */

/* Commands by "; ", words by ' ' between brackets, "?" after those that are open. */
static void show_commands(const struct runbook_commands *commands, struct text *shown)
{
    text_clear(shown);
    for (uint32_t i = 0; i < commands->count; i++)
        for (const struct runbook_command *c = &commands->items[i]; c != NULL; c = c->next) {
            text_put(shown, c != &commands->items[i] ? " | " : i > 0 ? "; " : "");
            if (c->compound) text_char(shown, '!');
            for (uint32_t w = 0; w < c->word_count; w++)
                text_format(shown, "%s[%s]%s", w > 0 ? " " : "", c->words[w].text,
                            c->words[w].open ? "?" : "");
            if (c->input != NULL) text_format(shown, "<<%s", c->input);
        }
}

static bool read_shell(const char *info, const char *code, struct runbook_commands *commands)
{
    struct text text = {0};
    text_format(&text, "```%s\n%s\n```\n", info, code);
    assert_true(read_text(text.bytes));
    text_release(&text);
    *commands = (struct runbook_commands){0};
    return runbook_shell_read(&document, &document.blocks[0], commands, &list);
}

static void splits_words_as_a_shell_does(void **state)
{
    static const struct {
        const char *code, *shown;
    } rows[] = {
        {"a b  c", "[a] [b] [c]"},
        {"a 'b  c' \"d \\\" e\" f\\ g", "[a] [b  c] [d \" e] [f g]"},
        {"a\\\n  b # c\nd", "[a] [b]; [d]"},
        {"a; b && c || d & e", "[a]; [b]; [c]; [d]; [e]"},
        {"a | b |\n c", "[a] | [b] | [c]"},
        {"a K=v | grep \"x|y\" 2>&1 > /dev/null", "[a] [K=v] | [grep] [x|y]"},
        {"K=v L=w a b", "[a] [b]"},
        {"U=https://x\na $U/y \"${U}z\" '$U'", "[a] [https://x/y] [https://xz] [$U]"},
        {"export A=1 B=2; a $A$B", "[export] [A=1] [B=2]; [a] [12]"},
        {"a $X ${Y} $(date +'%s )') `id`", "[a] [$X]? [${Y}]? [$(date +'%s )')]? [`id`]?"},
        {"a <new-key> K=<new key> \"x <y>\" < in", "[a] [<new-key>]? [K=<new key>]? [x <y>]?"},
        {"sudo npx a b", "[a] [b]"},
        {"$ a b", "[a] [b]"},
        {"cat <<'E' | b\n{\"x\": \"$y\"}\nE\nc", "[cat]<<{\"x\": \"$y\"}\n | [b]; [c]"},
        {"for i in 1 2; do\n a $i\ndone\nb", "![for] [i] [in] [1] [2]; [b]"},
        {"if a; then b; fi; c", "![if] [a]; [c]"},
        {"(a b)", "![a] [b]"},
        {"# nothing\n\n", ""},
        {"a '' \"\"", "[a] [] []"},
    };
    struct text shown = {0};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct runbook_commands commands;
        CHECK_ROW(rows[i].code, read_shell("bash", rows[i].code, &commands));
        show_commands(&commands, &shown);
        CHECK_ROW_TEXT(rows[i].code, shown.bytes != NULL ? shown.bytes : "", rows[i].shown);
        runbook_commands_release(&commands);
    }
    text_release(&shown);
}

static void of_a_console_only_what_follows_a_prompt_is_a_command(void **state)
{
    struct runbook_commands commands;
    struct text shown = {0};
    (void)state;
    assert_true(read_shell("console", "$ a b \\\n  c\nprinted 'x\n% d", &commands));
    show_commands(&commands, &shown);
    assert_string_equal(shown.bytes, "[a] [b] [c]; [d]");
    text_release(&shown);
    runbook_commands_release(&commands);
}

static void points_at_what_is_never_closed(void **state)
{
    static const struct {
        const char *code, *message;
        uint32_t line, column;
    } rows[] = {
        {"a 'b\nc", "quote", 2, 3},
        {"a\n  b \"c", "quote", 3, 5},
        {"a $(b", "bracket", 2, 4},
        {"a `b", "backquote", 2, 3},
        {"cat <<E\nx", "here-document", 3, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct runbook_commands commands;
        CHECK_ROW(rows[i].code, !read_shell("sh", rows[i].code, &commands));
        CHECK_ROW(rows[i].code, strstr(list.items[0].message, rows[i].message) != NULL);
        CHECK_ROW(rows[i].code, list.items[0].place.line == rows[i].line);
        CHECK_ROW(rows[i].code, list.items[0].place.column == rows[i].column);
        runbook_commands_release(&commands);
    }
}

/* ---- curl ---- */

static void reads_what_curl_would_send(void **state)
{
    static const struct {
        const char *code, *method, *url, *body, *unknown;
        bool open, elsewhere;
    } rows[] = {
        {"curl http://x", "GET", "http://x", "-", "-", false, false},
        {"curl -X POST http://x -d '{}'", "POST", "http://x", "{}", "-", false, false},
        {"curl -sSXPUT -d@f http://x", "PUT", "http://x", "-", "-", false, true},
        {"curl --data-raw @f -H 'A: b' http://x", "POST", "http://x", "@f", "-", false, false},
        {"curl --url http://x --json \"{\\\"u\\\": \\\"$U\\\"}\"", "POST", "http://x",
         "{\"u\": \"$U\"}", "-", true, false},
        {"curl -d @- http://x <<E\n{}\nE", "POST", "http://x", "{}\n", "-", false, false},
        {"curl -G -d a=b http://x", "GET", "http://x", "a=b", "-", false, false},
        {"curl -I http://x", "HEAD", "http://x", "-", "-", false, false},
        {"curl --frobnicate http://x", "GET", "http://x", "-", "--frobnicate", false, false},
        {"curl -o out -w '%{http_code}' http://x", "GET", "http://x", "-", "-", false, false},
        {"curl -s", "GET", "-", "-", "-", false, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct runbook_commands commands;
        struct runbook_curl curl;
        CHECK_ROW(rows[i].code, read_shell("bash", rows[i].code, &commands));
        runbook_curl_read(&curl, &commands.items[0]);
        CHECK_ROW_TEXT(rows[i].code, curl.method, rows[i].method);
        CHECK_ROW_TEXT(rows[i].code, curl.url != NULL ? curl.url : "-", rows[i].url);
        CHECK_ROW_TEXT(rows[i].code, curl.body != NULL ? curl.body : "-", rows[i].body);
        CHECK_ROW_TEXT(rows[i].code, curl.unknown_option != NULL ? curl.unknown_option : "-",
                       rows[i].unknown);
        CHECK_ROW(rows[i].code, curl.body_open == rows[i].open);
        CHECK_ROW(rows[i].code, curl.body_elsewhere == rows[i].elsewhere);
        runbook_commands_release(&commands);
    }
}

/* ---- requests ---- */

#define ITEMS "\"items\": [{\"id\": \"1\", \"name\": \"Milk\", \"quantity\": 2, \"unit\": \"l\"}]"
#define SHIP  "\"shippingAddress\": {\"postalCode\": \"94102\"}"
#define PLACE "\"location\": {\"zip\": \"94102\"}"

static void takes_a_body_as_production_does(void **state)
{
    static const struct {
        const char *body;
        bool open;
        enum runbook_body documented, coded;
        const char *documented_why, *coded_why;
    } rows[] = {
        {"{" ITEMS ", " SHIP "}", false, BODY_ORDER, BODY_REFUSED, "",
         "userId is missing; location is missing (shippingAddress is not looked at)"},
        {"{\"userId\": \"u\", " ITEMS ", " PLACE ", \"more\": 1}", false, BODY_REFUSED, BODY_ORDER,
         "shippingAddress is missing (location is not looked at)", ""},
        {"{\"action\": \"health_check\"}", false, BODY_HEALTH_CHECK, BODY_REFUSED, "",
         "the code knows no action and takes it for an order: userId is missing; items is missing; "
         "location is missing"},
        {"{\"action\": \"dance\"}", false, BODY_UNKNOWABLE, BODY_REFUSED,
         "the action \"dance\" is not documented", NULL},
        {"{\"items\": [], " SHIP "}", false, BODY_REFUSED, BODY_REFUSED,
         "items is no list with an item", NULL},
        {"{\"items\": [{\"name\": \"\", \"quantity\": 1}], " SHIP "}", false, BODY_REFUSED,
         BODY_REFUSED, "item 1 has no name", NULL},
        {"{\"items\": [{\"name\": \"a\", \"quantity\": 0}], " SHIP "}", false, BODY_REFUSED,
         BODY_REFUSED, "item 1 has no positive quantity", NULL},
        {"{\"items\": [{\"name\": \"a\", \"quantity\": 1.5}], " SHIP "}", false, BODY_UNKNOWABLE,
         BODY_REFUSED, "item 1: quantities are whole and at most 10000 here", NULL},
        {"{" ITEMS ", \"shippingAddress\": {}}", false, BODY_REFUSED, BODY_REFUSED,
         "shippingAddress has no postalCode", NULL},
        {"{" ITEMS ", ...}", false, BODY_REFUSED, BODY_REFUSED, "its body is no JSON object", NULL},
        {"{\"items\": <items>}", true, BODY_UNKNOWABLE, BODY_UNKNOWABLE,
         "its body is JSON only when the responder has filled it in", NULL},
        {NULL, false, BODY_REFUSED, BODY_REFUSED, "there is no body", NULL},
    };
    static struct runbook_request request;
    struct arena arena = {0};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *const label = rows[i].body != NULL ? rows[i].body : "no body";
        runbook_request_read(&request, rows[i].body, rows[i].open, PROFILE_AS_DOCUMENTED, &arena);
        CHECK_ROW_TEXT(label, request.why, rows[i].documented_why);
        CHECK_ROW(label, request.body == rows[i].documented);
        runbook_request_read(&request, rows[i].body, rows[i].open, PROFILE_AS_CODED, &arena);
        if (rows[i].coded_why != NULL) CHECK_ROW_TEXT(label, request.why, rows[i].coded_why);
        CHECK_ROW(label, request.body == rows[i].coded);
    }
    arena_release(&arena);
}

static void an_order_holds_what_the_body_says(void **state)
{
    static struct runbook_request request;
    struct arena arena = {0};
    (void)state;
    runbook_request_read(&request,
                         "{" ITEMS ", " SHIP ", \"preferences\": {\"optimize\": \"speed\"}}", false,
                         PROFILE_AS_DOCUMENTED, &arena);
    assert_int_equal(request.order.item_count, 1);
    assert_string_equal(request.items[0].name, "Milk");
    assert_int_equal(request.items[0].quantity, 2);
    assert_string_equal(request.order.postal_code, "94102");
    assert_string_equal(request.order.user_id, "anonymous");
    assert_int_equal(request.order.preference, PREFERENCE_SPEED);
    /* The other form's word for a wish is not looked at. */
    runbook_request_read(&request,
                         "{\"userId\": \"u\", " ITEMS ", " PLACE
                         ", \"preferences\": {\"optimize\": \"speed\"}}",
                         false, PROFILE_AS_CODED, &arena);
    assert_int_equal(request.order.preference, PREFERENCE_BALANCED);
    assert_true(runbook_request_translate(&request, "{" ITEMS ", " SHIP "}", &arena));
    assert_string_equal(request.order.postal_code, "94102");
    assert_false(runbook_request_translate(&request, "{" ITEMS "}", &arena));
    assert_false(runbook_request_translate(&request, "{\"action\": \"health_check\"}", &arena));
    arena_release(&arena);
}

/* ---- damage ---- */

static void any_damage_ends_in_a_reading_or_a_place(void **state)
{
    static const char whole[] = "# R\n\n## One\n\n```bash\nsupabase secrets set A=<b> C='d e'\n"
                                "curl -d '{\"x\": \"$y\"}' \"$u\" | jq .\ncat <<E\nx\nE\n```\n\n"
                                "- x\n\n  ~~~sql\n  select 1\n  ~~~\n";
    static const char signs[] = "`~#\\'\"<>|;&$(){}\n \t=-!";
    char text[sizeof whole];
    (void)state;
    for (uint64_t i = 0; i < 4000; i++) {
        memcpy(text, whole, sizeof whole);
        for (unsigned k = 0; k < 3; k++)
            text[test_bits(2 * k, i) % (sizeof whole - 1)] =
                signs[test_bits(2 * k + 1, i) % (sizeof signs - 1)];
        bool good = read_text(text);
        for (uint32_t b = 0; good && b < document.block_count; b++) {
            struct runbook_commands commands = {0};
            if (document.blocks[b].language > RUNBOOK_CONSOLE) continue;
            good = runbook_shell_read(&document, &document.blocks[b], &commands, &list);
            runbook_commands_release(&commands);
        }
        assert_true(good == (list.errors == 0));
        for (uint32_t e = 0; e < list.count; e++)
            assert_in_range(list.items[e].place.line, 1, 20);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_headings_and_blocks),
        cmocka_unit_test(parts_of_a_section_share_its_settings),
        cmocka_unit_test(says_where_a_file_cannot_be_read),
        cmocka_unit_test(splits_words_as_a_shell_does),
        cmocka_unit_test(of_a_console_only_what_follows_a_prompt_is_a_command),
        cmocka_unit_test(points_at_what_is_never_closed),
        cmocka_unit_test(reads_what_curl_would_send),
        cmocka_unit_test(takes_a_body_as_production_does),
        cmocka_unit_test(an_order_holds_what_the_body_says),
        cmocka_unit_test(any_damage_ends_in_a_reading_or_a_place),
    };
    return cmocka_run_group_tests(tests, NULL, release);
}
