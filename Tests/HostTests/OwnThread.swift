import Glibc
import Testing

@_silgen_name("unshare")
private func unshare(_ flags: CInt) -> CInt

/// The work of a thread, as an object that a C pointer can refer to.
private final class Job {
    let body: () -> Void
    init(_ body: @escaping () -> Void) { self.body = body }
}

/// A thread that does not share a resource that threads normally share.
enum OwnThread {
    /// Runs the body on a new thread.
    /// - Parameter flag: The resource not to share, for `unshare`.
    /// - Returns: The result of the body; nil if that is not possible.
    fileprivate static func run<Result>(unsharing flag: CInt, _ body: @escaping () throws -> Result) -> Result? {
        var result: Result?
        let job = Job {
            guard unshare(flag) == 0 else { return }
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

    /// Runs the body where no other test opens or closes a descriptor: only 0, 1 and 2 are open at first.
    static func withOwnDescriptors(_ body: @escaping () throws -> Void) {
        let cloneFiles: CInt = 0x400
        let done: Void? = run(unsharing: cloneFiles) {
            for number in openDescriptors() where number > 2 { close(number) }
            try body()
        }
        if done == nil { Issue.record("the thread has no descriptors of its own") }
    }

    /// Returns the open descriptors of this thread.
    static func openDescriptors() -> [CInt] {
        guard let directory = opendir("/proc/thread-self/fd") else { return [] }
        defer { closedir(directory) }
        var numbers: [CInt] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if let number = CInt(name), number != dirfd(directory) { numbers.append(number) }
        }
        return numbers
    }
}

/// A test's own network namespace, on a thread of its own: only a `lo` that is down. Needs root and `ip`.
enum NetworkNamespace {
    static let isAvailable = geteuid() == 0 && access("/usr/sbin/ip", X_OK) == 0 && run { true } == true

    /// Runs the body in a new namespace.
    /// - Returns: The result of the body; nil if no namespace can be created.
    @discardableResult
    static func run<Result>(_ body: @escaping () throws -> Result) -> Result? {
        let cloneNetwork: CInt = 0x4000_0000
        return OwnThread.run(unsharing: cloneNetwork, body)
    }

    /// Runs `ip` with these arguments in the thread's namespace.
    @discardableResult
    static func ip(_ words: String) -> Bool { run("/usr/sbin/ip", words) }

    static let hasNft = access("/usr/sbin/nft", X_OK) == 0

    /// Runs `nft` with these arguments in the thread's namespace.
    @discardableResult
    static func nft(_ words: String) -> Bool { run("/usr/sbin/nft", words) }

    private static func run(_ program: String, _ words: String) -> Bool {
        let arguments = [program] + words.split(separator: " ").map(String.init)
        var pointers = arguments.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        var child = pid_t()
        guard posix_spawn(&child, program, nil, nil, &pointers, environ) == 0 else { return false }
        var status: CInt = 0
        while waitpid(child, &status, 0) == -1, errno == EINTR {}
        return status == 0
    }
}
