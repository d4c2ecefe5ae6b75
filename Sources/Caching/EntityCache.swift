public import Core
public import Telemetry

/// The images of entities that were read lately, so that reading one again asks no database.
///
/// An image is valid for a position of the log, not for a time (DESIGN.md, invariant 3): each change of an entity takes
/// its image out before anybody is told of the change, and what was read before is not taken in any more.
public final class EntityCache: Sendable {
    /// Which entity of whom.
    public struct Key: SpreadKey {
        let tenant: Tenant
        let entityType: String
        let id: Identifier

        /// - parameter entityType: as in the change log, for example `order`.
        public init(_ tenant: Tenant, _ entityType: String, _ id: Identifier) {
            self.tenant = tenant
            self.entityType = entityType
            self.id = id
        }

        /// The low half of an identifier is random.
        var bits: UInt64 { id.low }

        var dependency: CacheDependency { .entity(tenant, entityType, id) }
    }

    /// An entity as the API shows it.
    public typealias Image = CachedImage

    /// At which position what changed last.
    public let changes = LatestChanges()
    private let images: MemoryCache<Key>

    /// - parameter settings: ``CachingSettings``.
    public init(settings: SettingsValues = .defaults, metrics: MetricsRegistry) {
        images = MemoryCache("entities", capacity: settings[CachingSettings.memory] << 20, metrics)
    }

    /// The image of an entity that is valid now, if it is there.
    ///
    /// - parameter countsMiss: false for one who looks again, or will.
    public func find(_ key: Key, countsMiss: Bool = true) -> Image? {
        // A change takes the image out, so there is no need to look whether there was one.
        images.find(key, countsMiss: countsMiss) { changes.isAboveFloor($0) }
    }

    /// Takes in an image that was read, unless its entity may have changed since. Returns whether it is kept.
    ///
    /// - parameter position: one that the snapshot includes which it was read from.
    @discardableResult public func keep(_ image: Image, for key: Key, readAt position: LogPosition) -> Bool {
        images.insert(image, for: key, readAt: position) { changes.isValid(readAt: $0, key.dependency) }
    }

    /// Entities have changed. It must be told before ``ChangeLog`` tells anybody of the position.
    public func remove(_ keys: [Key], changedAt position: LogPosition) {
        for key in keys {
            // In this order: what is kept between the two is removed, and what comes after is too old to be kept.
            changes.changed(key.dependency, at: position)
            images.remove(key)
        }
    }

    /// Entities of some types have changed, or are new. It must be told before anybody is told of the position.
    public func changed(_ entityTypes: [String], of tenant: Tenant, at position: LogPosition) {
        for type in entityTypes { changes.changed(.entityType(tenant, type), at: position) }
    }
}
