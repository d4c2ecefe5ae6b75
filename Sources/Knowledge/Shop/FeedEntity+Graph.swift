import ChangeLog
import Core

/// When a fact of the shop holds.
struct ShopPeriod: Sendable {
    var from: Timestamp?
    var to: Timestamp?
}

/// Elements of the graph of the shop are made of what it tells.
extension FeedEntity {
    private static var nameLength: Int { 255 }
    private static var summaryLength: Int { 10_000 }
    private static var idLength: Int { ElementHeader.idLength.upperBound }

    /// A text among its attributes that is not blank, or a number as text.
    func attribute(_ name: String) -> String? {
        guard case .object(let attributes)? = self["attributes"] else { return nil }
        switch attributes[name] {
        case .string(let text)? where !text.allSatisfy(\.isWhitespace): return text
        case .number(let text)?: return text
        default: return nil
        }
    }

    /// The id of its node.
    func id(_ type: String) -> String? { text("id").map { "\(type):\($0)" } }

    /// A node.
    ///
    /// - parameter names: the members that stay known of it.
    func node(
        _ id: String, _ label: String, name: String, summary: String = "", keeping names: [String] = []
    ) -> GraphNode {
        let kept = names.compactMap { name in self[name].map { JSONObject.Member(name, $0) } }
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
            fact: String(fact.prefix(Self.summaryLength)), weight: weight, validAt: period.from ?? changedAt,
            invalidAt: period.to, attributes: JSONObject([.init("source", .string(ShopGraph.group))]))
    }

    private func header(_ id: String) -> ElementHeader {
        let id = String(GraphName.corrected(id).prefix(Self.idLength))
        return ElementHeader(id: id, group: ShopGraph.group, createdAt: changedAt)
    }
}
