import Core
import Foundation

/// A clock of the day that is wrong, for one process (libfaketime). Its monotonic clock runs as it should.
public enum SkewedClock {
    /// The variables of a process whose clock is so far ahead.
    ///
    /// - throws: ``Failure`` `program_missing` when libfaketime is not installed.
    public static func environment(ahead: Duration) throws -> [String: String] {
        let directories = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib")) ?? []
        let candidates = directories.map { "/usr/lib/\($0)/faketime/libfaketimeMT.so.1" }
        guard let library = candidates.first(where: { FileManager.default.fileExists(atPath: $0) }) else {
            throw Failure(
                .unavailable, code: "program_missing",
                "libfaketime is not installed, and this test needs it. Run `make setup`.")
        }
        return [
            "LD_PRELOAD": library, "FAKETIME": "+\(Int(ahead / .seconds(1)))", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        ]
    }
}
