import ChangeLog
import Core
import Search

/// The words by which the event index finds an event: those of its type, its operation and its actor, and of all values
/// of its images. Names of members are none of them, and points in time are not: the list has filters for these.
struct EventWords: Sendable, Equatable {
    /// How many different words of an event count: the first of them.
    static let limit = 256

    /// The words, each once.
    private(set) var all: [String] = []
    private var known: Set<String> = []

    /// The words of a change.
    ///
    /// - throws: ``Failure`` `malformed_json` when an image is none.
    init(_ change: Change) throws {
        add(change.entityType)
        add(change.operation.rawValue)
        add("\(change.entity)")
        add(change.actor)
        for image in [change.after, change.before].compactMap({ $0 }) { add(try JSONParser.parse(image)) }
    }

    /// Whether they have all that a query looks for.
    func match(_ query: EventQuery) -> Bool {
        query.words.allSatisfy(known.contains)
            && query.beginnings.allSatisfy { beginning in all.contains { $0.hasPrefix(beginning) } }
    }

    private mutating func add(_ value: JSONValue) {
        switch value {
        case .null, .bool: break
        case .number(let text), .string(let text): add(text)
        case .array(let values): for value in values { add(value) }
        case .object(let object): for member in object.members { add(member.value) }
        }
    }

    private mutating func add(_ text: String) {
        guard all.count < Self.limit, Timestamp(text) == nil else { return }
        for word in Self.words(text) where all.count < Self.limit && known.insert(word).inserted { all.append(word) }
    }

    /// The words of a text, in the event and in what is looked for alike. An identifier between blanks is one word.
    static func words(_ text: some StringProtocol) -> [String] {
        // Most texts are short and have none.
        guard text.utf8.count >= identifierLength else { return parts(text) }
        return text.split(whereSeparator: \.isWhitespace).flatMap { part in
            Identifier(part).map { ["\($0)"] } ?? parts(part)
        }
    }

    private static let identifierLength = 36

    private static func parts(_ text: some StringProtocol) -> [String] {
        Tokenizer.words(String(text)).map { String(decoding: $0, as: UTF8.self) }
    }
}
