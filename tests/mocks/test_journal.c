/* The request journal. Goal: it holds the newest entries whole and in order, finds what is asked
 * for, says what it no longer knows, and shows no secret. Method: requests taken apart, tables of
 * filters and near misses; random operations against a vector that forgets nothing; callbacks that
 * append and clear under a query's feet; threads that append at once. */
#include "mocks/journal.h"

#include <pthread.h>

#include "mocks/fault.h"
#include "router/base/memory.h"
#include "tests/support.h"

static struct journal *open_journal(uint32_t capacity)
{
    struct err err = {0};
    struct journal *const journal = journal_create(capacity, &err);
    if (journal == NULL) fail_msg("%s", err.message);
    return journal;
}

static struct journal_entry entry_of(enum provider provider, int operation, const char *method,
                                     const char *path, uint16_t status)
{
    struct journal_entry entry = {.provider = provider,
                                  .operation = operation,
                                  .fate = CALL_ANSWERED,
                                  .status = status,
                                  .latency_us = 100000};
    (void)snprintf(entry.method, sizeof entry.method, "%s", method);
    (void)snprintf(entry.path, sizeof entry.path, "%s", path);
    return entry;
}

/* ---- describing ------------------------------------------------------------------------------ */

static struct journal_entry describe(const char *path, const struct http_pair *query,
                                     const struct http_pair *headers)
{
    struct http_view view = {.method = "GET", .path = path};
    for (; query != NULL && query->name != NULL; query++)
        view.query[view.query_count++] = *query;
    for (; headers != NULL && headers->name != NULL; headers++)
        view.headers[view.header_count++] = *headers;
    struct journal_entry entry;
    memset(&entry, 0x55, sizeof entry); /* nothing of what was there before may stay */
    journal_describe(&entry, &view);
    return entry;
}

static void a_request_is_described_without_its_secrets(void **state)
{
    (void)state;
    static const struct http_pair query[] = {{"filter.term", "whole milk & cream"},
                                             {"access_token", "hush"},
                                             {"back", "https://x/?key=hush"},
                                             {"a=token:hush", "1"},
                                             {"bare", ""},
                                             {"line", "one\ntwo"},
                                             {NULL, NULL}};
    static const struct http_pair headers[] = {
        {"Host", "127.0.0.1:4711"},        {"AUTHORIZATION", "Basic hush"},
        {"Accept", "application/json"},    {"WM_CONSUMER.INTIMESTAMP", "1717718400000"},
        {"WM_SEC.AUTH_SIGNATURE", "hush"}, {"wm_qos.correlation_id", "LOOPGPT-1-hoo"},
        {"X-Note", "Bearer hush"},         {NULL, NULL}};
    const struct journal_entry entry = describe("/v1/products", query, headers);
    assert_string_equal(entry.method, "GET");
    assert_string_equal(entry.path, "/v1/products");
    assert_string_equal(entry.query, "filter.term=whole milk %26 cream&access_token=[hidden]&"
                                     "back=[hidden]&[hidden]=[hidden]&bare=&line=one%0Atwo");
    assert_string_equal(entry.headers, "AUTHORIZATION: [hidden]\nAccept: application/json\n"
                                       "WM_SEC.AUTH_SIGNATURE: [hidden]\nX-Note: [hidden]\n");
    assert_string_equal(entry.varying, "Host: 127.0.0.1:4711\n"
                                       "WM_CONSUMER.INTIMESTAMP: 1717718400000\n"
                                       "wm_qos.correlation_id: LOOPGPT-1-hoo\n");
    assert_int_equal(entry.cut, 0);

    const struct journal_entry hiding = describe("/x;access_token=hush", NULL, NULL);
    assert_string_equal(hiding.path, "[hidden]");
    const struct journal_entry token = describe("/v1/connect/oauth2/token", NULL, NULL);
    assert_string_equal(token.path, "/v1/connect/oauth2/token");
}

