import Foundation

/// Says what a test measured, for the closing note; never asserted on.
func measured(_ what: String, _ seconds: Double) {
    print("measured: \(what): \(String(format: "%.3f", seconds)) s")
}

extension Array where Element == Double {
    var median: Double { sorted()[count / 2] }
}
