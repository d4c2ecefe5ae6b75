import Testing

@testable import Workload

@Suite struct AnswerReaderTests {
    private func read(
        _ text: String, pieces: Int = 1, isHead: Bool = false
    ) -> (step: AnswerReader.Step, body: String, bytes: Int) {
        var reader = AnswerReader()
        reader.begin(keepingBody: true, isHead: isHead)
        let bytes = Array(text.utf8)
        var step = AnswerReader.Step.readOn
        var start = 0
        while start < bytes.count, step == .readOn {
            let end = min(bytes.count, start + max(1, bytes.count / pieces))
            step = bytes[start..<end].withUnsafeBytes { reader.take($0) }
            start = end
        }
        return (step, String(decoding: reader.body, as: UTF8.self), reader.byteCount)
    }

    private static let answers: [(text: String, status: Int, stays: Bool, body: String)] = [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, true, "hello"),
        ("HTTP/1.1 201 Created\r\ncontent-length:0\r\n\r\n", 201, true, ""),
        ("HTTP/1.1 204 No Content\r\nDate: now\r\n\r\n", 204, true, ""),
        ("HTTP/1.1 200 OK\nContent-Length: 2\n\nok", 200, true, "ok"),
        ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, false, "ok"),
        ("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok", 200, true, "ok"),
        ("HTTP/1.1 503 \r\nConnection: Close\r\nContent-Length: 2\r\n\r\nno", 503, false, "no"),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\nA;x=1\r\n0123456789\r\n0\r\n\r\n",
            200, true, "hello0123456789"
        ),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nT: 1\r\n\r\n", 200, true, "x"),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n!", 200, true, "!"),
    ]

    @Test(arguments: answers.indices, [1, 2, 3, 1_000]) func readsAnswersInAnyPieces(_ index: Int, _ pieces: Int) {
        let answer = Self.answers[index]
        let found = read(answer.text, pieces: pieces)
        #expect(found.step == .done(status: answer.status, connectionStays: answer.stays), "\(answer.text)")
        #expect(found.body == answer.body)
        #expect(found.bytes == answer.text.utf8.count)
    }

    @Test func anAnswerWithoutALengthEndsWithTheConnection() {
        var reader = AnswerReader()
        reader.begin(keepingBody: true, isHead: false)
        let bytes = Array("HTTP/1.1 200 OK\r\n\r\nall of it".utf8)
        #expect(bytes.withUnsafeBytes { reader.take($0) } == .readOn)
        #expect(reader.end() == .done(status: 200, connectionStays: false))
        #expect(reader.body == Array("all of it".utf8))
    }

    @Test func theAnswerToHeadHasNoBody() {
        let found = read("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", isHead: true)
        #expect(found.step == .done(status: 200, connectionStays: true))
    }

    @Test func aConnectionThatEndsBeforeTheAnswerBreaksIt() {
        var reader = AnswerReader()
        reader.begin(keepingBody: false, isHead: false)
        _ = Array("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel".utf8).withUnsafeBytes { reader.take($0) }
        guard case .broken = reader.end() else {
            Issue.record("Half of an answer is no answer.")
            return
        }
    }

    @Test(arguments: [
        "SSH-2.0-OpenSSH_9.2p1 Debian\r\n\r\n", "HTTP/1.1 abc OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFF\r\n",
        "HTTP/1.1 200 OK\r\nX: \(String(repeating: "x", count: 70_000))",
    ])
    func whatIsNoAnswerIsTold(_ text: String) {
        for pieces in [1, 1_000] {
            guard case .broken(let reason) = read(text, pieces: pieces).step else {
                Issue.record("\(text.prefix(60)) in \(pieces) pieces is no answer.")
                continue
            }
            #expect(!reason.isEmpty)
        }
    }
}
