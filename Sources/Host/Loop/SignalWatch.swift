import CLinux
import Glibc

/// The request that a signal expresses.
enum ReceivedSignal: Equatable {
    /// SIGINT, SIGTERM.
    case leave
    /// SIGHUP: the terminal is gone, or a daemon must reload its settings.
    case hangup
    /// SIGTSTP: stop until continued.
    case suspend
    /// SIGCONT.
    case resumed
    /// SIGWINCH.
    case resized
}

/// Receives the signals that we handle through a descriptor (signalfd), so that they arrive between rounds of the loop
/// and never interrupt one.
final class SignalWatch {
    private let descriptor: Descriptor
    var number: CInt { descriptor.number }
    private let poller: Poller
    private var previous = sigset_t()

    /// Must be created on the thread that runs the loop, before other threads are started.
    init(poller: Poller) throws(SystemError) {
        self.poller = poller
        var signals = sigset_t()
        sigemptyset(&signals)
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGCONT, SIGWINCH]
        // A signal that our parent process ignores (nohup) stays ignored.
        where earshot_signal_is_ignored(signal) == 0 {
            sigaddset(&signals, signal)
        }
        descriptor = Descriptor(
            owning: try nonBlockingCall("signalfd") {
                signalfd(-1, &signals, CInt(SFD_NONBLOCK) | CInt(SFD_CLOEXEC))
            })
        let result = pthread_sigmask(SIG_BLOCK, &signals, &previous)
        precondition(result == 0, "a mask of known signals can be set")
        // A reader that is gone is reported as an error of the write.
        _ = signal(SIGPIPE, SIG_IGN)
        try poller.add(descriptor.number, .signals, .readable)
    }

    deinit {
        poller.remove(descriptor.number)
        pthread_sigmask(SIG_SETMASK, &previous, nil)
    }

    /// Returns the signals that have arrived, in order.
    func read() -> [ReceivedSignal] {
        withUnsafeTemporaryAllocation(of: signalfd_siginfo.self, capacity: 16) { buffer in
            guard case .bytes(let count) = try? readBytes(from: descriptor.number, into: .init(buffer)) else {
                return []
            }
            return (0..<count / MemoryLayout<signalfd_siginfo>.stride).map { index in
                switch CInt(buffer[index].ssi_signo) {
                case SIGHUP: .hangup
                case SIGTSTP: .suspend
                case SIGCONT: .resumed
                case SIGWINCH: .resized
                default: .leave
                }
            }
        }
    }

    /// Stops the process, as SIGTSTP would have done; returns when it is continued.
    static func suspend() { kill(getpid(), SIGSTOP) }
}
