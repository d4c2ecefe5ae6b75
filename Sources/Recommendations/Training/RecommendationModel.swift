import Core
import Learning

/// What was learnt of a tenant's items and what users did with them, of a moment. It is put into the place of another
/// as a whole. The number of an item is its slot.
struct RecommendationModel: Sendable {
    /// What answers call it; `none` before anything was learnt.
    var name = "none"
    /// How many changes of items and interactions there were when it was begun.
    var changeCount: UInt64 = 0
    /// Which items are alike by their attributes.
    var content = ContentModel([])
    /// What users with the same attributes chose.
    var segments = SegmentModel()
    /// What was learnt of what users did; nil before there was anything to learn from.
    var hybrid: HybridModel?

    /// Whether nothing was learnt yet, of what users did or of what items are like.
    var isEmpty: Bool { hybrid == nil && content.itemCount == 0 }
}
