/* Whether two names mean the same product. */
#include "providers/codec.h"

#include <stddef.h>
#include <string.h>

#include "router/base/utf8.h"

struct span {
    uint32_t first, last;
};

/* What is neither letter nor digit. Beyond ASCII only what is met in the names of groceries: signs
 * of Latin-1, punctuation and spaces of other scripts, trade marks, what stands for a lost byte. */
static const struct span separators[] = {
    {0x00, '0' - 1},  {'9' + 1, 'A' - 1}, {'Z' + 1, 'a' - 1}, {'z' + 1, 0xA9},  {0xAB, 0xB1},
    {0xB4, 0xB4},     {0xB6, 0xB8},       {0xBB, 0xBB},       {0xBF, 0xBF},     {0xD7, 0xD7},
    {0xF7, 0xF7},     {0x2000, 0x206F},   {0x2120, 0x2122},   {0x3000, 0x3004}, {0x3008, 0x3020},
    {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF},   {0xFF01, 0xFF0F},   {0xFFFD, 0xFFFD},
};

static bool is_separator(uint32_t code)
{
    for (size_t i = 0; i < sizeof separators / sizeof *separators; i++) {
        if (code >= separators[i].first && code <= separators[i].last) return true;
    }
    return false;
}

static uint32_t lower(uint32_t code)
{
    const bool upper =
        (code >= 'A' && code <= 'Z') || (code >= 0xC0 && code <= 0xDE && code != 0xD7);
    return upper ? code + 0x20 : code;
}

struct reading {
    const char *at;
    size_t left;
    bool begun;
};

/* The next character of the normal form, 0 at its end. */
static uint32_t next_character(struct reading *name)
{
    bool apart = false;
    while (name->left > 0) {
        uint32_t code = 0xFFFD; /* of bytes that are no UTF-8 */
        unsigned step = utf8_read(name->at, name->left, &code);
        if (step == 0) step = 1;
        if (!is_separator(code)) {
            if (apart && name->begun) return ' '; /* the letter itself comes next time */
            name->begun = true;
            name->at += step;
            name->left -= step;
            return lower(code);
        }
        apart = true;
        name->at += step;
        name->left -= step;
    }
    return 0;
}

bool codec_names_equal(const char *a, const char *b)
{
    struct reading first = {.at = a, .left = strlen(a)};
    struct reading second = {.at = b, .left = strlen(b)};
    for (;;) {
        const uint32_t character = next_character(&first);
        if (next_character(&second) != character) return false;
        if (character == 0) return true;
    }
}
