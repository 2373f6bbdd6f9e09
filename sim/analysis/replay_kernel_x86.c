/* sim/analysis/replay_kernel_x86.c - the kernel in 16 lanes (AVX-512 with VNNI) and in 8 (AVX2).
 *
 * Both follow kernel_plain() step by step; which one runs is decided by the processor at run time
 * (replay_plane.c), so one build serves every machine. A quote that is not there scores ABSENT,
 * below anything a grid allows, and far enough from overflow that two scores can be subtracted.
 */
#if defined(__x86_64__)

#include <immintrin.h>

#include "sim/analysis/replay_kernel.h"

#define ABSENT (-(1 << 30))

/* Two weights as the pair that a multiply-add wants in every lane. */
static int32_t pair_of(const int16_t *weights)
{
    return (int32_t)((uint32_t)(uint16_t)weights[0] | (uint32_t)(uint16_t)weights[1] << 16);
}

/* ---- AVX-512 ---- */

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,popcnt")))

AVX512 static inline __m512i score16(const struct kernel_block *block, unsigned p, __m512i w0,
                                     __m512i w1, __m512i w2)
{
    __m512i score =
        _mm512_dpwssd_epi32(_mm512_setzero_si512(), _mm512_load_si512(block->parts[p][0]), w0);
    score = _mm512_dpwssd_epi32(score, _mm512_load_si512(block->parts[p][1]), w1);
    score = _mm512_dpwssd_epi32(score, _mm512_load_si512(block->parts[p][2]), w2);
    return _mm512_mask_mov_epi32(_mm512_set1_epi32(ABSENT), block->present[p], score);
}

/* Written out: gcc leaves a loop over four as one at -O2, and its masks in memory. */
AVX512 static inline __m512i add16(__m512i sum, const struct kernel_block *block, unsigned column,
                                   __mmask16 won0, __mmask16 won1, __mmask16 won2, __mmask16 won3)
{
    sum = _mm512_mask_add_epi32(sum, won0, sum, _mm512_load_si512(block->outcomes[0][column]));
    sum = _mm512_mask_add_epi32(sum, won1, sum, _mm512_load_si512(block->outcomes[1][column]));
    sum = _mm512_mask_add_epi32(sum, won2, sum, _mm512_load_si512(block->outcomes[2][column]));
    return _mm512_mask_add_epi32(sum, won3, sum, _mm512_load_si512(block->outcomes[3][column]));
}

AVX512 static void note16(const __mmask16 won[PROVIDER_COUNT], uint8_t *winners)
{
    __m128i provider = _mm_set1_epi8((char)255);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        provider = _mm_mask_mov_epi8(provider, won[p], _mm_set1_epi8((char)p));
    _mm_storeu_si128((__m128i *)(void *)winners, provider);
}

/* Sixteen sums of 16 outcomes each fit 32 bits; what they come to together does not. */
AVX512 static inline int64_t total16(__m512i sum)
{
    const __m512i low = _mm512_cvtepi32_epi64(_mm512_castsi512_si256(sum));
    const __m512i high = _mm512_cvtepi32_epi64(_mm512_extracti64x4_epi64(sum, 1));
    return _mm512_reduce_add_epi64(_mm512_add_epi64(low, high));
}

