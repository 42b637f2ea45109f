import Secure
import Wire

/// The data to measure with, always the same.
enum Fixtures {
    static let identity = Identity(seed: Array(repeating: 7, count: 32))
    static let room = RoomID(Array(repeating: 9, count: 32))!
    /// A text as long as the messages in typical benchmarks of chat servers.
    static let text = String(repeating: "how now, brown cow? ", count: 5)

    /// Returns a log as one author writes it: each entry names the one before it.
    static func entries(_ count: Int, by author: Identity = identity, startingAt lamport: UInt64 = 1) -> [SignedEntry] {
        var parents: [EntryID] = []
        return (0..<count).map { number in
            let entry = SignedEntry(
                signing: Entry(
                    room: room, author: author.peerID, lamport: lamport + UInt64(number), wallTime: 1_800_000_000_000,
                    parents: parents, kind: .text, body: text),
                by: author)
            parents = [entry.id]
            return entry
        }
    }

    /// Returns keys without entries, as random as real ones.
    static func keys(_ count: Int, seed: UInt64) -> [EntryKey] {
        var random = RandomStream(simulationSeed: seed)
        return (0..<count).map { number in
            EntryKey(lamport: UInt64(number / 2 + 1), id: EntryID(random.bytes(EntryID.byteCount))!)
        }.sorted()
    }

    static func keyPair(_ seed: UInt64) -> NoiseKeyPair {
        var random = RandomStream(simulationSeed: seed)
        return NoiseKeyPair(privateKey: random.bytes(32))
    }
}
