import Core
import HTTPTypes
import NIOCore

/// The file that a request brings: the whole body, or the first part of `multipart/form-data` (RFC 7578).
struct MultipartFile {
    /// The bytes of the file.
    let bytes: [UInt8]

    private static let lineEnd = Array("\r\n".utf8)

    /// - throws: ``Failure`` `body_required` when there is none, `malformed_multipart`.
    init(_ request: APIRequest) throws {
        let body = Array(request.body.readableBytesView)
        let type = request.headers[.contentType] ?? ""
        guard !body.isEmpty else {
            throw Failure(.malformed, code: "body_required", "The file is expected as the body, or as a part of it.")
        }
        guard type.lowercased().hasPrefix("multipart/") else {
            bytes = body
            return
        }
        guard let boundary = Self.boundary(in: type) else { throw Self.malformed("its type names no boundary") }
        bytes = Array(try Self.firstPart(of: body[...], boundary))
    }

    /// The boundary between parts (RFC 2046, section 5.1.1): up to 70 characters, in quotation marks or not.
    static func boundary(in type: String) -> String? {
        for parameter in type.split(separator: ";").dropFirst() {
            let parts = parameter.split(separator: "=", maxSplits: 1).map { $0.trimmingSpaces }
            guard parts.count == 2, parts[0].lowercased() == "boundary" else { continue }
            let value = parts[1].hasPrefix("\"") ? parts[1].dropFirst().prefix { $0 != "\"" } : parts[1][...]
            return (1...70).contains(value.utf8.count) ? String(value) : nil
        }
        return nil
    }

    /// What stands between the header of the first part and the next boundary.
    static func firstPart(of body: ArraySlice<UInt8>, _ boundary: String) throws -> ArraySlice<UInt8> {
        let mark = Array("--\(boundary)".utf8)
        guard let start = body.range(of: mark), let header = body[start.upperBound...].range(of: lineEnd + lineEnd)
        else { throw malformed("it has no part") }
        guard let end = body[header.upperBound...].range(of: lineEnd + mark) else {
            throw malformed("its first part has no end")
        }
        return body[header.upperBound..<end.lowerBound]
    }

    private static func malformed(_ reason: String) -> Failure {
        Failure(
            .malformed, code: "malformed_multipart",
            "The body is no multipart/form-data with a file: \(reason). Or send the file itself as the body.")
    }
}

extension ArraySlice<UInt8> {
    /// Where some bytes stand first. It looks for the last of them, as far apart as there are bytes to find where
    /// nothing fits (Horspool, "Practical Fast Searching in Strings", 1980).
    func range(of wanted: [UInt8]) -> Range<Int>? {
        guard let last = wanted.last, count >= wanted.count else { return nil }
        var skips = [Int](repeating: wanted.count, count: 256)
        for (index, byte) in wanted.dropLast().enumerated() { skips[Int(byte)] = wanted.count - 1 - index }
        var end = startIndex + wanted.count
        while end <= endIndex {
            let byte = self[end - 1]
            if byte == last, self[(end - wanted.count)..<end].elementsEqual(wanted) {
                return (end - wanted.count)..<end
            }
            end += skips[Int(byte)]
        }
        return nil
    }
}

extension Substring {
    fileprivate var trimmingSpaces: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
