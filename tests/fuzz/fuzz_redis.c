/* Whatever a peer sends in a Redis' place is read the same in one piece and in many, stays within
 * its cap, and overruns nothing; an address of any bytes is read or refused, and never shown with
 * what stands before its "@".
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "providers/redis_address.h"
#include "providers/redis_protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { AMPLE = 1 << 24, SMALL = 16 };

/* Kinds and texts of all replies, one behind the other, and how it ended. */
static void read_all(const char *bytes, size_t size, size_t piece, size_t length_max,
                     struct text *seen)
{
    struct redis_parser *const parser = redis_parser_create(length_max);
    struct redis_reply reply;
    enum redis_progress progress = REDIS_NEEDS_MORE;
    assert(parser != NULL);
    for (size_t at = 0; at < size && progress != REDIS_BROKEN; at += piece) {
        const bool fed =
            redis_parser_feed(parser, bytes + at, size - at < piece ? size - at : piece);
        assert(fed);
        while ((progress = redis_parser_next(parser, &reply)) == REDIS_REPLIED) {
            assert(reply.length <= length_max);
            assert(reply.bytes[reply.length] == '\0');
            text_format(seen, "%d %d ", (int)reply.kind, (int)reply.too_long);
            text_append(seen, reply.bytes, reply.length);
        }
    }
    text_char(seen, progress == REDIS_BROKEN ? '!' : '.');
    redis_parser_destroy(parser);
}

static void try_replies(const char *bytes, size_t size)
{
    struct text whole = {0}, pieces = {0}, capped = {0};
    read_all(bytes, size, size + 1, AMPLE, &whole);
    read_all(bytes, size, 1, AMPLE, &pieces);
    assert(whole.length == pieces.length);
    assert(memcmp(whole.bytes, pieces.bytes, whole.length) == 0);
    read_all(bytes, size, 3, SMALL, &capped);
    text_release(&whole);
    text_release(&pieces);
    text_release(&capped);
}

static void try_address(const char *bytes, size_t size)
{
    static const char before[] = "redis://:", after[] = "@127.0.0.1/3";
    char *const url = malloc(sizeof before + size + sizeof after);
    struct redis_address address;
    struct err err;
    struct text shown = {0};
    assert(url != NULL);
    memcpy(url, bytes, size);
    url[size] = '\0';
    if (redis_address_read(url, &address, &err)) redis_address_write(&address, &shown);
    text_release(&shown);
    memcpy(url, before, sizeof before - 1);
    memcpy(url + sizeof before - 1, bytes, size);
    memcpy(url + sizeof before - 1 + size, after, sizeof after);
    redis_address_hide(url, &shown);
    assert(memchr(bytes, '\0', size) != NULL || strcmp(shown.bytes, "redis://127.0.0.1/3") == 0);
    text_release(&shown);
    free(url);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    try_address((const char *)data, size);
    if (redis_protocol_version() != NULL) try_replies((const char *)data, size);
    return 0;
}
