import Core
import Foundation
import TestKit
import Testing

/// `millrace import graph` with a real server.
@Suite(.timeLimit(.minutes(5))) struct GraphImportTests {
    private func write(_ text: String, to name: String, of server: MemoryServer) throws {
        try text.write(toFile: server.file(name), atomically: true, encoding: .utf8)
    }

    private func rejects(_ name: String, of server: MemoryServer) throws -> [String] {
        let text = try String(contentsOfFile: server.file(name), encoding: .utf8)
        return text.components(separatedBy: "\r\n").filter { !$0.isEmpty }
    }

    /// What a path answers.
    private func read(_ path: String, _ server: MemoryServer) async throws -> JSONObject {
        let response = try await server.send("GET", "/graph/\(path)")
        #expect(response.status == 200, "\(path): \(response.text)")
        return response.json
    }

    @Test func filesWithHeadersBecomeAGraphOnce() async throws {
        let server = try await MemoryServer()
        let people = """
            uuid,name,labels,summary,planet,attributes.born,group_id
            ada,"Lovelace, Ada",Person|Author,wrote notes,Earth,1815,club
            charles,Charles,,,,,
            """
        try write(people, to: "people.csv", of: server)
        let facts = """
            from\ttarget_node_uuid\tname\tfact\tvalid_at\tweight\tattributes
            ada\tcharles\tWORKS_WITH\tsaid "yes", once\t1842-01-01\t.5\t{"page": 3}
            ada\tnobody\tKNOWS\t\t\t\t
            charles\tada\tKNOWS\t\tsoon\t\t
            none\tnobody\tKNOWS\t\t\t\t
            ada\tcharles\tIS
            charles\tcharles\tIS\t\t\t-1\t
            """
        try write(facts, to: "facts.tsv", of: server)
        let command = ["people.csv", "facts.tsv", "--group", "town", "--map", "from=edges.source_node_uuid"]
        let first = try await server.run(["import", "graph"] + command)
        #expect(first.status == 1, "\(first.errors)")
        #expect(first.output.hasPrefix("nodes: 2 rows read, 2 written, 2 of them new, 0 rejected\n"), "\(first.output)")
        #expect(first.output.contains("columns not imported: planet"))
        #expect(first.output.contains("edges: 6 rows read, 1 written, 1 of them new, 5 rejected"), "\(first.output)")
        #expect(
            first.errors.contains("edges, line 3: there is no node nobody\n") && first.errors.contains("facts.tsv.rej"))
        let refused = try rejects("facts.tsv.rejected.csv", of: server)
        #expect(
            refused == [
                "line,reason,from,target_node_uuid,name,fact,valid_at,weight,attributes",
                "4,\"edges.valid_at: \"\"soon\"\" is not a date or time, such as 1996-07-04 or 1996-07-04T10:00:00Z\","
                    + "charles,ada,KNOWS,,soon,,",
                "6,the row has 3 fields where the header has 7,ada,charles,IS",
                "7,weight: A number that is not below zero is expected.,charles,charles,IS,,,-1,",
                "3,there is no node nobody,ada,nobody,KNOWS,,,,",
                "5,\"there is no node none, nor nobody\",none,nobody,KNOWS,,,,",
            ], "\(refused)")
        let ada = try await read("nodes/ada", server)
        #expect(ada["name"] == .string("Lovelace, Ada") && ada["group_id"] == .string("club"))
        #expect(ada["labels"]?.elements == [.string("Person"), .string("Author")])
        #expect(ada["attributes"]?["born"] == .string("1815"))
        #expect(try await read("nodes/charles", server)["group_id"] == .string("town"))
        let edge = try #require(try await read("nodes/ada/neighbors", server)["edges"]?.elements.first)
        #expect(edge["fact"] == .string("said \"yes\", once") && edge["valid_at"] == .string("1842-01-01T00:00:00Z"))
        #expect(edge["weight"] == .number("0.5") && edge["attributes"]?["page"] == .integer(3))
        #expect(edge["group_id"] == .string("town"))
        let again = try await server.run(["import", "graph"] + command)
        #expect(again.output.contains("nodes: 2 rows read, 2 written, 0 of them new"), "\(again.output)")
        #expect(again.output.contains("edges: 6 rows read, 1 written, 0 of them new"), "\(again.output)")
        #expect(try await read("nodes/ada", server)["version"] == .integer(1))
        #expect(await server.process.stop() == 0)
    }

    @Test func idsInAnotherNormalFormAreRejected() async throws {
        let server = try await MemoryServer()
        try write("uuid,name\ncafe\u{301},apart\ncaf\u{E9},one", to: "words.csv", of: server)
        let first = try await server.run(["import", "graph", "words.csv"])
        #expect(first.status == 1 && first.output.contains("1 written, 1 of them new, 1 rejected"), "\(first.output)")
        let refused = try rejects("words.rejected.csv", of: server)
        #expect(refused.count == 2 && refused.last?.contains("normal form C") == true, "\(refused)")
        #expect(try await read("nodes/caf%C3%A9", server)["name"] == .string("one"))
        #expect(await server.process.stop() == 0)
    }

    @Test func filesWithoutHeadersAndLinesOfJSONAreReadToo() async throws {
        let server = try await MemoryServer(["knowledge.dimensions": "3"])
        let nodes = """
            {"name": "Ada  Lovelace", "embedding": [0, 0, 1], "attributes": {"born": 1815}}
            {"name": "ada lovelace", "labels": ["Person"]}
            {"uuid": "b", "name": "B", "colour": "red"}
            {"uuid": "b", "name": "First"}
            {"uuid": "b", "name": "Second"}
            {"uuid": "n", "id": "m", "name": "Third"
            """
        let taken = try await server.run("import", "graph", "-", "--format", "ndjson", input: nodes)
        #expect(taken.status == 1, "\(taken.errors)")
        #expect(taken.output.hasPrefix("nodes: 6 rows read, 4 written, 2 of them new, 2 rejected"), "\(taken.output)")
        let refused = try rejects("stdin.rejected.csv", of: server)
        #expect(refused.count == 3 && refused[1].hasPrefix("3,colour: ") && refused[2].hasPrefix("6,"), "\(refused)")
        #expect(try await read("nodes/b", server)["name"] == .string("Second"), "the later counts")
        let found = try await server.post("/search/nodes", #"{"query": "lovelace"}"#)["nodes"]?.elements ?? []
        #expect(found.map { $0["name"] } == [.string("ada lovelace")], "one name is one node")
        let id = try #require(found.first?["uuid"]?.string)
        try write("b|KNOWS|\(id)\nb,KNOWS,\(id),\nb,LIKES,\(id)\n", to: "edges.txt", of: server)
        let columns = ["--edges-only", "--edge-columns", "source_node_uuid,name,target_node_uuid"]
        let edges = try await server.run(["import", "graph", "edges.txt", "--rejects", "no.csv"] + columns)
        #expect(edges.output == "edges: 3 rows read, 1 written, 1 of them new, 2 rejected\n", "\(edges.errors)")
        #expect(
            try rejects("no.csv", of: server) == [
                "line,reason,source_node_uuid,name,target_node_uuid",
                "1,the row has 1 fields where the list of columns has 3,b|KNOWS|\(id)",
                "2,the row has 4 fields where the list of columns has 3,b,KNOWS,\(id),",
            ])
        let around = try await read("nodes/b/neighbors", server)
        #expect(around["edges"]?.elements.map { $0["name"] } == [.string("LIKES")])
        #expect(await server.process.stop() == 0)
    }

    @Test func onlyTheEdgesThatCannotBeWrittenAreLeftOut() async throws {
        let server = try await MemoryServer()
        let nodes = (0..<1_203).map { "n\($0),Node \($0)" }.joined(separator: "\n")
        try write("uuid,name\n\(nodes)\n", to: "nodes.csv", of: server)
        let edges = (0..<1_400).map { number in
            let target = number % 4 == 3 ? "gone\(number)" : "n\(number % 1_203)"
            let contradicts = number % 500 == 10 ? #", "contradicts": ["none"]"# : ""
            return #"{"source_node_uuid":"n0","target_node_uuid":"\#(target)","name":"N\#(number)"\#(contradicts)}"#
        }
        try write(edges.joined(separator: "\n"), to: "edges.ndjson", of: server)
        let result = try await server.run("import", "graph", "nodes.csv", "edges.ndjson", "--edge-rejects", "r.csv")
        #expect(result.status == 1)
        #expect(
            result.output == """
                nodes: 1203 rows read, 1203 written, 1203 of them new, 0 rejected
                edges: 1400 rows read, 1047 written, 1047 of them new, 353 rejected

                """, "\(result.errors)")
        #expect(result.errors.split(separator: "\n").count == 21, "not every one of them is told of")
        let rejects = try rejects("r.csv", of: server).dropFirst()
        #expect(rejects.count == 353)
        #expect(rejects.filter { $0.contains("There is no edge none in the graph.") }.count == 3)
        #expect(rejects.filter { $0.contains("there is no node gone") }.count == 350)
        #expect(await server.process.stop() == 0)
    }

    @Test func whatCannotBeMeantIsRefusedBeforeAnythingIsWritten() async throws {
        let server = try await MemoryServer()
        try write("uuid,name\na,A\n", to: "n.csv", of: server)
        try write("id,uuid,attributes,attributes.x\na,b,c,d\n", to: "both.csv", of: server)
        let wrong: [(arguments: [String], status: Int32, reason: String)] = [
            (["graph", "-", "-"], 64, "not both"), (["graph", "n.csv", "e.csv", "--edges-only"], 64, "one file"),
            (["products", "n.csv", "e.csv"], 64, "Only a graph"),
            (["memories", "n.csv", "--group", "g"], 64, "Only a graph"),
            (["graph", "n.csv", "missing.csv"], 1, "missing.csv cannot be read"),
            (["graph", "n.csv", "--map", "uuid=uuid"], 1, "graphs have no uuid"),
            (["graph", "n.csv", "--map", "id=nodes.uuid"], 1, "There is no column id"),
            (["graph", "n.csv", "both.csv"], 1, "edges.attributes.x cannot stand beside it"),
            (["graph", "n.csv", "--node-columns", "uuid,uuid"], 1, "the column uuid twice"),
        ]
        for (arguments, status, reason) in wrong {
            let result = try await server.run(["import"] + arguments)
            #expect(result.status == status && result.errors.contains(reason), "\(arguments): \(result.errors)")
        }
        #expect(try await server.send("GET", "/graph/nodes/a").status == 404)
        #expect(await server.process.stop() == 0)
    }
}
