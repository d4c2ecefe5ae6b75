public import Core

/// Which orders a list shows, and in which order.
public struct OrderFilter: Sendable, Hashable {
    /// What a list is sorted by.
    public enum Sort: String, CaseIterable, Sendable {
        case createdAt = "created_at"
        case orderDate = "order_date"
        case totalAmount = "total_amount"
        case orderNumber = "order_number"
    }

    /// Only orders in one of these states; all when empty.
    public var statuses: [OrderStatus] = []
    /// Only orders of a customer.
    public var customerID: Identifier?
    /// Only orders made at or after a moment.
    public var from: Timestamp?
    /// Only orders made before a moment.
    public var to: Timestamp?
    /// Only orders whose number or external id begins so.
    public var search: String?
    /// Archived orders instead of the others.
    public var isArchived = false
    /// Whether each order comes with its lines.
    public var includesLines = false
    /// What the list is sorted by.
    public var sort = Sort.createdAt
    /// Whether the last comes first.
    public var descending = true

    /// Every order that is not archived, the newest first.
    public init() {}
}
