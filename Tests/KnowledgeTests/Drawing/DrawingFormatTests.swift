import Core
import Testing

@testable import Knowledge

/// Parts of graphs as files that other programs read, whatever stands in them.
@Suite struct DrawingFormatTests {
    private static let hostile = [
        #"a"b'<c>&amp;]]>"#, "--><!-- ", "<script>alert(1)</script>", "👩‍👩‍👧 é \u{202E}",
        "nul\0 bell\u{7} \u{1B}[0m \u{FFFE}",
        "line\r\nbreak\ttab", #"back\slash\"#, #"\N \n \""#, "{a|b} -> c; }", " ", "/* */ # //",
    ]

    private static func node(
        _ id: String, name: String? = nil, labels: [String] = [], attributes: JSONObject = JSONObject(),
        depth: Int? = nil
    ) -> GraphDrawing.Node {
        let header = ElementHeader(id: id, group: "g", createdAt: Timestamp(microseconds: 0))
        let node = GraphNode(header, name: name ?? id, labels: labels, summary: name ?? "", attributes: attributes)
        return GraphDrawing.Node(element: node, depth: depth)
    }

    private static func edge(
        _ id: String, _ source: String, _ target: String, name: String = "KNOWS", fact: String = "",
        attributes: JSONObject = JSONObject()
    ) -> GraphEdge {
        GraphEdge(
            ElementHeader(id: id, createdAt: Timestamp(microseconds: 0)), from: source, to: target, name: name,
            fact: fact, weight: 0.5, validAt: Timestamp("1842-01-01"), attributes: attributes)
    }

    /// Each hostile text as the id, the name, the label, the attribute and the relation of something.
    private static let hostileDrawing = GraphDrawing(
        hostile.map {
            node($0, name: $0, labels: [$0], attributes: JSONObject([.init($0, .string($0))]))
        }, hostile.map { edge($0, $0, hostile[0], name: $0, fact: $0) }, hasMore: true)

    /// What XML can tell of a text.
    private static func writable(_ text: String) -> String {
        var scalars = String.UnicodeScalarView()
        let unwritable: [Unicode.Scalar] = ["\0", "\u{7}", "\u{1B}", "\u{FFFE}"]
        for scalar in text.unicodeScalars { scalars.append(unwritable.contains(scalar) ? "\u{FFFD}" : scalar) }
        return String(scalars)
    }

    @Test func graphMLTellsEverythingToAParser() throws {
        let tree = try XMLTree(GraphMLWriter(Self.hostileDrawing).bytes)
        let names = Dictionary(uniqueKeysWithValues: tree.all("key").map { ($0.attributes["id"], $0) })
        func data(_ element: XMLTree) -> [String: String] {
            Dictionary(
                uniqueKeysWithValues: element.children.map {
                    (names[$0.attributes["key"]]?.attributes["attr.name"] ?? "", $0.text)
                })
        }
        let expected = Self.hostile.map(Self.writable)
        let nodes = tree.all("node").map(data)
        #expect(nodes.map { $0["uuid"] } == expected && nodes.map { $0["name"] } == expected)
        #expect(nodes.map { $0["labels"] } == expected)
        #expect(zip(nodes, expected).allSatisfy { $0["attributes.\($1)"] == $1 })
        let edges = tree.all("edge").map(data)
        #expect(edges.map { $0["fact"] } == expected && edges.map { $0["name"] } == expected)
        #expect(edges.allSatisfy { $0["weight"] == "0.5" && $0["valid_at"] == "1842-01-01T00:00:00Z" })
        let ids = tree.all("node").map { $0.attributes["id"] }
        #expect(tree.all("edge").map { $0.attributes["source"] } == ids)
        #expect(tree.all("edge").allSatisfy { $0.attributes["target"] == ids[0] })
        #expect(tree.all("graph").first?.children.first?.text == "true")
        #expect(tree.all("graph").first?.attributes["edgedefault"] == "directed")
    }

