/// The first few of many in an order, gathered as they come.
struct Best<Element> {
    private let limit: Int
    private let isBefore: (Element, Element) -> Bool
    private var elements: [Element] = []
    /// The last of the first few, once there are enough: what comes after it is passed over.
    private(set) var worst: Element?

    /// The first `limit` by a strict order.
    init(_ limit: Int, by isBefore: @escaping (Element, Element) -> Bool) {
        // More than there are slots is never needed, and twice the limit is a number too.
        self.limit = min(limit, Int(UInt32.max))
        self.isBefore = isBefore
    }

    @inline(__always)
    mutating func insert(_ element: Element) {
        guard limit > 0 else { return }
        if let worst, !isBefore(element, worst) { return }
        elements.append(element)
        // The sooner there is a last one, the more is passed over.
        if elements.count >= (worst == nil ? limit : 2 * limit + 16) { cut() }
    }

    private mutating func cut() {
        elements.sort(by: isBefore)
        elements.removeLast(max(0, elements.count - limit))
        if elements.count == limit { worst = elements.last }
    }

    /// The first few in their order.
    mutating func sorted() -> [Element] {
        cut()
        return elements
    }
}
