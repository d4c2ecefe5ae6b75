import ChangeLog
import Core
import HTTPTypes
import Telemetry
import TestKit
import Testing

@testable import API

/// A tenant that sends too many requests is told so, and nobody else notices.
@Suite(.timeLimit(.minutes(5))) struct TenantRateTests {
    private static func settings(_ rate: Int) -> [String: String] { ["api.tenant_request_rate": "\(rate)"] }

    /// The key of another tenant.
    private func stranger(_ server: NotesServer) async throws -> String {
        let tenant = try await server.store.log.write(TestStore.context) { [credentials = server.credentials] unit in
            try credentials.createTenant(named: "stranger", in: unit)
        }.value
        return try await server.makeKey(["notes:*"], of: tenant).text
    }

    private func refusals(_ server: NotesServer) -> Int {
        server.store.metrics.counter("rate_limited_requests_total", "").with().value
    }

    @Test(arguments: TestStore.Engine.allCases)
    func whoFloodsIsRefusedAndOthersAreNot(_ engine: TestStore.Engine) async throws {
        try await NotesServer.run(engine, settings: Self.settings(20)) { server in
            let key = try await stranger(server)
            let isOver = StopFlag()
            let flood = try await withThrowingTaskGroup(of: [RawConnection.Response].self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        let connection = try server.connect()
                        var answers: [RawConnection.Response] = []
                        while !isOver.isRaised {
                            try await connection.send(server.request("GET", "/notes"))
                            answers.append(try await connection.response(hasBody: true))
                        }
                        return answers
                    }
                }
                let connection = try server.connect()
                for number in 0..<15 {
                    let (method, body) = number % 3 == 0 ? ("POST", #"{"text":"n\#(number)"}"#) : ("GET", nil)
                    try await connection.send(server.request(method, "/notes", body: body, key: key))
                    #expect(try await connection.response(hasBody: true).status == (body == nil ? 200 : 201))
                }
                try await wait { refusals(server) >= 100 }
                isOver.raise()
                return try await group.reduce(into: []) { $0 += $1 }
            }
            let refused = flood.filter { $0.status != 200 }
            #expect(refused.count == refusals(server) && flood.count - refused.count >= 20)
            let one = try #require(refused.first)
            #expect(one.status == 429 && one.code == "too_many_requests" && one.json.shown("limit") == "20")
            #expect(one.headers["retry-after"] == "1")
            #expect(one.headers["ratelimit-policy"] == #""tenant";q=20;w=1"#)
            #expect(one.headers["ratelimit"] == #""tenant";r=0;t=1"#)
            #expect(one.headers["content-type"] == "application/problem+json")
        }
    }

    /// A request that cannot be answered on an event loop is one request all the same.
    @Test func aRequestThatIsAskedTwiceTakesOneTurn() async throws {
        let later = Route.custom(.get, "/later", scope: "notes:read", atOnce: { _, _ in nil }, { _ in .noContent })
        try await NotesServer.run(settings: Self.settings(1), routes: [later]) { server in
            let key = try await stranger(server)
            #expect(try await server.send("GET", "/notes", key: key).status == 200)
            try await wait { try await server.send("GET", "/later", key: key).status == 204 }
        }
    }

    @Test func withoutALimitNobodyIsRefused() async throws {
        try await NotesServer.run { server in
            for _ in 0..<200 {
                let answer = try await server.send("GET", "/notes")
                #expect(answer.status == 200)
            }
            #expect(refusals(server) == 0)
        }
    }

    /// Whoever need not say who they are is no tenant.
    @Test func openRoutesHaveNoLimit() async throws {
        try await NotesServer.run(settings: Self.settings(1)) { server in
            for _ in 0..<20 {
                let answer = try await server.send("GET", "/health", key: "")
                #expect(answer.status == 200)
            }
        }
    }
}
