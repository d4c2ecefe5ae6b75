import ChangeLog
import Core
import Storage

/// Some of what was done by a user who was forgotten: by how much less items are popular. It does not say who it was,
/// nor what, and of when only the last moment within some minutes.
struct ForgottenInteractions: JSONEncodable, Sendable {
    /// What it is called in the change log.
    static let entityType = "forgotten_interactions"
    /// How many sums one change tells of.
    private static let limit = 1_000
    /// How long what was done with an item is one sum, in microseconds. It is taken back as of the last moment, so it
    /// has to be short beside an hour, the shortest time after which what was done counts half.
    private static let window = 300_000_000

    /// What was done with an item within some minutes.
    struct Sum: JSONEncodable, Sendable, Hashable {
        let item: ItemKey
        /// The weights together.
        let weight: Double
        /// When it was done last.
        let time: Timestamp

        func write(to json: inout JSONWriter) {
            json.object { json in
                json.member("entity_type", item.type)
                json.member("entity_id", item.id)
                json.member("weight", weight)
                json.member("timestamp", time)
            }
        }
    }

    let sums: [Sum]

    private init(sums: [Sum]) { self.sums = sums }

    /// Reads one of the change log.
    init(_ fields: StoredFields) throws {
        guard case .array(let values)? = fields["interactions"] else { throw Self.corrupt }
        sums = try values.map { value in
            guard case .object(let object) = value, case .string(let type)? = object["entity_type"],
                case .string(let id)? = object["entity_id"], case .number(let digits)? = object["weight"],
                let weight = Double(digits), case .string(let text)? = object["timestamp"],
                let time = Timestamp(text)
            else { throw Self.corrupt }
            return Sum(item: ItemKey(type, id), weight: weight, time: time)
        }
    }

    func write(to json: inout JSONWriter) {
        json.object { $0.member("interactions", array: sums) }
    }

    /// Tells the change log of all that a user did, as long as it is there.
    static func record(of user: String, in unit: UnitOfWork) throws {
        let sums = try unit.transaction.rows(
            """
            SELECT x.entity_type, x.entity_id, CAST(SUM(x.weight) AS BIGINT), MAX(x.interacted_at) FROM interactions x
            WHERE x.tenant = \(unit.tenant) AND x.user_id = \(user) AND x.weight > 0
            GROUP BY x.entity_type, x.entity_id, x.interacted_at / \(window)
            """
        ) { row in
            Sum(
                item: ItemKey(row.text(0), row.text(1)), weight: Double(row.integer(2)) / Interaction.weightUnit,
                time: row.timestamp(3))
        }
        for start in stride(from: 0, to: sums.count, by: limit) {
            let part = ForgottenInteractions(sums: Array(sums[start..<min(start + limit, sums.count)]))
            try unit.recordInsert(entityType, unit.makeIdentifier(), after: JSONWriter.bytes(of: part))
        }
    }

    private static var corrupt: Failure {
        Failure(.internal, code: "corrupt_row", "What a user did who was forgotten cannot be read from the log.")
    }
}
