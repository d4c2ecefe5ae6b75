import Core
import Logging
import Server
import Synchronization
import Telemetry
import TestKit
import Testing

@Suite struct ServerLogHandlerTests {
    private let lines = Lines()
    private let metrics = MetricsRegistry()

    private func logger(_ format: LogFormat, _ level: LogLevel = .info) -> Logger {
        Logger(label: "test") { [lines, metrics] label in
            ServerLogHandler(label: label, level: level, format: format, metrics: metrics, time: ManualTime()) {
                lines.append($0)
            }
        }
    }

    @Test func textIsOneLineWhateverTheMessage() {
        var logger = logger(.text)
        logger[metadataKey: "b"] = "2"
        logger.warning("one\ntwo\r\n2026-01-01 forged", metadata: ["a": "1"])
        #expect(lines.all == ["2026-01-01T00:00:00Z warning test: one\\ntwo\\n2026-01-01 forged a=1 b=2\n"])
    }

    @Test func jsonIsOneObjectALine() throws {
        logger(.json).error("it \"broke\"", metadata: ["code": "x", "level": "forged"])
        let expected = """
            {"time":"2026-01-01T00:00:00Z","level":"error","logger":"test","message":"it \\"broke\\"","code":"x"}

            """
        #expect(lines.all == [expected])
    }

    @Test(arguments: [(LogLevel.error, 1), (.warning, 2), (.info, 3), (.trace, 4)])
    func theLevelMovesTheCounter(_ level: LogLevel, _ count: Int) {
        let logger = logger(.text, level)
        logger.error("e")
        logger.warning("w")
        logger.info("i")
        logger.debug("d")
        let counter = metrics.counter("log_messages_total", "", labels: ["level"])
        #expect(["error", "warning", "info", "debug"].map { counter.with($0).value }.reduce(0, +) == count)
        #expect(lines.all.count == count)
    }
}

/// The lines that were written.
private final class Lines: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    func append(_ line: String) {
        lines.withLock { $0.append(line) }
    }
}
