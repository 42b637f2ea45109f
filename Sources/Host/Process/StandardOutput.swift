import CLinux
import CoreModel
import Glibc

/// Writes to a descriptor that is shared with other processes, without ever waiting for its reader: through our own
/// non-blocking file description where possible (pipes, terminals), otherwise in pieces that fit when `poll` says so.
final class StandardOutput {
    /// The reason that nothing more can be written; nil while it can.
    private(set) var end: OutputEnd?

    /// The descriptor to write to: that of `own`, or the given one.
    private let number: CInt
    private let way: Way
    /// For ``Way/own``.
    private let own: Descriptor?
    private let poller: Poller
    private var queue: [UInt8] = []
    private var writtenCount = 0
    private var isWaiting = false
    private var isWatched = false

    private enum Way {
        /// Through our own non-blocking open file description.
        case own
        /// A socket: `send` has a flag for not blocking.
        case socket
        /// A regular file, which has no reader to wait for.
        case file
        /// Calls `poll`, then writes no more than a pipe accepts in one piece.
        case careful
    }

    init(_ descriptor: CInt, poller: Poller) {
        self.poller = poller
        var status = stat()
        let access = fcntl(descriptor, F_GETFL)
        guard access >= 0, access & O_ACCMODE != O_RDONLY, fstat(descriptor, &status) == 0 else {
            own = nil
            way = .careful
            number = descriptor
            end = .code(EBADF)
            return
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG, S_IFSOCK:
            own = nil
            way = status.st_mode & S_IFMT == S_IFREG ? .file : .socket
            number = descriptor
        default:
            let opened = open("/proc/self/fd/\(descriptor)", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
            own = opened >= 0 ? Descriptor(owning: opened) : nil
            way = opened >= 0 ? .own : .careful
            number = opened >= 0 ? opened : descriptor
        }
    }

    deinit { poller.remove(number) }

    /// Watches for the loss of the last reader, even while there is nothing to write. A descriptor that epoll refuses
    /// (a regular file) has no readers.
    func watch() {
        isWatched = end == nil && (try? poller.add(number, .standardOutput, [])) != nil
    }

    /// Handles an event: the descriptor is writable again, or the last reader is gone.
    func ready() {
        if isWaiting { flush() } else { giveUp(.readerGone) }
    }

    var queuedBytes: Int { queue.count - writtenCount }

    /// Queues bytes, and writes as many as possible now.
    func write(_ bytes: [UInt8]) {
        guard end == nil else { return }
        if queuedBytes == 0 {
            queue = bytes
            writtenCount = 0
        } else {
            if writtenCount > queue.count / 2 {
                queue.removeFirst(writtenCount)
                writtenCount = 0
            }
            queue += bytes
        }
        flush()
        if queuedBytes > HostBounds.standardOutputBytes { giveUp(.failed("its reader does not read")) }
    }

    private func flush() {
        while queuedBytes > 0, end == nil {
            guard let count = writeSome() else { return wait(true) }
            writtenCount += count
        }
        queue.removeAll(keepingCapacity: queue.capacity <= HostBounds.readBytes)
        writtenCount = 0
        wait(false)
    }

    /// Waits until everything is written, up to a time limit; the rest is then lost.
    func finish(within limit: Duration) {
        let deadline = Clock.now() + limit
        flush()
        while queuedBytes > 0, end == nil {
            let left = (deadline - Clock.now()).wholeNanoseconds / 1_000_000
            guard left > 0 else { return giveUp(.failed("its reader does not read")) }
            var poll = pollfd(fd: number, events: Int16(POLLOUT), revents: 0)
            _ = Glibc.poll(&poll, 1, CInt(clamping: left))
            flush()
        }
    }

    /// Writes a part of the queue.
    /// - Returns: Nil if nothing can be written now, or ever.
    private func writeSome() -> Int? {
        var size = queuedBytes
        if way == .careful {
            var poll = pollfd(fd: number, events: Int16(POLLOUT), revents: 0)
            guard Glibc.poll(&poll, 1, 0) == 1 else { return nil }
            size = min(size, Int(PIPE_BUF))
        }
        do {
            return try queue[writtenCount..<writtenCount + size].withUnsafeBytes { bytes throws(SystemError) in
                try systemCall("write", "standard output") {
                    way == .socket
                        ? send(number, bytes.baseAddress, bytes.count, CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT))
                        : Glibc.write(number, bytes.baseAddress!, bytes.count)
                }
            }
        } catch {
            giveUp((error as? SystemError).map(OutputEnd.init) ?? .failed("\(error)"))
            return nil
        }
    }

    private func giveUp(_ reason: OutputEnd) {
        end = end ?? reason
        queue = []
        writtenCount = 0
        isWaiting = false
        isWatched = false
        poller.remove(number)
    }

    private func wait(_ waits: Bool) {
        guard isWatched, waits != isWaiting else { return }
        isWaiting = waits
        poller.change(number, to: waits ? .writable : [])
    }
}
