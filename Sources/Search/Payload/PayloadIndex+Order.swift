public import Core

/// What points are sorted by.
public enum PayloadOrderValue: Sendable, Hashable {
    case integer(Int64)
    case float(Double)
    case moment(Timestamp)
}

/// A value of a field by which points are sorted. A point with several values has as many places.
public struct OrderedSlot: Sendable, Hashable {
    /// Where the point is.
    public let slot: UInt32
    /// The value that gives it its place.
    public let value: PayloadOrderValue
}

extension PayloadIndex {
    /// The points with a number or time in a field, sorted by it; equal ones by slot.
    ///
    /// - parameters:
    ///   - nodes: the slots that are wanted; nil means all.
    ///   - start: the value to begin with, the same included. A number is compared with numbers, a moment with moments;
    ///     a moment in microseconds may be given as a whole number.
    ///   - limit: how many are wanted at most.
    /// - returns: nil when the field has no index that can be sorted by: one of kind `float`, `datetime`, or `integer`
    ///   with ranges.
    public func sorted(
        by path: PayloadPath, among nodes: NodeSet? = nil, descending: Bool = false,
        from start: PayloadOrderValue? = nil, limit: Int
    ) -> [OrderedSlot]? {
        guard let index = index(of: path), index.isSortable else { return nil }
        let bounds = start.map { index.bounds(from: $0, descending: descending) } ?? .some(Int64.min...Int64.max)
        guard let bounds else { return [] }
        var best = Best<(key: Int64, slot: UInt32)>(limit) { left, right in
            if left.key != right.key { return descending ? left.key > right.key : left.key < right.key }
            return left.slot < right.slot
        }
        let column = index.numbers.column
        let add = { (slot: UInt32, key: Int64) in
            if bounds.contains(key), nodes?.contains(slot) ?? true { best.insert((key, slot)) }
        }
        if let nodes, nodes.count * 4 < column.count {
            for slot in nodes { column.forEach(slot) { add(slot, $0) } }
        } else {
            column.first.forEachChunk { start, chunk in
                for (offset, key) in chunk.enumerated() where !key.isNone { add(UInt32(start + offset), key) }
            }
            column.forEachOfSeveral { slot, keys in for key in keys { add(slot, key) } }
        }
        return best.sorted().map { OrderedSlot(slot: $0.slot, value: index.value($0.key)) }
    }

    /// The values of a point by which it can be sorted, in no order; none when the field has no such index.
    public func orderValues(of slot: UInt32, by path: PayloadPath) -> [PayloadOrderValue] {
        guard let index = index(of: path), index.isSortable else { return [] }
        return index.numbers.column.values(slot).map { index.value($0) }
    }
}

extension FieldIndex {
    fileprivate var isSortable: Bool {
        switch field.kind {
        case .float, .datetime: true
        case .integer: field.isRanged
        default: false
        }
    }

    fileprivate func value(_ key: Int64) -> PayloadOrderValue {
        switch field.kind {
        case .float: .float(OrderKey.number(key))
        case .datetime: .moment(Timestamp(microseconds: key))
        default: .integer(key)
        }
    }

    /// The keys from a value on; nil when there are none.
    fileprivate func bounds(from start: PayloadOrderValue, descending: Bool) -> ClosedRange<Int64>? {
        let number: Double? =
            switch start {
            case .integer(let integer): Double(integer)
            case .float(let float): float
            case .moment: nil
            }
        switch (field.kind, start) {
        case (.datetime, .moment(let moment)):
            return descending ? .min...moment.microseconds : moment.microseconds ... .max
        case (.datetime, .integer(let microseconds)), (.integer, .integer(let microseconds)):
            return descending ? .min...microseconds : microseconds ... .max
        default:
            guard let number else { return nil }
            let range = descending ? NumberRange(lte: number) : NumberRange(gte: number)
            return field.kind == .float ? range.floats : range.integers
        }
    }
}

extension PayloadOrderValue: JSONEncodable {
    /// Writes a number, and a moment as microseconds since the epoch, as Qdrant does.
    public func write(to json: inout JSONWriter) {
        switch self {
        case .integer(let number): json.value(number)
        case .float(let number): json.value(number)
        case .moment(let moment): json.value(moment.microseconds)
        }
    }
}
