import ChangeLog
import Core

extension GraphEdge {
    /// What it says, by which it is told from other facts.
    struct Statement: Hashable {
        let group: String
        let source: String
        let name: String
        let target: String
        let fact: String

        /// The id that follows from it.
        ///
        /// - parameters:
        ///   - moment: since when it has been so again, after it was over; nil is the first time.
        ///   - number: how often something else has that id.
        func id(since moment: Timestamp? = nil, number: Int = 1) -> String {
            var json = JSONWriter()
            json.array { json in
                for text in [group, source, name, target, fact] { json.value(text) }
                if let moment { json.value(moment.description) }
                if number > 1 { json.value(String(number)) }
            }
            return Identifier(hashing: json.bytes).description
        }
    }

    var statement: Statement {
        Statement(
            group: header.group, source: source, name: name, target: target,
            fact: fact.split(whereSeparator: \.isWhitespace).joined(separator: " ").lowercased())
    }

    /// It as it is when it is told again: as it is known, with what was not known before and where it comes from now.
    func told(again edge: GraphEdge) -> GraphEdge {
        var merged = self
        merged.episodes += edge.episodes.filter { !episodes.contains($0) }
        merged.validAt = validAt ?? edge.validAt
        merged.invalidAt = invalidAt ?? edge.invalidAt
        merged.expiredAt = expiredAt ?? edge.expiredAt
        merged.weight = max(weight, edge.weight)
        merged.attributes = attributes.filled(from: edge.attributes)
        return merged
    }
}

extension JSONObject {
    /// It with the members of another that it has not.
    func filled(from other: JSONObject) -> JSONObject {
        JSONObject(members + other.members.filter { self[$0.name] == nil })
    }
}
