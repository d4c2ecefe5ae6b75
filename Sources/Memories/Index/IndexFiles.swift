import Core
import Foundation
import Search

/// The files in which the indexes of vectors are kept over a restart, in a directory of their own.
///
/// They are derived: one that is missing, damaged or for something else is passed over, and made anew from the tables.
struct IndexFiles: Sendable {
    private static let suffix = ".vectors"

    private let directory: String

    /// The files of a directory, which is made when the first of them is written.
    init(directory: String) { self.directory = directory }

    /// Writes the indexes of a collection, all of which are of this server.
    ///
    /// - parameter position: everything up to there is in them; what came later may be too.
    /// - throws: ``Failure`` `index_file_not_written`.
    func write(_ index: CollectionIndex, at position: LogPosition) throws {
        do {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        } catch {
            throw Failure(
                .unavailable, code: "index_file_not_written", "\(directory) cannot be made: \(error)", cause: error)
        }
        let number = index.collection.number
        for (place, vectors) in index.embedded.enumerated() {
            // A point has its slot before it has a vector there, and keeps it until that is gone.
            try vectors.write(to: path(number, place), position: position) { slot in
                index.key(at: slot).map { Point.number($0, in: number) } ?? 0
            }
        }
    }

    /// The indexes of a collection as they were written last, or nil when they are not all there and of use.
    func load(_ collection: PointCollection) -> StoredIndexes? {
        var loaded: [LoadedVectorIndex] = []
        for (place, definition) in collection.definition.vectors.enumerated() {
            guard let index = try? VectorIndex.load(path(collection.number, place), definition.parameters) else {
                return nil
            }
            loaded.append(index)
        }
        return StoredIndexes(loaded)
    }

    /// What is wrong with the bytes of the files of a collection, as far as there are files.
    func faults(_ collection: PointCollection) -> [String] {
        collection.definition.vectors.indices.compactMap { place in
            let path = path(collection.number, place)
            guard FileManager.default.fileExists(atPath: path) else { return nil }
            do {
                try VectorIndex.verifyFile(path)
                return nil
            } catch {
                return (error as? Failure)?.message ?? "\(error)"
            }
        }
    }

    /// Deletes the files of a collection.
    func remove(_ collection: PointCollection) {
        for place in collection.definition.vectors.indices {
            try? FileManager.default.removeItem(atPath: path(collection.number, place))
        }
    }

    /// Deletes the files of collections that are gone.
    func remove(allBut numbers: Set<Int64>) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        for name in names where name.hasSuffix(Self.suffix) {
            let number = name.split(separator: "-").first.flatMap { Int64($0) }
            guard number.map(numbers.contains) != true else { continue }
            try? FileManager.default.removeItem(atPath: "\(directory)/\(name)")
        }
    }

    private func path(_ number: Int64, _ place: Int) -> String { "\(directory)/\(number)-\(place)\(Self.suffix)" }
}

/// The indexes of a collection as they were read from files.
struct StoredIndexes {
    /// By their places in the definition of the collection.
    let vectors: [VectorIndex]
    /// Everything up to there is in them.
    let position: LogPosition
    /// The slots of points by their numbers.
    let slots: [Int64: UInt32]

    /// Nil when there is no vector at all, or two points have one number or slot.
    init?(_ loaded: [LoadedVectorIndex]) {
        guard let position = loaded.map(\.position).min() else { return nil }
        var slots: [Int64: UInt32] = [:]
        var numbers: [UInt32: Int64] = [:]
        for (slot, number) in loaded.flatMap(\.numbers) {
            guard slots.updateValue(slot, forKey: number) ?? slot == slot,
                numbers.updateValue(number, forKey: slot) ?? number == number
            else { return nil }
        }
        vectors = loaded.map(\.index)
        self.position = position
        self.slots = slots
    }
}

extension Point {
    /// A number that stands for a point in files. Two points of a collection have the same one hardly ever; where they
    /// do, the file is of no use.
    static func number(_ key: PointKey, in collection: Int64) -> Int64 {
        let entity = entity(key, in: collection)
        return Int64(bitPattern: entity.high ^ entity.low)
    }
}
