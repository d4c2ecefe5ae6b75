import Core
import Testing

@testable import API

/// What a client may name as the source of a restore, and the files that it sends.
@Suite struct SnapshotLocationTests {
    private func place(_ text: String) throws -> String {
        let place = try SnapshotLocation(text, host: "here:8080", of: "c").place
        return "\(place.collection)|\(place.name)"
    }

    @Test func aSnapshotOfThisServerIsNamed() throws {
        #expect(try place("a.snapshot") == "c|a.snapshot")
        #expect(try place("file:///d/a.snapshot") == "d|a.snapshot")
        #expect(try place("file:///a%20b/a.snapshot") == "a b|a.snapshot")
        #expect(try place("http://here:8080/collections/d/snapshots/a.snapshot") == "d|a.snapshot")
        #expect(try place("HTTPS://HERE:8080/collections/d/snapshots/a.snapshot") == "d|a.snapshot")
    }

    @Test(arguments: [
        "/etc/passwd", "../a.snapshot", "file:///etc/x/passwd", "file:///a.snapshot", "file://host/d/a.snapshot",
        "file:///d%2Fe/a.snapshot", "file:///d/..%2Fa.snapshot", "http://elsewhere/collections/d/snapshots/a.snapshot",
        "http://here:8080@elsewhere/collections/d/snapshots/a.snapshot", "http://here:8080/a", "http://here:8080",
        "http://here:80/collections/d/snapshots/a", "ftp://here:8080/d/a", "http://169.254.169.254/latest/meta-data",
        "http://here:8080/collections/d/snapshots/a/b", "s3://bucket/a",
    ]) func anythingElseIsRefused(_ text: String) {
        #expect(throws: Failure.self) { try place(text) }
    }

    @Test func withoutAHostNoAddressIsOurs() {
        #expect(throws: Failure.self) { try SnapshotLocation("http:///collections/d/snapshots/a", host: "", of: "c") }
        #expect(throws: Failure.self) { try SnapshotLocation("http://x/collections/d/snapshots/a", host: nil, of: "c") }
    }

    @Test func theFirstPartOfAFormIsTheFile() throws {
        let type = "multipart/form-data; charset=x; boundary=\"a b\""
        #expect(MultipartFile.boundary(in: type) == "a b")
        #expect(MultipartFile.boundary(in: "multipart/form-data; boundary=abc") == "abc")
        #expect(MultipartFile.boundary(in: "multipart/form-data") == nil)
        #expect(MultipartFile.boundary(in: "multipart/form-data; boundary=") == nil)
        let file: [UInt8] = [0, 13, 10, 45, 45, 97, 13, 10, 255]
        let body =
            Array("--abc\r\nContent-Disposition: form-data; name=\"snapshot\"\r\n\r\n".utf8) + file
            + Array("\r\n--abc--\r\n".utf8)
        #expect(Array(try MultipartFile.firstPart(of: body[...], "abc")) == file)
        #expect(throws: Failure.self) { try MultipartFile.firstPart(of: body.dropLast(12), "abc") }
        #expect(throws: Failure.self) { try MultipartFile.firstPart(of: body[...], "abd") }
        #expect(throws: Failure.self) { try MultipartFile.firstPart(of: [], "abc") }
    }

    @Test func bytesAreFoundAsASlowSearchFindsThem() {
        var chance = SystemRandomNumberGenerator()
        for _ in 0..<2_000 {
            let text = (0..<Int.random(in: 0...30, using: &chance)).map { _ in UInt8.random(in: 0...1, using: &chance) }
            let wanted = (0..<Int.random(in: 1...5, using: &chance)).map { _ in UInt8.random(in: 0...1, using: &chance)
            }
            let slow = text.indices.first { text[$0...].starts(with: wanted) }
            #expect(text[...].range(of: wanted)?.lowerBound == slow, "\(wanted) in \(text)")
        }
    }
}
