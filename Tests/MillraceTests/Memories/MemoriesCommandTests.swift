import Core
import Foundation
import TestKit
import Testing

/// `millrace memories` and `millrace import memories` with real servers.
@Suite(.timeLimit(.minutes(5))) struct MemoriesCommandTests {
    /// Points with vectors of three components, a text among the ids, one with an end.
    private func fill(_ server: MemoryServer, count: Int = 40) async throws {
        _ = try await server.send(
            "PUT", "/collections/c",
            #"{"vectors":{"a":{"size":3,"distance":"Cosine"},"b":{"size":2,"distance":"Dot"}}}"#)
        let points = (1...count).map { number in
            """
            {"id":\(number),"vector":{"a":[1,\(number),0.1]\(number % 2 == 0 ? ",\"b\":[\(number),1]" : "")},\
            "payload":{"n":\(number),"text":"line\\n\(number) é"}}
            """
        }
        let put = try await server.send(
            "PUT", "/collections/c/points", "{\"points\":[\(points.joined(separator: ",\n"))]}")
        #expect(put.status == 200, "\(put.text)")
        let memory = """
            {"point_id":"550e8400-e29b-41d4-a716-446655440000","vector":[0.3,0.2,1],"expires_at":"2999-01-01T00:00:00Z",
             "payload":{"user_id":1,"category":"taste","key":"drink","value":"tea","source":"chat","created":1,\
            "updated":5,"active":true}}
            """
        _ = try await server.post("/memories", memory)
    }

    /// Every point of a collection, as Qdrant's API shows it.
    private func points(_ server: MemoryServer, _ name: String = "c") async throws -> [JSONValue] {
        let answer = try await server.post(
            "/collections/\(name)/points/scroll", #"{"limit":1000,"with_vector":true,"with_payload":true}"#)
        return (answer["result"]?["points"] ?? .null).elements
    }

    private func found(_ server: MemoryServer) async throws -> [JSONValue] {
        let answer = try await server.post(
            "/collections/c/points/query", #"{"query":[1,7,0.3],"using":"a","limit":20,"with_payload":true}"#)
        return (answer["result"]?["points"] ?? .null).elements
    }

    @Test(arguments: ["base64", "numbers"]) func anExportMakesTheSameElsewhere(_ form: String) async throws {
        let (first, second) = (try await MemoryServer(), try await MemoryServer())
        try await fill(first)
        let whole = try await first.run("memories", "export", "c", "c.ndjson", "--vectors", form)
        #expect(whole.status == 0, "\(whole.errors)")
        let memories = try await first.run("memories", "export", "user_memories")
        #expect(memories.status == 0 && memories.output.contains(#""id_kind":"text""#), "\(memories.errors)")
        let text = try String(contentsOfFile: first.file("c.ndjson"), encoding: .utf8)
        #expect(text.split(separator: "\n").count == 41 && text.hasPrefix(#"{"collection":"c","position":"#))
        let taken = try await second.run("import", "memories", first.file("c.ndjson"))
        #expect(taken.status == 0, "\(taken.errors)")
        #expect(taken.output.hasPrefix("41 rows read, 40 written, 0 unchanged, 0 rejected"))
        #expect(try await second.run("import", "memories", "-", input: memories.output).status == 0)
        for name in ["c", "user_memories"] {
            let (ours, theirs) = (try await points(first, name), try await points(second, name))
            #expect(!ours.isEmpty && ours == theirs)
        }
        #expect(try await found(first) == found(second))
        let again = try await second.run("memories", "export", "c", "--vectors", form)
        #expect(
            again.output.split(separator: "\n").dropFirst() == text.split(separator: "\n").dropFirst(),
            "to the last bit")
        #expect(try await second.run("import", "memories", first.file("c.ndjson")).status == 0, "twice is as once")
        #expect(try await points(second).count == 40)
        let none = try await first.run("memories", "export", "c", "none.ndjson", "--vectors", "none")
        #expect(none.status == 0)
        let refused = try await second.run("import", "memories", first.file("none.ndjson"))
        #expect(refused.status == 1 && refused.errors.contains("vector: "), "\(refused.errors)")
        let missing = try await first.run("memories", "export", "nothing", "x.ndjson")
        #expect(missing.status == 1 && missing.errors.contains("There is no collection nothing"), "\(missing.errors)")
        #expect(!FileManager.default.fileExists(atPath: first.file("x.ndjson")))
        #expect(await first.process.stop() == 0)
        #expect(await second.process.stop() == 0)
    }

    @Test func wrongLinesAreNamedAndTheOthersWritten() async throws {
        let server = try await MemoryServer()
        func memory(_ id: String, _ vector: String = "[1,0,0]", key: String = "\"k\"") -> String {
            """
            {"point_id":"\(id)","vector":\(vector),"payload":{"user_id":1,"category":"c","key":\(key),"value":"v",\
            "source":"s","created":1,"updated":1,"active":true}}
            """
        }
        let lines = [
            memory("a"), "{\"point_id\":", memory("b", "[1,0]"), "", memory("c", key: "7"), "[1]",
            #"{"collection":"gone","id":1,"vector":[1]}"#, memory("d", "\"AACAPwAAAAAAAAAA\""), memory("a"),
        ]
        try lines.joined(separator: "\r\n").write(toFile: server.file("m.ndjson"), atomically: true, encoding: .utf8)
        let result = try await server.run("import", "memories", "m.ndjson")
        #expect(result.status == 1)
        #expect(result.output.hasPrefix("8 rows read, 3 written, 0 unchanged, 5 rejected"), "\(result.output)")
        for start in ["line 2: ", "line 3: vector: ", "line 5: payload/key: ", "line 6: ", "line 7: collection: "] {
            #expect(
                result.errors.contains("\n\(start)") || result.errors.hasPrefix(start), "\(start)\n\(result.errors)")
        }
        #expect(try await points(server, "user_memories").count == 2)
        let rejected = try String(contentsOfFile: server.file("m.ndjson.rejected.csv"), encoding: .utf8)
        #expect(rejected.split(separator: "\r\n").count >= 6 || rejected.split(separator: "\n").count >= 6)
        #expect(try await server.run("import", "memories", "missing.ndjson").status == 1)
        #expect(await server.process.stop() == 0)
    }

    @Test func statisticsRebuildAndVerification() async throws {
        let server = try await MemoryServer()
        try await fill(server)
        let table = try await server.run("memories", "stats")
        let lines = table.output.split(separator: "\n")
        #expect(lines.count == 3 && lines[0].hasPrefix("COLLECTION "), "\(table.errors)\(table.output)")
        #expect(lines[1].split(separator: " ").prefix(3) == ["c", "40", "60"], "\(lines[1])")
        let json = try JSONParser.parse(
            Array(try await server.run("memories", "stats", "--format", "json").output.utf8))
        let first = (json["items"] ?? .null).elements.first
        #expect(first?["by_name"]?.elements.count == 2 && first?["on_disk"] == .bool(false))
        let verified = try await server.run("memories", "verify")
        #expect(verified.status == 0, "\(verified.errors)")
        #expect(verified.output.contains("c: 40 points, 60 vectors") && verified.output.contains("nothing is wrong"))
        let made = try await server.run("memories", "rebuild", "c")
        #expect(made.status == 0 && made.output == "c: made anew, 40 points, 60 vectors\n", "\(made.errors)")
        #expect(try await server.run("memories", "verify", "c").status == 0)
        #expect(try await found(server).count == 20)
        #expect(try await server.run("memories", "rebuild", "nothing").errors.contains("no collection nothing"))
        #expect(try await server.run("memories", "verify", "nothing").status == 1)
        #expect(await server.process.stop() == 0)
    }

    @Test func aSnapshotBringsTheOldStateBack() async throws {
        let server = try await MemoryServer()
        try await fill(server)
        let before = try await points(server)
        let made = try await server.run("memories", "snapshot", "create", "c", "--format", "json")
        let name = try #require(try JSONParser.parse(Array(made.output.utf8))["name"]?.string)
        let listed = try await server.run("memories", "snapshot", "list", "c")
        #expect(listed.output.hasPrefix(name), "\(listed.errors)")
        _ = try await server.send("POST", "/collections/c/points/delete", #"{"points":[1,2,3]}"#)
        _ = try await server.send("PUT", "/collections/c/points", #"{"points":[{"id":99,"vector":{"a":[1,1,1]}}]}"#)
        #expect(try await points(server) != before)
        let restored = try await server.run("memories", "snapshot", "restore", "c", name)
        #expect(restored.status == 0, "\(restored.errors)")
        #expect(try await points(server) == before)
        #expect(try await server.run("memories", "snapshot", "restore", "copy", name, "--from", "c").status == 0)
        #expect(try await points(server, "copy") == before)
        #expect(try await server.run("memories", "verify").status == 0)
        let fetched = try await server.run("memories", "snapshot", "download", "c", name, "f.snapshot")
        #expect(fetched.status == 0, "\(fetched.errors)")
        let bytes = try #require(FileManager.default.contents(atPath: server.file("f.snapshot")))
        let path = "/collections/sent/snapshots/upload"
        let sent = try await server.upload(path, [UInt8](bytes))
        #expect(sent.status == 200, "\(sent.text)")
        #expect(try await points(server, "sent") == before)
        var torn = [UInt8](bytes)
        torn[torn.count / 2] ^= 1
        let refused = try await server.upload("/collections/c/snapshots/upload", torn)
        #expect(refused.status == 400 && refused.text.contains("Nothing was restored"), "\(refused.text)")
        for location in ["/etc/passwd", "file:///etc/passwd", "file:///c/../\(name)", "http://127.0.0.1:1/x"] {
            let answer = try await server.send(
                "PUT", "/collections/c/snapshots/recover", #"{"location":"\#(location)"}"#)
            #expect([400, 404].contains(answer.status), "\(location): \(answer.text)")
        }
        let outside = try await server.send("GET", "/collections/c/snapshots/..%2F..%2F..%2Fmillrace.sqlite")
        #expect(outside.status == 404)
        #expect(try await points(server) == before)
        #expect(try await server.run("memories", "snapshot", "delete", "c", name).status == 0)
        #expect(try await server.run("memories", "snapshot", "list", "c").output.isEmpty)
        #expect(await server.process.stop() == 0)
    }
}
