import Core

/// What stands at the beginning of the file of an index of vectors: what it is, what it was made for, and what it
/// stands for.
struct VectorIndexHead {
    /// The first bytes of such a file: "vectors" and a byte that is not text.
    private static let magic: UInt64 = 0x9573_726F_7463_6576
    /// The version of the format. Files of others are not read.
    private static let version: UInt32 = 1
    /// How far labels may lie apart in a file, so that a nonsensical one does not take all memory.
    private static let labelsPerNode = 64
    private static let leastLabelLimit = 1 << 20

    let graph: HNSWParameters
    let quantile: Double
    let quantizer: ScalarQuantizer?
    let position: LogPosition
    /// Where the sequence of random levels goes on.
    let levelState: UInt64
    let nodeCount: Int
    /// The labels are below it.
    let labelLimit: Int

    func write(to file: BlockFileWriter) throws {
        try file.write(Self.magic)
        try file.write(Self.version)
        try file.write(UInt32(graph.dimensions))
        try file.write(Self.code(of: graph.metric))
        try file.write(UInt32(graph.m))
        try file.write(UInt32(graph.efConstruction))
        try file.write(graph.seed)
        try file.write(quantile.bitPattern)
        try file.write((quantizer?.bound ?? 0).bitPattern)
        try file.write(position.value)
        try file.write(levelState)
        try file.write(UInt32(nodeCount))
        try file.write(UInt32(labelLimit))
    }

    /// Reads the head of the file of an index that was made for the same.
    init(from file: BlockFileReader, for parameters: VectorIndexParameters) throws {
        guard try file.read() == Self.magic else { throw file.unusable("it is no index of vectors") }
        guard try file.read() == Self.version else { throw file.unusable("it is of another version") }
        graph = parameters.graph
        quantile = parameters.quantile
        let isSame = [
            try file.read() == UInt32(graph.dimensions), try file.read() == Self.code(of: graph.metric),
            try file.read() == UInt32(graph.m), try file.read() == UInt32(graph.efConstruction),
            try file.read() == graph.seed, try file.read() == quantile.bitPattern,
        ]
        guard isSame.allSatisfy({ $0 }) else { throw file.unusable("it was made with other parameters") }
        let bound = Float(bitPattern: try file.read())
        guard bound.isFinite, bound >= 0 else { throw file.unusable("its codes have no bound") }
        quantizer = bound > 0 ? ScalarQuantizer(bound: bound) : nil
        position = LogPosition(try file.read())
        levelState = try file.read()
        nodeCount = Int(try file.read(UInt32.self))
        labelLimit = Int(try file.read(UInt32.self))
        let greatest = max(nodeCount * Self.labelsPerNode, Self.leastLabelLimit)
        guard nodeCount <= RowMemory.rowLimit, labelLimit <= min(greatest, RowMemory.rowLimit) else {
            throw file.unusable("its counts are impossible")
        }
    }

    init(_ parameters: VectorIndexParameters, _ writer: HNSWWriter, position: LogPosition) {
        graph = parameters.graph
        quantile = parameters.quantile
        quantizer = writer.memory.quantizer
        self.position = position
        levelState = writer.levels.state
        nodeCount = writer.nodeLevels.count
        labelLimit = writer.memory.nodes.count
    }

    private static func code(of metric: VectorMetric) -> UInt8 {
        switch metric {
        case .cosine: 1
        case .dot: 2
        case .euclid: 3
        case .manhattan: 4
        }
    }
}
