/* Where messages and records end. Goal: the same pieces, however the bytes are cut up. Method: a
 * table of messages with each byte's kind written under it, read whole, byte by byte and in seeded
 * random pieces; heads rewritten; TLS records as clients of 1.2 and 1.3 send them; and noise, which
 * has to come out as it went in. */
#include "mocks/relay_message.h"

#include "tests/support.h"

#define HEAD_LENGTH "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
#define HEAD_CHUNKS "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, Chunked\r\n\r\n"

enum { READ_MAX = 4096 };

/* Reads one message out of `bytes`, of which another `step()` bytes arrive whenever more are
 * needed. Kinds become letters: h, b, c; what follows the end of the message becomes dots. */
static void read_all(const char *bytes, size_t length, bool reply, bool bodiless, uint64_t seed,
                     char kinds[static READ_MAX])
{
    struct relay_message message;
    size_t at = 0, arrived = 0;
    uint64_t draws = 0;
    relay_message_begin(&message, reply, bodiless);
    for (;;) {
        enum relay_piece piece;
        const size_t taken =
            relay_message_next(&message, (const uint8_t *)bytes + at, arrived - at, &piece);
        assert_true(taken <= arrived - at);
        const char letter = piece == PIECE_HEAD ? 'h' : piece == PIECE_BODY ? 'b' : 'c';
        memset(kinds + at, letter, taken);
        at += taken;
        if (piece == PIECE_END) break;
        if (piece != PIECE_NONE) continue;
        assert_int_equal(taken, 0);
        if (arrived == length) break;
        const size_t more = seed == 0 ? length : seed == 1 ? 1 : 1 + test_bits(seed, draws++) % 7;
        arrived = length - arrived < more ? length : arrived + more;
    }
    memset(kinds + at, message.state == MESSAGE_OVER ? '.' : '?', length - at);
    kinds[length] = '\0';
}

static const struct message_row {
    const char *label;
    const char *bytes;
    const char *body;  /* what of it is payload */
    const char *after; /* what belongs to the next message, or (with '?') is not whole yet */
    bool request;
    bool bodiless;
} rows[] = {
    {"length", HEAD_LENGTH "01234HTTP/1.1", "01234", "HTTP/1.1", 0, 0},
    {"length, to HEAD", HEAD_LENGTH "HTTP", "", "HTTP", 0, 1},
    {"no body yet", HEAD_LENGTH, "", "", 0, 0},
    {"bare line ends", "HTTP/1.1 200 OK\nContent-Length:2\n\nabc", "ab", "c", 0, 0},
    {"until close", "HTTP/1.0 200 OK\r\n\r\nabc", "abc", "", 0, 0},
    {"chunks", HEAD_CHUNKS "3\r\nabc\r\nA;x=\"y\"\r\n0123456789\r\n0\r\n\r\nHTTP", "abc0123456789",
     "HTTP", 0, 0},
    {"chunks and trailers", HEAD_CHUNKS "1\r\na\r\n000\r\nA: b\r\nC: d\r\n\r\nx", "a", "x", 0, 0},
    {"a chunk that says chunk in it", HEAD_CHUNKS "5\r\n0\r\n\r\n\r\n0\r\n\r\n", "0\r\n\r\n", "", 0,
     0},
    {"a size that is none: all the rest is body", HEAD_CHUNKS "zz\r\nabc\r\n0\r\n\r\n",
     "abc\r\n0\r\n\r\n", "", 0, 0},
    {"204", "HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\nHTTP", "", "HTTP", 0, 0},
    {"304", "HTTP/1.1 304 No\r\nContent-Length: 5\r\n\r\nHTTP", "", "HTTP", 0, 0},
    {"interim", "HTTP/1.1 100 Continue\r\n\r\nHTTP", "", "HTTP", 0, 0},
    {"another protocol", "HTTP/1.1 101 Switching\r\n\r\nabc", "abc", "", 0, 0},
    {"a length that is none", "HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n\r\nabc", "abc", "", 0, 0},
    {"a length past all numbers",
     "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\nabc", "abc", "", 0, 0},
    {"request", "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET", "", "GET", 1, 0},
    {"request with a body", "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET", "abc", "GET", 1,
     0},
    {"request in chunks",
     "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\nG", "a", "G", 1, 0},
    {"half a head", "GET / HTTP/1.1\r\nHost: a\r\n", "", "", 1, 0},
};

