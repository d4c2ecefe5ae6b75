#if defined(__x86_64__)
#include "kernels.h"

#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512bw")))
#define VNNI __attribute__((target("avx512f,avx512bw,avx512vnni")))

AVX512 static inline __m512 add_product(__m512 sum, __m512 x, __m512 y) { return _mm512_fmadd_ps(x, y, sum); }

AVX512 static inline __m512 add_square(__m512 sum, __m512 x, __m512 y) {
    __m512 difference = _mm512_sub_ps(x, y);
    return _mm512_fmadd_ps(difference, difference, sum);
}

AVX512 static inline __m512 add_difference(__m512 sum, __m512 x, __m512 y) {
    return _mm512_add_ps(sum, _mm512_abs_ps(_mm512_sub_ps(x, y)));
}

// Lanes beyond the end are loaded as zeros of both vectors, which add nothing to any of these sums.
#define FLOAT_KERNEL(name, add)                                                                                   \
    AVX512 static float name(const float *a, const float *b, size_t count) {                                      \
        __m512 s0 = _mm512_setzero_ps(), s1 = s0, s2 = s0, s3 = s0;                                               \
        size_t index = 0;                                                                                         \
        for (; index + 64 <= count; index += 64) {                                                                \
            s0 = add(s0, _mm512_loadu_ps(a + index), _mm512_loadu_ps(b + index));                                 \
            s1 = add(s1, _mm512_loadu_ps(a + index + 16), _mm512_loadu_ps(b + index + 16));                       \
            s2 = add(s2, _mm512_loadu_ps(a + index + 32), _mm512_loadu_ps(b + index + 32));                       \
            s3 = add(s3, _mm512_loadu_ps(a + index + 48), _mm512_loadu_ps(b + index + 48));                       \
        }                                                                                                         \
        for (; index + 16 <= count; index += 16)                                                                  \
            s0 = add(s0, _mm512_loadu_ps(a + index), _mm512_loadu_ps(b + index));                                 \
        if (index < count) {                                                                                      \
            __mmask16 mask = (__mmask16)((1u << (count - index)) - 1);                                            \
            s1 = add(s1, _mm512_maskz_loadu_ps(mask, a + index), _mm512_maskz_loadu_ps(mask, b + index));         \
        }                                                                                                         \
        return _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(s0, s1), _mm512_add_ps(s2, s3)));                 \
    }

FLOAT_KERNEL(dot_float, add_product)
FLOAT_KERNEL(squared_float, add_square)
FLOAT_KERNEL(manhattan_float, add_difference)

AVX512 static inline __m512i low_half(__m512i bytes) { return _mm512_cvtepi8_epi16(_mm512_castsi512_si256(bytes)); }

AVX512 static inline __m512i high_half(__m512i bytes) {
    return _mm512_cvtepi8_epi16(_mm512_extracti64x4_epi64(bytes, 1));
}

AVX512 static inline __m512i add_products(__m512i sum, __m512i x, __m512i y) {
    sum = _mm512_add_epi32(sum, _mm512_madd_epi16(low_half(x), low_half(y)));
    return _mm512_add_epi32(sum, _mm512_madd_epi16(high_half(x), high_half(y)));
}

AVX512 static inline __m512i add_squares(__m512i sum, __m512i x, __m512i y) {
    __m512i low = _mm512_sub_epi16(low_half(x), low_half(y)), high = _mm512_sub_epi16(high_half(x), high_half(y));
    sum = _mm512_add_epi32(sum, _mm512_madd_epi16(low, low));
    return _mm512_add_epi32(sum, _mm512_madd_epi16(high, high));
}

// The sums of differences of unsigned bytes are 64 bits wide with the upper half zero, so they may be added as 32 bits.
AVX512 static inline __m512i add_differences(__m512i sum, __m512i x, __m512i y) {
    __m512i offset = _mm512_set1_epi8(-128);
    return _mm512_add_epi32(sum, _mm512_sad_epu8(_mm512_xor_si512(x, offset), _mm512_xor_si512(y, offset)));
}

#define INT8_BLOCK_KERNEL(name, add)                                                                              \
    AVX512 static inline int32_t name(const int8_t *a, const int8_t *b, size_t count) {                           \
        __m512i sum = _mm512_setzero_si512();                                                                     \
        size_t index = 0;                                                                                         \
        for (; index + 64 <= count; index += 64)                                                                  \
            sum = add(sum, _mm512_loadu_si512(a + index), _mm512_loadu_si512(b + index));                         \
        if (index < count) {                                                                                      \
            __mmask64 mask = ((__mmask64)1 << (count - index)) - 1;                                               \
            sum = add(sum, _mm512_maskz_loadu_epi8(mask, a + index), _mm512_maskz_loadu_epi8(mask, b + index));   \
        }                                                                                                         \
        return _mm512_reduce_add_epi32(sum);                                                                      \
    }

