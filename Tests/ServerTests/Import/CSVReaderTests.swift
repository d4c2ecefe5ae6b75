import API
import Server
import Testing

@Suite struct CSVReaderTests {
    /// Every record of a text that comes in chunks of a size.
    private func read(_ bytes: [UInt8], chunk: Int = 64 * 1024) throws -> [CSVReader.Record] {
        var rest = bytes[...]
        var reader = CSVReader {
            defer { rest = rest.dropFirst(chunk) }
            return Array(rest.prefix(chunk))
        }
        var records: [CSVReader.Record] = []
        while let record = try reader.next() { records.append(record) }
        return records
    }

    @Test(arguments: [
        ("a,b\r\n1,2\r\n", [["a", "b"], ["1", "2"]]),
        ("a,b\n1,2", [["a", "b"], ["1", "2"]]),
        ("a,b\r1,2\r", [["a", "b"], ["1", "2"]]),
        ("\u{FEFF}a\n1\n", [["a"], ["1"]]),
        ("\"x,y\",\"say \"\"hi\"\"\"\n", [["x,y", "say \"hi\""]]),
        ("\"two\r\nlines\",b\n", [["two\r\nlines", "b"]]),
        ("a,,\n", [["a", "", ""]]),
        ("\n\na\n\n\nb\n\n", [["a"], ["b"]]),
        ("\"\"\n", [[""]]),
        (",\n", [["", ""]]),
        ("é,日本\n", [["é", "日本"]]),
        ("", []),
    ])
    func readsWhatTheStandardAllows(_ text: String, _ expected: [[String]]) throws {
        for chunk in [1, 2, 3, 1000] {
            let records = try read(Array(text.utf8), chunk: chunk)
            #expect(records.map(\.fields) == expected, "in chunks of \(chunk)")
            #expect(records.allSatisfy { $0.problem == nil })
        }
    }

    @Test func countsLinesThroughQuotedLineBreaks() throws {
        let records = try read(Array("h\n\"a\r\nb\nc\"\n\nlast\n".utf8), chunk: 2)
        #expect(records.map(\.line) == [1, 2, 6])
    }

    @Test(arguments: [
        ("a\"b,c\nnext\n", "the record has a quote inside of a field that does not begin with one"),
        ("\"a\"b,c\nnext\n", "the record has more text after the closing quote of a field"),
    ])
    func tellsWhatIsWrongAndGoesOn(_ text: String, _ problem: String) throws {
        let records = try read(Array(text.utf8))
        #expect(records.map(\.problem) == [problem, nil])
        #expect(records.last?.fields == ["next"])
        #expect(records.last?.line == 2)
    }

    @Test func refusesInvalidUTF8AndGoesOn() throws {
        let records = try read([0x61, 0x2C, 0xFF, 0x0A] + Array("ok\n".utf8))
        #expect(records.map(\.problem) == ["the record has bytes that are not UTF-8", nil])
    }

    @Test func refusesAnUnclosedQuote() throws {
        let records = try read(Array("a\n\"never closed\nb\nc".utf8))
        #expect(records.count == 2)
        #expect(records.last?.problem == "the record has a field in quotes that is never closed")
        #expect(records.last?.line == 2)
    }

    @Test func boundsRecordsAndFields() throws {
        let large = [UInt8](repeating: UInt8(ascii: "x"), count: CSVReader.recordLimit + 1) + Array("\nok\n".utf8)
        let records = try read(large)
        #expect(records.map(\.problem) == ["the record has more than \(CSVReader.recordLimit) bytes", nil])
        let quoted =
            Array("\"".utf8) + [UInt8](repeating: 10, count: CSVReader.recordLimit + 1) + Array("\"\nok\n".utf8)
        #expect(try read(quoted).map(\.fields) == [[], ["ok"]])
        let wide = String(repeating: ",", count: CSVReader.fieldLimit) + "\nok\n"
        #expect(
            try read(Array(wide.utf8)).map(\.problem)
                == ["the record has more than \(CSVReader.fieldLimit) fields", nil])
    }

    @Test func whatIsWrittenReadsBack() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("CSVReaderTests seed \(seed)")
        var state = seed
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        let alphabet = ["a", "b", ",", "\"", "\n", "\r", "\r\n", " ", "é", "😀", ""]
        for _ in 0..<300 {
            let width = 2 + random(4)
            let rows = (0..<(1 + random(5))).map { _ in
                (0..<width).map { _ in (0..<random(6)).map { _ in alphabet[random(alphabet.count)] }.joined() }
            }
            let text = rows.map(CSVWriter.record).joined()
            let records = try read(Array(text.utf8), chunk: 1 + random(7))
            #expect(records.map(\.fields) == rows, "seed \(seed)")
        }
    }
}
