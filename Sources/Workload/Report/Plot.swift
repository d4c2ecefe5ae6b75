import Foundation

/// Lines over two axes, as a drawing of SVG that needs nothing else.
struct Plot {
    /// A line.
    struct Line {
        let name: String
        /// The class of its colour in the page's style.
        let style: String
        let points: [(x: Double, y: Double)]
    }

    let title: String
    let yUnit: String
    let lines: [Line]
    /// Where the x axis is marked, and with what; nil is at round numbers.
    var xMarks: [(x: Double, text: String)]?

    private static let (width, height) = (860.0, 300.0)
    private static let (left, right, top, bottom) = (70.0, 16.0, 16.0, 34.0)

    /// The drawing, with its title and the names of its lines.
    var svg: String {
        let xs = lines.flatMap { $0.points.map(\.x) }
        let low = xs.min() ?? 0
        let high = max(xs.max() ?? 1, low + 1e-9)
        let yMarks = Self.roundMarks(upTo: max(lines.flatMap { $0.points.map(\.y) }.max() ?? 0, 1e-9))
        let ceiling = yMarks.last ?? 1
        func place(_ x: Double, _ y: Double) -> (Double, Double) {
            let across = (x - low) / (high - low) * (Self.width - Self.left - Self.right)
            let up = y / ceiling * (Self.height - Self.top - Self.bottom)
            return (Self.left + across, Self.height - Self.bottom - up)
        }
        var parts: [String] = []
        for mark in yMarks {
            let y = place(low, mark).1
            parts.append(
                "<line class=\"grid\" x1=\"\(Self.left)\" x2=\"\(Self.width - Self.right)\" y1=\"\(Self.text(y))\" "
                    + "y2=\"\(Self.text(y))\"/><text x=\"\(Self.left - 8)\" y=\"\(Self.text(y + 4))\" "
                    + "text-anchor=\"end\">\(Self.text(mark))</text>")
        }
        let marks = xMarks ?? Self.roundMarks(upTo: high).filter { $0 >= low && $0 <= high }.map { ($0, Self.text($0)) }
        for mark in marks where mark.x >= low && mark.x <= high {
            let x = place(mark.x, 0).0
            parts.append(
                "<text x=\"\(Self.text(x))\" y=\"\(Self.height - 12)\" text-anchor=\"middle\">\(mark.text)</text>")
        }
        for line in lines where !line.points.isEmpty {
            let path = line.points.map { point -> String in
                let (x, y) = place(point.x, point.y)
                return "\(Self.text(x)),\(Self.text(y))"
            }
            parts.append("<polyline class=\"line \(line.style)\" points=\"\(path.joined(separator: " "))\"/>")
        }
        let legend = lines.map { "<span class=\"key \($0.style)\"></span>\(LoadPage.escaped($0.name))" }
        return """
            <figure><figcaption><b>\(title)</b>, \(yUnit) <span class="legend">\(legend.joined(separator: " "))</span>\
            </figcaption><svg viewBox="0 0 \(Int(Self.width)) \(Int(Self.height))" role="img" aria-label="\(title)">
            \(parts.joined(separator: "\n"))
            </svg></figure>
            """
    }

    /// Round numbers from 0 to at least a value, in four to ten steps (Heckbert, "Nice numbers for graph labels",
    /// 1990).
    static func roundMarks(upTo value: Double) -> [Double] {
        let rough = value / 5
        let power = pow(10, floor(log10(rough)))
        let step = [1.0, 2, 5, 10].map { $0 * power }.first { $0 >= rough * 0.999 } ?? 10 * power
        return (0...Int((value / step).rounded(.up))).map { Double($0) * step }
    }

    private static func text(_ value: Double) -> String {
        if value == value.rounded(), abs(value) < 1e9 { return "\(Int(value))" }
        return String(format: abs(value) < 1 ? "%.3g" : "%.1f", value)
    }
}
