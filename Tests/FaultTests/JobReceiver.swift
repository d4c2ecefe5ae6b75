import Core
import Foundation
import Synchronization
import TestKit

/// A receiver of jobs that behaves as receivers do, and remembers what it got in the order in which it came.
final class JobReceiver: Sendable {
    /// How it answers.
    enum Manner: Sendable {
        /// It takes everything.
        case well
        /// It fails one in five, never answers one in twenty, and answers one in five twice as slowly as the others.
        case badly(SeededRandom)
        /// It refuses each job whose path ends so, always.
        case refusing(String)
        /// It takes everything, after a while.
        case slowly(Duration)
        /// It wants nothing any more.
        case gone
    }

    /// A job that came.
    struct Receipt: Sendable {
        /// Which event it is.
        let position: Int64
        let isAccepted: Bool
        let at: Timestamp
    }

    private struct State {
        var manner: Manner
        var receipts: [Receipt] = []
    }

    /// How long an answer of one that behaves badly takes.
    fileprivate static let usual = Duration.milliseconds(5)

    private final class Book: Sendable {
        let state: Mutex<State>

        init(_ manner: Manner) { state = Mutex(State(manner: manner)) }

        func answer(_ request: WebhookReceiver.Request) -> WebhookReceiver.Answer {
            state.withLock { state in
                let answer = state.manner.answer(request)
                let parts = (request["webhook-id"] ?? "").split(separator: "_")
                state.receipts.append(
                    Receipt(
                        position: parts.count > 1 ? Int64(parts[1]) ?? 0 : 0,
                        isAccepted: answer.status == 200 && answer.delay < .seconds(1), at: request.receivedAt))
                return answer
            }
        }
    }

    private let book: Book
    private let receiver: WebhookReceiver

    init(_ manner: Manner) async throws {
        let book = Book(manner)
        self.book = book
        receiver = try await WebhookReceiver(keepsRequests: false) { book.answer($0) }
    }

    /// The address of a path.
    func url(_ path: String = "/jobs") -> String { receiver.url(path) }

    /// What came so far, in the order in which it came.
    var receipts: [Receipt] { book.state.withLock { $0.receipts } }
    /// The events that came so far.
    var received: Set<Int64> { Set(receipts.map(\.position)) }
    /// The events that were taken so far.
    var accepted: Set<Int64> { Set(receipts.filter(\.isAccepted).map(\.position)) }

    /// Answers in another manner from now on.
    func behave(_ manner: Manner) { book.state.withLock { $0.manner = manner } }

    /// The events in the order in which they came for the first time.
    var firsts: [Int64] {
        var seen: Set<Int64> = []
        return receipts.map(\.position).filter { seen.insert($0).inserted }
    }
}

extension JobReceiver.Manner {
    fileprivate mutating func answer(_ request: WebhookReceiver.Request) -> WebhookReceiver.Answer {
        switch self {
        case .well: return .ok
        case .slowly(let delay): return .status(200, after: delay)
        case .gone: return .status(410)
        // A status of the client's says that the destination works.
        case .refusing(let path): return request.path.hasSuffix(path) ? .status(422, body: "never") : .ok
        case .badly(var random):
            let number = Int.random(in: 0..<100, using: &random)
            self = .badly(random)
            switch number {
            case 0..<20: return .status(500, body: "not now", after: JobReceiver.usual)
            case 20..<25: return .silence
            case 25..<45: return .status(200, after: JobReceiver.usual * 2)
            default: return .status(200, after: JobReceiver.usual)
            }
        }
    }
}