AVX512 void kernel_avx512(const struct kernel_block *blocks, uint32_t count,
                          const struct kernel_weights *weights, struct replay_sums *sums,
                          uint16_t near[KERNEL_BLOCKS_MAX], uint8_t *winners)
{
    const __m512i w0 = _mm512_set1_epi32(pair_of(&weights->weights[0]));
    const __m512i w1 = _mm512_set1_epi32(pair_of(&weights->weights[2]));
    const __m512i w2 = _mm512_set1_epi32(pair_of(&weights->weights[4]));
    const __m512i least_gap = _mm512_set1_epi32(weights->near);
    __m512i sum0 = _mm512_setzero_si512(), sum1 = sum0, sum2 = sum0, sum3 = sum0;
    uint32_t wins0 = 0, wins1 = 0, wins2 = 0, wins3 = 0;
    for (uint32_t b = 0; b < count; b++) {
        const struct kernel_block *block = &blocks[b];
        const __m512i s0 = score16(block, 0, w0, w1, w2), s1 = score16(block, 1, w0, w1, w2);
        const __m512i s2 = score16(block, 2, w0, w1, w2), s3 = score16(block, 3, w0, w1, w2);
        const __m512i high01 = _mm512_max_epi32(s0, s1), low01 = _mm512_min_epi32(s0, s1);
        const __m512i high23 = _mm512_max_epi32(s2, s3), low23 = _mm512_min_epi32(s2, s3);
        const __m512i best = _mm512_max_epi32(high01, high23);
        const __m512i second =
            _mm512_max_epi32(_mm512_min_epi32(high01, high23), _mm512_max_epi32(low01, low23));
        const __mmask16 clear =
            _mm512_mask_cmpgt_epi32_mask(block->lanes, _mm512_sub_epi32(best, second), least_gap);
        const __mmask16 won0 = _mm512_mask_cmpeq_epi32_mask(clear, s0, best);
        const __mmask16 won1 = _mm512_mask_cmpeq_epi32_mask(clear, s1, best);
        const __mmask16 won2 = _mm512_mask_cmpeq_epi32_mask(clear, s2, best);
        const __mmask16 won3 = _mm512_mask_cmpeq_epi32_mask(clear, s3, best);
        near[b] = (uint16_t)(block->lanes & ~(unsigned)clear);
        sum0 = add16(sum0, block, 0, won0, won1, won2, won3);
        sum1 = add16(sum1, block, 1, won0, won1, won2, won3);
        sum2 = add16(sum2, block, 2, won0, won1, won2, won3);
        sum3 = add16(sum3, block, 3, won0, won1, won2, won3);
        wins0 += (uint32_t)__builtin_popcount(won0);
        wins1 += (uint32_t)__builtin_popcount(won1);
        wins2 += (uint32_t)__builtin_popcount(won2);
        wins3 += (uint32_t)__builtin_popcount(won3);
        if (winners != NULL) {
            const __mmask16 won[PROVIDER_COUNT] = {won0, won1, won2, won3};
            note16(won, winners + b * KERNEL_LANES);
        }
    }
    sums->columns[0] += total16(sum0);
    sums->columns[1] += total16(sum1);
    sums->columns[2] += total16(sum2);
    sums->columns[3] += total16(sum3);
    sums->won[0] += wins0;
    sums->won[1] += wins1;
    sums->won[2] += wins2;
    sums->won[3] += wins3;
}

/* ---- AVX2: each block in two halves ---- */

#define AVX2 __attribute__((target("avx2,popcnt")))

/* A bit a lane becomes a lane of ones. */
AVX2 static inline __m256i spread8(unsigned bits)
{
    const __m256i lane = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    return _mm256_cmpeq_epi32(_mm256_and_si256(_mm256_set1_epi32((int)bits), lane), lane);
}

AVX2 static inline unsigned gather8(__m256i lanes)
{
    return (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(lanes));
}

AVX2 static inline __m256i load8(const void *row)
{
    return _mm256_loadu_si256((const __m256i *)row);
}

AVX2 static inline __m256i score8(const struct kernel_block *block, unsigned p, unsigned half,
                                  __m256i w0, __m256i w1, __m256i w2)
{
    const unsigned first = half * KERNEL_LANES;
    const __m256i a = _mm256_madd_epi16(load8(&block->parts[p][0][first]), w0);
    const __m256i b = _mm256_madd_epi16(load8(&block->parts[p][1][first]), w1);
    const __m256i c = _mm256_madd_epi16(load8(&block->parts[p][2][first]), w2);
    return _mm256_blendv_epi8(_mm256_set1_epi32(ABSENT),
                              _mm256_add_epi32(_mm256_add_epi32(a, b), c),
                              spread8(block->present[p] >> (half * 8u) & 255u));
}

AVX2 static inline __m256i add8(__m256i sum, const struct kernel_block *block, unsigned half,
                                unsigned column, const __m256i won[PROVIDER_COUNT])
{
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        sum = _mm256_add_epi32(
            sum, _mm256_and_si256(won[p], load8(&block->outcomes[p][column][half * 8u])));
    return sum;
}

