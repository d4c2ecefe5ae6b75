public import Core

/// Every setting with its value, as `millrace config list` shows it.
public struct SettingsListing: Sendable, JSONEncodable {
    private let registry: SettingsRegistry
    private let values: SettingsValues

    /// A listing of the settings of a registry and their values.
    public init(_ registry: SettingsRegistry, _ values: SettingsValues) {
        self.registry = registry
        self.values = values
    }

    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("settings", array: registry.settings.map { Entry(setting: $0, value: values.entry($0)) })
        }
    }

    /// The listing for people: a line for each value, and below it what it is about.
    public var text: String {
        var text = ""
        for setting in registry.settings {
            let value = values.entry(setting)
            let unit = setting.unit.isEmpty ? "" : " \(setting.unit)"
            let bounds = setting.bounds.isEmpty ? setting.kind : "\(setting.bounds)\(unit)"
            text += """
                \(setting.name) = \(value.shownText)\(unit)  [\(value.source)]
                    \(setting.summary)
                    bounds: \(bounds); moves: \(setting.moves); variable: \(SettingsLoader.variable(of: setting.name))

                """
        }
        return text
    }

    private struct Entry: JSONEncodable {
        let setting: AnySetting
        let value: SettingsValues.Entry

        func write(to json: inout JSONWriter) {
            json.object { json in
                json.member("name", setting.name)
                json.member("value", value.shownText)
                json.member("source", value.source)
                json.member("default", setting.fallback)
                json.member("unit", setting.unit)
                json.member("bounds", setting.bounds)
                json.member("kind", setting.kind)
                json.member("moves", setting.moves)
                json.member("variable", SettingsLoader.variable(of: setting.name))
                json.member("summary", setting.summary)
            }
        }
    }
}