static void every_text_is_cut_at_its_length_and_says_so(void **state)
{
    (void)state;
    char text[1024];
    memset(text, 'x', sizeof text);
    text[0] = '/';
    for (int beyond = -1; beyond <= 1; beyond++) {
        const struct {
            const char *label;
            size_t size;  /* of the field */
            size_t frame; /* bytes of it that are not the value's */
            int bit;
        } rows[] = {{"path", JOURNAL_PATH_MAX, 0, JOURNAL_CUT_PATH},
                    {"query", JOURNAL_QUERY_MAX, strlen("q="), JOURNAL_CUT_QUERY},
                    {"headers", JOURNAL_HEADERS_MAX, strlen("Q: \n"), JOURNAL_CUT_HEADERS},
                    {"varying", JOURNAL_VARYING_MAX, strlen("Host: \n"), JOURNAL_CUT_VARYING}};
        for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
            const size_t length = (size_t)((int)(rows[i].size - 1 - rows[i].frame) + beyond);
            text[length] = '\0';
            const struct http_pair query[] = {{"q", i == 1 ? text : ""}, {NULL, NULL}};
            const struct http_pair headers[] = {
                {"Q", i == 2 ? text : ""}, {"Host", i == 3 ? text : ""}, {NULL, NULL}};
            const struct journal_entry entry = describe(i == 0 ? text : "/", query, headers);
            CHECK_ROW(rows[i].label, entry.cut == (beyond > 0 ? rows[i].bit : 0));
            const char *const fields[] = {entry.path, entry.query, entry.headers, entry.varying};
            CHECK_ROW(rows[i].label, strlen(fields[i]) == rows[i].size - 1 - (size_t)(beyond < 0));
            text[length] = 'x';
        }
    }
    struct http_view view = {.method = "PROPFIND", .path = "/"};
    struct journal_entry entry;
    journal_describe(&entry, &view);
    assert_string_equal(entry.method, "PROPFIN");
    assert_int_equal(entry.cut, JOURNAL_CUT_METHOD);
}

