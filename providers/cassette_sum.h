/* providers/cassette_sum.h - the SHA-256 of a cassette's lines, as they are written or read.
 *
 * It shows that lines were lost, added or edited; it keeps nobody from making up a cassette.
 *
 * Ownership: cassette_sum_end() or cassette_sum_release() frees what cassette_sum_begin() took.
 * Failure: false when memory is out.
 */
#ifndef PROVIDERS_CASSETTE_SUM_H
#define PROVIDERS_CASSETTE_SUM_H

#include <stdbool.h>
#include <stddef.h>

enum { CASSETTE_SUM_TEXT_MAX = 2 * 32 + 1 };

struct cassette_sum { /* zeroed: not begun, and to be released all the same */
    void *context;
};

bool cassette_sum_begin(struct cassette_sum *sum);
bool cassette_sum_add(struct cassette_sum *sum, const char *bytes, size_t length);
bool cassette_sum_end(struct cassette_sum *sum, char text[CASSETTE_SUM_TEXT_MAX]); /* hexadecimal */
void cassette_sum_release(struct cassette_sum *sum);

#endif
