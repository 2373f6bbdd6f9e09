#include "reports/svg_inline.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/tokens.h"

enum { DEPTH_MAX = 64, VALUE_SHORT = 64 };

struct inliner {
    struct text *out;
    const struct svg_words *words;
    bool markers; /* some are used */
    bool in_text; /* white space means something */
    uint32_t unknown_colours;
    uint32_t depth;
    struct {
        size_t before, after; /* of a group's start tag in the output */
    } groups[DEPTH_MAX];
};

struct span {
    const char *from;
    size_t length;
};

static bool is_tag(const char *tag, const char *name) /* `tag` stands after the "<" */
{
    const size_t length = strlen(name);
    return strncmp(tag, name, length) == 0 &&
           (tag[length] == '>' || tag[length] == '/' || isspace((unsigned char)tag[length]));
}

/* The place after the ">" that ends the tag; quotes are honoured. NULL when there is none. */
static const char *tag_end(const char *tag)
{
    char quote = '\0';
    for (; *tag != '\0'; tag++) {
        if (quote != '\0') {
            if (*tag == quote) quote = '\0';
        } else if (*tag == '"' || *tag == '\'') {
            quote = *tag;
        } else if (*tag == '>') {
            return tag + 1;
        }
    }
    return NULL;
}

static bool span_is(struct span span, const char *text)
{
    return strlen(text) == span.length && memcmp(span.from, text, span.length) == 0;
}

/* ---- values ---- */

static bool read_colour(struct span value, uint32_t *colour)
{
    char text[VALUE_SHORT];
    if (value.length >= sizeof text) return false;
    memcpy(text, value.from, value.length);
    text[value.length] = '\0';
    unsigned red;
    unsigned green;
    unsigned blue;
    char rest;
    if (sscanf(text, "rgb(%u,%u,%u%c", &red, &green, &blue, &rest) == 4 && rest == ')' &&
        red < 256 && green < 256 && blue < 256) {
        *colour = red << 16 | green << 8 | blue;
        return true;
    }
    if (text[0] == '#' && strlen(text) == 7) {
        *colour = (uint32_t)strtoul(text + 1, NULL, 16);
        return true;
    }
    if (strcmp(text, "black") == 0 || strcmp(text, "white") == 0) {
        *colour = text[0] == 'b' ? 0x1f2328 : 0xffffff; /* gnuplot's defaults: our ink and paper */
        return true;
    }
    return false;
}

static void put_colour(struct inliner *inliner, struct span value)
{
    uint32_t colour;
    const struct token *token = NULL;
    if (span_is(value, "none") || span_is(value, "currentColor")) {
        text_append(inliner->out, value.from, value.length);
        return;
    }
    if (read_colour(value, &colour)) token = token_of(colour);
    if (token == NULL) {
        inliner->unknown_colours++;
        text_append(inliner->out, value.from, value.length);
        return;
    }
    text_format(inliner->out, "var(--%s)", token->name);
}

/* Numbers with a fraction to one decimal, everything else as it is. */
static void put_rounded(struct text *out, struct span value)
{
    size_t i = 0;
    while (i < value.length) {
        const char *from = value.from + i;
        if (!isdigit((unsigned char)*from)) {
            text_char(out, *from);
            i++;
            continue;
        }
        size_t digits = 0;
        size_t point = 0;
        while (i + digits < value.length &&
               (isdigit((unsigned char)from[digits]) || (from[digits] == '.' && point == 0))) {
            if (from[digits] == '.') point = digits;
            digits++;
        }
        if (point == 0) {
            text_append(out, from, digits);
        } else {
            char number[VALUE_SHORT];
            const size_t length = digits < sizeof number ? digits : sizeof number - 1;
            memcpy(number, from, length);
            number[length] = '\0';
            text_double(out, (double)(long)(atof(number) * 10 + 0.5) / 10);
        }
        i += digits;
    }
}

/* In a transform only what is moved is rounded; a scale is not a place. */
static void put_transform(struct text *out, struct span value)
{
    static const char move[] = "translate(";
    size_t i = 0;
    while (i < value.length) {
        const size_t left = value.length - i;
        if (left < sizeof move - 1 || strncmp(value.from + i, move, sizeof move - 1) != 0) {
            text_char(out, value.from[i++]);
            continue;
        }
        const char *end = memchr(value.from + i, ')', left);
        const size_t length = end != NULL ? (size_t)(end - (value.from + i)) : left;
        put_rounded(out, (struct span){value.from + i, length});
        i += length;
    }
}

/* ---- attributes ---- */

