#include "mocks/law.h"

#include <assert.h>
#include <math.h>

#include "mocks/empirical.h"
#include "mocks/law_shape.h"
#include "router/base/random.h"

const char *const law_kind_names[LAW_KIND_COUNT + 1] = {
    "constant",    "uniform",   "lognormal", "gamma",     "weibull",
    "loglogistic", "body_tail", "regimes",   "empirical", NULL};

struct law_spec law_spec_none(void)
{
    return (struct law_spec){.p50_us = -1,
                             .p95_us = -1,
                             .value_us = -1,
                             .low_us = -1,
                             .high_us = -1,
                             .median_us = -1,
                             .sigma = -1,
                             .shape = -1,
                             .scale_us = -1,
                             .tail_weight = -1,
                             .tail_factor = -1,
                             .tail_sigma = -1,
                             .bad_factor = -1,
                             .good_for_us = -1,
                             .bad_for_us = -1};
}

/* ---- compiling ------------------------------------------------------------------------------- */

static uint32_t whole_us(double us)
{
    assert(!isnan(us));
    if (us >= (double)LAW_US_MAX) return (uint32_t)LAW_US_MAX;
    return us > 0 ? (uint32_t)llround(us) : 0;
}

static const uint32_t *in_whole_us(const double us[LAW_CELLS + 1], struct arena *arena)
{
    uint32_t *const cells = arena_push(arena, uint32_t, LAW_CELLS + 1);
    if (cells == NULL) return NULL;
    for (uint32_t i = 0; i <= LAW_CELLS; i++) {
        cells[i] = whole_us(us[i]);
        assert(i == 0 || cells[i] >= cells[i - 1]);
    }
    return cells;
}

static bool tabulate(const struct law_shape *shape, struct arena *arena, struct law *law)
{
    double us[LAW_TABLE_COUNT][LAW_CELLS + 1];
    law_shape_tabulate(shape, us);
    law->cells = in_whole_us(us[LAW_TABLE_WHOLE], arena);
    law->low_tail = in_whole_us(us[LAW_TABLE_LOW], arena);
    law->high_tail = in_whole_us(us[LAW_TABLE_HIGH], arena);
    return law->cells != NULL && law->low_tail != NULL && law->high_tail != NULL;
}

static bool out_of_memory(const struct law_spec *spec, struct err *err)
{
    return err_fail(err, ERR_ENVIRONMENT, spec->place, "out of memory for a latency law's table");
}

bool law_compile(const struct law_spec *spec, const char *folder, struct arena *arena,
                 struct law *law, struct err *err)
{
    struct law_shape shape;
    if (!law_shape_settle(spec, &shape, err)) return false;
    *law = (struct law){.kind = spec->kind,
                        .floor_us = spec->floor_us > 0 ? spec->floor_us : 0,
                        .bad_factor = spec->bad_factor,
                        .good_for_us = (double)spec->good_for_us,
                        .bad_for_us = (double)spec->bad_for_us,
                        .resample = spec->resample,
                        .cycle = spec->cycle};
    if (spec->kind == LAW_CONSTANT) {
        law->constant_us = spec->value_us;
        return true;
    }
    if (spec->kind == LAW_EMPIRICAL) {
        return empirical_load(spec, folder, arena, &law->rows, &law->row_count, err);
    }
    if (!tabulate(&shape, arena, law)) return out_of_memory(spec, err);
    law_seed(law, 0);
    return true;
}

/* ---- regimes --------------------------------------------------------------------------------- */

/* A sojourn's length. It is drawn once a spell, so that log() here costs nothing. */
static int64_t sojourn_us(const struct law *law)
{
    const double mean = law->regime_bad ? law->bad_for_us : law->good_for_us;
    const double unit = random_unit(random_draw(law->regime_key, law->regime_step + 1));
    return 1 + (int64_t)fmin(-log1p(-unit) * mean, 1e17);
}

static void regime_restart(struct law *law)
{
    const double share_bad = law->bad_for_us / (law->bad_for_us + law->good_for_us);
    law->regime_step = 0;
    law->regime_from_us = 0;
    law->regime_bad = random_unit(random_draw(law->regime_key, 0)) < share_bad;
    law->regime_until_us = sojourn_us(law);
}

static bool regime_is_bad(struct law *law, int64_t now_us)
{
    if (now_us < law->regime_from_us && law->regime_step > 0) regime_restart(law);
    while (now_us >= law->regime_until_us) {
        law->regime_step++;
        law->regime_bad = !law->regime_bad;
        law->regime_from_us = law->regime_until_us;
        law->regime_until_us += sojourn_us(law);
    }
    return law->regime_bad;
}

void law_seed(struct law *law, uint64_t key)
{
    law->regime_key = key;
    law->row_next = 0;
    law->exhausted = false;
    if (law->kind == LAW_REGIMES) regime_restart(law);
}

/* ---- drawing --------------------------------------------------------------------------------- */

static int64_t interpolate(const uint32_t *cell, uint32_t fraction)
{
    const uint64_t width = cell[1] - cell[0];
    return (int64_t)cell[0] + (int64_t)((width * fraction + (UINT64_C(1) << 31)) >> 32);
}

static int64_t row_draw(struct law *law, uint64_t bits)
{
    assert(law->row_count > 0);
    if (law->resample) return law->rows[random_below(bits, law->row_count)];
    if (law->row_next == law->row_count) {
        if (law->cycle)
            law->row_next = 0;
        else {
            law->exhausted = true;
            return law->rows[law->row_count - 1];
        }
    }
    return law->rows[law->row_next++];
}

int64_t law_draw(struct law *law, uint64_t bits, int64_t now_us)
{
    if (law->cells == NULL) {
        if (law->kind == LAW_CONSTANT) return law->constant_us + law->floor_us;
        return row_draw(law, bits) + law->floor_us;
    }
    const uint32_t index = (uint32_t)(bits >> 52);
    int64_t us;
    if (index - 1 < LAW_CELLS - 2) {
        us = interpolate(law->cells + index, (uint32_t)(bits >> 20));
    } else {
        const uint32_t *const tail = index == 0 ? law->low_tail : law->high_tail;
        us = interpolate(tail + (bits >> 40 & (LAW_CELLS - 1)), (uint32_t)(bits >> 8));
    }
    if (law->kind == LAW_REGIMES && regime_is_bad(law, now_us)) {
        us = (int64_t)((double)us * law->bad_factor);
    }
    return us + law->floor_us;
}

/* ---- for tests and reports ------------------------------------------------------------------- */

double law_quantile_us(const struct law_spec *spec, double probability)
{
    struct law_shape shape;
    struct err err;
    if (!law_shape_settle(spec, &shape, &err)) return NAN;
    return law_shape_quantile(&shape, probability);
}

double law_cdf(const struct law_spec *spec, double us)
{
    struct law_shape shape;
    struct err err;
    if (!law_shape_settle(spec, &shape, &err)) return NAN;
    return law_shape_cdf(&shape, us);
}
