public import ChangeLog
public import Core

/// Many adjustments at once.
public struct BulkAdjustment: Sendable {
    /// What becomes of the others when one cannot be made.
    public enum Mode: String, CaseIterable, Sendable {
        /// None is made.
        case atomic
        /// The others are made.
        case perRow = "per_row"
    }

    public var mode: Mode
    public var adjustments: [StockAdjustment]

    /// Adjustments and what becomes of them when one cannot be made.
    public init(mode: Mode, adjustments: [StockAdjustment]) {
        self.mode = mode
        self.adjustments = adjustments
    }

    /// Reads the body of a request. There is no default mode, since neither is what everybody expects.
    public init(_ fields: inout JSONFields) {
        mode = fields.choice("mode", Mode.self) ?? .atomic
        adjustments = fields.objects("adjustments", count: StockLimits.adjustments) { StockAdjustment(&$0) }
    }
}

/// What became of many adjustments, in their order.
public struct BulkAdjustmentResult: Sendable {
    /// What became of one.
    public typealias Row = Result<Balance, Failure>

    public let rows: [Row]

    /// How many were made.
    public var applied: Int { rows.count { if case .success = $0 { true } else { false } } }
}

extension BulkAdjustmentResult: JSONEncodable {
    public func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("applied", applied)
            json.member("failed", rows.count - applied)
            json.key("results")
            json.array { json in
                for (index, row) in rows.enumerated() { Self.write(row, at: index, to: &json) }
            }
        }
    }

    private static func write(_ row: Row, at index: Int, to json: inout JSONWriter) {
        json.object { json in
            json.member("index", index)
            switch row {
            case .success(let balance):
                json.member("status", "applied")
                json.member("balance", balance)
            case .failure(let failure):
                json.member("status", "failed")
                json.member(
                    "error",
                    object: { json in
                        json.member("code", failure.code)
                        json.member("message", failure.message)
                        for detail in failure.details {
                            json.key(named: detail.name)
                            json.value(detail.value)
                        }
                    })
            }
        }
    }
}

extension Inventory {
    /// Makes many adjustments, in their order.
    ///
    /// - throws: in mode `atomic` the ``Failure`` of the first that cannot be made, with its `index`.
    public func adjust(_ bulk: BulkAdjustment, in unit: UnitOfWork) throws -> BulkAdjustmentResult {
        var rows: [BulkAdjustmentResult.Row] = []
        rows.reserveCapacity(bulk.adjustments.count)
        for (index, adjustment) in bulk.adjustments.enumerated() {
            do {
                rows.append(.success(try adjust(adjustment, in: unit)))
            } catch let failure as Failure where failure.kind == .conflict || failure.kind == .invalid {
                // An adjustment that its stock or its location does not allow has written nothing yet.
                guard bulk.mode == .perRow else { throw failure.ofAdjustment(at: index) }
                rows.append(.failure(failure))
            }
        }
        return BulkAdjustmentResult(rows: rows)
    }
}

extension Failure {
    /// The failure of one adjustment as that of all of them.
    fileprivate func ofAdjustment(at index: Int) -> Failure {
        Failure(
            kind, code: code, "Adjustment \(index) cannot be made, so none was: \(message)",
            errors: [FieldError(pointer: "/adjustments/\(index)", message: message)],
            details: details + [.init("index", .integer(index))])
    }
}
