public import Core

extension JSONObject {
    /// The object with the members of another one: those that are null there go, the others take the place of the old.
    public func overlaid(with changes: JSONObject) -> JSONObject {
        let changed = Set(changes.members.map(\.name))
        var members = members.filter { !changed.contains($0.name) }
        members += changes.members.filter { $0.value != .null }
        return JSONObject(members)
    }

    /// The object with another one laid over what stands at a path. Objects on the way are made where there are none.
    public func overlaying(_ changes: JSONObject, at path: PayloadPath) -> JSONObject {
        let value = Self.overlay(changes, on: .object(self), path.steps[...])
        if case .object(let object) = value { return object }
        return self
    }

    private static func overlay(_ changes: JSONObject, on value: JSONValue, _ path: ArraySlice<PayloadPath.Step>)
        -> JSONValue
    {
        guard let step = path.first else {
            if case .object(let object) = value { return .object(object.overlaid(with: changes)) }
            return .object(JSONObject().overlaid(with: changes))
        }
        let rest = path.dropFirst()
        switch step {
        case .member(let name):
            var object = JSONObject()
            if case .object(let old) = value { object = old }
            let inner = overlay(changes, on: object[name] ?? .object(JSONObject()), rest)
            return .object(object.replacing(name, with: inner))
        case .everyElement:
            guard case .array(let elements) = value else { return .array([]) }
            return .array(elements.map { overlay(changes, on: $0, rest) })
        case .element(let index):
            guard case .array(var elements) = value, elements.indices.contains(index) else { return value }
            elements[index] = overlay(changes, on: elements[index], rest)
            return .array(elements)
        }
    }

    /// The object without what stands at a path. Single elements of arrays stay, so that doing it twice is no more than
    /// doing it once.
    public func removing(_ path: PayloadPath) -> JSONObject {
        if case .object(let object) = Self.remove(path.steps[...], from: .object(self)) { return object }
        return self
    }

    private static func remove(_ path: ArraySlice<PayloadPath.Step>, from value: JSONValue) -> JSONValue {
        guard let step = path.first else { return value }
        let rest = path.dropFirst()
        switch (step, value) {
        case (.member(let name), .object(let object)):
            guard let inner = object[name] else { return value }
            if rest.isEmpty { return .object(JSONObject(object.members.filter { $0.name != name })) }
            return .object(object.replacing(name, with: remove(rest, from: inner)))
        case (.everyElement, .array(let elements)):
            return .array(rest.isEmpty ? [] : elements.map { remove(rest, from: $0) })
        case (.element(let index), .array(var elements)):
            guard !rest.isEmpty, elements.indices.contains(index) else { return value }
            elements[index] = remove(rest, from: elements[index])
            return .array(elements)
        default: return value
        }
    }

    /// The part of the object that stands at some paths.
    public func including(_ paths: [PayloadPath]) -> JSONObject {
        if case .object(let object) = Self.include(paths.map { $0.steps[...] }, of: .object(self)) { return object }
        return JSONObject()
    }

    private static func include(_ paths: [ArraySlice<PayloadPath.Step>], of value: JSONValue) -> JSONValue? {
        if paths.contains(where: \.isEmpty) { return value }
        switch value {
        case .object(let object):
            let members = object.members.compactMap { member -> Member? in
                let inner = paths.filter { $0.first == .member(member.name) }.map { $0.dropFirst() }
                guard !inner.isEmpty, let part = include(inner, of: member.value) else { return nil }
                return Member(member.name, part)
            }
            return .object(JSONObject(members))
        case .array(let elements):
            let parts = elements.enumerated().compactMap { index, element -> JSONValue? in
                let inner = paths.filter { $0.first == .everyElement || $0.first == .element(index) }
                    .map { $0.dropFirst() }
                return inner.isEmpty ? nil : include(inner, of: element)
            }
            return .array(parts)
        default: return nil
        }
    }

    private func replacing(_ name: String, with value: JSONValue) -> JSONObject {
        guard self[name] != nil else { return JSONObject(members + [Member(name, value)]) }
        return JSONObject(members.map { $0.name == name ? Member(name, value) : $0 })
    }
}
