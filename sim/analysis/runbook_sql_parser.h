/* sim/analysis/runbook_sql_parser.h - a query while it is read: for runbook_sql*.c alone.
 *
 * runbook_sql_words.c makes words of the text, runbook_sql_expression.c reads expressions by
 * PostgreSQL's precedences, runbook_sql.c clauses and statements. The first failure counts; after
 * it there are no more words, so that every loop ends.
 */
#ifndef SIM_ANALYSIS_RUNBOOK_SQL_PARSER_H
#define SIM_ANALYSIS_RUNBOOK_SQL_PARSER_H

#include "sim/analysis/runbook_sql_state.h"

enum sql_token_kind {
    SQL_TOKEN_END,
    SQL_TOKEN_WORD,
    SQL_TOKEN_QUOTED,
    SQL_TOKEN_NUMBER,
    SQL_TOKEN_STRING,
    SQL_TOKEN_SIGN
};

struct sql_token {
    enum sql_token_kind kind;
    const char *text; /* a word in small letters; a sign; the text of a string */
    double number;
    bool whole;
    uint32_t offset, length;
};

struct sql_parser {
    const char *text;
    uint32_t at, length;
    struct arena *arena;
    struct sql_error *error;
    struct sql_token token; /* the next one */
    unsigned depth;
    bool failed;
};

/* `known`: PostgreSQL would refuse it, too. */
void sql_fail(struct sql_parser *parser, uint32_t offset, uint32_t length, bool known,
              const char *format, ...) __attribute__((format(printf, 5, 6)));
/* Of the arena; NULL: memory is out, and the reading has failed. */
void *sql_parser_take(struct sql_parser *parser, size_t count, size_t size);

void sql_next(struct sql_parser *parser); /* the next word into parser->token */
bool sql_is(const struct sql_parser *parser, const char *text); /* a word or a sign */
bool sql_accept(struct sql_parser *parser, const char *text);   /* and goes on */
void sql_expect(struct sql_parser *parser, const char *text);
void sql_unexpected(struct sql_parser *parser, const char *wanted);
bool sql_is_name(const struct sql_parser *parser);
const char *sql_name(struct sql_parser *parser, const char *what); /* "" after a failure */

/* NULL after a failure. */
struct sql_node *sql_expression(struct sql_parser *parser);
struct sql_node *sql_node_make(struct sql_parser *parser, enum sql_kind kind, uint32_t offset);
struct sql_select *sql_read_select(struct sql_parser *parser);

#endif
