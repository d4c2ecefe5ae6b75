import ArgumentParser
import Foundation
import Server

/// `millrace metrics`: what a running server counts.
struct Metrics: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints the metrics of a running server: Prometheus text, or JSON.")

    @Option(help: "text or json") var format = Config.Format.text
    @OptionGroup var target: TargetOptions

    func run() async throws {
        let path = format == .json ? "/metrics/json" : "/metrics"
        let answer = try await target.client().send("GET", path)
        FileHandle.standardOutput.write(Data(answer.body))
        if answer.body.last != UInt8(ascii: "\n") { print() }
    }
}
