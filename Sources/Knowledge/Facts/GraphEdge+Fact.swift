import ChangeLog
import Core

extension GraphEdge {
    /// What it says, by which it is told from other facts.
    private struct Statement: Hashable {
        let group: String
        let source: String
        let name: String
        let target: String
        let fact: String
    }

    private var statement: Statement {
        Statement(
            group: header.group, source: source, name: name, target: target,
            fact: fact.split(whereSeparator: \.isWhitespace).joined(separator: " ").lowercased())
    }

    /// Whether another edge says the same, at whatever time.
    func says(sameAs other: GraphEdge) -> Bool { statement == other.statement }

    /// The id that follows from what it says.
    ///
    /// - parameter isAgain: whether it became true again after it was over, so that the time belongs to what it says.
    func idOfFact(isAgain: Bool) -> String {
        let said = statement
        var json = JSONWriter()
        json.array { json in
            for text in [said.group, said.source, said.name, said.target, said.fact] { json.value(text) }
            if isAgain { json.value(FactTimeline.beginning(of: self).description) }
        }
        return Identifier(hashing: json.bytes).description
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
