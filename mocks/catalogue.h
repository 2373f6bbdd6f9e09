/* mocks/catalogue.h - what is for sale, and what it costs at each provider's stores.
 *
 * A catalogue is a list of products with a base price and a popularity rank, from a CSV or
 * generated. A provider's shelf price of a product is base x level x spread; spread is drawn per
 * provider, store and product from a mixture, 1 with most of the weight and lognormal with the
 * rest, as measured within one chain; promotions are drawn per provider, product and week (from
 * Monday 00:00 UTC), their depth uniformly from 0.2 to 1.8 of its mean. Stock is drawn per
 * provider, store, product and stock period. Nothing depends on the order in which prices are asked
 * for, nor on a product's place in the catalogue.
 *
 * A name that is not in the catalogue is priced by its own hash, and counted. mocks/shelf.h answers
 * for one provider's stores.
 *
 * Ownership: the catalogue's products, names and slots lie in the arena.
 * Failure:   catalogue_load(): ERR_ENVIRONMENT for a file that cannot be read, ERR_INPUT with its
 * place for a name that comes twice, a price that is none, more than CATALOGUE_PRODUCTS_MAX rows.
 */
#ifndef MOCKS_CATALOGUE_H
#define MOCKS_CATALOGUE_H

#include <stddef.h>

#include "providers/message.h"
#include "router/base/arena.h"

enum { CATALOGUE_PRODUCTS_MAX = 65536, CATALOGUE_STORES_MAX = 16 };

struct catalogue_spec {
    char file[256]; /* "": generated */
    char name_column[64];
    char price_column[64];     /* US dollars */
    uint32_t size;             /* products, when generated; of a file: the first so many; 0: all */
    double price_median_cents; /* generated, and of unknown names: lognormal; of a file, 0: as its
                                  rows */
    double price_sigma;
    double zipf; /* popularity of rank k is k^-zipf */
};

struct product {
    const char *name;
    uint64_t name_hash;
    int32_t base_cents;
};

struct catalogue {
    struct product *products; /* in order of popularity */
    uint32_t count;
    uint32_t *slots; /* open addressing by name_hash; ORDER_PRODUCT_UNKNOWN: empty */
    uint32_t slot_mask;
    double price_median_cents;
    double price_sigma;
};

/* Generated, 1,000 products; prices and popularity as measured (mocks/defaults.c cites where). */
struct catalogue_spec catalogue_spec_default(void);

bool catalogue_load(const struct catalogue_spec *spec, const char *folder, uint64_t seed,
                    struct arena *arena, struct catalogue *catalogue, struct err *err);

/* The place of a name, ORDER_PRODUCT_UNKNOWN when it is not for sale. */
uint32_t catalogue_find(const struct catalogue *catalogue, uint64_t name_hash, const char *name);

/* Whether every name of it is a term that Kroger takes. Names that are not in it are not asked. */
bool catalogue_fits_kroger(const struct catalogue *catalogue);

struct price_spec {
    double level; /* against the base price: an assumption, never measured between chains */
    uint32_t stores;
    double spread_share; /* of (store, product) pairs that differ from the chain's price */
    double spread_sigma;
    double promotion_share;   /* of products in a week */
    double promotion_depth;   /* mean discount of those */
    double stock_out;         /* share of (store, product, period) that is out of stock */
    double substitution;      /* of out-of-stock ones: answered with a substitute */
    double substitute_factor; /* a substitute's price against the product's */
    int64_t stock_period_us;
    double no_store_share; /* of postal codes without a store */
    /* SINGLE only: where the sigma is above 0, a cart's subtotal is one lognormal draw an order,
     * instead of its items' prices, and everything is in stock. */
    double single_total_median_cents;
    double single_total_sigma;
};

#endif
