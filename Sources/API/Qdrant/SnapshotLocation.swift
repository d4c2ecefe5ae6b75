import Core

/// Which snapshot of this server a client means that gives Qdrant's `location`.
///
/// It is a name and never a path or an address that anything is read from: a server that fetched what clients name
/// would fetch for them what only it may reach.
struct SnapshotLocation {
    /// The collection that the snapshot was made of, and its name.
    let place: (collection: String, name: String)

    /// - parameters:
    ///   - text: `NAME`, `file:///COLLECTION/NAME`, or the address of a snapshot of this server.
    ///   - host: what the request was sent to, by which this server is known.
    ///   - collection: the collection that is restored, of which a name alone is a snapshot.
    /// - throws: ``Failure`` `invalid_request` for any other location.
    init(_ text: String, host: String?, of collection: String) throws {
        if let path = text.dropping("file:///") {
            let parts = try Self.parts(path)
            guard parts.count == 2 else { throw Self.refused }
            place = (parts[0], parts[1])
        } else if let address = text.dropping("http://") ?? text.dropping("https://") {
            guard let slash = address.firstIndex(of: "/"), let host, !host.isEmpty,
                address[..<slash].lowercased() == host.lowercased()
            else { throw Self.refused }
            let parts = try Self.parts(address[slash...].dropFirst())
            guard parts.count == 4, parts[0] == "collections", parts[2] == "snapshots" else { throw Self.refused }
            place = (parts[1], parts[3])
        } else {
            guard !text.contains("/") else { throw Self.refused }
            place = (collection, text)
        }
    }

    private static func parts(_ path: Substring) throws -> [String] {
        try path.split(separator: "/", omittingEmptySubsequences: false).map { part in
            guard let text = PercentEncoding.decode(part), !text.contains("/") else { throw refused }
            return text
        }
    }

    private static var refused: Failure {
        Failure.invalid(
            at: "/location",
            "A snapshot of this server is expected: NAME, file:///COLLECTION/NAME or its own address. A snapshot from "
                + "elsewhere is sent to the route snapshots/upload.")
    }
}

extension String {
    /// What follows a beginning; nil when the text begins otherwise.
    fileprivate func dropping(_ prefix: String) -> Substring? {
        lowercased().hasPrefix(prefix) ? dropFirst(prefix.count) : nil
    }
}
