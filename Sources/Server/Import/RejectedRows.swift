import API
import Core
import Foundation

/// The file that rejected rows go to, with their line numbers and reasons. It is made when the first of them comes.
final class RejectedRows {
    private let path: String
    private let columns: [String]
    private var handle: FileHandle?

    init(path: String, columns: [String]?) {
        self.path = path
        self.columns = columns ?? ["row"]
    }

    /// Where the rejected rows of a file go when nobody says where.
    static func path(for file: String) -> String {
        guard file != "-" else { return "stdin.rejected.csv" }
        let name = file.hasSuffix(".csv") ? String(file.dropLast(4)) : file
        return "\(name).rejected.csv"
    }

    /// Writes a rejected row. Its columns stand behind the reason, so the file can be mended and imported.
    func write(line: Int, reason: String, fields: [String]) throws {
        let record = CSVWriter.record([String(line), reason] + fields)
        try open().write(contentsOf: Data(record.utf8))
    }

    func close() throws {
        try handle?.close()
        handle = nil
    }

    private func open() throws -> FileHandle {
        if let handle { return handle }
        let header = Data(CSVWriter.record(["line", "reason"] + columns).utf8)
        guard FileManager.default.createFile(atPath: path, contents: header),
            let opened = FileHandle(forWritingAtPath: path)
        else {
            throw Failure(
                .invalid, code: "rejects_unwritable",
                "Rejected rows cannot be written to \(path). Give --rejects a file that you may write.")
        }
        try opened.seekToEnd()
        handle = opened
        return opened
    }
}
