import API
import ChangeLog
import Commerce
import Core
import Expressions
import Logging
import Observers
import Outbound
import ServiceLifecycle
import Storage

/// The observers of a server with what they reach: the outside world, and the entities of the other roles.
struct ServerObservers: Sendable {
    /// The path of the file of observers; empty for none.
    private let file: String
    /// The routes of observers, events and dead letters.
    let routes: [Route]
    /// What runs.
    let services: [any Service]
    private let role: ObserverRole
    private let sender: HTTPSender
    private let mail: SMTPClient?
    private let nats: NATSClient?

    /// The observers of a store.
    ///
    /// - throws: ``Failure`` when a setting of the outside world is not acceptable.
    init(_ store: Store, settings: SettingsValues, logger: Logger) throws {
        sender = try HTTPSender(settings: settings, metrics: store.metrics)
        var surroundings = ObserverRole.Surroundings(sender: sender)
        mail = try SMTPClient(settings: settings, metrics: store.metrics)
        nats = try NATSClient(settings: settings, metrics: store.metrics)
        surroundings.mail = mail
        surroundings.nats = nats
        surroundings.redis = store.redis
        surroundings.lookups = Self.lookups(store.commerce)
        surroundings.catalogs = Self.catalogs(settings)
        role = ObserverRole(store.log, surroundings, settings: settings, metrics: store.metrics, logger: logger)
        routes = Routes.observerRoutes(role)
        services = role.services
        file = settings[ObserversSettings.file]
    }

    /// What the definitions of a file may refer to on a server, as far as that is known without one.
    static func checks(_ settings: SettingsValues) -> DefinitionChecks {
        DefinitionChecks(lookups: Set(lookups(Commerce()).map(\.entityType)), catalogs: catalogs(settings))
    }

    /// The fields of the entities that the server itself keeps. The log of a schema of its own is one of a database of
    /// somebody else, whose tables may be called by the same types (`observers capture`).
    private static func catalogs(_ settings: SettingsValues) -> [String: FieldCatalog] {
        guard settings[StorageSettings.schema] == .ofServer else { return [:] }
        return EntityFields.all.mapValues { FieldCatalog($0) }
    }

    /// Takes over the file of observers.
    ///
    /// - throws: ``Failure`` that names the file, when it is not acceptable.
    func prepare() async throws {
        do {
            try await role.prepare()
        } catch let failure as Failure where failure.kind == .invalid && failure.code != "file_unreadable" {
            throw ConfigurationFile.failure(failure, of: .observers, path: file)
        }
    }

    /// Closes the connections to the outside world. The services must have stopped.
    func close() {
        sender.close()
        mail?.close()
        nats?.close()
    }

    private static func lookups(_ commerce: Commerce) -> [EntityLookup] {
        [
            lookup("customer") { try commerce.customers.find($0, of: $1, in: $2) },
            lookup("product") { try commerce.products.find($0, of: $1, in: $2) },
            lookup("order") { try commerce.orders.find($0, of: $1, in: $2) },
        ]
    }

    private static func lookup<Entity: JSONEncodable & Versioned>(
        _ type: String,
        _ find: @escaping @Sendable (Identifier, Tenant, any ReadTransaction) throws -> Entity
    ) -> EntityLookup {
        EntityLookup(type) { id, tenant, transaction in
            do {
                let entity = try find(id, tenant, transaction)
                return (JSONWriter.bytes(of: entity), entity.version)
            } catch let failure as Failure where failure.kind == .notFound {
                return nil
            }
        }
    }
}
