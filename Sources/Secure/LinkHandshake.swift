public import Wire

/// The handshake of a link: Noise XX whose payloads say who is there. Each side's Noise key lives as long as its
/// process and is bound to its identity by a signature (Protocol.md, Handshake).
public struct LinkHandshake {
    public enum Role: Sendable {
        /// Who dialled.
        case initiator
        case responder
    }

    public enum Step {
        case send([UInt8])
        /// Nothing yet: the other side is about to answer our first message.
        case wait
        case sendAndFinish([UInt8], peer: PeerID, transport: Transport)
        case finished(peer: PeerID, transport: Transport)
    }

    /// Mixed into every handshake, so that only links of this protocol can succeed.
    public static let prologue = Array("earshot link 1".utf8)
    /// Handshake messages are far smaller; anything longer is refused before it is looked at.
    static let messageBytes = 1024

    private let identity: Identity
    private let staticKey: NoiseKeyPair
    private var noise: NoiseHandshake
    private let ephemeral: NoiseKeyPair
    /// The ephemeral key of a responder, should the other side have dialled too. Used at most once.
    private var spare: NoiseKeyPair?

    /// - Parameter spare: for an initiator whose connection may be one of TCP's simultaneous open, where both sides have
    ///   dialled and both speak first: the key to answer with if the other side's first message decides that.
    public init(
        role: Role, identity: Identity, staticKey: NoiseKeyPair, ephemeral: NoiseKeyPair, spare: NoiseKeyPair? = nil
    ) {
        self.identity = identity
        self.staticKey = staticKey
        self.ephemeral = ephemeral
        self.spare = role == .initiator ? spare : nil
        // Before the other side waits for it.
        _ = identity.proof(of: staticKey.publicKey)
        noise = NoiseHandshake(
            role: role == .initiator ? .initiator : .responder, prologue: Self.prologue, staticKey: staticKey,
            ephemeral: ephemeral)
    }

    /// Both sides have dialled the same connection, so a message 1 came where message 2 was due: the side with the lower
    /// ephemeral public key, compared as a byte string, stays the initiator; the other takes the first message as a
    /// responder does (Protocol.md, Both sides dial).
    /// - Returns: whether the message is dealt with: we stay the initiator.
    private mutating func decideRoles(by message: [UInt8]) throws(HandshakeError) -> Bool {
        guard let spare else { return false }
        self.spare = nil
        guard message.count == NoiseKeyPair.byteCount else { return false }
        // Our own message, sent back to us.
        guard message != ephemeral.publicKey else { throw .selfConnection }
        if ephemeral.publicKey.lexicographicallyPrecedes(message) { return true }
        noise = NoiseHandshake(role: .responder, prologue: Self.prologue, staticKey: staticKey, ephemeral: spare)
        return false
    }

    /// The first message, which an initiator sends once the connection stands; nil for a responder.
    public mutating func begin() -> [UInt8]? {
        guard noise.isOurTurn else { return nil }
        // Message 1 has no secret yet, so it carries nothing.
        return try? noise.write(payload: [])
    }

    public mutating func messageReceived(_ message: [UInt8]) throws(HandshakeError) -> Step {
        guard message.count <= Self.messageBytes else { throw .tooLong(bytes: message.count) }
        var next = self
        if try next.decideRoles(by: message) {
            self = next
            return .wait
        }
        let payload = try next.noise.read(message)
        // Message 1 carries no payload; 2 and 3 carry an identity.
        let peer = next.noise.remoteStaticKey.isEmpty ? nil : try next.identify(payload)
        if next.noise.isFinished, let peer {
            self = next
            return .finished(peer: peer, transport: next.transport())
        }
        let proof = LinkProof(identity: identity, staticKey: staticKey.publicKey)
        let answer = try next.noise.write(payload: proof.encoded())
        self = next
        if next.noise.isFinished, let peer { return .sendAndFinish(answer, peer: peer, transport: next.transport()) }
        return .send(answer)
    }

    private func identify(_ payload: [UInt8]) throws(HandshakeError) -> PeerID {
        let proof = try LinkProof(decoding: payload)
        guard proof.isValid(for: noise.remoteStaticKey, with: identity.signing) else { throw .badIdentity("the signature is wrong") }
        guard proof.peer != identity.peerID else { throw .selfConnection }
        return proof.peer
    }

    private func transport() -> Transport {
        let (send, receive) = noise.split()
        return Transport(sending: send, receiving: receive)
    }
}

/// That a Noise key speaks for a peer: CBOR `[version, peer, signature]`.
struct LinkProof: Equatable {
    var peer: PeerID
    var signature: [UInt8]

    init(identity: Identity, staticKey: [UInt8]) {
        peer = identity.peerID
        signature = identity.proof(of: staticKey)
    }

    /// More elements than three are a later version's and ignored.
    init(decoding bytes: [UInt8]) throws(HandshakeError) {
        let version: UInt64
        do {
            var reader = CBORReader(bytes)
            let count = try reader.array()
            guard count >= 1 else { throw HandshakeError.badIdentity("an empty array") }
            version = try reader.unsigned()
            guard version == Limits.version else {
                throw HandshakeError.unsupportedVersion(theirs: version, ours: Limits.version)
            }
            guard count >= 3, let peer = PeerID(try reader.bytes()) else {
                throw HandshakeError.badIdentity("not a version, a peer and a signature")
            }
            self.peer = peer
            signature = Array(try reader.bytes())
            for _ in 3..<count { try reader.skip() }
            try reader.finish()
        } catch let error as HandshakeError {
            throw error
        } catch {
            throw .badIdentity("\(error)")
        }
    }

    func encoded() -> [UInt8] {
        var writer = CBORWriter()
        writer.array(count: 3)
        writer.unsigned(Limits.version)
        writer.bytes(peer.bytes)
        writer.bytes(signature)
        return writer.bytes
    }

    func isValid(for staticKey: [UInt8], with signing: Signing) -> Bool {
        signing.isValid(signature, of: staticKey, for: .staticKey, by: peer)
    }
}