static void check_message(const struct message_row *row, uint64_t seed)
{
    char kinds[READ_MAX], body[READ_MAX], after[READ_MAX];
    const size_t length = strlen(row->bytes);
    size_t bodies = 0, afters = 0;
    read_all(row->bytes, length, !row->request, row->bodiless, seed, kinds);
    for (size_t i = 0; i < length; i++) {
        if (kinds[i] == 'b') body[bodies++] = row->bytes[i];
        if (kinds[i] == '.') after[afters++] = row->bytes[i];
    }
    body[bodies] = after[afters] = '\0';
    CHECK_ROW_TEXT(row->label, body, row->body);
    CHECK_ROW_TEXT(row->label, after, row->after);
}

static void the_pieces_are_the_same_however_the_bytes_come(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (uint64_t seed = 0; seed < 50; seed++)
            check_message(&rows[i], seed);
    }
}

static void heads_say_status_method_and_length(void **state)
{
    (void)state;
    static const struct {
        const char *label, *head;
        bool reply;
        uint16_t status;
        bool asks_head, interim, bodiless, has_length;
        uint64_t length;
    } heads[] = {
        {"200", HEAD_LENGTH, 1, 200, 0, 0, 0, 1, 5},
        {"103", "HTTP/1.1 103 Early Hints\r\n\r\n", 1, 103, 0, 1, 1, 0, 0},
        {"101", "HTTP/1.1 101 Switching\r\n\r\n", 1, 101, 0, 0, 0, 0, 0},
        {"empty", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 1, 200, 0, 0, 0, 1, 0},
        {"no status", "ICY\r\n\r\n", 1, 0, 0, 0, 0, 0, 0},
        {"HEAD", "HEAD / HTTP/1.1\r\n\r\n", 0, 0, 1, 0, 1, 0, 0},
        {"HEADER", "HEADER / HTTP/1.1\r\n\r\n", 0, 0, 0, 0, 1, 0, 0},
        {"last length", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\ncontent-length:\t9 \r\n\r\n", 1,
         200, 0, 0, 0, 1, 9},
        {"a name that begins alike", "HTTP/1.1 200 OK\r\nContent-Length-X: 4\r\n\r\n", 1, 200, 0, 0,
         0, 0, 0},
    };
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        struct relay_message message;
        enum relay_piece piece;
        relay_message_begin(&message, heads[i].reply, false);
        const size_t taken = relay_message_next(&message, (const uint8_t *)heads[i].head,
                                                strlen(heads[i].head), &piece);
        CHECK_ROW(heads[i].label, piece == PIECE_HEAD && taken == strlen(heads[i].head));
        CHECK_ROW(heads[i].label, message.status == heads[i].status);
        CHECK_ROW(heads[i].label, message.asks_head == heads[i].asks_head);
        CHECK_ROW(heads[i].label, relay_message_is_interim(&message) == heads[i].interim);
        CHECK_ROW(heads[i].label, message.bodiless == heads[i].bodiless);
        CHECK_ROW(heads[i].label, message.has_length == heads[i].has_length);
        CHECK_ROW(heads[i].label, message.content_length == heads[i].length);
    }
}

static void a_rewritten_head_says_nothing_of_its_old_frame(void **state)
{
    (void)state;
    static const char head[] =
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: Content-Length\r\n"
        "transfer-encoding: chunked\r\nTRAILER: x\r\nConnection: keep-alive\r\nKeep-Alive: 5\r\n"
        "Content-Type: a/b\r\n\r\n";
    char to[512];
    const size_t length =
        relay_head_rewrite((uint8_t *)to, (const uint8_t *)head, strlen(head), "A: b\r\n");
    to[length] = '\0';
    assert_string_equal(
        to, "HTTP/1.1 200 OK\r\nX-A: Content-Length\r\nContent-Type: a/b\r\nA: b\r\n\r\n");
}

