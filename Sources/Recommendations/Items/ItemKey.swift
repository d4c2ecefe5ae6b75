import ChangeLog
import Core

/// Which item it is: clients name items by a type and an id of their own.
public struct ItemKey: Hashable, Sendable, Comparable {
    /// How long the id of an item may be, in characters.
    public static let idLength = 1...255
    /// How long a type may be, in characters.
    public static let typeLength = 1...100

    /// What it is, such as `product`.
    public let type: String
    /// Which one.
    public let id: String

    /// The key of an item.
    public init(_ type: String, _ id: String) { (self.type, self.id) = (type, id) }

    /// What it is called in the change log.
    var entity: Identifier {
        Identifier(hashing: JSONWriter.bytes(of: JSONValue.array([.string("item"), .string(type), .string(id)])))
    }

    public static func < (left: ItemKey, right: ItemKey) -> Bool {
        (left.type, left.id) < (right.type, right.id)
    }
}
