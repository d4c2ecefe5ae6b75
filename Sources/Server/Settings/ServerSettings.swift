public import Core

/// The settings of the process itself.
public enum ServerSettings {
    /// What is logged.
    public static let logLevel = Setting(
        "server.log_level", default: LogLevel.info, moves: "log_messages_total",
        "The least severe messages that are logged: trace, debug, info, notice, warning, error or critical.")
    /// How it is logged.
    public static let logFormat = Setting(
        "server.log_format", default: LogFormat.text, moves: "the lines on standard error",
        "How log lines look: text for people, json (one object a line) for programs.")
    /// How long a stop may take.
    public static let shutdownTimeout = Setting(
        "server.shutdown_timeout", default: 10_000, unit: "ms", bounds: 100...600_000,
        moves: "the time from SIGTERM to the end of the process",
        "How long requests in progress may take to end after SIGTERM before they are cut off.")

    /// All of them.
    public static let all: [AnySetting] = [
        logLevel.erased, logFormat.erased, shutdownTimeout.erased,
    ]
}

/// How severe a message must be to be logged.
public enum LogLevel: String, SettingChoice {
    case trace, debug, info, notice, warning, error, critical
}

/// How log lines look.
public enum LogFormat: String, SettingChoice {
    case text, json
}
