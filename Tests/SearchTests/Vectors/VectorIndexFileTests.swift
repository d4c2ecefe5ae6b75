import Core
import Foundation
import TestKit
import Testing

@testable import Search

/// An index that is written and read again is the same, and no damage of its file is taken for an index.
@Suite struct VectorIndexFileTests {
    private static func vector(_ random: inout SeededRandom) -> [Float] {
        (0..<4).map { _ in Float.random(in: -1...1, using: &random) }
    }

    private static func parameters(isOnDisk: Bool = false, exactBelow: Int = 12) -> VectorIndexParameters {
        VectorIndexParameters(
            dimensions: 4, metric: .euclid, m: 3, efConstruction: 20, isOnDisk: isOnDisk
        ).with(exactBelow: exactBelow)
    }

    /// An index in whatever state a history leaves it, with its vectors.
    private static func history(
        _ steps: Int, _ random: inout SeededRandom
    ) throws -> (index: VectorIndex, vectors: [UInt32: [Float]]) {
        let index = VectorIndex(parameters())
        var vectors: [UInt32: [Float]] = [:]
        for _ in 0..<steps {
            let label = UInt32.random(in: 0..<90, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: vectors[label] = index.remove(label) ? nil : vectors[label]
            case 1: index.linkSome(4)
            default:
                let vector = vector(&random)
                try index.set(vector, label: label)
                vectors[label] = vector
            }
        }
        return (index, vectors)
    }

    private static func write(_ index: VectorIndex, _ directory: TemporaryDirectory) throws -> String {
        let path = directory.file("vectors")
        try index.write(to: path, position: LogPosition(77)) { Int64($0) * 1_000 - 5 }
        return path
    }

    @Test func whatIsWrittenIsReadAgain() throws {
        var random = SeededRandom.fresh()
        let directory = try TemporaryDirectory()
        for steps in [0, 1, 20, 60, 200, 500] {
            let (index, vectors) = try Self.history(steps, &random)
            let path = try Self.write(index, directory)
            let loaded = try VectorIndex.load(path, Self.parameters())
            let numbers = Dictionary(uniqueKeysWithValues: loaded.numbers.map { ($0.label, $0.number) })
            #expect(loaded.position == LogPosition(77) && loaded.index.count == vectors.count, "\(random)")
            #expect(numbers == vectors.keys.reduce(into: [:]) { $0[$1] = Int64($1) * 1_000 - 5 }, "\(random)")
            #expect(loaded.index.checkInvariants().isEmpty, "\(random): \(loaded.index.checkInvariants())")
            #expect(loaded.index.unlinkedCount == index.unlinkedCount, "\(random)")
            try Self.goOn(loaded.index, vectors, &random)
        }
    }

    /// Fills in the vectors, and goes on writing.
    private static func goOn(
        _ index: VectorIndex, _ vectors: [UInt32: [Float]], _ random: inout SeededRandom
    ) throws {
        let query = vector(&random)
        let byCodes = try index.search(VectorSearch(query, k: 100))
        #expect(Set(byCodes.map(\.label)) == Set(vectors.keys), "\(random)")
        let byRead = try index.search(VectorSearch(query, k: 100)) { labels in
            vectors.filter { labels.contains($0.key) }
        }
        for (label, vector) in vectors { try index.fill(vector, label: label) }
        try index.fill(query, label: 5_000)
        #expect(index.unfilledCount == 0, "\(random)")
        #expect(try index.search(VectorSearch(query, k: 100)) == byRead, "\(random)")
        for (label, vector) in vectors {
            #expect(try index.search(VectorSearch(vector, k: 1, isExact: true)) == [VectorHit(label: label, score: 0)])
        }
        for label in 0..<120 {
            if label % 3 == 0 { index.remove(UInt32(label)) }
            if label % 2 == 0 { try index.set(vector(&random), label: UInt32(label)) }
            index.linkSome(label % 3)
            let violations = index.checkInvariants()
            #expect(violations.isEmpty, "\(random): \(violations)")
        }
    }

