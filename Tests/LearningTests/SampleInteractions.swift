import Core
import Learning
import TestKit

/// People who like one of some groups of items, walk through it in its order, and take what is popular now and then.
struct SampleInteractions {
    let groups: Int
    let itemsOfAGroup: Int
    let matrix: InteractionMatrix
    /// Items of a group have something in common, and every other item something with every other of all groups.
    let content: ContentModel

    /// Draws people and what they chose.
    ///
    /// - parameters:
    ///   - people: how many there are; each chooses 4 to 9 items, a minute apart.
    ///   - random: what they are drawn with.
    ///   - hasTimes: whether it is known when they chose.
    ///   - unchosen: how many items of the first group nobody chose, behind all others.
    init(
        people: Int, groups: Int = 6, itemsOfAGroup: Int = 12, using random: inout SeededRandom, hasTimes: Bool = true,
        unchosen: Int = 0
    ) {
        self.groups = groups
        self.itemsOfAGroup = itemsOfAGroup
        let rows = (0..<people).map { person in
            let group = Int.random(in: 0..<groups, using: &random)
            let start = Int.random(in: 0..<itemsOfAGroup, using: &random)
            let count = Int.random(in: 4...9, using: &random)
            return (0..<count).map { step in
                let item = group * itemsOfAGroup + (start + step) % itemsOfAGroup
                let time = Timestamp(microseconds: Int64(person * 1000 + step * 60) * 1_000_000)
                return HistoryEntry(item: Int32(item), time: hasTimes ? time : nil)
            }
        }
        let chosen = groups * itemsOfAGroup
        matrix = InteractionMatrix(itemCount: chosen + unchosen, rows: rows)
        content = ContentModel(
            (0..<chosen + unchosen).map { item in
                let group = item < chosen ? item / itemsOfAGroup : 0
                return [ItemFeature(UInt64(group), 2), ItemFeature(UInt64(groups + item % 2), 1)]
            })
    }

    /// The items of a group.
    func items(ofGroup group: Int) -> Range<Int32> {
        Int32(group * itemsOfAGroup)..<Int32((group + 1) * itemsOfAGroup)
    }

    /// Settings with which a small model is trained at once.
    static let settings: HybridTraining.Settings = {
        var settings = HybridTraining.Settings()
        settings.factors = 8
        settings.iterations = 3
        settings.heldOutCount = 80
        settings.neighborLimit = 20
        return settings
    }()
}
