import Core
import TestKit
import Testing

/// One client's writes of a part of a graph that is its own, to a server that may end at any moment, and what it was
/// told of them.
struct GraphStorm: Sendable {
    /// What there is after all that was answered.
    private(set) var model = GraphModel()
    /// What there is if the last request took effect too, which was not answered.
    private(set) var pending: GraphModel?
    /// The ids of elements that were answered, in order.
    private(set) var answered: [String] = []
    private let name: String
    private let group: String
    private var random: SeededRandom
    /// Who lives somewhere.
    private var persons: [String] = []
    private var things: [String] = []
    private var count = 0

    /// - parameters:
    ///   - name: what all ids begin with: letters and digits, so that each is one word.
    ///   - group: the part of the graph that this and other clients write.
    init(name: String, group: String, seed: UInt64) {
        self.name = name
        self.group = group
        random = SeededRandom(seed: seed)
    }

    /// A request, and the nodes and edges that it writes.
    private struct Request {
        let method: String
        let path: String
        var body: String?
        var ids: [String] = []
    }

    /// Writes until the connection breaks.
    mutating func run(on shop: Shop) async {
        guard let connection = try? shop.connect() else { return }
        while true {
            var after = model
            let request = next(&after)
            pending = after
            // A broken connection is what the storm waits for.
            guard let answer = try? await connection.exchange(request.method, request.path, request.body) else {
                return
            }
            guard answer.status < 300 else {
                Issue.record("\(request.method) \(request.path): \(answer.status) \(answer.text)")
                return
            }
            model = after
            pending = nil
            answered += request.ids
        }
    }

    private mutating func next(_ model: inout GraphModel) -> Request {
        let (known, old) = (things.filter { model.nodes[$0] != nil }, persons.filter { model.nodes[$0] != nil })
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<4: return fact(of: old.count > 2 ? old.randomElement(using: &random) : nil, &model)
        case 4..<6: return triplets(&model)
        case 6..<8: return bulk(changing: known.randomElement(using: &random), &model)
        case 8:
            guard let id = known.randomElement(using: &random) else { return triplets(&model) }
            let summary = word("s")
            model.put(node: id, summary)
            return Request(method: "PUT", path: "/graph/nodes/\(id)", body: node(id, summary), ids: [id])
        default:
            guard let id = (known + old).randomElement(using: &random) else { return triplets(&model) }
            model.delete(node: id)
            return Request(method: "DELETE", path: "/graph/nodes/\(id)")
        }
    }

    /// Somebody moves, in some year.
    private mutating func fact(of person: String?, _ model: inout GraphModel) -> Request {
        let (source, place, edge) = (person ?? word("p"), word("c"), word("f"))
        if person == nil { persons.append(source) }
        for id in [source, place] { model.add(node: id) }
        let year = Int.random(in: 1900...1999, using: &random)
        let fact = GraphModel.Edge(source: source, target: place, name: GraphModel.exclusive, year: year)
        model.add(edge: edge, fact)
        return Request(
            method: "POST", path: "/graph/triplets", body: triplet(edge, fact), ids: [source, place, edge])
    }

    /// A new thing with several others around it.
    private mutating func triplets(_ model: inout GraphModel) -> Request {
        let hub = word("h")
        var (bodies, ids) = ([String](), [hub])
        model.add(node: hub)
        for _ in 0..<3 {
            let (thing, edge) = (word("t"), word("k"))
            let link = GraphModel.Edge(source: hub, target: thing, name: "KNOWS", year: nil)
            model.add(node: thing)
            model.add(edge: edge, link)
            bodies.append(triplet(edge, link))
            ids += [thing, edge]
            things.append(thing)
        }
        things.append(hub)
        let body = "{\"triplets\":[\(bodies.joined(separator: ","))]}"
        return Request(method: "POST", path: "/graph/triplets", body: body, ids: ids)
    }

    /// A chain of new things that begins at an old one, which is changed.
    private mutating func bulk(changing old: String?, _ model: inout GraphModel) -> Request {
        var nodes: [(String, String)] = (0..<4).map { _ in (word("b"), word("s")) }
        if let old { nodes.insert((old, word("s")), at: 0) }
        var (links, ids) = ([String](), [String]())
        for (id, summary) in nodes {
            model.put(node: id, summary)
            ids.append(id)
        }
        for (from, to) in zip(nodes, nodes.dropFirst()) {
            let edge = word("l")
            let link = GraphModel.Edge(source: from.0, target: to.0, name: "NEXT", year: nil)
            model.add(edge: edge, link)
            links.append(self.edge(edge, link, hasEnds: true))
            ids.append(edge)
        }
        things += nodes.map(\.0)
        let bodies = nodes.map { node($0.0, $0.1) }.joined(separator: ",")
        let body = "{\"nodes\":[\(bodies)],\"edges\":[\(links.joined(separator: ","))]}"
        return Request(method: "POST", path: "/graph/bulk", body: body, ids: ids)
    }

    // MARK: Bodies

    /// A new word, which is also an id. What kind of thing it is of is its letter.
    private mutating func word(_ letter: String) -> String {
        count += 1
        return "\(name)\(letter)\(count)"
    }

    private func node(_ id: String, _ summary: String = "") -> String {
        #"{"uuid":"\#(id)","name":"\#(id)","summary":"\#(summary)","group_id":"\#(group)"}"#
    }

    private func edge(_ id: String, _ edge: GraphModel.Edge, hasEnds: Bool) -> String {
        let ends = #","source_node_uuid":"\#(edge.source)","target_node_uuid":"\#(edge.target)""#
        let time = edge.year.map { #","valid_at":"\#($0)-01-01T00:00:00Z""# } ?? ""
        return #"{"uuid":"\#(id)","name":"\#(edge.name)","fact":"\#(id)","group_id":"\#(group)"\#(time)"#
            + (hasEnds ? ends : "") + "}"
    }

    private func triplet(_ id: String, _ edge: GraphModel.Edge) -> String {
        """
        {"source_node":\(node(edge.source)),"edge":\(self.edge(id, edge, hasEnds: false)),\
        "target_node":\(node(edge.target))}
        """
    }
}
