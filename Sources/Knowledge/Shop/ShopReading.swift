import ChangeLog
import Core
import Storage

/// How far the tables of the shop have been read, where the log does not tell all of it. It stands in the same
/// transaction as what was written of them, so a reading that was broken off goes on where it was.
struct ShopReading: Sendable {
    /// What is done, one after the other.
    enum Stage: String, Sendable, CaseIterable {
        case customers
        case products
        case orders
        case reservations
        /// What is in the graph and was not found in the tables goes.
        case sweep
        /// It is forgotten what was found.
        case end

        /// The type of the entities that are read; nil when nothing is.
        var entityType: String? {
            switch self {
            case .customers: "customer"
            case .products: "product"
            case .orders: "order"
            case .reservations: "reservation"
            case .sweep, .end: nil
            }
        }

        fileprivate var next: Stage { Self.allCases.drop { $0 != self }.dropFirst().first ?? .end }
    }

    /// Every change up to here was there before anything was read: from here on the log tells what has changed since.
    let position: LogPosition
    private(set) var stage = Stage.customers
    /// The entity that was read last in this stage.
    private(set) var entity: EntityKey?
    /// The place of the element that was looked at last in this stage.
    private(set) var place: [UInt8]?

    /// One that begins.
    init(from position: LogPosition) { self.position = position }

    /// It after an entity of the same stage.
    func advanced(to entity: EntityKey) -> ShopReading {
        var advanced = self
        advanced.entity = entity
        return advanced
    }

    /// It after a place of the same stage.
    func advanced(to place: [UInt8]) -> ShopReading {
        var advanced = self
        advanced.place = place
        return advanced
    }

    /// It at the beginning of the next stage.
    var inNextStage: ShopReading {
        var next = ShopReading(from: position)
        next.stage = stage.next
        return next
    }
}

extension ShopReading {
    /// Reads how far one is that was begun; nil when none was.
    init?(_ name: String, in transaction: any ReadTransaction) throws {
        let found = try transaction.first(
            "SELECT position, stage, tenant, entity, place FROM graph_feed_readings WHERE name = \(name)"
        ) { row in
            var reading = ShopReading(from: row.position(0))
            reading.stage = try row.choice(1, Stage.self)
            if let tenant = row.optionalInteger(2), let entity = try row.optionalIdentifier(3) {
                reading.entity = EntityKey(Tenant(tenant), entity)
            }
            reading.place = row.optionalBytes(4)
            return reading
        }
        guard let found else { return nil }
        self = found
    }

    /// Stores how far it is.
    func save(_ name: String, in transaction: any WriteTransaction) throws {
        try transaction.execute(
            """
            INSERT INTO graph_feed_readings (name, position, stage, tenant, entity, place)
            VALUES (\(name), \(position), \(stage.rawValue), \(entity?.tenant.number), \(entity?.entity),
                \(place.map(SQLValue.bytes)))
            ON CONFLICT (name) DO UPDATE SET position = excluded.position, stage = excluded.stage,
                tenant = excluded.tenant, entity = excluded.entity, place = excluded.place
            """)
    }

    /// Forgets that there was one.
    static func remove(_ name: String, in transaction: any WriteTransaction) throws {
        try transaction.execute("DELETE FROM graph_feed_readings WHERE name = \(name)")
    }
}
