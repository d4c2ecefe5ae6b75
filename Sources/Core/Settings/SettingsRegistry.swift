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
            var entry = SettingsValues.Entry(text: setting.fallback, source: "default", isSecret: setting.isSecret)
            for source in sources {
                guard let text = source.texts[setting.name] else { continue }
                entry = SettingsValues.Entry(text: text, source: source.name, isSecret: setting.isSecret)
            }
            if let problem = setting.problem(entry.text) {
                errors.append(
                    .init(pointer: setting.name, message: "\"\(entry.shownText)\" from \(entry.source) \(problem)."))
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

    /// The known name that differs from an unknown one by the fewest letters, when they are few. A variable of the
    /// environment counts as the name that it would set.
    private func nearest(to name: String) -> String? {
        let isVariable = name.hasPrefix("MILLRACE_")
        let wanted = isVariable ? String(name.dropFirst("MILLRACE_".count)).lowercased() : name
        let distances = settings.map { setting in
            let known = isVariable ? setting.name.replacing(".", with: "_") : setting.name
            return (name: setting.name, letters: editDistance(wanted, known))
        }
        guard let nearest = distances.min(by: { $0.letters < $1.letters }), nearest.letters <= 4 else {
            let word = wanted.split(separator: ".").last.map(String.init) ?? wanted
            return settings.first { $0.name.hasSuffix(".\(word)") }?.name
        }
        return nearest.name
    }
}

/// How many letters must be put in, left out or exchanged to get from one word to another (Levenshtein).
private func editDistance(_ one: String, _ other: String) -> Int {
    let target = Array(other.unicodeScalars)
    var row = Array(0...target.count)
    for (index, letter) in one.unicodeScalars.enumerated() {
        var diagonal = row[0]
        row[0] = index + 1
        for column in target.indices {
            let substituted = diagonal + (letter == target[column] ? 0 : 1)
            diagonal = row[column + 1]
            row[column + 1] = min(substituted, row[column] + 1, row[column + 1] + 1)
        }
    }
    return row[target.count]
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
        /// Whether nobody is shown the value.
        var isSecret = false

        /// The text for people: a secret is left out, and who logs in and with which password out of a URL.
        public var shownText: String {
            guard isSecret else { return text.replacing(/:\/\/.*@/, with: "://***@") }
            return text.isEmpty ? "" : "***"
        }
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
