import Core

/// When a fact of the shop holds.
struct ShopPeriod: Sendable {
    var from: Timestamp?
    var to: Timestamp?
}

/// A thing of the shop as the log or its table tells of it, of which elements of the graph are made.
struct ShopEntity: Sendable {
    private static let nameLength = 255
    private static let summaryLength = 10_000

    private let object: JSONObject
    /// When it became so.
    private var time: Timestamp

    init(_ object: JSONObject, at time: Timestamp) {
        self.object = object
        self.time = time
    }

    /// Reads what the log tells; what is no object tells nothing.
    ///
    /// - parameter time: when the change was made that tells of it; nil is what it says itself.
    init(_ document: [UInt8], at time: Timestamp? = nil) throws {
        guard case .object(let object) = try JSONParser.parse(document) else {
            self.init(JSONObject(), at: time ?? Self.unknownTime)
            return
        }
        self.init(object, at: Self.unknownTime)
        self.time = time ?? self.time("updated_at") ?? Self.unknownTime
    }

    private static let unknownTime = Timestamp(microseconds: 0)

    /// A thing of which nothing is known.
    static let unknown = ShopEntity(JSONObject(), at: unknownTime)

    // MARK: What is known of it

    func text(_ name: String) -> String? {
        if case .string(let text)? = object[name] { text } else { nil }
    }

    func number(_ name: String) -> Double? {
        if case .number(let text)? = object[name] { Double(text) } else { nil }
    }

    func time(_ name: String) -> Timestamp? { text(name).flatMap { Timestamp($0) } }

    /// A text among its attributes that is not blank, or a number as text.
    func attribute(_ name: String) -> String? {
        guard case .object(let attributes)? = object["attributes"] else { return nil }
        switch attributes[name] {
        case .string(let text)? where !text.allSatisfy(\.isWhitespace): return text
        case .number(let text)?: return text
        default: return nil
        }
    }

    func objects(_ name: String) -> [ShopEntity] {
        guard case .array(let elements)? = object[name] else { return [] }
        return elements.compactMap { element in
            if case .object(let object) = element { ShopEntity(object, at: time) } else { nil }
        }
    }

    /// The id of its node.
    func id(_ type: String) -> String? { text("id").map { "\(type):\($0)" } }

    // MARK: What is made of it

    /// A node.
    ///
    /// - parameter names: the members that stay known of it.
    func node(
        _ id: String, _ label: String, name: String, summary: String = "", keeping names: [String] = []
    ) -> GraphNode {
        let kept = names.compactMap { name in object[name].map { JSONObject.Member(name, $0) } }
        return GraphNode(
            header(id), name: String((name.isEmpty ? id : name).prefix(Self.nameLength)), labels: [label],
            summary: String(summary.prefix(Self.summaryLength)),
            attributes: JSONObject([.init("source", .string(ShopGraph.group))] + kept.filter { $0.value != .null }))
    }

    /// An edge.
    func edge(
        _ id: String, from source: String, _ name: String, to target: String, fact: String,
        _ period: ShopPeriod = ShopPeriod(), weight: Double = 1
    ) -> GraphEdge {
        GraphEdge(
            header(id), from: String(source.prefix(Self.idLength)), to: String(target.prefix(Self.idLength)),
            name: name,
            fact: String(fact.prefix(Self.summaryLength)), weight: weight, validAt: period.from ?? time,
            invalidAt: period.to, attributes: JSONObject([.init("source", .string(ShopGraph.group))]))
    }

    private static let idLength = ElementHeader.idLength.upperBound

    private func header(_ id: String) -> ElementHeader {
        let id = String(GraphName.corrected(id).prefix(Self.idLength))
        return ElementHeader(id: id, group: ShopGraph.group, createdAt: time)
    }
}
