import Core
import Expressions

/// An entity beside the one that changed, which conditions and templates read under a name: the customer of an order.
public struct Lookup: Sendable {
    /// The name by which it is read, for example `customer`.
    public let name: String
    /// Its type, for example `customer`.
    public let entityType: String
    /// Where its identifier stands in the event, for example `customer_id`.
    public let path: String
    let template: Template

    static let limit = 8

    /// Reads the member `lookups`: an object of objects by name.
    static func read(_ fields: inout JSONFields) -> [Lookup] {
        guard let tree = fields.optionalTree("lookups") else { return [] }
        guard tree.members.count <= limit else {
            fields.reject("lookups", "There may be at most \(limit) lookups.")
            return []
        }
        return tree.members.compactMap { member in
            guard case .object(let object) = member.value, case .string(let type)? = object["entity_type"],
                case .string(let path)? = object["id"], object.members.count == 2
            else {
                fields.reject("lookups", "\(member.name) needs entity_type and id, and nothing else.")
                return nil
            }
            do {
                let template = try Template(parsing: "{{ \(path) | default('') }}", escaping: .none)
                return Lookup(name: member.name, entityType: type, path: path, template: template)
            } catch {
                fields.reject("lookups", "\(member.name): \(error.explanation)")
                return nil
            }
        }
    }

    /// Writes it as a member of `lookups`.
    func write(to json: inout JSONWriter) {
        json.key(named: name)
        json.object { json in
            json.member("entity_type", entityType)
            json.member("id", path)
        }
    }
}
