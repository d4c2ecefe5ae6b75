import Core
import Knowledge

/// An element that was found, with what found it.
struct GraphHitAnswer: JSONEncodable {
    let kind: ElementKind
    let hit: GraphHit
    let document: [UInt8]

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.members(ofRaw: document)
            if let centrality = hit.centrality { json.member("centrality", centrality) }
            json.member("score", hit.score)
            json.member("methods", of: hit)
        }
    }
}

extension JSONWriter {
    /// Which methods found something, with its rank and its score in each.
    mutating func member(_ name: StaticString, of hit: GraphHit) {
        member(
            name,
            object: { json in
                for finding in hit.findings {
                    json.key(named: finding.method.rawValue)
                    json.object { json in
                        json.member("rank", finding.rank)
                        json.member("score", finding.score)
                    }
                }
            })
    }
}

/// The elements of one kind that a search found.
struct GraphHits: JSONEncodable {
    let kind: ElementKind
    let hits: [GraphHit]
    /// The elements by their ids. What has gone since it was found is not among them.
    let documents: [String: [UInt8]]

    func write(to json: inout JSONWriter) {
        json.array { json in
            for hit in hits {
                guard let document = documents[hit.id] else { continue }
                json.value(GraphHitAnswer(kind: kind, hit: hit, document: document))
            }
        }
    }

    /// How many are answered.
    var count: Int { hits.reduce(0) { $0 + (documents[$1.id] == nil ? 0 : 1) } }
}
