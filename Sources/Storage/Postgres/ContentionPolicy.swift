/// Decides how many batches of writes run at the same time.
///
/// Two batches that want the same rows wait for each other to the end, and when one gives up its work is done twice. So
/// after that the next ones run one after the other, for a while, since everybody wants the same things for a while.
struct ContentionPolicy {
    /// How many batches run alone after one that gave up.
    static let quietBatches = 256

    private let maximum: Int
    private var left = 0

    init(maximum: Int) {
        self.maximum = maximum
    }

    /// How many batches may run at the same time now.
    var limit: Int { left > 0 ? 1 : maximum }

    /// How many writes share a commit at most: fewer where others may wait for their locks meanwhile.
    var batchLimit: Int { limit == 1 ? 128 : 32 }

    /// A batch gave up because others held what it wanted.
    mutating func gaveUp() { left = Self.quietBatches }

    /// A batch was committed.
    mutating func committed() { left = max(0, left - 1) }
}
