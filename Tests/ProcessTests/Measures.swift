import Foundation

/// Says what a test measured, for the closing note; never asserted on.
func measured(_ what: String, _ seconds: Double) {
    print("measured: \(what): \(String(format: "%.3f", seconds)) s")
}

/// A sanitizer watches these tests and the program that they start.
enum Sanitizer {
    static let isWatching = dlsym(nil, "__asan_init") != nil || dlsym(nil, "__tsan_init") != nil
    /// How much longer everything may take.
    static let slowness = isWatching ? 10.0 : 1.0

    /// A sanitizer keeps what was freed, and its own marks: bounds of memory mean nothing beside it.
    static func expectsMemory() -> Bool {
        if isWatching { print("measured: memory is not looked at: a sanitizer is watching") }
        return !isWatching
    }
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
