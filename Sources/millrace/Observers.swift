import ArgumentParser

/// `millrace observers`: what acts on changes, and where they come from.
struct Observers: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Acts on changes, those of a database of your own too.", subcommands: [ObserversCapture.self])
}
