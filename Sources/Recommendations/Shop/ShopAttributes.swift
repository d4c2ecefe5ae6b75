import ChangeLog
import Core

/// What the item of a product is told to be like: what clients may say of an item, in the same bounds. What is too long
/// is cut and what cannot be said is left out, since the shop may say more.
enum ShopAttributes {
    private static let countLimit = 1_000
    private static let nameLength = 1...255
    private static let textLength = 10_000
    private static let listLimit = 1_000
    private static let elementLength = 1_000
    /// What every product has.
    private static let common = ["sku", "name", "price", "currency", "tags"]

    /// The attributes of the item of a product: what every product has, and what is said of this one besides.
    static func attributes(of product: FeedEntity) -> JSONObject {
        var members: [JSONObject.Member] = []
        for name in common {
            guard let value = product[name] else { continue }
            members.append(JSONObject.Member(name, name == "price" ? price(value) : value))
        }
        if case .object(let own)? = product["attributes"] {
            members += own.members.filter { member in
                !common.contains(member.name) && nameLength.contains(member.name.unicodeScalars.count)
            }
        }
        return bounded(members)
    }

    /// As many as an item may have.
    private static func bounded(_ members: [JSONObject.Member]) -> JSONObject {
        var (kept, size): ([JSONObject.Member], Int) = ([], 0)
        for member in members {
            guard kept.count < countLimit, let value = bounded(member.value) else { continue }
            let member = JSONObject.Member(member.name, value)
            let length = JSONWriter.bytes(of: JSONObject([member])).count
            guard size + length <= ItemDraft.attributesLimit else { continue }
            kept.append(member)
            size += length
        }
        return JSONObject(kept)
    }

    private static func bounded(_ value: JSONValue) -> JSONValue? {
        switch value {
        case .bool: value
        case .number(let digits): Double(digits)?.isFinite == true ? value : nil
        case .string(let text): .string(cut(text, to: textLength))
        case .array(let elements): list(elements)
        case .null, .object: nil
        }
    }

    /// An embedding as it is, else the texts of a list; nil where there is none in it.
    private static func list(_ elements: [JSONValue]) -> JSONValue? {
        if ItemDraft.embedding(elements) != nil { return .array(elements) }
        let texts = elements.compactMap { element in
            if case .string(let text) = element { JSONValue.string(cut(text, to: elementLength)) } else { nil }
        }
        return texts.isEmpty ? nil : .array(Array(texts.prefix(listLimit)))
    }

    /// An amount is a text, so that nobody rounds it; conditions compare numbers.
    private static func price(_ value: JSONValue) -> JSONValue {
        guard case .string(let text) = value, let amount = Double(text), amount.isFinite else { return value }
        return .number("\(amount)")
    }

    private static func cut(_ text: String, to length: Int) -> String {
        guard text.utf8.count > length else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.prefix(length)))
    }
}
