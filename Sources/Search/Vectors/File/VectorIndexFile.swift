import Core

/// A node as it stands in the file: its level, what it is, its label, its parent, and the number of the label.
struct VectorIndexRecord {
    /// The level of a number that no node has.
    static let free: Int8 = -1

    var level = Self.free
    var isUnlinked = false
    /// Whether it is the newest node of its label.
    var isCurrent = false
    var label = SharedNumbers.none
    var parent = SharedNumbers.none
    /// What the owner calls the label.
    var number: Int64 = 0

    func write(to file: BlockFileWriter) throws {
        try file.write(level)
        try file.write((isUnlinked ? 1 : 0) | (isCurrent ? 2 : 0) as UInt8)
        try file.write(label)
        try file.write(parent)
        try file.write(number)
    }
}

extension VectorIndexRecord {
    /// Reads a node that can be.
    init(from file: BlockFileReader, _ head: VectorIndexHead) throws {
        level = try file.read()
        let flags: UInt8 = try file.read()
        isUnlinked = flags & 1 == 1
        isCurrent = flags & 2 == 2
        label = try file.read()
        parent = try file.read()
        number = try file.read()
        let isFree = level == Self.free
        let isKnown = label != SharedNumbers.none
        guard level >= Self.free, level <= RandomLevels.limit, flags < 4,
            !isKnown || label < head.labelLimit, !isCurrent || isKnown, !isUnlinked || isCurrent,
            parent == SharedNumbers.none || parent < head.nodeCount,
            !isUnlinked || parent == SharedNumbers.none, !isFree || !isKnown && !isUnlinked,
            isFree || isUnlinked || head.quantizer != nil
        else { throw file.unusable("a node is impossible") }
    }
}

/// Writes all of an index into a file, and reads it again.
///
/// First all nodes, then their links, then their codes, or their vectors while there are no codes yet.
enum VectorIndexFile {
    static func write(
        _ writer: HNSWWriter, _ head: VectorIndexHead, to file: BlockFileWriter, number: (UInt32) -> Int64
    ) throws {
        let memory = writer.memory
        let nodes = writer.nodeLevels.indices.map(UInt32.init)
        try head.write(to: file)
        for node in nodes {
            var record = VectorIndexRecord()
            if writer.isPlaced(node) {
                record.level = writer.nodeLevels[Int(node)]
                record.isUnlinked = memory.unlinked.contains(node)
                record.label = memory.labels[node]
                record.isCurrent = record.label != SharedNumbers.none && memory.nodes[record.label] == node
                record.parent = writer.parents[Int(node)]
                record.number = record.isCurrent ? number(record.label) : 0
            }
            try record.write(to: file)
        }
        for node in nodes where writer.contains(node) {
            for level in 0...Int(writer.nodeLevels[Int(node)]) {
                let links = memory.links(node, level)
                let slots = (0..<links.capacity).map { links[$0].littleEndian }
                try slots.withUnsafeBytes { try file.write($0) }
            }
        }
        for node in nodes where writer.isPlaced(node) { try file.write(memory.storedBytes(node)) }
    }

    /// Reads nodes, links and codes. What they lead to is looked at before it is used.
    static func read(
        _ head: VectorIndexHead, from file: BlockFileReader, keepsVectors: Bool
    ) throws -> (writer: HNSWWriter, numbers: [(label: UInt32, number: Int64)]) {
        let memory = HNSWMemory(head.graph, head.quantizer, keepsVectors: keepsVectors)
        var writer = HNSWWriter(memory, quantile: head.quantile)
        writer.levels = RandomLevels(seed: head.levelState, m: head.graph.m)
        var numbers: [(label: UInt32, number: Int64)] = []
        memory.nodes.grow(to: head.labelLimit)
        for _ in 0..<head.nodeCount {
            let record = try VectorIndexRecord(from: file, head)
            guard writer.restore(record) else { throw file.unusable("a label has two nodes") }
            if record.isCurrent { numbers.append((record.label, record.number)) }
        }
        let nodes = writer.nodeLevels.indices.map(UInt32.init)
        for node in nodes where writer.contains(node) {
            for level in 0...Int(writer.nodeLevels[Int(node)]) {
                let links = memory.links(node, level)
                var slots = [UInt32](repeating: 0, count: links.capacity)
                try slots.withUnsafeMutableBytes { try file.read(into: $0) }
                for slot in slots.indices { links.set(UInt32(littleEndian: slots[slot]), at: slot) }
            }
        }
        for node in nodes where writer.isPlaced(node) {
            try file.read(into: memory.bytesToStore(node))
            let isCurrent = memory.labels[node] != SharedNumbers.none && memory.nodes[memory.labels[node]] == node
            if memory.keepsVectors, memory.quantizer != nil, isCurrent { memory.unfilled.insert(node) }
        }
        try file.finish()
        if let fault = writer.faultOfRestored() { throw file.unusable(fault) }
        return (writer, numbers)
    }
}
