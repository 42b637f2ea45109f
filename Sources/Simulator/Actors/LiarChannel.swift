package import Secure
package import Wire

/// The bytes of a liar's link, with a proper handshake and proper sealing.
package struct LiarChannel {
    private var handshake: LinkHandshake
    private var transport: Transport?
    private var records = RecordBuffer()
    private var frames = FrameBuffer()

    package init(_ role: LinkHandshake.Role, _ identity: Identity, _ staticKey: NoiseKeyPair, _ ephemeral: NoiseKeyPair)
    {
        handshake = LinkHandshake(role: role, identity: identity, staticKey: staticKey, ephemeral: ephemeral)
    }

    package mutating func begin() -> [UInt8]? { handshake.begin().map(Self.record) }

    /// - Returns: The bytes to answer, the peer once it is authenticated, and the received frames.
    package mutating func received(_ bytes: [UInt8]) throws -> (answer: [UInt8], peer: PeerID?, frames: [Frame]) {
        var answer: [UInt8] = []
        var authenticated: PeerID?
        var said: [Frame] = []
        records.append(bytes)
        while let record = try records.next() {
            if let transport {
                var plaintext: [UInt8] = []
                try transport.open(record, into: &plaintext)
                frames.append(plaintext)
                while let frame = try frames.next() {
                    if let frame = try? Frame(decoding: Array(frame)) { said.append(frame) }
                }
                continue
            }
            switch try handshake.messageReceived(Array(record)) {
            case .send(let message): answer += Self.record(message)
            case .wait: break
            case .sendAndFinish(let message, let peer, let transport):
                answer += Self.record(message)
                (authenticated, self.transport) = (peer, transport)
            case .finished(let peer, let transport): (authenticated, self.transport) = (peer, transport)
            }
        }
        return (answer, authenticated, said)
    }

    /// Returns one record; nil before the handshake is complete.
    package func seal(_ frames: [Frame]) -> [UInt8]? { seal(frames.map { $0.encoded() }) }

    /// Returns one record of one frame, which need not be valid.
    package func seal(encoded frame: [UInt8]) -> [UInt8]? { frame.count > Limits.frameBytes ? nil : seal([frame]) }

    private func seal(_ frames: [[UInt8]]) -> [UInt8]? {
        guard let transport else { return nil }
        var plaintext: [UInt8] = []
        for bytes in frames {
            plaintext += [UInt8(truncatingIfNeeded: bytes.count >> 8), UInt8(truncatingIfNeeded: bytes.count)] + bytes
        }
        let length = plaintext.count + Transport.tagBytes
        guard !frames.isEmpty, length <= RecordUnit.maximumBytes else { return nil }
        var output = [UInt8(truncatingIfNeeded: length >> 8), UInt8(truncatingIfNeeded: length)]
        transport.seal(plaintext[...], into: &output)
        return output
    }

    private static func record(_ message: [UInt8]) -> [UInt8] {
        [UInt8(truncatingIfNeeded: message.count >> 8), UInt8(truncatingIfNeeded: message.count)] + message
    }
}
