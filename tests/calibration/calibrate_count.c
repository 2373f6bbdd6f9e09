#include "tests/calibration/calibrate.h"

#include <assert.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { PART = 20, THREADS_MAX = 64 };

struct counting {
    const struct calibration *calibration;
    uint64_t experiments, parts;
    struct calibration_counts *of_parts;
    atomic_uint_fast64_t next;
};

static uint32_t count_figures(const struct calibration *calibration)
{
    uint32_t count = 0;
    while (calibration->figures[count].what != NULL)
        count++;
    assert(count <= CALIBRATION_FIGURES_MAX);
    return count;
}

static void count_part(const struct counting *counting, uint64_t part)
{
    const uint32_t figures = count_figures(counting->calibration);
    struct calibration_counts *counts = &counting->of_parts[part];
    for (uint64_t i = part * PART; i < (part + 1) * PART && i < counting->experiments; i++) {
        double happened[CALIBRATION_FIGURES_MAX] = {0};
        counting->calibration->run(i, happened);
        for (uint32_t f = 0; f < figures; f++) {
            assert(happened[f] >= 0.0);
            assert(happened[f] <= 1.0);
            counts->happened[f] += happened[f];
        }
        counts->experiments++;
    }
}

static void *count_parts(void *context)
{
    struct counting *counting = context;
    uint64_t part;
    while ((part = atomic_fetch_add(&counting->next, 1)) < counting->parts)
        count_part(counting, part);
    return NULL;
}

struct calibration_counts calibration_count(const struct calibration *calibration,
                                            uint64_t experiments, uint32_t threads)
{
    assert(threads >= 1);
    assert(threads <= THREADS_MAX);
    struct counting counting = {.calibration = calibration,
                                .experiments = experiments,
                                .parts = (experiments + PART - 1) / PART};
    counting.of_parts = calloc(counting.parts, sizeof *counting.of_parts);
    if (counting.of_parts == NULL) abort();
    atomic_init(&counting.next, 0);
    pthread_t others[THREADS_MAX];
    uint32_t started = 0;
    /* A thread that cannot be had is none: the rest do its work. */
    while (started + 1 < threads &&
           pthread_create(&others[started], NULL, count_parts, &counting) == 0)
        started++;
    (void)count_parts(&counting);
    for (uint32_t i = 0; i < started; i++)
        (void)pthread_join(others[i], NULL);

    struct calibration_counts all = {0};
    for (uint64_t part = 0; part < counting.parts; part++) {
        all.experiments += counting.of_parts[part].experiments;
        for (uint32_t f = 0; f < CALIBRATION_FIGURES_MAX; f++)
            all.happened[f] += counting.of_parts[part].happened[f];
    }
    free(counting.of_parts);
    return all;
}

/* The smallest count with P(count or fewer) >= probability. */
static uint64_t binomial_quantile(uint64_t n, double rate, double probability)
{
    uint64_t below = 0, reached = n;
    while (below < reached) {
        const uint64_t middle = below + (reached - below) / 2;
        if (gsl_cdf_binomial_P((unsigned)middle, rate, (unsigned)n) >= probability) {
            reached = middle;
        } else {
            below = middle + 1;
        }
    }
    return reached;
}

struct calibration_region calibration_region(struct calibration_figure figure, uint64_t experiments)
{
    assert(figure.nominal > 0.0);
    assert(figure.nominal < 1.0);
    const double n = (double)experiments, outside = 0.001;
    struct calibration_region region = {.low = 0.0, .high = 1.0};
    if (figure.claim != CALIBRATION_AT_MOST)
        region.low = (double)binomial_quantile(experiments, figure.nominal, outside / 2.0) / n;
    if (figure.claim != CALIBRATION_AT_LEAST)
        region.high =
            (double)binomial_quantile(experiments, figure.nominal, 1.0 - outside / 2.0) / n;
    return region;
}

bool calibration_holds(struct calibration_region region, double rate)
{
    return rate >= region.low && rate <= region.high;
}
