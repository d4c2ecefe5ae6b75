/// What an error reply says about where to ask instead.
enum RedisRedirection: Equatable {
    /// The slot is at another node from now on.
    case moved(slot: Int, RedisAddress)
    /// The key, and only that, is to be asked for at another node.
    case ask(RedisAddress)
    /// The server is not the one to ask, and does not know who is: it became a replica, or is not ready.
    case elsewhere

    /// Reads an error reply. Returns nil for one that says nothing of the kind.
    init?(_ text: String, from asked: RedisAddress) {
        let words = text.split(separator: " ")
        switch words.first {
        case "MOVED" where words.count == 3:
            guard let slot = Int(words[1]), let address = RedisAddress(redirection: words[2], from: asked) else {
                return nil
            }
            self = .moved(slot: slot, address)
        case "ASK" where words.count == 3:
            guard let address = RedisAddress(redirection: words[2], from: asked) else { return nil }
            self = .ask(address)
        case "READONLY", "LOADING", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN": self = .elsewhere
        default: return nil
        }
    }
}
