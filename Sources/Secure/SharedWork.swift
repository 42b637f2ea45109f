import Synchronization
import Wire

/// Spares the work of many peers in one process, a simulation: what one has read or agreed on the others do not compute
/// again, and keys for links are drawn from a few, so that most agreements are known. Handed in with ``Signing``; fit for
/// nothing but trying things out, and out of reach of other packages. What peers do is the same, to the byte of a trace.
/// A process with one peer has none. No signature counts because of it: that is for the ``Signer``.
package final class SharedWork: Sendable {
    private struct Pair: Hashable {
        var lower: [UInt8]
        var higher: [UInt8]
    }

    private struct Results {
        var agreements: [Pair: Secret] = [:]
        /// By the number that they are drawn by.
        var keyPairs = [NoiseKeyPair?](repeating: nil, count: 32)
    }

    private let results = Mutex(Results())
    /// What was read, by its bytes.
    let announcements = SharedReadings<SignedAnnouncement>()
    let statements = SharedReadings<SignedStatement>()
    /// All agreements are forgotten when there are so many.
    private static let capacity = 100_000

    /// With nothing in it.
    package init() {}

    /// The same few for all, drawn by the first of these bytes.
    func keyPair(drawnBy random: [UInt8]) -> NoiseKeyPair {
        let place = Int(random[0] % 32)
        if let known = results.withLock({ $0.keyPairs[place] }) { return known }
        let privateKey = SHA256.hash(Array("earshot simulation key \(place)".utf8))
        let made = NoiseKeyPair(privateKey: privateKey, sharing: self)
        results.withLock { $0.keyPairs[place] = made }
        return made
    }

    /// X25519 gives both ends of a pair of keys the same.
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
