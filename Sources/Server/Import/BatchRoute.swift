import Core

/// A route of a running server that takes the rows of a file in batches, each as a whole or not at all.
protocol BatchRoute: Sendable {
    /// Where batches are sent.
    var path: String { get }
    /// The member of a request that holds the rows.
    var member: String { get }

    /// What no two rows of a batch may have alike; nil where a row has no such thing.
    func key(of row: JSONValue) -> String?

    /// Counts what became of a batch that was taken.
    ///
    /// - parameter count: how many rows it has.
    func add(_ answer: JSONObject, of count: Int, to summary: inout ImportSummary)

    /// What of a batch is at fault when the server refuses it.
    func blame(_ failure: Failure, among rows: [JSONValue]) -> BatchBlame
}

/// What of a batch is at fault.
enum BatchBlame: Equatable {
    /// These rows by their places, and why.
    case rows([Int: String])
    /// Some row, but it is not said which, or all of them together.
    case unknown
    /// None: to leave some out would not help.
    case none
}

extension BatchRoute {
    func key(of row: JSONValue) -> String? { nil }

    func blame(_ failure: Failure, among rows: [JSONValue]) -> BatchBlame { named(by: failure, count: rows.count) }

    /// The rows that the pointers of a failure name.
    func named(by failure: Failure, count: Int) -> BatchBlame {
        if failure.kind == .tooLarge { return .unknown }
        guard failure.kind == .invalid else { return .none }
        var reasons: [Int: String] = [:]
        for error in failure.errors {
            let steps = error.pointer.split(separator: "/")
            guard steps.count >= 2, steps[0] == member, let index = Int(steps[1]), index < count else { continue }
            let field = steps.dropFirst(2).joined(separator: "/")
            let reason = field.isEmpty ? error.message : "\(field): \(error.message)"
            reasons[index] = reasons[index].map { "\($0); \(reason)" } ?? reason
        }
        return reasons.isEmpty ? .none : .rows(reasons)
    }
}
