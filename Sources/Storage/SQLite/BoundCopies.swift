/// The memory of the texts and blobs that are bound to a statement.
///
/// SQLite would allocate each copy by itself. This memory is used again each time, so that binding allocates nothing.
struct BoundCopies: ~Copyable {
    /// How much memory a statement keeps at most. SQLite copies by itself what goes beyond.
    private static let sizeLimit = 65_536

    private var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    /// How many bytes are in use.
    private var used = 0
    /// How many bytes would have been used, had there been room for all.
    private var wanted = 0

    deinit {
        memory.deallocate()
    }

    /// Forgets all copies. Nothing may read them any more.
    mutating func beginAnew() {
        if wanted > memory.count, memory.count < Self.sizeLimit {
            memory.deallocate()
            memory = .allocate(byteCount: min(max(2 * wanted, 256), Self.sizeLimit), alignment: 16)
        }
        used = 0
        wanted = 0
    }

    /// Copies bytes and returns where the copy stands until ``beginAnew()``, or nil when there is no room for it.
    mutating func add(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawPointer? {
        wanted += bytes.count
        guard let source = bytes.baseAddress, let start = memory.baseAddress, used + bytes.count <= memory.count else {
            return nil
        }
        let place = start + used
        place.copyMemory(from: source, byteCount: bytes.count)
        used += bytes.count
        return UnsafeRawPointer(place)
    }
}
