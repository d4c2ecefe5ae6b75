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
        let hold = Hold(request.quantity, at: balance, for: request, in: unit)
        if try insert(hold.reservation, in: unit) {
            try record(hold, in: unit)
            return .made(hold.reservation)
        }
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
        if let reservations = try reserveTogether(lines, in: unit) { return reservations }
        var reservations: [Reservation] = []
        var holds: [Hold] = []
        do {
            // Everyone takes the rows in the order of the skus, so that two orders never wait for each other.
            for line in lines.sorted(by: { $0.sku < $1.sku }) {
                if line.reference == nil {
                    holds += try take(line, in: unit)
                } else {
                    reservations += try write(holds, in: unit)
                    holds = []
                    reservations.append(try reserve(line, in: unit))
                }
            }
        } catch {
            // Whoever looks for what is lacking finds what the lines before took as reservations.
            _ = try write(holds, in: unit)
            throw error
        }
        return reservations + (try write(holds, in: unit))
    }

    /// Does the same with few statements, where that matters and each line has a sku of its own and no wishes. Nil when
    /// it cannot be done so.
    private func reserveTogether(_ lines: [ReservationRequest], in unit: UnitOfWork) throws -> [Reservation]? {
        guard unit.transaction.isRemote, Set(lines.map(\.sku)).count == lines.count,
            lines.allSatisfy({ $0.reference == nil && $0.location == nil })
        else { return nil }
        let lines = lines.sorted { $0.sku < $1.sku }
        guard let taken = try balances.take(lines.map { ($0.sku, $0.quantity) }, in: unit) else { return nil }
        return try write(zip(lines, taken).map { Hold($0.quantity, at: $1, for: $0, in: unit) }, in: unit)
    }

    /// Units that are taken from a balance and whose reservation is not written yet.
    private struct Hold {
        let balance: Balance
        let reservation: Reservation

        init(_ quantity: Int64, at balance: Balance, for request: ReservationRequest, in unit: UnitOfWork) {
            self.balance = balance
            reservation = Reservation(
                id: unit.makeIdentifier(), sku: request.sku, location: balance.location, quantity: quantity,
                state: .held, reference: request.reference, orderID: request.orderID,
                orderLineID: request.orderLineID, splitFrom: nil,
                expiresAt: request.expiresIn.map(unit.now.advanced(bySeconds:)), version: 1, createdAt: unit.now,
                updatedAt: unit.now)
        }
    }

    /// Takes the units of a line, from several locations when it names none and no single one has them all.
    private func take(_ line: ReservationRequest, in unit: UnitOfWork) throws -> [Hold] {
        if let balance = try balances.take(line.quantity, of: line.sku, at: line.location, in: unit) {
            return [Hold(line.quantity, at: balance, for: line, in: unit)]
        }
        guard line.location == nil else { throw try shortage(of: line, in: unit) }
        return try takeSplit(line, in: unit)
    }

    /// Takes what each location has, in the order of priority, until the line has all its units.
    private func takeSplit(_ line: ReservationRequest, in unit: UnitOfWork) throws -> [Hold] {
        let candidates = try balances.reservable(line.sku, of: unit.tenant, in: unit.transaction)
        guard candidates.reduce(0, { $0 + $1.available }) >= line.quantity else {
            throw try shortage(of: line, in: unit)
        }
        var missing = line.quantity
        var parts: [Hold] = []
        for candidate in candidates where missing > 0 && candidate.available > 0 {
            let quantity = min(candidate.available, missing)
            guard let balance = try balances.take(quantity, of: line.sku, at: candidate.location, in: unit) else {
                continue
            }
            parts.append(Hold(quantity, at: balance, for: line, in: unit))
            missing -= quantity
        }
        guard missing == 0 else { throw Balances.contended(line.sku) }
        return parts
    }

    /// Writes the reservations of units that were just taken by as few statements as possible, and logs them with their
    /// balances. None of them has a reference.
    private func write(_ holds: [Hold], in unit: UnitOfWork) throws -> [Reservation] {
        let reservations = holds.map { $0.reservation }
        try unit.transaction.insert(Reservation.insertion, reservations.flatMap { $0.row(of: unit.tenant) })
        for hold in holds { try record(hold, in: unit) }
        return reservations
    }

    private func record(_ hold: Hold, in unit: UnitOfWork) throws {
        try unit.record(hold.balance, reserved: hold.reservation.quantity)
        try unit.recordInsert(
            "reservation", hold.reservation.id, after: JSONWriter.bytes(of: hold.reservation, capacity: 512))
    }

    /// Writes a reservation's row. Returns false when its reference is in use.
    func insert(_ reservation: Reservation, in unit: UnitOfWork) throws -> Bool {
        if reservation.reference == nil {
            try unit.transaction.insert(Reservation.insertion, reservation.row(of: unit.tenant))
            return true
        }
        return try unit.transaction.execute(Reservation.insertion.statement(reservation.row(of: unit.tenant))) == 1
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
