import CKernels
import COpenBLAS
import Synchronization

/// The routines of OpenBLAS, chosen for this machine, and used by one thread after the other: those of the package
/// without threads share their memory, and two at once would spoil each other's results.
enum LinearAlgebra {
    private static let turn = Mutex<Void>(())

    /// Lets a body use OpenBLAS.
    static func withRoutines<Result: Sendable>(_ body: () throws -> Result) rethrows -> Result {
        try turn.withLock { _ in
            _ = routines
            return try body()
        }
    }

    /// The name of the processor whose routines are used.
    ///
    /// OpenBLAS does not know processors that are younger than itself, and takes the routines of the oldest one for
    /// them, which are several times slower. What this one can do is known to the kernels of vectors.
    private static let routines: String = {
        let name = { openblas_routines().map { String(cString: $0) } ?? "built in" }
        if name() == "Prescott" {
            if vector_kernels_of(VECTOR_AVX512) != nil {
                openblas_use_routines("SkylakeX")
            } else if vector_kernels_of(VECTOR_AVX2) != nil {
                openblas_use_routines("Haswell")
            }
        }
        return name()
    }()

    /// Replaces a symmetric positive definite matrix, of which the lower triangle by rows is looked at, by its inverse,
    /// of which that triangle is written.
    ///
    /// - returns: false when it is not positive definite; what then stands in it means nothing.
    static func invert(_ matrix: inout [Float], order: Int) -> Bool {
        guard order > 0 else { return true }
        return withRoutines {
            var (width, outcome) = (Int32(order), Int32(0))
            // The lower triangle by rows is to LAPACK, which reads by columns, the upper one.
            spotrf_("U", &width, &matrix, &width, &outcome)
            guard outcome == 0 else { return false }
            spotri_("U", &width, &matrix, &width, &outcome)
            return outcome == 0
        }
    }

    /// Replaces a symmetric matrix by its eigenvectors, each a row.
    ///
    /// - returns: the eigenvalues; nil when there are none, of what is no number.
    static func findAxes(of matrix: inout [Float], order: Int) -> [Float]? {
        withRoutines {
            var values = [Float](repeating: 0, count: order)
            var width = Int32(order)
            var workLength = Int32(1 + 6 * order + 2 * order * order)
            var integersLength = Int32(3 + 5 * order)
            var outcome = Int32(0)
            var work = [Float](repeating: 0, count: Int(workLength))
            var integers = [Int32](repeating: 0, count: Int(integersLength))
            // LAPACK's columns are rows here.
            ssyevd_(
                "V", "U", &width, &matrix, &width, &values, &work, &workLength, &integers, &integersLength, &outcome)
            return outcome == 0 ? values : nil
        }
    }
}
