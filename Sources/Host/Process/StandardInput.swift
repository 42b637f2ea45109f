import Glibc

/// Reads a descriptor that is shared with other processes, such as the terminal. It is never made non-blocking, because
/// that would affect the shell, too, and is read only when it has data.
final class StandardInput {
    /// Whether it is a regular file: epoll refuses it, and it always has data.
    private(set) var isAlwaysReady = false
    private(set) var hasEnded = false

    private let descriptor: CInt
    var number: CInt { descriptor }
    private let poller: Poller
    private let buffer: UnsafeMutableRawBufferPointer

    init(_ descriptor: CInt, poller: Poller) throws(SystemError) {
        self.descriptor = descriptor
        self.poller = poller
        buffer = .allocate(byteCount: HostBounds.readBytes, alignment: 16)
        let access = fcntl(descriptor, F_GETFL)
        guard access >= 0, access & O_ACCMODE != O_WRONLY else {
            // It was closed when the process started, or is open for writing only.
            hasEnded = true
            return
        }
        do {
            try poller.add(descriptor, .standardInput, .readable)
        } catch  where error.code == EPERM {
            isAlwaysReady = true
        }
    }

    deinit {
        poller.remove(descriptor)
        buffer.deallocate()
    }

    /// Reads the available input.
    /// - Returns: Nil at the end, including an error (a terminal that hung up).
    func read() -> [UInt8]? {
        guard !hasEnded else { return nil }
        switch try? readBytes(from: descriptor, into: buffer) {
        case .bytes(let count): return Array(buffer[..<count])
        case .notNow: return []
        case .end, nil:
            hasEnded = true
            isAlwaysReady = false
            poller.remove(descriptor)
            return nil
        }
    }
}
