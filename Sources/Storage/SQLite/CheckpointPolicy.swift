/// Decides when the write-ahead log is copied into the main file, and by whom.
///
/// The log can begin again only when all of it is copied and nobody writes, so a thread beside the writer copies most
/// of it and the writer the little that is left: no commit waits for more than a few pages.
struct CheckpointPolicy {
    /// What to do after a commit.
    enum Action: Equatable {
        case nothing
        /// Let the thread beside copy what there is.
        case copyBeside
        /// Let the writer copy the rest now, so that the log begins again.
        case finish
    }

    /// How many pages the log gathers before the thread beside copies them.
    static let pagesBetweenCopies = 4_096
    /// How many pages the log has before the writer finishes it: 48 MiB, which are read again in a tenth of a second
    /// after a crash. A page that many commits change is copied once.
    static let pagesBeforeFinish = 12_288
    /// How many pages the writer copies by itself at most, unless the log has grown to ``pagesLimit``.
    static let pagesToFinish = 1_536
    /// How long the log may grow while readers or the disk hold the copying up.
    static let pagesLimit = 65_536

    private var copied = 0
    private var isCopying = false

    /// A commit has left so many pages in the log.
    mutating func committed(pages: Int) -> Action {
        if pages < copied { copied = 0 }
        guard !isCopying else { return .nothing }
        if pages >= Self.pagesBeforeFinish, pages - copied <= Self.pagesToFinish || pages >= Self.pagesLimit {
            return .finish
        }
        guard pages - copied >= Self.pagesBetweenCopies else { return .nothing }
        isCopying = true
        return .copyBeside
    }

    /// The thread beside has copied so many pages of the log in all.
    mutating func copied(pages: Int) {
        isCopying = false
        copied = pages
    }
}
