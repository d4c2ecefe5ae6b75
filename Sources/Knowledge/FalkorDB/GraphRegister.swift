import Caching
import ChangeLog
import Core

/// What FalkorDB has of all graphs, as a hash beside them: up to which position of the log, which change stands there,
/// and the same position for each tenant that has a graph.
struct GraphRegister: Sendable {
    /// What stands there.
    struct Contents: Sendable {
        /// Everything up to there is in the graphs; nil before they have been filled.
        var mark: LogMark?
        /// The tenants that have a graph, and up to where each is told to have everything.
        var tenants: [Tenant: LogPosition] = [:]
        /// In which form the graphs are kept.
        var form = ""
    }

    /// Where it stands.
    let key: String

    private static let (position, change, form, tenant) = ("position", "change", "form", "tenant:")

    /// The register of the graphs whose names begin with a text.
    init(_ prefix: String) { key = "\(prefix):graphs" }

    /// Asks for all of it.
    var asking: RedisCommand { RedisCommand("hgetall", key) }

    /// Forgets all of it.
    var forgetting: RedisCommand { RedisCommand("del", key) }

    /// Asks how far the graph of a tenant is.
    func asking(for tenant: Tenant) -> RedisCommand { RedisCommand("hget", key, "\(Self.tenant)\(tenant.number)") }

    /// Reads how far the graph of a tenant is; nil when there is none.
    static func position(_ reply: RESPValue?) throws -> LogPosition? {
        if case .error(let text)? = reply { throw Failure.falkorDB(text) }
        return reply?.text.flatMap(Int64.init).map(LogPosition.init)
    }

    /// Reads all of it.
    static func contents(_ reply: RESPValue?) -> Contents {
        guard case .array(let parts)? = reply else { return Contents() }
        var members: [String: String] = [:]
        for place in stride(from: 0, to: parts.count - 1, by: 2) {
            if let name = parts[place].text, let value = parts[place + 1].text { members[name] = value }
        }
        var contents = Contents()
        for (name, value) in members where name.hasPrefix(tenant) {
            guard let number = Int64(name.dropFirst(tenant.count)), let position = Int64(value) else { continue }
            contents.tenants[Tenant(number)] = LogPosition(position)
        }
        contents.form = members[form] ?? ""
        if let position = members[position].flatMap(Int64.init), let change = members[change] {
            contents.mark = LogMark(LogPosition(position), change)
        }
        return contents
    }

    /// Notes a tenant before its graph is made, so that nobody asks for one that is not there.
    func noting(_ tenant: Tenant) -> RedisCommand {
        RedisCommand("hset", key, "\(Self.tenant)\(tenant.number)", "0")
    }

    /// Notes how far the graphs are, unless somebody else has noted something meanwhile, or all of it is gone: the
    /// answer is then 0.
    ///
    /// - parameters:
    ///   - old: what must stand there; nil when nothing.
    ///   - tenants: those whose graphs have everything up to there.
    func moving(from old: LogMark?, to new: LogMark, form: String, tenants: [Tenant]) -> RedisCommand {
        let script = """
            if (redis.call('HGET', KEYS[1], 'position') or '') ~= ARGV[1] then return 0 end
            if (redis.call('HGET', KEYS[1], 'change') or '') ~= ARGV[2] then return 0 end
            redis.call('HSET', KEYS[1], 'position', ARGV[3], 'change', ARGV[4], 'form', ARGV[5])
            for place = 6, #ARGV do redis.call('HSET', KEYS[1], ARGV[place], ARGV[3]) end
            return 1
            """
        let texts =
            [script, "1", key, old.map { "\($0.position.value)" } ?? "", old?.change ?? "", "\(new.position.value)"]
            + [new.change, form] + tenants.map { "\(Self.tenant)\($0.number)" }
        return RedisCommand("eval", arguments: texts.map { Array($0.utf8) })
    }
}
