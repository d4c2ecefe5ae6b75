/// Where each item stands in a matrix: the same cells by columns.
struct ItemPlaces {
    /// Where the column of each item begins in ``rows``, and at the end how long that is.
    let starts: [Int]
    /// The users of each item, in their order.
    let rows: [Int32]
    /// Where in ``InteractionMatrix/items`` each of these cells stands.
    let places: [Int32]

    init(_ matrix: InteractionMatrix) {
        var starts = Array(repeating: 0, count: matrix.itemCount + 1)
        for item in matrix.items { starts[Int(item) + 1] += 1 }
        for item in 0..<matrix.itemCount { starts[item + 1] += starts[item] }
        var ends = starts
        var rows = [Int32](repeating: 0, count: matrix.items.count)
        var places = rows
        for row in 0..<matrix.rowCount {
            for place in matrix.range(ofRow: row) {
                let item = Int(matrix.items[place])
                rows[ends[item]] = Int32(row)
                places[ends[item]] = Int32(place)
                ends[item] += 1
            }
        }
        self.starts = starts
        self.rows = rows
        self.places = places
    }
}

extension InteractionMatrix {
    /// The matrix with a row for each item and a column for each user.
    func transposed() -> InteractionMatrix {
        let byItem = ItemPlaces(self)
        return InteractionMatrix(
            itemCount: rowCount, rowStarts: byItem.starts, items: byItem.rows,
            weights: byItem.places.map { weights[Int($0)] })
    }
}
