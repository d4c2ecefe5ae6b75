public import Core

/// The value of `cache.redis`: which Redis to use, if any.
public struct RedisSetting: SettingValue {
    /// Which Redis to use; nil when none is.
    public let url: RedisURL?

    /// No Redis.
    public static let none = RedisSetting()

    private init() { url = nil }

    public static var kind: String { "empty, \(RedisURL.forms)" }

    public init?(text: String) {
        if text.isEmpty {
            url = nil
        } else {
            guard let url = try? RedisURL(text) else { return nil }
            self.url = url
        }
    }

    public var text: String { url?.text ?? "" }

    public static func < (left: RedisSetting, right: RedisSetting) -> Bool { left.text < right.text }
}
