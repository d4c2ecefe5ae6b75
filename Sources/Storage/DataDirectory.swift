import Core
import Foundation

/// The directory that holds the files of an embedded server, held by one process at a time.
public final class DataDirectory: Sendable {
    /// The directory.
    public let path: String
    private let lock: Int32

    /// Opens a directory, creating it for this user alone when there is none, and locks it until the process ends or
    /// ``release()`` is called.
    ///
    /// - throws: ``Failure`` `data_directory_in_use` when another process has it, `data_directory_unusable` when it
    ///   cannot be created or written.
    public init(_ path: String) throws {
        self.path = path
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw Self.unusable(path, "\(error.localizedDescription)")
        }
        let file = "\(path)/millrace.lock"
        lock = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw Self.unusable(path, String(cString: strerror(errno))) }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            let holder = (try? String(contentsOfFile: file, encoding: .utf8))?.split(separator: "\n").first
            close(lock)
            throw Failure(
                .conflict, code: "data_directory_in_use",
                "\(path) is in use by another millrace\(holder.map { " (process \($0))" } ?? ""). "
                    + "Stop it, talk to it with --server, or choose another --data.")
        }
        let text = "\(getpid())\n"
        guard ftruncate(lock, 0) == 0, write(lock, text, text.utf8.count) == text.utf8.count else {
            throw Self.unusable(path, String(cString: strerror(errno)))
        }
    }

    /// A file in the directory.
    public func file(_ name: String) -> String { "\(path)/\(name)" }

    /// What tells this server from others that work on the same data: made once, and kept in the directory.
    public func instance() throws -> String {
        let file = file("instance")
        if let known = try? String(contentsOfFile: file, encoding: .utf8), !known.isEmpty { return known }
        let made = UUID().uuidString.lowercased()
        do {
            try made.write(toFile: file, atomically: true, encoding: .utf8)
        } catch {
            throw Self.unusable(path, "\(error.localizedDescription)")
        }
        return made
    }

    /// Lets another process have the directory.
    public func release() {
        flock(lock, LOCK_UN)
        close(lock)
    }

    private static func unusable(_ path: String, _ reason: String) -> Failure {
        Failure(
            .unavailable, code: "data_directory_unusable",
            "\(path) cannot be used: \(reason). Give --data a directory that you may write.")
    }
}
