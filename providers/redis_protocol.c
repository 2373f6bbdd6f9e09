#include "providers/redis_protocol.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_HIREDIS
#include <hiredis.h>

#define TEXT_OF(number)      TEXT_OF_TOKEN(number)
#define TEXT_OF_TOKEN(token) #token

const char *redis_protocol_version(void)
{
    return TEXT_OF(HIREDIS_MAJOR) "." TEXT_OF(HIREDIS_MINOR) "." TEXT_OF(HIREDIS_PATCH);
}

/* ---- commands -------------------------------------------------------------------------------- */

enum { WORDS_MAX = 600 };

void redis_protocol_write(struct text *text, const struct redis_word *words, unsigned count)
{
    const char *parts[WORDS_MAX];
    size_t lengths[WORDS_MAX];
    char *command = NULL;
    assert(count > 0 && count <= WORDS_MAX);
    for (unsigned i = 0; i < count; i++) {
        parts[i] = words[i].bytes;
        lengths[i] = words[i].length;
    }
    const long long length = redisFormatCommandArgv(&command, (int)count, parts, lengths);
    if (length < 0) {
        text->failed = true;
        return;
    }
    text_append(text, command, (size_t)length);
    redisFreeCommand(command);
}

/* ---- replies --------------------------------------------------------------------------------- */

struct redis_parser {
    redisReader *reader;
    size_t length_max;
    size_t unanswered; /* bytes fed since the last reply was whole, at most */
    struct text value;
    struct redis_reply reply;
};

/* hiredis asks for an object for each part of a reply. There is one, the parser's, and it is only
 * ever asked for at the top: a list is refused, whatever it holds. */
static struct redis_parser *parser_of(const redisReadTask *task)
{
    return task->privdata;
}

static void *take_text(const redisReadTask *task, char *bytes, size_t length)
{
    struct redis_parser *const parser = parser_of(task);
    struct redis_reply *const reply = &parser->reply;
    switch (task->type) {
    case REDIS_REPLY_STATUS:
        reply->kind = REDIS_STATUS;
        break;
    case REDIS_REPLY_ERROR:
        reply->kind = REDIS_ERROR;
        break;
    case REDIS_REPLY_STRING:
        reply->kind = REDIS_STRING;
        break;
    default:
        return NULL; /* a type of later protocols, which nobody asked for */
    }
    reply->too_long = length > parser->length_max;
    text_append(&parser->value, bytes, reply->too_long ? parser->length_max : length);
    return parser->value.failed ? NULL : parser;
}

static void *take_number(const redisReadTask *task, long long number)
{
    (void)number;
    parser_of(task)->reply.kind = REDIS_NUMBER;
    return parser_of(task);
}

static void *take_nothing(const redisReadTask *task)
{
    parser_of(task)->reply.kind = REDIS_NOTHING;
    return parser_of(task);
}

#if HIREDIS_MAJOR >= 1
typedef size_t list_length;
#else
typedef int list_length;
#endif

/* NULL makes the reader stop, before memory for so many parts is asked for. */
static void *refuse_list(const redisReadTask *task, list_length length)
{
    (void)task;
    (void)length;
    return NULL;
}

static void free_nothing(void *object)
{
    (void)object;
}

struct redis_parser *redis_parser_create(size_t length_max)
{
    static redisReplyObjectFunctions functions = {.createString = take_text,
                                                  .createArray = refuse_list,
                                                  .createInteger = take_number,
                                                  .createNil = take_nothing,
                                                  .freeObject = free_nothing};
    struct redis_parser *const parser = calloc(1, sizeof *parser);
    if (parser == NULL) return NULL;
    parser->length_max = length_max;
    parser->reader = redisReaderCreateWithFunctions(&functions);
    if (parser->reader == NULL) {
        free(parser);
        return NULL;
    }
    parser->reader->privdata = parser;
    return parser;
}

void redis_parser_destroy(struct redis_parser *parser)
{
    if (parser == NULL) return;
    redisReaderFree(parser->reader);
    text_release(&parser->value);
    free(parser);
}

bool redis_parser_feed(struct redis_parser *parser, const char *bytes, size_t length)
{
    parser->unanswered += length;
    return redisReaderFeed(parser->reader, bytes, length) == REDIS_OK;
}

enum redis_progress redis_parser_next(struct redis_parser *parser, struct redis_reply *reply)
{
    void *object = NULL;
    text_clear(&parser->value);
    parser->reply = (struct redis_reply){.kind = REDIS_NOTHING};
    if (redisReaderGetReply(parser->reader, &object) != REDIS_OK) return REDIS_BROKEN;
    if (object == NULL) { /* the line that states a length is short */
        return parser->unanswered > parser->length_max + 64 ? REDIS_BROKEN : REDIS_NEEDS_MORE;
    }
    if (object != parser) return REDIS_BROKEN;
    parser->reply.bytes = parser->value.bytes != NULL ? parser->value.bytes : "";
    parser->reply.length = parser->value.length;
    /* What lies behind it is the start of later replies. */
    const size_t left = parser->reader->len - parser->reader->pos;
    parser->unanswered = left;
    *reply = parser->reply;
    return REDIS_REPLIED;
}

#else /* without hiredis nobody gets as far as here: redis_client_create() says so */

const char *redis_protocol_version(void)
{
    return NULL;
}

void redis_protocol_write(struct text *text, const struct redis_word *words, unsigned count)
{
    (void)words;
    (void)count;
    text->failed = true;
}

struct redis_parser *redis_parser_create(size_t length_max)
{
    (void)length_max;
    return NULL;
}

void redis_parser_destroy(struct redis_parser *parser)
{
    (void)parser;
}

bool redis_parser_feed(struct redis_parser *parser, const char *bytes, size_t length)
{
    (void)parser;
    (void)bytes;
    (void)length;
    return false;
}

enum redis_progress redis_parser_next(struct redis_parser *parser, struct redis_reply *reply)
{
    (void)parser;
    (void)reply;
    return REDIS_BROKEN;
}

#endif
