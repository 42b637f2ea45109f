import Glibc
import Testing

@_silgen_name("unshare")
private func unshare(_ flags: CInt) -> CInt

/// What a thread is to do, as a thing that a C pointer can point to.
private final class Job {
    let body: () -> Void
    init(_ body: @escaping () -> Void) { self.body = body }
}

/// A network of a test's own, on a thread of its own: nothing but a `lo` that is down. Needs root and `ip`.
enum NetworkNamespace {
    static let isAvailable = geteuid() == 0 && access("/usr/sbin/ip", X_OK) == 0 && run { true } == true

    /// - Returns: What the body returns; nil if there can be no namespace.
    static func run<Result>(_ body: @escaping () throws -> Result) -> Result? {
        var result: Result?
        let job = Job {
            let newNetwork: CInt = 0x4000_0000
            guard unshare(newNetwork) == 0 else { return }
            do { result = try body() } catch { Issue.record(error) }
        }
        var thread = pthread_t()
        let argument = Unmanaged.passRetained(job).toOpaque()
        let started = pthread_create(
            &thread, nil,
            { argument in
                Unmanaged<Job>.fromOpaque(argument!).takeRetainedValue().body()
                return nil
            }, argument)
        guard started == 0 else { return nil }
        pthread_join(thread, nil)
        return result
    }

    /// Runs `ip` with these words in the thread's namespace.
    @discardableResult
    static func ip(_ words: String) -> Bool {
        let arguments = ["ip"] + words.split(separator: " ").map(String.init)
        var pointers = arguments.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        var child = pid_t()
        guard posix_spawn(&child, "/usr/sbin/ip", nil, nil, &pointers, environ) == 0 else { return false }
        var status: CInt = 0
        while waitpid(child, &status, 0) == -1, errno == EINTR {}
        return status == 0
    }
}
