import Secure
import Wire

/// A breach of the protocol by the other side of a link.
package struct LinkViolation: Error, Equatable {
    /// The description for people.
    package var text: String
    /// The exact error, for developers; nil if `text` says everything.
    package var detail: String?
    /// The version that the other side speaks, if that is the problem.
    package internal(set) var theirVersion: UInt64?

    package init(_ text: String) { self.text = text }

    /// Describes an error that a decoder threw.
    package init(describing error: any Error) {
        if let violation = error as? LinkViolation {
            self = violation
            return
        }
        text = Self.words(for: error)
        detail = String(describing: error)
        if case .unsupportedVersion(let theirs, _)? = error as? HandshakeError { theirVersion = theirs }
        if case .anotherVersion(let theirs)? = error as? SignedError { theirVersion = theirs }
    }

    private static func words(for error: any Error) -> String {
        switch error {
        case HandshakeError.unsupportedVersion(let theirs, let ours):
            "it speaks version \(theirs) of the protocol, and this program version \(ours)"
        case HandshakeError.selfConnection: "it has the same key as this program"
        case is HandshakeError: "what it says is not Earshot's protocol"
        case is RecordError: "what it sends has been tampered with, or is not Earshot's protocol"
        case SignedError.wrongSignature: "a wrong signature"
        case SignedError.anotherVersion(let theirs): "something of version \(theirs) of the protocol"
        case is SignedError: "signed bytes that cannot be read"
        case let error as NicknameError: "a name that is not valid (\(error))"
        case let error as any ViolationError: error.violationText
        case is WireError: "a frame that cannot be read"
        default: "something that cannot be read"
        }
    }
}

/// An error of a decoder above this module that a peer's bytes can cause.
package protocol ViolationError: Error {
    /// The description for people, as in ``LinkViolation/text``.
    var violationText: String { get }
}
