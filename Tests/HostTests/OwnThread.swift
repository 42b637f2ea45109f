import Glibc
import Testing

@_silgen_name("unshare")
private func unshare(_ flags: CInt) -> CInt

/// What a thread is to do, as a thing that a C pointer can point to.
private final class Job {
    let body: () -> Void
    init(_ body: @escaping () -> Void) { self.body = body }
}

/// A thread with something of its own that threads otherwise share.
enum OwnThread {
    /// - Parameter flag: What not to share, as `unshare` has it.
    /// - Returns: What the body returns; nil if it cannot be had.
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

    /// Runs the body where no other test opens or closes a descriptor: there are none at first but 0, 1 and 2.
    static func withOwnDescriptors(_ body: @escaping () throws -> Void) {
        let cloneFiles: CInt = 0x400
        let done: Void? = run(unsharing: cloneFiles) {
            for number in openDescriptors() where number > 2 { close(number) }
            try body()
        }
        if done == nil { Issue.record("the thread has no descriptors of its own") }
    }

    /// The descriptors that this thread sees.
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

/// A network of a test's own, on a thread of its own: nothing but a `lo` that is down. Needs root and `ip`.
enum NetworkNamespace {
    static let isAvailable = geteuid() == 0 && access("/usr/sbin/ip", X_OK) == 0 && run { true } == true

    /// - Returns: What the body returns; nil if there can be no namespace.
    @discardableResult
    static func run<Result>(_ body: @escaping () throws -> Result) -> Result? {
        let cloneNetwork: CInt = 0x4000_0000
        return OwnThread.run(unsharing: cloneNetwork, body)
    }

    /// Runs `ip` with these words in the thread's namespace.
    @discardableResult
    static func ip(_ words: String) -> Bool { run("/usr/sbin/ip", words) }

    static let hasNft = access("/usr/sbin/nft", X_OK) == 0

    /// The same with `nft`.
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
