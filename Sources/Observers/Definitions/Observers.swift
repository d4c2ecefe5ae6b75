public import ChangeLog
public import Core
import Expressions
import Storage

/// The observers of all tenants: who watches for what.
public struct Observers: Sendable {
    /// The type of observers in the change log.
    public static let entityType = "observer"
    /// How many observers a tenant may have.
    static let countLimit = 1_000

    private let checks: DefinitionChecks

    /// - parameter checks: what a definition may refer to beside itself.
    init(checks: DefinitionChecks) {
        self.checks = checks
    }

    /// Reads the definition of an observer from a request.
    ///
    /// - parameter tenant: whose observer it is to be: some things only the operator of the server may name.
    /// - throws: ``Failure`` `invalid_request` with each thing that is wrong.
    public func read(_ value: JSONValue, of tenant: Tenant) throws -> ObserverDefinition {
        let definition = try JSONFields.read(value) { ObserverDefinition(&$0) }
        let problems = checks.problems(of: definition, for: tenant)
        guard problems.isEmpty else {
            throw Failure(
                .invalid, code: "invalid_request",
                "The observer refers to what there is not, or what it may not use; see errors.",
                errors: problems)
        }
        return definition
    }

    /// Makes an observer, which watches from now on.
    ///
    /// - throws: ``Failure`` `name_taken`, `too_many_observers`.
    public func create(
        _ definition: ObserverDefinition, by manager: Observer.Manager = .api, in unit: UnitOfWork
    ) throws -> Observer {
        let transaction = unit.transaction
        guard try Self.find(named: definition.name, of: unit.tenant, in: transaction) == nil else {
            throw Self.nameTaken(definition.name)
        }
        let count = try transaction.first(
            "SELECT COUNT(*) FROM observers WHERE tenant = \(unit.tenant)"
        ) { $0.int(0) }
        guard count ?? 0 < Self.countLimit else {
            throw Failure.conflict(
                "too_many_observers", "There are \(Self.countLimit) observers already. Delete one that is not needed.")
        }
        let end = try ChangeLog.end(in: transaction)
        let number = try ObserverProgress.takeNumber(startingAt: end, in: transaction)
        var observer = Observer(
            id: unit.makeIdentifier(), tenant: unit.tenant, number: number, version: 1, definition: definition,
            isPaused: false, pausedBecause: nil, manager: manager, ownPosition: nil, startedAfter: end,
            createdAt: unit.now, updatedAt: unit.now)
        try observer.definition.numberActions(after: nil)
        do {
            try insert(observer, in: unit)
        } catch let violation as ConstraintViolation where violation.kind == .unique {
            throw Self.nameTaken(definition.name)
        }
        try unit.recordInsert(Self.entityType, observer.id, after: JSONWriter.bytes(of: observer))
        return observer
    }

    /// Puts another definition in the place of an observer's. What is still to be delivered goes by the new one.
    ///
    /// - parameter version: the version that the client has seen, or nil for whatever is current.
    /// - throws: ``Failure`` `not_found`, `version_mismatch`, `name_taken`, `managed_by_file`.
    public func replace(
        _ key: ObserverKey, _ definition: ObserverDefinition, expecting version: Int64?,
        by manager: Observer.Manager = .api, in unit: UnitOfWork
    ) throws -> Observer {
        let old = try current(key, expecting: version, by: manager, in: unit)
        var new = old
        new.definition = definition
        try new.definition.numberActions(after: old.definition)
        new.version += 1
        if definition.isEnabled, !old.definition.isEnabled {
            new.startedAfter = try ChangeLog.end(in: unit.transaction)
            new.ownPosition = nil
        }
        if definition.name != old.definition.name,
            try Self.find(named: definition.name, of: unit.tenant, in: unit.transaction) != nil
        {
            throw Self.nameTaken(definition.name)
        }
        return try save(new, over: old, in: unit)
    }

    /// Changes some members of an observer's definition (JSON Merge Patch, RFC 7396).
    ///
    /// - throws: ``Failure`` as ``replace(_:_:expecting:by:in:)``, and `invalid_request`.
    public func update(
        _ key: ObserverKey, _ patch: JSONObject, expecting version: Int64?, in unit: UnitOfWork
    ) throws -> Observer {
        let old = try current(key, expecting: version, by: .api, in: unit)
        var json = JSONWriter(capacity: 1_024)
        json.object { old.definition.writeMembers(to: &$0, secrets: .masked) }
        guard case .object(let members) = try JSONParser.parse(json.bytes) else {
            throw Failure.internal("A definition is no object.")
        }
        let definition = try read(.object(members.merging(patch)), of: unit.tenant)
        return try replace(key, definition, expecting: version, in: unit)
    }

    /// Removes an observer. What was still to be delivered is not.
    ///
    /// - throws: ``Failure`` `not_found`, `version_mismatch`, `managed_by_file`.
    public func delete(
        _ key: ObserverKey, expecting version: Int64?, by manager: Observer.Manager = .api, in unit: UnitOfWork
    ) throws {
        let old = try current(key, expecting: version, by: manager, in: unit)
        try ObserverProgress.noteChange(in: unit.transaction)
        try unit.transaction.execute("DELETE FROM observers WHERE tenant = \(unit.tenant) AND id = \(old.id)")
        try unit.recordDelete(Self.entityType, old.id, before: JSONWriter.bytes(of: old))
    }

    /// Lets an observer rest where it stands: nothing is matched or delivered until it is resumed, and nothing is lost.
    ///
    /// - parameter reason: why, when nobody asked for it.
    public func pause(_ key: ObserverKey, because reason: String? = nil, in unit: UnitOfWork) throws -> Observer {
        let old = try current(key, expecting: nil, by: nil, in: unit)
        guard !old.isPaused else { return old }
        var new = old
        new.isPaused = true
        new.pausedBecause = reason
        let position = try ObserverProgress.position(in: unit.transaction)
        new.ownPosition = old.ownPosition ?? max(position, old.startedAfter)
        return try save(new, over: old, in: unit)
    }

    /// Lets an observer go on from where it stands.
    public func resume(_ key: ObserverKey, in unit: UnitOfWork) throws -> Observer {
        let old = try current(key, expecting: nil, by: nil, in: unit)
        guard old.isPaused else { return old }
        var new = old
        new.isPaused = false
        new.pausedBecause = nil
        return try save(new, over: old, in: unit)
    }

    private func current(
        _ key: ObserverKey, expecting version: Int64?, by manager: Observer.Manager?, in unit: UnitOfWork
    ) throws -> Observer {
        // Whoever matches events holds this row while it stores how far it came, so it sees the change or is done.
        try ObserverProgress.noteChange(in: unit.transaction)
        let observer = try find(key, of: unit.tenant, in: unit.transaction)
        if let manager, manager != observer.manager {
            throw Failure.conflict(
                "managed_by_file",
                "The observer \(observer.definition.name) stands in the file of observers: change it there. It can be "
                    + "paused and resumed here.")
        }
        if let version, version != observer.version {
            throw Failure.versionMismatch("observer", current: observer.version)
        }
        return observer
    }

    private static func nameTaken(_ name: String) -> Failure {
        .conflict("name_taken", "There is an observer \(name) already. Choose another name, or change that one.")
    }
}

/// How a client names an observer.
public enum ObserverKey: Sendable {
    case id(Identifier)
    case name(String)

    /// An identifier by its text, else a name.
    public init(_ text: String) {
        self = Identifier(text).map(ObserverKey.id) ?? .name(text)
    }
}
