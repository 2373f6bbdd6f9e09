#include "tests/reports/page.h"

#include <ctype.h>

size_t page_count(const char *text, const char *what)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, what)) != NULL; at++)
        count++;
    return count;
}

void page_check_nesting(const char *html)
{
    static const char *const never_closed[] = {"meta", "br", "wbr", "!doctype", "link"};
    char open[64][16];
    size_t depth = 0;
    for (const char *at = html; (at = strchr(at, '<')) != NULL;) {
        const bool closing = at[1] == '/';
        const char *name = at + (closing ? 2 : 1);
        size_t length = 0;
        while (isalnum((unsigned char)name[length]) || name[length] == '!')
            length++;
        char tag[16] = "";
        assert_true(length > 0 && length < sizeof tag);
        memcpy(tag, name, length);
        const char *end = strchr(name, '>');
        assert_non_null(end);
        bool skipped = end[-1] == '/';
        for (size_t i = 0; i < sizeof never_closed / sizeof *never_closed; i++)
            skipped |= strcmp(tag, never_closed[i]) == 0;
        at = end;
        if (skipped) continue;
        if (closing) {
            assert_true(depth > 0);
            CHECK_ROW_TEXT("closing tag", open[depth - 1], tag);
            depth--;
        } else {
            assert_true(depth < 64);
            memcpy(open[depth++], tag, sizeof tag);
        }
    }
    assert_int_equal(depth, 0);
}

void page_check_stands_alone(const char *html)
{
    static const char *const outside[] = {
        "http:", "https:", "<script", "javascript:", "@import", "url(", " src=", " onload"};
    for (size_t o = 0; o < sizeof outside / sizeof *outside; o++)
        CHECK_ROW(outside[o], strstr(html, outside[o]) == NULL);
    assert_non_null(strstr(html, "default-src 'none'"));
    assert_non_null(strstr(html, "class=\"skip\""));
    assert_int_equal(page_count(html, "<h1>"), 1);
    assert_int_equal(page_count(html, "<table>"), page_count(html, "<caption>"));
    assert_int_equal(page_count(html, "nan"), 0);
}

void page_check_ids(const char *html)
{
    for (const char *at = html; (at = strstr(at, " id=\"")) != NULL; at++) {
        char id[96];
        (void)snprintf(id, sizeof id, "%.*s\"", (int)(5 + strcspn(at + 5, "\"")), at);
        CHECK_ROW(id, page_count(html, id) == 1);
    }
    for (const char *at = html; (at = strstr(at, "href=\"#")) != NULL; at++) {
        char target[96];
        const char *name = at + strlen("href=\"#");
        (void)snprintf(target, sizeof target, " id=\"%.*s\"", (int)strcspn(name, "\""), name);
        CHECK_ROW(target, strstr(html, target) != NULL);
    }
}

void page_check_colours(const char *html)
{
    static const char *const attributes[] = {" fill=\"", " stroke=\"", " color=\""};
    for (size_t a = 0; a < 3; a++)
        for (const char *at = html; (at = strstr(at, attributes[a])) != NULL;) {
            at += strlen(attributes[a]);
            const bool known = strncmp(at, "var(--", 6) == 0 || strncmp(at, "none", 4) == 0 ||
                               strncmp(at, "currentColor", 12) == 0;
            CHECK_ROW(at, known);
        }
}
