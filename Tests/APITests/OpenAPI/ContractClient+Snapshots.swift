import Core
import TestKit
import Testing

/// Collections as a whole: how they are, their lines, and their snapshots.
extension ContractClient {
    private static let snapshots = "/collections/{collection}/snapshots"

    mutating func lookAfterCollections() async throws {
        let one = "collections/{collection}"
        let listed = try await send("GET", "collections").list("items").map { $0.text("collection") }
        #expect(listed.contains("songs") && listed == listed.sorted())
        try await send("GET", "collections", query: "a=b", status: 400)
        let songs = try await send("GET", one, "songs")
        #expect(songs.list("by_name").map { $0.text("name") } == ["text", "sound"])
        try await send("GET", one, "none", status: 404)
        try await send("GET", one, "songs", query: "a=b", status: 400)
        let verified = try await send("POST", one + "/verify", "songs")
        #expect(verified.json["problems"]?.elements == [] && verified.text("points") == songs.text("points"))
        try await send("POST", one + "/verify", "none", status: 404)
        let rebuilt = try await send("POST", one + "/rebuild", "songs", status: 202)
        #expect(rebuilt.text("points") == songs.text("points"))
        try await send("POST", one + "/rebuild", "none", status: 404)
        try await send("POST", one + "/rebuild", "songs", query: "a=b", status: 400)
        try await exportAndImport(points: songs.text("points"))
    }

    private mutating func exportAndImport(points: String) async throws {
        let path = "collections/{collection}/export"
        for form in ["", "vectors=base64", "vectors=numbers"] {
            let export = try await send("GET", path, "songs", query: form)
            let lines = String(decoding: export.body, as: UTF8.self).split(separator: "\n")
            #expect("\(lines.count - 1)" == points, "\(form)")
            let imported = try await send(
                "POST", "collections/import", body: "{\"lines\": [\(lines.joined(separator: ", "))]}")
            #expect(imported.text("points") == points, "\(form)")
        }
        let bare = try await send("GET", path, "songs", query: "vectors=none")
        #expect(!String(decoding: bare.body, as: UTF8.self).contains("\"vector\""))
        try await send("GET", path, "songs", query: "vectors=all", status: 400)
        try await send("GET", path, "none", status: 404)
        let memories = try await send("POST", "collections/import", body: "{\"lines\": [\(Self.memory("line"))]}")
        #expect(memories.text("points") == "1")
        let kept = try await send("GET", path, "user_memories")
        let lines = String(decoding: kept.body, as: UTF8.self).split(separator: "\n")
        try await send("POST", "collections/import", body: "{\"lines\": [\(lines.joined(separator: ", "))]}")
        try await send("POST", "collections/import", body: #"{"lines": [{}]}"#, status: 422)
        try await send("POST", "collections/import", body: "{", status: 400)
        try await send(
            "POST", "collections/import", body: "{}", headers: ["Content-Type": "text/plain"], status: 415)
    }

    mutating func keepSnapshots() async throws {
        let made = try await send("POST", Self.snapshots, "songs", query: "wait=true&priority=snapshot").json["result"]
        let name = try #require(made?["name"]?.string)
        let checksum = try #require(made?["checksum"]?.string)
        try await send("POST", Self.snapshots, "none", status: 404)
        #expect(try await send("GET", Self.snapshots, "songs").list("result").map(\.json) == [made])
        try await send("GET", Self.snapshots, "none", status: 404)
        try await send("GET", Self.snapshots, "songs", query: "a=b", status: 400)
        let file = try await send("GET", Self.snapshots + "/{snapshot}", "songs", name).body
        #expect(made?["size"] == .integer(Int64(file.count)))
        try await send("GET", Self.snapshots + "/{snapshot}", "songs", "none.snapshot", status: 404)
        try await recover(name, checksum)
        try await upload(file, checksum)
        try await send("DELETE", Self.snapshots + "/{snapshot}", "songs", name, query: "wait=true")
        try await send("DELETE", Self.snapshots + "/{snapshot}", "songs", name, status: 404)
        #expect(try await send("GET", Self.snapshots, "songs").list("result").isEmpty)
    }

    private mutating func recover(_ name: String, _ checksum: String) async throws {
        let path = Self.snapshots + "/recover"
        let own = #"{"location": "\#(name)", "checksum": "\#(checksum)", "priority": "snapshot", "api_key": null}"#
        try await send("PUT", path, "songs", query: "wait=true", body: own)
        let elsewhere = #"{"location": "file:///songs/\#(name)"}"#
        try await send("PUT", path, "copy", body: elsewhere)
        try await expectCopy(of: "songs", in: "copy")
        try await send("PUT", path, "copy", body: #"{"location": "none.snapshot"}"#, status: 404)
        try await send("PUT", path, "copy", body: #"{"location": "/etc/passwd"}"#, status: 400)
        try await send("PUT", path, "a/b", body: elsewhere, status: 400)
        try await send("PUT", path, "copy", body: elsewhere, headers: ["Content-Type": "text/plain"], status: 415)
    }

    private mutating func upload(_ file: [UInt8], _ checksum: String) async throws {
        let path = Self.snapshots + "/upload"
        try await send("POST", path, "copy", query: "priority=snapshot&checksum=\(checksum)", file: file)
        let form =
            Array("--mark\r\nContent-Disposition: form-data; name=\"snapshot\"; filename=\"f\"\r\n\r\n".utf8) + file
            + Array("\r\n--mark--\r\n".utf8)
        try await send("POST", path, "form", file: form, type: "multipart/form-data; boundary=mark")
        try await expectCopy(of: "songs", in: "form")
        try await send("POST", path, "copy", file: Array(file.dropLast()), status: 400)
        try await send("POST", path, "a/b", file: file, status: 400)
    }

    private mutating func expectCopy(of source: String, in copy: String) async throws {
        let path = "/collections/{collection}/points/count"
        let counts = [try await send("POST", path, source), try await send("POST", path, copy)]
        #expect(counts[0].json["result"] == counts[1].json["result"], "\(copy)")
    }
}
