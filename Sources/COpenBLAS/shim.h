#include <cblas.h>
#include <stdlib.h>

/// LAPACK's Cholesky factorisation and the inverse that follows from it. Debian's headers of OpenBLAS do not declare
/// them, though its library has them. https://www.netlib.org/lapack/explore-html/
void spotrf_(const char *_Nonnull triangle, const int *_Nonnull order, float *_Nonnull matrix,
             const int *_Nonnull leading_dimension, int *_Nonnull outcome);
void spotri_(const char *_Nonnull triangle, const int *_Nonnull order, float *_Nonnull matrix,
             const int *_Nonnull leading_dimension, int *_Nonnull outcome);
/// Solves a symmetric positive definite system of equations.
void sposv_(const char *_Nonnull triangle, const int *_Nonnull order, const int *_Nonnull columns,
            float *_Nonnull matrix, const int *_Nonnull leading_dimension, float *_Nonnull right_sides,
            const int *_Nonnull leading_dimension_of_right_sides, int *_Nonnull outcome);
/// The eigenvalues, ascending, and the eigenvectors of a symmetric matrix.
void ssyevd_(const char *_Nonnull job, const char *_Nonnull triangle, const int *_Nonnull order, float *_Nonnull matrix,
             const int *_Nonnull leading_dimension, float *_Nonnull values, float *_Nonnull work,
             const int *_Nonnull work_length, int *_Nonnull integers, const int *_Nonnull integers_length,
             int *_Nonnull outcome);

// How OpenBLAS chooses the routines of a processor when it is loaded. A build for one processor alone lacks them.
extern char *gotoblas_corename(void) __attribute__((weak));
extern void gotoblas_dynamic_init(void) __attribute__((weak));
extern void gotoblas_dynamic_quit(void) __attribute__((weak));

/// The name of the processor whose routines are used, or null when this build has no choice.
static inline const char *_Nullable openblas_routines(void) { return gotoblas_corename ? gotoblas_corename() : NULL; }

/// Uses the routines of a processor with that name, unless the environment names one. No other thread may be using
/// OpenBLAS.
static inline void openblas_use_routines(const char *_Nonnull name) {
    if (!gotoblas_dynamic_init || !gotoblas_dynamic_quit) return;
    if (setenv("OPENBLAS_CORETYPE", name, 0) != 0) return;
    gotoblas_dynamic_quit();
    gotoblas_dynamic_init();
}
