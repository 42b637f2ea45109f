public import Wire

/// The handshake of a link: Noise XX with payloads that identify the peers. Each side's Noise key lives as long as its
/// process and is bound to its identity by a signature (Protocol.md, Handshake).
public struct LinkHandshake {
    /// The part of a side in the handshake.
    public enum Role: Sendable {
        /// The side that dialled.
        case initiator
        case responder
    }

    /// The result of a received message.
    public enum Step {
        case send([UInt8])
        /// Nothing to send: the other side will answer our first message.
        case wait
        case sendAndFinish([UInt8], peer: PeerID, transport: Transport)
        case finished(peer: PeerID, transport: Transport)
    }

    /// A string mixed into every handshake, so that only links of this protocol can succeed.
    public static let prologue = Array("earshot link 1".utf8)
    /// The maximum size of a handshake message. Valid ones are far smaller; longer ones are rejected unread.
    static let messageBytes = 1024

    private let identity: Identity
    private let staticKey: NoiseKeyPair
    /// The certificate that a relay presents for its community; nil for a peer, and for a relay that is its own
    /// community.
    private let ownCertificate: [UInt8]?
    private var noise: NoiseHandshake
    private let ephemeral: NoiseKeyPair
    /// The ephemeral key with which we respond if the other side dialled too. It is used at most once.
    private var spare: NoiseKeyPair?
    /// The community certificate that the other side presented, as received and unverified. At most
    /// ``Limits/certificateBytes``.
    public private(set) var certificate: [UInt8]?

    /// Creates the handshake of one connection.
    /// - Parameters:
    ///   - certificate: The certificate that a relay presents.
    ///   - spare: For an initiator whose connection may be a simultaneous open of TCP, in which both sides have dialled
    ///     and both send first: the key to respond with if the other side's first message makes us the responder.
    public init(
        role: Role, identity: Identity, staticKey: NoiseKeyPair, ephemeral: NoiseKeyPair,
        certificate: [UInt8]? = nil, spare: NoiseKeyPair? = nil
    ) {
        ownCertificate = certificate
        self.identity = identity
        self.staticKey = staticKey
        self.ephemeral = ephemeral
        self.spare = role == .initiator ? spare : nil
        // Sign now, so that the other side does not wait for the signature.
        _ = identity.proof(of: staticKey.publicKey)
        noise = NoiseHandshake(
            role: role == .initiator ? .initiator : .responder, prologue: Self.prologue, staticKey: staticKey,
            ephemeral: ephemeral)
    }

    /// Decides the roles when both sides have dialled the same connection, so that message 1 arrived where message 2
    /// was expected. The side with the lower ephemeral public key, compared as a byte string, stays the initiator; the
    /// other treats the message as a responder does (Protocol.md, Both sides dial).
    /// - Returns: Whether the message is consumed because we stay the initiator.
    private mutating func decideRoles(by message: [UInt8]) throws(HandshakeError) -> Bool {
        guard let spare else { return false }
        self.spare = nil
        guard message.count == NoiseKeyPair.byteCount else { return false }
        // This is our own message, reflected to us.
        guard message != ephemeral.publicKey else { throw .selfConnection }
        if ephemeral.publicKey.lexicographicallyPrecedes(message) { return true }
        noise = NoiseHandshake(role: .responder, prologue: Self.prologue, staticKey: staticKey, ephemeral: spare)
        return false
    }

    /// Returns the first message, which an initiator sends once the connection is up; nil for a responder.
    public mutating func begin() -> [UInt8]? {
        guard noise.isOurTurn else { return nil }
        // Message 1 is sent before there is a secret, so its payload is empty.
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
        // Message 1 has an empty payload; 2 and 3 carry an identity.
        let proven = next.noise.remoteStaticKey.isEmpty ? nil : try next.identify(payload)
        next.certificate = proven?.certificate
        let peer = proven?.peer
        if next.noise.isFinished, let peer {
            self = next
            return .finished(peer: peer, transport: next.transport())
        }
        let proof = LinkProof(
            identity: identity, staticKey: staticKey.publicKey, certificate: ownCertificate)
        let answer = try next.noise.write(payload: proof.encoded())
        self = next
        if next.noise.isFinished, let peer { return .sendAndFinish(answer, peer: peer, transport: next.transport()) }
        return .send(answer)
    }

    private func identify(_ payload: [UInt8]) throws(HandshakeError) -> LinkProof {
        let proof = try LinkProof(decoding: payload)
        guard proof.isValid(for: noise.remoteStaticKey, with: identity.signing) else {
            throw .badIdentity("the signature is wrong")
        }
        guard proof.peer != identity.peerID else { throw .selfConnection }
        return proof
    }

    private func transport() -> Transport {
        let (send, receive) = noise.split()
        return Transport(sending: send, receiving: receive)
    }
}

/// The proof that a Noise key belongs to a peer: CBOR `[version, peer, signature]`, followed by the certificate of a
/// relay that has one.
struct LinkProof: Equatable {
    var peer: PeerID
    var signature: [UInt8]
    var certificate: [UInt8]?

    init(identity: Identity, staticKey: [UInt8], certificate: [UInt8]? = nil) {
        self.certificate = certificate
        peer = identity.peerID
        signature = identity.proof(of: staticKey)
    }

    /// Decodes a proof. A fourth element that is a byte string is a certificate; only its size is checked here. Any
    /// other fourth element, and all elements after it, are of a later version and ignored.
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
            var surplus = count - 3
            if surplus > 0, try reader.nextType() == .bytes {
                certificate = Array(try reader.bytes(maximum: Limits.certificateBytes))
                surplus -= 1
            }
            for _ in 0..<surplus { try reader.skip(inside: 1) }
            try reader.finish()
        } catch let error as HandshakeError {
            throw error
        } catch {
            throw .badIdentity("\(error)")
        }
    }

    func encoded() -> [UInt8] {
        var writer = CBORWriter()
        writer.array(count: certificate == nil ? 3 : 4)
        writer.unsigned(Limits.version)
        writer.bytes(peer.bytes)
        writer.bytes(signature)
        if let certificate { writer.bytes(certificate) }
        return writer.bytes
    }

    func isValid(for staticKey: [UInt8], with signing: Signing) -> Bool {
        signing.isValid(signature, of: staticKey, for: .staticKey, by: peer)
    }
}
