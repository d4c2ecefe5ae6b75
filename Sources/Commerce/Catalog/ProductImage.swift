import Core

/// A product as the JSON that clients read, ready to be copied into an answer.
///
/// It is kept with the words of the product, so that a hit is shown without a look at the tables. What things cost is
/// in it, and where, so that it can be left out.
struct ProductImage: Sendable, Hashable {
    /// The members of the JSON object.
    private let members: [UInt8]
    /// The parts of ``members`` that say what something costs, each with the comma before it.
    private let costs: [Range<Int>]

    init(_ product: Product) {
        var json = JSONWriter(capacity: 1_024)
        var costs: [Range<Int>] = []
        json.object { json in
            product.writeMembers(to: &json) { json, cost in
                let start = json.bytes.count
                json.member("cost", cost)
                costs.append(start - 1..<json.bytes.count - 1)
            }
        }
        members = Array(json.bytes.dropFirst().dropLast())
        self.costs = costs
    }

    /// An image as it was stored.
    ///
    /// - throws: ``Failure`` `storage_corrupt` when it cannot have been.
    init(stored: [UInt8]) throws {
        let end = stored.firstIndex(of: UInt8(ascii: "\n")) ?? stored.endIndex
        let numbers = stored[..<end].split(separator: UInt8(ascii: " ")).map {
            Int(String(decoding: $0, as: UTF8.self))
        }
        members = Array(stored[end...].dropFirst())
        var costs: [Range<Int>] = []
        for index in stride(from: 0, to: numbers.count - 1, by: 2) {
            guard let start = numbers[index], let end = numbers[index + 1], start >= costs.last?.upperBound ?? 0,
                start < end, end <= members.count
            else { throw Self.damaged }
            costs.append(start..<end)
        }
        guard !costs.isEmpty, numbers.count.isMultiple(of: 2) else { throw Self.damaged }
        self.costs = costs
    }

    /// The image as it is stored: where each cost begins and ends, and the members on the next line.
    var stored: [UInt8] {
        let places = costs.map { "\($0.lowerBound) \($0.upperBound)" }.joined(separator: " ")
        return Array("\(places)\n".utf8) + members
    }

    /// Writes the members into an object that may have more of them.
    func writeMembers(to json: inout JSONWriter, showsCosts: Bool) {
        guard !showsCosts else { return json.raw(members) }
        var shown: [UInt8] = []
        shown.reserveCapacity(members.count)
        var position = 0
        for cost in costs {
            shown += members[position..<cost.lowerBound]
            position = cost.upperBound
        }
        shown += members[position...]
        json.raw(shown)
    }

    private static var damaged: Failure {
        Failure(.internal, code: "storage_corrupt", "The index file holds a product that cannot be read.")
    }
}
