/* The front of a mock server. Goal: while a fault of the connect or TLS layer hits every call,
 * connections meet it, and at no other time. Method: a front in front of a real mock server, turned
 * to instants of the test's choice, and the project's HTTP client, whose codes say what it met. */
#include "mocks/front.h"

#include "tests/mocks/http_server_fixture.h"

enum { REFUSED = 7, ALERT = 35 };

static struct fault_spec fault_of(enum fault_kind kind, int64_t at_us, int64_t for_us)
{
    struct fault_spec fault = {.id = "f",
                               .provider_mask = 1u << PROVIDER_KROGER_API,
                               .kind = kind,
                               .at_us = at_us,
                               .for_us = for_us,
                               .fraction = 1};
    return fault;
}

static struct fault_spec outage_of(enum fault_kind first, enum fault_kind second)
{
    struct fault_spec fault = fault_of(FAULT_OUTAGE, 0, 10);
    fault.parts[fault.part_count++] = (struct outage_part){.kind = first, .share = 1};
    if (second != FAULT_KIND_COUNT)
        fault.parts[fault.part_count++] = (struct outage_part){.kind = second, .share = 1};
    return fault;
}

static void a_front_is_needed_for_faults_that_hit_whole_connections(void **state)
{
    (void)state;
    struct {
        const char *label;
        struct fault_spec fault;
        bool needed, noted;
    } rows[] = {
        {"refuse", fault_of(FAULT_REFUSE, 0, 10), true, false},
        {"tls", fault_of(FAULT_TLS, 0, 10), true, false},
        {"dns", fault_of(FAULT_DNS, 0, 10), false, true},
        {"hang", fault_of(FAULT_HANG, 0, 10), false, false},
        {"error", fault_of(FAULT_ERROR, 0, 10), false, false},
        {"a share", fault_of(FAULT_REFUSE, 0, 10), false, true},
        {"some operations", fault_of(FAULT_TLS, 0, 10), false, true},
        {"an outage of one part", outage_of(FAULT_REFUSE, FAULT_KIND_COUNT), true, false},
        {"an outage of two", outage_of(FAULT_REFUSE, FAULT_HANG), false, true},
        {"an outage of others", outage_of(FAULT_ERROR, FAULT_HANG), false, false},
        {"an outage with dns", outage_of(FAULT_ERROR, FAULT_DNS), false, true},
    };
    rows[5].fault.fraction = 0.5;
    rows[6].fault.operation_mask = 1u << OPERATION_SEARCH;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char note[FRONT_NOTE_MAX];
        CHECK_ROW(rows[i].label,
                  front_is_needed(&rows[i].fault, 1, PROVIDER_KROGER_API) == rows[i].needed);
        CHECK_ROW(rows[i].label, !front_is_needed(&rows[i].fault, 1, PROVIDER_MEALME));
        CHECK_ROW(rows[i].label, front_note(&rows[i].fault, note) == rows[i].noted);
        CHECK_ROW(rows[i].label, (note[0] != '\0') == rows[i].noted);
    }
    assert_false(front_is_needed(NULL, 0, PROVIDER_KROGER_API));
}

/* ---- connections ----------------------------------------------------------------------------- */

struct fronted {
    struct serving *serving;
    struct front *front;
    int descriptors;
};

static void fronted_open(struct fronted *fronted, const struct fault_spec *faults, uint32_t count,
                         bool tls)
{
    struct err err;
    fronted->descriptors = open_descriptors();
    fronted->serving = serving_open(&(struct wish){.tls = tls});
    struct front_setup setup = {
        .providers = 1u << PROVIDER_KROGER_API, .faults = faults, .fault_count = count};
    setup.upstream[PROVIDER_KROGER_API] =
        mock_server_port(fronted->serving->server, PROVIDER_KROGER_API);
    fronted->front = front_create(&setup, 0, &err);
    if (fronted->front == NULL) fail_msg("%s", err.message);
}

static void fronted_close(struct fronted *fronted)
{
    front_destroy(fronted->front);
    serving_close(fronted->serving);
    assert_int_equal(open_descriptors(), fronted->descriptors);
}

struct outcome {
    bool ended;
    int code;
    uint16_t status;
};

static void keep(void *context, void *owner, const struct http_outcome *outcome)
{
    (void)context;
    *(struct outcome *)owner =
        (struct outcome){true, outcome->curl_code, outcome->response->status};
}

/* libcurl's code of a request through the front, on a connection of its own. */
static int ask(const struct fronted *fronted)
{
    struct err err;
    struct outcome outcome = {0};
    struct http_place place = {.declared_mock = true};
    const struct serving *const serving = fronted->serving;
    (void)snprintf(place.base_url, sizeof place.base_url, "%s://127.0.0.1:%u",
                   serving->wish.tls ? "https" : "http",
                   front_port(fronted->front, PROVIDER_KROGER_API));
    if (serving->wish.tls) place.ca_file = serving->ca_file;
    if (!http_place_check(&place, &err)) fail_msg("%s", err.message);
    struct http_client *const client =
        http_client_create(&(struct http_client_setup){.ended = keep}, &err);
    assert_non_null(client);
    struct http_request request = {0};
    http_request_begin(&request, HTTP_GET, "/");
    const struct http_call call = {.place = &place,
                                   .request = &request,
                                   .life_us = BARE_PATIENCE_S * US_PER_SECOND,
                                   .own_connection = true,
                                   .owner = &outcome};
    assert_int_not_equal(http_client_start(client, &call, &err), 0);
    while (!outcome.ended)
        http_client_wait(client, http_client_now_us() + US_PER_SECOND);
    http_client_destroy(client);
    http_request_release(&request);
    if (outcome.code == 0) assert_in_range(outcome.status, 400, 499);
    return outcome.code;
}

