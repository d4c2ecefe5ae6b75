public import ChangeLog
public import Core
import Crypto
import Foundation
import Search
import Storage

/// A snapshot of a collection as it is listed.
public struct SnapshotDescription: Sendable {
    /// What it is called, unique for its collection.
    public let name: String
    /// When it was made.
    public let createdAt: Timestamp
    /// How many bytes it has.
    public let size: Int64
    /// The SHA-256 of its bytes in hexadecimal digits; nil when that was not stored.
    public let checksum: String?
}

/// Files that hold a collection as it was at one moment, on the instance that made them.
public struct Snapshots: Sendable {
    /// How many are made or restored at the same time at most, for exports too: each takes a file and a transaction.
    static let runningLimit = 4
    /// How many exports are read at the same time at most: each keeps a file.
    static let exportLimit = 16
    /// How many snapshots a collection may have.
    public static let countLimit = 1_000
    /// How many bytes of a file are read at a time.
    static let step = 1 << 18

    let places: SnapshotPlaces
    private let export: SnapshotExport
    private let restore: CollectionRestore
    private let running = WorkSlots(limit: runningLimit)
    private let exporting = WorkSlots(limit: exportLimit)

    init(_ log: ChangeLog, _ collections: Collections, _ points: Points, directory: String) {
        places = SnapshotPlaces(directory: directory)
        export = SnapshotExport(log: log, collections: collections, points: points)
        restore = CollectionRestore(log: log, collections: collections, points: points)
        // What an instance that ended has left there is of no use to anybody.
        try? FileManager.default.removeItem(atPath: places.temporary)
    }

    /// Makes a snapshot of a collection.
    ///
    /// - throws: ``Failure`` `collection_not_found`, `too_many_snapshots`, `snapshot_not_written`.
    public func create(_ collection: String, of tenant: Tenant) async throws -> SnapshotDescription {
        try await work {
            guard try list(collection, of: tenant).count < Self.countLimit else {
                throw Failure.conflict(
                    "too_many_snapshots",
                    "The collection has \(Self.countLimit) snapshots. Delete some that are not needed.")
            }
            // A collection that is not there gets no directory.
            let temporary = try temporaryFile()
            defer { unlink(temporary) }
            let head = try await export.write(collection, of: tenant, to: temporary)
            let name = Self.name(at: head.createdAt)
            let path = try places.file(name, of: collection, tenant)
            try Self.makeDirectory(places.directory(of: collection, tenant))
            let checksum = try Self.checksum(of: temporary)
            try Self.put(Data(checksum.utf8), at: path + SnapshotPlaces.checksumSuffix)
            guard rename(temporary, path) == 0 else { throw Self.notWritten(path) }
            try Self.sync(places.directory(of: collection, tenant))
            return try description(name, of: collection, tenant)
        }
    }

    /// A snapshot of a collection.
    ///
    /// - throws: ``Failure`` `snapshot_not_found`.
    public func find(_ name: String, of collection: String, _ tenant: Tenant) throws -> SnapshotDescription {
        try description(name, of: collection, tenant)
    }

