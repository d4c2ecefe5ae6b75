import Core
import Expressions

extension JSONFields {
    /// A template that may be missing.
    mutating func optionalTemplate(
        _ name: String, _ escaping: TemplateEscaping, length: ClosedRange<Int> = 0...65_536
    ) -> Template? {
        guard let text = optionalString(name, length: length) else { return nil }
        return parse(text, escaping, at: name)
    }

    /// A template that must be there.
    mutating func template(
        _ name: String, _ escaping: TemplateEscaping, length: ClosedRange<Int> = 1...65_536
    ) -> Template {
        let text = string(name, length: length)
        return parse(text, escaping, at: name) ?? .empty
    }

    /// Templates of an array of texts, or of one text.
    mutating func templates(_ name: String, _ escaping: TemplateEscaping, count: ClosedRange<Int>) -> [Template] {
        let texts = optionalStrings(name, count: count, length: 1...1_000) ?? []
        return texts.compactMap { parse($0, escaping, at: name) }
    }

    /// Templates by name, from an object of texts.
    mutating func namedTemplates(_ name: String, _ escaping: TemplateEscaping, limit: Int) -> [NamedTemplate] {
        guard let tree = optionalTree(name) else { return [] }
        guard tree.members.count <= limit else {
            reject(name, "There may be at most \(limit) of them.")
            return []
        }
        return tree.members.compactMap { member in
            switch member.value {
            case .string(let text):
                return parse(text, escaping, at: name).map { NamedTemplate(name: member.name, template: $0) }
            case .number(let text):
                return parse(text, escaping, at: name).map { NamedTemplate(name: member.name, template: $0) }
            default:
                reject(name, "\(member.name) must be a string.")
                return nil
            }
        }
    }

    private mutating func parse(_ text: String, _ escaping: TemplateEscaping, at name: String) -> Template? {
        do {
            return try Template(parsing: text, escaping: escaping)
        } catch {
            reject(name, error.explanation)
            return nil
        }
    }
}

/// A template under a name: a header field, a parameter.
struct NamedTemplate: Sendable {
    let name: String
    let template: Template
}

extension [NamedTemplate] {
    /// Writes them as an object.
    func write(to json: inout JSONWriter, secrets: SecretDisplay = .shown) {
        json.object { json in
            for entry in self {
                json.key(named: entry.name)
                json.value(secrets.text(ofHeader: entry.name, entry.template.text))
            }
        }
    }

    /// The same with the texts of others in the places where they have masks.
    ///
    /// - parameter isSameServer: whether they go to the same server as before.
    /// - throws: ``MisplacedMask`` when they do not.
    func keepingSecrets(of old: [NamedTemplate], isSameServer: Bool) throws(MisplacedMask) -> [NamedTemplate] {
        var kept = self
        for index in indices where self[index].template.text == Secret.mask {
            guard let former = old.first(where: { $0.name == self[index].name }) else { continue }
            guard isSameServer else { throw MisplacedMask(member: "headers/\(former.name)") }
            kept[index] = former
        }
        return kept
    }
}

extension SecretDisplay {
    /// A header field as it is written: those that carry credentials are hidden.
    func text(ofHeader name: String, _ value: String) -> String {
        let name = name.lowercased()
        let isSecret = ["authorization", "key", "token", "secret", "password"].contains { name.contains($0) }
        return isSecret ? text(value) : value
    }
}

extension Error {
    /// What is wrong, for the place where it is shown beside the value.
    var explanation: String { (self as? Failure)?.message ?? "\(self)" }
}
