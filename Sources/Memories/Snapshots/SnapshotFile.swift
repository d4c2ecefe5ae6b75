import Core
import Search

/// The form of a file with all points of a collection: a mark, the number of the form, a ``SnapshotHead`` as JSON, each
/// point after a byte 1, and after a byte 0 how many there were. Numbers have their smallest byte first; what has no
/// fixed length stands after its length, of four bytes. All of it stands in blocks with checksums
/// (``BlockFileWriter``), so a file that is torn or altered is noticed.
enum SnapshotFile {
    /// How such a file begins: "MILLSNAP".
    static let mark: UInt64 = 0x5041_4E53_4C4C_494D
    /// The form that is written, and the only one that is read.
    static let version: UInt32 = 1
    /// How long a payload or the vectors of a point may be, in bytes.
    static let partLimit = 256 << 20
    /// How many bytes of a part are asked for at a time: a length that is a lie takes no memory.
    static let step = 1 << 20

    // Clients need not know where files stand.
    static let failures = BlockFileFailures { _, reason in
        Failure(
            .unavailable, code: "snapshot_not_written",
            "The snapshot was not written: \(reason). Make room in the data directory and try again.")
    } unusable: { _, reason in
        Failure(
            .invalid, code: "snapshot_unusable",
            "The snapshot cannot be used: \(reason). Nothing was restored. Use another one, or copy this one again."
        )
    }
}

/// Writes the points of a collection into a file, which stands under its name once it is whole.
final class SnapshotWriter {
    private let file: BlockFileWriter
    private var count: UInt64 = 0

    init(_ path: String, _ head: SnapshotHead) throws {
        file = try BlockFileWriter(path, SnapshotFile.failures)
        try file.write(SnapshotFile.mark)
        try file.write(SnapshotFile.version)
        try write(JSONWriter.bytes(of: head))
    }

    /// Adds a point with its vectors. Points come by ascending id.
    func add(_ point: Point) throws {
        try file.write(1 as UInt8)
        try write(point.key.bytes)
        try file.write(point.version)
        try file.write(point.createdAt.microseconds)
        try file.write(point.updatedAt.microseconds)
        try file.write((point.expiresAt == nil ? 0 : 1) as UInt8)
        try file.write(point.expiresAt?.microseconds ?? 0)
        try write(point.payload)
        try write(point.vectors?.bytes ?? [])
        count += 1
    }

    func finish() throws {
        try file.write(0 as UInt8)
        try file.write(count)
        try file.finish()
    }

    private func write(_ bytes: [UInt8]) throws {
        try file.write(UInt32(bytes.count))
        try bytes.withUnsafeBytes { try file.write($0) }
    }
}

/// Reads the points of a snapshot one by one, and refuses whatever cannot be.
final class SnapshotReader {
    /// What the file says of itself.
    let head: SnapshotHead
    private let file: BlockFileReader
    private var last: [UInt8] = []
    private var count: UInt64 = 0

    /// - throws: ``Failure`` `snapshot_unusable`, as everything that follows.
    init(_ path: String) throws {
        let file = try BlockFileReader(path, SnapshotFile.failures)
        guard try file.read(UInt64.self) == SnapshotFile.mark else { throw file.unusable("it is no snapshot") }
        let version: UInt32 = try file.read()
        guard version == SnapshotFile.version else {
            throw file.unusable("its form is \(version), and this server reads \(SnapshotFile.version)")
        }
        do {
            head = try SnapshotHead(Self.part(of: file))
        } catch let failure as Failure where failure.code != "snapshot_unusable" {
            throw file.unusable("its head is wrong: \(failure.rowMessage)")
        }
        self.file = file
    }

    /// The next point with its vectors; nil after the last, when the file has been found whole.
    func next() throws -> Point? {
        let mark: UInt8 = try file.read()
        guard mark == 1 else {
            guard mark == 0, try file.read(UInt64.self) == count, count == UInt64(head.pointCount) else {
                throw file.unusable("it has another number of points than it says")
            }
            try file.finish()
            return nil
        }
        let bytes = try Self.part(of: file)
        guard last.lexicographicallyPrecedes(bytes), let key = PointKey(bytes: bytes), key.isWithinLimits else {
            throw file.unusable("the id of point \(count) is wrong")
        }
        last = bytes
        count += 1
        return try point(key)
    }

    private func point(_ key: PointKey) throws -> Point {
        let version: Int64 = try file.read()
        let created = try time()
        let updated = try time()
        let ends: UInt8 = try file.read()
        let end = try time()
        let payload = try Self.part(of: file)
        let vectors = try vectors(of: key)
        guard version > 0, ends <= 1 else { throw file.unusable("point \(key) is wrong") }
        do {
            guard case .object = try JSONParser.parse(payload) else {
                throw file.unusable("the payload of \(key) is no object")
            }
        } catch let failure as Failure where failure.code != "snapshot_unusable" {
            throw file.unusable("the payload of \(key) is no JSON: \(failure.message)")
        }
        return Point(
            key: key, version: version, payload: payload, createdAt: created, updatedAt: updated,
            expiresAt: ends == 1 ? end : nil, position: .start, vectors: vectors)
    }

    private func time() throws -> Timestamp {
        let time = Timestamp(microseconds: try file.read())
        guard time >= .earliest, time <= .latest else { throw file.unusable("it has a time that cannot be") }
        return time
    }

    /// The vectors of a point, each as its metric stores it.
    private func vectors(of key: PointKey) throws -> PointVectors {
        let bytes = try Self.part(of: file)
        do {
            let vectors = try bytes.withUnsafeBytes { try PointVectors($0, of: head.definition.vectors) }
            for element in vectors.elements {
                let kind = head.definition.vectors[element.place]
                let prepared = try kind.metric.prepare(element.components, dimensions: kind.size)
                guard prepared == element.components else {
                    throw file.unusable("a vector of \(key) is not as the collection stores it")
                }
            }
            return vectors
        } catch let failure as Failure where failure.code != "snapshot_unusable" {
            throw file.unusable("the vectors of \(key) are wrong: \(failure.rowMessage)")
        }
    }

    private static func part(of file: BlockFileReader) throws -> [UInt8] {
        let count = Int(try file.read(UInt32.self))
        guard count <= SnapshotFile.partLimit else { throw file.unusable("a part of it is too long") }
        var bytes: [UInt8] = []
        while bytes.count < count {
            let start = bytes.count
            bytes += [UInt8](repeating: 0, count: min(SnapshotFile.step, count - start))
            try bytes.withUnsafeMutableBytes {
                try file.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[start...]))
            }
        }
        return bytes
    }
}

extension PointKey {
    /// Whether a client could have given a point this id.
    fileprivate var isWithinLimits: Bool {
        if case .text(let text) = self { (1...Self.textLimit).contains(text.utf8.count) } else { true }
    }
}