    /// The snapshots of a collection, the oldest first.
    public func list(_ collection: String, of tenant: Tenant) throws -> [SnapshotDescription] {
        let directory = places.directory(of: collection, tenant)
        guard FileManager.default.fileExists(atPath: directory) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: directory).filter(SnapshotPlaces.isName).sorted()
            .map { try description($0, of: collection, tenant) }
    }

    /// Deletes a snapshot.
    ///
    /// - throws: ``Failure`` `snapshot_not_found`.
    public func delete(_ name: String, of collection: String, _ tenant: Tenant) throws {
        let path = try places.file(name, of: collection, tenant)
        guard unlink(path) == 0 else { throw SnapshotPlaces.notFound(name) }
        unlink(path + SnapshotPlaces.checksumSuffix)
    }

    /// Gives the bytes of a snapshot to a closure, some at a time.
    ///
    /// - throws: ``Failure`` `snapshot_not_found`, and what the closure throws.
    public func read(
        _ name: String, of collection: String, _ tenant: Tenant,
        _ body: (_ bytes: [UInt8]) async throws -> Void
    ) async throws {
        let path = try places.file(name, of: collection, tenant)
        guard let handle = FileHandle(forReadingAtPath: path) else { throw SnapshotPlaces.notFound(name) }
        defer { try? handle.close() }
        while let part = try handle.read(upToCount: Self.step), !part.isEmpty { try await body([UInt8](part)) }
    }

    /// Makes a collection what one of the snapshots of this instance says that it was.
    ///
    /// - parameters:
    ///   - source: the collection that the snapshot was made of.
    ///   - checksum: the SHA-256 that the file must have; nil when that does not matter.
    /// - returns: the position of the log at which it is restored.
    /// - throws: ``Failure`` `snapshot_not_found`, `snapshot_unusable`, `checksum_differs`.
    public func restore(
        _ name: String, of source: String, into collection: String, checksum: String? = nil,
        for context: ChangeContext
    ) async throws -> LogPosition {
        let path = try places.file(name, of: source, context.tenant)
        guard FileManager.default.fileExists(atPath: path) else { throw SnapshotPlaces.notFound(name) }
        return try await work { try await restore(path, into: collection, checksum, context) }
    }

    /// Makes a collection what a snapshot says that a client has sent.
    ///
    /// - throws: ``Failure`` as ``restore(_:of:into:checksum:for:)``.
    public func restore(
        _ bytes: [UInt8], into collection: String, checksum: String? = nil, for context: ChangeContext
    ) async throws -> LogPosition {
        try await work {
            let temporary = try temporaryFile()
            defer { unlink(temporary) }
            try Self.put(Data(bytes), at: temporary)
            return try await restore(temporary, into: collection, checksum, context)
        }
    }

    private func restore(
        _ path: String, into collection: String, _ checksum: String?, _ context: ChangeContext
    ) async throws -> LogPosition {
        if let checksum {
            let found = try Self.checksum(of: path)
            guard found == checksum.lowercased() else {
                throw Failure(
                    .invalid, code: "checksum_differs",
                    "The SHA-256 of the snapshot is \(found), not \(checksum.prefix(64)). Nothing was restored.")
            }
        }
        return try await restore.run(path, into: collection, for: context).0
    }

    /// All points of a collection of one moment. They stand in a file until the last is taken, so whoever takes them
    /// slowly holds no transaction open.
    ///
    /// - throws: ``Failure`` `collection_not_found`, `snapshot_not_written`, `too_many_snapshots_at_once`.
    public func export(_ collection: String, of tenant: Tenant) async throws -> ExportedPoints {
        let slot = try exporting.enter()
        let temporary = try temporaryFile()
        let head = try await work { try await export.write(collection, of: tenant, to: temporary) }
        return ExportedPoints(head: head, path: temporary, slot: slot)
    }

    // MARK: How it works

    /// Does something away from the threads that all tasks share, unless too much of that kind is being done.
    private func work<T: Sendable>(_ body: @Sendable () async throws -> T) async throws -> T {
        let slot = try running.enter()
        defer { slot.leave() }
        return try await withTaskExecutorPreference(BackgroundExecutor.shared) { try await body() }
    }

    private func description(_ name: String, of collection: String, _ tenant: Tenant) throws -> SnapshotDescription {
        let path = try places.file(name, of: collection, tenant)
        var information = stat()
        guard stat(path, &information) == 0 else { throw SnapshotPlaces.notFound(name) }
        let checksum = FileManager.default.contents(atPath: path + SnapshotPlaces.checksumSuffix)
        let time = information.st_mtim
        return SnapshotDescription(
            name: name,
            createdAt: Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000),
            size: Int64(information.st_size), checksum: checksum.map { String(decoding: $0, as: UTF8.self) })
    }

    private func temporaryFile() throws -> String {
        try Self.makeDirectory(places.temporary)
        return "\(places.temporary)/\(UUID().uuidString)"
    }

    /// A name that sorts by time and is never given twice.
    private static func name(at time: Timestamp) -> String {
        let plain = "\(time)".map { $0 == ":" || $0 == "." ? "-" : $0 }
        return String(plain) + "-" + UUID().uuidString.prefix(8).lowercased() + SnapshotPlaces.suffix
    }

    private static func checksum(of path: String) throws -> String {
        guard let handle = FileHandle(forReadingAtPath: path) else { throw notWritten(path) }
        defer { try? handle.close() }
        var hash = SHA256()
        while let part = try handle.read(upToCount: step), !part.isEmpty { hash.update(data: part) }
        return hash.finalize().map(SnapshotPlaces.hex).joined()
    }

    private static func makeDirectory(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw notWritten(path)
        }
    }

    private static func put(_ data: Data, at path: String) throws {
        do {
            try data.write(to: URL(fileURLWithPath: path))
        } catch {
            throw notWritten(path)
        }
    }

    /// The name of a file is on the disk when its directory is.
    private static func sync(_ directory: String) throws {
        let descriptor = open(directory, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw notWritten(directory) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw notWritten(directory) }
    }

    private static func notWritten(_ path: String) -> Failure {
        SnapshotFile.failures.notWritten(path, String(cString: strerror(errno)))
    }
}
