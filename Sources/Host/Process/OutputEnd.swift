import Glibc

/// The reason that standard output cannot be written any more.
public enum OutputEnd: Error, Equatable, CustomStringConvertible {
    /// The reader has closed its end, as `head` does when it has read enough: not a failure, and not worth a message.
    case readerGone
    /// The output is lost, for this reason.
    case failed(String)

    public var description: String {
        switch self {
        case .readerGone: "standard output has no reader any more"
        case .failed(let reason): "cannot write to standard output: \(reason)"
        }
    }

    init(_ error: SystemError) {
        let advice: String
        switch error.code {
        // A socket whose other side is closed reports ECONNRESET where a pipe reports EPIPE.
        case EPIPE, ECONNRESET:
            self = .readerGone
            return
        case ENOSPC, EDQUOT, EFBIG: advice = " (free some space there, or redirect it elsewhere)"
        case EBADF: advice = " (it is closed: redirect it, for example to /dev/null)"
        default: advice = ""
        }
        self = .failed(error.reason + advice)
    }

    static func code(_ code: CInt) -> OutputEnd { OutputEnd(SystemError(call: "write", subject: "", code: code)) }
}

extension ProcessEnvironment {
    /// Writes all of the bytes to standard output.
    public static func show(_ bytes: [UInt8]) throws(OutputEnd) { try write(bytes, to: standardOutput) }

    /// Writes all of the bytes to standard output, unless its reader is gone.
    public static func showIfRead(_ bytes: [UInt8]) throws(OutputEnd) {
        do throws(OutputEnd) { try show(bytes) } catch { if error != .readerGone { throw error } }
    }

    static func write(_ bytes: [UInt8], to descriptor: CInt) throws(OutputEnd) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress!, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if count < 0, errno == EAGAIN {
                // Another process has made the descriptor non-blocking.
                var question = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&question, 1, -1)
            } else if count == 0 || errno != EINTR {
                throw OutputEnd.code(count < 0 ? errno : ENOSPC)
            }
        }
    }

    /// Opens descriptors 0, 1 and 2 if they are closed, before anything else is opened. Otherwise the first file to be
    /// opened, such as the archive, would get one of these numbers and receive output meant for the terminal. Using a
    /// descriptor that was closed still fails, because `/dev/null` is opened for the opposite direction. A limit on the
    /// size of files makes writes fail, too, rather than end the process.
    public static func prepareStandardStreams() {
        for number in 0...2 as ClosedRange<CInt> where fcntl(number, F_GETFD) == -1 {
            _ = open("/dev/null", number == standardInput ? O_WRONLY : O_RDONLY)
        }
        _ = signal(SIGXFSZ, SIG_IGN)
    }

    /// Ends the process.
    /// - Parameter status: 0 becomes 1 if a file system reports only now that data written to standard output is lost.
    public static func end(with status: Int32) -> Never {
        if close(standardOutput) == -1, errno != EBADF, errno != EINTR {
            printError("earshot: \(OutputEnd.code(errno))")
            exit(max(status, 1))
        }
        exit(status)
    }
}
