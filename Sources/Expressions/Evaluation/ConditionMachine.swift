import Core

/// Evaluates the instructions of a ``Program`` for one event after the other.
///
/// Everything that texts, arrays and objects are ranges of stands in one memory: the texts of the conditions, the
/// images of the event as soon as a field of theirs is read, and the texts that functions make. It is emptied for each
/// event.
struct ConditionMachine: Sendable {
    /// What is known of an image of the event.
    private enum ImageState: Sendable {
        case unread
        case read
        /// There is nothing: before an insertion, after a deletion.
        case empty
        /// There is something, but the event does not have it.
        case unavailable
        case malformed(byte: Int)
    }

    /// An image and where it stands in the memory.
    private struct Image: Sendable {
        var state = ImageState.empty
        var place = 0..<0
    }

    let program: Program
    private(set) var memory: [UInt8]
    /// The values of the fields: of the image after, of the image before, and of the elements of each lambda.
    private var values: [Value]
    private var after = Image()
    private var before = Image()
    private var event: EventDocument
    private(set) var now = Timestamp(microseconds: 0)

    /// How many zeros stand behind each image, so that eight bytes can be read at every place of it.
    private static let padding = [UInt8](repeating: 0, count: 8)

    init(_ program: Program) {
        self.program = program
        memory = program.constants
        values = Array(repeating: .missing, count: program.valueCount)
        event = EventDocument(
            id: "", position: 0, entityType: "", entityID: "", operation: "", time: now, actor: "")
    }

    /// Takes an event in place of the one before.
    mutating func load(_ event: EventDocument, now: Timestamp) {
        self.event = event
        self.now = now
        memory.removeLast(memory.count - program.constants.count)
        after.state = event.after != nil ? .unread : event.operation == "delete" ? .empty : .unavailable
        before.state = event.before != nil ? .unread : event.operation == "insert" ? .empty : .unavailable
    }

    /// Puts a text that was made into the memory.
    mutating func remember(_ text: some Sequence<UInt8>) -> Value {
        let start = memory.count
        memory.append(contentsOf: text)
        return .text(start..<memory.count)
    }
}

/// Fields.
extension ConditionMachine {
    /// The value of a field, ``Value/missing`` when it is not there.
    mutating func field(_ source: FieldSource, _ node: Int, at instruction: Int) throws(Fault) -> Value {
        switch source {
        case .new: try newField(node, at: instruction)
        case .old: try oldField(node, at: instruction)
        case .data where event.operation == "delete": try oldField(node, at: instruction)
        case .data: try newField(node, at: instruction)
        case .element(let lambda): values[program.lambdas[lambda].values.lowerBound + node]
        }
    }

    /// The value of a field after the change.
    mutating func newField(_ node: Int, at instruction: Int) throws(Fault) -> Value {
        if case .unread = after.state { read(isBefore: false) }
        switch after.state {
        case .read: return values[node]
        case .unread, .empty: return .missing
        case .unavailable: throw Fault(.noImage(isBefore: false), at: instruction)
        case .malformed(let byte): throw Fault(.malformed(isBefore: false, byte: byte), at: instruction)
        }
    }

    /// The value of a field before the change.
    mutating func oldField(_ node: Int, at instruction: Int) throws(Fault) -> Value {
        if case .unread = before.state { read(isBefore: true) }
        switch before.state {
        case .read: return values[program.tree.nodes.count + node]
        case .unread, .empty: return .missing
        case .unavailable: throw Fault(.noImage(isBefore: true), at: instruction)
        case .malformed(let byte): throw Fault(.malformed(isBefore: true, byte: byte), at: instruction)
        }
    }

    /// One of the circumstances of the event.
    mutating func eventField(_ field: EventField) -> Value {
        switch field {
        case .id: return remember(event.id.utf8)
        case .position: return .number(ExactNumber(event.position))
        case .type: return remember(event.type.utf8)
        case .entityType: return remember(event.entityType.utf8)
        case .entityID: return remember(event.entityID.utf8)
        case .operation: return remember(event.operation.utf8)
        case .time: return .time(event.time)
        case .actor: return remember(event.actor.utf8)
        case .requestID: return event.requestID.map { remember($0.utf8) } ?? .null
        }
    }

    /// Puts an image into the memory and reads all fields of it.
    private mutating func read(isBefore: Bool) {
        guard let image = isBefore ? event.before : event.after else { return }
        let place = memory.count..<memory.count + image.count
        memory.append(contentsOf: image)
        memory.append(contentsOf: Self.padding)
        let fields = program.tree.nodes.count
        let range = isBefore ? fields..<2 * fields : 0..<fields
        var state = ImageState.read
        do {
            try scan(place, program.tree, range) { scanner throws(JSONScanner.Malformed) in try scanner.document() }
        } catch {
            state = .malformed(byte: error.position - place.lowerBound)
        }
        if isBefore { before = Image(state: state, place: place) } else { after = Image(state: state, place: place) }
    }

    /// Reads the next element of an array for a lambda. Returns false at the end of the array.
    ///
    /// - parameter position: where to go on: behind the bracket at first, then where the element before ended.
    mutating func nextElement(
        _ lambda: Int, _ position: inout Int, of array: Range<Int>, at instruction: Int
    ) throws(Fault) -> Bool {
        let lambda = program.lambdas[lambda]
        let isFirst = position == array.lowerBound + 1
        var isElement = false
        var end = position
        do {
            try scan(position..<array.upperBound, lambda.tree, lambda.values) {
                scanner throws(JSONScanner.Malformed) in
                isElement = try scanner.element(isFirst: isFirst)
                end = scanner.position
            }
        } catch {
            let isBefore = before.place.contains(error.position)
            let start = isBefore ? before.place.lowerBound : after.place.lowerBound
            throw Fault(.malformed(isBefore: isBefore, byte: error.position - start), at: instruction)
        }
        position = end
        return isElement
    }

    /// Reads the fields of a tree out of a part of the memory.
    private mutating func scan(
        _ place: Range<Int>, _ tree: PathTree, _ range: Range<Int>,
        _ body: (inout JSONScanner) throws(JSONScanner.Malformed) -> Void
    ) throws(JSONScanner.Malformed) {
        for index in range { values[index] = .missing }
        let bytes = memory
        let escaped = try bytes.withUnsafeBufferPointer { bytes throws(JSONScanner.Malformed) in
            try values.withUnsafeMutableBufferPointer { values throws(JSONScanner.Malformed) in
                let values = UnsafeMutableBufferPointer(rebasing: values[range])
                var scanner = JSONScanner(bytes, in: place, for: tree, into: values)
                try body(&scanner)
                return scanner.escaped
            }
        }
        for node in escaped { try decode(range.lowerBound + node) }
    }

    /// Puts a text without its escapes in place of one with them.
    private mutating func decode(_ index: Int) throws(JSONScanner.Malformed) {
        guard case .text(let range) = values[index] else { return }
        let quoted = range.lowerBound - 1..<range.upperBound + 1
        let text = memory.withUnsafeBufferPointer { JSONScanner.decoded(UnsafeBufferPointer(rebasing: $0[quoted])) }
        guard let text else { throw JSONScanner.Malformed(position: range.lowerBound) }
        values[index] = remember(text.utf8)
    }
}
