/* Always-valid tests, looked at 1,000 times: without an effect at most one experiment in twenty may
 * ever be significant. A look comes every ten orders an arm, from the first ten on; an experiment
 * ends at its first significant look, or after the last. */
#include "tests/calibration/calibrate.h"

#include <math.h>

#include "sim/analysis/stats_sequence.h"

enum { SEED = 0x5E9, LOOKS = 1000, ORDERS_A_LOOK = 10, SERVED_A_LOOK = 20 };

static const struct sequence_rule usual = {.alpha = 0.05, .tuning = SEQUENCE_TUNING};

struct running { /* sums of values that lie about 0: no digits are lost */
    uint64_t n;
    double sum, squares;
};

static void add(struct running *running, double value)
{
    running->n++;
    running->sum += value;
    running->squares += value * value;
}

static struct stats_moments moments_of(const struct running *running)
{
    const double n = (double)running->n, mean = running->sum / n;
    return (struct stats_moments){.n = running->n,
                                  .mean = mean,
                                  .variance = (running->squares - n * mean * mean) / (n - 1.0)};
}

/* Log-normal of spread 0.5, in units of its median, less one. */
static double draw_price(uint64_t key, uint64_t index)
{
    return expm1(0.5 * calibration_normal(key, index));
}

/* Both methods on the same prices: mSPRT hopes for a twentieth of the median price. */
static void watch_means(uint64_t key, double *sequence, double *msprt)
{
    struct running arms[2] = {{0}};
    for (uint64_t look = 0; look < LOOKS && !(*sequence == 1.0 && *msprt == 1.0); look++) {
        for (uint64_t i = 0; i < ORDERS_A_LOOK; i++)
            for (uint64_t arm = 0; arm < 2; arm++)
                add(&arms[arm], draw_price(key, (look * ORDERS_A_LOOK + i) * 2 + arm));
        const struct stats_moments a = moments_of(&arms[0]), b = moments_of(&arms[1]);
        const struct sequence_estimate estimate = {
            b.mean - a.mean, sqrt(a.variance / (double)a.n + b.variance / (double)b.n), a.n + b.n};
        if (sequence_of_means(a, b, usual).p <= 0.05) *sequence = 1.0;
        if (sequence_msprt(estimate, 0.05, 0.05).p <= 0.05) *msprt = 1.0;
    }
}

/* Four orders in five are decided alike and differ by nothing. */
static void watch_pairs(uint64_t key, double *happened)
{
    struct running pairs = {0};
    for (uint64_t look = 0; look < LOOKS && *happened == 0.0; look++) {
        for (uint64_t i = 0; i < ORDERS_A_LOOK; i++) {
            const uint64_t order = look * ORDERS_A_LOOK + i;
            const bool differs = random_draw(key, 2 * order) % 5 == 0;
            add(&pairs, differs ? calibration_normal(key, 2 * order + 1) : 0.0);
        }
        if (sequence_of_pairs(moments_of(&pairs), usual).p <= 0.05) *happened = 1.0;
    }
}

static void watch_shares(uint64_t key, double rate, double *happened)
{
    struct stats_share a = {0}, b = {0};
    for (uint64_t look = 0; look < LOOKS && *happened == 0.0; look++) {
        a.n += ORDERS_A_LOOK;
        b.n += ORDERS_A_LOOK;
        a.hits += calibration_hits(random_key(key, 2 * look), ORDERS_A_LOOK, rate);
        b.hits += calibration_hits(random_key(key, 2 * look + 1), ORDERS_A_LOOK, rate);
        if (sequence_of_shares(a, b, usual).p <= 0.05) *happened = 1.0;
    }
}

static void watch_arms(uint64_t key, double *happened)
{
    const double shares[] = {0.5, 0.3, 0.2};
    uint64_t counts[3] = {0};
    for (uint64_t look = 0; look < LOOKS && *happened == 0.0; look++) {
        for (uint64_t i = 0; i < SERVED_A_LOOK; i++) {
            const double at = random_unit(random_draw(key, look * SERVED_A_LOOK + i));
            counts[at < 0.5 ? 0 : at < 0.8 ? 1 : 2]++;
        }
        if (sequence_srm(counts, shares, 3) <= 0.05) *happened = 1.0;
    }
}

static void run(uint64_t experiment, double *happened)
{
    watch_means(calibration_key(SEED, experiment, 0), &happened[0], &happened[1]);
    watch_pairs(calibration_key(SEED, experiment, 1), &happened[2]);
    watch_shares(calibration_key(SEED, experiment, 2), 0.3, &happened[3]);
    watch_shares(calibration_key(SEED, experiment, 3), 0.01, &happened[4]);
    watch_arms(calibration_key(SEED, experiment, 4), &happened[5]);
}

const struct calibration calibrate_sequence = {
    .name = "sequence",
    .how = "A/A, significant at any of 1,000 looks",
    .experiments = CALIBRATION_EXPERIMENTS,
    .figures = {{"confidence sequence, prices", 0.05, CALIBRATION_AT_MOST},
                {"mSPRT, the same prices", 0.05, CALIBRATION_AT_MOST},
                {"confidence sequence, paired, 20% of orders differ", 0.05, CALIBRATION_AT_MOST},
                {"confidence sequence, shares of 30%", 0.05, CALIBRATION_AT_MOST},
                {"confidence sequence, shares of 1%", 0.05, CALIBRATION_AT_MOST},
                {"sample ratio, three arms", 0.05, CALIBRATION_AT_MOST}},
    .run = run};
