import NIOCore
import Testing

@testable import API

/// When a connection is late, and what becomes of what arrives.
@Suite struct HTTPConnectionStateTests {
    private let connection = TimedConnection()

    @Test func aRequestIsLateFromItsFirstByteOn() {
        #expect(connection.deadline == 60)
        connection.bytesArrived(at: 10)
        #expect(connection.deadline == 40)
        connection.bytesArrived(at: 39)
        #expect(connection.timeout(at: 39) == .none)
        #expect(connection.timeout(at: 40) == .close)
        #expect(connection.deadline == nil)
    }

    @Test func aBodyThatIsLateIsRefusedOnceAndThenClosed() {
        connection.bytesArrived(at: 10)
        #expect(connection.headArrived(length: 5, at: 20) == .keep)
        #expect(connection.bodyArrived(4, at: 39) == .keep)
        #expect(connection.timeout(at: 40) == .refuse(.tooSlow))
        #expect(connection.bodyArrived(1, at: 41) == .discard)
        #expect(connection.requestEnded(at: 41) == false)
        #expect(connection.timeout(at: 42) == .close)
    }

    @Test func aBodyMayBeAsLargeAsItsLimit() {
        #expect(connection.headArrived(length: nil, at: 0) == .keep)
        #expect(connection.bodyArrived(9, at: 0) == .keep)
        #expect(connection.bodyArrived(1, at: 0) == .refuse(.bodyTooLarge(limit: 9)))
        #expect(connection.bodyArrived(1, at: 0) == .discard)
        connection.answerEnded(at: 1)
        #expect(connection.isBusy)
    }

    @Test func aDeclaredLengthIsRefusedBeforeTheBody() {
        #expect(connection.headArrived(length: 10, at: 0) == .refuse(.bodyTooLarge(limit: 9)))
        #expect(connection.deadline == 2)
    }

    @Test func aBodyWithoutRoomIsRefused() {
        #expect(connection.headArrived(length: 5, at: 0) == .keep)
        #expect(connection.bodyArrived(5, hasRoom: false, at: 0) == .refuse(.bodiesTooLarge))
    }

    @Test func anAnswerHasAllTheTimeItNeedsAndItsReaderHasNot() {
        #expect(connection.headArrived(length: nil, at: 0) == .keep)
        #expect(connection.requestEnded(at: 1))
        #expect(connection.deadline == nil)
        connection.sending(at: 100)
        #expect(connection.deadline == 160)
        connection.partTaken(at: 110)
        #expect(connection.deadline == nil)
        connection.sending(at: 120)
        #expect(connection.timeout(at: 180) == .close)
    }

    @Test func anAnsweredConnectionIsIdleAgain() {
        #expect(connection.headArrived(length: 0, at: 5) == .keep)
        #expect(connection.requestEnded(at: 5))
        connection.answerEnded(at: 7)
        #expect(!connection.isBusy)
        #expect(connection.deadline == 67)
    }
}

/// A connection whose clock counts seconds, and whose bodies may have 9 bytes.
private final class TimedConnection {
    private var state = HTTPConnectionState(
        limits: .init(idle: .seconds(60), request: .seconds(30), linger: .seconds(2)), now: .uptimeNanoseconds(0))

    var isBusy: Bool { state.isBusy }
    var deadline: Int64? { state.deadline.map { Int64($0.uptimeNanoseconds / 1_000_000_000) } }

    func bytesArrived(at second: Int64) { state.bytesArrived(time(second)) }
    func headArrived(length: Int?, at second: Int64) -> HTTPConnectionState.BodyAction {
        state.headArrived(declaredLength: length, bodyLimit: 9, time(second))
    }
    func bodyArrived(_ count: Int, hasRoom: Bool = true, at second: Int64) -> HTTPConnectionState.BodyAction {
        state.bodyArrived(count, hasRoom: hasRoom, time(second))
    }
    func requestEnded(at second: Int64) -> Bool { state.requestEnded(time(second)) }
    func sending(at second: Int64) { state.sending(time(second)) }
    func partTaken(at second: Int64) { state.partTaken(time(second)) }
    func answerEnded(at second: Int64) { state.answerEnded(time(second)) }
    func timeout(at second: Int64) -> HTTPConnectionState.TimeoutAction { state.timeout(time(second)) }

    private func time(_ second: Int64) -> NIODeadline { .uptimeNanoseconds(0) + .seconds(second) }
}
