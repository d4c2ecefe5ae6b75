import ArgumentParser
import ChangeLog
import Core
import Foundation
import Server
import Storage

/// `millrace observers capture`: the changes of a database of one's own go to the log.
struct ObserversCapture: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "capture",
        abstract: "Captures the changes of tables of your own PostgreSQL database.",
        discussion: """
            Triggers append each change to a log in a schema of its own, in the transaction of whoever writes. Then \
            start `millrace serve` with storage.url and storage.schema of that database. Repeating a command is \
            harmless, and after an upgrade it brings the triggers up to date.
            """)

    @Option(help: "The database: postgres://user:password@host:port/database; or MILLRACE_STORAGE_URL.")
    var url: String?
    @Option(help: "The schema of the log; storage.schema, or millrace.") var schema: String?
    @Option(help: "A table, as orders, shop.orders or shop.\"Odd.Name\". May be repeated.") var table: [String] = []
    @Option(name: .customLong("as"), help: "What its changes are called; the name of the table by default.")
    var entityType: String?
    @Option(help: "A column that tells its rows apart, instead of the primary key. May be repeated.")
    var key: [String] = []
    @Option(help: "The number of the tenant whose data it is.") var tenant: Int64 = Tenant.first.number
    @ArgumentParser.Flag(help: "Does not wake servers with each transaction: they look within a quarter of a second.")
    var noNotify = false
    @ArgumentParser.Flag(help: "Stops capturing the tables, or all without --table. The log stays.") var remove = false
    @ArgumentParser.Flag(help: "Lists what is captured.") var list = false
    @Option(help: "text or json") var format = Config.Format.text
    @OptionGroup var options: SettingsOptions

    func validate() throws {
        if remove && list { throw ValidationError("Give --remove or --list, not both.") }
        if !remove && !list && table.isEmpty { throw ValidationError("Give --table, which may be repeated.") }
        if list && !table.isEmpty { throw ValidationError("--list shows all tables. Leave --table out.") }
        let isOfOne = entityType != nil || !key.isEmpty
        if isOfOne && (remove || list || table.count > 1) {
            throw ValidationError("--as and --key are for one --table that is captured.")
        }
        if tenant < 1 { throw ValidationError("--tenant takes the number of a tenant, 1 or more.") }
    }

    func run() async throws {
        let settings = try options.load(dataDirectory: Environment.value("MILLRACE_DATA"))
        let address = url ?? settings[StorageSettings.url]
        guard !address.isEmpty else { throw ValidationError("Give --url postgres://user:password@host:port/database.") }
        let place = try schemaName(settings)
        let capture = try Capture(url: address, schema: place, settings: settings)
        if list {
            show(try await capture.tables(), "captured")
        } else if remove {
            show(try await capture.remove(table.map { try TableReference($0) }), "no longer captured")
        } else {
            let requests = try table.map {
                CaptureRequest(
                    try TableReference($0), as: entityType, key: key, tenant: Tenant(tenant), notifies: !noNotify)
            }
            show(try await capture.install(requests), "captured")
            if format == .text { print("Serve the log: storage.url as here, storage.schema \(place.text).") }
        }
    }

    private func schemaName(_ settings: SettingsValues) throws -> SchemaName {
        let setting = settings[StorageSettings.schema]
        guard let schema else { return setting == .ofServer ? .millrace : setting }
        guard let name = SchemaName(text: schema) else { throw ValidationError("--schema takes \(SchemaName.kind).") }
        return name
    }

    private func show(_ tables: [CapturedTable], _ what: String) {
        switch format {
        case .json: print(String(decoding: JSONWriter.bytes(of: Listing(tables: tables)), as: UTF8.self))
        case .text:
            if tables.isEmpty { print("nothing is captured") }
            for table in tables {
                let details = [
                    "as \(table.entityType)", "key \(table.key.joined(separator: ", "))",
                    "tenant \(table.tenant.number)",
                ]
                let marks = (table.notifies ? [] : ["without notify"]) + (table.isEnabled ? [] : ["switched off"])
                print("\(what): \(table.schema).\(table.name) (\((details + marks).joined(separator: "; ")))")
            }
        }
    }

    private struct Listing: JSONEncodable {
        let tables: [CapturedTable]

        func write(to json: inout JSONWriter) {
            json.object { $0.member("tables", array: tables) }
        }
    }
}
