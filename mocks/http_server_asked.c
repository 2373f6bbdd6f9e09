/* X-Mock-Fault: what one request may ask to meet. */
#include <string.h>

#include "mocks/http_server_state.h"
#include "router/base/duration.h"

#define SLOW_BYTES_MAX INT64_C(1000000000)
#define HUGE_BYTES_MAX INT64_C(1073741824)

enum argument { /* what stands behind the "=" */
                ARGUMENT_NONE,
                ARGUMENT_STATUS,
                ARGUMENT_SPAN,
                ARGUMENT_RATE,
                ARGUMENT_SIZE,
                ARGUMENT_URL
};

static const struct {
    const char *word;
    enum argument argument;
    const char *name; /* in the journal */
} words[ASKED_COUNT] = {
    [ASKED_NOTHING] = {"", ARGUMENT_NONE, NULL},
    [ASKED_HANG] = {"hang", ARGUMENT_NONE, "asked: hang"},
    [ASKED_RESET] = {"reset", ARGUMENT_NONE, "asked: reset"},
    [ASKED_CLOSE] = {"close", ARGUMENT_NONE, "asked: close"},
    [ASKED_STATUS] = {"status", ARGUMENT_STATUS, "asked: status"},
    [ASKED_DELAY] = {"delay", ARGUMENT_SPAN, "asked: delay"},
    [ASKED_TRUNCATED] = {"truncated", ARGUMENT_NONE, "asked: truncated"},
    [ASKED_MALFORMED] = {"malformed", ARGUMENT_NONE, "asked: malformed"},
    [ASKED_SLOW] = {"slow", ARGUMENT_RATE, "asked: slow"},
    [ASKED_EMPTY] = {"empty", ARGUMENT_NONE, "asked: empty"},
    [ASKED_HUGE] = {"huge", ARGUMENT_SIZE, "asked: huge"},
    [ASKED_REDIRECT] = {"redirect", ARGUMENT_URL, "asked: redirect"},
    [ASKED_HTML] = {"html", ARGUMENT_NONE, "asked: html"},
    [ASKED_GZIP_BOMB] = {"gzip_bomb", ARGUMENT_NONE, "asked: gzip_bomb"},
};

const char *asked_name(enum asked_word word)
{
    return words[word].name;
}

/* In the order of the words above. */
const struct mock_fault_word mock_fault_words[ASKED_COUNT] = {
    {"hang", "no answer"},
    {"reset", "a TCP reset"},
    {"close", "the connection ends without an answer"},
    {"status=503", "that status, 200 to 599, in the vendor's words"},
    {"delay=250ms", "the true answer, so much later"},
    {"truncated", "the true answer, cut in its middle"},
    {"malformed", "the true answer, and no JSON"},
    {"slow=100", "the true answer, so many bytes a second"},
    {"empty", "200 without a body"},
    {"huge=10m", "200 and so many bytes: k, m, g"},
    {"redirect=URL", "302 to there"},
    {"html", "200 and a page of HTML"},
    {"gzip_bomb", "200 and 106 KB that inflate to 17 MB"},
    {NULL, NULL},
};

void asked_list(struct text *text)
{
    text_put(text, "X-Mock-Fault is one of: ");
    for (const struct mock_fault_word *word = mock_fault_words; word->shown != NULL; word++)
        text_format(text, "%s%s", word == mock_fault_words ? "" : ", ", word->shown);
    text_char(text, '\n');
}

const char asked_html[] = "<!DOCTYPE html>\n<html><head><title>503 Service Temporarily Unavailable"
                          "</title></head>\n<body><h1>Service Temporarily Unavailable</h1></body>"
                          "</html>\n";

/* ---- reading --------------------------------------------------------------------------------- */

/* A whole number from `least` to `most`; `end` is told where it stops. */
static bool read_number(const char *text, int64_t least, int64_t most, int64_t *number,
                        const char **end)
{
    int64_t value = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9'; at++) {
        if (value > most) return false;
        value = value * 10 + (*at - '0');
    }
    *number = value;
    *end = at;
    return at > text && value >= least && value <= most;
}