INT8_BLOCK_KERNEL(dot_block, add_products)
INT8_BLOCK_KERNEL(squared_block, add_squares)
INT8_BLOCK_KERNEL(manhattan_block, add_differences)

INT8_KERNEL(AVX512, dot_int8, dot_block)
INT8_KERNEL(AVX512, squared_int8, squared_block)
INT8_KERNEL(AVX512, manhattan_int8, manhattan_block)

AVX512 static inline __mmask16 lanes_below(size_t count) { return count < 16 ? (__mmask16)((1u << count) - 1) : 0xFFFF; }

// Sums of four rows and thirty-two columns at a time stay in registers while all rows of numbers go by.
AVX512 static void add_row_products(const float *rows, size_t count, size_t width, float *sums) {
    for (size_t y = 0; y < width; y += 4) {
        size_t height = width - y < 4 ? width - y : 4;
        size_t y1 = y + (height > 1 ? 1 : 0), y2 = y + (height > 2 ? 2 : 0), y3 = y + (height > 3 ? 3 : 0);
        for (size_t x = 0; x < y + height; x += 32) {
            __mmask16 low = lanes_below(width - x), high = width - x > 16 ? lanes_below(width - x - 16) : 0;
            __m512 tile[4][2];
            for (int line = 0; line < 4; line++) tile[line][0] = tile[line][1] = _mm512_setzero_ps();
            for (size_t index = 0; index < count; index++) {
                const float *row = rows + index * width;
                __m512 left = _mm512_maskz_loadu_ps(low, row + x), right = _mm512_maskz_loadu_ps(high, row + x + 16);
                __m512 factors[4] = {_mm512_set1_ps(row[y]), _mm512_set1_ps(row[y1]), _mm512_set1_ps(row[y2]),
                                     _mm512_set1_ps(row[y3])};
                for (int line = 0; line < 4; line++) {
                    tile[line][0] = _mm512_fmadd_ps(factors[line], left, tile[line][0]);
                    tile[line][1] = _mm512_fmadd_ps(factors[line], right, tile[line][1]);
                }
            }
            for (size_t line = 0; line < height; line++) {
                float *target = sums + (y + line) * width + x;
                __m512 left = _mm512_maskz_loadu_ps(low, target), right = _mm512_maskz_loadu_ps(high, target + 16);
                _mm512_mask_storeu_ps(target, low, _mm512_add_ps(left, tile[line][0]));
                _mm512_mask_storeu_ps(target + 16, high, _mm512_add_ps(right, tile[line][1]));
            }
        }
    }
}

const vector_kernels vector_kernels_avx512 = {
    "AVX-512", dot_float, squared_float, manhattan_float, dot_int8, squared_int8, manhattan_int8, add_row_products,
};

// The instruction multiplies unsigned bytes by signed ones. So 128 is added to the first vector, and 128 times the sum
// of the second is taken off again at the end.
VNNI static inline int32_t dot_block_vnni(const int8_t *a, const int8_t *b, size_t count) {
    __m512i offset = _mm512_set1_epi8(-128);
    __m512i s0 = _mm512_setzero_si512(), s1 = s0, excess0 = s0, excess1 = s0;
    size_t index = 0;
    for (; index + 128 <= count; index += 128) {
        __m512i x = _mm512_loadu_si512(a + index), y = _mm512_loadu_si512(b + index);
        __m512i v = _mm512_loadu_si512(a + index + 64), w = _mm512_loadu_si512(b + index + 64);
        s0 = _mm512_dpbusd_epi32(s0, _mm512_xor_si512(x, offset), y);
        excess0 = _mm512_dpbusd_epi32(excess0, offset, y);
        s1 = _mm512_dpbusd_epi32(s1, _mm512_xor_si512(v, offset), w);
        excess1 = _mm512_dpbusd_epi32(excess1, offset, w);
    }
    for (; index < count; index += 64) {
        size_t rest = count - index;
        __mmask64 mask = rest < 64 ? ((__mmask64)1 << rest) - 1 : ~(__mmask64)0;
        __m512i x = _mm512_maskz_loadu_epi8(mask, a + index), y = _mm512_maskz_loadu_epi8(mask, b + index);
        s0 = _mm512_dpbusd_epi32(s0, _mm512_xor_si512(x, offset), y);
        excess0 = _mm512_dpbusd_epi32(excess0, offset, y);
    }
    __m512i sum = _mm512_sub_epi32(_mm512_add_epi32(s0, s1), _mm512_add_epi32(excess0, excess1));
    return _mm512_reduce_add_epi32(sum);
}

INT8_KERNEL(VNNI, dot_int8_vnni, dot_block_vnni)

const vector_kernels vector_kernels_vnni = {
    "AVX-512 VNNI", dot_float, squared_float, manhattan_float, dot_int8_vnni, squared_int8, manhattan_int8, add_row_products,
};
#endif