static bool is_geometry(struct span name)
{
    static const char *const names[] = {"d",  "points", "x",  "y",  "cx",
                                        "cy", "x1",     "x2", "y1", "y2"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (span_is(name, names[i])) return true;
    return false;
}

static bool is_dropped(struct span name)
{
    static const char *const names[] = {"font-family", "class", "xml:space", "shape-rendering"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (span_is(name, names[i])) return true;
    return false;
}

static void put_value(struct inliner *inliner, struct span name, struct span value)
{
    struct text *out = inliner->out;
    if (span_is(name, "id")) {
        text_format(out, "%s-%.*s", inliner->words->name, (int)value.length, value.from);
    } else if (span_is(name, "href") && value.length > 0 && value.from[0] == '#') {
        text_format(out, "#%s-%.*s", inliner->words->name, (int)value.length - 1, value.from + 1);
    } else if (span_is(name, "fill") || span_is(name, "stroke") || span_is(name, "color")) {
        put_colour(inliner, value);
    } else if (span_is(name, "transform")) {
        put_transform(out, value);
    } else if (is_geometry(name)) {
        while (value.length > 0 && value.from[value.length - 1] == ' ')
            value.length--;
        put_rounded(out, value);
    } else {
        text_append(out, value.from, value.length);
    }
}

/* Attributes from `at` to the tag's end, each as name="value". */
static bool put_attributes(struct inliner *inliner, const char *at, const char *end, bool *empty)
{
    *empty = end - at >= 2 && end[-2] == '/';
    const char *stop = end - (*empty ? 2 : 1);
    while (at < stop) {
        if (isspace((unsigned char)*at)) {
            at++;
            continue;
        }
        struct span name = {.from = at};
        while (at < stop && *at != '=' && !isspace((unsigned char)*at))
            at++;
        name.length = (size_t)(at - name.from);
        while (at < stop && (isspace((unsigned char)*at) || *at == '='))
            at++;
        if (at >= stop || (*at != '"' && *at != '\'')) return false;
        const char quote = *at++;
        const char *close = memchr(at, quote, (size_t)(stop - at));
        if (close == NULL) return false;
        const struct span value = {at, (size_t)(close - at)};
        at = close + 1;
        if (is_dropped(name)) continue;
        if (span_is(name, "xlink:href")) name = (struct span){name.from + 6, 4};
        text_char(inliner->out, ' ');
        text_append(inliner->out, name.from, name.length);
        text_put(inliner->out, "=\"");
        put_value(inliner, name, value);
        text_char(inliner->out, '"');
    }
    return true;
}

/* ---- elements ---- */

static bool put_root(struct inliner *inliner, const char *tag, const char *end)
{
    const char *box = strstr(tag, "viewBox=\"");
    if (box == NULL || box >= end) return false;
    box += strlen("viewBox=\"");
    double width;
    double height;
    if (sscanf(box, "%*d %*d %lf %lf", &width, &height) != 2) return false;
    struct text *out = inliner->out;
    const char *name = inliner->words->name;
    text_format(out,
                "<svg class=\"plot\" role=\"img\" aria-labelledby=\"%s-title %s-desc\" "
                "viewBox=\"0 0 %d %d\" style=\"max-width:%dpx\">",
                name, name, (int)width, (int)height, (int)width);
    text_format(out, "<title id=\"%s-title\">", name);
    text_html(out, inliner->words->title);
    text_format(out, "</title><desc id=\"%s-desc\">", name);
    text_html(out, inliner->words->description);
    text_put(out, "</desc>");
    return true;
}

static void close_group(struct inliner *inliner)
{
    if (inliner->depth == 0) return;
    inliner->depth--;
    struct text *out = inliner->out;
    if (inliner->depth < DEPTH_MAX && out->bytes != NULL && !out->failed &&
        out->length == inliner->groups[inliner->depth].after) {
        out->length = inliner->groups[inliner->depth].before;
        out->bytes[out->length] = '\0';
        return;
    }
    text_put(out, "</g>");
}

static const char *skip_element(const char *tag, const char *closing)
{
    const char *end = strstr(tag, closing);
    return end != NULL ? end + strlen(closing) : NULL;
}

/* One tag from its "<"; returns the place after it (or after the element, when that is left out).
 */
static const char *put_tag(struct inliner *inliner, const char *from)
{
    const char *tag = from + 1;
    const char *end = tag_end(tag);
    if (end == NULL) return NULL;
    if (*tag == '?' || *tag == '!') return end;
    if (is_tag(tag, "svg")) return put_root(inliner, tag, end) ? end : NULL;
    if (is_tag(tag, "title")) return skip_element(tag, "</title>");
    if (is_tag(tag, "desc")) return skip_element(tag, "</desc>");
    if (is_tag(tag, "filter")) return skip_element(tag, "</filter>");
    if (is_tag(tag, "defs") && !inliner->markers) return skip_element(tag, "</defs>");
    if (is_tag(tag, "/g")) {
        close_group(inliner);
        return end;
    }
    if (*tag == '/') {
        if (is_tag(tag, "/text")) inliner->in_text = false;
        text_append(inliner->out, from, (size_t)(end - from));
        return end;
    }
    const size_t before = inliner->out->length;
    size_t length = 0;
    while (isalnum((unsigned char)tag[length]))
        length++;
    text_append(inliner->out, from, length + 1);
    bool empty;
    if (!put_attributes(inliner, tag + length, end, &empty)) return NULL;
    text_put(inliner->out, empty ? "/>" : ">");
    if (is_tag(tag, "text")) inliner->in_text = !empty;
    if (is_tag(tag, "g") && !empty) {
        if (inliner->depth >= DEPTH_MAX) return NULL;
        inliner->groups[inliner->depth].before = before;
        inliner->groups[inliner->depth++].after = inliner->out->length;
    }
    return end;
}

bool svg_inline(struct text *out, const char *svg, const struct svg_words *words,
                uint32_t *unknown_colours, struct err *err)
{
    assert(words->name != NULL && words->title != NULL && words->description != NULL);
    const char *body = strstr(svg, "</defs>");
    struct inliner inliner = {
        .out = out, .words = words, .markers = body != NULL && strstr(body, "<use") != NULL};
    const char *at = strstr(svg, "<svg");
    while (at != NULL && *at != '\0') {
        if (*at == '<') {
            at = put_tag(&inliner, at);
            continue;
        }
        const size_t length = strcspn(at, "<");
        if (inliner.in_text) text_append(out, at, length);
        at += length;
    }
    *unknown_colours = inliner.unknown_colours;
    if (at != NULL && inliner.depth == 0) return true;
    return err_fail(err, ERR_INPUT, (struct place){0},
                    "the picture of %s is not the SVG it should be", words->name);
}
