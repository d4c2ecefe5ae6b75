/// How often items stand together in rows, for one item after the other: a row of XᵀX, where X has the roots of the
/// weights, so that something that counts four times makes a pair that counts twice with something that counts once.
struct CoOccurrence {
    let matrix: InteractionMatrix
    let byItem: ItemPlaces
    let roots: [Float]

    init(_ matrix: InteractionMatrix) {
        self.matrix = matrix
        byItem = ItemPlaces(matrix)
        roots = matrix.weights.map { $0.squareRoot() }
    }

    /// Adds what stands together with an item to sums; the item itself too.
    func add(_ item: Int, to sums: inout ScoreAccumulator) {
        for cell in byItem.starts[item]..<byItem.starts[item + 1] {
            let root = roots[Int(byItem.places[cell])]
            for place in matrix.range(ofRow: Int(byItem.rows[cell])) {
                sums.add(root * roots[place], to: matrix.items[place])
            }
        }
    }

    /// Adds what stands around an item in rows, within a window, to sums, the nearer the more: what follows on it, and
    /// a share of what comes before it.
    func addAround(_ item: Int, window: Int, backwardShare: Float, to sums: inout ScoreAccumulator) {
        for cell in byItem.starts[item]..<byItem.starts[item + 1] {
            let place = Int(byItem.places[cell])
            let row = matrix.range(ofRow: Int(byItem.rows[cell]))
            for next in (place + 1)..<max(place + 1, min(place + 1 + window, row.upperBound)) {
                sums.add(roots[place] * roots[next] / Float(next - place), to: matrix.items[next])
            }
            guard backwardShare > 0 else { continue }
            for previous in max(place - window, row.lowerBound)..<place {
                let count = roots[place] * roots[previous] / Float(place - previous)
                sums.add(backwardShare * count, to: matrix.items[previous])
            }
        }
    }

    /// The sums of the rows and of the columns of what ``addAround(_:window:backwardShare:to:)`` counts.
    func sumsAround(
        window: Int, backwardShare: Float, pace: TrainingPace
    ) throws -> (sources: [Float], targets: [Float]) {
        var (sources, targets) = (Array(repeating: Float(0), count: matrix.itemCount), [Float]())
        targets = sources
        for row in 0..<matrix.rowCount {
            if row % 256 == 0 { try pace.pause() }
            let range = matrix.range(ofRow: row)
            for place in range {
                let item = Int(matrix.items[place])
                for next in (place + 1)..<max(place + 1, min(place + 1 + window, range.upperBound)) {
                    let other = Int(matrix.items[next])
                    let count = roots[place] * roots[next] / Float(next - place)
                    sources[item] += count
                    targets[other] += count
                    sources[other] += backwardShare * count
                    targets[item] += backwardShare * count
                }
            }
        }
        return (sources, targets)
    }
}
