import Synchronization
import Wire

/// Remembers what was computed, for many peers in one process: a simulation, where each announcement is checked by all
/// that hear it and each agreement is computed at both ends. Within `SharedWork.$current.withValue(_:)` each is done
/// once, with the same result. A process with one peer has none.
public final class SharedWork: Sendable {
    /// Where results are looked up first; nil: nowhere.
    @TaskLocal public static var current: SharedWork?

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
    }

    private let results = Mutex(Results())
    /// All of a kind are forgotten when there are so many: about 40 MiB.
    private static let capacity = 100_000

    /// With nothing in it.
    public init() {}

    func isKnownValid(_ signature: [UInt8], of message: [UInt8], by peer: PeerID) -> Bool {
        results.withLock { $0.valid.contains(Statement(signature: signature, message: message, peer: peer)) }
    }

    func remember(_ signature: [UInt8], of message: [UInt8], by peer: PeerID) {
        results.withLock { results in
            if results.valid.count >= Self.capacity { results.valid.removeAll() }
            results.valid.insert(Statement(signature: signature, message: message, peer: peer))
        }
    }

    /// X25519 gives both ends of a pair of keys the same.
    static func agreement(between own: [UInt8], and theirs: [UInt8], compute: () -> Secret?) -> Secret? {
        guard let current else { return compute() }
        let ownIsLower = own.lexicographicallyPrecedes(theirs)
        let pair = Pair(lower: ownIsLower ? own : theirs, higher: ownIsLower ? theirs : own)
        // Each is asked for twice, so it is not needed after that.
        if let known = current.results.withLock({ $0.agreements.removeValue(forKey: pair) }) { return known }
        let result = compute()
        current.results.withLock { results in
            if results.agreements.count >= capacity { results.agreements.removeAll() }
            results.agreements[pair] = result
        }
        return result
    }
}
