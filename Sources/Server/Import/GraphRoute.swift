import Core
import Search

/// Where the rows of a file of nodes or edges go.
struct GraphRoute: BatchRoute {
    let path = "/graph/bulk"
    let rows: GraphRows

    var member: String { rows.rawValue }

    func key(of row: JSONValue) -> String? { row.text("uuid") }

    func add(_ answer: JSONObject, of count: Int, to summary: inout ImportSummary) {
        summary.written += count
        summary.created = (summary.created ?? 0) + (answer["created"]?.importText.flatMap { Int($0) } ?? 0)
    }

    func blame(_ failure: Failure, among rows: [JSONValue]) -> BatchBlame {
        switch failure.code {
        case "node_missing": withoutNodes(failure, rows)
        // An edge that another one contradicts is not there; it is not said which one says so.
        case "edge_not_found": .unknown
        default: named(by: failure, count: rows.count)
        }
    }

    /// The edges of the nodes that the failure names.
    private func withoutNodes(_ failure: Failure, _ rows: [JSONValue]) -> BatchBlame {
        guard case .array(let values)? = failure.details.first(where: { $0.name == "nodes" })?.value else {
            return .none
        }
        let missing = Set(values.compactMap { if case .string(let id) = $0 { ExactText(id) } else { nil } })
        var reasons: [Int: String] = [:]
        for (index, row) in rows.enumerated() {
            let ends = [row.text("source_node_uuid"), row.text("target_node_uuid")].compactMap(\.self)
            let gone = ends.filter { missing.contains(ExactText($0)) }
            if !gone.isEmpty { reasons[index] = "there is no node " + gone.joined(separator: ", nor ") }
        }
        return reasons.isEmpty ? .none : .rows(reasons)
    }
}

extension JSONValue {
    /// The text of a member; nil where there is none.
    fileprivate func text(_ name: String) -> String? {
        guard case .object(let object) = self, case .string(let text)? = object[name] else { return nil }
        return text
    }
}
