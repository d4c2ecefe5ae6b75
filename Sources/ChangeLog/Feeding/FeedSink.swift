public import Core
public import Storage

/// What a role makes of the entities of another one, which it knows by the JSON of the log alone.
///
/// The same always makes the same, so to take it over twice is the same as once. What there is in the end depends on
/// what stands in the tables of the entities then, not on how it came to be so: a ``Feed`` takes over changes, and
/// where the log does not go back far enough it reads the tables.
public protocol FeedSink: Sendable {
    /// What is to be written.
    associatedtype Update: FeedUpdate

    /// The name under which it is stored how far it is, and who the log says wrote what is made. It never changes.
    var name: String { get }
    /// The types of entities that something is made of, as the log calls them, in the order in which their tables are
    /// read.
    var types: [String] { get }

    /// What an entity makes; nil for nothing.
    ///
    /// - parameter before: what it was, if that is known: what it had and has no more goes.
    func update(of type: String, _ entity: FeedEntity, before: FeedEntity?) throws -> Update?
    /// What the end of an entity makes; nil for nothing.
    ///
    /// - parameter entity: as it was last.
    func update(withoutEntity entity: FeedEntity, of type: String) throws -> Update?
    /// Writes an update. To do it twice is the same as once.
    func write(_ update: Update, in unit: UnitOfWork) throws

    /// Some places of what there is, of all tenants, each tenant's together. They are looked through once the tables
    /// have been read.
    ///
    /// - parameters:
    ///   - last: the one after which they come; nil begins.
    ///   - limit: how many there are at most. None are left where there is none.
    func places(after last: [UInt8]?, limit: Int, in transaction: any ReadTransaction) throws -> [FeedPlace]
    /// What becomes of things that the tables do not make any more. Those that were never made of entities stay.
    ///
    /// - parameter places: where they stand. All are of one tenant.
    func update(withoutPlaces places: [FeedPlace], in transaction: any ReadTransaction) throws -> Update
}

/// What one entity makes, or several.
public protocol FeedUpdate: Sendable {
    /// Nothing.
    init()
    /// How many things it writes at most.
    var count: Int { get }
    /// Takes over what another entity makes of the same type.
    mutating func append(_ other: Self)
    /// The places of what is there because of it, which is found so when the tables are read. A place may stand here
    /// more than once.
    func places(of tenant: Tenant) -> [[UInt8]]
}

/// Where something stands that a ``FeedSink`` has made.
public struct FeedPlace: Sendable {
    /// Whose it is.
    public let tenant: Tenant
    /// What tells it from all others, of other tenants too.
    public let bytes: [UInt8]

    /// A place of a tenant.
    public init(_ tenant: Tenant, _ bytes: [UInt8]) { (self.tenant, self.bytes) = (tenant, bytes) }
}

extension FeedSink {
    /// What a change makes; nil for nothing.
    func update(by change: Change) throws -> Update? {
        guard change.operation != .custom else { return nil }
        let before = try change.before.map { try FeedEntity($0, at: change.time) }
        guard let after = change.after else {
            return try before.flatMap { try update(withoutEntity: $0, of: change.entityType) }
        }
        return try update(of: change.entityType, try FeedEntity(after, at: change.time), before: before)
    }
}
