public import Core
public import NIOCore

/// Looks up which addresses a name has.
public protocol NameResolver: Sendable {
    /// The addresses of a host, the preferred ones first.
    ///
    /// - throws: ``Failure`` `name_unresolved` or `timeout`.
    func addresses(of host: String, port: Int, deadline: NIODeadline) async throws(Failure) -> [SocketAddress]
}
