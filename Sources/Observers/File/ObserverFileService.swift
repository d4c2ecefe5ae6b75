import ChangeLog
import Core
import Foundation
import Logging
import ServiceLifecycle
import Storage
import Synchronization
import Telemetry

/// Keeps the observers in step with their file: reads it whenever it changes, and takes it over whole or not at all.
final class ObserverFileService: Service {
    /// Who the change log says did it.
    static let actor = "observers-file"
    private static let interval = Duration.seconds(1)

    private let path: String
    private let log: ChangeLog
    private let observers: Observers
    private let checks: DefinitionChecks
    private let statements: NamedStatements
    private let loads: MetricsFamily<Counter>
    private let logger: Logger
    private let latest = Mutex<FileStamp?>(nil)

    /// What tells one state of a file from another.
    private struct FileStamp: Equatable {
        let modified: Date
        let size: Int
    }

    init(
        path: String, _ log: ChangeLog, _ observers: Observers, _ checks: DefinitionChecks,
        _ statements: NamedStatements, registry: MetricsRegistry, logger: Logger
    ) {
        self.path = path
        self.log = log
        self.observers = observers
        self.checks = checks
        self.statements = statements
        self.logger = logger
        loads = registry.counter(
            "observer_file_loads_total", "How often the file of observers was read.", labels: ["outcome"])
    }

    /// Reads the file for the first time, before anything is matched.
    ///
    /// - throws: ``Failure`` when it is not acceptable: a server that would ignore it does not start.
    func start() async throws {
        guard !path.isEmpty else { return }
        latest.withLock { $0 = stamp() }
        try await load()
    }

    func run() async throws {
        guard !path.isEmpty else { return try await gracefulShutdown() }
        await cancelWhenGracefulShutdown { [self] in
            while !Task.isCancelled {
                // A cancellation ends the loop at its head.
                try? await Task.sleep(for: Self.interval)
                let current = stamp()
                guard current != latest.withLock({ $0 }) else { continue }
                do {
                    try await load()
                    latest.withLock { $0 = current }
                } catch let failure as Failure where Self.mayPass(failure) {
                    // Nothing is wrong with the file: it is read again until the database takes it.
                    logger.warning(
                        "the file of observers could not be taken over and is read again",
                        metadata: ["file": "\(path)", "error": "\(failure)"])
                } catch {
                    latest.withLock { $0 = current }
                    loads.with("refused").increment()
                    logger.error(
                        "the file of observers is not acceptable; what was read before stays in force",
                        metadata: ["file": "\(path)", "error": "\(error)"])
                }
            }
        }
    }

    /// Whether the same file may be taken over a little later. What the role may not do it may not do then either.
    private static func mayPass(_ failure: Failure) -> Bool {
        [.unavailable, .timeout].contains(failure.kind) && failure.code != "storage_forbidden"
    }

    private func stamp() -> FileStamp? {
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
            let modified = attributes[.modificationDate] as? Date, let size = attributes[.size] as? Int
        else { return nil }
        return FileStamp(modified: modified, size: size)
    }

    private func load() async throws {
        let file = try ObserverFile(path: path, checks: checks)
        let context = ChangeContext(tenant: .first, actor: Self.actor)
        for statement in file.setup {
            _ = try await log.database.write(.readCommitted) { try $0.execute(statement.bind([])) }
        }
        // They are there before the observers that name them.
        let old = statements.replace(by: file.statements)
        let count: Int
        do {
            count = try await log.write(context, isolation: .readCommitted) { [observers] unit in
                try observers.takeOver(file.observers, in: unit)
            }.value
        } catch {
            statements.replace(by: Self.statements(after: error, old: old, new: file.statements))
            throw error
        }
        loads.with("accepted").increment()
        logger.info("read the file of observers", metadata: ["file": "\(path)", "changed": "\(count)"])
    }

    /// The statements that are there after a file was not taken over. Where nobody knows whether it was, the observers
    /// may be those before or those of the file, so those of both are there until it is read again.
    static func statements(
        after error: any Error, old: [String: NamedStatement], new: [String: NamedStatement]
    ) -> [String: NamedStatement] {
        guard (error as? Failure)?.code == "storage_outcome_unknown" else { return old }
        return old.merging(new) { $1 }
    }
}

extension Observers {
    /// Makes the observers that a file manages the same as in the file. Returns how many changed.
    func takeOver(_ definitions: [ObserverDefinition], in unit: UnitOfWork) throws -> Int {
        let existing = try unit.transaction.rows(
            "SELECT \(Observer.columns) FROM observers WHERE tenant = \(unit.tenant) AND managed_by = 'file'",
            Observer.init)
        var changed = 0
        for old in existing where !definitions.contains(where: { $0.name == old.definition.name }) {
            try delete(.id(old.id), expecting: nil, by: .file, in: unit)
            changed += 1
        }
        for definition in definitions {
            guard let old = existing.first(where: { $0.definition.name == definition.name }) else {
                _ = try create(definition, by: .file, in: unit)
                changed += 1
                continue
            }
            var numbered = definition
            try numbered.numberActions(after: old.definition)
            guard numbered.stored != old.definition.stored else { continue }
            _ = try replace(.id(old.id), definition, expecting: nil, by: .file, in: unit)
            changed += 1
        }
        return changed
    }
}
