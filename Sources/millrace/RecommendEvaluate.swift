public import ArgumentParser
import Core
import Foundation
public import Learning
import Server

extension EvaluationSplit.Method: ExpressibleByArgument {}

/// `millrace recommend evaluate`: how well choices are predicted that were held out of a file.
struct RecommendEvaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Measures how well recommendations predict what users chose, from a file of interactions.",
        discussion: """
            The file has the columns user and item, and type and timestamp where they are known: CSV, TSV or NDJSON. \
            With --baskets each line is a list of items with commas between them: one visit, in the order of time. \
            Without times what stands later is later.

            With the split time, of users with a past the first new item in the last tenth of all interactions is \
            predicted, and of baskets the last item of each in the last tenth of the lines from the others in it. With \
            leave-one-out it is the last new item of every user.

            A model is trained with the rest as a server trains it, and ranks all items that the user did not have \
            yet. Of items with the same score the wanted one is counted as the last. HR@k is the share of users whose \
            item is among the first k, NDCG@k counts it less the further down it is, MRR is the mean of 1/rank, \
            coverage the share of all items that are among the first k of anybody, and novelty how surprising these \
            are, in bits.
            """)

    @Argument(help: "The file; - for standard input.") var file: String
    @ArgumentParser.Flag(help: "Each line is a list of items.") var baskets = false
    @Option(
        help: """
            What is known of the items: CSV, TSV or NDJSON with the column item, and each other column an attribute, \
            several values of which stand between bars. What GET /export/entities?format=ndjson answers is such a file.
            """)
    var entities: String?
    @Option(help: "time or leave-one-out") var split = EvaluationSplit.Method.time
    @Option(help: "How many of the first items count.") var k = 10
    @Option(help: "text or json") var format = Config.Format.text

    func validate() throws {
        if !(1...1000).contains(k) { throw ValidationError("--k is from 1 to 1000.") }
    }

    func run() throws {
        let interactions = try InteractionFile(file, baskets ? .baskets : .table)
        let data = EvaluationSplit(
            split, rows: interactions.rows, areSessions: baskets, itemCount: interactions.itemCount)
        guard data.training.rowCount > 0, data.choiceCount > 0 else {
            throw Failure(
                .invalid, code: "nothing_to_evaluate",
                "\(file) has nobody whose choice could be predicted: \(interactions.rows.count) "
                    + "\(baskets ? "baskets" : "users") with \(interactions.interactionCount) interactions. The split "
                    + "\(split.rawValue) needs someone to learn from, and someone who chose at least two items.")
        }
        let content = try entities.map { try EntityFile($0).content(of: interactions) }
        let clock = ContinuousClock()
        let threads = ProcessInfo.processInfo.activeProcessorCount
        let settings = HybridTraining.Settings()
        let start = clock.now
        let model = try HybridTraining.train(
            data.training, content: content, settings: settings, pace: TrainingPace(threads: threads))
        let trained = clock.now
        let evaluation = try Evaluation(model, data, content: content, depth: k)
        let conditions: [(name: String, value: JSONValue)] = [
            ("file", .string(file)), (baskets ? "baskets" : "users", .integer(interactions.rows.count)),
            ("items", .integer(interactions.itemCount)), ("interactions", .integer(interactions.interactionCount)),
            ("unused_columns", .array(interactions.unusedColumns.map { .string($0) })),
            ("split", .string(split.rawValue)), ("tested", .integer(data.choiceCount)), ("k", .integer(k)),
            ("seed", .integer(Int64(settings.seed))),
            ("training_seconds", Self.number(start.duration(to: trained) / .seconds(1), digits: 2)),
            ("ranking_seconds", Self.number(trained.duration(to: clock.now) / .seconds(1), digits: 2)),
        ]
        let results = evaluation.results.map { RankingQuality($0, k: k) }
        let algorithms = JSONObject.Member("algorithms", .array(results.map(\.json)))
        format.print(
            .object(JSONObject(conditions.map { JSONObject.Member($0.name, $0.value) } + [algorithms])),
            Self.lines(conditions) + [""] + TextTable(RankingQuality.titles(k: k), results.map(\.row)).lines)
    }

    private static func lines(_ conditions: [(name: String, value: JSONValue)]) -> [String] {
        conditions.compactMap { name, value in
            let texts = [value.text].compactMap(\.self) + value.elements.compactMap(\.text)
            return texts.isEmpty ? nil : "\(name): \(texts.joined(separator: ", "))"
        }
    }

    /// A number with so many digits behind the point.
    fileprivate static func number(_ value: Double, digits: Int) -> JSONValue {
        .number(String(format: "%.\(digits)f", value))
    }
}

/// How good the rankings of one algorithm are, to be printed.
private struct RankingQuality {
    let json: JSONValue
    let row: [String]

    init(_ result: Evaluation.Result, k: Int) {
        let name = result.algorithm?.rawValue ?? "hybrid"
        let metrics = result.metrics
        let values = [
            ("hit_rate", metrics.hitRate, 4), ("ndcg", metrics.discountedGain, 4),
            ("mrr", metrics.meanReciprocalRank, 4), ("coverage", metrics.coverage, 4), ("novelty", metrics.novelty, 2),
        ].map { JSONObject.Member($0.0, RecommendEvaluate.number($0.1, digits: $0.2)) }
        json = .object(JSONObject([.init("algorithm", .string(name))] + values))
        row = [name] + values.map { $0.value.text ?? "" }
    }

    static func titles(k: Int) -> [String] { ["ALGORITHM", "HR@\(k)", "NDCG@\(k)", "MRR", "COVERAGE", "NOVELTY"] }
}
