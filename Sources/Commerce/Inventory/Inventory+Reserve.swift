public import ChangeLog
import Core
import Storage

extension Inventory {
    /// Sets units of a sku aside, all at one location.
    ///
    /// - throws: ``Failure`` `insufficient_stock` with what is available, `reference_conflict`, `unknown_location`,
    ///   `inactive_location`.
    public func reserve(_ request: ReservationRequest, in unit: UnitOfWork) throws -> Reservation {
        try reserveOnce(request, in: unit).reservation
    }

    /// Sets units of a sku aside and tells whether it did, or whether the reference had been used before.
    public func reserveOnce(_ request: ReservationRequest, in unit: UnitOfWork) throws -> ReservationOutcome {
        if let first = try earlier(request, in: unit) { return .repeated(first) }
        guard
            let balance = try balances.take(request.quantity, of: request.sku, at: request.location, in: unit)
        else {
            // Whoever took the last units while this one waited may have been the same request.
            if let first = try earlier(request, in: unit) { return .repeated(first) }
            throw try shortage(of: request, in: unit)
        }
        if let made = try hold(request.quantity, at: balance, for: request, in: unit) { return .made(made) }
        _ = try balances.giveBack(request.quantity, of: request.sku, at: balance.location, in: unit)
        guard let first = try earlier(request, in: unit) else {
            throw Failure.internal("The reference \(request.reference ?? "") is taken by no reservation.")
        }
        return .repeated(first)
    }

    /// Sets units aside for the lines of an order: all of them, or none by throwing.
    ///
    /// The reservations come in the order of the skus. A line whose units no single location has is split over several
    /// by their priority, into several reservations, unless it names a location or a reference.
    public func reserve(lines: [ReservationRequest], in unit: UnitOfWork) throws -> [Reservation] {
        // Everyone takes the rows in the order of the skus, so that two orders never wait for each other.
        try lines.sorted { $0.sku < $1.sku }.flatMap { line in
            guard line.location == nil, line.reference == nil else { return [try reserve(line, in: unit)] }
            if let balance = try balances.take(line.quantity, of: line.sku, at: nil, in: unit) {
                return [try hold(line.quantity, at: balance, for: line, in: unit)].compactMap { $0 }
            }
            return try reserveSplit(line, in: unit)
        }
    }

    /// Takes what each location has, in the order of priority, until the line has all its units.
    private func reserveSplit(_ line: ReservationRequest, in unit: UnitOfWork) throws -> [Reservation] {
        let candidates = try balances.reservable(line.sku, of: unit.tenant, in: unit.transaction)
        guard candidates.reduce(0, { $0 + $1.available }) >= line.quantity else {
            throw try shortage(of: line, in: unit)
        }
        var missing = line.quantity
        var parts: [Reservation] = []
        for candidate in candidates where missing > 0 && candidate.available > 0 {
            let quantity = min(candidate.available, missing)
            guard let balance = try balances.take(quantity, of: line.sku, at: candidate.location, in: unit),
                let part = try hold(quantity, at: balance, for: line, in: unit)
            else { continue }
            parts.append(part)
            missing -= quantity
        }
        guard missing == 0 else { throw Balances.contended(line.sku) }
        return parts
    }

    /// Writes the reservation of units that were just taken, and logs it with its balance.
    ///
    /// Returns nil, having written nothing, when its reference is in use.
    private func hold(
        _ quantity: Int64, at balance: Balance, for request: ReservationRequest, in unit: UnitOfWork
    ) throws -> Reservation? {
        let reservation = Reservation(
            id: unit.makeIdentifier(), sku: request.sku, location: balance.location, quantity: quantity, state: .held,
            reference: request.reference, orderID: request.orderID, orderLineID: request.orderLineID, splitFrom: nil,
            expiresAt: request.expiresIn.map(unit.now.advanced(bySeconds:)), version: 1, createdAt: unit.now,
            updatedAt: unit.now)
        guard try insert(reservation, in: unit) else { return nil }
        try unit.record(balance, reserved: quantity)
        try unit.recordInsert("reservation", reservation.id, after: JSONWriter.bytes(of: reservation))
        return reservation
    }

    /// Writes a reservation's row. Returns false when its reference is in use.
    func insert(_ reservation: Reservation, in unit: UnitOfWork) throws -> Bool {
        try unit.transaction.execute(
            """
            INSERT INTO reservations (tenant, id, sku, location, quantity, state, reference, order_id, order_line_id,
                split_from, expires_at, version, created_at, updated_at)
            VALUES (\(unit.tenant), \(reservation.id), \(reservation.sku), \(reservation.location),
                \(reservation.quantity), \(reservation.state.rawValue), \(reservation.reference),
                \(reservation.orderID), \(reservation.orderLineID), \(reservation.splitFrom),
                \(reservation.expiresAt), \(reservation.version), \(reservation.createdAt), \(reservation.updatedAt))
            ON CONFLICT (tenant, reference, sku) WHERE reference IS NOT NULL DO NOTHING
            """) == 1
    }

    /// The reservation that an earlier request with the same reference and sku made.
    ///
    /// - throws: ``Failure`` `reference_conflict` when that request wanted something else.
    private func earlier(_ request: ReservationRequest, in unit: UnitOfWork) throws -> Reservation? {
        guard let reference = request.reference else { return nil }
        let found = try unit.transaction.first(
            """
            SELECT \(Reservation.columns) FROM reservations
            WHERE tenant = \(unit.tenant) AND reference = \(reference) AND sku = \(request.sku)
            """, Reservation.init(row:))
        guard let found else { return nil }
        guard found.quantity == request.quantity, request.location == nil || request.location == found.location else {
            throw Failure.conflict(
                "reference_conflict",
                "The reference \(reference) stands for \(found.quantity) of \(found.sku) at \(found.location). "
                    + "Use another reference for another request.",
                details: [
                    .init("reservation_id", .string(found.id.description)), .init("quantity", .integer(found.quantity)),
                    .init("location", .string(found.location)),
                ])
        }
        return found
    }

    /// Why a request could not be met.
    private func shortage(of request: ReservationRequest, in unit: UnitOfWork) throws -> Failure {
        var candidates = try balances.reservable(request.sku, of: unit.tenant, in: unit.transaction)
        if let code = request.location {
            let location = try locations.require(code, of: unit.tenant, in: unit.transaction)
            guard location.isActive else {
                return Failure.conflict(
                    "inactive_location", "Nothing can be reserved at \(code), which is not active. Choose another.")
            }
            candidates.removeAll { $0.location != code }
        }
        return Failure.insufficientStock(request.sku, requested: request.quantity, candidates)
    }
}

extension Failure {
    /// More units are wanted than are available at the places in question.
    static func insufficientStock(_ sku: String, requested: Int64, _ places: [Balance]) -> Failure {
        let available = places.reduce(0) { $0 + $1.available }
        let scattered = available >= requested ? ", but no single location has them all" : ""
        let locations = places.map { place in
            JSONValue.object(
                JSONObject([
                    .init("location", .string(place.location)), .init("available", .integer(place.available)),
                ]))
        }
        return conflict(
            "insufficient_stock", "\(requested) of \(sku) are wanted and \(available) are available\(scattered).",
            details: [
                .init("sku", .string(sku)), .init("requested", .integer(requested)),
                .init("available", .integer(available)), .init("locations", .array(locations)),
            ])
    }
}
