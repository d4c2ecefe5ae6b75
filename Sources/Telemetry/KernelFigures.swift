#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What the kernel tells of this process in the files of `/proc`, and of itself.
struct KernelFigures: Sendable {
    /// How many clock ticks a second has.
    let ticksPerSecond: Double
    /// How many bytes a page of memory has.
    let pageSize: Double
    /// When the machine started, in seconds since 1970.
    let bootTime: Double

    /// The figures that stay the same. Returns nil on a system without `/proc`.
    init?() {
        guard let text = Self.contents(of: "/proc/stat"),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("btime ") }),
            let bootTime = Double(line.dropFirst(6))
        else { return nil }
        self.bootTime = bootTime
        ticksPerSecond = Double(sysconf(Int32(_SC_CLK_TCK)))
        pageSize = Double(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// What the process used so far.
    var statistics: ProcessStatistics? {
        Self.contents(of: "/proc/self/stat").flatMap { ProcessStatistics($0) }
    }

    /// How many file descriptors are open, without the one that the count itself needs.
    var openDescriptors: Int? {
        guard let directory = opendir("/proc/self/fd") else { return nil }
        defer { closedir(directory) }
        var count = 0
        while let entry = readdir(directory) {
            if entry.pointee.d_name.0 != CChar(UInt8(ascii: ".")) { count += 1 }
        }
        return count - 1
    }

    /// How many file descriptors may be open, infinity when there is no limit.
    var maximumDescriptors: Double? {
        guard let text = Self.contents(of: "/proc/self/limits"),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("Max open files") }),
            let soft = line.dropFirst("Max open files".count).split(separator: " ").first
        else { return nil }
        return soft == "unlimited" ? .infinity : Double(soft)
    }

    /// The text of a file of the kernel, which has no size to ask for.
    private static func contents(of path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += chunk[..<count]
        }
    }
}
