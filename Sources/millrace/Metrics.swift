import ArgumentParser
import Core
import Foundation
import Server

/// `millrace metrics`: what a running server counts.
struct Metrics: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints the metrics of a running server: Prometheus text, or JSON.",
        discussion: "With a name, those whose names contain it; status 1 says that there are none.")

    @Argument(help: "A name or a part of one, for example observer_ or checkpoint_duration_seconds.") var name: String?
    @Option(help: "text or json") var format = Config.Format.text
    @OptionGroup var target: TargetOptions

    func run() async throws {
        let path = format == .json ? "/metrics/json" : "/metrics"
        let answer = try await target.client().send("GET", path)
        guard let name else {
            FileHandle.standardOutput.write(Data(answer.body))
            if answer.body.last != UInt8(ascii: "\n") { print() }
            return
        }
        switch format {
        case .json: print(try Self.selected(name, ofJSON: answer.body).json)
        case .text: for line in try Self.selected(name, ofText: answer.body) { print(line) }
        }
    }

    /// The lines of the metrics whose names contain a text, each family with its help and type.
    private static func selected(_ name: String, ofText bytes: [UInt8]) throws -> [Substring] {
        let text = String(decoding: bytes, as: UTF8.self)
        let lines = text.split(separator: "\n").filter { line in
            let metric = line.hasPrefix("# ") ? line.split(separator: " ").dropFirst(2).first ?? "" : line
            return metric.prefix { $0 != "{" && $0 != " " }.contains(name)
        }
        guard !lines.isEmpty else { throw missing(name) }
        return lines
    }

    private static func selected(_ name: String, ofJSON bytes: [UInt8]) throws -> JSONValue {
        let kinds = try JSONParser.parse(bytes).members.map { kind in
            JSONObject.Member(kind.name, .array(kind.value.elements.filter { $0["name"].text.contains(name) }))
        }
        guard kinds.contains(where: { !$0.value.elements.isEmpty }) else { throw missing(name) }
        return .object(JSONObject(kinds))
    }

    private static func missing(_ name: String) -> Failure {
        Failure(
            .notFound, code: "not_found",
            "The server has no metric whose name contains \(name). Those with labels begin with their first event.")
    }
}