static void a_cut_leaves_whole_characters_and_no_part_of_a_secret(void **state)
{
    (void)state;
    char path[JOURNAL_PATH_MAX + 8] = "/";
    while (strlen(path) + 2 < sizeof path)
        (void)strcat(path, "\xC3\xA9"); /* two bytes each, so the limit falls into one */
    const struct journal_entry entry = describe(path, NULL, NULL);
    assert_int_equal(entry.cut, JOURNAL_CUT_PATH);
    assert_int_equal(strlen(entry.path), JOURNAL_PATH_MAX - 1);
    char longer[JOURNAL_PATH_MAX + 16];
    (void)snprintf(longer, sizeof longer, "/a%s", path + 1);
    const struct journal_entry other = describe(longer, NULL, NULL);
    assert_int_equal(strlen(other.path), JOURNAL_PATH_MAX - 2);

    char value[JOURNAL_QUERY_MAX];
    memset(value, 'x', sizeof value);
    value[sizeof value - 4] = '\0';
    const struct http_pair query[] = {{"q", value}, {"token", "hush"}, {NULL, NULL}};
    const struct journal_entry cut = describe("/", query, NULL);
    assert_int_equal(cut.cut, JOURNAL_CUT_QUERY);
    assert_null(strstr(cut.query, "hu"));
    const struct http_pair empty[] = {{"q", value}, {"token", "hush"}, {"b", ""}, {NULL, NULL}};
    assert_int_equal(describe("/", empty, NULL).cut, JOURNAL_CUT_QUERY); /* a cut is not undone */
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static char *json_of(struct journal *journal, int form)
{
    struct text text = {0};
    const struct journal_filter filter = journal_filter_any();
    (void)journal_json(journal, &filter, form, &text);
    return text_take(&text);
}

static void entries_are_lines_of_json_with_fixed_keys(void **state)
{
    (void)state;
    struct journal *const journal = open_journal(4);
    struct journal_entry entry =
        entry_of(PROVIDER_KROGER_API, OPERATION_SEARCH, "GET", "/v1/\"p\"", 200);
    entry.instant_us = 1500000;
    entry.order_key = UINT64_C(0xABC);
    entry.cut = JOURNAL_CUT_QUERY | JOURNAL_CUT_VARYING;
    (void)strcpy(entry.query, "filter.term=milk");
    (void)strcpy(entry.headers, "Accept: application/json\nX: cut he");
    (void)strcpy(entry.varying, "Host: 127.0.0.1:4711\n");
    (void)journal_append(journal, &entry);
    entry = entry_of(PROVIDER_MEALME, JOURNAL_NO_OPERATION, "POST", "/", 0);
    entry.fate = CALL_UNANSWERED;
    entry.fault = fault_kind_names[FAULT_HANG];
    entry.latency_us = INT64_MAX;
    (void)journal_append(journal, &entry);

    char *const plain = json_of(journal, JOURNAL_PLAIN);
    assert_string_equal(
        plain,
        "{\"sequence\":1,\"instant_us\":1500000,\"provider\":\"KROGER_API\","
        "\"operation\":\"search\",\"method\":\"GET\",\"path\":\"/v1/\\\"p\\\"\","
        "\"query\":\"filter.term=milk\",\"headers\":[\"Accept: application/json\",\"X: cut he\"],"
        "\"varying\":[\"Host: 127.0.0.1:4711\"],\"status\":200,\"fate\":\"answered\","
        "\"fault\":null,\"latency_us\":100000,\"order_key\":\"0000000000000abc\","
        "\"cut\":[\"query\",\"varying\"]}\n"
        "{\"sequence\":2,\"instant_us\":0,\"provider\":\"MEALME\",\"operation\":null,"
        "\"method\":\"POST\",\"path\":\"/\",\"query\":\"\",\"headers\":[],\"varying\":[],"
        "\"status\":null,\"fate\":\"unanswered\",\"fault\":\"hang\",\"latency_us\":null,"
        "\"order_key\":null,\"cut\":[]}\n");
    char *const normalised = json_of(journal, JOURNAL_NORMALISED);
    assert_null(strstr(normalised, "instant_us"));
    assert_null(strstr(normalised, "varying"));
    assert_null(strstr(normalised, "4711"));
    assert_non_null(strstr(normalised, "\"latency_us\":100000,\"order_key\":\"0000000000000abc\","
                                       "\"cut\":[\"query\"]}\n"));
    free(plain);
    free(normalised);
    journal_destroy(journal);
}

/* One run: 300 requests of a seed, at instants and on a port of its own. */
static char *run_of(uint64_t seed, uint64_t start_us, const char *host, int form)
{
    struct journal *const journal = open_journal(256);
    for (uint64_t i = 0; i < 300; i++) {
        char stamp[24], term[24];
        (void)snprintf(stamp, sizeof stamp, "%llu", (unsigned long long)(start_us + i * 77));
        (void)snprintf(term, sizeof term, "item %u", (unsigned)(test_bits(seed, i) % 50));
        const struct http_pair query[] = {{"filter.term", term}, {"token", stamp}, {NULL, NULL}};
        const struct http_pair headers[] = {{"Host", host},
                                            {"WM_CONSUMER.INTIMESTAMP", stamp},
                                            {"WM_SEC.AUTH_SIGNATURE", stamp},
                                            {"Accept", "application/json"},
                                            {NULL, NULL}};
        struct journal_entry entry = describe("/v1/products", query, headers);
        entry.instant_us = (int64_t)(start_us + i);
        entry.provider = PROVIDER_WALMART_API;
        entry.operation = OPERATION_SEARCH;
        entry.fate = CALL_ANSWERED;
        entry.fault = NULL;
        entry.status = 200;
        entry.latency_us = (int64_t)(test_bits(seed, 1000 + i) % 100000);
        entry.order_key = test_bits(seed, 2000 + i);
        (void)journal_append(journal, &entry);
    }
    char *const json = json_of(journal, form);
    journal_destroy(journal);
    return json;
}

static void two_runs_of_one_seed_give_the_same_bytes_once_the_clock_is_left_out(void **state)
{
    (void)state;
    char *const one = run_of(7, 1000, "127.0.0.1:80", JOURNAL_NORMALISED);
    char *const two = run_of(7, 987654321000, "localhost:49152", JOURNAL_NORMALISED);
    char *const other = run_of(8, 1000, "127.0.0.1:80", JOURNAL_NORMALISED);
    char *const plain_one = run_of(7, 1000, "127.0.0.1:80", JOURNAL_PLAIN);
    char *const plain_two = run_of(7, 2000, "127.0.0.1:80", JOURNAL_PLAIN);
    assert_string_equal(one, two);
    assert_string_not_equal(one, other);
    assert_string_not_equal(plain_one, plain_two);
    free(one);
    free(two);
    free(other);
    free(plain_one);
    free(plain_two);
}

static void json_that_finds_no_memory_says_so(void **state)
{
    (void)state;
    struct journal *const journal = open_journal(2);
    const struct journal_entry entry = entry_of(PROVIDER_MEALME, OPERATION_CART, "GET", "/", 200);
    (void)journal_append(journal, &entry);
    uint32_t calls = 0;
    for (bool done = false; !done; calls++) {
        struct text text = {0};
        const struct journal_filter filter = journal_filter_any();
        memory_fail_after(calls + 1);
        (void)journal_json(journal, &filter, JOURNAL_PLAIN, &text);
        memory_fail_after(0);
        done = !text.failed;
        text_release(&text);
    }
    assert_true(calls > 1);
    journal_destroy(journal);

    struct err err = {0};
    memory_fail_after(1);
    assert_null(journal_create(10, &err));
    memory_fail_after(0);
    assert_int_equal(err.code, ERR_ENVIRONMENT);
    journal_destroy(NULL);
}

/* ---- near misses ----------------------------------------------------------------------------- */

static void a_near_miss_names_what_matched_and_what_did_not(void **state)
{
    (void)state;
    const struct journal_entry there[] = {
        entry_of(PROVIDER_KROGER_API, OPERATION_TOKEN, "POST", "/v1/connect/oauth2/token", 200),
        entry_of(PROVIDER_KROGER_API, OPERATION_SEARCH, "GET", "/v1/products", 401),
        entry_of(PROVIDER_KROGER_API, OPERATION_STORE, "GET", "/v1/locations", 200),
        entry_of(PROVIDER_WALMART_API, OPERATION_SEARCH, "GET", "/search", 500),
        entry_of(PROVIDER_WALMART_API, JOURNAL_NO_OPERATION, "PUT", "/nothing", 0),
    };
    struct journal *const journal = open_journal(16);
    for (size_t i = 0; i < sizeof there / sizeof *there; i++)
        (void)journal_append(journal, &there[i]);

    const int any = JOURNAL_ANY, none = JOURNAL_NO_OPERATION;
    const struct {
        struct journal_filter filter;
        uint64_t nearest; /* its sequence number */
        const char *text;
    } rows[] = {
        {{any, any, NULL, "/v1/products", 200, 0, 0, false},
         2, /* others have the status, but less of the path */
         "path matched, status was 401 instead of 200"},
        {{PROVIDER_KROGER_API, any, NULL, "/v1/products", 403, 0, 0, false},
         2,
         "provider and path matched, status was 401 instead of 403"},
        {{any, any, NULL, "/v1/products", 403, 0, 0, false},
         2,
         "path matched, status was 401 instead of 403"},
        {{PROVIDER_KROGER_API, OPERATION_SEARCH, "GET", "/v1/products", 429, 0, 0, false},
         2,
         "provider, operation, method and path matched, status was 401 instead of 429"},
        {{PROVIDER_MEALME, any, NULL, NULL, any, 0, 0, false},
         5, /* the newest of equals */
         "nothing matched: provider was WALMART_API instead of MEALME"},
        {{PROVIDER_MEALME, OPERATION_CART, "HEAD", "/v1/carts", any, 0, 0, false},
         1,
         "nothing matched: provider was KROGER_API instead of MEALME, operation was token instead "
         "of cart, method was POST instead of HEAD and path was \"/v1/connect/oauth2/token\", "
         "which "
         "does not begin with \"/v1/carts\""},
        {{PROVIDER_WALMART_API, none, NULL, "/nothing", 200, 0, 0, false},
         5,
         "provider, operation and path matched, status was none instead of 200"},
        {{PROVIDER_WALMART_API, OPERATION_STORE, NULL, "/nothing", 0, 0, 0, false},
         5,
         "provider, path and status matched, operation was none instead of store"},
        {{any, any, NULL, "/v1/products", 403, 4, 0, false},
         5, /* older ones do not count */
         "nothing matched: path was \"/nothing\", which does not begin with \"/v1/products\" and "
         "status was none instead of 403"},
        {{any, any, NULL, NULL, 418, 5, 0, false}, 0, "no newer request is there"},
        {{any, any, NULL, NULL, any, 0, 0, false}, 5, "any request matches"},
        {{any, any, NULL, "/v1/l", any, 0, 0, false}, 3, "path matched"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct journal_near_miss near;
        journal_nearest(journal, &rows[i].filter, &near);
        CHECK_ROW_TEXT(rows[i].text, near.text, rows[i].text);
        CHECK_ROW(rows[i].text, near.there == (rows[i].nearest != 0));
        CHECK_ROW(rows[i].text, near.entry.sequence == rows[i].nearest);
    }
    journal_clear(journal);
    struct journal_near_miss near;
    journal_nearest(journal, &rows[1].filter, &near);
    assert_false(near.there);
    assert_string_equal(near.text, "no request is there");
    journal_destroy(journal);
}

static void the_longest_near_miss_fits_or_is_cut_between_characters(void **state)
{
    (void)state;
    struct journal *const journal = open_journal(1);
    struct journal_entry entry = entry_of(PROVIDER_INSTACART, OPERATION_CONFIRM, "OPTIONS", "", 0);
    memset(entry.path, 'p', sizeof entry.path - 1);
    (void)journal_append(journal, &entry);
    char prefix[1024] = "";
    while (strlen(prefix) + 2 < sizeof prefix)
        (void)strcat(prefix, "\xC3\xA9");
    struct journal_filter filter = {
        PROVIDER_WALMART_API, OPERATION_CONFIRM, "CONNECT", prefix, 500, 0, 0, false};
    struct journal_near_miss near;
    for (size_t length = sizeof prefix - 2; length > 300; length -= 2) {
        prefix[length] = '\0';
        journal_nearest(journal, &filter, &near);
        const size_t is = strlen(near.text);
        assert_true(is < JOURNAL_MISS_TEXT_MAX);
        const unsigned char last = (unsigned char)near.text[is - 1];
        if (is > JOURNAL_MISS_TEXT_MAX - 3 && last >= 0x80) assert_int_equal(last, 0xA9);
    }
    prefix[JOURNAL_PATH_MAX] = '\0';
    journal_nearest(journal, &filter, &near);
    assert_non_null(strstr(near.text, " and status was none instead of 500"));
    journal_destroy(journal);
}

/* ---- verifying ------------------------------------------------------------------------------- */

static void a_verdict_holds_fails_or_is_undecided(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        uint32_t appended; /* alternately 200 and 500, into a ring of 8 */
        uint64_t since, min, max;
        uint64_t count, lost;
        enum journal_verdict verdict;
    } rows[] = {
        {"all there, as many", 8, 0, 4, 4, 4, 0, JOURNAL_HOLDS},
        {"all there, too few", 8, 0, 5, 9, 4, 0, JOURNAL_FAILS},
        {"all there, too many", 8, 0, 0, 3, 4, 0, JOURNAL_FAILS},
        {"at least, and any number", 8, 0, 1, UINT64_MAX, 4, 0, JOURNAL_HOLDS},
        {"two lost, may be one more or two", 10, 0, 5, 6, 4, 2, JOURNAL_UNDECIDED},
        {"two lost, exactly four", 10, 0, 4, 4, 4, 2, JOURNAL_UNDECIDED},
        {"two lost, at least four", 10, 0, 4, UINT64_MAX, 4, 2, JOURNAL_HOLDS},
        {"two lost, never seven", 10, 0, 7, 9, 4, 2, JOURNAL_FAILS},
        {"two lost, at most three", 10, 0, 0, 3, 4, 2, JOURNAL_FAILS},
        {"two lost, at most six", 10, 0, 0, 6, 4, 2, JOURNAL_HOLDS},
        {"one of the lost counts", 10, 1, 4, 4, 4, 1, JOURNAL_UNDECIDED},
        {"those that are lost do not matter", 10, 2, 4, 4, 4, 0, JOURNAL_HOLDS},
        {"the last two", 10, 8, 1, 1, 1, 0, JOURNAL_HOLDS},
        {"none is newer", 10, 10, 0, 0, 0, 0, JOURNAL_HOLDS},
        {"none will ever be newer", 10, UINT64_MAX, 0, 0, 0, 0, JOURNAL_HOLDS},
        {"none at all", 0, 0, 1, 1, 0, 0, JOURNAL_FAILS},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct journal *const journal = open_journal(8);
        for (uint32_t a = 0; a < rows[i].appended; a++) {
            const struct journal_entry entry =
                entry_of(PROVIDER_MEALME, OPERATION_CART, "GET", "/", a % 2 == 0 ? 200 : 500);
            (void)journal_append(journal, &entry);
        }
        struct journal_filter filter = journal_filter_any();
        filter.status = 200;
        filter.since = rows[i].since;
        filter.limit = 1; /* of no account here */
        struct journal_verification is;
        const uint64_t count = journal_verify(journal, &filter, rows[i].min, rows[i].max, &is);
        CHECK_ROW(rows[i].label, count == rows[i].count && is.count == count);
        CHECK_ROW(rows[i].label, is.lost == rows[i].lost);
        CHECK_ROW(rows[i].label, is.verdict == rows[i].verdict);
        CHECK_ROW(rows[i].label, (is.near_miss.text[0] != '\0') == (count == 0 && rows[i].min > 0));
        journal_destroy(journal);
    }
}

/* ---- against a vector ------------------------------------------------------------------------ */

enum { MODEL_MAX = 4096, PATHS = 4 };
static const char *const model_paths[PATHS] = {"/v1/products", "/v1/locations", "/search", "/v1"};

struct model { /* forgets nothing */
    struct journal_entry entries[MODEL_MAX];
    uint64_t count;
    uint32_t capacity;
};

static bool model_fits(const struct journal_filter *filter, const struct journal_entry *entry)
{
    if (entry->sequence <= filter->since) return false;
    if (filter->provider != JOURNAL_ANY && (int)entry->provider != filter->provider) return false;
    if (filter->operation != JOURNAL_ANY && entry->operation != filter->operation) return false;
    if (filter->status != JOURNAL_ANY && entry->status != filter->status) return false;
    if (filter->method != NULL && strcmp(entry->method, filter->method) != 0) return false;
    return filter->path_prefix == NULL || strstr(entry->path, filter->path_prefix) == entry->path;
}

static unsigned model_misses(const struct journal_filter *filter, const struct journal_entry *entry)
{
    struct journal_filter one[5];
    for (unsigned i = 0; i < 5; i++)
        one[i] = journal_filter_any();
    one[0].provider = filter->provider;
    one[1].operation = filter->operation;
    one[2].status = filter->status;
    one[3].method = filter->method;
    one[4].path_prefix = filter->path_prefix;
    unsigned misses = 0;
    for (unsigned i = 0; i < 5; i++)
        misses += !model_fits(&one[i], entry);
    return misses;
}

static struct journal_entry random_entry(uint64_t bits)
{
    static const uint16_t statuses[] = {200, 401, 429, 0};
    struct journal_entry entry = entry_of((enum provider)(bits % PROVIDER_COUNT),
                                          (int)(bits >> 8 & 3) - 1, bits >> 12 & 1 ? "GET" : "POST",
                                          model_paths[bits >> 16 & 3], statuses[bits >> 20 & 3]);
    entry.instant_us = (int64_t)(bits >> 32);
    entry.order_key = bits;
    return entry;
}

static struct journal_filter random_filter(uint64_t bits, uint64_t newest)
{
    static const char *const prefixes[] = {"/v1/products", "/v1", "/", "/v1/prod", "/nowhere"};
    static const int statuses[] = {200, 401, 429, 0, 503};
    struct journal_filter filter = journal_filter_any();
    if (bits & 1) filter.provider = (int)(bits >> 4 & 3);
    if (bits & 2) filter.operation = (int)(bits >> 8 & 3) - 1;
    if (bits & 4) filter.status = statuses[(bits >> 12 & 0xFF) % 5];
    if (bits & 8) filter.method = bits >> 20 & 1 ? "GET" : "POST";
    if (bits >> 21 & 1) filter.path_prefix = prefixes[(bits >> 24 & 0xFF) % 5];
    if (bits >> 22 & 1) filter.since = (bits >> 32 & 0xFFFF) % (newest + 3);
    if (bits >> 23 & 1) filter.limit = bits >> 50 & 7;
    filter.newest = bits >> 53 & 1;
    return filter;
}

/* To the last byte, but for the padding behind the last member. */
static void check_same(const struct journal_entry *a, const struct journal_entry *b)
{
    assert_memory_equal(a, b, offsetof(struct journal_entry, varying) + sizeof a->varying);
}

struct visits {
    const struct model *model;
    const struct journal_filter *filter;
    uint64_t at; /* index in the model */
    uint64_t count;
};

/* Each must be the next one that fits, whole. */
static void check_visit(void *context, const struct journal_entry *entry)
{
    struct visits *const visits = context;
    while (visits->at < visits->model->count &&
           !model_fits(visits->filter, &visits->model->entries[visits->at]))
        visits->at++;
    assert_true(visits->at < visits->model->count);
    check_same(entry, &visits->model->entries[visits->at]);
    visits->at++;
    visits->count++;
}

static uint64_t first_kept(const struct model *model)
{
    return model->count > model->capacity ? model->count - model->capacity : 0;
}

static void check_query(struct journal *journal, const struct model *model,
                        const struct journal_filter *filter)
{
    struct visits visits = {.model = model, .filter = filter, .at = first_kept(model)};
    uint64_t expected = 0;
    for (uint64_t i = first_kept(model); i < model->count; i++)
        expected += model_fits(filter, &model->entries[i]);
    if (filter->limit != 0 && expected > filter->limit) {
        /* The older ones are passed over before anything is looked at. */
        for (uint64_t more = expected - filter->limit; filter->newest && more > 0; visits.at++)
            more -= model_fits(filter, &model->entries[visits.at]);
        expected = filter->limit;
    }
    const uint64_t count = journal_query(journal, filter, &visits, check_visit);
    assert_int_equal(count, expected);
    assert_int_equal(visits.count, expected);
}

static void check_nearest(struct journal *journal, const struct model *model,
                          const struct journal_filter *filter)
{
    unsigned fewest = 99;
    for (uint64_t i = first_kept(model); i < model->count; i++) {
        const struct journal_entry *const entry = &model->entries[i];
        if (entry->sequence <= filter->since) continue;
        const unsigned misses = model_misses(filter, entry);
        if (misses < fewest) fewest = misses;
    }
    struct journal_near_miss near;
    journal_nearest(journal, filter, &near);
    assert_int_equal(near.there, fewest != 99);
    if (!near.there) return;
    check_same(&near.entry, &model->entries[near.entry.sequence - 1]);
    assert_int_equal(near.failed, fewest);
    assert_int_equal(model_misses(filter, &near.entry), fewest);
}

static void check_verify(struct journal *journal, const struct model *model,
                         const struct journal_filter *filter, uint64_t bits)
{
    uint64_t kept = 0, all = 0;
    for (uint64_t i = 0; i < model->count; i++) {
        all += model_fits(filter, &model->entries[i]);
        kept += i >= first_kept(model) && model_fits(filter, &model->entries[i]);
    }
    const uint64_t min = bits & 31, max = min + (bits >> 5 & 31);
    struct journal_verification is;
    assert_int_equal(journal_verify(journal, filter, min, max, &is), kept);
    const uint64_t first = first_kept(model);
    assert_int_equal(is.lost, first > filter->since ? first - filter->since : 0);
    /* What a journal that forgets says must be true of one that does not. */
    if (is.verdict == JOURNAL_HOLDS) assert_true(all >= min && all <= max);
    if (is.verdict == JOURNAL_FAILS) assert_true(all < min || all > max);
    if (is.lost == 0) assert_true(is.verdict != JOURNAL_UNDECIDED);
}

static void check_stats(struct journal *journal, const struct model *model)
{
    const struct journal_stats stats = journal_stats(journal);
    assert_int_equal(stats.appended, model->count);
    assert_int_equal(stats.lost, first_kept(model));
    assert_int_equal(stats.kept, model->count - first_kept(model));
    assert_int_equal(stats.capacity, model->capacity);
}

static void random_operations_agree_with_a_vector_that_forgets_nothing(void **state)
{
    (void)state;
    static const uint32_t capacities[] = {1, 2, 7, 64, 600, MODEL_MAX}; /* 600: over one scan */
    struct model *const model = malloc(sizeof *model);
    assert_non_null(model);
    for (size_t c = 0; c < sizeof capacities / sizeof *capacities; c++) {
        struct journal *const journal = open_journal(capacities[c]);
        model->capacity = capacities[c];
        model->count = 0;
        for (uint64_t step = 0; step < 3000; step++) {
            const uint64_t bits = test_bits(100 + c, 2 * step);
            const uint64_t more = test_bits(100 + c, 2 * step + 1);
            const struct journal_filter filter = random_filter(more, model->count);
            const uint64_t what = bits >> 56 & 63;
            if (what == 0 && step % 17 == 0) {
                journal_clear(journal);
                model->count = 0;
            } else if (what < 48) {
                struct journal_entry entry = random_entry(bits);
                assert_int_equal(journal_append(journal, &entry), model->count + 1);
                entry.sequence = model->count + 1;
                model->entries[model->count++] = entry;
            } else if (what < 54) {
                check_query(journal, model, &filter);
            } else if (what < 58) {
                check_nearest(journal, model, &filter);
            } else if (what < 62) {
                check_verify(journal, model, &filter, bits);
            } else {
                check_stats(journal, model);
            }
        }
        journal_destroy(journal);
    }
    free(model);
}

/* ---- while a query runs ---------------------------------------------------------------------- */

struct meddler {
    struct journal *journal;
    unsigned appends; /* so many at each visit */
    bool clears;
    uint64_t seen[16];
    unsigned count;
};

static void meddle(void *context, const struct journal_entry *entry)
{
    struct meddler *const meddler = context;
    meddler->seen[meddler->count++] = entry->sequence;
    if (meddler->clears) journal_clear(meddler->journal);
    for (unsigned i = 0; i < meddler->appends; i++)
        (void)journal_append(meddler->journal, entry);
}

static void a_query_sees_what_was_there_when_it_began_less_what_is_overwritten(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        unsigned appends;
        bool clears;
        unsigned count;
        uint64_t seen[8];
    } rows[] = {
        {"left alone", 0, false, 8, {3, 4, 5, 6, 7, 8, 9, 10}},
        {"one more at each", 1, false, 8, {3, 4, 5, 6, 7, 8, 9, 10}},
        {"two more at each", 2, false, 4, {3, 5, 7, 9}}, /* each overwrites the next but itself */
        {"a ringful more", 8, false, 1, {3}},
        {"cleared", 0, true, 1, {3}},
        {"cleared and filled anew", 12, true, 1, {3}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct meddler meddler = {
            .journal = open_journal(8), .appends = rows[i].appends, .clears = rows[i].clears};
        const struct journal_entry entry =
            entry_of(PROVIDER_MEALME, OPERATION_CART, "GET", "/", 200);
        for (unsigned a = 0; a < 10; a++)
            (void)journal_append(meddler.journal, &entry);
        const struct journal_filter filter = journal_filter_any();
        const uint64_t count = journal_query(meddler.journal, &filter, &meddler, meddle);
        CHECK_ROW(rows[i].label, count == rows[i].count);
        CHECK_ROW(rows[i].label, meddler.count == rows[i].count);
        for (unsigned s = 0; s < rows[i].count; s++)
            CHECK_ROW(rows[i].label, meddler.seen[s] == rows[i].seen[s]);
        journal_destroy(meddler.journal);
    }
}

/* ---- threads --------------------------------------------------------------------------------- */

enum { WRITERS = 4, WRITES = 4000, THREAD_CAPACITY = 1000 };

struct writer {
    struct journal *journal;
    uint32_t number;
    uint64_t last; /* sequence number it was given */
};

/* An entry whose every part says who wrote it, and as what number: a torn one would show. */
static struct journal_entry signed_entry(uint32_t writer, uint32_t index)
{
    struct journal_entry entry =
        entry_of((enum provider)writer, OPERATION_CART, "GET", "", (uint16_t)(index % 60000));
    entry.order_key = (uint64_t)writer << 32 | index;
    (void)snprintf(entry.path, sizeof entry.path, "/%u/%u", writer, index);
    (void)snprintf(entry.varying, sizeof entry.varying, "%u %u", writer, index);
    return entry;
}

static void *write_many(void *context)
{
    struct writer *const writer = context;
    for (uint32_t i = 0; i < WRITES; i++) {
        const struct journal_entry entry = signed_entry(writer->number, i);
        const uint64_t sequence = journal_append(writer->journal, &entry);
        if (sequence <= writer->last) return NULL; /* the main thread sees that too few came */
        writer->last = sequence;
    }
    return writer;
}

struct reading {
    uint64_t last;
    int64_t newest[WRITERS];
};

/* Sequence numbers rise, each writer's entries come in his order, and none is torn. */
static void check_signed(void *context, const struct journal_entry *entry)
{
    struct reading *const reading = context;
    assert_true(entry->sequence > reading->last);
    reading->last = entry->sequence;
    const uint32_t writer = (uint32_t)(entry->order_key >> 32), index = (uint32_t)entry->order_key;
    assert_in_range(writer, 0, WRITERS - 1);
    assert_true((int64_t)index > reading->newest[writer]);
    reading->newest[writer] = index;
    const struct journal_entry expected = signed_entry(writer, index);
    assert_string_equal(entry->path, expected.path);
    assert_string_equal(entry->varying, expected.varying);
    assert_int_equal(entry->status, expected.status);
    assert_int_equal(entry->provider, expected.provider);
}

static void read_all(struct journal *journal, struct reading *reading)
{
    *reading = (struct reading){.newest = {-1, -1, -1, -1}};
    const struct journal_filter filter = journal_filter_any();
    (void)journal_query(journal, &filter, reading, check_signed);
}

static void threads_that_append_at_once_lose_and_tear_nothing(void **state)
{
    (void)state;
    struct journal *const journal = open_journal(THREAD_CAPACITY);
    pthread_t threads[WRITERS];
    struct writer writers[WRITERS];
    for (uint32_t w = 0; w < WRITERS; w++) {
        writers[w] = (struct writer){.journal = journal, .number = w};
        assert_int_equal(pthread_create(&threads[w], NULL, write_many, &writers[w]), 0);
    }
    struct reading reading;
    while (journal_stats(journal).appended < (uint64_t)WRITERS * WRITES / 2)
        read_all(journal, &reading);
    for (uint32_t w = 0; w < WRITERS; w++) {
        void *result = NULL;
        assert_int_equal(pthread_join(threads[w], &result), 0);
        assert_ptr_equal(result, &writers[w]);
    }
    read_all(journal, &reading);
    assert_int_equal(reading.last, WRITERS * WRITES);
    assert_int_equal(journal_stats(journal).lost, WRITERS * WRITES - THREAD_CAPACITY);
    journal_destroy(journal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_described_without_its_secrets),
        cmocka_unit_test(every_text_is_cut_at_its_length_and_says_so),
        cmocka_unit_test(a_cut_leaves_whole_characters_and_no_part_of_a_secret),
        cmocka_unit_test(entries_are_lines_of_json_with_fixed_keys),
        cmocka_unit_test(two_runs_of_one_seed_give_the_same_bytes_once_the_clock_is_left_out),
        cmocka_unit_test(json_that_finds_no_memory_says_so),
        cmocka_unit_test(a_near_miss_names_what_matched_and_what_did_not),
        cmocka_unit_test(the_longest_near_miss_fits_or_is_cut_between_characters),
        cmocka_unit_test(a_verdict_holds_fails_or_is_undecided),
        cmocka_unit_test(random_operations_agree_with_a_vector_that_forgets_nothing),
        cmocka_unit_test(a_query_sees_what_was_there_when_it_began_less_what_is_overwritten),
        cmocka_unit_test(threads_that_append_at_once_lose_and_tear_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
