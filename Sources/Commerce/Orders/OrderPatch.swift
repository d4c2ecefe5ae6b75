public import Core

/// Changes to the parts of an order that its owner may change at any time.
public struct OrderPatch: Sendable {
    private var externalID: Patch<String>
    private var shippingAddress: Patch<StoredAddress>
    private var billingAddress: Patch<StoredAddress>
    private var paymentMethod: Patch<String>
    private var shippingMethod: Patch<String>
    private var notes: Patch<String>

    /// Reads a merge patch (RFC 7396).
    public init(_ fields: inout JSONFields) {
        externalID = fields.patch("external_id") { $0.optionalString($1, length: OrderLimits.externalID) }
        shippingAddress = fields.patch("shipping_address") { $0.optionalStoredAddress($1) }
        billingAddress = fields.patch("billing_address") { $0.optionalStoredAddress($1) }
        paymentMethod = fields.patch("payment_method") { $0.optionalString($1, length: OrderLimits.method) }
        shippingMethod = fields.patch("shipping_method") { $0.optionalString($1, length: OrderLimits.method) }
        notes = fields.patch("notes") { $0.optionalString($1, length: OrderLimits.notes) }
    }

    /// Reads a replacement: what it leaves out goes.
    public init(replacing fields: inout JSONFields) {
        self.init(&fields)
        func gone<T>(_ patch: inout Patch<T>) {
            if case .keep = patch { patch = .remove }
        }
        gone(&externalID)
        gone(&shippingAddress)
        gone(&billingAddress)
        gone(&paymentMethod)
        gone(&shippingMethod)
        gone(&notes)
    }

    func apply(to order: inout Order) {
        order.externalID = externalID.applied(to: order.externalID)
        order.details.storedShippingAddress = shippingAddress.applied(to: order.details.storedShippingAddress)
        order.details.storedBillingAddress = billingAddress.applied(to: order.details.storedBillingAddress)
        order.details.paymentMethod = paymentMethod.applied(to: order.details.paymentMethod)
        order.details.shippingMethod = shippingMethod.applied(to: order.details.shippingMethod)
        order.details.notes = notes.applied(to: order.details.notes)
    }
}
