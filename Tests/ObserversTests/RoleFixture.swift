import Caching
import ChangeLog
import Core
import Logging
import Observers
import Outbound
import ServiceLifecycle
import Storage
import TestKit
import Testing

/// Observers on a store of their own, running, with a receiver on this machine.
struct RoleFixture {
    let store: TestStore
    let role: ObserverRole
    let receiver: WebhookReceiver

    /// Runs the closure with observers that follow the log of an empty store.
    ///
    /// - parameters:
    ///   - texts: settings; those of mail, NATS and Redis make the clients of these.
    ///   - lookups: what observers can look up.
    ///   - environment: the variables of the server.
    ///   - clock: what they go by.
    ///   - logger: where observers write lines.
    static func run(
        _ engine: TestStore.Engine = .sqlite, settings texts: [String: String] = [:], lookups: [EntityLookup] = [],
        environment: [String: String] = [:], clock: any TimeSource = SystemTime(),
        logger: Logger = Logger(label: "test"),
        answering answer: @escaping @Sendable (WebhookReceiver.Request) -> WebhookReceiver.Answer = { _ in .ok },
        _ body: (RoleFixture) async throws -> Void
    ) async throws {
        let settings = try Self.settings(texts)
        let store = try await TestStore(
            engine, schemas: [ObserversSchema.schema], settings: settings, clock: clock)
        let receiver = try await WebhookReceiver(answer: answer)
        let sender = try HTTPSender(settings: settings, metrics: store.metrics)
        var surroundings = ObserverRole.Surroundings(sender: sender)
        surroundings.mail = try SMTPClient(settings: settings, metrics: store.metrics)
        surroundings.nats = try NATSClient(settings: settings, metrics: store.metrics)
        surroundings.redis = RedisClient(settings: settings, metrics: store.metrics)
        surroundings.lookups = lookups
        surroundings.environment = environment
        let role = ObserverRole(
            store.log, surroundings, settings: settings, metrics: store.metrics, logger: logger)
        try await role.prepare()
        let fixture = RoleFixture(store: store, role: role, receiver: receiver)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for service in role.services { group.addTask { try await service.run() } }
            do {
                try await body(fixture)
            } catch {
                group.cancelAll()
                throw error
            }
            group.cancelAll()
            while let result = await group.nextResult() {
                if case .failure(let error) = result, !(error is CancellationError) { throw error }
            }
        }
        sender.close()
        surroundings.mail?.close()
        surroundings.nats?.close()
        await surroundings.redis?.close()
    }

    /// Settings by which a receiver on this machine may be sent to.
    static func settings(_ texts: [String: String]) throws -> SettingsValues {
        let registry = try SettingsRegistry(
            ObserversSettings.all + OutboundSettings.all + ChangeLogSettings.all + StorageSettings.all
                + CachingSettings.all)
        let base = ["outbound.allowed_networks": "127.0.0.0/8"]
        return try registry.values(from: [SettingsSource(name: "test", texts: base.merging(texts) { $1 })])
    }

    /// Makes an observer from JSON.
    @discardableResult
    func observe(_ json: String) async throws -> Observer {
        let definition = try role.observers.read(JSONParser.parse(Array(json.utf8)), of: .first)
        return try await store.log.write(TestStore.context, isolation: .readCommitted) { [role] in
            try role.observers.create(definition, in: $0)
        }.value
    }

    /// Writes an order with a total and a status into the log, and returns its identifier.
    @discardableResult
    func order(_ total: Int, status: String = "pending") async throws -> Identifier {
        try await store.log.write(TestStore.context) { unit in
            let id = unit.makeIdentifier()
            try unit.recordInsert("order", id, after: Self.image(id, total, status))
            return id
        }.value
    }

    /// Changes the status of an order.
    func move(_ id: Identifier, _ total: Int, from old: String, to new: String) async throws {
        _ = try await store.log.write(TestStore.context) { unit in
            try unit.recordUpdate("order", id, before: Self.image(id, total, old), after: Self.image(id, total, new))
        }
    }

    static func image(_ id: Identifier, _ total: Int, _ status: String) -> [UInt8] {
        Array("{\"id\":\"\(id)\",\"total\":\"\(total).00\",\"currency\":\"EUR\",\"status\":\"\(status)\"}".utf8)
    }
}
