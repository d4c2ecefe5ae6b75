import ChangeLog
import Core
import Memories
import Search

/// Lines of a file that become points, all of them or none: those of an export, and memories as `POST /memories` takes
/// them.
struct PointImportBody: Sendable {
    /// How many lines a request may have.
    static let lineLimit = 1_000

    private enum Line: Sendable {
        case collection(String, CollectionDefinition)
        case point(String, PointInput)
        case memory(String, MemoryBody)
    }

    private var lines: [Line] = []

    /// Reads `{"lines":[…]}`.
    ///
    /// - throws: ``Failure`` `invalid_request` with what is wrong with each line.
    init(_ request: APIRequest, _ memories: MemoryCollections) throws {
        var texts: [[UInt8]] = []
        try request.readJSON { reader in
            var hasLines = false
            try reader.object { name, reader in
                guard name == "lines" else { throw reader.failure("There is no member of this name here.") }
                hasLines = true
                try reader.array { reader in
                    guard texts.count < Self.lineLimit else {
                        throw reader.failure("At most \(Self.lineLimit) lines are expected.")
                    }
                    texts.append(try reader.valueAndBytes().bytes)
                }
            }
            guard hasLines else { throw reader.failure("This member is required.", member: "lines") }
        }
        var problems = LineProblems()
        for (index, text) in texts.enumerated() {
            problems.note(at: index) { lines.append(try Self.line(text, memories)) }
        }
        try problems.check()
    }

    private static func line(_ text: [UInt8], _ memories: MemoryCollections) throws -> Line {
        guard case .object(let object) = try JSONParser.parse(text) else {
            throw Failure.invalid(at: "", "An object is expected.")
        }
        if let definition = object["definition"] {
            guard case .string(let name)? = object["collection"], CollectionDefinition.isName(name) else {
                throw Failure.invalid(at: "/collection", "The name of a collection is expected.")
            }
            return .collection(name, try CollectionDefinition(checked: JSONWriter.bytes(of: definition)))
        }
        return try text.withUnsafeBufferPointer { text in
            try JSONReader.read(text) { reader in
                guard object["point_id"] == nil else {
                    let body = try MemoryBody.read(&reader, .memory)
                    return .memory(try memories.name(.memory, namespace: body.namespace), body)
                }
                let line = try PointLine(&reader)
                return .point(line.collection, line.input)
            }
        }
    }

    /// Has vectors made for the memories that came without.
    ///
    /// - parameter vectors: gives memories their vectors.
    mutating func fillVectors(_ vectors: ([MemoryBody]) async throws -> [MemoryBody]) async throws {
        let sent = lines.enumerated().compactMap { index, line -> (index: Int, name: String, body: MemoryBody)? in
            guard case .memory(let name, let body) = line else { return nil }
            return (index, name, body)
        }
        // Whoever makes vectors is told the whole place of a line; what is written later is told it by its line.
        let placed = sent.map { entry in
            var body = entry.body
            body.pointer = LineProblems.pointer(entry.index) + body.pointer
            return body
        }
        for (entry, made) in zip(sent, try await vectors(placed)) {
            var body = entry.body
            body.input.vectors = made.input.vectors.map {
                .init(name: $0.name, components: $0.components, pointer: "\(body.pointer)/vector")
            }
            lines[entry.index] = .memory(entry.name, body)
        }
    }

    /// Writes the points, and makes the collections that are not there.
    ///
    /// - returns: how many points there are.
    func write(_ role: MemoryRole, _ memories: MemoryCollections, in unit: UnitOfWork) throws -> Int {
        var problems = LineProblems()
        var drafts: [String: [(key: PointKey, draft: PointDraft)]] = [:]
        var found: [String: PointCollection] = [:]
        var count = 0
        for (index, line) in lines.enumerated() {
            try problems.noteInvalid(at: index) {
                let (collection, input) = try open(line, &found, role, memories, in: unit)
                guard let input else { return }
                drafts[collection.name, default: []].append((input.key, try input.draft(for: collection.definition)))
                count += 1
            }
        }
        try problems.check()
        for (name, written) in drafts.sorted(by: { $0.key < $1.key }) {
            guard let collection = found[name] else { continue }
            // Of several lines with one id the last counts.
            var places: [PointKey: Int] = [:]
            for (index, entry) in written.enumerated() { places[entry.key] = index }
            let last = written.enumerated().filter { places[$1.key] == $0 }.map(\.element.draft)
            try role.points.upsert(last, into: collection, in: unit)
        }
        return count
    }

    /// The collection of a line, and what it writes there if anything.
    private func open(
        _ line: Line, _ found: inout [String: PointCollection], _ role: MemoryRole, _ memories: MemoryCollections,
        in unit: UnitOfWork
    ) throws -> (PointCollection, PointInput?) {
        switch line {
        case .collection(let name, let definition):
            let collection = try found[name] ?? role.collections.open(name, definition, in: unit)
            found[name] = collection
            return (collection, nil)
        case .point(let name, let input):
            let known = try found[name] ?? role.collections.find(name, of: unit.tenant, in: unit.transaction)
            guard let known else {
                throw Failure.invalid(
                    at: "/collection", "There is no collection \(name). Create it, or import a file that defines it.")
            }
            found[name] = known
            return (known, input)
        case .memory(let name, let body):
            let collection = try found[name] ?? memories.open(name, .memory, in: unit)
            found[name] = collection
            return (collection, body.input)
        }
    }
}

/// What is wrong with lines, each with its place.
private struct LineProblems {
    private var errors: [Failure.FieldError] = []

    /// Where a line stands in the request.
    static func pointer(_ index: Int) -> String { "/lines/\(index)" }

    /// Runs a closure and notes why it fails.
    mutating func note(at index: Int, _ body: () throws -> Void) {
        do {
            try body()
        } catch let failure as Failure {
            add(failure, at: index)
        } catch {
            errors.append(.init(pointer: Self.pointer(index), message: "\(error)"))
        }
    }

    /// Runs a closure that talks to the database, and notes why the line is not acceptable. What else fails is thrown.
    mutating func noteInvalid(at index: Int, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch let failure as Failure where failure.kind == .invalid {
            add(failure, at: index)
        }
    }

    private mutating func add(_ failure: Failure, at index: Int) {
        let place = Self.pointer(index)
        guard !failure.errors.isEmpty else {
            errors.append(.init(pointer: place, message: failure.message))
            return
        }
        errors += failure.errors.map { .init(pointer: place + $0.pointer, message: $0.message) }
    }

    /// - throws: ``Failure`` `invalid_request` with all of them, if there are any.
    func check() throws {
        guard !errors.isEmpty else { return }
        throw Failure(
            .invalid, code: "invalid_request",
            "Some of the lines are not acceptable; see errors. None of them was written.", errors: errors)
    }
}
