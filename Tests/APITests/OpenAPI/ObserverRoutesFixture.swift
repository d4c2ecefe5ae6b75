import API
import ChangeLog
import Core
import Foundation
import Logging
import Observers
import Outbound
import Storage
import TestKit

/// The role of observers for the tests of its routes, with the file of observers of ``ContractClient``.
struct ObserverRoutesFixture {
    private let role: ObserverRole
    private let sender: HTTPSender

    /// The role on a store.
    init(_ store: TestStore, settings: SettingsValues) throws {
        sender = try HTTPSender(settings: settings, metrics: store.metrics)
        var surroundings = ObserverRole.Surroundings(sender: sender)
        surroundings.lookups = [EntityLookup("customer") { _, _, _ in nil }]
        role = ObserverRole(
            store.log, surroundings, settings: settings, metrics: store.metrics, logger: Logger(label: "test"))
    }

    /// Settings by which a receiver on this machine may be sent to, and which name a file of observers that this makes.
    static func settings(file: String) throws -> SettingsValues {
        try ContractClient.observerFile.write(toFile: file, atomically: true, encoding: .utf8)
        let registry = try SettingsRegistry(
            ObserversSettings.all + OutboundSettings.all + ChangeLogSettings.all + StorageSettings.all)
        let texts = ["outbound.allowed_networks": "127.0.0.0/8", "observers.file": file]
        return try registry.values(from: [SettingsSource(name: "test", texts: texts)])
    }

    var routes: [Route] { Routes.observerRoutes(role) }

    /// Runs the closure while the observers work.
    func run(_ body: () async throws -> Void) async throws {
        defer { sender.close() }
        try await role.prepare()
        try await RunningServices.run(role.services, body)
    }
}
