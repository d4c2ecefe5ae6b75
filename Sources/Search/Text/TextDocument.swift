public import Core

/// Something that is found by its words.
public struct TextDocument: Sendable, Hashable {
    /// Which document it is.
    public struct Key: Sendable, Hashable {
        /// Whose document it is.
        public let tenant: Tenant
        /// What it is of, for example a product.
        public let id: Identifier

        /// The key of a document.
        public init(tenant: Tenant, id: Identifier) {
            self.tenant = tenant
            self.id = id
        }
    }

    /// Which document it is.
    public let key: Key
    /// Its codes, separated by spaces: the skus of a product.
    public let sku: String
    /// Its name.
    public let title: String
    /// Its labels, separated by spaces or commas.
    public let tags: String
    /// Its description.
    public let body: String
    /// Whether a search for active documents finds it.
    public let isActive: Bool
    /// What its owner wants to have back with a hit. It is not searched.
    public let payload: [UInt8]

    /// A document.
    public init(
        key: Key, sku: String = "", title: String, tags: String = "", body: String = "", isActive: Bool = true,
        payload: [UInt8] = []
    ) {
        self.key = key
        self.sku = sku
        self.title = title
        self.tags = tags
        self.body = body
        self.isActive = isActive
        self.payload = payload
    }

    /// Whether it is found by the same words as another.
    func isFound(like other: TextDocument) -> Bool {
        isActive == other.isActive && TextField.allCases.allSatisfy { self[$0] == other[$0] }
    }

    /// The text of a field.
    public subscript(field: TextField) -> String {
        switch field {
        case .sku: sku
        case .title: title
        case .tags: tags
        case .body: body
        }
    }
}

/// A field of a document, in the order of their numbers in the index.
public enum TextField: String, Sendable, CaseIterable {
    case sku
    case title
    case tags
    case body
}

/// A document that a search found.
public struct TextHit: Sendable {
    /// What the document is of.
    public let id: Identifier
    /// How well it fits: the higher, the better. Scores of different searches cannot be compared.
    public let score: Double
    /// The fields in which a word was found, as HTML text with each found word within `<mark>…</mark>`. Of a long field
    /// only the part around the first word found.
    public let highlights: [TextField: String]
    /// What its owner stored with the document.
    public let payload: [UInt8]
}
