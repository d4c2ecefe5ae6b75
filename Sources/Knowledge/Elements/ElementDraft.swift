public import ChangeLog
import Core

/// An element that was written.
public struct WrittenElement<Element: GraphElement>: Sendable {
    /// The element as it is now.
    public let element: Element
    /// Whether there was none of its id before.
    public let isNew: Bool
}

/// An element that is to be written.
public struct ElementDraft<Element: GraphElement>: Sendable {
    /// The element; its version and the size of its vector are found out.
    public var element: Element
    /// A vector of its ``GraphElement/embeddedText``. Without one it keeps what it has as long as that text stays as it
    /// is.
    public var embedding: [Float]?

    /// An element with a vector, if there is one.
    public init(_ element: Element, embedding: [Float]? = nil) {
        self.element = element
        self.embedding = embedding
    }
}

extension ElementDraft {
    /// It with a new id where it has none.
    public func named(by unit: UnitOfWork) -> ElementDraft {
        guard element.header.id.isEmpty else { return self }
        var named = self
        named.element.header.id = unit.makeIdentifier().description
        return named
    }
}
