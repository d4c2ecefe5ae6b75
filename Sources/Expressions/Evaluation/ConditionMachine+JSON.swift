import Core

extension ConditionMachine {
    /// A value as JSON; times and durations as texts.
    func json(_ value: Value) -> JSONValue {
        switch value {
        case .missing, .null: .null
        case .boolean(let value): .bool(value)
        case .number(let number): .number(number.description)
        case .text(let range): .string(String(decoding: memory[range], as: UTF8.self))
        case .time(let time): .string(time.description)
        case .duration(let span): .string(Self.text(ofDuration: span))
        case .array(let range), .object(let range), .largeNumber(let range):
            // What nobody looked into may be malformed, and is shown as it is then.
            (try? JSONParser.parse(Array(memory[range])))
                ?? .string(String(decoding: memory[range], as: UTF8.self))
        }
    }

    /// A span of microseconds in seconds, with a fraction only where it has one.
    private static func text(ofDuration span: Int64) -> String {
        let isWhole = span % 1_000_000 == 0
        return "\(isWhole ? ExactNumber(span / 1_000_000) : ExactNumber(span, scale: 6))s"
    }
}
