// swift-tools-version: 6.3
import PackageDescription

// Strict concurrency comes with language mode 6; everything else that can be an error is one.
let house: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]
// Signal processing is unusably slow without optimisation, so these rooms have it in debug builds too.
let fast: [SwiftSetting] = house + [.unsafeFlags(["-O"], .when(configuration: .debug))]

let package = Package(
    name: "lofisup",
    products: [
        .executable(name: "lofisup", targets: ["CLI"]),
        .executable(name: "lofisup-bench", targets: ["lofisup-bench"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
        .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.1"),
    ],
    targets: [
        // Layer 0: what Swift cannot say
        .systemLibrary(name: "CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),
        .systemLibrary(name: "CJansson", pkgConfig: "jansson", providers: [.apt(["libjansson-dev"])]),
        .target(name: "CPlatform"),

        // Layer 1: nouns, and the operating system
        .target(name: "Domain", swiftSettings: house),
        .target(name: "Platform", dependencies: ["CPlatform", "CSystemd"], swiftSettings: house),

        // Layer 2: configuration, wire, shelf, sound
        .target(
            name: "Config", dependencies: ["Domain", .product(name: "TOMLKit", package: "TOMLKit")],
            swiftSettings: house),
        .target(name: "IPC", dependencies: ["Domain", "Platform", "CJansson"], swiftSettings: house),
        .target(name: "Buffer", dependencies: ["Domain", "Platform"], swiftSettings: house),
        .target(name: "Forecast", dependencies: ["Domain"], swiftSettings: house),
        .target(name: "Synth", swiftSettings: fast),

        .target(
            name: "HTTPServing",
            dependencies: [
                "Platform", .product(name: "FlyingFox", package: "FlyingFox"),
                .product(name: "FlyingSocks", package: "FlyingFox"),
            ],
            swiftSettings: house),

        // Layer 3: where music comes from
        .target(
            name: "Backends", dependencies: ["Domain", "Platform", "Config", "IPC", "Synth"], swiftSettings: house),

        // Layer 4: roles; a role never imports a role
        .target(
            name: "Generator",
            dependencies: ["Domain", "Platform", "Config", "Forecast", "IPC", "Buffer", "Backends"],
            swiftSettings: house),
        .target(
            name: "Feeder", dependencies: ["Domain", "Platform", "Config", "IPC", "Buffer", "Backends"],
            swiftSettings: fast),
        .target(
            name: "Encoder", dependencies: ["Domain", "Platform", "Config", "IPC"], exclude: ["README.md"],
            swiftSettings: fast),
        .target(
            name: "Dashboard",
            dependencies: ["Domain", "Platform", "Config", "IPC", "HTTPServing"],
            resources: [.embedInCode("Page")],
            swiftSettings: house),
        .target(
            name: "RenderServer", dependencies: ["Domain", "Platform", "Config", "HTTPServing", "Backends"],
            exclude: ["README.md", "openapi.yaml"], swiftSettings: house),
        .target(
            name: "Supervisor", dependencies: ["Domain", "Platform", "Config", "Forecast", "IPC"],
            exclude: ["README.md"],
            swiftSettings: house),

        // Layer 5: the command
        .executableTarget(
            name: "CLI",
            dependencies: [
                "Domain", "Platform", "Config", "Forecast", "IPC", "Buffer", "Backends", "Generator", "Feeder",
                "Encoder", "Dashboard", "RenderServer", "Supervisor",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: house),

        // Ratios, side by side: script/bench
        .executableTarget(
            name: "lofisup-bench",
            dependencies: [
                "Domain", "Platform", "Config", "IPC", "Buffer", "Synth", "Backends", "Encoder", "Supervisor",
                "TestSupport",
            ],
            path: "Benchmarks", exclude: ["README.md", "StandIn"], swiftSettings: house),
        // What the supervisors look after that are measured beside each other. It is to start as fast as it can.
        .executableTarget(
            name: "StandIn", path: "Benchmarks/StandIn", swiftSettings: house,
            linkerSettings: [.unsafeFlags(["-static-stdlib"])]),

        // Tests mirror the rooms
        .target(
            name: "TestSupport", dependencies: ["Domain", "IPC", "Platform", "Buffer"], path: "Tests/TestSupport",
            swiftSettings: fast),
        .testTarget(name: "ForecastTests", dependencies: ["Forecast", "Domain", "TestSupport"], swiftSettings: house),
        .testTarget(name: "SynthTests", dependencies: ["Synth"], swiftSettings: fast),
        .testTarget(name: "ConfigTests", dependencies: ["Config", "Domain"], swiftSettings: house),
        .testTarget(
            name: "BackendsTests",
            dependencies: ["Backends", "Config", "Domain", "IPC", "Platform", "TestSupport", "BadPlugin"],
            swiftSettings: fast),
        // A plug-in that misbehaves as BackendsTests and GeneratorTests say.
        .executableTarget(
            name: "BadPlugin", dependencies: ["IPC", "Platform"], path: "Tests/BadPlugin", swiftSettings: house),
        .testTarget(
            name: "EncoderTests", dependencies: ["Encoder", "Config", "Domain", "IPC", "Platform", "TestSupport"],
            swiftSettings: fast),
        .testTarget(
            name: "FeederTests",
            dependencies: ["Feeder", "Backends", "Buffer", "Config", "Domain", "IPC", "Platform", "TestSupport"],
            swiftSettings: house),
        .testTarget(
            name: "PlatformTests", dependencies: ["Platform", "TestSupport", "NotifyWriter"], swiftSettings: house),
        // A service for PlatformTests to put beside a service manager.
        .executableTarget(
            name: "NotifyWriter", dependencies: ["Platform"], path: "Tests/NotifyWriter", swiftSettings: house),
        .testTarget(
            name: "GeneratorTests",
            dependencies: ["Generator", "Domain", "Forecast", "IPC", "Platform", "TestSupport"],
            swiftSettings: house),
        .testTarget(
            name: "SupervisorTests",
            dependencies: [
                "Supervisor", "Config", "Domain", "Forecast", "IPC", "Platform", "TestSupport", "BadWorker",
            ],
            swiftSettings: house),
        // A station whose workers misbehave as SupervisorTests say.
        .executableTarget(
            name: "BadWorker", dependencies: ["Supervisor", "Config", "Domain", "Platform"], path: "Tests/BadWorker",
            swiftSettings: house),
        .testTarget(
            name: "IPCTests", dependencies: ["IPC", "Domain", "Platform", "TestSupport"], swiftSettings: house),
        .testTarget(
            name: "TestSupportTests", dependencies: ["TestSupport", "Domain", "Platform"], swiftSettings: house),
        .testTarget(
            name: "DashboardTests", dependencies: ["Dashboard", "Domain", "HTTPServing", "Platform", "TestSupport"],
            swiftSettings: house),
        .testTarget(
            name: "RenderServerTests",
            dependencies: [
                "RenderServer", "CLI", "Backends", "Config", "Domain", "HTTPServing", "Platform", "TestSupport",
            ],
            swiftSettings: house),
        .testTarget(
            name: "CLITests",
            dependencies: [
                "CLI", "Buffer", "Config", "Domain", "Forecast", "IPC", "Platform", "Supervisor", "TestSupport",
            ],
            swiftSettings: house),
        .testTarget(name: "HouseRulesTests", swiftSettings: house),
        .testTarget(
            name: "FlowTests",
            dependencies: ["CLI", "TestSupport", "Domain", "Platform", "IPC", "Buffer", "BadPlugin"],
            swiftSettings: house),
        // The station under a real systemd, where one can be booted.
        .testTarget(
            name: "SystemdTests", dependencies: ["CLI", "TestSupport", "Domain", "Platform", "IPC"],
            exclude: ["machine.sh"], swiftSettings: house),
        .testTarget(
            name: "BufferTests", dependencies: ["Buffer", "Domain", "Platform", "TestSupport", "CrashWriter"],
            swiftSettings: house),
        // Appends and consumes until BufferTests kills it.
        .executableTarget(
            name: "CrashWriter", dependencies: ["Buffer", "Domain", "Platform"], path: "Tests/CrashWriter",
            swiftSettings: house),
    ]
)
