import Core

/// The failures of a relocation.
extension Failure {
    static var targetNotEmpty: Failure {
        Failure(
            .conflict, code: "relocation_target_not_empty",
            "The target has tables that are not from an unfinished relocation. Give --to an empty database: a shop is "
                + "moved once, and never into another one.")
    }

    static func sourceChanged(_ tables: [String]) -> Failure {
        Failure(
            .conflict, code: "relocation_source_changed",
            "The target holds a part of other data than this: \(tables.joined(separator: ", ")) differ from what they "
                + "were when the relocation began. Make the target an empty database and begin again.",
            details: [.init("tables", .array(tables.map(JSONValue.string)))])
    }

    static func relocationMismatch(_ mismatches: [RelocationMismatch]) -> Failure {
        Failure(
            .conflict, code: "relocation_mismatch",
            "The target does not hold what the source does, so do not use it: "
                + mismatches.map(\.description).joined(separator: "; ")
                + ". Make it an empty database, see that nothing else writes to it, and begin again.",
            details: [.init("tables", .array(mismatches.map { .string($0.expected.table) }))])
    }
}

/// A table that is not on the target what it is at the source.
struct RelocationMismatch: CustomStringConvertible {
    let expected: RelocationManifest.Entry
    let found: RelocationManifest.Entry

    var description: String {
        guard expected.rowCount == found.rowCount else {
            return "\(expected.table) has \(found.rowCount) rows instead of \(expected.rowCount)"
        }
        return "\(expected.table) has other values in its \(found.rowCount) rows"
    }
}
