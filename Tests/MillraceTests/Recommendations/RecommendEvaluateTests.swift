import Core
import Foundation
import TestKit
import Testing

/// `millrace recommend evaluate` with small files.
@Suite struct RecommendEvaluateTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func evaluate(_ text: String, as name: String, _ options: String...) async throws -> ServerProcess.Result {
        try await evaluate(text, as: name, options)
    }

    private func evaluate(_ text: String, as name: String, _ options: [String]) async throws -> ServerProcess.Result {
        try text.write(toFile: directory.file(name), atomically: true, encoding: .utf8)
        return try await ServerProcess.run(["recommend", "evaluate", name] + options, in: directory.path)
    }

    private func json(_ result: ServerProcess.Result) throws -> JSONObject {
        #expect(result.status == 0, "\(result.errors)")
        guard case .object(let object) = try JSONParser.parse(Array(result.output.utf8)) else {
            throw Failure.internal("No JSON object was printed: \(result.output)")
        }
        return object
    }

    /// The figures of an algorithm by their names.
    private func figures(_ report: JSONObject, _ algorithm: String) -> [String: String] {
        let row = report["algorithms"]?.elements.first { $0["algorithm"] == .string(algorithm) }
        return Dictionary(uniqueKeysWithValues: (row?.members ?? []).map { ($0.name, $0.value.digits) })
    }

    /// Nine baskets to learn from, and one whose last item is the third of what is popular.
    private let baskets = "a,b\na, b\nb,a\n\na,b\na,b,\nc,d\nd,c\na\nc\nd,c\n"

    @Test func basketsInText() async throws {
        let result = try await evaluate(baskets, as: "b.csv", "--baskets", "--k", "1")
        #expect(result.status == 0, "\(result.errors)")
        let lines = result.output.split(separator: "\n").map(String.init)
        let conditions = [
            "file: b.csv", "baskets: 10", "items: 4", "interactions: 18", "split: time", "tested: 1", "k: 1", "seed: 1",
        ]
        #expect(lines.prefix(8) == conditions[...], "\(result.output)")
        #expect(lines.contains("ALGORITHM      HR@1  NDCG@1     MRR  COVERAGE  NOVELTY"), "\(result.output)")
        #expect(lines.contains { $0.hasPrefix("hybrid       1.0000  1.0000  1.0000    0.2500     2.") })
        #expect(lines.contains { $0.hasPrefix("item_knn     1.0000  1.0000  1.0000    0.2500     2.") })
        #expect(lines.contains { $0.hasPrefix("popular      0.0000  0.0000  0.3333    0.2500     1.") })
    }

    @Test func tablesAreInTheOrderOfTheirTimes() async throws {
        // Written backwards: each user chose c last, which one more chose, and a first, which nobody else did.
        let rows = (1...8).map { "u\($0),c,2026-01-03,5\nu\($0),b,1767312000,4\nu\($0),a,2026-01-01,3\n" }.joined()
        let text = "user_id,item_id,timestamp,stars\n" + rows + "u9,c,2026-01-02,5\n"
        let report = try json(try await evaluate(text, as: "t.csv", "--split", "leave-one-out", "--format", "json"))
        #expect(report["users"] == .integer(9) && report["tested"] == .integer(8) && report["items"] == .integer(3))
        #expect(report["unused_columns"]?.elements == [.string("stars")])
        #expect(figures(report, "popular")["hit_rate"] == "1.0000")
        func line(_ user: Int, _ item: String) -> String { #"{"user":"\#(user)","item":"\#(item)"}"# + "\n" }
        let mixed = (1...8).map { line($0, "x") + line($0, "y") }.joined() + line(9, "y") + line(9, "x")
        let other = try json(try await evaluate(mixed, as: "t.ndjson", "--split", "leave-one-out", "--format", "json"))
        #expect(other["tested"] == .integer(9))
        // Of two items the one that a user does not have is the only one left.
        #expect(figures(other, "popular") == figures(other, "hybrid").merging(["algorithm": "popular"]) { $1 })
        #expect(figures(other, "popular")["hit_rate"] == "1.0000")
    }

    @Test func typesCountWhatAServerCountsThem() async throws {
        // Two purchases are worth more than three views, so b is the first of what is popular.
        let seen = "u1,a,view\nu2,a,view\nu3,a,view\nu4,b,purchase\nu5,b,purchase\n"
        let text = "user,item,type\n" + seen + "u6,c,view\nu6,b,view\n"
        for (file, isTyped) in [("typed.csv", true), ("plain.csv", false)] {
            let lines = text.split(separator: "\n").map { $0.split(separator: ",").prefix(isTyped ? 3 : 2) }
            let rows = lines.map { $0.joined(separator: ",") + "\n" }.joined()
            let report = try json(
                try await evaluate(rows, as: file, "--split", "leave-one-out", "--k", "1", "--format", "json"))
            #expect(figures(report, "popular")["hit_rate"] == (isTyped ? "1.0000" : "0.0000"))
        }
    }

    @Test(arguments: ["csv", "ndjson"]) func attributesMakeItemsAlike(form: String) async throws {
        let colours = ["red", "blue"]
        func item(_ colour: String, _ number: Int) -> String { "\(colour)\(number % 4)" }
        let rows = (0..<8).flatMap { user in
            (0..<4).map { "u\(user),\(item(colours[user % 2], user / 2 + $0))\n" }
        }
        let items = colours.flatMap { colour in (0..<4).map { (item(colour, $0), colour) } }
        let entities =
            form == "csv"
            ? "item_id,colour,sizes\n" + items.map { "\($0),\($1),\($1) small|large\n" }.joined()
            : items.map { #"{"entity_id":"\#($0)","attributes":{"colour":"\#($1)","price":7}}"# + "\n" }.joined()
        try entities.write(toFile: directory.file("e.\(form)"), atomically: true, encoding: .utf8)
        let table = "user,item\n" + rows.joined()
        let options = ["--split", "leave-one-out", "--k", "1", "--format", "json"]
        let report = try json(
            try await evaluate(table, as: "t.csv", options + ["--entities", "e.\(form)"]))
        #expect(figures(report, "content")["hit_rate"] == "1.0000")
        let plain = try json(try await evaluate(table, as: "t.csv", options))
        #expect(figures(plain, "content").isEmpty)
    }

    @Test(arguments: [
        ("", "is empty"), ("colour\nred\n", "has no column item"),
        ("item,colour\n,red\n", "line 2: the item is missing"),
        ("item,colour\na,red,big\n", "line 2: the row has 3 fields"),
    ]) func whatIsWrongWithEntitiesIsSaid(_ text: String, _ message: String) async throws {
        try text.write(toFile: directory.file("wrong.csv"), atomically: true, encoding: .utf8)
        let result = try await evaluate(baskets, as: "b.csv", "--baskets", "--entities", "wrong.csv")
        #expect(result.status == 1 && result.errors.contains(message), "\(result.errors)")
    }

    @Test(arguments: [
        ("", "is empty"),
        ("user,price\nu,1\n", "has no column item"),
        ("user,item\n", "0 users with 0 interactions"),
        ("user,item\nann,a\nann,a\nann,a\n", "1 users with 3 interactions"),
        ("user,item\nann,a\n,b\n", "line 3: the user is missing"),
        ("user,item\nann, \n", "line 2: the item is missing"),
        ("user,item\nann,a,b\n", "line 2: the row has 3 fields where the header has 2"),
        ("user,item,timestamp\nann,a,yesterday\n", "line 2: yesterday is no time"),
        ("user,item,timestamp\nann,a,2026-01-01\nann,b,\n", "line 3: times stand in some rows alone"),
        ("user,item,timestamp\nann,a,1e300\n", "line 2: 1e300 is no time"),
    ]) func whatIsWrongIsSaid(_ text: String, _ message: String) async throws {
        let result = try await evaluate(text, as: "wrong.csv", "--split", "time")
        #expect(result.status == 1 && result.output.isEmpty)
        #expect(result.errors.contains(message), "\(result.errors)")
    }

    @Test func oneUserIsEnoughToBeLeftOut() async throws {
        let text = "user,item\nann,a\nann,b\n"
        let report = try json(try await evaluate(text, as: "one.csv", "--split", "leave-one-out", "--format", "json"))
        #expect(report["tested"] == .integer(1))
        #expect(figures(report, "hybrid")["hit_rate"] == "0.0000", "nobody had chosen b")
    }

    @Test func filesThatCannotBeReadAndWrongUsage() async throws {
        let packed = try await evaluate("x", as: "baskets.csv.gz", "--baskets")
        #expect(packed.status == 1 && packed.errors.contains("zcat baskets.csv.gz |"), "\(packed.errors)")
        let missing = try await ServerProcess.run(["recommend", "evaluate", directory.file("none.csv")])
        #expect(missing.status == 1 && missing.errors.contains("cannot be read"))
        #expect(try await evaluate("", as: "e.csv", "--baskets").status == 1)
        #expect(try await evaluate(baskets, as: "b.csv", "--k", "0").status == 64)
        #expect(try await evaluate(baskets, as: "b.csv", "--split", "half").status == 64)
        let piped = try await ServerProcess.run(
            ["recommend", "evaluate", "-", "--baskets", "--format", "json"], input: baskets)
        #expect(try json(piped)["tested"] == .integer(1))
    }
}

extension JSONValue {
    /// The text of a string or of a number, as it stands there.
    fileprivate var digits: String {
        if case .number(let digits) = self { digits } else { string ?? "" }
    }
}
