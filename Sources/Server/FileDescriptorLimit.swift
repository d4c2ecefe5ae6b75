import Foundation

/// How many files and connections the operating system lets this process have open.
public enum FileDescriptorLimit {
    /// Raises the limit as far as this user may. Each connection takes one of them.
    ///
    /// - returns: the limit that holds now, or nil when it cannot be read.
    @discardableResult
    public static func raise() -> UInt64? {
        #if os(Linux)
            let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
            let resource = RLIMIT_NOFILE
        #endif
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return nil }
        let current = UInt64(limit.rlim_cur)
        limit.rlim_cur = limit.rlim_max
        return setrlimit(resource, &limit) == 0 ? UInt64(limit.rlim_cur) : current
    }
}
