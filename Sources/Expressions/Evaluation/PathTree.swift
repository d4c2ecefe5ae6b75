/// The fields that are looked for in a JSON value, as a tree of names and indexes laid out in arrays.
///
/// Node 0 is the value itself. The value of each node goes to the place of the same number.
struct PathTree: Sendable {
    /// Which edges lead on from a node.
    struct Node: Sendable {
        var members = 0..<0
        var elements = 0..<0
    }

    /// A member that is looked for.
    struct MemberEdge: Sendable {
        /// Its first bytes, at most eight, the first one lowest.
        let prefix: UInt64
        /// Its name within `names`.
        let name: Range<Int>
        let node: Int
    }

    /// An element that is looked for.
    struct ElementEdge: Sendable {
        let index: Int
        let node: Int
    }

    private(set) var nodes: [Node] = []
    private(set) var members: [MemberEdge] = []
    private(set) var elements: [ElementEdge] = []
    private(set) var names: [UInt8] = []

    init(_ builder: PathTreeBuilder) {
        for node in builder.children.indices {
            let children = builder.children[node]
            let firstMember = members.count
            let firstElement = elements.count
            for (step, child) in children {
                switch step {
                case .name(let name): append(name, leadingTo: child)
                case .index(let index): elements.append(ElementEdge(index: index, node: child))
                }
            }
            nodes.append(Node(members: firstMember..<members.count, elements: firstElement..<elements.count))
        }
    }

    private mutating func append(_ name: String, leadingTo node: Int) {
        let start = names.count
        names.append(contentsOf: name.utf8)
        let prefix = name.utf8.prefix(8).enumerated().reduce(UInt64(0)) { $0 | UInt64($1.element) << ($1.offset * 8) }
        members.append(MemberEdge(prefix: prefix, name: start..<names.count, node: node))
    }
}

/// Gathers the paths of a ``PathTree``.
struct PathTreeBuilder {
    /// What leads on from each node.
    private(set) var children: [[(step: FieldPath.Step, node: Int)]] = [[]]

    /// The node of a path, which is made when it is new.
    mutating func node(of steps: [FieldPath.Step]) -> Int {
        steps.reduce(0) { node, step in
            if let known = children[node].first(where: { $0.step == step }) { return known.node }
            children.append([])
            children[node].append((step, children.count - 1))
            return children.count - 1
        }
    }
}
