/// The reason why a handshake failed: the other side is not the expected one, or does not follow our protocol.
public enum HandshakeError: Error, Equatable, Sendable {
    case tooShort(bytes: Int)
    case tooLong(bytes: Int)
    /// A message or payload is not authentic.
    case notAuthentic
    /// A public key has low order.
    case badPublicKey
    case badIdentity(String)
    case unsupportedVersion(theirs: UInt64, ours: UInt64)
    /// The other side has our own identity.
    case selfConnection
    /// A message came after the handshake ended, or before it began.
    case outOfTurn
}

/// `Noise_XX_25519_ChaChaPoly_SHA256` (The Noise Protocol Framework, revision 34). Names are the specification's: `ck`,
/// `h`, `k`, `s`, `e`, `rs`, `re`. A step that fails changes nothing.
struct NoiseHandshake: CustomReflectable {
    enum Role: Sendable {
        case initiator
        case responder
    }

    /// The next step: `write` is our turn, `read` the other side's.
    private enum Turn: Equatable {
        case write(message: Int)
        case read(message: Int)
        case finished
    }

    private let role: Role
    private let s: NoiseKeyPair
    private let e: NoiseKeyPair
    private var rs: [UInt8] = []
    private var re: [UInt8] = []
    private var ck: Secret
    private var h: [UInt8]
    private var k: Secret?
    private var n: UInt64 = 0
    private var turn: Turn

    static let name = "Noise_XX_25519_ChaChaPoly_SHA256"
    /// The maximum size of a message (Noise §3).
    static let messageBytes = 65_535

    init(role: Role, prologue: [UInt8], staticKey: NoiseKeyPair, ephemeral: NoiseKeyPair) {
        self.role = role
        s = staticKey
        e = ephemeral
        // The name has exactly HASHLEN bytes, so it is used as the first hash unchanged (Noise §5.2).
        h = Array(Self.name.utf8)
        ck = Secret(h)
        turn = role == .initiator ? .write(message: 1) : .read(message: 1)
        mixHash(prologue)
    }

    /// The other side's static public key, known from message 2 (initiator) or message 3 (responder) on.
    var remoteStaticKey: [UInt8] { rs }
    var isFinished: Bool { turn == .finished }
    var isOurTurn: Bool {
        if case .write = turn { return true }
        return false
    }

    mutating func write(payload: [UInt8]) throws(HandshakeError) -> [UInt8] {
        guard case .write(let number) = turn else { throw .outOfTurn }
        var next = self
        var message: [UInt8] = []
        if number < 3 {
            message += e.publicKey
            next.mixHash(e.publicKey)
        }
        if number == 2 { try next.mixAgreement(e, next.re) }
        if number > 1 {
            message += next.encryptAndHash(s.publicKey)
            // Message 2 has "es", message 3 "se": both use our static key with their ephemeral key.
            try next.mixAgreement(s, next.re)
        }
        message += next.encryptAndHash(payload)
        guard message.count <= Self.messageBytes else { throw .tooLong(bytes: message.count) }
        next.turn = number == 3 ? .finished : .read(message: number + 1)
        self = next
        return message
    }

    /// Reads the next message.
    /// - Returns: The payload.
    mutating func read(_ message: [UInt8]) throws(HandshakeError) -> [UInt8] {
        guard case .read(let number) = turn else { throw .outOfTurn }
        guard message.count <= Self.messageBytes else { throw .tooLong(bytes: message.count) }
        var next = self
        var rest = message[...]
        if number < 3 {
            next.re = try Self.take(NoiseKeyPair.byteCount, of: &rest)
            next.mixHash(next.re)
        }
        if number == 2 { try next.mixAgreement(e, next.re) }
        if number > 1 {
            next.rs = try next.decryptAndHash(
                Self.take(NoiseKeyPair.byteCount + CipherState.tagBytes, of: &rest))
            try next.mixAgreement(e, next.rs)
        }
        let payload = try next.decryptAndHash(Array(rest))
        next.turn = number == 3 ? .finished : .write(message: number + 1)
        self = next
        return payload
    }

    /// Returns our sending and our receiving key: Split() of Noise §5.2. Called once, at the end.
    func split() -> (send: CipherState, receive: CipherState) {
        precondition(isFinished, "a handshake is split at its end")
        let (first, second) = HMAC.deriveTwo(chainingKey: ck, input: nil)
        let (initiator, responder) = (CipherState(key: first), CipherState(key: second))
        return role == .initiator ? (initiator, responder) : (responder, initiator)
    }

    private static func take(_ count: Int, of rest: inout ArraySlice<UInt8>) throws(HandshakeError) -> [UInt8] {
        guard rest.count >= count else { throw .tooShort(bytes: rest.count) }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    var customMirror: Mirror { Mirror(self, children: ["role": role, "turn": turn]) }

    // The symmetric state (Noise §5.2).

    private mutating func mixHash(_ bytes: [UInt8]) { h = SHA256.hash(h + bytes) }

    private mutating func mixAgreement(_ own: NoiseKeyPair, _ theirs: [UInt8]) throws(HandshakeError) {
        guard let shared = own.agree(with: theirs) else { throw .badPublicKey }
        let (chainingKey, key) = HMAC.deriveTwo(chainingKey: ck, input: shared)
        ck = chainingKey
        k = key
        n = 0
    }

    private mutating func encryptAndHash(_ plaintext: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        if let cipher = cipher() {
            let isSealed = cipher.seal(plaintext[...], associated: h, into: &output)
            precondition(isSealed, "a handshake has few messages")
            n += 1
        } else {
            output = plaintext
        }
        mixHash(output)
        return output
    }

    private mutating func decryptAndHash(_ ciphertext: [UInt8]) throws(HandshakeError) -> [UInt8] {
        var output: [UInt8] = []
        if let cipher = cipher() {
            guard cipher.open(ciphertext[...], associated: h, into: &output) else { throw .notAuthentic }
            n += 1
        } else {
            output = ciphertext
        }
        mixHash(ciphertext)
        return output
    }

    private func cipher() -> CipherState? {
        guard let k else { return nil }
        let cipher = CipherState(key: k)
        cipher.skip(to: n)
        return cipher
    }
}
