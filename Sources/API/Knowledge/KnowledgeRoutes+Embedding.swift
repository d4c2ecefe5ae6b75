import ChangeLog
import Core
import Embedding
import Knowledge
import Storage

/// Texts become vectors before a transaction begins: whoever waits for the endpoint holds up nobody.
extension KnowledgeRoutes {
    /// The same elements, each with a vector of its text, where it came without one: the one that it has already, if
    /// that is of the same text, else one that is made now. A text of blanks gets none, and where texts are not turned
    /// into vectors nothing does.
    ///
    /// - throws: ``Failure``, those of ``Embedder/vectors(of:within:)``.
    func withVectors<Element: GraphElement>(
        _ drafts: [ElementDraft<Element>], of tenant: Tenant
    ) async throws -> [EmbeddedDraft<Element>] {
        var embedded = drafts.map { EmbeddedDraft(draft: $0) }
        guard let embedder else { return embedded }
        let bare = drafts.indices.filter { drafts[$0].embedding == nil && !isBlank(drafts[$0].element.embeddedText) }
        for start in stride(from: 0, to: bare.count, by: Self.embeddedAtOnce) {
            let part = bare[start..<min(start + Self.embeddedAtOnce, bare.count)]
            let known = try await known(part.map { drafts[$0].element }, of: tenant)
            let missing = part.filter { index in
                let element = drafts[index].element
                let old = known[element.header.id]
                embedded[index].keepsVector =
                    old?.header.dimensions == role.elements.dimensions && old?.embeddedText == element.embeddedText
                return !embedded[index].keepsVector
            }
            let vectors = try await embedder.vectors(
                of: missing.map { .init(drafts[$0].element.embeddedText, for: space) })
            for (index, vector) in zip(missing, vectors) {
                embedded[index].draft = try role.elements.draft(drafts[index].element, embedding: vector)
            }
        }
        return embedded
    }

    /// How many texts are handed to the endpoint before others are.
    private static let embeddedAtOnce = 500

    /// Those of some elements that are there, as they are.
    private func known<Element: GraphElement>(
        _ elements: [Element], of tenant: Tenant
    ) async throws -> [String: Element] {
        let ids = elements.map(\.header.id).filter { !$0.isEmpty }
        guard !ids.isEmpty else { return [:] }
        return try await role.log.read { [role] transaction in
            try role.elements.find(Element.self, ids, of: tenant, in: transaction)
        }.value
    }

    /// The same search with the vector of its words, where it needs one or is better with one. Where the client has not
    /// asked for likeness, a search goes on without the vector that could not be made, and says so.
    ///
    /// - throws: ``Failure`` `invalid_request` for a text of blanks; those of ``Embedder/vectors(of:within:)``.
    func withVector(_ body: GraphSearchBody) async throws -> GraphSearchBody {
        let text = body.search.query
        guard body.search.embedding == nil, !text.isEmpty else { return body }
        let needs = body.needsVector
        guard let embedder, needs || !body.standardSubjects.isEmpty else { return body }
        guard !isBlank(text) else {
            guard !needs else {
                throw Failure.invalid(at: "/query", "Words are expected, of which a vector can be made.")
            }
            return body
        }
        var body = body
        do throws(Failure) {
            body.search.embedding = try await embedder.vectors(
                of: [.init(text, for: space)], within: needs ? nil : embeddingPatience
            ).first
        } catch {
            guard !needs, error.code != "cancelled" else { throw error }
            body.missing = [.similarity]
            return body
        }
        for subject in body.standardSubjects { body.sections[subject]?.methods.append(.similarity) }
        return body
    }

    /// Where the vectors of graphs go.
    private var space: VectorSpace {
        VectorSpace("graph", dimensions: role.elements.dimensions, setting: KnowledgeSettings.dimensions.name)
    }

    func isBlank(_ text: String) -> Bool { text.allSatisfy(\.isWhitespace) }
}

/// An element that is to be written, after it was found out which vector it gets.
struct EmbeddedDraft<Element: GraphElement>: Sendable {
    var draft: ElementDraft<Element>
    /// Whether it came without a vector and keeps the one that is there.
    var keepsVector = false

    /// The same with a new id where it has none.
    func named(by unit: UnitOfWork) -> EmbeddedDraft {
        EmbeddedDraft(draft: draft.named(by: unit), keepsVector: keepsVector)
    }

    /// Looks whether the vector that the element was to keep was there still.
    ///
    /// - throws: ``Failure`` `element_changed` when somebody else has changed the text or deleted it in between.
    func check(_ written: Element) throws(Failure) {
        guard keepsVector, written.header.dimensions == nil else { return }
        throw Failure.conflict(
            "element_changed",
            "The \(Element.kind.rawValue) has just been changed by somebody else and lost its vector. Send it again."
        )
    }
}

extension EmbeddedDraft {
    /// Looks at several elements that were written, in the order of their drafts.
    ///
    /// - throws: ``Failure`` `element_changed`.
    static func check(_ drafts: [EmbeddedDraft], _ written: [WrittenElement<Element>]) throws {
        for (draft, written) in zip(drafts, written) { try draft.check(written.element) }
    }
}
