#ifndef KERNELS_H
#define KERNELS_H

#include "CKernels.h"

extern const vector_kernels vector_kernels_generic;
#if defined(__x86_64__)
extern const vector_kernels vector_kernels_avx2;
extern const vector_kernels vector_kernels_avx512;
extern const vector_kernels vector_kernels_vnni;
#endif

/// So many products or squares of differences of bytes fit into 32 bits whatever the bytes are: 255 * 255 * 16,384 is
/// less than 2^31. Longer vectors are summed in blocks.
#define INT8_BLOCK ((size_t)16384)

/// Defines a distance of bytes of any length from one of at most a block, for a target attribute that may be empty.
#define INT8_KERNEL(attributes, name, of_block)                                                                   \
    attributes static int64_t name(const int8_t *a, const int8_t *b, size_t count) {                              \
        int64_t sum = 0;                                                                                          \
        for (; count > INT8_BLOCK; count -= INT8_BLOCK, a += INT8_BLOCK, b += INT8_BLOCK)                         \
            sum += of_block(a, b, INT8_BLOCK);                                                                    \
        return sum + of_block(a, b, count);                                                                       \
    }

#endif