static void noise_is_read_to_its_end(void **state)
{
    (void)state;
    static const char alphabet[] =
        "0aF\r\n\r\n: HTTP/1.1 200Content-LengthTransfer-Encodingchunked";
    char noise[512], kinds[READ_MAX];
    for (uint64_t i = 0; i < 3000; i++) {
        const size_t length = test_bits(1, i) % sizeof noise;
        for (size_t k = 0; k < length; k++) {
            const uint64_t bits = test_bits(i + 100, k);
            noise[k] =
                bits % 20 == 0 ? (char)(bits >> 8) : alphabet[(bits >> 8) % (sizeof alphabet - 1)];
        }
        read_all(noise, length, i % 2 == 0, i % 3 == 0, i, kinds);
    }
}

/* ---- TLS ------------------------------------------------------------------------------------- */

#define HELLO            "\x16\x03\x01\x00\x04\x01\x00\x00\x00"
#define CHANGE           "\x14\x03\x03\x00\x01\x01"
#define HIDDEN           "\x16\x03\x03\x00\x05\xa7\x01\x02\x03\x04" /* an encrypted handshake record */
#define DATA             "\x17\x03\x03\x00\x03\x61\x62\x63"
#define TEXT_OF(literal) literal, sizeof(literal) - 1

static const struct record_row {
    const char *label;
    const char *bytes;
    size_t length;
    size_t request; /* where it begins; the length: nowhere */
} record_rows[] = {
    {"1.3", TEXT_OF(HELLO CHANGE DATA DATA), sizeof(HELLO CHANGE DATA) - 1},
    {"1.3 without a change of cipher", TEXT_OF(HELLO DATA DATA), sizeof(HELLO DATA) - 1},
    {"1.3 asked to begin again", TEXT_OF(HELLO CHANGE HELLO DATA DATA),
     sizeof(HELLO CHANGE HELLO DATA) - 1},
    {"1.2", TEXT_OF(HELLO HIDDEN CHANGE HIDDEN DATA), sizeof(HELLO HIDDEN CHANGE HIDDEN) - 1},
    {"handshake only", TEXT_OF(HELLO CHANGE DATA), sizeof(HELLO CHANGE DATA) - 1},
};

static void the_request_in_tls_is_found_however_the_bytes_come(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof record_rows / sizeof *record_rows; i++) {
        const struct record_row *const row = &record_rows[i];
        for (uint64_t seed = 0; seed < 50; seed++) {
            struct relay_records records = {0};
            size_t at = 0, arrived = seed == 0 ? row->length : 0;
            bool request = false;
            for (uint64_t draws = 0; !request; draws++) {
                at += relay_records_pass(&records, (const uint8_t *)row->bytes + at, arrived - at,
                                         &request);
                CHECK_ROW(row->label, at <= arrived);
                if (request || arrived == row->length) break;
                const size_t more = seed == 1 ? 1 : 1 + test_bits(seed, draws) % 9;
                arrived = row->length - arrived < more ? row->length : arrived + more;
            }
            CHECK_ROW(row->label, request == (row->request < row->length));
            CHECK_ROW(row->label, at == row->request);
            if (!request) continue;
            relay_records_enter(&records, (const uint8_t *)row->bytes + at);
            at += relay_records_pass(&records, (const uint8_t *)row->bytes + at, row->length - at,
                                     &request);
            CHECK_ROW(row->label, at == row->length && !request);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_pieces_are_the_same_however_the_bytes_come),
        cmocka_unit_test(heads_say_status_method_and_length),
        cmocka_unit_test(a_rewritten_head_says_nothing_of_its_old_frame),
        cmocka_unit_test(noise_is_read_to_its_end),
        cmocka_unit_test(the_request_in_tls_is_found_however_the_bytes_come),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
