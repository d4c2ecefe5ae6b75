import Core
import Crypto
import Foundation

/// Where the snapshots of an instance stand: each tenant and each collection has a directory of its own. Whatever a
/// client calls a snapshot or a collection, it leads to nothing else.
struct SnapshotPlaces: Sendable {
    /// How a snapshot's name ends.
    static let suffix = ".snapshot"
    /// What follows it in the name of the file that has its checksum.
    static let checksumSuffix = ".sha256"
    /// How long a name may be.
    private static let nameLimit = 200
    /// How long the name of a directory may be.
    private static let directoryLimit = 180

    let directory: String

    /// Where files stand for a moment.
    var temporary: String { "\(directory)/temporary" }

    /// The directory of a collection's snapshots.
    func directory(of collection: String, _ tenant: Tenant) -> String {
        "\(directory)/\(tenant.number)/\(Self.escaped(collection))"
    }

    /// The file of a snapshot.
    ///
    /// - throws: ``Failure`` `snapshot_not_found` for what can be the name of none.
    func file(_ name: String, of collection: String, _ tenant: Tenant) throws -> String {
        guard Self.isName(name) else { throw Self.notFound(name) }
        return "\(directory(of: collection, tenant))/\(name)"
    }

    /// Whether a snapshot can be called so: letters of ASCII, digits, `-`, `_` and `.`, and the end that all have.
    static func isName(_ name: String) -> Bool {
        name.hasSuffix(suffix) && name.utf8.count <= nameLimit && !name.hasPrefix(".")
            && name.utf8.allSatisfy { isPlain($0) || $0 == UInt8(ascii: ".") }
    }

    static func notFound(_ name: String) -> Failure {
        Failure(
            .notFound, code: "snapshot_not_found",
            "There is no snapshot \(name.prefix(nameLimit)) of the collection on this instance.")
    }

    /// A name as one segment of a path, different for different names: its plain characters, and `%` with two digits
    /// for each other byte. What would be too long is told by a digest.
    static func escaped(_ name: String) -> String {
        var text = ""
        for byte in name.utf8 {
            if isPlain(byte) { text.unicodeScalars.append(Unicode.Scalar(byte)) } else { text += "%" + hex(byte) }
        }
        guard text.utf8.count > directoryLimit else { return text }
        return "%-" + SHA256.hash(data: Data(name.utf8)).map(hex).joined()
    }

    /// A byte as two digits.
    static func hex(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16)
        return digits.count == 1 ? "0\(digits)" : digits
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
