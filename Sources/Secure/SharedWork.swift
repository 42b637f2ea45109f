import Synchronization
import Wire

/// Spares the work of many peers in one process, a simulation: what one has computed the others do not compute again;
/// keys for links are drawn from a few, so that most agreements are known; and announcements bear a digest in the place
/// of a signature. All of it within `SharedWork.$current.withValue(_:)`, fit for nothing but trying things out, and out
/// of reach of other packages. What peers do is the same, to the byte of a trace. A process with one peer has none.
package final class SharedWork: Sendable {
    /// Where results are looked up first; nil: nowhere.
    @TaskLocal package static var current: SharedWork?

    private struct Statement: Hashable {
        var signature: [UInt8]
        var message: [UInt8]
        var peer: PeerID
    }

    private struct Pair: Hashable {
        var lower: [UInt8]
        var higher: [UInt8]
    }

    private struct Results {
        var valid: Set<Statement> = []
        var agreements: [Pair: Secret] = [:]
        /// By the number that they are drawn by.
        var keyPairs = [NoiseKeyPair?](repeating: nil, count: 32)
    }

    private let results = Mutex(Results())
    /// What was read, by its bytes.
    let announcements = SharedReadings<SignedAnnouncement>()
    let statements = SharedReadings<SignedStatement>()
    /// All of a kind are forgotten when there are so many: about 40 MiB.
    private static let capacity = 100_000

    /// With nothing in it.
    package init() {}

    /// What stands in the place of a peer's signature of a message: 64 bytes.
    static func stamp(_ message: [UInt8], by peer: PeerID) -> [UInt8] {
        let digest = SHA256.hash(peer.bytes + message)
        return digest + digest
    }

    func isKnownValid(_ signature: [UInt8], of message: [UInt8], by peer: PeerID) -> Bool {
        results.withLock { $0.valid.contains(Statement(signature: signature, message: message, peer: peer)) }
    }

    func remember(_ signature: [UInt8], of message: [UInt8], by peer: PeerID) {
        results.withLock { results in
            if results.valid.count >= Self.capacity { results.valid.removeAll() }
            results.valid.insert(Statement(signature: signature, message: message, peer: peer))
        }
    }

    /// The same few for all, drawn by the first of these bytes.
    func keyPair(drawnBy random: [UInt8]) -> NoiseKeyPair {
        let place = Int(random[0] % 32)
        if let known = results.withLock({ $0.keyPairs[place] }) { return known }
        let made = NoiseKeyPair(privateKey: SHA256.hash(Array("earshot simulation key \(place)".utf8)))
        results.withLock { $0.keyPairs[place] = made }
        return made
    }

    /// X25519 gives both ends of a pair of keys the same.
    static func agreement(between own: [UInt8], and theirs: [UInt8], compute: () -> Secret?) -> Secret? {
        guard let current else { return compute() }
        let ownIsLower = own.lexicographicallyPrecedes(theirs)
        let pair = Pair(lower: ownIsLower ? own : theirs, higher: ownIsLower ? theirs : own)
        if let known = current.results.withLock({ $0.agreements[pair] }) { return known }
        let result = compute()
        current.results.withLock { results in
            if results.agreements.count >= capacity { results.agreements.removeAll() }
            results.agreements[pair] = result
        }
        return result
    }
}

/// What many peers read, read once.
final class SharedReadings<Value: Sendable>: Sendable {
    private let values = Mutex<[[UInt8]: Value]>([:])
    /// All are forgotten when there are so many.
    private static var capacity: Int { 20_000 }

    subscript(bytes: [UInt8]) -> Value? {
        get { values.withLock { $0[bytes] } }
        set {
            values.withLock { values in
                if values.count >= Self.capacity { values.removeAll() }
                values[bytes] = newValue
            }
        }
    }
}
