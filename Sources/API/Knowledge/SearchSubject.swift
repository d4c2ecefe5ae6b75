import Knowledge

/// What a search looks for.
enum SearchSubject: CaseIterable, Hashable, Sendable {
    case edge
    case node
    case episode
    /// Nodes that belong together, by their nodes.
    case community

    /// The elements that are looked at.
    var kind: ElementKind {
        switch self {
        case .edge: .edge
        case .node, .community: .node
        case .episode: .episode
        }
    }

    /// What its configuration is called.
    var configuration: String {
        switch self {
        case .edge: "edge_config"
        case .node: "node_config"
        case .episode: "episode_config"
        case .community: "community_config"
        }
    }
}
