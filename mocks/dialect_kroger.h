/* mocks/dialect_kroger.h - what Kroger's two files share, and nobody else includes. */
#ifndef MOCKS_DIALECT_KROGER_H
#define MOCKS_DIALECT_KROGER_H

#include "mocks/dialect_state.h"

enum { KROGER_STORE_DIGITS = 8 };
#define KROGER_STORE_UNKNOWN UINT32_MAX

/* The number of a location id; KROGER_STORE_UNKNOWN: it is none. */
uint32_t kroger_store_of(const char *text, size_t length);

/* Ends a list with its "meta". */
void kroger_put_meta(struct text *to, uint32_t start, uint32_t limit, uint32_t total);

/* Routes of mocks/dialect_kroger_products.c. */
bool kroger_hear_products(struct hearing *hearing);
bool kroger_hear_product(struct hearing *hearing);
void kroger_say_products(const struct saying *saying);
void kroger_say_product(const struct saying *saying);

#endif
