import CLinux
import Glibc

/// The resources that this process uses.
public struct ProcessUsage: Sendable {
    /// Processor time, in seconds.
    public var processorSeconds: Double
    /// Resident memory, in bytes.
    public var residentBytes: Int

    /// The current values.
    public static var current: ProcessUsage {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let seconds = [usage.ru_utime, usage.ru_stime].reduce(0.0) { sum, time in
            sum + Double(time.tv_sec) + Double(time.tv_usec) / 1e6
        }
        return ProcessUsage(processorSeconds: seconds, residentBytes: residentBytes)
    }

    /// Reads the second number of `statm`, which is in pages (proc(5)).
    private static var residentBytes: Int {
        guard let text = try? ProcessEnvironment.text(ofFile: "/proc/self/statm", atMost: 4096) else { return 0 }
        let numbers = text.split(separator: " ")
        guard numbers.count > 1, let pages = Int(numbers[1]) else { return 0 }
        return pages * Int(getpagesize())
    }
}

extension ProcessEnvironment {
    /// The host name of this machine.
    public static var hostName: String? {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0, name[0] != 0 else { return nil }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
