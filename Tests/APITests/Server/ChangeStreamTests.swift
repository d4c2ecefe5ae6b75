import ChangeLog
import Core
import TestKit
import Testing

@testable import API

/// The change log over HTTP.
@Suite(.timeLimit(.minutes(5))) struct ChangeStreamTests {
    @Test(arguments: TestStore.Engine.allCases)
    func theLogIsReadPartByPart(_ engine: TestStore.Engine) async throws {
        try await NotesServer.run(engine) { server in
            var position = ""
            for number in 0..<7 {
                let written = try await server.send("POST", "/notes", body: #"{"text":"\#(number)"}"#)
                position = written.headers["millrace-position"] ?? ""
            }
            let seen = ["Millrace-Position": position]
            let first = try await server.send("GET", "/api/v1/changes?types=note&limit=5", headers: seen).json
            #expect(first.elements("items").count == 5)
            let next = try await server.send("GET", "/api/v1/changes?types=note&after=\(first.shown("next_after"))")
                .json
            #expect(next.elements("items").count == 2)
            let head = try await server.store.settledHead()
            #expect(next.shown("next_after") == head.description)
            #expect(try await server.send("GET", "/api/v1/changes?limit=5000").status == 400)
        }
    }

    @Test(arguments: TestStore.Engine.allCases)
    func aStreamGoesOnWhereItsClientWas(_ engine: TestStore.Engine) async throws {
        try await NotesServer.run(engine) { server in
            let stream = try server.connect()
            try await stream.send(server.request("GET", "/api/v1/changes/stream?types=note"))
            let head = try await stream.head()
            #expect(head.lowercased().contains("content-type: text/event-stream"))
            #expect(try await stream.chunk()?.hasPrefix(": ") == true)
            let first = try await server.send("POST", "/notes", body: #"{"text":"first"}"#)
            let event = try await stream.chunk() ?? ""
            let position = first.headers["millrace-position"] ?? ""
            #expect(event.hasPrefix("id: \(position)\nevent: note.insert\ndata: {"))
            #expect(event.hasSuffix("}\n\n"))
            #expect(event.contains(#""text":"first""#))

            _ = try await server.send("POST", "/notes", body: #"{"text":"second"}"#)
            let again = try server.connect()
            try await again.send(
                server.request("GET", "/api/v1/changes/stream", headers: ["Last-Event-ID": position]))
            _ = try await again.head()
            _ = try await again.chunk()
            let missed = try await again.chunk() ?? ""
            #expect(missed.contains(#""text":"second""#))
            #expect(!missed.contains(#""text":"first""#))
        }
    }

    @Test func aTenantHasSoManyStreamsAndALeftOneIsFree() async throws {
        try await NotesServer.run(settings: ["api.streams_limit": "1"]) { server in
            do {
                let stream = try server.connect()
                try await stream.send(server.request("GET", "/api/v1/changes/stream"))
                _ = try await stream.head()
                let second = try await server.send("GET", "/api/v1/changes/stream")
                #expect(second.status == 429)
                #expect(second.code == "too_many_streams")
            }
            try await server.waitUntil { try await server.metric("http_streams") == "0" }
        }
    }
}
