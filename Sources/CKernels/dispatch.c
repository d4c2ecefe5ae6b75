#include "kernels.h"

static const vector_kernels *in_use = &vector_kernels_generic;

const vector_kernels *vector_kernels_of(vector_instructions instructions) {
    if (instructions == VECTOR_GENERIC) return &vector_kernels_generic;
#if defined(__x86_64__)
    __builtin_cpu_init();
    int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    int avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw");
    int vnni = avx512 && __builtin_cpu_supports("avx512vnni");
    if (instructions == VECTOR_AVX2 && avx2) return &vector_kernels_avx2;
    if (instructions == VECTOR_AVX512 && avx512) return &vector_kernels_avx512;
    if (instructions == VECTOR_VNNI && vnni) return &vector_kernels_vnni;
#endif
    return NULL;
}

__attribute__((constructor)) static void choose(void) {
    for (int instructions = VECTOR_GENERIC; instructions < VECTOR_INSTRUCTIONS_COUNT; instructions++) {
        const vector_kernels *kernels = vector_kernels_of((vector_instructions)instructions);
        if (kernels) in_use = kernels;
    }
}

const vector_kernels *vector_kernels_in_use(void) { return in_use; }
