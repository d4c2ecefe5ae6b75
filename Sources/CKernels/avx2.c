#if defined(__x86_64__)
#include "kernels.h"

#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,fma")))

AVX2 static inline float sum_of_floats(__m256 value) {
    __m128 sum = _mm_add_ps(_mm256_castps256_ps128(value), _mm256_extractf128_ps(value, 1));
    sum = _mm_add_ps(sum, _mm_movehl_ps(sum, sum));
    return _mm_cvtss_f32(_mm_add_ss(sum, _mm_movehdup_ps(sum)));
}

AVX2 static inline int32_t sum_of_integers(__m256i value) {
    __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(value), _mm256_extracti128_si256(value, 1));
    sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4E));
    return _mm_cvtsi128_si32(_mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xB1)));
}

AVX2 static inline __m256 add_product(__m256 sum, __m256 x, __m256 y) { return _mm256_fmadd_ps(x, y, sum); }

AVX2 static inline __m256 add_square(__m256 sum, __m256 x, __m256 y) {
    __m256 difference = _mm256_sub_ps(x, y);
    return _mm256_fmadd_ps(difference, difference, sum);
}

AVX2 static inline __m256 add_difference(__m256 sum, __m256 x, __m256 y) {
    return _mm256_add_ps(sum, _mm256_andnot_ps(_mm256_set1_ps(-0.0f), _mm256_sub_ps(x, y)));
}

// Lanes beyond the end are loaded as zeros of both vectors, which add nothing to any of these sums.
#define FLOAT_KERNEL(name, add)                                                                                   \
    AVX2 static float name(const float *a, const float *b, size_t count) {                                        \
        __m256 s0 = _mm256_setzero_ps(), s1 = s0, s2 = s0, s3 = s0;                                               \
        size_t index = 0;                                                                                         \
        for (; index + 32 <= count; index += 32) {                                                                \
            s0 = add(s0, _mm256_loadu_ps(a + index), _mm256_loadu_ps(b + index));                                 \
            s1 = add(s1, _mm256_loadu_ps(a + index + 8), _mm256_loadu_ps(b + index + 8));                         \
            s2 = add(s2, _mm256_loadu_ps(a + index + 16), _mm256_loadu_ps(b + index + 16));                       \
            s3 = add(s3, _mm256_loadu_ps(a + index + 24), _mm256_loadu_ps(b + index + 24));                       \
        }                                                                                                         \
        for (; index + 8 <= count; index += 8)                                                                    \
            s0 = add(s0, _mm256_loadu_ps(a + index), _mm256_loadu_ps(b + index));                                 \
        if (index < count) {                                                                                      \
            __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);                                            \
            __m256i mask = _mm256_cmpgt_epi32(_mm256_set1_epi32((int)(count - index)), lanes);                    \
            s1 = add(s1, _mm256_maskload_ps(a + index, mask), _mm256_maskload_ps(b + index, mask));               \
        }                                                                                                         \
        return sum_of_floats(_mm256_add_ps(_mm256_add_ps(s0, s1), _mm256_add_ps(s2, s3)));                        \
    }

FLOAT_KERNEL(dot_float, add_product)
FLOAT_KERNEL(squared_float, add_square)
FLOAT_KERNEL(manhattan_float, add_difference)

AVX2 static inline __m256i load_16(const int8_t *address) {
    return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)address));
}

AVX2 static inline __m256i products(__m256i x, __m256i y) { return _mm256_madd_epi16(x, y); }

AVX2 static inline __m256i squares(__m256i x, __m256i y) {
    __m256i difference = _mm256_sub_epi16(x, y);
    return _mm256_madd_epi16(difference, difference);
}

AVX2 static inline __m256i differences(__m256i x, __m256i y) {
    return _mm256_madd_epi16(_mm256_abs_epi16(_mm256_sub_epi16(x, y)), _mm256_set1_epi16(1));
}

