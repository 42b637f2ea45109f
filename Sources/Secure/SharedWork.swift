import Synchronization
import Wire

/// The cached work of the many peers of a simulation in one process: messages parsed and keys agreed by one peer are
/// not computed again by the others, and link keys are drawn from a few, so that most agreements are known. It is
/// passed in with ``Signing``, suits simulations only, and is inaccessible to other packages. The behaviour of peers
/// stays the same, to the byte of a trace. A process with one peer has none. It never makes a signature valid: that is
/// up to the ``Signer``.
package final class SharedWork: Sendable {
    private struct Pair: Hashable {
        var lower: [UInt8]
        var higher: [UInt8]
    }

    private struct Results {
        var agreements: [Pair: Secret] = [:]
        /// The key pairs by the number that selects them.
        var keyPairs = [NoiseKeyPair?](repeating: nil, count: 32)
    }

    private let results = Mutex(Results())
    /// The parsed messages by their bytes.
    let announcements = SharedReadings<SignedAnnouncement>()
    let advertisements = SharedReadings<SignedAdvertisement>()
    /// The number of agreements at which all are dropped.
    private static let capacity = 100_000

    /// Creates an empty cache.
    package init() {}

    /// Returns one of the few shared key pairs, selected by the first of these bytes.
    func keyPair(drawnBy random: [UInt8]) -> NoiseKeyPair {
        let index = Int(random[0] % 32)
        if let known = results.withLock({ $0.keyPairs[index] }) { return known }
        let privateKey = SHA256.hash(Array("earshot simulation key \(index)".utf8))
        let made = NoiseKeyPair(privateKey: privateKey, sharing: self)
        results.withLock { $0.keyPairs[index] = made }
        return made
    }

    /// Returns the agreement of two keys, from the cache if it is known: X25519 gives both ends of a pair the same
    /// result.
    func agreement(between own: [UInt8], and theirs: [UInt8], compute: () -> Secret?) -> Secret? {
        let ownIsLower = own.lexicographicallyPrecedes(theirs)
        let pair = Pair(lower: ownIsLower ? own : theirs, higher: ownIsLower ? theirs : own)
        if let known = results.withLock({ $0.agreements[pair] }) { return known }
        let result = compute()
        results.withLock { results in
            if results.agreements.count >= Self.capacity { results.agreements.removeAll() }
            results.agreements[pair] = result
        }
        return result
    }
}

/// Messages that many peers receive, each parsed once.
final class SharedReadings<Value: Sendable>: Sendable {
    private let values = Mutex<[[UInt8]: Value]>([:])
    /// The number of messages at which all are dropped.
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
