import Foundation
import Testing

/// The files of this repository, as the tests were built from them.
enum Repository {
    struct File: Sendable, CustomTestStringConvertible {
        /// From the repository's top.
        var path: String
        var text: SwiftText
        var declarations: Declarations
        var testDescription: String { path }
        /// For example `PeerCore` of `Sources/PeerCore/Peer.swift`.
        var target: String { String(path.split(separator: "/")[1]) }
    }

    static let top = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static func text(of path: String) throws -> String {
        try String(contentsOf: top.appending(path: path), encoding: .utf8)
    }

    static func names(in directory: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: top.appending(path: directory).path).sorted()
    }

    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: top.appending(path: path).path)
    }

    /// All Swift files below a directory, sorted.
    static func swiftFiles(in directory: String) throws -> [File] {
        try swiftFiles().filter { $0.path.hasPrefix(directory + "/") }
    }

    static func swiftFiles() throws -> [File] { try read.get() }

    /// Read once: it takes seconds in a build for debugging.
    private static let read = Result { try ["Sources", "Tests"].flatMap { try files(in: $0) } }

    private static func files(in directory: String) throws -> [File] {
        let paths = FileManager.default.enumerator(atPath: top.appending(path: directory).path)
        let names = (paths?.allObjects as? [String] ?? []).filter { $0.hasSuffix(".swift") }.sorted()
        return try names.map { name in
            let text = SwiftText(try text(of: directory + "/" + name))
            return File(path: directory + "/" + name, text: text, declarations: Declarations(in: text))
        }
    }
}