AVX2 static inline int64_t total8(__m256i sum)
{
    int32_t lanes[8];
    int64_t total = 0;
    _mm256_storeu_si256((__m256i *)(void *)lanes, sum);
    for (unsigned i = 0; i < 8; i++)
        total += lanes[i];
    return total;
}

AVX2 static void note8(const unsigned won[PROVIDER_COUNT], uint8_t *winners)
{
    for (unsigned lane = 0; lane < 8; lane++) {
        winners[lane] = 255;
        for (unsigned p = 0; p < PROVIDER_COUNT; p++)
            if ((won[p] >> lane & 1u) != 0) winners[lane] = (uint8_t)p;
    }
}

AVX2 void kernel_avx2(const struct kernel_block *blocks, uint32_t count,
                      const struct kernel_weights *weights, struct replay_sums *sums,
                      uint16_t near[KERNEL_BLOCKS_MAX], uint8_t *winners)
{
    const __m256i w0 = _mm256_set1_epi32(pair_of(&weights->weights[0]));
    const __m256i w1 = _mm256_set1_epi32(pair_of(&weights->weights[2]));
    const __m256i w2 = _mm256_set1_epi32(pair_of(&weights->weights[4]));
    const __m256i least_gap = _mm256_set1_epi32(weights->near);
    __m256i sum0 = _mm256_setzero_si256(), sum1 = sum0, sum2 = sum0, sum3 = sum0;
    for (uint32_t b = 0; b < count; b++) {
        const struct kernel_block *block = &blocks[b];
        near[b] = 0;
        for (unsigned half = 0; half < 2; half++) {
            const unsigned lanes = block->lanes >> (half * 8u) & 255u;
            const __m256i s0 = score8(block, 0, half, w0, w1, w2);
            const __m256i s1 = score8(block, 1, half, w0, w1, w2);
            const __m256i s2 = score8(block, 2, half, w0, w1, w2);
            const __m256i s3 = score8(block, 3, half, w0, w1, w2);
            const __m256i high01 = _mm256_max_epi32(s0, s1), low01 = _mm256_min_epi32(s0, s1);
            const __m256i high23 = _mm256_max_epi32(s2, s3), low23 = _mm256_min_epi32(s2, s3);
            const __m256i best = _mm256_max_epi32(high01, high23);
            const __m256i second =
                _mm256_max_epi32(_mm256_min_epi32(high01, high23), _mm256_max_epi32(low01, low23));
            const __m256i clear = _mm256_and_si256(
                _mm256_cmpgt_epi32(_mm256_sub_epi32(best, second), least_gap), spread8(lanes));
            const __m256i won[PROVIDER_COUNT] = {
                _mm256_and_si256(clear, _mm256_cmpeq_epi32(s0, best)),
                _mm256_and_si256(clear, _mm256_cmpeq_epi32(s1, best)),
                _mm256_and_si256(clear, _mm256_cmpeq_epi32(s2, best)),
                _mm256_and_si256(clear, _mm256_cmpeq_epi32(s3, best)),
            };
            near[b] |= (uint16_t)((lanes & ~gather8(clear)) << (half * 8u));
            sum0 = add8(sum0, block, half, 0, won);
            sum1 = add8(sum1, block, half, 1, won);
            sum2 = add8(sum2, block, half, 2, won);
            sum3 = add8(sum3, block, half, 3, won);
            unsigned bits[PROVIDER_COUNT];
            for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
                bits[p] = gather8(won[p]);
                sums->won[p] += (uint32_t)__builtin_popcount(bits[p]);
            }
            if (winners != NULL) note8(bits, winners + b * KERNEL_LANES + half * 8u);
        }
    }
    sums->columns[0] += total8(sum0);
    sums->columns[1] += total8(sum1);
    sums->columns[2] += total8(sum2);
    sums->columns[3] += total8(sum3);
}

#else

extern int kernel_x86_is_not_here; /* no translation unit is empty */

#endif