#define INT8_BLOCK_KERNEL(name, terms)                                                                            \
    AVX2 static inline int32_t name(const int8_t *a, const int8_t *b, size_t count) {                             \
        __m256i s0 = _mm256_setzero_si256(), s1 = s0;                                                             \
        size_t index = 0;                                                                                         \
        for (; index + 32 <= count; index += 32) {                                                                \
            s0 = _mm256_add_epi32(s0, terms(load_16(a + index), load_16(b + index)));                             \
            s1 = _mm256_add_epi32(s1, terms(load_16(a + index + 16), load_16(b + index + 16)));                   \
        }                                                                                                         \
        if (index < count) {                                                                                      \
            int8_t x[32] = {0}, y[32] = {0};                                                                      \
            __builtin_memcpy(x, a + index, count - index);                                                        \
            __builtin_memcpy(y, b + index, count - index);                                                        \
            s0 = _mm256_add_epi32(s0, terms(load_16(x), load_16(y)));                                             \
            s1 = _mm256_add_epi32(s1, terms(load_16(x + 16), load_16(y + 16)));                                   \
        }                                                                                                         \
        return sum_of_integers(_mm256_add_epi32(s0, s1));                                                         \
    }

INT8_BLOCK_KERNEL(dot_block, products)
INT8_BLOCK_KERNEL(squared_block, squares)
INT8_BLOCK_KERNEL(manhattan_block, differences)

INT8_KERNEL(AVX2, dot_int8, dot_block)
INT8_KERNEL(AVX2, squared_int8, squared_block)
INT8_KERNEL(AVX2, manhattan_int8, manhattan_block)

// Sums of four rows and sixteen columns at a time stay in registers while all rows of numbers go by.
AVX2 static void add_row_products(const float *rows, size_t count, size_t width, float *sums) {
    __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    for (size_t y = 0; y < width; y += 4) {
        size_t height = width - y < 4 ? width - y : 4;
        size_t y1 = y + (height > 1 ? 1 : 0), y2 = y + (height > 2 ? 2 : 0), y3 = y + (height > 3 ? 3 : 0);
        for (size_t x = 0; x < y + height; x += 16) {
            int rest = (int)(width - x);
            __m256i low = _mm256_cmpgt_epi32(_mm256_set1_epi32(rest), lanes);
            __m256i high = _mm256_cmpgt_epi32(_mm256_set1_epi32(rest - 8), lanes);
            __m256 tile[4][2];
            for (int line = 0; line < 4; line++) tile[line][0] = tile[line][1] = _mm256_setzero_ps();
            for (size_t index = 0; index < count; index++) {
                const float *row = rows + index * width;
                __m256 left = _mm256_maskload_ps(row + x, low), right = _mm256_maskload_ps(row + x + 8, high);
                __m256 factors[4] = {_mm256_broadcast_ss(row + y), _mm256_broadcast_ss(row + y1),
                                     _mm256_broadcast_ss(row + y2), _mm256_broadcast_ss(row + y3)};
                for (int line = 0; line < 4; line++) {
                    tile[line][0] = _mm256_fmadd_ps(factors[line], left, tile[line][0]);
                    tile[line][1] = _mm256_fmadd_ps(factors[line], right, tile[line][1]);
                }
            }
            for (size_t line = 0; line < height; line++) {
                float *target = sums + (y + line) * width + x;
                _mm256_maskstore_ps(target, low, _mm256_add_ps(_mm256_maskload_ps(target, low), tile[line][0]));
                _mm256_maskstore_ps(
                    target + 8, high, _mm256_add_ps(_mm256_maskload_ps(target + 8, high), tile[line][1]));
            }
        }
    }
}

const vector_kernels vector_kernels_avx2 = {
    "AVX2", dot_float, squared_float, manhattan_float, dot_int8, squared_int8, manhattan_int8, add_row_products,
};
#endif
