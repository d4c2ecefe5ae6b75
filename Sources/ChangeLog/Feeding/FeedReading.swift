import Core
import Storage

/// How far the tables of a feed's entities have been read, where the log does not tell all of it. It stands in the same
/// transaction as what was written of them, so a reading that was broken off goes on where it was.
struct FeedReading: Sendable {
    /// What is done, one after the other.
    enum Stage: Sendable, Equatable {
        /// The entities of a type are read.
        case read(type: String)
        /// What is there and was not found in the tables goes.
        case sweep
        /// It is forgotten what was found.
        case end
    }

    /// Every change up to here was there before anything was read: from here on the log tells what has changed since.
    let position: LogPosition
    private(set) var stage: Stage
    /// The entity that was read last in this stage.
    private(set) var entity: EntityKey?
    /// The place that was looked at last in this stage.
    private(set) var place: [UInt8]?

    private init(_ stage: Stage, from position: LogPosition) { (self.stage, self.position) = (stage, position) }

    /// One that begins.
    init(from position: LogPosition, types: [String]) {
        self.init(Stage(types[...]), from: position)
    }

    /// It after an entity of the same stage.
    func advanced(to entity: EntityKey) -> FeedReading {
        var advanced = self
        advanced.entity = entity
        return advanced
    }

    /// It after a place of the same stage.
    func advanced(to place: [UInt8]) -> FeedReading {
        var advanced = self
        advanced.place = place
        return advanced
    }

    /// It at the beginning of the next stage.
    func inNextStage(of types: [String]) -> FeedReading {
        switch stage {
        case .read(let type): FeedReading(Stage(types.drop { $0 != type }.dropFirst()), from: position)
        case .sweep, .end: FeedReading(.end, from: position)
        }
    }
}

extension FeedReading.Stage {
    /// The first of some types, or what comes after them.
    fileprivate init(_ types: ArraySlice<String>) { self = types.first.map { .read(type: $0) } ?? .sweep }

    fileprivate init?(stored text: String, types: [String]) {
        switch text {
        case "sweep": self = .sweep
        case "end": self = .end
        default:
            guard types.contains(text) else { return nil }
            self = .read(type: text)
        }
    }

    fileprivate var stored: String {
        switch self {
        case .read(let type): type
        case .sweep: "sweep"
        case .end: "end"
        }
    }
}

extension FeedReading {
    /// Reads how far one is that was begun; nil when none was, or by another version in another order.
    init?(of sink: some FeedSink, in transaction: any ReadTransaction) throws {
        let found = try transaction.first(
            "SELECT position, stage, tenant, entity, place FROM feed_readings WHERE name = \(sink.name)"
        ) { row -> FeedReading? in
            guard let stage = Stage(stored: row.text(1), types: sink.types) else { return nil }
            var reading = FeedReading(stage, from: row.position(0))
            if let tenant = row.optionalInteger(2), let entity = try row.optionalIdentifier(3) {
                reading.entity = EntityKey(Tenant(tenant), entity)
            }
            reading.place = row.optionalBytes(4)
            return reading
        }
        guard let reading = found ?? nil else { return nil }
        self = reading
    }

    /// Stores how far it is.
    func save(_ name: String, in transaction: any WriteTransaction) throws {
        try transaction.execute(
            """
            INSERT INTO feed_readings (name, position, stage, tenant, entity, place)
            VALUES (\(name), \(position), \(stage.stored), \(entity?.tenant.number), \(entity?.entity),
                \(place.map(SQLValue.bytes)))
            ON CONFLICT (name) DO UPDATE SET position = excluded.position, stage = excluded.stage,
                tenant = excluded.tenant, entity = excluded.entity, place = excluded.place
            """)
    }

    /// Forgets that there was one.
    static func remove(_ name: String, in transaction: any WriteTransaction) throws {
        try transaction.execute("DELETE FROM feed_readings WHERE name = \(name)")
    }
}
