import Testing

/// Every setting is declared where it belongs, listed, and read by something (DESIGN.md, invariant 6).
@Suite struct SettingsTests {
    private let sources: [SwiftSource]

    init() throws {
        sources = try Repository.shared().swiftSources(in: "Sources/")
    }

    /// The names of the settings that a file declares.
    private func declared(in source: SwiftSource) -> [String] {
        source.code.compactMap { line in
            line.firstMatch(of: /static let (\w+)(?:\s*:\s*Setting<\w+>)?\s*=\s*Setting(?:<\w+>)?\(/).map {
                String($0.1)
            }
        }
    }

    @Test func everySettingIsListedAndRead() throws {
        let files = sources.filter { $0.name.hasSuffix("Settings") && !declared(in: $0).isEmpty }
        try #require(files.contains { $0.name == "StorageSettings" && declared(in: $0).contains("readers") })
        for file in files {
            let own = file.code.joined(separator: "\n")
            let others = sources.filter { $0.path != file.path }.map { $0.code.joined(separator: "\n") }
            for name in declared(in: file) {
                #expect(own.contains("\(name).erased"), "\(file.path): \(name) is not in the list of all")
                let use = "[\(file.name).\(name)]"
                #expect(others.contains { $0.contains(use) }, "\(file.path): nothing reads settings\(use)")
            }
        }
    }

    @Test func settingsAreDeclaredInFilesOfTheirOwn() {
        let strays = sources.filter { !$0.name.hasSuffix("Settings") && $0.target != "Core" }
            .flatMap { $0.places { $0.contains(/\bSetting(<\w+>)?\(/) } }
        #expect(strays.isEmpty, "\(strays.joined(separator: "\n"))")
    }
}