    @Test func vectorsOnDiskAreNotAskedFor() async throws {
        var random = SeededRandom.fresh()
        let (index, vectors) = try Self.history(300, &random)
        let directory = try TemporaryDirectory()
        let loaded = try VectorIndex.load(try Self.write(index, directory), Self.parameters(isOnDisk: true))
        #expect(loaded.index.unfilledCount == 0 && loaded.index.bytes.vectors == 0)
        let label = try #require(vectors.keys.min())
        let hits = try loaded.index.search(VectorSearch(vectors[label] ?? [], k: 1, isExact: true)) { labels in
            vectors.filter { labels.contains($0.key) }
        }
        #expect(hits == [VectorHit(label: label, score: 0)])
    }

    /// Writes a file that is new each time: some file systems go to the disk when an old one is written over.
    private static func put(_ bytes: Data, _ path: String) throws {
        if FileManager.default.fileExists(atPath: path) { try FileManager.default.removeItem(atPath: path) }
        try bytes.write(to: URL(fileURLWithPath: path))
    }

    /// A file of one block with the right checksum.
    private static func file(of content: [UInt8]) -> Data {
        [content, []].enumerated().reduce(into: Data()) { file, block in
            let checksum = block.element.withUnsafeBytes { BlockFile.checksum($0, at: UInt32(block.offset)) }
            for number in [UInt32(block.element.count).littleEndian, checksum.littleEndian] {
                withUnsafeBytes(of: number) { file.append(contentsOf: $0) }
            }
            file.append(contentsOf: block.element)
        }
    }

    private static func expectUnusable(_ bytes: Data, _ path: String, _ place: String) throws {
        try put(bytes, path)
        let failure = #expect(throws: Failure.self, "\(place)") { try VectorIndex.load(path, parameters()) }
        #expect(failure?.code == "index_file_unusable", "\(place)")
    }

    @Test func everyDamageIsNoticed() throws {
        var random = SeededRandom.fresh()
        let directory = try TemporaryDirectory()
        let (index, _) = try Self.history(35, &random)
        let path = try Self.write(index, directory)
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        let damaged = directory.file("damaged")
        for place in whole.indices {
            var bytes = whole
            bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            try Self.expectUnusable(bytes, damaged, "\(random), byte \(place)")
        }
        for count in stride(from: 0, to: whole.count, by: 11) {
            try Self.expectUnusable(whole.prefix(count), damaged, "\(random), \(count) bytes")
        }
        try Self.expectUnusable(whole + [0], damaged, "a byte more")
        try Self.expectUnusable(whole + whole, damaged, "twice")
        #expect(throws: Failure.self) { try VectorIndex.load(directory.file("nothing"), Self.parameters()) }
    }

    /// A file whose checksums are right, but whose content is not.
    @Test func nonsenseWithRightChecksumsIsNoticedOrSound() throws {
        var random = SeededRandom.fresh()
        let directory = try TemporaryDirectory()
        let (index, _) = try Self.history(35, &random)
        let whole = try Data(contentsOf: URL(fileURLWithPath: try Self.write(index, directory)))
        let content = [UInt8](whole[8..<(whole.count - 8)])
        #expect(Self.file(of: content) == whole)
        let path = directory.file("nonsense")
        var (sound, unusable) = (0, 0)
        for place in 0..<content.count {
            var bytes = content
            // The greatest values, small ones and any.
            bytes[place] = [.max, 0, 1, 0x80, .random(in: 0...255, using: &random)].randomElement(using: &random) ?? 0
            if place % 5 == 0, place + 4 <= bytes.count {
                bytes.replaceSubrange(place..<(place + 4), with: [3, 0, 0, 0])
            }
            try Self.put(Self.file(of: bytes), path)
            do {
                let loaded = try VectorIndex.load(path, Self.parameters())
                #expect(loaded.index.checkInvariants().isEmpty, "\(random), byte \(place)")
                _ = try loaded.index.search(VectorSearch([0, 0, 0, 0], k: 200))
                loaded.index.linkSome(.max)
                sound += 1
            } catch let failure as Failure {
                #expect(failure.code == "index_file_unusable", "\(random), byte \(place)")
                unusable += 1
            }
        }
        // Codes and positions may be anything; links and nodes may not.
        #expect(sound > 0 && unusable > content.count / 3, "\(random): \(sound), \(unusable)")
    }

