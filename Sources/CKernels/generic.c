#include "kernels.h"

// Eight sums side by side, so that an addition need not wait for the one before it and the compiler may use what vector
// instructions every processor of the architecture has.
#define LANES 8

#define FLOAT_KERNEL(name, term)                                                        \
    static float name(const float *a, const float *b, size_t count) {                   \
        float sums[LANES] = {0};                                                        \
        size_t index = 0;                                                               \
        for (; index + LANES <= count; index += LANES) {                                \
            for (size_t lane = 0; lane < LANES; lane++) {                               \
                float x = a[index + lane], y = b[index + lane];                         \
                sums[lane] += (term);                                                   \
            }                                                                           \
        }                                                                               \
        float sum = 0;                                                                  \
        for (size_t lane = 0; lane < LANES; lane++) sum += sums[lane];                  \
        for (; index < count; index++) {                                                \
            float x = a[index], y = b[index];                                           \
            sum += (term);                                                              \
        }                                                                               \
        return sum;                                                                     \
    }

FLOAT_KERNEL(dot_float, x *y)
FLOAT_KERNEL(squared_float, (x - y) * (x - y))
FLOAT_KERNEL(manhattan_float, __builtin_fabsf(x - y))

#define INT8_BLOCK_KERNEL(name, term)                                                   \
    static int32_t name(const int8_t *a, const int8_t *b, size_t count) {               \
        int32_t sum = 0;                                                                \
        for (size_t index = 0; index < count; index++) {                                \
            int32_t x = a[index], y = b[index];                                         \
            sum += (term);                                                              \
        }                                                                               \
        return sum;                                                                     \
    }

INT8_BLOCK_KERNEL(dot_block, x *y)
INT8_BLOCK_KERNEL(squared_block, (x - y) * (x - y))
INT8_BLOCK_KERNEL(manhattan_block, x > y ? x - y : y - x)

INT8_KERNEL(, dot_int8, dot_block)
INT8_KERNEL(, squared_int8, squared_block)
INT8_KERNEL(, manhattan_int8, manhattan_block)

static void add_row_products(const float *rows, size_t count, size_t width, float *sums) {
    for (size_t index = 0; index < count; index++) {
        const float *row = rows + index * width;
        for (size_t y = 0; y < width; y++) {
            float factor = row[y];
            for (size_t x = 0; x <= y; x++) sums[y * width + x] += factor * row[x];
        }
    }
}

const vector_kernels vector_kernels_generic = {
    "generic", dot_float, squared_float, manhattan_float, dot_int8, squared_int8, manhattan_int8, add_row_products,
};
