// swift-tools-version: 6.2
import PackageDescription

// This file is the architecture drawing: an arrow (a dependency) may only point down the list.
// The build enforces it with `--explicit-target-dependency-import-check error` (see .ci/run).

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
    name: "earshot",
    products: [
        .executable(name: "earshot", targets: ["earshot"]),
        .executable(name: "earshot-bench", targets: ["earshot-bench"]),
        .executable(name: "earshot-sim", targets: ["earshot-sim"]),
    ],
    targets: [
        // The program: arguments, assembling.
        .executableTarget(
            name: "earshot",
            dependencies: [
                "Options", "Terminal", "Scripting", "Doctor", "Host", "Store", "Chat", "Secure", "Wire",
            ],
            swiftSettings: settings),

        // How fast it is.
        .executableTarget(
            name: "earshot-bench",
            dependencies: ["Host", "Store", "Chat", "Secure", "Wire", "COpenSSL", "CMeasure"], swiftSettings: settings),

        // The simulator as a program.
        .executableTarget(name: "earshot-sim", dependencies: ["Simulator", "Host", "Chat"], swiftSettings: settings),

        // What was asked for: arguments and files of settings; pure.
        .target(name: "Options", dependencies: ["Chat", "Secure", "Wire"], swiftSettings: settings),

        // What people and programs see; pure, like the cores.
        .target(name: "Terminal", dependencies: ["Chat", "Wire"], swiftSettings: settings),
        .target(name: "Scripting", dependencies: ["Doctor", "Chat", "Wire"], swiftSettings: settings),

        // Why others are not seen: facts in, findings out; pure.
        .target(name: "Doctor", dependencies: ["Chat", "Wire"], swiftSettings: settings),

        // The only place with system calls: runs a core.
        .target(
            name: "Host", dependencies: ["Doctor", "Chat", "Store", "Secure", "Wire", "CLinux"], swiftSettings: settings
        ),

        // What is kept, in SQLite.
        .target(name: "Store", dependencies: ["Chat", "Wire", "CSQLite"], swiftSettings: settings),

        // Many cores on a virtual network, clock and disk.
        .target(name: "Simulator", dependencies: ["Chat", "Secure", "Wire"], swiftSettings: settings),

        // What a fuzzer does to decoders, cores and front ends.
        .target(
            name: "Exercises",
            dependencies: ["Simulator", "Host", "Options", "Terminal", "Scripting", "Chat", "Secure", "Wire"],
            swiftSettings: settings),

        // The cores: no system call, no clock, no randomness of their own.
        .target(name: "Chat", dependencies: ["Secure", "Wire"], swiftSettings: settings),
        .target(name: "Secure", dependencies: ["Wire", "COpenSSL"], swiftSettings: settings),
        .target(name: "Wire", swiftSettings: settings),

        // C declarations of just the functions that are used; nothing to install (see README, Dependencies).
        .target(name: "COpenSSL", linkerSettings: [.linkedLibrary(":libcrypto.so.3")]),
        .target(name: "CSQLite", linkerSettings: [.linkedLibrary(":libsqlite3.so.0")]),
        .target(name: "CLinux"),
        // Counts allocations and system calls by standing before the C library's: only for what measures.
        .target(name: "CMeasure"),

        // What tests of several targets need.
        .target(name: "TestKit", swiftSettings: settings),

        .testTarget(name: "WireTests", dependencies: ["TestKit", "Wire"], swiftSettings: settings),
        .testTarget(
            name: "SecureTests", dependencies: ["TestKit", "Secure", "Wire", "COpenSSL"], swiftSettings: settings),
        .testTarget(
            name: "ChatTests", dependencies: ["TestKit", "CMeasure", "Store", "Chat", "Secure", "Wire"],
            swiftSettings: settings),
        .testTarget(
            name: "StoreTests", dependencies: ["TestKit", "Store", "Chat", "Secure", "Wire", "CSQLite"],
            swiftSettings: settings),
        .testTarget(
            name: "HostTests",
            dependencies: ["TestKit", "CMeasure", "Host", "Doctor", "Chat", "Secure", "Wire", "CLinux"],
            swiftSettings: settings),
        .testTarget(
            name: "TerminalTests", dependencies: ["TestKit", "Terminal", "Chat", "Wire"], swiftSettings: settings),
        .testTarget(
            name: "ScriptingTests", dependencies: ["TestKit", "Scripting", "Doctor", "Chat", "Wire"],
            swiftSettings: settings),
        .testTarget(
            name: "DoctorTests", dependencies: ["TestKit", "Doctor", "Chat", "Wire"], swiftSettings: settings),
        .testTarget(
            name: "SimulatorTests", dependencies: ["TestKit", "Exercises", "Simulator", "Chat", "Secure", "Wire"],
            exclude: ["Corpus"], swiftSettings: settings),
        .testTarget(
            name: "OptionsTests", dependencies: ["TestKit", "Options", "Chat", "Secure", "Wire"],
            swiftSettings: settings),
        // Real processes, on this machine and in network namespaces.
        .testTarget(
            name: "ProcessTests", dependencies: ["TestKit", "earshot", "Secure", "Wire"], swiftSettings: settings),
        .testTarget(name: "TidyTests", swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)

// Only with EARSHOT_FUZZ set: it does not link without libFuzzer (see README, Trying to break it).
if Context.environment["EARSHOT_FUZZ"] != nil {
    package.products.append(.executable(name: "earshot-fuzz", targets: ["earshot-fuzz"]))
    package.targets += [
        .target(name: "CFuzzer"),
        .executableTarget(name: "earshot-fuzz", dependencies: ["Exercises", "CFuzzer"], swiftSettings: settings),
    ]
}
