import Foundation

/// Says what a test measured, for the closing note; never asserted on.
func measured(_ what: String, _ seconds: Double) {
    print("measured: \(what): \(String(format: "%.3f", seconds)) s")
}

extension Array where Element == Double {
    var median: Double { sorted()[count / 2] }
}

/// Faults come at moments that no event announces, and what a file holds has to be looked at again and again: the one
/// place where a test lets time pass.
func letTimePass(_ seconds: Double) {
    let nobody = NSCondition()
    nobody.lock()
    _ = nobody.wait(until: Date().addingTimeInterval(seconds))
    nobody.unlock()
}
