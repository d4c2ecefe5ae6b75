public import Core
public enum TemplateEscaping: Sendable { case json, html, url, slack, header, text, none }
public struct Template: Sendable {
    public let source: String
    public init(parsing text: String, escaping: TemplateEscaping) throws(Failure) { source = text }
    public init(verbatim: String) { source = verbatim }
    public var fields: [String] { [] }
    public func render(_ event: EventDocument) throws(Failure) -> String { source }
    public func value(in event: EventDocument) throws(Failure) -> JSONValue? { nil }
}
public struct FieldCatalog: Sendable {
    public struct UnknownField: Sendable { public let field: String; public let nearest: String? }
    public init(_ fields: [String]) {}
    public func unknown(among fields: [String], beside: Set<String>) -> [UnknownField] { [] }
}
extension EventDocument {
    public func value(at path: String) throws(Failure) -> JSONValue? { nil }
}
