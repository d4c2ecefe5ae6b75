import Core
import Foundation
import YAML

/// A document of JSON or YAML from a file or from standard input.
struct InputDocument {
    /// What it says.
    let value: JSONValue

    /// Reads a document.
    ///
    /// - parameter path: the file; `-` is standard input.
    /// - throws: ``Failure`` `file_unreadable`, or `invalid_file` with the place of what is wrong.
    init(_ path: String) throws {
        guard let data = path == "-" ? Self.standardInput() : FileManager.default.contents(atPath: path) else {
            throw Failure(
                .invalid, code: "file_unreadable", "\(path) cannot be read. Does it exist, and may you read it?")
        }
        guard data.count <= YAMLDocument.sizeLimit else {
            throw Failure(.tooLarge, code: "invalid_file", "\(path) is larger than \(YAMLDocument.sizeLimit) bytes.")
        }
        // YAML reads most JSON as well, and tells the place of what neither of them can read.
        if let value = try? JSONParser.parse(Array(data)) {
            self.value = value
        } else {
            value = try YAMLDocument.parse(String(decoding: data, as: UTF8.self))
        }
    }

    private static func standardInput() -> Data? {
        try? FileHandle.standardInput.read(upToCount: YAMLDocument.sizeLimit + 1) ?? Data()
    }
}
