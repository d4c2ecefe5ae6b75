import Core

/// Choices that are held out of a matrix, so that it can be seen how well they are predicted by what is learnt from the
/// rest.
///
/// For some of those users who were active last, either the latest item is held out, or, where times are known, the
/// item with which somebody came back after a while, and all that they chose after it.
struct Validation {
    /// A choice that is held out.
    struct Choice {
        /// What was chosen before, the latest last.
        let history: [HistoryEntry]
        /// What was chosen.
        let target: Int32
        /// When, if that is known.
        let moment: Timestamp?
    }

    /// What remains of the matrix.
    let training: InteractionMatrix
    /// What goes on with what was done just before; in the order of time.
    let continuing: [Choice]
    /// What was chosen by somebody who came back; in the order of time.
    let returning: [Choice]

    /// Holds choices out of a matrix.
    ///
    /// - parameters:
    ///   - matrix: who interacted with what.
    ///   - count: how many choices of each sort are held out at most.
    ///   - returnGap: after how many seconds somebody comes back.
    ///   - seed: which of the users are taken.
    init(_ matrix: InteractionMatrix, count: Int, returnGap: Int64, seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var cuts: [Int: Int] = [:]
        func take(_ places: [Int]) -> [Choice] {
            let latest = places.sorted { (Self.time(of: $0, in: matrix), $0) > (Self.time(of: $1, in: matrix), $1) }
                .prefix(max(count, places.count / 3))
            return latest.shuffled(using: &random).prefix(count)
                .sorted { (Self.time(of: $0, in: matrix), $0) < (Self.time(of: $1, in: matrix), $1) }
                .map { place in
                    let row = Self.row(of: place, in: matrix)
                    cuts[row] = place
                    return Choice(
                        history: (matrix.rowStarts[row]..<place).map(matrix.entry(at:)), target: matrix.items[place],
                        moment: matrix.times.isEmpty ? nil : matrix.times[place])
                }
        }
        let returns = (0..<matrix.rowCount).compactMap { row in
            matrix.times.isEmpty ? nil : Self.latestReturn(in: matrix.range(ofRow: row), of: matrix, gap: returnGap)
        }
        returning = take(returns)
        let returned = Set(returns)
        continuing = take(
            (0..<matrix.rowCount).compactMap { row in
                let range = matrix.range(ofRow: row)
                guard range.count > 1, cuts[row] == nil, !returned.contains(range.upperBound - 1) else { return nil }
                return range.upperBound - 1
            })
        training = InteractionMatrix(
            itemCount: matrix.itemCount,
            rows: (0..<matrix.rowCount).lazy.map { row in
                (matrix.rowStarts[row]..<(cuts[row] ?? matrix.rowStarts[row + 1])).lazy.map(matrix.entry(at:))
            })
    }

    /// When something was chosen; without times what stands later is taken to be later.
    private static func time(of place: Int, in matrix: InteractionMatrix) -> Timestamp {
        matrix.times.isEmpty ? Timestamp(microseconds: Int64(place)) : matrix.times[place]
    }

    private static func latestReturn(in range: Range<Int>, of matrix: InteractionMatrix, gap: Int64) -> Int? {
        range.dropFirst().last { matrix.times[$0 - 1].advanced(bySeconds: gap) < matrix.times[$0] }
    }

    /// The row in which something stands, by bisection.
    private static func row(of place: Int, in matrix: InteractionMatrix) -> Int {
        var (low, high) = (0, matrix.rowCount)
        while high - low > 1 {
            let middle = (low + high) / 2
            if matrix.rowStarts[middle] <= place { low = middle } else { high = middle }
        }
        return low
    }
}
