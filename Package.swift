// swift-tools-version: 6.2
import PackageDescription

// This file is the architecture drawing: an arrow (a dependency) may only point down the list; what tests need comes last.
// The build rejects an import without an arrow, with `--explicit-target-dependency-import-check error` (see .ci/run).

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    // The path of an entry to a thousand members crosses modules with every delivery.
    .unsafeFlags(["-cross-module-optimization"], .when(configuration: .release)),
]

let package = Package(
    name: "earshot",
    products: [
        .executable(name: "earshot", targets: ["earshot"]),
        .executable(name: "earshot-bench", targets: ["earshot-bench"]),
        .executable(name: "earshot-sim", targets: ["earshot-sim"]),
    ],
    targets: [
        // The program: reads the arguments and assembles the modules.
        .executableTarget(
            name: "earshot",
            dependencies: [
                "Options", "Terminal", "Scripting", "JSON", "Wording", "Doctor", "Host", "Store", "PeerCore",
                "RelayCore", "RoomSync", "CoreModel", "Secure", "Wire",
            ],
            swiftSettings: settings),

        // Measures how fast the program is.
        .executableTarget(
            name: "earshot-bench",
            dependencies: [
                "Host", "Store", "PeerCore", "RelayCore", "RoomSync", "Links", "CoreModel", "Secure", "Wire",
                "COpenSSL", "CMeasure",
            ],
            swiftSettings: settings),

        // The simulator as a program.
        .executableTarget(
            name: "earshot-sim", dependencies: ["Simulator", "Host", "CoreModel"], swiftSettings: settings),

        // Feeds a fuzzer's bytes to decoders, cores and front ends.
        .target(
            name: "FuzzTargets",
            dependencies: [
                "Simulator", "Host", "Options", "Terminal", "Scripting", "JSON", "Wording", "PeerCore", "RelayCore",
                "LocalNetwork", "RoomSync", "Links", "CoreModel", "Secure", "Wire",
            ],
            swiftSettings: settings),

        // Reads command lines and configuration files; pure.
        .target(
            name: "Options", dependencies: ["PeerCore", "RelayCore", "CoreModel", "Secure", "Wire"],
            swiftSettings: settings),

        // What people and programs see; pure, like the cores.
        .target(name: "Terminal", dependencies: ["Wording", "CoreModel", "Wire"], swiftSettings: settings),
        .target(
            name: "Scripting", dependencies: ["JSON", "Wording", "Doctor", "RelayCore", "CoreModel", "Wire"],
            swiftSettings: settings),

        // The text and the JSON that all of these use.
        .target(name: "Wording", dependencies: ["CoreModel", "Wire"], swiftSettings: settings),
        .target(name: "JSON", swiftSettings: settings),

        // The only place with system calls: runs a core.
        .target(
            name: "Host", dependencies: ["Doctor", "CoreModel", "Secure", "Wire", "CLinux"], swiftSettings: settings),

        // Why other peers do not appear: facts in, findings out; pure.
        .target(name: "Doctor", dependencies: ["CoreModel", "Wire"], swiftSettings: settings),

        // Many cores on a virtual network, clock and disk.
        .target(
            name: "Simulator",
            dependencies: [
                "PeerCore", "RelayCore", "LocalNetwork", "RoomSync", "Links", "CoreModel", "Secure", "Wire",
            ],
            swiftSettings: settings),

        // The cores: no system call, no clock, no randomness of their own.
        .target(
            name: "PeerCore", dependencies: ["LocalNetwork", "RoomSync", "Links", "CoreModel", "Secure", "Wire"],
            swiftSettings: settings),
        .target(
            name: "RelayCore", dependencies: ["RoomSync", "Links", "CoreModel", "Secure", "Wire"],
            swiftSettings: settings),

        // Who is on the network; what was said, and how logs become equal; the bytes between two peers.
        .target(name: "LocalNetwork", dependencies: ["CoreModel", "Secure", "Wire"], swiftSettings: settings),
        .target(name: "RoomSync", dependencies: ["CoreModel", "Secure", "Wire"], swiftSettings: settings),
        .target(name: "Links", dependencies: ["CoreModel", "Secure", "Wire"], swiftSettings: settings),

        // Stores logs, peers and settings in SQLite.
        .target(name: "Store", dependencies: ["CoreModel", "Wire", "CSQLite"], swiftSettings: settings),

        // Inputs, outputs, commands, events and time: what cores, hosts, stores and front ends share.
        .target(name: "CoreModel", dependencies: ["Secure", "Wire"], swiftSettings: settings),
        .target(name: "Secure", dependencies: ["Wire", "COpenSSL"], swiftSettings: settings),
        .target(name: "Wire", swiftSettings: settings),

        // C declarations of just the functions that are used; nothing to install (see Earshot.docc/Using.md, Dependencies).
        .target(name: "COpenSSL", linkerSettings: [.linkedLibrary(":libcrypto.so.3")]),
        .target(name: "CSQLite", linkerSettings: [.linkedLibrary(":libsqlite3.so.0")]),
        .target(name: "CLinux"),
        // Counts allocations and system calls by interposing on the C library's functions: for measurements only.
        .target(name: "CMeasure"),

        // Helpers for the tests of several targets; the second kit has cores in it.
        .target(name: "TestKit", swiftSettings: settings),
        .target(
            name: "CoreTestKit",
            dependencies: ["TestKit", "PeerCore", "RelayCore", "RoomSync", "Links", "CoreModel", "Secure", "Wire"],
            swiftSettings: settings),

        .testTarget(name: "WireTests", dependencies: ["TestKit", "Wire"], swiftSettings: settings),
        .testTarget(
            name: "SecureTests", dependencies: ["TestKit", "Secure", "Wire", "COpenSSL"], swiftSettings: settings),
        .testTarget(
            name: "CoreModelTests", dependencies: ["TestKit", "CoreTestKit", "CoreModel", "Secure", "Wire"],
            swiftSettings: settings),
        .testTarget(
            name: "RoomSyncTests",
            dependencies: ["TestKit", "CoreTestKit", "RoomSync", "CoreModel", "Secure", "Wire"],
            swiftSettings: settings),
        .testTarget(
            name: "LocalNetworkTests",
            dependencies: ["TestKit", "CoreTestKit", "LocalNetwork", "CoreModel", "Secure", "Wire"],
            swiftSettings: settings),
        .testTarget(
            name: "PeerCoreTests",
            dependencies: [
                "TestKit", "CoreTestKit", "Store", "PeerCore", "RelayCore", "LocalNetwork", "RoomSync", "Links",
                "CoreModel", "Secure", "Wire",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "RelayCoreTests",
            dependencies: [
                "TestKit", "CoreTestKit", "CMeasure", "Store", "PeerCore", "RelayCore", "RoomSync", "Links",
                "CoreModel",
                "Secure", "Wire",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "StoreTests",
            dependencies: ["TestKit", "Store", "RoomSync", "CoreModel", "Secure", "Wire", "CSQLite"],
            swiftSettings: settings),
        .testTarget(
            name: "HostTests",
            dependencies: [
                "TestKit", "CMeasure", "Host", "Doctor", "PeerCore", "RelayCore", "CoreModel", "Secure", "Wire",
                "CLinux",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "WordingTests", dependencies: ["TestKit", "Wording", "CoreModel", "Wire"], swiftSettings: settings),
        .testTarget(
            name: "TerminalTests", dependencies: ["TestKit", "Terminal", "Wording", "CoreModel", "Wire"],
            swiftSettings: settings),
        .testTarget(
            name: "ScriptingTests",
            dependencies: ["TestKit", "Scripting", "JSON", "Wording", "Doctor", "RelayCore", "CoreModel", "Wire"],
            swiftSettings: settings),
        .testTarget(
            name: "DoctorTests", dependencies: ["TestKit", "Doctor", "CoreModel", "Wire"], swiftSettings: settings),
        .testTarget(
            name: "SimulatorTests",
            dependencies: [
                "TestKit", "FuzzTargets", "Simulator", "PeerCore", "RelayCore", "LocalNetwork", "RoomSync", "Links",
                "CoreModel", "Secure", "Wire",
            ],
            exclude: ["Corpus"], swiftSettings: settings),
        .testTarget(
            name: "OptionsTests",
            dependencies: ["TestKit", "Options", "PeerCore", "RelayCore", "CoreModel", "Secure", "Wire"],
            swiftSettings: settings),
        // Real processes, on this machine and in network namespaces.
        .testTarget(
            name: "ProcessTests", dependencies: ["TestKit", "earshot", "Secure", "Wire"], swiftSettings: settings),
        .testTarget(name: "TidyTests", swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)

// Only with EARSHOT_FUZZ set: it does not link without libFuzzer (see Earshot.docc/Contributing.md).
if Context.environment["EARSHOT_FUZZ"] != nil {
    package.products.append(.executable(name: "earshot-fuzz", targets: ["earshot-fuzz"]))
    package.targets += [
        .target(name: "CFuzzer"),
        .executableTarget(name: "earshot-fuzz", dependencies: ["FuzzTargets", "CFuzzer"], swiftSettings: settings),
    ]
}
