import Core
import Foundation
import Search

/// Builds an index of vectors from a file and searches in it, for `bench_vectors.py`, which makes the files, runs
/// others on them in the same way, and computes recall.
///
///     vector-bench VECTORS QUERIES FOUND DIMENSIONS M EF_CONSTRUCTION K EF,EF… [on-disk] [file=PATH] [filter=PATH]…
///
/// The files hold float32 numbers as they stand in memory; a filter holds the numbers of the vectors that it allows,
/// uint32. Each line of the output is an object in JSON. FOUND becomes the numbers of the vectors that were found,
/// uint32: for each `ef` in turn, then for each filter, K for each query.
@main
struct VectorBench {
    private static let rounds = 3

    let index: VectorIndex
    let source: VectorSource
    let queries: [[Float]]
    let k: Int
    var found = Data()

    static func main() throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        let numbers = arguments.dropFirst(3).prefix(4).compactMap(Int.init)
        guard arguments.count > 7, numbers.count == 4 else {
            FileHandle.standardError.write(Data("usage: see Benchmarks/Vectors/VectorBench.swift\n".utf8))
            exit(64)
        }
        let options = arguments.dropFirst(8)
        let parameters = VectorIndexParameters(
            dimensions: numbers[0], metric: .cosine, m: numbers[1], efConstruction: numbers[2],
            isOnDisk: options.contains("on-disk"))
        let vectors = try VectorFile(arguments[0], dimensions: numbers[0])
        let queries = try VectorFile(arguments[1], dimensions: numbers[0])
        var index = try build(vectors, parameters)
        if let path = options.first(where: { $0.hasPrefix("file=") }).map({ String($0.dropFirst(5)) }) {
            index = try restart(index, from: path)
        }
        var bench = VectorBench(
            index: index,
            source: { labels in Dictionary(uniqueKeysWithValues: labels.map { ($0, vectors[Int($0)]) }) },
            queries: (0..<queries.count).map { queries[$0] }, k: numbers[3])
        for breadth in arguments[7].split(separator: ",").compactMap({ Int($0) }) {
            let searches = bench.queries.map { VectorSearch($0, k: bench.k, breadth: breadth) }
            try bench.measure("\"ef\": \(breadth)", searches)
        }
        for path in options.filter({ $0.hasPrefix("filter=") }).map({ String($0.dropFirst(7)) }) {
            let file = try Data(contentsOf: URL(fileURLWithPath: path))
            let labels = file.withUnsafeBytes { Array($0.bindMemory(to: UInt32.self)) }
            let allowed = NodeSet(labels)
            let searches = bench.queries.map {
                VectorSearch($0, k: bench.k, among: allowed, allowedCount: labels.count)
            }
            try bench.measure("\"filter\": \(labels.count)", searches)
        }
        try bench.found.write(to: URL(fileURLWithPath: arguments[2]))
    }

    private static func build(_ vectors: VectorFile, _ parameters: VectorIndexParameters) throws -> VectorIndex {
        let before = memory()
        let start = processorSeconds()
        let index = VectorIndex(parameters)
        for label in 0..<vectors.count { try index.set(vectors[label], label: UInt32(label)) }
        let stored = processorSeconds() - start
        while index.unlinkedCount > 0 { index.linkSome(1_000) }
        let seconds = processorSeconds() - start
        print("{\"build_s\": \(seconds), \"store_s\": \(stored), \"memory_mb\": \(memory() - before)}")
        return index
    }

    /// Writes the index into a file and reads it again.
    private static func restart(_ index: VectorIndex, from path: String) throws -> VectorIndex {
        let clock = ContinuousClock()
        let writing = try clock.measure { try index.write(to: path, position: .start) { Int64($0) } }
        let start = clock.now
        let loaded = try VectorIndex.load(path, index.parameters)
        let reading = clock.now - start
        print("{\"write_s\": \(writing / .seconds(1)), \"load_s\": \(reading / .seconds(1))}")
        return loaded.index
    }

    /// Searches all queries some times, and notes what was found and the best time.
    private mutating func measure(_ what: String, _ searches: [VectorSearch]) throws {
        var best = Double.infinity
        var labels: [UInt32] = []
        for _ in 0..<Self.rounds {
            labels.removeAll(keepingCapacity: true)
            let start = Self.processorSeconds()
            for search in searches {
                let hits =
                    index.parameters.isOnDisk
                    ? try index.search(search, reading: source) : try index.search(search)
                labels += hits.map(\.label)
                // What is missing is no vector, so that each query has its place.
                labels += Array(repeating: .max, count: k - hits.count)
            }
            best = min(best, Self.processorSeconds() - start)
        }
        print("{\(what), \"qps\": \(Double(queries.count) / best)}")
        found += labels.withUnsafeBytes { Data($0) }
    }

    /// The time that the processor has worked for this process, which has one thread at work: what else runs on the
    /// machine does not count.
    private static func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    /// The memory of this process in megabytes, without the files that it has mapped.
    private static func memory() -> Double {
        let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = status?.split(separator: "\n").first { $0.hasPrefix("RssAnon:") }
        return (line?.split(separator: " ").dropFirst().first.flatMap { Double($0) } ?? 0) / 1024
    }
}

/// Vectors in a file, one after the other.
struct VectorFile: Sendable {
    private let data: Data
    private let bytes: Int

    init(_ path: String, dimensions: Int) throws {
        data = try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
        bytes = dimensions * 4
    }

    var count: Int { data.count / bytes }

    subscript(index: Int) -> [Float] {
        data.withUnsafeBytes { Array($0[(index * bytes)..<((index + 1) * bytes)].bindMemory(to: Float.self)) }
    }
}
