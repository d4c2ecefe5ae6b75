import Core
import TestKit
import Testing

@testable import API

/// What a client is told of its failures.
@Suite(.timeLimit(.minutes(5))) struct ProblemTests {
    @Test func anUnknownPathIsAProblemWithAllItsMembers() async throws {
        try await NotesServer.run { server in
            let answer = try await server.send("GET", "/nowhere?x=1")
            #expect(answer.status == 404)
            #expect(answer.headers["content-type"] == "application/problem+json")
            #expect(answer.json.shown("type") == "urn:millrace:problem:no_such_route")
            #expect(answer.json.shown("title") == "No such route")
            #expect(answer.json.shown("status") == "404")
            #expect(answer.json.shown("instance") == "/nowhere")
            #expect(answer.code == "no_such_route")
            #expect(answer.json.shown("trace_id").count == 32)
        }
    }

    @Test func anotherMethodIsToldWhichThereAre() async throws {
        try await NotesServer.run { server in
            let answer = try await server.send("DELETE", "/notes")
            #expect(answer.status == 405)
            #expect(answer.headers["allow"] == "GET, POST, HEAD, OPTIONS")
            let options = try await server.send("OPTIONS", "/notes", key: "")
            #expect(options.status == 204)
            #expect(options.headers["allow"] == "GET, POST, HEAD, OPTIONS")
        }
    }

    @Test func everyWrongMemberIsNamed() async throws {
        try await NotesServer.run { server in
            let answer = try await server.send("POST", "/notes", body: #"{"text":7,"colour":"red"}"#)
            #expect(answer.status == 422)
            #expect(answer.code == "invalid_request")
            #expect(answer.json.elements("errors").map { $0.shown("pointer") } == ["/text", "/colour"])
        }
    }

    @Test(arguments: [
        ("{\"text\":", "malformed_json"), ("", "body_required"), ("{\"text\":\"\u{1}\"}", "malformed_json"),
        ("{\"text\":1e999999999}", "invalid_request"), ("[]", "invalid_request"),
        (String(repeating: "[", count: 10_000), "malformed_json"),
        ("{\"text\":\"a\",\"text\":\"b\"}", "malformed_json"),
    ])
    func whatIsNoNoteIsRefused(_ body: String, _ code: String) async throws {
        try await NotesServer.run { server in
            let answer = try await server.send("POST", "/notes", body: body)
            #expect(answer.code == code)
            #expect(answer.status == (code == "invalid_request" ? 422 : 400))
            #expect(try await server.countNotes() == 0)
        }
    }

    @Test func textThatIsNotUTF8IsRefused() async throws {
        try await NotesServer.run { server in
            let connection = try server.connect()
            let body = Array("{\"text\":\"".utf8) + [0xC3, 0x28] + Array("\"}".utf8)
            let head = server.request(
                "POST", "/notes",
                headers: ["Content-Type": "application/json", "Content-Length": String(body.count)])
            try await connection.send(Array(head.utf8) + body)
            #expect(try await connection.response().code == "malformed_json")
            #expect(try await server.send("GET", "/notes?text=%C3%28").code == "malformed_query")
            #expect(try await server.send("GET", "/notes?text=%zz").code == "malformed_query")
        }
    }

    @Test func onlyJSONIsRead() async throws {
        try await NotesServer.run { server in
            let answer = try await server.send(
                "POST", "/notes", body: "text=a", headers: ["Content-Type": "application/x-www-form-urlencoded"])
            #expect(answer.status == 415)
            let merge = try await server.send(
                "POST", "/notes", body: #"{"text":"a"}"#,
                headers: ["Content-Type": "application/merge-patch+json; charset=utf-8"])
            #expect(merge.status == 201)
        }
    }

    @Test func aDefectIsNotExplained() async throws {
        try await NotesServer.run { server in
            let answer = try await server.send("GET", "/broken")
            #expect(answer.status == 500)
            #expect(answer.code == "internal")
            #expect(!answer.text.contains("secret"))
            // The same text twice breaks a unique index that nobody catches: a defect too.
            _ = try await server.send("POST", "/notes", body: #"{"text":"once"}"#)
            let second = try await server.send("POST", "/notes", body: #"{"text":"once"}"#)
            #expect(second.status == 500)
            #expect(!second.text.contains("notes.text"))
        }
    }

    @Test func unknownAndRepeatedParametersAreRefused() async throws {
        try await NotesServer.run { server in
            let unknown = try await server.send("GET", "/notes?limt=3")
            #expect(unknown.status == 400)
            #expect(unknown.json.elements("errors").first?.shown("pointer") == "?limt")
            #expect(try await server.send("GET", "/notes?limit=3&limit=4").code == "malformed_query")
            #expect(try await server.send("GET", "/notes?limit=101").code == "invalid_query")
            #expect(try await server.send("GET", "/notes?page=502").code == "invalid_query")
            #expect(try await server.send("GET", "/notes?page=501").status == 200)
        }
    }
}
