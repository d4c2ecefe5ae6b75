import Core
import TestKit
import Testing

@testable import Search

/// Filters mean what they mean to Qdrant, whose client evaluates them in its in-memory mode.
@Suite struct QdrantFilterTests {
    @Test func randomFiltersAgreeWithQdrant() throws {
        let seed = SeededRandom.fresh()
        var random = RandomPayloads(seed)
        let payloads = (0..<60).map { _ in random.payload() }
        let filters = (0..<300).map { _ in random.filter() }
        var input = JSONWriter(capacity: 65_536)
        input.object { json in
            json.member("payloads", array: payloads)
            json.member("filters", array: filters)
        }
        let result = try Python.run("qdrant_filters.py", input: input.bytes)
        try #require(result.status == 0, "\(seed): \(result.output)")
        let lines = result.output.split(separator: "\n")
        try #require(lines.count == filters.count, "\(seed)")
        var matches = 0
        for (json, line) in zip(filters, lines) {
            let filter = try PayloadFilter(json)
            let own = payloads.enumerated().map { number, payload in
                filter.matches(payload: payload, id: .number(UInt64(number)), vectorNames: ["image"]) ? "1" : "0"
            }
            matches += own.count { $0 == "1" }
            let wrong = zip(own, line).enumerated().first { $1.0 != String($1.1) }?.offset
            #expect(wrong == nil, "\(seed): \(text(json)) of \(wrong.map { text(.object(payloads[$0])) } ?? "")")
        }
        // Neither everything nor nothing fits, or the comparison would say little.
        #expect((1000..<17_000).contains(matches), "\(seed): \(matches)")
    }

    private func text(_ json: JSONValue) -> String {
        String(decoding: JSONWriter.bytes(of: json), as: UTF8.self)
    }
}
