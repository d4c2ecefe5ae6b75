import Core

/// To which categories an item belongs: what its attributes `category`, `categories` and `tags` say, each a text or a
/// list of texts.
enum ItemCategories {
    private static let names = ["category", "categories", "tags"]

    /// Whether an item belongs to any of some categories.
    ///
    /// - parameter attributes: those of the item, as JSON.
    static func contain(anyOf wanted: Set<String>, in attributes: [UInt8]) -> Bool {
        guard case .object(let object)? = try? JSONParser.parse(attributes) else { return false }
        return names.contains { name in
            switch object[name] {
            case .string(let text): wanted.contains(text)
            case .array(let values):
                values.contains { if case .string(let text) = $0 { wanted.contains(text) } else { false } }
            default: false
            }
        }
    }
}
