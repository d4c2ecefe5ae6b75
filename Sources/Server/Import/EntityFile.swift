import Core
public import Learning
import Recommendations

/// What is known of items, as a file says it, for an evaluation of recommendations.
public struct EntityFile: Sendable {
    /// The features of the items by their names.
    private var features: [String: [ItemFeature]] = [:]

    /// Reads a file: an item a row, with its name in the column `item` and its attributes in `attributes` or each in a
    /// column of its own.
    ///
    /// - throws: ``Failure`` `file_unreadable`, `invalid_header`, or `invalid_file` with the line of what is wrong.
    public init(_ path: String) throws {
        let input = try ImportInput(path)
        var reader = try ImportRows(input, ImportFormat(path: path))
        if let columns = reader.columns, Set(columns).isDisjoint(with: InteractionColumn.item.names) {
            throw Failure(
                .invalid, code: "invalid_header",
                "\(input.name) has no column item. Name one so in its first line.")
        }
        while let row = try reader.next() {
            switch row.values {
            case .failure(let problem): throw Self.wrong(input, row.line, problem.reason)
            case .success(let values):
                guard let name = InteractionColumn.item.text(in: values) else {
                    throw Self.wrong(input, row.line, "the item is missing")
                }
                features[name] = AttributeFeatures.features(of: Self.attributes(values))
            }
        }
    }

    /// Which of the items that users interacted with are alike.
    public func content(of interactions: InteractionFile) -> ContentModel {
        var items = [[ItemFeature]](repeating: [], count: interactions.itemCount)
        for (name, number) in interactions.items { items[Int(number)] = features[name] ?? [] }
        return ContentModel(items)
    }

    private static func attributes(_ values: [String: JSONValue]) -> JSONObject {
        if case .object(let object)? = values["attributes"] { return object }
        let names = values.keys.filter { !InteractionColumn.item.names.contains($0) }.sorted()
        return JSONObject(names.compactMap { name in values[name].map { .init(name, attribute($0)) } })
    }

    /// A column of a table is a text: a number, several values between bars, or words.
    private static func attribute(_ value: JSONValue) -> JSONValue {
        guard case .string(let text) = value else { return value }
        if Double(text)?.isFinite == true { return .number(text) }
        guard text.contains("|") else { return value }
        return .array(text.split(separator: "|").map { .string(String($0).trimmed) })
    }

    private static func wrong(_ input: ImportInput, _ line: Int, _ reason: String) -> Failure {
        Failure(.invalid, code: "invalid_file", "\(input.name), line \(line): \(reason).")
    }
}
