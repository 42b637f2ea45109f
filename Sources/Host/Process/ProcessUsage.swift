import Glibc

/// What this process takes of the machine.
public struct ProcessUsage: Sendable {
    /// Time on processors, in seconds.
    public var processorSeconds: Double
    /// Memory that is resident, in bytes.
    public var residentBytes: Int

    /// As it is now.
    public static var current: ProcessUsage {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let seconds = [usage.ru_utime, usage.ru_stime].reduce(0.0) { sum, time in
            sum + Double(time.tv_sec) + Double(time.tv_usec) / 1e6
        }
        return ProcessUsage(processorSeconds: seconds, residentBytes: residentBytes)
    }

    /// The second number of `statm` is in pages (proc(5)).
    private static var residentBytes: Int {
        guard let text = try? Surroundings.text(ofFile: "/proc/self/statm", atMost: 4096) else { return 0 }
        let numbers = text.split(separator: " ")
        guard numbers.count > 1, let pages = Int(numbers[1]) else { return 0 }
        return pages * Int(getpagesize())
    }
}

extension Surroundings {
    /// What this machine calls itself.
    public static var hostName: String? {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0, name[0] != 0 else { return nil }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
