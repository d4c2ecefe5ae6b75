import Core

/// How much one request may read and for how long it may search, so that it leaves something for the others.
public final class SearchBudget {
    private var bytes: Int
    private let end: ContinuousClock.Instant

    init(bytes: Int, time: Duration) {
        self.bytes = bytes
        end = .now + time
    }

    /// Takes the bytes of a point that is to be answered.
    ///
    /// - throws: ``Failure`` `answer_too_large`.
    func take(_ count: Int) throws {
        bytes -= count
        guard bytes >= 0 else {
            throw Failure(
                .invalid, code: "answer_too_large",
                "The answer would take more memory than memories.answer_limit says. Ask for fewer points at once.")
        }
    }

    /// Checks that there is time left.
    ///
    /// - throws: ``Failure`` `search_too_long`.
    func checkTime() throws {
        guard .now < end else {
            throw Failure(
                .invalid, code: "search_too_long",
                "The search takes longer than memories.search_time says. Ask for less at once, or index the fields of "
                    + "the filter.")
        }
    }
}
