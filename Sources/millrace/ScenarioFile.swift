import Core
import Foundation
import Server
import Workload

/// A scenario in a file, with the files of data that it names.
struct ScenarioFile {
    let scenario: Scenario

    /// How much of a file of data is read at once.
    private static let chunkSize = 1 << 20

    /// Reads a scenario. Files of data stand beside it, unless they are named by their whole path.
    ///
    /// - throws: ``Failure`` `file_unreadable`, `invalid_file`, `invalid_request` or `invalid_scenario`.
    init(_ path: String, _ options: LoadOptions) throws {
        let document = try InputDocument(path).value
        let directory = path == "-" ? "." : URL(fileURLWithPath: path).deletingLastPathComponent().path
        let reader = ScenarioReader(variable: options.value) { name in
            try Self.table(name.hasPrefix("/") ? name : "\(directory)/\(name)")
        }
        scenario = try reader.read(document)
    }

    private static func table(_ path: String) throws -> ScenarioReader.Table {
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw Failure(
                .invalid, code: "file_unreadable", "\(path) cannot be read. Does it exist, and may you read it?")
        }
        defer { try? file.close() }
        var reader = CSVReader(separator: path.hasSuffix(".tsv") ? "\t" : ",", quotes: !path.hasSuffix(".tsv")) {
            Array(try file.read(upToCount: chunkSize) ?? Data())
        }
        guard let head = try reader.next() else {
            throw Failure(.invalid, code: "invalid_file", "\(path) is empty; its first line names the columns.")
        }
        var rows: [[String]] = []
        while let record = try reader.next() {
            if let problem = record.problem {
                throw Failure(.invalid, code: "invalid_file", "\(path), line \(record.line): \(problem)")
            }
            guard rows.count < DataSet.rowLimit else {
                throw Failure(.tooLarge, code: "invalid_file", "\(path) has more than \(DataSet.rowLimit) rows.")
            }
            rows.append(record.fields)
        }
        return (head.fields, rows)
    }
}
