#include "reports/tokens.h"

#include <ctype.h>
#include <stddef.h>

const struct token tokens[TOKEN_COUNT] = {
    {"fg", 0x1f2328, 0xe6edf3},        {"muted", 0x57606a, 0x9aa4af},
    {"axis", 0x8c959f, 0x6b7682},      {"grid", 0xdfe3e8, 0x2a323b},
    {"bg", 0xffffff, 0x14181d},        {"surface", 0xf6f8fa, 0x1b2027},
    {"mealme", 0xc2570c, 0xf08a4b},    {"instacart", 0x0b8f6a, 0x33c19a},
    {"kroger", 0xa63d8f, 0xdd8cc4},    {"walmart", 0x1b63b8, 0x5aa9e6},
    {"good", 0x1a7f37, 0x3fb950},      {"bad", 0xb3261e, 0xff7b72},
    {"warn", 0x9a6700, 0xd29922},      {"ref", 0x6e7781, 0x8b949e},
    {"fault", 0xf6e7c8, 0x3d321b},     {"band", 0xcfe0f3, 0x1d3a57},
    {"neutral", 0xeceff2, 0x20272f},   {"lost", 0xb9c1c9, 0x5a6672},
    {"s0", 0xf6f9fc, 0x171f29},        {"s1", 0xe3eef7, 0x1b2a3b},
    {"s2", 0xcfe1f0, 0x203851},        {"s3", 0xb5d2e9, 0x264a6c},
    {"s4", 0x95bfe0, 0x2d5f8b},        {"s5", 0x72a9d5, 0x3877ab},
    {"s6", 0x4f90c6, 0x4d92c9},        {"s7", 0x2d74b1, 0x7db4e2},
    {"s8", 0x124a85, 0xc2e0f7},        {"kind1", 0x8a3324, 0xe58b7b},
    {"kind2", 0xd08a2e, 0xe0a95c},     {"kind3", 0x4c6a92, 0x86a5d0},
    {"kind4", 0x7a9a4f, 0xa6c57a},     {"kind5", 0x9a7fb0, 0xc0a8d6},
    {"kind6", 0xa3abb4, 0x6d7884},     {"bandline", 0x86aedb, 0x3f73a8},
    {"faultline", 0xdcb765, 0x8a6d2c},
};

const struct token *token_of(uint32_t light)
{
    for (size_t i = 0; i < TOKEN_COUNT; i++)
        if (tokens[i].light == light) return &tokens[i];
    return NULL;
}

void tokens_write_css(struct text *text, bool dark)
{
    for (size_t i = 0; i < TOKEN_COUNT; i++)
        text_format(text, "--%s:#%06x;", tokens[i].name,
                    (unsigned)(dark ? tokens[i].dark : tokens[i].light));
}

void tokens_write_gnuplot(struct text *text)
{
    for (size_t i = 0; i < TOKEN_COUNT; i++) {
        for (const char *c = tokens[i].name; *c; c++)
            text_char(text, (char)toupper((unsigned char)*c));
        text_format(text, " = '#%06x'\n", (unsigned)tokens[i].light);
    }
}
