import Core
import Foundation
import FoundationNetworking

extension ServerClient {
    /// Reads an answer of any size into a file, without holding it in memory.
    ///
    /// - parameter file: is there when it is whole, in the place of what was there before.
    /// - throws: ``Failure`` of the server's problem document, `server_unreachable`, `file_unwritable`.
    public func download(_ path: String, to file: String) async throws {
        let request = try request("GET", path)
        let temporary = file + ".part"
        defer { unlink(temporary) }
        let status: Int = try await withCheckedThrowingContinuation { continuation in
            let task = session.downloadTask(with: request) { location, response, error in
                // What was read is there only until this returns.
                continuation.resume(
                    with: Result {
                        guard let location, error == nil else { throw unreachable(error) }
                        try Self.move(location.path, to: temporary)
                        return (response as? HTTPURLResponse)?.statusCode ?? 0
                    })
            }
            task.resume()
        }
        guard status < 400 else {
            let body = FileManager.default.contents(atPath: temporary).map { [UInt8]($0) } ?? []
            throw Self.failure(Answer(status: status, body: body))
        }
        guard rename(temporary, file) == 0 else { throw Self.unwritable(file) }
    }

    /// Moves a file, which may stand on another file system.
    private static func move(_ source: String, to target: String) throws {
        unlink(target)
        do {
            try FileManager.default.moveItem(atPath: source, toPath: target)
        } catch {
            throw unwritable(target)
        }
    }

    private static func unwritable(_ path: String) -> Failure {
        Failure(
            .invalid, code: "file_unwritable",
            "\(path) cannot be written. Give the path of a file in a directory that you may write.")
    }
}
