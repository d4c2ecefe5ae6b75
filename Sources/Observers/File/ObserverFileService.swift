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
                latest.withLock { $0 = current }
                do {
                    try await load()
                } catch {
                    loads.with("refused").increment()
                    logger.error(
                        "the file of observers is not acceptable; what was read before stays in force",
                        metadata: ["file": "\(path)", "error": "\(error)"])
                }
            }
        }
    }

    private func stamp() -> FileStamp? {
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
            let modified = attributes[.modificationDate] as? Date, let size = attributes[.size] as? Int
        else { return nil }
        return FileStamp(modified: modified, size: size)
    }

    private func load() async throws {
        let file = try ObserverFile(path: path, checks: checks)
        statements.replace(by: file.statements)
        let context = ChangeContext(tenant: .first, actor: Self.actor)
        for statement in file.setup {
            _ = try await log.database.write(.readCommitted) { try $0.execute(statement.bind([])) }
        }
        let count = try await log.write(context, isolation: .readCommitted) { [observers] unit in
            try observers.takeOver(file.observers, in: unit)
        }.value
        loads.with("accepted").increment()
        logger.info("read the file of observers", metadata: ["file": "\(path)", "changed": "\(count)"])
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
            numbered.numberActions(after: old.definition)
            guard numbered.stored != old.definition.stored else { continue }
            _ = try replace(.id(old.id), definition, expecting: nil, by: .file, in: unit)
            changed += 1
        }
        return changed
    }
}
