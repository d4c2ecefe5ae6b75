public import Core
import Foundation

/// The form of a file that is written once: blocks of bytes, each with its length and a checksum of its place, length
/// and bytes. A block of no bytes is the last.
///
/// So a byte that is not what was written is noticed, and a file whose end is missing, and one whose blocks stand
/// elsewhere than they did.
enum BlockFile {
    /// How many bytes a block has at most.
    static let blockBytes = 1 << 20
    /// The length and the checksum before the bytes of a block.
    static let headBytes = 8

    /// The checksum of a block.
    static func checksum(_ bytes: UnsafeRawBufferPointer, at index: UInt32) -> UInt32 {
        var checksum = Checksum()
        for number in [index.littleEndian, UInt32(bytes.count).littleEndian] {
            withUnsafeBytes(of: number) { checksum.add($0) }
        }
        checksum.add(bytes)
        return checksum.value
    }
}

/// What whoever writes or reads a file of blocks is told when that fails.
public struct BlockFileFailures: Sendable {
    /// Makes the failure of a file that was not written, of its path and the reason.
    public let notWritten: @Sendable (_ path: String, _ reason: String) -> Failure
    /// Makes the failure of a file that cannot be used, of its path and the reason.
    public let unusable: @Sendable (_ path: String, _ reason: String) -> Failure

    /// Failures of one kind of files.
    public init(
        notWritten: @escaping @Sendable (_ path: String, _ reason: String) -> Failure,
        unusable: @escaping @Sendable (_ path: String, _ reason: String) -> Failure
    ) {
        self.notWritten = notWritten
        self.unusable = unusable
    }

    /// Those of the files of an index.
    static let index = BlockFileFailures { path, reason in
        Failure(
            .unavailable, code: "index_file_not_written",
            "The index file \(path) was not written: \(reason). The index works without it, but is built anew at the "
                + "next start. Make room for it.")
    } unusable: { path, reason in
        Failure(
            .internal, code: "index_file_unusable",
            "The index file \(path) cannot be used: \(reason). Build the index anew from the table.")
    }
}

/// Writes a file of blocks beside the one that is there, and puts it in its place once it is on the disk.
public final class BlockFileWriter {
    private let path: String
    private let temporary: String
    private let descriptor: Int32
    private var block: [UInt8] = []
    private var blocks: UInt32 = 0
    private var isKept = false
    private let failures: BlockFileFailures

    /// Begins a file. Nothing stands under its name before ``finish()``.
    ///
    /// - parameter failures: those of this kind of files.
    /// - throws: that the file was not written, as all that follows.
    public init(_ path: String, _ failures: BlockFileFailures) throws {
        self.path = path
        self.failures = failures
        temporary = "\(path).new"
        descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure(path, failures) }
        block.reserveCapacity(BlockFile.blockBytes)
    }

    deinit {
        close(descriptor)
        if !isKept { unlink(temporary) }
    }

    /// Adds bytes.
    public func write(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = rest.prefix(BlockFile.blockBytes - block.count)
            block.append(contentsOf: part)
            rest = rest.dropFirst(part.count)
            if block.count == BlockFile.blockBytes { try flush() }
        }
    }

    /// Adds a number, its smallest byte first.
    public func write(_ number: some FixedWidthInteger) throws {
        try withUnsafeBytes(of: number.littleEndian) { try write($0) }
    }

    /// Ends the file. It is on the disk then, under its name.
    public func finish() throws {
        if !block.isEmpty { try flush() }
        try flush()
        guard fsync(descriptor) == 0, rename(temporary, path) == 0 else { throw Self.failure(path, failures) }
        isKept = true
        // The name is on the disk when the directory is.
        let directory = open(URL(fileURLWithPath: path).deletingLastPathComponent().path, O_RDONLY | O_CLOEXEC)
        guard directory >= 0 else { throw Self.failure(path, failures) }
        defer { close(directory) }
        guard fsync(directory) == 0 else { throw Self.failure(path, failures) }
    }

    private func flush() throws {
        try block.withUnsafeBytes { bytes in
            let head = [UInt32(bytes.count).littleEndian, BlockFile.checksum(bytes, at: blocks).littleEndian]
            try head.withUnsafeBytes { try put($0) }
            try put(bytes)
        }
        blocks += 1
        block.removeAll(keepingCapacity: true)
    }

    private func put(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = UnsafeRawBufferPointer(rebasing: bytes[...])
        while !rest.isEmpty {
            let written = Foundation.write(descriptor, rest.baseAddress, rest.count)
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw Self.failure(path, failures) }
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
        }
    }

    private static func failure(_ path: String, _ failures: BlockFileFailures) -> Failure {
        failures.notWritten(path, String(cString: strerror(errno)))
    }
}

