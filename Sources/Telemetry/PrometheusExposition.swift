/// Writes metrics in the text format of Prometheus, version 0.0.4.
public enum PrometheusExposition {
    /// The media type of the text.
    public static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

    /// Every metric of a registry by ascending name, each with its help and type.
    public static func text(of registry: MetricsRegistry) -> [UInt8] {
        var text = ExpositionText()
        for family in registry.collect() {
            let samples = family.samples
            guard !samples.isEmpty else { continue }
            text.head(of: family)
            for sample in samples {
                text.write(sample.series.reading, of: family.name, Array(zip(family.labels, sample.values)))
            }
        }
        return text.bytes
    }
}

/// The text so far.
private struct ExpositionText {
    private(set) var bytes: [UInt8] = []

    init() {
        bytes.reserveCapacity(16_384)
    }

    mutating func head(of family: any MetricFamily) {
        put("# HELP \(family.name) ")
        // Help may hold quotes as they are; a label value may not.
        escape(family.help, quotes: false)
        put("\n# TYPE \(family.name) \(family.type.rawValue)\n")
    }

    mutating func write(_ reading: MetricReading, of name: String, _ labels: [(name: String, value: String)]) {
        switch reading {
        case .count(let value):
            line(name, labels, "\(value)")
        case .number(let value):
            line(name, labels, Self.text(of: value))
        case .distribution(let distribution):
            for (index, count) in distribution.cumulativeCounts.enumerated() {
                let isLast = index == distribution.bounds.count
                let bound = isLast ? "+Inf" : Self.text(of: distribution.bounds[index])
                line("\(name)_bucket", labels + [("le", bound)], "\(count)")
            }
            line("\(name)_sum", labels, Self.text(of: distribution.sum))
            line("\(name)_count", labels, "\(distribution.count)")
        }
    }

    private mutating func line(_ name: String, _ labels: [(name: String, value: String)], _ value: String) {
        put(name)
        for (index, label) in labels.enumerated() {
            put(index == 0 ? "{" : ",")
            put("\(label.name)=\"")
            escape(label.value, quotes: true)
            put("\"")
        }
        put(labels.isEmpty ? " " : "} ")
        put("\(value)\n")
    }

    private mutating func put(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    private mutating func escape(_ text: String, quotes: Bool) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): put("\\\\")
            case UInt8(ascii: "\n"): put("\\n")
            case UInt8(ascii: "\"") where quotes: put("\\\"")
            default: bytes.append(byte)
            }
        }
    }

    /// A number as the format writes it: whole ones without a fraction, the others as short as reads back the same.
    private static func text(of value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return Int64(exactly: value).map(String.init) ?? value.description
    }
}
