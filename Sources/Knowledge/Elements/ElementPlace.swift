import Core
import Storage

/// Where an element stands in the tables: its tenant, the most significant byte first, its kind, and the bytes of its
/// id. So the elements of a kind of a tenant stand together, in the order of their ids.
///
/// It is one column, since a database that has no statistics of a table yet does not look for each of a list of ids
/// when other columns come before them.
struct ElementPlace: Sendable {
    private static let startSize = 9

    let bytes: [UInt8]

    init(_ kind: ElementKind, _ id: String, of tenant: Tenant) {
        bytes = Self.start(kind, of: tenant) + Array(id.utf8)
    }

    var sqlValue: SQLValue { .bytes(bytes) }

    /// The kind of an element by what stands in the tables, or nil when that is no place.
    static func kind(_ bytes: UnsafeRawBufferPointer) -> ElementKind? {
        guard bytes.count > startSize else { return nil }
        return ElementKind.allCases.first { $0.tag == bytes[startSize - 1] }
    }

    /// The id of an element by what stands in the tables.
    static func id(_ bytes: UnsafeRawBufferPointer) -> String {
        String(decoding: bytes.dropFirst(startSize), as: UTF8.self)
    }

    /// That an element of a table `e` is one of some.
    static func isAny(of ids: some Collection<String>, _ kind: ElementKind, of tenant: Tenant) -> SQL {
        "e.tenant = \(tenant) AND " + isThere(ids, kind, of: tenant)
    }

    /// The same by the place alone, which has the tenant: the index of places knows it without a look at rows.
    static func isThere(_ ids: some Collection<String>, _ kind: ElementKind, of tenant: Tenant) -> SQL {
        "e.place IN (\(list: ids.map { ElementPlace(kind, $0, of: tenant).sqlValue }))"
    }

    /// All places of a tenant are greater than the one and less than the other.
    static func bounds(of tenant: Tenant) -> (lower: [UInt8], upper: [UInt8]) {
        (start(of: tenant), start(of: tenant) + [.max])
    }

    private static func start(_ kind: ElementKind, of tenant: Tenant) -> [UInt8] { start(of: tenant) + [kind.tag] }

    private static func start(of tenant: Tenant) -> [UInt8] {
        withUnsafeBytes(of: tenant.number.bigEndian, Array.init)
    }
}

extension ElementKind {
    /// What it is called in places.
    fileprivate var tag: UInt8 {
        switch self {
        case .node: 1
        case .edge: 2
        case .episode: 3
        }
    }
}
