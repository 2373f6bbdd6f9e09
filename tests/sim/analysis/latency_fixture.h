/* tests/sim/analysis/latency_fixture.h - series of latencies for tests: by hand, drawn, or read
 * from recorded probes.
 *
 * Ownership: fixture_release() frees a series.
 */
#ifndef TESTS_SIM_ANALYSIS_LATENCY_FIXTURE_H
#define TESTS_SIM_ANALYSIS_LATENCY_FIXTURE_H

#include "tests/support.h"

#include <gsl/gsl_cdf.h>

#include "sim/analysis/latencies.h"

static inline struct latency_series fixture_series(uint32_t count)
{
    struct latency_series series = {.provider = PROVIDER_COUNT, .count = count, .capacity = count};
    series.samples = calloc(count > 0 ? count : 1, sizeof *series.samples);
    assert_non_null(series.samples);
    for (uint32_t i = 0; i < count; i++)
        series.samples[i] = (struct latency_sample){.at_us = INT64_C(60000000) * i, .us = 1000};
    return series;
}

static inline void fixture_release(struct latency_series *series)
{
    free(series->samples);
    *series = (struct latency_series){0};
}

static inline double fixture_unit(uint64_t seed, uint64_t index)
{
    return random_unit(test_bits(seed, index)) + 0x1p-54;
}

static inline double fixture_normal(uint64_t seed, uint64_t index)
{
    return gsl_cdf_ugaussian_Pinv(fixture_unit(seed, index));
}

/* Lognormal, in whole milliseconds as probes are: median 400 ms. */
static inline struct latency_series fixture_lognormal(uint32_t count, double sigma, uint64_t seed)
{
    struct latency_series series = fixture_series(count);
    for (uint32_t i = 0; i < count; i++)
        series.samples[i].us = 1000 * lround(400.0 * exp(sigma * fixture_normal(seed, i)));
    return series;
}

/* What is longer than the cap becomes CENSORED there. */
static inline void fixture_censor(struct latency_series *series, int64_t cap_us)
{
    series->timeout_us = cap_us;
    for (uint32_t i = 0; i < series->count; i++) {
        if (series->samples[i].us <= cap_us) continue;
        series->samples[i].us = cap_us;
        series->samples[i].fate = LATENCY_CENSORED;
    }
}

static inline void fixture_count_fates(struct latency_series *series)
{
    memset(series->fates, 0, sizeof series->fates);
    for (uint32_t i = 0; i < series->count; i++)
        series->fates[series->samples[i].fate]++;
}

/* The probes of one site in upptime_saas_maryville.csv; skips the test when the data are not
 * there. */
static inline struct latency_series fixture_site(const char *site)
{
    const char *folder = getenv("ROUTESIM_DATA");
    if (folder == NULL) {
        print_message("ROUTESIM_DATA is not set: skipped\n");
        skip();
    }
    char path[512], line[512];
    (void)snprintf(path, sizeof path, "%s/upptime_saas_maryville.csv", folder);
    FILE *stream = fopen(path, "r");
    assert_non_null(stream);
    struct latency_series series = fixture_series(400);
    series.count = 0;
    (void)snprintf(series.name, sizeof series.name, "%s", site);
    while (fgets(line, sizeof line, stream) != NULL) {
        char name[128];
        long long epoch, code, ms;
        if (sscanf(line, "%lld,%127[^,],%*[^,],%lld,%lld", &epoch, name, &code, &ms) != 4) continue;
        if (strcmp(name, site) != 0) continue;
        assert_true(series.count < 400);
        const bool good = code >= 200 && code < 300;
        series.samples[series.count++] =
            (struct latency_sample){.at_us = 1000000 * (int64_t)epoch,
                                    .us = 1000 * (int64_t)ms,
                                    .fate = good     ? LATENCY_ANSWERED
                                            : ms > 0 ? LATENCY_FAILED
                                                     : LATENCY_UNTIMED};
    }
    assert_int_equal(fclose(stream), 0);
    fixture_count_fates(&series);
    return series;
}

#endif
