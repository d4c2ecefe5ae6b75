import API
import Core
import Logging

/// An engine beside a server that a role finds things by: whether it is there, at the start and ever after.
struct ServerEngine: Sendable {
    /// What must be well for the server to be ready; nothing where there is no such engine.
    let checks: [ReadinessCheck]
    private let title: String
    private let logger: Logger
    private let check: @Sendable () async throws -> Void

    /// - parameters:
    ///   - title: what it is for: "vector engine".
    ///   - name: what it is called; nil where there is none.
    ///   - check: throws a ``Failure`` of the kind `invalid` when somebody must correct something first.
    init(_ title: String, name: String?, logger: Logger, check: @escaping @Sendable () async throws -> Void) {
        self.title = title
        self.logger = logger
        self.check = check
        checks =
            name.map { name in
                [
                    ReadinessCheck(title.replacing(" ", with: "_")) {
                        try await check()
                        return [.init("engine", .string(name))]
                    }
                ]
            } ?? []
    }

    /// Looks whether it is there. One that is away is waited for: until then the server is not ready.
    ///
    /// - throws: ``Failure`` when somebody must correct something first.
    func prepare() async throws {
        do {
            try await check()
        } catch let failure as Failure where failure.kind != .invalid {
            logger.warning("the \(title) is not there yet", metadata: ["error": "\(failure)"])
        }
    }
}
