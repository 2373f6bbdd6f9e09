/* mocks/dialect_mealme.h - what MealMe's two files share, and nobody else includes. */
#ifndef MOCKS_DIALECT_MEALME_H
#define MOCKS_DIALECT_MEALME_H

#include "mocks/dialect_state.h"

/* What a search says of delivery, before a quote says it better: the documented range. */
enum { MEALME_MINUTES_MIN = 30, MEALME_MINUTES_MAX = 45, MEALME_NAME_MAX = 2048 };

#define MEALME_STORE_NAME "Sample Corner Grocer"
#define MEALME_STORE_ID   "5f6c1c62-2a1d-4d9f-9b7e-3d1f6b0a9c11"

/* A 400 of the documented words; always false. */
bool mealme_refuse_parameter(struct hearing *hearing, const char *name);

void mealme_put_product_id(const struct order_item *item, struct text *to);
/* The name that an id holds; false: it is none of ours. */
bool mealme_read_product_id(const char *id, char name[MEALME_NAME_MAX]);

/* Routes of mocks/dialect_mealme_order.c. */
bool mealme_hear_order(struct hearing *hearing);
bool mealme_hear_cart(struct hearing *hearing);
bool mealme_hear_finalize(struct hearing *hearing);
void mealme_say_order(const struct saying *saying);
void mealme_say_cart(const struct saying *saying);
void mealme_say_finalize(const struct saying *saying);

#endif
