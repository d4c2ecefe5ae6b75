import Search

/// Which nodes episodes mention, and how many episodes mention each node. A value: searches hold it as it was.
struct Mentions: Sendable {
    private var nodes = ChunkedArray<[UInt32]>(empty: [], shift: 6)
    private var counts = ChunkedArray<UInt32>(empty: 0, shift: 8)

    /// The nodes that the episode at a slot mentions.
    func nodes(of episode: UInt32) -> [UInt32] { nodes[Int(episode)] }

    /// How many episodes mention the node at a slot.
    func count(of node: UInt32) -> Int { Int(counts[Int(node)]) }

    /// Takes over what an episode mentions: nothing when it is gone.
    mutating func set(_ mentioned: [UInt32], by episode: UInt32) {
        let old = Set(nodes[Int(episode)])
        let new = Set(mentioned)
        guard old != new else { return }
        for node in old.subtracting(new) { counts.update(Int(node)) { $0 -= 1 } }
        for node in new.subtracting(old) { counts.update(Int(node)) { $0 += 1 } }
        nodes.update(Int(episode)) { $0 = new.sorted() }
    }
}
