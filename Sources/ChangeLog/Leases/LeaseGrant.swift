import Core
public import Storage

/// One holding of a lease: under its token the holder works, until it has to stop.
public struct LeaseGrant: Sendable {
    /// Ascends by one with each holding of the lease.
    public let token: Int64
    private let row: LeaseRow

    init(token: Int64, row: LeaseRow) {
        self.token = token
        self.row = row
    }

    /// Refuses a transaction of a holder who has lost the lease and does not know it yet, such as a process that stood
    /// still. Nobody can take the lease over until the transaction ends.
    ///
    /// - throws: ``Failure`` `lease_lost`.
    public func check(in transaction: any WriteTransaction) throws {
        guard try row.isHeld(by: token, in: transaction) else {
            throw Failure.leaseLost(row.name)
        }
    }
}

extension Failure {
    static let leaseLostCode = "lease_lost"

    static func leaseLost(_ name: String) -> Failure {
        .conflict(
            leaseLostCode,
            "Another instance has taken over the lease \(name), so this one stops that work. Nothing is to be done; if "
                + "it happens often, raise leases.duration.")
    }
}
