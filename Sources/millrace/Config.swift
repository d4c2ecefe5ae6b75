import ArgumentParser
import Core
import Foundation
import Server

/// `millrace config`: what can be set, and whether what is set is acceptable.
struct Config: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows and checks the settings.", subcommands: [List.self, Check.self])

    /// How a listing looks.
    enum Format: String, CaseIterable, ExpressibleByArgument {
        case text, json
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists every setting: name, value, source, unit, bounds and what it moves.")

        @OptionGroup var settings: SettingsOptions
        @Option(help: "The data directory, whose millrace.yaml is read.") var data: String?
        @Option(help: "text or json") var format = Format.text

        func run() throws {
            let values = try settings.load(dataDirectory: data ?? Environment.value("MILLRACE_DATA"))
            let listing = SettingsListing(try AllSettings.registry(), values)
            switch format {
            case .text: print(listing.text, terminator: "")
            case .json: print(String(decoding: JSONWriter.bytes(of: listing), as: UTF8.self))
            }
        }
    }

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Tells whether the server would start with the settings, or everything that is wrong with them.")

        @OptionGroup var settings: SettingsOptions
        @Option(help: "The data directory, whose millrace.yaml is read.") var data: String?

        func run() throws {
            _ = try settings.load(dataDirectory: data ?? Environment.value("MILLRACE_DATA"))
            print("OK")
        }
    }
}
