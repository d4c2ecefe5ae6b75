#ifndef CKERNELS_H
#define CKERNELS_H

#include <stddef.h>
#include <stdint.h>

/// Distances between two vectors, and products of many, in versions for the instructions that a processor may have.
///
/// Vectors may have any length and stand at any address. Sums of floats differ between versions in their last digits,
/// because they are added in another order; sums of integers are the same in all.

/// The instructions that a version uses. Each version needs all that those before it need, and more.
typedef enum vector_instructions {
    /// What every processor of the architecture has.
    VECTOR_GENERIC = 0,
    /// AVX2 and FMA.
    VECTOR_AVX2 = 1,
    /// AVX-512 F and BW.
    VECTOR_AVX512 = 2,
    /// AVX-512 VNNI too.
    VECTOR_VNNI = 3,
} vector_instructions;

/// How many versions there are.
#define VECTOR_INSTRUCTIONS_COUNT 4

/// The distances of one version.
typedef struct vector_kernels {
    /// The name of its instructions, for people.
    const char *_Nonnull name;
    /// The sum of the products.
    float (*_Nonnull dot_float)(const float *_Nonnull, const float *_Nonnull, size_t count);
    /// The sum of the squares of the differences.
    float (*_Nonnull squared_float)(const float *_Nonnull, const float *_Nonnull, size_t count);
    /// The sum of the differences without their signs.
    float (*_Nonnull manhattan_float)(const float *_Nonnull, const float *_Nonnull, size_t count);
    /// The sum of the products.
    int64_t (*_Nonnull dot_int8)(const int8_t *_Nonnull, const int8_t *_Nonnull, size_t count);
    /// The sum of the squares of the differences.
    int64_t (*_Nonnull squared_int8)(const int8_t *_Nonnull, const int8_t *_Nonnull, size_t count);
    /// The sum of the differences without their signs.
    int64_t (*_Nonnull manhattan_int8)(const int8_t *_Nonnull, const int8_t *_Nonnull, size_t count);
    /// Adds the product of each two numbers of a row, for all rows, to a square matrix of sums. Its lower triangle is
    /// what is wanted: what stands above the diagonal afterwards means nothing.
    void (*_Nonnull add_products)(const float *_Nonnull rows, size_t count, size_t width, float *_Nonnull sums);
} vector_kernels;

/// The distances of a version, or null when this machine lacks its instructions.
const vector_kernels *_Nullable vector_kernels_of(vector_instructions instructions);

/// The fastest distances that this machine can run. Which these are is found out once, before `main`.
const vector_kernels *_Nonnull vector_kernels_in_use(void);

/// Asks for the memory at an address, so that it is near when it is read.
static inline void vector_prefetch(const void *_Nonnull address) { __builtin_prefetch(address); }

#endif