static void turn(struct fronted *fronted, int64_t now_us, int code, int64_t next_us)
{
    char label[64];
    (void)snprintf(label, sizeof label, "at %lld", (long long)now_us);
    CHECK_ROW(label, front_turn(fronted->front, now_us) == next_us);
    CHECK_ROW(label, ask(fronted) == code);
}

static void while_refuse_is_on_nobody_listens(void **state)
{
    (void)state;
    const struct fault_spec fault = fault_of(FAULT_REFUSE, 1000, 500);
    struct fronted fronted;
    fronted_open(&fronted, &fault, 1, false);
    turn(&fronted, 0, 0, 1000);
    turn(&fronted, 999, 0, 1000);
    turn(&fronted, 1000, REFUSED, 1500);
    turn(&fronted, 1499, REFUSED, 1500);
    turn(&fronted, 1500, 0, INT64_MAX);
    turn(&fronted, 1200, REFUSED, 1500); /* a clock that was put back */
    fronted_close(&fronted);
}

static void while_tls_is_on_handshakes_end_in_an_alert(void **state)
{
    (void)state;
    const struct fault_spec fault = fault_of(FAULT_TLS, 1000, 500);
    struct fronted fronted;
    fronted_open(&fronted, &fault, 1, true);
    turn(&fronted, 0, 0, 1000);
    turn(&fronted, 1000, ALERT, 1500);
    turn(&fronted, 1500, 0, INT64_MAX);
    fronted_close(&fronted);
}

static void a_fault_that_flaps_opens_and_closes(void **state)
{
    (void)state;
    struct fault_spec fault = fault_of(FAULT_REFUSE, 100, 50);
    fault.flap_on_us = 10;
    fault.flap_off_us = 20;
    struct fronted fronted;
    fronted_open(&fronted, &fault, 1, false);
    turn(&fronted, 100, REFUSED, 110);
    turn(&fronted, 110, 0, 130);
    turn(&fronted, 130, REFUSED, 140);
    turn(&fronted, 140, 0, 150);
    turn(&fronted, 150, 0, INT64_MAX);
    fronted_close(&fronted);
}

static void a_ramp_counts_when_it_has_reached_the_whole(void **state)
{
    (void)state;
    struct fault_spec fault = fault_of(FAULT_REFUSE, 100, 50);
    fault.ramp_us = 20;
    struct fronted fronted;
    fronted_open(&fronted, &fault, 1, false);
    turn(&fronted, 0, 0, 100);
    turn(&fronted, 100, 0, 120);
    turn(&fronted, 119, 0, 120);
    turn(&fronted, 120, REFUSED, 150);
    fronted_close(&fronted);
}

static void of_faults_that_overlap_the_lower_layer_wins(void **state)
{
    (void)state;
    const struct fault_spec faults[] = {fault_of(FAULT_TLS, 0, 100),
                                        fault_of(FAULT_REFUSE, 20, 40)};
    struct fronted fronted;
    fronted_open(&fronted, faults, 2, true);
    assert_int_equal(ask(&fronted), ALERT); /* as it was made, at 0 */
    turn(&fronted, 0, ALERT, 20);
    turn(&fronted, 20, REFUSED, 60);
    turn(&fronted, 60, ALERT, 100);
    turn(&fronted, 100, 0, INT64_MAX);
    fronted_close(&fronted);
}

static void other_faults_are_in_force_at_once(void **state)
{
    (void)state;
    const struct fault_spec before = fault_of(FAULT_REFUSE, 0, 100);
    struct fault_spec others = fault_of(FAULT_REFUSE, 0, 100);
    others.provider_mask = 1u << PROVIDER_MEALME; /* not in front of it */
    struct fronted fronted;
    fronted_open(&fronted, &before, 1, false);
    assert_int_equal(ask(&fronted), REFUSED);
    assert_int_equal(front_set_faults(fronted.front, &others, 1, 50), 100);
    assert_int_equal(ask(&fronted), 0);
    assert_int_equal(front_set_faults(fronted.front, NULL, 0, 50), INT64_MAX);
    assert_int_equal(front_port(fronted.front, PROVIDER_MEALME), 0);
    fronted_close(&fronted);
}

static void a_port_that_is_taken_is_an_error(void **state)
{
    (void)state;
    struct err err;
    const int descriptors = open_descriptors();
    struct serving *const serving = serving_open(&(struct wish){0});
    struct front_setup setup = {.providers = 1u << PROVIDER_KROGER_API};
    setup.upstream[PROVIDER_KROGER_API] = mock_server_port(serving->server, PROVIDER_KROGER_API);
    setup.ports[PROVIDER_KROGER_API] = setup.upstream[PROVIDER_KROGER_API];
    assert_null(front_create(&setup, 0, &err));
    assert_int_equal(err.code, ERR_ENVIRONMENT);
    serving_close(serving);
    assert_int_equal(open_descriptors(), descriptors);
    front_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_front_is_needed_for_faults_that_hit_whole_connections),
        cmocka_unit_test(while_refuse_is_on_nobody_listens),
        cmocka_unit_test(while_tls_is_on_handshakes_end_in_an_alert),
        cmocka_unit_test(a_fault_that_flaps_opens_and_closes),
        cmocka_unit_test(a_ramp_counts_when_it_has_reached_the_whole),
        cmocka_unit_test(of_faults_that_overlap_the_lower_layer_wins),
        cmocka_unit_test(other_faults_are_in_force_at_once),
        cmocka_unit_test(a_port_that_is_taken_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
