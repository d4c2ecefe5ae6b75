import API
import ArgumentParser
import Core
import Foundation
import Logging
import Server
import Telemetry

/// `millrace serve`: the server.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serves the API from a data directory.",
        discussion: """
            Prints one line on standard output when it is ready, and logs to standard error. SIGTERM ends it: requests \
            in progress finish first. On a new data directory it makes a key that may do everything and prints it \
            once; MILLRACE_ADMIN_KEY (32 characters or more) sets it instead.
            """)

    @Option(help: "The directory of the data, made when there is none; or MILLRACE_DATA.") var data: String?
    @Option(help: "The address to listen on; 127.0.0.1 by default.") var host: String?
    @Option(help: "The port to listen on; 8080 by default, 0 takes a free one.") var port: String?
    @ArgumentParser.Flag(help: "Fills an empty shop with a small sample, and prints requests to try.") var sample =
        false
    @OptionGroup var options: SettingsOptions

    func run() async throws {
        FileDescriptorLimit.raise()
        let data = data ?? Environment.value("MILLRACE_DATA") ?? Environment.defaultDataDirectory
        var flags: [String: String] = [:]
        flags[APISettings.host.name] = host
        flags[APISettings.port.name] = port
        let settings = try options.load(dataDirectory: data, flags: flags)
        let metrics = MetricsRegistry()
        let logger = Logger(label: "millrace") { label in
            ServerLogHandler(
                label: label, level: settings[ServerSettings.logLevel], format: settings[ServerSettings.logFormat],
                metrics: metrics)
        }
        var configuration = MillraceServer.Configuration(
            dataDirectory: data, settings: settings, adminKey: Environment.value("MILLRACE_ADMIN_KEY"))
        configuration.fillsSample = sample
        try await MillraceServer(configuration, metrics: metrics, logger: logger, announce: Self.print).run()
    }

    /// Tells standard output, at once even when it is a file or a pipe.
    private static func print(_ announcement: MillraceServer.Announcement) {
        switch announcement {
        case .adminKey(let key):
            Swift.print("admin key: \(key)  (shown once; store it)")
        case .listening(let address, let sampleKey):
            Swift.print("millrace \(Version.current) listening on \(address)")
            if let sampleKey { Swift.print(requests(to: address, key: sampleKey)) }
        }
        fflush(nil)
    }

    /// Requests that work when they are pasted into a shell.
    private static func requests(to address: String, key: String) -> String {
        """

        Try it; the API key is \(key)
        curl -H 'Authorization: Bearer \(key)' '\(address)/api/v1/products?limit=3'
        curl -H 'Authorization: Bearer \(key)' '\(address)/api/v1/products/search?q=tea'
        curl -H 'Authorization: Bearer \(key)' -H 'Content-Type: application/json' -H 'Idempotency-Key: first-order' \
        -d '{"items": [{"sku": "TEA-OOLONG", "quantity": 2}]}' '\(address)/api/v1/orders'
        """
    }
}
