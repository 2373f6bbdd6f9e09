#include "router/base/utf8.h"

/* How many bytes a lead byte announces; 0 for one that cannot lead. C0, C1 and F5 up would only
 * ever start overlong forms or values past the end of Unicode. */
static unsigned announced_length(unsigned char lead)
{
    if (lead < 0x80) return 1;
    if (lead < 0xC2) return 0;
    if (lead < 0xE0) return 2;
    if (lead < 0xF0) return 3;
    return lead < 0xF5 ? 4 : 0;
}

unsigned utf8_read(const char *bytes, size_t left, uint32_t *code)
{
    static const uint32_t smallest[5] = {0, 0, 0x80, 0x800, 0x10000};
    if (left == 0) return 0;

    const unsigned char lead = (unsigned char)bytes[0];
    const unsigned length = announced_length(lead);
    if (length == 0 || length > left) return 0;
    if (length == 1) {
        *code = lead;
        return 1;
    }
    uint32_t value = lead & (0x7Fu >> length);
    for (unsigned i = 1; i < length; i++) {
        const unsigned char byte = (unsigned char)bytes[i];
        if ((byte & 0xC0) != 0x80) return 0;
        value = (value << 6) | (byte & 0x3Fu);
    }
    if (value < smallest[length] || value > 0x10FFFF) return 0;
    if (value >= 0xD800 && value <= 0xDFFF) return 0;
    *code = value;
    return length;
}

bool utf8_is_visible(uint32_t code)
{
    if (code < 0x20 || (code >= 0x7F && code < 0xA0)) return false;
    if (code == 0x200E || code == 0x200F || code == 0xFEFF) return false;
    if (code >= 0x2028 && code <= 0x202E) return false;
    return code < 0x2066 || code > 0x2069;
}

size_t utf8_count(const char *bytes, size_t length)
{
    size_t count = 0;
    for (size_t i = 0; i < length; count++) {
        uint32_t code;
        const unsigned step = utf8_read(bytes + i, length - i, &code);
        i += step == 0 ? 1 : step;
    }
    return count;
}

size_t utf8_whole(const char *bytes, size_t length)
{
    for (size_t back = 1; back <= 3 && back <= length; back++) {
        const unsigned char byte = (unsigned char)bytes[length - back];
        if ((byte & 0xC0) == 0x80) continue;
        return announced_length(byte) > back ? length - back : length;
    }
    return length;
}
