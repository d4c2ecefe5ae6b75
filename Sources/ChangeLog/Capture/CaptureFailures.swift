import Core

extension Failure {
    static var captureWithoutSchema: Failure {
        Failure(
            .invalid, code: "capture_without_schema",
            "The log needs a schema of its own beside the tables that are captured. Name one by --schema.")
    }

    static func tableNotFound(_ reference: TableReference) -> Failure {
        let advice =
            reference.schema == nil
            ? "Write its schema before it, as in shop.\(reference.name), unless the role finds it by its search_path."
            : "Look at the name and the schema; quotes keep a name as it is written."
        return Failure(.notFound, code: "table_not_found", "The database has no table \(reference). \(advice)")
    }

    static func notCapturable(_ table: String, _ why: String) -> Failure {
        Failure(.invalid, code: "table_not_capturable", "\(table) cannot be captured: it \(why).")
    }

    static func captureWithoutKey(_ table: String, missing column: String?) -> Failure {
        Failure(
            .invalid, code: "capture_without_key",
            column.map { "\(table) has no column \($0). Name columns that tell its rows apart by --key." }
                ?? "\(table) has no primary key. Name the columns that tell its rows apart by --key, or give it one.")
    }

    static func invalidEntityType(_ text: String) -> Failure {
        Failure(
            .invalid, code: "invalid_entity_type",
            "\(text.debugDescription) cannot be the type of an entity: --as takes letters, digits, _, - and ., "
                + "\(CapturedTable.typeLengths.upperBound) at most.")
    }
}
