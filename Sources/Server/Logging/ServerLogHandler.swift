public import Core
import Foundation
public import Logging
public import Telemetry

/// Writes log lines to standard error, as text or as one JSON object a line, and counts them by level.
public struct ServerLogHandler: LogHandler {
    public var logLevel: Logger.Level
    public var metadata: Logger.Metadata = [:]
    private let label: String
    private let format: LogFormat
    private let messages: MetricsFamily<Counter>
    private let time: any TimeSource
    private let write: @Sendable (String) -> Void

    /// A handler for a logger.
    ///
    /// - parameter write: takes each line; standard error by default.
    public init(
        label: String, level: LogLevel, format: LogFormat, metrics: MetricsRegistry,
        time: any TimeSource = SystemTime(), write: @escaping @Sendable (String) -> Void = Self.writeToStandardError
    ) {
        self.label = label
        self.format = format
        self.time = time
        self.write = write
        logLevel = Logger.Level(rawValue: level.rawValue) ?? .info
        messages = metrics.counter("log_messages_total", "Log messages by their level.", labels: ["level"])
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        messages.with(event.level.rawValue).increment()
        let all = metadata.merging(event.metadata ?? [:]) { _, last in last }
        var pairs = all.map { ($0.key, "\($0.value)") }.sorted { $0.0 < $1.0 }
        if let error = event.error { pairs.append(("error", "\(error)")) }
        switch format {
        case .text: write(text(event, pairs))
        case .json: write(json(event, pairs))
        }
    }

    private func text(_ event: LogEvent, _ metadata: [(String, String)]) -> String {
        let pairs = metadata.map { " \($0)=\($1)" }.joined()
        let line = "\(time.now()) \(event.level) \(label): \(event.message)\(pairs)"
        // A message with line breaks is still one line, so that nobody can forge a second one.
        return line.split(whereSeparator: \.isNewline).joined(separator: "\\n") + "\n"
    }

    private func json(_ event: LogEvent, _ metadata: [(String, String)]) -> String {
        var writer = JSONWriter()
        writer.object { json in
            json.member("time", time.now())
            json.member("level", event.level.rawValue)
            json.member("logger", label)
            json.member("message", event.message.description)
            for (key, value) in metadata where !Self.reservedKeys.contains(key) {
                json.key(named: key)
                json.value(value)
            }
        }
        return String(decoding: writer.bytes, as: UTF8.self) + "\n"
    }

    private static let reservedKeys: Set<String> = ["time", "level", "logger", "message"]

    /// Writes a line in one piece. When nobody reads standard error any more, the line is lost and the server goes on.
    public static let writeToStandardError: @Sendable (String) -> Void = { line in
        let bytes = Array(line.utf8)
        _ = Foundation.write(STDERR_FILENO, bytes, bytes.count)
    }
}
