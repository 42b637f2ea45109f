import Secure
import Wire

/// How the other side of a link broke the protocol.
struct LinkViolation: Error, Equatable {
    /// In words, for people.
    var text: String
    /// What exactly was found, for who looks for the fault in a program; nil if the words say all.
    var detail: String?
    /// The version that the other side speaks, if that is what is wrong.
    var theirVersion: UInt64?

    init(_ text: String) { self.text = text }

    init(describing error: any Error) {
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
        case is ReconciliationError: "a comparison of logs that cannot be read"
        case is WireError: "a frame that cannot be read"
        default: "something that cannot be read"
        }
    }
}

/// Limits the lines about what others do wrong: everybody on the network can cause one, as often as they like.
struct WarningRate {
    private var bucket = TokenBucket(capacity: Bounds.warningBurst, perSecond: Bounds.warningRate)
    private var omitted = 0

    /// - Returns: what is to be said now, with how much was not said before; nil if it is too much.
    mutating func limited(_ text: String, at now: Instant) -> String? {
        guard bucket.take(at: now) else {
            omitted += 1
            return nil
        }
        defer { omitted = 0 }
        return omitted == 0 ? text : "\(text) (\(omitted) other warnings before it were left out)"
    }
}

extension Peer {
    /// Tells people in words what others do wrong. Details, and warnings beyond the rate, are shown with `--verbose` only.
    mutating func warn(_ text: String, detail: String? = nil) {
        if let limited = links.warnings.limited(text, at: now) {
            note(.warning, limited)
        } else {
            note(.debug, text)
        }
        if let detail { note(.debug, detail) }
    }
}
