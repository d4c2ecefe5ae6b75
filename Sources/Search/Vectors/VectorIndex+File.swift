public import Core
import Synchronization

/// An index that was read from a file.
public struct LoadedVectorIndex: Sendable {
    /// The index.
    public let index: VectorIndex
    /// The position of the log that it stands for.
    public let position: LogPosition
    /// The labels that have a vector, and the numbers by which the owner knows them.
    public let numbers: [(label: UInt32, number: Int64)]
}

/// The file of an index: derived from the owner's table, so it may be thrown away.
extension VectorIndex {
    /// Writes the whole index into a file, which takes the place of the one that is there once it is on the disk.
    /// Searches go on, writers wait for most of it.
    ///
    /// - parameters:
    ///   - position: the position of the log that it stands for.
    ///   - number: what the owner calls a label. It must not use the index.
    /// - throws: ``Failure`` `index_file_not_written`; the file that was there is as it was then.
    public func write(to path: String, position: LogPosition, number: (UInt32) -> Int64) throws {
        let file = try BlockFileWriter(path, .index)
        try writer.withLock { writer in
            let head = VectorIndexHead(parameters, writer, position: position)
            try VectorIndexFile.write(writer, head, to: file, number: number)
        }
        try file.finish()
    }

    /// Reads an index from a file. Its vectors are to be given by ``fill(_:label:)`` unless they are on disk; until
    /// then what was found is ranked by codes, or by vectors that are read (``search(_:reading:)``).
    ///
    /// - throws: ``Failure`` `index_file_unusable` when there is no such file, or it is damaged, torn, of another
    ///   version or for other parameters. Then the index is to be built anew.
    public static func load(_ path: String, _ parameters: VectorIndexParameters) throws -> LoadedVectorIndex {
        let file = try BlockFileReader(path, .index)
        let head = try VectorIndexHead(from: file, for: parameters)
        let (writer, numbers) = try VectorIndexFile.read(head, from: file, keepsVectors: !parameters.isOnDisk)
        return LoadedVectorIndex(index: VectorIndex(parameters, writer), position: head.position, numbers: numbers)
    }

    /// Holds the bytes of a file against their checksums, without making an index of them.
    ///
    /// - throws: ``Failure`` `index_file_unusable`.
    public static func verifyFile(_ path: String) throws {
        try BlockFileReader(path, .index).skipAll()
    }

    /// How many vectors are still to be given by ``fill(_:label:)``.
    public var unfilledCount: Int { memory.unfilled.count }

    /// Gives the vector of a label that was read from a file: the one of the position that the file stands for, or a
    /// newer one that is set later too. Nothing happens when it is there already.
    ///
    /// - throws: ``Failure`` `invalid_request` when the vector does not fit.
    public func fill(_ vector: [Float], label: UInt32) throws {
        let vector = try prepare(vector)
        writer.withLock { writer in
            guard let node = writer.memory.node(of: label), writer.memory.unfilled.contains(node) else { return }
            writer.memory.fill(vector, to: node)
        }
    }
}
