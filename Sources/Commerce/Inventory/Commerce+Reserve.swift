public import ChangeLog
import Core
import Storage

extension Commerce {
    /// Sets units aside as the body of a request wants it, and tells whether it did or whether the reference had been
    /// used before.
    ///
    /// - throws: ``Failure`` `not_found` when there is no such product or location, and what
    ///   ``Inventory/reserveOnce(_:in:)`` throws.
    public func reserve(_ draft: ReservationDraft, in unit: UnitOfWork) throws -> ReservationOutcome {
        let request = ReservationRequest(
            sku: try sku(of: draft, in: unit), quantity: draft.quantity, location: try location(of: draft, in: unit),
            reference: draft.reference, expiresIn: draft.expiresIn)
        return try inventory.reserveOnce(request, in: unit)
    }

    private func sku(of draft: ReservationDraft, in unit: UnitOfWork) throws -> String {
        if let sku = draft.sku { return sku }
        guard let product = draft.productID else {
            throw Failure.invalid(at: "/sku", "Either sku or product_id is expected.")
        }
        guard let sku = try products.sku(of: product, of: unit.tenant, in: unit.transaction) else {
            throw Failure.notFound("product", product)
        }
        return sku
    }

    private func location(of draft: ReservationDraft, in unit: UnitOfWork) throws -> String? {
        guard let id = draft.locationID else { return draft.location }
        return try inventory.locations.find(id, of: unit.tenant, in: unit.transaction).code
    }
}
