import Synchronization
public import Wire

/// Who we are: an Ed25519 key pair (RFC 8032), and how signatures are made and checked.
public final class Identity: Sendable, CustomReflectable {
    /// The public key.
    public let peerID: PeerID
    /// What it signs with, and what others' signatures are checked with where it is at work.
    public let signing: Signing
    private let key: Ed25519Key

    private let lastProof = Mutex<(staticKey: [UInt8], signature: [UInt8])?>(nil)

    /// - Parameter seed: the 32 bytes that the private key is (RFC 8032 §5.1.5).
    public init(seed: [UInt8], signing: Signing = .ed25519) {
        key = Ed25519Key(seed: seed)
        peerID = key.peerID
        self.signing = signing
    }

    public static let seedBytes = 32

    /// Signs a payload for one purpose. 64 bytes.
    public func sign(_ payload: some Collection<UInt8>, for context: SignatureContext) -> [UInt8] {
        signing.signature(of: payload, for: context, with: key)
    }

    /// Makes the key pair of a process or of one link out of 32 random bytes; in a simulation it is one of few.
    public func linkKey(of random: [UInt8]) -> NoiseKeyPair {
        signing.work?.keyPair(drawnBy: random) ?? NoiseKeyPair(privateKey: random)
    }

    /// Signs the key that a process makes its links with. The same for all of them, so it is made once.
    func proof(of staticKey: [UInt8]) -> [UInt8] {
        lastProof.withLock { last in
            if let last, last.staticKey == staticKey { return last.signature }
            let signature = sign(staticKey, for: .staticKey)
            last = (staticKey, signature)
            return signature
        }
    }

    public var customMirror: Mirror { Mirror(self, children: ["peerID": peerID]) }
}
