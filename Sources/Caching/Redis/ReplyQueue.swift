import DequeModule
import NIOCore

/// Who waits for the replies of one connection: they come in the order of the commands.
///
/// One whose time is up leaves, but its place stays until the reply has come, or the next would be given it.
struct ReplyQueue<Waiter> {
    private struct Place {
        let sentAt: NIODeadline
        let deadline: NIODeadline
        let bytes: Int
        var waiter: Waiter?
    }

    /// How many commands may be without a reply.
    let countLimit: Int
    /// How many bytes they may have together.
    let byteLimit: Int
    private var places: Deque<Place> = []
    private var bytes = 0

    init(countLimit: Int = 8_192, byteLimit: Int = 64 << 20) {
        self.countLimit = countLimit
        self.byteLimit = byteLimit
    }

    /// How many commands are without a reply.
    var count: Int { places.count }

    /// Takes a place at the end. Returns false when there is none.
    mutating func add(_ waiter: Waiter, bytes count: Int, at now: NIODeadline, deadline: NIODeadline) -> Bool {
        guard places.count < countLimit, bytes + count <= byteLimit else { return false }
        places.append(Place(sentAt: now, deadline: deadline, bytes: count, waiter: waiter))
        bytes += count
        return true
    }

    /// Whom a reply is for.
    enum Recipient {
        case waiter(Waiter)
        /// Its time was up.
        case gone
        /// Nothing was asked.
        case nobody
    }

    /// A reply has come.
    mutating func replied() -> Recipient {
        guard let place = places.popFirst() else { return .nobody }
        bytes -= place.bytes
        return place.waiter.map { .waiter($0) } ?? .gone
    }

    /// Takes out those whose time is up.
    mutating func takeExpired(at now: NIODeadline) -> [Waiter] {
        var expired: [Waiter] = []
        for index in places.indices where places[index].deadline <= now {
            guard let waiter = places[index].waiter else { continue }
            expired.append(waiter)
            places[index].waiter = nil
        }
        return expired
    }

    /// When the time of the next one is up, if anybody waits.
    var nextDeadline: NIODeadline? {
        places.lazy.filter { $0.waiter != nil }.map(\.deadline).min()
    }

    /// Since when the oldest command has been without a reply.
    var silentSince: NIODeadline? { places.first?.sentAt }

    /// Takes out all: no reply will come any more.
    mutating func takeAll() -> [Waiter] {
        defer {
            places.removeAll()
            bytes = 0
        }
        return places.compactMap(\.waiter)
    }
}
