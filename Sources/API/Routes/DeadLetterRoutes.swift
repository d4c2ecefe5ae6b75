import Core
import HTTPTypes
import Observers
import Storage

extension Routes {
    /// What could not be delivered.
    static func deadLetterRoutes(_ letters: DeadLetters) -> [Route] {
        [
            .read(.get, "/api/v1/dead-letters", scope: "observers:read") { request in
                let (filter, page) = try request.readQuery { (DeadLetters.Filter(&$0), $0.page()) }
                return { .page(try letters.list(filter, page, of: request.tenant, in: $0)) }
            },
            .read(.get, "/api/v1/dead-letters/stats", scope: "observers:read") { request in
                try request.readQuery { _ in }
                return { .ok(try letters.statistics(of: request.tenant, in: $0)) }
            },
            .read(.get, "/api/v1/dead-letters/{id}", scope: "observers:read") { request in
                let id = try request.deadLetter()
                return { .ok(try letters.find(id, of: request.tenant, in: $0)) }
            },
            .write(.post, "/api/v1/dead-letters/{id}/retry", scope: "observers:write", isolation: .readCommitted) {
                request in
                let id = try request.deadLetter()
                return { .ok(try letters.retry(id, in: $0)) }
            },
            .write(.post, "/api/v1/dead-letters/retry", scope: "observers:write", isolation: .readCommitted) {
                request in
                let (filter, isDryRun) = try request.readQuery {
                    (DeadLetters.Filter(&$0), $0.optionalBool("dry_run") ?? false)
                }
                return { unit in
                    let page = try letters.retryAll(filter, isDryRun: isDryRun, in: unit)
                    return .ok(RetriedLetters(letters: page.items, hasMore: page.next != nil, isDryRun: isDryRun))
                }
            },
            .write(.delete, "/api/v1/dead-letters/{id}", scope: "observers:write", isolation: .readCommitted) {
                request in
                let id = try request.deadLetter()
                return { unit in
                    try letters.remove(id, in: unit)
                    return .noContent
                }
            },
        ]
    }
}

extension APIRequest {
    fileprivate func deadLetter() throws -> DeadLetter.ID {
        let text = try parameter("id")
        guard let id = DeadLetter.ID(text) else { throw Failure.notFound("dead letter", text.prefix(64)) }
        return id
    }
}

extension DeadLetters.Filter {
    fileprivate init(_ query: inout QueryReader) {
        self.init()
        observer = query.optionalString("observer", length: 1...100).map(ObserverKey.init)
        reason = query.optionalString("reason", length: 1...100)
        since = query.optionalTimestamp("since")
    }
}

/// The dead letters that are delivered again, or would be.
private struct RetriedLetters: JSONEncodable {
    let letters: [DeadLetter]
    let hasMore: Bool
    let isDryRun: Bool

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("dry_run", isDryRun)
            json.member("count", letters.count)
            json.member("has_more", hasMore)
            json.key("ids")
            json.array { json in
                for letter in letters { json.value("\(letter.id)") }
            }
        }
    }
}
