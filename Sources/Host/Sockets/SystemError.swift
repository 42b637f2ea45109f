import Glibc

/// A failed system call: its name, its subject (an address, a path), and the reason.
public struct SystemError: Error, Equatable, CustomStringConvertible {
    /// The call's name, such as `bind`.
    public let call: String
    /// The subject of the call; may be empty.
    public let subject: String
    /// The value of `errno`.
    public let code: CInt

    public init(call: String, subject: String, code: CInt) {
        self.call = call
        self.subject = subject
        self.code = code
    }

    /// The system's description of the error.
    public var reason: String { String(cString: strerror(code)) }

    public var description: String { subject.isEmpty ? "\(call): \(reason)" : "\(call) \(subject): \(reason)" }
}

/// An error that prevents the program from starting or continuing, worded for the user: the problem and the remedy.
public struct HostError: Error, Equatable, CustomStringConvertible {
    public let text: String

    public init(_ text: String) { self.text = text }

    public var description: String { text }
}

/// Makes a system call, and repeats it if a signal interrupted it.
/// - Returns: Nil for `EAGAIN`: nothing to read, or no space to write.
/// - Throws: All other errors, except those that only a bug of ours can cause, which trap.
@inline(__always)
func systemCall<Result: SignedInteger>(
    _ name: StaticString, _ subject: @autoclosure () -> String = "", _ body: () -> Result
) throws(SystemError) -> Result? {
    while true {
        let result = body()
        if result != -1 { return result }
        let code = errno
        switch code {
        case EINTR: continue
        case EAGAIN: return nil
        case EBADF, EFAULT: preconditionFailure("\(name) was given a descriptor or an address that is not ours")
        default: throw SystemError(call: "\(name)", subject: subject(), code: code)
        }
    }
}

/// Makes a system call that has no `EAGAIN`.
@inline(__always)
@discardableResult
func nonBlockingCall<Result: SignedInteger>(
    _ name: StaticString, _ subject: @autoclosure () -> String = "", _ body: () -> Result
) throws(SystemError) -> Result {
    guard let result = try systemCall(name, subject(), body) else {
        throw SystemError(call: "\(name)", subject: subject(), code: EAGAIN)
    }
    return result
}
