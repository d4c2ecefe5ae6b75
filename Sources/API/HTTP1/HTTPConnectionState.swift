import NIOCore

/// Where one connection is between the first byte of a request and the last of its answer, and what its deadline is.
///
/// It performs nothing itself: the time is given to it, and each method returns what its caller has to do.
struct HTTPConnectionState {
    /// How long the parts of an exchange may take.
    struct Limits: Sendable {
        /// Silence between requests, and a client that does not take its answer.
        let idle: TimeAmount
        /// From the first byte of a request to its last.
        let request: TimeAmount
        /// What still comes after a request was refused.
        let linger: TimeAmount
    }

    /// What to do with a part of a body.
    enum BodyAction: Equatable {
        /// Keep it.
        case keep
        /// Throw it away: the request was answered already.
        case discard
        /// Answer at once, and keep nothing more.
        case refuse(Refusal)
    }

    /// What to do at the deadline.
    enum TimeoutAction: Equatable {
        /// Nothing is late.
        case none
        /// Answer that the request is too slow.
        case refuse(Refusal)
        /// Close the connection.
        case close
    }

    private enum Phase: Equatable {
        /// No byte of a request is here.
        case idle
        /// The head of a request is on its way.
        case head
        /// Its body is on its way.
        case body(received: Int, limit: Int)
        /// It is here, and its answer is being made.
        case answering
        /// The client is to take an answer, or a part of one.
        case sending
        /// It was answered before it was here; what still comes of it is thrown away.
        case refused
        case closed
    }

    private let limits: Limits
    private var phase = Phase.idle
    private var since: NIODeadline

    init(limits: Limits, now: NIODeadline) {
        self.limits = limits
        since = now
    }

    /// When the connection is late, if it can be.
    var deadline: NIODeadline? {
        switch phase {
        case .idle, .sending: since + limits.idle
        case .head, .body: since + limits.request
        case .refused: since + limits.linger
        case .answering, .closed: nil
        }
    }

    /// Whether a request is on its way or being answered.
    var isBusy: Bool { phase != .idle && phase != .closed }

    /// Bytes have arrived, of whatever.
    mutating func bytesArrived(_ now: NIODeadline) {
        if phase == .idle { enter(.head, now) }
    }

    /// The head of a request is complete.
    ///
    /// - parameter declaredLength: what `Content-Length` says.
    mutating func headArrived(declaredLength: Int?, bodyLimit: Int, _ now: NIODeadline) -> BodyAction {
        if phase == .idle { since = now }
        phase = .body(received: 0, limit: bodyLimit)
        guard let declaredLength, declaredLength > bodyLimit else { return .keep }
        return refuse(.bodyTooLarge(limit: bodyLimit), now)
    }

    /// A part of a body has arrived.
    ///
    /// - parameter hasRoom: whether the bodies of all requests may take that many bytes more.
    mutating func bodyArrived(_ count: Int, hasRoom: Bool, _ now: NIODeadline) -> BodyAction {
        guard case .body(let received, let limit) = phase else { return .discard }
        guard received + count <= limit else { return refuse(.bodyTooLarge(limit: limit), now) }
        guard hasRoom else { return refuse(.bodiesTooLarge, now) }
        phase = .body(received: received + count, limit: limit)
        return .keep
    }

    /// The request is complete. Returns whether it is to be answered.
    mutating func requestEnded(_ now: NIODeadline) -> Bool {
        guard case .body = phase else { return false }
        enter(.answering, now)
        return true
    }

    /// An answer, or a part of one, was given to the connection and not taken by the client yet.
    mutating func sending(_ now: NIODeadline) {
        if phase == .answering { enter(.sending, now) }
    }

    /// The client has taken a part of an answer, and more will be made.
    mutating func partTaken(_ now: NIODeadline) {
        if phase == .sending { enter(.answering, now) }
    }

    /// The answer is complete.
    mutating func answerEnded(_ now: NIODeadline) {
        if phase == .answering || phase == .sending { enter(.idle, now) }
    }

    /// The deadline may have come.
    mutating func timeout(_ now: NIODeadline) -> TimeoutAction {
        guard let deadline, now >= deadline else { return .none }
        if case .body = phase {
            enter(.refused, now)
            return .refuse(.tooSlow)
        }
        enter(.closed, now)
        return .close
    }

    /// The connection is gone.
    mutating func closed(_ now: NIODeadline) {
        enter(.closed, now)
    }

    private mutating func refuse(_ refusal: Refusal, _ now: NIODeadline) -> BodyAction {
        enter(.refused, now)
        return .refuse(refusal)
    }

    private mutating func enter(_ next: Phase, _ now: NIODeadline) {
        phase = next
        since = now
    }
}
