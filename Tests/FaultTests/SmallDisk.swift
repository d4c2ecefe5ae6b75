import Foundation
import TestKit
import Testing

/// A disk of a few megabytes that can be filled up.
final class SmallDisk: Sendable {
    /// Where it is mounted.
    let path: String
    private let directory: TemporaryDirectory
    private var ballast: String { "\(path)/ballast" }

    /// - parameter size: in bytes.
    init(size: Int) throws {
        directory = try TemporaryDirectory()
        path = directory.file("disk")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try #require(mount("tmpfs", path, "tmpfs", 0, "size=\(size)") == 0, "\(String(cString: strerror(errno)))")
    }

    deinit { umount2(path, Int32(MNT_DETACH)) }

    /// Writes a file until nothing more fits.
    func fill() throws {
        let descriptor = open(ballast, O_WRONLY | O_CREAT, 0o600)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        var count = 65_536
        let bytes = [UInt8](repeating: 1, count: count)
        while count > 0 {
            if write(descriptor, bytes, count) < count { count /= 2 }
        }
    }

    /// Deletes that file.
    func free() throws { try FileManager.default.removeItem(atPath: ballast) }
}
