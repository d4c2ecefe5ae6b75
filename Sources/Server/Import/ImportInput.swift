import Core
import Foundation

/// A file, or standard input, that is read from its start to its end.
public final class ImportInput {
    /// What it is called in messages and files.
    public let name: String
    /// How many bytes it has, when that is known before it is read.
    public let size: Int64?
    /// When the file was changed last; nil of what is no file.
    let changedAt: Timestamp?
    /// How many bytes are read.
    public private(set) var position: Int64 = 0
    private let handle: FileHandle

    /// How many bytes are read at a time.
    static let chunkSize = 256 * 1024

    /// Opens a file; `-` is standard input.
    ///
    /// - throws: ``Failure`` `file_unreadable`.
    public init(_ path: String) throws {
        guard path != "-" else {
            name = "stdin"
            size = nil
            changedAt = nil
            handle = .standardInput
            return
        }
        name = path
        guard let handle = FileHandle(forReadingAtPath: path) else { throw Self.unreadable(path) }
        self.handle = handle
        var information = stat()
        guard fstat(handle.fileDescriptor, &information) == 0, information.st_mode & S_IFMT != S_IFDIR else {
            throw Self.unreadable(path)
        }
        let isFile = information.st_mode & S_IFMT == S_IFREG
        size = isFile ? Int64(information.st_size) : nil
        changedAt = isFile ? Timestamp(microseconds: Int64(information.st_mtim.tv_sec) * 1_000_000) : nil
    }

    /// The next bytes, none at the end.
    func next() throws -> [UInt8] {
        let bytes = [UInt8](try handle.read(upToCount: Self.chunkSize) ?? Data())
        position += Int64(bytes.count)
        return bytes
    }

    private static func unreadable(_ path: String) -> Failure {
        Failure(
            .invalid, code: "file_unreadable",
            "\(path) cannot be read. Give the path of a file that is there, or - for standard input.")
    }
}
