/// Which partitions of the work are with this instance, and until when it may count on them.
///
/// A value: its caller asks the database and says when it did.
struct PartitionHolding: Sendable {
    /// The token of each partition that is held.
    private(set) var tokens: [Int64: Int64] = [:]
    /// Partitions that others should have: nothing new is begun in them.
    private(set) var surrendering: Set<Int64> = []
    private var validUntil: Duration = .zero

    /// Where this process is the only one, it has all of them, always.
    private let isAlone: Bool

    /// How long the database keeps a partition for an instance that does not answer.
    static let duration = Duration.seconds(3)
    /// How often an instance says that it is there.
    static let interval = Duration.milliseconds(750)
    /// The holder counts a little less than the database does, so that it stops before another one begins.
    private static let validity = duration * 9 / 10
    /// The partition whose holder matches events.
    static let matching: Int64 = 0

    init(isAlone: Bool) { self.isAlone = isAlone }

    /// The partitions in which deliveries may begin, with their tokens; nil is all.
    func working(at now: Duration) -> [Int64: Int64]? {
        if isAlone { return nil }
        guard now < validUntil else { return [:] }
        return tokens.filter { $0.key != Self.matching && !surrendering.contains($0.key) }
    }

    /// Whether this instance matches events.
    func matches(at now: Duration) -> Bool {
        isAlone || (now < validUntil && tokens[Self.matching] != nil && !surrendering.contains(Self.matching))
    }

    /// What the database said.
    ///
    /// - parameters:
    ///   - asked: when the request was sent, from which on the database counts.
    ///   - share: how many partitions this instance should have.
    mutating func update(_ tokens: [Int64: Int64], share: Int, asked: Duration) {
        self.tokens = tokens
        validUntil = asked + Self.validity
        // The last ones go, always the same, so that what goes does not change each time.
        surrendering = Set(tokens.keys.sorted().dropFirst(max(share, 0)))
    }

    /// A partition turned out to be with another instance since it came to this one with a token.
    mutating func lose(_ number: Int64, token: Int64) {
        if tokens[number] == token { tokens[number] = nil }
    }

    /// How many partitions each of a number of instances should have at most.
    static func share(of instances: Int) -> Int {
        let all = Int(DeliveryRoute.partitionCount) + 1
        return (all + max(instances, 1) - 1) / max(instances, 1)
    }
}
