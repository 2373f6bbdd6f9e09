/* calibrate - runs the calibrations in full and prints what they counted.
 *
 * Usage: calibrate [NAME...]
 *
 * Without names, all of them. A row a figure: what it claims, what was counted, between what it has
 * to lie, in how many experiments. The exit code is 1 when a figure lies outside, 2 when there is
 * no such calibration. See tests/calibration/calibrate.h.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/calibration/calibrate.h"

static double seconds_now(void)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static const char *claim_text(enum calibration_claim claim)
{
    switch (claim) {
    case CALIBRATION_NOMINAL:
        return "";
    case CALIBRATION_AT_MOST:
        return "<= ";
    case CALIBRATION_AT_LEAST:
        return ">= ";
    }
    return "";
}

static bool print_figure(struct calibration_figure figure, double happened, uint64_t experiments)
{
    const struct calibration_region region = calibration_region(figure, experiments);
    const double rate = happened / (double)experiments;
    const bool holds = calibration_holds(region, rate);
    char nominal[32];
    (void)snprintf(nominal, sizeof nominal, "%s%.4g%%", claim_text(figure.claim),
                   100.0 * figure.nominal);
    printf("  %-58s %9s %8.2f%%  %6.2f - %6.2f%% %7llu  %s\n", figure.what, nominal, 100.0 * rate,
           100.0 * region.low, 100.0 * region.high, (unsigned long long)experiments,
           holds ? "ok" : "OUTSIDE");
    return holds;
}

static uint32_t print_calibration(const struct calibration *calibration, uint32_t threads)
{
    const double began = seconds_now();
    const struct calibration_counts counts =
        calibration_count(calibration, calibration->experiments, threads);
    printf("%s: %s (%.1f s)\n", calibration->name, calibration->how, seconds_now() - began);
    uint32_t outside = 0;
    for (uint32_t f = 0; calibration->figures[f].what != NULL; f++)
        outside += !print_figure(calibration->figures[f], counts.happened[f], counts.experiments);
    (void)fflush(stdout);
    return outside;
}

static bool is_wanted(const struct calibration *calibration, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], calibration->name) == 0) return true;
    return argc == 1;
}

int main(int argc, char **argv)
{
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    const uint32_t threads = processors < 1 ? 1 : processors > 32 ? 32 : (uint32_t)processors;
    uint32_t outside = 0, ran = 0;
    printf("  %-58s %9s %9s  %16s %7s\n", "figure", "claimed", "counted", "accepted", "of");
    for (const struct calibration *const *each = calibrations; *each != NULL; each++) {
        if (!is_wanted(*each, argc, argv)) continue;
        outside += print_calibration(*each, threads);
        ran++;
    }
    if (ran == 0) {
        fprintf(stderr, "calibrate: no calibration of that name\n");
        return 2;
    }
    printf("%u figures outside\n", outside);
    return outside == 0 ? 0 : 1;
}