/// Reads a file of blocks and holds each block against its checksum before anything of it is used.
public final class BlockFileReader {
    private let path: String
    private let descriptor: Int32
    private var block: [UInt8] = []
    private var position = 0
    private var blocks: UInt32 = 0
    private var isAtEnd = false
    private let failures: BlockFileFailures

    /// Opens a file.
    ///
    /// - parameter failures: those of this kind of files.
    /// - throws: that the file cannot be used, as all that follows.
    public init(_ path: String, _ failures: BlockFileFailures) throws {
        self.path = path
        self.failures = failures
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failures.unusable(path, String(cString: strerror(errno))) }
        block.reserveCapacity(BlockFile.blockBytes)
    }

    deinit { close(descriptor) }

    /// Reads as many bytes as there is room for.
    ///
    /// - throws: that the file cannot be used, also when there are fewer.
    public func read(into memory: UnsafeMutableRawBufferPointer) throws {
        var filled = 0
        while filled < memory.count {
            if position == block.count { try next() }
            let count = min(memory.count - filled, block.count - position)
            block.withUnsafeBytes { bytes in
                UnsafeMutableRawBufferPointer(rebasing: memory[filled..<(filled + count)])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[position..<(position + count)]))
            }
            position += count
            filled += count
        }
    }

    /// Reads a number.
    public func read<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) throws -> Number {
        var number: Number = 0
        try withUnsafeMutableBytes(of: &number) { try read(into: $0) }
        return Number(littleEndian: number)
    }

    /// Makes sure that nothing is left to be read.
    public func finish() throws {
        guard position == block.count, !isAtEnd else { throw unusable("it goes on after its end") }
        try fetch()
        var byte: UInt8 = 0
        guard block.isEmpty, Foundation.read(descriptor, &byte, 1) == 0 else {
            throw unusable("it goes on after its end")
        }
    }

    /// What to throw when the file holds something that cannot be.
    public func unusable(_ reason: String) -> Failure { failures.unusable(path, reason) }

    /// Reads what is left, to hold it against its checksums.
    func skipAll() throws {
        repeat { try fetch() } while !isAtEnd
        position = block.count
        var byte: UInt8 = 0
        guard Foundation.read(descriptor, &byte, 1) == 0 else { throw unusable("it goes on after its end") }
    }

    private func next() throws {
        try fetch()
        guard !isAtEnd else { throw unusable("it ends too early") }
    }

    private func fetch() throws {
        guard !isAtEnd else { throw unusable("it ends too early") }
        var head: [UInt32] = [0, 0]
        try head.withUnsafeMutableBytes { try get($0) }
        let (count, checksum) = (Int(UInt32(littleEndian: head[0])), UInt32(littleEndian: head[1]))
        guard count <= BlockFile.blockBytes else { throw unusable("block \(blocks) has an impossible length") }
        block = [UInt8](repeating: 0, count: count)
        try block.withUnsafeMutableBytes { try get($0) }
        guard block.withUnsafeBytes({ BlockFile.checksum($0, at: blocks) }) == checksum else {
            throw unusable("the checksum of block \(blocks) is wrong")
        }
        blocks += 1
        position = 0
        isAtEnd = count == 0
    }

    private func get(_ memory: UnsafeMutableRawBufferPointer) throws {
        var rest = memory
        while !rest.isEmpty {
            let count = Foundation.read(descriptor, rest.baseAddress, rest.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw unusable(count == 0 ? "it is torn" : String(cString: strerror(errno))) }
            rest = UnsafeMutableRawBufferPointer(rebasing: rest.dropFirst(count))
        }
    }
}
