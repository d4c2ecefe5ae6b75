public import Core

/// One of the things that must be well for the server to be ready.
public struct ReadinessCheck: Sendable {
    /// What it is called in the answer of `/ready`.
    public let name: String
    let check: @Sendable () async throws -> [JSONObject.Member]

    /// A check by name.
    ///
    /// - parameter check: returns what is worth knowing, such as a lag; throws a ``Failure`` when it is not well.
    public init(_ name: String, _ check: @escaping @Sendable () async throws -> [JSONObject.Member]) {
        self.name = name
        self.check = check
    }
}
