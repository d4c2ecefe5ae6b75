import Core
import Testing

@Suite struct SettingsRegistryTests {
    private let readers = Setting("storage.readers", default: 8, unit: "connections", bounds: 1...256, moves: "m", "S.")
    private let ratio = Setting("storage.ratio", default: 5, bounds: 1...9, moves: "m", "S.")
    private let name = Setting("server.name", default: "millrace", moves: "m", "S.")
    private let compress = Setting("server.compress", default: Flag(true), moves: "m", "S.")

    private func registry() throws -> SettingsRegistry {
        try SettingsRegistry([readers.erased, ratio.erased, name.erased, compress.erased])
    }

    private func errors(_ texts: [String: String]) throws -> [Failure.FieldError] {
        do {
            _ = try registry().values(from: [SettingsSource(name: "file", texts: texts)])
            return []
        } catch let failure as Failure {
            #expect(failure.code == "invalid_settings")
            return failure.errors
        }
    }

    @Test func laterSourcesOverrideEarlierOnes() throws {
        let registry = try registry()
        let values = try registry.values(from: [
            SettingsSource(name: "file", texts: ["storage.readers": "2", "server.name": "a"]),
            SettingsSource(name: "environment", texts: ["storage.readers": "3", "server.compress": "false"]),
            SettingsSource(name: "flag", texts: ["storage.readers": "4"]),
        ])
        #expect(values[readers] == 4)
        #expect(values[name] == "a")
        #expect(values[compress] == Flag(false))
        #expect(values[ratio] == 5)
        let sources = registry.settings.map { "\($0.name) \(values.entry($0).text) \(values.entry($0).source)" }
        #expect(
            sources == [
                "server.compress false environment", "server.name a file", "storage.ratio 5 default",
                "storage.readers 4 flag",
            ])
    }

    @Test func defaultsStandWhereNobodySaysOtherwise() {
        #expect(SettingsValues.defaults[readers] == 8)
        #expect(SettingsValues.defaults[compress].isOn)
        #expect(SettingsValues.defaults.entry(name.erased).source == "default")
    }

    @Test(arguments: [
        ("1", true), ("256", true), ("0", false), ("257", false), ("-1", false), ("8.0", false), ("", false),
        ("x", false),
    ])
    func boundsAreKept(text: String, isFine: Bool) throws {
        #expect(try errors(["storage.readers": text]).map(\.pointer) == (isFine ? [] : ["storage.readers"]))
    }

    @Test(arguments: [
        ("redis://shop:p%40ss@cache:6379/1", "redis://***@cache:6379/1"), ("a://b:c/d@e@f", "a://***@f"),
        ("redis://cache/1", "redis://cache/1"), ("a@b", "a@b"),
    ])
    func passwordsAreNotShown(text: String, shown: String) throws {
        let values = try registry().values(from: [SettingsSource(name: "file", texts: ["server.name": text])])
        #expect(values.entry(name.erased).shownText == shown)
        #expect(values[name] == text)
        #expect(
            try errors(["storage.readers": text]).map(\.message) == ["\"\(shown)\" from file is not a whole number."])
    }

    @Test func messagesSayWhatWouldBeRight() throws {
        #expect(
            try errors(["storage.readers": "999"]).map(\.message)
                == ["\"999\" from file must be from 1 to 256 connections."])
        #expect(try errors(["storage.ratio": "0"]).map(\.message) == ["\"0\" from file must be from 1 to 9."])
        #expect(try errors(["server.compress": "yes"]).map(\.message) == ["\"yes\" from file is not true or false."])
    }

    @Test func everyErrorIsNamedAtOnce() throws {
        let errors = try errors(["storage.readers": "0", "server.compress": "maybe", "unknown": "1"])
        #expect(errors.map(\.pointer) == ["unknown", "server.compress", "storage.readers"])
    }

    @Test(arguments: [
        ("storage.raeders", "storage.readers"), ("storage.reader", "storage.readers"),
        ("stroage.ratio", "storage.ratio"),
        ("http.name", "server.name"), ("database.readers", "storage.readers"),
    ])
    func unknownNamesComeWithTheNearestKnownOne(unknown: String, known: String) throws {
        #expect(try errors([unknown: "1"]).map(\.message) == ["file has no such setting. Did you mean \(known)?"])
    }

    @Test func namesUnlikeAnyComeWithoutASuggestion() throws {
        #expect(try errors(["telemetry.histograms": "1"]).map(\.message) == ["file has no such setting."])
    }

    @Test func twoSettingsOfOneNameAreADefect() throws {
        #expect(throws: Failure.self) { try SettingsRegistry([readers.erased, name.erased, readers.erased]) }
    }

    @Test func theListingTellsUnitAndBounds() {
        #expect(readers.erased.bounds == "1..256")
        #expect(readers.erased.unit == "connections")
        #expect(name.erased.bounds.isEmpty)
        #expect(compress.erased.fallback == "true")
    }
}