    @Test func attributesAreDeclaredWithTheTypeOfAllTheirValues() throws {
        func attributes(_ json: String) throws -> JSONObject {
            guard case .object(let object) = try JSONParser.parse(Array(json.utf8)) else { return JSONObject() }
            return object
        }
        let first = #"{"n": 1, "d": 2, "s": "x", "b": true, "m": 1, "l": [1], "h": 1, "gone": null}"#
        let second = #"{"n": 2, "d": 0.5, "s": "y", "b": false, "m": "a", "l": {"a": 1}, "h": 1e999}"#
        let drawing = GraphDrawing(
            [
                Self.node("a", attributes: try attributes(first), depth: 0),
                Self.node("b", attributes: try attributes(second), depth: 1),
            ], [Self.edge("e", "a", "b", attributes: try attributes(#"{"n": "x"}"#))], hasMore: false)
        let tree = try XMLTree(GraphMLWriter(drawing).bytes)
        func types(_ part: String) -> [String: String] {
            let keys = tree.all("key").filter { $0.attributes["for"] == part }
            return Dictionary(
                uniqueKeysWithValues: keys.map {
                    ($0.attributes["attr.name"] ?? "", $0.attributes["attr.type"] ?? "")
                })
        }
        let expected = ["n": "long", "d": "double", "s": "string", "b": "boolean", "m": "string", "l": "string"]
        for (name, type) in expected { #expect(types("node")["attributes.\(name)"] == type, "\(name)") }
        #expect(types("node")["attributes.h"] == "string" && types("node")["attributes.gone"] == nil)
        #expect(types("node")["depth"] == "int" && types("edge")["attributes.n"] == "string")
        #expect(types("edge")["weight"] == "double" && types("graph") == ["has_more": "boolean"])
        let texts = tree.all("node")[1].children.map(\.text)
        #expect(texts.contains(#"{"a":1}"#) && texts.contains("1e999") && texts.contains("false"))
        #expect(
            Set(tree.all("data").compactMap { $0.attributes["key"] }).isSubset(
                of: tree.all("key").map { $0.attributes["id"] ?? "" }))
    }

    @Test func dotIsReadAsItsGrammarSays() throws {
        let tree = try DOTTree(DOTWriter(Self.hostileDrawing).bytes)
        func id(_ text: String) -> String { text.replacing(#"\"#, with: #"\\"#).replacing("\0", with: "\u{FFFD}") }
        func shown(_ text: String) -> String {
            var scalars = String.UnicodeScalarView()
            for scalar in text.unicodeScalars {
                let isHidden = scalar.value < 32 && scalar != "\n"
                scalars.append(scalar == "\0" ? "\u{FFFD}" : isHidden ? " " : scalar)
            }
            return String(scalars)
        }
        #expect(tree.graph == ["has_more": "true"])
        #expect(tree.nodes.map(\.id) == Self.hostile.map(id))
        #expect(try tree.nodes.map { try DOTTree.shown($0.attributes["label"] ?? "") } == Self.hostile.map(shown))
        #expect(tree.edges.map(\.source) == Self.hostile.map(id))
        #expect(tree.edges.allSatisfy { $0.target == id(Self.hostile[0]) })
        #expect(try tree.edges.map { try DOTTree.shown($0.attributes["tooltip"] ?? "") } == Self.hostile.map(shown))
        #expect(tree.edges.map { $0.attributes["id"] } == Self.hostile.map(id))
    }

    @Test func svgShowsEveryNameAndRunsNothing() throws {
        let bytes = SVGWriter(Self.hostileDrawing).bytes
        let tree = try XMLTree(bytes)
        #expect(tree.name == "svg" && tree.attributes["xmlns"] == "http://www.w3.org/2000/svg")
        let texts = tree.all("text").map(\.text)
        #expect(texts == (Self.hostile + Self.hostile).map(Self.writable))
        let titles = tree.all("circle").compactMap(\.children.first?.text)
        #expect(titles == Self.hostile.map(Self.writable).map { "\($0)\n\($0)\n\($0)" })
        let used = Set(tree.all.map(\.name))
        #expect(used == ["svg", "desc", "defs", "marker", "path", "rect", "g", "title", "circle", "text"])
        let names = Set(tree.all.flatMap(\.attributes.keys))
        #expect(names.allSatisfy { !$0.hasPrefix("on") && $0 != "href" && $0 != "style" }, "\(names)")
        #expect(tree.all("desc").first?.text == "11 nodes and 11 edges; the graph has more")
        #expect(tree.all("path").filter { $0.attributes["marker-end"] == "url(#arrow)" }.count == 11)
        #expect(SVGWriter(Self.hostileDrawing).bytes == bytes, "the same graph is the same picture")
    }

    @Test func everythingDrawnStandsWithinThePicture() throws {
        let ids = (0..<40).map { "node \($0) with a long name that is cut" }
        let loops = [Self.edge("l", ids[0], ids[0]), Self.edge("m", ids[0], ids[0])]
        let both = [Self.edge("x", ids[1], ids[2]), Self.edge("y", ids[2], ids[1])]
        let edges = ids.dropFirst().enumerated().map { Self.edge("e\($0)", $1, ids[$0 / 3]) }
        let drawing = GraphDrawing(ids.map { Self.node($0) }, edges + loops + both, hasMore: false)
        let tree = try XMLTree(SVGWriter(drawing).bytes)
        let frame = (tree.attributes["viewBox"] ?? "").split(separator: " ").compactMap { Double($0) }
        try #require(frame.count == 4)
        #expect(tree.attributes["width"] == SVGWriter.text(frame[2]))
        func isInside(_ x: Double, _ y: Double) -> Bool {
            (frame[0]...frame[0] + frame[2]).contains(x) && (frame[1]...frame[1] + frame[3]).contains(y)
        }
        let circles = tree.all("circle").compactMap { circle -> Point? in
            guard let x = circle.attributes["cx"].flatMap(Double.init),
                let y = circle.attributes["cy"].flatMap(Double.init)
            else { return nil }
            return Point(x: x, y: y)
        }
        #expect(
            circles.count == 40 && circles.allSatisfy { isInside($0.x - 8, $0.y - 8) && isInside($0.x + 8, $0.y + 8) })
        for text in tree.all("text") {
            let (x, y) = (Double(text.attributes["x"] ?? "") ?? .nan, Double(text.attributes["y"] ?? "") ?? .nan)
            let half = Double(text.text.count) * 3.5
            #expect(isInside(x - half, y) && isInside(x + half, y), "\(text)")
            #expect(text.text.count <= 28)
        }
        let lines = tree.all("path").compactMap { $0.attributes["d"] }.dropFirst()
        #expect(lines.count == Set(lines).count, "no two edges are drawn over each other")
        let names = tree.all("text").map { "\($0.attributes["x"] ?? "") \($0.attributes["y"] ?? "")" }
        #expect(names.count == Set(names).count, "no name is written over another one")
        #expect(lines.filter { $0.contains("C") }.count == 2 && lines.filter { $0.contains("Q") }.count == 2)
        let apart = circles.indices.allSatisfy { index in
            circles[..<index].allSatisfy { ($0 - circles[index]).length > 2 * SVGWriter.radius }
        }
        #expect(apart, "no node hides another one")
    }

    @Test func edgesToNodesOutsideAreLeftOut() {
        let edges = [Self.edge("in", "a", "b"), Self.edge("out", "a", "c")]
        let drawing = GraphDrawing([Self.node("a"), Self.node("b")], edges, hasMore: false)
        #expect(drawing.edges.map(\.element.header.id) == ["in"])
        let nothing = GraphDrawing([], [], hasMore: false)
        #expect((try? XMLTree(SVGWriter(nothing).bytes)) != nil && (try? XMLTree(GraphMLWriter(nothing).bytes)) != nil)
        #expect((try? DOTTree(DOTWriter(nothing).bytes))?.nodes.isEmpty == true)
    }
}
