/// Numbers by slot, for bounds and for sorting.
struct NumberColumn: Sendable {
    /// The least and the greatest number of a chunk; a chunk without numbers has them the wrong way round.
    private struct Zone: Sendable {
        var low = Int64.max
        var high = Int64.min
    }

    /// Whether the numbers are the ``OrderKey`` of floats.
    let hasFloats: Bool
    private(set) var column = SlotColumn<Int64>()
    private var zones: [Zone] = []

    init(hasFloats: Bool) { self.hasFloats = hasFloats }

    /// Puts numbers in the place of those that a slot had. The least that there is counts as none.
    mutating func set(_ numbers: [Int64], at slot: UInt32) {
        let numbers = numbers.filter { !$0.isNone }
        let old = column.first[Int(slot)]
        column.set(numbers, at: slot)
        let chunk = Int(slot) >> column.first.shift
        while zones.count < column.first.chunkCount { zones.append(Zone()) }
        guard chunk < zones.count else { return }
        let isAtBound = !old.isNone && (old == zones[chunk].low || old == zones[chunk].high)
        if isAtBound {
            zones[chunk] = Self.zone(column.first.chunk(chunk))
        } else if numbers.count == 1 {
            zones[chunk].low = min(zones[chunk].low, numbers[0])
            zones[chunk].high = max(zones[chunk].high, numbers[0])
        }
    }

    private static func zone(_ numbers: [Int64]) -> Zone {
        var zone = Zone()
        for number in numbers where !number.isNone {
            zone.low = min(zone.low, number)
            zone.high = max(zone.high, number)
        }
        return zone
    }

    /// Whether a number of a slot is within bounds.
    @inline(__always)
    func contains(_ slot: UInt32, in range: ClosedRange<Int64>) -> Bool { column.any(slot) { range.contains($0) } }

    /// About how many slots have a number within bounds: as if the numbers of a chunk were evenly spread.
    func estimate(_ range: ClosedRange<Int64>) -> Int {
        var sum = 0.0
        for zone in zones where zone.low <= range.upperBound && zone.high >= range.lowerBound {
            let low = number(max(zone.low, range.lowerBound))
            let high = number(min(zone.high, range.upperBound))
            let width = number(zone.high) - number(zone.low)
            sum += width > 0 ? max(0.001, (high - low) / width) : 1
        }
        let chunk = Double(1 << column.first.shift)
        return min(Int(sum * chunk) + column.several.count, column.count)
    }

    private func number(_ key: Int64) -> Double { hasFloats ? OrderKey.number(key) : Double(key) }

    /// Adds the slots that have a number within bounds.
    func insert(into nodes: inout NodeSet, in range: ClosedRange<Int64>) {
        // The least number stands for none, so it is never within.
        let low = max(range.lowerBound, .min + 1)
        guard low <= range.upperBound else { return }
        let width = UInt64(bitPattern: range.upperBound &- low)
        nodes.reserve(words: column.first.capacity >> 6)
        for (index, zone) in zones.enumerated() where zone.low <= range.upperBound && zone.high >= low {
            column.first.chunk(index).withUnsafeBufferPointer { numbers in
                for word in 0..<(numbers.count >> 6) {
                    var bits: UInt64 = 0
                    for bit in 0..<64 {
                        let isWithin = UInt64(bitPattern: numbers[word << 6 | bit] &- low) <= width
                        bits |= (isWithin ? 1 : 0) << UInt64(bit)
                    }
                    nodes.insert(bits: bits, at: index << (column.first.shift - 6) + word)
                }
            }
        }
        column.forEachOfSeveral { slot, numbers in
            if numbers.contains(where: range.contains) { nodes.insert(slot) }
        }
    }

    /// How many bytes of memory it takes, about.
    var byteCount: Int { column.byteCount + zones.capacity * 16 }
}
