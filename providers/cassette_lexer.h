/* providers/cassette_lexer.h - cuts a text into JSON's words, whether it is JSON or not.
 *
 * Bodies are scrubbed as they came: cut off, damaged, or no JSON at all. So the lexer refuses
 * nothing: it yields marks ({ } [ ] : ,), strings, which may lack their closing quote, and words,
 * which are runs of anything else. lexer_is_value() says which words are JSON.
 *
 * Ownership: lexemes are offsets into the text. Nothing is allocated, nothing fails.
 */
#ifndef PROVIDERS_CASSETTE_LEXER_H
#define PROVIDERS_CASSETTE_LEXER_H

#include <stdbool.h>
#include <stddef.h>

enum lexeme_kind { LEXEME_END, LEXEME_MARK, LEXEME_STRING, LEXEME_WORD };

struct lexeme {
    enum lexeme_kind kind;
    char mark;         /* of LEXEME_MARK */
    bool closed;       /* of LEXEME_STRING: it ends in its quote */
    size_t start, end; /* quotes included */
};

struct lexer {
    const char *bytes;
    size_t length;
    size_t cursor;
};

struct lexeme lexer_next(struct lexer *lexer);
struct lexeme lexer_peek(const struct lexer *lexer);

/* Skips to behind the bracket that closes `open`; false, at the text's end, when none does. */
bool lexer_skip(struct lexer *lexer, const struct lexeme *open);

/* Whether a text begins with { or [: it is JSON, or meant to be. */
bool lexer_begins_json(const char *bytes, size_t length);

/* Whether a word is a number, true, false or null by JSON's grammar. */
bool lexer_is_value(const char *word, size_t length);
bool lexer_is_literal(const char *word, size_t length); /* true, false, null */

#endif
