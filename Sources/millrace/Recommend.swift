import ArgumentParser

/// `millrace recommend`: how good recommendations are, and why they are what they are.
struct Recommend: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tells how good recommendations are, and why a user gets what they get.",
        subcommands: [RecommendEvaluate.self, RecommendExplain.self])
}
