import Search
import Testing

@testable import Memories

@Suite struct SlotTableTests {
    @Test func aSlotIsGivenAgainOnlyWhenNoSearchCanHoldIt() {
        var table = SlotTable()
        #expect((1...3).map { table.assign(.number($0)) } == [0, 1, 2])
        #expect(table.assign(.number(2)) == 1)
        let search = table.beginSearch()
        table.remove(.number(2))
        #expect(table.slot(of: .number(2)) == nil && table.key(at: 1) == nil && table.count == 2)
        #expect(table.assign(.number(4)) == 3, "the search may still hold slot 1")
        let later = table.beginSearch()
        table.endSearch(search)
        #expect(table.assign(.number(5)) == 1, "the later search began after the removal")
        table.endSearch(later)
        #expect(table.key(at: 1) == .number(5))
    }

    @Test func newPointsAreGivenNoSlotThatIsToBeRestored() {
        var table = SlotTable(restoringBelow: 3)
        #expect(table.assign(.number(9)) == 3)
        table.restore(.number(1), at: 0)
        table.restore(.number(2), at: 2)
        #expect(table.assign(.number(8)) == 4)
        table.endRestoring()
        #expect(table.assign(.number(7)) == 1 && table.assign(.number(6)) == 5)
        #expect(table.key(at: 0) == .number(1) && table.key(at: 3) == .number(9))
    }

    @Test func whatWasCopiedStaysAsItWas() {
        var table = SlotTable()
        for number in 0..<3_000 { _ = table.assign(.number(UInt64(number))) }
        let keys = table.keys
        table.remove(.number(2_999))
        table.remove(.number(0))
        _ = table.assign(.text("x"))
        #expect(keys[0] == .number(0) && keys[2_999] == .number(2_999) && keys[3_000] == nil)
    }
}
