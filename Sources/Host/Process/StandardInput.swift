import Glibc

/// Reads a descriptor that we share with others, such as the terminal: never made non-blocking, because that would
/// change it for the shell too; read only when it has something.
final class StandardInput {
    /// A regular file: epoll refuses it, and it always has something.
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

    /// - Returns: What has come; nil at the end, an error (a terminal that hung up) included.
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
