import Foundation

/// A directory that goes with its owner.
final class TemporaryDirectory {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "earshot-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// A state directory for one peer.
    func state(_ name: String) -> String { "\(path)/\(name)" }
}

/// Says what a test measured, for the closing note; never asserted on.
func measured(_ what: String, _ seconds: Double) {
    print("measured: \(what): \(String(format: "%.3f", seconds)) s")
}

extension Array where Element == Double {
    var median: Double { sorted()[count / 2] }
}
