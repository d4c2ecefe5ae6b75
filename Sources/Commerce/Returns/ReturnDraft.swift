public import Core

/// The limits of what a client may say of a return.
public enum ReturnLimits {
    /// Lines of one return.
    public static let lines = 1...500
    /// Units of one line.
    public static let quantity: ClosedRange<Int64> = 1...1_000_000_000
    /// Characters of a reason.
    public static let reason = 1...500
    /// Characters of the notes.
    public static let notes = 0...4000
}

/// A return that is wanted.
public struct ReturnDraft: Sendable {
    /// So many units of a line of the order.
    public struct Line: Sendable {
        public var orderLineID: Identifier
        public var quantity: Int64
        public var reason: String?
        public var condition: ReturnCondition?
        /// Whether they are to go into stock.
        public var restock = true
        /// What is to be paid back, when it is less than was paid for them; nil for all of it.
        public var refundAmount: Decimal?

        /// So many units of a line of the order, for all that was paid for them.
        public init(_ orderLineID: Identifier, _ quantity: Int64) {
            self.orderLineID = orderLineID
            self.quantity = quantity
        }

        /// Reads a line from a body.
        public init(_ fields: inout JSONFields) {
            orderLineID = fields.identifier("order_line_id")
            quantity = fields.integer("quantity", in: ReturnLimits.quantity)
            reason = fields.optionalString("reason", length: ReturnLimits.reason)
            condition = fields.optionalChoice("condition", ReturnCondition.self)
            restock = fields.optionalBool("restock") ?? true
            refundAmount = fields.optionalDecimal("refund_amount")
        }
    }

    public var lines: [Line]
    public var reason: String?
    public var notes: String?

    /// A return of given lines.
    public init(lines: [Line], reason: String? = nil, notes: String? = nil) {
        self.lines = lines
        self.reason = reason
        self.notes = notes
    }

    /// Reads a return from a body.
    public init(_ fields: inout JSONFields) {
        lines = fields.objects("lines", count: ReturnLimits.lines) { Line(&$0) }
        reason = fields.optionalString("reason", length: ReturnLimits.reason)
        notes = fields.optionalString("notes", length: ReturnLimits.notes)
        if Set(lines.map(\.orderLineID)).count < lines.count {
            fields.reject("lines", "An order line is named twice; name it once with the sum.")
        }
    }
}

/// What is to change of a return's texts (a merge patch).
public struct ReturnPatch: Sendable {
    public var reason: Patch<String> = .keep
    public var notes: Patch<String> = .keep

    /// No change.
    public init() {}

    /// Reads the members of a body.
    public init(_ fields: inout JSONFields) {
        reason = fields.patch("reason") { $0.optionalString($1, length: ReturnLimits.reason) }
        notes = fields.patch("notes") { $0.optionalString($1, length: ReturnLimits.notes) }
    }
}

/// What came back of a return.
public struct ReturnReceipt: Sendable {
    /// What came back of a line.
    public struct Line: Sendable {
        public var orderLineID: Identifier
        /// How many came back; at most as many as were to.
        public var quantity: Int64
        /// What state they are in; nil leaves what was said before.
        public var condition: ReturnCondition?
        /// Whether they go into stock; nil leaves what was said before.
        public var restock: Bool?

        /// So many units of a line of the order.
        public init(
            _ orderLineID: Identifier, _ quantity: Int64, condition: ReturnCondition? = nil, restock: Bool? = nil
        ) {
            self.orderLineID = orderLineID
            self.quantity = quantity
            self.condition = condition
            self.restock = restock
        }
    }

    /// What came back, line by line; a line that is not named did not come. Nil when all came.
    public var lines: [Line]?

    /// A receipt of given lines, or of everything.
    public init(lines: [Line]? = nil) {
        self.lines = lines
    }

    /// Reads a receipt from a body.
    public init(_ fields: inout JSONFields) {
        lines = fields.optionalObjects("lines", count: ReturnLimits.lines) { line in
            Line(
                line.identifier("order_line_id"), line.integer("quantity", in: 0...ReturnLimits.quantity.upperBound),
                condition: line.optionalChoice("condition", ReturnCondition.self), restock: line.optionalBool("restock")
            )
        }
        if let lines, Set(lines.map(\.orderLineID)).count < lines.count {
            fields.reject("lines", "An order line is named twice; name it once with the sum.")
        }
    }
}

/// Which returns a list shows.
public struct ReturnFilter: Sendable {
    public var orderID: Identifier?
    public var status: ReturnStatus?

    /// Every return, or those that match each given value.
    public init(orderID: Identifier? = nil, status: ReturnStatus? = nil) {
        self.orderID = orderID
        self.status = status
    }
}
