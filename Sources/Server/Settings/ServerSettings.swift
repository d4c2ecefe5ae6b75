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
    /// How far a follower may be behind.
    public static let readyLag = Setting(
        "server.ready_lag", default: 10_000, unit: "changes", bounds: 0...1_000_000_000, moves: "the answer of /ready",
        "How many changes an index may be behind the log before the server says that it is not ready.")

    /// All of them.
    public static let all: [AnySetting] = [logLevel.erased, logFormat.erased, readyLag.erased]
}

/// How severe a message must be to be logged.
public enum LogLevel: String, SettingChoice {
    case trace, debug, info, notice, warning, error, critical
}

/// How log lines look.
public enum LogFormat: String, SettingChoice {
    case text, json
}