static bool read_size(const char *text, int64_t *bytes)
{
    const char *unit;
    if (!read_number(text, 1, HUGE_BYTES_MAX, bytes, &unit)) return false;
    if (strcmp(unit, "k") == 0) *bytes <<= 10;
    if (strcmp(unit, "m") == 0) *bytes <<= 20;
    if (strcmp(unit, "g") == 0) *bytes <<= 30;
    const bool known = unit[0] == '\0' || (strchr("kmg", unit[0]) != NULL && unit[1] == '\0');
    return known && *bytes <= HUGE_BYTES_MAX;
}

/* Visible ASCII: it goes into a header. */
static bool is_url(const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (*c <= ' ' || *c > '~') return false;
    }
    return text[0] != '\0';
}

static bool read_argument(const char *text, enum argument argument, struct asked *asked)
{
    const char *end = "";
    struct err err;
    switch (argument) {
    case ARGUMENT_NONE:
        return false;
    case ARGUMENT_STATUS:
        return read_number(text, 200, 599, &asked->number, &end) && *end == '\0';
    case ARGUMENT_SPAN:
        return duration_parse(text, (struct place){0}, &asked->number, &err);
    case ARGUMENT_RATE:
        return read_number(text, 1, SLOW_BYTES_MAX, &asked->number, &end) && *end == '\0';
    case ARGUMENT_SIZE:
        return read_size(text, &asked->number);
    case ARGUMENT_URL:
        asked->url = text;
        return is_url(text);
    }
    return false;
}

bool asked_read(const char *text, struct asked *asked)
{
    const size_t length = strcspn(text, "=");
    for (enum asked_word w = ASKED_HANG; w < ASKED_COUNT; w++) {
        if (strlen(words[w].word) != length || strncmp(words[w].word, text, length) != 0) continue;
        *asked = (struct asked){.word = w};
        if (words[w].argument == ARGUMENT_NONE) return text[length] == '\0';
        return text[length] == '=' && read_argument(text + length + 1, words[w].argument, asked);
    }
    return false;
}

/* ---- the bomb -------------------------------------------------------------------------------- */

struct bits { /* into a text, the lowest bit of a byte first, as RFC 1951 packs them */
    struct text *to;
    uint32_t held, count;
};

static void put_bits(struct bits *bits, uint32_t value, uint32_t count)
{
    bits->held |= value << bits->count;
    for (bits->count += count; bits->count >= 8; bits->count -= 8) {
        text_char(bits->to, (char)(bits->held & 0xFF));
        bits->held >>= 8;
    }
}

/* One block of fixed Huffman codes (RFC 1951 section 3.2.6), whose bits come highest first: the
 * byte 0, then again and again "258 bytes as one byte before", which takes 13 bits. No zlib is
 * needed to write it, and any reads it. */
void asked_bomb(struct text *body)
{
    static const char head[10] = {0x1F, (char)0x8B, 8, 0, 0, 0, 0, 0, 0, (char)0xFF};
    /* Size and CRC-32 of that many zeros, lowest byte first; a test inflates and compares. */
    static const uint32_t crc = 0x081449FD, size = ASKED_BOMB_BYTES;
    enum {
        FINAL_FIXED = 1 | 1 << 1,
        BYTE_0 = 0x0C,   /* 00110000 backwards */
        MATCH_258 = 0xA3 /* 11000101 backwards, then distance 1: 00000 */
    };
    text_append(body, head, sizeof head);
    struct bits bits = {.to = body};
    put_bits(&bits, FINAL_FIXED, 3);
    put_bits(&bits, BYTE_0, 8);
    for (uint32_t i = 0; i < ASKED_BOMB_MATCHES; i++)
        put_bits(&bits, MATCH_258, 13);
    put_bits(&bits, 0, 7);                     /* end of block */
    put_bits(&bits, 0, (8 - bits.count) & 7u); /* to the byte */
    put_bits(&bits, crc & 0xFFFF, 16);
    put_bits(&bits, crc >> 16, 16);
    put_bits(&bits, size & 0xFFFF, 16);
    put_bits(&bits, size >> 16, 16);
}
