import Core
import Synchronization

/// The segments of a tenant's users, each with a number, which stays its own as long as the process runs.
final class SegmentNumbers: Sendable {
    private struct State {
        var numbers: [UserSegment: Int32] = [:]
        var segments: [UserSegment] = []
    }

    /// How many there are at most: an attribute with a value of its own for each user tells nothing of others.
    private static let limit = 100_000

    private let state = Mutex(State())

    /// All of them, by their numbers.
    var all: [UserSegment] { state.withLock { $0.segments } }

    /// The numbers of the segments of a user with some attributes; those for which there is no room are left out.
    func numbers(of attributes: JSONObject) -> [Int32] {
        let segments = UserSegment.segments(of: attributes)
        return state.withLock { state in
            segments.compactMap { segment in
                if let number = state.numbers[segment] { return number }
                guard state.segments.count < Self.limit else { return nil }
                let number = Int32(state.segments.count)
                state.numbers[segment] = number
                state.segments.append(segment)
                return number
            }
        }
    }
}
