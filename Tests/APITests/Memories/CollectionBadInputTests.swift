import Core
import Foundation
import TestKit
import Testing

/// What is wrong in a request about collections as a whole is refused, leads to no file, and nothing of it is done.
@Suite(.timeLimit(.minutes(5))) struct CollectionBadInputTests {
    private static let snapshots = "/collections/c/snapshots"
    private static let memory = """
        "payload":{"user_id":1,"category":"c","key":"k","value":"v","source":"s","created":1,"updated":1,"active":true}
        """

    @Test func namesOfSnapshotsLeadToNoOtherFile() async throws {
        try await withCollection { server in
            #expect(try await server.send("POST", Self.snapshots).status == 200)
            let directory = "\(server.store.directory.file(MemoryRoutesFixture.directory))/snapshots"
            let secret = "\(directory)/secret.snapshot"
            try "secret".write(toFile: secret, atomically: true, encoding: .utf8)
            let names = [
                "..%2F..%2Fsecret.snapshot", "..%2fsecret.snapshot", "%2E%2E%2F%2E%2E%2Fsecret.snapshot",
                "..%5C..%5Csecret.snapshot", secret.replacing("/", with: "%2F"), "%2Fetc%2Fpasswd", "%2e%2e",
                "secret.snapshot%00", "..%2F..%2Fsecret.snapshot%00.snapshot", ".snapshot", "a%2F.snapshot",
                "\(String(repeating: "n", count: 300)).snapshot", "%FF.snapshot", "a.snapshot.sha256",
            ]
            for name in names {
                for method in ["GET", "DELETE"] {
                    let answer = try await server.send(method, "\(Self.snapshots)/\(name)")
                    let text = String(decoding: answer.body, as: UTF8.self)
                    #expect([400, 404].contains(answer.status) && text != "secret", "\(method) \(name): \(text)")
                }
            }
            for collection in ["..", "..%2F..", "%2E%2E%2F%2E%2E", ".%2F..", "c%2F.."] {
                let path = "/collections/\(collection)/snapshots"
                for (method, path) in [("GET", path + "/secret.snapshot"), ("POST", path), ("GET", path)] {
                    let answer = try await server.send(method, path)
                    #expect([400, 404].contains(answer.status), "\(method) \(path)")
                }
            }
            #expect(try String(contentsOfFile: secret, encoding: .utf8) == "secret")
        }
    }

    @Test func collectionsAreRestoredFromNothingElse() async throws {
        try await withCollection { server in
            let recover = Self.snapshots + "/recover"
            let locations = [
                "/etc/passwd", "../c.snapshot", "file:///etc/passwd/x.snapshot/y", "http://127.0.0.1:1/x.snapshot",
                "http://elsewhere/collections/c/snapshots/a.snapshot", "file:///c/..%2Fa.snapshot", "s3://b/a", "",
            ]
            for location in locations {
                try await refuses(server, "PUT", recover, "{\"location\":\"\(location)\"}", 400, "/location")
            }
            for location in ["none.snapshot", "passwd", "file:///c/..", "file:///../c.snapshot", ".."] {
                try await refuses(server, "PUT", recover, "{\"location\":\"\(location)\"}", 404, "no snapshot")
            }
            let wrong = [
                "{}": "/location", #"{"location":5}"#: "/location", "[]": "object", "": "body", "{": "not valid JSON",
                #"{"location":"a.snapshot","checksum":"12"}"#: "/checksum",
                #"{"location":"a.snapshot","more":1}"#: "/more",
            ]
            for (body, place) in wrong { try await refuses(server, "PUT", recover, body, 400, place) }
            for name in ["a%2Fb", "..%2Fc", "%00", "a%3Cb", String(repeating: "n", count: 256)] {
                for (method, route) in [("PUT", "recover"), ("POST", "upload")] {
                    let path = "/collections/\(name)/snapshots/\(route)"
                    try await refuses(server, method, path, #"{"location":"a.snapshot"}"#, 400, "name of a collection")
                }
            }
            let upload = Self.snapshots + "/upload"
            let files = ["": "file", "no snapshot at all": "cannot be used", "MILLSNAP": "cannot be used"]
            for (file, part) in files { try await refuses(server, "POST", upload, file, 400, part) }
            let digits = String(repeating: "0", count: 64)
            try await refuses(server, "POST", "\(upload)?checksum=\(digits)", "x", 400, "SHA-256")
            try await refuses(server, "POST", "\(upload)?checksum=0", "x", 400, "checksum")
            let count = try await server.send("POST", "/collections/c/points/count", "{}").json()
            #expect(count["result"]?["count"] == .integer(1))
        }
    }

    /// Wrong lines of an import, and where they are wrong.
    private static let lines: [(line: String, place: String)] = [
        ("5", ""), ("[]", ""), ("null", ""), ("{}", "/collection"), (#"{"collection":"c"}"#, "/id"),
        (#"{"collection":"c","id":1}"#, "/vector"), (#"{"collection":"c","id":1.5,"vector":[1,2]}"#, "/id"),
        (#"{"collection":"c","id":"text","vector":[1,2]}"#, "/id"),
        (#"{"collection":"c","id":"a","id_kind":"uuid","vector":[1,2]}"#, "/id_kind"),
        (#"{"collection":"c","id":2,"vector":[1]}"#, "/vector"),
        (#"{"collection":"c","id":2,"vector":"AA"}"#, "/vector"),
        (#"{"collection":"c","id":2,"vector":{"x":[1,2]}}"#, "/vector/x"),
        (#"{"collection":"c","id":2,"vector":[1,2],"payload":5}"#, "/payload"),
        (#"{"collection":"c","id":2,"vector":[1,2],"expires_at":"soon"}"#, "/expires_at"),
        (#"{"collection":"c","id":2,"vector":[1,2],"more":1}"#, "/more"),
        (#"{"collection":"none","id":2,"vector":[1,2]}"#, "/collection"),
        (#"{"collection":"a/b","definition":{"vectors":[],"indexes":[]}}"#, "/collection"),
        (#"{"collection":"new","definition":{"vectors":[{"name":"","size":0,"metric":"dot"}],"indexes":[]}}"#, ""),
        (#"{"collection":"new","definition":5}"#, ""),
        ("{\"point_id\":\"a\",\"vector\":[],\(memory)}", "/vector"),
        ("{\"point_id\":\"a\",\"vector\":[1,2],\(memory)}", "/vector"),
        ("{\"point_id\":\"a\",\"vector\":[1,2,3],\"namespace\":\"../b\",\(memory)}", "/namespace"),
    ]

    @Test func nothingOfAnImportWithAWrongLineIsWritten() async throws {
        try await withCollection { server in
            let path = "/api/v1/collections/import"
            for (line, place) in Self.lines {
                let good = #"{"collection":"c","id":9,"vector":[1,2]}"#
                let body = "{\"lines\":[\(good),\(line)]}"
                try await refuses(server, "POST", path, body, 422, "\"pointer\":\"/lines/1\(place)")
            }
            let many = Array(repeating: "{}", count: 1_001).joined(separator: ",")
            for (body, place) in ["{}": "/lines", #"{"lines":5}"#: "/lines", #"{"rows":[]}"#: "/rows"] {
                try await refuses(server, "POST", path, body, 422, "\"\(place)\"")
            }
            try await refuses(server, "POST", path, "{\"lines\":[\(many)]}", 422, "1000")
            #expect(try await server.send("GET", "/collections/c/points/9").status == 404)
            for route in ["", "/export"] {
                for name in ["none", "..%2Fc", "c%00", "%2E%2E%2Fc"] {
                    let answer = try await server.send("GET", "/api/v1/collections/\(name)\(route)")
                    #expect(answer.status == 404, "\(name)\(route)")
                }
            }
            #expect(try await server.send("GET", "/api/v1/collections/c/export?vectors=x").status == 400)
        }
    }

    private func withCollection(_ body: (LiveServer) async throws -> Void) async throws {
        try await MemoryRoutesFixture.withServer(.sqlite) { server in
            let definition = #"{"vectors":{"size":2,"distance":"Dot"}}"#
            #expect(try await server.send("PUT", "/collections/c", definition).status == 200)
            let point = #"{"points":[{"id":1,"vector":[1,2]}]}"#
            #expect(try await server.send("PUT", "/collections/c/points", point).status == 200)
            try await body(server)
        }
    }

    private func refuses(
        _ server: LiveServer, _ method: String, _ path: String, _ body: String, _ status: Int, _ part: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let answer = try await server.send(method, path, body)
        let text = String(decoding: answer.body, as: UTF8.self)
        let told = "\(method) \(path) \(body.prefix(200)): \(answer.status) \(text.prefix(300))"
        #expect(answer.status == status, "\(told)", sourceLocation: sourceLocation)
        let plain = text.replacing("\\/", with: "/")
        #expect(plain.contains(part), "\(told)", sourceLocation: sourceLocation)
    }
}
