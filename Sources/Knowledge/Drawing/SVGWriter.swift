/// Draws a part of a graph as SVG. The picture has neither scripts nor styles of its own.
public struct SVGWriter {
    static let radius = 8.0
    private static let margin = 16.0
    /// Up to how many edges their names are written beside them; of more they would hide each other.
    private static let namedCount = 300
    /// How many characters of a name are shown; the whole of it is shown to who points at it.
    private static let shownLength = 28
    /// What nodes are filled with, by their first labels.
    private static let colors = [
        "#8ecae6", "#ffb703", "#90be6d", "#f4978e", "#cdb4db", "#e9c46a", "#84dcc6", "#d4a373", "#a3b18a", "#bde0fe",
    ]

    private let drawing: GraphDrawing
    private let places: [Point]
    private let curves: [EdgeCurve]

    /// Draws a part of a graph.
    public init(_ drawing: GraphDrawing) {
        self.drawing = drawing
        let ends = drawing.edges.map { ($0.source, $0.target) }
        var layout = ForceDirectedLayout(count: drawing.nodes.count, links: ends)
        let places = layout.place()
        self.places = places
        curves = EdgeCurve.all(ends, places)
    }

    /// The document.
    public var bytes: [UInt8] {
        let box = bounds
        var xml = XMLWriter()
        let size = box.high - box.low
        let corner = "\(Self.text(box.low.x)) \(Self.text(box.low.y))"
        let frame: KeyValuePairs = [
            "xmlns": "http://www.w3.org/2000/svg", "width": Self.text(size.x), "height": Self.text(size.y),
            "viewBox": "\(corner) \(Self.text(size.x)) \(Self.text(size.y))", "font-family": "sans-serif",
        ]
        xml.element("svg", frame) { xml in
            let rest = drawing.hasMore ? "; the graph has more" : ""
            xml.element("desc") { $0.text("\(drawing.nodes.count) nodes and \(drawing.edges.count) edges\(rest)") }
            xml.element("defs") { xml in
                let marker: KeyValuePairs = [
                    "id": "arrow", "viewBox": "0 0 10 10", "refX": "10", "refY": "5", "markerWidth": "8",
                    "markerHeight": "8", "orient": "auto",
                ]
                xml.element("marker", marker) { $0.element("path", ["d": "M0 0L10 5L0 10z", "fill": "#777"]) }
            }
            xml.element("rect", Self.background(box.low, size))
            xml.element("g", ["fill": "none", "stroke": "#777"]) { lines(&$0) }
            xml.element("g", Self.texts("#555", size: "10")) { edgeNames(&$0) }
            xml.element("g", ["stroke": "#333"]) { circles(&$0) }
            xml.element("g", Self.texts("#000", size: "12")) { nodeNames(&$0) }
        }
        return xml.bytes
    }

    private func lines(_ xml: inout XMLWriter) {
        for (edge, curve) in zip(drawing.edges, curves) {
            xml.element("path", ["d": curve.path, "marker-end": "url(#arrow)"]) { xml in
                let element = edge.element
                xml.element("title") { $0.text(element.name + (element.fact.isEmpty ? "" : "\n\(element.fact)")) }
            }
        }
    }

    private func edgeNames(_ xml: inout XMLWriter) {
        guard drawing.edges.count <= Self.namedCount else { return }
        for (edge, curve) in zip(drawing.edges, curves) { xml.name(Self.shown(edge.element.name), at: curve.middle) }
    }

    private func circles(_ xml: inout XMLWriter) {
        let labels = Set(drawing.nodes.compactMap(\.element.labels.first)).sorted()
        let numbers = Dictionary(labels.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        for (node, place) in zip(drawing.nodes, places) {
            let element = node.element
            let number = element.labels.first.flatMap { numbers[$0] }
            let shape: KeyValuePairs = [
                "cx": Self.text(place.x), "cy": Self.text(place.y), "r": Self.text(Self.radius),
                "fill": number.map { Self.colors[$0 % Self.colors.count] } ?? "#ddd",
                "stroke-width": node.depth == 0 ? "3" : "1",
            ]
            xml.element("circle", shape) { xml in
                let texts = [element.name, element.labels.joined(separator: ", "), element.summary]
                xml.element("title") { $0.text(texts.filter { !$0.isEmpty }.joined(separator: "\n")) }
            }
        }
    }

    private func nodeNames(_ xml: inout XMLWriter) {
        for (node, place) in zip(drawing.nodes, places) { xml.name(Self.shown(node.element.name), at: below(place)) }
    }

    /// The corners of all that is drawn.
    private var bounds: (low: Point, high: Point) {
        let names =
            zip(drawing.nodes, places).map { (Self.shown($0.element.name), below($1)) }
            + zip(drawing.edges, curves).map { (Self.shown($0.element.name), $1.middle) }
        let corners =
            names.flatMap { text, place in
                let half = Self.width(of: text) / 2
                return [Point(x: place.x - half, y: place.y - 14), Point(x: place.x + half, y: place.y + 6)]
            } + places.map { $0 - Point(x: Self.radius, y: Self.radius) } + curves.flatMap(\.extremes)
        guard let first = corners.first else { return (.zero, Point(x: Self.margin, y: Self.margin)) }
        var (low, high) = (first, first)
        for corner in corners {
            low = Point(x: min(low.x, corner.x), y: min(low.y, corner.y))
            high = Point(x: max(high.x, corner.x), y: max(high.y, corner.y))
        }
        let margin = Point(x: Self.margin, y: Self.margin)
        return (low - margin, high + margin)
    }

    private func below(_ place: Point) -> Point { place + Point(x: 0, y: Self.radius + 13) }

    /// How wide a text is, about: letters of the East and signs are twice as wide.
    private static func width(of text: String) -> Double {
        text.unicodeScalars.reduce(0) { $0 + ($1.value < 0x1100 ? 7 : 13) }
    }

    private static func shown(_ name: String) -> String {
        name.count > shownLength ? name.prefix(shownLength - 1) + "…" : name
    }

    private static func background(_ corner: Point, _ size: Point) -> KeyValuePairs<String, String> {
        [
            "x": text(corner.x), "y": text(corner.y), "width": text(size.x), "height": text(size.y), "fill": "#fff",
        ]
    }

    /// Texts of a size. A rim of the colour of the background makes them readable above lines.
    private static func texts(_ color: String, size: String) -> KeyValuePairs<String, String> {
        [
            "text-anchor": "middle", "fill": color, "font-size": size, "stroke": "#fff", "stroke-width": "3",
            "paint-order": "stroke",
        ]
    }

    /// A number with one decimal at most.
    static func text(_ number: Double) -> String {
        let tenths = Int((number * 10).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10)" : "\(Double(tenths) / 10)"
    }
}

extension XMLWriter {
    fileprivate mutating func name(_ text: String, at place: Point) {
        element("text", ["x": SVGWriter.text(place.x), "y": SVGWriter.text(place.y)]) { $0.text(text) }
    }
}
