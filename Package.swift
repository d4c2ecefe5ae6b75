// swift-tools-version: 6.2
import PackageDescription

// `make release` sets the variable: specialising generic code across our rooms makes a request a tenth to a sixth
// cheaper. The flag stands behind a variable because nobody may depend on a package that has such a flag.
let crossModule: [SwiftSetting] =
    Context.environment["MILLRACE_CROSS_MODULE"] == nil
    ? [] : [.unsafeFlags(["-cross-module-optimization"], .when(configuration: .release))]

let strict: [SwiftSetting] =
    [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
    ] + crossModule

/// A room of the product: a library target whose dependencies point downwards only (ARCHITECTURE.md).
func room(_ name: String, uses dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// The tests of a room, named after it. `TestKit` is always at hand.
func tests(_ name: String, uses dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: dependencies + ["TestKit"], resources: resources, swiftSettings: strict)
}

let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nio = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioHTTP = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioCompression = Target.Dependency.product(name: "NIOHTTPCompression", package: "swift-nio-extras")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let deques = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let hashTrees = Target.Dependency.product(name: "HashTreeCollections", package: "swift-collections")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let histogram = Target.Dependency.product(name: "Histogram", package: "hdrhistogram-swift")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "millrace",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "millrace", targets: ["millrace"]),
        .library(name: "Commerce", targets: ["Commerce"]),
        .library(name: "Observers", targets: ["Observers"]),
        .library(name: "Memories", targets: ["Memories"]),
        .library(name: "Knowledge", targets: ["Knowledge"]),
        .library(name: "Recommendations", targets: ["Recommendations"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.3.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: ["YAML"]),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    ],
    targets: [
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-serial-dev"])]),
        .systemLibrary(name: "CSpawn"),
        .target(name: "CKernels"),
        room("Core"),
        room("Telemetry", uses: ["Core"]),
        room("YAML", uses: ["Core", yams]),
        room("Storage", uses: ["Core", "Telemetry", "CSQLite", "CPostgres", crypto]),
        room("Caching", uses: ["Core", "Telemetry", crypto, deques, nio, nioPosix]),
        room("ChangeLog", uses: ["Core", "Storage", "Caching", "Telemetry", crypto, lifecycle, logging]),
        room("Expressions", uses: ["Core"]),
        room(
            "Outbound",
            uses: ["Core", "Telemetry", crypto, deques, nio, nioHTTP, nioPosix, nioSSL, nioTLS]),
        room("Workload", uses: ["Core", "Expressions", "Outbound", deques, histogram, nio, nioPosix, nioSSL]),
        room("Search", uses: ["CKernels", "Core", "Storage", "Telemetry", hashTrees, logging]),
        room("Learning", uses: ["CKernels", "COpenBLAS", "Core"]),
        room("Embedding", uses: ["Core", "Caching", "Outbound", "Telemetry", logging]),
        room("Commerce", uses: ["Core", "Storage", "ChangeLog", "Search", "Telemetry", lifecycle, logging]),
        room(
            "Observers",
            uses: [
                "Core", "Storage", "Caching", "ChangeLog", "Search", "Expressions", "Outbound", "Telemetry", "YAML",
                deques,
                lifecycle, logging,
            ]),
        room(
            "Memories",
            uses: [
                "Core", "Storage", "ChangeLog", "Outbound", "Search", "Telemetry", crypto, lifecycle, logging,
            ]),
        room(
            "Knowledge",
            uses: [
                "Core", "Storage", "Caching", "ChangeLog", "Search", "Embedding", "Telemetry", hashTrees, lifecycle,
                logging,
            ]),
        room(
            "Recommendations",
            uses: [
                "Core", "Storage", "Caching", "ChangeLog", "Expressions", "Learning", "Search", "Telemetry", hashTrees,
                lifecycle, logging,
            ]),
        room(
            "API",
            uses: [
                "Core", "Storage", "Caching", "ChangeLog", "Search", "Embedding", "Commerce", "Observers", "Memories",
                "Knowledge", "Recommendations", "Telemetry", crypto, httpTypes, hummingbird,
                hummingbirdCore, logging, nio, nioHTTP, nioPosix, nioCompression, lifecycle,
            ]),
        room(
            "Server",
            uses: [
                "Core", "Storage", "Caching", "ChangeLog", "Search", "Embedding", "Commerce", "Expressions",
                "Observers", "Outbound", "Memories", "Knowledge", "Learning", "Recommendations", "API", "Telemetry",
                "YAML", configuration, hummingbird, lifecycle, logging, unixSignals,
            ]),
        .executableTarget(
            name: "millrace",
            dependencies: [
                "Core", "Server", "API", "Commerce", "Observers", "ChangeLog", "Learning", "Storage", "Telemetry",
                "Workload",
                "YAML", argumentParser, logging,
            ],
            swiftSettings: strict),
        // What Benchmarks/bench_vectors.py measures the index of vectors with.
        .executableTarget(
            name: "vector-bench", dependencies: ["Core", "Search"], path: "Benchmarks/Vectors", swiftSettings: strict),
        tests("Storage", uses: ["Core", "Storage", "Telemetry"]),
        tests("Caching", uses: ["Caching", "Core", "Telemetry", nio, nioPosix]),
        tests("Search", uses: ["Search", "CKernels", "Core", "Storage", "Telemetry", logging]),
        room(
            "TestKit",
            uses: ["Core", "Storage", "ChangeLog", "Telemetry", "CSpawn", logging, nio, nioHTTP, nioPosix, nioSSL]),
        tests("ChangeLog", uses: ["Caching", "ChangeLog", "Core", "Storage", "Telemetry", logging]),
        tests("Core", uses: ["Core"]),
        tests("TestKit", uses: ["Core"]),
        tests(
            "API",
            uses: [
                "API", "Commerce", "Embedding", "Knowledge", "Memories", "Observers", "Outbound", "Recommendations",
                "Search", "Caching", "ChangeLog", "Core", "Storage", "Telemetry", httpTypes, lifecycle, logging, nio,
                nioHTTP, yams,
            ]),
        tests("Fault", uses: ["millrace", "Server", "Commerce", "ChangeLog", "Core", "Storage", "Telemetry"]),
        tests("Tidy", uses: []),
        tests("Expressions", uses: ["Expressions", "Core"]),
        tests("Outbound", uses: ["Outbound", "Core", "Telemetry", nio, nioSSL]),
        tests(
            "Observers",
            uses: [
                "Observers", "Expressions", "Outbound", "Search", "Caching", "ChangeLog", "Core", "Storage",
                "Telemetry", lifecycle, logging,
            ]),
        tests(
            "Memories",
            uses: [
                "Memories", "Search", "ChangeLog", "Core", "Outbound", "Storage", "Telemetry", lifecycle, logging,
            ]),
        tests(
            "Knowledge",
            uses: [
                "Knowledge", "Search", "Caching", "Embedding", "ChangeLog", "Core", "Storage", "Telemetry", lifecycle,
                logging,
            ]),
        tests(
            "Recommendations",
            uses: [
                "Recommendations", "ChangeLog", "Core", "Learning", "Storage", "Telemetry", lifecycle, logging,
            ]),
        tests("Embedding", uses: ["Embedding", "Caching", "Core", "Outbound", "Telemetry", logging]),
        tests("Learning", uses: ["Learning", "Core"]),
        tests("Workload", uses: ["Workload", "Core", "YAML", nio, nioHTTP, nioPosix]),
        tests("YAML", uses: ["Core", "YAML"]),
        tests("Telemetry", uses: ["Core", "Telemetry"]),
        tests("Commerce", uses: ["Commerce", "Search", "ChangeLog", "Core", "Storage", "Telemetry", logging]),
        tests("Millrace", uses: ["millrace", "Server", "API", "Core", yams]),
        tests(
            "Server",
            uses: [
                "Server", "API", "Commerce", "Knowledge", "Recommendations", "ChangeLog", "Core", "Storage",
                "Telemetry", logging,
            ],
            resources: [.copy("Fixtures")]),
    ],
    swiftLanguageModes: [.v6]
)
