import Core

/// What stock must do, written as plainly as possible: dictionaries, and checks before changes.
struct StockModel {
    struct Held {
        let place: String
        let quantity: Int64
        let expiresAt: Int64?
        var isHeld = true
        var isExpired = false
    }

    /// The codes of the locations by their priority, the first chosen first.
    static let priorities: [(String, Int64)] = [("WEST", 1), ("EAST", 2), ("NORTH", 3)]

    private var onHand: [String: Int64] = [:]
    private(set) var reservations: [Held] = []
    /// What the store calls the reservations, in their order.
    var identifiers: [Identifier] = []
    private var clock: Int64 = 0

    /// On hand and reserved units by sku and location.
    var expectedBalances: [String: [Int64]] {
        Dictionary(uniqueKeysWithValues: onHand.map { ($0.key, [$0.value, reserved($0.key)]) })
    }

    /// Does a step. Returns the code of its failure, or `ok`.
    mutating func apply(_ action: StockAction) -> String {
        switch action {
        case .receive(let sku, let code, let quantity):
            onHand["\(sku) \(code)", default: 0] += quantity
        case .adjust(let sku, let code, let delta):
            let place = "\(sku) \(code)"
            guard delta > 0 || available(place) >= -delta else { return "insufficient_stock" }
            onHand[place, default: 0] += delta
        case .count(let sku, let code, let quantity):
            let place = "\(sku) \(code)"
            guard reserved(place) <= quantity else { return "below_reserved" }
            onHand[place] = quantity
        case .transfer(let sku, let from, let to, let quantity):
            guard available("\(sku) \(from)") >= quantity else { return "insufficient_stock" }
            onHand["\(sku) \(from)", default: 0] -= quantity
            onHand["\(sku) \(to)", default: 0] += quantity
        case .reserve(let sku, let code, let quantity, let expiresIn):
            let places = Self.priorities.map(\.0).filter { code == nil || code == $0 }.map { "\(sku) \($0)" }
            guard let place = places.first(where: { available($0) >= quantity }) else { return "insufficient_stock" }
            reservations.append(Held(place: place, quantity: quantity, expiresAt: expiresIn.map { clock + $0 }))
        case .release(let index): return end(index, isCommit: false)
        case .commit(let index): return end(index, isCommit: true)
        case .advance(let seconds):
            clock += seconds
            for index in reservations.indices where reservations[index].isHeld {
                reservations[index].isExpired = reservations[index].expiresAt.map { $0 <= clock } ?? false
                reservations[index].isHeld = !reservations[index].isExpired
            }
        }
        return "ok"
    }

    private mutating func end(_ index: Int, isCommit: Bool) -> String {
        let reservation = reservations[index]
        guard reservation.isHeld else {
            return isCommit && reservation.isExpired ? "reservation_expired" : "illegal_transition"
        }
        reservations[index].isHeld = false
        if isCommit { onHand[reservation.place, default: 0] -= reservation.quantity }
        return "ok"
    }

    private func reserved(_ place: String) -> Int64 {
        reservations.filter { $0.isHeld && $0.place == place }.reduce(0) { $0 + $1.quantity }
    }

    private func available(_ place: String) -> Int64 {
        onHand[place, default: 0] - reserved(place)
    }
}

/// Numbers that depend on nothing but their seed (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators,
/// 2014).
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
