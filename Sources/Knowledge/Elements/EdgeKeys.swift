import Core
import Storage

/// By what edges are looked for in the tables: hashes of the nodes that they lead from and to, and of their names, and
/// until when they hold.
///
/// They are numbers and no texts, so that an edge costs its two indexes little. Two nodes may have the same hash:
/// whoever looks by it looks at the edge itself too.
struct EdgeKeys: Sendable, Hashable {
    let source: Int64
    let target: Int64
    let relation: Int64
    /// In microseconds; the greatest number where no end is known.
    let lastsUntil: Int64

    init(_ edge: GraphEdge, of tenant: Tenant) {
        source = Self.node(edge.source, of: tenant)
        target = Self.node(edge.target, of: tenant)
        relation = Self.relation(edge.name)
        lastsUntil = edge.invalidAt?.microseconds ?? .max
    }

    static func node(_ id: String, of tenant: Tenant) -> Int64 { hash(ElementPlace(.node, id, of: tenant).bytes) }

    static func relation(_ name: String) -> Int64 { hash(Array(name.utf8)) }

    /// FNV-1a of 64 bits (Fowler, Noll and Vo; RFC 9923), with the end of MurmurHash3 (Appleby), which spreads what
    /// differs in the last bytes only.
    private static func hash(_ bytes: [UInt8]) -> Int64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        hash = (hash ^ (hash >> 33)) &* 0xFF51_AFD7_ED55_8CCD
        hash = (hash ^ (hash >> 33)) &* 0xC4CE_B9FE_1A85_EC53
        return Int64(bitPattern: hash ^ (hash >> 33))
    }
}

extension EdgeKeys {
    /// An end of an edge.
    enum End: CaseIterable {
        case source
        case target

        var other: End { self == .source ? .target : .source }

        /// The column of an element `e` that has the hash of the node there.
        var column: SQL {
            switch self {
            case .source: "e.source_key"
            case .target: "e.target_key"
            }
        }
    }

    /// The columns of what may have keys.
    static func values(of keys: EdgeKeys?) -> [SQLValue] {
        guard let keys else { return [.null, .null, .null, Int64.max.sqlValue] }
        return [keys.source.sqlValue, keys.target.sqlValue, keys.relation.sqlValue, keys.lastsUntil.sqlValue]
    }
}

extension GraphEdge {
    /// The id of the node at an end.
    func node(at end: EdgeKeys.End) -> String { end == .source ? source : target }
}
