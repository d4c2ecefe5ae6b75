import ChangeLog
import Core
import HTTPTypes
import Knowledge
import Storage

/// What a route looks for: a graph in memory is looked at within the transaction that reads what is answered; an engine
/// beside this server is asked before that, so that no snapshot is kept while it is waited for; the graph of a moment
/// long ago is then read in a transaction of its own.
struct GraphInquiry<Input: Sendable, Found: Sendable>: Sendable {
    /// Reads and checks the request.
    let decode: @Sendable (APIRequest) throws -> Input
    /// Waits for what the search needs first; nil when it needs nothing.
    var prepare: (@Sendable (Input, APIRequest) async throws -> Input)?
    /// Of which moment is asked.
    let asOf: @Sendable (Input) -> AsOf
    /// Finds something in the graph of now, or in that of a moment long ago.
    let find: @Sendable (Input, Tenant, PastGraph?) throws -> Found
    /// Answers it with what the tables have of it.
    let answer: @Sendable (Input, Found, Tenant, any ReadTransaction) throws -> APIResponse
}

extension KnowledgeRoutes {
    /// A route that finds something in a graph. Ways lead anywhere, so it is not computed on an event loop.
    func finding<Input, Found>(
        _ method: HTTPRequest.Method, _ path: String, _ inquiry: GraphInquiry<Input, Found>
    ) -> Route {
        guard inquiry.prepare != nil || role.waitingThreads != nil else {
            return .read(method, path, scope: Self.read) { request in
                reading(try inquiry.decode(request), inquiry, request.tenant)
            }.computingLong()
        }
        return .preparedRead(method, path, scope: Self.read) { request in
            var input = try inquiry.decode(request)
            if let prepare = inquiry.prepare { input = try await prepare(input, request) }
            guard let threads = role.waitingThreads else { return (nil, reading(input, inquiry, request.tenant)) }
            if let seen = request.seenPosition { try await role.waitUntilFound(seen, atMost: patience) }
            let tenant = request.tenant
            let found = try await withTaskExecutorPreference(threads) { [input] in
                try inquiry.find(input, tenant, try await past(inquiry.asOf(input), tenant))
            }
            return (nil, { [input] in try inquiry.answer(input, found, tenant, $0) })
        }
    }

    private func reading<Input, Found>(
        _ input: Input, _ inquiry: GraphInquiry<Input, Found>, _ tenant: Tenant
    ) -> Route.Reading {
        let present = role.present(of: tenant)
        return { transaction in
            let past = try past(inquiry.asOf(input), of: present, tenant, in: transaction)
            return try inquiry.answer(input, try inquiry.find(input, tenant, past), tenant, transaction)
        }
    }
}
