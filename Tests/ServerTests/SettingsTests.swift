import API
import Core
import Foundation
import Knowledge
import Server
import Storage
import TestKit
import Testing

@Suite struct SettingsTests {
    private let registry: SettingsRegistry

    init() throws {
        registry = try AllSettings.registry()
    }

    private func load(
        _ yaml: String?, environment: [String: String] = [:], flags: [String: String] = [:]
    ) throws -> SettingsValues {
        let directory = try TemporaryDirectory()
        let file = directory.file("millrace.yaml")
        if let yaml { try yaml.write(toFile: file, atomically: true, encoding: .utf8) }
        return try SettingsLoader(registry: registry, environment: environment)
            .load(file: yaml == nil ? nil : file, flags: flags)
    }

    private func errors(_ body: () throws -> SettingsValues) throws -> [String] {
        do {
            _ = try body()
            return []
        } catch let failure as Failure {
            #expect(failure.code == "invalid_settings")
            return failure.errors.map(\.description)
        }
    }

    @Test func eachSourcePrevailsOverThoseBeforeIt() throws {
        let yaml = "api:\n  port: 1001\n  host: file\nserver: {log_level: debug}\nstorage: {readers: 3}\n"
        let environment = ["MILLRACE_API_PORT": "1002", "MILLRACE_STORAGE_READERS": "5", "HOME": "/"]
        let values = try load(yaml, environment: environment, flags: ["api.port": "1003"])
        #expect(values[APISettings.port] == 1003)
        #expect(values[StorageSettings.readers] == 5)
        #expect(values[ServerSettings.logLevel] == .debug)
        #expect(values[ServerSettings.logFormat] == .text)
        #expect(values[StorageSettings.pageCache] == 64)
    }

    @Test func aFileMayBeFlatOrEmptyOrOnlyComments() throws {
        #expect(try load("storage.readers: 7\n")[StorageSettings.readers] == 7)
        #expect(try load("")[StorageSettings.readers] == 8)
        #expect(try load("# nothing\n\n---\n")[StorageSettings.readers] == 8)
    }

    /// The cross-encoder of graphs has settings of its own below theirs.
    @Test func settingsMayStandBelowOthers() throws {
        let yaml = "knowledge: {dimensions: 3, reranker: {model: file, url: 'http://a/v1', batch: 7}}\n"
        let values = try load(yaml, environment: ["MILLRACE_KNOWLEDGE_RERANKER_MODEL": "environment"])
        #expect(values[KnowledgeSettings.dimensions] == 3 && values[RerankerSettings.batch] == 7)
        #expect(values[RerankerSettings.model] == "environment" && values[RerankerSettings.url].text == "http://a/v1")
    }

    /// A list in the file, or one text with commas or spaces.
    @Test(arguments: [
        "[\"postgres://u:secret@a/d\", \"postgres://b:1/d\"]", "postgres://u:secret@a/d, postgres://b:1/d",
    ])
    func replicasAreAListThatHidesWhoLogsIn(list: String) throws {
        let values = try load("storage:\n  replicas: \(list)\n  read_preference: round_robin\n")
        let addresses = StorageSettings.addresses(in: values[StorageSettings.replicas])
        #expect(addresses == ["postgres://u:secret@a/d", "postgres://b:1/d"])
        #expect(values[StorageSettings.readPreference] == .roundRobin)
        #expect(!SettingsListing(registry, values).text.contains("secret"))
        #expect(try StorageSettings.addresses(in: load("storage: {replicas: []}\n")[StorageSettings.replicas]).isEmpty)
    }

    @Test func aListWhereOneValueIsMeantIsTold() throws {
        let errors = try errors { try load("storage: {readers: [1, 2], read_preference: replica}\n") }
        #expect(errors.contains { $0.hasPrefix("storage.readers:") && $0.contains("is not a whole number") })
        #expect(errors.contains { $0.hasPrefix("storage.read_preference:") && $0.contains("nearest, round_robin") })
    }

    @Test func everyUnknownNameAndWrongValueIsTold() throws {
        let yaml = "server:\n  log_levle: info\napi: {port: many}\nnonsense: [1, 2]\nstorage: {readers: 0}\n"
        let environment = [
            "MILLRACE_STORAGE_REEDERS": "4", "MILLRACE_ADMIN_KEY": "x", "MILLRACE_SERVER_LOG_FORMAT": "xml",
        ]
        let errors = try errors { try load(yaml, environment: environment) }
        #expect(errors.count == 6)
        #expect(errors.contains { $0.hasPrefix("server.log_levle") && $0.hasSuffix("Did you mean server.log_level?") })
        #expect(errors.contains { $0.hasPrefix("nonsense") })
        #expect(
            errors.contains {
                $0 == "MILLRACE_STORAGE_REEDERS: environment has no such setting. Did you mean storage.readers?"
            })
        #expect(
            errors.contains {
                $0.hasPrefix("api.port: \"many\" from ") && $0.hasSuffix("is not a whole number.")
            })
        #expect(
            errors.contains { $0.hasPrefix("storage.readers: \"0\" from ") && $0.contains("must be from 1 to 256") })
        #expect(errors.contains { $0 == "server.log_format: \"xml\" from environment is not one of text, json." })
    }

    @Test(arguments: ["- a\n- b\n", "server: {port: 1\n", "a: 1\na: 2\n", "\u{0}\u{1}"])
    func aFileThatIsNoMappingIsRefused(_ yaml: String) throws {
        #expect { try load(yaml) } throws: { error in
            (error as? Failure)?.code == "settings_file_unreadable"
        }
    }

    @Test func aMissingFileIsRefused() throws {
        #expect {
            try SettingsLoader(registry: registry, environment: [:]).load(file: "/nowhere/millrace.yaml")
        } throws: {
            ($0 as? Failure)?.code == "settings_file_unreadable"
        }
    }
}

extension Failure.FieldError {
    fileprivate var description: String { "\(pointer): \(message)" }
}
