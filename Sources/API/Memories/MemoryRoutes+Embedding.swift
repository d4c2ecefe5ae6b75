import ChangeLog
import Core
import Embedding
import Memories
import Search
import Storage

/// Texts become vectors before a transaction begins: whoever waits for the endpoint holds up nobody.
extension MemoryRoutes {
    /// The same memories or documents, each with a vector: the one that was sent, or one made of its text. Where texts
    /// are not turned into vectors, one that came without stays so: it is found by its words.
    ///
    /// - throws: ``Failure`` `invalid_request` for a text of blanks, and those of ``Embedder/vectors(of:)``.
    func withVectors(
        _ bodies: [MemoryBody], _ kind: MemoryCollections.Kind, of tenant: Tenant
    ) async throws -> [MemoryBody] {
        let places = bodies.indices.filter { bodies[$0].input.vectors.isEmpty }
        guard !places.isEmpty, let embedder else { return bodies }
        let inputs = try places.map { place in
            let body = bodies[place]
            let text = MemoryBody.text(of: body.payload, kind)
            guard !isBlank(text) else {
                throw Self.blank(
                    "\(body.pointer)/payload/\(kind == .memory ? "key" : "text")", " Or send the vector.")
            }
            let name = try memories.name(kind, namespace: body.namespace)
            return Embedder.Input(text, for: space(of: name, tenant))
        }
        var bodies = bodies
        for (place, vector) in zip(places, try await embedder.vectors(of: inputs)) {
            let pointer = "\(bodies[place].pointer)/vector"
            bodies[place].input.vectors = [PointInput.Vector(name: "", components: vector, pointer: pointer)]
        }
        return bodies
    }

    /// The same search with the vector of its words, if it needs one.
    ///
    /// - throws: ``Failure`` `invalid_request` that names `embedding.url` for a mode that needs a vector where texts
    ///   are not turned into vectors, and for a text of blanks; those of ``Embedder/vectors(of:)``.
    func withVector(
        _ body: MemorySearchBody, in name: String, of tenant: Tenant
    ) async throws -> MemorySearchBody {
        guard let text = try body.textWithoutVector(isPossible: embedder != nil), let embedder else { return body }
        guard !isBlank(text) else {
            throw Failure.invalid(at: "/query_text", "Words are expected, of which a vector can be made.")
        }
        var body = body
        body.vector = try await embedder.vectors(of: [.init(text, for: space(of: name, tenant))]).first
        return body
    }

    /// What a patch makes of the vector of a memory; nil when it leaves the text as it is, when the vector was not made
    /// of the text, and where texts are not turned into vectors.
    ///
    /// - throws: ``Failure`` `invalid_request` for a text of blanks, and those of ``Embedder/vectors(of:)``.
    func revision(
        of key: PointKey, in name: String, by patch: JSONObject, _ reach: UserReach, _ tenant: Tenant
    ) async throws -> MemoryRevision? {
        guard let embedder, patch["key"] != nil || patch["value"] != nil else { return nil }
        let point = try await role.log.read {
            try find(key, in: name, asOf: nil, of: tenant, reach, withVectors: true, in: $0)
        }.value
        let old = try point.payloadObject()
        let (oldText, newText) = (MemoryBody.text(of: old, .memory), MemoryBody.text(of: old.merging(patch), .memory))
        guard oldText != newText else { return nil }
        guard !isBlank(newText) else { throw Self.blank("/key") }
        let unnamed = role.collection(name, of: tenant)?.definition.vectors.firstIndex { $0.name.isEmpty }
        let hasVector = unnamed.map { point.vectors?[$0] != nil } ?? false
        // Of blanks no vector was made: the client sent it.
        guard !hasVector || !isBlank(oldText) else { return nil }
        let space = space(of: name, tenant)
        let texts = hasVector ? [newText, oldText] : [newText]
        let vectors = try await embedder.vectors(of: texts.map { .init($0, for: space) })
        return MemoryRevision(oldText: oldText, oldVector: hasVector ? vectors[1] : nil, newVector: vectors[0])
    }

    private static func blank(_ pointer: String, _ remedy: String = "") -> Failure {
        .invalid(at: pointer, "The vector is made of this text, so it has to say something." + remedy)
    }

    /// Where the vectors of a collection go, or will when it is made.
    private func space(of name: String, _ tenant: Tenant) -> VectorSpace {
        let own = role.collection(name, of: tenant)?.definition.vectors.first { $0.name.isEmpty }?.size
        return VectorSpace(
            "collection", dimensions: own ?? memories.dimensions, setting: MemoriesSettings.dimensions.name)
    }

    private func isBlank(_ text: String) -> Bool { text.allSatisfy(\.isWhitespace) }
}

/// A change of the text of a memory with the vectors of both texts.
struct MemoryRevision: Sendable {
    let oldText: String
    /// Nil when the memory had none.
    let oldVector: [Float]?
    let newVector: [Float]

    /// How like two vectors of one text are at least: endpoints that compute several texts together round differently.
    private static let likeness: Float = 0.999

    /// Gives a memory the vector of its new text, if it has none or the one of its old text. A vector that the client
    /// made stays.
    ///
    /// - throws: ``Failure`` `memory_changed` when somebody else has changed the text in between.
    func apply(to point: inout Point, of definition: CollectionDefinition) throws {
        guard MemoryBody.text(of: try point.payloadObject(), .memory) == oldText else {
            throw Failure.conflict(
                "memory_changed", "The text of the memory has just been changed by somebody else. Send the patch again."
            )
        }
        guard let place = definition.vectors.firstIndex(where: { $0.name.isEmpty }) else { return }
        if let stored = point.vectors?[place] {
            guard let oldVector, Self.cosine(stored, oldVector) >= Self.likeness else { return }
        }
        let kind = definition.vectors[place]
        point.setVector(try kind.metric.prepare(newVector, dimensions: kind.size), at: place)
    }

    private static func cosine(_ one: [Float], _ other: [Float]) -> Float {
        guard one.count == other.count else { return 0 }
        var (product, first, second): (Float, Float, Float) = (0, 0, 0)
        for (a, b) in zip(one, other) {
            product += a * b
            first += a * a
            second += b * b
        }
        return first > 0 && second > 0 ? product / (first * second).squareRoot() : 0
    }
}
