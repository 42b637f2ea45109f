import Foundation

/// Prints a measurement of a test, for the closing note; it is never asserted on.
func measured(_ what: String, _ seconds: Double) {
    print("measured: \(what): \(String(format: "%.3f", seconds)) s")
}

/// The sanitizer, if any, that watches these tests and the program that they start.
enum Sanitizer {
    static let isWatching = dlsym(nil, "__asan_init") != nil || dlsym(nil, "__tsan_init") != nil
    /// The factor by which all time limits are extended.
    static let slowness = isWatching ? 10.0 : 1.0

    /// Returns whether limits on memory are meaningful. A sanitizer retains freed memory, and adds its own.
    static func expectsMemory() -> Bool {
        if isWatching { print("measured: memory is not looked at: a sanitizer is watching") }
        return !isWatching
    }
}

extension Array where Element == Double {
    var median: Double { sorted()[count / 2] }
}

/// Lets time pass. Faults occur at moments that no event announces, and the contents of a file must be polled: this is
/// the only place where a test sleeps.
func letTimePass(_ seconds: Double) {
    let nobody = NSCondition()
    nobody.lock()
    _ = nobody.wait(until: Date().addingTimeInterval(seconds))
    nobody.unlock()
}
