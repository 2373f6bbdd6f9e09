#include "providers/cassette_base64.h"

void cassette_base64_encode(struct text *to, const char *bytes, size_t length)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    text_reserve(to, (length + 2) / 3 * 4);
    for (size_t i = 0; i < length; i += 3) {
        const size_t have = length - i < 3 ? length - i : 3;
        uint32_t bits = (uint32_t)(unsigned char)bytes[i] << 16;
        if (have > 1) bits |= (uint32_t)(unsigned char)bytes[i + 1] << 8;
        if (have > 2) bits |= (unsigned char)bytes[i + 2];
        const char quad[4] = {alphabet[bits >> 18], alphabet[bits >> 12 & 63],
                              have > 1 ? alphabet[bits >> 6 & 63] : '=',
                              have > 2 ? alphabet[bits & 63] : '='};
        text_append(to, quad, sizeof quad);
    }
}

int cassette_base64_bits(char c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '+' || c == '-') return 62;
    if (c == '/' || c == '_') return 63;
    return -1;
}

bool cassette_base64_decode(struct text *to, const char *text, size_t length)
{
    if (length % 4 != 0) return false;
    for (size_t i = 0; i < length; i += 4) {
        const bool last = i + 4 == length;
        const size_t have = last && text[i + 3] == '=' ? (text[i + 2] == '=' ? 1 : 2) : 3;
        uint32_t bits = 0;
        for (size_t k = 0; k < 4; k++) {
            const char c = text[i + k];
            const int six = k <= have ? (c == '-' || c == '_' ? -1 : cassette_base64_bits(c)) : 0;
            if (six < 0) return false;
            bits = bits << 6 | (uint32_t)six;
        }
        if ((have == 1 && (bits & 0xFFFF) != 0) || (have == 2 && (bits & 0xFF) != 0)) return false;
        const char bytes[3] = {(char)(bits >> 16), (char)(bits >> 8 & 0xFF), (char)(bits & 0xFF)};
        text_append(to, bytes, have);
    }
    return true;
}
