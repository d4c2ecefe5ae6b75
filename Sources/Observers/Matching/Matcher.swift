import ChangeLog
import Core
import Expressions

/// Finds the observers that a change is for.
///
/// Those that watch the same type of the same tenant have their conditions evaluated together. It keeps memory from
/// change to change, so each task has one of its own.
struct Matcher {
    /// What an observer says of a change.
    enum Verdict {
        case matches
        case failed(ConditionFailure)
    }

    private struct Group {
        /// The observers, each with the place of its condition in the set; nil is without a condition.
        let observers: [(observer: CompiledObserver, condition: Int?)]
        var conditions: ConditionSet
    }

    private struct GroupKey: Hashable {
        let tenant: Tenant
        let entityType: String
    }

    let observers: [CompiledObserver]
    private let byTenant: [Tenant: [Int]]
    private var groups: [Group] = []
    private var places: [GroupKey: Int] = [:]

    /// How many types of entities are kept in mind; anybody may make up further ones.
    private static let groupLimit = 10_000

    init(_ observers: [CompiledObserver]) {
        self.observers = observers
        byTenant = Dictionary(grouping: observers.indices) { observers[$0].observer.tenant }
    }

    /// Calls the closure with each observer that a change is for, or whose condition has no answer.
    mutating func match(
        _ change: Change, _ document: EventDocument, now: Timestamp,
        _ body: (CompiledObserver, Verdict) throws -> Void
    ) rethrows {
        guard byTenant[change.tenant] != nil else { return }
        let key = GroupKey(tenant: change.tenant, entityType: change.entityType)
        guard let index = places[key] ?? addGroup(key), !groups[index].observers.isEmpty else { return }
        groups[index].conditions.load(document, now: now)
        for place in groups[index].observers.indices {
            let (observer, condition) = groups[index].observers[place]
            guard observer.watches(change) else { continue }
            guard let condition else {
                try body(observer, .matches)
                continue
            }
            switch groups[index].conditions.outcome(of: condition) {
            case .matches: try body(observer, .matches)
            case .failed(let failure): try body(observer, .failed(failure))
            case .differs: break
            }
        }
    }

    private mutating func addGroup(_ key: GroupKey) -> Int? {
        if groups.count >= Self.groupLimit {
            groups.removeAll()
            places.removeAll()
        }
        groups.append(makeGroup(key))
        places[key] = groups.count - 1
        return groups.count - 1
    }

    private func makeGroup(_ key: GroupKey) -> Group {
        var conditions: [Condition] = []
        var members: [(CompiledObserver, Int?)] = []
        for index in byTenant[key.tenant] ?? [] {
            guard observers[index].definition.watches(key.entityType) else { continue }
            // What looks up other entities has its condition evaluated with those.
            if let condition = observers[index].condition, observers[index].definition.lookups.isEmpty {
                members.append((observers[index], conditions.count))
                conditions.append(condition)
            } else {
                members.append((observers[index], nil))
            }
        }
        return Group(observers: members, conditions: ConditionSet(conditions))
    }

    /// The types that any observer watches; nil is every type.
    var entityTypes: Set<String>? {
        let types = Set(observers.flatMap(\.definition.entityTypes))
        return types.contains(ObserverDefinition.everyType) ? nil : types
    }
}

extension EventDocument {
    /// A change as conditions and templates read it.
    init(_ change: Change) {
        self.init(
            id: "\(change.position)", position: change.position.value, entityType: change.entityType,
            entityID: "\(change.entity)", operation: change.operation.rawValue, time: change.time, actor: change.actor,
            requestID: change.requestID, after: change.after, before: change.before,
            changedFields: change.changedFields)
    }
}