    @Test func anIndexForOtherParametersIsNotTaken() throws {
        var random = SeededRandom.fresh()
        let directory = try TemporaryDirectory()
        let (index, _) = try Self.history(100, &random)
        let path = try Self.write(index, directory)
        for other in [
            VectorIndexParameters(dimensions: 5, metric: .euclid, m: 3, efConstruction: 20),
            VectorIndexParameters(dimensions: 4, metric: .manhattan, m: 3, efConstruction: 20),
            VectorIndexParameters(dimensions: 4, metric: .euclid, m: 4, efConstruction: 20),
            VectorIndexParameters(dimensions: 4, metric: .euclid, m: 3, efConstruction: 21),
            VectorIndexParameters(dimensions: 4, metric: .euclid, m: 3, efConstruction: 20, quantile: 0.9),
        ] {
            let failure = #expect(throws: Failure.self) { try VectorIndex.load(path, other) }
            #expect(failure?.code == "index_file_unusable")
        }
        let same = VectorIndexParameters(
            dimensions: 4, metric: .euclid, m: 3, efConstruction: 20, searchBreadth: 9, unlinkedLimit: 7)
        #expect(throws: Never.self) { try VectorIndex.load(path, same) }
    }

    @Test func aFileThatCannotBeWrittenLeavesTheOldOne() throws {
        var random = SeededRandom.fresh()
        let directory = try TemporaryDirectory()
        let (index, vectors) = try Self.history(100, &random)
        let path = try Self.write(index, directory)
        // Where the new file would be written stands a directory.
        try FileManager.default.createDirectory(atPath: "\(path).new", withIntermediateDirectories: false)
        let failure = #expect(throws: Failure.self) { try Self.write(index, directory) }
        #expect(failure?.code == "index_file_not_written")
        #expect(try VectorIndex.load(path, Self.parameters()).index.count == vectors.count)
    }

    @Test func checksumsAreThoseOfTheStandard() {
        // RFC 3720, appendix B.4, and the check value of the catalogues of such checksums.
        let cases: [([UInt8], UInt32)] = [
            ([UInt8](repeating: 0, count: 32), 0x8A91_36AA), ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
            ([UInt8](0..<32), 0x46DD_794E), ((0..<32).reversed(), 0x113F_DB5C), (Array("123456789".utf8), 0xE306_9283),
            ([], 0),
        ]
        for (bytes, expected) in cases { #expect(bytes.withUnsafeBytes { Checksum.of($0) } == expected) }
        let bytes = (0..<100).map { UInt8($0) }
        for cut in 0...100 {
            var checksum = Checksum()
            bytes[..<cut].withUnsafeBytes { checksum.add($0) }
            bytes[cut...].withUnsafeBytes { checksum.add($0) }
            #expect(checksum.value == bytes.withUnsafeBytes { Checksum.of($0) })
        }
    }

    @Test func blocksThatStandElsewhereAreNoticed() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("blocks")
        let blocks =
            [UInt8](repeating: 1, count: BlockFile.blockBytes) + [UInt8](repeating: 2, count: BlockFile.blockBytes)
        let file = try BlockFileWriter(path, .index)
        try blocks.withUnsafeBytes { try file.write($0) }
        try file.finish()
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        func read() throws -> [UInt8] {
            let reader = try BlockFileReader(path, .index)
            var read = [UInt8](repeating: 0, count: blocks.count)
            try read.withUnsafeMutableBytes { try reader.read(into: $0) }
            try reader.finish()
            return read
        }
        #expect(try read() == blocks)
        let length = BlockFile.blockBytes + BlockFile.headBytes
        let swapped = bytes[length..<(2 * length)] + bytes[..<length]
        bytes.replaceSubrange(..<(2 * length), with: swapped)
        try bytes.write(to: URL(fileURLWithPath: path))
        #expect(throws: Failure.self) { try read() }
    }
}
