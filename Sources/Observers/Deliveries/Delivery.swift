import ChangeLog
import Core
import Storage

/// One event on its way to one action.
struct Delivery: Sendable {
    /// What it is by: the row of the ledger.
    struct Key: Hashable, Sendable {
        /// The action.
        let channel: DeliveryChannelKey
        /// The event.
        let position: LogPosition
        /// 0 for the event itself; the number of the replay that it belongs to.
        let replay: Int64
    }

    /// How far it is. The numbers stand in the table, and in the conditions of its indexes.
    enum State: Int64, Sendable, CaseIterable {
        /// No attempt has been made.
        case waiting = 0
        /// An attempt has failed, and another one will be made.
        case retrying = 1
        /// It waits for an earlier one of its lane that is retrying.
        case blocked = 2
        /// The receiver has it.
        case delivered = 3
        /// It is among the dead letters.
        case dead = 4
        /// It was given up.
        case dropped = 5

        /// What it is called for people.
        var name: String {
            switch self {
            case .waiting: "waiting"
            case .retrying: "retrying"
            case .blocked: "blocked"
            case .delivered: "delivered"
            case .dead: "dead"
            case .dropped: "dropped"
            }
        }
    }

    let key: Key
    let tenant: Tenant
    /// Those of one lane follow one another.
    let lane: Int64
    /// Which instance delivers it is decided by this.
    let partition: Int64
    /// How many attempts have been made.
    let attempts: Int
    /// When the event happened, by which its row is found.
    let eventAt: Timestamp
    /// Whether an earlier delivery of its lane waits to be tried again.
    let isBehindRetry: Bool
    /// The token of its partition as it was read: whoever comes to have the partition later has another one.
    var token: Int64 = 0
    /// Whether it was among the dead letters.
    var isRevived = false
    /// Whether nobody knows yet if the observer wants the event: its condition had no answer.
    var isUndecided = false
    /// The event; nil when the log does not have it any more.
    var change: Change?
}

/// An action of an observer, by the numbers that the tables have.
struct DeliveryChannelKey: Hashable, Sendable {
    let observer: Int64
    let action: Int
}

/// Where the deliveries of an entity go: a lane of their own and one of a few partitions.
struct DeliveryRoute: Equatable, Sendable {
    /// How many parts of the work can be with different instances.
    static let partitionCount: Int64 = 16

    let lane: Int64
    let partition: Int64

    init(_ ordering: Ordering, observer: Int64, entity: Identifier, position: LogPosition) {
        switch ordering {
        case .entity: lane = Int64(bitPattern: Self.mix(entity.high ^ Self.mix(entity.low)))
        case .none: lane = position.value
        case .strict: lane = -observer
        }
        partition = 1 + Int64(Self.mix(UInt64(bitPattern: lane)) % UInt64(Self.partitionCount))
    }

    /// Spreads the bits of a number over all of it (the finalizer of SplitMix64; Steele, Lea, Flood, "Fast splittable
    /// pseudorandom number generators", 2014).
    private static func mix(_ number: UInt64) -> UInt64 {
        var bits = number &+ 0x9E37_79B9_7F4A_7C15
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }
}
