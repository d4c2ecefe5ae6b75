import Core
import Knowledge

/// The JSON of nodes and edges by their ids, as the table has it.
struct GraphDocuments {
    let nodes: [String: [UInt8]]
    let edges: [String: [UInt8]]
}

/// What stands around a node.
struct NeighborhoodAnswer: JSONEncodable {
    let center: String
    let around: GraphNeighborhood
    /// The ids of the edges, as many as are wanted.
    let edges: [String]
    /// What is told of the elements; nil where their ids are enough.
    var documents: GraphDocuments?

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("center_node_uuid", center)
            json.key("nodes")
            writeNodes(to: &json)
            if let documents {
                json.key("edges")
                json.array { json in
                    for edge in edges { if let document = documents.edges[edge] { json.raw(document) } }
                }
            } else {
                json.member("edges", array: edges)
            }
            json.member("has_more", around.isCut)
            json.member("has_more_edges", around.edges.count > edges.count)
        }
    }

    private func writeNodes(to json: inout JSONWriter) {
        guard let documents else { return around.writeNodes(to: &json) }
        json.array { json in
            for node in around.nodes {
                guard let document = documents.nodes[node.id] else { continue }
                json.object { json in
                    json.members(ofRaw: document)
                    json.member("depth", node.depth)
                }
            }
        }
    }
}

/// The shortest ways between two nodes.
struct PathsAnswer: JSONEncodable {
    let paths: [GraphPath]
    let documents: GraphDocuments

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.key("paths")
            json.array { json in
                for path in paths {
                    json.object { json in
                        json.member("length", path.edges.count)
                        json.key("nodes")
                        json.elements(path.nodes, documents.nodes)
                        json.key("edges")
                        json.elements(path.edges, documents.edges)
                    }
                }
            }
        }
    }
}

extension JSONWriter {
    /// An array of elements; of what has gone meanwhile only the id.
    fileprivate mutating func elements(_ ids: [String], _ documents: [String: [UInt8]]) {
        array { json in
            for id in ids {
                if let document = documents[id] { json.raw(document) } else { json.object { $0.member("uuid", id) } }
            }
        }
    }
}
