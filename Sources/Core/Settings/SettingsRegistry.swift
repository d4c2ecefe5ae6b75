/// Every setting that exists.
public struct SettingsRegistry: Sendable {
    /// The settings by ascending name.
    public let settings: [AnySetting]

    /// A registry of the settings of all rooms.
    ///
    /// - throws: ``Failure`` `duplicate_setting` when two have one name, which is a defect.
    public init(_ settings: [AnySetting]) throws {
        self.settings = settings.sorted { $0.name < $1.name }
        for (one, next) in zip(self.settings, self.settings.dropFirst()) where one.name == next.name {
            throw Failure(.internal, code: "duplicate_setting", "Two settings are called \(one.name).")
        }
    }

    /// The values of all settings, from texts that some source gives by name, checked.
    ///
    /// - throws: ``Failure`` `invalid_settings` that names every wrong value and every unknown name.
    public func values(from sources: [SettingsSource]) throws -> SettingsValues {
        var errors: [Failure.FieldError] = []
        var resolved: [String: SettingsValues.Entry] = [:]
        let known = Set(settings.map(\.name))
        for source in sources {
            for name in source.texts.keys.sorted() where !known.contains(name) {
                let near = nearest(to: name).map { " Did you mean \($0)?" } ?? ""
                errors.append(.init(pointer: name, message: "\(source.name) has no such setting.\(near)"))
            }
        }
        for setting in settings {
            var entry = SettingsValues.Entry(text: setting.fallback, source: "default")
            for source in sources {
                guard let text = source.texts[setting.name] else { continue }
                entry = SettingsValues.Entry(text: text, source: source.name)
            }
            if let problem = setting.problem(entry.text) {
                errors.append(
                    .init(pointer: setting.name, message: "\"\(entry.text)\" from \(entry.source) \(problem)."))
            }
            resolved[setting.name] = entry
        }
        guard errors.isEmpty else {
            throw Failure(
                .invalid, code: "invalid_settings",
                "The settings are not acceptable; `millrace config list` shows what there is.", errors: errors)
        }
        return SettingsValues(entries: resolved)
    }

    /// The known name that shares the longest run of leading characters or last word with an unknown one.
    private func nearest(to name: String) -> String? {
        let word = name.split(separator: ".").last.map(String.init) ?? name
        return settings.first { $0.name.hasSuffix(word) || $0.name.hasPrefix(name) }?.name
    }
}

/// Settings as one source gives them: a file, the environment, the command line.
public struct SettingsSource: Sendable {
    /// What it is called in messages: `millrace.yaml`, `environment`, `flag`.
    public let name: String
    /// The texts by the names of the settings.
    public let texts: [String: String]

    /// A source by name and texts.
    public init(name: String, texts: [String: String]) {
        self.name = name
        self.texts = texts
    }
}

/// The value of every setting, and where each came from.
public struct SettingsValues: Sendable {
    /// A value and its source.
    public struct Entry: Sendable {
        public let text: String
        public let source: String
    }

    private let entries: [String: Entry]

    init(entries: [String: Entry]) {
        self.entries = entries
    }

    /// The defaults alone, for tests and for programs that embed a room.
    public static let defaults = SettingsValues(entries: [:])

    /// The value of a setting.
    public subscript<Value>(setting: Setting<Value>) -> Value {
        entries[setting.name].flatMap { Value(text: $0.text) } ?? setting.fallback
    }

    /// The text and source of a setting, for a listing.
    public func entry(_ setting: AnySetting) -> Entry {
        entries[setting.name] ?? Entry(text: setting.fallback, source: "default")
    }
}
