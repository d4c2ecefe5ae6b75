extension HybridModel {
    /// The first bytes of a model, and the version of what follows. It is another number on a machine with another
    /// order of bytes.
    private static let head: UInt64 = 0x4D69_6C6C_5265_0001

    /// The model as bytes, without checksums.
    public var bytes: [UInt8] {
        var writer = ModelWriter()
        writer.append(Self.head)
        writer.append(UInt64(HybridFeature.all.count))
        writer.append(Int64(historyLimit))
        writer.append(returnGap)
        writer.append(UInt64(itemCount))
        writer.append(popularity.weights)
        for counts in trending.counts { writer.append(counts) }
        writer.append(weights.continuing)
        writer.append(weights.returning)
        for algorithm in Algorithm.allCases {
            writer.append(UInt8(tables[algorithm] == nil ? 0 : 1))
            tables[algorithm]?.write(to: &writer)
        }
        writer.append(UInt8(factors == nil ? 0 : 1))
        factors?.write(to: &writer)
        return writer.bytes
    }

    /// Reads a model.
    ///
    /// - throws: ``Failure`` when the bytes are not those of a model of this version.
    public init(bytes: [UInt8]) throws {
        var reader = ModelReader(bytes)
        guard try reader.number(UInt64.self) == Self.head, try reader.number(UInt64.self) == HybridFeature.all.count
        else {
            throw ModelReader.failure("they are of another version")
        }
        let historyLimit = Int(clamping: try reader.number(Int64.self))
        let returnGap = try reader.number(Int64.self)
        let itemCount = Int(clamping: try reader.number(UInt64.self))
        guard historyLimit >= 0, itemCount <= Int(Int32.max) else {
            throw ModelReader.failure("a number makes no sense")
        }
        let popularity = Popularity(weights: try reader.floats(count: itemCount, isNegativeAllowed: false))
        let trending = RecentCounts(
            counts: try HybridFeature.trendingShares.map { _ in
                try reader.floats(count: itemCount, isNegativeAllowed: false)
            })
        let weights = Weights(
            continuing: try reader.floats(count: HybridFeature.all.count, isNegativeAllowed: false),
            returning: try reader.floats(count: HybridFeature.all.count, isNegativeAllowed: false))
        var tables: [Algorithm: NeighborTable] = [:]
        for algorithm in Algorithm.allCases where try reader.number(UInt8.self) != 0 {
            tables[algorithm] = try NeighborTable(from: &reader, itemCount: itemCount)
        }
        let factors = try reader.number(UInt8.self) == 0 ? nil : try ImplicitALS(from: &reader, itemCount: itemCount)
        guard reader.isAtEnd else { throw ModelReader.failure("there are too many") }
        self.init(
            historyLimit: historyLimit, returnGap: returnGap, popularity: popularity, trending: trending,
            tables: tables,
            factors: factors, weights: weights)
    }

    /// How much memory the model takes, without that of rankings that are under way.
    public var sizeInBytes: Int {
        // Popularity and a number for each share of what is trending, each as it is and scaled, and a ranking.
        let ofItems = itemCount * (3 + 2 * trending.counts.count) * MemoryLayout<Float>.stride
        return ofItems + tables.values.reduce(0) { $0 + $1.sizeInBytes } + (factors?.sizeInBytes ?? 0)
    }
}

extension NeighborTable {
    /// How much memory it takes.
    public var sizeInBytes: Int {
        rowStarts.count * MemoryLayout<Int32>.stride + scales.count * MemoryLayout<Float>.stride
            + items.count * (MemoryLayout<Int32>.stride + MemoryLayout<Int16>.stride)
    }

    func write(to writer: inout ModelWriter) {
        writer.append(rowStarts)
        writer.append(scales)
        writer.append(items)
        writer.append(steps)
    }

    init(from reader: inout ModelReader, itemCount: Int) throws {
        rowStarts = try reader.numbers(count: itemCount + 1)
        scales = try reader.floats(count: itemCount)
        items = try reader.numbers()
        steps = try reader.numbers(count: items.count)
        let isAscending = zip(rowStarts, rowStarts.dropFirst()).allSatisfy { $0 <= $1 }
        guard isAscending, rowStarts.first == 0, rowStarts.last.map(Int.init) == items.count,
            items.allSatisfy({ $0 >= 0 && $0 < itemCount })
        else { throw ModelReader.failure("a table of neighbours makes no sense") }
    }
}

extension ImplicitALS {
    /// The most factors that are read.
    private static let factorLimit = 4096

    /// How much memory it takes.
    public var sizeInBytes: Int { items.values.count * MemoryLayout<Float>.stride }

    func write(to writer: inout ModelWriter) {
        writer.append(Int64(parameters.factors))
        writer.append(parameters.unobservedWeight)
        writer.append(parameters.regularization)
        writer.append(parameters.frequencyExponent)
        writer.append(Int64(parameters.iterations))
        writer.append(parameters.seed)
        writer.append(diagonal)
        writer.append(items.values)
    }

    init(from reader: inout ModelReader, itemCount: Int) throws {
        let factors = Int(clamping: try reader.number(Int64.self))
        guard (1...Self.factorLimit).contains(factors) else { throw ModelReader.failure("a number makes no sense") }
        let weights = try (0..<3).map { _ in try reader.number(Float.self) }
        guard weights.allSatisfy({ $0.isFinite && $0 >= 0 }) else {
            throw ModelReader.failure("a number makes no sense")
        }
        let iterations = Int(clamping: try reader.number(Int64.self))
        let seed = try reader.number(UInt64.self)
        let diagonal = try reader.floats(count: factors, isNegativeAllowed: false)
        let values = try reader.floats(count: factors * itemCount)
        self.init(
            parameters: Parameters(
                factors: factors, unobservedWeight: weights[0], regularization: weights[1],
                frequencyExponent: weights[2], iterations: iterations, seed: seed),
            items: FactorMatrix(factors: factors, values: values), diagonal: diagonal)
    }
}
