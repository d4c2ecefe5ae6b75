import Core
import Expressions

/// Takes out of Redis what other programs keep there under a tag.
struct CacheAction: Action {
    static let type = ActionType.cache

    private let tags: [Template]

    init(_ fields: inout JSONFields) {
        tags = fields.templates("tags", .text, count: 1...32)
        if fields.isMissing("tags") { fields.reject("tags", "At least one tag is required.") }
    }

    func writeMembers(to json: inout JSONWriter, secrets _: SecretDisplay) {
        json.member("tags", array: tags.map(\.text))
    }

    var templates: [Template] { tags }
    var destination: String { "redis" }

    func render(_ event: ActionEvent) throws -> RenderedAction {
        .invalidation(tags: try tags.map { try $0.render(event.document) })
    }
}
