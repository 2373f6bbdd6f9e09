/* sim/world/scenario_rows.h - shorthand for the tables of scenario keys; included by them alone.
 *
 * AT(policy, fill_least) fills in where a value lies in its struct and how large it is; AT_START
 * says that an object's keys count from the same struct as the object itself; PLACE_IN() says that
 * the struct keeps the place where it stands; RANGE() is inclusive.
 */
#ifndef SIM_WORLD_SCENARIO_ROWS_H
#define SIM_WORLD_SCENARIO_ROWS_H

#include <stddef.h>

#include "router/base/duration.h"

#define AT(type, member)                                                                           \
    .offset = (uint32_t)offsetof(struct type, member),                                             \
    .size = (uint32_t)sizeof(((struct type *)0)->member)
#define AT_START        .offset = 0, .size = 0
#define PLACE_IN(type)  .place_end = (uint32_t)(offsetof(struct type, place) + sizeof(struct place))
#define RANGE(from, to) .least = (double)(from), .most = (double)(to)

void scenario_fresh_fault(void *object);
void scenario_fresh_operator(void *object);
void scenario_fresh_stop(void *object);
void scenario_fresh_expect(void *object);

struct scenario;
bool scenario_uses_deployment(const struct scenario *scenario, const void *object);
bool scenario_uses_alerts(const struct scenario *scenario, const void *object);
bool scenario_uses_hypothesis(const struct scenario *scenario, const void *object);
bool scenario_uses_rollbacks(const struct scenario *scenario, const void *object);

/* struct cJSON is that of the reader. */
struct cJSON;
bool scenario_prepare_law(void *object, const struct cJSON *node);
bool scenario_prepare_hypothesis(void *object, const struct cJSON *node);
bool scenario_prepare_rollbacks(void *object, const struct cJSON *node);

#endif
